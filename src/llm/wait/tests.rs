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
