//! Values without quotation marks: numbers, literals, calls, and words that should have been quoted.

use super::numbers::{is_json_number, other_form};
use super::{Fix, LOOK_AHEAD, Opener, Parser, Place, Setting, Step, Stop};
use crate::reply::json::{Json, Number};

/// Longer words between sentences are no value.
const LONGEST_IN_PROSE: usize = 120;

impl Parser<'_> {
    /// Reads what is not quoted.
    pub(super) fn bare(&mut self, place: Place) -> Step {
        let start = self.at;
        let token = self.token_end(start);
        let next = self.byte(token);
        if next == b','
            && self.byte(token + 1).is_ascii_digit()
            && self.setting != Setting::Strict
            && let Some(number) = self.grouped_number(place)
        {
            return Ok(self.attach(number));
        }
        if next == b',' && place == Place::Member && self.setting != Setting::Strict {
            let behind = self.past_blank(token + 1);
            if self.byte(behind).is_ascii_digit() && !self.key_follows(behind) {
                // `1,5`: a comma of another country, or two numbers; neither is ours to say.
                return self.words(place);
            }
        }
        if token > start && (matches!(next, b',' | b'}' | b']' | b'\n') || self.ends_scalar(token)) {
            let word = &self.text[start..token];
            if let Some(value) = self.scalar(word, token) {
                self.at = token;
                return Ok(self.attach(value));
            }
            if token == self.bytes.len() {
                return Ok(self.cut_word(place, word));
            }
        }
        if self.setting == Setting::Strict {
            return Err(Stop::Syntax);
        }
        self.name_of_something(place, token)
            .unwrap_or_else(|| self.words(place))
    }

    /// The end of the letters, digits and signs from `at` on.
    fn token_end(&self, at: usize) -> usize {
        let length = self.bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_'))
            .count();
        at + length
    }

    /// Whether a value may end at `at`: structure, a comment, a new line, or the next value follows.
    fn ends_scalar(&mut self, at: usize) -> bool {
        let next = self.past_blank(at);
        match self.byte(next) {
            0 => next >= self.bytes.len(),
            b',' | b'}' | b']' | b')' => true,
            b'/' => matches!(self.byte(next + 1), b'/' | b'*'),
            b'#' | b'`' | b';' => true,
            b'"' | b'\'' | b'{' | b'[' => next > at,
            b'\\' => matches!(self.byte(next + 1), b'n' | b'r' | b't'),
            b'<' => self.bytes[next..].starts_with(b"<!--"),
            0x80.. => self.rest(next).starts_with(['，', '｝', '］', '】', '、', '…', '“']),
            _ if self.text[at..next].contains('\n') => true,
            _ if next > at && self.top().opener.is_object() => self.key_follows(next),
            _ => next > at && self.literal_or_number_at(next) && !self.top().opener.is_object(),
        }
    }

    /// A number or a literal.
    fn scalar(&mut self, word: &str, end: usize) -> Option<Json> {
        let cut = end == self.bytes.len();
        if word.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.')) {
            if is_json_number(word) {
                if cut && self.top().opener != Opener::Nothing {
                    self.note(Fix::CutNumber);
                }
                return Some(Json::Number(Number::exact(word)));
            }
            if cut && let Some(number) = cut_number(word) {
                self.note(Fix::CutNumber);
                return Some(Json::Number(number));
            }
            if let Some(number) = other_form(word) {
                self.note(Fix::NumberForm);
                return Some(Json::Number(number));
            }
        }
        let (value, fix) = literal(word)?;
        if let Some(fix) = fix {
            if self.setting == Setting::Strict {
                return None;
            }
            self.note(fix);
        }
        Some(value)
    }

    /// The text ended within a word.
    #[cold]
    fn cut_word(&mut self, place: Place, word: &str) -> Option<Json> {
        let begun = [
            ("true", Json::Bool(true)),
            ("false", Json::Bool(false)),
            ("null", Json::Null),
            ("True", Json::Bool(true)),
            ("False", Json::Bool(false)),
            ("None", Json::Null),
            ("NaN", Json::Null),
            ("Infinity", Json::Null),
            ("-Infinity", Json::Null),
            ("undefined", Json::Null),
        ]
        .into_iter()
        .find(|(literal, _)| literal.starts_with(word) && word != "-")
        .map(|(_, value)| value);
        self.at = self.bytes.len();
        self.truncated = true;
        if matches!(word, "-" | "+" | ".") {
            self.note(Fix::CutNumber);
            return (place == Place::Member).then(|| self.attach(Json::Null)).flatten();
        }
        if begun.is_some() {
            self.note(Fix::CutLiteral);
        } else {
            self.note(Fix::UnquotedValue);
        }
        let value = begun.unwrap_or_else(|| Json::String(word.to_owned()));
        self.attach(value)
    }

    /// `ObjectId("…")`, `new Date(…)`, `r"…"`: a name in front of the value.
    fn name_of_something(&mut self, place: Place, token: usize) -> Option<Step> {
        let start = self.at;
        let word = &self.text[start..token];
        if word == "new" && self.byte(token) == b' ' {
            let from = self.past_blank(token);
            let call = self.token_end(from);
            if self.byte(call) == b'(' {
                return Some(self.call(start, call));
            }
        }
        if !word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            return None;
        }
        if self.byte(token) == b'(' {
            return Some(self.call(start, token));
        }
        let prefix = matches!(
            word,
            "r" | "b" | "u" | "f" | "R" | "B" | "U" | "F" | "rb" | "br" | "N" | "E" | "L"
        );
        if prefix && matches!(self.byte(token), b'"' | b'\'') {
            self.note(Fix::StringPrefix);
            self.at = token;
            return Some(self.string(place).map(|text| self.attach(Json::String(text))));
        }
        None
    }

    fn call(&mut self, start: usize, paren: usize) -> Step {
        if self.stack.len() >= super::MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        self.push(Opener::Call);
        self.top_mut().start = start;
        self.at = paren + 1;
        Ok(None)
    }

    /// Text up to where the structure goes on.
    fn words(&mut self, place: Place) -> Step {
        let start = self.at;
        let (end, behind) = self.words_end(place);
        let text = self.text[start..end].trim_end();
        if text.is_empty() {
            let width = self.rest(start).chars().next().map_or(1, char::len_utf8);
            return self.skip_stray(width);
        }
        if self.setting == Setting::Prose
            && (self.stack.len() < 2 && place == Place::Item || text.len() > LONGEST_IN_PROSE)
        {
            return Err(Stop::Syntax);
        }
        if self.top().opener == Opener::Nothing {
            return Err(Stop::Syntax);
        }
        let value = Json::String(text.to_owned());
        self.note(Fix::UnquotedValue);
        if end == self.bytes.len() {
            self.truncated = true;
        }
        self.at = behind;
        if place == Place::Item {
            self.top_mut().bare_keys = true;
        }
        Ok(self.attach(value))
    }

    /// Where the words at the cursor end, and where to read on behind them.
    fn words_end(&mut self, place: Place) -> (usize, usize) {
        let start = self.at;
        let mut at = start;
        let mut parens = 0usize;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            match byte {
                b'\n' | b'\r' => break,
                b'}' | b']' => break,
                b'(' => parens += 1,
                b')' if parens > 0 => parens -= 1,
                b')' if self.parens > 0 => break,
                b',' if place == Place::Item && parens == 0 => break,
                b',' if self.comma_ends_words(at) => break,
                b'/' if at > start && is_space(self.bytes[at - 1]) && matches!(self.byte(at + 1), b'/' | b'*') => break,
                b'#' if at > start && is_space(self.bytes[at - 1]) => break,
                b'`' if self.bytes[at..].starts_with(b"```") => break,
                b'"' | b'\'' => {
                    if let Some(behind) = self.mark_ends_words(place, start, at) {
                        return (at, behind);
                    }
                }
                0x80.. if self.rest(at).starts_with(['，', '｝', '］', '】']) => break,
                _ => {}
            }
            at += 1;
        }
        (at, at)
    }

    fn comma_ends_words(&mut self, comma: usize) -> bool {
        let next = self.past_blank(comma + 1);
        match self.byte(next) {
            0 => next >= self.bytes.len(),
            b'}' | b']' | b'"' | b'\'' | b',' | b'/' | b'#' | b'{' | b'`' => true,
            0x80.. => self.quote_at(next).is_some() || self.key_follows(next),
            _ => self.text[comma..next].contains('\n') || self.key_follows(next) || self.spaced_key_follows(next),
        }
    }

    /// `first name: …`
    fn spaced_key_follows(&mut self, at: usize) -> bool {
        let near = self.window(at, 48);
        self.steps += near.len();
        let length = near
            .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | ' ')))
            .unwrap_or(near.len());
        near[length..].starts_with(": ")
    }

    /// A mark within words: a closing one without its partner, or the next key.
    fn mark_ends_words(&mut self, place: Place, start: usize, at: usize) -> Option<usize> {
        let spaced = at > start && is_space(self.bytes[at - 1]);
        if spaced && self.key_follows(at) {
            self.note(Fix::MissingComma);
            return Some(at);
        }
        let next = self.past_blank(at + 1);
        let closes = match self.byte(next) {
            0 => next >= self.bytes.len(),
            b'}' | b']' => true,
            b',' => place == Place::Item || self.comma_ends_words(next),
            _ => self.text[at + 1..next].contains('\n') && self.key_follows(next),
        };
        let opened = self
            .window(start, LOOK_AHEAD.min(at - start))
            .contains(self.bytes[at] as char);
        self.steps += LOOK_AHEAD.min(at - start);
        if closes && !opened {
            self.note(Fix::MissingQuote);
            return Some(at + 1);
        }
        None
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A literal of JSON or of another language, and what to note for it.
fn literal(word: &str) -> Option<(Json, Option<Fix>)> {
    Some(match word {
        "true" => (Json::Bool(true), None),
        "false" => (Json::Bool(false), None),
        "null" => (Json::Null, None),
        "True" | "TRUE" => (Json::Bool(true), Some(Fix::PythonLiteral)),
        "False" | "FALSE" => (Json::Bool(false), Some(Fix::PythonLiteral)),
        "None" | "NONE" | "NULL" | "Null" | "nil" => (Json::Null, Some(Fix::PythonLiteral)),
        "undefined" => (Json::Null, Some(Fix::Undefined)),
        "NaN" | "nan" | "NAN" | "Infinity" | "infinity" | "inf" | "Inf" | "-Infinity" | "-infinity" | "-inf"
        | "-Inf" | "+Infinity" | "+inf" | "-NaN" | "+NaN" => (Json::Null, Some(Fix::NonFinite)),
        _ => return None,
    })
}

/// A number that the text ends in: `12.`, `1e`, `1e-` keep what is certain.
fn cut_number(word: &str) -> Option<Number> {
    let kept = word.trim_end_matches(['.', 'e', 'E', '+', '-']);
    (kept.len() < word.len() && is_json_number(kept)).then(|| Number::exact(kept))
}
