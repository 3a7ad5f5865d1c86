//! A finished council: who reported what, who is missing and why, and what the coordinator made of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Analyst, Conflict, Finding, Grounding, Remark, ReviewRound};

/// What one call took, success or not. Costs in US dollars, null when unknown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// A specialist's key or `coordinator`.
    pub role: String,
    /// `success`, `error`, `skipped`.
    pub status: String,
    pub provider: Option<String>,
    pub model: Option<String>,
    /// The model that the provider says answered, when it differs.
    pub answered_model: Option<String>,
    /// Exchanges with a provider, re-asks included.
    pub attempts: u32,
    pub reasks: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// True when the provider did not report usage.
    pub tokens_estimated: bool,
    pub cost_usd: Option<f64>,
    pub cached: bool,
    /// A second model was asked near the deadline.
    pub hedged: bool,
    pub started_millis: u64,
    pub latency_millis: u64,
    pub provider_wait_millis: u64,
    pub limiter_wait_millis: u64,
    pub retry_wait_millis: u64,
    /// Of the last reply; null when it was not streamed.
    #[serde(default)]
    pub time_to_first_token_millis: Option<u64>,
    /// Repairs that the JSON of the reply needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<String>,
    /// One line per failed attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
    pub error: Option<Why>,
}

/// Why a part is missing: machine-readable kind, and words for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// `transient`, `rate_limit`, `quota`, `permanent`, `configuration`, `output`, `deadline`, `budget`, `invalid_reply`, `internal`,
    /// `refused` by the data gate.
    pub kind: String,
    pub message: String,
    pub status: Option<u16>,
    /// The provider's own words, redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    pub attempts: u32,
}

/// A statement that did not pass the check, kept for the record and never printed as a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    pub title: String,
    pub text: String,
    /// Each begins with its code: `number: …`.
    pub reasons: Vec<String>,
}

impl Rejected {
    /// Why, without a word of what was said.
    pub fn codes(&self) -> Vec<&str> {
        let reasons = self.reasons.iter();
        reasons
            .map(|reason| reason.split(':').next().unwrap_or_default())
            .collect()
    }
}

/// What one specialist reported, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpecialistReport {
    /// The section objects of this analyst, numbers by the program.
    pub sections: Map<String, Value>,
    pub findings: Vec<Finding>,
    pub hypotheses: Vec<Remark>,
    pub recommendations: Vec<Remark>,
    pub data_gaps: Vec<String>,
    pub rejected: Vec<Rejected>,
    pub grounding: Grounding,
    /// Every look at the reply, the first one first.
    pub reviews: Vec<ReviewRound>,
    /// 0..1, computed: the mean confidence of the findings, damped by what was rejected.
    pub confidence_score: Option<f64>,
}

/// What came of one specialist. A failed one is an outcome, not an error: five good answers still make a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Reported(Box<SpecialistReport>),
    /// The data hold nothing for this analyst; no call was made.
    NothingToRead(Box<SpecialistReport>),
    Missing(Why),
}

impl Outcome {
    pub fn report(&self) -> Option<&SpecialistReport> {
        match self {
            Self::Reported(report) | Self::NothingToRead(report) => Some(report),
            Self::Missing(_) => None,
        }
    }
}

/// One advice for the executive. Words by the model, numbers by nobody, the date by the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    pub action: String,
    pub impact: String,
    pub effort: String,
    pub owner: String,
    pub metric: String,
    /// The day to look whether it helped.
    pub check_date: Option<String>,
    pub about: Vec<String>,
}

/// A theme that runs through several specialists' findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Theme {
    pub theme: String,
    pub text: String,
    pub uses: Vec<String>,
}

/// A finding that the coordinator chose, with why it matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyFinding {
    /// The id of the finding.
    pub finding: String,
    pub title: String,
    pub text: String,
    pub why_it_matters: String,
    pub severity: super::Severity,
    pub confidence: f64,
    pub analyst: Analyst,
    pub evidence: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<String>,
}

/// How the joined part came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoordinatorStatus {
    Completed,
    /// Assembled by template from the checked findings.
    Fallback,
    Failed,
}

impl CoordinatorStatus {
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Fallback => "fallback",
            Self::Failed => "failed",
        }
    }
}

/// The joined part of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordinated {
    pub status: CoordinatorStatus,
    /// Why the coordinator's own words are not used.
    pub why: Option<Why>,
    pub executive_summary: Vec<String>,
    /// The findings behind each sentence of the summary.
    pub summary_uses: Vec<Vec<String>>,
    pub key_findings: Vec<KeyFinding>,
    pub themes: Vec<Theme>,
    pub recommendations: Vec<Advice>,
    pub confidence_text: String,
    /// 0..1, computed over the findings and the missing parts.
    pub confidence_score: Option<f64>,
    pub next_steps: Vec<String>,
    /// Sentences of the coordinator that did not pass the check, each under the part that it stood in.
    pub dropped: Vec<Rejected>,
    /// Every look at the coordinator's reply, the first one first.
    pub reviews: Vec<ReviewRound>,
}

/// A finished council.
#[derive(Debug, Clone, PartialEq)]
pub struct Council {
    /// In `Analyst::ALL` order.
    pub outcomes: Vec<(Analyst, Outcome)>,
    pub coordinated: Coordinated,
    /// One per specialist, then the coordinator, then the corrections that were asked for.
    pub calls: Vec<CallRecord>,
    pub grounding: Grounding,
    /// Figures and findings that disagree.
    pub conflicts: Vec<Conflict>,
    /// From the first call to the last reply.
    pub wall_millis: u64,
}

impl Council {
    /// All supported findings that tell of something outside ordinary variation, most severe first.
    pub fn findings(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self
            .outcomes
            .iter()
            .filter_map(|(_, outcome)| outcome.report())
            .flat_map(|report| &report.findings)
            .filter(|finding| finding.significant)
            .collect();
        findings.sort_by_key(|finding| number_of(&finding.id));
        findings
    }

    pub fn finding(&self, id: &str) -> Option<&Finding> {
        self.findings().into_iter().find(|finding| finding.id == id)
    }

    pub fn missing(&self) -> Vec<(Analyst, &Why)> {
        self.outcomes
            .iter()
            .filter_map(|(analyst, outcome)| match outcome {
                Outcome::Missing(why) => Some((*analyst, why)),
                _ => None,
            })
            .collect()
    }

    pub fn n_successful(&self) -> usize {
        self.outcomes.len() - self.missing().len()
    }

    pub fn is_complete(&self) -> bool {
        self.missing().is_empty() && self.coordinated.status == CoordinatorStatus::Completed
    }
}

/// The number in `F12`, for ordering.
pub fn number_of(id: &str) -> u64 {
    id.trim_start_matches(|letter: char| !letter.is_ascii_digit())
        .parse()
        .unwrap_or(u64::MAX)
}
