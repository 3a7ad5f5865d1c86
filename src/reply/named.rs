//! A second look at a number that does not follow from all cells used: it may follow from the rows that the sentence names, or have the
//! unit of the number beside it.

use std::sync::LazyLock;

use regex::Captures;

use crate::evidence::{At, Role, TableKind};

use super::basis::{Basis, Quantity, Tag};
use super::measure::{self, base};
use super::names::Mention;
use super::nouns::may_count;
use super::number::{Bare, Kind, comparable};
use super::pattern::{Worded, worded};
use super::reason::Reason;
use super::verify::Judge;
use super::words::Reach;

/// How numbers are shortened, the longest first.
const SCALES: [(&str, f64); 7] = [
    ("thousand", 1e3),
    ("million", 1e6),
    ("billion", 1e9),
    ("bn", 1e9),
    ("k", 1e3),
    ("m", 1e6),
    ("b", 1e9),
];

/// So many rows at the top of a column, or at its bottom.
pub(super) struct Top {
    words: String,
    n: usize,
    is_from_top: bool,
}

impl Judge<'_, '_> {
    /// "Of the 14 days, the busiest outpaced the second-busiest by 669"; "from 76.6 to 52.3 percent"; "5.2 of 6.9 million".
    pub(super) fn follows_after_all(&self, bare: &Bare) -> bool {
        let readings = self.readings(bare);
        let noun = self.noun_after(bare);
        let of_all = readings.iter().any(|reading| follows(reading, noun, self.basis));
        of_all
            || self.of_named().is_some_and(|named| {
                follows(bare, noun, &named)
                    || readings.iter().any(|reading| follows(reading, noun, &named))
                    || self.is_part_of_used(bare, &named)
            })
    }

    /// "A and B combined bring in 16.44 million, less than C": the sum or mean of those named before the number, or of those not named.
    pub(super) fn is_group_of_part(&self, bare: &Bare) -> bool {
        let rows_of = |is_wanted: &dyn Fn(usize) -> bool| -> Vec<&str> {
            let subjects = self.subjects.iter().filter(|subject| is_wanted(subject.range.end));
            subjects.flat_map(|subject| subject.rows.iter().copied()).collect()
        };
        let before = rows_of(&|end| end <= bare.start);
        let named = rows_of(&|_| true);
        let is_of = |at: &At<'_>, rows: &[&str]| rows.contains(&at.row.id.as_str());
        let parts: [Vec<At<'_>>; 2] = [
            self.basis
                .cells
                .iter()
                .filter(|at| is_of(at, &before))
                .copied()
                .collect(),
            self.basis
                .cells
                .iter()
                .filter(|at| !is_of(at, &named))
                .copied()
                .collect(),
        ];
        !named.is_empty()
            && parts.into_iter().any(|part| {
                let is_part = part.len() > 1 && part.len() < self.basis.cells.len();
                is_part && Basis::on(self.basis.ground(), part).sums(bare)
            })
    }

    /// "The three busiest days were A, B and C": they have the three highest values, or the three lowest, of one measure used of more rows.
    pub(super) fn leaders(&mut self) {
        static LEADERS: LazyLock<Worded> = LazyLock::new(|| {
            worded(
                r"(?i)\b(?:two|three|four|five|[2-5]) (?:[a-z]+est|best|worst|most [a-z]+|(?:[a-z]+ ){1,3}with the (?:[a-z]+est|best|worst|most))\b[^,;:]*(?::|\b(?:are|were|is|was)\b)",
            )
        });
        let leaders = LEADERS.among(&self.first_letters).filter(|_| self.subjects.len() > 1);
        let Some(found) = leaders.and_then(|leaders| leaders.find(&self.masked.text)) else {
            return;
        };
        let cells: Vec<At<'_>> = self.basis.cells.iter().map(base).collect();
        let is_one_column = cells.windows(2).all(|two| std::ptr::eq(two[0].column, two[1].column));
        let mut values: Vec<(f64, &str)> = Vec::new();
        for at in &cells {
            if let Some(value) = at.exact().filter(|_| !values.iter().any(|(_, row)| *row == at.row.id)) {
                values.push((value, &at.row.id));
            }
        }
        let after = self
            .subjects
            .iter()
            .filter(|subject| subject.range.start >= found.end());
        let named: Vec<&str> = after.flat_map(|subject| subject.rows.first().copied()).collect();
        if !is_one_column || named.len() < 2 || named.len() >= values.len() {
            return;
        }
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let are_in = |part: &[(f64, &str)]| named.iter().all(|name| part.iter().any(|(_, row)| row == name));
        let n = named.len();
        if !are_in(&values[..n]) && !are_in(&values[values.len() - n..]) {
            let message = format!("\"{}\" is not true of the rows named after it", found.as_str().trim());
            self.fault(Reason::contradicted("rank", message));
        }
    }

