//! Strings: which marks open one, where it ends, and what its text is.

use super::closing::Open;
use super::{Fix, Parser, Place, Setting, Stop};

/// The bytes at which the text of a string between double (or single) quotation marks needs a look.
const fn stops(mark: u8) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[mark as usize] = true;
    table[b'\\' as usize] = true;
    table
}

static DOUBLE: [bool; 256] = stops(b'"');
static SINGLE: [bool; 256] = stops(b'\'');
static BACKTICK: [bool; 256] = stops(b'`');

impl Parser<'_> {
    /// The mark that opens a string at `at`, and its width; `\` stands for `\"`.
    pub(super) fn quote_at(&self, at: usize) -> Option<(char, usize)> {
        match self.byte(at) {
            b'"' => Some(('"', 1)),
            b'\'' => Some(('\'', 1)),
            b'`' if !self.bytes[at..].starts_with(b"```") => Some(('`', 1)),
            b'\\' if self.byte(at + 1) == b'"' => Some(('\\', 2)),
            0xE2 | 0xC2 | 0xEF => self
                .rest(at)
                .chars()
                .next()
                .filter(|mark| matches!(mark, '“' | '”' | '„' | '‘' | '’' | '«' | '＂'))
                .map(|mark| (mark, mark.len_utf8())),
            _ => None,
        }
    }

    pub(super) fn is_plain_string(&self) -> bool {
        !self.bytes[self.at..].starts_with(b"\"\"\"")
    }

    /// Reads the string that opens at the cursor.
    pub(super) fn string(&mut self, place: Place) -> Result<String, Stop> {
        let Some((mark, width)) = self.quote_at(self.at) else {
            return Err(Stop::Syntax);
        };
        if let Some(text) = self.triple_quoted(place) {
            return Ok(text);
        }
        match mark {
            '"' => {}
            '\'' => self.note(Fix::SingleQuotes),
            '`' => self.note(Fix::BacktickQuotes),
            '\\' => self.note(Fix::EscapedQuotes),
            _ => self.note(Fix::SmartQuotes),
        }
        let opened = self.at;
        let state = self.repairs.mark();
        self.at += width;
        let text = self.string_until(place, mark, None)?;
        if let Read::Text(text) = text {
            return Ok(text);
        }
        // Never closed: the first mark that seemed to be part of it ends it after all.
        let Read::Unclosed { first_inner } = text else {
            return Err(Stop::Syntax);
        };
        self.unclosed = true;
        self.repairs.rewind(state);
        self.steps += self.at - opened;
        self.at = opened + width;
        match self.string_until(place, mark, Some(first_inner))? {
            Read::Text(text) => Ok(text),
            Read::Unclosed { .. } => Err(Stop::Syntax),
        }
    }

    /// Reads on from behind the opening mark; `end_at` names a mark that ends the string without question.
    fn string_until(&mut self, place: Place, mark: char, end_at: Option<usize>) -> Result<Read, Stop> {
        let from = self.at;
        let mut open = Open { place, from, inner: 0 };
        let mut first_inner = None;
        let mut escaped = false;
        let mut controls = false;
        loop {
            self.at = match mark {
                '"' => self.scan(&DOUBLE),
                '\'' => self.scan(&SINGLE),
                '`' => self.scan(&BACKTICK),
                '\\' => self.scan(&DOUBLE),
                _ => self.scan_smart(mark),
            };
            let Some(byte) = self.peek() else {
                if let Some(first_inner) = first_inner
                    && place != Place::Key
                {
                    return Ok(Read::Unclosed { first_inner });
                }
                return Ok(Read::Text(self.unclosed_string(place, mark, from, escaped)));
            };
            if byte < 0x20 {
                if !controls {
                    self.note(Fix::RawControl);
                    controls = true;
                }
                self.at += 1;
                continue;
            }
            if byte == b'\\' {
                if mark == '\\' && self.byte(self.at + 1) == b'"' && self.closes(open, self.at, 2) {
                    let text = self.unescaped(from, self.at, escaped);
                    self.at += 2;
                    return Ok(Read::Text(text));
                }
                if mark == '"' && self.ends_as_path(open) {
                    let text = self.unescaped(from, self.at + 1, true);
                    self.at += 2;
                    return Ok(Read::Text(text));
                }
                escaped = true;
                self.at = self.bytes.len().min(self.at + 2);
                while !self.text.is_char_boundary(self.at) {
                    self.at += 1;
                }
                continue;
            }
            let at = self.at;
            let width = self.rest(at).chars().next().map_or(1, char::len_utf8);
            let forced = end_at == Some(at) || (self.unclosed && end_at.is_none() && self.setting != Setting::Strict);
            if self.setting == Setting::Strict || end_at == Some(at) || self.closes(open, at, width) {
                let text = self.unescaped(from, at, escaped);
                self.at = at + width;
                return Ok(Read::Text(text));
            }
            if let Some(end) = self.missing_quote_before(open, at) {
                self.note(Fix::MissingQuote);
                self.at = end;
                let text = self.unescaped(from, end, escaped);
                return Ok(Read::Text(text));
            }
            if forced {
                let text = self.unescaped(from, at, escaped);
                self.at = at + width;
                return Ok(Read::Text(text));
            }
            if !open.inner.is_multiple_of(2) || !self.is_doubled_mark(open, at) {
                self.note(Fix::InnerQuotes);
                first_inner.get_or_insert(at);
                open.inner += 1;
                self.at += width;
                continue;
            }
            self.note(Fix::ExtraQuote);
            let text = self.unescaped(from, at, escaped);
            self.at = at + 2 * width;
            return Ok(Read::Text(text));
        }
    }

    fn scan(&self, stops: &[bool; 256]) -> usize {
        self.bytes[self.at..]
            .iter()
            .position(|byte| stops[usize::from(*byte)])
            .map_or(self.bytes.len(), |length| self.at + length)
    }

    fn scan_smart(&self, mark: char) -> usize {
        let closers: &[char] = match mark {
            '‘' | '’' => &['’', '\'', '‘'],
            '«' => &['»'],
            '＂' => &['＂', '"'],
            _ => &['”', '"', '“', '〞'],
        };
        self.rest(self.at)
            .find(|letter| closers.contains(&letter) || letter == '\\' || (letter as u32) < 0x20)
            .map_or(self.bytes.len(), |length| self.at + length)
    }

    /// `"text"",`: the mark was typed twice.
    fn is_doubled_mark(&mut self, open: Open, at: usize) -> bool {
        self.byte(at + 1) == self.byte(at) && at > open.from && self.closes(open, at + 1, 1)
    }

    /// The text ran out within a string.
    #[cold]
    fn unclosed_string(&mut self, place: Place, mark: char, from: usize, escaped: bool) -> String {
        let raw = &self.text[from..];
        if place == Place::Key {
            if let Some(end) = self.key_without_quote(from, self.bytes.len())
                && raw.trim_end().ends_with(['}', ']'])
            {
                self.note(Fix::MissingQuote);
                self.at = end;
                return self.unescaped(from, end, escaped);
            }
            return String::new();
        }
        self.truncated = true;
        let mut end = raw.trim_end().trim_end_matches('`').len();
        if raw[end..].contains("```") {
            end = raw[..end].trim_end().len();
        } else {
            end = raw.len();
        }
        let kept = &raw[..end];
        let brackets = self.open_brackets_at_the_end_of(kept);
        if brackets < kept.len() || end < raw.len() {
            self.note(Fix::MissingQuote);
            let close = kept[..brackets].trim_end().trim_end_matches(mark).len();
            return self.unescaped(from, from + close, escaped);
        }
        self.note(Fix::CutString);
        self.unescaped(from, from + end, escaped)
    }

    /// The length of `raw` without the brackets at its end, when these are just what is open.
    fn open_brackets_at_the_end_of(&self, raw: &str) -> usize {
        let mut rest = raw.trim_end();
        for frame in &self.stack {
            match rest.strip_suffix(frame.opener.closer() as char) {
                Some(shorter) => rest = shorter.trim_end(),
                None => return raw.len(),
            }
        }
        rest.len()
    }

    /// Where the string must have ended when its closing mark is missing and the mark at `at` begins the next key.
    fn missing_quote_before(&mut self, open: Open, at: usize) -> Option<usize> {
        match open.place {
            Place::Key => self.key_without_quote(open.from, at),
            Place::Member if open.inner == 0 && self.key_follows(at) => {
                let before = self.text[open.from..at].trim_end_matches([' ', '\t', '\r']);
                let (end, found) = match before.strip_suffix('\n') {
                    Some(line) => (line.trim_end().trim_end_matches(','), true),
                    None => (before.strip_suffix(',').unwrap_or(before), before.ends_with(',')),
                };
                found.then(|| open.from + end.trim_end().len())
            }
            Place::Item if open.inner == 0 => {
                let before = self.text[open.from..at].trim_end();
                let short = before.strip_suffix(',')?;
                let near = self.window(at + 1, super::LOOK_AHEAD);
                self.steps += near.len();
                let next = at + 1 + near.find(['"', '\''])?;
                let item = Open { from: at + 1, ..open };
                (self.byte(next + 1) != self.byte(next) && self.closes(item, next, 1))
                    .then(|| open.from + short.trim_end().len())
            }
            _ => None,
        }
    }

    /// `{"a: 1` and `{"a: "b"`: the end of the key, when the text up to `at` begins with a word and a colon.
    fn key_without_quote(&mut self, from: usize, at: usize) -> Option<usize> {
        let near = self.window(from, (at - from).min(65));
        let near = &near[..near.find(':')?];
        self.steps += near.len();
        let word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ' ' | '$');
        (!near.is_empty() && near.chars().all(word)).then(|| from + near.trim_end().len())
    }

    /// `"""text"""`, and the same of single marks.
    fn triple_quoted(&mut self, place: Place) -> Option<String> {
        let rest = self.rest(self.at);
        let mark = ["\"\"\"", "'''"].into_iter().find(|mark| rest.starts_with(mark))?;
        if place == Place::Key || self.setting == Setting::Strict {
            return None;
        }
        let from = self.at + 3;
        self.note(Fix::TripleQuotes);
        let (end, behind) = match self.rest(from).find(mark) {
            Some(length) => (from + length, from + length + 3),
            None => {
                self.truncated = true;
                self.note(Fix::CutString);
                (self.bytes.len(), self.bytes.len())
            }
        };
        let escaped = self.text[from..end].contains('\\');
        let text = self.unescaped(from, end, escaped);
        self.at = behind;
        Some(text)
    }
}

enum Read {
    Text(String),
    /// The text ended; so did the string, at the mark that seemed to be part of it.
    Unclosed {
        first_inner: usize,
    },
}
