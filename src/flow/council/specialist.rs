//! One specialist's reply to a checked report.

use serde_json::{Map, Value};

use crate::evidence::Evidence;
use crate::insight::{Finding, Rejected, Remark, SpecialistReport};
use crate::reply::{self, CheckedSpecialist};

/// The report of a reply that was checked statement by statement. Changes inside ordinary variation are true and no findings.
pub(super) fn report(checked: CheckedSpecialist, evidence: &Evidence) -> SpecialistReport {
    let (findings, ordinary): (Vec<Finding>, Vec<Finding>) =
        checked.findings.into_iter().partition(|finding| finding.reportable);
    let stands = |remark: &Remark| {
        remark.about.is_empty()
            || remark
                .about
                .iter()
                .any(|id| findings.iter().any(|finding| finding.id == *id))
    };
    let [(hypotheses, idle), (recommendations, vain)] =
        [checked.hypotheses, checked.recommendations].map(|remarks| remarks.into_iter().partition(stands));
    let groundless = [idle, vain]
        .into_iter()
        .flat_map(|remarks: Vec<Remark>| remarks)
        .map(|remark| Rejected {
            title: "remark".to_owned(),
            text: remark.text,
            reasons: vec!["not_significant: the change that it stands on lies inside ordinary variation".to_owned()],
        });
    let groundless: Vec<Rejected> = groundless.collect();
    let ordinary = ordinary.into_iter().map(|finding| Rejected {
        title: finding.title,
        text: finding.text,
        reasons: vec!["not_significant: the change lies inside ordinary variation".to_owned()],
    });
    let mut data_gaps = evidence.gaps.clone();
    for gap in checked.data_gaps {
        if !data_gaps.contains(&gap) {
            data_gaps.push(gap);
        }
    }
    let dropped = checked.dropped_remarks.into_iter().map(|(text, reason)| Rejected {
        title: "remark".to_owned(),
        text,
        reasons: vec![reason],
    });
    let rejected = checked.rejected.into_iter().map(|rejected| Rejected {
        title: rejected.title,
        text: rejected.text,
        reasons: rejected
            .reasons
            .iter()
            .map(|reason| format!("{}: {}", reason.code, reason.message))
            .collect(),
    });
    let sentences = checked
        .dropped_sentences
        .into_iter()
        .map(|(id, text, reason)| Rejected {
            title: format!("a sentence of {id}"),
            text,
            reasons: vec![reason],
        });
    let rejected = rejected
        .chain(sentences)
        .chain(ordinary)
        .chain(dropped)
        .chain(groundless);
    SpecialistReport {
        confidence_score: confidence(&findings, checked.grounding.share),
        findings,
        hypotheses,
        recommendations,
        data_gaps,
        rejected: rejected.collect(),
        grounding: checked.grounding,
        ..SpecialistReport::default()
    }
}

/// The parts of a reply that every specialist has.
const COMMON: [&str; 5] = ["summary", "findings", "hypotheses", "recommendations", "data_gaps"];

/// The section objects of an analyst that a pattern adds with a schema of its own: its texts, sentence by sentence as far as they
/// hold against the evidence. Numbers that the model typed are null: only references become numbers.
pub(super) fn own_sections(value: &Value, evidence: &Evidence) -> Map<String, Value> {
    let Value::Object(fields) = value else {
        return Map::new();
    };
    let own = fields.iter().filter(|(name, _)| !COMMON.contains(&name.as_str()));
    own.map(|(name, value)| (name.clone(), checked(value, evidence)))
        .collect()
}

fn checked(value: &Value, evidence: &Evidence) -> Value {
    match value {
        Value::String(text) => Value::String(reply::prose(text, evidence).text),
        Value::Array(items) => items
            .iter()
            .map(|item| checked(item, evidence))
            .filter(|item| !item.as_str().is_some_and(str::is_empty))
            .collect(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| (name.clone(), checked(value, evidence)))
                .collect(),
        ),
        Value::Number(_) => Value::Null,
        other => other.clone(),
    }
}

/// The mean confidence of the findings times the share of the statements that passed the check.
fn confidence(findings: &[Finding], grounded: Option<f64>) -> Option<f64> {
    if findings.is_empty() {
        return None;
    }
    let mean = findings.iter().map(|finding| finding.confidence.score).sum::<f64>() / findings.len() as f64;
    Some((mean * grounded.unwrap_or(1.0) * 100.0).round() / 100.0)
}
