//! What a cell's companions say of it: previous value, change, points, expectation, score, rank. Exact arithmetic only.

use crate::evidence::{At, Cell, Role, Row, Table, Unit};

/// `g3.revenue`.
pub(super) fn address(at: &At<'_>) -> String {
    format!("{}.{}", at.row.id, at.column.name)
}

/// The cell of the same row and measure that plays `role`.
pub(super) fn companion<'a>(at: &At<'a>, role: Role) -> Option<At<'a>> {
    let mut cells = at.table.columns.iter().zip(&at.row.cells);
    let (column, cell) = cells.find(|(column, _)| column.role == role && column.of == at.column.of)?;
    Some(At { column, cell, ..*at })
}

/// The cell of this column in another row.
pub(super) fn column_of<'a>(at: &At<'a>, row: &'a Row) -> Option<At<'a>> {
    let place = at
        .table
        .columns
        .iter()
        .position(|column| std::ptr::eq(column, at.column))?;
    let cell = row.cells.get(place)?;
    Some(At { row, cell, ..*at })
}

/// The current value that this cell is about; the cell itself when it is one.
pub(super) fn base<'a>(at: &At<'a>) -> At<'a> {
    match at.column.role {
        Role::Current | Role::Key | Role::Note => *at,
        _ => companion(at, Role::Current)
            .or_else(|| at.table.at(at.row, &at.column.of))
            .unwrap_or(*at),
    }
}

pub(super) fn previous<'a>(at: &At<'a>) -> Option<At<'a>> {
    let base = base(at);
    match base.column.role {
        Role::Share => companion(&base, Role::PreviousShare),
        _ => companion(&base, Role::Previous),
    }
}

/// Relative change in percent with its previous value as the base.
pub(super) fn change_percent(at: &At<'_>) -> Option<f64> {
    let base = base(at);
    if let Some(change) = companion(&base, Role::Change).and_then(|cell| cell.exact()) {
        return Some(change);
    }
    let (now, then) = (base.exact()?, previous(&base)?.exact()?);
    (then != 0.0).then(|| (now - then) / then.abs() * 100.0)
}

/// Difference in percentage points; only of percentages.
pub(super) fn points(at: &At<'_>) -> Option<f64> {
    let base = base(at);
    if let Some(points) = companion(&base, Role::ChangePoints).and_then(|cell| cell.exact()) {
        return Some(points);
    }
    if *base.unit() != Unit::Percent {
        return None;
    }
    Some(base.exact()? - previous(&base)?.exact()?)
}

/// Current minus previous; the sign of the change where only that is known.
pub(super) fn change(at: &At<'_>) -> Option<f64> {
    let base = base(at);
    if let (Some(now), Some(then)) = (base.exact(), previous(&base).and_then(|cell| cell.exact())) {
        return Some(now - then);
    }
    change_percent(&base).or_else(|| points(&base))
}

/// Relative deviation from the expected value in percent.
pub(super) fn deviation(at: &At<'_>) -> Option<f64> {
    let base = base(at);
    if let Some(deviation) = companion(&base, Role::Deviation).and_then(|cell| cell.exact()) {
        return Some(deviation);
    }
    let (value, expected) = (base.exact()?, expected(&base)?.exact()?);
    (expected != 0.0).then(|| (value - expected) / expected.abs() * 100.0)
}

pub(super) fn expected<'a>(at: &At<'a>) -> Option<At<'a>> {
    companion(&base(at), Role::Expected)
}

/// The standard score behind a change of this cell's measure.
pub(super) fn score(at: &At<'_>) -> Option<f64> {
    if at.column.role == Role::Z {
        return at.exact();
    }
    let base = base(at);
    companion(&base, Role::Z).and_then(|cell| cell.exact()).or_else(|| {
        // A score that names no current column is about the whole row.
        let column = at.table.columns.iter().find(|column| {
            let named = at.table.column(&column.of);
            column.role == Role::Z && !named.is_some_and(|(_, of)| of.role == Role::Current)
        })?;
        at.table.at(at.row, &column.name)?.exact()
    })
}

/// The rows of a table that are entities of their own.
pub(super) fn entities(table: &Table) -> impl Iterator<Item = &Row> {
    table.rows.iter().filter(|row| !row.summary)
}

/// The values of one column over all entities.
pub(super) fn column_values<'a>(table: &'a Table, name: &str) -> Vec<(&'a Row, f64)> {
    let Some((place, _)) = table.column(name) else {
        return Vec::new();
    };
    let value = |row: &'a Row| match row.cells.get(place)? {
        Cell::Number { exact, .. } => Some((row, *exact)),
        _ => None,
    };
    entities(table).filter_map(value).collect()
}

/// Where a cell stands in its column.
pub(super) struct Rank {
    /// 1 is the highest.
    pub(super) from_top: usize,
    /// 1 is the lowest.
    pub(super) from_bottom: usize,
    pub(super) of: usize,
    /// Rows left out may stand between: only the listed ones are ranked.
    pub(super) listed_only: bool,
}

/// Whether this row's change, in amount or in percent, is the largest rise (1) or the largest fall (-1) of its column.
pub(super) fn is_extreme_change(at: &At<'_>, side: i8, of: impl Fn(&At<'_>) -> Option<f64>) -> bool {
    let base = base(at);
    if at.row.summary || at.column.unit == Unit::OfRow {
        return false;
    }
    let Some(own) = of(&base) else { return false };
    let mut all = entities(at.table).filter_map(|row| of(&column_of(&base, row)?));
    match side {
        1 => own > 0.0 && all.all(|other| other <= own),
        _ => own < 0.0 && all.all(|other| other >= own),
    }
}

/// Ranks mean nothing across rows of different units, for summary rows, or for a missing value.
pub(super) fn rank(at: &At<'_>) -> Option<Rank> {
    if at.row.summary || at.column.unit == Unit::OfRow {
        return None;
    }
    let own = at.exact()?;
    let values = column_values(at.table, &at.column.name);
    let by_this = is_ordered_by(at) && values.is_sorted_by(|a, b| a.1 >= b.1);
    let all = entities(at.table).count() >= at.table.total_rows;
    Some(Rank {
        from_top: values.iter().filter(|(_, value)| *value > own).count() + 1,
        from_bottom: values.iter().filter(|(_, value)| *value < own).count() + 1,
        of: if all {
            values.len()
        } else if by_this {
            at.table.total_rows
        } else {
            values.len()
        },
        listed_only: !all && !by_this,
    })
}

/// Whether the table says that its rows stand in the order of this column.
fn is_ordered_by(at: &At<'_>) -> bool {
    if at.column.role != Role::Current || at.table.order_rule.is_empty() {
        return false;
    }
    let ordered = at.table.order_rule.to_lowercase();
    let measure = base(at).column;
    let says = |word: &&String| word.len() > 2 && ordered.contains(&word.to_lowercase());
    let mut words = ordered.split(|c: char| !c.is_alphanumeric());
    [&measure.label, &measure.name].iter().any(says)
        && !words.any(|word| ["mixed", "change", "z", "unusual"].contains(&word))
}

/// Two cells of which arithmetic makes sense together.
pub(super) fn same_unit(a: &At<'_>, b: &At<'_>) -> bool {
    a.unit() == b.unit() && !matches!(a.unit(), Unit::Text | Unit::Date | Unit::Z)
}
