//! Tables in, facts out: sources, column roles, the query engine, the metric definitions. Never heard of models, prompts or money spent.

mod compute;
mod copies;
mod dealer;
mod definitions;
mod distinct;
mod engine;
mod error;
mod event_names;
mod facts;
mod files;
mod functions;
mod gate;
pub mod generate;
mod held;
mod intake;
mod memory;
mod metrics;
mod moment;
mod money;
mod per_user;
mod privacy;
mod profile;
mod quality;
mod roles;
mod source;
mod tables;

pub use compute::{Inspection, Options, compute, inspect};
pub use definitions::{Definitions, Query};
pub use error::DataError;
pub use files::{Written, read, read_mapping, write};
pub use gate::{Field, Gate, GateCheck, Ruling};
pub use intake::Request;
pub use memory::MemoryLimit;
pub use moment::DayOrder;
pub use source::{Access, shown_source};
pub use tables::*;
