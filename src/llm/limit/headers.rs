//! What a reply's headers tell of limits, in the dialects of OpenAI (`x-ratelimit-limit-requests`), Anthropic
//! (`anthropic-ratelimit-input-tokens-limit`), OpenRouter and the IETF draft (`(x-)ratelimit-limit`). Pure.
//!
//! A limit whose window is longer than a minute (`;w=86400`, or a reset tomorrow) is still an upper bound of what a
//! minute may hold, so it is taken as it stands; one for a shorter window is scaled up to a minute.

use std::time::Duration;

use jiff::Timestamp;

use crate::llm::wait;
use crate::store::{Dimension, Rates};

/// The headers of one reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Per minute.
    pub limits: Rates,
    /// Until the latest reset of those dimensions of which nothing is left.
    pub empty: Option<Duration>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Limit,
    Remaining,
    Reset,
}

pub(super) fn read(headers: &[(String, String)], wall: Timestamp) -> Told {
    let mut told = Told::default();
    let mut left: [(Option<f64>, Option<Duration>); 4] = Default::default();
    let mut now = None;
    for (name, value) in headers {
        let Some((what, dimension)) = parse_name(name) else {
            continue;
        };
        let index = Dimension::ALL
            .iter()
            .position(|&known| known == dimension)
            .expect("ALL holds every dimension");
        match what {
            What::Limit => {
                if let Some(limit) = per_minute(value) {
                    told.limits.set(dimension, Some(limit));
                }
            }
            What::Remaining => left[index].0 = number(value),
            What::Reset => {
                let now = *now.get_or_insert_with(|| wait::now_of(headers, wall));
                left[index].1 = wait::reset_value(first(value), now);
            }
        }
    }
    for (remaining, reset) in left {
        if remaining.is_some_and(|remaining| remaining <= 0.0) {
            told.empty = told.empty.max(reset);
        }
    }
    told
}

/// OpenAI and the IETF draft put the word first (`limit-requests`), Anthropic last (`requests-limit`).
fn parse_name(name: &str) -> Option<(What, Dimension)> {
    let rest = ["x-ratelimit-", "anthropic-ratelimit-", "ratelimit-"]
        .into_iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    let words = [
        ("limit", What::Limit),
        ("remaining", What::Remaining),
        ("reset", What::Reset),
    ];
    words.into_iter().find_map(|(word, what)| {
        let before = rest.strip_prefix(word).and_then(|rest| {
            if rest.is_empty() {
                Some(rest)
            } else {
                rest.strip_prefix('-')
            }
        });
        let counted = before.or_else(|| rest.strip_suffix(word)?.strip_suffix('-'))?;
        let dimension = match counted {
            "" | "requests" => Dimension::Requests,
            "tokens" => Dimension::Tokens,
            "input-tokens" => Dimension::InputTokens,
            "output-tokens" => Dimension::OutputTokens,
            _ => return None,
        };
        Some((what, dimension))
    })
}

/// `60`, `100, 100;w=60`, `10;w=1`. A limit of 0 says nothing that `remaining` does not say better.
fn per_minute(value: &str) -> Option<u64> {
    let limit = number(value).filter(|limit| *limit >= 1.0)?;
    // The draft repeats the limit with its window behind a comma.
    let window = value
        .split([';', ','])
        .find_map(|part| part.trim().strip_prefix("w=")?.trim().parse::<f64>().ok())
        .filter(|seconds| (1.0..60.0).contains(seconds))
        .unwrap_or(60.0);
    Some((limit * 60.0 / window) as u64)
}

fn number(value: &str) -> Option<f64> {
    first(value).parse().ok().filter(|number: &f64| number.is_finite())
}

fn first(value: &str) -> &str {
    value.split([';', ',']).next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(headers: &[(&str, &str)]) -> Told {
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        read(&headers, "2026-11-20T08:59:00Z".parse().unwrap())
    }

    #[test]
    fn limits_in_each_dialect() {
        let openai = told(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ]);
        let limits = Rates {
            requests: Some(60),
            tokens: Some(150_000),
            ..Rates::default()
        };
        assert_eq!(openai, Told { limits, empty: None });
        let anthropic = told(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-tokens-limit", "60000"),
            ("anthropic-ratelimit-input-tokens-limit", "50000"),
            ("anthropic-ratelimit-output-tokens-limit", "10000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-20T08:59:30Z"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-11-20T09:59:30Z"),
        ]);
        let limits = Rates {
            requests: Some(50),
            input_tokens: Some(50_000),
            output_tokens: Some(10_000),
            tokens: Some(60_000),
        };
        let empty = Some(Duration::from_secs(30));
        assert_eq!(anthropic, Told { limits, empty });
    }

    #[test]
    fn the_reset_of_the_empty_dimension_counts() {
        for (headers, seconds) in [
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
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-tokens", "2s"),
                ],
                Some(2.0),
            ),
            (
                vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795165200000")],
                Some(60.0),
            ),
            (
                vec![
                    ("date", "Fri, 20 Nov 2026 08:59:50 GMT"),
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1795165200"),
                ],
                Some(10.0),
            ),
            (vec![("ratelimit-remaining", "0"), ("ratelimit-reset", "7")], Some(7.0)),
            (vec![("ratelimit-remaining", "1"), ("ratelimit-reset", "7")], None),
            (vec![("ratelimit-remaining", "0")], None),
        ] {
            let empty = told(&headers).empty.map(|wait| wait.as_secs_f64());
            assert_eq!(empty, seconds, "{headers:?}");
        }
    }

    #[test]
    fn odd_values() {
        for (value, limit) in [
            ("100", Some(100)),
            ("100, 100;w=60", Some(100)),
            ("10;w=1", Some(600)),
            ("1000;w=3600", Some(1_000)),
            ("1000, 1000;window=60", Some(1_000)),
            ("0", None),
            ("-1", None),
            ("many", None),
            ("inf", None),
            ("", None),
        ] {
            let limits = told(&[("ratelimit-limit", value)]).limits;
            assert_eq!(limits.requests, limit, "{value}");
        }
        assert_eq!(
            told(&[("x-ratelimit-limit-images", "5"), ("x-ratelimit", "5")]),
            Told::default()
        );
    }
}
