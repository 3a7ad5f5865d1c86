use serde_json::{Value, json};

use crate::reply::{Extracted, RejectedKind, candidates, extract};

fn read(text: &str) -> String {
    match extract(text) {
        Ok(Extracted {
            value,
            repairs,
            truncated,
        }) => format!(
            "{value} [{}]{}",
            repairs.join(", "),
            if truncated { " truncated" } else { "" }
        ),
        Err(rejected) => format!("rejected {}", rejected.kind.word()),
    }
}

#[test]
fn reads_what_was_meant() {
    let cases = [
        (r#"{"a":1}"#, r#"{"a":1} []"#),
        (" \n [1, 2] \n", "[1,2] []"),
        ("\u{feff}{\"a\":1}", r#"{"a":1} [bom]"#),
        ("```json\n{\"a\":1}\n```", r#"{"a":1} [fence]"#),
        ("```json\n{\"a\":1}", r#"{"a":1} [fence]"#),
        ("```\n{\"a\":1}\n```\n", r#"{"a":1} [fence]"#),
        ("Here it is: {\"a\":1} Hope it helps!", r#"{"a":1} [prose]"#),
        ("As [1] says: {\"a\":1}", r#"{"a":1} [prose]"#),
        ("<think>maybe {\"a\":2}</think>{\"a\":1}", r#"{"a":1} [think]"#),
        ("maybe {\"a\":2}</think>\n{\"a\":1}", r#"{"a":1} [think]"#),
        (r#"{"a":"<think>x</think>"}"#, r#"{"a":"<think>x</think>"} []"#),
        ("<think>{\"a\":2}", "rejected none"),
        (r#"{"a":[1,2,],}"#, r#"{"a":[1,2]} [trailing_comma]"#),
        ("{'a': 'it is'}", r#"{"a":"it is"} [single_quotes]"#),
        (
            "{'a': 'it's fine', 'b': 2}",
            r#"{"a":"it's fine","b":2} [single_quotes, inner_quotes]"#,
        ),
        ("{a: 1, b_c: 2}", r#"{"a":1,"b_c":2} [unquoted_key]"#),
        (
            r#"{"a": True, "b": False, "c": None}"#,
            r#"{"a":true,"b":false,"c":null} [python_literal]"#,
        ),
        (
            r#"{"a": NaN, "b": -Infinity, "c": 1e999}"#,
            r#"{"a":null,"b":null,"c":null} [non_finite]"#,
        ),
        ("{\"a\": \"x\ny\tz\"}", r#"{"a":"x\ny\tz"} [raw_control]"#),
        ("{\"a\": 1, // one\n \"b\": 2 /* two */}", r#"{"a":1,"b":2} [comment]"#),
        ("{\"a\": \"http://x.y/z\"}", r#"{"a":"http://x.y/z"} []"#),
        (
            "{\"a\": 1\n \"b\": \"x\"\n \"c\": [1 2]}",
            r#"{"a":1,"b":"x","c":[1,2]} [missing_comma]"#,
        ),
        (
            "{\"a\": 1\n \"b\": \"x\"\n \"c\": [\"p\" \"q\"]}",
            r#"{"a":1,"b":"x","c":["p","q"]} [missing_comma]"#,
        ),
        ("{“a”: “b”}", r#"{"a":"b"} [smart_quotes]"#),
        (
            r#"{"a": "he said "yes" and left", "b": 1}"#,
            r#"{"a":"he said \"yes\" and left","b":1} [inner_quotes]"#,
        ),
        (
            r#"{"a": "he said "yes", and left", "b": 1}"#,
            r#"{"a":"he said \"yes\", and left","b":1} [inner_quotes]"#,
        ),
        (r#"{"a": "\ud800x"}"#, "{\"a\":\"\u{fffd}x\"} [lone_surrogate]"),
        (r#"{"a": "\ud83d\ude00"}"#, "{\"a\":\"😀\"} []"),
        (r#"{"a": 1, "a": 2}"#, r#"{"a":2} [duplicate_key]"#),
        (r#""{\"a\": 1}""#, r#"{"a":1} [double_encoded]"#),
        (r#"{\"a\": \"x\"}"#, r#"{"a":"x"} [double_encoded]"#),
        (
            r#"{"a": +1, "b": .5, "c": 007}"#,
            r#"{"a":1,"b":0.5,"c":7} [number_form]"#,
        ),
        (r#"{"a": up}"#, r#"{"a":"up"} [unquoted_value]"#),
        (r#"{"a": [1, 2}"#, r#"{"a":[1,2]} [missing_bracket]"#),
        (r#"{"a": 1}}"#, r#"{"a":1} [extra_bracket]"#),
        (r#"{"a": "C:\dir"}"#, r#"{"a":"C:\\dir"} [bad_escape]"#),
        (
            r#"Sure! {"users": 12, "trend": "up"#,
            r#"{"trend":"up","users":12} [prose, cut_string, cut_object] truncated"#,
        ),
        (r#"{"a": [1, 2"#, r#"{"a":[1,2]} [cut_array, cut_object] truncated"#),
        (r#"{"a": 1, "b"#, r#"{"a":1} [cut_string, cut_object] truncated"#),
        ("{\"a\":1}\n{\"a\":1}", r#"{"a":1} [prose]"#),
        ("{\"a\":1}\n{\"a\":2}", "rejected ambiguous"),
        ("{\"a\":1} Corrected: {\"a\":2}", r#"{"a":2} [prose]"#),
        (
            "{\"a\":1} Now: {\"a\":2,\"b\":\"much longer\"}",
            r#"{"a":2,"b":"much longer"} [prose]"#,
        ),
        ("draft {\"a\":1}\n```json\n{\"a\":2}\n```", r#"{"a":2} [fence, prose]"#),
        ("", "rejected none"),
        ("no json here", "rejected none"),
        ("use {name} and {{g3}} in [P1]", "rejected none"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let got = read(text);
        if got != expected {
            wrong.push(format!("{text}\n   got  {got}\n   want {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn refuses_what_is_too_deep_or_too_large() {
    let deep = "[".repeat(100_000);
    assert_eq!(read(&deep), "rejected too_deep");
    let limit = format!("{}1{}", "[".repeat(128), "]".repeat(128));
    assert!(extract(&limit).is_ok());
    let large = "x".repeat(9 * 1024 * 1024);
    assert_eq!(read(&large), "rejected too_large");
}

#[test]
fn stays_linear_on_hostile_text() {
    let started = std::time::Instant::now();
    for text in [
        "{".repeat(300_000),
        "[{".repeat(300_000),
        "{\"a\":".repeat(100_000),
        "word ".repeat(200_000),
        "[x ".repeat(200_000),
        "{\"a\" ".repeat(100_000),
        "{a:'".repeat(100_000),
        "\" ".repeat(300_000),
        format!("{{\"a\":\"{}", "\" ".repeat(300_000)),
        format!("{{\"a\":1{}", " ".repeat(500_000)),
        "<think>".repeat(100_000),
        "{\"a\":1} ".repeat(30_000),
    ] {
        let _ = extract(&text);
    }
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// A small deterministic generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn value(&mut self, depth: usize) -> Value {
        let texts = [
            "",
            "a",
            "he said \"x\", ok",
            "a: b",
            "}",
            "]",
            "{\"",
            "\\",
            "é“”",
            "\n",
            "'",
            "//",
            "/* ",
            "```",
            "</think>",
            "true",
            "1,2",
            "\",",
            "\":",
        ];
        match self.roll(if depth > 3 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.roll(2) == 0),
            2 => json!(self.roll(100_000) as i64 - 50_000),
            3 => json!(self.roll(1000) as f64 / 8.0),
            4 => json!(texts[self.roll(texts.len())]),
            5 | 6 => {
                let n = self.roll(4);
                Value::Object(
                    (0..n)
                        .map(|i| (format!("{}{i}", texts[self.roll(texts.len())]), self.value(depth + 1)))
                        .collect(),
                )
            }
            _ => {
                let n = self.roll(4);
                Value::Array((0..n).map(|_| self.value(depth + 1)).collect())
            }
        }
    }
}

#[test]
fn valid_json_comes_back_unchanged_and_broken_json_never_panics() {
    let mut dice = Dice(7);
    let alphabet: Vec<char> = "{}[]\",:'\\ \n`/*#-+.0123eEtrufalsn_“”é<think>$".chars().collect();
    for round in 0..4000 {
        let value = json!({"root": dice.value(0)});
        let text = if round % 2 == 0 {
            value.to_string()
        } else {
            format!("{value:#}")
        };
        let got = extract(&text).expect("valid JSON");
        assert_eq!(got.value, value, "{text}");
        assert!(got.repairs.is_empty() && !got.truncated, "{text} {:?}", got.repairs);

        let mut characters: Vec<char> = text.chars().collect();
        for _ in 0..=dice.roll(4) {
            let at = dice.roll(characters.len());
            match dice.roll(3) {
                0 => {
                    characters.remove(at);
                }
                1 => characters.insert(at, alphabet[dice.roll(alphabet.len())]),
                _ => characters.truncate(at.max(1)),
            }
            if characters.is_empty() {
                break;
            }
        }
        let broken: String = characters.into_iter().collect();
        let _ = (extract(&broken), candidates(&broken));
    }
}

#[test]
fn every_prefix_of_an_object_is_truncated_or_nothing() {
    let text = r#"{"findings": [{"id": "f1", "text": "Revenue \"fell\"", "n": -1.5e3, "ok": true}], "gaps": []}"#;
    for end in 1..text.len() {
        match extract(&text[..end]) {
            Ok(extracted) => assert!(extracted.truncated, "{}", &text[..end]),
            Err(rejected) => assert_eq!(rejected.kind, RejectedKind::None),
        }
    }
}
