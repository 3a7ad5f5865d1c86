//! What one finding rests on, link by link.

use serde::Serialize;
use serde_json::{Value, json};

use crate::data::Ran;
use crate::evidence::{Cell, Evidence};
use crate::insight::{CallRecord, Confidence, Finding, ReviewRound};
use crate::report::SourceFacts;

use super::queries;
use crate::cli::finished::FinishedRun;

/// One finding, from the sentence that tells it down to the files.
#[derive(Debug, Serialize)]
pub(super) struct Lineage {
    /// Of the summary, those that rest on it.
    pub(super) sentences: Vec<String>,
    pub(super) finding: Finding,
    pub(super) evidence: Vec<Cited>,
    /// As they ran, those that others read first.
    pub(super) queries: Vec<Ran>,
    pub(super) input: Input,
    /// Who wrote it; none where its call left no record.
    pub(super) model: Option<Model>,
    /// Every look at the reply, the first one first.
    pub(super) reviews: Vec<ReviewRound>,
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
pub(super) struct Input {
    pub(super) kind: String,
    pub(super) files: Vec<String>,
    pub(super) sha256: String,
    pub(super) rows: u64,
    pub(super) rows_in_window: u64,
    pub(super) date_start: Option<String>,
    pub(super) date_end: Option<String>,
    pub(super) timezone: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Model {
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) answered_model: Option<String>,
    pub(super) attempts: u32,
    pub(super) reasks: u32,
    pub(super) tokens: Tokens,
    pub(super) cost_usd: Option<f64>,
    pub(super) cached: bool,
    pub(super) failures: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) output: u64,
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
    let uses = |(_, uses): &&(String, Vec<String>)| uses.contains(&finding.id);
    let facts = run.facts();
    let evidence = facts
        .evidence
        .iter()
        .find(|own| own.analyst.key() == finding.analyst.key());
    let cells = finding.evidence.iter().filter_map(|cell| evidence?.at(cell));
    let (call, reviews) = run.made_by(finding);
    Lineage {
        sentences: run
            .sentences
            .iter()
            .filter(uses)
            .map(|(text, _)| text.clone())
            .collect(),
        queries: queries::behind(&cells.clone().collect::<Vec<_>>(), &run.queries),
        evidence: finding
            .evidence
            .iter()
            .filter_map(|cell| cited(evidence?, cell))
            .collect(),
        input: input(facts.source, evidence),
        model: call.map(model),
        reviews: reviews.to_vec(),
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

fn input(source: &SourceFacts, evidence: Option<&Evidence>) -> Input {
    Input {
        kind: source.kind.clone(),
        files: source.files.clone(),
        sha256: source.fingerprint.clone(),
        rows: source.rows,
        rows_in_window: source.rows_in_window,
        date_start: evidence.map(|own| own.period.start.to_string()),
        date_end: evidence.map(|own| own.period.end.to_string()),
        timezone: evidence.map(|own| own.timezone.clone()),
    }
}

fn model(call: &CallRecord) -> Model {
    Model {
        provider: call.provider.clone(),
        model: call.model.clone(),
        answered_model: call.answered_model.clone(),
        attempts: call.attempts,
        reasks: call.reasks,
        tokens: Tokens {
            input: call.input_tokens,
            output: call.output_tokens,
        },
        cost_usd: call.cost_usd,
        cached: call.cached,
        failures: call.failures.clone(),
    }
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
