//! Two finished reports held against each other: figures, findings that came, went and stayed, calls, prompts.

mod findings;
mod kpis;
mod lines;

use std::collections::BTreeMap;

use serde::Serialize;

use super::outputs;
use super::pages::show::{duration, money, number};
use super::runs::Run;
use super::verdict::key_figures;
use crate::store::Store;
use findings::Finding;
use lines::Line;

/// What two runs have in common and what not; everything as it is shown.
#[derive(Debug, Default, Serialize)]
pub(super) struct Comparison {
    /// What it comes to.
    pub(super) sentence: String,
    pub(super) figures: Vec<Pair>,
    pub(super) kpis: Vec<Pair>,
    pub(super) findings: Vec<Finding>,
    pub(super) calls: Vec<Call>,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) a: String,
    pub(super) b: String,
    pub(super) difference: String,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Call {
    pub(super) role: String,
    pub(super) model: String,
    pub(super) tokens: String,
    pub(super) cost: String,
    pub(super) took: String,
    /// `the same`, or how many lines differ.
    pub(super) prompt: String,
    /// Of a prompt that differs: what differs, and what stands around it.
    pub(super) lines: Vec<Line>,
}

/// Reads the disk.
pub(super) fn compare(store: &Store, a: &Run, b: &Run) -> Comparison {
    let findings = findings::compare(&outputs::json(a, CHILDREN), &outputs::json(b, CHILDREN));
    let count = |change| findings.iter().filter(|finding| finding.change == change).count();
    Comparison {
        sentence: format!(
            "{} new, {} changed, {} gone, {} the same.",
            several(count(findings::NEW)),
            count(findings::CHANGED),
            count(findings::GONE),
            count(findings::SAME)
        ),
        figures: figures(a, b),
        kpis: kpis::compare(&key_figures(a), &key_figures(b)),
        calls: calls(store, a, b),
        findings,
    }
}

const CHILDREN: &str = "child_insights.json";

fn several(n: usize) -> String {
    match n {
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    }
}

fn figures(a: &Run, b: &Run) -> Vec<Pair> {
    let (a, b) = (a.summary(), b.summary());
    let window = |start: &Option<String>, end: &Option<String>| match (start, end) {
        (Some(start), Some(end)) => format!("{start} – {end}"),
        _ => String::new(),
    };
    let signed = |a: u64, b: u64, show: &dyn Fn(u64) -> String| match b.cmp(&a) {
        std::cmp::Ordering::Equal => "none".to_owned(),
        std::cmp::Ordering::Greater => format!("+{}", show(b - a)),
        std::cmp::Ordering::Less => format!("−{}", show(a - b)),
    };
    let text = |name: &str, a: String, b: String| Pair {
        name: name.to_owned(),
        difference: if a == b { "none".to_owned() } else { String::new() },
        a,
        b,
    };
    let counted = |name: &str, a: u64, b: u64, show: &dyn Fn(u64) -> String| Pair {
        name: name.to_owned(),
        a: show(a),
        b: show(b),
        difference: signed(a, b, show),
    };
    let cost = a.cost_usd.zip(b.cost_usd).map_or_else(String::new, |(a, b)| {
        let sign = if b < a { "−" } else { "+" };
        if a == b {
            "none".to_owned()
        } else {
            format!("{sign}{}", money(Some((b - a).abs())))
        }
    });
    vec![
        text("State", a.state.clone(), b.state.clone()),
        text(
            "Window",
            window(&a.date_start, &a.date_end),
            window(&b.date_start, &b.date_end),
        ),
        text(
            "Confidence",
            a.confidence.clone().unwrap_or_default(),
            b.confidence.clone().unwrap_or_default(),
        ),
        counted("Findings", a.findings as u64, b.findings as u64, &number),
        counted("Calls", a.calls, b.calls, &number),
        counted("Tokens", a.tokens, b.tokens, &number),
        Pair {
            name: "Cost".to_owned(),
            a: money(a.cost_usd),
            b: money(b.cost_usd),
            difference: cost,
        },
        counted("Took", a.millis, b.millis, &duration),
    ]
}

fn calls(store: &Store, a: &Run, b: &Run) -> Vec<Call> {
    let prompts = |run: &Run| -> BTreeMap<String, String> {
        let calls = store.calls_of_run(run.found.name(), None, &run.fold.started);
        let first = calls.into_iter().rev().filter_map(|call| {
            let text = [call.call.system, call.call.prompt].map(Option::unwrap_or_default);
            Some((call.call.role, text.join("\n"))).filter(|(_, text)| text.len() > 1)
        });
        first.collect()
    };
    let (before, after) = (prompts(a), prompts(b));
    let lane = |run: &Run, role: &str| run.fold.lanes.iter().find(|lane| lane.role == role).cloned();
    let mut roles: Vec<&str> = a.fold.lanes.iter().map(|lane| lane.role.as_str()).collect();
    for lane in &b.fold.lanes {
        if !roles.contains(&lane.role.as_str()) {
            roles.push(&lane.role);
        }
    }
    roles
        .into_iter()
        .map(|role| {
            let (of_a, of_b) = (lane(a, role).unwrap_or_default(), lane(b, role).unwrap_or_default());
            let (prompt, lines) = match (before.get(role), after.get(role)) {
                (Some(before), Some(after)) => lines::told(before, after),
                _ => ("not kept".to_owned(), Vec::new()),
            };
            Call {
                role: role.to_owned(),
                model: arrow(of_a.model.clone(), of_b.model.clone()),
                tokens: arrow(
                    number(of_a.input_tokens + of_a.output_tokens),
                    number(of_b.input_tokens + of_b.output_tokens),
                ),
                cost: arrow(money(of_a.cost_usd), money(of_b.cost_usd)),
                took: arrow(duration(of_a.millis), duration(of_b.millis)),
                prompt,
                lines,
            }
        })
        .collect()
}

/// Once what is the same.
fn arrow(a: String, b: String) -> String {
    if a == b { a } else { format!("{a} → {b}") }
}
