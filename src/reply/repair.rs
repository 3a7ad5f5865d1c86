//! A forgiving JSON parser: reads what a model meant, names every liberty it took, never panics, never recurses past a limit.

mod scalars;
mod strings;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

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
                    self.at += self.rest().find("*/").map_or(self.rest().len(), |end| end + 2);
                }
                Some(0xC2 | 0xE2 | 0xEF) if self.rest().starts_with(['\u{a0}', '\u{feff}', '\u{200b}']) => {
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
                let value = if byte == b'{' { self.object()? } else { self.array()? };
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
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$' | b'.'))
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
