//! `insights extract` as its users meet it: one text, a batch of them, a schema, a closed pipe.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::run::{Done, Run};

fn extract(arguments: &[&str], text: &str) -> Done {
    Run::new()
        .arguments(&["extract"])
        .arguments(arguments)
        .stdin(text)
        .done()
}

fn lines(done: &Done) -> Vec<Value> {
    done.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn prints_what_the_model_meant_and_says_what_was_repaired() {
    let done = extract(
        &[],
        "Sure:\n```json\n{'n': 123456789012345678901234567890, 'a': [1, 2,],}\n```\nBye!",
    )
    .code(0);
    assert_eq!(
        done.stdout,
        "{\n  \"n\": 123456789012345678901234567890,\n  \"a\": [\n    1,\n    2\n  ]\n}\n"
    );
    for name in ["fence at 6", "prose at 0", "single_quotes at 15", "trailing_comma at"] {
        assert!(done.stderr.contains(name), "{name}: {}", done.stderr);
    }
    let quiet = extract(&["--quiet"], "{'a': 1}").code(0);
    assert_eq!(
        (quiet.stdout.as_str(), quiet.stderr.as_str()),
        ("{\n  \"a\": 1\n}\n", "")
    );
}

#[test]
fn says_why_there_is_no_value() {
    for (text, cause) in [
        ("no json here".to_owned(), "no JSON"),
        ("[".repeat(200_000), "512 levels"),
        (" ".repeat(17 * 1024 * 1024), "16 MiB"),
        ("[1,000, 2,000]".to_owned(), "thousands separators"),
    ] {
        let done = extract(&[], &text).code(1);
        assert!(done.stderr.contains(cause) && done.stdout.is_empty(), "{}", done.stderr);
    }
}

#[test]
fn marks_what_was_cut_off() {
    let done = extract(&[], r#"{"a": [1, {"b": "x"#).code(0);
    assert_eq!(
        serde_json::from_str::<Value>(&done.stdout).unwrap(),
        json!({"a": [1, {"b": "x"}]})
    );
    assert!(done.stderr.contains("cut off"), "{}", done.stderr);
}

#[test]
fn a_batch_is_answered_line_by_line_in_order() {
    let input = [
        json!({"id": "a", "text": "ok: {'x': 1,}"}).to_string(),
        String::new(),
        json!({"id": 7, "text": "nothing"}).to_string(),
        "not a line of ours".to_owned(),
        r#"{"id": 12345678901234567890123, "text": "{\"a\": \"cut"}"#.to_owned(),
        r#"{"id": "lone", "text": "{\"a\": \"\ud800\"}"}"#.to_owned(),
        json!({"id": "deep", "text": "[".repeat(5000)}).to_string(),
        json!({"id": "which", "text": "[1,000]"}).to_string(),
    ]
    .join("\n");
    let done = extract(&["--batch"], &input).code(2);
    let got = lines(&done);
    assert_eq!(
        got[0],
        json!({"id": "a", "value": {"x": 1}, "truncated": false, "repairs": [
            {"name": "prose", "at": 0}, {"name": "single_quotes", "at": 5}, {"name": "trailing_comma", "at": 12},
        ]})
    );
    assert_eq!((&got[1]["id"], &got[1]["error"]), (&json!(7), &json!("none")));
    assert_eq!((&got[2]["line"], &got[2]["error"]), (&json!(4), &json!("bad_input")));
    assert_eq!(
        (&got[3]["value"], &got[3]["truncated"]),
        (&json!({"a": "cut"}), &json!(true))
    );
    assert!(
        done.stdout.contains(r#"{"id":12345678901234567890123,"#),
        "{}",
        done.stdout
    );
    assert_eq!(got[4]["value"], json!({"a": "\u{fffd}"}));
    assert_eq!(
        (&got[5]["error"], &got[6]["error"]),
        (&json!("too_deep"), &json!("ambiguous"))
    );
    assert_eq!(got.len(), 7);
    extract(&["--batch"], "{\"id\":1,\"text\":\"none\"}\n").code(0);
}

#[test]
fn a_batch_answers_before_the_next_line_comes_and_ends_when_nobody_reads() {
    let run = Run::new().arguments(&["extract", "--batch"]);
    let mut child = run
        .command()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for id in 0..3 {
        input
            .write_all(format!("{{\"id\":{id},\"text\":\"[{id}]\"}}\n").as_bytes())
            .unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["value"], json!([id]));
    }
    drop(output);
    // Endless input: the program must end on its own.
    while input.write_all(b"{\"id\":1,\"text\":\"[1]\"}\n").is_ok() {}
    let done = child.wait_with_output().unwrap();
    assert_eq!(
        (done.status.code(), String::from_utf8(done.stderr).unwrap().as_str()),
        (Some(0), "")
    );
}

#[test]
fn a_schema_picks_the_value_and_changes_it_only_losslessly() {
    let schema = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "code": {"type": "string"}, "word": {"enum": ["up"]}}});
    let text = r#"{"n": "12", "code": 007, "word": "UP", "more": 1} and then {"m": 2}"#;
    let run = |arguments: &[&str], input: &str| {
        Run::new()
            .file("schema.json", &schema.to_string())
            .arguments(&["extract", "--schema", "schema.json"])
            .arguments(arguments)
            .stdin(input)
            .done()
    };
    let done = run(&[], text).code(0);
    assert_eq!(
        serde_json::from_str::<Value>(&done.stdout).unwrap(),
        json!({"n": 12, "code": "007", "word": "UP", "more": 1})
    );
    assert!(done.stderr.contains("word must be one of up"), "{}", done.stderr);
    let batch = run(&["--batch"], &json!({"id": 1, "text": text}).to_string()).code(0);
    assert_eq!(
        lines(&batch)[0]["faults"],
        json!(["word: must be one of up; got \"UP\""])
    );
    extract(&["--schema", "nowhere.json"], "{}").code(2);
}

#[test]
fn bytes_that_are_no_utf8_are_read_with_a_note() {
    let run = Run::new()
        .arguments(&["extract"])
        .stdin_bytes(b"{\"a\": \"x\xffy\"}")
        .done()
        .code(0);
    assert_eq!(run.stdout, "{\n  \"a\": \"x\u{fffd}y\"\n}\n");
    assert!(run.stderr.contains("invalid_utf8"), "{}", run.stderr);
}
