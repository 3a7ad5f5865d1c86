//! Raw model text to the JSON that was meant. Picks no favourites by content; a schema does that (`schema::pick`).

use serde_json::Value;

use super::repair::{self, Failed};

/// Longer texts are refused unread.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// How often a JSON text may be wrapped in a JSON string.
const MAX_WRAPS: usize = 3;

/// A value read from text, and every liberty taken to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    pub value: Value,
    pub repairs: Vec<String>,
    /// The text ended before the value did: for a person to look at, never to be accepted.
    pub truncated: bool,
}

/// Why there is no JSON to speak of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejected {
    pub kind: RejectedKind,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectedKind {
    None,
    TooDeep,
    TooLarge,
    Ambiguous,
}

impl RejectedKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// The one value that the text holds.
pub fn extract(text: &str) -> Result<Extracted, Rejected> {
    let scan = scan(text, 0)?;
    let chosen = choose(&scan)?;
    Ok(chosen.clone().into_extracted())
}

/// Every object or array in the text, so that a schema can pick among them. Empty when there is none.
pub fn candidates(text: &str) -> Vec<Extracted> {
    match scan(text, 0) {
        Ok(scan) => scan.found.into_iter().map(Found::into_extracted).collect(),
        Err(_) => Vec::new(),
    }
}

#[derive(Clone)]
struct Found {
    value: Value,
    repairs: Vec<String>,
    truncated: bool,
    span: usize,
    fenced: bool,
    /// A word such as "corrected" stands right before it.
    announced: bool,
    /// Other text stands around it.
    in_prose: bool,
}

impl Found {
    fn into_extracted(self) -> Extracted {
        Extracted {
            value: self.value,
            repairs: self.repairs,
            truncated: self.truncated,
        }
    }

    /// `[1]` and `[P1]` in prose are references, not replies.
    fn is_reference(&self) -> bool {
        self.in_prose
            && !self.fenced
            && self
                .value
                .as_array()
                .is_some_and(|items| items.len() < 2 && items.iter().all(|item| !item.is_object() && !item.is_array()))
    }
}

struct Scan {
    found: Vec<Found>,
}

fn rejected(kind: RejectedKind, message: &str) -> Rejected {
    Rejected {
        kind,
        message: message.to_owned(),
    }
}

fn scan(text: &str, wraps: usize) -> Result<Scan, Rejected> {
    if text.len() > MAX_BYTES {
        return Err(rejected(RejectedKind::TooLarge, "the reply is longer than 8 MiB"));
    }
    let mut outer: Vec<&'static str> = Vec::new();
    let mut body = text;
    if let Some(rest) = body.strip_prefix('\u{feff}') {
        body = rest;
        outer.push("bom");
    }
    body = after_orphan_thought(body, &mut outer);
    if wraps < MAX_WRAPS
        && body.trim_start().starts_with('"')
        && let Ok(inner) = serde_json::from_str::<String>(body.trim())
    {
        return rescan(&inner, wraps, "double_encoded");
    }
    let mut spans = Vec::new();
    let mut too_deep = false;
    let mut at = 0;
    let mut budget = body.len() * 16 + 1_000_000;
    while let Some(offset) = body[at..].find(['{', '[', '<']) {
        let start = at + offset;
        let rest = &body[start..];
        if rest.starts_with('<') {
            at = match thought(rest) {
                Some(length) => {
                    outer.push("think");
                    start + length
                }
                None => start + 1,
            };
            continue;
        }
        let escaped = rest[1..].trim_start().starts_with("\\\"") || rest[1..].trim_start().starts_with("\\n");
        if escaped && wraps < MAX_WRAPS {
            return rescan(&unescape(rest), wraps, "double_encoded");
        }
        match repair::parse(body, start) {
            Ok(parsed) => {
                budget = budget.saturating_sub(parsed.steps);
                at = parsed.end.max(start + 1);
                spans.push((start, parsed));
            }
            Err(Failed::TooDeep) => {
                too_deep = true;
                break;
            }
            Err(Failed::Syntax { steps }) => {
                budget = budget.saturating_sub(steps + 1);
                at = start + 1;
            }
        }
        if budget == 0 {
            break;
        }
    }
    if spans.is_empty() {
        return Err(if too_deep {
            rejected(RejectedKind::TooDeep, "the JSON is nested more than 128 levels deep")
        } else {
            rejected(RejectedKind::None, "there is no JSON object or array in the reply")
        });
    }
    let found = surroundings(body, spans, &outer);
    Ok(Scan { found })
}

fn rescan(inner: &str, wraps: usize, repair: &str) -> Result<Scan, Rejected> {
    let mut scan = scan(inner, wraps + 1)?;
    for found in &mut scan.found {
        found.repairs.insert(0, repair.to_owned());
        found.repairs.dedup();
    }
    Ok(scan)
}

