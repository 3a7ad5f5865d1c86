//! One integration binary: the real program, real files, loopback servers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod providers;
mod support;
