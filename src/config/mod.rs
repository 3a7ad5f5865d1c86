//! Names of variables and precedence: strings become the option structs of the others. Does no work.
//!
//! One setting, five places: flag > environment > `.env` > `insights.toml` > default.

mod environment;
mod file;
mod keys;
mod limits;
mod models;
pub mod refine;
mod registry;
mod routes;
mod settings;
mod variables;

pub use environment::{Environment, Origin, Setting};
pub use models::{Choice, Models};
pub use settings::{
    PatternSettings, Run, SessionSettings, Typed, resolve, resolve_metrics, resolve_patterns, resolve_sessions,
};
pub use variables::{RUN_HASH, TRACE, VARIABLES, Variable};

/// A setting that cannot be used: what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Bad {
    pub message: String,
    pub hint: String,
}

impl Bad {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}
