//! Lineage as a person reads it, top down.

use super::lineage::{Cited, Input, Lineage, Model};
use crate::cli::finished::FinishedRun;
use crate::insight::ReviewRound;

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
    lines.extend(lineage.model.as_ref().map(model));
    lines.extend(lineage.reviews.iter().map(review));
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

fn input(input: &Input) -> String {
    let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "?".to_owned());
    format!(
        "input       {} ({} rows, {} in {} to {}, days in {}), sha256 {}",
        input.files.join(", "),
        input.rows,
        input.rows_in_window,
        day(&input.date_start),
        day(&input.date_end),
        input.timezone.as_deref().unwrap_or("UTC"),
        input.sha256
    )
}

fn model(model: &Model) -> String {
    let word = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
    let cached = if model.cached { ", from the cache" } else { "" };
    let failures = model
        .failures
        .iter()
        .map(|line| format!("\n            failed: {line}"));
    format!(
        "model       {}:{}, {} attempts, {} in and {} out tokens{cached}{}",
        word(&model.provider),
        word(&model.model),
        model.attempts,
        model.tokens.input,
        model.tokens.output,
        failures.collect::<String>()
    )
}

fn review(review: &ReviewRound) -> String {
    let told = review.feedback.iter().map(|line| format!("\n            told: {line}"));
    format!(
        "review      round {}: {} of {} checks passed{}",
        review.round,
        review.atoms.passed,
        review.atoms.checked,
        told.collect::<String>()
    )
}
