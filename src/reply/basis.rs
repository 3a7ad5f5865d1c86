//! What a statement may say: the cells it uses and the closed set of values that follow from them. Never the whole evidence.

mod counts;
mod derived;
mod quantity;

use std::cell::OnceCell;
use std::iter::once_with;

use crate::evidence::{At, Evidence, Unit};

use super::lexicon::Lexicon;
use super::number::{Bare, Currency, Kind, comparable};
pub(super) use counts::Beyond;
pub(super) use quantity::{Quantity, Tag, Time};

/// Evidence, and the names and words of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) lexicon: &'a Lexicon,
}

/// Everything that one statement stands on. What follows from its cells is computed when somebody asks for it: most statements need
/// only a part.
pub(super) struct Basis<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) lexicon: &'a Lexicon,
    currency: Currency,
    pub(super) cells: Vec<At<'a>>,
    /// What the statement's asserts say.
    pub(super) stated: Vec<Quantity<'a>>,
    /// Signs of the changes that the statement asserts.
    pub(super) signs: Vec<i8>,
    /// Sides (1 maximum, -1 minimum) of the extremes that it asserts; ranks count as both.
    pub(super) extremes: Vec<i8>,
    /// Rows named or used, each once.
    rows: Vec<&'a str>,
    /// Of them, those whose cells are used.
    n_used: usize,
    own: OnceCell<Vec<Quantity<'a>>>,
    pairs: OnceCell<Vec<Quantity<'a>>>,
    groups: OnceCell<Vec<Quantity<'a>>>,
    places: OnceCell<Vec<Quantity<'a>>>,
    counts: OnceCell<Vec<Quantity<'a>>>,
}

impl<'a> Basis<'a> {
    pub(super) fn of(ground: Ground<'a>, addresses: &[String]) -> Self {
        let cells = addresses.iter().filter_map(|address| ground.evidence.at(address));
        Self::on(ground, cells)
    }

    pub(super) fn on(ground: Ground<'a>, all: impl IntoIterator<Item = At<'a>>) -> Self {
        let Ground { evidence, lexicon } = ground;
        let mut cells: Vec<At<'a>> = Vec::new();
        for at in all {
            if !cells.iter().any(|other| is_same(other, &at)) {
                cells.push(at);
            }
        }
        let mut basis = Self {
            evidence,
            lexicon,
            currency: evidence.currency.as_deref().map(Currency::of).unwrap_or_default(),
            cells: Vec::new(),
            stated: Vec::new(),
            signs: Vec::new(),
            extremes: Vec::new(),
            rows: Vec::new(),
            n_used: 0,
            own: OnceCell::new(),
            pairs: OnceCell::new(),
            groups: OnceCell::new(),
            places: OnceCell::new(),
            counts: OnceCell::new(),
        };
        cells.iter().for_each(|at| basis.add_row(&at.row.id));
        basis.n_used = basis.rows.len();
        basis.cells = cells;
        basis
    }

    pub(super) fn ground(&self) -> Ground<'a> {
        Ground {
            evidence: self.evidence,
            lexicon: self.lexicon,
        }
    }

    /// The statement names this row.
    pub(super) fn use_row(&mut self, id: &str) {
        if let Some((_, row)) = self.evidence.row(id) {
            self.add_row(&row.id);
        }
    }

    fn add_row(&mut self, id: &'a str) {
        if !self.rows.contains(&id) {
            self.rows.push(id);
        }
    }

    pub(super) fn uses(&self, row: &str) -> bool {
        self.rows.contains(&row)
    }

    /// How many rows the cells used are of.
    pub(super) fn n_used(&self) -> usize {
        self.n_used
    }

    pub(super) fn rows(&self) -> &[&'a str] {
        &self.rows
    }

    /// Everything that the statement may state.
    pub(super) fn quantities(&self) -> impl Iterator<Item = &Quantity<'a>> {
        let ordinals = || self.of_kind(Kind::Ordinal);
        self.of_kind(Kind::Plain).chain(once_with(ordinals).flatten())
    }

    /// What a number of this kind may stand for, the nearest first; what lies farther is computed when the search gets there.
    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Quantity<'a>> {
        let is_place = kind == Kind::Ordinal;
        let parts = (0..4).filter(move |part| match part {
            0..=2 => !is_place,
            _ => is_place || kind == Kind::Plain,
        });
        let quantities = parts.flat_map(move |part| match part {
            0 => self.own(),
            1 => self.pairs.get_or_init(|| derived::pairs(self)),
            2 => self.groups(),
            _ if is_place => self.places.get_or_init(|| derived::places(self)),
            _ => self.counts(),
        });
        quantities.chain(&self.stated)
    }

    /// Those of them that are of one time: cells, and sums and means of cells.
    pub(super) fn timed(&self) -> impl Iterator<Item = &Quantity<'a>> {
        self.own().iter().chain(self.groups())
    }

    /// Whether a number is a sum or a mean of the cells.
    pub(super) fn sums(&self, bare: &Bare) -> bool {
        let mut groups = self.groups().iter();
        groups.any(|quantity| comparable(&bare.kind, &quantity.kind) && bare.fits(quantity.value))
    }

    pub(super) fn counts(&self) -> &[Quantity<'a>] {
        self.counts.get_or_init(|| counts::counts(self))
    }

    fn own(&self) -> &[Quantity<'a>] {
        self.own.get_or_init(|| derived::own(self))
    }

    fn groups(&self) -> &[Quantity<'a>] {
        self.groups.get_or_init(|| derived::groups(self))
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
}

fn is_same(a: &At<'_>, b: &At<'_>) -> bool {
    std::ptr::eq(a.row, b.row) && std::ptr::eq(a.column, b.column)
}
