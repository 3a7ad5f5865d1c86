//! However a claim is written down, and whatever was read before it, its verdict is the same.

use serde_json::Value;

use super::made::{self, Half};
use crate::reply::Verifier;

#[test]
fn a_verdict_does_not_depend_on_how_its_evidence_is_read() {
    let mut lines: Vec<String> = super::labelled()
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    for half in [Half::Tuned, Half::Kept] {
        lines.extend(made::claims(17, 120, half).iter().map(|made| made.claim.to_string()));
    }
    let mut shared = Verifier::default();
    for line in &lines {
        let claim: Value = serde_json::from_str(line).expect("a claim");
        let judged = |line: &str| Verifier::default().judge(line).judged.expect("a claim");
        let alone = judged(line);
        for _ in 0..2 {
            assert_eq!(shared.judge(line).judged.as_ref(), Ok(&alone), "among others: {line}");
        }
        assert_eq!(judged(&format!("{claim:#}")), alone, "over many lines: {line}");
        assert_eq!(judged(&escaped(line)), alone, "with escapes: {line}");
    }
}

/// Every letter of every string, names of fields too, spelled by its number.
fn escaped(line: &str) -> String {
    let mut out = String::new();
    let mut is_inside = false;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                is_inside = !is_inside;
                out.push('"');
            }
            '\\' => out.extend(['\\', letters.next().expect("an escape")]),
            letter if is_inside && letter.is_ascii_alphanumeric() => out.push_str(&format!("\\u{:04x}", letter as u32)),
            letter => out.push(letter),
        }
    }
    // Outside the evidence, the names of a claim's fields are read as they stand.
    for name in ["id", "evidence", "text", "citations"] {
        let spelled: String = name.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
        out = out.replace(&format!("\"{spelled}\":"), &format!("\"{name}\":"));
    }
    out
}
