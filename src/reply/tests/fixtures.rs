//! Hand-built evidence: a geographic table, a table of totals, a table of unusual days.

use jiff::civil::date;

use crate::evidence::{Cell, Column, Evidence, Good, Role, Row, Table, TableKind, Unit};
use crate::insight::Analyst;

pub(super) fn column(name: &str, label: &str, unit: Unit, role: Role, of: &str) -> Column {
    Column {
        name: name.to_owned(),
        label: label.to_owned(),
        additive: matches!(unit, Unit::Count(_) | Unit::Money),
        unit,
        decimals: 0,
        role,
        of: of.to_owned(),
        good: Good::Up,
    }
}

/// A window of any type that reads like one: `reply` does not know `data`.
pub(super) fn window<T: serde::de::DeserializeOwned>(start: &str, end: &str) -> T {
    serde_json::from_value(serde_json::json!({"start": start, "end": end})).expect("a window")
}

pub(super) fn number(exact: f64, shown: &str) -> Cell {
    Cell::Number {
        exact,
        shown: shown.to_owned(),
    }
}

pub(super) fn row(id: &str, key: &str, cells: Vec<Cell>) -> Row {
    Row {
        id: id.to_owned(),
        key: key.to_owned(),
        aliases: Vec::new(),
        unit: None,
        good: None,
        support: Some(5000.0),
        summary: false,
        significant: false,
        cells,
    }
}

pub(super) fn country(id: &str, key: &str, revenue: (f64, f64), z: f64, users: f64, conversion: (f64, f64)) -> Row {
    let change = (revenue.0 - revenue.1) / revenue.1 * 100.0;
    let points = conversion.0 - conversion.1;
    row(
        id,
        key,
        vec![
            Cell::Text(key.to_owned()),
            number(revenue.0, &format!("{:.0}", revenue.0)),
            number(revenue.1, &format!("{:.0}", revenue.1)),
            number(change, &format!("{change:.1}")),
            number(z, &format!("{z:.1}")),
            number(users, &format!("{users:.0}")),
            number(conversion.0, &format!("{:.1}", conversion.0)),
            number(conversion.1, &format!("{:.1}", conversion.1)),
            number(points, &format!("{points:.1}")),
        ],
    )
}

pub(super) fn evidence() -> Evidence {
    let users = || Unit::Count("users".to_owned());
    let mut rows = vec![
        country("g1", "Germany", (12_400_000.0, 12_000_000.0), 1.2, 90_000.0, (4.2, 4.1)),
        country("g2", "France", (9_000_000.0, 8_000_000.0), 4.4, 61_204.0, (3.1, 2.3)),
        country("g3", "Brazil", (7_848_492.0, 9_739_872.0), -6.1, 58_300.0, (2.0, 2.6)),
        country("g4", "Japan", (3_000_000.0, 1_500_000.0), 9.0, 20_000.0, (5.0, 5.0)),
    ];
    rows[2].aliases = vec!["BR".to_owned()];
    let mut small = country("g5", "Malta", (9_000.0, 3_000.0), 5.0, 12.0, (1.0, 0.9));
    small.support = Some(12.0);
    rows.push(small);
    let mut total = country("g6", "Total", (32_257_492.0, 31_242_872.0), 1.0, 229_516.0, (3.4, 3.2));
    total.summary = true;
    rows.push(total);
    let mut missing = row("g7", "Chad", vec![Cell::Missing("immature".to_owned()); 9]);
    missing.cells[0] = Cell::Text("Chad".to_owned());
    rows.push(missing);
    let geographic = Table {
        id: "G1".to_owned(),
        title: "Countries".to_owned(),
        kind: TableKind::Entities,
        total_rows: 38,
        order_rule: "mixed: by volume, score and contribution".to_owned(),
        definition: String::new(),
        tested: None,
        basis: None,
        columns: vec![
            column("country", "country", Unit::Text, Role::Key, "country"),
            column("revenue", "revenue", Unit::Money, Role::Current, "revenue"),
            column(
                "revenue_previous",
                "previous revenue",
                Unit::Money,
                Role::Previous,
                "revenue",
            ),
            column(
                "revenue_change_pct",
                "revenue change",
                Unit::Percent,
                Role::Change,
                "revenue",
            ),
            column("revenue_z", "revenue z", Unit::Z, Role::Z, "revenue"),
            column("users", "users", users(), Role::Current, "users"),
            column(
                "conversion",
                "conversion rate",
                Unit::Percent,
                Role::Current,
                "conversion",
            ),
            column(
                "conversion_previous",
                "previous conversion rate",
                Unit::Percent,
                Role::Previous,
                "conversion",
            ),
            column(
                "conversion_pp",
                "conversion change",
                Unit::PercentagePoints,
                Role::ChangePoints,
                "conversion",
            ),
        ],
        rows,
    };
    Evidence {
        analyst: Analyst::Geographic,
        period: window("2025-03-01", "2025-03-31"),
        previous_period: Some(window("2025-01-29", "2025-02-28")),
        currency: Some("USD".to_owned()),
        timezone: "UTC".to_owned(),
        notes: Vec::new(),
        gaps: Vec::new(),
        completeness: 1.0,
        caveats: Vec::new(),
        refused: None,
        more: Vec::new(),
        tables: vec![geographic, totals(), anomalies()],
    }
}

