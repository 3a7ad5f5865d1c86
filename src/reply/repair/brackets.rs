//! What opens and what closes: brackets that are missing, wrong or one too many.

use super::{Expect, Fix, Frame, Opener, Parser, Setting, Step, Stop};
use crate::reply::json::Json;

impl Parser<'_> {
    /// Opens what stands at the cursor.
    pub(super) fn open(&mut self) -> Option<()> {
        let opener = match self.peek()? {
            b'{' => Opener::Brace,
            b'[' => Opener::Bracket,
            b'(' => Opener::Paren,
            _ => return self.full_width_opener().then_some(()),
        };
        self.push(opener);
        self.at += 1;
        Some(())
    }

    pub(super) fn full_width_opener(&mut self) -> bool {
        let opener = match self.rest(self.at).chars().next() {
            Some('｛') => Opener::Brace,
            Some('［' | '【') => Opener::Bracket,
            _ => return false,
        };
        if self.stack.len() >= super::MAX_DEPTH {
            return false;
        }
        self.note(Fix::FullWidth);
        self.push(opener);
        self.at += '｛'.len_utf8();
        true
    }

    /// `｝`, `］` and `】` as what they stand for; the cursor moves to their last byte, which counts as the bracket.
    pub(super) fn full_width_closer(&mut self) -> Option<u8> {
        let behind_lead = !self.text.is_char_boundary(self.at);
        let from = if behind_lead { self.at - 2 } else { self.at };
        let byte = match self.rest(from).chars().next()? {
            '｝' => b'}',
            '］' | '】' => b']',
            _ => return None,
        };
        self.note(Fix::FullWidth);
        self.at = from + 2;
        Some(byte)
    }

    pub(super) fn push(&mut self, opener: Opener) {
        match opener.closer() {
            b'}' => self.braces += 1,
            b']' => self.brackets += 1,
            b')' => self.parens += 1,
            _ => {}
        }
        self.stack.push(Frame {
            opener,
            start: self.at,
            expect: if opener.is_object() { Expect::Key } else { Expect::Item },
            after_comma: false,
            key: None,
            members: Vec::new(),
            items: Vec::new(),
            bare_keys: false,
        });
    }

    /// A closing bracket at the cursor, ours or not.
    pub(super) fn closer(&mut self, byte: u8) -> Step {
        let frame = self.top();
        if frame.opener == Opener::Nothing {
            return Err(Stop::Syntax);
        }
        if frame.opener.closer() == byte {
            return Ok(self.close_here());
        }
        let wanted_outside = match byte {
            b'}' => self.braces > 0,
            b']' => self.brackets > 0,
            _ => self.parens > 0,
        };
        if wanted_outside {
            self.note(Fix::MissingBracket);
            return Ok(self.close());
        }
        let before = self.bytes[..self.at].trim_ascii_end();
        self.steps += self.at - before.len();
        let doubled = before.last() == Some(&byte);
        if byte == b')' || doubled {
            if self.setting == Setting::Prose && byte == b')' {
                return Err(Stop::Syntax);
            }
            self.note(Fix::ExtraBracket);
            self.at += 1;
            return Ok(None);
        }
        if self.setting == Setting::Prose && self.stack.len() == 1 && self.top().members.is_empty() {
            return Err(Stop::Syntax);
        }
        self.note(Fix::WrongBracket);
        self.at += 1;
        Ok(self.close())
    }

    fn close_here(&mut self) -> Option<Json> {
        let (opener, after_comma) = (self.top().opener, self.top().after_comma);
        if after_comma && opener != Opener::Paren {
            self.note(Fix::TrailingComma);
        }
        if self.stack.len() == 1 && opener.is_object() && self.goes_on_behind() {
            self.note(Fix::ExtraBracket);
            self.at += 1;
            self.top_mut().expect = Expect::Separator;
            return None;
        }
        self.at += 1;
        self.close()
    }

    /// `}, "key":`: the brace came too early.
    fn goes_on_behind(&mut self) -> bool {
        if self.byte(self.at + 1) != b',' && !self.byte(self.at + 1).is_ascii_whitespace() {
            return false;
        }
        let comma = self.past_blank(self.at + 1);
        if self.byte(comma) != b',' {
            return false;
        }
        let key = self.past_blank(comma + 1);
        key < self.bytes.len() && self.quote_at(key).is_some() && self.key_follows(key)
    }
}
