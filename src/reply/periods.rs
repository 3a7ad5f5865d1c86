//! Dates and periods: a value must be of the time that the sentence says.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::evidence::{At, Role};

use super::basis::{Quantity, Time};
use super::dates::Dated;
use super::day::day_of;
use super::measure::base;
use super::number::{Bare, Kind, comparable};
use super::pattern::pattern;
use super::reason::Reason;
use super::verify::Judge;

pub(super) static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:previous(?:ly)?|prev|prior|before|earlier|last (?:period|week|month|quarter|year)|preceding|formerly|used to|ago|had been|having (?:been|trailed|stood|led)|it was|they were|versus|vs\.?|against|as opposed to|compared (?:with|to)|than|(?:from|after|down on|up on) (?:about |roughly |around )?[$€£~]?[\d\x{fffc}])",
    )
});

impl Judge<'_, '_> {
    pub(super) fn dates(&mut self) {
        if self.masked.dates.is_empty() {
            return;
        }
        let evidence = self.basis.evidence;
        let mut bounds: Vec<Date> = vec![evidence.period.start, evidence.period.end];
        if let Some(previous) = evidence.previous_period {
            bounds.extend([previous.start, previous.end]);
        }
        let days = &self.basis.lexicon.days;
        let uses_days = days.iter().any(|(_, row)| self.basis.uses(row));
        for (range, dated) in &self.masked.dates {
            let of_used = |day: Date, row: &str| dated.is(day) && self.basis.uses(row);
            let listed = days.iter().any(|(day, _)| dated.is(*day));
            // The ends of the period are scope; where days are rows, a sentence must say so.
            let is_cohort = uses_days && self.names_cohort(range);
            let is_scope = !is_cohort
                && bounds.iter().any(|date| dated.is(*date))
                && !(listed && uses_days && !self.is_scope(range));
            if is_scope || days.iter().any(|(day, row)| of_used(*day, row)) {
                continue;
            }
            let message = format!(
                "the text names a date ({}-{}) that none of the rows used has; use {{{{date:…}}}}",
                dated.month,
                dated.day.map_or_else(|| "?".to_owned(), |day| day.to_string())
            );
            self.out.faults.push(if listed {
                Reason::contradicted("date", message)
            } else {
                Reason::unsupported("date", message)
            });
        }
    }

    /// "The March 2024 cohort": a row of its own, and no scope.
    fn names_cohort(&self, range: &Range<usize>) -> bool {
        let text = &self.masked.text;
        let before = text[..range.start].trim_end();
        text[range.end..].starts_with(" cohort") || before.ends_with("cohort of") || before.ends_with("cohort of the")
    }

    /// "from 3 March to 16 March", "since 3 March": an end of a span of days.
    fn is_scope(&self, range: &Range<usize>) -> bool {
        const SPANS: [&str; 9] = ["from", "since", "between", "until", "to", "through", "and", "–", "-"];
        let before = self.masked.text[..range.start].trim_end();
        SPANS.iter().any(|word| before.to_lowercase().ends_with(word))
            || SPANS
                .iter()
                .any(|word| self.masked.text[range.end..].trim_start().starts_with(word))
    }

    fn clause(&self, start: usize, end: usize) -> &str {
        let text = &self.masked.text;
        let from = text[..start].rfind([';', '(']).map_or(0, |at| at + 1);
        let until = text[end..].find([';', ')']).map_or(text.len(), |at| end + at);
        &text[from..until]
    }

