//! One integration binary: the real program, real files, loopback servers.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and says why it skips"
)]

mod council;
mod data;
mod dialects;
mod layers;
mod limits;
mod program;
mod providers;
mod support;
mod tidy;
