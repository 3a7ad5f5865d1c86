//! What a finished report says in one line: the first sentence of its summary, and how far to trust it.

use serde::Serialize;
use serde_json::Value;

use super::outputs;
use super::runs::Run;
use crate::insight::confidence_word;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Verdict {
    pub(super) headline: String,
    /// The word and the number.
    pub(super) confidence: Option<String>,
}

/// Longer first sentences are cut in lists.
const LONGEST: usize = 240;

/// None for a run without a report. Reads the disk.
pub(super) fn of(run: &Run) -> Option<Verdict> {
    let joined = outputs::json(run, "coordinated_insights.json")?;
    let first = &joined["summary_sentences"][0]["text"];
    let headline = first.as_str().or_else(|| joined["executive_summary"].as_str())?;
    let mut short: String = headline.chars().take(LONGEST).collect();
    if short.len() < headline.len() {
        short.push('…');
    }
    let score = joined["confidence_assessment"]["score"].as_f64();
    Some(Verdict {
        headline: short,
        confidence: score.map(|score| format!("{} ({score:.2})", confidence_word(score))),
    })
}

/// The key figures of a run by name, as they are shown.
pub(super) fn key_figures(run: &Run) -> Vec<Value> {
    let facts = outputs::json(run, "evidence.json").unwrap_or_default();
    facts["key_figures"].as_array().cloned().unwrap_or_default()
}
