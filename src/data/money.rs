//! Amounts as people and programs write them, exact to six decimals. Never heard of currencies' values.

use serde::{Deserialize, Serialize};

/// Amounts are whole numbers of millionths.
pub(crate) const SCALE: i8 = 6;
/// What fits Decimal128(24, 6).
const LARGEST: i128 = 10_i128.pow(24) - 1;

/// What a single comma means in a column: `1,234` is a thousand and more, or a little more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(crate) enum Comma {
    #[default]
    Thousands,
    Decimal,
}

/// Reads `$1,234.50`, `1.234,50 €`, `(12.00)`, `-5`, `1e3`; `None` when it is no amount.
pub(crate) fn parse(text: &str, comma: Comma) -> Option<i128> {
    let trimmed = text.trim();
    if let Some(plain) = plain(trimmed.as_bytes()) {
        return Some(plain);
    }
    let (inner, in_brackets) = match trimmed.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (inner, true),
        None => (trimmed, false),
    };
    let (body, negative) = undressed(inner)?;
    let decimal = decimal_mark(&body, comma);
    if !well_grouped(&body, decimal) {
        return None;
    }
    let digits: String = body
        .chars()
        .filter_map(|letter| match letter {
            digit if digit.is_ascii_digit() => Some(digit),
            mark if Some(mark) == decimal => Some('.'),
            'e' | 'E' | '+' | '-' => Some(letter),
            _ => None,
        })
        .collect();
    let amount = match plain(digits.as_bytes()) {
        Some(amount) => amount,
        None => from_float(digits.parse().ok()?)?,
    };
    Some(if negative || in_brackets { -amount } else { amount })
}

/// A number without its currency signs and spaces, and whether a minus stood before it.
fn undressed(text: &str) -> Option<(String, bool)> {
    let letters: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '\'' && *letter != '_')
        .collect();
    let is_number = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | ',');
    let first = letters.find(is_number)?;
    let last = letters.rfind(is_number)?;
    let (before, body, after) = (&letters[..first], &letters[first..=last], &letters[last + 1..]);
    let mut negative = false;
    let sign = before.chars().chain(after.chars()).all(|letter| {
        negative |= matches!(letter, '-' | '−');
        matches!(letter, '-' | '−' | '+') || is_currency_sign(letter)
    });
    let is_code = |word: &str| {
        let code: String = word.chars().filter(|letter| letter.is_ascii_alphabetic()).collect();
        code.len() == 3 && code.chars().all(|letter| letter.is_ascii_uppercase())
    };
    let worded =
        !sign && (is_code(before) && after.is_empty() || before.trim_start_matches('-').is_empty() && is_code(after));
    let allowed = |letter: char| is_number(letter) || matches!(letter, 'e' | 'E' | '+' | '-');
    ((sign || worded) && body.chars().all(allowed)).then(|| (body.to_owned(), negative || before.contains('-')))
}

fn is_currency_sign(letter: char) -> bool {
    matches!(
        letter,
        '$' | '€' | '£' | '¥' | '₹' | '₽' | '₩' | '₺' | '฿' | '₫' | '₪' | '₴'
    )
}

/// Which character separates the decimals, if any.
fn decimal_mark(body: &str, comma: Comma) -> Option<char> {
    let n_dots = body.matches('.').count();
    let n_commas = body.matches(',').count();
    match (n_dots, n_commas) {
        (0, 0) => None,
        (1, 0) => Some('.'),
        (_, 0) => None,
        (0, 1) if comma == Comma::Decimal || !looks_grouped(body) => Some(','),
        (0, _) => None,
        _ if body.rfind('.') > body.rfind(',') => Some('.'),
        _ => Some(','),
    }
}

/// Thousands stand in groups of two or three digits, so that `4.0.1` is a version and no amount.
fn well_grouped(body: &str, decimal: Option<char>) -> bool {
    let whole = decimal
        .and_then(|mark| body.rfind(mark))
        .map_or(body, |mark| &body[..mark]);
    whole
        .split(['.', ','])
        .skip(1)
        .all(|group| (2..=3).contains(&group.len()))
}

