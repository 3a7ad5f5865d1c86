//! How many rows there are, went up or down, or lie beyond a limit.

use super::quantity::{Quantity, Source, Tag, What};
use super::{Basis, Kind};
use crate::evidence::{At, Table, TableKind};
use crate::reply::measure::{self, base, column_of};
use crate::reply::number::Bare;

/// How many of a column's rows lie beyond a limit.
pub(in crate::reply) struct Beyond {
    pub(in crate::reply) rows: usize,
    pub(in crate::reply) beyond: usize,
}

pub(super) fn counts<'a>(basis: &Basis<'a>) -> Vec<Quantity<'a>> {
    let mut out = Vec::new();
    let mut add = |tag: Tag, n: usize, source: Source<'a>| {
        out.push(Quantity {
            tag,
            ..Quantity::derived(Kind::Plain, n as f64, source)
        });
    };
    let mut tables: Vec<&Table> = Vec::new();
    let mut columns: Vec<(&Table, &str)> = Vec::new();
    for at in &basis.cells {
        let (table, id) = (at.table, What::Table(&at.table.id));
        if !tables.iter().any(|known| std::ptr::eq(*known, table)) {
            tables.push(table);
            add(Tag::Rows, table.total_rows, Source::new("rows of ", id, ""));
            let listed = measure::entities(table).count();
            add(Tag::Rows, listed, Source::new("listed rows of ", id, ""));
        }
        let base = base(at);
        let known = |(known, name): &(&Table, &str)| std::ptr::eq(*known, table) && *name == base.column.name;
        if !columns.iter().any(known) {
            columns.push((table, &base.column.name));
            let [up, down] = moved(&base);
            add(Tag::Moved(1), up, Source::new("rows of ", id, " that went up"));
            add(Tag::Moved(-1), down, Source::new("rows of ", id, " that went down"));
        }
    }
    let mut entities: Vec<&str> = Vec::new();
    for at in basis.cells.iter().filter(|at| at.table.kind != TableKind::Totals) {
        if !entities.contains(&at.row.id.as_str()) {
            entities.push(&at.row.id);
        }
    }
    if entities.len() > 1 && entities.len() != basis.n_used {
        add(
            Tag::Rows,
            entities.len(),
            Source::new("rows used beside totals", What::Nothing, ""),
        );
    }
    if basis.n_used > 1 {
        add(Tag::Rows, basis.n_used, Source::new("rows used", What::Nothing, ""));
    }
    out
}

/// The rows whose value of this column went up, and those whose value went down.
fn moved(base: &At<'_>) -> [usize; 2] {
    let mut out = [0, 0];
    for row in measure::entities(base.table) {
        match column_of(base, row).and_then(|at| measure::change(&at)) {
            Some(change) if change > 0.0 => out[0] += 1,
            Some(change) if change < 0.0 => out[1] += 1,
            _ => {}
        }
    }
    out
}

impl Basis<'_> {
    /// The counts of rows beyond a limit that the sentence itself names; "at least 98 %" includes it.
    pub(in crate::reply) fn beyond(&self, limit: &Bare, is_included: bool) -> Vec<Beyond> {
        let mut out: Vec<Beyond> = Vec::new();
        let mut columns: Vec<(&str, &str)> = Vec::new();
        for at in &self.cells {
            let kind = self.kind(at);
            let same =
                kind == limit.kind || (limit.kind == Kind::Plain && !matches!(kind, Kind::Percent | Kind::Points));
            let column = (at.table.id.as_str(), at.column.name.as_str());
            if !same || columns.contains(&column) {
                continue;
            }
            columns.push(column);
            let values = measure::column_values(at.table, &at.column.name);
            let is_beyond = |value: f64| match limit.is_above() {
                _ if value == limit.value => is_included,
                true => value > limit.value,
                false => value < limit.value,
            };
            out.push(Beyond {
                rows: values.len(),
                beyond: values.iter().filter(|(_, value)| is_beyond(*value)).count(),
            });
        }
        out
    }

    /// Of each column used, how many rows there are and how many of them went this way.
    pub(in crate::reply) fn went(&self, side: i8) -> Vec<Beyond> {
        let bases = self.cells.iter().map(base);
        let went = bases.map(|at| {
            let [up, down] = moved(&at);
            Beyond {
                rows: measure::entities(at.table).count(),
                beyond: if side > 0 { up } else { down },
            }
        });
        went.collect()
    }
}
