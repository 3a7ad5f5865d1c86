//! Numbers that stand bare in a sentence, and when one is consistent with a value.

mod spelled;
mod written;

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::format::currency_code;
use super::hints::Hints;
use super::pattern::pattern;
use super::words;
use written::{Sign, Written, written};

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

/// Whether a number of one kind may stand for a quantity of another: plain digits may be money or minutes.
pub(super) fn comparable(bare: &Kind, quantity: &Kind) -> bool {
    match (bare, quantity) {
        (Kind::Money(said), Kind::Money(own)) => !own.is_known() || said == own,
        (Kind::Plain, Kind::Money(_) | Kind::Minutes) => true,
        (a, b) => a == b,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hedge {
    Exact,
    About,
    Above,
    Below,
    JustAbove,
    JustBelow,
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

const ABOUTS: &str = r"about|roughly|around|approximately|approx\.?|some|close to|circa|ca\.|~|an estimated|estimated|nearing|in the region of|on the order of|or so|more or less|≈";
static ABOUT: LazyLock<Regex> = LazyLock::new(|| hedge(ABOUTS));
const ABOVES: &str = r"over|more than|better than|at least|above|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?|beyond|in excess of|topp(?:ed|ing)|tops|no less than|no fewer than|just over|upwards of|north of|(?:greater|higher|larger|bigger) than|(?:go(?:es)?|went|got|rose|climbed) past|past|pass(?:es|ed)|cross(?:es|ed)|broke(?: through)?|on the far side of|beat(?:s|ing)?|even|clear(?:s|ed)|>|>=|≥";
static ABOVE: LazyLock<Regex> = LazyLock::new(|| hedge(ABOVES));
const BELOWS: &str = r"nearly|almost|under|fewer than|less than|below|just under|up to|at most|no more than|not more than|short of|not quite|not even|lower than|smaller than|<|<=|≤";
static BELOW: LazyLock<Regex> = LazyLock::new(|| hedge(BELOWS));

const JUST_ABOVES: &str = r"(?:just|barely|slightly|a little|a shade|a touch) (?:over|above|more than)";
static JUST_ABOVE: LazyLock<Regex> = LazyLock::new(|| hedge(JUST_ABOVES));
const JUST_BELOWS: &str =
    r"(?:just|barely|slightly|a little|a shade|a touch) (?:under|below|less than|shy of|short of)";
static JUST_BELOW: LazyLock<Regex> = LazyLock::new(|| hedge(JUST_BELOWS));
/// Any of them: most numbers have none.
static HEDGE: LazyLock<Regex> =
    LazyLock::new(|| hedge(&[ABOUTS, ABOVES, BELOWS, JUST_ABOVES, JUST_BELOWS, MISSED, NEVER_BEYOND].join("|")));

/// The bare numbers of a masked text, spelled-out counts included.
pub(super) fn numbers(masked: &str) -> Vec<Bare> {
    numbers_hinted(masked, Hints::of(masked))
}

/// Those of a text of which it is known what it may hold.
pub(super) fn numbers_hinted(masked: &str, hints: Hints) -> Vec<Bare> {
    let mut out: Vec<Bare> = Vec::new();
    if hints.digits {
        out.extend(written(masked).filter_map(|found| digits(masked, &found)));
    }
    if hints.halves {
        out.extend(spelled::parts_of_points(masked));
        out.extend(spelled::and_a_half(masked));
    }
    if hints.counts {
        out.extend(spelled::counts(masked));
    }
    if hints.ones {
        out.extend(spelled::ones(masked));
        out.extend(spelled::one_minute(masked));
    }
    if spelled::may_tell_share(masked, hints) {
        out.extend(spelled::so_many_in(masked));
    }
    if hints.ones && (masked.contains("to one") || masked.contains("to-one")) {
        out.extend(spelled::to_one(masked));
    }
    if hints.rounds {
        out.extend(spelled::round_numbers(masked));
    }
    if masked.contains("dozen") {
        out.extend(spelled::dozens(masked));
    }
    if hints.places {
        out.extend(spelled::places(masked));
    }
    out.sort_by_key(|bare| bare.start);
    joined(masked, apart(out))
}

/// Of numbers that overlap, as "7 to one" and its 7 do, the longer one.
fn apart(numbers: Vec<Bare>) -> Vec<Bare> {
    let mut out: Vec<Bare> = Vec::with_capacity(numbers.len());
    for bare in numbers {
        match out.last_mut().filter(|last| bare.start < last.end) {
            Some(last) if bare.end - bare.start > last.end - last.start => *last = bare,
            Some(_) => {}
            None => out.push(bare),
        }
    }
    out
}

/// "9 min 7 s" is one duration.
fn joined(text: &str, numbers: Vec<Bare>) -> Vec<Bare> {
    let mut out: Vec<Bare> = Vec::with_capacity(numbers.len());
    for bare in numbers {
        if let Some(last) = out.last_mut()
            && last.kind == Kind::Minutes
            && bare.kind == Kind::Minutes
            && bare.half < last.half
            && matches!(
                text[last.end..bare.start].trim(),
                "" | "and" | "," | "minutes" | "minutes and" | "minute and"
            )
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
            Hedge::JustAbove => near(slack) || (value > claimed && value <= claimed * 1.1),
            Hedge::JustBelow => near(slack) || (value < claimed && value >= claimed * 0.9),
        }
    }

    /// Whether it is this value to the digits given, whatever word stands before it.
    pub(super) fn tells(&self, value: f64) -> bool {
        (value.abs() - self.value.abs()).abs() <= self.half * (1.0 + 1e-9)
    }

    /// Whether this number bounds `value`, however far away: "more than 2,600".
    pub(super) fn bounds(&self, value: f64) -> bool {
        match self.hedge {
            Hedge::Above => value >= self.value,
            Hedge::Below => value <= self.value,
            _ => false,
        }
    }

    /// The same digits in another unit and another scale.
    pub(super) fn read_as(&self, kind: Kind, scale: f64) -> Self {
        Self {
            kind,
            value: self.value * scale,
            half: self.half * scale,
            ..self.clone()
        }
    }

    /// A bound that is told in words.
    pub(super) fn limit(kind: Kind, value: f64, is_above: bool) -> Self {
        Self {
            raw: value.to_string(),
            start: 0,
            end: 0,
            value,
            kind,
            sign: None,
            half: 0.0,
            hedge: if is_above { Hedge::Above } else { Hedge::Below },
        }
    }

    pub(super) fn is_bound(&self) -> bool {
        !matches!(self.hedge, Hedge::Exact | Hedge::About)
    }

    pub(super) fn is_above(&self) -> bool {
        matches!(self.hedge, Hedge::Above | Hedge::JustAbove)
    }
}

fn digits(text: &str, found: &Written<'_>) -> Option<Bare> {
    let number = &text[found.number.clone()];
    let before = text[..found.number.start].chars().next_back();
    let prefix = found.prefix.map(|(_, prefix)| prefix);
    let is_multiple = is_multiple(&text[..found.number.start]) || text[..found.number.start].ends_with("factor of ");
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') && prefix.is_none() && !is_multiple {
        // A digit inside a word or an identifier.
        return None;
    }
    let plain: String = match found.has_decimal_comma {
        true => number.replace(',', "."),
        false => number.replace(|c: char| c != '.' && !c.is_ascii_digit(), ""),
    };
    let decimals = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let placed = before == Some('#') || is_placed(text[..found.number.start].trim_end());
    let (kind, factor) = match (found.unit, prefix) {
        ("", None) if placed => (Kind::Ordinal, 1.0),
        ("", None) if is_multiple => (Kind::Times, 1.0),
        _ if found.is_ordinal => (Kind::Ordinal, 1.0),
        ("USD" | "dollar" | "dollars", _) => (Kind::Money(Currency::of("USD")), 1.0),
        ("EUR" | "euro" | "euros", _) => (Kind::Money(Currency::of("EUR")), 1.0),
        ("GBP" | "pound" | "pounds", _) => (Kind::Money(Currency::of("GBP")), 1.0),
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
    let is_free = |sign: &Sign| {
        let before = text[..sign.start].chars().next_back();
        sign.is_plus || before.is_none_or(|c| c.is_whitespace() || "(:=$€£".contains(c))
    };
    let sign = found.sign.filter(is_free).map(|sign| if sign.is_plus { 1 } else { -1 });
    let start = found.prefix.map_or(found.number.start, |(start, _)| start);
    Some(Bare {
        raw: text[start..found.end].trim().to_owned(),
        start,
        end: found.end,
        value: plain.parse::<f64>().ok()? * found.scale * factor,
        half: 0.5 * 10f64.powi(-i32::try_from(decimals).ok()?) * found.scale * factor,
        hedge: match hedge_before(&text[..start]) {
            Hedge::Exact => hedge_after(&text[found.end..]),
            Hedge::Above | Hedge::Below if is_reference(&text[..start], &text[found.end..]) => Hedge::Exact,
            hedge => hedge,
        },
        kind,
        sign,
    })
}

/// "$3,100,000 is a level that revenue did not reach".
static LEVEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^ is (?:a|the) (?:level|mark|threshold|line|figure|number|value) (?:that |which )?[^.;,]{2,60}?\b(?:(?P<missed>did not|did n['’]t|didn['’]t|never|failed to|fell short of|missed|stayed below|remained below|was below)|exceed|pass|reach|clear|top|beat|surpass|cross)",
    )
});

