//! Numbers as other languages and people write them. A number is never guessed: what is not clearly one stays text.

use super::{Fix, Opener, Parser, Place};
use crate::reply::json::{Json, Number};

/// More groups of three digits are a list.
const MOST_GROUPS: usize = 8;

/// Whether the text is a number as JSON writes it.
pub(in crate::reply) fn is_json_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    match digits(at) {
        0 => return false,
        1 => {}
        _ if bytes[at] == b'0' => return false,
        _ => {}
    }
    at += digits(at);
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = if at <= bytes.len() { digits(at) } else { 0 };
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == bytes.len()
}

/// The number that a word writes in another form.
pub(super) fn other_form(word: &str) -> Option<Number> {
    let (sign, digits) = match word.as_bytes().first()? {
        b'-' => ("-", &word[1..]),
        b'+' => ("", &word[1..]),
        _ => ("", word),
    };
    if !digits.as_bytes().first()?.is_ascii_digit() && !digits.starts_with('.') {
        return None;
    }
    if let Some(whole) = other_base(digits) {
        return Some(Number::rewritten(&format!("{sign}{whole}"), word));
    }
    // `10n` of JavaScript, `10L` of Python.
    let digits = match digits.strip_suffix(['n', 'L']) {
        Some(whole) if whole.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        Some(_) => return None,
        None => digits,
    };
    let plain: String = if well_separated(digits, '_') {
        digits.chars().filter(|letter| *letter != '_').collect()
    } else {
        digits.to_owned()
    };
    let (mantissa, exponent) = match plain.find(['e', 'E']) {
        Some(at) => plain.split_at(at),
        None => (plain.as_str(), ""),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if !fraction.is_empty() {
        format!(".{fraction}")
    } else if mantissa.ends_with('.') {
        ".0".to_owned()
    } else {
        String::new()
    };
    let text = format!("{sign}{whole}{point}{exponent}");
    is_json_number(&text).then(|| Number::rewritten(&text, word))
}

/// `0x1F`, `0o17`, `0b101`.
fn other_base(digits: &str) -> Option<u128> {
    let (base, rest) = match digits.as_bytes().get(..2)? {
        b"0x" | b"0X" => (16, &digits[2..]),
        b"0o" | b"0O" => (8, &digits[2..]),
        b"0b" | b"0B" => (2, &digits[2..]),
        _ => return None,
    };
    u128::from_str_radix(&rest.replace('_', ""), base)
        .ok()
        .filter(|_| !rest.starts_with(['+', '-']))
}

/// Separators stand between digits only.
fn well_separated(digits: &str, separator: char) -> bool {
    let double: String = [separator, separator].iter().collect();
    !digits.starts_with(separator) && !digits.ends_with(separator) && !digits.contains(&double)
}

/// The length of digits in groups of three with commas between them, from the start of `text`: `-2,000.00`.
pub(in crate::reply) fn grouped(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let first = digits(at);
    if !(1..=3).contains(&first) {
        return None;
    }
    at += first;
    let mut groups = 0;
    while groups <= MOST_GROUPS && bytes.get(at) == Some(&b',') && digits(at + 1) == 3 {
        at += 4;
        groups += 1;
    }
    if groups == 0 || groups > MOST_GROUPS {
        return None;
    }
    if bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1 + bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    }
    let ends = bytes
        .get(at)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'_' | b'-' | b'%'));
    ends.then_some(at)
}

impl Parser<'_> {
    /// Reads digits with thousands separators at the cursor, where they can be one number.
    pub(super) fn grouped_number(&mut self, place: Place) -> Option<Json> {
        let rest = self.rest(self.at);
        let length = grouped(rest)?;
        self.steps += length;
        let written = &rest[..length];
        let plain: String = written.chars().filter(|letter| *letter != ',').collect();
        let text = if is_json_number(&plain) {
            plain
        } else {
            other_form(&plain)?.text().into_owned()
        };
        let number = if place == Place::Member {
            let behind = self.past_blank(self.at + length);
            let ends = match self.byte(behind) {
                0 | b'}' | b']' | b'/' | b'#' => true,
                b',' => {
                    let next = self.past_blank(behind + 1);
                    !self.byte(next).is_ascii_digit() || self.key_follows(next)
                }
                _ => self.key_follows(behind),
            };
            // `{1: 1,234: 2}`: what follows the comma is a key.
            if !ends || self.byte(behind) == b':' {
                return None;
            }
            Number::rewritten(&text, written)
        } else {
            // `[1,234]` is valid JSON and two numbers; `[1,000]` is not.
            let alone = self.top().opener == Opener::Nothing;
            let impossible = written.split(',').skip(1).any(|group| group.starts_with('0'));
            if !impossible && !alone {
                return None;
            }
            Number::ambiguous(&text, written)
        };
        self.note(Fix::ThousandsSeparator);
        self.at += length;
        Some(Json::Number(number))
    }
}
