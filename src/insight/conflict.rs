//! Figures or findings that disagree with each other.

use serde::{Deserialize, Serialize};

/// Why two things cannot both be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictKind {
    /// One metric of one window has two values.
    DifferentValues,
    /// The parts of a table do not add up to its total.
    PartsAndTotal,
    /// Two findings say opposite things of one figure.
    OppositeFindings,
}

/// A conflict that the program found. Whoever joins the findings must say how it is resolved; what stays is printed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conflict {
    /// `C1`, `C2` …
    pub id: String,
    pub kind: ConflictKind,
    pub text: String,
    /// The cells that disagree.
    pub cells: Vec<String>,
    /// The findings that stand on them.
    pub findings: Vec<String>,
    pub resolution: Option<Resolution>,
}

/// How the coordinator settled a conflict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// The finding that is kept; the others of the conflict are no key findings.
    pub keep: String,
    pub why: String,
}
