//! Words that claim a direction, a calm or an extreme, against the signs and places of the cells used.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::evidence::{At, Good, Role, Row, Unit};

use super::mask::says;
use super::measure::{self, base};
use super::names::Mention;
use super::pattern::pattern;
use super::placeholder::sign;
use super::reason::Reason;
use super::render::MARK;
use super::subjects::measures_of;
use super::verify::Judge;
use super::words::{self, Direction, Reach};

static CALM: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:unchanged|flat|stable|steady|no change|constant|did not change)\b"));

impl Judge<'_, '_> {
    pub(super) fn directions(&mut self) {
        let found = std::mem::take(&mut self.directions);
        let signs = self.signs();
        self.calm(&signs);
        let marks: Vec<usize> = self.masked.text.match_indices(MARK).map(|(at, _)| at).collect();
        let is_better_low = self.is_better_low();
        for (index, direction) in found.iter().enumerate() {
            if direction.is_judgement && is_better_low {
                // "The refund rate improved": by most it is said of a fall, by some of a rise.
                self.out.doubts += 1;
                continue;
            }
            let next_word = found.get(index + 1).map_or(usize::MAX, |next| next.start);
            let piece = marks
                .iter()
                .zip(&self.sentence.pieces)
                .find(|(at, piece)| {
                    **at >= direction.end && **at < direction.end + 30 && **at < next_word && piece.is_change
                })
                .and_then(|(_, piece)| piece.sign);
            if let Some(sign) = piece {
                if sign != 0 && sign != direction.sign {
                    self.fault(opposite(&direction.word));
                }
                continue;
            }
            if signs.is_empty()
                && let Some(sign) = self.sign_of_day(direction)
            {
                if sign != direction.sign {
                    self.fault(opposite(&direction.word));
                }
            } else if signs.is_empty() {
                self.fault(Reason::unsupported(
                    "word",
                    format!(
                        "\"{}\" claims a change, but no change is cited; use {{{{move:…}}}} or an assert",
                        direction.word
                    ),
                ));
            } else if let Some(height) = self.height_of_day(direction) {
                if height != direction.sign {
                    self.fault(opposite(&direction.word));
                }
            } else if !signs.contains(&direction.sign) {
                self.fault(if signs.iter().all(|sign| *sign == -direction.sign) {
                    opposite(&direction.word)
                } else {
                    Reason::unsupported("word", format!("\"{}\" fits no change cited", direction.word))
                });
            } else if found.len() == 1 && signs.iter().any(|sign| *sign == -direction.sign) && self.says_all() {
                let message = format!("\"{}\" is not what all cells used did", direction.word);
                self.fault(Reason::contradicted("word", message));
            } else if signs.iter().any(|sign| *sign != direction.sign) {
                match self.signs_beside(direction) {
                    own if !own.is_empty() && own.iter().all(|sign| *sign == -direction.sign) => {
                        self.fault(opposite(&direction.word));
                    }
                    _ => self.out.doubts += 1,
                }
            }
        }
        // "1,200 fewer users than Italy" is no change.
        let may_lean = !signs.is_empty() && !self.numbers.is_empty() && !self.masked.text.contains(" than ");
        let leanings = may_lean.then(|| words::leanings(&self.masked.text));
        for (word, sign) in leanings.unwrap_or_default() {
            if signs.iter().all(|own| *own == -sign) {
                self.fault(opposite(&word));
            }
        }
        self.directions = found;
    }

    /// "Late events spiked on 3 December, six times the figure of the day after": a spike or a dip is held against the other day, be it
    /// before or after. 1 where the day named first has the higher value.
    fn height_of_day(&self, direction: &Direction) -> Option<i8> {
        let first = self.subjects.first()?;
        let is_spike = direction.word.starts_with("spik") || direction.word.starts_with("dip");
        let is_day = |at: &&At<'_>| at.row.key.parse::<Date>().is_ok() && at.column.role != Role::Previous;
        let days = self.basis.cells.iter().filter(is_day).copied();
        let (own, others): (Vec<At<'_>>, Vec<At<'_>>) = days.partition(|at| first.rows.contains(&at.row.id.as_str()));
        match (own.as_slice(), others.as_slice()) {
            ([a], [b]) if is_spike && std::ptr::eq(a.column, b.column) => Some(sign(a.exact()? - b.exact()?)),
            _ => None,
        }
    }

