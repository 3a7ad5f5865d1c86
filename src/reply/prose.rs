//! A free text (an answer to a question) against evidence: references are rendered, every other number is judged, and a sentence
//! that does not hold is left out.

use serde::Serialize;

use crate::evidence::Evidence;

use super::basis::{Basis, Ground};
use super::lexicon::Lexicon;
use super::reason::Reason;
use super::render::{Rendered, render};
use super::text::sentences;
use super::verify::check;

/// What is left of a text.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Prose {
    /// Markdown, line by line as the model wrote it, every reference a value.
    pub text: String,
    /// The sentences left out, each with the reason.
    pub dropped: Vec<DroppedSentence>,
    /// The cells behind the numbers.
    pub cells: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DroppedSentence {
    pub text: String,
    pub reason: String,
}

/// Renders and checks a text line by line; headings, lists and quotes stay what they are.
pub fn prose(text: &str, evidence: &Evidence) -> Prose {
    let lexicon = Lexicon::of(evidence);
    let ground = Ground {
        evidence,
        lexicon: &lexicon,
    };
    let mut out = Prose::default();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let (mark, words) = split_mark(line);
        if words.trim().is_empty() {
            if lines.last().is_none_or(|last| !last.is_empty()) {
                lines.push(line.trim_end().to_owned());
            }
            continue;
        }
        let kept = checked_line(words, ground, &mut out);
        if !kept.is_empty() {
            lines.push(format!("{mark}{kept}"));
        }
    }
    out.text = lines.join("\n").trim().to_owned();
    out
}

fn checked_line(words: &str, ground: Ground<'_>, out: &mut Prose) -> String {
    let parts: Vec<Rendered> = sentences(words)
        .iter()
        .map(|sentence| render(sentence, ground.evidence))
        .collect();
    let addresses: Vec<String> = parts.iter().flat_map(|part| part.cells.iter().cloned()).collect();
    let mut basis = Basis::of(ground, &addresses);
    for piece in parts.iter().flat_map(|part| &part.pieces) {
        piece.rows.iter().for_each(|row| basis.use_row(row));
        basis.signs.extend(piece.sign.filter(|_| piece.is_change));
    }
    let mut kept = Vec::new();
    for part in &parts {
        let faults = check(part, &basis).faults;
        // A sentence that cites nothing is opinion: it may speak of anything but must not bring a number of its own.
        let speaks_of_data = !part.cells.is_empty();
        match faults.iter().find(|fault| speaks_of_data || brings_data(fault)) {
            Some(fault) => out.dropped.push(DroppedSentence {
                text: part.text.clone(),
                reason: format!("{}: {}", fault.code, fault.message),
            }),
            None => {
                for cell in &part.cells {
                    if !out.cells.contains(cell) {
                        out.cells.push(cell.clone());
                    }
                }
                kept.push(part.text.clone());
            }
        }
    }
    kept.join(" ")
}

fn brings_data(fault: &Reason) -> bool {
    ["number", "unit", "bad_ref", "type", "date", "rank"].contains(&fault.code)
}

/// `## `, `- `, `2. `, `> ` and the blanks before them.
fn split_mark(line: &str) -> (&str, &str) {
    let rest = line.trim_start();
    let numbered = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let numbered = (numbered.len() < rest.len() && rest.len() - numbered.len() <= 2)
        .then(|| numbered.strip_prefix(". ").or_else(|| numbered.strip_prefix(") ")))
        .flatten();
    let marked = rest.trim_start_matches('#');
    let headed = (marked.len() < rest.len()).then(|| marked.strip_prefix(' ')).flatten();
    let words = numbered
        .or(headed)
        .or_else(|| ["- ", "* ", "+ ", "> "].iter().find_map(|mark| rest.strip_prefix(mark)))
        .unwrap_or(rest);
    line.split_at(line.len() - words.len())
}
