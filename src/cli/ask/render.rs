//! The answer as Markdown and the record as JSON. Equal records give equal bytes, but for measured times.

use serde_json::{Value, json};

use crate::flow::ask::{Asked, Question};
use crate::flow::engine::{Answer, Registered, StageRecord};
use crate::insight::CallRecord;
use crate::prompt::{Kind, Pattern};

/// Everything that the files are made of.
pub(super) struct Facts<'a> {
    pub(super) run_hash: &'a str,
    pub(super) from_run: Option<&'a str>,
    pub(super) question: &'a Question,
    pub(super) pattern: &'a Pattern,
    pub(super) models: &'a [Registered],
    pub(super) asked: &'a Asked,
    pub(super) status: &'static str,
}

/// The answer, and below it what the program knows of how it came about; none without an answer.
pub(super) fn markdown(facts: &Facts<'_>) -> Option<String> {
    let answer = facts.asked.answer.as_ref().filter(|answer| !answer.text.is_empty())?;
    let mut text = format!("{}\n", defused(&answer.text));
    let dissent = dissent(facts);
    if !dissent.is_empty() {
        text.push_str("\n## Dissent\n\n");
        dissent
            .iter()
            .for_each(|view| text.push_str(&format!("- {}\n", defused(&one_line(view)))));
    }
    text.push_str("\n---\n\n");
    for line in notes(facts) {
        text.push_str(&format!("- {line}\n"));
    }
    Some(text)
}

/// Views that judges want kept: with the run's facts only those that hold no number of their own, all of them otherwise.
fn dissent(facts: &Facts<'_>) -> Vec<String> {
    let views = facts.asked.record.stages.iter().flat_map(|stage| &stage.dissent);
    let mut kept: Vec<String> = Vec::new();
    for view in views {
        let view = match &facts.question.evidence {
            Some(evidence) => crate::reply::prose(view, evidence).text,
            None => view.clone(),
        };
        if !view.is_empty() && !kept.contains(&view) {
            kept.push(view);
        }
    }
    kept
}

fn notes(facts: &Facts<'_>) -> Vec<String> {
    let record = &facts.asked.record;
    let mut lines = vec![format!("Pattern {}: {}", facts.pattern.name, way(facts))];
    let answered = answering(facts);
    if !answered.is_empty() {
        lines.push(format!("Answered by {}", answered.join(", ")));
    }
    for stage in &record.stages {
        let scores = [
            ("confidence", stage.scores.confidence),
            ("agreement", stage.scores.agreement),
            ("score", stage.scores.score),
        ];
        let told = scores
            .iter()
            .filter_map(|(name, score)| Some(format!("{name} {:.2}", (*score)?)));
        let told: Vec<String> = told.collect();
        if !told.is_empty() {
            lines.push(format!("{}: {} (computed, 0 to 1)", stage.title, told.join(", ")));
        }
    }
    lines.extend(ranking(facts).map(|ranking| format!("Ranking by the others: {ranking}")));
    for dropped in dropped(facts) {
        lines.push(format!("Left out: {} ({})", dropped.0, one_line(&dropped.1)));
    }
    let answer = facts.asked.answer.as_ref();
    let n_dropped = answer.map_or(0, |answer| answer.dropped.len());
    if let Some(run) = facts.from_run {
        let left_out = match n_dropped {
            0 => "every sentence held".to_owned(),
            1 => "1 sentence that did not hold is not printed".to_owned(),
            many => format!("{many} sentences that did not hold are not printed"),
        };
        lines.push(format!("Numbers are rendered from the facts of run {run}; {left_out}"));
    }
    lines
}

fn way(facts: &Facts<'_>) -> String {
    let titles: Vec<&str> = facts
        .asked
        .record
        .stages
        .iter()
        .map(|stage| stage.title.as_str())
        .collect();
    titles.join(", then ")
}

