//! Where values may begin: fences, thoughts, prose, wrappers, texts within strings.

use super::choose::prune;
use super::gap::Gap;
use super::shape::{begins_with_key, follows_prose, is_plausible};
use super::{Extracted, encoded, thought};
use crate::reply::json::Json;
use crate::reply::repair::{self, Failed, Fix, Parsed, Repairs, Setting};

/// How often a JSON text may be wrapped in a JSON string.
const MAX_WRAPS: usize = 3;

/// So many values are found before those that cannot be meant any more are dropped.
const MANY: usize = 512;

/// What the values found are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// One will be chosen.
    Best,
    /// A schema will choose, or take them together.
    All,
}

/// A value and where it was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) value: Json,
    pub(super) repairs: Repairs,
    pub(super) truncated: bool,
    pub(super) start: usize,
    pub(super) end: usize,
    /// 2 in a fence or announced, 0 called an example.
    pub(super) standing: u8,
    /// `[1]` in prose is a reference, not a reply.
    pub(super) is_reference: bool,
    /// Nothing but white space or a comma stands before it.
    pub(super) is_next: bool,
    pub(super) after_comma: bool,
    pub(super) bracket_behind: bool,
}

impl Found {
    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn into_extracted(self) -> Extracted {
        Extracted {
            value: self.value,
            at: self.start,
            repairs: self.repairs.into_list(),
            truncated: self.truncated,
        }
    }
}

/// A fence that is open.
#[derive(Debug, Clone, Copy)]
struct Fence {
    at: usize,
    /// Its language is JSON or not named.
    is_json: bool,
}

pub(super) struct Finder<'a> {
    text: &'a str,
    keep: Keep,
    at: usize,
    wraps: usize,
    /// Behind the last value.
    gap_from: usize,
    fence: Option<Fence>,
    /// A sentence came before.
    in_prose: bool,
    /// How far sentences were looked for.
    prose_until: usize,
    /// Repairs of the text as a whole.
    outer: Repairs,
    /// How many bytes may still be read twice.
    allowance: usize,
    /// Where reading failed first.
    failed_at: Option<usize>,
    /// Escaped JSON was looked for.
    searched_within: bool,
    pub(super) found: Vec<Found>,
    pub(super) too_deep: bool,
    pub(super) steps: usize,
}

impl<'a> Finder<'a> {
    pub(super) fn new(text: &'a str, keep: Keep) -> Self {
        Self {
            text,
            keep,
            at: 0,
            wraps: 0,
            gap_from: 0,
            fence: None,
            in_prose: false,
            prose_until: 0,
            outer: Repairs::default(),
            allowance: text.len() * 4 + 4096,
            failed_at: None,
            searched_within: false,
            found: Vec::new(),
            too_deep: false,
            steps: 0,
        }
    }

