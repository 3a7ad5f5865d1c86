//! An exploration.
pub mod dedup;
