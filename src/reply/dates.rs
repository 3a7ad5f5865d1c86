//! Dates as sentences write them: "14 March 2025", "June 5, 6 and 9", "Friday the 18th", "Christmas Day", 14/3.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::{Captures, Match, Regex};

use super::hints::Hints;
use super::lexicon::Lexicon;
use super::mask::hole;
use super::pattern::pattern;

const MONTH: &str = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";
const YEAR: &str = r"(?:,? (?P<y>(?:19|20)\d{2}))?";
const DAY: &str = r"(?:the )?\d{1,2}(?:st|nd|rd|th)?";

static ISO: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{4})-(\d{2})-(\d{2})\b"));
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{MONTH}){YEAR}\b"
    ))
});
/// The days before the last one of one month: "5, 6 and 9 June".
static DAYS_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<days>{DAY}(?:, {DAY})*),?(?:\s(?:and|to|or|through|&)\s|\s?[–-]\s?){DAY}(?: of)? (?P<m>{MONTH}){YEAR}\b"
    ))
});
/// The days after the first one of one month: "June 5, 6 and 9".
static DAYS_LAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<m>{MONTH}) \d{{1,2}}(?:st|nd|rd|th)?(?P<days>(?:, {DAY})*,?(?:\s(?:and|to|or|through|&)\s|\s?[–-]\s?){DAY})\b(?P<y>)"
    ))
});
static MONTH_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<m>{MONTH}) (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y>(?:19|20)\d{{2}})\b)?"
    ))
});
/// 14/3, 3/14/2025.
static SLASHED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?P<a>\d{1,2})/(?P<b>\d{1,2})(?:/(?P<y>(?:19|20)\d{2}))?\b"));
static MONTH_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<m>{MONTH}),? (?P<y>(?:19|20)\d{{2}}|['’]\d{{2}})\b"
    ))
});
/// The first month of a span within one year: "April to November 2025".
static MONTHS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<m>{MONTH})(?:\s(?:and|to|through|until)\s|\s?[–-]\s?){MONTH},? (?P<y>(?:19|20)\d{{2}})\b"
    ))
});
/// "the 24th", "Friday 18th", and the days listed after it.
static ORDINAL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:the|(?:mon|tues|wednes|thurs|fri|satur|sun)day,?) (?P<days>\d{1,2}(?:st|nd|rd|th)(?:(?:,|,? and|,? or| to|,? through) (?:the )?\d{1,2}(?:st|nd|rd|th))*)\b",
    )
});
/// What an ordinal counts when it is no day: "the 3rd largest", "the 2nd of six".
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s-](?:[a-z]+est|most|least|best|worst|top|place|position|spot|rank|percentile|quarter|week|time|month|year|consecutive|straight|of|in|among|by|overall|and last|highest-|segment|country|channel|product|field|cohort)\b",
    )
});
static NUMBER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{1,2}(?:st|nd|rd|th)?"));
static FEAST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:(?P<d25m12>Christmas Day)|(?P<d24m12>Christmas Eve)|(?P<d26m12>Boxing Day)|(?P<d1m1>New Year['’]s Day)|(?P<d31m12>New Year['’]s Eve)|(?P<d14m2>(?:St\.? )?Valentine['’]?s Day)|(?P<d31m10>Hallowe['’]?en)|(?P<d11m11>Singles['’]? Day))",
    )
});
/// The day and the month of each feast of the pattern, by the name of its group.
const FEASTS: [(&str, i8, i8); 8] = [
    ("d25m12", 25, 12),
    ("d24m12", 24, 12),
    ("d26m12", 26, 12),
    ("d1m1", 1, 1),
    ("d31m12", 31, 12),
    ("d14m2", 14, 2),
    ("d31m10", 31, 10),
    ("d11m11", 11, 11),
];

/// A date written in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) day: Option<i8>,
    pub(super) month: i8,
    pub(super) year: Option<i16>,
    /// "3/4" is the third of April or the fourth of March.
    pub(super) may_swap: bool,
}

