//! What judges reply: which labels they must name, and their verdicts read back.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Judge;
use super::score::Ballot;
use super::session::Review;
use crate::prompt::Kind;

/// One candidate as one judge sees it.
pub(super) struct Candidate {
    /// `A`, `B` …: another letter for every judge.
    pub(super) label: String,
    /// Its place in the reviewed stage.
    pub(super) index: usize,
}

/// The labels of this judge's candidates become the only values that the schema allows.
pub(super) fn with_labels(mut schema: Value, kind: Kind, labels: &[String]) -> Value {
    let list = match kind {
        Kind::Ranking => "/properties/ranking",
        _ => "/properties/reviews",
    };
    if let Some(Value::Object(list)) = schema.pointer_mut(list) {
        list.insert("minItems".to_owned(), json!(labels.len()));
        list.insert("maxItems".to_owned(), json!(labels.len()));
    }
    let place = match kind {
        Kind::Ranking => "/properties/ranking/items",
        _ => "/properties/reviews/items/properties/label",
    };
    if let Some(Value::Object(label)) = schema.pointer_mut(place) {
        label.insert("enum".to_owned(), json!(labels));
    }
    schema
}

/// Every label once; scores within 0..1.
pub(super) fn complete(kind: Kind, labels: Vec<String>) -> Judge {
    Arc::new(move |value| {
        let (field, given): (&str, Vec<String>) = match kind {
            Kind::Ranking => ("ranking", texts(&value["ranking"])),
            _ => {
                let items = value["reviews"].as_array().map(Vec::as_slice).unwrap_or_default();
                (
                    "reviews",
                    items
                        .iter()
                        .filter_map(|item| item["label"].as_str().map(label_of))
                        .collect(),
                )
            }
        };
        let mut sorted = given;
        sorted.sort();
        let mut wanted = labels.clone();
        wanted.sort();
        let mut faults = Vec::new();
        if sorted != wanted {
            faults.push(format!(
                "{field}: it must name each of {} exactly once",
                labels.join(", ")
            ));
        }
        let items = value["reviews"].as_array().map(Vec::as_slice).unwrap_or_default();
        if items.iter().any(|item| score_of(item).is_none()) {
            faults.push("reviews: every score must be a number from 0 to 1".to_owned());
        }
        faults
    })
}

pub(super) fn ballot(judge: &str, value: &Value, slate: &[Candidate]) -> Ballot {
    let order = texts(&value["ranking"]).into_iter().filter_map(|label| {
        let found = slate.iter().find(|candidate| candidate.label == label);
        found.map(|candidate| candidate.index)
    });
    Ballot {
        judge: judge.to_owned(),
        order: order.collect(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(label_of).collect()
}

/// `Answer B` and `b` mean B.
pub(super) fn label_of(text: &str) -> String {
    let word = text.trim().rsplit(' ').next().unwrap_or_default();
    word.to_uppercase()
}

pub(super) fn score_of(value: &Value) -> Option<f64> {
    value["score"].as_f64().filter(|score| (0.0..=1.0).contains(score))
}

pub(super) fn review_of(stage: &str, judge: &str, of: &str, value: &Value) -> Option<Review> {
    let suggestions = value["suggestions"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Review {
        stage: stage.to_owned(),
        judge: judge.to_owned(),
        of: of.to_owned(),
        score: score_of(value)?,
        feedback: value["feedback"].as_str().unwrap_or_default().to_owned(),
        suggestions: suggestions
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    })
}
