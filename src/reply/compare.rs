//! "A is ahead of B", "1.4 times the size of B": who is compared with whom, and which way round.

use std::sync::LazyLock;

use regex::Regex;

use crate::evidence::{At, TableKind};

use super::basis::Basis;
use super::measure::{self, base};
use super::names::links;
use super::number::{Bare, Kind, comparable};
use super::pattern::{Worded, pattern, worded};
use super::periods::lead;
use super::reason::Reason;
use super::render::MARK;
use super::verify::Judge;

static COMPARISON: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?i)\b(?:(?P<more>ahead of|above|exceed(?:s|ed|ing)?|outperform(?:s|ed|ing)?|out(?:pace|rank|strip|shine|weigh|sell|do)(?:e?s|d|ped)?|outsold|outdid|surpass(?:es|ed|ing)?|overt(?:akes?|ook)|eclips(?:es|ed)|dwarf(?:s|ed)?|top(?:s|ped)|edge[sd]? out|in front of|(?:larger|bigger|higher|more|greater|stronger)(?:\s[^\s,;:]+){0,8}? than|beats?|leads|led)|(?P<less>below|behind|under|(?:lower|less|fewer|smaller|weaker)(?:\s[^\s,;:]+){0,8}? than|trail(?:s|ed|ing)?|lag(?:s|ged|ging)?(?: behind)?|falls? short of|fell short of))\b",
    )
});

/// "twice as much revenue as B", "half the users of B".
static AS_MUCH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s(?:as\s(?:much|many|large|big|high)\b[^,;.\d]*\bas|(?:the|that|those)\b[^,;.\d]*(?:\bof|\bas)?|of)\s(?:in\s|for\s|the\s)*$",
    )
});

/// Something on one side of a comparison.
struct Operand<'o> {
    at: usize,
    length: usize,
    rows: Vec<&'o str>,
    value: Option<(Kind, f64)>,
}

impl Judge<'_, '_> {
    pub(super) fn compares(&self) -> bool {
        let comparison = COMPARISON.among(&self.first_letters);
        comparison.is_some_and(|comparison| comparison.is_match(&self.sentence.typed))
    }

    /// Whether the last comparison before this place says more (true) or less (false) than what stands there.
    pub(super) fn compared_before(&self, at: usize) -> Option<bool> {
        let comparison = COMPARISON.among(&self.first_letters)?;
        let found = comparison.captures_iter(&self.sentence.typed[..at]).last()?;
        Some(found.name("more").is_some())
    }

    pub(super) fn comparisons(&mut self) {
        let operands = self.operands();
        let mut faults = Vec::new();
        let n_named = operands.iter().filter(|operand| !operand.rows.is_empty()).count();
        let pattern = COMPARISON.among(&self.first_letters).filter(|_| n_named > 1);
        let compared = pattern
            .into_iter()
            .flat_map(|pattern| pattern.captures_iter(&self.sentence.typed));
        for found in compared {
            let Some(word) = found.get(0) else { continue };
            let more = found.name("more").is_some();
            // "Sessions were higher on May 10 than on May 12": what is compared may stand inside.
            let is_inside = |operand: &&Operand<'_>| word.range().contains(&operand.at) && !operand.rows.is_empty();
            let before = named_before(&operands, word.start());
            let left = match operands.iter().find(is_inside) {
                Some(_) if before.is_some() => None,
                Some(inside) => Some(inside),
                None => before,
            };
            let (Some(left), Some(right)) = (left, named_after(&operands, word.end())) else {
                continue;
            };
            let between = &self.sentence.typed[word.end()..right.at];
            // "A was led by B".
            if word.as_str().eq_ignore_ascii_case("led") && between.starts_with(" by") {
                continue;
            }
            let inside = word.end()..right.at;
            let tells_number = self.numbers.iter().any(|bare| inside.contains(&bare.start))
                || self.multiples.iter().any(|claim| inside.contains(&claim.start));
            if (tells_number || between.contains(|c: char| c.is_ascii_digit() || ".;".contains(c)))
                && !is_reference(between)
            {
                continue;
            }
            match self.order(&left.rows, &right.rows) {
                Some(order) if order != more => faults.push(Reason::contradicted(
                    "name",
                    format!("\"{}\" is the wrong way round", word.as_str()),
                )),
                Some(_) => {}
                None => faults.extend(self.values_disagree(&operands, word.start(), right.at, more)),
            }
        }
        faults.extend(self.comes_out());
        faults.extend(self.values_compared());
        faults.extend(self.ratios(&operands));
        faults.extend(self.values_of_others(&operands));
        self.out.faults.extend(faults);
    }

