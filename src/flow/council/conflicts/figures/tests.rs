//! Evidence in which figures of one name agree, or do not.

use super::*;
use crate::evidence::{Basis, Good, Tested};

fn column(name: &str, role: Role, unit: Unit, additive: bool) -> Column {
    Column {
        name: name.to_owned(),
        label: "net revenue".to_owned(),
        unit,
        decimals: 0,
        role,
        of: "revenue".to_owned(),
        good: Good::Up,
        additive,
    }
}

fn row(id: &str, key: &str, value: f64) -> Row {
    let number = |exact: f64| Cell::Number {
        exact,
        shown: format!("{exact:.0}"),
    };
    Row {
        id: id.to_owned(),
        key: key.to_owned(),
        aliases: Vec::new(),
        unit: Some(Unit::Money),
        good: None,
        support: None,
        summary: key == "Total" || key.starts_with("Other"),
        significant: false,
        cells: vec![Cell::Text(key.to_owned()), number(value)],
    }
}

fn evidence(analyst: Analyst, kind: TableKind, unit: Unit, rows: Vec<Row>) -> Evidence {
    let window = serde_json::from_value(serde_json::json!({"start": "2025-03-01", "end": "2025-03-31"}));
    let mut evidence = Evidence::empty(analyst, window.expect("a window"));
    evidence.tables.push(Table {
        id: "G1".to_owned(),
        title: String::new(),
        kind,
        total_rows: 3,
        order_rule: String::new(),
        definition: String::new(),
        tested: None::<Tested>,
        basis: None,
        columns: vec![
            column("country", Role::Key, Unit::Text, false),
            column("revenue", Role::Current, unit, true),
        ],
        rows,
    });
    evidence
}

fn countries(rows: &[(&str, f64)]) -> Evidence {
    let rows = rows.iter().enumerate();
    let rows = rows
        .map(|(index, (key, value))| row(&format!("g{}", index + 1), key, *value))
        .collect();
    evidence(Analyst::Geographic, TableKind::Entities, Unit::Money, rows)
}

fn totals(value: f64) -> Evidence {
    evidence(
        Analyst::DailyMetrics,
        TableKind::Totals,
        Unit::OfRow,
        vec![row("d1", "Net revenue", value)],
    )
}

#[test]
fn parts_must_be_their_total() {
    let added = |rows: &[(&str, f64)]| parts(&[countries(rows)]);
    assert!(
        added(&[
            ("Brazil", 700.0),
            ("Japan", 200.0),
            ("Other (1)", 100.4),
            ("Total", 1000.0)
        ])
        .is_empty()
    );
    // One country is left out, and no row stands for it.
    assert!(added(&[("Brazil", 700.0), ("Japan", 200.0), ("Total", 1000.0)]).is_empty());
    let found = added(&[
        ("Brazil", 700.0),
        ("Japan", 200.0),
        ("Other (1)", 50.0),
        ("Total", 1000.0),
    ]);
    let (kind, text, cells) = &found[0];
    assert_eq!((found.len(), *kind), (1, ConflictKind::PartsAndTotal));
    assert_eq!(
        text,
        "the rows of G1 add up to 950 for net revenue, and its total is 1000"
    );
    assert_eq!(cells[0], ("geographic", "g4.revenue".to_owned()));
    assert_eq!(cells.len(), 4);
}

#[test]
fn one_metric_has_one_value_in_all_sections() {
    let geography = countries(&[("Brazil", 700.0), ("Total", 1000.0)]);
    assert!(
        metrics(&[totals(1000.3), geography.clone()]).is_empty(),
        "rounded elsewhere"
    );
    let found = metrics(&[totals(1100.0), geography]);
    let (kind, text, cells) = &found[0];
    assert_eq!((found.len(), *kind), (1, ConflictKind::DifferentValues));
    assert_eq!(text, "net revenue is 1100 in G1 and 1000 in G1");
    let expected = [("daily_metrics", "d1.revenue"), ("geographic", "g2.revenue")];
    assert_eq!(*cells, expected.map(|(analyst, cell)| (analyst, cell.to_owned())));
}

/// A table of users by country, and whom it counts.
fn users(population: Population, key: &str, rows: &[(&str, f64)]) -> Evidence {
    let rows = rows.iter().map(|(key, value)| row(key, key, *value)).collect();
    let unit = Unit::Count("users".to_owned());
    let mut evidence = evidence(Analyst::UserSegmentation, TableKind::Entities, unit, rows);
    let table = &mut evidence.tables[0];
    key.clone_into(&mut table.columns[0].label);
    "users".clone_into(&mut table.columns[1].label);
    table.basis = Some(Basis {
        population: Some(population),
        ..Basis::default()
    });
    evidence
}

fn told(a: &Evidence, b: &Evidence) -> Vec<String> {
    let found = metrics(&[a.clone(), b.clone()]).into_iter();
    found.map(|(_, text, _)| text).collect()
}

#[test]
fn people_are_held_against_each_other_where_they_are_the_same_people() {
    use Population::{KnownUsers, UsersOfEachRow};
    let total = |population, value| users(population, "country", &[("Total", value)]);
    let other = ["users are 586 in G1 and 712 in G1"];
    assert_eq!(told(&total(KnownUsers, 586.0), &total(KnownUsers, 712.0)), other);
    let mut whole = totals(586.0);
    let active = &mut whole.tables[0].rows[0];
    "active users of the period".clone_into(&mut active.key);
    active.unit = Some(Unit::Count("users".to_owned()));
    assert_eq!(told(&whole, &total(KnownUsers, 712.0)), other);
    // Two segmentations whose users overlap differently; and a table that does not say whom it counts.
    assert!(told(&total(UsersOfEachRow, 586.0), &total(UsersOfEachRow, 712.0)).is_empty());
    assert!(told(&whole, &total(UsersOfEachRow, 712.0)).is_empty());
    let mut unknown = total(KnownUsers, 712.0);
    unknown.tables[0].basis = None;
    assert!(told(&whole, &unknown).is_empty());
}

#[test]
fn one_country_has_one_value_in_all_sections() {
    let japan = |key: &str, value: f64| users(Population::UsersOfEachRow, key, &[("Japan", value), ("Brazil", 7.0)]);
    assert_eq!(
        told(&japan("country", 30.0), &japan("country", 40.0)),
        ["users of Japan are 30 in G1 and 40 in G1"]
    );
    assert!(told(&japan("country", 30.0), &japan("channel", 40.0)).is_empty());
    // A segment of one segmentation is not that of another, whatever their names.
    assert!(told(&japan("segment", 30.0), &japan("segment", 40.0)).is_empty());
}