    /// "from A to B": A is the previous value, B the current one; "A in the previous period" is the previous one.
    pub(super) fn order_of_times(&mut self) {
        let uses_before = self
            .basis
            .cells
            .iter()
            .any(|at| matches!(at.column.role, Role::Previous | Role::PreviousShare));
        let compares = uses_before || !self.directions.is_empty();
        let of_window_before = self.names_window_before();
        let two_rows = self.subjects.iter().filter(|subject| !subject.rows.is_empty()).count() > 1;
        let mut faults = Vec::new();
        if self.between_columns().is_some() {
            return;
        }
        let apart = self.limit_apart().map(|(start, _)| start);
        for index in 0..self.numbers.len() {
            let bare = &self.numbers[index];
            if apart == Some(bare.start) {
                continue;
            }
            if matches!(bare.kind, Kind::Times | Kind::Ordinal | Kind::Points) || bare.is_bound() {
                continue;
            }
            let fits = |quantity: &&Quantity<'_>| comparable(&bare.kind, &quantity.kind) && bare.fits(quantity.value);
            let (mut may_be_now, mut may_be_before) = (false, false);
            for quantity in self.basis.timed().filter(fits) {
                may_be_now |= quantity.time == Time::Now;
                may_be_before |= quantity.time == Time::Before;
            }
            if may_be_now == may_be_before {
                continue;
            }
            let derived = || {
                let mut others = self
                    .basis
                    .of_kind(bare.kind)
                    .filter(|quantity| quantity.time == Time::Neither);
                others.any(|quantity| fits(&quantity))
            };
            let told = match self.told(index, compares, two_rows) {
                Some(told) => told,
                None if of_window_before => true,
                // Nothing calls it previous, and it is nothing else.
                None if may_be_before
                    && !derived()
                    && !BEFORE.is_match(self.clause(bare.start, bare.end))
                    && !self.tells_both(bare) =>
                {
                    false
                }
                None => continue,
            };
            // Of days, the earlier one is what the later one is held against.
            if told == may_be_before || told && self.uses_days() {
                continue;
            }
            let (is, said) = if told {
                ("current", "previous")
            } else {
                ("previous", "current")
            };
            faults.push(Reason::contradicted(
                "period",
                format!("\"{}\" is the {is} value, not the {said} one", bare.raw),
            ));
        }
        self.out.faults.extend(faults);
    }

