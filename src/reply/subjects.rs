//! Measures: what a sentence speaks of must be what its cells measure.

use std::collections::BTreeSet;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::evidence::{At, Column, Role, TableKind, Unit};

use super::lexicon::{Entry, speaks_per_row, subjects};
use super::mask::says;
use super::measure::base;
use super::number::Kind;
use super::pattern::pattern;
use super::reason::Reason;
use super::verify::Judge;

/// What measures are called in full.
const SHORT: [(&str, &str); 3] = [
    ("arpu", "revenue per user"),
    ("aov", "order value"),
    ("dau", "active users"),
];

/// How texts speak of a total, by a part of its label.
const TOTALS: [(&str, &[&str]); 8] = [
    (
        "revenue",
        &[
            "revenue", "sales", "turnover", "income", "earn", "money", "taking", "top line", "top-line", "topline",
            "brought", "bring", "receipt", "spen", "$", "€", "£", "usd", "eur", "gbp",
        ],
    ),
    ("order value", &["order", "aov", "basket", "ticket", "cheque", "spen"]),
    (
        "retention",
        &[
            "retention",
            "retain",
            "return",
            "came back",
            "come back",
            "stay",
            "kept",
            "keep",
            "-day",
            "d1",
            "d7",
            "d30",
        ],
    ),
    ("conversion", &["conver"]),
    (
        "users",
        &[
            "user", "customer", "people", "audience", "visitor", "base", "account", "sign-up", "signup", "joined",
            "newcomer", "acqui", "dau", "member", "shopper", "buyer", "recruit", "registr",
        ],
    ),
    ("sessions", &["session", "visit", "traffic"]),
    ("orders", &["order", "purchase", "transaction"]),
    ("duplicate", &["duplic"]),
];

const PRONOUNS: [&str; 12] = [
    "it", "they", "this", "that", "these", "those", "its", "figure", "metric", "number", "which", "measure",
];

/// What measures are called for short, and their labels.
const NAMES: [(&str, &str); 5] = [
    ("D1 retention", "day-1 retention"),
    ("D7 retention", "day-7 retention"),
    ("D30 retention", "day-30 retention"),
    ("AOV", "average order value"),
    ("DAU", "daily active users"),
];

