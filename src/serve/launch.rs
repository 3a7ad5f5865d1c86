//! What the server asks of whoever wired it: start a run, stop it, read a reply. How a run is done is not known here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Given by the command line's wiring. Its methods may block for a moment and are called where that hurts nobody.
pub trait Launch: Send + Sync {
    /// Starts a run of its own.
    ///
    /// # Errors
    /// It is running already, or it cannot be started.
    fn start(&self, request: &StartRequest) -> Result<Job, Refused>;

    /// Asks a run that was started here to end in good order.
    ///
    /// # Errors
    /// Nothing of that name runs from here.
    fn stop(&self, id: &str) -> Result<Job, Refused>;

    /// Everything started here, the newest first.
    fn jobs(&self) -> Vec<Job>;

    /// The JSON that a model's reply means, held against its schema.
    fn read(&self, reply: &str, schema: &Value) -> Reading;
}

pub type Launcher = Arc<dyn Launch>;

/// The body of `POST /api/start`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StartRequest {
    Council(Box<CouncilStart>),
    Explore(Box<ExploreStart>),
}

/// A report. What is left out is as the server's environment has it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CouncilStart {
    pub run_hash: String,
    pub date_start: String,
    pub date_end: String,
    pub data: Option<String>,
    pub map: Option<String>,
    pub timezone: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub routing_strategy: Option<String>,
    pub routing_config: Option<String>,
    pub max_cost: Option<f64>,
}

/// An exploration of a topic.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExploreStart {
    pub topic: String,
    pub producers: Option<u32>,
    pub iterations: Option<u64>,
    pub request_size: Option<u32>,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub routing_strategy: Option<String>,
    pub routing_config: Option<String>,
    pub optimizer: Option<String>,
    /// `exact`, `near` or `semantic`.
    pub dedup: Option<String>,
    /// Each producer is a process of its own.
    pub processes: bool,
    pub max_cost: Option<f64>,
    pub target: Option<u64>,
    /// Percent.
    pub stop_below: Option<f64>,
    /// What to do with files of an earlier exploration of the topic.
    pub earlier: Earlier,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Earlier {
    /// They are not touched: the start fails.
    #[default]
    Keep,
    Resume,
    Overwrite,
}

/// A run that was started here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// The id of the run, as in its address.
    pub id: String,
    pub kind: &'static str,
    pub title: String,
    pub pid: u32,
    /// RFC 3339.
    pub started: String,
    pub state: JobState,
    /// How it ended; none while it runs, or when a signal ended it.
    pub exit_code: Option<i32>,
    /// The last lines that it said.
    pub said: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Running,
    Stopping,
    Ended,
}

/// Why a start or a stop was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    pub kind: RefusedKind,
    pub message: String,
    pub hint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedKind {
    /// The request itself is wrong.
    Bad,
    /// It runs already.
    Busy,
    /// There is nothing of that name.
    Unknown,
    /// The process could not be started.
    Failed,
}

/// What a reply means.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reading {
    pub value: Option<Value>,
    /// What had to be repaired to read it.
    pub repairs: Vec<String>,
    /// Where it does not fit its schema, or why there is no value.
    pub faults: Vec<Fault>,
    pub truncated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Fault {
    /// JSON path, empty for the whole.
    pub at: String,
    pub message: String,
}
