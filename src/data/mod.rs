//! Tables in, facts out: sources, column roles, the query engine, the metric definitions. Never heard of models, prompts or money spent.

mod compute;
mod engine;
mod error;
mod event_names;
mod facts;
mod files;
mod functions;
pub mod generate;
mod intake;
mod metrics;
mod moment;
mod money;
mod profile;
mod quality;
mod roles;
mod source;
mod tables;

pub use compute::{Inspection, Options, compute, inspect};
pub use error::DataError;
pub use files::{Written, read, read_mapping, write};
pub use intake::Request;
pub use moment::DayOrder;
pub use source::{Access, shown_source};
pub use tables::*;
