//! Values and names that stand in a row: "A (7) is ahead of B (5)", "A, then B, then C". Each value must be that of its own name, and a
//! ranking must follow the values.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::evidence::{At, Role};

use super::measure::base;
use super::names::Mention;
use super::number::{Bare, Kind};
use super::pattern::pattern;
use super::reason::Reason;
use super::verify::{Judge, comparable};

/// The names stand in the order of a measure.
static RANKED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:in (?:that|this|descending|ascending) order|in order|rank(?:ed|ing|s)?|order(?:ed)? (?:on|by|of)|sorted|followed by|follow each other|then|leads?|led by|ahead of|beats?|descending|ascending|from (?:the )?(?:highest|largest|best|lowest|smallest) to|tops?)\b",
    )
});

static RISING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:lowest|smallest|ascending|bottom|fewest|weakest|least|behind|trails?|below)\b")
});

impl Judge<'_, '_> {
    /// The rows that the sentence names, by name or by date, in order, each once.
    pub(super) fn subjects(&self) -> Vec<Mention> {
        let mut out: Vec<Mention> = self.mentions.clone();
        for (range, dated) in &self.masked.dates {
            let days = self.basis.lexicon.days.iter();
            let rows: BTreeSet<String> = days
                .filter(|(day, row)| dated.is(*day) && self.basis.rows.contains(row))
                .map(|(_, row)| row.clone())
                .collect();
            if !rows.is_empty() {
                out.push(Mention {
                    range: range.clone(),
                    name: self.sentence.typed[range.clone()].to_owned(),
                    rows: rows.into_iter().collect(),
                });
            }
        }
        out.sort_by_key(|mention| mention.range.start);
        out.dedup_by(|later, earlier| later.rows == earlier.rows);
        out
    }

    /// Two names and two values in the same order: the first value is the first name's.
    pub(super) fn swapped(&mut self) {
        let subjects = self.subjects();
        let [first, second] = subjects.as_slice() else { return };
        let values: Vec<(&Bare, bool, bool)> = self
            .numbers
            .iter()
            .filter(|bare| !matches!(bare.kind, Kind::Times | Kind::Ordinal | Kind::Points))
            .map(|bare| {
                (
                    bare,
                    self.is_value_of(bare, &first.rows),
                    self.is_value_of(bare, &second.rows),
                )
            })
            .filter(|(_, of_first, of_second)| *of_first || *of_second)
            .collect();
        if let [(a, false, true), (b, true, false)] = values.as_slice() {
            let reason = Reason::contradicted(
                "name",
                format!(
                    "\"{}\" is a value of {}, and \"{}\" one of {}",
                    a.raw, second.name, b.raw, first.name
                ),
            );
            self.fault(reason);
        }
    }

    /// Three names in an order that the values do not have.
    pub(super) fn sequence(&mut self) {
        let subjects = self.subjects();
        let text = &self.masked.text;
        if subjects.len() < 3 || !RANKED.is_match(text) || !self.numbers.is_empty() {
            return;
        }
        let cells: Vec<At<'_>> = self.basis.cells.iter().map(base).collect();
        let columns: BTreeSet<&str> = cells.iter().map(|at| at.column.name.as_str()).collect();
        let values: Option<Vec<f64>> = subjects
            .iter()
            .map(|subject| {
                let own = cells.iter().find(|at| subject.rows.contains(&at.row.id))?;
                own.exact()
            })
            .collect();
        let (1, Some(values)) = (columns.len(), values) else {
            return;
        };
        let rises = RISING.is_match(text);
        let sorted = values
            .windows(2)
            .all(|two| if rises { two[0] <= two[1] } else { two[0] >= two[1] });
        if !sorted {
            let names: Vec<&str> = subjects.iter().map(|subject| subject.name.as_str()).collect();
            let reason = Reason::contradicted("rank", format!("{} is not the order of their values", names.join(", ")));
            self.fault(reason);
        }
    }

    /// Whether a number is what a used cell of these rows holds, now or before.
    pub(super) fn is_value_of(&self, bare: &Bare, rows: &[String]) -> bool {
        let own = self.basis.cells.iter().filter(|at| rows.contains(&at.row.id));
        own.filter(|at| matches!(at.column.role, Role::Current | Role::Previous | Role::Share))
            .any(|at| {
                let kind = self.basis.kind(at);
                comparable(&bare.kind, &kind) && at.exact().is_some_and(|value| bare.fits(value) || bare.bounds(value))
            })
    }
}