    /// "19,818 to 40,111": the previous value, which is used itself, beside the current one.
    fn tells_both(&self, bare: &Bare) -> bool {
        let is_told = |at: &At<'_>, bare: &Bare| {
            at.exact()
                .is_some_and(|value| comparable(&bare.kind, &self.basis.kind(at)) && bare.fits(value))
        };
        let before = self
            .basis
            .cells
            .iter()
            .filter(|at| at.column.role == Role::Previous && is_told(at, bare));
        let others = |at: &At<'_>| {
            self.numbers
                .iter()
                .any(|other| other.start != bare.start && is_told(at, other))
        };
        before.into_iter().any(|at| others(&base(at)))
    }

    /// "In the fortnight that closed on 9 June", where that is the window before.
    fn names_window_before(&self) -> bool {
        let evidence = self.basis.evidence;
        let Some(before) = evidence.previous_period else {
            return false;
        };
        let ends = |dated: &Dated, start: Date, end: Date| dated.day.is_some() && (dated.is(start) || dated.is(end));
        let dates = &self.masked.dates;
        let is_before = |dated: &Dated| {
            ends(dated, before.start, before.end) && !ends(dated, evidence.period.start, evidence.period.end)
        };
        let uses_days = self.basis.cells.iter().any(|at| day_of(&at.row.key).is_some());
        !dates.is_empty() && !uses_days && dates.iter().all(|(_, dated)| is_before(dated))
    }

    /// Whether the values of more than one day are used.
    fn uses_days(&self) -> bool {
        let cells = self.basis.cells.iter();
        let days: BTreeSet<Date> = cells.filter_map(|at| day_of(&at.row.key)).collect();
        days.len() > 1
    }

    /// Whether the words around a number call it previous (true) or current (false); none where they do not say.
    fn told(&self, index: usize, compares: bool, two_rows: bool) -> Option<bool> {
        static FROM: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:from(?: (?:an? |its |the )?(?:[a-z]+ ){0,2}(?:base|level|low|high|figure|rate|reading|mark)(?: of)?)?|after|versus|vs\.?|compared (?:with|to)|as opposed to|against|down on|up on|had been|having been|\(it was|\(they were|used to be|instead of|prev\.?:?|(?:previous|prior|last|preceding|earlier) (?:period|value|level|week|month|quarter)?:?|previously|formerly|(?:began|started(?: out)?|starting|opened|beginning|begun) at)$",
            )
        });
        static WINDOW: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:in|during) the (?:previous|prior|preceding|last) (?:period|window|week|month|quarter|fortnight),? (?:it|they|that|this) (?:was|were|read|stood at|came to|totalled|totaled)$|\bin the (?:previous|prior|preceding|last|earlier) (?:period|window):?$|\bpreviously (?:stood|sat|was|were|came in)(?: at)?$",
            )
        });
        static LABELLED: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)\((?:previous|prior|last|preceding) period\)[^.;,()]{0,20}$"));
        static ROWS: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)\b(?:from|versus|vs\.?|compared (?:with|to)|as opposed to|against)$"));
        static TO: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:to|(?:ended|closed|finished|ending|closing|ends|closes) at|now(?: (?:at|stands? at|sits? at|reads?|totals?|amounts to|is))?|reached|reaching|is now|currently(?: at)?|today)$",
            )
        });
        static LAST: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^\s?\((?:the )?(?:previous|prior|last|preceding) (?:period|week|month|quarter|window)\)|^[^.;,()\d]{0,28}\b(?:(?:in|during|of) the (?:period|window|week|month|quarter) before|(?:in|during|of) the (?:previous|prior|preceding|last) (?:period|window|week|month|quarter)|(?:the )?(?:last|previous|prior|preceding) (?:period|week|month|quarter)|previously|before(?:hand)?|earlier|a (?:period|week|month|quarter) (?:ago|earlier|before))\b",
            )
        });
        static NOW: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^[^.;,()\d]{0,14}\b(?:in|during) (?:the current|this) (?:period|window|one|week|month)\b|^\s+(?:now|today|currently)\b",
            )
        });
        static OPENS: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^[^\w]*(?:a look (?:back )?at the (?:previous|prior|preceding|last|earlier) (?:period|window|week|month)|(?:going|looking|stepping) back (?:a|one) (?:period|week|month|quarter)|(?:a|one) (?:period|week|month|quarter) back|the baseline|before the current (?:period|window)|previously|before|formerly|earlier|(?:back )?(?:in|during) the (?:period|window|week|month|quarter) before|(?:back )?(?:in|during|for) the (?:previous|prior|preceding|last|earlier|former) (?:period|window|week|month|quarter)|(?:the )?(?:last|previous|prior|preceding|earlier)[- ](?:period|week|month|quarter)|(?:one|a) (?:period|week|month|quarter) (?:ago|earlier|before))\b",
            )
        });
        static AT: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)^,?\s(?:is|was|were|are|stands|stood|came|comes)\b"));
        static AGAINST: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)^\s*(?:compared (?:with|to)|against|versus|vs\.?|up from|down from)\b"));
        let bare = &self.numbers[index];
        let text = &self.masked.text;
        let before = lead(&text[..bare.start]);
        let after = &text[bare.end..self.numbers.get(index + 1).map_or(text.len(), |next| next.start)];
        static DAYS_BEFORE: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)\bin the (?:previous|prior|preceding) \d+ (?:days|weeks|months)\b"));
        // "From 45.9 % at the lowest to 59.5 % at the highest".
        if text.contains("at the lowest") || text.contains("at the highest") {
            return None;
        }
        static HAS_NOW: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:current|this) (?:period|window|week|month) (?:has|shows|puts|sees) [^.;]{0,40}\b(?:at|of)$",
            )
        });
        // "Ranges from $24.27 to $73.65" tells no time.
        static RANGES: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:rang(?:es?|ed|ing)|span(?:s|ned|ning)?|var(?:y|ies|ied|ying)|stretch(?:es|ed)?|runs?|ran)(?: [a-z]+){0,2} from\b",
            )
        });
        if text.contains("from") && RANGES.is_match(text) {
            return None;
        }
        // "83,576 events against 114,355 expected" compares with no time.
        const PLANNED: [&str; 5] = ["expected", "forecast", "planned", "budgeted", "targeted"];
        if PLANNED.iter().any(|word| after.trim_start().starts_with(word)) {
            return None;
        }
        let says_before = LAST.find(after).is_some_and(|found| {
            const BASES: [&str; 10] = [
                "with", "since", "than", "over", "on", "versus", "vs", "from", "against", "to",
            ];
            !found.as_str().split_whitespace().any(|word| BASES.contains(&word))
        });
        if says_before {
            return Some(true);
        }
        if NOW.is_match(after) {
            return Some(false);
        }
        // "Revenue, at $182,869, was lower".
        if before.ends_with(" at") && AT.is_match(after) {
            return Some(false);
        }
        // "(3.62M vs. 4.16M)": now against before.
        const VERSUS: [&str; 6] = ["vs.", "vs", "versus", "against", "compared with", "compared to"];
        let is_versus = |between: &str| VERSUS.contains(&lead(between.trim()));
        if compares && text[..bare.start].trim_end().ends_with('(') && is_versus(after) {
            return Some(false);
        }
        // "lost users (950 to 700)".
        let opens = |at: usize| text[..at].trim_end().ends_with('(');
        if compares && opens(bare.start) && after.trim() == "to" {
            return Some(true);
        }
        if compares
            && index > 0
            && text[self.numbers[index - 1].end..bare.start].trim() == "to"
            && opens(self.numbers[index - 1].start)
        {
            return Some(false);
        }
        // "500 -> 1,500".
        const ARROWS: [&str; 4] = ["->", "→", "=>", "-->"];
        if ARROWS
            .iter()
            .any(|arrow| after.trim().ends_with(arrow) && after.trim().len() <= 8)
        {
            return Some(true);
        }
        if ARROWS.iter().any(|arrow| before.ends_with(arrow)) {
            return Some(false);
        }
        // "1.4x its earlier level: 74.2k compared with 52.7k" tells both.
        let tells_both = before.ends_with(':') && AGAINST.is_match(after);
        static HAD: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:prior|previous|last|preceding|earlier) (?:period|window|week|month|quarter) (?:had|saw|showed|recorded|put) [^.;]{2,70}\b(?:at|of)$|\b(?:ended|closed|began|started|finished|opened) the (?:prior|previous|last|preceding|earlier) (?:period|window|week|month|quarter) (?:with|at|on)$",
            )
        });
        if HAS_NOW.is_match(before) {
            return Some(false);
        }
        let is_alone = self.numbers.len() == 1 && self.directions.is_empty();
        let opens = is_alone && (OPENS.is_match(text) || DAYS_BEFORE.is_match(&self.sentence.typed));
        if opens || HAD.is_match(before) {
            return Some(true);
        }
        if WINDOW.is_match(before) || LABELLED.is_match(before) {
            return Some(true);
        }
        if compares && FROM.is_match(before) && !tells_both && !(two_rows && ROWS.is_match(before)) {
            return Some(true);
        }
        let only_names = ["ompared to", "came to", "comes to", "mounted to", "mounts to"];
        if compares && TO.is_match(before) && !only_names.iter().any(|words| before.ends_with(words)) {
            return Some(false);
        }
        None
    }

    /// A rendered previous value is not "now".
    pub(super) fn periods(&mut self) {
        if self.sentence.pieces.is_empty() {
            return;
        }
        let roles: BTreeSet<bool> = self
            .sentence
            .pieces
            .iter()
            .filter(|piece| piece.cells.len() == 1)
            .filter_map(|piece| self.basis.evidence.at(piece.cells.first()?))
            .filter(|at| matches!(at.column.role, Role::Current | Role::Previous))
            .map(|at| at.column.role == Role::Previous)
            .collect();
        let text = &self.masked.text;
        if roles.len() == 1
            && roles.contains(&true)
            && !BEFORE.is_match(text)
            && !text.to_lowercase().contains("expected")
        {
            self.fault(Reason::unsupported(
                "period",
                "a previous value is shown as if it were the current one",
            ));
        }
    }
}

