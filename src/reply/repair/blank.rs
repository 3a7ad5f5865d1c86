//! What stands between tokens and means nothing: white space of every kind, comments, ellipses.

use super::{Expect, Fix, LOOK_AHEAD, Parser, Setting};

impl Parser<'_> {
    /// Moves on to the next token.
    pub(super) fn blank(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(b'"' | b',' | b':' | b'}' | b']' | b'{' | b'[' | b'0'..=b'9') | None => return,
                Some(byte) => {
                    if !self.odd_blank(byte) {
                        return;
                    }
                }
            }
        }
    }

    fn odd_blank(&mut self, byte: u8) -> bool {
        if self.setting == Setting::Strict {
            return false;
        }
        let next = self.byte(self.at + 1);
        match byte {
            b'/' if next == b'/' => self.line_comment(),
            b'/' if next == b'*' => self.block_comment("*/"),
            b'#' if !self.is_colour() => self.line_comment(),
            b'<' if self.bytes[self.at..].starts_with(b"<!--") => self.block_comment("-->"),
            b'-' if next == b'-' && self.byte(self.at + 2) == b' ' => self.line_comment(),
            b'\\' if matches!(next, b'n' | b't' | b'r' | b'\n') => {
                self.note(Fix::StrayText);
                self.at += 2;
            }
            0x0B | 0x0C => self.at += 1,
            0x80.. => {
                let Some(letter) = self.rest(self.at).chars().next().filter(|letter| is_odd_space(*letter)) else {
                    return false;
                };
                self.note(Fix::OddSpace);
                self.at += letter.len_utf8();
            }
            _ => return false,
        }
        true
    }

    /// `#fff` as a value.
    fn is_colour(&self) -> bool {
        if self.stack.last().is_none_or(|frame| frame.expect == Expect::Separator) {
            return false;
        }
        let digits = self.bytes[self.at + 1..]
            .iter()
            .take(9)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        matches!(digits, 3 | 4 | 6 | 8)
            && matches!(self.byte(self.at + 1 + digits), b',' | b'}' | b']' | b' ' | b'\n' | 0)
    }

    fn block_comment(&mut self, close: &str) {
        self.note(Fix::Comment);
        let rest = self.rest(self.at);
        self.at += rest.find(close).map_or(rest.len(), |end| end + close.len());
    }

    fn line_comment(&mut self) {
        self.note(Fix::Comment);
        if self.at < self.last_line {
            if let Some(length) = self.rest(self.at).find('\n') {
                self.at += length;
                return;
            }
            self.steps += self.bytes.len() - self.at;
            self.last_line = self.at;
        }
        self.comment_without_line_end();
    }

    /// All on one line: a comment ends where a key or the last brackets come.
    fn comment_without_line_end(&mut self) {
        let from = self.at;
        let mut at = from + 1;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            match byte {
                b'"' | b'\'' if self.bytes[at - 1] == b' ' && self.key_follows(at) => {
                    self.at = at;
                    return;
                }
                b'}' | b']' | b'`' => {
                    let end = self.bytes[at..]
                        .iter()
                        .take(LOOK_AHEAD)
                        .take_while(|byte| matches!(byte, b'}' | b']' | b'`' | b' ' | b';' | b')'))
                        .count();
                    self.steps += end;
                    let ends = at + end == self.bytes.len();
                    if ends || self.bytes[at + end] == b',' {
                        self.at = at;
                        return;
                    }
                    at += end.max(1);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        self.at = self.bytes.len();
    }

    /// Passes `...` and `…`.
    pub(super) fn ellipsis(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let length = if rest.starts_with(b"...") {
            rest.iter().take(LOOK_AHEAD).take_while(|byte| **byte == b'.').count()
        } else if rest.starts_with("…".as_bytes()) {
            "…".len()
        } else {
            return false;
        };
        // `...and more` is text, `... 97 more items` is none.
        if rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return false;
        }
        self.note(Fix::Ellipsis);
        self.at += length;
        true
    }

    /// The place of the next token from `at` on, without passing comments.
    pub(super) fn past_blank(&mut self, mut at: usize) -> usize {
        let begun = at;
        loop {
            match self.byte(at) {
                b' ' | b'\n' | b'\r' | b'\t' => at += 1,
                0x80.. => match self.rest(at).chars().next().filter(|letter| is_odd_space(*letter)) {
                    Some(letter) => at += letter.len_utf8(),
                    None => break,
                },
                _ => break,
            }
        }
        self.steps += at - begun;
        at
    }
}

/// White space that JSON does not know, and characters without width.
pub(super) fn is_odd_space(letter: char) -> bool {
    matches!(
        letter,
        '\u{a0}' | '\u{ad}' | '\u{1680}' | '\u{180e}' | '\u{2000}'
            ..='\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}' | '\u{feff}'
    )
}
