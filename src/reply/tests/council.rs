use serde_json::json;

use crate::insight::{Analyst, Confidence, Conflict, ConflictKind, Finding, Severity, Verdict};
use crate::reply::coordinator;

fn finding(id: &str, text: &str, numbers: &[&str], names: &[&str]) -> Finding {
    Finding {
        id: id.to_owned(),
        analyst: Analyst::Geographic,
        kind: "change".to_owned(),
        title: String::new(),
        text: text.to_owned(),
        severity: Severity::High,
        confidence: Confidence::of(1.0, 0.99, 1.0),
        verdict: Verdict::Supported,
        reportable: true,
        significant: true,
        typed: Vec::new(),
        evidence: Vec::new(),
        numbers: numbers.iter().map(|n| (*n).to_owned()).collect(),
        title_cites: Vec::new(),
        text_cites: Vec::new(),
        names: names.iter().map(|n| (*n).to_owned()).collect(),
        reasons: Vec::new(),
        caveats: Vec::new(),
        model_confidence: None,
    }
}

pub(super) fn findings() -> Vec<Finding> {
    vec![
        finding(
            "F1",
            "Revenue in Brazil fell 19.4 % to $7.8M.",
            &["fell 19.4 % to $7.8M"],
            &["Brazil"],
        ),
        finding("F2", "Sessions in Brazil fell 30.0 %.", &["30.0 %"], &["Brazil"]),
        finding("F3", "Japan grew 100.0 % to $3.0M.", &["100.0 %", "$3.0M"], &["Japan"]),
    ]
}

/// The sentence as printed, or why it was dropped.
fn read(text: &str, uses: &[&str]) -> String {
    let reply = json!({"executive_summary": [{"text": text, "uses": uses}]});
    let checked = coordinator(&reply, &findings(), &[]);
    match checked.executive_summary.first() {
        Some(sentence) => sentence.text.clone(),
        None => checked.dropped.first().map_or_else(String::new, |d| {
            d.reason.split(':').next().unwrap_or_default().to_owned()
        }),
    }
}

#[test]
fn the_summary_joins_findings_and_adds_nothing() {
    let cases: [(&str, &[&str], &str); 23] = [
        ("{{F1}}.", &[], "Revenue in Brazil fell 19.4 % to $7.8M."),
        (
            "Most urgent: {{F1}}.",
            &["F1"],
            "Most urgent: revenue in Brazil fell 19.4 % to $7.8M.",
        ),
        ("Japan stands at {{F3.n2}}.", &["F3"], "Japan stands at $3.0M."),
        ("Brazil fell 19.4 %.", &["F1"], "Brazil fell 19.4 %."),
        ("Brazil fell 49.4 %.", &["F1"], "number"),
        ("Brazil fell 100.0 %.", &["F1"], "number"),
        ("Brazil rose 19.4 %.", &["F1"], "word"),
        ("Japan lost ground.", &["F1"], "name"),
        ("All is well.", &[], "uses"),
        ("{{F9}}.", &["F9"], "bad_ref"),
        ("{{F3.n7}}.", &["F3"], "bad_ref"),
        ("Sales reached {{F3.n2}} million.", &["F3"], "unit"),
        (
            "Revenue in Brazil fell because sessions fell.",
            &["F1", "F2"],
            "Revenue in Brazil fell because sessions fell.",
        ),
        (
            "Brazil fell because Japan grew.",
            &["F1", "F3"],
            "Brazil fell possibly because Japan grew.",
        ),
        ("Revenue in Brazil doubled.", &["F1"], "number"),
        // What no finding knows, what another finding is about, and what was before.
        ("Sales in Atlantis came to {{F3.n2}}.", &["F3"], "name"),
        (
            "Sales in Japan came to {{F3.n2}}.",
            &["F3"],
            "Sales in Japan came to $3.0M.",
        ),
        ("Brazil came to {{F3.n2}}.", &["F1", "F3"], "name"),
        (
            "Japan came to {{F3.n2}}, Brazil fell {{F2.n1}}.",
            &["F2", "F3"],
            "Japan came to $3.0M, Brazil fell 30.0 %.",
        ),
        (
            "Brazil and Japan moved by {{F2.n1}} and {{F3.n1}}.",
            &["F2", "F3"],
            "Brazil and Japan moved by 30.0 % and 100.0 %.",
        ),
        ("In the previous period it was {{F3.n2}}.", &["F3"], "period"),
        ("Previously, {{F1}}.", &["F1"], "period"),
        (
            "Against the previous period, {{F1}}.",
            &["F1"],
            "Against the previous period, revenue in Brazil fell 19.4 % to $7.8M.",
        ),
    ];
    for (text, uses, expected) in cases {
        assert_eq!(read(text, uses), expected, "{text}");
    }
}