    /// "Completeness slumped to 74.6 % on 11 August": the one day used against the day before it, or, for a word that speaks of how high
    /// a day stands out, against all days.
    fn sign_of_day(&self, direction: &Direction) -> Option<i8> {
        let is_used = |at: &&At<'_>| at.column.role == Role::Current && at.row.key.parse::<Date>().is_ok();
        let days: Vec<&At<'_>> = self.basis.cells.iter().filter(is_used).collect();
        let is_one = days.windows(2).all(|two| std::ptr::eq(two[0].row, two[1].row));
        let signs = days.iter().filter_map(|at| sign_among_days(at, direction));
        let signs: Vec<i8> = signs.filter(|_| is_one).collect();
        let met = signs.iter().find(|sign| **sign == direction.sign);
        met.or(signs.first()).copied()
    }

    /// The measure that a superlative is of: "the top channel by revenue".
    fn measure_after(&self, from: usize) -> Option<&str> {
        let text = &self.sentence.typed;
        let is_by = |start: usize| {
            let between = text.get(from..start).map(str::trim_end);
            between.is_some_and(|between| {
                between.len() < 40 && (between.ends_with(" by") || between.ends_with(" in terms of"))
            })
        };
        let mut after = self
            .names
            .iter()
            .filter(|(range, entry)| entry.is_measure && is_by(range.start));
        after.next().map(|(_, entry)| &*entry.lower)
    }