/// "98 % or better", "500 or fewer".
fn hedge_after(after: &str) -> Hedge {
    const ABOVE: [&str; 7] = ["better", "more", "higher", "above", "greater", "over", "longer"];
    const BELOW: [&str; 7] = ["less", "lower", "fewer", "below", "under", "worse", "shorter"];
    if let Some(found) = after.starts_with(" is ").then(|| LEVEL.captures(after)).flatten() {
        return if found.name("missed").is_some() {
            Hedge::Below
        } else {
            Hedge::Above
        };
    }
    // "98 % or better", "150 orders or more".
    let noun = after
        .strip_prefix(' ')
        .and_then(|after| after.find(' ').map(|end| &after[end..]));
    let Some(word) = after.strip_prefix(" or ").or_else(|| noun?.strip_prefix(" or ")) else {
        return Hedge::Exact;
    };
    let begins = |words: &[&str]| words.iter().any(|known| word.starts_with(known));
    match (begins(&ABOVE), begins(&BELOW)) {
        (true, _) if !word.starts_with("more or less") => Hedge::Above,
        (_, true) => Hedge::Below,
        _ => Hedge::Exact,
    }
}

/// "below the $27.5M of last period": a value, and no bound, unless it is "the 5,000 mark".
fn is_reference(before: &str, after: &str) -> bool {
    const MARKS: [&str; 7] = ["mark", "threshold", "line", "barrier", "limit", "bar", "ceiling"];
    let after = after.trim_start_matches([' ', '-']);
    // "The $14 level on ARPU" is a mark, "the $14 level of last period" a value.
    let is_level = after.strip_prefix("level").is_some_and(|after| {
        let after = after.trim_start();
        !["of", "seen", "recorded", "in the", "before"]
            .iter()
            .any(|word| after.starts_with(word))
    });
    before.trim_end().ends_with(" the") && !is_level && !MARKS.iter().any(|mark| after.starts_with(mark))
}