#[test]
fn reports_all_that_it_drops() {
    let reply = json!({
        "executive_summary": [{"text": "Profit was $1.", "uses": ["F1"]}],
        "key_findings": [{"finding": "f1", "why_it_matters": "It is a core market."}, {"finding": "F9", "why_it_matters": "x"}],
        "cross_cutting_themes": [{"theme": "Brazil weakens", "text": "Revenue and sessions in Brazil fell together.", "uses": ["F1", "F2"]}],
        "prioritized_recommendations": [
            {"action": "Review pricing in Brazil.", "impact": "High", "effort": "small", "owner": "Growth", "metric": "weekly revenue", "check_after_days": 14, "about": ["F1"]},
            {"action": "Recover the $2M lost.", "impact": "high", "effort": "small", "owner": "Growth", "metric": "revenue", "check_after_days": 14, "about": ["F1"]},
        ],
        "confidence_assessment": {"text": "The data is complete. 93 % of it is right."},
        "next_steps": ["Meet within 2 weeks.", "Call 500 buyers."],
    });
    let checked = coordinator(&reply, &findings(), &[]);
    assert!(!checked.usable);
    assert_eq!(checked.key_findings.len(), 1);
    assert_eq!(checked.key_findings[0].finding, "F1");
    assert_eq!(checked.cross_cutting_themes.len(), 1);
    assert_eq!(checked.prioritized_recommendations.len(), 1);
    assert_eq!(checked.prioritized_recommendations[0].impact, "high");
    assert_eq!(checked.confidence_assessment, "The data is complete.");
    assert_eq!(checked.next_steps, ["Meet within 2 weeks."]);
    assert_eq!(checked.dropped.len(), 5, "{:#?}", checked.dropped);
}

fn conflict(id: &str, findings: &[&str]) -> Conflict {
    Conflict {
        id: id.to_owned(),
        kind: ConflictKind::DifferentValues,
        text: String::new(),
        cells: Vec::new(),
        findings: findings.iter().map(|id| (*id).to_owned()).collect(),
        resolution: None,
    }
}

#[test]
fn who_decides_against_a_finding_does_not_tell_it() {
    let reply = |resolutions: serde_json::Value| {
        json!({
            "executive_summary": [
                {"text": "{{F1}}.", "uses": ["F1"]},
                {"text": "{{F2}}.", "uses": []},
                {"text": "Sessions in Brazil fell 30.0 %.", "uses": ["F1"]},
            ],
            "key_findings": [{"finding": "F1", "why_it_matters": ""}, {"finding": "F2", "why_it_matters": ""}],
            "cross_cutting_themes": [{"theme": "Brazil weakens", "text": "Revenue and sessions fell.", "uses": ["F1", "F2"]}],
            "prioritized_recommendations": [
                {"action": "Look at the sessions.", "impact": "high", "effort": "small", "owner": "Growth", "metric": "sessions", "check_after_days": 14, "about": ["F2"]},
            ],
            "confidence_assessment": {"text": "Sessions fell 30.0 %. The data is complete."},
            "next_steps": [],
            "resolutions": resolutions,
        })
    };
    let conflicts = [conflict("C1", &["F1", "F2"])];
    let settled = reply(json!([{"conflict": "c1", "keep": "F1", "why": "It covers all users."}]));
    let checked = coordinator(&settled, &findings(), &conflicts);
    let told: Vec<&str> = checked
        .executive_summary
        .iter()
        .map(|sentence| sentence.text.as_str())
        .collect();
    assert_eq!(told, ["Revenue in Brazil fell 19.4 % to $7.8M."]);
    let keys: Vec<&str> = checked.key_findings.iter().map(|key| key.finding.as_str()).collect();
    assert_eq!(keys, ["F1"]);
    assert!(checked.cross_cutting_themes.is_empty() && checked.prioritized_recommendations.is_empty());
    assert_eq!(checked.confidence_assessment, "The data is complete.");
    assert_eq!(checked.resolutions.len(), 1);
    let reasons = |part: &str| -> Vec<String> {
        let own = checked.dropped.iter().filter(|dropped| dropped.part == part);
        own.map(|dropped| dropped.reason.clone()).collect()
    };
    let summary = reasons("executive_summary");
    assert_eq!(
        summary[0],
        "given_up: it rests on F2, and C1 was settled in favour of F1; use F1, or delete"
    );
    assert!(summary[1].starts_with("number: "), "{summary:?}");
    for part in ["key_findings", "cross_cutting_themes", "prioritized_recommendations"] {
        assert!(
            reasons(part)[0].starts_with("given_up: "),
            "{part}: {:?}",
            checked.dropped
        );
    }
    // What is not settled, without a reason or by a finding of another conflict, stays as it is.
    for resolutions in [
        json!([]),
        json!([{"conflict": "C1", "keep": "F1", "why": ""}]),
        json!([{"conflict": "C1", "keep": "F3", "why": "It is larger."}]),
        json!([{"conflict": "C2", "keep": "F1", "why": "It is larger."}]),
    ] {
        let checked = coordinator(&reply(resolutions.clone()), &findings(), &conflicts);
        assert_eq!(
            (checked.executive_summary.len(), checked.resolutions.len()),
            (2, 0),
            "{resolutions}"
        );
        let refused = checked.dropped.iter().any(|dropped| dropped.part == "resolutions");
        let is_of_another = !resolutions.to_string().contains("\"\"") && resolutions != json!([]);
        assert_eq!(refused, is_of_another, "{resolutions}: {:?}", checked.dropped);
    }
}
