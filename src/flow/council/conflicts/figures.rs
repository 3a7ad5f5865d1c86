//! Figures of the evidence that cannot all be right: one metric of one window with two values, and parts that are not their total.

use crate::evidence::{At, Cell, Column, Evidence, Role, Row, Table, TableKind, Unit};
use crate::insight::{Analyst, ConflictKind};

use super::{Disagreement, Place};

/// Values that differ by less than this part are the same, rounded at different places.
const ROUNDING: f64 = 0.0005;

/// A figure of the whole: what it is called, of which window, and where it stands.
struct Figure<'a> {
    analyst: &'static str,
    name: String,
    role: Role,
    at: At<'a>,
}

/// Metrics that have different values in different tables.
pub(super) fn metrics(evidence: &[Evidence]) -> Vec<Disagreement> {
    let figures: Vec<Figure<'_>> = evidence.iter().flat_map(figures).collect();
    let mut out: Vec<Disagreement> = Vec::new();
    for (index, first) in figures.iter().enumerate() {
        let is_known = |other: &Figure<'_>| other.name == first.name && other.role == first.role;
        if figures[..index].iter().any(is_known) {
            continue;
        }
        let others = figures[index + 1..]
            .iter()
            .filter(|other| is_known(other) && differ(first, other));
        let mut all: Vec<&Figure<'_>> = vec![first];
        all.extend(others);
        if all.len() > 1 {
            let window = if first.role == Role::Previous {
                " of the previous period"
            } else {
                ""
            };
            let values: Vec<String> = all
                .iter()
                .map(|figure| format!("{} in {}", figure.at.shown(), figure.at.table.id))
                .collect();
            let text = format!("{}{window} is {}", first.name, values.join(" and "));
            out.push((
                ConflictKind::DifferentValues,
                text,
                all.iter().map(|figure| figure.place()).collect(),
            ));
        }
    }
    out
}

/// Tables whose rows, `Other` among them, do not add up to their total.
pub(super) fn parts(evidence: &[Evidence]) -> Vec<Disagreement> {
    let tables = evidence
        .iter()
        .flat_map(|own| own.tables.iter().map(move |table| (own.analyst.key(), table)));
    let mut out = Vec::new();
    for (analyst, table) in tables {
        let Some(total) = table.rows.iter().find(|row| is_total(row)) else {
            continue;
        };
        let parts: Vec<&Row> = table.rows.iter().filter(|row| !is_total(row)).collect();
        let listed = parts.iter().filter(|row| !row.summary).count();
        // Without a row for what is left out, the listed rows are no whole.
        if listed < table.total_rows && !parts.iter().any(|row| row.summary) {
            continue;
        }
        for (place, column) in table.columns.iter().enumerate().filter(|(_, column)| column.additive) {
            let values: Option<Vec<f64>> = parts.iter().map(|row| number(row, place)).collect();
            let (Some(values), Some(whole)) = (values, number(total, place)) else {
                continue;
            };
            let sum: f64 = values.iter().sum();
            // Each part may have been rounded where it is shown.
            let slack = half(column) * (values.len() + 1) as f64 + whole.abs() * ROUNDING;
            if (sum - whole).abs() > slack {
                let decimals = usize::from(column.decimals);
                let text = format!(
                    "the rows of {} add up to {sum:.decimals$} for {}, and its total is {whole:.decimals$}",
                    table.id, column.label
                );
                out.push((
                    ConflictKind::PartsAndTotal,
                    text,
                    cells(analyst, &column.name, total, &parts),
                ));
            }
        }
    }
    out
}

/// The values of the whole window in one analyst's evidence. An analyst that a pattern adds reads tables of the others again.
fn figures(evidence: &Evidence) -> Vec<Figure<'_>> {
    if matches!(evidence.analyst, Analyst::Own(_)) {
        return Vec::new();
    }
    let is_whole = |table: &&Table| {
        let windows = table.basis.as_ref().and_then(|basis| basis.period);
        windows.is_none_or(|period| period == evidence.period)
    };
    let mut out = Vec::new();
    for table in evidence.tables.iter().filter(is_whole) {
        for row in table
            .rows
            .iter()
            .filter(|row| table.kind == TableKind::Totals || is_total(row))
        {
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                let name = match column.unit {
                    Unit::OfRow => row.key.as_str(),
                    _ if table.kind == TableKind::Totals => continue,
                    // Who is in two segments counts in both: only money adds up to the same whole however it is parted.
                    _ if column.unit != Unit::Money => continue,
                    _ => label_of(table, column),
                };
                if matches!(column.role, Role::Current | Role::Previous) && matches!(cell, Cell::Number { .. }) {
                    out.push(Figure {
                        analyst: evidence.analyst.key(),
                        name: name.to_lowercase(),
                        role: column.role,
                        at: At {
                            table,
                            row,
                            column,
                            cell,
                        },
                    });
                }
            }
        }
    }
    out
}

impl Figure<'_> {
    fn place(&self) -> Place {
        (self.analyst, format!("{}.{}", self.at.row.id, self.at.column.name))
    }
}

fn differ(a: &Figure<'_>, b: &Figure<'_>) -> bool {
    let (Some(x), Some(y)) = (a.at.exact(), b.at.exact()) else {
        return false;
    };
    a.at.unit() == b.at.unit()
        && (x - y).abs() > half(a.at.column) + half(b.at.column) + x.abs().max(y.abs()) * ROUNDING
}

/// Of a measure's previous value as of its current one.
fn label_of<'a>(table: &'a Table, column: &'a Column) -> &'a str {
    let own = table.columns.iter().find(|other| other.name == column.of);
    &own.unwrap_or(column).label
}

/// Half of the last place that is shown.
fn half(column: &Column) -> f64 {
    0.5 * 10_f64.powi(-i32::from(column.decimals))
}

fn is_total(row: &Row) -> bool {
    row.summary && row.key == "Total"
}

fn number(row: &Row, place: usize) -> Option<f64> {
    match row.cells.get(place)? {
        Cell::Number { exact, .. } => Some(*exact),
        _ => None,
    }
}

fn cells(analyst: &'static str, column: &str, total: &Row, parts: &[&Row]) -> Vec<Place> {
    let rows = std::iter::once(total).chain(parts.iter().copied());
    rows.map(|row| (analyst, format!("{}.{column}", row.id))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Good, Tested};

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

    /// Two segmentations whose users overlap differently.
    #[test]
    fn a_total_of_people_is_no_second_value() {
        let segments = |total: f64| {
            let rows = vec![row("s1", "Total", total)];
            let unit = Unit::Count("users".to_owned());
            evidence(Analyst::UserSegmentation, TableKind::Entities, unit, rows)
        };
        assert!(metrics(&[segments(586.0), segments(712.0)]).is_empty());
    }
}
