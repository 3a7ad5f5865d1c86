//! A forgiving JSON parser: reads what a model meant, names every liberty it took, never panics, never recurses past a limit.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

pub(super) const MAX_DEPTH: usize = 128;

/// How far a parser may look ahead to decide what a quotation mark is.
const LOOK_AHEAD: usize = 96;

/// What one attempt read, and where it stopped.
pub(super) struct Parsed {
    pub(super) value: Value,
    pub(super) end: usize,
    pub(super) repairs: Vec<&'static str>,
    pub(super) truncated: bool,
    pub(super) steps: usize,
}

pub(super) enum Failed {
    TooDeep,
    /// Not JSON from here on.
    Syntax {
        steps: usize,
    },
}

/// Reads the object or array that starts at `start`.
pub(super) fn parse(text: &str, start: usize) -> Result<Parsed, Failed> {
    let mut parser = Parser {
        text,
        bytes: text.as_bytes(),
        at: start,
        depth: 0,
        objects: 0,
        arrays: 0,
        repairs: Vec::new(),
        truncated: false,
    };
    match parser.value(Place::Top) {
        Ok(Some(value)) => Ok(Parsed {
            value,
            end: parser.at,
            steps: parser.at - start,
            repairs: parser.repairs,
            truncated: parser.truncated,
        }),
        Ok(None) => Err(Failed::Syntax {
            steps: parser.at - start,
        }),
        Err(Stop::TooDeep) => Err(Failed::TooDeep),
        Err(Stop::Syntax) => Err(Failed::Syntax {
            steps: parser.at - start,
        }),
    }
}

enum Stop {
    TooDeep,
    Syntax,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    Key,
    Member,
    Item,
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    objects: usize,
    arrays: usize,
    repairs: Vec<&'static str>,
    truncated: bool,
}

