//! Counts of rows: how many lie beyond a limit that the sentence names, and which number is only the count of all.

use std::sync::LazyLock;

use regex::Regex;

use super::basis::{Beyond, Tag};
use super::measure;
use super::number::{Bare, Kind};
use super::pattern::{Worded, pattern, worded};
use super::reason::Reason;
use super::verify::Judge;
use super::words::{Direction, Multiple};

/// The part that a number has in a count of rows beyond a limit.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Counted {
    /// None: it is judged as any other number.
    Not,
    Limit,
    Right,
    Wrong(Reason),
}

/// The part of each number, in order; empty where nothing is counted.
pub(super) struct Counts(Vec<Counted>);

impl Counts {
    pub(super) fn of(&self, index: usize) -> Counted {
        self.0.get(index).cloned().unwrap_or(Counted::Not)
    }
}

/// "The number of fields with growing null values is".
static NUMBER_OF: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:number|count) of (?:fields|countries|segments|channels|products|cohorts|markets|days|sources|regions|rows)\b[^.;]*(?:\b(?:is|was|stands at|comes to|came to|equals|totals|reached)|:)\s*$",
    )
});

/// "Triple-digit order counts": 100 or more.
static DIGITS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(single|double|triple|four|five|six|seven|eight)-digit\b"));

impl Judge<'_, '_> {
    /// "Three of the 8 segments exceed 140,000": a count, the count of all, and the limit.
    pub(super) fn counted(&self) -> Counts {
        let apart = self.limit_apart();
        let is_apart = |bare: &Bare| apart.as_ref().is_some_and(|(start, _)| *start == bare.start);
        let in_words = apart
            .as_ref()
            .map(|(_, limit)| limit.clone())
            .or_else(|| self.limit_in_words());
        let is_limit = |bare: &&Bare| bare.is_bound() && !self.bounds_count(bare) && !is_apart(bare);
        let limits = || self.numbers.iter().filter(is_limit).chain(&in_words);
        let may_count = |bare: &&Bare| (is_count(bare) || self.bounds_count(bare)) && !is_apart(bare);
        let counts: Vec<&Bare> = self.numbers.iter().filter(may_count).collect();
        let (Some(limit), None, false) = (limits().next(), limits().nth(1), counts.is_empty()) else {
            return Counts(Vec::new());
        };
        let beyond = self.beyond(limit);
        let n_rows = beyond.iter().map(|count| count.rows).max().unwrap_or(0);
        if n_rows < 2 || self.basis.rows().len() < 2 {
            return Counts(Vec::new());
        }
        let judged = self.numbers.iter().map(|bare| {
            if is_apart(bare) {
                Counted::Limit
            } else if self.bounds_count(bare) {
                match beyond.iter().any(|count| bare.bounds(self.told_by(bare, count))) {
                    true => Counted::Right,
                    false => wrong(bare, "how many rows lie beyond that limit"),
                }
            } else if bare.is_bound() {
                Counted::Limit
            } else if !is_count(bare) || bare.value > n_rows as f64 {
                Counted::Not
            } else if self.is_total(bare) {
                let mut totals = self.basis.counts().iter().filter(|quantity| quantity.tag == Tag::Rows);
                match totals.any(|total| bare.fits(total.value)) {
                    true => Counted::Right,
                    false => wrong(bare, "how many rows there are"),
                }
            } else if beyond.iter().any(|count| bare.fits(self.told_by(bare, count))) {
                Counted::Right
            } else {
                wrong(bare, "how many rows lie beyond that limit")
            }
        });
        Counts(judged.collect())
    }

    /// "No fewer than five of the eight segments": a bound of a count, and no limit of values.
    fn bounds_count(&self, bare: &Bare) -> bool {
        const OF: [&str; 3] = [" of the ", " of all ", " of our "];
        let after = &self.masked.text[bare.end..];
        let is_small = bare.kind == Kind::Plain && bare.value.fract() == 0.0 && bare.value < 100.0;
        is_small && bare.is_bound() && OF.iter().any(|of| after.starts_with(of))
    }

