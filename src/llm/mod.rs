//! One completion, made reliable. Knows nothing of agents, evidence, or what a reply means.

mod types;

pub use types::*;
