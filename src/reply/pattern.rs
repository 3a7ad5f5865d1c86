//! The regular expressions of the checks: of ASCII letters and digits, so that a currency sign or a dash in a text costs no speed.

use regex::Regex;

/// Compiles a constant pattern; `\b`, `\d`, `\s` and `\w` mean their ASCII forms.
pub(super) fn pattern(text: &str) -> Regex {
    let mut ascii = String::with_capacity(text.len() * 2);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            ascii.push(letter);
            continue;
        }
        match letters.next() {
            Some('b') => ascii.push_str(r"(?-u:\b)"),
            Some('d') => ascii.push_str("[0-9]"),
            Some('s') => ascii.push_str(r"[\t\n\r\x20]"),
            Some('w') => ascii.push_str("[0-9A-Za-z_]"),
            Some(other) => ascii.extend(['\\', other]),
            None => ascii.push('\\'),
        }
    }
    Regex::new(&ascii).expect("a constant pattern")
}
