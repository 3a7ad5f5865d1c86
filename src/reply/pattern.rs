//! The regular expressions of the checks: of ASCII letters and digits, so that a currency sign or a dash in a text costs no speed.

use regex::Regex;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind, Look};

use super::first_letters::FirstLetters;

/// A pattern of which every match begins with one of a few words: tried only on texts that have such a word.
#[derive(Debug)]
pub(super) struct Worded {
    pattern: Regex,
    first: FirstLetters,
}

impl Worded {
    /// The pattern, where it may match in a text, or in a part of it, whose words begin like this.
    pub(super) fn among(&self, words: &FirstLetters) -> Option<&Regex> {
        self.first.may_share(words).then_some(&self.pattern)
    }

    /// The pattern for texts of which nothing is known.
    pub(super) fn anywhere(&self) -> &Regex {
        &self.pattern
    }
}

/// Compiles a constant pattern of words, as `pattern` does.
pub(super) fn worded(text: &str) -> Worded {
    let text = ascii(text);
    let first = regex_syntax::parse(&text).ok().and_then(|hir| first_letters(&hir));
    Worded {
        pattern: compiled(&text),
        first: first.expect("a pattern that begins with words"),
    }
}

/// A pattern of which every match holds one of these words, wherever in it: as `worded` does.
pub(super) fn holding(words: &str, text: &str) -> Worded {
    Worded {
        pattern: pattern(text),
        ..worded(words)
    }
}

/// How all matches begin; none where one may begin in any way, or within a word.
fn first_letters(hir: &Hir) -> Option<FirstLetters> {
    begins_at_word(hir).then_some(())?;
    let mut extractor = Extractor::new();
    extractor.limit_literal_len(3).limit_total(1 << 16);
    let mut out = FirstLetters::default();
    for literal in extractor.extract(hir).literals()? {
        out.add_literal(literal.as_bytes())?;
    }
    Some(out)
}

fn begins_at_word(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Look(look) => *look == Look::WordAscii,
        HirKind::Concat(parts) => parts.first().is_some_and(begins_at_word),
        HirKind::Alternation(ways) => ways.iter().all(begins_at_word),
        HirKind::Capture(capture) => begins_at_word(&capture.sub),
        _ => false,
    }
}

/// Compiles a constant pattern; `\b`, `\d`, `\s` and `\w` mean their ASCII forms.
pub(super) fn pattern(text: &str) -> Regex {
    compiled(&ascii(text))
}

fn compiled(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

fn ascii(text: &str) -> String {
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
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_tried(pattern: &Worded, text: &str) -> bool {
        let found = pattern.among(&FirstLetters::of(text));
        assert!(found.is_some() || !pattern.anywhere().is_match(text), "{text}");
        found.is_some()
    }

    #[test]
    fn a_pattern_of_words_is_tried_where_one_of_them_stands() {
        let pattern = worded(r"(?i)\b(?:(?P<up>ahead of|up)|(?:more|[2-5])(?:\s\w+)? than|a[- ]third)\b");
        for text in [
            "AHEAD of B",
            "(up)",
            "it went up",
            "-5 x than",
            "5 than",
            "a-third",
            "MORE than",
        ] {
            assert!(is_tried(&pattern, text), "{text}");
        }
        for text in ["", "nothing", "a cup of tea", "a quarter", "15 than", "no_more"] {
            assert!(!is_tried(&pattern, text), "{text}");
        }
    }

    #[test]
    fn what_may_begin_in_any_way_is_no_pattern_of_words() {
        for text in [r"ahead", r"\b[a-z]+ than", r"\b(?:a)?", r"(?:\bahead|behind)"] {
            let hir = regex_syntax::parse(&ascii(text)).expect("a pattern");
            assert!(first_letters(&hir).is_none(), "{text}");
        }
    }
}
