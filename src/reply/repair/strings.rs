//! Strings and their marks: which quotation mark ends one, and what its escapes mean.

use super::{LOOK_AHEAD, Parser, Place, Stop};

impl Parser<'_> {
    /// The quotation mark at the cursor.
    pub(super) fn quote(&self) -> Option<char> {
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

    pub(super) fn string(&mut self, place: Place) -> Result<String, Stop> {
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
    pub(super) fn closes(&self, place: Place) -> bool {
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
                then.is_empty() || then.starts_with(['}', ']', '"', '\'', '“', '/', '#', ',', '.']) || key_follows(then)
            }
            (_, b',') => {
                let then = after[1..].trim_start();
                then.is_empty()
                    || then.starts_with([']', '}', '"', '\'', '“', '{', '[', '-', '/', '#', ',', '.'])
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

    pub(super) fn escape(&mut self, out: &mut String) {
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

    pub(super) fn unicode(&mut self, out: &mut String) {
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

    pub(super) fn four_digits(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(code)
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
        match after.chars().next().filter(|c| matches!(c, '"' | '\'' | '”' | '“')) {
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