/// The models of the first stage that answered.
fn answering(facts: &Facts<'_>) -> Vec<String> {
    let first = facts.asked.record.stages.first();
    let answers = first.map(|stage| stage.answers.as_slice()).unwrap_or_default();
    answers
        .iter()
        .filter(|answer| answer.is_real())
        .map(|answer| answer.model.clone().unwrap_or_else(|| answer.name.clone()))
        .collect()
}

fn ranking(facts: &Facts<'_>) -> Option<String> {
    let record = &facts.asked.record;
    let stage = record.stages.iter().find(|stage| stage.standing.is_some())?;
    let standing = stage.standing.as_ref()?;
    let ranked = record.stage(stage.of.as_deref()?)?;
    let places = standing.order.iter().filter_map(|index| {
        let answer = ranked.answers.get(*index)?;
        let score = standing.scores.get(*index).copied().flatten()?;
        Some(format!(
            "{} {score:.2}",
            answer.model.as_deref().unwrap_or(&answer.name)
        ))
    });
    let places: Vec<String> = places.collect();
    (!places.is_empty()).then(|| places.join(", "))
}

/// Models that are not part of the answer, each with its reason, once for each stage.
fn dropped(facts: &Facts<'_>) -> Vec<(String, String)> {
    let mut dropped: Vec<(String, String)> = Vec::new();
    for stage in &facts.asked.record.stages {
        for answer in stage.answers.iter().chain(&stage.judges) {
            if let Some(why) = &answer.why {
                let who = answer.model.as_deref().unwrap_or(&answer.name);
                dropped.push((format!("{who} in {}", stage.name), why.message.clone()));
            }
        }
        for skipped in &stage.skipped {
            dropped.push((format!("{} in {}", skipped.model, stage.name), skipped.why.clone()));
        }
    }
    dropped.dedup();
    dropped
}

/// `ask.json`.
pub(super) fn json(facts: &Facts<'_>) -> String {
    let record = &facts.asked.record;
    let calls: Vec<&CallRecord> = record.calls().filter(|call| call.status != "skipped").collect();
    // One unknown cost makes the sum unknown, never 0.
    let cost: Option<f64> = calls.iter().map(|call| call.cost_usd).sum();
    let answer = facts.asked.answer.as_ref();
    let agreement = record.stages.iter().rev().find_map(|stage| stage.scores.agreement);
    let confidence = record.stages.iter().rev().find_map(|stage| stage.scores.confidence);
    let value = json!({
        "schema_version": crate::report::SCHEMA_VERSION,
        "run_hash": facts.run_hash,
        "from_run": facts.from_run,
        "question": facts.question.text,
        "context": facts.question.context.iter().map(|file| json!({"name": file.name, "bytes": file.text.len()})).collect::<Vec<_>>(),
        "pattern": facts.pattern.name,
        "pattern_origin": facts.pattern.origin.to_string(),
        "status": facts.status,
        "stopped": record.stopped,
        "answer": answer.map(|answer| &answer.text),
        "evidence": answer.map(|answer| &answer.evidence),
        "dropped_sentences": answer.map(|answer| &answer.dropped),
        "agreement": agreement,
        "confidence": confidence,
        "dissent": dissent(facts),
        "models": facts.models.iter().map(|model| json!({
            "name": model.name, "model": model.target.to_string(), "weight": model.weight, "tags": model.tags,
            "unavailable": model.unavailable,
        })).collect::<Vec<_>>(),
        "dropped_models": dropped(facts).into_iter().map(|(model, why)| json!({"model": model, "reason": why})).collect::<Vec<_>>(),
        "stages": record.stages.iter().map(|stage| stage_json(stage, &record.stages)).collect::<Vec<_>>(),
        "totals": {
            "calls": calls.len(),
            "attempts": calls.iter().map(|call| call.attempts).sum::<u32>(),
            "input_tokens": calls.iter().map(|call| call.input_tokens).sum::<u64>(),
            "output_tokens": calls.iter().map(|call| call.output_tokens).sum::<u64>(),
            "cost_usd": cost,
            "cached_calls": calls.iter().filter(|call| call.cached).count(),
            "wall_seconds": record.wall_millis as f64 / 1000.0,
        },
    });
    format!("{value:#}\n")
}

