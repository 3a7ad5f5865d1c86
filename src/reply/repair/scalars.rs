//! Numbers, literals, and words that should have been quoted.

use serde_json::{Number, Value};

use super::{LOOK_AHEAD, Parser, Stop};

impl Parser<'_> {
    /// A number, a literal, or a word that should have been quoted.
    pub(super) fn bare(&mut self) -> Result<Option<Value>, Stop> {
        let length = self
            .rest()
            .bytes()
            .take_while(|byte| {
                !matches!(
                    byte,
                    b',' | b'}' | b']' | b'\n' | b'\r' | b'"' | b'{' | b'[' | b':' | b'#'
                )
            })
            .take(LOOK_AHEAD + 1)
            .count();
        let mut length = length;
        while !self.rest().is_char_boundary(length) {
            length -= 1;
        }
        let raw = &self.rest()[..length];
        let raw = raw.split("//").next().unwrap_or(raw);
        let raw = raw.split("/*").next().unwrap_or(raw);
        let word = raw.trim_end();
        if word.is_empty() {
            return Err(Stop::Syntax);
        }
        let at_end = self.at + word.len() == self.bytes.len();
        let first = word.split_ascii_whitespace().next().unwrap_or(word);
        let literal = match first {
            "true" => Some((Value::Bool(true), None)),
            "false" => Some((Value::Bool(false), None)),
            "null" => Some((Value::Null, None)),
            "True" | "TRUE" => Some((Value::Bool(true), Some("python_literal"))),
            "False" | "FALSE" => Some((Value::Bool(false), Some("python_literal"))),
            "None" | "NULL" | "Null" => Some((Value::Null, Some("python_literal"))),
            "undefined" => Some((Value::Null, Some("undefined"))),
            "NaN" | "nan" | "Infinity" | "-Infinity" | "+Infinity" | "inf" | "-inf" => {
                Some((Value::Null, Some("non_finite")))
            }
            _ => None,
        };
        if let Some((value, repair)) = literal {
            self.at += first.len();
            if let Some(repair) = repair {
                self.note(repair);
            }
            return Ok(Some(value));
        }
        if let Some((value, repair)) = number(first) {
            self.at += first.len();
            if let Some(repair) = repair {
                self.note(repair);
            }
            return Ok(Some(value));
        }
        if at_end {
            let value = started(word);
            self.at = self.bytes.len();
            self.cut("cut_literal");
            return Ok(value);
        }
        if word.len() > LOOK_AHEAD || self.depth == 0 || word.contains(['`', '<', '>']) {
            return Err(Stop::Syntax);
        }
        let value = Value::String(word.to_owned());
        self.at += word.len();
        self.note("unquoted_value");
        Ok(Some(value))
    }
}

/// The literal that was cut off in the middle of its word.
fn started(word: &str) -> Option<Value> {
    [
        ("true", Value::Bool(true)),
        ("false", Value::Bool(false)),
        ("null", Value::Null),
    ]
    .into_iter()
    .find(|(literal, _)| literal.starts_with(word))
    .map(|(_, value)| value)
}

/// A JSON number, or one that only needs its form put right.
fn number(word: &str) -> Option<(Value, Option<&'static str>)> {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let allowed = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E' | b'_');
    if digits == 0 || !word.bytes().all(allowed) {
        return None;
    }
    if let Ok(number) = serde_json::from_str::<Number>(word) {
        let whole = !word.contains(['.', 'e', 'E']);
        let rounded = (whole && number.as_i64().is_none() && number.as_u64().is_none()) || (digits > 17 && !whole);
        return Some((Value::Number(number), rounded.then_some("rounded_number")));
    }
    let plain: String = word.chars().filter(|c| *c != '_').collect();
    let plain = plain.strip_prefix('+').unwrap_or(&plain);
    let value: f64 = plain.parse().ok()?;
    if !value.is_finite() {
        return Some((Value::Null, Some("non_finite")));
    }
    let number = if value.fract() == 0.0 && value.abs() < 9e15 && !plain.contains(['.', 'e', 'E']) {
        Number::from(value as i64)
    } else {
        Number::from_f64(value)?
    };
    Some((Value::Number(number), Some("number_form")))
}
