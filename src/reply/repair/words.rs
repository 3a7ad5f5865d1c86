//! What stands between values and is no comma: missing ones, words of explanation, `+`, full-width marks.

use super::{Expect, Fix, LOOK_AHEAD, Opener, Parser, Place, Setting, Step, Stop};
use crate::reply::json::Json;

impl Parser<'_> {
    /// After a value, where neither a comma nor a closing bracket stands.
    pub(super) fn odd_separator(&mut self, byte: u8) -> Step {
        if self.setting == Setting::Strict {
            return Err(Stop::Syntax);
        }
        match byte {
            b':' => self.colon_after_value(),
            b'+' => self.concatenate(),
            b'.' if self.ellipsis() => Ok(None),
            b';' | b'|' if self.setting != Setting::Prose || self.stack.len() > 1 => {
                self.note(Fix::OddSeparator);
                self.at += 1;
                self.after_separator();
                Ok(None)
            }
            0x80.. if self.ellipsis() || self.full_width_mark() => Ok(None),
            b'{' | b'[' if self.top().opener.is_object() => self.container_after_member(byte),
            b'"' | b'\'' | b'`' | b'{' | b'[' | b'\\' | b'(' => self.value_after_value(byte),
            0x80.. if self.quote_at(self.at).is_some() => self.value_after_value(byte),
            _ if self.top().opener.is_object() => self.words_after_member(),
            _ if self.literal_or_number_at(self.at) => {
                self.missing_comma();
                Ok(None)
            }
            _ => self.bare_comment(),
        }
    }

    fn missing_comma(&mut self) {
        self.note(Fix::MissingComma);
        let frame = self.top_mut();
        frame.expect = if frame.opener.is_object() {
            Expect::Key
        } else {
            Expect::Item
        };
    }

    fn value_after_value(&mut self, byte: u8) -> Step {
        let quoted = self.quote_at(self.at).is_some();
        if !quoted && byte == b'\\' {
            return self.skip_stray(1);
        }
        if self.top().opener.is_object() && quoted && !self.key_follows(self.at) {
            let last = self.window(self.at + 1, LOOK_AHEAD);
            self.steps += last.len().min(16);
            let structural = last.trim_start().starts_with([',', '}', ']']) || last.trim_start().is_empty();
            if structural {
                self.note(Fix::ExtraQuote);
                self.at += 1;
                return Ok(None);
            }
        }
        self.missing_comma();
        Ok(None)
    }

    /// `{"a": 1 {"b": 2}`: the next object of the array around, or loose members.
    fn container_after_member(&mut self, byte: u8) -> Step {
        if byte == b'{' && self.stack.len() > 1 && self.stack[self.stack.len() - 2].opener == Opener::Bracket {
            self.note(Fix::MissingBracket);
            return Ok(self.close());
        }
        self.missing_comma();
        Ok(None)
    }

    fn words_after_member(&mut self) -> Step {
        if self.key_follows(self.at) {
            self.missing_comma();
            return Ok(None);
        }
        self.bare_comment()
    }

    /// `["a": 1`: the array was not closed, or an object not opened.
    fn colon_after_value(&mut self) -> Step {
        if self.top().opener.is_object() {
            if self.top().items.is_empty() {
                return self.skip_stray(1);
            }
            return self.key_from_item();
        }
        let Some(Json::String(_)) = self.top().items.last() else {
            return self.skip_stray(1);
        };
        let Some(Json::String(key)) = self.top_mut().items.pop() else {
            return self.skip_stray(1);
        };
        self.at += 1;
        let within_object = self
            .stack
            .len()
            .checked_sub(2)
            .is_some_and(|outer| self.stack[outer].opener.is_object());
        let items = &self.top().items;
        if within_object && !items.is_empty() && !matches!(items.last(), Some(Json::Object(_))) {
            self.note(Fix::MissingBracket);
            self.close();
            let frame = self.top_mut();
            frame.key = Some(key);
            frame.expect = Expect::Value;
            return Ok(None);
        }
        self.reopened_or_implied(key)
    }

    /// In an array, a key: the object before was closed too early, or this one's brace is missing.
    fn reopened_or_implied(&mut self, key: String) -> Step {
        if self.stack.len() >= super::MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        let early = matches!(self.top().items.last(), Some(Json::Object(members)) if members.iter().all(|(known, _)| *known != key));
        let members = match early.then(|| self.top_mut().items.pop()).flatten() {
            Some(Json::Object(members)) => {
                self.note(Fix::ExtraBracket);
                members
            }
            _ => {
                self.note(Fix::MissingBracket);
                Vec::new()
            }
        };
        self.push(if early { Opener::Brace } else { Opener::Implied });
        let frame = self.top_mut();
        frame.members = members;
        frame.key = Some(key);
        frame.expect = Expect::Value;
        Ok(None)
    }

    /// `"a" + "b"`.
    fn concatenate(&mut self) -> Step {
        self.note(Fix::Concatenation);
        self.at += 1;
        self.blank();
        if self.peek().is_none() || self.quote_at(self.at).is_none() {
            return Ok(None);
        }
        let place = if self.top().opener.is_object() {
            Place::Member
        } else {
            Place::Item
        };
        let more = self.string(place)?;
        let frame = self.top_mut();
        let last = match frame.members.last_mut() {
            Some((_, value)) if frame.opener.is_object() => Some(value),
            _ => frame.items.last_mut(),
        };
        if let Some(Json::String(text)) = last {
            text.push_str(&more);
        }
        Ok(None)
    }

    /// Passes a full-width comma.
    pub(super) fn full_width_mark(&mut self) -> bool {
        let Some(mark) = self.rest(self.at).chars().next() else {
            return false;
        };
        if !matches!(mark, '，' | '、' | '；') {
            return false;
        }
        self.note(Fix::FullWidth);
        self.at += mark.len_utf8();
        self.after_separator();
        true
    }

    /// Words that explain and are no value: passed over up to where the structure goes on.
    pub(super) fn bare_comment(&mut self) -> Step {
        if self.setting == Setting::Prose && self.stack.len() < 2 && self.top().members.is_empty() {
            return Err(Stop::Syntax);
        }
        self.note(Fix::BareComment);
        let start = self.at;
        while let Some(byte) = self.peek() {
            let ends = match byte {
                b'}' | b']' => true,
                b'\n' => self.at > start,
                b',' => self.comma_ends_comment(),
                b'`' if self.at_fence() => true,
                b'"' | b'\'' | b'`' | 0xE2 if self.top().opener.is_object() => {
                    self.text.is_char_boundary(self.at) && self.loose_key_follows(self.at)
                }
                b'"' => true,
                _ => false,
            };
            if ends && self.at > start {
                return Ok(None);
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn comma_ends_comment(&mut self) -> bool {
        let next = self.past_blank(self.at + 1);
        self.key_follows(next)
            || self.loose_key_follows(next)
            || matches!(self.byte(next), b'}' | b']')
            || !self.top().opener.is_object()
    }
}
