//! Plain text of a report line: one line, no tags, no characters that reorder or hide.

use memchr::memchr3_iter;

/// Single line without control or bidirectional characters and without HTML tags.
pub(super) fn sanitise(text: &str) -> String {
    if is_clean(text.as_bytes()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        if character == '<'
            && let Some(end) = tag(rest)
        {
            rest = &rest[end..];
            continue;
        }
        if character.is_whitespace() || character.is_control() {
            if !out.ends_with(' ') && !out.is_empty() {
                out.push(' ');
            }
        } else if !is_hidden(character) {
            out.push(character);
        }
        rest = after;
    }
    out.trim().to_owned()
}

/// Whether there is nothing to take out: printable ASCII, single blanks between words, no tag.
fn is_clean(text: &[u8]) -> bool {
    let mut before = b' ';
    for byte in text {
        if !(b' '..0x7f).contains(byte) || *byte == b'<' || (*byte == b' ' && before == b' ') {
            return false;
        }
        before = *byte;
    }
    before != b' ' || text.is_empty()
}

/// The sentences of a text; a placeholder is never cut.
pub(super) fn sentences(text: &str) -> Vec<String> {
    const SHORT: [&str; 14] = [
        "vs", "e.g", "i.e", "approx", "no", "incl", "excl", "etc", "ca", "prev", "avg", "est", "resp", "cf",
    ];
    let mut out = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    let has_list = lists_inside(text);
    for at in memchr3_iter(b'.', b'!', b'?', bytes) {
        let after = text[at + 1..].trim_start();
        let spaced = bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace);
        let begins = after.is_empty()
            || after.starts_with(|c: char| {
                c.is_uppercase() || c == '{' || c == '"' || c.is_ascii_digit() || "$€£".contains(c)
            });
        let word = text[start..at].rsplit([' ', '(']).next().unwrap_or_default();
        let before = text[start..at - word.len()].trim_end();
        // "1. …" opens a sentence, and "Top 3: 1. A, 2. B" lists inside one.
        let is_marker = word.bytes().all(|byte| byte.is_ascii_digit())
            && (before.is_empty() || has_list && before.ends_with([':', ',', ';']));
        if spaced && begins && !is_marker && !SHORT.contains(&word.to_lowercase().as_str()) {
            out.push(text[start..=at].trim().to_owned());
            start = at + 1;
        }
    }
    out.push(text[start..].trim().to_owned());
    out.retain(|sentence| !sentence.is_empty());
    out
}

/// "Top 3: 1. A, 2. B": whether numbers inside a text count a list from its first place on, and are no values.
pub(super) fn lists_inside(text: &str) -> bool {
    const PLACES: [[&str; 3]; 2] = [[" 1. ", " 1) ", " (1) "], [" 2. ", " 2) ", " (2) "]];
    PLACES.iter().all(|ways| ways.iter().any(|way| text.contains(way)))
}

/// The length of an HTML tag or comment that starts here.
fn tag(text: &str) -> Option<usize> {
    let inside = text.get(1..)?;
    let first = inside.chars().next()?;
    if !(first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?')) {
        return None;
    }
    inside.find('>').map(|end| end + 2)
}

fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}
