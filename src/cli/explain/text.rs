//! Lineage as a person reads it, top down.

use serde_json::Value;

use super::lineage::{Cited, Lineage};
use crate::cli::finished::FinishedRun;

/// What can be asked for.
pub(super) fn overview(run: &FinishedRun) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (index, (text, uses)) in run.sentences.iter().enumerate() {
        lines.push(format!("S{}  {text}", index + 1));
        if !uses.is_empty() {
            lines.push(format!("    rests on {}", uses.join(", ")));
        }
    }
    for finding in &run.findings {
        let confidence = finding.confidence;
        lines.push(format!("{}  {}: {}", finding.id, finding.analyst.key(), finding.title));
        lines.push(format!(
            "    confidence {:.2} ({}), {} cells",
            confidence.score,
            confidence.word(),
            finding.evidence.len()
        ));
    }
    if run.findings.is_empty() {
        lines.push("the report has no finding".to_owned());
    }
    lines.join("\n") + "\n"
}

pub(super) fn chain(lineage: &Lineage) -> String {
    let finding = &lineage.finding;
    let mut lines: Vec<String> = Vec::new();
    for sentence in &lineage.sentences {
        lines.push(format!("sentence    {sentence}"));
    }
    lines.push(format!(
        "finding     {} of {}: {} ({}, severity {})",
        finding.id,
        finding.analyst.key(),
        finding.title,
        finding.kind,
        finding.severity.word()
    ));
    lines.push(format!("            {}", finding.text));
    if !finding.reportable {
        lines.push("            ordinary variation: kept, and not reported".to_owned());
    }
    lines.extend(lineage.evidence.iter().map(cited));
    let mut told: Vec<&str> = Vec::new();
    for cited in &lineage.evidence {
        if !cited.definition.is_empty() && !told.contains(&cited.definition.as_str()) {
            told.push(&cited.definition);
            lines.push(format!("definition  {}", cited.definition));
        }
    }
    for query in &lineage.queries {
        lines.push(format!("query       {}.sql", query.name));
        lines.extend(query.sql.trim().lines().map(|line| format!("            {line}")));
    }
    lines.push(input(&lineage.input));
    lines.push(model(&lineage.model));
    lines.extend(lineage.reviews.as_array().into_iter().flatten().map(review));
    let factors = &lineage.confidence;
    lines.push(format!(
        "confidence  {:.2} ({}) = real {:.2} x text {:.2} x data {:.2}",
        factors.confidence.score,
        factors.word,
        factors.confidence.real,
        factors.confidence.text,
        factors.confidence.data
    ));
    if let Some(own) = factors.model_confidence {
        lines.push(format!(
            "            the model claimed {own:.2}, which counts for nothing"
        ));
    }
    lines.join("\n") + "\n"
}

fn cited(cited: &Cited) -> String {
    let exact = cited.exact.map(|exact| format!(" (exact {exact})")).unwrap_or_default();
    format!(
        "evidence    {} = {}{exact}: {} of {}, table {}",
        cited.cell, cited.shown, cited.column, cited.row, cited.table
    )
}

fn input(input: &Value) -> String {
    let files: Vec<&str> = input["files"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    format!(
        "input       {} ({} rows, {} in {} to {}), sha256 {}",
        files.join(", "),
        input["rows"],
        input["rows_in_window"],
        input["date_start"].as_str().unwrap_or("?"),
        input["date_end"].as_str().unwrap_or("?"),
        input["sha256"].as_str().unwrap_or("unknown")
    )
}

fn model(model: &Value) -> String {
    let word = |name: &str| model[name].as_str().unwrap_or("none").to_owned();
    let cached = if model["cached"] == true {
        ", from the cache"
    } else {
        ""
    };
    format!(
        "model       {}:{}, {} attempts, {} in and {} out tokens{cached}",
        word("provider"),
        word("model"),
        model["attempts"],
        model["tokens"]["input"],
        model["tokens"]["output"]
    )
}

fn review(review: &Value) -> String {
    let atoms = &review["atoms"];
    let feedback = review["feedback"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let told: Vec<String> = feedback.map(|line| format!("\n            told: {line}")).collect();
    format!(
        "review      round {}: {} of {} checks passed{}",
        review["round"],
        atoms["passed"],
        atoms["checked"],
        told.concat()
    )
}