impl Dated {
    pub(super) fn is(self, date: Date) -> bool {
        let is = |day: Option<i8>, month: i8| day.is_none_or(|day| day == date.day()) && month == date.month();
        let swapped = || self.day.is_some_and(|day| is(Some(self.month), day));
        (is(self.day, self.month) || self.may_swap && swapped()) && self.year.is_none_or(|year| year == date.year())
    }
}

/// Where the dates of a text stand, in order.
pub(super) type Dates = Vec<(Range<usize>, Dated)>;

/// Takes the dates out of a text.
pub(super) fn take_dates(out: &mut String, hints: Hints, lexicon: Option<&Lexicon>) -> Dates {
    let mut taker = Taker {
        out,
        dates: Vec::new(),
        days: lexicon.map(|lexicon| &*lexicon.days).unwrap_or_default(),
    };
    let has_months = hints.digits && hints.months;
    if has_months {
        taker.listed(&DAYS_FIRST, true);
        taker.listed(&DAYS_LAST, false);
        taker.first_months();
    }
    let patterns: [(bool, &Regex); 4] = [
        (hints.dashes, &ISO),
        (has_months, &DAY_FIRST),
        (has_months, &MONTH_FIRST),
        (has_months, &MONTH_YEAR),
    ];
    for (_, pattern) in patterns.into_iter().filter(|(may_match, _)| *may_match) {
        taker.each(pattern, dated, |_| true);
    }
    if hints.slashes {
        // Only days that the evidence knows: else it is a fraction.
        taker.each(&SLASHED, slashed, |is_known| is_known);
    }
    if hints.ordinals && !taker.days.is_empty() {
        taker.ordinals();
    }
    if hints.feasts {
        taker.feasts();
    }
    let mut dates = taker.dates;
    dates.sort_by_key(|(range, _)| range.start);
    dates
}

struct Taker<'t, 'l> {
    out: &'t mut String,
    dates: Dates,
    /// The days that rows are about.
    days: &'l [(Date, std::sync::Arc<str>)],
}

impl Taker<'_, '_> {
    fn knows(&self, date: Dated) -> bool {
        self.days.iter().any(|(day, _)| date.is(*day))
    }

    fn take(&mut self, range: Range<usize>, date: Option<Dated>) {
        hole(self.out, range.clone());
        self.dates.extend(date.map(|date| (range, date)));
    }

