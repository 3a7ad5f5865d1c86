//! Values and names that stand in a row: "A (7) is ahead of B (5)", "A, then B, then C". Each value must be that of its own name, and a
//! ranking must follow the values.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::evidence::{At, Role};

use super::basis::Basis;
use super::dates::Dated;
use super::measure::{self, base};
use super::names::Mention;
use super::number::{Bare, Kind, comparable};
use super::pattern::pattern;
use super::reason::Reason;
use super::verify::Judge;

/// The names stand in the order of a measure.
static RANKED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:in (?:that|this|descending|ascending) order|in order|rank(?:ed|ing|s)?|order(?:ed)? (?:on|by|of)|sorted|followed by|follow each other|then|leads?|led by|ahead of|beats?|gold|first|podium|places|descending|ascending|from (?:the )?(?:highest|largest|best|lowest|smallest) to|tops?)\b",
    )
});

/// What says that a list falls, whatever else it says.
const FALLING: [&str; 5] = ["first", "highest to", "largest to", "biggest to", "most to"];

static RISING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:lowest|smallest|ascending|bottom|fewest|weakest|least|behind|trails?|below)\b")
});

/// The rows that a sentence names, by name or by date, in order, each once.
pub(super) fn subjects<'b>(
    typed: &'b str,
    mentions: &[Mention<'b>],
    dates: &[(Range<usize>, Dated)],
    basis: &'b Basis<'_>,
) -> Vec<Mention<'b>> {
    let mut out: Vec<Mention<'b>> = mentions.to_vec();
    for (range, dated) in dates {
        let days = basis.lexicon.days.iter();
        let of_used = days.filter(|(day, row)| dated.is(*day) && basis.uses(row));
        let mut rows: Vec<&str> = of_used.map(|(_, row)| &**row).collect();
        rows.sort_unstable();
        rows.dedup();
        if !rows.is_empty() {
            out.push(Mention {
                range: range.clone(),
                name: &typed[range.clone()],
                rows,
            });
        }
    }
    out.extend(days_of_month(typed, basis));
    out.extend(months(typed, dates, basis));
    out.sort_by_key(|mention| mention.range.start);
    out.dedup_by(|later, earlier| later.rows == earlier.rows);
    out
}

/// "the 24th" of a month that is plain from the rows used.
fn days_of_month<'b>(typed: &'b str, basis: &'b Basis<'_>) -> Vec<Mention<'b>> {
    static DAY: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)\b(?:on|of|by|to|until|from|since|and) the (?P<day>\d{1,2})(?:st|nd|rd|th)\b"));
    if basis.lexicon.days.is_empty() || !typed.contains("the ") {
        return Vec::new();
    }
    let said = DAY.captures_iter(typed).filter_map(|found| found.name("day"));
    let mention = |day: regex::Match<'_>| {
        let number: i8 = day.as_str().parse().ok()?;
        let days = basis.lexicon.days.iter();
        let of_used = days.filter(|(day, row)| day.day() == number && basis.uses(row));
        let mut rows: Vec<&str> = of_used.map(|(_, row)| &**row).collect();
        rows.sort_unstable();
        rows.dedup();
        let range = day.range();
        (rows.len() == 1).then(|| Mention {
            name: &typed[range.clone()],
            range,
            rows,
        })
    };
    said.filter_map(mention).collect()
}

/// "June's cohort", "August" where the rows used are months and one alone is that month.
fn months<'b>(typed: &'b str, dates: &[(Range<usize>, Dated)], basis: &'b Basis<'_>) -> Vec<Mention<'b>> {
    static MONTH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b")
    });
    const STARTS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let is_month = |at: &At<'_>| at.row.key.len() == 7 && at.row.key.as_bytes()[4] == b'-';
    if !basis.cells.iter().any(is_month) {
        return Vec::new();
    }
    let is_dated = |range: &Range<usize>| {
        dates
            .iter()
            .any(|(date, _)| date.start < range.end && range.start < date.end)
    };
    let mention = |found: regex::Match<'b>| {
        let number = STARTS.iter().position(|start| found.as_str().starts_with(start))? + 1;
        let ending = format!("-{number:02}");
        let of_month = basis
            .cells
            .iter()
            .filter(|at| is_month(at) && at.row.key.ends_with(&ending));
        let mut rows: Vec<&str> = of_month.map(|at| at.row.id.as_str()).collect();
        rows.sort_unstable();
        rows.dedup();
        (rows.len() == 1).then(|| Mention {
            name: found.as_str(),
            range: found.range(),
            rows,
        })
    };
    let said = MONTH.find_iter(typed).filter(|found| !is_dated(&found.range()));
    said.filter_map(mention).collect()
}

