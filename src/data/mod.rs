//! Tables in, facts out: sources, column roles, the query engine, the metric definitions. Never heard of models, prompts or money spent.

#[cfg(feature = "ballista")]
mod cluster;
#[cfg(not(feature = "ballista"))]
#[path = "cluster_absent.rs"]
mod cluster;
mod compute;
mod copies;
pub mod countries;
mod counts;
mod coverage;
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
mod ids;
mod intake;
mod means;
mod memory;
mod metrics;
mod moment;
mod money;
mod nodes;
mod per_user;
mod privacy;
mod profile;
mod quality;
mod query_engine;
mod roles;
mod segmentation;
mod source;
mod tables;

pub use cluster::{executor, scheduler};
pub use compute::{Inspection, Options, compute, inspect};
pub use definitions::{Definitions, Query, Ran};
pub use error::DataError;
pub use files::{Written, read, read_mapping, write};
pub use gate::{Field, Gate, GateCheck, Ruling};
pub use intake::Request;
pub use memory::MemoryLimit;
pub use moment::DayOrder;
pub use nodes::{Executor, Scheduler};
pub use query_engine::{Address, Ballista, QueryEngine};
pub use segmentation::*;
pub use source::{Access, shown_source};
pub use tables::*;