/// `1,234`: one to three digits, a comma, exactly three digits.
fn looks_grouped(body: &str) -> bool {
    body.split_once(',')
        .is_some_and(|(before, after)| (1..=3).contains(&before.len()) && after.len() == 3)
}

/// True when the value only makes sense with a decimal comma (`12,5`, `1.234,50`).
pub(crate) fn proves_decimal_comma(text: &str) -> bool {
    let Some((body, _)) = undressed(text.trim()) else {
        return false;
    };
    body.matches(',').count() == 1
        && match body.rfind('.') {
            Some(dot) => body.rfind(',') > Some(dot),
            None => !looks_grouped(&body),
        }
}

/// The common form: an optional minus, digits, at most one dot.
fn plain(bytes: &[u8]) -> Option<i128> {
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if bytes.is_empty() || bytes.len() > 25 {
        return None;
    }
    let (mut value, mut n_digits, mut n_decimals, mut dot, mut round_up) = (0_i128, 0, 0, false, false);
    for &byte in bytes {
        match byte {
            b'.' if !dot => dot = true,
            b'0'..=b'9' => {
                n_digits += 1;
                n_decimals += i32::from(dot);
                if n_decimals <= 6 {
                    value = value * 10 + i128::from(byte - b'0');
                } else if n_decimals == 7 {
                    round_up = byte >= b'5';
                }
            }
            _ => return None,
        }
    }
    if n_digits == 0 {
        return None;
    }
    for _ in n_decimals.min(6)..6 {
        value *= 10;
    }
    value += i128::from(round_up);
    (value <= LARGEST).then_some(if negative { -value } else { value })
}

/// A double as an amount, rounded to six decimals.
pub(crate) fn from_float(value: f64) -> Option<i128> {
    // Printing rounds correctly where multiplying by a million would not.
    value
        .is_finite()
        .then(|| format!("{value:.6}"))
        .and_then(|text| plain(text.as_bytes()))
}

/// The amount for tables: rounded to the thousandth, the nearest double.
pub(crate) fn to_float(amount: i128) -> f64 {
    let thousandths = (amount.abs() + 500) / 1_000;
    let value = thousandths as f64 / 1_000.0;
    if amount < 0 && thousandths != 0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_amounts_as_written() {
        let cases = [
            ("2.55", Some(2_550_000)),
            ("-1", Some(-1_000_000)),
            ("-11062.06", Some(-11_062_060_000)),
            ("0.1234567", Some(123_457)),
            ("$1,234.50", Some(1_234_500_000)),
            ("-$5.00", Some(-5_000_000)),
            ("$-5.00", Some(-5_000_000)),
            ("1.234,50 €", Some(1_234_500_000)),
            ("1 234,50 €", Some(1_234_500_000)),
            ("1'234.50", Some(1_234_500_000)),
            ("1.234.567", Some(1_234_567_000_000)),
            ("12,5", Some(12_500_000)),
            ("1,234", Some(1_234_000_000)),
            ("(12.00)", Some(-12_000_000)),
            ("USD 7.5", Some(7_500_000)),
            ("7.5 EUR", Some(7_500_000)),
            ("1e3", Some(1_000_000_000)),
            (".5", Some(500_000)),
            ("", None),
            ("-", None),
            ("C536379", None),
            ("85123A", None),
            ("2024-01-01", None),
            ("abc", None),
            ("4.0.1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text, Comma::Thousands), expected, "{text}");
        }
        assert_eq!(parse("1,234", Comma::Decimal), Some(1_234_000));
        assert!(proves_decimal_comma("12,5") && proves_decimal_comma("1.234,50 €") && !proves_decimal_comma("1,234"));
        assert_eq!(to_float(9_747_747_934_000), 9_747_747.934);
        assert_eq!(from_float(2.55), Some(2_550_000));
    }
}
