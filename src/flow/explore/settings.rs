//! What an exploration is told before it begins and while it runs, and why it ends.

use serde_json::{Value, json};
use tokio::sync::watch;

use super::dedup;
use super::optimizer::OptimizerKind;
use crate::clock::Instant;
use crate::store::session::Session;

/// What to explore, how, and how long.
#[derive(Debug, Clone)]
pub struct Settings {
    pub topic: String,
    pub producers: usize,
    /// For each producer.
    pub iterations: Option<u64>,
    pub request_size: usize,
    pub optimizer: OptimizerKind,
    pub target: Option<u64>,
    /// The share of new attributes below which it is enough.
    pub stop_below: Option<f64>,
    pub dedup: dedup::Options,
    /// `provider:model`.
    pub models: Vec<String>,
    /// `provider:model` that says which attributes mean the same, where that is asked for.
    pub embedding_model: Option<String>,
    /// Each producer is a process of its own.
    pub processes: bool,
    pub max_cost_usd: Option<f64>,
    pub deadline: Option<Instant>,
    /// Where every batch is kept as well, with who was asked and what it took.
    pub session: Session,
}

impl Settings {
    /// As it stands in metadata.json.
    pub(super) fn shown(&self) -> Value {
        json!({
            "producers": self.producers,
            "iterations": self.iterations,
            "request_size": self.request_size,
            "optimizer": self.optimizer,
            "target": self.target,
            "stop_below": self.stop_below,
            "dedup": self.dedup,
            "models": self.models,
            "embedding_model": self.embedding_model,
            "processes": self.processes,
            "max_cost_usd": self.max_cost_usd,
        })
    }
}

/// Ends an exploration from elsewhere; what had arrived by then is written.
#[derive(Debug, Clone)]
pub struct Stop {
    sender: watch::Sender<bool>,
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            sender: watch::Sender::new(false),
        }
    }
}

impl Stop {
    pub fn now(&self) {
        self.sender.send_replace(true);
    }

    /// Comes back when somebody said stop.
    pub async fn wait(&self) {
        let mut receiver = self.sender.subscribe();
        // The sender lives as long as this borrow.
        let _it_came = receiver.wait_for(|stopped| *stopped).await;
    }
}

/// Why there are no more batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Iterations,
    Target,
    Budget(String),
    Diminishing(String),
    Deadline,
    Stopped,
    /// Nobody gives a usable list any more.
    Failing {
        message: String,
        for_now: bool,
    },
}

impl Ending {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Iterations => "iterations",
            Self::Target => "target",
            Self::Budget(_) => "budget",
            Self::Diminishing(_) => "diminishing",
            Self::Deadline => "deadline",
            Self::Stopped => "stopped",
            Self::Failing { .. } => "failing",
        }
    }

    pub(super) fn detail(&self) -> String {
        match self {
            Self::Iterations => "every producer did its iterations".to_owned(),
            Self::Target => "the target is reached".to_owned(),
            Self::Budget(message) | Self::Diminishing(message) => message.clone(),
            Self::Deadline => "the time is over".to_owned(),
            Self::Stopped => "stopped".to_owned(),
            Self::Failing { message, .. } => format!("no usable list any more: {message}"),
        }
    }
}
