//! Counts of rows: how many lie beyond a limit that the sentence names, and which number is only the count of all.

use super::basis::Tag;
use super::number::{Bare, Kind};
use super::reason::Reason;
use super::verify::Judge;

/// The part that a number has in a count of rows beyond a limit.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Counted {
    /// None: it is judged as any other number.
    Not,
    Limit,
    Right,
    Wrong(Reason),
}

/// The part of each number, in order; empty where nothing is counted.
pub(super) struct Counts(Vec<Counted>);

impl Counts {
    pub(super) fn of(&self, index: usize) -> Counted {
        self.0.get(index).cloned().unwrap_or(Counted::Not)
    }
}

impl Judge<'_, '_> {
    /// "Three of the 8 segments exceed 140,000": a count, the count of all, and the limit.
    pub(super) fn counted(&self) -> Counts {
        let limits = || self.numbers.iter().filter(|bare| bare.is_bound());
        let counts: Vec<&Bare> = self.numbers.iter().filter(|bare| is_count(bare)).collect();
        let (Some(limit), None, false) = (limits().next(), limits().nth(1), counts.is_empty()) else {
            return Counts(Vec::new());
        };
        let beyond = self.basis.beyond(limit);
        let n_rows = beyond.iter().map(|count| count.rows).max().unwrap_or(0);
        if n_rows < 2 || self.basis.rows().len() < 2 {
            return Counts(Vec::new());
        }
        let judged = self.numbers.iter().map(|bare| {
            if bare.is_bound() {
                Counted::Limit
            } else if !is_count(bare) || bare.value > n_rows as f64 {
                Counted::Not
            } else if self.is_total(bare) {
                let mut totals = self.basis.counts().iter().filter(|quantity| quantity.tag == Tag::Rows);
                match totals.any(|total| bare.fits(total.value)) {
                    true => Counted::Right,
                    false => wrong(bare, "how many rows there are"),
                }
            } else if beyond.iter().any(|count| bare.fits(count.beyond as f64)) {
                Counted::Right
            } else {
                wrong(bare, "how many rows lie beyond that limit")
            }
        });
        Counts(judged.collect())
    }

    /// "of the 8 segments": all that there are.
    pub(super) fn is_total(&self, bare: &Bare) -> bool {
        let before = self.masked.text[..bare.start].trim_end();
        let words = before
            .strip_suffix("the")
            .or(before.strip_suffix("all"))
            .unwrap_or(before);
        ["of", "Of"].iter().any(|of| words.trim_end().ends_with(of))
    }
}

fn is_count(bare: &Bare) -> bool {
    bare.kind == Kind::Plain && !bare.is_bound() && bare.value.fract() == 0.0 && bare.value < 100.0
}

fn wrong(bare: &Bare, what: &str) -> Counted {
    Counted::Wrong(Reason::contradicted(
        "number",
        format!("\"{}\" is not {what}", bare.raw),
    ))
}
