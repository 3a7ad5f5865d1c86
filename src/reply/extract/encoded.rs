//! JSON within a JSON string, quoted or only escaped.

/// One level of string escapes removed; `None` when the text does not begin escaped.
pub(super) fn unescaped_from(text: &str) -> Option<String> {
    let inner = text[1..].trim_start();
    if !(inner.starts_with("\\\"") || inner.starts_with("\\n") || inner.starts_with("\\r\\n")) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(length) = rest.find('\\') {
        out.push_str(&rest[..length]);
        let mut letters = rest[length + 1..].chars();
        let letter = letters.next();
        match letter {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => {}
            Some(plain @ ('"' | '\\' | '/')) => out.push(plain),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    Some(out)
}

/// The text of a JSON string that is all there is.
pub(super) fn whole_string(text: &str) -> Option<String> {
    let text = text.trim();
    if !(text.len() >= 2 && text.starts_with('"') && text.ends_with('"')) {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Whether a string's text is itself an object, an array, a fence, or such a string.
pub(super) fn looks_encoded(inner: &str) -> bool {
    let inner = inner.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    inner.starts_with(['{', '[']) || inner.starts_with("```") || whole_string(inner).is_some()
}
