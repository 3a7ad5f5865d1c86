//! What looks like a number and is none: names, dates, list markers, windows, ordinals of lists. Longest match first.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use memchr::memchr2_iter;
use regex::Regex;

use super::hints::Hints;
use super::lexicon::{Entry, Lexicon};
use super::pattern::pattern;
use super::render::MARK;

/// Stands for masked bytes; matches no pattern.
const HOLE: char = '\u{1}';

const MONTH: &str = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";

static ISO: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{4})-(\d{2})-(\d{2})\b"));
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<m>{MONTH})(?:,? (?P<y>(?:19|20)\d{{2}}))?\b"
    ))
});
/// The first of two days of one month: "5 and 6 June".
static BOTH_DAYS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:\s(?:and|to|or|&)\s|\s?[–-]\s?)\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?P<m>{MONTH})(?:,? (?P<y>(?:19|20)\d{{2}}))?\b"
    ))
});
/// The second of two days of one month: "June 5 and 6".
static SECOND_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\b(?P<m>{MONTH}) \d{{1,2}}(?:st|nd|rd|th)?(?:\s(?:and|to|or|&)\s(?:the\s)?|\s?[–-]\s?)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?P<y>)"
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
static MONTH_YEAR: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?i)\b(?P<m>{MONTH}),? (?P<y>(?:19|20)\d{{2}})\b")));

static SCAFFOLD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        ^\s*(?:[-*•>]\s+)?\**(?:\(?\d{1,2}[.)]|\[\w{0,3}\d+\]|(?i:finding|insight|point|item|note|step|recommendation|priority)\s*\#?\d+\s*[:.)-])\**(?:\s|$)
        |(?i:\btop[-\s](?:\d+|two|three|four|five|ten)\b)
        |\b24/7\b|\b[vV]\d+(?:\.\d+)*\b|\b(?:iOS|Android|Windows|macOS|Tier|Level|Phase)\s\d+(?:\.\d+)*\b
        |\b(?:[A-WYZa-wyz]|[A-Za-z]{2})\d{1,3}\b|\b(?i:HTTP)\s?\d{3}\b|\b[45]xx\b
        |(?i:\b(?:\d+|two|three|four|five|six|seven|ten|twelve|thirty)(?:-|\s)(?:day|week|month|hour|minute|year)s?(?:-|\s)(?:window|view|average|period|retention|rolling|moving|trailing|cohort|horizon|basis|trend|test|pilot|experiment|review|cycle|sprint|churn|activity|mean|report|snapshot|range)s?\b)
        |(?i:\b(?:\d+|two|three|four|five|six|seven|ten|twelve)-(?:day|week|month|hour|minute|year)s?\b)
        |(?i:\b(?:day|week|month|quarter|year|hour)[-\s]\d{1,3}\b)
        |(?i:\b(?:within|over|in|for|after|during|every|next|last|past|previous|first|final|trailing|prior)\s(?:the\s)?(?:next\s|last\s|past\s|previous\s|first\s|following\s)?(?:\d+(?:\s?(?:-|to|–)\s?\d+)?|two|three|four|five|six|seven|eight|ten|twelve)\s(?:business\s|working\s)?(?:day|week|month|quarter|sprint|year)s?\b)
        |(?i:\b(?:in|since|during|of|for|by|from|until|through|fiscal|fy|late|early|mid|year|at|before|after)[-\s])(?:19|20)\d{2}(?i:$|[,.;:)](?:\s|$)|\s(?:and|to|through|until|when|while|with|compared|onwards?|data|figures|report|numbers|season)\b)
        |\b(?:19|20)\d{2}(?i:\s(?:data|figures|report|numbers|season))\b
        |(?i:\bat\s\d{1,2}(?::\d{2})?\s?(?:am|pm)\b)|\b\d{1,2}:\d{2}\b|(?i:\b\d{1,2}\s?(?:am|pm)\b)
        |(?i:\b(?:one|two|three)[-\s](?:thirds?|quarters?|fifths?)\b)|(?i:\bone\sin\s(?:two|three|four|five|ten)\b)",
    )
});

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

/// A text whose harmless digits are blanked out, bytes kept in place.
pub(super) struct Masked {
    pub(super) text: String,
    /// Of the text with its names blanked out: what is blanked out later may still be hinted at.
    pub(super) hints: Hints,
    /// The dates that it names, in order.
    pub(super) dates: Vec<(Range<usize>, Dated)>,
}

pub(super) fn mask(text: &str, lexicon: Option<&Lexicon>) -> Masked {
    let found = lexicon.map(|lexicon| lexicon.find(&text.to_ascii_lowercase()));
    mask_found(text, found.as_deref().unwrap_or_default(), lexicon)
}

