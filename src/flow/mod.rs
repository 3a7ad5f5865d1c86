//! Who is asked what, in which order, side by side; partial failure. Knows nothing of clap, vendors' JSON or file formats.

mod advice;
mod ask;
mod coordinator;
mod council;
mod specialist;
mod template;

pub use council::{Options, Plan, PlannedCall, council, plan};

/// Every role of a council, as flags, scripts and events name them.
pub const ROLES: [&str; 7] = [
    "daily_metrics",
    "user_segmentation",
    "geographic",
    "cohort_retention",
    "revenue_optimization",
    "data_quality",
    "coordinator",
];
