//! Figures of the evidence that cannot all be right: one metric of one window with two values, and parts that are not their total.

use crate::evidence::{At, Cell, Column, Evidence, Population, Role, Row, Table, TableKind, Unit};
use crate::insight::{Analyst, ConflictKind};

use super::{Disagreement, Place};

/// Values that differ by less than this part are the same, rounded at different places.
const ROUNDING: f64 = 0.0005;

/// A figure of the whole window: what it is called, whom it counts, of what, of which window, and where it stands.
struct Figure<'a> {
    analyst: &'static str,
    name: String,
    population: Population,
    /// The country, the channel …; none of a figure of the whole.
    entity: Option<Entity<'a>>,
    role: Role,
    at: At<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entity<'a> {
    dimension: String,
    key: &'a str,
}

/// Metrics that have different values in different tables.
pub(super) fn metrics(evidence: &[Evidence]) -> Vec<Disagreement> {
    let figures: Vec<Figure<'_>> = evidence.iter().flat_map(figures).collect();
    let mut out: Vec<Disagreement> = Vec::new();
    for (index, first) in figures.iter().enumerate() {
        if figures[..index].iter().any(|other| other.is_same(first)) {
            continue;
        }
        let others = figures[index + 1..]
            .iter()
            .filter(|other| other.is_same(first) && differ(first, other));
        let mut all: Vec<&Figure<'_>> = vec![first];
        all.extend(others);
        if all.len() > 1 {
            let of = first
                .entity
                .as_ref()
                .map_or_else(String::new, |entity| format!(" of {}", entity.key));
            let window = if first.role == Role::Previous {
                " of the previous period"
            } else {
                ""
            };
            let values: Vec<String> = all
                .iter()
                .map(|figure| format!("{} in {}", figure.at.shown(), figure.at.table.id))
                .collect();
            let verb = match first.at.unit() {
                Unit::Count(_) => "are",
                _ => "is",
            };
            let text = format!("{}{of}{window} {verb} {}", first.name, values.join(" and "));
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
        for row in &table.rows {
            let entity = match entity(table, row) {
                Some(entity) => Some(entity),
                None if table.kind == TableKind::Totals || is_total(row) => None,
                None => continue,
            };
            for (column, cell) in table.columns.iter().zip(&row.cells) {
                let is_value =
                    matches!(column.role, Role::Current | Role::Previous) && matches!(cell, Cell::Number { .. });
                let at = At {
                    table,
                    row,
                    column,
                    cell,
                };
                if let Some(population) = population(&at, entity.is_some()).filter(|_| is_value) {
                    out.push(Figure {
                        analyst: evidence.analyst.key(),
                        name: name_of(&at).to_lowercase(),
                        population,
                        entity: entity.clone(),
                        role: column.role,
                        at,
                    });
                }
            }
        }
    }
    out
}

/// What a row is about, where other tables may be about the same. A segment is one of its table alone.
fn entity<'a>(table: &'a Table, row: &'a Row) -> Option<Entity<'a>> {
    let key = table.columns.iter().find(|column| column.role == Role::Key)?;
    let is_shared = table.kind == TableKind::Entities && key.label != "segment";
    (is_shared && !row.summary).then(|| Entity {
        dimension: key.label.replace('_', " "),
        key: &row.key,
    })
}

/// Whom a value counts; none where it cannot be held against another table's.
fn population(at: &At<'_>, is_of_entity: bool) -> Option<Population> {
    let of_table = at.table.basis.as_ref().and_then(|basis| basis.population);
    match &at.column.unit {
        Unit::OfRow => Some(Population::All),
        _ if at.table.kind == TableKind::Totals => None,
        // Money and orders add up to the same whole however they are parted; whose money it is the label says.
        Unit::Money if at.column.additive => Some(Population::All),
        Unit::Count(noun) if noun != "users" && at.column.additive => of_table.map(|_| Population::All),
        Unit::Money | Unit::Count(_) => match of_table? {
            // Who has no id is no user; and who is new the label says.
            Population::KnownUsers | Population::NewUsers => Some(Population::All),
            // Who is in two rows counts in both: the total is of this table alone.
            Population::UsersOfEachRow | Population::UsersOfOneRow if !is_of_entity => None,
            other => Some(other),
        },
        _ => None,
    }
}

/// The name of a measure, short as the tables of entities have it.
fn name_of<'a>(at: &At<'a>) -> &'a str {
    match at.column.unit {
        Unit::OfRow if at.row.key == "active users of the period" => "users",
        Unit::OfRow => &at.row.key,
        _ => label_of(at.table, at.column),
    }
}

impl Figure<'_> {
    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.role == other.role
            && self.population == other.population
            && self.entity == other.entity
    }

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
mod tests;
