use serde_json::{Value, json};

use super::Json;
use crate::reply::extract;

#[test]
fn numbers_keep_their_digits() {
    for text in [
        "0",
        "-0",
        "123456789012345678",
        "9223372036854775807",
        "123456789012345678901234567890",
        "-0.10",
        "1e999",
        "1.50E+3",
    ] {
        let whole = format!("[{text}]");
        let got = extract(&whole).expect("valid JSON").value;
        assert_eq!(got.to_string(), whole);
        assert_eq!(format!("{got:#}"), format!("[\n  {text}\n]"));
    }
}

#[test]
fn crosses_the_border_both_ways() {
    let value = json!({"b": [1, 2.5, true, null, "é\n\u{1}"], "a": {}});
    let json = Json::from(value.clone());
    assert!(json.means(&value));
    assert!(!json.means(&json!({"b": [1]})));
    assert_eq!(Value::from(json.clone()), value);
    assert_eq!(
        serde_json::from_str::<Value>(&json.to_string()).expect("valid JSON"),
        value
    );
    let beyond = extract("[1e999]").expect("valid JSON").value;
    assert_eq!(Value::from(beyond), json!([null]));
}

#[test]
fn text_that_looks_like_an_escaped_path_is_read_back_as_it_was() {
    let json = Json::Array(vec![Json::String("A:\nx\ty".to_owned())]);
    assert_eq!(extract(&json.to_string()).expect("valid JSON").value, json);
    assert_eq!(
        serde_json::from_str::<Value>(&json.to_string()).expect("valid JSON"),
        json!(["A:\nx\ty"])
    );
}
