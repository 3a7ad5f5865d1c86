//! One integration binary: the real program, real files, loopback servers.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and says why it skips"
)]

mod ask;
mod availability;
#[cfg(feature = "ballista")]
mod ballista;
mod browser;
mod conflicts;
mod council;
mod data;
mod dialects;
mod engine;
mod explain;
mod explore;
mod extract;
mod faults;
mod gate;
mod grounding;
mod layers;
mod lies;
mod limits;
mod metrics;
mod money;
mod page;
mod patterns;
mod planted;
mod privacy;
mod program;
mod providers;
mod recall;
mod refine;
mod replay;
mod replies;
mod reports;
mod routing;
mod scale;
mod scan;
mod serve;
mod sessions;
mod streaming;
mod support;
mod tester;
mod tidy;
mod verify;
