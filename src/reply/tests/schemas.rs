use serde_json::{Value, json};

use crate::reply::{COORDINATOR_SCHEMA, Json, Liberty, SPECIALIST_SCHEMA, candidates, coerce, pick, validate};

fn faults(schema: Value, value: Value) -> String {
    let faults: Vec<String> = validate(&schema, &Json::from(value))
        .iter()
        .map(ToString::to_string)
        .collect();
    faults.join(" | ")
}

#[test]
fn says_what_to_change() {
    let cases = [
        (json!({"type":"string"}), json!("x"), ""),
        (
            json!({"type":["string","null"]}),
            json!(3),
            "reply: must be a string or null; got 3",
        ),
        (json!({"type":"integer"}), json!(3.0), ""),
        (
            json!({"type":"integer"}),
            json!(3.5),
            "reply: must be an integer; got 3.5",
        ),
        (
            json!({"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}),
            json!({}),
            "a: is missing",
        ),
        (
            json!({"type":"object","additionalProperties":false,"properties":{"a":{}}}),
            json!({"b":1}),
            "b: is not a known key; known keys are a",
        ),
        (
            json!({"properties":{"f":{"items":{"properties":{"severity":{"enum":["high","low"]}}}}}}),
            json!({"f":[{"severity":"urgent"}]}),
            "f[0].severity: must be one of high, low; got \"urgent\"",
        ),
        (
            json!({"minimum":1,"maximum":90}),
            json!(91),
            "reply: must be at most 90; got 91",
        ),
        (json!({"minLength":1}), json!(""), "reply: must not be empty"),
        (
            json!({"maxLength":2}),
            json!("abc"),
            "reply: must be at most 2 characters long; got 3",
        ),
        (
            json!({"minItems":1}),
            json!([]),
            "reply: must hold at least 1 items; got 0",
        ),
        (
            json!({"pattern":"^f[0-9]+$"}),
            json!("g1"),
            "reply: must match ^f[0-9]+$; got \"g1\"",
        ),
        (json!({"const":1}), json!(2), "reply: must be 1; got 2"),
        (
            json!({"anyOf":[{"type":"string","enum":["up"]},{"type":"null"}]}),
            json!("sideways"),
            "reply: must be one of up; got \"sideways\"",
        ),
        (
            json!({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}),
            json!(1),
            "reply: must be a string; got 1",
        ),
    ];
    for (schema, value, expected) in cases {
        assert_eq!(faults(schema, value), expected);
    }
}

#[test]
fn puts_harmless_differences_right() {
    let cases = [
        (
            json!({"type":"number"}),
            json!("1,204.5"),
            json!(1204.5),
            "text_as_number",
        ),
        (
            json!({"type":"string","enum":["high"]}),
            json!("High"),
            json!("high"),
            "enum_spelling",
        ),
        (
            json!({"type":"array","items":{"type":"object"}}),
            json!({"a":1}),
            json!([{"a":1}]),
            "single_for_array",
        ),
        (json!({"type":"array"}), json!(null), json!([]), "null_for_array"),
        (
            json!({"type":"object"}),
            json!([{"a":1}]),
            json!({"a":1}),
            "array_wrapper",
        ),
        (
            json!({"type":"object","properties":{"a":{"type":["string","null"]}}}),
            json!({}),
            json!({"a":null}),
            "missing_null",
        ),
        (
            json!({"type":"object","additionalProperties":false,"properties":{"a":{}}}),
            json!({"a":1,"x":2}),
            json!({"a":1}),
            "unknown_key",
        ),
        (
            json!({"type":"object"}),
            json!("{\"a\":1}"),
            json!({"a":1}),
            "double_encoded",
        ),
    ];
    for (schema, value, expected, repair) in cases {
        assert_eq!(coerced(&schema, value, Liberty::Harmless), (expected, vec![repair]));
    }
    for text in ["soon", "1,5", "45%", "1.204,5", "12 users", "", "--1"] {
        let (got, names) = coerced(&json!({"type":"number"}), json!(text), Liberty::Harmless);
        assert_eq!((got, names.len()), (json!(text), 0));
    }
}

fn coerced(schema: &Value, value: Value, liberty: Liberty) -> (Value, Vec<&'static str>) {
    let (value, names) = coerce(schema, value.into(), liberty);
    (value.into(), names)
}

#[test]
fn without_licence_nothing_is_lost_or_added() {
    for (schema, value, expected) in [
        (json!({"type":"number"}), json!("-2,000.00"), json!(-2000.0)),
        (json!({"type":"boolean"}), json!("true"), json!(true)),
        (json!({"type":"boolean"}), json!("yes"), json!("yes")),
        (json!({"type":"string"}), json!(12), json!("12")),
        (json!({"type":"string","enum":["high"]}), json!("High"), json!("High")),
        (json!({"type":"array"}), json!(null), json!(null)),
        (json!({"type":"array"}), json!(1), json!([1])),
        (json!({"type":["string","null"]}), json!("n/a"), json!("n/a")),
        (
            json!({"additionalProperties":false,"properties":{"a":{"type":["string","null"]}}}),
            json!({"A":1}),
            json!({"A":1}),
        ),
    ] {
        assert_eq!(coerced(&schema, value, Liberty::Lossless).0, expected);
    }
}

#[test]
fn the_schema_picks_the_candidate() {
    let schema = json!({"type":"object","required":["findings"],"additionalProperties":false,"properties":{"findings":{"type":"array"}}});
    let text = r#"Example: {"kind":"change","text":"long long long example"} and the reply: {"findings":[]}"#;
    let picked = pick(&schema, candidates(text)).expect("a candidate");
    assert!(picked.is_sound());
    assert_eq!(Value::from(picked.extracted.value), json!({"findings":[]}));
    assert!(pick(&schema, candidates("nothing")).is_none());
}

#[test]
fn both_schemas_are_strict_everywhere() {
    fn walk(schema: &Value, path: &str) {
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            let mut required: Vec<&str> = schema["required"]
                .as_array()
                .expect("required")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let mut known: Vec<&str> = properties.keys().map(String::as_str).collect();
            required.sort_unstable();
            known.sort_unstable();
            assert_eq!(required, known, "{path}");
            assert_eq!(schema["additionalProperties"], json!(false), "{path}");
        }
        match schema {
            Value::Object(members) => members
                .iter()
                .for_each(|(name, inner)| walk(inner, &format!("{path}/{name}"))),
            Value::Array(items) => items.iter().for_each(|inner| walk(inner, path)),
            _ => {}
        }
    }
    for text in [SPECIALIST_SCHEMA, COORDINATOR_SCHEMA] {
        walk(&serde_json::from_str(text).expect("a schema"), "");
    }
}
