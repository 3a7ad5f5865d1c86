//! Words that stand for a number: "doubled", "a third", "most of".

use std::sync::LazyLock;

use regex::Regex;

use super::directions_among;
use crate::reply::first_letters::FirstLetters;
use crate::reply::pattern::{Worded, pattern, worded};

static MULTIPLE: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?i)\b(?:more than (?P<more>doubled|tripled)|(?P<double>doubled?|doubling|twice|two-?fold)|(?P<triple>tripled?|tripling|thrice|three-?fold)|(?P<quadruple>quadrupled?)|(?P<halve>halved|halving)|(?P<third>(?:one|a)[- ]third|one (?:\w+ )?in three)|(?P<two_thirds>two[- ]thirds)|(?P<quarter>(?:one|a)[- ]quarter|one (?:\w+ )?in four)|(?P<three_quarters>three[- ]quarters)|(?P<fifth>one (?:\w+ )?in five|a fifth|one[- ]fifth)|(?P<tenth>one (?:\w+ )?in (?:every )?ten|a tenth|one[- ]tenth)|(?P<half>one in two|half)|(?P<majority>majority|most of))\b",
    )
});

static POINT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^\sa\s(?:percentage\s)?point\b"));

/// "a fifth lower than", "half as much again".
static COMPARED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\s(?:lower|higher|less|more|fewer|smaller|larger|bigger|down|up|below|above)\b"));

/// A word that stands for a number.
pub(in crate::reply) struct Multiple {
    pub(in crate::reply) start: usize,
    pub(in crate::reply) end: usize,
    pub(in crate::reply) word: String,
    /// Accepted ratios of current to previous (or of two values).
    pub(in crate::reply) ratio: Option<(f64, f64)>,
    /// Accepted percentages (shares).
    pub(in crate::reply) percent: Option<(f64, f64)>,
    /// Accepted relative changes in percent, either way.
    pub(in crate::reply) change: Option<(f64, f64)>,
}

pub(in crate::reply) fn multiples(text: &str) -> Vec<Multiple> {
    multiples_among(text, &FirstLetters::of(text))
}

/// Those of a text of which it is known how its words begin.
pub(in crate::reply) fn multiples_among(text: &str, words: &FirstLetters) -> Vec<Multiple> {
    let Some(pattern) = MULTIPLE.among(words).filter(|pattern| pattern.is_match(text)) else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|found| {
            let whole = found.get(0)?;
            let word = whole.as_str().to_lowercase();
            let is = |name: &str| found.name(name).is_some();
            let after = &text[whole.end()..];
            if after.starts_with("-digit") {
                return None;
            }
            // "The most of all five fields" is a superlative.
            if word == "most of" && text[..whole.start()].trim_end().ends_with("the") {
                return None;
            }
            const SCALES: [&str; 4] = [" a million", " a thousand", " a billion", " a hundred"];
            if word == "half" && SCALES.iter().any(|scale| after.starts_with(scale)) {
                return None;
            }
            if word == "half" && (text[..whole.start()].ends_with("and a ") || after.starts_with(" a dozen")) {
                // "two and a half times", "half a dozen".
                return None;
            }
            if POINT.is_match(after.strip_prefix(" of").unwrap_or(after)) {
                // Half a percentage point is a number, and so is a quarter of one.
                return None;
            }
            let by = text[..whole.start()].trim_end().ends_with("by")
                || COMPARED.is_match(&text[whole.end()..])
                || !directions_among(text, words).is_empty();
            let claim = |ratio, percent, change| {
                Some(Multiple {
                    start: whole.start(),
                    end: whole.end(),
                    word: word.clone(),
                    ratio,
                    percent,
                    change,
                })
            };
            let before = text[..whole.start()].trim_end();
            // "by more than a half".
            let before = before.strip_suffix(" a").unwrap_or(before);
            let rough = ["about", "roughly", "nearly", "almost", "around", "approximately"]
                .iter()
                .any(|word| before.ends_with(word));
            let ends = |words: &[&str]| words.iter().any(|word| before.ends_with(word));
            let (is_less, is_more) = (
                ends(&["less than", "under", "below"]),
                ends(&["more than", "over", "above"]),
            );
            let share = |low: f64, high: f64| {
                let (low, high) = match (rough, is_less, is_more) {
                    (true, ..) => (low * 0.95, high * 1.05),
                    (_, true, _) => (low * 0.8, (low + high) / 2.0),
                    (_, _, true) => ((low + high) / 2.0, high * 1.35),
                    _ => (low, high),
                };
                claim(
                    Some((low / 100.0, high / 100.0)),
                    Some((low, high)),
                    by.then_some((low, high)),
                )
            };
            // "more than twice", "nearly three times".
            let times = |times: f64| {
                let nearly = ends(&["nearly", "almost", "close to"]);
                let (low, high) = match (nearly, is_more, is_less) {
                    _ if ends(&["close to"]) => (0.85, 1.06),
                    (true, ..) => (0.85, 1.02),
                    (_, true, _) => (1.0, 1.35),
                    (_, _, true) => (0.75, 1.0),
                    _ => (0.95, 1.05),
                };
                claim(Some((times * low, times * high)), None, None)
            };
            if is("more") {
                let least = if word.contains("triple") { 3.0 } else { 2.0 };
                claim(Some((least, f64::MAX)), None, None)
            } else if is("double") {
                times(2.0)
            } else if is("triple") {
                times(3.0)
            } else if is("quadruple") {
                times(4.0)
            } else if is("halve") {
                let (low, high) = if rough { (0.46, 0.56) } else { (0.475, 0.525) };
                claim(Some((low, high)), None, None)
            } else if is("half") {
                share(46.0, 54.0)
            } else if is("third") {
                share(31.0, 36.0)
            } else if is("two_thirds") {
                share(64.0, 69.0)
            } else if is("quarter") {
                share(22.5, 27.5)
            } else if is("three_quarters") {
                share(72.5, 77.5)
            } else if is("fifth") {
                share(18.0, 22.0)
            } else if is("tenth") {
                share(9.0, 11.0)
            } else {
                claim(None, Some((50.0, 100.0)), None)
            }
        })
        .collect()
}
