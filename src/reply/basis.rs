//! What a statement may say: the cells it uses and the closed set of values that follow from them. Never the whole evidence.

use std::collections::BTreeSet;
use std::fmt;

use crate::evidence::{At, Cell, Evidence, Role, Unit};

use super::lexicon::Lexicon;
use super::measure::{self, base, companion, same_unit};
use super::number::{Bare, Currency, Kind};

/// More cells than this and pairs of them say too much by accident; the asserts must then name the pair.
const MAX_PAIRED: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Now,
    Before,
    Neither,
}

/// How a quantity came to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// The value of a cell that is itself used.
    Used,
    /// The value of a cell beside one that is used: its previous value, its share.
    Beside,
    Derived,
    /// How many rows went this way.
    Moved(i8),
    /// How many rows there are.
    Rows,
    /// A place counted from the lowest value.
    FromBelow,
}

/// Where a quantity comes from, worded only when somebody asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    before: &'static str,
    what: What<'a>,
    after: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum What<'a> {
    Cell(At<'a>),
    Cells(At<'a>, At<'a>),
    /// So many cells of a column.
    Column(usize, &'a str),
    Table(&'a str),
    Nothing,
}

impl Source<'_> {
    /// An assert that holds.
    pub(super) const ASSERT: Source<'static> = Source {
        before: "an assert",
        what: What::Nothing,
        after: "",
    };
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.before)?;
        match self.what {
            What::Cell(at) => to.write_str(&measure::address(&at))?,
            What::Cells(a, b) => write!(to, "{} and {}", measure::address(&a), measure::address(&b))?,
            What::Column(n, name) => write!(to, "{n} cells of {name}")?,
            What::Table(id) => to.write_str(id)?,
            What::Nothing => {}
        }
        to.write_str(self.after)
    }
}

/// A value that the statement may state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantity<'a> {
    pub(super) kind: Kind,
    pub(super) value: f64,
    pub(super) time: Time,
    /// What it counts, where that is known.
    pub(super) noun: Option<&'a str>,
    pub(super) tag: Tag,
    /// How it came about, for the feedback: `g3.revenue`, `sum of g1.users, g2.users`.
    pub(super) source: Source<'a>,
}

/// Evidence, and the names and words of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) lexicon: &'a Lexicon,
}

/// Everything that one statement stands on.
pub(super) struct Basis<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) lexicon: &'a Lexicon,
    currency: Currency,
    pub(super) cells: Vec<At<'a>>,
    pub(super) quantities: Vec<Quantity<'a>>,
    /// Signs of the changes that the statement asserts.
    pub(super) signs: Vec<i8>,
    /// Sides (1 maximum, -1 minimum) of the extremes that it asserts; ranks count as both.
    pub(super) extremes: Vec<i8>,
    /// Rows named or used.
    pub(super) rows: BTreeSet<String>,
}

impl<'a> Basis<'a> {
    pub(super) fn of(ground: Ground<'a>, addresses: &[String]) -> Self {
        let Ground { evidence, lexicon } = ground;
        let mut cells: Vec<At<'a>> = Vec::new();
        for address in addresses {
            if let Some(at) = evidence.at(address)
                && !cells.iter().any(|other| is_same(other, &at))
            {
                cells.push(at);
            }
        }
        let rows = cells.iter().map(|at| at.row.id.clone()).collect();
        let mut basis = Self {
            evidence,
            lexicon,
            currency: evidence.currency.as_deref().map(Currency::of).unwrap_or_default(),
            cells,
            quantities: Vec::new(),
            signs: Vec::new(),
            extremes: Vec::new(),
            rows,
        };
        basis.derive();
        basis
    }

