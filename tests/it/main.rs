//! One integration binary: the real program, real files, loopback servers.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and says why it skips"
)]

mod ask;
mod availability;
mod browser;
mod council;
mod data;
mod dialects;
mod explore;
mod extract;
mod faults;
mod grounding;
mod layers;
mod limits;
mod money;
mod page;
mod patterns;
mod program;
mod providers;
mod refine;
mod replay;
mod replies;
mod reports;
mod routing;
mod scan;
mod serve;
mod sessions;
mod streaming;
mod support;
mod tester;
mod tidy;
mod verify;
