use proptest::prelude::*;

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
        (r"a \u0043ANARY-1\u00323\u00345", "a [REDACTED]"),
        (
            "a %43ANARY%2D12345%2Dlong, %2543ANARY-12345",
            "a [REDACTED], [REDACTED]",
        ),
        ("a CANARY&#45;12345 b CANARY&#x2D;12345", "a [REDACTED] b [REDACTED]"),
    ] {
        assert_eq!(redactor.redact(text), clean);
    }
}

#[test]
fn every_letter_has_its_spellings() {
    for letter in ['a', '"', '\\', '/', ' ', '%', '+', 'é', '𝄞', '\n'] {
        let pattern = letter_spellings(letter);
        Regex::new(&pattern).unwrap_or_else(|error| panic!("{letter:?}: {error}"));
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
    let quoted =
        r#"{"raw":"<!DOCTYPE html><html><title>Blocked | 203.0.113.9</title>\n<p>Your IP: 203.0.113.9</html>"}"#;
    assert_eq!(without_pages(quoted), r#"{"raw":"Blocked | …"}"#);
    assert_eq!(
        without_pages(r#"{"raw":"<html><p>203.0.113.9"}"#),
        r#"{"raw":"(an HTML page)"#
    );
}

#[test]
fn one_line_has_no_escapes_and_an_end() {
    assert_eq!(one_line("a\u{1b}[31m\r\nb\u{202e}c", 100), "a [31m b c");
    assert_eq!(one_line("äöüß", 3), "äö…");
}
/// How a letter may be written in JSON (twice quoted, too), in a URL, on a page and in a debug print.
fn written(letter: char, way: usize) -> String {
    let code = u32::from(letter);
    let hex: String = letter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    match way {
        0 => {
            let mut units = [0; 2];
            let units = letter.encode_utf16(&mut units);
            units.iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
        1 => hex,
        2 => hex.to_ascii_lowercase().replace('%', "%25"),
        3 => format!("&#{code};"),
        4 => format!("&#x{code:X};"),
        5 => format!("\\u{{{code:x}}}"),
        6 => {
            let quoted = serde_json::to_string(&letter).unwrap();
            quoted[1..quoted.len() - 1].to_owned()
        }
        7 => {
            let quoted = serde_json::to_string(&letter).unwrap();
            let twice = serde_json::to_string(&quoted[1..quoted.len() - 1]).unwrap();
            twice[1..twice.len() - 1].to_owned()
        }
        8 => letter.escape_debug().to_string(),
        _ => letter.to_string(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_key_survives_in_no_spelling(
        key in "[!-~é𝄞]{6,60}",
        ways in prop::collection::vec(0_usize..14, 60),
        (before, after) in ("[ -~]{0,30}", "[ -~]{0,30}"),
    ) {
        let spelt: String = key.chars().zip(&ways).map(|(letter, way)| written(letter, *way)).collect();
        let redactor = Redactor::new([SecretString::from(key.as_str()), SecretString::from("another-secret")]);
        let clean = redactor.redact(&format!("{before} {spelt} {after}"));
        prop_assert!(!clean.contains(&spelt), "{clean}");
        // No more of it than one letter that its neighbours could be.
        let tail: String = key.chars().skip(1).zip(&ways[1..]).map(|(letter, way)| written(letter, *way)).collect();
        prop_assert!(!clean.contains(&tail), "{clean}");
    }
}
