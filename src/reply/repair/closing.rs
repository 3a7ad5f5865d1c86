//! Whether a quotation mark ends its string, judged by what follows it.

use super::{LOOK_AHEAD, Opener, Parser, Place};

/// A string that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) place: Place,
    /// Where its text begins.
    pub(super) from: usize,
    /// Marks passed so far that seemed to belong to its text.
    pub(super) inner: usize,
}

impl Open {
    /// A mark before this one is waiting for its partner: only clear structure ends the string.
    fn in_quotation(self) -> bool {
        self.inner % 2 == 1
    }
}

impl Parser<'_> {
    /// Whether the mark at `mark`, `width` bytes wide, ends the string.
    pub(super) fn closes(&mut self, open: Open, mark: usize, width: usize) -> bool {
        let behind = mark + width;
        // What nearly every string is followed by, without a look at anything else.
        match (open.place, self.byte(behind)) {
            (Place::Key, b':') => return true,
            (Place::Key, _) => return self.closes_key(open, behind),
            (_, b'}' | b']') if !open.in_quotation() => return self.brackets_follow(behind, false),
            _ => {}
        }
        let next = self.past_blank(behind);
        let spaced = next > behind;
        let Some(byte) = self.bytes.get(next).copied() else {
            return true;
        };
        match byte {
            b',' => self.comma_ends(open, next + 1),
            b'}' | b']' => self.brackets_follow(next, open.in_quotation()),
            b')' => {
                self.parens > 0 && {
                    let then = self.past_blank(next + 1);
                    matches!(self.byte(then), 0 | b',' | b'}' | b']' | b')' | b';')
                }
            }
            b':' => open.place == Place::Item && !open.in_quotation(),
            b'/' => matches!(self.byte(next + 1), b'/' | b'*'),
            b'#' => spaced && !open.in_quotation(),
            b'<' => self.bytes[next..].starts_with(b"<!--"),
            b'`' => self.bytes[next..].starts_with(b"```"),
            b'+' => {
                let then = self.past_blank(next + 1);
                self.quote_at(then).is_some()
            }
            b';' => !open.in_quotation() && matches!(self.byte(next + 1), b'\n' | b'\r' | b' '),
            b'.' => spaced && self.bytes[next..].starts_with(b"..."),
            b'\\' => {
                matches!(self.byte(next + 1), b'n' | b'r' | b't') && {
                    let then = next + 2;
                    matches!(self.byte(then), b' ' | b'}' | b']' | b'\\' | b'"')
                }
            }
            b'"' | b'\'' if open.place == Place::Member => self.key_follows(next) || self.ends_before_key(open, behind),
            b'"' | b'\'' | b'{' | b'[' if open.place == Place::Item => spaced && !open.in_quotation(),
            b'{' if open.place == Place::Member => spaced && self.text[behind..next].contains('\n'),
            0x80.. => self.wide_mark_follows(open, next, behind),
            _ if open.place == Place::Item => {
                (spaced && !open.in_quotation() && self.literal_or_number_at(next))
                    || self.ends_before_key(open, behind)
            }
            _ => {
                let bare_key = self.key_follows(next)
                    && !open.in_quotation()
                    && (self.text[behind..next].contains('\n') || self.top().bare_keys);
                bare_key || self.ends_before_key(open, behind)
            }
        }
    }

    fn closes_key(&mut self, open: Open, behind: usize) -> bool {
        let next = self.past_blank(behind);
        let spaced = next > behind;
        match self.byte(next) {
            0 => next >= self.bytes.len(),
            b':' | b'}' => true,
            b'=' => true,
            b',' => !self.colon_within(open.from, behind),
            b'"' | b'\'' | b'`' => {
                // A missing colon, unless what follows is the rest of this key.
                !open.in_quotation() && !self.colon_within(open.from, behind) && (spaced || self.byte(next + 1) != b':')
            }
            b'{' | b'[' => !self.colon_within(open.from, behind),
            b'(' => spaced && !self.colon_within(open.from, behind),
            b'+' => {
                let then = self.past_blank(next + 1);
                self.quote_at(then).is_some() || self.byte(then).is_ascii_digit()
            }
            0x80.. => self.rest(next).starts_with(['：', '“', '，', '｛', '［']),
            _ => spaced && !open.in_quotation() && self.literal_or_number_at(next),
        }
    }

    fn comma_ends(&mut self, open: Open, behind_comma: usize) -> bool {
        let next = self.past_blank(behind_comma);
        let Some(byte) = self.bytes.get(next).copied() else {
            return true;
        };
        let quote = self.quote_at(next).is_some();
        match byte {
            b'}' | b']' => self.brackets_follow(next, open.in_quotation()),
            b',' | b'/' | b'#' => true,
            b')' => self.parens > 0,
            b'.' => self.bytes[next..].starts_with(b"..."),
            b'<' => self.bytes[next..].starts_with(b"<!--"),
            b'\\' => matches!(self.byte(next + 1), b'n' | b'r' | b't' | b'"'),
            b'{' | b'[' | b'(' => open.place == Place::Item || !open.in_quotation(),
            _ if open.place == Place::Member => {
                if quote {
                    return self.key_follows(next) || (!open.in_quotation() && !self.text_goes_on_behind_quoted(next));
                }
                let clear = !open.in_quotation() || self.top().bare_keys;
                (clear && self.key_follows(next)) || self.ends_before_key(open, behind_comma)
            }
            _ if quote => true,
            0x80.. => self.rest(next).starts_with('…'),
            _ if self.call_follows(next) => true,
            _ => self.literal_or_number_at(next) || (!open.in_quotation() && self.has_bare_items()),
        }
    }

    /// `", "y" and more`: the quoted word behind the comma is part of a sentence.
    fn text_goes_on_behind_quoted(&mut self, at: usize) -> bool {
        let Some((_, width)) = self.quote_at(at) else {
            return false;
        };
        let near = self.window(at + width, LOOK_AHEAD);
        self.steps += near.len();
        let Some(close) = near.find(['"', '\'']) else {
            return false;
        };
        let next = self.past_blank(at + width + close + 1);
        self.byte(next).is_ascii_alphabetic() && !self.literal_or_number_at(next)
    }

    fn has_bare_items(&self) -> bool {
        self.top().opener == Opener::Bracket && self.top().bare_keys
    }

    /// Closing brackets come, and behind them the structure goes on or everything is closed.
    fn brackets_follow(&mut self, at: usize, strictly: bool) -> bool {
        if !strictly {
            return true;
        }
        let mut next = at;
        let mut closed = 0;
        while closed <= self.stack.len() && matches!(self.byte(next), b'}' | b']') {
            closed += 1;
            next = self.past_blank(next + 1);
        }
        self.steps += closed;
        closed >= self.stack.len() || matches!(self.byte(next), 0 | b',' | b'`')
    }

    fn wide_mark_follows(&mut self, open: Open, next: usize, behind: usize) -> bool {
        let rest = self.rest(next);
        if rest.starts_with(['，', '、']) {
            let then = self.past_blank(next + '，'.len_utf8());
            return matches!(self.byte(then), b'/' | b'#' | b'{' | b'[' | b'}' | b']')
                || self.quote_at(then).is_some()
                || self.literal_or_number_at(then)
                || self.key_follows(then);
        }
        if rest.starts_with(['｝', '］', '】', '…']) {
            return true;
        }
        if rest.starts_with('“') {
            return match open.place {
                Place::Item => next > behind && !open.in_quotation(),
                _ => self.key_follows(next),
            };
        }
        false
    }

    /// No further mark comes before one that begins a key: `"data" some words, "next":`.
    pub(super) fn ends_before_key(&mut self, open: Open, behind: usize) -> bool {
        if open.place != Place::Member || open.in_quotation() {
            return false;
        }
        let near = self.window(behind, LOOK_AHEAD);
        self.steps += near.len();
        match near.find(['"', '\'', '“']) {
            Some(length) => {
                // `"he said "name": …` has one mark before its key as well, but no words between them.
                let words = near[..length].trim_end();
                let apart = words.len() < length || words.ends_with(['{', ',']);
                apart && !words.is_empty() && self.key_follows(behind + length)
            }
            None => {
                // `"data" AAAA }` at the end of the text.
                near.len() < LOOK_AHEAD && near.trim_end().ends_with(['}', ']'])
            }
        }
    }

    fn colon_within(&mut self, from: usize, to: usize) -> bool {
        let length = (to - from).min(LOOK_AHEAD);
        self.steps += length;
        self.bytes[from..from + length].contains(&b':')
    }
}