    /// "Every one of the five segments".
    fn says_all(&self) -> bool {
        static ALL: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:every one of|each of|all of|without exception|across the board|every single|all (?:the )?(?:two|three|four|five|six|seven|eight|nine|ten|\d+) )\b?",
            )
        });
        self.mentions.is_empty() && ALL.is_match(&self.masked.text)
    }

    /// Of what nobody wants more.
    pub(super) fn is_better_low(&self) -> bool {
        let own = self.own_cells();
        !own.is_empty() && own.iter().all(|at| at.good() == Good::Down)
    }

    /// The cells of the one row that the sentence names, where there is but one; else all.
    fn cells_of_subject(&self) -> Vec<At<'_>> {
        let mut own = self.own_cells();
        if let Some(rows) = self.subject() {
            own.retain(|at| rows.contains(&at.row.id.as_str()));
        }
        own
    }

    /// The rows of the only name in a sentence that stands on cells of more rows: it is what a rank or an extreme is said of.
    pub(super) fn subject(&self) -> Option<&[&str]> {
        let [subject] = self.subjects.as_slice() else {
            return None;
        };
        let own = self.own_cells();
        let is_used = own.iter().any(|at| subject.rows.contains(&at.row.id.as_str()));
        (is_used && self.sentence.pieces.is_empty()).then_some(subject.rows.as_slice())
    }

    /// Of these, those of the rows and measures named in the same clause: "users rose, and revenue fell".
    fn signs_beside(&self, direction: &Direction) -> Vec<i8> {
        let clause = self.clause_of(direction.start..direction.end);
        let inside = |range: &Range<usize>| clause.start <= range.start && range.end <= clause.end;
        let rows: Vec<&str> = self
            .mentions
            .iter()
            .filter(|mention| inside(&mention.range))
            .flat_map(|mention| mention.rows.iter().copied())
            .collect();
        let named = self
            .names
            .iter()
            .filter(|(range, entry)| entry.is_measure && inside(range));
        let measures: Vec<&str> = named.map(|(_, entry)| &*entry.lower).collect();
        // "Sessions rose" beside "total sessions": by what is counted.
        let noun = |at: &At<'_>| match at.unit() {
            Unit::Count(noun) => Some(noun.to_lowercase()),
            _ => None,
        };
        let text = &self.sentence.typed[clause.clone()];
        let counted = |at: &At<'_>| noun(at).is_some_and(|noun| says(text, &noun));
        let own = self.own_cells();
        let by_noun = rows.is_empty() && measures.is_empty() && own.iter().any(counted);
        if rows.is_empty() && measures.is_empty() && !by_noun {
            return Vec::new();
        }
        let is_beside = |at: &&At<'_>| {
            let is_row = rows.is_empty() || rows.contains(&at.row.id.as_str());
            let is_said = |own: &String| measures.iter().any(|said| own.contains(said));
            let is_measure = measures.is_empty() || measures_of(at).iter().any(is_said);
            if by_noun { counted(at) } else { is_row && is_measure }
        };
        own.iter().filter(is_beside).filter_map(sign_of).collect()
    }

    /// The words around one up to the next comma, "and" or "while".
    fn clause_of(&self, word: Range<usize>) -> Range<usize> {
        static BREAK: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"(?i)[,;:]|\s(?:and|but|while|whereas|yet|although|though|even (?:as|though)|as|despite)\s")
        });
        let text = &self.masked.text;
        let start = BREAK
            .find_iter(&text[..word.start])
            .last()
            .map_or(0, |found| found.end());
        let end = BREAK
            .find(&text[word.end..])
            .map_or(text.len(), |found| word.end + found.start());
        start..end
    }

    /// The signs of the changes that this sentence may speak of.
    pub(super) fn signs(&self) -> Vec<i8> {
        let pieces: Vec<i8> = self
            .sentence
            .pieces
            .iter()
            .filter(|piece| piece.is_change)
            .filter_map(|piece| piece.sign)
            .collect();
        if !pieces.is_empty() {
            return pieces;
        }
        if self.sentence.cells.is_empty() && !self.basis.signs.is_empty() {
            return self.basis.signs.clone();
        }
        let own: Vec<i8> = self.own_cells().iter().filter_map(sign_of).collect();
        match own.as_slice() {
            [] if self.basis.signs.is_empty() => {
                let columns = self.between_columns();
                columns.map_or_else(|| self.between_days(), |sign| vec![sign])
            }
            [] => self.basis.signs.clone(),
            _ => own,
        }
    }

    /// "From 47 % on day 1 to 24 % on day 7": of two columns of one row, both current, in the order told.
    pub(super) fn between_columns(&self) -> Option<i8> {
        let [a, b] = self.basis.cells.as_slice() else {
            return None;
        };
        let is_current = |at: &At<'_>| at.column.role == Role::Current;
        let is_pair = std::ptr::eq(a.row, b.row) && !std::ptr::eq(a.column, b.column) && measure::same_unit(a, b);
        let place = |at: &At<'_>| {
            let value = at.exact()?;
            self.numbers
                .iter()
                .position(|bare| bare.fits(value) && bare.kind == self.basis.kind(at))
        };
        if !is_pair || !is_current(a) || !is_current(b) {
            return None;
        }
        let (first, second) = (place(a)?, place(b)?);
        let rise = sign(b.exact()? - a.exact()?);
        (first != second).then_some(if first < second { rise } else { -rise })
    }

    /// From the earlier to the later of two days, column by column: "fell to 156, from 388 the day before". The days are those that the sentence
    /// names, or the one that it names and the last one used before that.
    fn between_days(&self) -> Vec<i8> {
        let may_be_day = |at: &At<'_>| at.row.key.starts_with(|c: char| c.is_ascii_digit());
        if !self.basis.cells.iter().any(may_be_day) {
            return Vec::new();
        }
        let day = |at: &At<'_>| at.row.key.parse::<Date>().ok();
        let cells: Vec<(Date, At<'_>)> = self.basis.cells.iter().filter_map(|at| Some((day(at)?, *at))).collect();
        let days: BTreeSet<Date> = cells.iter().map(|(day, _)| *day).collect();
        let is_named = |at: &At<'_>| {
            self.subjects
                .iter()
                .any(|subject| subject.rows.contains(&at.row.id.as_str()))
        };
        let named: BTreeSet<Date> = cells
            .iter()
            .filter(|(_, at)| is_named(at))
            .map(|(day, _)| *day)
            .collect();
        let two = |days: &BTreeSet<Date>| Some((*days.first()?, *days.last()?)).filter(|_| days.len() == 2);
        let one = || {
            let to = named.first().filter(|_| named.len() == 1)?;
            let beside = days
                .range(..to)
                .next_back()
                .or_else(|| days.iter().find(|day| *day != to))?;
            Some((*beside, *to))
        };
        let Some((from, to)) = two(&named).or_else(|| two(&days)).or_else(one) else {
            return Vec::new();
        };
        let later = cells.iter().filter(|(day, _)| *day == to);
        let change = |(_, now): &(Date, At<'_>)| {
            let is_same = |at: &At<'_>| std::ptr::eq(at.table, now.table) && std::ptr::eq(at.column, now.column);
            let (_, then) = cells.iter().find(|(day, at)| *day == from && is_same(at))?;
            Some(sign(now.exact()? - then.exact()?))
        };
        later.filter_map(change).collect()
    }

    fn calm(&mut self, signs: &[i8]) {
        let Some(word) = CALM.find(&self.masked.text).map(|found| found.range()) else {
            return;
        };
        if signs.is_empty() {
            return;
        }
        // "Flat for A, and up for B" speaks of A.
        let clause = self.clause_of(word.start..word.end);
        let is_inside = |mention: &&Mention<'_>| clause.start <= mention.range.start && mention.range.end <= clause.end;
        let named: Vec<&str> = self
            .mentions
            .iter()
            .filter(is_inside)
            .flat_map(|mention| mention.rows.iter().copied())
            .collect();
        let own = self.own_cells();
        let spoken_of = own
            .iter()
            .filter(|at| named.is_empty() || named.contains(&at.row.id.as_str()));
        let moved = spoken_of.into_iter().any(|at| {
            let large = measure::change_percent(at).is_some_and(|percent| percent.abs() >= 10.0);
            large && measure::score(at).is_none_or(|z| z.abs() >= 3.0)
        });
        if moved {
            self.fault(Reason::unsupported(
                "word",
                format!(
                    "\"{}\", but the value changed beyond ordinary variation",
                    &self.masked.text[word]
                ),
            ));
        }
    }

    pub(super) fn superlatives(&mut self) {
        if self.sentence.pieces.iter().any(|piece| piece.is_rank) {
            return;
        }
        let moves = self.sentence.pieces.iter().filter(|piece| piece.is_change);
        let falls = self.directions.iter().any(|direction| direction.sign < 0)
            || moves.clone().any(|piece| piece.sign == Some(-1));
        let speaks_of_change = !self.directions.is_empty() || moves.count() > 0;
        for claim in std::mem::take(&mut self.superlatives) {
            let is_of_change = claim.reach != Reach::Level;
            let of_change = speaks_of_change || is_of_change;
            let fits = |side: i8| claim.side == 0 || side == 0 || side == claim.side || (falls && claim.side > 0);
            if self.basis.extremes.iter().any(|side| fits(*side)) {
                continue;
            }
            let mut own = self.cells_of_subject();
            let ranked_by = self.measure_after(claim.end);
            if own
                .iter()
                .any(|at| ranked_by.is_some_and(|label| is_measure(at, label)))
            {
                own.retain(|at| ranked_by.is_some_and(|label| is_measure(at, label)));
            }
            let met = own.iter().any(|at| {
                let change = measure::companion(&base(at), Role::Change).filter(|_| of_change);
                let levels = [*at, base(at)].into_iter().filter(|at| !is_of_change || is_change(at));
                levels
                    .chain(change)
                    .filter_map(|at| measure::rank(&at))
                    .any(|rank| (rank.from_top == 1 && fits(1)) || (rank.from_bottom == 1 && fits(-1)))
            });
            // "The widest swing" says neither up nor down.
            let sides: &[i8] = match (falls, speaks_of_change) {
                (true, _) => &[-1],
                (false, true) => &[1],
                (false, false) => &[1, -1],
            };
            // "fastest" and "steepest" are about percent; "the largest gain" may be an amount.
            let is_extreme = |at: &At<'_>, side: i8| {
                measure::is_extreme_change(at, side, measure::change_percent)
                    || claim.reach != Reach::Change && measure::is_extreme_change(at, side, measure::change)
            };
            let met = met || (of_change && own.iter().any(|at| sides.iter().any(|side| is_extreme(at, *side))));
            if !met {
                self.fault(Reason::unsupported(
                    "word",
                    format!("\"{}\" needs an extreme or rank assert that holds", claim.word),
                ));
            }
        }
    }
}

