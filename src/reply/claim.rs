//! A claim that stands alone: one text with its evidence and citations, judged by the same checks as the findings of a run.

mod called;
pub(super) mod confidence;
mod evidence;
mod fields;
mod known;
mod neutral;
mod spoken;
mod tape;

use std::borrow::Cow;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::insight::Verdict;

use super::basis::{Basis, Ground};
use super::reason::Reason;
use super::render::render;
use super::text::sentences;
use super::verify::{Checked, check};
use confidence::{Way, confidence};
use fields::fields;
use known::{Known, Library};
pub(super) use neutral::is_advice;
use spoken::{spoken_of, spoken_of_rows};
use tape::Tape;

/// What was found out about one claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    pub verdict: Verdict,
    /// How likely the verdict is right (0..1).
    pub confidence: f64,
    pub reasons: Vec<Reason>,
}

/// Judges claims; those that share their evidence share the reading of it.
#[derive(Debug, Default)]
pub struct Verifier {
    library: Library,
}

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
    pub fn judge<'l>(&mut self, line: &'l str) -> Answer {
        // Evidence is read only once, and where it ends is seen on the way.
        let mut seen = None;
        let known = |rest: &'l str| {
            seen = match self.library.find(rest) {
                Some(place) => Some(Seen::Known(place, &rest[..self.library.at(place).text.len()])),
                None => Tape::of(rest).map(Seen::New),
            };
            seen.as_ref().map(|seen| seen.text().len())
        };
        let Some(fields) = fields(line, known) else {
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
            judged: self.judge_fields(&fields, field, seen),
        }
    }

    fn judge_fields<'l>(
        &mut self,
        fields: &[(&str, &'l str)],
        field: impl Fn(&str) -> Option<&'l str>,
        seen: Option<Seen<'l>>,
    ) -> Result<Judged, String> {
        let read = ["evidence", "text", "citations"];
        for (name, raw) in fields
            .iter()
            .filter(|(name, raw)| !read.contains(name) && !is_plain(raw))
        {
            serde_json::from_str::<IgnoredAny>(raw).map_err(|error| format!("`{name}` is no JSON: {error}"))?;
        }
        let text: Cow<'_, str> = match field("text") {
            Some(raw) if is_plain(raw) && raw.starts_with('"') => Cow::Borrowed(&raw[1..raw.len() - 1]),
            Some(raw) => Cow::Owned(serde_json::from_str(raw).map_err(|_| "`text` is no string")?),
            None => return Err("`text` is no string".to_owned()),
        };
        let citations: Option<Vec<String>> = match field("citations") {
            None => None,
            Some(raw) => serde_json::from_str(raw).map_err(|_| "`citations` is no list of strings")?,
        };
        let raw = field("evidence").ok_or("`evidence` is no object")?;
        let known = self.read(raw, seen)?;
        let ground = Ground {
            evidence: &known.evidence,
            lexicon: &known.lexicon,
        };
        Ok(judge(&text, &citations.unwrap_or_default(), ground))
    }

    fn read<'l>(&mut self, raw: &'l str, seen: Option<Seen<'l>>) -> Result<&Known, String> {
        let place = match seen.filter(|seen| std::ptr::eq(seen.text(), raw)) {
            Some(Seen::Known(place, _)) => place,
            Some(Seen::New(tape)) => self.library.learn(&tape)?,
            None => {
                let tape = Tape::of(raw).filter(|tape| tape.text() == raw);
                self.library.learn(&tape.ok_or_else(|| no_json(raw))?)?
            }
        };
        Ok(self.library.at(place))
    }
}

/// The last object of a line, as far as it was read to see where it ends.
enum Seen<'l> {
    /// Evidence that was read before, at this place of the library.
    Known(usize, &'l str),
    New(Tape<'l>),
}

impl<'l> Seen<'l> {
    fn text(&self) -> &'l str {
        match self {
            Self::Known(_, text) => text,
            Self::New(tape) => tape.text(),
        }
    }
}

fn no_json(raw: &str) -> String {
    match serde_json::from_str::<IgnoredAny>(raw) {
        Ok(_) => "`evidence` is nested too deep".to_owned(),
        Err(error) => format!("`evidence` is no JSON: {error}"),
    }
}

/// A word of JSON, or a string without anything to read in it: most fields are one.
fn is_plain(raw: &str) -> bool {
    let inside = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) => inside.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'"' | b'\\')),
        None => ["null", "true", "false"].contains(&raw),
    }
}

fn judge(text: &str, citations: &[String], ground: Ground<'_>) -> Judged {
    let evidence = ground.evidence;
    if citations.is_empty() && is_advice(text) {
        return not_checkable();
    }
    let (mut cells, mut tables, mut bad) = (Vec::new(), Vec::new(), Vec::new());
    for citation in citations {
        if let Some(at) = evidence::cited(citation, evidence) {
            cells.push(at);
        } else if evidence.table(citation).is_some() {
            tables.push(citation.as_str());
        } else {
            bad.push(Reason::unsupported(
                "bad_ref",
                format!("the evidence has no {citation}"),
            ));
        }
    }
    let is_cited = !cells.is_empty();
    match is_cited {
        true => cells.extend(spoken_of_rows(text, ground, &tables)),
        false => cells = spoken_of(text, ground, &tables),
    }
    let cites_nothing = citations.is_empty() && cells.is_empty();
    let basis = Basis::on(ground, cells.iter().copied());
    let sentences = sentences(text);
    let mut all = Checked {
        faults: bad,
        ..Checked::default()
    };
    let mut claims = false;
    for sentence in &sentences {
        let rendered = render(sentence, evidence);
        // A sentence that names no row speaks of all, whatever another sentence names.
        let checked = if is_cited || sentences.len() == 1 {
            check(&rendered, &basis)
        } else {
            let own = spoken_of(sentence, ground, &tables);
            check(&rendered, &Basis::on(ground, cells.iter().copied().chain(own)))
        };
        claims |= checked.claims;
        all.faults.extend(checked.faults);
        all.bare_numbers += checked.bare_numbers;
        all.doubts += checked.doubts;
    }
    // What cites nothing cannot be checked, but for a metric that the evidence has never heard of.
    let tells_number = all.bare_numbers > 0 || all.faults.iter().any(|fault| fault.code == "number");
    let makes_up = tells_number && all.faults.iter().any(|fault| fault.code == "measure");
    if cites_nothing && !makes_up {
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
        confidence: confidence(verdict, &all.faults, Way::of(&all, is_cited)),
        reasons: all.faults,
    }
}

fn not_checkable() -> Judged {
    Judged {
        verdict: Verdict::NotCheckable,
        confidence: confidence(Verdict::NotCheckable, &[], Way::Words),
        reasons: Vec::new(),
    }
}
