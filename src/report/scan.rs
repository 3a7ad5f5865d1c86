//! A finished scan of a project as JSON and Markdown.

mod markdown;

pub use markdown::markdown;

use serde_json::{Map, Value, json};

use super::SCHEMA_VERSION;
use crate::insight::project::{Answers, Project};

/// Who answered the specialists' questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanMode {
    Real,
    /// Built in; its words say nothing of the project that its facts do not say.
    Mock,
    /// Static analysis only.
    Static,
}

impl ScanMode {
    pub fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Mock => "mock",
            Self::Static => "static",
        }
    }
}

/// Everything that the report of one project is made of.
#[derive(Debug)]
pub struct ScanFacts<'a> {
    pub run_hash: &'a str,
    pub project: &'a Project,
    pub mode: ScanMode,
    /// None when nobody was asked.
    pub answers: Option<&'a Answers>,
    /// Reading and measuring, in seconds.
    pub static_seconds: f64,
    /// No file had been touched since the last scan.
    pub unchanged: bool,
}

impl ScanFacts<'_> {
    /// `complete`, `degraded` (an answer is missing) or `static`.
    pub fn status(&self) -> &'static str {
        match self.answers {
            None => "static",
            Some(answers) if answers.is_complete() => "complete",
            Some(_) => "degraded",
        }
    }
}

/// What the user is told instead of insights that nobody gave.
pub const NOT_ASKED: &str = "no model was asked: add `--real` for the configured provider, or `--provider mock`";

/// The scan as one JSON object.
pub fn scan_json(facts: &ScanFacts<'_>) -> Value {
    let project = serde_json::to_value(facts.project).unwrap_or_default();
    let scores: Map<String, Value> = facts
        .project
        .scores
        .iter()
        .map(|score| {
            (
                score.name.clone(),
                json!({"score": score.value, "reasons": score.reasons}),
            )
        })
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "run_hash": facts.run_hash,
        "project": facts.project.name,
        "status": facts.status(),
        "mode": facts.mode.word(),
        "scores": scores,
        "static_analysis": project,
        "static_seconds": facts.static_seconds,
        "unchanged_since_last_scan": facts.unchanged,
        "llm_results": facts.answers.map(llm_results),
        "llm_note": facts.answers.is_none().then_some(NOT_ASKED),
        "calls": facts.answers.map(|answers| &answers.calls),
    })
}

/// The answers under their keys; what is missing says why.
fn llm_results(answers: &Answers) -> Value {
    let mut results = Map::new();
    for (key, part) in &answers.parts {
        let value = match part {
            Ok(value) => value.clone(),
            Err(why) => json!({"error": why}),
        };
        results.insert(key.clone(), value);
    }
    results.insert("metadata".to_owned(), metadata(answers));
    Value::Object(results)
}

fn metadata(answers: &Answers) -> Value {
    let mut models: Vec<String> = answers
        .calls
        .iter()
        .filter(|call| call.status == "success")
        .filter_map(|call| Some(format!("{}:{}", call.provider.as_ref()?, call.model.as_ref()?)))
        .collect();
    models.sort();
    models.dedup();
    let cost = answers
        .calls
        .iter()
        .map(|call| call.cost_usd)
        .try_fold(0.0, |sum, cost| Some(sum + cost?));
    json!({
        "models_used": models,
        "total_time_seconds": answers.wall_millis as f64 / 1000.0,
        "cache_hits": cache_hits(answers),
        "api_calls": api_calls(answers),
        "input_tokens": answers.calls.iter().map(|call| call.input_tokens).sum::<u64>(),
        "output_tokens": answers.calls.iter().map(|call| call.output_tokens).sum::<u64>(),
        "cost_usd": cost,
    })
}

/// Requests that went to a provider, retries included.
pub fn api_calls(answers: &Answers) -> u64 {
    let sent = answers.calls.iter().filter(|call| !call.cached);
    sent.map(|call| u64::from(call.attempts)).sum()
}

pub fn cache_hits(answers: &Answers) -> u64 {
    answers.calls.iter().filter(|call| call.cached).count() as u64
}
