//! Scorers: a text and what it is judged by in, a score 0..1 and feedback out. A new one is a variant of `Scorer`.

use std::sync::Arc;

use serde_json::Value;

use super::criteria::{self, Criterion, Words};
use crate::evidence::Evidence;
use crate::flow::engine::{Judged, combined};
use crate::insight::Verdict;
use crate::prompt::Combine;
use crate::reply::{self, Statement};

/// One way to score.
#[derive(Debug, Clone, PartialEq)]
pub enum Scorer {
    /// What the reviewers say of the whole.
    Llm,
    /// The criteria by their weights.
    Rubric,
    /// The text is JSON that fits the schema: `1 / (1 + faults)`, 0 when it holds no JSON.
    Schema(Value),
    Length(Words),
    /// The share of the sentences that the evidence of a run bears out, of those that it can be asked about.
    Grounding(Arc<[Evidence]>),
}

impl Scorer {
    pub const NAMES: [&'static str; 5] = ["llm", "rubric", "schema", "length", "grounding"];

    pub fn name(&self) -> &'static str {
        match self {
            Self::Llm => "llm",
            Self::Rubric => "rubric",
            Self::Schema(_) => "schema",
            Self::Length(_) => "length",
            Self::Grounding(_) => "grounding",
        }
    }

    /// None when what it needs is missing: no valid review, no criteria.
    pub fn score(&self, subject: &Subject<'_>) -> Option<Scored> {
        match self {
            // The judges' feedback goes to the writer by itself.
            Self::Llm => subject.combined(|judged| judged.review.score).map(Scored::silent),
            Self::Rubric => criteria::rubric(subject),
            Self::Schema(schema) => Some(fits(subject.text, schema)),
            Self::Grounding(evidence) => Some(holds(subject.text, evidence)),
            Self::Length(words) => Some(Scored {
                score: words.score(subject.text),
                feedback: words
                    .fault(subject.text)
                    .map(|fault| format!("The text has the wrong length: {fault}."))
                    .unwrap_or_default(),
                suggestions: Vec::new(),
            }),
        }
    }
}

/// What a scorer may look at.
#[derive(Debug)]
pub struct Subject<'a> {
    pub text: &'a str,
    pub question: &'a str,
    pub goal: Option<&'a str>,
    pub criteria: &'a [Criterion],
    /// The valid reviews.
    pub judged: &'a [Judged<'a>],
    pub combine: Combine,
}

impl Subject<'_> {
    /// One number of each review as one number; none without reviews.
    pub(super) fn combined(&self, number: impl Fn(&Judged<'_>) -> f64) -> Option<f64> {
        combined(
            self.combine,
            self.judged.iter().map(|judged| (judged.weight, number(judged))),
        )
    }
}

/// A score, 0..1, with what the writer should know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scored {
    pub score: f64,
    /// Empty when there is nothing to say.
    pub feedback: String,
    pub suggestions: Vec<String>,
}

impl Scored {
    fn silent(score: f64) -> Self {
        Self {
            score,
            ..Self::default()
        }
    }
}

/// Scorers with their weights, all above 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    pub parts: Vec<(Scorer, f64)>,
}

impl Mix {
    pub fn of(scorer: Scorer) -> Self {
        Self {
            parts: vec![(scorer, 1.0)],
        }
    }

    /// A part of it is said by models.
    pub fn wants_judges(&self, criteria: &[Criterion]) -> bool {
        self.parts.iter().any(|(scorer, _)| match scorer {
            Scorer::Llm => true,
            Scorer::Rubric => criteria::judged(criteria).next().is_some(),
            Scorer::Schema(_) | Scorer::Length(_) | Scorer::Grounding(_) => false,
        })
    }

    /// `Σ wᵢ·sᵢ / Σ wᵢ`, with the parts; none when one part is missing, as the others alone would mean something else.
    pub fn score(&self, subject: &Subject<'_>) -> (Option<f64>, Vec<(&'static str, Scored)>) {
        let scored = self
            .parts
            .iter()
            .map(|(scorer, weight)| (scorer.name(), *weight, scorer.score(subject)));
        let scored: Vec<(&'static str, f64, Option<Scored>)> = scored.collect();
        let weights: f64 = scored.iter().map(|(_, weight, _)| weight).sum();
        let sum: Option<f64> = scored
            .iter()
            .map(|(_, weight, scored)| scored.as_ref().map(|scored| weight * scored.score))
            .sum();
        let score = sum.filter(|_| weights > 0.0).map(|sum| rounded(sum / weights));
        let parts = scored.into_iter().filter_map(|(name, _, scored)| Some((name, scored?)));
        (score, parts.collect())
    }
}

/// Four digits are more than a judgement holds.
pub(super) fn rounded(score: f64) -> f64 {
    (score * 10_000.0).round() / 10_000.0
}

/// A text that claims nothing holds; each sentence that does not is told with the right value.
fn holds(text: &str, evidence: &[Evidence]) -> Scored {
    let statements = reply::statements(text, evidence);
    let checkable = statements
        .iter()
        .filter(|statement| statement.verdict != Verdict::NotCheckable);
    let (right, wrong): (Vec<_>, Vec<_>) = checkable.partition(|statement| statement.verdict == Verdict::Supported);
    let n = right.len() + wrong.len();
    Scored {
        score: if n == 0 { 1.0 } else { right.len() as f64 / n as f64 },
        feedback: match wrong.len() {
            0 => String::new(),
            n_wrong => format!("{n_wrong} of {n} sentences that can be checked do not hold."),
        },
        suggestions: wrong.into_iter().map(told).collect(),
    }
}

fn told(statement: &Statement) -> String {
    let reasons: Vec<&str> = statement.reasons.iter().map(|reason| reason.message.as_str()).collect();
    format!("correct or delete \"{}\": {}", statement.text, reasons.join("; "))
}

fn fits(text: &str, schema: &Value) -> Scored {
    let mut faults = Vec::new();
    let value = match serde_json::from_str::<Value>(text.trim()) {
        Ok(value) => Some(value),
        Err(_) => {
            let picked = reply::read(text, schema)
                .ok()
                .filter(|picked| !picked.extracted.truncated);
            faults.extend(
                picked
                    .as_ref()
                    .map(|_| "there must be nothing beside the JSON".to_owned()),
            );
            picked.map(|picked| Value::from(picked.extracted.value))
        }
    };
    let Some(value) = value else {
        return Scored {
            score: 0.0,
            feedback: "The text is no JSON.".to_owned(),
            suggestions: vec!["return one JSON value that fits the schema, and nothing else".to_owned()],
        };
    };
    faults.extend(reply::validate(schema, &value.into()).iter().map(ToString::to_string));
    Scored {
        score: 1.0 / (1.0 + faults.len() as f64),
        feedback: if faults.is_empty() {
            String::new()
        } else {
            "The JSON does not fit its schema.".to_owned()
        },
        suggestions: faults,
    }
}
