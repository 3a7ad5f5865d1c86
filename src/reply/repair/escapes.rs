//! The text behind the escapes of a string.

use super::closing::Open;
use super::path::{is_path, is_path_up_to, starts_with_drive};
use super::{Fix, Parser, Place, Setting};

/// What backslashes mean in one string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backslash {
    /// As JSON says.
    Escape,
    /// A regular expression or LaTeX: `\b` and `\f` are no control characters here.
    Mostly,
    /// A Windows path: themselves.
    Itself,
}

impl Parser<'_> {
    /// The text from `from` to `to`, its escapes resolved where it has any.
    pub(super) fn unescaped(&mut self, from: usize, to: usize, has_escapes: bool) -> String {
        let raw = &self.text[from..to];
        if !has_escapes {
            return raw.to_owned();
        }
        let backslash = self.meaning(raw, from);
        let mut out = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(length) = rest.find('\\') {
            out.push_str(&rest[..length]);
            let at = to - rest.len() + length;
            let taken = if backslash == Backslash::Itself {
                out.push('\\');
                1 + usize::from(rest[length + 1..].starts_with('\\'))
            } else {
                self.escape(&rest[length + 1..], at, backslash, &mut out) + 1
            };
            rest = &rest[length + taken..];
        }
        out.push_str(rest);
        out
    }

    fn meaning(&mut self, raw: &str, from: usize) -> Backslash {
        if self.setting == Setting::Strict {
            return Backslash::Escape;
        }
        let (mut unknown, mut at) = (false, 0);
        let bytes = raw.as_bytes();
        while at < bytes.len() {
            if bytes[at] == b'\\' {
                unknown |= bytes
                    .get(at + 1)
                    .is_some_and(|next| is_unknown(*next, &bytes[at + 2..]));
                at += 1;
            }
            at += 1;
        }
        if is_path(raw) || (unknown && starts_with_drive(raw)) {
            self.repairs.note(Fix::PathBackslash, from);
            Backslash::Itself
        } else if unknown {
            Backslash::Mostly
        } else {
            Backslash::Escape
        }
    }

    /// Resolves the escape whose backslash stands before `rest`; how many bytes of `rest` it took.
    fn escape(&mut self, rest: &str, at: usize, backslash: Backslash, out: &mut String) -> usize {
        let Some(letter) = rest.chars().next() else {
            // Cut within the escape.
            return 0;
        };
        let plain = match letter {
            '"' | '\\' | '/' => letter,
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' if backslash == Backslash::Escape => '\u{8}',
            'f' if backslash == Backslash::Escape => '\u{c}',
            'u' => return self.unicode(rest, at, out),
            _ => {
                self.repairs.note(Fix::BadEscape, at);
                return other_escape(letter, rest, out);
            }
        };
        out.push(plain);
        1
    }

    /// `rest` begins with the `u` of `\u`.
    fn unicode(&mut self, rest: &str, at: usize, out: &mut String) -> usize {
        let Some(first) = hexadecimal(rest, 1, 4) else {
            self.repairs.note(Fix::BadEscape, at);
            let cut = at + 1 + rest.len() >= self.bytes.len() && rest.len() < 5;
            if !cut {
                out.push_str("\\u");
            }
            return if cut { rest.len() } else { 1 };
        };
        if (0xD800..0xDC00).contains(&first)
            && rest[5..].starts_with("\\u")
            && let Some(second) = hexadecimal(rest, 7, 4)
            && (0xDC00..0xE000).contains(&second)
        {
            let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            out.push(char::from_u32(code).unwrap_or('\u{fffd}'));
            return 11;
        }
        match char::from_u32(first) {
            Some(letter) => out.push(letter),
            None => {
                self.repairs.note(Fix::LoneSurrogate, at);
                let cut = at + 1 + rest.len() >= self.bytes.len() && rest.len() < 11;
                if !cut {
                    out.push('\u{fffd}');
                }
            }
        }
        5
    }

    /// `"C:\dir\",`: the backslash at the cursor belongs to a path, the mark behind it ends the string.
    pub(super) fn ends_as_path(&mut self, open: Open) -> bool {
        self.byte(self.at + 1) == b'"'
            && open.place != Place::Key
            && self.setting != Setting::Strict
            && is_path_up_to(&self.text[open.from..=self.at])
            && self.closes(open, self.at + 1, 1)
    }
}

/// Whether JSON knows no escape of that letter.
fn is_unknown(letter: u8, rest: &[u8]) -> bool {
    match letter {
        b'"' | b'\\' | b'/' | b'n' | b't' | b'r' | b'b' | b'f' => false,
        b'u' => rest.len() >= 4 && !rest[..4].iter().all(u8::is_ascii_hexdigit),
        // Escapes of other languages say nothing about the rest of the text.
        b'\'' | b'`' | b'\n' | b'\r' | b'_' => false,
        b'x' => !(rest.len() >= 2 && rest[..2].iter().all(u8::is_ascii_hexdigit)),
        _ => true,
    }
}

/// What other languages escape; for anything else the backslash was meant.
fn other_escape(letter: char, rest: &str, out: &mut String) -> usize {
    let width = letter.len_utf8();
    match letter {
        '\'' | '`' | '“' | '”' | '‘' | '’' | '_' => out.push(letter),
        // A line that goes on.
        '\n' => {}
        '\r' => return width + usize::from(rest[1..].starts_with('\n')),
        'x' if hexadecimal(rest, 1, 2).is_some() => {
            out.extend(hexadecimal(rest, 1, 2).and_then(char::from_u32));
            return 3;
        }
        'U' if hexadecimal(rest, 1, 8).and_then(char::from_u32).is_some() => {
            out.extend(hexadecimal(rest, 1, 8).and_then(char::from_u32));
            return 9;
        }
        _ => {
            out.push('\\');
            out.push(letter);
        }
    }
    width
}

fn hexadecimal(text: &str, from: usize, length: usize) -> Option<u32> {
    let digits = text.get(from..from + length)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}
