//! What text looks like JSON from its first few words.

/// Whether words come behind a value.
pub(super) fn follows_prose(behind: &str) -> bool {
    behind.trim_start().chars().next().is_some_and(char::is_alphanumeric)
}

/// A quoted word and a colon, on one line.
pub(super) fn begins_with_key(text: &str) -> bool {
    let mut letters = text.char_indices();
    let Some((_, open)) = letters.next() else { return false };
    let close = if open == '“' { '”' } else { open };
    let Some((end, _)) = letters
        .take_while(|(at, letter)| *at < 120 && *letter != '\n')
        .find(|(_, letter)| *letter == close)
    else {
        return false;
    };
    text[end + close.len_utf8()..].trim_start().starts_with(':') && end > open.len_utf8()
}

/// Whether a bracket among sentences may open a value.
pub(super) fn is_plausible(rest: &str) -> bool {
    let inner = rest[1..].trim_start();
    let Some(first) = inner.chars().next() else { return true };
    let quote = matches!(first, '"' | '\'' | '“' | '‘' | '`');
    if rest.starts_with('[') {
        return quote
            || matches!(first, '{' | '[' | '-' | '(' | '/')
            || inner.starts_with("# ")
            || first.is_ascii_digit()
            || (first == ']' && rest.starts_with("[]"))
            || ["true", "false", "null", "True", "False", "None"]
                .iter()
                .any(|literal| inner.starts_with(literal));
    }
    if quote || matches!(first, '}' | '/' | '{' | '#' | '…') || inner.starts_with("...") {
        return true;
    }
    let name = inner
        .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | '$' | ' ')))
        .unwrap_or(inner.len());
    name > 0 && name <= 60 && inner[name..].trim_start().starts_with(':')
}
