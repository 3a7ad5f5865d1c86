//! One integration binary: the real program, real files, loopback servers.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and says why it skips"
)]

mod ask;
mod availability;
mod council;
mod data;
mod dialects;
mod faults;
mod layers;
mod limits;
mod patterns;
mod program;
mod providers;
mod scan;
mod streaming;
mod support;
mod tidy;
