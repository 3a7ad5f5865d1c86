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
fn true_statements_pass() {
    run(&[
        (
            "change",
            "Revenue in {{g3}} {{move:g3.revenue}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"}]),
            "ok",
        ),
        (
            "change",
            "Revenue in {{g3}} {{move:g3.revenue}}, the steepest fall of the {{count:G1}} countries.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"},{"op":"extreme","cell":"g3.revenue_change_pct","which":"min"}]),
            "ok",
        ),
        (
            "change",
            "Revenue in Brazil fell 19.4 % to $7.8M.",
            cell("change", "g3.revenue"),
            "ok",
        ),
        (
            "change",
            "Revenue in BR fell from $9,739,872 to $7,848,492.",
            cell("change", "g3.revenue"),
            "ok",
        ),
        (
            "change",
            "Revenue in Brazil fell by about a fifth.",
            cell("change", "g3.revenue"),
            "ok",
        ),
        (
            "level",
            "Germany made $12.4M, {{ratio:g1.revenue,g2.revenue}} the revenue of {{g2}}.",
            cell("level", "g1.revenue"),
            "ok",
        ),
        (
            "level",
            "{{g1}} has the highest revenue at {{g1.revenue}}.",
            json!([{"op":"extreme","cell":"g1.revenue","which":"max"}]),
            "ok",
        ),
        (
            "comparison",
            "{{g1}} ({{g1.revenue}}) made more than {{g2}} ({{g2.revenue}}).",
            json!([{"op":"compare","cells":["g1.revenue","g2.revenue"],"relation":">"}]),
            "ok",
        ),
        (
            "change",
            "Active users doubled to {{m2.current}}.",
            cell("change", "m2.current"),
            "ok",
        ),
        (
            "change",
            "Conversion in {{g2}} rose 0.8 percentage points.",
            cell("pp", "g2.conversion"),
            "ok",
        ),
        (
            "anomaly",
            "On {{date:d1}} daily active users were {{dev:d1.value}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "On 14 March 2025 there were 456 users.",
            cell("level", "d1.value"),
            "ok",
        ),
        (
            "level",
            "Within 2 weeks of launch, {{g3}} had {{g3.users|noun}}.",
            json!([]),
            "ok",
        ),
        (
            "share",
            "{{g3}} holds {{share:g3.revenue,g6.revenue}} of revenue, about a quarter.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "4 countries grew.",
            json!([{"op":"count_where","column":"G1.revenue_change_pct","relation":">","threshold":0,"value":4}]),
            "ok",
        ),
        (
            "level",
            "Two countries made over $8M.",
            json!([{"op":"count_where","column":"G1.revenue","relation":">","threshold":8000000,"value":2}]),
            "ok",
        ),
        (
            "change",
            "Orders {{move:m3.current}}.",
            json!([{"op":"change","cell":"m3.current","dir":"flat"}]),
            "ok",
        ),
        (
            "change",
            "Sessions shortened from 6.0 to 5.4 minutes.",
            cell("change", "m4.current"),
            "ok",
        ),
        (
            "level",
            "The day-7 view makes up for little; {{g1}} stands at {{g1.revenue|k}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Germany made $12.4M and Brazil made $7.8M.",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "ok",
        ),
        (
            "level",
            "Germany ($12.4M) is ahead of Brazil ($7.8M).",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "ok",
        ),
        (
            "share",
            "The top 2 countries hold 66.3 % of revenue.",
            json!([{"op":"top_k_share","column":"G1.revenue","k":2,"value":66.3}]),
            "ok",
        ),
        // Beyond ordinary variation or not.
        (
            "change",
            "Revenue in {{g1}} {{move:g1.revenue}}.",
            json!([]),
            "ordinary",
        ),
        (
            "change",
            "Revenue in {{g5}} {{move:g5.revenue}}.",
            json!([]),
            "ordinary",
        ),
        ("change", "Net revenue {{move:m1.current}}.", json!([]), "ordinary"),
    ]);
}

