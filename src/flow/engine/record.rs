//! What came of a pattern: every stage, every answer, what it took, and who is missing.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::models::Skipped;
use super::score::Standing;
use super::session::Review;
use crate::insight::{CallRecord, Why};
use crate::prompt::{Kind, ScoreName};

/// A finished pattern.
#[derive(Debug, Clone, Default)]
pub struct Record {
    pub pattern: String,
    /// In the order in which they ran; a stage that a branch jumped over is not among them.
    pub stages: Vec<StageRecord>,
    /// The stage that gives the answer of the whole.
    pub result: String,
    /// Why the pattern ended before its end.
    pub stopped: Option<Stopped>,
    pub wall_millis: u64,
}

/// A stage that did not get what it needs, and whose failure ends the pattern.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stopped {
    pub stage: String,
    pub because: String,
    /// The provider is exhausted for now: the same command may work later.
    pub for_now: bool,
}

/// One stage as it went.
#[derive(Debug, Clone, Default)]
pub struct StageRecord {
    pub name: String,
    pub title: String,
    pub kind: Option<Kind>,
    /// The stage that this one reviewed, ranked or refined.
    pub of: Option<String>,
    /// In the order of the roles, or of the models.
    pub answers: Vec<Answer>,
    /// Models that were asked for and not used.
    pub skipped: Vec<Skipped>,
    /// A model was skipped that the stage names.
    pub misses_named: bool,
    pub scores: Scores,
    /// Of the reviewed stage's answers, by their index.
    pub standing: Option<Standing>,
    pub reviews: Vec<Review>,
    /// Views that judges want kept although they lost.
    pub dissent: Vec<String>,
    /// The minimum was not reached and the stage's fallback was taken.
    pub fell_back: bool,
    /// Calls of a `refine` stage that did not give its answer: reviews, and versions that were not the best.
    pub judges: Vec<Answer>,
    /// Rounds of a `refine` stage, which of them holds its answer, and why there are no more.
    pub rounds: Vec<Round>,
    pub best: Option<usize>,
    pub ending: Option<Ending>,
    /// Later stages see labels only.
    pub anonymous: bool,
    pub wall_millis: u64,
}

/// The computed numbers of a stage, 0..1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Scores {
    pub score: Option<f64>,
    pub confidence: Option<f64>,
    pub agreement: Option<f64>,
}

impl Scores {
    pub fn get(&self, name: ScoreName) -> Option<f64> {
        match name {
            ScoreName::Score => self.score,
            ScoreName::Confidence => self.confidence,
            ScoreName::Agreement => self.agreement,
        }
    }
}

/// One answer, or why there is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The role of the pattern, or the name of the model.
    pub name: String,
    pub title: String,
    /// `Answer A`: what an anonymous stage shows instead of the name.
    pub label: String,
    /// The registered model that was asked for, where one was.
    pub model: Option<String>,
    pub weight: f64,
    pub text: Option<String>,
    pub value: Option<Value>,
    /// A template stands in for the answer.
    pub stand_in: bool,
    pub why: Option<Why>,
    /// Under which keys the replies are kept, to be forgotten when the caller finds them useless.
    pub kept: Vec<String>,
    /// Why nobody was asked.
    pub skipped: Option<String>,
    pub call: CallRecord,
}

impl Answer {
    /// A model gave it.
    pub fn is_real(&self) -> bool {
        self.text.is_some() && !self.stand_in
    }

    /// A field of the value; `text` is the text itself.
    pub fn field(&self, name: &str) -> Option<String> {
        if name == "text" {
            return self.text.clone();
        }
        match self.value.as_ref()?.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }
}

/// One version of a `refine` stage and what was said of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Round {
    pub text: String,
    /// `provider:model` that wrote it.
    pub author: Option<String>,
    pub score: Option<f64>,
    /// The score's parts by scorer, where the caller has several.
    pub parts: BTreeMap<String, f64>,
    pub reviews: Vec<Review>,
    /// No other model could be asked: the author judged its own text.
    pub by_author: bool,
    pub critique: Option<String>,
    pub comparison: Option<Comparison>,
    pub feedback: Vec<String>,
    pub suggestions: Vec<String>,
}

/// A version held against the best one before it: each judge twice, in both orders, so that a liking for the first place cancels out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The round (from 0) of the version that it was held against.
    pub with_round: usize,
    pub wins: u32,
    pub losses: u32,
    pub ties: u32,
    pub reasons: Vec<String>,
}

impl Comparison {
    /// A draw keeps the older version: a change must earn its place.
    pub fn is_better(&self) -> bool {
        self.wins > self.losses
    }
}

/// Why a `refine` stage stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The best version reached the score.
    Approved,
    /// The last allowed review did not.
    RanOut,
    /// No valid review of the last version.
    NoReview,
    /// No usable rewrite.
    NoRewrite,
}

impl Record {
    pub fn stage(&self, name: &str) -> Option<&StageRecord> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// The answer of the whole.
    pub fn answer(&self) -> Option<&Answer> {
        let stage = self.stage(&self.result)?;
        stage.answers.iter().find(|answer| answer.text.is_some())
    }

    pub fn calls(&self) -> impl Iterator<Item = &CallRecord> {
        let answers = self
            .stages
            .iter()
            .flat_map(|stage| stage.answers.iter().chain(&stage.judges));
        answers.map(|answer| &answer.call)
    }

    /// Something that was asked for is missing, and the pattern still came to its end.
    pub fn is_degraded(&self) -> bool {
        self.stages.iter().any(|stage| {
            stage.fell_back || stage.misses_named || stage.answers.iter().any(|answer| answer.why.is_some())
        })
    }
}
