//! The shapes of what identifies somebody, and of what tries to instruct a reader.

use std::sync::LazyLock;

use regex::Regex;

use super::people::is_person;

/// Shape and the word that stands for it, the more telling ones first.
static SHAPES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"(?i)[\p{L}\d._%+'-]+(@|%40|\s?\[at\]\s?)[\p{L}\d-]+(\.[\p{L}\d-]+)+", "(e-mail)"),
        (r"(?i)\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b", "(id)"),
        (r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b", "(ip address)"),
        (r"\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?\b", "(account)"),
        (r"\b\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}\b", "(card)"),
        (r"\+\d[\d ().-]{6,}\d", "(phone)"),
        (r"\(?\b\d{3,5}\)?[ /-]\d{3,4}[ -]\d{3,5}\b", "(phone)"),
        (r"\b0\d{2,4}[ /-]\d{5,9}\b", "(phone)"),
        (
            r"(?i)\b\d{1,5}[a-z]?\s+(?:[\p{L}.'-]+\s+){1,4}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|square|way|place)\b\.?",
            "(address)",
        ),
        (
            r"(?i)\b(?:[\p{L}.-]*(?:straße|strasse|str\.)|[\p{L}.-]+(?:weg|platz|allee|gasse))\s+\d{1,4}\s?[a-z]?\b",
            "(address)",
        ),
        (r"(?i)\b(?:rue|avenue|calle|via|plaza)\s+(?:[\p{L}'.-]+\s+){1,4}\d{1,4}\b", "(address)"),
        (r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme|Señora?)\.?\s+\p{Lu}[\p{L}'-]+(?:\s+\p{Lu}[\p{L}'-]+)*", "(name)"),
        (r"\b\d{9,}\b", "(id)"),
    ]
    .into_iter()
    .filter_map(|(shape, word)| Some((Regex::new(shape).ok()?, word)))
    .collect()
});

/// Long runs of letters and digits are tokens, when they hold both.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b[A-Za-z\d_-]{16,}\b").ok());

static INSTRUCTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(ignore|disregard|forget|override|bypass)\b.*\b(previous|above|prior|earlier|instructions?|rules|prompt|told)\b",
        r"|\b(system|developer|assistant)\s*(prompt|message|:)",
        r"|\byou (are|must|should|will) now\b|\b(new|updated) instructions?\b|\bdo not (mention|reveal|report|tell)\b",
        r"|\b(respond|reply|answer|output|print|say|write) (only|with|exactly)\b",
        r"|<\|.*\|>|\[/?INST\]|```|</?(system|user|assistant|data)\b|https?://\S+\?|javascript:|!\[",
    ))
    .ok()
});

pub(super) fn instructs(text: &str) -> bool {
    INSTRUCTION.as_ref().is_some_and(|shape| shape.is_match(text))
}

pub(super) fn masked(text: &str) -> String {
    if is_person(text) {
        return "(name)".to_owned();
    }
    // Most labels are words.
    let is_plain = !text
        .bytes()
        .any(|byte| byte.is_ascii_digit() || matches!(byte, b'@' | b'%' | b'['))
        && text.len() < 16
        && !text.contains(' ');
    if is_plain {
        return text.to_owned();
    }
    let mut masked = text.to_owned();
    for (shape, word) in SHAPES.iter() {
        if shape.is_match(&masked) {
            masked = shape.replace_all(&masked, *word).into_owned();
        }
    }
    match TOKEN.as_ref() {
        Some(token) => token
            .replace_all(&masked, |found: &regex::Captures<'_>| match is_token(&found[0]) {
                true => "(id)".to_owned(),
                false => found[0].to_owned(),
            })
            .into_owned(),
        None => masked,
    }
}

/// Letters and digits mixed throughout, unlike `checkout_step_2_completed`.
fn is_token(run: &str) -> bool {
    let parts = run.split(['_', '-']);
    parts.into_iter().any(|part| {
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let letters = part.bytes().filter(u8::is_ascii_alphabetic).count();
        part.len() >= 12 && digits >= 3 && letters >= 2
    })
}