    pub(super) fn ground(&self) -> Ground<'a> {
        Ground {
            evidence: self.evidence,
            lexicon: self.lexicon,
        }
    }

    fn derive(&mut self) {
        let cells = self.cells.clone();
        for at in &cells {
            self.own(at);
        }
        let mut bases: Vec<At<'a>> = Vec::new();
        for at in &cells {
            let at = base(at);
            if at.exact().is_some() && !bases.iter().any(|other| is_same(other, &at)) {
                bases.push(at);
            }
        }
        if bases.len() <= MAX_PAIRED {
            for (index, a) in bases.iter().enumerate() {
                for b in &bases[index + 1..] {
                    self.pair(a, b);
                    self.pair(b, a);
                }
            }
        }
        self.groups(&cells);
        self.counts(&cells);
    }

    fn add(&mut self, kind: Kind, value: f64, time: Time, source: Source<'a>) {
        self.add_as(Tag::Derived, kind, value, time, source);
    }

    fn add_as(&mut self, tag: Tag, kind: Kind, value: f64, time: Time, source: Source<'a>) {
        if value.is_finite() {
            self.quantities.push(Quantity {
                kind,
                value,
                time,
                noun: None,
                tag,
                source,
            });
        }
    }

    /// A cell's value in its own unit.
    fn own(&mut self, at: &At<'a>) {
        self.value(at, Tag::Used);
        let base = base(at);
        let whole = What::Cell(base);
        if !is_same(at, &base) {
            self.value(&base, Tag::Beside);
        }
        for role in [
            Role::Previous,
            Role::Change,
            Role::ChangePoints,
            Role::Share,
            Role::PreviousShare,
            Role::Expected,
            Role::Deviation,
        ] {
            if let Some(cell) = companion(&base, role) {
                self.value(&cell, Tag::Beside);
            }
        }
        if let Some(percent) = measure::change_percent(&base) {
            self.add(
                Kind::Percent,
                percent,
                Time::Neither,
                Source {
                    before: "change of ",
                    what: whole,
                    after: "",
                },
            );
        }
        if let Some(points) = measure::points(&base) {
            self.add(
                Kind::Points,
                points,
                Time::Neither,
                Source {
                    before: "change of ",
                    what: whole,
                    after: "",
                },
            );
        }
        if let Some(deviation) = measure::deviation(&base) {
            self.add(
                Kind::Percent,
                deviation,
                Time::Neither,
                Source {
                    before: "deviation of ",
                    what: whole,
                    after: "",
                },
            );
        }
        if let (Some(now), Some(then)) = (base.exact(), measure::previous(&base).and_then(|then| then.exact())) {
            if *base.unit() != Unit::Percent {
                self.add(
                    self.kind(&base),
                    now - then,
                    Time::Neither,
                    Source {
                        before: "difference of ",
                        what: whole,
                        after: " to before",
                    },
                );
            }
            if then != 0.0 {
                self.add(
                    Kind::Times,
                    now / then,
                    Time::Neither,
                    Source {
                        before: "",
                        what: whole,
                        after: " over its previous value",
                    },
                );
            }
        }
        if *base.unit() == Unit::Percent
            && let Some(now) = base.exact()
        {
            self.add(
                Kind::Percent,
                100.0 - now,
                Time::Now,
                Source {
                    before: "100 less ",
                    what: whole,
                    after: "",
                },
            );
        }
        if let Some(rank) = measure::rank(at) {
            self.add(
                Kind::Ordinal,
                rank.from_top as f64,
                Time::Neither,
                Source {
                    before: "rank of ",
                    what: whole,
                    after: "",
                },
            );
            self.add_as(
                Tag::FromBelow,
                Kind::Ordinal,
                rank.from_bottom as f64,
                Time::Neither,
                Source {
                    before: "rank of ",
                    what: whole,
                    after: " from below",
                },
            );
        }
    }

    pub(super) fn kind(&self, at: &At<'_>) -> Kind {
        match at.unit() {
            Unit::Money => Kind::Money(self.currency),
            Unit::Percent => Kind::Percent,
            Unit::PercentagePoints => Kind::Points,
            Unit::Minutes => Kind::Minutes,
            _ => Kind::Plain,
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
        let unit = match &at.column.unit {
            Unit::OfRow => at.row.unit.as_ref(),
            unit => Some(unit),
        };
        let noun = match unit {
            Some(Unit::Count(noun)) => Some(noun.as_str()),
            _ => None,
        };
        let as_shown = value_of(shown).filter(|shown| {
            let near = (shown - exact).abs() <= exact.abs() * 0.05 + 0.5;
            near && shown != exact
        });
        for value in [Some(*exact), as_shown].into_iter().flatten() {
            self.quantities.push(Quantity {
                kind: self.kind(at),
                value,
                time,
                noun,
                tag,
                source: Source {
                    before: "",
                    what: What::Cell(*at),
                    after: "",
                },
            });
            if *at.unit() == Unit::Ratio {
                self.add(
                    Kind::Times,
                    value,
                    time,
                    Source {
                        before: "",
                        what: What::Cell(*at),
                        after: "",
                    },
                );
            }
        }
    }

    fn pair(&mut self, a: &At<'a>, b: &At<'a>) {
        let (Some(x), Some(y)) = (a.exact(), b.exact()) else {
            return;
        };
        let names = What::Cells(*a, *b);
        if same_unit(a, b) {
            let gap = if *a.unit() == Unit::Percent {
                Kind::Points
            } else {
                self.kind(a)
            };
            self.add(
                gap,
                x - y,
                Time::Neither,
                Source {
                    before: "difference of ",
                    what: names,
                    after: "",
                },
            );
            if y != 0.0 {
                self.add(
                    Kind::Times,
                    x / y,
                    Time::Neither,
                    Source {
                        before: "ratio of ",
                        what: names,
                        after: "",
                    },
                );
                self.add(
                    Kind::Percent,
                    (x - y) / y.abs() * 100.0,
                    Time::Neither,
                    Source {
                        before: "difference of ",
                        what: names,
                        after: " in percent",
                    },
                );
                self.add(
                    Kind::Percent,
                    x / y * 100.0,
                    Time::Neither,
                    Source {
                        before: "",
                        what: names,
                        after: " as a share",
                    },
                );
            }
        } else if a.row.id == b.row.id && y != 0.0 {
            match (a.unit(), b.unit()) {
                (Unit::Money, Unit::Count(_)) => self.add(
                    self.kind(a),
                    x / y,
                    Time::Neither,
                    Source {
                        before: "",
                        what: names,
                        after: " per unit",
                    },
                ),
                (Unit::Count(_), Unit::Count(_)) => {
                    self.add(
                        Kind::Percent,
                        x / y * 100.0,
                        Time::Neither,
                        Source {
                            before: "",
                            what: names,
                            after: " as a share",
                        },
                    );
                    self.add(
                        Kind::Plain,
                        x / y,
                        Time::Neither,
                        Source {
                            before: "",
                            what: names,
                            after: " per unit",
                        },
                    );
                }
                _ => {}
            }
        }
    }

    /// Sums and means over the used rows of one column.
    fn groups(&mut self, cells: &[At<'a>]) {
        let mut done = BTreeSet::new();
        for first in cells {
            if !done.insert((&first.table.id, &first.column.name)) || first.column.unit == Unit::OfRow {
                continue;
            }
            let same: Vec<f64> = cells
                .iter()
                .filter(|at| at.table.id == first.table.id && at.column.name == first.column.name && !at.row.summary)
                .filter_map(At::exact)
                .collect();
            if same.len() < 2 {
                continue;
            }
            let total: f64 = same.iter().sum();
            let kind = self.kind(first);
            let cells = What::Column(same.len(), &first.column.name);
            if first.column.additive || first.column.role == Role::Share {
                self.add(
                    kind,
                    total,
                    Time::Now,
                    Source {
                        before: "sum of ",
                        what: cells,
                        after: "",
                    },
                );
            }
            self.add(
                kind,
                total / same.len() as f64,
                Time::Now,
                Source {
                    before: "mean of ",
                    what: cells,
                    after: "",
                },
            );
        }
    }

    /// How many rows there are, are used, went up or down.
    fn counts(&mut self, cells: &[At<'a>]) {
        let mut tables = BTreeSet::new();
        let mut columns = BTreeSet::new();
        for at in cells {
            let table = at.table;
            if tables.insert(&table.id) {
                self.add_as(
                    Tag::Rows,
                    Kind::Plain,
                    table.total_rows as f64,
                    Time::Neither,
                    Source {
                        before: "rows of ",
                        what: What::Table(&table.id),
                        after: "",
                    },
                );
                self.add_as(
                    Tag::Rows,
                    Kind::Plain,
                    measure::entities(table).count() as f64,
                    Time::Neither,
                    Source {
                        before: "listed rows of ",
                        what: What::Table(&table.id),
                        after: "",
                    },
                );
            }
            let base = base(at);
            if columns.insert((&table.id, &base.column.name)) {
                for side in [1.0, -1.0] {
                    let moved = measure::entities(table)
                        .filter_map(|row| measure::change(&table.at(row, &base.column.name)?))
                        .filter(|change| change * side > 0.0)
                        .count();
                    let (word, tag) = if side > 0.0 {
                        (" that went up", Tag::Moved(1))
                    } else {
                        (" that went down", Tag::Moved(-1))
                    };
                    self.add_as(
                        tag,
                        Kind::Plain,
                        moved as f64,
                        Time::Neither,
                        Source {
                            before: "rows of ",
                            what: What::Table(&table.id),
                            after: word,
                        },
                    );
                }
            }
        }
        if self.rows.len() > 1 {
            self.add_as(
                Tag::Rows,
                Kind::Plain,
                self.rows.len() as f64,
                Time::Neither,
                Source {
                    before: "rows used",
                    what: What::Nothing,
                    after: "",
                },
            );
        }
    }

    /// The counts of rows beyond a limit that the sentence itself names.
    pub(super) fn beyond(&self, limit: &Bare) -> Vec<Beyond> {
        let mut out: Vec<Beyond> = Vec::new();
        let mut columns = BTreeSet::new();
        for at in &self.cells {
            let kind = self.kind(at);
            let same =
                kind == limit.kind || (limit.kind == Kind::Plain && !matches!(kind, Kind::Percent | Kind::Points));
            if !same || !columns.insert((&at.table.id, &at.column.name)) {
                continue;
            }
            let values = measure::column_values(at.table, &at.column.name);
            let is_beyond = |value: f64| {
                if limit.is_above() {
                    value > limit.value
                } else {
                    value < limit.value
                }
            };
            out.push(Beyond {
                rows: values.len(),
                beyond: values.iter().filter(|(_, value)| is_beyond(*value)).count(),
            });
        }
        out
    }
}

fn is_same(a: &At<'_>, b: &At<'_>) -> bool {
    std::ptr::eq(a.row, b.row) && std::ptr::eq(a.column, b.column)
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

/// How many of a column's rows lie beyond a limit.
pub(super) struct Beyond {
    pub(super) rows: usize,
    pub(super) beyond: usize,
}
