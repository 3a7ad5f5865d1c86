//! What the council's templates are filled with: the evidence of a specialist, the checked findings for the coordinator.

use serde_json::json;

use super::{Values, fence};
use crate::evidence::{self, Evidence};
use crate::insight::{Analyst, Finding};

/// What the coordinator is told.
#[derive(Debug)]
pub struct CoordinatorBrief<'a> {
    pub evidence: &'a Evidence,
    pub findings: &'a [&'a Finding],
    /// Analyst and reason, in words.
    pub missing: &'a [(Analyst, String)],
    pub gaps: &'a [String],
    pub advice: &'a [(Analyst, String)],
    pub conflicts: &'a [String],
}

/// The values of the input `data`.
pub fn specialist_values(evidence: &Evidence) -> Values {
    let table_text = evidence::pipe(evidence);
    values(json!({
        "analyst": evidence.analyst.key(),
        "title": evidence.analyst.title(),
        "period": format!("{}..{}", evidence.period.start, evidence.period.end),
        "previous_period": previous(evidence),
        "fence": fence(&table_text),
        "evidence": table_text,
        "gaps": evidence.gaps,
    }))
}

/// The values of a stage of findings, and of the period.
pub fn coordinator_values(brief: &CoordinatorBrief<'_>) -> Values {
    let lines: Vec<String> = brief
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{} | {} | {} | {} | confidence {:.2} | {}",
                finding.id,
                finding.analyst.key(),
                finding.severity.word(),
                finding.text,
                finding.confidence.score,
                finding.evidence.join(" ")
            )
        })
        .collect();
    let lines = lines.join("\n");
    let named = |parts: &[(Analyst, String)]| -> Vec<String> {
        parts
            .iter()
            .map(|(analyst, text)| format!("{}: {text}", analyst.key()))
            .collect()
    };
    values(json!({
        "period": format!("{}..{}", brief.evidence.period.start, brief.evidence.period.end),
        "previous_period": previous(brief.evidence),
        "fence": fence(&lines),
        "findings": lines,
        "n_findings": brief.findings.len(),
        "missing": named(brief.missing),
        "gaps": brief.gaps,
        "advice": named(brief.advice),
        "conflicts": brief.conflicts,
    }))
}

fn previous(evidence: &Evidence) -> Option<String> {
    evidence
        .previous_period
        .map(|window| format!("{}..{}", window.start, window.end))
}

fn values(value: serde_json::Value) -> Values {
    match value {
        serde_json::Value::Object(values) => values,
        _ => Values::new(),
    }
}