impl Judge<'_, '_> {
    /// Two names and two values in the same order: the first value is the first name's.
    pub(super) fn swapped(&mut self) {
        static FRONTED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"(?i)\b(?:against|compared (?:with|to)|relative to|versus|next to|unlike)(?: the)? $")
        });
        let each = self.subjects_once();
        let [first, second] = each.as_slice() else {
            return;
        };
        let (first, second) = (*first, *second);
        // "Put against Austria, Norway reached 3.3 times the revenue (332 versus 101)".
        let typed = &self.sentence.typed;
        // A value right after the first name is its own: "Compared with A at 12, B is higher at 16".
        let is_told = |bare: &Bare| first.range.end <= bare.start && bare.end <= second.range.start;
        let is_fronted = FRONTED.is_match(&typed[..first.range.start])
            && typed[first.range.end..second.range.start].contains(',')
            && !self.numbers.iter().any(is_told);
        let [first, second] = if is_fronted { [second, first] } else { [first, second] };
        let values: Vec<(&Bare, bool, bool)> = self
            .numbers
            .iter()
            .filter(|bare| !matches!(bare.kind, Kind::Times | Kind::Ordinal | Kind::Points))
            .map(|bare| {
                // "55.6 % is above the 50.2 % of B" tells both values, whatever else lies above.
                match [first, second].map(|subject| self.tells_value_of(bare, &subject.rows)) {
                    [false, false] => (
                        bare,
                        self.is_value_of(bare, &first.rows),
                        self.is_value_of(bare, &second.rows),
                    ),
                    [of_first, of_second] => (bare, of_first, of_second),
                }
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

    /// The subjects, each where it is named first.
    pub(super) fn subjects_once(&self) -> Vec<&Mention<'_>> {
        let mut out: Vec<&Mention<'_>> = Vec::new();
        for subject in &self.subjects {
            if !out.iter().any(|known| known.rows == subject.rows) {
                out.push(subject);
            }
        }
        out
    }

    /// Three names in an order that the values do not have.
    pub(super) fn sequence(&mut self) {
        let (subjects, text) = (&self.subjects, &self.masked.text);
        if subjects.len() < 3 || !RANKED.is_match(text) || !self.numbers.is_empty() {
            return;
        }
        let cells: Vec<At<'_>> = self.basis.cells.iter().map(base).collect();
        let columns: BTreeSet<&str> = cells.iter().map(|at| at.column.name.as_str()).collect();
        let values: Option<Vec<f64>> = subjects
            .iter()
            .map(|subject| {
                let own = cells.iter().find(|at| subject.rows.contains(&at.row.id.as_str()))?;
                own.exact()
            })
            .collect();
        let (1, Some(values)) = (columns.len(), values) else {
            return;
        };
        let rises = RISING.is_match(text) && !FALLING.iter().any(|words| text.contains(words));
        let sorted = values
            .windows(2)
            .all(|two| if rises { two[0] <= two[1] } else { two[0] >= two[1] });
        if !sorted {
            let names: Vec<&str> = subjects.iter().map(|subject| subject.name).collect();
            let reason = Reason::contradicted("rank", format!("{} is not the order of their values", names.join(", ")));
            self.fault(reason);
        }
    }

    fn tells_value_of(&self, bare: &Bare, rows: &[&str]) -> bool {
        let own = self.basis.cells.iter().filter(|at| rows.contains(&at.row.id.as_str()));
        let mut own = own.filter(|at| matches!(at.column.role, Role::Current | Role::Previous | Role::Share));
        own.any(|at| comparable(&bare.kind, &self.basis.kind(at)) && at.exact().is_some_and(|value| bare.tells(value)))
    }

    /// Whether a number is what a used cell of these rows holds, now or before.
    pub(super) fn is_value_of(&self, bare: &Bare, rows: &[&str]) -> bool {
        let own = self.basis.cells.iter().filter(|at| rows.contains(&at.row.id.as_str()));
        let changes = own.clone().filter_map(measure::change_percent);
        // "43 % of all null values" is a share, and no change.
        let is_share = self.masked.text[bare.end..].trim_start().starts_with("of ");
        if bare.kind == Kind::Percent && !is_share && changes.into_iter().any(|change| bare.fits(change)) {
            return true;
        }
        own.filter(|at| matches!(at.column.role, Role::Current | Role::Previous | Role::Share))
            .any(|at| {
                let kind = self.basis.kind(at);
                comparable(&bare.kind, &kind) && at.exact().is_some_and(|value| bare.fits(value) || bare.bounds(value))
            })
    }
}