    pub(super) fn search(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.outer.note(Fix::Bom, 0);
            self.at = '\u{feff}'.len_utf8();
            self.gap_from = self.at;
        }
        if self.quoted_whole() || self.bare_members() {
            return;
        }
        self.walk();
        if self.found.iter().all(|found| found.is_reference) && !self.too_deep {
            self.scalar();
        }
        if self.found.iter().all(|found| found.is_reference) && !self.too_deep {
            self.once_more();
        }
    }

    /// `"{\"a\": 1}"`: all of the text is a JSON string.
    fn quoted_whole(&mut self) -> bool {
        let Some(inner) = encoded::whole_string(&self.text[self.at..]) else {
            return false;
        };
        self.steps += self.text.len();
        if self.is_encoded(&inner, self.at) {
            return true;
        }
        let start = self.first_token();
        self.found = vec![Found {
            value: Json::String(inner),
            repairs: self.outer.clone(),
            truncated: false,
            start,
            end: self.text.trim_end().len(),
            standing: 1,
            is_reference: false,
            is_next: true,
            after_comma: false,
            bracket_behind: false,
        }];
        true
    }

    /// Whether a string's text holds a complete object or array, which then is the value.
    fn is_encoded(&mut self, inner: &str, at: usize) -> bool {
        if !encoded::looks_encoded(inner) || !self.search_in(inner, at) {
            return false;
        }
        let whole = |found: &Found| found.value.is_container() && !found.truncated;
        if self.too_deep || self.found.iter().any(whole) {
            return true;
        }
        // Just a string with a bracket or a mark at its beginning.
        self.found.clear();
        false
    }

    /// Searches a text that was encoded in this one.
    fn search_in(&mut self, inner: &str, at: usize) -> bool {
        if self.wraps == MAX_WRAPS {
            return false;
        }
        let mut finder = Finder::new(inner, self.keep);
        finder.wraps = self.wraps + 1;
        finder.search();
        self.steps += finder.steps;
        self.too_deep |= finder.too_deep;
        for mut found in finder.found {
            let mut repairs = self.outer.clone();
            repairs.note(Fix::DoubleEncoded, at);
            repairs.append(found.repairs.moved_to(at));
            found.repairs = repairs;
            self.found.push(found);
        }
        !self.found.is_empty() || self.too_deep
    }

    /// `"a": 1, "b": 2`: the members of an object without its braces.
    fn bare_members(&mut self) -> bool {
        let start = self.first_token();
        let rest = &self.text[start..];
        if !rest.starts_with(['"', '\'', '“']) || !begins_with_key(rest) {
            return false;
        }
        self.fence = rest
            .len()
            .lt(&self.text[self.at..].trim_start().len())
            .then_some(Fence {
                at: self.at,
                is_json: true,
            });
        match repair::parse_members(self.text, start) {
            Ok(parsed) => {
                self.keep(start, parsed);
                true
            }
            Err(Failed::TooDeep) => {
                self.too_deep = true;
                true
            }
            Err(Failed::Syntax { steps, .. }) => {
                self.steps += steps;
                false
            }
        }
    }

    /// Behind white space and the opening line of a fence.
    fn first_token(&self) -> usize {
        let behind = |text: &str| self.text.len() - text.trim_start().len();
        let start = behind(self.text.trim_start_matches('\u{feff}'));
        match self.text[start..].strip_prefix("```") {
            Some(rest) => behind(rest.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric())),
            None => start,
        }
    }

    fn walk(&mut self) {
        if self.text[self.first_token()..].starts_with('(') {
            self.at = self.first_token();
            self.value_at(self.at, Setting::Alone);
            // Words in parentheses are no tuple.
            self.found.retain(|found| found.value.is_container());
        }
        let is_mark = |byte: u8| matches!(byte, b'{' | b'[' | b'<' | b'`' | b'~' | 0xEF | 0xE2 | 0xE3);
        while let Some(length) = self.text.as_bytes()[self.at..].iter().position(|byte| is_mark(*byte)) {
            let at = self.at + length;
            let rest = &self.text[at..];
            self.at = at + rest.chars().next().map_or(1, char::len_utf8);
            match rest.as_bytes()[0] {
                b'`' | b'~' => self.fence_at(at, rest),
                b'<' | 0xE2 => self.tag_at(at, rest),
                b'[' if rest
                    .as_bytes()
                    .get(1)
                    .is_some_and(|byte| matches!(byte, b't' | b'T' | b'/'))
                    && (thought::length(rest).is_some() || thought::end(rest).is_some()) =>
                {
                    self.tag_at(at, rest);
                }
                b'{' | b'[' => self.bracket_at(at, rest),
                _ if rest.starts_with(['｛', '［', '【']) => {
                    let setting = self.setting(at);
                    self.value_at(at, setting);
                }
                _ => {}
            }
            if self.too_deep {
                return;
            }
        }
        self.name_what_follows();
    }

    fn fence_at(&mut self, at: usize, rest: &str) {
        let mark = rest.as_bytes()[0];
        let length = rest.bytes().take_while(|byte| *byte == mark).count();
        self.at = at + length;
        if length < 3 {
            return;
        }
        if self.fence.take().is_some() {
            return;
        }
        let language: String = rest[length..]
            .trim_start_matches([' ', '\t'])
            .chars()
            .take(12)
            .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '+' | '#' | '-' | '_'))
            .collect();
        let is_json = language.is_empty() || language.to_ascii_lowercase().contains("json");
        self.fence = Some(Fence { at, is_json });
    }

    fn tag_at(&mut self, at: usize, rest: &str) {
        if rest.starts_with("<![CDATA[") {
            self.outer.note_once(Fix::Tag, at);
            self.at = at + "<![CDATA[".len();
            self.gap_from = self.at;
            return;
        }
        if thought::end(rest).is_some() {
            // Its beginning was swallowed: what came before was thought.
            self.outer.note_once(Fix::Think, at);
            self.found.clear();
            self.at = at + thought::end(rest).unwrap_or(1);
            self.gap_from = self.at;
            self.fence = None;
            self.in_prose = false;
            return;
        }
        if let Some(length) = thought::length(rest) {
            self.outer.note_once(Fix::Think, at);
            self.steps += length;
            self.look_for_prose(at);
            self.at = at + length;
            self.gap_from = self.at;
        }
    }

    fn bracket_at(&mut self, at: usize, rest: &str) {
        if !self.searched_within
            && self.wraps < MAX_WRAPS
            && let Some(inner) = encoded::unescaped_from(rest)
        {
            self.searched_within = true;
            self.steps += rest.len();
            let before = self.found.len();
            if self.search_in(&inner, at) && self.found.len() > before {
                self.at = self.text.len();
                self.gap_from = self.at;
                return;
            }
        }
        let setting = self.setting(at);
        if setting == Setting::Prose && !is_plausible(rest) {
            return;
        }
        self.value_at(at, setting);
    }

    /// In a fence, and where no sentence came before, JSON is expected.
    fn setting(&mut self, at: usize) -> Setting {
        self.look_for_prose(at);
        match self.fence {
            Some(Fence { is_json: true, .. }) => Setting::Alone,
            _ if self.in_prose => Setting::Prose,
            _ => Setting::Alone,
        }
    }

    fn look_for_prose(&mut self, at: usize) {
        let from = self.prose_until.max(self.gap_from);
        if !self.in_prose && from < at {
            self.in_prose = Gap::of(&self.text[from..at]).prose;
            self.steps += at - from;
        }
        self.prose_until = at;
    }

    fn value_at(&mut self, at: usize, setting: Setting) {
        match repair::parse(self.text, at, setting) {
            Ok(parsed) => {
                let is_set = matches!(parsed.value, Json::Array(_)) && self.text[at..].starts_with('{');
                if is_set && setting == Setting::Prose {
                    self.steps += parsed.steps;
                    self.read_twice(at, parsed.end);
                    return;
                }
                self.keep(at, parsed);
            }
            Err(Failed::TooDeep) => self.too_deep = true,
            Err(Failed::Syntax { steps, end }) => {
                self.steps += steps;
                self.failed_at.get_or_insert(at);
                self.read_twice(at, end);
            }
        }
    }

    /// What was read in vain is searched again, as long as that is not done too often.
    fn read_twice(&mut self, at: usize, end: usize) {
        let length = end.saturating_sub(at);
        if length <= self.allowance {
            self.allowance -= length;
        } else {
            self.at = self.at.max(end);
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
    }

    fn keep(&mut self, start: usize, parsed: Parsed) {
        self.steps += parsed.steps;
        let before = &self.text[self.gap_from..start];
        let gap = Gap::of(before);
        let mut repairs = self.outer.clone();
        let fence = self.fence;
        if let Some(fence) = fence {
            repairs.note(Fix::Fence, fence.at);
        }
        if gap.prose || (self.in_prose && self.found.is_empty()) {
            repairs.note(Fix::Prose, self.gap_from);
        }
        if gap.tag {
            repairs.note(Fix::Tag, self.gap_from);
        }
        if gap.call {
            repairs.note(Fix::Call, self.gap_from);
        }
        let in_prose = self.in_prose || gap.prose;
        let fenced = fence.is_some();
        let scalars_only = match &parsed.value {
            Json::Array(items) => items.len() < 2 && items.iter().all(|item| !item.is_container()),
            _ => false,
        };
        let standing = match (fence, gap) {
            (_, Gap { example: true, .. }) => 0,
            (Some(Fence { is_json: true, .. }), _) | (_, Gap { announces: true, .. }) => 2,
            _ => 1,
        };
        let between = before.trim();
        repairs.append(parsed.repairs);
        self.found.push(Found {
            value: parsed.value,
            repairs,
            truncated: parsed.truncated,
            start,
            end: parsed.end,
            standing,
            is_reference: scalars_only
                && !fenced
                && (in_prose || follows_prose(&self.text[parsed.end..]))
                && !gap.introduces,
            is_next: between.is_empty() || between == ",",
            after_comma: between == ",",
            bracket_behind: false,
        });
        if self.keep == Keep::Best && self.found.len().is_multiple_of(MANY) {
            prune(&mut self.found);
        }
        self.in_prose = in_prose;
        self.at = self.at.max(parsed.end);
        self.gap_from = parsed.end;
    }

    /// Names what stands behind the last value.
    fn name_what_follows(&mut self) {
        let behind = &self.text[self.gap_from..];
        let trimmed = behind.trim();
        let Some(last) = self.found.last_mut() else { return };
        if trimmed.is_empty() {
            return;
        }
        if trimmed.chars().all(|letter| "}])".contains(letter)) {
            last.bracket_behind = trimmed.starts_with(']');
            if !last.repairs.has(Fix::Call) {
                last.repairs.note(Fix::ExtraBracket, self.gap_from);
            }
        } else if Gap::of(behind).prose {
            last.repairs.note(Fix::Prose, self.gap_from);
        }
    }

    /// A string, number or literal that is all there is, alone or in a fence.
    fn scalar(&mut self) {
        let start = self.first_token();
        let whole = &self.text[start..];
        let end = start + whole.trim_end().trim_end_matches('`').trim_end().len();
        let Some(first) = whole.chars().next() else { return };
        let quoted = matches!(first, '"' | '\'' | '“' | '`');
        if whole.starts_with("```") {
            return;
        }
        if let Ok(parsed) = repair::parse_scalar(self.text, start) {
            self.steps += parsed.steps;
            let is_word = matches!(parsed.value, Json::String(_)) && !quoted;
            let is_nothing = matches!(parsed.value, Json::Null) && parsed.truncated;
            if parsed.end >= end && !is_word && !is_nothing && !whole[..parsed.end - start].contains('(')
                || quoted && parsed.end >= end
            {
                self.found.clear();
                if let Json::String(inner) = &parsed.value
                    && self.is_encoded(inner, start)
                {
                    return;
                }
                (self.gap_from, self.in_prose) = (start, false);
                self.keep(start, parsed);
                if let Some(found) = self.found.last_mut() {
                    found.is_reference = false;
                }
            }
        }
    }

    /// Nothing was found, but the text ends like a value: what seemed to be prose is read with more patience.
    fn once_more(&mut self) {
        let Some(at) = self.failed_at else { return };
        let closer = match self.text.as_bytes()[at] {
            b'{' => '}',
            _ => ']',
        };
        let introduced = self.text[..at]
            .trim_end_matches([' ', '\n', '\r', '`'])
            .ends_with([':', '=']);
        if introduced
            && self
                .text
                .trim_end_matches([' ', '\n', '\r', '`', ';', '.'])
                .ends_with(closer)
        {
            self.found.clear();
            (self.gap_from, self.in_prose) = (0, false);
            self.value_at(at, Setting::Alone);
        }
    }
}