    /// What a count tells: "five segments", or "all but five".
    fn told_by(&self, bare: &Bare, count: &Beyond) -> f64 {
        let of = if self.is_all_but(bare) {
            count.rows - count.beyond
        } else {
            count.beyond
        };
        of as f64
    }

    pub(super) fn beyond(&self, limit: &Bare) -> Vec<Beyond> {
        const INCLUDED: [&str; 8] = [
            "at least",
            "no less than",
            "no fewer than",
            "at most",
            "no more than",
            "not more than",
            "up to",
            "a minimum of",
        ];
        let before = self.masked.text[..limit.start].trim_end().to_ascii_lowercase();
        self.basis
            .beyond(limit, INCLUDED.iter().any(|words| before.ends_with(words)))
    }

    fn is_all_but(&self, bare: &Bare) -> bool {
        let before = self.masked.text[..bare.start].trim_end();
        before.to_ascii_lowercase().ends_with("all but")
    }

    /// "All but two segments grew".
    pub(super) fn all_but_moved(&self, bare: &Bare) -> bool {
        let mut went = self
            .directions
            .iter()
            .flat_map(|direction| self.basis.went(direction.sign));
        is_count(bare) && self.is_all_but(bare) && went.any(|count| bare.fits((count.rows - count.beyond) as f64))
    }

    /// "All three averages deteriorated": those used, where all of them went that way.
    pub(super) fn counts_used(&self, bare: &Bare) -> bool {
        let signs = self.signs();
        let sides: Vec<i8> = match self.direction_at(bare) {
            Some(side) => vec![side],
            None => self.directions.iter().map(|direction| direction.sign).collect(),
        };
        let went = |sign: &i8| sides.iter().all(|side| side == sign);
        is_count(bare) && bare.tells(self.basis.n_used() as f64) && !signs.is_empty() && signs.iter().all(went)
    }

    /// "Half of the eight segments earned more than $10,000", "half of the segments grew".
    pub(super) fn counts_part(&self, (low, high): (f64, f64)) -> bool {
        let beyond = self
            .numbers
            .iter()
            .filter(|bare| bare.is_bound())
            .flat_map(|limit| self.beyond(limit));
        let went = self
            .directions
            .iter()
            .flat_map(|direction| self.basis.went(direction.sign));
        beyond.chain(went).filter(|count| count.rows > 1).any(|count| {
            let part = count.beyond as f64 / count.rows as f64 * 100.0;
            low <= part && part <= high
        })
    }