impl Judge<'_, '_> {
    /// "Android 13 users bring in": who does it, and no measure.
    fn is_said_of_people(&self, range: &Range<usize>) -> bool {
        static DO: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^\s(?:(?:now|also|alone|still|each)\s)?(?:bring|brought|spen[dt]|generat|earn|plac|(?:are|were) worth|pay|paid|contribut|account|ma[dk]e|took|take|convert|return|buy|bought|deliver|yield|[$€£])",
            )
        });
        let typed = &self.sentence.typed;
        let follows_name = self.mentions.iter().any(|mention| mention.range.end + 1 == range.start);
        follows_name && typed[range.clone()].eq_ignore_ascii_case("users") && DO.is_match(&typed[range.end..])
    }

    /// Whether a measure of this very name stands beside those used: "events" is not said of late ones.
    fn is_beside(&self, label: &str) -> bool {
        let is_one = |column: &Column| column.role == Role::Current && column.label.eq_ignore_ascii_case(label);
        let (totals, entities): (Vec<&At<'_>>, Vec<&At<'_>>) = self
            .basis
            .cells
            .iter()
            .partition(|at| at.table.kind == TableKind::Totals);
        if totals.iter().any(|at| says(&at.row.key, label)) {
            return false;
        }
        let mut all = entities
            .iter()
            .map(|at| (at.table.columns.iter().any(is_one), is_one(base(at).column)));
        let typed = self.sentence.typed.to_lowercase();
        let is_told = ["expect", "late", "on time"]
            .iter()
            .any(|word| typed.contains(word) && !label.contains(word));
        !is_told && all.clone().any(|(stands, _)| stands) && !all.any(|(_, is_used)| is_used)
    }

    /// The total that all cells used are about, where the text has no word for it.
    fn unnamed_total(&self) -> Option<&str> {
        let cells = &self.basis.cells;
        let first = cells.first().filter(|at| at.table.kind == TableKind::Totals)?;
        let label = first.row.key.as_str();
        let states = !self.numbers.is_empty() || !self.directions.is_empty();
        if !states || !self.sentence.pieces.is_empty() || !cells.iter().all(|at| std::ptr::eq(at.row, first.row)) {
            return None;
        }
        let lower = self.sentence.typed.to_lowercase();
        let (_, words) = TOTALS.iter().find(|(part, _)| label.contains(part))?;
        let mut said = lower.split(|c: char| !c.is_alphanumeric() && c != '-');
        let is_pronoun = said.any(|word| PRONOUNS.contains(&word));
        (!is_pronoun && !words.iter().any(|word| lower.contains(word))).then_some(label)
    }

    /// A measure that the text calls by its short name, and of which no cell is used.
    fn named_otherwise(&self) -> Option<&'static str> {
        let said = NAMES.iter().filter(|(short, _)| says(&self.sentence.typed, short));
        let said: Vec<&(&str, &str)> = said.collect();
        let own = |long: &str| {
            self.basis
                .cells
                .iter()
                .flat_map(measures_of)
                .any(|own| own.contains(long))
        };
        let is_known = |long: &str| {
            let tables = self.basis.cells.iter().map(|at| at.table);
            tables
                .flat_map(|table| &table.columns)
                .any(|column| column.label.eq_ignore_ascii_case(long))
        };
        if said.iter().any(|(_, long)| own(long)) {
            return None;
        }
        let (short, _) = said.iter().find(|(_, long)| is_known(long))?;
        Some(short)
    }

    /// Measure words, if any, must be measures of the cells used.
    pub(super) fn measures(&mut self) {
        let said: Vec<&Entry> = self
            .names
            .iter()
            .filter(|(range, entry)| entry.is_measure && !self.is_said_of_people(range))
            .map(|(_, entry)| *entry)
            .collect();
        if self.basis.cells.is_empty() {
            return;
        }
        if let Some(label) = self.unnamed_total() {
            let message = format!("the text does not speak of {label}, which its cells are about");
            self.fault(Reason::unsupported("measure", message));
        }
        if let Some(other) = self.named_otherwise() {
            let message = format!("no cell used is about {other}");
            self.fault(Reason::unsupported("measure", message));
        }
        if said.is_empty() {
            return;
        }
        let mut own: Vec<String> = self.basis.cells.iter().flat_map(measures_of).collect();
        for (short, long) in SHORT {
            let is_said = own.iter().any(|own| own == short) && says(&self.sentence.typed, long);
            own.extend(is_said.then(|| long.to_owned()));
        }
        let alike = |entry: &&Entry| {
            let label = &*entry.lower;
            let is_other_row = !entry.measure_rows.is_empty()
                && !entry.measure_rows.iter().any(|row| self.basis.uses(row))
                && self.basis.cells.iter().all(|at| at.table.kind == TableKind::Totals);
            own.iter().any(|own| {
                let is_part = own.contains(label) || label.contains(own.as_str());
                own == label || !is_other_row && is_part && !self.is_beside(label)
            })
        };
        let nouns: Vec<String> = self
            .basis
            .cells
            .iter()
            .filter_map(|at| match at.unit() {
                Unit::Count(noun) => Some(noun.to_lowercase()),
                _ => None,
            })
            .collect();
        // "The shortest sessions averaged two minutes".
        let is_duration = self.numbers.iter().any(|bare| bare.kind == Kind::Minutes);
        // "Users open it at 7.96 sessions apiece"; "79.7 % of the expected events arrived".
        let is_per = |entry: &Entry| {
            own.iter()
                .any(|own| own.contains(&format!(" per {}", entry.lower.trim_end_matches('s'))))
        };
        // "44 % of new users returned on day one".
        let is_base = |entry: &Entry| entry.lower.ends_with("users") && own.iter().any(|own| own.contains("retention"));
        let is_complete =
            |entry: &Entry| entry.lower.contains("event") && own.iter().any(|own| own.contains("completeness"));
        let of_duration =
            |entry: &&Entry| is_duration && own.iter().any(|own| own.contains(entry.lower.trim_end_matches('s')));
        if !said.iter().any(|entry| {
            alike(entry)
                || nouns.iter().any(|noun| **noun == *entry.lower && !self.is_beside(noun))
                || of_duration(entry)
                || is_per(entry)
                || is_complete(entry)
                || is_base(entry)
        }) {
            let words: BTreeSet<&str> = said.iter().map(|entry| &*entry.lower).collect();
            let words: Vec<&str> = words.into_iter().collect();
            self.fault(Reason::unsupported(
                "measure",
                format!(
                    "the text speaks of {}, the cells used are about {}",
                    words.join(", "),
                    own.first().map_or("nothing", String::as_str)
                ),
            ));
        }
    }
}

/// What a cell measures, in the words that a reader knows.
pub(super) fn measures_of(at: &At<'_>) -> Vec<String> {
    if at.column.unit != Unit::OfRow && !speaks_per_row(at.table) && at.table.kind != TableKind::Totals {
        return vec![base(at).column.label.to_lowercase()];
    }
    let mut out = subjects(at.row);
    out.push(at.row.key.to_lowercase());
    out
}
