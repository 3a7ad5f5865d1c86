//! Counts and places in words: "three countries", "ranks third".

use std::sync::LazyLock;

use regex::Regex;

use super::{Bare, Hedge, Hints, Kind, hedge_before};
use crate::reply::pattern::pattern;

/// "two and a half times".
static AND_A_HALF: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?P<word>one|two|three|four|five) and a half times\b"));

/// "one minute and twenty seconds".
pub(super) fn one_minute(text: &str) -> impl Iterator<Item = Bare> {
    static MINUTE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:one|a) minute\b"));
    MINUTE.find_iter(text).map(|found| Bare {
        half: 0.5,
        hedge: hedge_before(&text[..found.start()]),
        ..whole(&found, 1.0, Kind::Minutes)
    })
}

/// "half a dozen", "a dozen".
pub(super) fn dozens(text: &str) -> impl Iterator<Item = Bare> {
    static DOZEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:half )?a dozen\b"));
    DOZEN.find_iter(text).map(|found| {
        let is_half = found.as_str().len() > "a dozen".len();
        whole(&found, if is_half { 6.0 } else { 12.0 }, Kind::Plain)
    })
}

/// Whether a text may say "six in ten".
pub(super) fn may_tell_share(text: &str, hints: Hints) -> bool {
    let spells = hints.counts && (text.contains(" in ") || text.contains(" out of "));
    spells || hints.digits && (text.contains(" in 10") || text.contains(" out of 10"))
}

/// "six in ten": a share. One in so many is a multiple.
pub(super) fn so_many_in(text: &str) -> impl Iterator<Item = Bare> {
    static IN: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?P<part>two|three|four|five|six|seven|eight|nine|[2-9]) (?:(?:[a-z]+ )?in|out of)(?: every)? (?P<whole>three|four|five|six|seven|eight|nine|ten|10)\b",
        )
    });
    const WORDS: [&str; 9] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let value = |text: &str| match WORDS.iter().position(|known| text.eq_ignore_ascii_case(known)) {
        Some(place) => Some(place as f64 + 2.0),
        None => text.parse().ok(),
    };
    IN.captures_iter(text).filter_map(move |found| {
        let (whole, of) = (found.get(0)?, found.name("whole")?);
        // "Three in ten", and not "rose in three in five countries", "three out of five countries".
        let is_of_rows = text[of.end()..]
            .trim_start()
            .starts_with(|c: char| c.is_ascii_alphabetic())
            && whole.as_str().contains("out of")
            && !whole.as_str().contains("every");
        let (part, all) = (value(found.name("part")?.as_str())?, value(of.as_str())?);
        (part < all && !is_of_rows).then(|| Bare {
            raw: whole.as_str().to_owned(),
            start: whole.start(),
            end: whole.end(),
            value: part / all * 100.0,
            kind: Kind::Percent,
            sign: None,
            half: 3.0,
            hedge: hedge_before(&text[..whole.start()]),
        })
    })
}

/// "outnumber those by about three to one".
pub(super) fn to_one(text: &str) -> impl Iterator<Item = Bare> {
    static TO_ONE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:(?P<word>two|three|four|five|six|seven|eight|nine|ten)|(?P<digits>\d{1,2}(?:\.\d)?))(?: to |-to-)(?:one|1)\b",
        )
    });
    const WORDS: [&str; 9] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    TO_ONE.captures_iter(text).filter_map(|found| {
        let whole = found.get(0)?;
        let value = match (found.name("word"), found.name("digits")) {
            (Some(word), _) => {
                WORDS
                    .iter()
                    .position(|known| word.as_str().eq_ignore_ascii_case(known))? as f64
                    + 2.0
            }
            (_, digits) => digits?.as_str().parse().ok()?,
        };
        Some(Bare {
            raw: whole.as_str().to_owned(),
            start: whole.start(),
            end: whole.end(),
            value,
            kind: Kind::Times,
            sign: None,
            half: value * 0.05,
            hedge: hedge_before(&text[..whole.start()]),
        })
    })
}

