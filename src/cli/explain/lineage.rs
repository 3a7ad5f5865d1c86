//! What one finding rests on, link by link.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::data;
use crate::evidence::{Cell, Evidence};
use crate::insight::{Confidence, Finding};

use crate::cli::finished::FinishedRun;

/// One finding, from the sentence that tells it down to the files.
#[derive(Debug, Serialize)]
pub(super) struct Lineage {
    /// Of the summary, those that rest on it.
    pub(super) sentences: Vec<String>,
    pub(super) finding: Finding,
    pub(super) evidence: Vec<Cited>,
    pub(super) queries: Vec<Query>,
    pub(super) input: Value,
    /// Who wrote it: provider, model, attempts, tokens, cost.
    pub(super) model: Value,
    /// Every look at the reply, the first one first.
    pub(super) reviews: Value,
    pub(super) confidence: Factors,
}

/// A cell behind the finding.
#[derive(Debug, Serialize)]
pub(super) struct Cited {
    pub(super) cell: String,
    pub(super) shown: String,
    pub(super) exact: Option<f64>,
    pub(super) row: String,
    pub(super) column: String,
    pub(super) table: String,
    pub(super) definition: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Query {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Factors {
    pub(super) word: &'static str,
    #[serde(flatten)]
    pub(super) confidence: Confidence,
    /// What the model itself claimed; it counts for nothing.
    pub(super) model_confidence: Option<f64>,
}

pub(super) fn of(run: &FinishedRun, finding: &Finding) -> Lineage {
    let metadata = &run.children[finding.analyst.key()]["metadata"];
    let uses = |(_, uses): &&(String, Vec<String>)| uses.contains(&finding.id);
    let evidence = run.evidence.get(finding.analyst.key());
    let source = &run.summary["data"];
    let is_computed = source["kind"] != "run_directory";
    let cells: Vec<Cited> = finding
        .evidence
        .iter()
        .filter_map(|cell| cited(evidence?, cell))
        .collect();
    let mut model = metadata.clone();
    if let Some(model) = model.as_object_mut() {
        model.remove("reviews");
        model.remove("grounding");
    }
    Lineage {
        sentences: run
            .sentences
            .iter()
            .filter(uses)
            .map(|(text, _)| text.clone())
            .collect(),
        queries: if is_computed { queries(&cells) } else { Vec::new() },
        evidence: cells,
        input: json!({
            "kind": source["kind"],
            "files": source["files"],
            "sha256": source["fingerprint"],
            "rows": source["rows"],
            "rows_in_window": source["rows_in_window"],
            "date_start": run.summary["date_start"],
            "date_end": run.summary["date_end"],
        }),
        model,
        reviews: metadata["reviews"].clone(),
        confidence: Factors {
            word: finding.confidence.word(),
            confidence: finding.confidence,
            model_confidence: finding.model_confidence,
        },
        finding: finding.clone(),
    }
}

/// All sentences and findings of a run.
pub(super) fn everything(run: &FinishedRun) -> Value {
    let sentences = run.sentences.iter().enumerate();
    json!({
        "sentences": sentences
            .map(|(index, (text, uses))| json!({"id": format!("S{}", index + 1), "text": text, "uses": uses}))
            .collect::<Vec<_>>(),
        "findings": run.findings.iter().map(|finding| of(run, finding)).collect::<Vec<_>>(),
    })
}

fn cited(evidence: &Evidence, cell: &str) -> Option<Cited> {
    let at = evidence.at(cell)?;
    Some(Cited {
        cell: cell.to_owned(),
        shown: match at.cell {
            Cell::Missing(why) => format!("no value: {why}"),
            _ => at.shown(),
        },
        exact: at.exact(),
        row: at.row.key.clone(),
        column: at.column.label.clone(),
        table: format!("{} {}", at.table.id, at.table.title),
        definition: at.table.definition.clone(),
    })
}

/// The queries that make the tables of these cells, each once. A table's first letter says whose it is, also where a specialist of
/// one's own reads it.
fn queries(cited: &[Cited]) -> Vec<Query> {
    let mut names: Vec<&'static str> = Vec::new();
    for cell in cited {
        let more: &[&'static str] = match cell.table.as_bytes().first() {
            Some(b'D') => &["daily", "kinds", "session_time", "totals"],
            Some(b'S') => &["tiers", "tier_days", "dimension", "journeys"],
            Some(b'G') => &["by_group", "kinds"],
            Some(b'C') => &["cohorts", "cohort_sessions", "cohort_scores"],
            Some(b'R') => &["daily", "kinds", "tiers", "totals"],
            _ => &["coverage", "event_counts", "totals"],
        };
        names.extend(more);
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let found = names
        .into_iter()
        .filter_map(|name| data::query(name).map(|sql| Query { name, sql }));
    found.collect()
}
