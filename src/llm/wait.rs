//! How long a server asks us to wait, in every form in which servers say it.
//!
//! A wait of 0, a negative one, NaN and infinity are no wait at all: the caller's own schedule applies.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use regex::Regex;
use serde_json::Value;

use super::exchange::HttpReply;

/// Longer than anybody waits, short enough to add to any instant.
const LONGEST: f64 = 365.0 * 86_400.0;

/// What the server asks for in so many words: `retry-after-ms`, `retry-after`, Gemini's `RetryInfo`.
pub(super) fn asked(reply: &HttpReply, error: &Value, wall: Timestamp) -> Option<Duration> {
    let millis = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .find_map(|name| reply.header(name)?.trim().parse::<f64>().ok());
    if let Some(wait) = millis.and_then(|millis| seconds(millis / 1_000.0)) {
        return Some(wait);
    }
    if let Some(wait) = reply
        .header("retry-after")
        .and_then(|text| seconds_or_date(text, now_of(&reply.headers, wall)))
    {
        return Some(wait);
    }
    let details = error.get("details").and_then(Value::as_array);
    details
        .into_iter()
        .flatten()
        .find_map(|detail| go_duration(detail.get("retryDelay")?.as_str()?))
}

/// When the exhausted window resets, from rate-limit headers: of the dimension that is empty, else the latest of all.
pub(super) fn reset(reply: &HttpReply, error: &Value, wall: Timestamp) -> Option<Duration> {
    let now = now_of(&reply.headers, wall);
    let mut empty: Option<Duration> = None;
    let mut any: Option<Duration> = None;
    for (name, value) in &reply.headers {
        let Some(remaining_name) = remaining_of(name) else {
            continue;
        };
        let Some(wait) = reset_value(value, now) else {
            continue;
        };
        any = any.max(Some(wait));
        if reply
            .header(&remaining_name)
            .and_then(|left| left.trim().parse::<f64>().ok())
            .is_some_and(|left| left <= 0.0)
        {
            empty = empty.max(Some(wait));
        }
    }
    // OpenRouter repeats the upstream's headers inside the body.
    let quoted = error
        .pointer("/metadata/headers/X-RateLimit-Reset")
        .and_then(|value| match value {
            Value::String(text) => reset_value(text, now),
            Value::Number(number) => reset_value(&number.to_string(), now),
            _ => None,
        });
    empty.or(any).or(quoted)
}

/// What the message says in words (`Please try again in 6m0s`, `retry after 26 seconds`), where no header does.
pub(super) fn said(message: &str) -> Option<Duration> {
    static SAID: LazyLock<Regex> = LazyLock::new(|| {
        let text = r"(?i)\b(?:again|retry|wait)\s+(?:in|after|for)\s+(?:about\s+)?(\d[\d.]*)\s*(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b|(?i)\b(?:again|retry|wait)\s+(?:in|after|for)\s+((?:\d[\d.]*(?:ms|h|m|s)){2,})\b";
        Regex::new(text).expect("a constant pattern, compiled by a test")
    });
    let found = SAID.captures(message)?;
    if let Some(several) = found.get(3) {
        return go_duration(several.as_str());
    }
    let number: f64 = found.get(1)?.as_str().trim_end_matches('.').parse().ok()?;
    let unit = found.get(2)?.as_str().to_ascii_lowercase();
    let size = match unit.as_str() {
        "ms" => 1e-3,
        unit if unit.starts_with("milli") => 1e-3,
        unit if unit.starts_with('m') => 60.0,
        unit if unit.starts_with('h') => 3_600.0,
        _ => 1.0,
    };
    seconds(number * size)
}

/// `x-should-retry`, which the SDKs obey before the status.
pub(super) fn should_retry(reply: &HttpReply) -> Option<bool> {
    match reply.header("x-should-retry")?.trim() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The header that says how much is left where `name` says when it resets: OpenAI and the IETF draft put the word in
/// the middle (`x-ratelimit-reset-tokens`), Anthropic at the end (`anthropic-ratelimit-tokens-reset`).
fn remaining_of(name: &str) -> Option<String> {
    (name.contains("ratelimit") && name.contains("reset")).then(|| name.replacen("reset", "remaining", 1))
}

pub(super) fn reset_value(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        // Epoch milliseconds, epoch seconds, or seconds from now.
        return match number {
            epoch if epoch > 1e11 => seconds(epoch / 1e3 - now.as_millisecond() as f64 / 1e3),
            epoch if epoch > 1e8 => seconds(epoch - now.as_millisecond() as f64 / 1e3),
            from_now => seconds(from_now),
        };
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return until(stamp, now);
    }
    go_duration(text)
}

fn seconds_or_date(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    match text.parse::<f64>() {
        Ok(number) => seconds(number),
        Err(_) => until(http_date(text)?, now),
    }
}

/// The server's own clock where it shows one: ours may be off by hours.
pub(super) fn now_of(headers: &[(String, String)], wall: Timestamp) -> Timestamp {
    let date = headers.iter().find(|(name, _)| name == "date");
    date.and_then(|(_, value)| http_date(value)).unwrap_or(wall)
}

fn http_date(text: &str) -> Option<Timestamp> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let text = text.trim();
    // The two older forms that a recipient still has to take (RFC 9110, 5.6.7).
    let older = || {
        let forms = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
        let civil = forms.into_iter().find_map(|form| DateTime::strptime(form, text).ok())?;
        TimeZone::UTC.to_timestamp(civil).ok()
    };
    PARSER.parse_timestamp(text).ok().or_else(older)
}

fn until(stamp: Timestamp, now: Timestamp) -> Option<Duration> {
    seconds((stamp.as_millisecond() - now.as_millisecond()) as f64 / 1e3)
}

fn seconds(number: f64) -> Option<Duration> {
    let wait = (number.is_finite() && number > 0.0).then(|| Duration::from_secs_f64(number.min(LONGEST)))?;
    (!wait.is_zero()).then_some(wait)
}

/// `12ms`, `6m0s`, `1h2m3.5s`, `45.837906927s`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        rest = &rest[end..];
        let (unit, size) = [
            ("ms", 1e-3),
            ("us", 1e-6),
            ("µs", 1e-6),
            ("ns", 1e-9),
            ("h", 3_600.0),
            ("m", 60.0),
            ("s", 1.0),
            ("d", 86_400.0),
        ]
        .into_iter()
        .find(|(unit, _)| rest.starts_with(unit))?;
        total += number * size;
        rest = &rest[unit.len()..];
    }
    seconds(total)
}

#[cfg(test)]
mod tests;
