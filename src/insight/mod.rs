//! The domain words and their serde shape. Knows nothing of prompts, models or tables.

use serde::{Deserialize, Serialize};

/// How bad or how good a finding is for the business, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl Severity {
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// What the verifier says of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Supported,
    NotCheckable,
    Unsupported,
    Contradicted,
}

/// The computed confidence of a finding with its three factors, each in 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// The product, rounded to 0.05.
    pub score: f64,
    /// That the change is real and not noise.
    pub real: f64,
    /// That the sentence says what the cells say.
    pub text: f64,
    /// That the days and fields used are complete.
    pub data: f64,
}

impl Confidence {
    pub fn of(real: f64, text: f64, data: f64) -> Self {
        let score = (real * text * data / 0.05).round() * 0.05;
        Self {
            score: (score * 100.0).round() / 100.0,
            real,
            text,
            data,
        }
    }

    /// The same, where the data behind it can be trusted so far only.
    pub fn damped(self, trust: f64) -> Self {
        Self::of(self.real, self.text, self.data * trust)
    }

    pub fn word(self) -> &'static str {
        confidence_word(self.score)
    }
}

/// A computed confidence in the words of the report.
pub fn confidence_word(score: f64) -> &'static str {
    match score {
        score if score >= 0.85 => "high",
        score if score >= 0.6 => "fair",
        score if score >= 0.3 => "low",
        _ => "very low",
    }
}

/// A checked statement of one specialist: every number in it was written by the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// `F1`, `F2` … unique in the whole council; set by `flow`.
    pub id: String,
    pub analyst: Analyst,
    pub kind: String,
    pub title: String,
    pub text: String,
    pub severity: Severity,
    pub confidence: Confidence,
    pub verdict: Verdict,
    /// False when the change lies inside ordinary variation.
    pub reportable: bool,
    /// It tells of something outside ordinary variation: a change, an unusual day, a check that failed. A level, a share or a rank
    /// alone is a fact, and no news.
    #[serde(default)]
    pub significant: bool,
    /// The cells behind the numbers, e.g. `g3.revenue`.
    pub evidence: Vec<String>,
    /// The rendered numbers in the order of the text, for `{{F7.n1}}`.
    pub numbers: Vec<String>,
    /// Numbers that the model typed itself; each follows from the cells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<String>,
    /// What the program wrote into the title and into the text, in order, with the cells that it stands on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub title_cites: Vec<Cite>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text_cites: Vec<Cite>,
    /// The names (row keys) that the finding speaks of.
    pub names: Vec<String>,
    /// Why the verdict is not plain support; empty when it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What the data gate found about the fields behind the cells; printed with the finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<String>,
    /// What the model itself claimed; logged, never shown.
    pub model_confidence: Option<f64>,
}

/// A piece of a sentence that was rendered from evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cite {
    /// As it stands in the sentence: `68.5 % below the expected 387`.
    pub shown: String,
    /// `d16.value`, or a row alone (`g3`) where only its name is shown.
    pub cells: Vec<String>,
}

/// Advice or a guess: words only, no data numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Remark {
    pub text: String,
    /// The ids of the findings that it stands on.
    pub about: Vec<String>,
}

mod analyst;
mod conflict;
mod council;
mod grounding;
pub mod project;

pub use analyst::{Analyst, OwnAnalyst};
pub use conflict::{Conflict, ConflictKind, Resolution};
pub use council::*;
pub use grounding::{Grounding, ReviewRound, Tally};
