//! The values that follow from the cells used: theirs, those beside them, and what closed arithmetic makes of one, of two, of all.

use super::quantity::{Quantity, Source, Tag, Time, What};
use super::{Basis, Kind, is_same};
use crate::evidence::{At, Cell, Role, Unit};
use crate::reply::measure::{self, base, same_unit};

/// More cells than this and pairs of them say too much by accident; the asserts must then name the pair.
const MAX_PAIRED: usize = 8;

/// Of each cell.
pub(super) fn own<'a>(basis: &Basis<'a>) -> Vec<Quantity<'a>> {
    let mut out = Derived::of(basis, 12 * basis.cells.len());
    basis.cells.iter().for_each(|at| out.own(at));
    out.quantities
}

/// Of each two.
pub(super) fn pairs<'a>(basis: &Basis<'a>) -> Vec<Quantity<'a>> {
    let mut out = Derived::of(basis, 0);
    let mut bases: Vec<At<'a>> = Vec::new();
    for at in basis.cells.iter().map(base) {
        if at.exact().is_some() && !bases.iter().any(|other| is_same(other, &at)) {
            bases.push(at);
        }
    }
    if bases.len() <= MAX_PAIRED {
        for (index, a) in bases.iter().enumerate() {
            for b in &bases[index + 1..] {
                out.pair(a, b);
                out.pair(b, a);
            }
        }
    }
    out.quantities
}

/// Sums and means over the used rows of each column.
pub(super) fn groups<'a>(basis: &Basis<'a>) -> Vec<Quantity<'a>> {
    let mut out = Derived::of(basis, 0);
    out.groups();
    out.quantities
}

/// The places of the cells in their columns, from above and from below.
pub(super) fn places<'a>(basis: &Basis<'a>) -> Vec<Quantity<'a>> {
    let mut out = Vec::new();
    for at in &basis.cells {
        let whole = What::Cell(base(at));
        let Some(rank) = measure::rank(at) else { continue };
        let place =
            |place: usize, after| Quantity::derived(Kind::Ordinal, place as f64, Source::new("rank of ", whole, after));
        out.push(place(rank.from_top, ""));
        out.push(Quantity {
            tag: Tag::FromBelow,
            ..place(rank.from_bottom, " from below")
        });
    }
    out
}

struct Derived<'b, 'a> {
    basis: &'b Basis<'a>,
    quantities: Vec<Quantity<'a>>,
}

impl<'b, 'a> Derived<'b, 'a> {
    fn of(basis: &'b Basis<'a>, about: usize) -> Self {
        Self {
            basis,
            quantities: Vec::with_capacity(about),
        }
    }

    fn add(&mut self, kind: Kind, value: f64, source: Source<'a>) {
        self.add_at(Time::Neither, kind, value, source);
    }

    /// A percentage that not every sentence may state.
    fn add_tagged(&mut self, tag: Tag, percent: f64, source: Source<'a>) {
        if percent.is_finite() {
            self.quantities.push(Quantity {
                tag,
                ..Quantity::derived(Kind::Percent, percent, source)
            });
        }
    }

    fn add_at(&mut self, time: Time, kind: Kind, value: f64, source: Source<'a>) {
        self.add_counted(time, kind, value, None, source);
    }

    /// A value that counts what the cells count that it is made of.
    fn add_counted(&mut self, time: Time, kind: Kind, value: f64, noun: Option<&'a str>, source: Source<'a>) {
        if value.is_finite() {
            self.quantities.push(Quantity {
                time,
                noun,
                ..Quantity::derived(kind, value, source)
            });
        }
    }

    /// A cell's value in its own unit, and what its companions make of it.
    fn own(&mut self, at: &At<'a>) {
        self.value(at, Tag::Used);
        let base = base(at);
        let whole = What::Cell(base);
        if !is_same(at, &base) {
            self.value(&base, Tag::Beside);
        }
        for cell in beside(&base).into_iter().flatten() {
            self.value(&cell, Tag::Beside);
        }
        let change = |what: &'static str| Source::new(what, whole, "");
        if let Some(percent) = measure::change_percent(&base) {
            self.add(Kind::Percent, percent, change("change of "));
        }
        if let Some(points) = measure::points(&base) {
            self.add(Kind::Points, points, change("change of "));
        }
        if let Some(deviation) = measure::deviation(&base) {
            self.add(Kind::Percent, deviation, change("deviation of "));
        }
        let is_percent = *base.unit() == Unit::Percent;
        if let (Some(now), Some(then)) = (base.exact(), measure::previous(&base).and_then(|then| then.exact())) {
            if !is_percent {
                let source = Source::new("difference of ", whole, " to before");
                self.add(self.basis.kind(&base), now - then, source);
            }
            if then != 0.0 {
                let source = Source::new("", whole, " over its previous value");
                self.add(Kind::Times, now / then, source);
                self.add_tagged(Tag::Left, now / then * 100.0, source);
            }
        }
        if is_percent && let Some(now) = base.exact() {
            self.add_at(Time::Now, Kind::Percent, 100.0 - now, change("100 less "));
        }
    }