    fn operands(&self) -> Vec<Operand<'_>> {
        let typed = &self.sentence.typed;
        let mut out: Vec<Operand<'_>> = self
            .subjects
            .iter()
            .map(|mention| Operand {
                at: mention.range.start,
                length: mention.range.len(),
                rows: mention.rows.clone(),
                value: None,
            })
            .collect();
        for ((at, _), piece) in typed.match_indices(MARK).zip(&self.sentence.pieces) {
            if piece.name.is_some() {
                out.push(Operand {
                    at,
                    length: MARK.len_utf8(),
                    rows: piece.rows.iter().map(String::as_str).collect(),
                    value: None,
                });
            }
        }
        out.extend(self.numbers.iter().map(|bare| Operand {
            at: bare.start,
            length: bare.end - bare.start,
            rows: Vec::new(),
            value: Some((bare.kind, bare.value)),
        }));
        out.sort_by_key(|operand| operand.at);
        out
    }

    /// Whether the first row is larger, by the one measure of which both rows' cells are used.
    pub(super) fn order(&self, first: &[&str], second: &[&str]) -> Option<bool> {
        let orders: Vec<bool> = self
            .shared(first, second)
            .into_iter()
            .filter(|(x, y)| x != y)
            .map(|(x, y)| x > y)
            .collect();
        let agreed = orders.first().copied()?;
        orders.iter().all(|order| *order == agreed).then_some(agreed)
    }

    /// The values of both rows in the columns that the statement uses of both.
    pub(super) fn shared(&self, first: &[&str], second: &[&str]) -> Vec<(f64, f64)> {
        let of = |rows: &[&str]| -> Vec<At<'_>> {
            self.basis
                .cells
                .iter()
                .filter(|at| rows.contains(&at.row.id.as_str()))
                .map(base)
                .collect()
        };
        let seconds = of(second);
        of(first)
            .iter()
            .filter_map(|a| {
                let b = seconds
                    .iter()
                    .find(|b| b.table.id == a.table.id && b.column.name == a.column.name && b.row.id != a.row.id)?;
                Some((a.exact()?, b.exact()?))
            })
            .collect()
    }

    /// "ended at 69, higher than the 129 of the previous period": two values told, and which is the larger.
    fn values_compared(&self) -> Vec<Reason> {
        let typed = &self.sentence.typed;
        let pairs = self
            .numbers
            .windows(2)
            .filter(|two| two[0].kind == two[1].kind && !two[1].is_bound());
        let wrong = pairs.filter_map(|two| {
            let between = typed[two[0].end..two[1].start].strip_suffix(" the ")?;
            let comparison = COMPARISON.anywhere();
            let found = comparison
                .find_iter(between)
                .last()
                .filter(|found| found.end() == between.len())?;
            let is_more = comparison.captures(found.as_str())?.name("more").is_some();
            // Right beside the first number, it tells by how much.
            let is_apart = !between[..found.start()].trim().is_empty();
            let (x, y) = (two[0].value, two[1].value);
            (is_apart && x != y && (x > y) != is_more).then(|| {
                let message = format!("\"{}\" is not {} \"{}\"", two[0].raw, found.as_str(), two[1].raw);
                Reason::contradicted("number", message)
            })
        });
        wrong.collect()
    }

    fn values_disagree(&self, operands: &[Operand<'_>], before: usize, after: usize, more: bool) -> Option<Reason> {
        let left = operands
            .iter()
            .rev()
            .find(|operand| operand.at < before && operand.value.is_some())?;
        let right = operands
            .iter()
            .find(|operand| operand.at > after && operand.value.is_some())?;
        match (&left.value, &right.value) {
            (Some((a, x)), Some((b, y))) if a == b && x != y && (x > y) != more => Some(Reason::contradicted(
                "number",
                format!("{x} and {y} are compared the wrong way round"),
            )),
            _ => None,
        }
    }

    /// "A made 7" where 7 is what B made.
    fn values_of_others(&self, operands: &[Operand<'_>]) -> Vec<Reason> {
        let mut out = Vec::new();
        if self.basis.rows().len() < 2 {
            return out;
        }
        for (index, bare) in self.numbers.iter().enumerate() {
            if matches!(bare.kind, Kind::Times | Kind::Ordinal | Kind::Points)
                || self.opens_pair(index)
                || self.says_apart(bare)
            {
                continue;
            }
            let Some(name) = named_before(operands, bare.start) else {
                continue;
            };
            let gap = &self.sentence.typed[name.at + name.length..bare.start];
            // "A overtook B in orders: 7 against 5" tells the values of both.
            let lists = gap
                .trim_end()
                .strip_suffix(':')
                .is_some_and(|gap| !gap.trim().is_empty());
            // "from 9 to 10 October (7 to 5)".
            let rest = self.sentence.typed[bare.end..].trim_start();
            let lists = lists || gap.contains('(') && rest.starts_with("to ") && self.subjects.len() > 1;
            // "almost double the 14,918 seen on 16 March": said of the name after it.
            let next = operands.iter().find(|operand| operand.at >= bare.end);
            let is_of_next = next.is_some_and(|next| {
                let between = &self.sentence.typed[bare.end..next.at];
                between.len() < 24 && !between.contains([',', ';', '.']) && self.is_value_of(bare, &next.rows)
            });
            if lists || is_of_next || !links(gap) || self.fits_rows(bare, &name.rows) != Some(false) {
                continue;
            }
            let stranger = self
                .basis
                .rows()
                .iter()
                .find(|row| !name.rows.contains(row) && self.is_value_of(bare, &[row]));
            if let Some(row) = stranger {
                out.push(Reason::contradicted(
                    "name",
                    format!("\"{}\" is a value of {row}", bare.raw),
                ));
            }
        }
        out
    }

    /// "Sweden took over from Mexico: $533.5k versus $528.4k": after two names two values, in their order.
    fn opens_pair(&self, index: usize) -> bool {
        const JOINS: [&str; 10] = [
            "versus",
            "vs",
            "vs.",
            "against",
            "to",
            "and",
            ",",
            "compared with",
            "compared to",
            "/",
        ];
        let (Some(first), Some(second)) = (self.numbers.get(index), self.numbers.get(index + 1)) else {
            return false;
        };
        let n_named = self
            .subjects
            .iter()
            .filter(|subject| subject.range.end <= first.start)
            .count();
        let join = self.masked.text[first.end..second.start].trim().to_lowercase();
        // "560 users against 264".
        let mut rests = join.match_indices(' ').map(|(at, _)| &join[at + 1..]).take(2);
        let counted = rests.any(|rest| ["against", "versus", "vs"].contains(&lead(rest)));
        n_named > 1 && (counted || JOINS.contains(&lead(&join)))
    }

    /// Whether a number follows from the used cells of some rows alone; none where no such cell is used.
    fn fits_rows(&self, bare: &Bare, rows: &[&str]) -> Option<bool> {
        let is_own = |at: &&At<'_>| rows.contains(&at.row.id.as_str());
        let is_whole = |at: &&At<'_>| at.table.kind == TableKind::Totals;
        let cells = self.basis.cells.iter();
        let basis = Basis::on(
            self.basis.ground(),
            cells.clone().filter(|at| is_own(at) || is_whole(at)).copied(),
        );
        cells.clone().any(|at| is_own(&at)).then(|| {
            basis.of_kind(bare.kind).any(|quantity| {
                comparable(&bare.kind, &quantity.kind) && (bare.fits(quantity.value) || bare.bounds(quantity.value))
            })
        })
    }

    /// "A is 1.4 times the size of B", and rendered ratios of two rows.
    fn ratios(&self, operands: &[Operand<'_>]) -> Vec<Reason> {
        let wrong = || Reason::contradicted("name", "a ratio is the wrong way round");
        let mut out = Vec::new();
        let turned = self
            .numbers
            .iter()
            .filter(|bare| matches!(bare.kind, Kind::Times | Kind::Plain));
        out.extend(
            turned
                .filter(|bare| self.told_ratio(bare) == Some(false))
                .map(|_| wrong()),
        );
        for bare in self.numbers.iter().filter(|bare| bare.kind == Kind::Times) {
            let (Some(left), Some(right)) = (named_before(operands, bare.start), named_after(operands, bare.end))
            else {
                continue;
            };
            let between = &self.sentence.typed[left.at..right.at];
            if between.contains(". ") || between.contains(';') {
                continue;
            }
            let ratios: Vec<f64> = self
                .shared(&left.rows, &right.rows)
                .iter()
                .filter(|(_, y)| *y != 0.0)
                .map(|(x, y)| x / y)
                .collect();
            if !ratios.is_empty() && !ratios.iter().any(|ratio| bare.fits(*ratio)) {
                out.push(wrong());
            }
        }
        // "Telesales reaches 74.9 % of the revenue of Live chat".
        for bare in self.numbers.iter().filter(|bare| bare.kind == Kind::Percent) {
            let (Some(left), Some(right)) = (named_before(operands, bare.start), named_after(operands, bare.end))
            else {
                continue;
            };
            let gap = &self.sentence.typed[bare.end..right.at];
            let inner = gap.strip_prefix(" of ").filter(|inner| inner.contains(" of "));
            let says_of = inner.is_some() && [" of ", " of the "].iter().any(|of| gap.ends_with(of));
            let is_other = gap.contains([',', ';', '(']) || gap.contains("total") || gap.contains(" all ");
            let shared = self.shared(&left.rows, &right.rows);
            let mut shares = shared
                .iter()
                .filter(|(_, y)| *y != 0.0)
                .map(|(x, y)| x / y * 100.0)
                .peekable();
            if says_of && !is_other && shares.peek().is_some() && !shares.any(|share| bare.fits(share)) {
                out.push(wrong());
            }
        }
        for claim in &self.multiples {
            let (Some(left), Some(right)) = (named_before(operands, claim.start), named_after(operands, claim.end))
            else {
                continue;
            };
            let gap = &self.sentence.typed[claim.end..right.at];
            let Some((low, high)) = claim.ratio.filter(|_| AS_MUCH.is_match(gap)) else {
                continue;
            };
            let shared = self.shared(&left.rows, &right.rows);
            let mut ratios = shared.iter().filter(|(_, y)| *y != 0.0).map(|(x, y)| x / y).peekable();
            if ratios.peek().is_some() && !ratios.any(|ratio| low <= ratio && ratio <= high) {
                out.push(wrong());
            }
        }
        for ((at, _), piece) in self.sentence.typed.match_indices(MARK).zip(&self.sentence.pieces) {
            let [first, second] = piece.cells.as_slice() else {
                continue;
            };
            if piece.shown != super::placeholder::Shown::Times || piece.rows.len() != 2 {
                continue;
            }
            let (Some(left), Some(right)) = (named_before(operands, at), named_after(operands, at)) else {
                continue;
            };
            let row = |address: &String| {
                self.basis
                    .evidence
                    .at(address)
                    .map(|cell| measure::address(&cell).split('.').next().unwrap_or_default().to_owned())
            };
            if let (Some(first), Some(second)) = (row(first), row(second))
                && left.rows.contains(&second.as_str())
                && right.rows.contains(&first.as_str())
            {
                out.push(wrong());
            }
        }
        out
    }
}

/// "the $56,112.36 of": a value of what is named after it.
fn is_reference(between: &str) -> bool {
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^\sthe\s[$€£]?[\d.,]+\s?(?:%|percent|k|m|bn|thousand|million)?\s(?:(?:of|in|on|for|from|at|seen|recorded|reported|posted|the|by)\s)+$",
        )
    });
    REFERENCE.is_match(between)
}

fn named_before<'o>(operands: &'o [Operand<'o>], at: usize) -> Option<&'o Operand<'o>> {
    operands
        .iter()
        .rev()
        .find(|operand| operand.at < at && !operand.rows.is_empty())
}

fn named_after<'o>(operands: &'o [Operand<'o>], at: usize) -> Option<&'o Operand<'o>> {
    operands
        .iter()
        .find(|operand| operand.at >= at && !operand.rows.is_empty())
}
