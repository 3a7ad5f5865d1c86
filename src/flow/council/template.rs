//! The joined part without the coordinator: the checked findings in order, and a plain statement of what is missing.

use crate::insight::{Advice, Analyst, Coordinated, CoordinatorStatus, Finding, KeyFinding, Outcome, Severity, Why};

const MOST_FINDINGS: usize = 7;
const MOST_ADVICE: usize = 5;

pub(super) fn coordinated(findings: &[&Finding], outcomes: &[(Analyst, Outcome)], why: Option<Why>) -> Coordinated {
    let mut summary: Vec<String> = findings.iter().take(3).map(|finding| finding.text.clone()).collect();
    if summary.is_empty() {
        summary.push(nothing_to_say(outcomes));
    }
    Coordinated {
        status: CoordinatorStatus::Fallback,
        why,
        summary_uses: findings
            .iter()
            .take(summary.len())
            .map(|finding| vec![finding.id.clone()])
            .collect(),
        executive_summary: summary,
        key_findings: key_findings(findings),
        themes: Vec::new(),
        recommendations: advice(outcomes),
        confidence_text:
            "This summary was assembled by template from the checked findings; no coordinator joined them.".to_owned(),
        confidence_score: confidence(findings, outcomes),
        next_steps: Vec::new(),
        dropped: Vec::new(),
        reviews: Vec::new(),
    }
}

pub(super) fn nothing_to_say(outcomes: &[(Analyst, Outcome)]) -> String {
    let reported = outcomes
        .iter()
        .any(|(_, outcome)| matches!(outcome, Outcome::Reported(_)));
    if reported {
        "No change outside ordinary variation was found in this period.".to_owned()
    } else {
        "No specialist could report; the table of key figures below is computed from the data and holds without them."
            .to_owned()
    }
}

pub(super) fn key_findings(findings: &[&Finding]) -> Vec<KeyFinding> {
    findings
        .iter()
        .take(MOST_FINDINGS)
        .map(|finding| key_finding(finding, String::new()))
        .collect()
}

pub(super) fn key_finding(finding: &Finding, why_it_matters: String) -> KeyFinding {
    KeyFinding {
        finding: finding.id.clone(),
        title: finding.title.clone(),
        text: finding.text.clone(),
        why_it_matters,
        severity: finding.severity,
        confidence: finding.confidence.score,
        analyst: finding.analyst,
        evidence: finding.evidence.clone(),
        caveats: finding.caveats.clone(),
    }
}

fn advice(outcomes: &[(Analyst, Outcome)]) -> Vec<Advice> {
    let remarks = outcomes
        .iter()
        .filter_map(|(analyst, outcome)| Some((analyst, outcome.report()?)));
    let advice = remarks.flat_map(|(analyst, report)| {
        report.recommendations.iter().map(move |remark| Advice {
            action: remark.text.clone(),
            impact: impact(&report.findings, &remark.about).to_owned(),
            effort: "unknown".to_owned(),
            owner: "to be named".to_owned(),
            metric: analyst.title().to_lowercase(),
            check_date: None,
            about: remark.about.clone(),
        })
    });
    let mut advice: Vec<Advice> = advice.collect();
    let order = ["high", "medium", "low"];
    advice.sort_by_key(|advice| order.iter().position(|word| *word == advice.impact));
    advice.truncate(MOST_ADVICE);
    advice
}

fn impact(findings: &[Finding], about: &[String]) -> &'static str {
    let worst = findings
        .iter()
        .filter(|finding| about.contains(&finding.id))
        .map(|finding| finding.severity)
        .min();
    match worst {
        Some(Severity::Critical | Severity::High) => "high",
        Some(Severity::Medium) => "medium",
        _ => "low",
    }
}

/// The mean confidence of the findings times the share of the specialists that reported; none without findings.
pub(super) fn confidence(findings: &[&Finding], outcomes: &[(Analyst, Outcome)]) -> Option<f64> {
    if findings.is_empty() || outcomes.is_empty() {
        return None;
    }
    let mean = findings.iter().map(|finding| finding.confidence.score).sum::<f64>() / findings.len() as f64;
    let n_missing = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Missing(_)))
        .count();
    let present = 1.0 - n_missing as f64 / outcomes.len() as f64;
    Some((mean * present * 100.0).round() / 100.0)
}
