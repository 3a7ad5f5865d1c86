//! `insights verify` as its users meet it: a verdict for each claim, in order, whatever else stands on the lines.

use serde_json::{Value, json};

use crate::support::run::Run;

fn claim(id: &str, text: &str, citations: &[&str]) -> String {
    json!({"id": id, "text": text, "citations": citations, "evidence": {
        "specialist": "geographic",
        "currency": "USD",
        "period": {"start": "2025-03-01", "end": "2025-03-31", "days": 31},
        "previous_period": {"start": "2025-01-29", "end": "2025-02-28", "days": 31},
        "tables": [{"id": "T1", "title": "Countries", "key": "country", "key_type": "entity",
            "columns": [
                {"name": "country", "label": "country", "unit": "text", "period": "current"},
                {"name": "revenue", "label": "revenue", "unit": "USD", "period": "current"},
                {"name": "revenue_prev", "label": "revenue (previous period)", "unit": "USD", "period": "previous"},
            ],
            "rows": [
                {"id": "r1", "country": "Brazil", "revenue": 8000.0, "revenue_prev": 10000.0},
                {"id": "r2", "country": "Japan", "revenue": 3000.0, "revenue_prev": 2000.0},
            ]}],
        "metrics": [
            {"id": "M1", "name": "total_users", "label": "total users", "value": 1200, "unit": "count:users", "period": "current"},
            {"id": "M2", "name": "total_users_prev", "label": "total users (previous period)", "value": 1000, "unit": "count:users", "period": "previous"},
        ]}})
    .to_string()
}

#[test]
fn every_claim_gets_its_verdict_in_order_and_a_bad_line_costs_only_itself() {
    let input = [
        claim(
            "true",
            "Revenue in Brazil fell 20% to $8,000.",
            &["T1.r1.revenue_prev", "T1.r1.revenue"],
        ),
        claim(
            "number",
            "Revenue in Brazil fell 2% to $8,000.",
            &["T1.r1.revenue_prev", "T1.r1.revenue"],
        ),
        "no claim".to_owned(),
        claim("name", "Revenue in Japan was $8,000.", &["T1.r1.revenue"]),
        claim("rise", "Total users rose 20% to 1,200.", &["M2", "M1"]),
        claim("stale", "Total users are now 1,000.", &["M1"]),
        claim("advice", "Aim for a 25% improvement next quarter.", &[]),
        claim("gone", "Revenue was $8,000.", &["T9.r1.revenue"]),
        json!({"id": "bare", "text": "Revenue rose."}).to_string(),
    ]
    .join("\n");
    let done = Run::new().arguments(&["verify"]).stdin(&input).done().code(2);
    let told: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let verdicts: Vec<(&str, &str)> = told
        .iter()
        .map(|line| {
            let verdict = line["verdict"].as_str().or(line["error"].as_str());
            (line["id"].as_str().unwrap_or_default(), verdict.unwrap())
        })
        .collect();
    assert_eq!(
        verdicts,
        [
            ("true", "supported"),
            ("number", "contradicted"),
            ("", "bad_input"),
            ("name", "unsupported"),
            ("rise", "supported"),
            ("stale", "contradicted"),
            ("advice", "not_checkable"),
            ("gone", "unsupported"),
            ("bare", "bad_input"),
        ]
    );
    assert_eq!(
        (told[2]["line"].as_u64(), told[1]["reasons"][0]["code"].as_str()),
        (Some(3), Some("number"))
    );
    assert!(done.stderr.contains("2 lines are no claims"), "{}", done.stderr);
}

#[test]
fn claims_may_come_from_a_file() {
    let line = claim("true", "Total users rose to 1,200.", &["M2", "M1"]);
    let run = |file: &str| {
        Run::new()
            .file("claims.jsonl", &line)
            .arguments(&["verify", file, "--quiet"])
            .done()
    };
    let done = run("claims.jsonl").code(0);
    assert!(
        done.stdout.contains(r#""verdict":"supported""#) && done.stderr.is_empty(),
        "{}",
        done.stdout
    );
    run("nowhere.jsonl").code(2);
}