impl Parser<'_> {
    fn note(&mut self, repair: &'static str) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }

    fn cut(&mut self, repair: &'static str) {
        self.truncated = true;
        self.note(repair);
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blank(&mut self) {
        loop {
            match self.peek() {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(b'/') if self.bytes.get(self.at + 1) == Some(&b'/') => self.line_comment(),
                Some(b'#') => self.line_comment(),
                Some(b'/') if self.bytes.get(self.at + 1) == Some(&b'*') => {
                    self.note("comment");
                    self.at += self
                        .rest()
                        .find("*/")
                        .map_or(self.rest().len(), |end| end + 2);
                }
                Some(0xC2 | 0xE2 | 0xEF)
                    if self.rest().starts_with(['\u{a0}', '\u{feff}', '\u{200b}']) =>
                {
                    self.note("odd_space");
                    self.at += self.rest().chars().next().map_or(1, char::len_utf8);
                }
                _ => return,
            }
        }
    }

    fn line_comment(&mut self) {
        self.note("comment");
        self.at += self.rest().find('\n').unwrap_or(self.rest().len());
    }

    /// `None` where the text ends before a value begins.
    fn value(&mut self, place: Place) -> Result<Option<Value>, Stop> {
        self.blank();
        let Some(byte) = self.peek() else {
            self.truncated = true;
            return Ok(None);
        };
        match byte {
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Stop::TooDeep);
                }
                let value = if byte == b'{' {
                    self.object()?
                } else {
                    self.array()?
                };
                self.depth -= 1;
                Ok(Some(value))
            }
            _ if self.quote().is_some() => Ok(Some(Value::String(self.string(place)?))),
            _ => self.bare(),
        }
    }

    fn object(&mut self) -> Result<Value, Stop> {
        self.at += 1;
        self.objects += 1;
        let mut members = Map::new();
        let mut after_comma = false;
        loop {
            self.blank();
            let Some(byte) = self.peek() else {
                self.cut("cut_object");
                break;
            };
            match byte {
                b'}' => {
                    self.at += 1;
                    if after_comma {
                        self.note("trailing_comma");
                    }
                    break;
                }
                b',' => {
                    self.at += 1;
                    self.note("extra_comma");
                    continue;
                }
                b'.' if self.rest().starts_with("...") => {
                    self.at += 3;
                    self.note("ellipsis");
                    continue;
                }
                b']' => {
                    if self.arrays == 0 {
                        self.at += 1;
                    }
                    self.note("wrong_bracket");
                    break;
                }
                _ => {}
            }
            let Some((key, value)) = self.member()? else {
                self.cut("cut_object");
                break;
            };
            if members.insert(key, value).is_some() {
                self.note("duplicate_key");
            }
            self.blank();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    after_comma = true;
                }
                Some(b'}' | b']') | None => after_comma = false,
                Some(_) => {
                    self.note("missing_comma");
                    after_comma = false;
                }
            }
        }
        self.objects -= 1;
        Ok(Value::Object(members))
    }

    fn member(&mut self) -> Result<Option<(String, Value)>, Stop> {
        let key = if self.quote().is_some() {
            self.string(Place::Key)?
        } else {
            let length = self
                .rest()
                .bytes()
                .take(LOOK_AHEAD)
                .take_while(|byte| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$' | b'.')
                })
                .count();
            if length == 0 {
                return Err(Stop::Syntax);
            }
            let key = self.rest()[..length].to_owned();
            self.at += length;
            self.note("unquoted_key");
            key
        };
        self.blank();
        match self.peek() {
            None => return Ok(None),
            Some(b':') => self.at += 1,
            Some(_) => return Err(Stop::Syntax),
        }
        Ok(self.value(Place::Member)?.map(|value| (key, value)))
    }

    fn array(&mut self) -> Result<Value, Stop> {
        self.at += 1;
        self.arrays += 1;
        let mut items = Vec::new();
        let mut after_comma = false;
        loop {
            self.blank();
            let Some(byte) = self.peek() else {
                self.cut("cut_array");
                break;
            };
            match byte {
                b']' => {
                    self.at += 1;
                    if after_comma {
                        self.note("trailing_comma");
                    }
                    break;
                }
                b',' => {
                    self.at += 1;
                    self.note("extra_comma");
                    continue;
                }
                b'.' if self.rest().starts_with("...") => {
                    self.at += 3;
                    self.note("ellipsis");
                    continue;
                }
                b'}' if self.objects > 0 => {
                    self.note("missing_bracket");
                    break;
                }
                b'}' => return Err(Stop::Syntax),
                _ => {}
            }
            match self.value(Place::Item)? {
                Some(value) => items.push(value),
                None => {
                    self.cut("cut_array");
                    break;
                }
            }
            self.blank();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    after_comma = true;
                }
                Some(b'}' | b']') | None => after_comma = false,
                Some(_) => {
                    self.note("missing_comma");
                    after_comma = false;
                }
            }
        }
        self.arrays -= 1;
        Ok(Value::Array(items))
    }

    /// The quotation mark at the cursor.
    fn quote(&self) -> Option<char> {
        match self.peek()? {
            b'"' => Some('"'),
            b'\'' => Some('\''),
            0xE2 | 0xC2 => self
                .rest()
                .chars()
                .next()
                .filter(|mark| matches!(mark, '“' | '”' | '„' | '‘' | '’' | '«')),
            _ => None,
        }
    }

    fn string(&mut self, place: Place) -> Result<String, Stop> {
        let Some(open) = self.quote() else {
            return Err(Stop::Syntax);
        };
        match open {
            '"' => {}
            '\'' => self.note("single_quotes"),
            _ => self.note("smart_quotes"),
        }
        let closers: &[char] = match open {
            '"' => &['"'],
            '\'' => &['\''],
            '‘' | '’' => &['’', '\'', '‘'],
            '«' => &['»'],
            _ => &['”', '"', '“'],
        };
        self.at += open.len_utf8();
        let mut out = String::new();
        loop {
            let Some(next) = self.rest().chars().next() else {
                self.cut("cut_string");
                let kept = out.trim_end().trim_end_matches('`').trim_end().len();
                if out[kept..].contains("```") {
                    out.truncate(kept);
                }
                return Ok(out);
            };
            self.at += next.len_utf8();
            if closers.contains(&next) {
                if self.closes(place) {
                    return Ok(out);
                }
                self.note("inner_quotes");
                out.push(next);
            } else if next == '\\' {
                self.escape(&mut out);
            } else {
                if (next as u32) < 0x20 {
                    self.note("raw_control");
                }
                out.push(next);
            }
        }
    }

    /// Whether the mark just passed ends the string, judged by what follows it.
    fn closes(&self, place: Place) -> bool {
        let rest = self.rest();
        let after = rest.trim_start();
        let spaced = after.len() != rest.len();
        let Some(next) = after.bytes().next() else {
            return true;
        };
        match (place, next) {
            (Place::Key, _) => next == b':',
            (_, b'}' | b']') => true,
            (Place::Member, b',') => {
                let then = after[1..].trim_start();
                then.is_empty()
                    || then.starts_with(['}', ']', '"', '\'', '“', '/', '#', ',', '.'])
                    || key_follows(then)
            }
            (_, b',') => {
                let then = after[1..].trim_start();
                then.is_empty()
                    || then
                        .starts_with([']', '}', '"', '\'', '“', '{', '[', '-', '/', '#', ',', '.'])
                    || then.starts_with(|c: char| c.is_ascii_digit())
                    || ["true", "false", "null", "True", "False", "None", "NaN"]
                        .iter()
                        .any(|literal| then.starts_with(literal))
            }
            (_, b'/' | b'#') => spaced || after.starts_with("//") || after.starts_with("/*"),
            (_, b'`') => after.starts_with("```"),
            (Place::Member, _) => key_follows(after),
            (Place::Item, b'"' | b'{' | b'[') => spaced,
            _ => false,
        }
    }

    fn escape(&mut self, out: &mut String) {
        let Some(next) = self.rest().chars().next() else {
            return;
        };
        self.at += next.len_utf8();
        match next {
            '"' | '\\' | '/' => out.push(next),
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => self.unicode(out),
            '\n' => self.note("bad_escape"),
            _ => {
                self.note("bad_escape");
                if !matches!(next, '\'' | '$' | '`' | '“' | '”' | '_' | '*') {
                    out.push('\\');
                }
                out.push(next);
            }
        }
    }

    fn unicode(&mut self, out: &mut String) {
        let Some(first) = self.four_digits() else {
            if self.rest().len() >= 4 {
                self.note("bad_escape");
                out.push_str("\\u");
            }
            return;
        };
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            match self.four_digits() {
                Some(second) if (0xDC00..0xE000).contains(&second) => {
                    let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                    out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                    return;
                }
                // Not its other half: read it again as an escape of its own.
                Some(_) => self.at -= 6,
                None => self.at -= 2,
            }
        }
        match char::from_u32(first) {
            Some(character) => out.push(character),
            None => {
                self.note("lone_surrogate");
                out.push('\u{fffd}');
            }
        }
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(code)
    }

    /// A number, a literal, or a word that should have been quoted.
    fn bare(&mut self) -> Result<Option<Value>, Stop> {
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
            return self.cut_literal(&word.to_owned());
        }
        if word.len() > LOOK_AHEAD || self.depth == 0 || word.contains(['`', '<', '>']) {
            return Err(Stop::Syntax);
        }
        let value = Value::String(word.to_owned());
        self.at += word.len();
        self.note("unquoted_value");
        Ok(Some(value))
    }

    fn cut_literal(&mut self, word: &str) -> Result<Option<Value>, Stop> {
        self.at = self.bytes.len();
        self.cut("cut_literal");
        let literals = [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ];
        Ok(literals
            .into_iter()
            .find(|(literal, _)| literal.starts_with(word))
            .map(|(_, value)| value))
    }
}