fn sign_among_days(at: &At<'_>, direction: &Direction) -> Option<i8> {
    const HEIGHTS: [&str; 7] = ["slump", "spik", "dip", "collaps", "plung", "surg", "plummet"];
    let (own, day) = (at.exact()?, at.row.key.parse::<Date>().ok()?);
    let values = measure::column_values(at.table, &at.column.name);
    let on = |wanted: Option<Date>| {
        let is_wanted = |(row, _): &&(&Row, f64)| row.key.parse().ok() == wanted;
        let (_, value) = values.iter().find(is_wanted).filter(|_| wanted.is_some())?;
        Some(sign(own - value))
    };
    let since_yesterday = on(day.yesterday().ok());
    if !HEIGHTS.iter().any(|stem| direction.word.starts_with(stem)) {
        return since_yesterday;
    }
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
    let beside = [Some(sign(own - mean)), since_yesterday, on(day.tomorrow().ok())];
    match beside.contains(&Some(direction.sign)) {
        true => Some(direction.sign),
        false => beside[0],
    }
}

fn is_measure(at: &At<'_>, label: &str) -> bool {
    measures_of(at).iter().any(|own| own == label)
}

/// Whether a cell holds a change, and no level.
fn is_change(at: &At<'_>) -> bool {
    matches!(
        at.column.role,
        Role::Change | Role::ChangePoints | Role::Deviation | Role::Z
    )
}

fn sign_of(at: &At<'_>) -> Option<i8> {
    match at.column.role {
        Role::Change | Role::ChangePoints | Role::Deviation => at.exact().map(sign),
        _ => measure::change(at).or_else(|| measure::deviation(at)).map(sign),
    }
}

fn opposite(word: &str) -> Reason {
    Reason::contradicted("word", format!("\"{word}\" is the opposite of the change cited"))
}
