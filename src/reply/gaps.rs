//! "27.9 % below the 10.1 thousand recorded before": by how much one value lies above or below another, and on which side.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::evidence::{At, Role};

use super::measure::{base, previous, same_unit};
use super::number::{Bare, Kind, comparable};
use super::pattern::pattern;
use super::periods::BEFORE;
use super::placeholder::sign;
use super::reason::Reason;
use super::verify::Judge;

static SIDE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s*(?:(?P<more>above|ahead of|(?:higher|more|larger|greater) than)|(?P<less>below|behind|short of|shy of|(?:lower|less|smaller|fewer) than)|(?P<of>(?P<extra>more)|fewer|less))\b",
    )
});

/// What a gap is told to.
enum End<'a> {
    Row(&'a [&'a str]),
    Value(&'a Bare),
    /// The value of the period before.
    Before,
}

/// No further than this from the gap to what it is a gap to.
const NEAR: usize = 48;

impl Judge<'_, '_> {
    /// The side of each gap whose two ends are used.
    pub(super) fn gaps(&mut self) {
        let faults: Vec<Reason> = (0..self.numbers.len()).filter_map(|index| self.gap(index)).collect();
        self.out.faults.extend(faults);
    }

    fn gap(&self, index: usize) -> Option<Reason> {
        let bare = &self.numbers[index];
        if matches!(bare.kind, Kind::Times | Kind::Ordinal) {
            return None;
        }
        let after = &self.masked.text[bare.end..];
        let first = after.trim_start().bytes().next()?.to_ascii_lowercase();
        if !b"abhlmgsf".contains(&first) {
            return None;
        }
        let side: Captures<'_> = SIDE.captures(after)?;
        let is_more = side.name("more").or(side.name("extra")).is_some();
        let claimed = if is_more { 1 } else { -1 };
        let from = bare.end + side.get(0)?.end();
        let other = self.numbers.get(index + 1).filter(|other| {
            let between = self.masked.text.get(from..other.start);
            between.is_some_and(|between| between.len() < NEAR && !between.contains([';', '.', '(']))
        });
        let to = other.map_or(self.masked.text.len(), |other| other.start);
        // What names the time before is masked as a span of days.
        let tells_before = BEFORE.is_match(&self.sentence.typed[from..to]) || side.name("of").is_some();
        let to_row = self.subjects.iter().find(|subject| from <= subject.range.start);
        let to_row = to_row.filter(|subject| subject.range.start < to);
        let ends = match (to_row, other) {
            (Some(subject), _) => [Some(End::Row(&subject.rows)), None],
            (None, other) => [other.map(End::Value), tells_before.then_some(End::Before)],
        };
        let ends = ends.into_iter().flatten();
        let signs: Vec<i8> = ends.flat_map(|end| self.signs_of_gap(bare, &end)).collect();
        let is_wrong = !signs.is_empty() && signs.iter().all(|sign| *sign == -claimed);
        is_wrong.then(|| {
            let word = side.get(0).map_or("", |word| word.as_str().trim());
            Reason::contradicted("word", format!("\"{} {word}\" is the wrong side", bare.raw))
        })
    }

    /// The signs of all differences of used values that a gap may tell.
    fn signs_of_gap(&self, gap: &Bare, end: &End<'_>) -> Vec<i8> {
        let mut all: Vec<At<'_>> = Vec::new();
        for at in &self.basis.cells {
            all.extend([Some(*at), Some(base(at)), previous(at)].into_iter().flatten());
        }
        let mut out = Vec::new();
        for high in &all {
            for low in all.iter().filter(|low| same_unit(high, low)) {
                let (Some(x), Some(y)) = (high.exact(), low.exact()) else {
                    continue;
                };
                let is_told = match end {
                    End::Row(rows) => std::ptr::eq(high.column, low.column) && rows.contains(&low.row.id.as_str()),
                    End::Value(other) => comparable(&other.kind, &self.basis.kind(low)) && other.fits(y),
                    End::Before => low.column.role == Role::Previous && std::ptr::eq(high.row, low.row),
                };
                if x == y || !is_told {
                    continue;
                }
                let is_gap = match gap.kind {
                    Kind::Percent => y != 0.0 && gap.fits((x - y) / y.abs() * 100.0),
                    Kind::Points => self.basis.kind(high) == Kind::Percent && gap.fits(x - y),
                    _ => comparable(&gap.kind, &self.basis.kind(high)) && gap.fits(x - y),
                };
                if is_gap {
                    out.push(sign(x - y));
                }
            }
        }
        out
    }
}
