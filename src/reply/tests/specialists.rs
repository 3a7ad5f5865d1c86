//! Single findings and whole replies of a specialist against the fixture's evidence.

mod holds;
mod odd;
mod wrong;

use serde_json::{Value, json};

use super::fixtures::evidence;
use crate::reply::{CheckedSpecialist, feedback, specialist};

fn check(kind: &str, title: &str, text: &str, asserts: Value) -> CheckedSpecialist {
    let reply = json!({"findings": [{"id": "f1", "kind": kind, "title": title, "text": text,
        "asserts": asserts, "severity": "high", "model_confidence": 0.8}]});
    specialist(&reply, &evidence())
}

/// `ok`, `ordinary`, or the worst verdict with the codes.
fn verdict(kind: &str, text: &str, asserts: Value) -> String {
    let checked = check(kind, "A title", text, asserts);
    match (checked.findings.first(), checked.rejected.first()) {
        (Some(finding), _) if finding.reportable => "ok".to_owned(),
        (Some(_), _) => "ordinary".to_owned(),
        (_, Some(rejected)) => {
            let mut codes: Vec<&str> = rejected.reasons.iter().map(|reason| reason.code).collect();
            codes.sort_unstable();
            codes.dedup();
            format!("{:?} {}", rejected.verdict, codes.join(" ")).to_lowercase()
        }
        _ => "nothing".to_owned(),
    }
}

fn run(cases: &[(&str, &str, Value, &str)]) {
    let mut wrong = Vec::new();
    for (kind, text, asserts, expected) in cases {
        let got = verdict(kind, text, asserts.clone());
        if got != *expected && !(expected.ends_with('*') && got.starts_with(expected.trim_end_matches('*'))) {
            wrong.push(format!("{text} {asserts}\n   got  {got}\n   want {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cell(op: &str, cell: &str) -> Value {
    json!([{"op": op, "cell": cell}])
}

#[test]
fn one_bad_sentence_does_not_cost_the_finding() {
    let checked = check(
        "change",
        "{{g3}} revenue fell",
        "Revenue in {{g3}} {{move:g3.revenue}}. It will cost $99M.",
        json!([]),
    );
    let finding = &checked.findings[0];
    assert_eq!(finding.text, "Revenue in Brazil fell 19.4 % to $7.8M.");
    assert_eq!(finding.title, "Brazil revenue fell");
    assert_eq!(finding.names, ["Brazil"]);
    assert_eq!(checked.dropped_sentences.len(), 1);
    assert_eq!(finding.confidence.score, 0.9);
}

#[test]
fn advice_holds_no_data() {
    let reply = json!({
        "findings": [
            {"id": "f1", "kind": "level", "title": "Size", "text": "{{g1}} made {{g1.revenue}}.", "asserts": [], "severity": "info"},
            {"id": "f2", "kind": "level", "title": "Size", "text": "{{g1}} made $99.", "asserts": [], "severity": "info"},
        ],
        "hypotheses": [
            {"text": "A price change in {{g3}} may have cost buyers.", "about": [1]},
            {"text": "Perhaps 40 % of buyers left.", "about": ["f1"]},
            {"text": "Revenue was $12 lower.", "about": []},
        ],
        "recommendations": [
            {"text": "Review pricing within 2 weeks.", "about": ["f1"]},
            {"text": "Test a 10 % discount for new users.", "about": []},
            {"text": "Look into it.", "about": ["f2"]},
            {"text": "Win back the {{g3.users}} users.", "about": ["f1"]},
        ],
        "data_gaps": ["No channel column."],
    });
    let checked = specialist(&reply, &evidence());
    let texts: Vec<&str> = checked
        .hypotheses
        .iter()
        .chain(&checked.recommendations)
        .map(|remark| remark.text.as_str())
        .collect();
    assert_eq!(
        texts,
        [
            "A price change in Brazil may have cost buyers.",
            "Review pricing within 2 weeks.",
            "Test a 10 % discount for new users."
        ]
    );
    assert_eq!(checked.hypotheses[0].about, ["f1"]);
    assert_eq!(checked.dropped_remarks.len(), 4, "{:?}", checked.dropped_remarks);
    assert_eq!(checked.data_gaps, ["No channel column."]);
    assert_eq!(
        (
            checked.grounding.findings,
            checked.grounding.supported,
            checked.grounding.share
        ),
        (2, 1, Some(0.5))
    );
    let lines = feedback(&checked);
    assert!(lines[0].starts_with("f2 UNSUPPORTED number: \"$99\""), "{lines:?}");
}
