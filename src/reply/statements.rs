//! Any text about a run, sentence by sentence: each is held against the cells that it plainly speaks of, by name and measure, and
//! against those that it refers to.

use crate::evidence::{Evidence, TableKind};
use crate::insight::Verdict;

use super::basis::{Basis, Ground};
use super::claim::is_advice;
use super::lexicon::Lexicon;
use super::mask::says;
use super::reason::Reason;
use super::render::{Rendered, render};
use super::text::sentences;
use super::verify::check;

/// One sentence with what the evidence says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub text: String,
    pub verdict: Verdict,
    /// Why it does not hold; empty where it does.
    pub reasons: Vec<Reason>,
}

/// Judges every sentence of a text by the evidence of a run, that of all analysts.
pub fn statements(text: &str, evidence: &[Evidence]) -> Vec<Statement> {
    let known: Vec<(&Evidence, Lexicon)> = evidence.iter().map(|own| (own, Lexicon::of(own))).collect();
    let lines = text
        .lines()
        .map(|line| line.trim_start_matches(['#', '-', '*', '>', ' ']));
    lines
        .flat_map(sentences)
        .map(|sentence| statement(sentence, &known))
        .collect()
}

fn statement(text: String, known: &[(&Evidence, Lexicon)]) -> Statement {
    let mut best: Option<(Verdict, Vec<Reason>)> = None;
    let mut claims = false;
    for (evidence, lexicon) in known {
        let rendered = render(&text, evidence);
        let cells = cells(&rendered, evidence);
        let ground = Ground { evidence, lexicon };
        let mut basis = Basis::of(ground, &cells);
        for piece in &rendered.pieces {
            piece.rows.iter().for_each(|row| basis.use_row(row));
            basis.signs.extend(piece.sign.filter(|_| piece.is_change));
        }
        let checked = check(&rendered, &basis);
        claims |= checked.claims || !rendered.pieces.is_empty() || !rendered.faults.is_empty();
        if cells.is_empty() {
            continue;
        }
        let worst = checked.faults.iter().map(|fault| fault.verdict).max();
        let verdict = worst.unwrap_or(Verdict::Supported);
        let is_better =
            |(other, reasons): &(Verdict, Vec<Reason>)| (verdict, checked.faults.len()) < (*other, reasons.len());
        if best.as_ref().is_none_or(is_better) {
            best = Some((verdict, checked.faults));
        }
    }
    let (verdict, reasons) = match best {
        _ if !claims || is_advice(&text) => (Verdict::NotCheckable, Vec::new()),
        Some(best) => best,
        None => (
            Verdict::Unsupported,
            vec![Reason::unsupported(
                "bad_ref",
                "it names no row and no measure of the run; name them as the evidence does",
            )],
        ),
    };
    Statement { text, verdict, reasons }
}

/// The cells that a sentence refers to; without a reference, those of the rows and measures that it names.
fn cells(rendered: &Rendered, evidence: &Evidence) -> Vec<String> {
    if !rendered.cells.is_empty() {
        return rendered.cells.clone();
    }
    let says = |name: &str| name.len() > 1 && says(&rendered.typed, name);
    let mut out = Vec::new();
    for table in &evidence.tables {
        let totals = table.kind == TableKind::Totals;
        for row in table.rows.iter().filter(|row| says(&row.key)) {
            let short = |label: &str| label.split(" (").next().unwrap_or_default().to_owned();
            let measures = table
                .columns
                .iter()
                .filter(|column| totals || says(&short(&column.label)));
            out.extend(measures.map(|column| format!("{}.{}", row.id, column.name)));
        }
    }
    out
}