/// "a million", "half a million", "a hundred thousand".
pub(super) fn round_numbers(text: &str) -> impl Iterator<Item = Bare> {
    static ROUND: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:(?P<part>half a |a quarter of a |a |one )(?P<times>hundred )?(?:(?P<hundred>hundred)|(?P<thousand>thousand)|(?P<million>million)|(?P<billion>billion))|(?P<mark>million)-[a-z]+ (?:mark|line|threshold))\b",
        )
    });
    ROUND.captures_iter(text).filter_map(|found| {
        let whole = found.get(0)?;
        let is = |name: &str| found.name(name).is_some();
        let scale = [("hundred", 1e2), ("thousand", 1e3), ("million", 1e6), ("billion", 1e9)];
        let scale = scale
            .into_iter()
            .find(|(name, _)| is(name))
            .map_or(1e6, |(_, scale)| scale);
        let part = match found.name("part").map(|part| part.as_str().to_lowercase()) {
            Some(part) if part.starts_with("half") => 0.5,
            Some(part) if part.starts_with("a q") => 0.25,
            _ => 1.0,
        };
        let value = part * scale * if is("times") { 100.0 } else { 1.0 };
        Some(Bare {
            raw: whole.as_str().to_owned(),
            start: whole.start(),
            end: whole.end(),
            value,
            kind: unit(text[whole.end()..].trim_start()).unwrap_or(Kind::Plain),
            sign: None,
            half: value * 0.05,
            hedge: hedge_before(&text[..whole.start()]),
        })
    })
}

/// A number in words that is exact.
fn whole(found: &regex::Match<'_>, value: f64, kind: Kind) -> Bare {
    Bare {
        raw: found.as_str().to_owned(),
        start: found.start(),
        end: found.end(),
        value,
        kind,
        sign: None,
        half: 0.0,
        hedge: Hedge::Exact,
    }
}

pub(super) fn and_a_half(text: &str) -> impl Iterator<Item = Bare> {
    AND_A_HALF.captures_iter(text).filter_map(|found| {
        let (whole, word) = (found.get(0)?, found.name("word")?);
        let words = ["one", "two", "three", "four", "five"];
        let place = words
            .iter()
            .position(|known| word.as_str().eq_ignore_ascii_case(known))?;
        Some(Bare {
            raw: whole.as_str().to_owned(),
            start: word.start(),
            end: whole.end(),
            value: place as f64 + 1.5,
            kind: Kind::Times,
            sign: None,
            half: 0.1,
            hedge: hedge_before(&text[..word.start()]),
        })
    })
}

static COUNT_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?P<word>two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty)\b(?P<after>\s+(?:times\b)?)?",
    )
});

static PLACE_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:ranks?|ranked|ranking|places?|placed|comes|came|is|was|stands|sits|finished|finishes|takes)\s(?:(?:only|just|now|still|currently|again|even)\s)?(?:in\s)?(?:the\s)?(?P<after>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)(?:$|[\s,.;]+(?:place|position|spot|rank|on|by|for|in|among|of|overall|with)\b|[.,;]?$)|\bputs?\s(?:it|them)\s(?:in\s)?(?P<put>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b|\b(?P<runner>runner-up)\b|\b(?P<named>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)[-\s](?:place|position|spot|rank)\b|(?:^|[.;:]\s)(?P<by>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth) (?:by|in terms of|on|for) [a-z' -]{3,30}(?:\:| comes| is| was| stands| came)|\bthe (?P<nth>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth) (?:field|country|segment|channel|product|cohort|market) is\b|\bnumber (?P<number>one|two|three|four|five)\b|\b(?P<with>second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)[-\s](?:largest|highest|biggest|most|best|lowest|smallest|worst|fewest|least|weakest|strongest|busiest|longest|shortest)\b",
    )
});

pub(super) fn counts(text: &str) -> impl Iterator<Item = Bare> {
    COUNT_WORD
        .captures_iter(text)
        .filter_map(move |found| count(text, &found))
}

/// "Just one of the five", "one show falling users": where it is no article and no pronoun.
static ONE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[^\w-])(?:(?P<single>one) (?:day|country|field|segment|channel|product|cohort) (?:has|had|shows?|saw|recorded|posted|with)\b|(?P<plural>one)\s(?:[a-z-]+s\s)?(?:kept|held|managed|retained|exceeds?|tops?|surpass(?:es)?|shows?|grew|fell|rose|declined|saw|lies?|stays?)\b|(?:just|only|exactly)\s(?P<only>one)\s(?:of (?:the|all)\b|[a-z-]+(?:,[^,.;]{2,40},)?\s(?:exceed|top|surpass|show|grew|fell|rose|declin|saw|lost|gain|ha[sd]|count|record|post|earn|ran|report|clear|pass|reach|with|above|below|over|under|beyond|went))|all but (?P<but>one)\b|(?:in|for) (?P<inone>one) (?:field|country|segment|channel|product|cohort|market|and|of (?:the|our|all|\d+|two|three|four|five|six|seven|eight|nine|ten))\b)",
    )
});