fn stage_json(stage: &StageRecord, stages: &[StageRecord]) -> Value {
    json!({
        "name": stage.name,
        "title": stage.title,
        "kind": stage.kind.map(Kind::word),
        "of": stage.of,
        "answers": stage.answers.iter().map(answer_json).collect::<Vec<_>>(),
        "other_calls": stage.judges.iter().map(answer_json).collect::<Vec<_>>(),
        "score": stage.scores.score,
        "confidence": stage.scores.confidence,
        "agreement": stage.scores.agreement,
        "ranking": standing_json(stage, stages),
        "reviews": stage.reviews,
        "rounds": stage.rounds,
        "dissent": stage.dissent,
        "skipped_models": stage.skipped,
        "fell_back": stage.fell_back,
        "wall_seconds": stage.wall_millis as f64 / 1000.0,
    })
}

fn standing_json(stage: &StageRecord, stages: &[StageRecord]) -> Value {
    let Some(standing) = &stage.standing else {
        return Value::Null;
    };
    let ranked = stages.iter().find(|other| Some(&other.name) == stage.of.as_ref());
    let rows = standing.order.iter().filter_map(|index| {
        let answer = ranked?.answers.get(*index)?;
        Some(json!({
            "label": answer.label, "name": answer.name, "model": answer.model,
            "borda": standing.scores.get(*index).copied().flatten(),
        }))
    });
    rows.collect()
}

fn answer_json(answer: &Answer) -> Value {
    let call = &answer.call;
    json!({
        "name": answer.name,
        "title": answer.title,
        "label": answer.label,
        "model": answer.model,
        "answered_by": call.model.as_ref().map(|model| format!("{}:{model}", call.provider.as_deref().unwrap_or_default())),
        "weight": answer.weight,
        "text": answer.text,
        "value": answer.value,
        "stand_in": answer.stand_in,
        "error": answer.why,
        "skipped": answer.skipped,
        "role": call.role,
        "attempts": call.attempts,
        "tokens": {"input": call.input_tokens, "output": call.output_tokens, "estimated": call.tokens_estimated},
        "cost_usd": call.cost_usd,
        "latency_seconds": call.latency_millis as f64 / 1000.0,
        "cached": call.cached,
    })
}

/// Markdown of a model without what could reach out: no link, no image, no tag becomes one. Code stays as it is.
fn defused(text: &str) -> String {
    let mut in_code = false;
    let lines = text.lines().map(|line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        if in_code || is_fence {
            line.to_owned()
        } else {
            plain_line(line)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn plain_line(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    let mut in_code = false;
    while let Some(letter) = letters.next() {
        plain.push(letter);
        in_code ^= letter == '`';
        let next = letters.peek().copied();
        if in_code {
            continue;
        }
        match (letter, next) {
            (']', Some('(' | '[' | ':')) => plain.push(' '),
            ('<', Some(next)) if next.is_ascii_alphabetic() || "/!?".contains(next) => {
                plain.pop();
                plain.push_str("&lt;");
            }
            _ => {}
        }
    }
    plain
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_an_answer_reaches_out() {
        let text =
            "See ![x](http://evil/?d=1) and [y][z] <img src=x> a < b\n[z]: http://evil\n`a[0](1)`\n```\n<b>[c](d)\n```";
        let safe = defused(text);
        assert!(
            !safe.contains("](http") && !safe.contains("][") && !safe.contains("<img") && !safe.contains("]:"),
            "{safe}"
        );
        assert!(
            safe.contains("a < b") && safe.contains("`a[0](1)`") && safe.contains("<b>[c](d)"),
            "{safe}"
        );
    }
}