    fn value(&mut self, at: &At<'a>, tag: Tag) {
        let Cell::Number { exact, shown } = at.cell else {
            return;
        };
        let time = match at.column.role {
            Role::Current | Role::Share => Time::Now,
            Role::Previous | Role::PreviousShare => Time::Before,
            _ => Time::Neither,
        };
        let noun = noun_of(at);
        let as_shown = value_of(shown).filter(|shown| {
            let near = (shown - exact).abs() <= exact.abs() * 0.05 + 0.5;
            near && shown != exact
        });
        let source = Source::new("", What::Cell(*at), "");
        for value in [Some(*exact), as_shown].into_iter().flatten() {
            self.quantities.push(Quantity {
                kind: self.basis.kind(at),
                value,
                time,
                noun,
                tag,
                source,
            });
            if *at.unit() == Unit::Ratio {
                self.add_at(time, Kind::Times, value, source);
            }
        }
    }

    fn pair(&mut self, a: &At<'a>, b: &At<'a>) {
        let (Some(x), Some(y)) = (a.exact(), b.exact()) else {
            return;
        };
        let of = |before, after| Source::new(before, What::Cells(*a, *b), after);
        let kind = self.basis.kind(a);
        if same_unit(a, b) {
            let gap = if *a.unit() == Unit::Percent { Kind::Points } else { kind };
            self.add(gap, x - y, of("difference of ", ""));
            if y != 0.0 {
                self.add(Kind::Times, x / y, of("ratio of ", ""));
                self.add(
                    Kind::Percent,
                    (x - y) / y.abs() * 100.0,
                    of("difference of ", " in percent"),
                );
                self.add_tagged(Tag::Part, x / y * 100.0, of("", " as a share"));
            }
        } else if a.row.id == b.row.id && y != 0.0 {
            match (a.unit(), b.unit()) {
                (Unit::Money, Unit::Count(_)) => self.add(kind, x / y, of("", " per unit")),
                (Unit::Count(_), Unit::Count(_)) => {
                    self.add_tagged(Tag::Part, x / y * 100.0, of("", " as a share"));
                    self.add(Kind::Plain, x / y, of("", " per unit"));
                }
                _ => {}
            }
        }
    }

    /// What part the sum of a column's cells has in each other cell of its unit.
    fn parts_of_others(&mut self, first: &At<'a>, total: f64, source: Source<'a>) {
        let basis = self.basis;
        let is_other = |at: &&At<'_>| !std::ptr::eq(at.column, first.column) && at.unit() == first.unit();
        for whole in basis.cells.iter().filter(is_other).filter_map(At::exact) {
            if whole >= total && whole > 0.0 {
                self.add_at(Time::Now, Kind::Percent, total / whole * 100.0, source);
            }
        }
    }

    fn groups(&mut self) {
        let cells = &self.basis.cells;
        for (index, first) in cells.iter().enumerate() {
            let is_same = |at: &&At<'_>| std::ptr::eq(at.table, first.table) && std::ptr::eq(at.column, first.column);
            if first.column.unit == Unit::OfRow || cells[..index].iter().any(|at| is_same(&at)) {
                continue;
            }
            let own = cells.iter().filter(is_same).filter(|at| !at.row.summary);
            let (n, total) = own
                .filter_map(At::exact)
                .fold((0, 0.0), |(n, sum), value| (n + 1, sum + value));
            if n < 2 {
                continue;
            }
            let kind = self.basis.kind(first);
            let of = |before| Source::new(before, What::Column(n, &first.column.name), "");
            if first.column.additive || first.column.role == Role::Share {
                self.add_counted(Time::Now, kind, total, noun_of(first), of("sum of "));
            }
            if first.column.additive {
                self.parts_of_others(first, total, of("share of "));
            }
            self.add_at(Time::Now, kind, total / n as f64, of("mean of "));
            let before = cells
                .iter()
                .filter(is_same)
                .filter(|at| !at.row.summary && at.exact().is_some());
            let before = before.map(|at| measure::previous(at).and_then(|then| then.exact()));
            let then: Option<f64> = before.sum();
            if let Some(then) = then.filter(|_| first.column.additive && first.column.role == Role::Current) {
                self.add(kind, total - then, of("change of the sum of "));
                if then != 0.0 {
                    let percent = (total - then) / then.abs() * 100.0;
                    self.add(Kind::Percent, percent, of("change in percent of the sum of "));
                }
            }
        }
    }
}

/// What a cell counts, if it is a count.
fn noun_of<'a>(at: &At<'a>) -> Option<&'a str> {
    let unit = match &at.column.unit {
        Unit::OfRow => at.row.unit.as_ref(),
        unit => Some(unit),
    };
    match unit {
        Some(Unit::Count(noun)) => Some(noun.as_str()),
        _ => None,
    }
}

/// What stands beside a current value in its row: before, change, share, expectation.
fn beside<'a>(base: &At<'a>) -> [Option<At<'a>>; 7] {
    const ROLES: [Role; 7] = [
        Role::Previous,
        Role::Change,
        Role::ChangePoints,
        Role::Share,
        Role::PreviousShare,
        Role::Expected,
        Role::Deviation,
    ];
    let mut out = [None; 7];
    for (column, cell) in base.table.columns.iter().zip(&base.row.cells) {
        if let Some(place) = ROLES.iter().position(|role| *role == column.role)
            && out[place].is_none()
            && column.of == base.column.of
        {
            out[place] = Some(At { column, cell, ..*base });
        }
    }
    out
}

/// A value as it is shown, unless it is shown in thousands or millions.
fn value_of(shown: &str) -> Option<f64> {
    if let Ok(value) = shown.parse() {
        return Some(value);
    }
    let digits: String = shown
        .chars()
        .filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
        .collect();
    digits.parse().ok().filter(|_| !shown.contains(['k', 'K', 'M', 'B']))
}
