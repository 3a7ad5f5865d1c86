//! One sentence against its basis: bare numbers, dates, multiples, names, measures, directions, superlatives, periods.

use std::ops::Range;

use crate::evidence::At;

use super::basis::{Basis, Quantity, Tag};
use super::counting::Counted;
use super::first_letters::FirstLetters;
use super::lexicon::Entry;
use super::mask::{Masked, mask_found};
use super::names::{Mention, mentions};
use super::number::{Bare, Kind, numbers_hinted};
use super::pairing::subjects;
use super::reason::Reason;
use super::render::Rendered;
use super::words::{self, Direction, Multiple, Superlative};

/// What a check found out about one sentence.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) faults: Vec<Reason>,
    /// It held numbers that the model typed itself, all of them consistent.
    pub(super) bare_numbers: usize,
    /// Words that could not be judged either way.
    pub(super) doubts: usize,
    /// It says anything that data could bear out or deny.
    pub(super) claims: bool,
}

/// Judges the words that the model typed; what the program rendered needs no check.
pub(super) fn check(sentence: &Rendered, basis: &Basis<'_>) -> Checked {
    let names = basis.lexicon.find(&sentence.typed.to_ascii_lowercase());
    let masked = mask_found(&sentence.typed, &names, Some(basis.lexicon));
    let [mentions, plain] = mentions(&sentence.typed, &names, basis);
    let subjects = subjects(&sentence.typed, &mentions, &masked.dates, basis);
    let first_letters = FirstLetters::of(&sentence.typed);
    let mut judge = Judge {
        sentence,
        basis,
        names,
        mentions,
        subjects,
        plain,
        numbers: numbers_hinted(&masked.text, masked.hints),
        directions: words::directions_among(&masked.text, &first_letters),
        superlatives: words::superlatives_among(&masked.text, masked.hints, &first_letters),
        multiples: words::multiples_among(&sentence.typed, &first_letters),
        first_letters,
        masked: &masked,
        out: Checked::default(),
    };
    judge.out.faults.extend(sentence.faults.iter().cloned());
    judge.out.claims = judge.claims();
    judge.directions_of_nobody();
    judge.dates();
    judge.weekdays();
    judge.numbers();
    judge.order_of_times();
    judge.multiples();
    judge.names();
    judge.pairing();
    judge.comparisons();
    judge.gaps();
    judge.swapped();
    judge.sequence();
    judge.leaders();
    judge.top_rows();
    judge.followers();
    judge.measures();
    judge.directions();
    judge.superlatives();
    judge.periods();
    judge.out
}

pub(super) struct Judge<'a, 'b> {
    pub(super) sentence: &'b Rendered,
    pub(super) basis: &'b Basis<'a>,
    pub(super) masked: &'b Masked,
    /// Of the words typed.
    pub(super) first_letters: FirstLetters,
    /// Every name and label of the evidence in the typed text.
    pub(super) names: Vec<(Range<usize>, &'b Entry)>,
    /// The rows named.
    pub(super) mentions: Vec<Mention<'b>>,
    /// Those, and the days of rows used, in order, each once.
    pub(super) subjects: Vec<Mention<'b>>,
    /// Words that are names elsewhere.
    pub(super) plain: Vec<Mention<'b>>,
    pub(super) numbers: Vec<Bare>,
    pub(super) directions: Vec<Direction>,
    pub(super) superlatives: Vec<Superlative>,
    pub(super) multiples: Vec<Multiple>,
    pub(super) out: Checked,
}

impl Judge<'_, '_> {
    pub(super) fn fault(&mut self, reason: Reason) {
        self.out.faults.push(reason);
    }

    fn claims(&self) -> bool {
        const ORDERS: [&str; 5] = ["ahead of", "behind", "above", "below", "exceed"];
        !self.numbers.is_empty()
            || !self.directions.is_empty()
            || !self.superlatives.is_empty()
            || !self.multiples.is_empty()
            || ORDERS.iter().any(|words| self.masked.text.contains(words))
            || self.subjects.len() > 1
                && (self.compares()
                    || self.lists_top().is_some()
                    || self.tells_order().is_some()
                    || self.comes_out_words().is_some())
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
        let counted = self.counted();
        for index in 0..self.numbers.len() {
            let bare = &self.numbers[index];
            if let Some(holds) = self.nobody_beyond(bare) {
                if !holds {
                    let message = format!("some rows lie beyond \"{}\"", bare.raw);
                    self.fault(Reason::contradicted("number", message));
                }
                continue;
            }
            let found = match counted.of(index) {
                Counted::Not => self.number(bare),
                Counted::Limit => continue,
                Counted::Wrong(reason) => Some(reason),
                Counted::Right => None,
            };
            match found {
                Some(reason) => self.fault(reason),
                None => self.out.bare_numbers += 1,
            }
        }
    }

    fn multiples(&mut self) {
        let faults: Vec<Reason> = self.multiples.iter().filter_map(|claim| self.multiple(claim)).collect();
        self.out.faults.extend(faults);
    }

    fn multiple(&self, claim: &Multiple) -> Option<Reason> {
        let within =
            |range: Option<(f64, f64)>, value: f64| range.is_some_and(|(low, high)| low <= value && value <= high);
        if self.counts_rows_after(claim)
            && let Some(part) = claim.percent
        {
            let message = || format!("\"{}\" is not how many rows went that way", claim.word);
            // "More than half of the fields" may be all of them.
            let before = self.sentence.typed[..claim.start].trim_end().to_lowercase();
            let is_more = ["more than", "over"].iter().any(|words| before.ends_with(words));
            let part = if is_more { (part.0 + 0.01, 100.0) } else { part };
            return (!self.counts_part(part)).then(|| Reason::contradicted("number", message()));
        }
        let mut same_kind = false;
        let mut fits = |quantity: &Quantity<'_>| {
            let met = match quantity.kind {
                Kind::Times => within(claim.ratio, quantity.value),
                _ if quantity.tag == Tag::Left => return false,
                Kind::Percent => within(claim.percent, quantity.value) || within(claim.change, quantity.value.abs()),
                _ => return false,
            };
            same_kind = true;
            met
        };
        let met = self.basis.of_kind(Kind::Times).any(&mut fits)
            || self
                .of_named()
                .is_some_and(|named| named.of_kind(Kind::Times).any(&mut fits));
        let is_share = |(low, high): (f64, f64)| self.shares_of_used().any(|share| low <= share && share <= high);
        let met = met || claim.percent.is_some_and(is_share);
        let message = || format!("\"{}\" does not follow from the cells used", claim.word);
        (!met).then(|| match same_kind {
            true => Reason::contradicted("number", message()),
            false => Reason::unsupported("number", message()),
        })
    }
}
