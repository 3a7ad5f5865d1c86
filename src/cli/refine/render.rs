//! What a refinement says: the verdict for stderr, the record as JSON.

use serde_json::{Value, json};

use crate::flow::engine::{Ending, Round};
use crate::flow::refine::{Refined, Task};
use crate::prompt::Pattern;

/// Which version came out and why; the last line is the one to read.
pub(super) fn verdict(refined: &Refined, task: &Task, resumable: Option<&str>) -> String {
    let rounds = refined.rounds();
    let version = refined.best + 1;
    let score = refined.score().map_or_else(
        || "without a score".to_owned(),
        |score| format!("score {score:.2}, threshold {:.2}", task.threshold),
    );
    if refined.is_approved() {
        return format!("approved: version {version} of {}, {score}", rounds.len());
    }
    let why = match refined.ending {
        Ending::Approved => "the flow gave no text",
        Ending::RanOut => "the last iteration is used up",
        Ending::NoReview => "there was no valid review",
        Ending::NoRewrite => "there was no usable rewrite",
    };
    let reason = failure(refined)
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let hint = match (resumable, refined.ending) {
        (Some(id), _) => format!("\nhint: go on later with `insights sessions resume {id}`"),
        (None, Ending::RanOut) => "\nhint: raise `--max-iterations`, or lower `--threshold`".to_owned(),
        (None, _) => String::new(),
    };
    format!(
        "not approved, {why}{reason}: the best is version {version} of {}, {score}{hint}",
        rounds.len()
    )
}

fn failure(refined: &Refined) -> Option<String> {
    if refined.ending == Ending::RanOut {
        return None;
    }
    let judges = refined.record.stages.iter().flat_map(|stage| &stage.judges);
    let mut failures = judges.filter_map(|answer| answer.why.as_ref());
    failures.next_back().map(|why| why.message.clone())
}

/// The whole record.
pub(super) fn json(refined: &Refined, task: &Task, flow: &Pattern, session: &str) -> String {
    let calls: Vec<_> = refined.record.calls().filter(|call| call.status != "skipped").collect();
    let rounds = refined.rounds();
    let status = match (&refined.text, refined.is_approved()) {
        (None, _) => "failed",
        (Some(_), true) => "approved",
        (Some(_), false) => "best",
    };
    let value = json!({
        "session": session,
        "status": status,
        "approved": refined.is_approved(),
        "ending": refined.ending,
        "text": refined.text,
        "version": refined.text.as_ref().map(|_| refined.best + 1),
        "versions": rounds.len(),
        "score": refined.score(),
        "threshold": task.threshold,
        "max_iterations": task.iterations,
        "flow": flow.name,
        "prompt": task.question,
        "goal": task.goal,
        "criteria": task.criteria.iter().map(|criterion| json!({
            "name": criterion.name, "description": criterion.description, "weight": criterion.weight,
            "checked_by": if criterion.is_checked() { "program" } else { "model" },
        })).collect::<Vec<_>>(),
        "scorers": task.mix.parts.iter().map(|(scorer, weight)| json!({"name": scorer.name(), "weight": weight})).collect::<Vec<_>>(),
        "author": rounds.get(refined.best).and_then(|round| round.author.clone()),
        "self_reviewed": refined.is_self_reviewed(),
        "rounds": rounds.iter().enumerate().map(|(index, round)| round_json(index, round)).collect::<Vec<_>>(),
        "stopped": refined.record.stopped,
        "calls": calls,
        "totals": {
            "calls": calls.len(),
            "cached": calls.iter().filter(|call| call.cached).count(),
            "input_tokens": calls.iter().map(|call| call.input_tokens).sum::<u64>(),
            "output_tokens": calls.iter().map(|call| call.output_tokens).sum::<u64>(),
            "cost_usd": calls.iter().map(|call| call.cost_usd).sum::<Option<f64>>(),
            "wall_millis": refined.record.wall_millis,
        },
    });
    format!("{value:#}\n")
}

fn round_json(index: usize, round: &Round) -> Value {
    let mut value = json!(round);
    value["version"] = json!(index + 1);
    value
}

/// What a list shows of a text.
pub(super) fn first_line(text: &str) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    line.chars().take(80).collect()
}