pub(super) fn ones(text: &str) -> impl Iterator<Item = Bare> {
    ONE.captures_iter(text).filter_map(|found| {
        let word = found
            .name("plural")
            .or(found.name("only"))
            .or(found.name("but"))
            .or(found.name("inone"))
            .or(found.name("single"))?;
        let before = text[..word.start()].trim_end();
        // "If one channel had to be named".
        (!before.ends_with("If") && !before.ends_with(" if")).then(|| Bare {
            raw: word.as_str().to_owned(),
            start: word.start(),
            end: word.end(),
            value: 1.0,
            kind: Kind::Plain,
            sign: None,
            half: 0.0,
            hedge: Hedge::Exact,
        })
    })
}

/// "half a point", "a quarter of a percentage point".
static PART_OF_POINT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?P<half>half)|(?P<quarters>three[- ]quarters of)|(?P<quarter>(?:a |one[- ])?quarter of)|(?P<thirds>two[- ]thirds of)|(?P<third>(?:a |one[- ])third of)|(?P<tenth>(?:a |one[- ])tenth of)) a (?:percentage )?point\b",
    )
});

pub(super) fn parts_of_points(text: &str) -> impl Iterator<Item = Bare> {
    const PARTS: [(&str, f64); 6] = [
        ("half", 0.5),
        ("quarters", 0.75),
        ("quarter", 0.25),
        ("thirds", 2.0 / 3.0),
        ("third", 1.0 / 3.0),
        ("tenth", 0.1),
    ];
    PART_OF_POINT.captures_iter(text).filter_map(move |found| {
        let whole = found.get(0)?;
        let (_, value) = PARTS.into_iter().find(|(name, _)| found.name(name).is_some())?;
        Some(Bare {
            raw: whole.as_str().to_owned(),
            start: whole.start(),
            end: whole.end(),
            value,
            kind: Kind::Points,
            sign: None,
            half: 0.05,
            hedge: hedge_before(&text[..whole.start()]),
        })
    })
}

pub(super) fn places(text: &str) -> impl Iterator<Item = Bare> {
    PLACE_WORD.captures_iter(text).filter_map(|found| place(&found))
}

/// Whether a number is a part of "six in ten".
fn is_in_so_many(text: &str, at: usize) -> bool {
    let has_any = text.contains(" in ") || text.contains(" out of ");
    has_any && so_many_in(text).any(|share| share.start <= at && at < share.end)
}