/// "No. 3", "is number 3".
fn is_placed(before: &str) -> bool {
    const VERBS: [&str; 19] = [
        "placed", "places", "comes", "came", "finished", "stands", "sits", "is", "are", "was", "were", "ranks",
        "ranked", "at", "as", "becomes", "became", "remains", "the",
    ];
    let verb = before.strip_suffix("number").map(str::trim_end);
    let is_rank = [" rank", " place", " position", "Rank"]
        .iter()
        .any(|word| before.ends_with(word));
    is_rank
        || before.ends_with("Number")
        || before.ends_with("Position")
        || before.ends_with("No.")
        || verb.is_some_and(|before| VERBS.iter().any(|verb| before.ends_with(verb)))
}

/// "x3", "×3".
fn is_multiple(before: &str) -> bool {
    let rest = before.strip_suffix(['x', '×']);
    rest.is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn hedge_before(before: &str) -> Hedge {
    let before = tail(before.trim_end_matches(['(', '+', '-']));
    if before.trim_end().ends_with(" of") {
        return limit_of_measure(before.trim_end());
    }
    if !HEDGE.is_match(before) {
        return Hedge::Exact;
    }
    hedge_of(before)
}

fn hedge_of(before: &str) -> Hedge {
    let adds_up = ["add", "adds", "added", "adding", "sum", "sums", "summed"];
    let added = before
        .trim_end()
        .strip_suffix(" up to")
        .and_then(|before| before.rsplit(' ').next());
    if added.is_some_and(|verb| adds_up.contains(&verb)) || words::moves_up_to(before) {
        // "went up to 7 %" states a direction, no bound.
        Hedge::Exact
    } else if JUST_BELOW.is_match(before) {
        Hedge::JustBelow
    } else if JUST_ABOVE.is_match(before) {
        Hedge::JustAbove
    } else if NEVER.is_match(before) {
        let before = before.trim_end();
        let is_floor = before.ends_with("below") || before.ends_with("under");
        if is_floor { Hedge::Above } else { Hedge::Below }
    } else if MISSES.is_match(before) {
        Hedge::Below
    } else if says_no_less(before) {
        Hedge::Above
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

/// "failed to clear", "never reached".
const MISSED: &str = r"(?:fail(?:s|ed|ing)? to|did(?: not|n['’]t)|do(?:es)?(?: not|n['’]t)|never|could(?: not|n['’]t)|not) (?:even )?(?:clear(?:s|ed)?|reach(?:es|ed)?|exceed(?:s|ed)?|top(?:s|ped)?|hit|pass(?:es|ed)?|surpass(?:es|ed)?|break|broke|beat|cross(?:es|ed)?)";
static MISSES: LazyLock<Regex> = LazyLock::new(|| hedge(MISSED));

/// "did not drop below".
const NEVER_BEYOND: &str = r"(?:did(?: not|n['’]t)|do(?:es)?(?: not|n['’]t)|never|not|without) (?:ever |once )?(?:drop|fall|go|dip|sink|slip|rise|climb|get|went|fell|dropped|dipped|sank|slipped|rose|climbed|got|dropping|falling|going|dipping|rising|climbing)(?:s|ped)? (?:below|under|above|over|past|beyond)";
static NEVER: LazyLock<Regex> = LazyLock::new(|| hedge(NEVER_BEYOND));

/// "no fewer than", which ends as "fewer than" does.
fn says_no_less(before: &str) -> bool {
    const LEAST: [&str; 6] = [
        "no less than",
        "no fewer than",
        "not less than",
        "not fewer than",
        "no lower than",
        "no smaller than",
    ];
    let before = before.trim_end().to_ascii_lowercase();
    LEAST.iter().any(|words| before.ends_with(words))
}

/// "below a day-1 retention of".
fn limit_of_measure(before: &str) -> Hedge {
    static LIMIT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:(?P<above>above|over|beyond|exceed(?:s|ed|ing)?)|(?P<below>below|under)) an? [^.,;:]{2,40} of$",
        )
    });
    match LIMIT.captures(before) {
        Some(found) if found.name("above").is_some() => Hedge::Above,
        Some(_) => Hedge::Below,
        None if HEDGE.is_match(before) => hedge_of(before),
        None => Hedge::Exact,
    }
}

/// The last words of a text: no hedge is longer.
fn tail(text: &str) -> &str {
    const LONGEST: usize = 48;
    let mut from = text.len().saturating_sub(LONGEST);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn hedge(words: &str) -> Regex {
    pattern(&format!(r"(?i)(?:^|[^\w])(?:{words})(?:\s(?:the|a))?\s?$"))
}