/// Names what stands around each value: fences, prose, stray brackets.
fn surroundings(body: &str, spans: Vec<(usize, repair::Parsed)>, outer: &[&'static str]) -> Vec<Found> {
    let starts: Vec<usize> = spans.iter().map(|(start, _)| *start).collect();
    let mut before_from = 0;
    let mut found = Vec::new();
    for (index, (start, parsed)) in spans.into_iter().enumerate() {
        let before = &body[before_from..start];
        let until = starts.get(index + 1).copied().unwrap_or(body.len());
        let after = &body[parsed.end..until];
        let mut names: Vec<&'static str> = outer.to_vec();
        let fenced = before.contains("```");
        if fenced || after.trim_start().starts_with("```") {
            names.push("fence");
        }
        let stray = !after.trim().is_empty() && after.trim().chars().all(|c| "}])".contains(c));
        if stray {
            names.push("extra_bracket");
        }
        let in_prose = has_prose(before) || (has_prose(after) && !stray) || starts.len() > 1;
        if in_prose {
            names.push("prose");
        }
        found.push(Found {
            repairs: repair::merge(&names, &parsed.repairs),
            truncated: parsed.truncated,
            span: parsed.end - start,
            fenced,
            announced: announces(before),
            in_prose,
            value: parsed.value,
        });
        before_from = parsed.end;
    }
    found
}

fn has_prose(text: &str) -> bool {
    text.split("```").any(|part| {
        let part = part.trim();
        let part = ["json5", "jsonc", "json", "JSON", "javascript", "js", "python"]
            .iter()
            .find_map(|language| part.strip_prefix(language))
            .unwrap_or(part)
            .trim();
        // A closed thought is named on its own.
        let part = part.rsplit("</think>").next().unwrap_or(part);
        part.chars().any(char::is_alphanumeric)
    })
}

fn announces(before: &str) -> bool {
    let tail: String = before.chars().rev().take(80).collect();
    let tail: String = tail.chars().rev().collect::<String>().to_lowercase();
    [
        "final", "correct", "actual", "instead", "revised", "updated", "fixed", "answer",
    ]
    .iter()
    .any(|word| tail.contains(word))
}

/// Without a schema: the only object, the much larger one, the one announced as final; else nobody knows.
fn choose(scan: &Scan) -> Result<&Found, Rejected> {
    let none = || rejected(RejectedKind::None, "there is no JSON object or array in the reply");
    let mut pool: Vec<&Found> = scan.found.iter().filter(|f| !f.is_reference()).collect();
    if pool.iter().any(|found| is_record(&found.value)) {
        pool.retain(|found| is_record(&found.value));
    }
    if pool
        .iter()
        .any(|found| found.value.as_object().is_none_or(|map| !map.is_empty()))
    {
        pool.retain(|found| found.value.as_object().is_none_or(|map| !map.is_empty()));
    }
    let largest = pool.iter().map(|found| found.span).max().ok_or_else(none)?;
    if pool.iter().any(|found| !found.truncated) {
        // A cut-off reply must not be replaced by a small object that happened to stand before it.
        pool.retain(|found| !found.truncated || found.span == largest);
    }
    if pool.iter().any(|found| found.fenced) {
        pool.retain(|found| found.fenced);
    }
    let mut distinct: Vec<&Found> = Vec::new();
    for found in pool {
        if !distinct.iter().any(|other| other.value == found.value) {
            distinct.push(found);
        }
    }
    let last = *distinct.last().ok_or_else(none)?;
    if distinct.len() == 1 || last.announced {
        return Ok(last);
    }
    let mut by_size = distinct.clone();
    by_size.sort_by_key(|found| std::cmp::Reverse(found.span));
    match by_size.as_slice() {
        [first, second, ..] if first.span >= second.span * 2 => Ok(first),
        _ => Err(rejected(
            RejectedKind::Ambiguous,
            "the reply holds several different JSON values and none is clearly the answer",
        )),
    }
}

fn is_record(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(Value::is_object),
        _ => false,
    }
}

/// The length of a thought that starts here; all the rest when it is never closed.
fn thought(text: &str) -> Option<usize> {
    ["think", "thinking", "reasoning"].iter().find_map(|tag| {
        let open = format!("<{tag}>");
        if !text.starts_with(&open) {
            return None;
        }
        let close = format!("</{tag}>");
        Some(text.find(&close).map_or(text.len(), |end| end + close.len()))
    })
}

/// Some servers swallow the opening tag: then everything before the closing one is thought.
fn after_orphan_thought<'a>(body: &'a str, outer: &mut Vec<&'static str>) -> &'a str {
    if body.trim_start().starts_with(['{', '[', '`', '"']) {
        return body;
    }
    match body.find("</think>") {
        Some(close) if !body[..close].contains("<think>") => {
            outer.push("think");
            &body[close + "</think>".len()..]
        }
        _ => body,
    }
}

/// One level of string escapes removed.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => {}
            Some(other @ ('"' | '\\' | '/')) => out.push(other),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => {}
        }
    }
    out
}
