//! What the owner and the process of a producer say to each other, a line of JSON each.

use serde::{Deserialize, Serialize};

use super::super::producer::{Assignment, Batch};
use crate::event::Event;
use crate::llm::{Caps, Spending};

/// From the owner: what to ask a model next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub assignment: Assignment,
    /// What the process may have spent in the end, all its batches together.
    pub caps: Caps,
    pub deadline_millis: Option<u64>,
    /// Wordings that came in since the last assignment; see `dedup::mark`.
    pub said: Vec<u64>,
}

/// From the process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    Event(Event),
    /// All that was spent so far, attempts under way at their worst case: said before each attempt and before each batch.
    Spending(Spending),
    /// The last word on an assignment.
    Batch(Batch),
}
