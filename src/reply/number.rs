//! Numbers that stand bare in a sentence, and when one is consistent with a value.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::format::currency_code;
use super::hints::Hints;
use super::pattern::pattern;
use super::words;

/// The code of a currency, `USD`; nothing where it is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Currency([u8; 8]);

impl Currency {
    pub(super) fn of(text: &str) -> Self {
        let mut code = [0; 8];
        for (to, from) in code.iter_mut().zip(currency_code(text).bytes()) {
            *to = from;
        }
        Self(code)
    }

    pub(super) fn is_known(self) -> bool {
        self != Self::default()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(String::from_utf8_lossy(&self.0).trim_end_matches('\0'))
    }
}

/// What a number claims to count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Plain,
    Money(Currency),
    Percent,
    Points,
    Times,
    Minutes,
    Ordinal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hedge {
    Exact,
    About,
    Above,
    Below,
}

#[derive(Debug, Clone)]
pub(super) struct Bare {
    pub(super) raw: String,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) value: f64,
    pub(super) kind: Kind,
    /// A sign typed before the number.
    pub(super) sign: Option<i8>,
    half: f64,
    hedge: Hedge,
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)(?P<sign>[-+−])?\s?(?P<pre>US\$|[$€£¥₹]|\b(?:USD|EUR|GBP|JPY|INR|CHF|CAD|AUD)\s?)?(?P<sign2>[-+−])?
        (?P<num>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)
        (?:\s?(?P<scale>k|K|thousand|mn|[mM]illion|[mM]|bn|[bB]illion|B)\b)?
        (?:(?P<ordinal>st|nd|rd|th)\b|[\s\x20-]?(?P<unit>%-?\s?points?\b|%|percent(?:age\s)?-?\s?points?\b|percent\b|per\ cent\b|pct\b|percentage\b|pp\b|ppts?\b|points?\b|bps\b|basis\ points\b|[x×](?:\b|$|\s)|times\b|fold\b|USD\b|EUR\b|GBP\b|dollars?\b|euros?\b|pounds?\b|seconds?\b|secs?\b|s\b|ms\b|minutes?\b|mins?\b|hours?\b|h\b))?",
    )
});

static COUNT_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?P<word>two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty)\b(?P<after>\s+(?:times\b)?)?",
    )
});

static PLACE_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:ranks?|ranked|ranking|places?|placed|comes|came|is|was|stands|sits|finished|finishes|takes)\s(?:in\s)?(?:the\s)?(?P<after>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)(?:$|[\s,.;]+(?:place|position|spot|rank|on|by|for|in|among|of|overall|with)\b|[.,;]?$)|\b(?P<named>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)[-\s](?:place|position|spot|rank)\b|\b(?P<with>second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)[-\s](?:largest|highest|biggest|most|best|lowest|smallest|worst)\b",
    )
});

static ABOUT: LazyLock<Regex> = LazyLock::new(|| {
    hedge(
        r"about|roughly|around|approximately|approx\.?|some|close to|circa|ca\.|~|an estimated|estimated|nearing|in the region of|on the order of|or so|more or less|≈",
    )
});
static ABOVE: LazyLock<Regex> = LazyLock::new(|| {
    hedge(
        r"over|more than|at least|above|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?|beyond|in excess of|topp(?:ed|ing)|tops|no less than|no fewer than|just over|upwards of|north of|greater than|>|>=|≥",
    )
});
static BELOW: LazyLock<Regex> = LazyLock::new(|| {
    hedge(
        r"nearly|almost|under|fewer than|less than|below|just under|up to|at most|no more than|not more than|short of|not quite|lower than|smaller than|<|<=|≤",
    )
});

/// The bare numbers of a masked text, spelled-out counts included.
pub(super) fn numbers(masked: &str) -> Vec<Bare> {
    let hints = Hints::of(masked);
    let mut out: Vec<Bare> = Vec::new();
    if hints.digits {
        out.extend(NUMBER.captures_iter(masked).filter_map(|found| digits(masked, &found)));
    }
    if hints.counts {
        out.extend(
            COUNT_WORD
                .captures_iter(masked)
                .filter_map(|found| spelled(masked, &found)),
        );
    }
    if hints.places {
        out.extend(PLACE_WORD.captures_iter(masked).filter_map(|found| placed(&found)));
    }
    out.sort_by_key(|bare| bare.start);
    joined(masked, out)
}

