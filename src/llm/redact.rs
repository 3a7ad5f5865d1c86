//! Keys out of everything that people or files see: known values first, then what looks like a key.

use std::sync::{Arc, LazyLock};

use regex::Regex;
use secrecy::{ExposeSecret, SecretString};

use super::exchange::HttpReply;

/// How much of a reply's body an error keeps, in characters.
pub(super) const BODY_LIMIT: usize = 2_000;
const TITLE_LIMIT: usize = 200;
const MASK: &str = "[REDACTED]";
/// Shorter values would blank out ordinary words.
const SHORTEST_SECRET: usize = 6;

/// Removes secrets from text. Cheap to clone; `cli` uses the same one for logs and the panic hook.
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Arc<Vec<SecretString>>,
}

impl Redactor {
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<SecretString> = secrets
            .into_iter()
            .filter(|secret| secret.expose_secret().len() >= SHORTEST_SECRET)
            .collect();
        // A key that contains another one goes first, or its tail would stay.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self {
            secrets: Arc::new(secrets),
        }
    }

    pub fn redact(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in self.secrets.iter() {
            let secret = secret.expose_secret();
            if clean.contains(secret) {
                clean = clean.replace(secret, MASK);
            }
            let escaped = serde_json::Value::from(secret).to_string();
            let escaped = escaped.trim_matches('"');
            if escaped != secret && clean.contains(escaped) {
                clean = clean.replace(escaped, MASK);
            }
        }
        for (pattern, replacement) in PATTERNS.iter() {
            if pattern.is_match(&clean) {
                clean = pattern.replace_all(&clean, *replacement).into_owned();
            }
        }
        clean
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Redactor({} secrets)", self.secrets.len())
    }
}

/// What may be kept of a body: redacted, cut, and of an HTML page only its title (such pages carry the caller's address).
pub(super) fn excerpt(reply: &HttpReply, limit: usize, redactor: &Redactor) -> String {
    let text = reply.text();
    if reply.is_html() {
        return html_title(&text).map_or_else(
            || "(an HTML page)".to_owned(),
            |title| one_line(&redactor.redact(&title), TITLE_LIMIT),
        );
    }
    cut(&redactor.redact(text.trim()), limit)
}

pub(super) fn html_title(page: &str) -> Option<String> {
    static TITLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<title[^>]*>(.*?)</title"));
    let title = TITLE.captures(page)?.get(1)?.as_str().trim();
    (!title.is_empty()).then(|| title.replace(['<', '>'], " "))
}

/// One printable line: control, direction and zero-width characters become spaces, then it is cut.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if is_printable(letter) { letter } else { ' ' })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    cut(&words.join(" "), limit)
}

fn is_printable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => {
            let mut short = text[..end].to_owned();
            short.pop();
            short.push('…');
            short
        }
    }
}

static PATTERNS: LazyLock<[(Regex, &str); 5]> = LazyLock::new(|| {
    [
        // OpenAI, Anthropic and OpenRouter, also half masked (`sk-ab***cd`).
        (pattern(r"\bsk-[A-Za-z0-9_*.\-]{4,}"), MASK),
        (pattern(r"\bAIza[A-Za-z0-9_*\-]{10,}"), MASK),
        (pattern(r"\b(?:gsk|xai|hf|r8|pplx)[_-][A-Za-z0-9_\-]{12,}"), MASK),
        (pattern(r"(?i)\bbearer\s+[A-Za-z0-9_.~+/=*\-]{4,}"), "Bearer [REDACTED]"),
        (
            pattern(r#"(?i)\b((?:api[_-]?)?key|access[_-]?token|token)=[^&\s"'<>]+"#),
            "$1=[REDACTED]",
        ),
    ]
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern, compiled by a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_never_survive() {
        let redactor = Redactor::new([
            SecretString::from("CANARY-12345"),
            SecretString::from("CANARY-12345-long"),
        ]);
        for (text, clean) in [
            ("a CANARY-12345-long b CANARY-12345", "a [REDACTED] b [REDACTED]"),
            (
                "Incorrect API key provided: sk-proj-ab***yz.",
                "Incorrect API key provided: [REDACTED]",
            ),
            ("sk-ant-api03-abcdef", "[REDACTED]"),
            ("AIzaSyA1234567890abc", "[REDACTED]"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer [REDACTED]"),
            ("https://x/y?key=abc&z=1", "https://x/y?key=[REDACTED]&z=1"),
            ("a task-list of ask-me words", "a task-list of ask-me words"),
        ] {
            assert_eq!(redactor.redact(text), clean);
        }
    }

    #[test]
    fn a_short_secret_does_not_blank_out_words() {
        let redactor = Redactor::new([SecretString::from("a")]);
        assert_eq!(redactor.redact("banana"), "banana");
    }

    #[test]
    fn a_page_is_its_title() {
        let reply = HttpReply {
            status: 502,
            headers: vec![("content-type".into(), "text/html".into())],
            body: b"<!DOCTYPE html><title>502\n Bad gateway</title><p>Your IP: 203.0.113.9".to_vec(),
        };
        assert_eq!(excerpt(&reply, BODY_LIMIT, &Redactor::default()), "502 Bad gateway");
    }

    #[test]
    fn one_line_has_no_escapes_and_an_end() {
        assert_eq!(one_line("a\u{1b}[31m\r\nb\u{202e}c", 100), "a [31m b c");
        assert_eq!(one_line("äöüß", 3), "äö…");
    }
}
