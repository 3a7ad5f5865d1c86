//! An earlier stage as later templates see it: answers, numbers, verdicts; labels instead of names where the stage is anonymous.

use serde_json::{Map, Value, json};

use super::record::{Answer, StageRecord};

/// The value of an input that names a stage: `answers`, `text`, `score`, `confidence`, `agreement`, `ranking`, `dissent`, `feedback`,
/// `missing`. A stage that did not run has no answers.
pub(super) fn view(name: &str, stages: &[StageRecord]) -> Value {
    let Some(stage) = stages.iter().find(|stage| stage.name == name) else {
        return json!({
            "answers": [], "text": "", "score": null, "confidence": null, "agreement": null, "ranking": [], "dissent": [],
            "feedback": [], "missing": [],
        });
    };
    let mut given: Vec<&Answer> = stage.answers.iter().filter(|answer| answer.text.is_some()).collect();
    if stage.anonymous {
        given.sort_by(|left, right| left.label.cmp(&right.label));
    }
    let texts: Vec<&str> = given.iter().filter_map(|answer| answer.text.as_deref()).collect();
    json!({
        "answers": given.iter().map(|answer| seen(answer, stage.anonymous)).collect::<Vec<_>>(),
        "text": texts.join("\n\n"),
        "score": stage.scores.score,
        "confidence": stage.scores.confidence,
        "agreement": stage.scores.agreement,
        "ranking": ranking(stage, stages),
        "dissent": stage.dissent,
        "feedback": feedback(stage, stages),
        "missing": missing(stage),
    })
}

fn seen(answer: &Answer, anonymous: bool) -> Value {
    let mut seen = Map::new();
    seen.insert("label".to_owned(), json!(answer.label));
    if !anonymous {
        seen.insert("name".to_owned(), json!(answer.name));
        seen.insert("model".to_owned(), json!(answer.model));
    }
    let title = if anonymous || answer.title.is_empty() {
        &answer.label
    } else {
        &answer.title
    };
    seen.insert("title".to_owned(), json!(title));
    seen.insert("weight".to_owned(), json!(answer.weight));
    seen.insert("text".to_owned(), json!(answer.text));
    seen.insert("value".to_owned(), answer.value.clone().unwrap_or(Value::Null));
    Value::Object(seen)
}

/// Labels and scores of the stage that this one ranked, best first.
fn ranking(stage: &StageRecord, stages: &[StageRecord]) -> Value {
    let Some(standing) = &stage.standing else {
        return json!([]);
    };
    let labels = labels_of(stage, stages);
    let rows = standing.order.iter().filter_map(|index| {
        let label = labels.get(*index)?;
        Some(json!({"label": label, "score": standing.scores.get(*index).copied().flatten()}))
    });
    rows.collect()
}

fn feedback(stage: &StageRecord, stages: &[StageRecord]) -> Value {
    let names = reviewed(stage, stages).map(|reviewed| {
        reviewed
            .answers
            .iter()
            .map(|answer| (answer.name.clone(), answer.label.clone()))
            .collect::<Vec<_>>()
    });
    let label = |name: &str| {
        let found = names.iter().flatten().find(|(known, _)| known == name);
        found.map_or_else(|| name.to_owned(), |(_, label)| label.clone())
    };
    stage
        .reviews
        .iter()
        .map(|review| {
            json!({
                "label": label(&review.of), "score": review.score, "feedback": review.feedback,
                "suggestions": review.suggestions,
            })
        })
        .collect()
}

fn labels_of(stage: &StageRecord, stages: &[StageRecord]) -> Vec<String> {
    let reviewed = reviewed(stage, stages);
    reviewed
        .map(|reviewed| reviewed.answers.iter().map(|answer| answer.label.clone()).collect())
        .unwrap_or_default()
}

fn reviewed<'a>(stage: &StageRecord, stages: &'a [StageRecord]) -> Option<&'a StageRecord> {
    let name = stage.of.as_deref()?;
    stages.iter().find(|stage| stage.name == name)
}

/// Who gave no answer, and why; an anonymous stage tells only how many.
fn missing(stage: &StageRecord) -> Vec<String> {
    let missing = stage
        .answers
        .iter()
        .filter_map(|answer| Some((answer, answer.why.as_ref()?)));
    missing
        .map(|(answer, why)| match stage.anonymous {
            true => "one answer did not come in".to_owned(),
            false if answer.title.is_empty() => format!("{}: {}", answer.name, why.kind.replace('_', " ")),
            false => format!("{}: {}", answer.title, why.kind.replace('_', " ")),
        })
        .collect()
}
