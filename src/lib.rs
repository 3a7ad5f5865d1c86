//! Event and transaction tables in, an executive report out, true to the last digit.
//!
//! Read the modules in this order; each names what it refuses to know. `tests/it/layers.rs` holds the arrows between them.
//!
//! ```text
//! files ─► data ─► evidence ─► prompt ─► llm ─► reply ─► flow ─► report
//! ```

pub mod clock;
pub mod rundir;

pub mod insight;

pub mod event;

pub mod data;

pub mod evidence;

pub mod prompt;

pub mod store;

pub mod llm;

pub mod reply;

pub mod report;

pub mod serve;

pub mod flow;

pub mod config;

pub mod cli;