fn totals() -> Table {
    let metric = |id: &str, key: &str, unit: Unit, now: (f64, &str), then: (f64, &str), change: &str, z: f64| Row {
        unit: Some(unit),
        ..row(
            id,
            key,
            vec![
                Cell::Text(key.to_owned()),
                number(now.0, now.1),
                number(then.0, then.1),
                number((now.0 - then.0) / then.0 * 100.0, change),
                number(z, &z.to_string()),
            ],
        )
    };
    Table {
        id: "M1".to_owned(),
        title: "Totals".to_owned(),
        kind: TableKind::Totals,
        total_rows: 4,
        order_rule: "fixed".to_owned(),
        definition: String::new(),
        tested: None,
        basis: None,
        columns: vec![
            column("metric", "metric", Unit::Text, Role::Key, "metric"),
            column("current", "current", Unit::OfRow, Role::Current, "current"),
            column("previous", "previous", Unit::OfRow, Role::Previous, "current"),
            column("change_pct", "change", Unit::Percent, Role::Change, "current"),
            column("z", "z", Unit::Z, Role::Z, "current"),
        ],
        rows: vec![
            metric(
                "m1",
                "net revenue",
                Unit::Money,
                (1_282_805.78, "1,282,805.78"),
                (1_300_000.0, "1,300,000.00"),
                "-1.3",
                -0.8,
            ),
            metric(
                "m2",
                "active users",
                Unit::Count("users".to_owned()),
                (12_040.0, "12,040"),
                (6_000.0, "6,000"),
                "100.7",
                8.0,
            ),
            metric(
                "m3",
                "orders",
                Unit::Count("orders".to_owned()),
                (5_000.0, "5,000"),
                (5_000.0, "5,000"),
                "0.0",
                0.0,
            ),
            metric(
                "m4",
                "session length",
                Unit::Minutes,
                (5.4, "5.4"),
                (6.0, "6.0"),
                "-10.0",
                -5.0,
            ),
        ],
    }
}

fn anomalies() -> Table {
    let day = |id: &str, day: jiff::civil::Date, value: f64, expected: f64, z: f64| Row {
        unit: Some(Unit::Count("users".to_owned())),
        ..row(
            id,
            &day.to_string(),
            vec![
                Cell::Day(day),
                Cell::Text("daily active users".to_owned()),
                number(value, &format!("{value:.0}")),
                number(expected, &format!("{expected:.0}")),
                number(
                    (value - expected) / expected * 100.0,
                    &format!("{:.1}", (value - expected) / expected * 100.0),
                ),
                number(z, &format!("{z:.1}")),
            ],
        )
    };
    Table {
        id: "D3".to_owned(),
        title: "Unusual days".to_owned(),
        kind: TableKind::Anomalies,
        total_rows: 2,
        order_rule: "by z".to_owned(),
        definition: String::new(),
        tested: None,
        basis: None,
        columns: vec![
            column("date", "date", Unit::Date, Role::Key, "date"),
            column("metric", "metric", Unit::Text, Role::Note, "metric"),
            column("value", "value", Unit::OfRow, Role::Current, "value"),
            column("expected", "expected", Unit::OfRow, Role::Expected, "value"),
            column("deviation_pct", "deviation", Unit::Percent, Role::Deviation, "value"),
            column("z", "z", Unit::Z, Role::Z, "value"),
        ],
        rows: vec![
            day("d1", date(2025, 3, 14), 456.0, 1204.0, -9.5),
            day("d2", date(2025, 3, 20), 1900.0, 1210.0, 4.8),
        ],
    }
}