/// The text before a number without what only hedges it.
pub(super) fn lead(before: &str) -> &str {
    const HEDGES: [&str; 20] = [
        "about",
        "roughly",
        "around",
        "approximately",
        "some",
        "close to",
        "circa",
        "an estimated",
        "nearly",
        "almost",
        "just",
        "over",
        "under",
        "~",
        "(",
        "a",
        "the",
        "only",
        "as much as",
        "value of",
    ];
    // The last words of them, and no hedge ends otherwise.
    const LAST: [&str; 18] = [
        "about",
        "roughly",
        "around",
        "approximately",
        "some",
        "to",
        "circa",
        "estimated",
        "nearly",
        "almost",
        "just",
        "over",
        "under",
        "a",
        "the",
        "only",
        "as",
        "of",
    ];
    let mut rest = before.trim_end();
    'trim: loop {
        let last = rest.rsplit(' ').next().unwrap_or_default();
        if !last.ends_with(['~', '(']) && !LAST.iter().any(|hedge| last.eq_ignore_ascii_case(hedge)) {
            return rest;
        }
        for hedge in HEDGES {
            let found = rest.len().checked_sub(hedge.len()).and_then(|at| rest.get(at..));
            if found.is_some_and(|tail| tail.eq_ignore_ascii_case(hedge)) {
                let kept = &rest[..rest.len() - hedge.len()];
                if hedge.len() == 1 && !hedge.starts_with('a') || kept.ends_with(' ') || kept.is_empty() {
                    rest = kept.trim_end();
                    continue 'trim;
                }
            }
        }
        return rest;
    }
}
