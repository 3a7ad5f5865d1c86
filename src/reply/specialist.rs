//! A specialist's reply, checked finding by finding.

mod assemble;
mod finding;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::evidence::Evidence;
use crate::insight::{Finding, Grounding, Remark, Tally, Verdict};

use super::advice;
use super::basis::Ground;
use super::lexicon::Lexicon;
use super::reason::Reason;
use super::text::{sanitise, sentences};
use finding::judge;

/// A finding that did not pass; never published.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectedFinding {
    /// The model's id.
    pub id: String,
    pub title: String,
    pub text: String,
    pub verdict: Verdict,
    pub reasons: Vec<Reason>,
}

/// What is left of a specialist's reply after every check.
#[derive(Debug, Clone, Default)]
pub struct CheckedSpecialist {
    /// One sentence without numbers, where the model wrote a usable one.
    pub summary: Option<String>,
    /// The supported ones, their ids still "f1"…
    pub findings: Vec<Finding>,
    /// The id that the model gave -> the id in `findings` or `rejected`.
    pub ids: BTreeMap<String, String>,
    pub rejected: Vec<RejectedFinding>,
    pub hypotheses: Vec<Remark>,
    pub recommendations: Vec<Remark>,
    pub data_gaps: Vec<String>,
    /// Text and reason of every remark that was left out.
    pub dropped_remarks: Vec<(String, String)>,
    /// Finding id, sentence and reason of every sentence cut out of a finding that was kept.
    pub dropped_sentences: Vec<(String, String, String)>,
    /// What is wrong with each finding that does not hold as it was written, by its id.
    pub faults: BTreeMap<String, Vec<Reason>>,
    /// References, asserts, typed numbers and judged words of each finding, by its id.
    pub atoms: BTreeMap<String, Tally>,
    pub grounding: Grounding,
}

/// Checks a reply that fits the specialist schema; what does not fit is skipped.
pub fn specialist(value: &Value, evidence: &Evidence) -> CheckedSpecialist {
    let lexicon = Lexicon::of(evidence);
    let ground = Ground {
        evidence,
        lexicon: &lexicon,
    };
    let mut out = CheckedSpecialist::default();
    for (index, raw) in items(value, "findings").enumerate() {
        let given = string(raw, "id");
        let taken = |id: &str| out.findings.iter().any(|f| f.id == id) || out.rejected.iter().any(|f| f.id == id);
        let id = if given.is_empty() || taken(&given) {
            let mut n = index + 1;
            while taken(&format!("f{n}")) {
                n += 1;
            }
            format!("f{n}")
        } else {
            given.clone()
        };
        out.ids
            .entry(if given.is_empty() { id.clone() } else { given })
            .or_insert_with(|| id.clone());
        let judged = judge(raw, &id, ground).unless_told(&out.findings);
        out.grounding.add(judged.counts);
        out.atoms.insert(id.clone(), judged.counts.atoms);
        if !judged.faults.is_empty() {
            out.faults.insert(id.clone(), judged.faults);
        }
        let dropped = judged.dropped.into_iter();
        out.dropped_sentences
            .extend(dropped.map(|(text, why)| (id.clone(), text, why)));
        match judged.finding {
            Ok(finding) => out.findings.push(*finding),
            Err(rejected) => out.rejected.push(rejected),
        }
    }
    let known: BTreeSet<String> = out.findings.iter().map(|finding| finding.id.clone()).collect();
    for (name, is_hypothesis) in [("hypotheses", true), ("recommendations", false)] {
        for raw in items(value, name) {
            match remark(raw, ground, &out.ids, &known) {
                Ok(remark) if is_hypothesis => out.hypotheses.push(remark),
                Ok(remark) => out.recommendations.push(remark),
                Err((text, why)) => out.dropped_remarks.push((text, why)),
            }
        }
    }
    for gap in items(value, "data_gaps").filter_map(Value::as_str) {
        match advice::words_only(gap, Some(ground)) {
            Ok(text) if !text.is_empty() => out.data_gaps.push(text),
            Ok(_) => {}
            Err(why) => out.dropped_remarks.push((sanitise(gap), why)),
        }
    }
    out.summary = value
        .get("summary")
        .and_then(Value::as_str)
        .and_then(|summary| advice::words_only(summary, Some(ground)).ok())
        .filter(|summary| {
            !summary.is_empty()
                && super::words::directions(summary).is_empty()
                && super::words::superlatives(summary).is_empty()
        });
    out.grounding.add(remarks(value, &out));
    out
}

/// Sentences that nothing can check, and everything that is left out.
fn remarks(value: &Value, out: &CheckedSpecialist) -> Grounding {
    let texts = ["hypotheses", "recommendations"]
        .into_iter()
        .flat_map(|name| items(value, name).map(text_of));
    Grounding {
        sentences: texts.map(|text| sentences(&text).len()).sum(),
        dropped: out.dropped_remarks.len() + out.dropped_sentences.len() + out.rejected.len(),
        ..Grounding::default()
    }
}

fn text_of(remark: &Value) -> String {
    match remark {
        Value::String(text) => text.clone(),
        remark => string(remark, "text"),
    }
}

fn remark(
    raw: &Value,
    ground: Ground<'_>,
    ids: &BTreeMap<String, String>,
    known: &BTreeSet<String>,
) -> Result<Remark, (String, String)> {
    let text = text_of(raw);
    let words = advice::words_only(&text, Some(ground)).map_err(|why| (sanitise(&text), why))?;
    if words.is_empty() {
        return Err((words, "empty".to_owned()));
    }
    let given: Vec<String> = items(raw, "about")
        .map(|about| match about {
            Value::String(id) => id.trim().to_lowercase(),
            other => format!("f{other}"),
        })
        .collect();
    let about: Vec<String> = given
        .iter()
        .map(|id| ids.get(id).unwrap_or(id).clone())
        .filter(|id| known.contains(id))
        .collect();
    if about.is_empty() && !given.is_empty() {
        return Err((
            words,
            "no_ground: every finding that it stands on was rejected".to_owned(),
        ));
    }
    Ok(Remark { text: words, about })
}

pub(super) fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn string(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim()
        .to_owned()
}
