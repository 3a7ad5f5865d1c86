//! Bounded looks ahead: is that a key, a literal, a number?

use super::{LOOK_AHEAD, Parser};

impl Parser<'_> {
    /// Whether a key and its colon stand at `at`. A quoted one that does not end within the look ahead counts.
    pub(super) fn key_follows(&mut self, at: usize) -> bool {
        match self.quote_at(at) {
            Some((mark, width)) => self.quoted_key_follows(mark, at + width),
            None => self.bare_key_follows(at),
        }
    }

    fn quoted_key_follows(&mut self, mark: char, from: usize) -> bool {
        let end = self.bytes.len().min(from + LOOK_AHEAD);
        let mut at = from;
        while at < end {
            let byte = self.bytes[at];
            if byte == b'\\' {
                if mark == '\\' && self.byte(at + 1) == b'"' {
                    self.steps += at - from;
                    return self.colon_at(at + 2);
                }
                at += 2;
                continue;
            }
            let width = match byte {
                b'"' if mark != '\'' && mark != '`' => 1,
                b'\'' if matches!(mark, '\'' | '‘' | '’') => 1,
                b'`' if mark == '`' => 1,
                0xC2 | 0xE2 if !mark.is_ascii() => match self.rest(at).chars().next() {
                    Some(letter @ ('”' | '“' | '’' | '»')) => letter.len_utf8(),
                    _ => 0,
                },
                _ => 0,
            };
            if width > 0 {
                self.steps += at - from;
                return self.colon_at(at + width);
            }
            at += 1;
        }
        self.steps += end.saturating_sub(from);
        end > from && !(end == self.bytes.len() && self.bytes[from..end].iter().any(|byte| matches!(byte, b'}' | b']')))
    }

    fn colon_at(&mut self, at: usize) -> bool {
        let next = self.past_blank(at);
        matches!(self.byte(next), b':' | b'=') || self.rest(next).starts_with('：')
    }

    fn bare_key_follows(&mut self, at: usize) -> bool {
        let near = self.window(at, 64);
        let length = near
            .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '$')))
            .unwrap_or(near.len());
        self.steps += length;
        if length == 0 || length == 64 {
            return false;
        }
        let next = self.past_blank(at + length);
        self.byte(next) == b':' && !self.bytes[next + 1..].starts_with(b"//")
    }

    /// Whether a quoted key stands at `at`, its colon forgotten or not.
    pub(super) fn loose_key_follows(&mut self, at: usize) -> bool {
        let Some((mark, width)) = self.quote_at(at) else {
            return false;
        };
        if self.quoted_key_follows(mark, at + width) {
            return true;
        }
        let near = self.window(at + width, 64);
        self.steps += near.len();
        let close = if mark == '“' { '”' } else { mark };
        let Some(length) = near
            .find([close, '\n'])
            .filter(|length| near[*length..].starts_with(close))
        else {
            return false;
        };
        let next = self.past_blank(at + width + length + close.len_utf8());
        matches!(self.byte(next), b'{' | b'[' | b'(')
            || self.quote_at(next).is_some()
            || self.literal_or_number_at(next)
    }

    /// `NumberLong(`
    pub(super) fn call_follows(&self, at: usize) -> bool {
        let near = self.window(at, 48);
        let name = near
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.')))
            .unwrap_or(0);
        name > 0 && near[name..].starts_with('(') && !near.starts_with(|first: char| first.is_ascii_digit())
    }

    /// Whether an unquoted value of JSON's own kind begins at `at`.
    pub(super) fn literal_or_number_at(&self, at: usize) -> bool {
        let rest = &self.bytes[at.min(self.bytes.len())..];
        match rest.first() {
            Some(b'0'..=b'9') => true,
            Some(b'-' | b'+' | b'.') => rest.get(1).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'.'),
            Some(_) => {
                let length = rest
                    .iter()
                    .take(12)
                    .take_while(|byte| byte.is_ascii_alphanumeric())
                    .count();
                matches!(
                    &rest[..length],
                    b"true" | b"false" | b"null" | b"True" | b"False" | b"None" | b"NaN" | b"Infinity" | b"undefined"
                )
            }
            None => false,
        }
    }
}
