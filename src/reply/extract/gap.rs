//! What stands between two values: prose, a fence's language, tags, the name of a callback.

/// Languages that follow a fence or stand alone on the first line.
const LANGUAGES: [&str; 12] = [
    "json5",
    "jsonc",
    "jsonl",
    "json",
    "ndjson",
    "javascript",
    "typescript",
    "js",
    "ts",
    "python",
    "py",
    "text",
];

/// How far back a word may announce a value, in bytes.
const NEAR: usize = 60;

/// What the text between two values says.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Gap {
    /// Sentences.
    pub(super) prose: bool,
    /// `<json>` or another tag.
    pub(super) tag: bool,
    /// `callback(` at its end.
    pub(super) call: bool,
    /// Something such as "corrected:" at its end.
    pub(super) announces: bool,
    /// Something such as "for example" at its end.
    pub(super) example: bool,
    /// A colon ends it.
    pub(super) introduces: bool,
}

impl Gap {
    pub(super) fn of(text: &str) -> Self {
        let mut gap = Self::default();
        let trimmed = text.trim_end();
        if trimmed.is_empty() {
            return gap;
        }
        gap.introduces = trimmed.trim_end_matches(['*', '`', '\n', ' ']).ends_with(':');
        let mut rest = trimmed;
        if let Some(before) = rest.strip_suffix('(') {
            let name = before
                .trim_end_matches(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '$'))
                .len();
            gap.call = true;
            rest = &before[..name];
        }
        gap.prose = rest.split("```").any(|part| says_something(part, &mut gap.tag));
        if !gap.prose {
            return gap;
        }
        let lower = near_end(trimmed).to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        gap.announces = says(&["final", "correct", "actual", "revised", "updated", "fixed", "answer"]);
        gap.example = !gap.announces && says(&["example", "e.g.", "for instance", "such as", "instead of", "schema:"]);
        gap
    }
}

/// Words beside the name of a language and tags.
fn says_something(part: &str, tag: &mut bool) -> bool {
    let part = part.trim();
    let lower = part.get(..12.min(part.len())).unwrap_or_default().to_ascii_lowercase();
    let language = LANGUAGES.iter().find(|name| {
        lower.starts_with(**name)
            && part[name.len()..]
                .chars()
                .next()
                .is_none_or(|next| !next.is_alphanumeric())
    });
    let mut rest = language.map_or(part, |name| &part[name.len()..]);
    loop {
        let Some(open) = rest.find('<') else {
            return has_words(rest);
        };
        if has_words(&rest[..open]) {
            return true;
        }
        let Some(close) = rest[open..].find('>') else {
            return has_words(&rest[open..]);
        };
        *tag = true;
        rest = &rest[open + close + 1..];
    }
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn near_end(text: &str) -> &str {
    let mut from = text.len().saturating_sub(NEAR);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}
