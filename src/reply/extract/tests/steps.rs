//! Time grows with the length of the text: counted in bytes looked at, so that no noise of a machine matters.

use crate::reply::extract::scan;

/// Texts that made other parsers quadratic, or that try to.
const HOSTILE: [&str; 46] = [
    "{",
    "[",
    "`",
    "```",
    "```json\n",
    "{\"a\":",
    "\"",
    "'",
    "{\"a\":\"",
    "{\"a\":\"x\",",
    "[\"",
    "{a:'",
    "Use {name} or [this]. ",
    "word ",
    "{\"a\":1} ",
    "{\"a\":1}, ",
    "```json\n{\"a\":1}\n```\n",
    "<think>",
    "<think></think>{}",
    "</think>",
    "{\"a\" ",
    "[x ",
    "{x: y ",
    "\" ",
    "{\\\"a\\\": ",
    "\\",
    "//x ",
    "{ // x ",
    "/*",
    "# ",
    "<",
    "<!--",
    "1,000,",
    "[1,000,",
    "123,456,789,",
    "{\"a\":\"b\"c\"",
    "\"a\"b, ",
    "\"a\": \"b ",
    "(",
    "f(",
    "...",
    "：",
    "{“a”：“",
    "{\"k\": v, ",
    "\"\"\"",
    "- ",
];

fn steps(text: &str) -> usize {
    scan(text).map_or(0, |(_, steps)| steps)
}

#[test]
fn hostile_texts_are_read_in_linear_time() {
    for part in HOSTILE {
        for (before, behind) in [
            ("", ""),
            ("[", ""),
            ("{\"a\":", ""),
            ("{\"a\": \"", ""),
            ("[{\"a\": 1}, {\"b\": \"", "\"}]"),
            ("Well, ", " {\"a\":1}"),
        ] {
            let text = |length: usize| format!("{before}{}{behind}", part.repeat(length / part.len()));
            let (short, long) = (text(4_000), text(40_000));
            let (few, many) = (steps(&short), steps(&long));
            assert!(
                many <= 12 * few + 4_000 || many <= 24 * long.len(),
                "{before:?} {part:?}: {few} steps for {}, {many} for {}",
                short.len(),
                long.len()
            );
            assert!(
                many <= 600 * long.len(),
                "{before:?} {part:?}: {many} steps for {} bytes",
                long.len()
            );
        }
    }
}

#[test]
fn valid_json_is_looked_at_once() {
    let text = format!(
        "[{}]",
        r#"{"name": "a word", "n": [1, 2.5, true, null]}, "#
            .repeat(1000)
            .trim_end_matches(", ")
    );
    let counted = steps(&text);
    assert!(counted <= 2 * text.len(), "{counted} steps for {} bytes", text.len());
}