    /// "four fields", "four of the six fields": rows, and nothing that their values come to.
    pub(super) fn counts_rows(&self, bare: &Bare) -> bool {
        static ROWS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^\s(?:(?:out )?of (?:the |our |all )?[a-z0-9]+ )?(?:fields|countries|segments|channels|products|cohorts|markets|sources|regions|days)\b",
            )
        });
        // "Of 9 countries, four show falling revenue".
        static OF_ROWS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\bof (?:the |our |all )?(?:\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) [a-z]+, (?:only |just )?$",
            )
        });
        (is_count(bare) || self.bounds_count(bare))
            && (ROWS.is_match(&self.masked.text[bare.end..])
                || OF_ROWS.is_match(&self.masked.text[..bare.start])
                || NUMBER_OF.is_match(&self.masked.text[..bare.start]))
    }

    /// "fell in 6 channels and rose in 2": which way the rows went that a number counts.
    pub(super) fn direction_at(&self, bare: &Bare) -> Option<i8> {
        let is_before = |direction: &&Direction| follows_in(&self.masked.text, direction, bare);
        let found = self.directions.iter().find(is_before)?;
        (!(found.is_judgement && self.is_better_low())).then_some(found.sign)
    }

    /// "Only five cohorts had higher retention than that of May": how many stand before a row, or behind it.
    pub(super) fn counts_beyond_row(&self, bare: &Bare) -> bool {
        static BEYOND: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^\s[a-z]+\s(?:(?:had|have|has|show|showed|made|saw|recorded|earned|were|are)\s)?(?:a\s)?(?:(?:(?P<more>higher|more|larger|bigger)|lower|fewer|less|smaller)\s(?:[^\s.,;:]+\s){0,4}?than|(?:rank|place|sit|stand|come|finish|lie)[a-z]*\s(?:(?P<above>above|ahead of|in front of)|below|behind))\s",
            )
        });
        let found = BEYOND
            .captures(&self.masked.text[bare.end..])
            .filter(|_| is_count(bare));
        let Some((more, whole)) = found.and_then(|found| {
            Some((
                found.name("more").or(found.name("above")).is_some(),
                found.get(0)?.end(),
            ))
        }) else {
            return false;
        };
        let from = bare.end + whole;
        let Some(subject) = self.subjects.iter().find(|subject| subject.range.start >= from) else {
            return false;
        };
        let own = self
            .basis
            .cells
            .iter()
            .filter(|at| subject.rows.contains(&at.row.id.as_str()));
        let mut ranks = own.filter_map(measure::rank).filter(|rank| !rank.listed_only);
        ranks.any(|rank| bare.tells(if more { rank.from_top } else { rank.from_bottom } as f64 - 1.0))
    }

    /// "Half of the eight segments": a part of rows, and of nothing else.
    pub(super) fn counts_rows_after(&self, claim: &Multiple) -> bool {
        static OF_ROWS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"^ of (?:the|all|our) (?:\d{1,3}\s|(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|segments|countries|markets|channels|products|cohorts|fields|days|regions|sources|rows)\b)",
            )
        });
        OF_ROWS.is_match(&self.sentence.typed[claim.end..])
    }

    /// "Set the bar at 1,000 and three segments would be below it": the limit, with where it stands.
    pub(super) fn limit_apart(&self) -> Option<(usize, Bare)> {
        const BARS: [&str; 9] = [
            "bar at",
            "line at",
            "mark at",
            "limit at",
            "limit of",
            "threshold at",
            "threshold of",
            "cut-off at",
            "cutoff at",
        ];
        const AS_BARS: [&str; 8] = [
            "cutoff",
            "cut-off",
            "threshold",
            "limit",
            "bar",
            "mark",
            "line",
            "yardstick",
        ];
        static SIDE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"(?i)\b(?:(?P<above>above|over|beyond|past|exceed|clear)|below|under|short of)(?: (?:it|that))?\b")
        });
        static BAR: LazyLock<Worded> = LazyLock::new(|| worded(r"(?i)\b(?:bar|line|mark|limit|threshold|cut-?off)\b"));
        BAR.among(&self.first_letters)?;
        let text = &self.masked.text;
        let is_bar = |bare: &&Bare| {
            let before = text[..bare.start].trim_end().to_lowercase();
            let after = text[bare.end..].trim_start();
            let as_bar = AS_BARS.iter().any(|bar| {
                after
                    .strip_prefix("as a ")
                    .or(after.strip_prefix("as the "))
                    .is_some_and(|after| after.starts_with(bar))
            });
            as_bar || BARS.iter().any(|bar| before.ends_with(bar))
        };
        let bare = self.numbers.iter().find(is_bar)?;
        let side = SIDE.captures(&text[bare.end..])?;
        Some((
            bare.start,
            Bare::limit(bare.kind, bare.value, side.name("above").is_some()),
        ))
    }

    /// "more than half of their users": a limit in words, where percentages are counted.
    fn limit_in_words(&self) -> Option<Bare> {
        if let Some(found) = self
            .sentence
            .typed
            .contains("-digit")
            .then(|| DIGITS.captures(&self.sentence.typed))
            .flatten()
        {
            const WORDS: [&str; 8] = ["single", "double", "triple", "four", "five", "six", "seven", "eight"];
            let n = WORDS.iter().position(|word| found[1].eq_ignore_ascii_case(word))?;
            return Some(Bare::limit(
                Kind::Plain,
                10_f64.powi(i32::try_from(n).ok()?) - 1.0,
                true,
            ));
        }
        const PARTS: [(&str, f64); 9] = [
            ("half", 50.0),
            ("third", 100.0 / 3.0),
            ("quarter", 25.0),
            ("fifth", 20.0),
            ("tenth", 10.0),
            ("two thirds", 200.0 / 3.0),
            ("two-thirds", 200.0 / 3.0),
            ("three quarters", 75.0),
            ("three-quarters", 75.0),
        ];
        let mut limits = self.multiples.iter().filter_map(|claim| {
            let word = claim.word.trim_start_matches("a ").trim_start_matches("one ");
            let (_, value) = PARTS.into_iter().find(|(known, _)| *known == word)?;
            let before = self.sentence.typed[..claim.start].trim_end().to_lowercase();
            // "Failed to bring back at least half": below it.
            let is_missed = ["fail", "did not", "didn't", "never"]
                .iter()
                .any(|word| before.contains(word));
            if before.ends_with("at least") {
                return Some(Bare::limit(Kind::Percent, value, !is_missed));
            }
            let is_above = ["more than", "over", "above"]
                .iter()
                .any(|words| before.ends_with(words));
            let is_below = ["less than", "under", "below"]
                .iter()
                .any(|words| before.ends_with(words));
            (is_above != is_below).then(|| Bare::limit(Kind::Percent, value, is_above))
        });
        limits
            .next()
            .filter(|_| self.basis.cells.iter().any(|at| self.basis.kind(at) == Kind::Percent))
    }

    /// "Across the 14 days of the period": how long it is.
    pub(super) fn is_length_of_period(&self, bare: &Bare) -> bool {
        let after = self.masked.text[bare.end..].trim_start_matches([' ', '-']);
        let days = match after {
            _ if after.starts_with("day") => bare.value,
            _ if after.starts_with("week") => bare.value * 7.0,
            _ => return false,
        };
        let evidence = self.basis.evidence;
        let windows = [Some(evidence.period), evidence.previous_period];
        let mut lengths = windows.into_iter().flatten().map(|window| window.days());
        bare.kind == Kind::Plain && !bare.is_bound() && lengths.any(|length| length as f64 == days)
    }

    /// "of the 8 segments": all that there are.
    pub(super) fn is_total(&self, bare: &Bare) -> bool {
        let before = self.masked.text[..bare.start].trim_end();
        let words = before
            .strip_suffix("the")
            .or(before.strip_suffix("all"))
            .unwrap_or(before);
        // "Looking across all 7 products".
        let is_across = ["across", "among", "Among", "Across", "through", "of"]
            .iter()
            .any(|word| words.trim_end().ends_with(word))
            && words.len() < before.len();
        // "Each of four of the six".
        let is_part = self.masked.text[bare.end..].starts_with(" of ");
        // "A total of four countries".
        let is_sum = before.ends_with("total of");
        !is_part && !is_sum && (is_across || ["of", "Of"].iter().any(|of| words.trim_end().ends_with(of)))
    }
}

/// "fell in 6": whether a number follows a direction as the count of what went that way.
pub(super) fn follows_in(text: &str, direction: &Direction, bare: &Bare) -> bool {
    const IN: [&str; 6] = ["in", "for", "across", "on", "in only", "in just"];
    let between = text.get(direction.end..bare.start);
    between.is_some_and(|between| IN.contains(&between.trim()))
}

fn is_count(bare: &Bare) -> bool {
    bare.kind == Kind::Plain && !bare.is_bound() && bare.value.fract() == 0.0 && bare.value < 100.0
}

fn wrong(bare: &Bare, what: &str) -> Counted {
    Counted::Wrong(Reason::contradicted(
        "number",
        format!("\"{}\" is not {what}", bare.raw),
    ))
}
