//! The JSON files of a run, with the keys that other programs rely on. Equal councils give equal bytes; times stand only in the summary.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::evidence::charts::Charts;
use crate::evidence::{Evidence, Kpi};
use crate::insight::{Analyst, CallRecord, CoordinatorStatus, Outcome, ReviewRound, SpecialistReport, Why};

use super::{Facts, SCHEMA_VERSION, Timing};

/// One written file, for the commit marker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Relative to `outputs/insights`.
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl FileEntry {
    pub fn of(name: &str, bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        Self {
            name: name.to_owned(),
            bytes: bytes.len() as u64,
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// `child_insights.json`: one key per analyst, a reply or an error.
pub fn child_insights(facts: &Facts<'_>) -> Vec<u8> {
    let mut children = Map::new();
    for ((analyst, outcome), call) in facts.council.outcomes.iter().zip(&facts.council.calls) {
        let child = match outcome {
            Outcome::Reported(report) => reported(report, call),
            Outcome::NothingToRead(report) => {
                let mut child = reported(report, call);
                child.insert("nothing_to_read".to_owned(), json!(report.data_gaps.join("; ")));
                child
            }
            Outcome::Missing(why) => failed(why, call),
        };
        children.insert(analyst.key().to_owned(), Value::Object(child));
    }
    bytes(&Value::Object(children))
}

/// `coordinated_insights.json`.
pub fn coordinated_insights(facts: &Facts<'_>) -> Vec<u8> {
    let council = facts.council;
    let joined = &council.coordinated;
    let coordinator = council.calls.iter().find(|call| call.role == "coordinator");
    let missing: Vec<Value> = council
        .missing()
        .into_iter()
        .map(|(analyst, why)| json!({"analyst": analyst.key(), "kind": why.kind, "message": why.message}))
        .collect();
    bytes(&json!({
        "executive_summary": joined.executive_summary.join(" "),
        "summary_sentences": joined.executive_summary.iter().enumerate().map(|(index, text)| json!({
            "text": text, "uses": joined.summary_uses.get(index),
        })).collect::<Vec<_>>(),
        "key_findings": joined.key_findings,
        "cross_cutting_themes": joined.themes,
        "prioritized_recommendations": joined.recommendations,
        "confidence_assessment": {
            "score": joined.confidence_score,
            "text": joined.confidence_text,
        },
        "next_steps": joined.next_steps,
        "conflicts": council.conflicts,
        "metadata": {
            "schema_version": SCHEMA_VERSION,
            "run_hash": facts.run_hash,
            "status": facts.status,
            "coordinator": joined.status.word(),
            "coordinator_error": joined.why,
            "assembled_by": if joined.status == CoordinatorStatus::Completed { "coordinator" } else { "template" },
            "missing_analysts": missing,
            "dropped_sentences": joined.dropped.iter().map(|dropped| json!({
                "part": dropped.title, "reasons": dropped.codes(),
            })).collect::<Vec<_>>(),
            "reviews": wordless(&joined.reviews),
            "grounding": council.grounding,
            "call": coordinator.map(call_metadata),
        },
    }))
}

/// `evidence.json`: every table that a specialist saw, exact values beside the shown ones; the key figures, and what is drawn.
pub fn evidence_json(evidence: &[Evidence], kpis: &[Kpi], charts: &Charts) -> Vec<u8> {
    let tables: Map<String, Value> = evidence
        .iter()
        .map(|evidence| (evidence.analyst.key().to_owned(), json!(evidence)))
        .collect();
    bytes(&json!({
        "schema_version": SCHEMA_VERSION,
        "gate": crate::evidence::verdicts(evidence),
        "evidence": tables,
        "key_figures": kpis,
        "charts": charts,
    }))
}

/// `execution_summary.json`: what was run, what it took, and the checksums of the other files; written last.
pub fn execution_summary(facts: &Facts<'_>, timing: &Timing, files: &[FileEntry]) -> Vec<u8> {
    let council = facts.council;
    let mut summary = header(facts.run_hash, facts.status, timing);
    let window = facts.evidence.first().map(|evidence| evidence.period);
    extend(
        &mut summary,
        json!({
            "date_start": window.map(|window| window.start),
            "date_end": window.map(|window| window.end),
            "child_analysts": council.outcomes.iter().map(|(analyst, _)| analyst.key()).collect::<Vec<_>>(),
            "coordinator_status": council.coordinated.status,
            "total_analysts": council.outcomes.len(),
            "successful_analysts": council.n_successful(),
            "analyst_titles": added_titles(facts),
            "command": facts.command,
            "data": facts.source,
            "results": council.calls,
            "totals": totals(council.calls.as_slice(), timing),
            "budget": timing.spending,
            "grounding": council.grounding,
            "checks": checks(facts),
            "breakers": facts.breakers,
            "files": files,
        }),
    );
    bytes(&Value::Object(summary))
}

/// What was left out of each reply and what its author was told: the only file that repeats a word of what is not true.
fn checks(facts: &Facts<'_>) -> Map<String, Value> {
    let council = facts.council;
    let reports = council
        .outcomes
        .iter()
        .filter_map(|(analyst, outcome)| Some((analyst.key(), outcome.report()?)));
    let specialists = reports.map(|(role, report)| (role, &report.rejected, &report.reviews));
    let joined = &council.coordinated;
    specialists
        .chain([("coordinator", &joined.dropped, &joined.reviews)])
        .filter(|(_, dropped, reviews)| !dropped.is_empty() || !reviews.is_empty())
        .map(|(role, dropped, reviews)| (role.to_owned(), json!({"dropped": dropped, "reviews": reviews})))
        .collect()
}

/// The rounds without what was told in them.
fn wordless(reviews: &[ReviewRound]) -> Vec<ReviewRound> {
    let rounds = reviews.iter().cloned();
    rounds
        .map(|round| ReviewRound {
            feedback: Vec::new(),
            ..round
        })
        .collect()
}

/// The titles of analysts that a pattern added: their keys alone do not tell them.
fn added_titles(facts: &Facts<'_>) -> Map<String, Value> {
    let analysts = facts.council.outcomes.iter().map(|(analyst, _)| *analyst);
    analysts
        .filter(|analyst| matches!(analyst, Analyst::Own(_)))
        .map(|analyst| (analyst.key().to_owned(), analyst.title().into()))
        .collect()
}

/// `execution_summary.json` of a run that a signal ended: no outputs are valid, what was finished is in the store.
pub fn interrupted_summary(run_hash: &str, timing: &Timing) -> Vec<u8> {
    let mut summary = header(run_hash, super::Status::Interrupted, timing);
    extend(
        &mut summary,
        json!({
            "coordinator_status": CoordinatorStatus::Failed,
            "total_analysts": crate::insight::Analyst::ALL.len(),
            "successful_analysts": 0,
            "child_analysts": crate::insight::Analyst::ALL.map(crate::insight::Analyst::key),
            "results": [],
            "files": [],
        }),
    );
    bytes(&Value::Object(summary))
}

fn header(run_hash: &str, status: super::Status, timing: &Timing) -> Map<String, Value> {
    let mut summary = Map::new();
    extend(
        &mut summary,
        json!({
            "schema_version": SCHEMA_VERSION,
            "run_hash": run_hash,
            "status": status,
            "architecture": "multi_llm",
            "execution_timestamp": timing.finished,
            "started_at": timing.started,
            "interrupted_by": timing.interrupted_by,
            "version": env!("CARGO_PKG_VERSION"),
        }),
    );
    summary
}

fn totals(calls: &[CallRecord], timing: &Timing) -> Value {
    let made: Vec<&CallRecord> = calls.iter().filter(|call| call.status != "skipped").collect();
    // One unknown cost makes the sum unknown, never 0.
    let cost: Option<f64> = made.iter().map(|call| call.cost_usd).sum();
    let millis = |of: fn(&CallRecord) -> u64| made.iter().map(|call| of(call)).sum::<u64>() as f64 / 1000.0;
    json!({
        "calls": made.len(),
        "attempts": made.iter().map(|call| call.attempts).sum::<u32>(),
        "input_tokens": made.iter().map(|call| call.input_tokens).sum::<u64>(),
        "output_tokens": made.iter().map(|call| call.output_tokens).sum::<u64>(),
        "cost_usd": cost,
        "cached_calls": made.iter().filter(|call| call.cached).count(),
        "hedged_calls": made.iter().filter(|call| call.hedged).count(),
        "wall_seconds": timing.wall_seconds,
        "data_seconds": timing.data_seconds,
        "provider_wait_seconds": millis(|call| call.provider_wait_millis),
        "limiter_wait_seconds": millis(|call| call.limiter_wait_millis),
        "retry_wait_seconds": millis(|call| call.retry_wait_millis),
    })
}

fn reported(report: &SpecialistReport, call: &CallRecord) -> Map<String, Value> {
    let mut child = report.sections.clone();
    extend(
        &mut child,
        json!({
            "findings": report.findings,
            "hypotheses": report.hypotheses,
            "recommendations": report.recommendations,
            "data_gaps": report.data_gaps,
            "rejected": report.rejected.iter().map(|rejected| json!({"reasons": rejected.codes()})).collect::<Vec<_>>(),
            "confidence_score": report.confidence_score,
        }),
    );
    let mut metadata = call_metadata(call);
    if let Value::Object(metadata) = &mut metadata {
        metadata.insert("grounding".to_owned(), json!(report.grounding));
        metadata.insert("reviews".to_owned(), json!(wordless(&report.reviews)));
    }
    child.insert("metadata".to_owned(), metadata);
    child
}

fn failed(why: &Why, call: &CallRecord) -> Map<String, Value> {
    let mut child = Map::new();
    child.insert("error".to_owned(), json!(why));
    child.insert("metadata".to_owned(), call_metadata(call));
    child
}

fn call_metadata(call: &CallRecord) -> Value {
    // The mock answers at once; what the clock shows of that is noise, and equal runs must give equal bytes.
    let is_mock = call.provider.as_deref() == Some("mock");
    // Waiting on the provider, over all attempts: what a recording holds and a replay gives again.
    let latency = (!is_mock).then_some(call.provider_wait_millis as f64 / 1000.0);
    json!({
        "provider": call.provider,
        "model": call.model,
        "answered_model": call.answered_model,
        "attempts": call.attempts,
        "reasks": call.reasks,
        "tokens": {"input": call.input_tokens, "output": call.output_tokens, "estimated": call.tokens_estimated},
        "cost_usd": call.cost_usd,
        "latency_seconds": latency,
        "cached": call.cached,
        "hedged": call.hedged,
        "repairs": call.repairs,
    })
}

fn extend(map: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        map.extend(more);
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}
