//! `--dry-run`: what a run would ask, in which order, and what it would cost at most; nobody is called.

use crate::flow::{Plan, PlannedCall};
use crate::rundir::{self, RunDir};

use super::exit::{Failure, unwritable};
use super::print;

/// Writes the prompts and `evidence.json`; returns the plan as text or as JSON.
pub(super) fn dry_run(run: &RunDir, plan: &Plan, evidence: &[u8], json: bool) -> Result<String, Failure> {
    for call in &plan.calls {
        let path = run.prompts().join(format!("{}.md", call.role));
        let text = format!("# System\n\n{}\n\n# User\n\n{}\n", call.system.trim(), call.user.trim());
        rundir::write_whole(&path, text.as_bytes()).map_err(|error| unwritable(&path, &error))?;
    }
    let path = run.prompts().join("evidence.json");
    rundir::write_whole(&path, evidence).map_err(|error| unwritable(&path, &error))?;
    Ok(match json {
        true => as_json(run, plan),
        false => as_text(run, plan),
    })
}

fn as_json(run: &RunDir, plan: &Plan) -> String {
    let calls = plan.calls.iter().map(|call| {
        let steps: Vec<serde_json::Value> = match call.skipped {
            Some(_) => Vec::new(),
            None => call.plan.iter().zip(1..).map(step_as_json).collect(),
        };
        serde_json::json!({
            "role": call.role, "models": call.models(), "plan": steps, "attempts_at_most": call.attempts_at_most,
            "input_tokens": call.input_tokens, "output_tokens_at_most": call.output_tokens,
            "cost_usd_at_most": call.cost_usd, "skipped": call.skipped,
        })
    });
    let calls: Vec<serde_json::Value> = calls.collect();
    let value = serde_json::json!({"prompts": run.prompts(), "calls": calls});
    format!("{value:#}\n")
}

fn step_as_json((step, order): (&crate::llm::PlannedAttempt, usize)) -> serde_json::Value {
    let mut value = serde_json::json!(step);
    value["order"] = order.into();
    value
}

fn as_text(run: &RunDir, plan: &Plan) -> String {
    let mut lines = vec![format!(
        "{:<22} {:>9} {:>10} {:>12}  models",
        "call", "tokens in", "out at most", "USD at most"
    )];
    let mut total = Some(0.0);
    for call in &plan.calls {
        if let Some(why) = &call.skipped {
            lines.push(format!("{:<22} not made: {why}", call.role));
            continue;
        }
        total = total.zip(call.cost_usd).map(|(sum, cost)| sum + cost);
        let cost = call
            .cost_usd
            .map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4}"));
        lines.push(format!(
            "{:<22} {:>9} {:>10} {cost:>12}  {}",
            call.role,
            call.input_tokens,
            call.output_tokens,
            call.models().join(", then ")
        ));
    }
    lines.push(String::new());
    lines.push("plan of attempts".to_owned());
    for call in plan.calls.iter().filter(|call| call.skipped.is_none()) {
        lines.extend(steps(call));
    }
    lines.push(String::new());
    let total = total.map_or_else(|| "unknown".to_owned(), |total| format!("{total:.4} USD"));
    lines.push(format!("cost at most, without retries: {total}"));
    lines.push(format!("prompts: {}", run.prompts().display()));
    format!("{}\n", print::safe(&lines.join("\n")))
}

fn steps(call: &PlannedCall) -> Vec<String> {
    let mut lines = vec![format!("{}: at most {}", call.role, attempts(call.attempts_at_most))];
    for (step, order) in call.plan.iter().zip(1..) {
        lines.push(format!(
            "  {order}. {} up to {}: {}",
            step.target,
            attempts(step.attempts),
            step.why
        ));
    }
    lines
}

fn attempts(n: u32) -> String {
    match n {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    }
}