fn count(text: &str, found: &regex::Captures<'_>) -> Option<Bare> {
    const WORDS: [(&str, f64); 22] = [
        ("two", 2.0),
        ("three", 3.0),
        ("four", 4.0),
        ("five", 5.0),
        ("six", 6.0),
        ("seven", 7.0),
        ("eight", 8.0),
        ("nine", 9.0),
        ("ten", 10.0),
        ("eleven", 11.0),
        ("twelve", 12.0),
        ("thirteen", 13.0),
        ("fourteen", 14.0),
        ("fifteen", 15.0),
        ("sixteen", 16.0),
        ("seventeen", 17.0),
        ("eighteen", 18.0),
        ("nineteen", 19.0),
        ("twenty", 20.0),
        ("thirty", 30.0),
        ("forty", 40.0),
        ("fifty", 50.0),
    ];
    let word = found.name("word")?;
    let before = text[..word.start()].trim_end().to_lowercase();
    if text[word.end()..].starts_with('-')
        || text[word.end()..].starts_with(" and a half")
        || text[word.end()..].starts_with(" to one")
        || is_in_so_many(text, word.start())
        || [
            "one of",
            "one in",
            "the other",
            "these",
            "those",
            "the",
            "first",
            "number",
            "last",
            "or",
        ]
        .iter()
        .any(|word| {
            before
                .strip_suffix(word)
                .is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
        })
    {
        return None;
    }
    if before.ends_with(" in every") {
        return None;
    }
    // "One dollar in four" is a share.
    let last: Vec<&str> = before.rsplit(' ').take(3).collect();
    if matches!(last.as_slice(), ["in", _, "one"]) {
        return None;
    }
    let next = text[word.end()..]
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let next = next.trim_matches(|c: char| !c.is_alphanumeric());
    let unit = unit(text[word.end()..].trim_start());
    const LOOSE: [&str; 34] = [
        "numbers",
        "values",
        "counts",
        "fronts",
        "horizons",
        "checkpoints",
        "reasons",
        "things",
        "steps",
        "ways",
        "factors",
        "areas",
        "teams",
        "sides",
        "consecutive",
        "points",
        "days",
        "weeks",
        "months",
        "hours",
        "options",
        "causes",
        "questions",
        "periods",
        "halves",
        "different",
        "separate",
        "main",
        "stories",
        "readings",
        "figures",
        "measures",
        "metrics",
        "facts",
    ];
    // "On five days", "on only five days" counts rows; "five days" alone is a span.
    let limits = [" over ", " above ", " below ", " under ", " exceed"]
        .iter()
        .any(|word| before.contains(word));
    let says_days = |word: &str| before.rsplit(' ').take(3).any(|said| said == word);
    let told_of = text[word.end()..]
        .trim_start()
        .strip_prefix("days ")
        .unwrap_or_default();
    const OF_DAYS: [&str; 19] = [
        "in the", "closed", "ended", "of the", "out of", "managed", "finished", "with", "when", "where", "that", "had",
        "saw", "exceed", "on which", "above", "below", "over", "under",
    ];
    let are_rows = OF_DAYS.iter().any(|word| told_of.starts_with(word));
    const SEPARATE: [&str; 4] = ["separate", "different", "distinct", "individual"];
    let mut following = text[word.end()..].split_whitespace();
    let is_days =
        next == "days" || SEPARATE.contains(&next) && following.nth(1).is_some_and(|word| word.starts_with("days"));
    let on_days = is_days && (are_rows || says_days("on") || limits && says_days("for"));
    if unit.is_none() && LOOSE.contains(&next) && !on_days {
        return None;
    }
    let lower = word.as_str().to_lowercase();
    let value = WORDS.iter().find(|(known, _)| *known == lower)?.1;
    let scale = match next {
        "thousand" => 1e3,
        "million" => 1e6,
        "billion" => 1e9,
        _ if next.starts_with("second") && unit.is_some() => 1.0 / 60.0,
        _ => 1.0,
    };
    let value = value * scale;
    Some(Bare {
        raw: word.as_str().to_owned(),
        start: word.start(),
        end: word.end(),
        value,
        kind: unit.unwrap_or(Kind::Plain),
        sign: None,
        half: match unit {
            Some(Kind::Times) => value * 0.05,
            Some(_) => 0.5 * scale,
            None if scale > 1.0 => 0.5 * scale,
            None => 0.0,
        },
        hedge: hedge_before(&text[..word.start()]),
    })
}

/// What a spelled number measures, by the words after it; none where it counts.
fn unit(after: &str) -> Option<Kind> {
    const UNITS: [(&str, Kind); 8] = [
        ("seconds", Kind::Minutes),
        ("times", Kind::Times),
        ("percentage point", Kind::Points),
        ("points", Kind::Points),
        ("pp", Kind::Points),
        ("percent", Kind::Percent),
        ("per cent", Kind::Percent),
        ("minutes", Kind::Minutes),
    ];
    let after = after.to_lowercase();
    let found = UNITS.iter().find(|(unit, _)| {
        let rest = after.strip_prefix(unit);
        rest.is_some_and(|rest| unit.ends_with("point") || !rest.starts_with(char::is_alphanumeric))
    });
    found.map(|(_, kind)| *kind)
}

/// "ranks third", "third-largest".
fn place(found: &regex::Captures<'_>) -> Option<Bare> {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ];
    let word = found
        .name("after")
        .or(found.name("put"))
        .or(found.name("runner"))
        .or(found.name("named"))
        .or(found.name("by"))
        .or(found.name("nth"))
        .or(found.name("number"))
        .or(found.name("with"))?;
    const NUMBERS: [&str; 5] = ["one", "two", "three", "four", "five"];
    let is_runner_up = found.name("runner").is_some();
    let place = match WORDS.iter().position(|known| word.as_str().eq_ignore_ascii_case(known)) {
        None if is_runner_up => 1,
        None if found.name("number").is_some() => NUMBERS
            .iter()
            .position(|known| word.as_str().eq_ignore_ascii_case(known))?,
        place => place?,
    };
    Some(Bare {
        raw: word.as_str().to_owned(),
        start: word.start(),
        end: word.end(),
        value: (place + 1) as f64,
        kind: Kind::Ordinal,
        sign: None,
        half: 0.0,
        hedge: Hedge::Exact,
    })
}