/// "9 min 7 s" is one duration.
fn joined(text: &str, numbers: Vec<Bare>) -> Vec<Bare> {
    let mut out: Vec<Bare> = Vec::with_capacity(numbers.len());
    for bare in numbers {
        if let Some(last) = out.last_mut()
            && last.kind == Kind::Minutes
            && bare.kind == Kind::Minutes
            && bare.half < last.half
            && matches!(text[last.end..bare.start].trim(), "" | "and" | ",")
        {
            last.value += bare.value;
            last.half = bare.half;
            last.end = bare.end;
            last.raw = text[last.start..last.end].to_owned();
            continue;
        }
        out.push(bare);
    }
    out
}

impl Bare {
    /// Whether this number may stand for `value`, given in the number's own unit; signs aside unless typed.
    pub(super) fn fits(&self, value: f64) -> bool {
        if self
            .sign
            .is_some_and(|sign| value != 0.0 && (f64::from(sign) < 0.0) != (value < 0.0))
        {
            return false;
        }
        let (claimed, value) = (self.value, value.abs());
        let slack = self.half * (1.0 + 1e-9) + 1e-9;
        let near = |width: f64| (value - claimed).abs() <= width;
        match self.hedge {
            Hedge::Exact => near(slack),
            Hedge::About => near(slack.max(claimed * 0.05)),
            Hedge::Above => near(slack) || (value > claimed && value <= claimed * 1.35),
            Hedge::Below => near(slack) || (value < claimed && value >= claimed * 0.8),
        }
    }

    /// Whether this number bounds `value`, however far away: "more than 2,600".
    pub(super) fn bounds(&self, value: f64) -> bool {
        match self.hedge {
            Hedge::Above => value >= self.value,
            Hedge::Below => value <= self.value,
            _ => false,
        }
    }

    pub(super) fn is_bound(&self) -> bool {
        matches!(self.hedge, Hedge::Above | Hedge::Below)
    }

    pub(super) fn is_above(&self) -> bool {
        self.hedge == Hedge::Above
    }
}

fn digits(text: &str, found: &regex::Captures<'_>) -> Option<Bare> {
    let (whole, number) = (found.get(0)?, found.name("num")?);
    let before = text[..number.start()].chars().next_back();
    let prefix = found.name("pre").map(|pre| pre.as_str().trim());
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') && prefix.is_none() {
        // A digit inside a word or an identifier.
        return None;
    }
    let plain: String = number.as_str().replace(',', "");
    let decimals = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let scale = match found
        .name("scale")
        .map(|scale| scale.as_str().to_lowercase())
        .as_deref()
    {
        Some("k" | "thousand") => 1e3,
        Some("m" | "mn" | "million") => 1e6,
        Some("bn" | "b" | "billion") => 1e9,
        _ => 1.0,
    };
    let unit = found.name("unit").map(|unit| unit.as_str().trim().to_lowercase());
    let unit = unit.as_deref().unwrap_or_default();
    let placed = before == Some('#') || text[..number.start()].trim_end().ends_with("No.");
    let (kind, factor) = match (unit, prefix) {
        ("", None) if placed => (Kind::Ordinal, 1.0),
        _ if found.name("ordinal").is_some() => (Kind::Ordinal, 1.0),
        ("usd" | "dollar" | "dollars", _) => (Kind::Money(Currency::of("USD")), 1.0),
        ("eur" | "euro" | "euros", _) => (Kind::Money(Currency::of("EUR")), 1.0),
        ("gbp" | "pound" | "pounds", _) => (Kind::Money(Currency::of("GBP")), 1.0),
        ("bps" | "basis points", _) => (Kind::Points, 0.01),
        ("pp" | "ppt" | "ppts" | "point" | "points", _) => (Kind::Points, 1.0),
        (unit, _) if unit.contains("point") => (Kind::Points, 1.0),
        ("%" | "percent" | "per cent" | "pct" | "percentage", _) => (Kind::Percent, 1.0),
        ("x" | "×" | "times" | "fold", _) => (Kind::Times, 1.0),
        ("second" | "seconds" | "sec" | "secs" | "s", None) => (Kind::Minutes, 1.0 / 60.0),
        ("ms", None) => (Kind::Minutes, 1.0 / 60_000.0),
        ("minute" | "minutes" | "min" | "mins", _) => (Kind::Minutes, 1.0),
        ("hour" | "hours" | "h", _) => (Kind::Minutes, 60.0),
        (_, Some(prefix)) => (Kind::Money(Currency::of(prefix)), 1.0),
        _ => (Kind::Plain, 1.0),
    };
    let typed_sign = found.name("sign2").or(found.name("sign"));
    let sign = typed_sign
        .filter(|sign| {
            sign.as_str() == "+"
                || text[..sign.start()]
                    .chars()
                    .next_back()
                    .is_none_or(|c| c.is_whitespace() || "(:=$€£".contains(c))
        })
        // A dash between words is punctuation.
        .filter(|sign| sign.end() == number.start() || prefix.is_some())
        .map(|sign| if sign.as_str() == "+" { 1 } else { -1 });
    let start = prefix.map_or(number.start(), |_| {
        found.name("pre").map_or(number.start(), |pre| pre.start())
    });
    Some(Bare {
        raw: text[start..whole.end()].trim().to_owned(),
        start,
        end: whole.end(),
        value: plain.parse::<f64>().ok()? * scale * factor,
        half: 0.5 * 10f64.powi(-i32::try_from(decimals).ok()?) * scale * factor,
        hedge: hedge_before(&text[..start]),
        kind,
        sign,
    })
}

