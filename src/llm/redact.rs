//! Keys out of everything that people or files see: known values first, then what looks like a key.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock, OnceLock};

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
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    /// Longest first: a key that contains another one goes first, or its tail would stay.
    secrets: Vec<SecretString>,
    /// Every secret in every spelling; made when it is first needed.
    spellings: OnceLock<Option<Regex>>,
}

impl Redactor {
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<SecretString> = secrets
            .into_iter()
            .filter(|secret| secret.expose_secret().len() >= SHORTEST_SECRET)
            .collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self {
            known: Arc::new(Known {
                secrets,
                spellings: OnceLock::new(),
            }),
        }
    }

    pub fn redact(&self, text: &str) -> String {
        let mut clean = self.without_secrets(text.to_owned());
        if let Some(spellings) = self.known.spellings.get_or_init(|| spellings(&self.known.secrets))
            && spellings.is_match(&clean)
        {
            clean = spellings.replace_all(&clean, MASK).into_owned();
        }
        for (pattern, replacement) in PATTERNS.iter() {
            if pattern.is_match(&clean) {
                clean = pattern.replace_all(&clean, *replacement).into_owned();
            }
        }
        clean
    }

    /// Only the known secrets, letter by letter: for replies, where anything else that looks like a key is content.
    pub(super) fn without_secrets(&self, text: String) -> String {
        let mut clean = text;
        for secret in &self.known.secrets {
            let secret = secret.expose_secret();
            if clean.contains(secret) {
                clean = clean.replace(secret, MASK);
            }
        }
        clean
    }
}

/// One pattern for all secrets, each letter in every way in which JSON, a URL, a page or a debug print may write it.
fn spellings(secrets: &[SecretString]) -> Option<Regex> {
    if secrets.is_empty() {
        return None;
    }
    let each: Vec<String> = secrets
        .iter()
        .map(|secret| secret.expose_secret().chars().map(letter_spellings).collect())
        .collect();
    regex::RegexBuilder::new(&each.join("|"))
        .size_limit(64 << 20)
        .dfa_size_limit(16 << 20)
        .build()
        .inspect_err(|error| tracing::warn!(%error, "keys are looked for letter by letter only"))
        .ok()
}

fn letter_spellings(letter: char) -> String {
    let code = u32::from(letter);
    let mut units = [0; 2];
    let mut bytes = [0; 4];
    // Quoted JSON inside JSON doubles its backslashes, quoted URLs their per cent signs.
    let in_json: String = letter
        .encode_utf16(&mut units)
        .iter()
        .map(|unit| format!(r"\\+u(?i:{unit:04x})"))
        .collect();
    let in_url: String = letter
        .encode_utf8(&mut bytes)
        .bytes()
        .map(|byte| format!("%(?:25)*(?i:{byte:02x})"))
        .collect();
    let mut ways = vec![
        in_json,
        in_url,
        format!(r"\\+u\{{0*(?i:{code:x})\}}"),
        format!("&#(?:0*{code}|[xX]0*(?i:{code:x}));"),
    ];
    if code < 256 {
        ways.push(format!(r"\\+x(?i:{code:02x})"));
    }
    let named = match letter {
        '"' => Some("&quot;"),
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\'' => Some("&apos;"),
        ' ' => Some(r"\+"),
        '\t' => Some(r"\\+t"),
        _ => None,
    };
    ways.extend(named.map(str::to_owned));
    ways.push(match letter {
        '\\' => r"\\+".to_owned(),
        '"' | '\'' | '/' => format!(r"\\*{letter}"),
        plain => regex::escape(&plain.to_string()),
    });
    format!("(?:{})", ways.join("|"))
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Redactor({} secrets)", self.known.secrets.len())
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
    cut(&redactor.redact(without_pages(text.trim()).trim()), limit)
}

/// A router quotes its upstream's page inside its own JSON: of that, too, only the title stays.
pub(super) fn without_pages(text: &str) -> Cow<'_, str> {
    static PAGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<(?:!doctype\s+html|html[\s>]).*?(?:</html>|\z)"));
    PAGE.replace_all(text, |page: &regex::Captures<'_>| {
        html_title(&page[0]).unwrap_or_else(|| "(an HTML page)".to_owned())
    })
}

pub(super) fn html_title(page: &str) -> Option<String> {
    static TITLE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?is)<title[^>]*>(.*?)</title"));
    // Such pages show the caller's own address.
    static ADDRESS: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(?:\d{1,3}(?:\.\d{1,3}){3}|(?i:[0-9a-f]{1,4}:){2,7}(?i:[0-9a-f]{1,4}|:))"));
    let title = TITLE.captures(page)?.get(1)?.as_str().trim();
    let title = ADDRESS.replace_all(title, "…").replace(['<', '>'], " ");
    (!title.trim().is_empty()).then(|| one_line(&title, TITLE_LIMIT))
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
mod tests;
