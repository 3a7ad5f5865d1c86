mod mutation;
mod steps;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Extracted, MAX_BYTES, RejectedKind, candidates, extract, parse};

/// The value, the names of the repairs, and whether the text was cut off.
fn read(text: &str) -> String {
    match extract(text) {
        Ok(extracted) => format!(
            "{} [{}]{}",
            extracted.value,
            extracted.repair_names().join(", "),
            if extracted.truncated { " truncated" } else { "" }
        ),
        Err(rejected) => format!("rejected {}", rejected.kind.word()),
    }
}

#[track_caller]
fn all_read(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| (text, read(text), expected))
        .filter(|(_, got, expected)| got != *expected)
        .map(|(text, got, expected)| format!("{text}\n   got  {got}\n   want {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn finds_the_value() {
    all_read(&[
        (r#"{"a":1}"#, r#"{"a":1} []"#),
        (" \n [1, 2] \n", "[1,2] []"),
        ("\u{feff}{\"a\":1}", r#"{"a":1} [bom]"#),
        ("{\r\n\"a\": 1\r\n}\r\n", r#"{"a":1} []"#),
        ("```json\n{\"a\":1}\n```", r#"{"a":1} [fence]"#),
        ("```json\n{\"a\":1}", r#"{"a":1} [fence]"#),
        ("```\n{\"a\":1}\n```\n", r#"{"a":1} [fence]"#),
        ("json\n{\"a\":1}", r#"{"a":1} []"#),
        ("**{\"a\":1}**", r#"{"a":1} []"#),
        ("{\"a\":\"```js\\nx\\n```\"}", r#"{"a":"```js\nx\n```"} []"#),
        ("Here it is: {\"a\":1} Hope it helps!", r#"{"a":1} [prose]"#),
        ("Use {name} as in {{g3}}: {\"a\":1}", r#"{"a":1} [prose]"#),
        ("As [1] says: {\"a\":1}", r#"{"a":1} [prose]"#),
        ("The list is:\n[1, 2]", "[1,2] [prose]"),
        ("<think>maybe {\"a\":2}</think>{\"a\":1}", r#"{"a":1} [think]"#),
        ("maybe {\"a\":2}</think>\n{\"a\":1}", r#"{"a":1} [think]"#),
        (
            "<|channel|>analysis<|message|>{\"a\":2}<|end|><|start|>assistant<|channel|>final<|message|>{\"a\":1}",
            r#"{"a":1} [think, tag]"#,
        ),
        (r#"{"a":"<think>x</think>"}"#, r#"{"a":"<think>x</think>"} []"#),
        ("<think>{\"a\":2}", "rejected none"),
        ("<json>{\"a\":1}</json>", r#"{"a":1} [tag]"#),
        ("<![CDATA[{\"a\":1}]]>", r#"{"a":1} [tag]"#),
        ("callback({\"a\":1});", r#"{"a":1} [call]"#),
        (r#""{\"a\": 1}""#, r#"{"a":1} [double_encoded]"#),
        (r#"{\"a\": \"x\"}"#, r#"{"a":"x"} [double_encoded]"#),
        (r#"'{\n  "a": 1}'"#, r#"{"a":1} [double_encoded]"#),
        ("{\"a\":1}\n{\"a\":2}", r#"{"a":2} [other_values]"#),
        ("{\"a\":1}{\"b\":2}", r#"{"b":2} [other_values]"#),
        ("{\"a\":1}\n{\"a\":2}\n{\"a\":", r#"{"a":2} [other_values]"#),
        ("{\"a\":1} Corrected: {\"a\":2}", r#"{"a":2} [prose, other_values]"#),
        (
            "{\"a\":1} and then, for example, {\"a\":2}",
            r#"{"a":1} [other_values]"#,
        ),
        (
            "```json\n{\"a\":1}\n```\nI used {\"b\":2} there.",
            r#"{"a":1} [fence, other_values]"#,
        ),
        ("\"a\": 1, \"b\": 2}", r#"{"a":1,"b":2} [missing_bracket]"#),
        (
            "{\"a\":1}, {\"a\":2}]",
            r#"[{"a":1},{"a":2}] [missing_bracket, extra_bracket]"#,
        ),
        ("42", "42 []"),
        ("\"a word\"", r#""a word" []"#),
        ("True", "true [python_literal]"),
        ("(1, 2)", "[1,2] [tuple]"),
        ("", "rejected none"),
        ("no json here", "rejected none"),
        ("use {name} and {{g3}} in [P1]", "rejected none"),
        ("- [ ] a task\n- [x] done, see [the page](http://x.y)", "rejected none"),
        ("f(x) { return x; }", "rejected none"),
    ]);
}

#[test]
fn repairs_structure() {
    all_read(&[
        (r#"{"a":[1,2,],}"#, r#"{"a":[1,2]} [trailing_comma]"#),
        (r#"{"a":1,,"b":[1,,2]}"#, r#"{"a":1,"b":[1,2]} [extra_comma]"#),
        (
            "{\"a\": 1\n \"b\": \"x\"\n \"c\": [\"p\" \"q\" 1 2]}",
            r#"{"a":1,"b":"x","c":["p","q",1,2]} [missing_comma]"#,
        ),
        (r#"{"a" 1, "b" "x"}"#, r#"{"a":1,"b":"x"} [missing_colon]"#),
        (
            r#"{"a" = 1, "b" => 2, "c":: 3}"#,
            r#"{"a":1,"b":2,"c":3} [odd_colon, extra_colon]"#,
        ),
        (r#"{"a":,"b":}"#, r#"{"a":null,"b":null} [missing_value]"#),
        (r#"{"a": [1, 2}"#, r#"{"a":[1,2]} [missing_bracket]"#),
        (r#"{"a": [1, 2, "b": 3}"#, r#"{"a":[1,2],"b":3} [missing_bracket]"#),
        (
            r#"[{"a":1, {"a":2}]"#,
            r#"[{"a":1},{"a":2}] [missing_bracket, missing_comma]"#,
        ),
        (
            r#"[{"a":1}, "a":2}, {"a":3}]"#,
            r#"[{"a":1},{"a":2},{"a":3}] [missing_bracket]"#,
        ),
        (
            r#"[{"a":1}, "b":2}, {"a":3}]"#,
            r#"[{"a":1,"b":2},{"a":3}] [extra_bracket]"#,
        ),
        (r#"{"a": 1}}"#, r#"{"a":1} [extra_bracket]"#),
        (r#"{"a": [1]], "b": 2}"#, r#"{"a":[1],"b":2} [extra_bracket]"#),
        (r#"{"a": {"b": 1}}, "c": 2}"#, r#"{"a":{"b":1},"c":2} [extra_bracket]"#),
        (r#"{"a": 1]"#, r#"{"a":1} [wrong_bracket]"#),
        (r#"{{"a": 1}}"#, r#"{"a":1} [extra_bracket]"#),
        (r#"{"a": (1, 2), "b": {1, 2}}"#, r#"{"a":[1,2],"b":[1,2]} [tuple, set]"#),
        (r#"[1, 2, ...]"#, "[1,2] [ellipsis, trailing_comma]"),
        (r#"{"a": 1, … }"#, r#"{"a":1} [ellipsis, trailing_comma]"#),
        (r#"{"a": 1, "a": 2}"#, r#"{"a":2} [duplicate_key]"#),
        (
            "{\"a\": 1, // one\n \"b\": 2 /* two */, # three\n \"c\": 3 <!-- four -->}",
            r#"{"a":1,"b":2,"c":3} [comment]"#,
        ),
        (r#"{"a": 1, // one "b": 2}"#, r#"{"a":1,"b":2} [comment]"#),
        (
            r#"{"a": true, NOTE "b": "x" note }"#,
            r#"{"a":true,"b":"x"} [bare_comment]"#,
        ),
        (
            r#"[{"a": "x" note }, {"a": "y"}]"#,
            r#"[{"a":"x"},{"a":"y"}] [bare_comment]"#,
        ),
        (
            "｛\"a\"：1，\"b\"：“x”｝",
            r#"{"a":1,"b":"x"} [full_width, odd_colon, smart_quotes]"#,
        ),
        ("{\u{a0}\"a\":\u{200b} 1}", r#"{"a":1} [odd_space]"#),
        (
            "```json\n{\"a\": [1, 2\n```\nDone.",
            r#"{"a":[1,2]} [fence, missing_bracket, prose]"#,
        ),
    ]);
}

#[test]
fn repairs_strings() {
    all_read(&[
        ("{'a': 'it is'}", r#"{"a":"it is"} [single_quotes]"#),
        (
            "{'a': 'it's fine', 'b': 'the users' data'}",
            r#"{"a":"it's fine","b":"the users' data"} [single_quotes, inner_quotes]"#,
        ),
        ("{“a”: “b”, ‘c’: „d“}", r#"{"a":"b","c":"d"} [smart_quotes]"#),
        ("{\"a\": \"“b” and ‘c’\"}", r#"{"a":"“b” and ‘c’"} []"#),
        ("{`a`: `b`}", r#"{"a":"b"} [backtick_quotes]"#),
        (
            r#"{"a": """b "c" d""", "e": 1}"#,
            r#"{"a":"b \"c\" d","e":1} [triple_quotes]"#,
        ),
        (r#"{"a": \"b\", "c": 1}"#, r#"{"a":"b","c":1} [escaped_quotes]"#),
        (
            r#"{"a": u'x', "b": r"\n"}"#,
            r#"{"a":"x","b":"\n"} [string_prefix, single_quotes]"#,
        ),
        (
            r#"{"a": "he said "yes" and left", "b": 1}"#,
            r#"{"a":"he said \"yes\" and left","b":1} [inner_quotes]"#,
        ),
        (
            r#"{"a": "he said "yes", "no", and left", "b": 1}"#,
            r#"{"a":"he said \"yes\", \"no\", and left","b":1} [inner_quotes]"#,
        ),
        (r#"{"a": ""x"", "b": 1}"#, r#"{"a":"\"x\"","b":1} [inner_quotes]"#),
        (r#"{"a": "x""}"#, r#"{"a":"x"} [extra_quote]"#),
        (r#"{"a": "x, "b": 1}"#, r#"{"a":"x","b":1} [missing_quote]"#),
        (
            "{\"a\": \"x\n \"b\": 1}",
            r#"{"a":"x","b":1} [raw_control, missing_quote, missing_comma]"#,
        ),
        (
            r#"{"a": x", "b": 1}"#,
            r#"{"a":"x","b":1} [missing_quote, unquoted_value]"#,
        ),
        (r#"{a": 1, "b: 2, "c": 3}"#, r#"{"a":1,"b":2,"c":3} [missing_quote]"#),
        (r#"["a, "b"]"#, r#"["a","b"] [missing_quote]"#),
        (
            "{a: 1, b-c: 2, first name: 3}",
            r#"{"a":1,"b-c":2,"first name":3} [unquoted_key]"#,
        ),
        (
            r#"{"a": up and down, "b": [x, y]}"#,
            r#"{"a":"up and down","b":["x","y"]} [unquoted_value]"#,
        ),
        (
            "{\"a\": http://x.y/z, \"b\": \"http://x.y\"}",
            r#"{"a":"http://x.y/z","b":"http://x.y"} [unquoted_value]"#,
        ),
        ("{\"a\": \"x\ny\tz\"}", r#"{"a":"x\ny\tz"} [raw_control]"#),
        (r#"{"a": "C:\new\table"}"#, r#"{"a":"C:\\new\\table"} [path_backslash]"#),
        (r#"{"a": "C:\bin"}"#, r#"{"a":"C:\\bin"} [path_backslash]"#),
        (
            r#"{"a": "C:\readme.txt"}"#,
            r#"{"a":"C:\\readme.txt"} [path_backslash]"#,
        ),
        (r#"{"a": "Q:\r\nwhy"}"#, r#"{"a":"Q:\u000d\nwhy"} []"#),
        (r#"{"a": "A:\tone"}"#, r#"{"a":"A:\u0009one"} []"#),
        (
            r#"{"a": "C:\Users\me\", "b": 1}"#,
            r#"{"a":"C:\\Users\\me\\","b":1} [path_backslash]"#,
        ),
        (r#"{"a": "A:\nx\ny"}"#, r#"{"a":"A:\u000ax\ny"} []"#),
        (r#"{"a": "\d+\.\w\b"}"#, r#"{"a":"\\d+\\.\\w\\b"} [bad_escape]"#),
        (r#"{"a": "it\'s \x41"}"#, r#"{"a":"it's A"} [bad_escape]"#),
        (r#"{"a": "\ud800x"}"#, "{\"a\":\"\u{fffd}x\"} [lone_surrogate]"),
        (r#"{"a": "\ud83d\ude00"}"#, "{\"a\":\"😀\"} []"),
        (r#"{"a": "&quot;x&quot;"}"#, r#"{"a":"&quot;x&quot;"} []"#),
        (r#"{"a": "x" + "y"}"#, r#"{"a":"xy"} [concatenation]"#),
    ]);
}

#[test]
fn repairs_numbers_and_literals_and_guesses_none() {
    all_read(&[
        (
            r#"{"a": +1, "b": .5, "c": 007, "d": 5., "e": -0x1F, "f": 1_000}"#,
            r#"{"a":1,"b":0.5,"c":7,"d":5.0,"e":-31,"f":1000} [number_form]"#,
        ),
        (
            r#"{"a": -2,000.00, "b": 1,234}"#,
            r#"{"a":-2000.00,"b":1234} [thousands_separator]"#,
        ),
        ("[1,234]", "[1,234] []"),
        ("[-2,000.00]", "rejected ambiguous"),
        ("-2,000.00", "rejected ambiguous"),
        ("{1: 1,234: 2}", r#"{"1":1,"234":2} [unquoted_key]"#),
        (
            r#"{"a": 1,5, "b": 45%, "c": 2024-01-31, "d": 1/3, "e": 1.2.3}"#,
            r#"{"a":"1,5","b":"45%","c":"2024-01-31","d":"1/3","e":"1.2.3"} [unquoted_value]"#,
        ),
        (
            r#"{"a": 1e999, "b": 123456789012345678901234567890}"#,
            r#"{"a":1e999,"b":123456789012345678901234567890} []"#,
        ),
        (
            r#"{"a": True, "b": False, "c": None}"#,
            r#"{"a":true,"b":false,"c":null} [python_literal]"#,
        ),
        (r#"{"a": NaN, "b": -Infinity}"#, r#"{"a":null,"b":null} [non_finite]"#),
        (r#"{"a": undefined}"#, r#"{"a":null} [undefined]"#),
        (
            r#"{"a": ObjectId("x"), "b": NumberLong(2), "c": datetime.date(2024, 1, 31)}"#,
            r#"{"a":"x","b":2,"c":"datetime.date(2024, 1, 31)"} [call]"#,
        ),
    ]);
}

#[test]
fn completes_what_was_cut_off() {
    all_read(&[
        (
            r#"Sure! {"users": 12, "trend": "up"#,
            r#"{"users":12,"trend":"up"} [prose, cut_string, cut_object] truncated"#,
        ),
        (r#"{"a": [1, 2,"#, r#"{"a":[1,2]} [cut_array, cut_object] truncated"#),
        (r#"{"a": 1, "b"#, r#"{"a":1} [cut_key, cut_object] truncated"#),
        (r#"{"a": 1, "b""#, r#"{"a":1} [cut_key, cut_object] truncated"#),
        (
            r#"{"a": 1, "b":"#,
            r#"{"a":1,"b":null} [missing_value, cut_object] truncated"#,
        ),
        (r#"{"a": tr"#, r#"{"a":true} [cut_literal, cut_object] truncated"#),
        (r#"{"a": 12."#, r#"{"a":12} [cut_number, cut_object] truncated"#),
        (r#"{"a": -"#, r#"{"a":null} [cut_number, cut_object] truncated"#),
        (
            r#"{"a": "x\u00"#,
            r#"{"a":"x"} [cut_string, bad_escape, cut_object] truncated"#,
        ),
        (r#"{"a": "x}"#, r#"{"a":"x"} [missing_quote, cut_object] truncated"#),
        (
            r#"{"a": 1 and that is all."#,
            r#"{"a":"1 and that is all."} [unquoted_value, cut_object] truncated"#,
        ),
    ]);
}

/// It sliced the text backwards.
#[test]
fn a_reference_may_stand_behind_what_is_read_once_more() {
    assert!(extract("a':{''x.z[[[Z[\":)A2'}:{''x'}").is_ok());
}

#[test]
fn every_prefix_of_an_object_is_truncated_or_nothing() {
    let text = r#"{"findings": [{"id": "f1", "text": "Revenue \"fell\" }", "n": -1.5e3, "ok": true}], "gaps": [], "z": {"}": "]"}}"#;
    for end in 1..text.len() {
        match extract(&text[..end]) {
            Ok(extracted) => assert!(extracted.truncated, "{}", &text[..end]),
            Err(rejected) => assert_eq!(rejected.kind, RejectedKind::None),
        }
    }
}

#[test]
fn says_where_each_repair_was_made() {
    let extracted = extract("ok: {'a': 1,}").expect("an object");
    let places: Vec<(&str, usize)> = extracted
        .repairs
        .iter()
        .map(|repair| (repair.name, repair.at))
        .collect();
    assert_eq!(places, [("prose", 0), ("single_quotes", 5), ("trailing_comma", 12)]);
    assert_eq!(extracted.at, 4);
}

#[test]
fn refuses_what_is_too_deep_or_too_large() {
    for hostile in ["[", "{\"a\":", "{", "[{\"a\":[", "(", "f("] {
        assert_eq!(
            read(&format!("[{}", hostile.repeat(100_000))),
            "rejected too_deep",
            "{hostile}"
        );
    }
    let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(extract(&deep(512)).expect("not too deep").value.to_string(), deep(512));
    assert_eq!(read(&deep(513)), "rejected too_deep");
    assert_eq!(read(&" ".repeat(MAX_BYTES + 1)), "rejected too_large");
    assert_eq!(
        read(&format!("{{\"a\":1}}{}", " ".repeat(MAX_BYTES - 7))),
        r#"{"a":1} []"#
    );
}

#[test]
fn json_lines_are_an_array_where_a_schema_asks_for_one() {
    let text = "{\"a\":1}\n{\"a\":2}\n";
    let array = json!({"type": "array", "items": {"type": "object"}});
    let picked = crate::reply::read(text, &array).expect("an array");
    assert_eq!(picked.extracted.value.to_string(), r#"[{"a":1},{"a":2}]"#);
    assert_eq!(picked.extracted.repair_names(), ["joined_lines"]);
    let object = json!({"type": "object"});
    assert_eq!(
        crate::reply::read(text, &object)
            .expect("an object")
            .extracted
            .value
            .to_string(),
        r#"{"a":2}"#
    );
}

#[test]
fn a_schema_settles_what_is_one_number() {
    let schema = json!({"type": "array", "items": {"type": "number"}});
    let got =
        |text: &str, schema: &Value| crate::reply::read(text, schema).map(|picked| picked.extracted.value.to_string());
    assert_eq!(got("[-2,000.00, 5]", &schema).as_deref(), Ok("[-2000.00,5]"));
    assert_eq!(got("-2,000.00", &json!({"type": "number"})).as_deref(), Ok("-2000.00"));
    let none = got("[-2,000.00, 5]", &json!({"type": "array"})).expect_err("no schema says number");
    assert_eq!(none.kind, RejectedKind::Ambiguous);
}

#[test]
fn our_own_json_is_read_to_the_letter() {
    assert_eq!(
        parse(r#" {"p": "C:\new\table", "n": 1e999} "#)
            .expect("valid")
            .to_string(),
        r#"{"p":"C:\u000aew\table","n":1e999}"#
    );
    for wrong in [
        "{'a': 1}",
        "{\"a\": 1,}",
        "{\"a\": 1} x",
        "{\"a\": 1",
        "[01]",
        "[True]",
        "1",
        "",
        "{\"a\": x}",
        "{\"a\" 1}",
    ] {
        assert_eq!(parse(wrong), None, "{wrong}");
    }
}

/// Bytes of JSON and what surrounds it, in any order.
fn soup() -> impl Strategy<Value = String> {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ":",
        ",",
        "\"",
        "'",
        "`",
        "```",
        "```json\n",
        "\\",
        "\\\"",
        "\\n",
        "\\u12",
        "\\ud800",
        "/",
        "//",
        "/*",
        "*/",
        "#",
        "\n",
        " ",
        "\t",
        "a",
        "key",
        "\"a\":",
        "a: ",
        "1",
        "0",
        "-",
        "+",
        ".",
        "e",
        "12,345",
        "1,000",
        "true",
        "None",
        "NaN",
        "...",
        "…",
        "“",
        "”",
        "‘",
        "：",
        "，",
        "｛",
        "｝",
        "【",
        "】",
        "\u{a0}",
        "\u{feff}",
        "<think>",
        "</think>",
        "<json>",
        "<!--",
        "é",
        "😀",
        "f(",
        "new ",
        "C:\\",
        "\"\"\"",
        "+",
        ";",
        "=",
        "=>",
        "--",
        "|",
        "$",
        "\0",
        "</",
        ">",
        "words and words",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_it_reads_it_reads_again_without_repairs(text in prop_oneof![soup(), ".{0,60}"]) {
        let _every = candidates(&text);
        if let Ok(first) = extract(&text) {
            let printed = first.value.to_string();
            prop_assert!(serde_json::from_str::<Value>(&printed).is_ok() || printed.contains("e") , "{printed}");
            let again = extract(&printed);
            prop_assert!(again.is_ok(), "{printed}");
            let Extracted { value, repairs, truncated, .. } = again.expect("just looked");
            prop_assert!(value == first.value && repairs.is_empty() && !truncated, "{printed} {value} {repairs:?}");
        }
    }

    #[test]
    fn valid_json_comes_back_as_it_is(value in mutation::values(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let got = extract(&text).expect("valid JSON");
        prop_assert!(got.repairs.is_empty() && !got.truncated, "{text} {:?}", got.repairs);
        prop_assert_eq!(Value::from(got.value), value);
    }
}
