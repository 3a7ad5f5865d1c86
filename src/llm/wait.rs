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
        .and_then(|text| seconds_or_date(text, now_of(reply, wall)))
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
    let now = now_of(reply, wall);
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

fn reset_value(text: &str, now: Timestamp) -> Option<Duration> {
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
fn now_of(reply: &HttpReply, wall: Timestamp) -> Timestamp {
    reply.header("date").and_then(http_date).unwrap_or(wall)
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
mod tests {
    use proptest::prelude::*;

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
            (vec![("retry-after", "Friday, 20-Nov-26 08:00:07 GMT"), date], Some(7.0)),
            (vec![("retry-after", "Fri Nov 20 08:00:07 2026"), date], Some(7.0)),
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
    #[test]
    fn a_wait_in_words() {
        for (text, wait) in [
            ("Rate limit reached. Please try again in 20s. Visit …", Some(20.0)),
            ("Please try again in 6m0s.", Some(360.0)),
            ("Please try again in 1m26.4s.", Some(86.4)),
            ("try again in 250ms", Some(0.25)),
            ("Please retry after 26 seconds.", Some(26.0)),
            ("Please retry in 45.837906927s.", Some(45.837_906_927)),
            ("Please wait for 2 minutes", Some(120.0)),
            ("try again in 0s", None),
            ("try again after 2026-11-20", None),
            ("try again later", None),
            ("you sent 20s of audio", None),
        ] {
            assert_eq!(said(text).map(|wait| wait.as_secs_f64()), wait, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Never a panic, never negative, never beyond a year.
        #[test]
        fn any_text_is_a_wait_within_a_year_or_none(text in waits(), body in waits(), date in waits()) {
            let headers: Vec<(&str, &str)> = [
                "retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "anthropic-ratelimit-tokens-reset", "x-ratelimit-reset",
            ]
            .map(|name| (name, text.as_str()))
            .into_iter()
            .chain([("date", date.as_str())])
            .collect();
            let error = serde_json::json!({
                "details": [{"retryDelay": body}], "metadata": {"headers": {"X-RateLimit-Reset": body}},
            });
            for headers in [headers, Vec::new()] {
                let reply = reply(&headers);
                for wait in [asked(&reply, &error, wall()), reset(&reply, &error, wall()), said(&body), said(&text)] {
                    let within = wait.is_none_or(|wait| !wait.is_zero() && wait.as_secs_f64() <= LONGEST);
                    prop_assert!(within, "{wait:?}");
                }
            }
        }
    }

    /// Texts that look like waits, and texts that do not.
    fn waits() -> impl Strategy<Value = String> {
        let number = prop_oneof![
            any::<f64>().prop_map(|number| number.to_string()),
            any::<i64>().prop_map(|number| number.to_string()),
            "[0-9]{1,40}(\\.[0-9]{1,12})?",
            Just("1e400".to_owned()),
        ];
        let stamp = (any::<i32>(), 0_u8..60).prop_map(|(year, second)| format!("{year}-11-20T08:59:{second:02}Z"));
        let dates = (0_u8..40, 0_u16..9999, 0_u8..30)
            .prop_map(|(day, year, hour)| format!("Fri, {day:02} Nov {year:04} {hour:02}:00:00 GMT"));
        prop_oneof![
            number.clone(),
            (number.clone(), "ms|us|µs|ns|h|m|s|d|x|").prop_map(|(number, unit)| format!("{number}{unit}")),
            number.prop_map(|number| format!("please try again in {number} seconds")),
            "([0-9]{1,30}(h|m|s|ms)){1,4}",
            stamp,
            dates,
            ".{0,40}",
        ]
    }
}
