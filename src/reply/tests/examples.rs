//! The worked example in each prompt: what it teaches passes the schema and every check.

use serde_json::{Value, json};

use super::council::findings;
use super::fixtures::{column, number, row, window};
use crate::evidence::{Cell, Column, Evidence, Role, Row, Table, TableKind, Unit};
use crate::insight::Analyst;
use crate::reply::{COORDINATOR_SCHEMA, Json, Liberty, SPECIALIST_SCHEMA, coerce, coordinator, specialist, validate};

/// The JSON lines of a prompt.
fn examples(prompt: &str) -> Vec<Value> {
    let lines = prompt.lines().map(str::trim).filter(|line| line.starts_with("{\""));
    lines
        .map(|line| serde_json::from_str(line).expect("an example"))
        .collect()
}

fn fits(schema: &str, reply: &Value) {
    let schema: Value = serde_json::from_str(schema).expect("a schema");
    let (value, _) = coerce(&schema, Json::from(reply.clone()), Liberty::Harmless);
    let faults: Vec<String> = validate(&schema, &value).iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{faults:?} in {reply}");
}

fn evidence(kind: TableKind, columns: Vec<Column>, rows: Vec<Row>) -> Evidence {
    let mut evidence = Evidence::empty(Analyst::Geographic, window("2025-03-01", "2025-03-31"));
    evidence.currency = Some("USD".to_owned());
    evidence.tables.push(Table {
        id: "X1".to_owned(),
        title: "Examples".to_owned(),
        kind,
        total_rows: rows.len(),
        order_rule: String::new(),
        definition: String::new(),
        tested: None,
        basis: None,
        columns,
        rows,
    });
    evidence
}

/// A measure with what it was before, its change and its score.
fn changing(name: &str, label: &str, unit: &Unit, change: (&str, Unit, Role)) -> Vec<Column> {
    vec![
        column("key", "key", Unit::Text, Role::Key, "key"),
        column(name, label, unit.clone(), Role::Current, name),
        column(&format!("{name}_previous"), label, unit.clone(), Role::Previous, name),
        column(&format!("{name}_{}", change.0), label, change.1, change.2, name),
        column(&format!("{name}_z"), label, Unit::Z, Role::Z, name),
    ]
}

fn of(id: &str, key: &str, values: &[f64]) -> Row {
    let cells = values.iter().map(|value| number(*value, &value.to_string()));
    row(
        id,
        key,
        std::iter::once(Cell::Text(key.to_owned())).chain(cells).collect(),
    )
}

const PERCENT: (&str, Unit, Role) = ("change_pct", Unit::Percent, Role::Change);

#[test]
fn the_example_of_each_specialist_passes() {
    let users = Unit::Count("users".to_owned());
    let orders = Unit::Count("orders".to_owned());
    let own = |name: &str, label: &str, unit: &Unit, role: Role| column(name, label, unit.clone(), role, "value");
    let key = || column("key", "key", Unit::Text, Role::Key, "key");
    let total = Row {
        summary: true,
        ..of("x9", "Total", &[48_120.0, 45_530.0, 5.7, 4.1])
    };
    let prompts = [
        (
            include_str!("../../../prompts/insights/daily_metrics.md"),
            evidence(
                TableKind::Anomalies,
                vec![
                    key(),
                    own("value", "orders", &orders, Role::Current),
                    own("value_expected", "expected orders", &orders, Role::Expected),
                    own("value_deviation_pct", "deviation", &Unit::Percent, Role::Deviation),
                    own("value_z", "z", &Unit::Z, Role::Z),
                ],
                vec![of("x3", "2025-03-14", &[456.0, 1204.0, -62.1, -9.8])],
            ),
        ),
        (
            include_str!("../../../prompts/insights/user_segmentation.md"),
            evidence(
                TableKind::Entities,
                changing("users", "users", &users, PERCENT),
                vec![
                    of("x2", "mobile", &[5210.0, 4012.0, 29.9, 6.1]),
                    of("x4", "desktop", &[1980.0, 2015.0, -1.7, -0.4]),
                ],
            ),
        ),
        (
            include_str!("../../../prompts/insights/geographic.md"),
            evidence(
                TableKind::Entities,
                changing("revenue", "revenue", &Unit::Money, PERCENT),
                vec![of("x3", "Brazil", &[7848.0, 9739.0, -19.4, -5.2]), total],
            ),
        ),
        (
            include_str!("../../../prompts/insights/cohort_retention.md"),
            evidence(
                TableKind::Entities,
                changing(
                    "current",
                    "day-7 retention",
                    &Unit::Percent,
                    ("change_pp", Unit::PercentagePoints, Role::ChangePoints),
                ),
                vec![of("x2", "day-7 retention", &[21.4, 26.2, -4.8, -5.5])],
            ),
        ),
        (
            include_str!("../../../prompts/insights/revenue_optimization.md"),
            evidence(
                TableKind::Entities,
                vec![
                    key(),
                    column("revenue", "revenue", Unit::Money, Role::Current, "revenue"),
                    column(
                        "revenue_share_pct",
                        "share of revenue",
                        Unit::Percent,
                        Role::Share,
                        "revenue",
                    ),
                ],
                vec![
                    of("x1", "subscription", &[31_400.0, 62.8]),
                    of("x2", "purchase", &[12_100.0, 24.2]),
                ],
            ),
        ),
        (
            include_str!("../../../prompts/insights/data_quality.md"),
            evidence(
                TableKind::Quality,
                vec![
                    key(),
                    own("value", "value", &Unit::Percent, Role::Current),
                    column("threshold", "threshold", Unit::Percent, Role::Current, "threshold"),
                ],
                vec![of("x4", "rows without a user", &[12.6, 5.0])],
            ),
        ),
    ];
    for (prompt, evidence) in prompts {
        let [example] = examples(prompt).try_into().expect("one example in each prompt");
        let reply =
            json!({"summary": null, "findings": [example], "hypotheses": [], "recommendations": [], "data_gaps": []});
        fits(SPECIALIST_SCHEMA, &reply);
        let checked = specialist(&reply, &evidence);
        assert!(
            checked.rejected.is_empty() && checked.faults.is_empty(),
            "{:#?}",
            checked.rejected
        );
        assert_eq!((checked.findings.len(), checked.grounding.numbers_typed), (1, 0));
        assert!(checked.findings[0].reportable, "{:?}", checked.findings[0]);
    }
}

#[test]
fn the_example_of_the_coordinator_passes() {
    let [summary, key, advice] = examples(include_str!("../../../prompts/insights/coordinator.md"))
        .try_into()
        .expect("three examples");
    let reply = json!({
        "executive_summary": [summary], "key_findings": [key], "prioritized_recommendations": [advice],
        "cross_cutting_themes": [], "confidence_assessment": {"text": ""}, "next_steps": [], "resolutions": [],
    });
    fits(COORDINATOR_SCHEMA, &reply);
    let mut findings = findings();
    (findings[0].id, findings[1].id) = ("F2".to_owned(), "F5".to_owned());
    findings[1].text = "On 14 March 2025, orders in Brazil came to 456.".to_owned();
    findings[1].numbers = vec!["456".to_owned()];
    let checked = coordinator(&reply, &findings, &[]);
    assert!(checked.dropped.is_empty(), "{:?}", checked.dropped);
    assert!(checked.executive_summary[0].text.ends_with("orders came to 456 only."));
}