    fn each(&mut self, pattern: &Regex, read: impl Fn(&Captures<'_>) -> Option<Dated>, may_be: impl Fn(bool) -> bool) {
        let found: Vec<(Range<usize>, Option<Dated>)> = pattern
            .captures_iter(self.out)
            .filter_map(|found| Some((found.get(0)?.range(), read(&found))))
            .collect();
        for (range, date) in found {
            if may_be(date.is_some_and(|date| self.knows(date))) {
                self.take(range, date);
            }
        }
    }

    /// Days of one month beside each other. Those that stand alone beside another number may be anything, unless the evidence knows them.
    fn listed(&mut self, pattern: &Regex, is_last_sure: bool) {
        let mut found: Vec<(Range<usize>, Dated, bool)> = Vec::new();
        for list in pattern.captures_iter(self.out) {
            let (Some(days), Some(date)) = (list.name("days"), dated(&list)) else {
                continue;
            };
            let all: Vec<Match<'_>> = NUMBER.find_iter(days.as_str()).collect();
            for (place, day) in all.iter().enumerate() {
                let range = days.start() + day.start()..days.start() + day.end();
                let after = &self.out[range.end..];
                if is_amount(after) {
                    continue;
                }
                let date = Dated {
                    day: leading_number(day.as_str()),
                    ..date
                };
                found.push((range, date, is_last_sure && place + 1 == all.len()));
            }
        }
        for (range, date, is_sure) in found {
            if is_sure || self.knows(date) {
                self.take(range, Some(date));
            }
        }
    }

    fn first_months(&mut self) {
        let first = |found: Captures<'_>| Some((found.name("m")?.range(), dated(&found)?));
        let found: Dates = MONTHS.captures_iter(self.out).filter_map(first).collect();
        for (range, date) in found {
            if self.knows(date) {
                self.take(range, Some(date));
            }
        }
    }

    /// "The 24th", where the rows have one day of that number.
    fn ordinals(&mut self) {
        let mut found: Vec<(Range<usize>, Dated)> = Vec::new();
        for list in ORDINAL.captures_iter(self.out) {
            let Some(days) = list.name("days") else { continue };
            if COUNTED.is_match(&self.out[days.end()..]) {
                continue;
            }
            for day in NUMBER.find_iter(days.as_str()) {
                let number = leading_number(day.as_str());
                let mut dates = self
                    .days
                    .iter()
                    .map(|(date, _)| *date)
                    .filter(|date| Some(date.day()) == number);
                let Some(date) = dates.next().filter(|first| dates.all(|other| other == *first)) else {
                    continue;
                };
                let range = days.start() + day.start()..days.start() + day.end();
                found.push((range, on(date)));
            }
        }
        for (range, date) in found {
            self.take(range, Some(date));
        }
    }

    /// A feast is a date where the rows have that day, and else only a time of the year.
    fn feasts(&mut self) {
        let feast = |found: Captures<'_>| {
            let (_, day, month) = FEASTS.into_iter().find(|(name, ..)| found.name(name).is_some())?;
            let date = Dated {
                day: Some(day),
                month,
                year: None,
                may_swap: false,
            };
            Some((found.get(0)?.range(), date))
        };
        let found: Dates = FEAST.captures_iter(self.out).filter_map(feast).collect();
        for (range, date) in found {
            let known = self.knows(date).then_some(date);
            self.take(range, known);
        }
    }
}

fn on(date: Date) -> Dated {
    Dated {
        day: Some(date.day()),
        month: date.month(),
        year: Some(date.year()),
        may_swap: false,
    }
}

/// "5, 6 and 9 %", "12,400": the number goes on, or is of something.
fn is_amount(after: &str) -> bool {
    let next = after.trim_start();
    let goes_on = |separator: char| {
        after
            .strip_prefix(separator)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    next.starts_with('%') || goes_on('.') || goes_on(',')
}

fn leading_number(text: &str) -> Option<i8> {
    text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().ok()
}

fn dated(found: &Captures<'_>) -> Option<Dated> {
    if found.name("m").is_none() {
        return Some(Dated {
            year: found.get(1)?.as_str().parse().ok(),
            month: found.get(2)?.as_str().parse().ok()?,
            day: found.get(3)?.as_str().parse().ok(),
            may_swap: false,
        });
    }
    let month = found.name("m")?.as_str().to_lowercase();
    let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let index = months.iter().position(|known| month.starts_with(known))?;
    // "Oct '23".
    let year = found.name("y").map_or("", |year| year.as_str());
    let century = if year.starts_with(['\'', '’']) { 2000 } else { 0 };
    let year: Option<i16> = year.trim_start_matches(['\'', '’']).parse().ok();
    Some(Dated {
        day: found.name("d").and_then(|day| day.as_str().parse().ok()),
        month: i8::try_from(index + 1).ok()?,
        year: year.map(|year| year + century),
        may_swap: false,
    })
}

/// The date that a number with a slash must be; none where it may as well be a fraction or a ratio.
fn slashed(found: &Captures<'_>) -> Option<Dated> {
    let [a, b] = ["a", "b"].map(|name| found.name(name).and_then(|part| part.as_str().parse::<i8>().ok()));
    let (a, b) = (a?, b?);
    // Around the clock.
    if (a, b) == (24, 7) {
        return None;
    }
    let (day, month) = if a > 12 { (a, b) } else { (b, a) };
    ((1..=31).contains(&day) && (1..=12).contains(&month)).then(|| Dated {
        day: Some(day),
        month,
        year: found.name("y").and_then(|year| year.as_str().parse().ok()),
        may_swap: a <= 12 && b <= 12,
    })
}
