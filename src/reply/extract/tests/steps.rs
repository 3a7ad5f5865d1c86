//! Time grows with the length of the text: counted in bytes looked at, so that no noise of a machine matters.

use proptest::prelude::*;

use crate::reply::extract::{Keep, choose, scan};

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
    scan(text, Keep::Best).map_or(0, |(_, steps)| steps)
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

proptest! {
    /// Of many values those are dropped on the way that cannot be meant any more.
    #[test]
    fn what_is_dropped_was_not_meant(picks in proptest::collection::vec(0_usize..9, 500..1_600), end in 0_usize..4) {
        let pieces = [
            "{\"a\": 1} ", ", {\"b\": 2}", "[1] ", "{} ", "[{\"c\": 3}]\n", "see [2] there. ",
            "```json\n{\"d\": 4}\n```\n", "The final answer: {\"e\": [5, 6, 7]} ", "For example {\"f\": 8}\n",
        ];
        let ends = ["", "]", "{\"cut\": [1, 2", "```json\n{\"cut\": \"off\"\n"];
        let text: String = picks.iter().map(|pick| pieces[*pick]).chain([ends[end]]).collect();
        let [best, all] = [Keep::Best, Keep::All].map(|keep| choose::choose(scan(&text, keep).unwrap().0).unwrap());
        prop_assert_eq!(best.into_extracted(), all.into_extracted());
    }

    #[test]
    fn a_list_without_its_bracket_is_kept_whole(length in 500_usize..1_600) {
        let text = format!("{{\"a\": 1}}{}]", ", {\"b\": 2}".repeat(length));
        let [best, all] = [Keep::Best, Keep::All].map(|keep| choose::choose(scan(&text, keep).unwrap().0).unwrap());
        prop_assert_eq!(best.into_extracted(), all.into_extracted());
    }
}