    /// "The top three segments by users are A, B and C": no other row of the column has more than any of them.
    pub(super) fn top_rows(&mut self) {
        let Some(Top { words, n, is_from_top }) = self.lists_top() else {
            return;
        };
        let rows: Vec<&[&str]> = self.subjects.iter().map(|subject| subject.rows.as_slice()).collect();
        let cells: Vec<At<'_>> = self.basis.cells.iter().map(base).collect();
        let is_one_column = cells.windows(2).all(|two| std::ptr::eq(two[0].column, two[1].column));
        let is_of_change =
            !self.directions.is_empty() || self.superlatives.iter().any(|claim| claim.reach != Reach::Level);
        if rows.len() != n || !is_one_column || is_of_change {
            return;
        }
        let is_lower = |rows: &&[&str]| {
            let at = cells.iter().find(|at| rows.contains(&at.row.id.as_str()));
            let rank = at.and_then(measure::rank).filter(|rank| !rank.listed_only);
            rank.is_some_and(|rank| {
                if is_from_top {
                    rank.from_top > n
                } else {
                    rank.from_bottom > n
                }
            })
        };
        if rows.iter().any(is_lower) {
            let message = format!("\"{words}\": another row stands before one of those named");
            self.fault(Reason::contradicted("rank", message));
            return;
        }
        let value = |rows: &&[&str]| {
            let at = cells.iter().find(|at| rows.contains(&at.row.id.as_str()))?;
            at.exact()
        };
        let values: Option<Vec<f64>> = rows.iter().map(value).collect();
        let is_in_order = |values: Vec<f64>| match is_from_top {
            true => values.is_sorted_by(|a, b| a >= b),
            false => values.is_sorted_by(|a, b| a <= b),
        };
        if self.lists_after_verb() && !values.is_none_or(is_in_order) {
            let message = format!("\"{words}\": the rows are not listed in the order of their values");
            self.fault(Reason::contradicted("rank", message));
        }
    }

    /// "The top three are A, B and C", with no word of their order between them.
    fn lists_after_verb(&self) -> bool {
        let text = &self.sentence.typed;
        let before = self
            .subjects
            .first()
            .map_or("", |first| text[..first.range.start].trim_end());
        let before = before.trim_end_matches(" the");
        if ![" are", " were", ":", " is", " was"]
            .iter()
            .any(|verb| before.ends_with(verb))
        {
            return false;
        }
        let gaps = self
            .subjects
            .windows(2)
            .map(|two| text.get(two[0].range.end..two[1].range.start));
        let is_plain = |gap: &str| gap.len() < 25 && (gap.contains(',') || gap.contains(" and "));
        gaps.into_iter().all(|gap| gap.is_some_and(is_plain))
    }