#[test]
fn every_kind_of_wrong_number_is_rejected() {
    run(&[
        // Ten times too much, or made up.
        (
            "change",
            "Revenue in Brazil fell to $78M.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue in Brazil fell 1.94 % to $7.8M.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "level",
            "Brazil had 583,000 users.",
            cell("level", "g3.users"),
            "contradicted*",
        ),
        (
            "level",
            "Brazil saw 1,234 chargebacks.",
            cell("level", "g3.users"),
            "contradicted number",
        ),
        (
            "level",
            "The churn risk is 37 %.",
            cell("level", "g3.users"),
            "unsupported number",
        ),
        ("level", "The churn risk is 37 %.", json!([]), "unsupported*"),
        // Wrong sign and direction.
        (
            "change",
            "Revenue in Brazil rose 19.4 %.",
            cell("change", "g3.revenue"),
            "contradicted word",
        ),
        (
            "change",
            "Revenue in Brazil changed by +19.4 %.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue rose {{chg:g3.revenue}} in {{g3}}.",
            json!([]),
            "contradicted word",
        ),
        (
            "change",
            "Revenue in {{g3}} {{move:g3.revenue}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"up"}]),
            "contradicted assert",
        ),
        // Percent against percentage points.
        (
            "change",
            "Conversion in France rose 0.8 %.",
            cell("pp", "g2.conversion"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue in Brazil fell 19.4 percentage points.",
            cell("change", "g3.revenue"),
            "contradicted*",
        ),
        // Wrong entity.
        (
            "change",
            "Revenue in Japan fell 19.4 %.",
            cell("change", "g3.revenue"),
            "unsupported name",
        ),
        (
            "change",
            "Revenue in {{g1}} {{move:g3.revenue}}.",
            json!([]),
            "contradicted name",
        ),
        (
            "level",
            "{{g1}} ({{g2.revenue}}) leads {{g2}} ({{g1.revenue}}).",
            json!([]),
            "contradicted name",
        ),
        (
            "level",
            "Brazil made $12.4M and Germany made $7.8M.",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "contradicted name",
        ),
        (
            "level",
            "Brazil is ahead of Germany.",
            json!([{"op":"level","cell":"g1.revenue"},{"op":"level","cell":"g3.revenue"}]),
            "contradicted name",
        ),
        (
            "level",
            "{{g1}} made {{ratio:g2.revenue,g1.revenue}} the revenue of {{g2}}.",
            json!([]),
            "contradicted name",
        ),
        (
            "level",
            "Revenue in Narnia was $12.4M.",
            cell("level", "g1.revenue"),
            "unsupported name",
        ),
        (
            "level",
            "Bounce rate in {{g1}} was 4.2 %.",
            cell("level", "g1.conversion"),
            "unsupported measure",
        ),
        // Wrong unit and currency.
        (
            "level",
            "Brazil made €7.8M.",
            cell("level", "g3.revenue"),
            "contradicted unit",
        ),
        (
            "level",
            "Brazil has 58,300 orders.",
            cell("level", "g3.users"),
            "contradicted*",
        ),
        (
            "level",
            "Sessions took 5.4 seconds.",
            cell("level", "m4.current"),
            "contradicted number",
        ),
        // Wrong count and rank.
        (
            "level",
            "Three countries grew.",
            json!([{"op":"count_where","column":"G1.revenue_change_pct","relation":">","threshold":0,"value":3}]),
            "contradicted assert",
        ),
        (
            "level",
            "Seven countries grew.",
            json!([{"op":"count_where","column":"G1.revenue_change_pct","relation":"up"}]),
            "contradicted number",
        ),
        (
            "rank",
            "Brazil ranks 2nd by revenue.",
            cell("level", "g3.revenue"),
            "contradicted number",
        ),
        (
            "rank",
            "{{g3}} is the largest market at {{g3.revenue}}.",
            json!([]),
            "unsupported word",
        ),
        (
            "rank",
            "{{g3}} leads.",
            json!([{"op":"extreme","cell":"g3.revenue","which":"max"}]),
            "contradicted assert",
        ),
        (
            "rank",
            "{{g3}} is second.",
            json!([{"op":"rank","cell":"g3.revenue","value":2}]),
            "contradicted assert",
        ),
        // Wrong period, date, multiple, reference, measure.
        (
            "level",
            "Brazil now makes $9,739,872.",
            cell("level", "g3.revenue"),
            "contradicted period",
        ),
        (
            "change",
            "Revenue in Brazil fell from $7,848,492.",
            cell("change", "g3.revenue"),
            "contradicted period",
        ),
        (
            "level",
            "On 20 March there were 456 users.",
            cell("level", "d1.value"),
            "contradicted date",
        ),
        (
            "change",
            "Revenue in Brazil halved.",
            cell("change", "g3.revenue"),
            "contradicted number",
        ),
        (
            "change",
            "Revenue in {{g8}} {{move:g8.revenue}}.",
            json!([]),
            "unsupported bad_ref",
        ),
        (
            "level",
            "Conversion rate reached 58,300.",
            cell("level", "g3.users"),
            "unsupported measure",
        ),
        (
            "change",
            "Revenue in {{g3}} declined.",
            cell("level", "g3.users"),
            "unsupported*",
        ),
        (
            "share",
            "{{g3}}.",
            json!([{"op":"share","cells":["g3.conversion","g6.conversion"]}]),
            "contradicted type",
        ),
    ]);
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

#[test]
fn plain_findings_of_a_model_pass() {
    run(&[
        // Another row's score does not make this change significant.
        (
            "change",
            "Revenue in {{g1}} {{move:g1.revenue}}; {{g3}} stands at {{g3.revenue|k}}.",
            json!([]),
            "ordinary",
        ),
        (
            "change",
            "{{g3}} revenue {{move:g3.revenue}}, while {{g4}} {{move:g4.revenue}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"},{"op":"change","cell":"g4.revenue","dir":"up"}]),
            "ok",
        ),
        (
            "change",
            "{{g4}} was the fastest-growing market: revenue {{move:g4.revenue}}.",
            json!([]),
            "unsupported*",
        ),
        (
            "share",
            "The two largest markets, {{g1}} and {{g2}}, together made {{sum:g1.revenue,g2.revenue}}.",
            json!([{"op":"extreme","cell":"g1.revenue","which":"max"}]),
            "ok",
        ),
        (
            "comparison",
            "{{g1}} earns {{ratio:g1.revenue,g2.revenue}} as much as {{g2}}.",
            json!([]),
            "ok",
        ),
        (
            "rank",
            "{{g3}} ranks {{rank:g3.revenue}} countries by revenue.",
            json!([{"op":"rank","cell":"g3.revenue","value":3}]),
            "ok",
        ),
        (
            "anomaly",
            "Activity collapsed on {{d1}}: {{d1.value|noun}} against {{d1.expected}} expected, {{dev:d1.value}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Conversion in {{g4}} held at {{g4.conversion}}, the highest of the listed markets.",
            json!([{"op":"extreme","cell":"g4.conversion","which":"max"}]),
            "ok",
        ),
        (
            "change",
            "Active users {{move:m2.current}} between {{previous_period}} and {{period}}.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "The decline in {{g3}} ({{chg:g3.revenue}}) stands against a total of {{g6.revenue|k}}.",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Net revenue was {{m1.current}}, against {{m1.previous}} in the previous period.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "A loss of {{diff:g3.revenue,g3.revenue_previous}} in {{g3}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"}]),
            "ok",
        ),
        (
            "change",
            "Revenue in {{g2}} grew by {{g2.revenue_change_pct}} (z = {{g2.revenue_z}}).",
            json!([]),
            "ok",
        ),
        (
            "level",
            "Revenue was not affected in {{g1}} ({{g1.revenue}}).",
            json!([]),
            "ok",
        ),
        (
            "level",
            "{{g1}} is the top market with {{g1.users|noun}}.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "Session length dropped from {{m4.previous}} to {{m4.current}}.",
            json!([{"op":"change_pct","cell":"m4.current","value":-10,"dir":"down"}]),
            "ok",
        ),
        (
            "change",
            "Conversion in {{g2}} improved from {{g2.conversion_previous}} to {{g2.conversion}}, up {{pp:g2.conversion}}.",
            json!([]),
            "ok",
        ),
        (
            "change",
            "Revenue fell in {{g3}}, {{diff:g1.revenue,g3.revenue}} behind {{g1}}.",
            json!([{"op":"change","cell":"g3.revenue","dir":"down"}]),
            "ok",
        ),
    ]);
}