/// Whether a member's key starts here: a quoted or bare word and a colon, within a short look ahead.
fn key_follows(text: &str) -> bool {
    let mut end = text.len().min(LOOK_AHEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let near = &text[..end];
    let quoted = near.starts_with(['"', '\'', '“', '”']);
    let body = if quoted {
        near.get(near.chars().next().map_or(1, char::len_utf8)..)
            .unwrap_or_default()
    } else {
        near
    };
    let key = body
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | ' ')))
        .unwrap_or(body.len());
    if key == 0 {
        return false;
    }
    let after = &body[key..];
    let after = if quoted {
        match after
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '”' | '“'))
        {
            Some(mark) => after[mark.len_utf8()..].trim_start(),
            None => return false,
        }
    } else {
        if body[..key].trim_end().contains(' ') {
            return false;
        }
        after
    };
    after.starts_with(':')
}

/// A JSON number, or one that only needs its form put right.
fn number(word: &str) -> Option<(Value, Option<&'static str>)> {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let allowed =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E' | b'_');
    if digits == 0 || !word.bytes().all(allowed) {
        return None;
    }
    if let Ok(number) = serde_json::from_str::<Number>(word) {
        let whole = !word.contains(['.', 'e', 'E']);
        let rounded = (whole && number.as_i64().is_none() && number.as_u64().is_none())
            || (digits > 17 && !whole);
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

/// Joins names of repairs without repeating any.
pub(super) fn merge(first: &[&str], second: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    first
        .iter()
        .chain(second)
        .filter(|name| seen.insert(**name))
        .map(|name| (*name).to_owned())
        .collect()
}
