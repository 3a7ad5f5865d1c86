//! Tables in, facts out: sources, column roles, the query engine, the metric definitions. Never heard of models, prompts or money spent.

mod tables;

pub use tables::*;
