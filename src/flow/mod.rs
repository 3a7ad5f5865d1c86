//! Who is asked what, in which order, side by side; partial failure. Knows nothing of clap, vendors' JSON or file formats.
//!
//! `engine` runs any pattern; `council`, `ask`, `refine` and `scan` say what a pattern's inputs are and what its answers mean.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

pub mod ask;
mod council;
pub mod engine;
pub mod explore;
pub mod refine;
pub mod scan;

pub use council::{Plan, PlannedCall, council, own_evidence, plan};
pub use engine::Options;

/// Every role of the shipped council, as flags, scripts and events name them.
pub const ROLES: [&str; 7] = [
    "daily_metrics",
    "user_segmentation",
    "geographic",
    "cohort_retention",
    "revenue_optimization",
    "data_quality",
    "coordinator",
];
