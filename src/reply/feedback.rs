//! What a model is told about the findings that did not pass: the computed value, the reference, the allowed repair.

use crate::insight::Verdict;

use super::specialist::RejectedFinding;

/// More lines than this help nobody.
const MAX_LINES: usize = 12;

const MAX_CHARACTERS: usize = 240;

/// One line per fault, the contradicted first.
pub fn feedback(rejected: &[RejectedFinding]) -> Vec<String> {
    let mut order: Vec<&RejectedFinding> = rejected.iter().collect();
    order.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    let mut lines = Vec::new();
    for finding in order {
        for reason in &finding.reasons {
            let verdict = match reason.verdict {
                Verdict::Contradicted => "CONTRADICTED",
                _ => "UNSUPPORTED",
            };
            let line = format!(
                "{} {verdict} {}: {}. {}",
                finding.id,
                reason.code,
                reason.message,
                repair(reason.code)
            );
            let line: String = line.chars().take(MAX_CHARACTERS).collect();
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines.truncate(MAX_LINES);
    lines
}

fn repair(code: &str) -> &'static str {
    match code {
        "bad_ref" => "Use an id and column that the tables print, or delete.",
        "type" => "Use an operation that fits the unit, or delete.",
        "assert" => "Correct the assert and the text, or delete.",
        "number" | "unit" => "Write a placeholder instead of the number, or delete.",
        "name" => "Write the name as {{g3}} and use a cell of that row, or delete.",
        "measure" => "Name the measure of the cell that you use.",
        "word" => "Use {{move:…}}, {{rank:…}} or a true assert, or delete the word.",
        "period" => "Say which period the value is of.",
        "date" => "Use {{date:…}} of a row that you cite.",
        "rank" => "Use {{rank:…}}.",
        _ => "Correct or delete.",
    }
}