#[test]
fn no_text_makes_it_panic() {
    const PARTS: [&str; 44] = [
        "{{g3}}",
        "{{g3.revenue}}",
        "{{move:g3.revenue}}",
        "{{",
        "}}",
        "{{:}}",
        "{{g3.revenue|}}",
        "{{ratio:g1.users,}}",
        "é",
        "“",
        "\u{1F600}",
        "İ",
        "ß",
        "$",
        "€",
        "-",
        "−",
        "+",
        "7",
        "19.4",
        "1,204",
        "%",
        " percentage points",
        "k",
        " million",
        "Brazil",
        "BR",
        "rose",
        "fell",
        "highest",
        "doubled",
        " a third ",
        "two ",
        "14 March",
        "2025-03-14",
        "1.",
        "(2)",
        "#",
        " than ",
        " above ",
        " of ",
        ". ",
        "; ",
        "\u{202e}<b>",
    ];
    let mut seed: u64 = 11;
    let mut roll = |sides: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) as usize) % sides
    };
    let evidence = evidence();
    for _ in 0..400 {
        let mut text = || {
            (0..=roll(9))
                .map(|_| PARTS[roll(PARTS.len())])
                .collect::<Vec<_>>()
                .join(if roll(2) == 0 { " " } else { "" })
        };
        let reply = json!({
            "summary": text(),
            "findings": [{"id": "f1", "kind": "change", "title": text(), "text": text(), "asserts": [{"op": "change", "cell": "g3.revenue"}]}],
            "hypotheses": [{"text": text(), "about": []}],
            "data_gaps": [text()],
        });
        let checked = specialist(&reply, &evidence);
        let council = json!({"executive_summary": [{"text": text(), "uses": ["f1"]}], "next_steps": [text()]});
        let _ = (
            feedback(&checked),
            crate::reply::coordinator(&council, &checked.findings),
        );
    }
    for odd in [
        json!(null),
        json!([]),
        json!({"findings": 3}),
        json!({"findings": [null, 1, {"asserts": [null, {"op": 3}]}]}),
    ] {
        let _ = (specialist(&odd, &evidence), crate::reply::coordinator(&odd, &[]));
    }
}