    /// The words that tell an order of the rows named.
    pub(super) fn tells_order(&self) -> Option<Captures<'_>> {
        static FOLLOWED: LazyLock<Worded> = LazyLock::new(|| {
            worded(
                r"(?i)(?:\b(?:(?P<top>leads?|led|tops?|topped|largest|highest|most|biggest)|(?P<low>smallest|lowest|fewest|least))\b.*\bfollowed by\b|\b(?P<order>order at the top|podium|first (?:two|three|four|five) are|(?:top|first|highest|largest|leading|biggest)\b[^.;]*\bin (?:this |that )?order|starting with the (?:largest|highest|biggest)|(?:leads?|led|leading) (?:on|in|for) [^.;]*\b(?:followed by|next)\b|from the top|gold (?:would |should |will )?(?:go|goes|went)|places one|(?:first|highest|largest|most|biggest)\b[^.;]*\bsecond\b[^.;]*\bthird)\b)",
            )
        });
        let followed = FOLLOWED.among(&self.first_letters).filter(|_| self.subjects.len() > 1);
        followed?.captures(&self.sentence.typed)
    }

    /// "A leads, followed by B and C", "the order at the top is A, B, C": each stands where it is named.
    pub(super) fn followers(&mut self) {
        let Some(found) = self.tells_order() else {
            return;
        };
        let is_from_top = found.name("low").is_none();
        let of_subjects = self.basis.cells.iter().filter(|at| {
            let mut subjects = self.subjects.iter();
            subjects.any(|subject| subject.rows.contains(&at.row.id.as_str()))
        });
        let cells: Vec<At<'_>> = of_subjects.map(base).collect();
        let is_one_column = cells.windows(2).all(|two| std::ptr::eq(two[0].column, two[1].column));
        let is_out_of_place = |(place, subject): (usize, &Mention<'_>)| {
            let at = cells.iter().find(|at| subject.rows.contains(&at.row.id.as_str()));
            let rank = at.and_then(measure::rank).filter(|rank| !rank.listed_only);
            rank.is_some_and(|rank| if is_from_top { rank.from_top } else { rank.from_bottom } > place + 1)
        };
        let is_of_change = !self.directions.is_empty();
        // Where only some rows are used, they may be compared with each other alone.
        let n_used = self.basis.n_used();
        let is_of_all = cells
            .first()
            .is_some_and(|at| measure::entities(at.table).count() == n_used);
        let is_of_all = is_of_all || found.name("order").is_some();
        if is_of_all && is_one_column && !is_of_change && self.subjects.iter().enumerate().any(is_out_of_place) {
            let message = "the rows named do not stand in that order";
            self.fault(Reason::contradicted("rank", message));
        }
    }

    pub(super) fn lists_top(&self) -> Option<Top> {
        static TOP: LazyLock<Worded> = LazyLock::new(|| {
            worded(
                r"(?i)\b(?:(?:(?P<top>top|leading)|(?P<bottom>bottom))[- ](?P<n>two|three|four|five|[2-5])|(?P<m>two|three|four|five|[2-5]) (?:(?P<most>largest|biggest|highest|leading|top)|(?P<least>smallest|lowest)))\b",
            )
        });
        // Patterns cost more than names are counted.
        let may_list = (2..=5).contains(&self.subjects.len());
        let top = TOP.among(&self.first_letters).filter(|_| may_list)?;
        let found = top.captures(&self.sentence.typed)?;
        let said = found.name("n").or(found.name("m"))?.as_str().to_lowercase();
        let place = ["two", "three", "four", "five"].iter().position(|word| *word == said);
        Some(Top {
            words: found.get(0)?.as_str().to_owned(),
            n: place.map_or_else(|| said.parse().ok(), |place| Some(place + 2))?,
            is_from_top: found.name("top").or(found.name("most")).is_some(),
        })
    }

    /// "Referrer alone has 32 % of the null values": what part a row named has in the sum of the rows used.
    pub(super) fn is_share_of_used(&self, bare: &Bare) -> bool {
        let says_share = self.masked.text[bare.end..].trim_start().starts_with("of ");
        bare.kind == Kind::Percent && says_share && self.shares_of_used().any(|share| bare.fits(share))
    }

    /// The parts, in percent, that the rows named have in the sums of their columns, where at least three rows are used.
    pub(super) fn shares_of_used(&self) -> impl Iterator<Item = f64> {
        const FEWEST: usize = 3;
        let cells = &self.basis.cells;
        let named = cells.iter().filter(|at| {
            let is_said = self
                .subjects
                .iter()
                .any(|subject| subject.rows.contains(&at.row.id.as_str()));
            is_said && at.column.additive && at.column.role == Role::Current
        });
        named.filter_map(|at| {
            let own = cells.iter().filter(|other| std::ptr::eq(other.column, at.column));
            let values: Vec<f64> = own.filter_map(At::exact).collect();
            let sum: f64 = values.iter().sum();
            (values.len() >= FEWEST && sum > 0.0).then_some(at.exact()? / sum * 100.0)
        })
    }

    /// What the rows named in the sentence say, with the totals used, where it stands on more rows.
    pub(super) fn of_named(&self) -> Option<Basis<'_>> {
        let mentions = self.subjects.iter().chain(&self.plain);
        let mut named: Vec<&str> = mentions.flat_map(|mention| mention.rows.iter().copied()).collect();
        // A row whose value is told in full is as good as named.
        let in_full = |bare: &&Bare| bare.raw.chars().filter(char::is_ascii_digit).count() > 3;
        for bare in self.numbers.iter().filter(in_full) {
            let fits = |at: &&At<'_>| {
                comparable(&bare.kind, &self.basis.kind(at)) && at.exact().is_some_and(|value| bare.fits(value))
            };
            named.extend(self.basis.cells.iter().filter(fits).map(|at| at.row.id.as_str()));
        }
        let is_total = |at: &&At<'_>| at.table.kind == TableKind::Totals;
        let cells = self.basis.cells.iter();
        let (own, others): (Vec<&At<'_>>, Vec<&At<'_>>) =
            cells.partition(|at| is_total(at) || named.contains(&at.row.id.as_str()));
        let is_part = !others.is_empty() && own.iter().any(|at| !is_total(at));
        is_part.then(|| Basis::on(self.basis.ground(), own.into_iter().copied()))
    }

    /// The number with the unit, and the scale, of another one in the sentence. A whole number is a count and has its own.
    fn readings(&self, bare: &Bare) -> Vec<Bare> {
        if bare.kind != Kind::Plain || !bare.raw.contains('.') {
            return Vec::new();
        }
        let others = self.numbers.iter().filter(|other| other.start != bare.start);
        let readings = others.filter_map(|other| match other.kind {
            Kind::Percent | Kind::Points | Kind::Minutes => Some(bare.read_as(other.kind, 1.0)),
            Kind::Plain | Kind::Money(_) => Some(bare.read_as(other.kind, scale_of(&other.raw)?)),
            _ => None,
        });
        readings.collect()
    }

    /// Whether a percentage is what the named rows together have of all used ones.
    fn is_part_of_used(&self, bare: &Bare, named: &Basis<'_>) -> bool {
        let sum = |basis: &Basis<'_>, like: &At<'_>| -> f64 {
            let cells = basis.cells.iter();
            let own = cells.filter(|at| std::ptr::eq(at.table, like.table) && std::ptr::eq(at.column, like.column));
            own.filter_map(At::exact).sum()
        };
        let mut columns = named
            .cells
            .iter()
            .filter(|at| at.column.additive && at.table.kind != TableKind::Totals);
        bare.kind == Kind::Percent
            && columns.any(|at| {
                let all = sum(self.basis, at);
                all > 0.0 && bare.fits(sum(named, at) / all * 100.0)
            })
    }
}

fn follows(bare: &Bare, noun: Option<&str>, basis: &Basis<'_>) -> bool {
    let is_open = |quantity: &&Quantity<'_>| {
        matches!(quantity.tag, Tag::Used | Tag::Beside | Tag::Derived | Tag::Part)
            && comparable(&bare.kind, &quantity.kind)
            && may_count(noun, quantity)
    };
    basis
        .of_kind(bare.kind)
        .filter(is_open)
        .any(|quantity| bare.fits(quantity.value))
}

fn scale_of(raw: &str) -> Option<f64> {
    let raw = raw.to_lowercase();
    let word = raw.trim_end_matches(|c: char| !c.is_alphabetic());
    let scale = SCALES.iter().find(|(word_of, _)| {
        word.strip_suffix(word_of)
            .is_some_and(|rest| rest.ends_with(|c: char| c.is_ascii_digit() || c.is_whitespace()))
    })?;
    Some(scale.1)
}
