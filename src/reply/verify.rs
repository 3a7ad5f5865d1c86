//! One sentence against its basis: bare numbers, dates, multiples, names, measures, directions, superlatives, periods.

use regex::Regex;

use crate::evidence::{At, Unit};

use super::basis::{Basis, Quantity, Time};
use super::mask::{self, mask};
use super::number::{Bare, Kind, numbers};
use super::reason::Reason;
use super::render::Rendered;
use super::words;

/// What a check found out about one sentence.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) faults: Vec<Reason>,
    /// It held numbers that the model typed itself, all of them consistent.
    pub(super) bare_numbers: usize,
    /// Words that could not be judged either way.
    pub(super) doubts: usize,
}

/// Judges the words that the model typed; what the program rendered needs no check.
pub(super) fn check(sentence: &Rendered, basis: &Basis<'_>) -> Checked {
    let masked = mask(&sentence.typed, Some(basis.evidence));
    let mut judge = Judge {
        sentence,
        basis,
        masked: &masked,
        out: Checked::default(),
    };
    judge.out.faults.extend(sentence.faults.iter().cloned());
    judge.dates();
    judge.numbers();
    judge.multiples();
    judge.names();
    judge.pairing();
    judge.comparisons();
    judge.measures();
    judge.directions();
    judge.superlatives();
    judge.periods();
    judge.out
}

pub(super) struct Judge<'a, 'b> {
    pub(super) sentence: &'b Rendered,
    pub(super) basis: &'b Basis<'a>,
    pub(super) masked: &'b mask::Masked,
    pub(super) out: Checked,
}

impl Judge<'_, '_> {
    pub(super) fn fault(&mut self, reason: Reason) {
        self.out.faults.push(reason);
    }

