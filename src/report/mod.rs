//! A finished council as JSON, Markdown and HTML: values in, bytes out. Knows no network, no database, no terminal.

mod appendix;
mod basis;
mod html;
mod json;
mod markdown;
mod marks;
mod markup;
mod parts;
pub mod scan;
mod stored;
mod svg;

pub use basis::{basis, listing};
pub use html::html;

pub use json::{
    FileEntry, child_insights, coordinated_insights, evidence_json, execution_summary, interrupted_summary,
};
pub use markdown::markdown;
pub use stored::{Stored, StoredFiles, Unreadable};

use serde::{Deserialize, Serialize};

use crate::evidence::charts::Charts;
use crate::evidence::{Evidence, Kpi, Verdict};
use crate::insight::Council;

/// The version of the JSON files' shape; raised when a key changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Complete,
    Degraded,
    Failed,
    Interrupted,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Where the facts came from, in words and numbers for the summary and the caveats.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// `data` or `run_directory`.
    pub kind: String,
    pub files: Vec<String>,
    pub rows: u64,
    pub rows_in_window: u64,
    pub bad_rows: u64,
    pub users: Option<u64>,
    pub first_day: Option<String>,
    pub last_day: Option<String>,
    /// SHA-256 of the sources.
    pub fingerprint: String,
    pub mapping: Vec<MappedRole>,
    pub notes: Vec<String>,
    #[serde(default)]
    pub gate: GateFacts,
}

/// What the data gate said before anybody was asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GateFacts {
    pub verdicts: Vec<Verdict>,
    /// All checks, those that found nothing among them, as `aggregation_summary.json` holds them.
    pub checks: Vec<serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MappedRole {
    pub role: String,
    pub column: String,
    pub reason: String,
}

/// Everything a report is made of.
#[derive(Debug)]
pub struct Facts<'a> {
    pub run_hash: &'a str,
    pub status: Status,
    pub source: &'a SourceFacts,
    pub evidence: &'a [Evidence],
    pub kpis: &'a [Kpi],
    pub charts: &'a Charts,
    pub council: &'a Council,
    /// The command that makes this report again.
    pub command: &'a str,
    pub breakers: &'a [Breaker],
}

/// Whether a model was asked at the end of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    pub provider: String,
    /// None concerns every model behind the provider's key.
    pub model: Option<String>,
    /// `closed`, `open` or `half_open`.
    pub state: String,
    /// RFC 3339, as is the next; None when closed.
    pub since: Option<String>,
    /// When the next probe is due.
    pub until: Option<String>,
    pub reason: Option<String>,
}

/// What only the summary tells: times, and what was interrupted.
#[derive(Debug, Clone, Default)]
pub struct Timing {
    /// RFC 3339.
    pub started: String,
    pub finished: String,
    pub wall_seconds: f64,
    pub data_seconds: f64,
    pub interrupted_by: Option<String>,
    /// None when the run was interrupted.
    pub spending: Option<Spending>,
}

/// What left for the providers in all, beside the limits of the run. An attempt that ended without a word of its price
/// counts as its worst case; kept replies count as nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Spending {
    pub requests: u64,
    pub tokens: u64,
    /// US dollars; null when something was billed whose price is not known.
    pub cost_usd: Option<f64>,
    pub max_cost_usd: Option<f64>,
    pub max_calls: Option<u64>,
    pub max_tokens: Option<u64>,
    /// The day of the price table.
    pub prices_of: String,
}
