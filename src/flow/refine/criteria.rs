//! What a text is judged by: criteria of the user's domain with weights. Some a model judges, some the program checks itself.

use serde_json::{Value, json};

use super::scorer::{Scored, Subject};
use crate::flow::engine::Judged;

/// One criterion. With `contains`, `forbids` or `words` the program checks it and no model is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Criterion {
    pub name: String,
    pub description: String,
    /// Above 0: how much it counts beside the others.
    pub weight: f64,
    /// Phrases that the text must hold, letter case aside.
    pub contains: Vec<String>,
    /// Phrases that it must not hold.
    pub forbids: Vec<String>,
    pub words: Option<Words>,
}

/// A length in words, both bounds included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    pub least: usize,
    pub most: usize,
}

impl Words {
    /// 1 within the bounds; below `n / least`, above `most / n`.
    pub fn score(self, text: &str) -> f64 {
        let n = text.split_whitespace().count();
        if n < self.least {
            n as f64 / self.least as f64
        } else if n > self.most {
            self.most as f64 / n as f64
        } else {
            1.0
        }
    }

    /// What is wrong, for the writer.
    pub(super) fn fault(self, text: &str) -> Option<String> {
        let n = text.split_whitespace().count();
        if n < self.least {
            Some(format!("it has {n} words; at least {} are wanted", self.least))
        } else if n > self.most {
            Some(format!("it has {n} words; at most {} are wanted", self.most))
        } else {
            None
        }
    }
}

impl Criterion {
    /// The program checks it.
    pub fn is_checked(&self) -> bool {
        !self.contains.is_empty() || !self.forbids.is_empty() || self.words.is_some()
    }

    /// As templates see it.
    pub(super) fn shown(&self) -> Value {
        let mut asks = Vec::new();
        if !self.contains.is_empty() {
            asks.push(format!("it must hold: {}", self.contains.join("; ")));
        }
        if !self.forbids.is_empty() {
            asks.push(format!("it must not hold: {}", self.forbids.join("; ")));
        }
        if let Some(words) = self.words {
            asks.push(format!("{} to {} words", words.least, words.most));
        }
        let parts = std::iter::once(self.description.clone()).chain(asks);
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        json!({
            "name": self.name, "description": parts.join("; "), "weight": self.weight, "checked": self.is_checked(),
        })
    }

    /// The share of its checks that hold, and what does not.
    fn checked(&self, text: &str) -> (f64, Vec<String>) {
        let lower = text.to_lowercase();
        let holds = |phrase: &String| lower.contains(&phrase.to_lowercase());
        let mut faults = Vec::new();
        let mut points = Vec::new();
        for phrase in &self.contains {
            points.push(f64::from(u8::from(holds(phrase))));
            if !holds(phrase) {
                faults.push(format!("it must hold \"{phrase}\""));
            }
        }
        for phrase in &self.forbids {
            points.push(f64::from(u8::from(!holds(phrase))));
            if holds(phrase) {
                faults.push(format!("it must not hold \"{phrase}\""));
            }
        }
        if let Some(words) = self.words {
            points.push(words.score(text));
            faults.extend(words.fault(text));
        }
        (points.iter().sum::<f64>() / points.len().max(1) as f64, faults)
    }
}

/// The review's schema with a score for each criterion that a model judges. A reply without them is a review all the same.
pub(super) fn with_criteria(mut schema: Value, criteria: &[Criterion]) -> Value {
    let names: Vec<&str> = judged(criteria).map(|criterion| criterion.name.as_str()).collect();
    if names.is_empty() {
        return schema;
    }
    if let Some(Value::Object(properties)) = schema.pointer_mut("/properties") {
        properties.insert(
            "criteria".to_owned(),
            json!({
                "type": "array",
                "description": "each criterion once, with its own score",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "enum": names},
                        "score": {"type": "number", "minimum": 0, "maximum": 1},
                    },
                    "required": ["name", "score"],
                    "additionalProperties": false,
                },
            }),
        );
    }
    schema
}

/// `Σ wᵢ·sᵢ / Σ wᵢ` over the criteria: the program's own checks, and for the others what the judges say of each, or of the whole
/// text where a judge leaves one out. None when a judged criterion has no judge.
pub(super) fn rubric(subject: &Subject<'_>) -> Option<Scored> {
    let (mut sum, mut weights) = (0.0, 0.0);
    let mut suggestions = Vec::new();
    for criterion in subject.criteria {
        let score = if criterion.is_checked() {
            let (score, faults) = criterion.checked(subject.text);
            suggestions.extend(faults.into_iter().map(|fault| format!("{}: {fault}", criterion.name)));
            score
        } else {
            subject.combined(|judged| given(judged, &criterion.name))?
        };
        sum += criterion.weight * score;
        weights += criterion.weight;
    }
    if weights == 0.0 {
        return None;
    }
    let feedback = if suggestions.is_empty() {
        String::new()
    } else {
        "Criteria that the program checked do not hold.".to_owned()
    };
    Some(Scored {
        score: sum / weights,
        feedback,
        suggestions,
    })
}

pub(super) fn judged(criteria: &[Criterion]) -> impl Iterator<Item = &Criterion> {
    criteria.iter().filter(|criterion| !criterion.is_checked())
}

fn given(judged: &Judged<'_>, name: &str) -> f64 {
    let items = judged.value["criteria"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let found = items.iter().find(|item| item["name"] == name);
    found
        .and_then(|item| item["score"].as_f64())
        .unwrap_or(judged.review.score)
}
