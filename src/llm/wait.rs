//! How long a server asks us to wait, in every form in which servers say it.
//!
//! A wait of 0, a negative one, NaN and infinity are no wait at all: the caller's own schedule applies.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
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
    PARSER.parse_timestamp(text.trim()).ok()
}

fn until(stamp: Timestamp, now: Timestamp) -> Option<Duration> {
    seconds((stamp.as_millisecond() - now.as_millisecond()) as f64 / 1e3)
}

fn seconds(number: f64) -> Option<Duration> {
    (number.is_finite() && number > 0.0).then(|| Duration::from_secs_f64(number.min(LONGEST)))
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
mod tests {
    use super::*;

    fn reply(headers: &[(&str, &str)]) -> HttpReply {
        HttpReply {
            status: 429,
            headers: headers
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: Vec::new(),
        }
    }

    fn wall() -> Timestamp {
        "2026-11-20T08:59:00Z".parse().unwrap()
    }

    #[test]
    fn retry_after_in_all_forms() {
        let date = ("date", "Fri, 20 Nov 2026 08:00:00 GMT");
        for (headers, wait) in [
            (vec![("retry-after", "2")], Some(2.0)),
            (vec![("retry-after", "1.5")], Some(1.5)),
            (vec![("retry-after-ms", "250"), ("retry-after", "9")], Some(0.25)),
            (vec![("retry-after-ms", "0"), ("retry-after", "9")], Some(9.0)),
            (vec![("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT")], Some(60.0)),
            (vec![("retry-after", "Fri, 20 Nov 2026 08:00:07 GMT"), date], Some(7.0)),
            (vec![("retry-after", "Fri, 20 Nov 2026 07:00:00 GMT"), date], None),
            (vec![("retry-after", "0")], None),
            (vec![("retry-after", "-3")], None),
            (vec![("retry-after", "NaN")], None),
            (vec![("retry-after", "inf")], None),
            (vec![("retry-after", "soon")], None),
            (vec![("retry-after", "86400")], Some(86_400.0)),
            (vec![], None),
        ] {
            let read = asked(&reply(&headers), &Value::Null, wall());
            assert_eq!(read.map(|wait| wait.as_secs_f64()), wait, "{headers:?}");
        }
    }

    #[test]
    fn gemini_says_it_in_the_body() {
        let error = serde_json::json!({"details": [{"@type": "…QuotaFailure"}, {"retryDelay": "45.837906927s"}]});
        let read = asked(&reply(&[]), &error, wall()).unwrap();
        assert_eq!(read.as_millis(), 45_837);
    }

    #[test]
    fn the_reset_of_what_is_empty_counts() {
        for (headers, wait) in [
            (
                vec![
                    ("x-ratelimit-remaining-requests", "9"),
                    ("x-ratelimit-reset-requests", "12ms"),
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                ],
                Some(360.0),
            ),
            (
                vec![
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-requests", "1s"),
                    ("x-ratelimit-remaining-tokens", "5"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                ],
                Some(1.0),
            ),
            (
                vec![
                    ("x-ratelimit-reset-requests", "12ms"),
                    ("x-ratelimit-reset-tokens", "1s"),
                ],
                Some(1.0),
            ),
            (
                vec![("anthropic-ratelimit-input-tokens-reset", "2026-11-20T08:59:30Z")],
                Some(30.0),
            ),
            (vec![("x-ratelimit-reset", "1795165200000")], Some(60.0)),
            (vec![("x-ratelimit-reset", "1795165200")], Some(60.0)),
            (vec![("x-ratelimit-reset", "later")], None),
        ] {
            let read = reset(&reply(&headers), &Value::Null, wall());
            assert_eq!(read.map(|wait| wait.as_secs_f64()), wait, "{headers:?}");
        }
    }

    #[test]
    fn go_durations() {
        for (text, millis) in [
            ("12ms", Some(12)),
            ("6m0s", Some(360_000)),
            ("1h2m3.5s", Some(3_723_500)),
            ("5", None),
            ("s", None),
            ("", None),
            ("1x", None),
        ] {
            assert_eq!(go_duration(text).map(|wait| wait.as_millis()), millis, "{text}");
        }
    }
}
