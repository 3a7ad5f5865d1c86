//! Tables in, facts out: sources, column roles, the query engine, the metric definitions. Never heard of models, prompts or money spent.

mod compute;
mod engine;
mod error;
mod event_names;
mod facts;
mod files;
mod functions;
pub mod generate;
mod metrics;
mod moment;
mod money;
mod profile;
mod quality;
mod queries;
mod roles;
mod source;
mod tables;

pub use compute::{Inspection, Options, compute, inspect};
pub use error::DataError;
pub use files::{Written, read, write};
pub use queries::query;
pub use tables::*;
