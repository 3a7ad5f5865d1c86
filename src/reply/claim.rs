//! A claim that stands alone: one text with its evidence and citations, judged by the same checks as the findings of a run.

mod evidence;
mod neutral;

use serde::Serialize;
use serde_json::Value;

use crate::evidence::{Evidence, Role, TableKind};
use crate::insight::Verdict;

use super::basis::{Basis, Ground};
use super::lexicon::Lexicon;
use super::mask::{mask, whole_words};
use super::number::numbers;
use super::reason::Reason;
use super::render::render;
use super::text::sentences;
use super::verify::{Checked, check};
use super::words;

/// What was found out about one claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    pub verdict: Verdict,
    /// How sure the verdict is, by the way it was reached (0..1).
    pub confidence: f64,
    pub reasons: Vec<Reason>,
}

/// Judges claims; neighbours that share their evidence share the reading of it.
#[derive(Debug, Default)]
pub struct Verifier {
    last: Option<(Value, Evidence, Lexicon)>,
}

impl Verifier {
    /// Judges a claim of the form `{"evidence": {…}, "text": "…", "citations": ["T1.r3.revenue", "M2", "T1"]}`.
    ///
    /// # Errors
    /// What is missing from the claim or unreadable in it.
    pub fn judge(&mut self, claim: &Value) -> Result<Judged, String> {
        let text = claim.get("text").and_then(Value::as_str).ok_or("`text` is no string")?;
        let raw = claim
            .get("evidence")
            .filter(|raw| raw.is_object())
            .ok_or("`evidence` is no object")?;
        let citations: Vec<&str> = match claim.get("citations") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(all)) => all
                .iter()
                .map(|one| one.as_str().ok_or("`citations` holds something else than strings"))
                .collect::<Result<_, _>>()?,
            Some(_) => return Err("`citations` is no list".to_owned()),
        };
        let known = match self.last.take() {
            Some(known) if known.0 == *raw => known,
            _ => {
                let evidence = evidence::read(raw)?;
                let lexicon = Lexicon::of(&evidence);
                (raw.clone(), evidence, lexicon)
            }
        };
        let ground = Ground {
            evidence: &known.1,
            lexicon: &known.2,
        };
        let judged = judge(text, &citations, ground);
        self.last = Some(known);
        Ok(judged)
    }
}

fn judge(text: &str, citations: &[&str], ground: Ground<'_>) -> Judged {
    let evidence = ground.evidence;
    if citations.is_empty() && neutral::is_advice(text) {
        return not_checkable();
    }
    let (mut cells, mut tables, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for citation in citations {
        match evidence::address(citation, evidence) {
            Some(address) if evidence.at(&address).is_some() => cells.push(address),
            None if evidence.table(citation).is_some() => tables.push(*citation),
            _ => bad.push(Reason::unsupported(
                "bad_ref",
                format!("the evidence has no {citation}"),
            )),
        }
    }
    if cells.is_empty() {
        cells = spoken_of(text, evidence, &tables);
    }
    let basis = Basis::of(ground, &cells);
    let mut all = Checked {
        faults: bad,
        ..Checked::default()
    };
    for sentence in sentences(text) {
        let checked = check(&render(&sentence, evidence), &basis);
        all.faults.extend(checked.faults);
        all.bare_numbers += checked.bare_numbers;
        all.doubts += checked.doubts;
    }
    if citations.is_empty() && cells.is_empty() {
        return not_checkable();
    }
    let worst = all.faults.iter().map(|fault| fault.verdict).max();
    let verdict = match worst {
        Some(worst) => worst,
        None if !claims_something(text, ground.lexicon) => return not_checkable(),
        None => Verdict::Supported,
    };
    Judged {
        verdict,
        confidence: if all.doubts > 0 || verdict == Verdict::Unsupported {
            0.8
        } else {
            0.98
        },
        reasons: all.faults,
    }
}

fn not_checkable() -> Judged {
    Judged {
        verdict: Verdict::NotCheckable,
        confidence: 0.98,
        reasons: Vec::new(),
    }
}

fn claims_something(text: &str, lexicon: &Lexicon) -> bool {
    let masked = mask(text, Some(lexicon)).text;
    !numbers(&masked).is_empty()
        || !words::directions(&masked).is_empty()
        || !words::superlatives(&masked).is_empty()
        || !words::multiples(text).is_empty()
        || ["ahead of", "behind", "above", "below", "exceed"]
            .iter()
            .any(|word| masked.contains(word))
}

/// The cells that a text without cell citations plainly speaks of: rows and measures that it names, in the tables cited.
fn spoken_of(text: &str, evidence: &Evidence, tables: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    for table in &evidence.tables {
        if !tables.is_empty() && !tables.contains(&table.id.as_str()) {
            continue;
        }
        let totals = table.kind == TableKind::Totals;
        let named: Vec<_> = table
            .rows
            .iter()
            .filter(|row| !whole_words(text, &row.key).is_empty())
            .collect();
        let rows: Vec<_> = if named.is_empty() && !totals {
            table.rows.iter().collect()
        } else {
            named
        };
        for row in rows {
            for column in table.columns.iter().filter(|column| column.role != Role::Key) {
                let label = column.label.trim_end_matches(" (previous period)");
                if totals || !whole_words(text, label).is_empty() {
                    out.push(format!("{}.{}", row.id, column.name));
                }
            }
        }
    }
    out
}
