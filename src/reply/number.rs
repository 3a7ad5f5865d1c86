//! Numbers that stand bare in a sentence, and when one is consistent with a value.

mod hedge;
mod spelled;
mod written;

use std::fmt;

use super::format::currency_code;
use super::hints::Hints;
use hedge::{Hedge, hedge_after, hedge_before, is_reference};
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