/// Masks a text of which the names and labels are known.
pub(super) fn mask_found(text: &str, names: &[(Range<usize>, &Entry)], lexicon: Option<&Lexicon>) -> Masked {
    let knows = |date: &Dated| lexicon.is_some_and(|lexicon| lexicon.days.iter().any(|(day, _)| date.is(*day)));
    let mut out = text.to_owned();
    for (range, _) in names.iter().filter(|(_, entry)| entry.is_masked) {
        hole(&mut out, range.clone());
    }
    let hints = Hints::of(&out);
    let patterns: [(bool, &Regex); 4] = [
        (hints.dashes, &ISO),
        (hints.digits && hints.months, &DAY_FIRST),
        (hints.digits && hints.months, &MONTH_FIRST),
        (hints.digits && hints.months, &MONTH_YEAR),
    ];
    let mut dates = Vec::new();
    if hints.digits && hints.months {
        for (pattern, must_know) in [(&BOTH_DAYS, false), (&SECOND_DAY, true)] {
            let found: Vec<(Range<usize>, Option<Dated>)> = pattern
                .captures_iter(&out)
                .filter_map(|found| Some((found.name("d")?.range(), dated(&found))))
                .collect();
            for (range, date) in found {
                if must_know && !date.as_ref().is_some_and(knows) {
                    continue;
                }
                hole(&mut out, range.clone());
                dates.extend(date.map(|date| (range, date)));
            }
        }
    }
    for (_, pattern) in patterns.into_iter().filter(|(may_match, _)| *may_match) {
        let found: Vec<(Range<usize>, Option<Dated>)> = pattern
            .captures_iter(&out)
            .filter_map(|found| Some((found.get(0)?.range(), dated(&found))))
            .collect();
        for (range, date) in found {
            hole(&mut out, range.clone());
            dates.extend(date.map(|date| (range, date)));
        }
    }
    if hints.slashes {
        let found: Vec<(Range<usize>, Option<Dated>)> = SLASHED
            .captures_iter(&out)
            .filter_map(|found| Some((found.get(0)?.range(), slashed(&found))))
            .collect();
        for (range, date) in found {
            // Only days that the evidence knows: else it is a fraction.
            if let Some(date) = date.filter(|date| knows(date)) {
                hole(&mut out, range.clone());
                dates.push((range, date));
            }
        }
    }
    dates.sort_by_key(|(range, _)| range.start);
    if hints.digits || hints.counts || hints.places || hints.ones || out.contains("xx") {
        let found: Vec<_> = SCAFFOLD.find_iter(&out).map(|found| found.range()).collect();
        for range in found {
            hole(&mut out, range);
        }
    }
    Masked {
        text: out,
        hints,
        dates,
    }
}

/// Where `name` stands as a whole word, letter case aside.
pub(super) fn whole_words(text: &str, name: &str) -> Vec<Range<usize>> {
    let (lower, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    lower
        .match_indices(&name)
        .map(|(at, _)| at..at + name.len())
        .filter(|range| !is_word(text[..range.start].chars().next_back()) && !is_word(text[range.end..].chars().next()))
        .collect()
}

/// Whether `name` stands in a text as a whole word, letter case aside.
pub(super) fn says(text: &str, name: &str) -> bool {
    let (bytes, name) = (text.as_bytes(), name.as_bytes());
    let Some(first) = name.first() else { return false };
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let fits = |at: usize| {
        let end = at + name.len();
        bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && text.is_char_boundary(at)
            && text.is_char_boundary(end)
            && !is_word(text[..at].chars().next_back())
            && !is_word(text[end..].chars().next())
    };
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes).any(fits)
}

fn dated(found: &regex::Captures<'_>) -> Option<Dated> {
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
    Some(Dated {
        day: found.name("d").and_then(|day| day.as_str().parse().ok()),
        month: i8::try_from(index + 1).ok()?,
        year: found.name("y").and_then(|year| year.as_str().parse().ok()),
        may_swap: false,
    })
}

/// The date that a number with a slash must be; none where it may as well be a fraction or a ratio.
fn slashed(found: &regex::Captures<'_>) -> Option<Dated> {
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

fn hole(out: &mut String, range: Range<usize>) {
    const HOLES: &str = match str::from_utf8(&[HOLE as u8; 64]) {
        Ok(holes) => holes,
        Err(_) => panic!("ASCII"),
    };
    if let Some(holes) = HOLES.get(..range.len()).filter(|_| !out[range.clone()].contains(MARK)) {
        out.replace_range(range, holes);
        return;
    }
    let mut kept = String::with_capacity(range.len());
    for letter in out[range.clone()].chars() {
        if letter == MARK {
            kept.push(MARK);
        } else {
            kept.extend(std::iter::repeat_n(HOLE, letter.len_utf8()));
        }
    }
    out.replace_range(range, &kept);
}
