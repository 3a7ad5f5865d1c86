//! One integration binary: the real program, real files, loopback servers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod council;
mod data;
mod dialects;
mod layers;
mod program;
mod providers;
mod support;
mod tidy;
