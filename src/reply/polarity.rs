//! Words that claim a direction or a calm, against the signs of the cells used.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::evidence::{At, Good, Unit};

use super::counting::follows_in;
use super::mask::says;
use super::measure;
use super::names::Mention;
use super::number::Bare;
use super::pattern::{Worded, pattern, worded};
use super::reason::Reason;
use super::render::MARK;
use super::signs::sign_of;
use super::subjects::measures_of;
use super::verify::Judge;
use super::words::{self, Direction};

static CALM: LazyLock<Worded> =
    LazyLock::new(|| worded(r"(?i)\b(?:unchanged|flat|stable|steady|no change|constant|did not change)\b"));

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
            if self.tells_side_of_row(direction) {
                continue;
            }
            if let Some(is_right) = self.compares_fronted(direction) {
                if !is_right {
                    let message = format!("\"{}\" is the wrong way round", direction.word);
                    self.fault(Reason::contradicted("name", message));
                }
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
                if self.tells_side(direction) {
                    continue;
                }
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
            } else if found.len() == 1 && signs.iter().any(|sign| *sign == -direction.sign) && self.says_all(&found) {
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

    /// "Users in Rome fell below users in Paris": the comparison is judged as one.
    fn tells_side_of_row(&self, direction: &Direction) -> bool {
        let after = &self.masked.text[direction.end..];
        let is_side = [" below", " under", " above", " behind"]
            .iter()
            .any(|side| after.starts_with(side));
        is_side && self.subjects_once().len() == 2 && !self.numbers.iter().any(Bare::is_bound)
    }

    /// "Only one cohort fell below 7 %": on which side of a limit it lies, where nothing is known of before.
    fn tells_side(&self, direction: &Direction) -> bool {
        const SIDES: [&str; 8] = [
            " below",
            " under",
            " short of",
            " above",
            " over",
            " past",
            " beyond",
            " outside",
        ];
        let after = &self.masked.text[direction.end..];
        SIDES.iter().any(|side| after.starts_with(side)) && self.numbers.iter().any(Bare::is_bound)
    }

    /// "Every one of the five segments".
    fn says_all(&self, found: &[Direction]) -> bool {
        static ALL: LazyLock<Worded> = LazyLock::new(|| {
            worded(
                r"(?i)\b(?:every one of|each of|all of|without exception|across the board|every single|all (?:the )?(?:two|three|four|five|six|seven|eight|nine|ten|\d+) )\b?",
            )
        });
        // "Across all 7 products, revenue fell in 2".
        let is_counted = |direction: &Direction| {
            self.numbers
                .iter()
                .any(|bare| follows_in(&self.masked.text, direction, bare))
        };
        let counts_some = found.iter().any(is_counted);
        let all = ALL
            .among(&self.first_letters)
            .filter(|_| self.mentions.is_empty() && !counts_some);
        all.is_some_and(|all| all.is_match(&self.masked.text))
    }

    /// Of what nobody wants more.
    pub(super) fn is_better_low(&self) -> bool {
        let own = self.own_cells();
        !own.is_empty() && own.iter().all(|at| at.good() == Good::Down)
    }

    /// The cells of the one row that the sentence names, where there is but one; else all.
    pub(super) fn cells_of_subject(&self) -> Vec<At<'_>> {
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
            .filter(|mention| inside(&mention.range) && !self.is_left_out(mention))
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
        // "Orders, too, are higher" is one clause.
        const ASIDES: [&str; 5] = ["too,", "also,", "however,", "meanwhile,", "though,"];
        let breaks: Vec<usize> = BREAK.find_iter(&text[..word.start]).map(|found| found.end()).collect();
        let is_aside = |end: &&usize| {
            let before = &text[..**end];
            ASIDES.iter().any(|aside| {
                before.ends_with(aside)
                    || aside
                        .strip_suffix(',')
                        .is_some_and(|word| text[**end..].trim_start().starts_with(word))
            })
        };
        let start = breaks.iter().rev().find(|end| !is_aside(end)).copied().unwrap_or(0);
        let end = BREAK
            .find(&text[word.end..])
            .map_or(text.len(), |found| word.end + found.start());
        start..end
    }

    fn calm(&mut self, signs: &[i8]) {
        let calm = CALM.among(&self.first_letters);
        let Some(word) = calm
            .and_then(|calm| calm.find(&self.masked.text))
            .map(|found| found.range())
        else {
            return;
        };
        // "Did not stay flat".
        if signs.is_empty() || words::is_negated(&self.masked.text[..word.start]) {
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
}

fn opposite(word: &str) -> Reason {
    Reason::contradicted("word", format!("\"{word}\" is the opposite of the change cited"))
}
