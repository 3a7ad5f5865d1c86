//! Words that claim a place at the end of a column: "highest", "no country beat", "its low".

use std::sync::LazyLock;

use regex::Regex;

use super::blank;
use crate::reply::first_letters::FirstLetters;
use crate::reply::hints::Hints;
use crate::reply::pattern::{Worded, holding, pattern, worded};

static SUPERLATIVE: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?i)\b(?:(?P<max>highest|largest|biggest|busiest|longest|richest|top|leading|greatest|maximum|peak(?:ed)?|topped out|crested|maxed out|most|record)|(?P<min>lowest|smallest|quietest|shortest|poorest|bottomed|least|fewest|weakest|minimum|bottom)|(?P<change>steepest|sharpest|strongest|fastest|slowest|deepest)|(?P<any>best|worst|widest))\b",
    )
});

/// "No country out-earned Italy".
static NONE_BEATS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:no (?:other )?[a-z-]+|nobody|none|nowhere) (?:[^\s.,;:]+ ){0,7}?(?:(?:came|comes?|ranks?|ranked|sits?|stands?|is|was|finished) (?:in )?(?:above|ahead of|below|behind)|out-?(?:earn|sold|sell|perform|pace|did|rank|shone|shine)[a-z]*|beat|topped|matched|surpassed|exceeded|better than|higher than|larger than|(?:stronger|steeper|larger|bigger|greater|higher|faster|sharper|lower|smaller|weaker|fewer|less) (?:[^\s.,;:]+ ){0,4}than|[a-z]+(?:ed|s) more (?:[^\s.,;:]+ ){0,3}than|(?:has|had|made|sold|took|saw) more (?:[^\s.,;:]+ ){0,3}than)\b",
    )
});

/// "takes more orders than any other channel".
static BEATS_ANY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?P<more>more|higher|larger|bigger|greater|better)|fewer|less|lower|smaller|worse) (?:[^\s.,;:]+ ){0,3}?than any(?:one| other)\b|\b(?:(?P<ahead>ahead of|above|beats?|topped|outperformed|surpassed|exceeded|outsold|outearned)|behind|below) (?:every|any|all)(?: the)? other\b",
    )
});

/// "hit its low", "the high came on", "led the field".
static END: LazyLock<Worded> = LazyLock::new(|| {
    holding(
        r"(?i)\b(?:last|high|peak|max|low|trough|min|nadir|bottom|top|lead|led|head|trail)",
        r"(?i)\b(?:(?:its|their|the|a)\s(?:(?:period|overall|weekly|monthly|yearly|daily|window)\s)?(?:(?P<max>high|peak|maximum)|(?P<min>low|trough|minimum|nadir))(?:\s(?:on|for|of|in|came|was|at|with)\b|[,.;:]|$)|at the (?:(?P<head>top)|bottom) of the (?:list|ranking|table|field|pack)\b|(?:(?P<first>leads?|led|heads?|headed|tops?|topped)|(?P<last>trails?|trailed))\s(?:all\s(?:the\s)?|the\s)(?:other\s)?(?:(?:countries|segments|channels|products|cohorts|fields?|markets|group|pack)|(?:[a-z\x01-]+\s){0,3}?(?:list|ranking|table))\b|\b(?P<ahead>leads?|led) (?:on|in terms of)\b|\b(?:comes?|came|ranks?|ranked|finish(?:es|ed)|plac(?:es|ed)) (?P<bottom>last|bottom)\b)",
    )
});

static NO_SUPERLATIVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:at (?:least|most|best|worst)|best (?:described|seen|understood|explained|captured|summed|summari[sz]ed|illustrated|viewed|read)|most (?:likely|recent|of|recently|users|days|weeks)|best[- ](?:practice|in)s?|top[- ](?:of|line|up|level|down)|on top|top[- ](?:\d+|two|three|four|five|ten)|from (?:the )?(?:highest|largest|biggest|most|best|top|lowest|smallest|least|fewest|worst)(?: [a-z]+){0,2}? (?:down |up )?to (?:the )?(?:highest|largest|biggest|most|best|lowest|smallest|least|fewest|worst)|(?:highest|largest|biggest|best|lowest|smallest|worst)(?: |-)(?:to(?: |-)(?:highest|largest|biggest|best|lowest|smallest|worst)|first)|leading (?:to|up|indicator)|peak (?:hour|season|time)s?|record(?:s|ed)\b|(?:we|they|to|you) record|(?:a|the|per|each|this|every) record|minimum (?:of|sample|support)|off the top|from the (?:top|bottom)|bottom line)\b",
    )
});

/// "strongest growth" is about a change; "strongest day" is not.
static MOVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s-](?:growth|growing|gain|gains|gainer|rise|rising|increase|jump|surge|uptick|uplift|improvement|recovery|fall|drop|decline|decrease|loss|change|move|mover|swing|shift|momentum|trend)\b",
    )
});

static LESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:lower|smaller|weaker|fewer|less|below|behind)\b"));

/// A change, whichever way.
static MOVES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:growth|gain|rise|increase|jump|surge|uptick|improvement|recovery|fall|drop|decline|decrease|loss|change)\b",
    )
});

/// A word that claims a place at the end of a column.
pub(in crate::reply) struct Superlative {
    pub(in crate::reply) end: usize,
    pub(in crate::reply) word: String,
    /// 1 claims the maximum, -1 the minimum, 0 either.
    pub(in crate::reply) side: i8,
    pub(in crate::reply) reach: Reach,
}

/// What a superlative speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reply) enum Reach {
    Level,
    /// "steepest": a change, whatever else the sentence says.
    Change,
    /// "largest increase": a change, in amount or in percent.
    Move,
}

pub(in crate::reply) fn superlatives(text: &str) -> Vec<Superlative> {
    superlatives_among(text, Hints::of(text), &FirstLetters::of(text))
}

/// Those of a text of which it is known what it may hold.
pub(in crate::reply) fn superlatives_among(text: &str, hints: Hints, words: &FirstLetters) -> Vec<Superlative> {
    let beats_any = text
        .contains(" other")
        .then(|| BEATS_ANY.captures(text))
        .flatten()
        .and_then(|found| {
            let whole = found.get(0)?;
            Some(Superlative {
                word: whole.as_str().to_owned(),
                end: whole.end(),
                side: if found.name("more").or(found.name("ahead")).is_some() {
                    1
                } else {
                    -1
                },
                reach: Reach::Level,
            })
        });
    let beaten_by_none = hints
        .nones
        .then(|| NONE_BEATS.find(text))
        .flatten()
        .filter(|found| !found.as_str().to_lowercase().starts_with("no doubt"))
        .map(|found| Superlative {
            word: found.as_str().to_owned(),
            end: found.end(),
            side: if LESS.is_match(found.as_str()) { -1 } else { 1 },
            reach: if MOVES.is_match(found.as_str()) {
                Reach::Move
            } else {
                Reach::Level
            },
        });
    let pattern = SUPERLATIVE.among(words).filter(|pattern| pattern.is_match(text));
    let has_other = pattern.is_some();
    let ends = END.among(words).into_iter().flat_map(|end| end.captures_iter(text));
    let ends = ends.filter_map(|found| {
        let whole = found.get(0)?;
        // "tops the table with the smallest" says it otherwise.
        let is_lead = found
            .name("first")
            .or(found.name("last"))
            .or(found.name("ahead"))
            .is_some();
        if is_lead && has_other {
            return None;
        }
        let is_top = found
            .name("max")
            .or(found.name("first"))
            .or(found.name("ahead"))
            .or(found.name("head"))
            .is_some();
        Some(Superlative {
            word: whole.as_str().to_lowercase(),
            end: whole.end(),
            side: if is_top { 1 } else { -1 },
            reach: Reach::Level,
        })
    });
    let compared = beaten_by_none.into_iter().chain(beats_any).chain(ends);
    let Some(pattern) = pattern else {
        return compared.collect();
    };
    let masked = blank(text, &NO_SUPERLATIVE);
    let said = pattern.captures_iter(&masked).filter_map(|found| {
        let whole = found.get(0)?;
        // "second-highest" is a place, and judged as one.
        const PLACES: [&str; 11] = [
            "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "2nd", "3rd",
        ];
        let before = masked[..whole.start()].trim_end_matches([' ', '-']).to_lowercase();
        // "Despite being the smallest segment" is said beside what the sentence is about.
        if PLACES.iter().any(|place| before.ends_with(place)) || before.ends_with("being the") {
            return None;
        }
        let word = whole.as_str().to_lowercase();
        let is_of_move = MOVE.is_match(&masked[whole.end()..]);
        let of_time = is_slow_time(&word, &masked[whole.end()..]);
        let is_level = word == "strongest" && !is_of_move || of_time;
        let side = if of_time {
            -1
        } else if found.name("max").is_some() || is_level {
            1
        } else if found.name("min").is_some() {
            -1
        } else {
            0
        };
        let reach = match found.name("change").filter(|_| !is_level) {
            Some(_) => Reach::Change,
            None if is_of_move => Reach::Move,
            None => Reach::Level,
        };
        let end = whole.end();
        Some(Superlative { word, end, side, reach })
    });
    said.chain(compared).collect()
}

/// "The slowest day": the one of least.
fn is_slow_time(word: &str, after: &str) -> bool {
    const TIMES: [&str; 8] = [
        " day", " week", " month", " weekend", " monday", " trading", " stretch", " session",
    ];
    word == "slowest" && TIMES.iter().any(|time| after.to_lowercase().starts_with(time))
}
