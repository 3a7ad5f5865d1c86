//! The house format of values: `$7,848,492`, `23.4 %`, `14 March 2025`, `2.3 times`.

use jiff::civil::Date;

use crate::evidence::{At, Cell, Unit};

/// A cell as a sentence shows it; none where the cell holds no value.
pub(super) fn cell(at: &At<'_>, currency: Option<&str>) -> Option<String> {
    match at.cell {
        Cell::Missing(_) => None,
        Cell::Day(date) => Some(day(*date)),
        Cell::Text(text) => Some(name(text)),
        Cell::Number { exact, shown } => {
            let core = core(shown).unwrap_or_else(|| number(*exact, decimals(at)));
            Some(dress(at.unit(), &core, currency))
        }
    }
}

/// A cell in short: `$7.8M`. Small values and percentages stay as they are.
pub(super) fn compact(at: &At<'_>, currency: Option<&str>) -> Option<String> {
    let exact = match at.exact() {
        Some(exact) if exact.abs() >= 1000.0 => exact,
        _ => return cell(at, currency),
    };
    match at.unit() {
        Unit::Money | Unit::Count(_) | Unit::Ratio => Some(dress(at.unit(), &short(exact), currency)),
        _ => cell(at, currency),
    }
}

/// A computed value of a unit.
pub(super) fn quantity(unit: &Unit, value: f64, decimals: u8, currency: Option<&str>) -> String {
    dress(unit, &number(value, decimals), currency)
}

/// How many decimals a cell's unit deserves.
pub(super) fn decimals(at: &At<'_>) -> u8 {
    match at.cell {
        Cell::Number { shown, .. } => shown.rsplit_once('.').map_or(0, |(_, fraction)| {
            fraction.bytes().take_while(u8::is_ascii_digit).count() as u8
        }),
        _ => at.column.decimals,
    }
}

/// `14 March 2025`.
pub(super) fn day(date: Date) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = MONTHS[usize::from(date.month().unsigned_abs()).clamp(1, 12) - 1];
    format!("{} {month} {}", date.day(), date.year())
}

/// A row's key as a reader sees it; an ISO date in words.
pub(super) fn name(key: &str) -> String {
    key.parse::<Date>().map_or_else(|_| key.to_owned(), day)
}

/// `1,204.5`; never `-0`.
pub(super) fn number(value: f64, decimals: u8) -> String {
    let fixed = format!("{:.*}", usize::from(decimals), value);
    let fixed = match fixed.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|b| matches!(b, b'0' | b'.')) => digits.to_owned(),
        _ => fixed,
    };
    grouped(&fixed)
}

/// The word of an ordinal.
pub(super) fn ordinal(n: usize) -> String {
    const WORDS: [&str; 11] = [
        "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ];
    if let Some(word) = WORDS.get(n) {
        return (*word).to_owned();
    }
    let ending = match (n % 100, n % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// The code of a currency given as code or symbol.
pub(super) fn currency_code(text: &str) -> String {
    match text.trim() {
        "$" | "US$" => "USD".to_owned(),
        "€" => "EUR".to_owned(),
        "£" => "GBP".to_owned(),
        "¥" => "JPY".to_owned(),
        "₹" => "INR".to_owned(),
        other => other.to_uppercase(),
    }
}

fn symbol(currency: &str) -> String {
    match currency_code(currency).as_str() {
        "USD" => "$".to_owned(),
        "EUR" => "€".to_owned(),
        "GBP" => "£".to_owned(),
        code => format!("{code} "),
    }
}

fn dress(unit: &Unit, core: &str, currency: Option<&str>) -> String {
    match unit {
        Unit::Money => {
            let (sign, digits) = match core.strip_prefix(['-', '+']) {
                Some(digits) => (&core[..1], digits),
                None => ("", core),
            };
            format!("{sign}{}{digits}", currency.map(symbol).unwrap_or_default())
        }
        Unit::Percent => format!("{core} %"),
        Unit::PercentagePoints => format!("{core} percentage points"),
        Unit::Days => format!("{core} {}", if core == "1" { "day" } else { "days" }),
        Unit::Minutes => format!("{core} minutes"),
        _ => core.to_owned(),
    }
}

fn short(value: f64) -> String {
    for (scale, suffix) in [(1e3, "k"), (1e6, "M"), (1e9, "B")] {
        let scaled = format!("{:.1}", value / scale);
        if scaled.trim_start_matches('-').len() <= 5 || suffix == "B" {
            return format!("{scaled}{suffix}");
        }
    }
    number(value, 0)
}

/// The digits of a shown value, grouped, without its unit.
fn core(shown: &str) -> Option<String> {
    let negative = shown.contains(['-', '−', '–']);
    let positive = shown.contains('+');
    let digits: String = shown.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    if digits.is_empty() || digits.matches('.').count() > 1 || digits.starts_with('.') {
        return None;
    }
    let tail = shown
        .trim_end_matches(|c: char| !c.is_ascii_alphanumeric())
        .chars()
        .last();
    let suffix = match tail {
        Some(letter @ ('k' | 'K' | 'M' | 'B')) => letter.to_string(),
        _ => String::new(),
    };
    let sign = if negative {
        "-"
    } else if positive {
        "+"
    } else {
        ""
    };
    Some(format!("{sign}{}{suffix}", grouped(digits.trim_end_matches('.'))))
}

fn grouped(fixed: &str) -> String {
    let (sign, digits) = match fixed.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", fixed),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (digits, String::new()),
    };
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{sign}{out}{fraction}")
}
