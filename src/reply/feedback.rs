//! What a model is told about the findings that did not pass: the computed value, the reference, the allowed repair.

use crate::insight::Verdict;

use super::reason::Reason;
use super::specialist::CheckedSpecialist;

/// More lines than this help nobody.
const MAX_LINES: usize = 12;

const MAX_CHARACTERS: usize = 240;

/// One line per fault, the contradicted first; then advice that holds numbers, and changes that are no news.
pub fn feedback(checked: &CheckedSpecialist) -> Vec<String> {
    let mut faults: Vec<(&String, &Reason)> = checked
        .faults
        .iter()
        .flat_map(|(id, reasons)| reasons.iter().map(move |reason| (id, reason)))
        .collect();
    faults.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.verdict));
    let told = faults.into_iter().map(|(id, reason)| {
        let verdict = match reason.verdict {
            Verdict::Contradicted => "CONTRADICTED",
            _ => "UNSUPPORTED",
        };
        let (code, message) = (reason.code, &reason.message);
        format!("{id} {verdict} {code}: {message}. {}", repair(code))
    });
    let ordinary = checked.findings.iter().filter(|finding| !finding.reportable);
    let ordinary = ordinary.map(|finding| {
        let id = &finding.id;
        format!("{id} not_significant: the change lies inside ordinary variation. Do not report it as a change.")
    });
    let mut lines: Vec<String> = Vec::new();
    for line in told.chain(ordinary) {
        let line: String = line.chars().take(MAX_CHARACTERS).collect();
        if !lines.contains(&line) {
            lines.push(line);
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
