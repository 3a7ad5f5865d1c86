//! Replies that nobody would write.

use serde_json::json;

use crate::reply::tests::fixtures::evidence;
use crate::reply::{feedback, specialist};

#[test]
fn no_text_makes_it_panic() {
    const PARTS: [&str; 44] = [
        "{{g3}}",
        "{{g3.revenue}}",
        "{{move:g3.revenue}}",
        "{{",
        "}}",
        "{{:}}",
        "{{g3.revenue|}}",
        "{{ratio:g1.users,}}",
        "é",
        "“",
        "\u{1F600}",
        "İ",
        "ß",
        "$",
        "€",
        "-",
        "−",
        "+",
        "7",
        "19.4",
        "1,204",
        "%",
        " percentage points",
        "k",
        " million",
        "Brazil",
        "BR",
        "rose",
        "fell",
        "highest",
        "doubled",
        " a third ",
        "two ",
        "14 March",
        "2025-03-14",
        "1.",
        "(2)",
        "#",
        " than ",
        " above ",
        " of ",
        ". ",
        "; ",
        "\u{202e}<b>",
    ];
    let mut seed: u64 = 11;
    let mut roll = |sides: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) as usize) % sides
    };
    let evidence = evidence();
    for _ in 0..400 {
        let mut text = || {
            (0..=roll(9))
                .map(|_| PARTS[roll(PARTS.len())])
                .collect::<Vec<_>>()
                .join(if roll(2) == 0 { " " } else { "" })
        };
        let reply = json!({
            "summary": text(),
            "findings": [{"id": "f1", "kind": "change", "title": text(), "text": text(), "asserts": [{"op": "change", "cell": "g3.revenue"}]}],
            "hypotheses": [{"text": text(), "about": []}],
            "data_gaps": [text()],
        });
        let checked = specialist(&reply, &evidence);
        let council = json!({"executive_summary": [{"text": text(), "uses": ["f1"]}], "next_steps": [text()]});
        let _ = (
            feedback(&checked),
            crate::reply::coordinator(&council, &checked.findings, &[]),
        );
    }
    for odd in [
        json!(null),
        json!([]),
        json!({"findings": 3}),
        json!({"findings": [null, 1, {"asserts": [null, {"op": 3}]}]}),
    ] {
        let _ = (specialist(&odd, &evidence), crate::reply::coordinator(&odd, &[], &[]));
    }
}