fn spelled(text: &str, found: &regex::Captures<'_>) -> Option<Bare> {
    const WORDS: [(&str, f64); 13] = [
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
        ("fifteen", 15.0),
        ("twenty", 20.0),
    ];
    let word = found.name("word")?;
    let before = text[..word.start()].trim_end().to_lowercase();
    if text[word.end()..].starts_with('-')
        || [
            "one of",
            "one in",
            "the other",
            "these",
            "those",
            "the",
            "first",
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
    let next = text[word.end()..]
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let next = next.trim_matches(|c: char| !c.is_alphanumeric());
    const LOOSE: [&str; 22] = [
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
    ];
    if LOOSE.contains(&next) {
        return None;
    }
    let lower = word.as_str().to_lowercase();
    let value = WORDS.iter().find(|(known, _)| *known == lower)?.1;
    Some(Bare {
        raw: word.as_str().to_owned(),
        start: word.start(),
        end: word.end(),
        value,
        kind: if next == "times" { Kind::Times } else { Kind::Plain },
        sign: None,
        half: if next == "times" { value * 0.05 } else { 0.0 },
        hedge: hedge_before(&text[..word.start()]),
    })
}

/// "ranks third", "third-largest".
fn placed(found: &regex::Captures<'_>) -> Option<Bare> {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ];
    let word = found.name("after").or(found.name("named")).or(found.name("with"))?;
    let place = WORDS
        .iter()
        .position(|known| word.as_str().eq_ignore_ascii_case(known))?;
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

fn hedge_before(before: &str) -> Hedge {
    let before = tail(before.trim_end_matches(['(', '+', '-']));
    if words::moves_up_to(before) {
        // "went up to 7 %" states a direction, no bound.
        Hedge::Exact
    } else if BELOW.is_match(before) {
        Hedge::Below
    } else if ABOVE.is_match(before) {
        Hedge::Above
    } else if ABOUT.is_match(before) {
        Hedge::About
    } else {
        Hedge::Exact
    }
}

/// The last words of a text: no hedge is longer.
fn tail(text: &str) -> &str {
    const LONGEST: usize = 32;
    let mut from = text.len().saturating_sub(LONGEST);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn hedge(words: &str) -> Regex {
    pattern(&format!(r"(?i)(?:^|[^\w])(?:{words})(?:\s(?:the|a))?\s?$"))
}