    /// The cells that this sentence renders; all of the statement's when it renders none.
    pub(super) fn own_cells(&self) -> Vec<At<'_>> {
        let own: Vec<At<'_>> = self
            .sentence
            .cells
            .iter()
            .filter_map(|address| self.basis.evidence.at(address))
            .collect();
        if own.is_empty() { self.basis.cells.clone() } else { own }
    }

    fn numbers(&mut self) {
        let found = numbers(&self.masked.text);
        let limits: Vec<Quantity> = found
            .iter()
            .filter(|bare| bare.is_bound())
            .flat_map(|bare| self.basis.beyond(bare))
            .collect();
        let count_met = found
            .iter()
            .any(|bare| bare.kind == Kind::Plain && limits.iter().any(|count| bare.fits(count.value)));
        for bare in &found {
            if count_met && bare.is_bound() {
                continue;
            }
            if self.counts_beyond(bare, &found) && !limits.is_empty() {
                if !limits.iter().any(|count| bare.fits(count.value)) {
                    self.fault(Reason::contradicted(
                        "number",
                        format!("\"{}\" is not how many rows lie beyond that limit", bare.raw),
                    ));
                }
                continue;
            }
            match self.number(bare, &limits) {
                Some(reason) => self.fault(reason),
                None => self.out.bare_numbers += 1,
            }
        }
        self.order_of_times(&found);
    }

    fn multiples(&mut self) {
        for claim in words::multiples(&self.sentence.typed) {
            let within =
                |range: Option<(f64, f64)>, value: f64| range.is_some_and(|(low, high)| low <= value && value <= high);
            let mut same_kind = false;
            let mut met = false;
            for quantity in &self.basis.quantities {
                let fits = match quantity.kind {
                    Kind::Times => within(claim.ratio, quantity.value),
                    Kind::Percent => {
                        within(claim.percent, quantity.value) || within(claim.change, quantity.value.abs())
                    }
                    _ => continue,
                };
                same_kind = true;
                met |= fits;
            }
            if !met {
                let message = format!("\"{}\" does not follow from the cells used", claim.word);
                self.fault(if same_kind {
                    Reason::contradicted("number", message)
                } else {
                    Reason::unsupported("number", message)
                });
            }
        }
    }

    /// "Three segments exceed 140,000": a count whose limit follows in the same clause.
    fn counts_beyond(&self, bare: &Bare, found: &[Bare]) -> bool {
        let next = found.iter().find(|other| other.start >= bare.end);
        bare.kind == Kind::Plain
            && !bare.is_bound()
            && bare.value.fract() == 0.0
            && bare.value < 100.0
            && next.is_some_and(|next| {
                let gap = &self.masked.text[bare.end..next.start];
                let exceeds = ["exceed", "above", "below", "over", "under"]
                    .iter()
                    .any(|word| gap.contains(word));
                next.is_bound() && exceeds && !gap.contains([',', ';', '.'])
            })
    }

    fn number(&self, bare: &Bare, limits: &[Quantity]) -> Option<Reason> {
        let from_below = words::superlatives(&self.masked.text)
            .iter()
            .any(|claim| claim.side < 0)
            || self.masked.text.contains("from the bottom");
        let kinds: Vec<&Quantity> = self
            .basis
            .quantities
            .iter()
            .chain(limits)
            .filter(|quantity| comparable(&bare.kind, &quantity.kind))
            // A plus sign states a change.
            .filter(|quantity| bare.sign != Some(1) || quantity.time == Time::Neither)
            .filter(|quantity| from_below || !quantity.source.ends_with("from below"))
            .collect();
        let nouns = self.noun_after(bare);
        let counted = |quantity: &Quantity| match (&nouns, &quantity.noun) {
            (Some(said), Some(noun)) => said == noun,
            _ => true,
        };
        let fits = |quantity: &&&Quantity| {
            bare.fits(quantity.value) || (bare.bounds(quantity.value) && quantity.time != Time::Neither)
        };
        let fitting: Vec<&&Quantity> = kinds.iter().filter(|quantity| fits(quantity)).collect();
        let right: Vec<&&&Quantity> = fitting.iter().filter(|quantity| counted(quantity)).collect();
        if !right.is_empty() {
            let right: Vec<&Quantity> = right.into_iter().map(|quantity| **quantity).collect();
            return self.stale(bare, &right);
        }
        if let (Some(noun), Some(quantity)) = (&nouns, fitting.first()) {
            return Some(Reason::contradicted(
                "unit",
                format!(
                    "\"{} {noun}\": {} counts {}",
                    bare.raw,
                    quantity.source,
                    quantity.noun.as_deref().unwrap_or("something else")
                ),
            ));
        }
        if let Kind::Money(code) = &bare.kind {
            let own = self.basis.quantities.iter().find_map(|quantity| match &quantity.kind {
                Kind::Money(own) if !own.is_empty() => Some(own),
                _ => None,
            });
            if let Some(own) = own.filter(|own| *own != code) {
                return Some(Reason::contradicted(
                    "unit",
                    format!("\"{}\" is not in {own}", bare.raw),
                ));
            }
        }
        let nearest = kinds.iter().filter(|quantity| counted(quantity)).min_by(|a, b| {
            (a.value.abs() - bare.value)
                .abs()
                .total_cmp(&(b.value.abs() - bare.value).abs())
        });
        Some(match nearest {
            Some(quantity) => Reason::contradicted(
                "number",
                format!(
                    "text says \"{}\"; the nearest is {} = {}",
                    bare.raw,
                    quantity.source,
                    super::format::number(quantity.value, 2)
                ),
            ),
            None => {
                let other = self.basis.quantities.iter().find(|quantity| bare.fits(quantity.value));
                match other {
                    Some(quantity) => Reason::contradicted(
                        "unit",
                        format!("\"{}\" has another unit than {}", bare.raw, quantity.source),
                    ),
                    None => Reason::unsupported(
                        "number",
                        format!("\"{}\" follows from no cell used; write a placeholder", bare.raw),
                    ),
                }
            }
        })
    }

    /// The longest noun of the evidence right after a number.
    fn noun_after(&self, bare: &Bare) -> Option<String> {
        if bare.kind != Kind::Plain {
            return None;
        }
        let after = self.sentence.typed.get(bare.end..)?.trim_start().to_lowercase();
        let mut best: Option<String> = None;
        for table in &self.basis.evidence.tables {
            let units = table
                .columns
                .iter()
                .map(|column| &column.unit)
                .chain(table.rows.iter().filter_map(|row| row.unit.as_ref()));
            for unit in units {
                let Unit::Count(noun) = unit else { continue };
                let noun = noun.to_lowercase();
                if after.starts_with(&noun) && best.as_ref().is_none_or(|best| best.len() < noun.len()) {
                    best = Some(noun);
                }
            }
        }
        best
    }
}

pub(super) fn comparable(bare: &Kind, quantity: &Kind) -> bool {
    match (bare, quantity) {
        (Kind::Money(said), Kind::Money(own)) => own.is_empty() || said == own,
        (Kind::Plain, Kind::Money(_) | Kind::Minutes) => true,
        (a, b) => a == b,
    }
}

pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}
