//! What looks like a number and is none: names, dates, list markers, windows, ordinals of lists. Longest match first.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memchr2_iter;
use regex::Regex;

use super::dates::{Dates, take_dates};
use super::hints::Hints;
use super::lexicon::{Entry, Lexicon};
use super::pattern::pattern;
use super::render::MARK;
use super::text::lists_inside;

/// Stands for masked bytes; matches no pattern.
const HOLE: char = '\u{1}';

static SCAFFOLD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
        ^\s*(?:[-*•>]\s+)?\**(?:\(?\d{1,2}[.)]|\[\w{0,3}\d+\]|(?i:finding|insight|point|item|note|step|recommendation|priority)\s*\#?\d+\s*[:.)-])\**(?:\s|$)
        |(?i:\btop[-\s](?:\d+|two|three|four|five|ten)\b)
        |\b24/7\b|\b[vV]\d+(?:\.\d+)*\b|\b(?:iOS|Android|Windows|macOS|Tier|Level|Phase)\s\d+(?:\.\d+)*\b
        |\b(?:[A-WYZa-wyz]|[A-Za-z]{2})\d{1,3}\b|\b(?i:HTTP)\s?\d{3}\b|\b[45]xx\b
        |(?i:\b(?:\d+|two|three|four|five|six|seven|ten|twelve|thirty)(?:-|\s)(?:day|week|month|hour|minute|year)s?(?:-|\s)(?:window|view|average|period|retention|rolling|moving|trailing|cohort|horizon|basis|trend|test|pilot|experiment|review|cycle|sprint|churn|activity|mean|report|snapshot|range)s?\b)
        |(?i:\b(?:\d+|two|three|four|five|six|seven|ten|twelve)-(?:day|week|month|hour|minute|year)s?\b)
        |(?i:\b(?:day|week|month|quarter|year|hour)[-\s](?:\d{1,3}|one|two|three|seven|fourteen|thirty)\b)
        |(?i:\b(?:within|over|in|for|after|during|every|next|last|past|previous|first|final|trailing|prior)\s(?:the\s)?(?:next\s|last\s|past\s|previous\s|first\s|following\s)?(?:\d+(?:\s?(?:-|to|–)\s?\d+)?|two|three|four|five|six|seven|eight|ten|twelve)\s(?:business\s|working\s)?(?:day|week|month|quarter|sprint|year)s?\b)
        |(?i:\b(?:in|since|during|of|for|by|from|until|through|fiscal|fy|late|early|mid|year|at|before|after)[-\s])(?:19|20)\d{2}(?i:$|[,.;:)](?:\s|$)|\s(?:and|to|through|until|when|while|with|compared|onwards?|data|figures|report|numbers|season)\b)
        |\b(?:19|20)\d{2}(?i:\s(?:data|figures|report|numbers|season))\b
        |(?i:\bat\s\d{1,2}(?::\d{2})?\s?(?:am|pm)\b)|\b\d{1,2}:\d{2}\b|(?i:\b\d{1,2}\s?(?:am|pm)\b)
        |[:,;]\s\(?[1-9][.)]\s
        |(?i:\b(?:places|positions|ranks|spots)\s(?:one|1|first),?\s(?:two|2|second)(?:,?\s(?:and\s)?(?:three|3|third))?\b)
        |(?i:\b(?:one|two|three)[-\s](?:thirds?|quarters?|fifths?)\b)|(?i:\bone\sin\s(?:two|three|four|five|ten)\b)",
    )
});

/// A text whose harmless digits are blanked out, bytes kept in place.
pub(super) struct Masked {
    pub(super) text: String,
    /// Of the text with its names blanked out: what is blanked out later may still be hinted at.
    pub(super) hints: Hints,
    /// The dates that it names, in order.
    pub(super) dates: Dates,
}

pub(super) fn mask(text: &str, lexicon: Option<&Lexicon>) -> Masked {
    let found = lexicon.map(|lexicon| lexicon.find(&text.to_ascii_lowercase()));
    mask_found(text, found.as_deref().unwrap_or_default(), lexicon)
}

/// Masks a text of which the names and labels are known.
pub(super) fn mask_found(text: &str, names: &[(Range<usize>, &Entry)], lexicon: Option<&Lexicon>) -> Masked {
    let mut out = text.to_owned();
    for (range, _) in names.iter().filter(|(_, entry)| entry.is_masked) {
        hole(&mut out, range.clone());
    }
    let hints = Hints::of(&out);
    let dates = take_dates(&mut out, hints, lexicon);
    if hints.digits || hints.counts || hints.places || hints.ones || out.contains("xx") {
        // "Over 4,200 for eight days" counts them.
        let counts_days = |found: &str| found.starts_with("for ") && found.ends_with("days") && has_limit(text);
        let found: Vec<_> = SCAFFOLD
            .find_iter(&out)
            .filter(|found| !counts_days(found.as_str()) && !goes_on(&out[found.end()..]))
            .filter(|found| !found.as_str().starts_with([':', ',', ';']) || lists_inside(text))
            .map(|found| found.range())
            .collect();
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

/// "Ended the week 13.8 % lower": the number is no number of a week.
fn goes_on(after: &str) -> bool {
    let digit_follows = |mark: char| {
        after
            .strip_prefix(mark)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    digit_follows('.') || digit_follows(',') || after.trim_start().starts_with('%')
}

fn has_limit(text: &str) -> bool {
    const LIMITS: [&str; 6] = [" over ", " above ", " below ", " under ", " exceed", "than "];
    LIMITS.iter().any(|word| text.contains(word))
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
    says_with(text, name, |after| after)
}

/// The same, where an s may follow it: "cohorts".
pub(super) fn says_one_or_more(text: &str, name: &str) -> bool {
    says_with(text, name, |after| after.strip_prefix('s').unwrap_or(after))
}

fn says_with<'t>(text: &'t str, name: &str, ends: impl Fn(&'t str) -> &'t str) -> bool {
    let (bytes, name) = (text.as_bytes(), name.as_bytes());
    let Some(first) = name.first() else { return false };
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let fits = |at: usize| {
        let end = at + name.len();
        bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && text.is_char_boundary(at)
            && text.is_char_boundary(end)
            && !is_word(text[..at].chars().next_back())
            && !is_word(ends(&text[end..]).chars().next())
    };
    memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), bytes).any(fits)
}

/// Blanks a part of a text out, but for its marks.
pub(super) fn hole(out: &mut String, range: Range<usize>) {
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
