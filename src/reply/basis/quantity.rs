//! One value that a statement may state, and where it comes from.

use std::fmt;

use crate::evidence::{At, TableKind};

use crate::reply::measure;
use crate::reply::number::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reply) enum Time {
    Now,
    Before,
    Neither,
}

/// How a quantity came to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reply) enum Tag {
    /// The value of a cell that is itself used.
    Used,
    /// The value of a cell beside one that is used: its previous value, its share.
    Beside,
    Derived,
    /// What part one value is of another: it states no change.
    Part,
    /// What part a value is of its own previous value, in percent: "66 % of what it was".
    Left,
    /// How many rows went this way.
    Moved(i8),
    /// How many rows there are.
    Rows,
    /// A place counted from the lowest value.
    FromBelow,
}

/// A value that the statement may state.
#[derive(Debug, Clone, Copy)]
pub(in crate::reply) struct Quantity<'a> {
    pub(in crate::reply) kind: Kind,
    pub(in crate::reply) value: f64,
    pub(in crate::reply) time: Time,
    /// What it counts, where that is known.
    pub(in crate::reply) noun: Option<&'a str>,
    pub(in crate::reply) tag: Tag,
    /// How it came about, for the feedback: `g3.revenue`, `sum of g1.users, g2.users`.
    pub(in crate::reply) source: Source<'a>,
}

impl<'a> Quantity<'a> {
    pub(super) fn derived(kind: Kind, value: f64, source: Source<'a>) -> Self {
        Self {
            kind,
            value,
            time: Time::Neither,
            noun: None,
            tag: Tag::Derived,
            source,
        }
    }

    /// Whether it comes of a cell of one of these rows.
    pub(in crate::reply) fn is_of(&self, rows: &[&str]) -> bool {
        matches!(self.source.what, What::Cell(at) if rows.contains(&at.row.id.as_str()))
    }

    /// Whether arithmetic made it of one cell or of two.
    pub(in crate::reply) fn is_of_few(&self) -> bool {
        self.tag != Tag::Used && matches!(self.source.what, What::Cell(_) | What::Cells(..))
    }

    /// Whether it is how many rows there are or went somewhere, or what an assert says.
    pub(in crate::reply) fn is_of_rows(&self) -> bool {
        matches!(self.tag, Tag::Rows | Tag::Moved(_)) || matches!(self.source.what, What::Nothing)
    }

    /// Of two cells.
    pub(in crate::reply) fn is_difference(&self) -> bool {
        self.source.before.starts_with("difference") && matches!(self.source.what, What::Cells(..))
    }

    pub(in crate::reply) fn is_mean(&self) -> bool {
        self.source.before.starts_with("mean")
    }

    pub(in crate::reply) fn is_sum(&self) -> bool {
        self.source.before.starts_with("sum")
    }

    /// Whether it is of one row, and no total.
    pub(in crate::reply) fn is_of_entity(&self) -> bool {
        matches!(self.source.what, What::Cell(at) if at.table.kind != TableKind::Totals)
    }

    /// What an assert says, and the program has recomputed.
    pub(in crate::reply) fn stated(kind: Kind, value: f64) -> Self {
        Self::derived(kind, value, Source::new("an assert", What::Nothing, ""))
    }
}

/// Where a quantity comes from, worded only when somebody asks.
#[derive(Debug, Clone, Copy)]
pub(in crate::reply) struct Source<'a> {
    before: &'static str,
    what: What<'a>,
    after: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum What<'a> {
    Cell(At<'a>),
    Cells(At<'a>, At<'a>),
    /// So many cells of a column.
    Column(usize, &'a str),
    Table(&'a str),
    Nothing,
}

impl<'a> Source<'a> {
    pub(super) fn new(before: &'static str, what: What<'a>, after: &'static str) -> Self {
        Self { before, what, after }
    }
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
