//! A claim that stands alone: one text with its evidence and citations, judged by the same checks as the findings of a run.

mod evidence;
mod fields;
mod neutral;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::evidence::{Evidence, Role, TableKind};
use crate::insight::Verdict;

use super::basis::{Basis, Ground};
use super::lexicon::Lexicon;
use super::mask::whole_words;
use super::reason::Reason;
use super::render::render;
use super::text::sentences;
use super::verify::{Checked, check};
use fields::fields;
pub(super) use neutral::is_advice;

/// What was found out about one claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    pub verdict: Verdict,
    /// How sure the verdict is, by the way it was reached (0..1).
    pub confidence: f64,
    pub reasons: Vec<Reason>,
}

/// Judges claims; those that share their evidence share the reading of it.
#[derive(Debug, Default)]
pub struct Verifier {
    /// By the hash of its JSON text.
    known: HashMap<u64, Known>,
}

/// Evidence that was read, with the text that it was read from.
#[derive(Debug)]
struct Known {
    text: String,
    evidence: Evidence,
    lexicon: Lexicon,
}

/// More evidence than this is not remembered at once.
const MAX_KNOWN: usize = 512;

/// What a line of input came to.
#[derive(Debug)]
pub struct Answer {
    /// The id that the claim bears; null where it has none.
    pub id: Value,
    /// The verdict, or what is missing from the claim or unreadable in it.
    pub judged: Result<Judged, String>,
}

impl Verifier {
    /// Judges a claim of the form `{"id": …, "evidence": {…}, "text": "…", "citations": ["T1.r3.revenue", "M2", "T1"]}`.
    pub fn judge(&mut self, line: &str) -> Answer {
        let Some(fields) = fields(line) else {
            let why = match serde_json::from_str::<Value>(line) {
                Ok(_) => "the line is no JSON object".to_owned(),
                Err(error) => format!("the line is no JSON: {error}"),
            };
            return Answer {
                id: Value::Null,
                judged: Err(why),
            };
        };
        let field = |wanted: &str| {
            fields
                .iter()
                .rev()
                .find(|(name, _)| *name == wanted)
                .map(|(_, raw)| *raw)
        };
        let id = field("id").and_then(|raw| serde_json::from_str(raw).ok());
        Answer {
            id: id.unwrap_or(Value::Null),
            judged: self.judge_fields(&fields, field),
        }
    }

    fn judge_fields<'l>(
        &mut self,
        fields: &[(&str, &'l str)],
        field: impl Fn(&str) -> Option<&'l str>,
    ) -> Result<Judged, String> {
        for (name, raw) in fields.iter().filter(|(name, _)| *name != "evidence") {
            serde_json::from_str::<IgnoredAny>(raw).map_err(|error| format!("`{name}` is no JSON: {error}"))?;
        }
        let text: String = field("text")
            .and_then(|raw| serde_json::from_str(raw).ok())
            .ok_or("`text` is no string")?;
        let citations: Option<Vec<String>> = match field("citations") {
            None => None,
            Some(raw) => serde_json::from_str(raw).map_err(|_| "`citations` is no list of strings")?,
        };
        let raw = field("evidence").ok_or("`evidence` is no object")?;
        let known = self.read(raw)?;
        let ground = Ground {
            evidence: &known.evidence,
            lexicon: &known.lexicon,
        };
        Ok(judge(&text, &citations.unwrap_or_default(), ground))
    }

    fn read(&mut self, raw: &str) -> Result<&Known, String> {
        let mut hasher = DefaultHasher::new();
        raw.hash(&mut hasher);
        let key = hasher.finish();
        if self.known.len() >= MAX_KNOWN && !self.known.contains_key(&key) {
            self.known.clear();
        }
        let make = || {
            let value: Value = serde_json::from_str(raw).map_err(|error| format!("`evidence` is no JSON: {error}"))?;
            if !value.is_object() {
                return Err("`evidence` is no object".to_owned());
            }
            let evidence = evidence::read(&value)?;
            Ok(Known {
                text: raw.to_owned(),
                lexicon: Lexicon::of(&evidence),
                evidence,
            })
        };
        match self.known.entry(key) {
            Entry::Occupied(mut same) => {
                if same.get().text != raw {
                    same.insert(make()?);
                }
                Ok(same.into_mut())
            }
            Entry::Vacant(free) => Ok(free.insert(make()?)),
        }
    }
}

fn judge(text: &str, citations: &[String], ground: Ground<'_>) -> Judged {
    let evidence = ground.evidence;
    if citations.is_empty() && is_advice(text) {
        return not_checkable();
    }
    let (mut cells, mut tables, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for citation in citations {
        match evidence::address(citation, evidence) {
            Some(address) if evidence.at(&address).is_some() => cells.push(address),
            None if evidence.table(citation).is_some() => tables.push(citation.as_str()),
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
    let mut claims = false;
    for sentence in sentences(text) {
        let checked = check(&render(&sentence, evidence), &basis);
        claims |= checked.claims;
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
        None if !claims => return not_checkable(),
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
