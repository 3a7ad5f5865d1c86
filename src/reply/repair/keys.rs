//! Keys, and what stands where a key should.

use super::{Expect, Fix, Opener, Parser, Place, Setting, Step, Stop};
use crate::reply::json::Json;

/// A longer bare key is a sentence.
const LONGEST_BARE: usize = 120;

impl Parser<'_> {
    /// Where a key is expected.
    pub(super) fn key(&mut self, byte: u8) -> Step {
        match byte {
            b'"' => self.quoted_key(),
            b'}' | b']' | b')' => self.closer(byte),
            b',' => {
                self.note(Fix::ExtraComma);
                self.at += 1;
                Ok(None)
            }
            b'{' if self.braces > 0 && self.belongs_outside() => {
                self.note(Fix::MissingBracket);
                Ok(self.close())
            }
            b'{' | b'[' | b'(' => self.value(Place::Item, byte),
            b':' => self.skip_stray(1),
            b'.' if self.ellipsis() => Ok(None),
            _ if self.setting == Setting::Strict => Err(Stop::Syntax),
            _ if self.quote_at(self.at).is_some() => self.quoted_key(),
            0x80.. if self.ellipsis() || self.full_width_opener() => Ok(None),
            0x80.. if self.full_width_mark() => Ok(None),
            _ => self.bare_key(),
        }
    }

    /// `[{"a": 1, {"a": 2}]`: the object before was not closed.
    fn belongs_outside(&self) -> bool {
        let within_array = self
            .stack
            .len()
            .checked_sub(2)
            .is_some_and(|outer| self.stack[outer].opener == Opener::Bracket);
        within_array && !self.top().members.is_empty()
    }

    fn quoted_key(&mut self) -> Step {
        let key = self.string(Place::Key)?;
        if self.byte(self.at) == b':' {
            self.at += 1;
            return self.await_value(key);
        }
        self.blank();
        let Some(byte) = self.peek() else {
            if self.top().opener == Opener::Brace && self.top().members.is_empty() && !self.top().items.is_empty() {
                // A set that was cut off.
                self.attach(Json::String(key));
            } else {
                self.note(Fix::CutKey);
            }
            return Ok(None);
        };
        match byte {
            b':' => {
                self.at += 1;
                self.await_value(key)
            }
            _ if self.odd_colon(byte) => self.await_value(key),
            b',' | b'}' | b']' | b')' => self.without_value(key, byte),
            b'+' => {
                self.at += 1;
                self.blank();
                self.note(Fix::Concatenation);
                let more = self.string(Place::Key)?;
                self.blank();
                if self.peek() == Some(b':') {
                    self.at += 1;
                    return self.await_value(key + &more);
                }
                Err(Stop::Syntax)
            }
            _ if self.setting == Setting::Prose
                && self.stack.len() < 2
                && self.top().members.is_empty()
                && !(matches!(byte, b'{' | b'[' | b'"' | b'\'') || self.literal_or_number_at(self.at)) =>
            {
                Err(Stop::Syntax)
            }
            _ => {
                self.note(Fix::MissingColon);
                self.await_value(key)
            }
        }
    }

    fn await_value(&mut self, key: String) -> Step {
        let frame = self.top_mut();
        frame.key = Some(key);
        frame.expect = Expect::Value;
        Ok(None)
    }

    /// `=`, `=>`, `:=` and the full-width colon.
    fn odd_colon(&mut self, byte: u8) -> bool {
        let width = match byte {
            b'=' if self.byte(self.at + 1) == b'>' => 2,
            b'=' => 1,
            b'-' if self.byte(self.at + 1) == b'>' => 2,
            0xEF if self.rest(self.at).starts_with('：') => '：'.len_utf8(),
            _ => return false,
        };
        self.note(Fix::OddColon);
        self.at += width;
        true
    }

    /// A quoted word without a colon: an item of a set, or a key whose value is missing.
    fn without_value(&mut self, key: String, byte: u8) -> Step {
        if self.setting == Setting::Prose && self.stack.len() < 2 && self.top().members.is_empty() {
            return Err(Stop::Syntax);
        }
        let frame = self.top_mut();
        if frame.members.is_empty() {
            return Ok(self.attach(Json::String(key)));
        }
        if byte == b']' {
            // Not ours to close: let the bracket decide.
            return Ok(self.attach(Json::String(key)));
        }
        self.note(Fix::MissingValue);
        self.top_mut().key = Some(key);
        Ok(self.attach(Json::Null))
    }

    /// A key without quotation marks, or something that is no key at all.
    fn bare_key(&mut self) -> Step {
        let start = self.at;
        let near = self.window(start, LONGEST_BARE);
        let length = near
            .find([':', '=', ',', '}', ']', '{', '[', '\n', '"', '\'', '：', '(', '`', '“'])
            .unwrap_or(near.len());
        self.steps += length;
        let word = near[..length].trim_end();
        let stop = near[length..].chars().next();
        let is_key = !word.is_empty() && word.chars().any(char::is_alphanumeric);
        match stop {
            Some(':' | '=' | '：') if is_key => self.take_bare_key(word, start + length),
            Some('"' | '\'') if is_key && self.colon_behind(start + length + 1) => {
                self.note(Fix::MissingQuote);
                let key = word.to_owned();
                self.at = start + length + 1;
                self.blank();
                self.at += 1;
                self.await_value(key)
            }
            None if start + length == self.bytes.len() => {
                self.note(Fix::CutKey);
                self.at = self.bytes.len();
                Ok(None)
            }
            Some(',' | '}' | ']' | '(') if self.top().members.is_empty() => self.loose_item(),
            _ => self.bare_comment(),
        }
    }

    fn take_bare_key(&mut self, word: &str, at: usize) -> Step {
        if self.setting == Setting::Prose && (word.len() > 40 || word.contains(['<', '|', '*'])) {
            return Err(Stop::Syntax);
        }
        self.note(Fix::UnquotedKey);
        self.at = at;
        if self.byte(at) == b':' {
            self.at += 1;
        } else if let Some(byte) = self.peek() {
            self.odd_colon(byte);
        }
        self.top_mut().bare_keys = true;
        self.await_value(word.to_owned())
    }

    fn colon_behind(&mut self, at: usize) -> bool {
        let next = self.past_blank(at);
        self.byte(next) == b':'
    }

    /// `{1, 2}`: a number, literal or call without a key.
    fn loose_item(&mut self) -> Step {
        if self.setting == Setting::Prose && self.stack.len() < 2 {
            return Err(Stop::Syntax);
        }
        self.bare(Place::Item)
    }

    /// A number or a tuple stood where a key should, and a colon follows: a key after all.
    pub(super) fn key_from_item(&mut self) -> Step {
        let Some(item) = self.top_mut().items.pop() else {
            return self.skip_stray(1);
        };
        let key = match item {
            Json::String(key) => key,
            Json::Number(number) => number.written().into_owned(),
            other => other.to_string(),
        };
        self.note(Fix::UnquotedKey);
        self.at += 1;
        self.await_value(key)
    }
}
