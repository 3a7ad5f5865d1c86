//! A specialist's reply, checked finding by finding.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::evidence::{At, Evidence};
use crate::insight::{Finding, Grounding, Remark, Severity, Verdict};

use super::advice;
use super::assertion::{self, Holds};
use super::basis::{Basis, Quantity, Time};
use super::confidence::{Path, confidence, significance};
use super::number::Kind;
use super::reason::Reason;
use super::render::{Rendered, render};
use super::text::{sanitise, sentences};
use super::verify::{Checked, check};

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
    pub grounding: Grounding,
}

/// Checks a reply that fits the specialist schema; what does not fit is skipped.
pub fn specialist(value: &Value, evidence: &Evidence) -> CheckedSpecialist {
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
        match finding(raw, id.clone(), evidence) {
            Ok((finding, dropped)) => {
                out.dropped_sentences
                    .extend(dropped.into_iter().map(|(text, why)| (id.clone(), text, why)));
                out.findings.push(finding);
            }
            Err(rejected) => out.rejected.push(rejected),
        }
    }
    out.grounding = grounding(&out.findings, &out.rejected);
    let known: BTreeSet<String> = out.findings.iter().map(|finding| finding.id.clone()).collect();
    for (name, is_hypothesis) in [("hypotheses", true), ("recommendations", false)] {
        for raw in items(value, name) {
            match remark(raw, evidence, &out.ids, &known) {
                Ok(remark) if is_hypothesis => out.hypotheses.push(remark),
                Ok(remark) => out.recommendations.push(remark),
                Err((text, why)) => out.dropped_remarks.push((text, why)),
            }
        }
    }
    for gap in items(value, "data_gaps").filter_map(Value::as_str) {
        match advice::words_only(gap, Some(evidence)) {
            Ok(text) if !text.is_empty() => out.data_gaps.push(text),
            Ok(_) => {}
            Err(why) => out.dropped_remarks.push((sanitise(gap), why)),
        }
    }
    out.summary = value
        .get("summary")
        .and_then(Value::as_str)
        .and_then(|summary| advice::words_only(summary, Some(evidence)).ok())
        .filter(|summary| {
            !summary.is_empty()
                && super::words::directions(summary).is_empty()
                && super::words::superlatives(summary).is_empty()
        });
    out
}

fn grounding(findings: &[Finding], rejected: &[RejectedFinding]) -> Grounding {
    let contradicted = rejected
        .iter()
        .filter(|finding| finding.verdict == Verdict::Contradicted)
        .count();
    let mut grounding = Grounding::default();
    grounding.add(Grounding {
        findings: findings.len() + rejected.len(),
        supported: findings.len(),
        unsupported: rejected.len() - contradicted,
        contradicted,
        ordinary: findings.iter().filter(|finding| !finding.reportable).count(),
        share: None,
    });
    grounding
}

type Dropped = Vec<(String, String)>;

fn finding(raw: &Value, id: String, evidence: &Evidence) -> Result<(Finding, Dropped), RejectedFinding> {
    let (title, text) = (string(raw, "title"), string(raw, "text"));
    let reject = |reasons: Vec<Reason>| RejectedFinding {
        id: id.clone(),
        title: sanitise(&render(&title, evidence).text),
        text: sanitise(&render(&text, evidence).text),
        verdict: reasons
            .iter()
            .map(|reason| reason.verdict)
            .max()
            .unwrap_or(Verdict::Unsupported),
        reasons,
    };
    let head = render(&title, evidence);
    let parts: Vec<Rendered> = sentences(&text)
        .iter()
        .map(|sentence| render(sentence, evidence))
        .collect();
    if parts.is_empty() || head.text.is_empty() {
        return Err(reject(vec![Reason::unsupported(
            "empty",
            "there is no title or no text",
        )]));
    }
    let asserts: Vec<&Value> = items(raw, "asserts").collect();
    let mut held = Vec::new();
    let mut faults = Vec::new();
    for assert in &asserts {
        match assertion::check(assert, evidence) {
            Ok(holds) => held.push(holds),
            Err(reason) => faults.push(reason),
        }
    }
    if !faults.is_empty() {
        return Err(reject(faults));
    }
    let basis = basis(evidence, &head, &parts, &held, &asserts);
    let checked_head = check(&head, &basis);
    if !checked_head.faults.is_empty() {
        return Err(reject(checked_head.faults));
    }
    let mut checks = vec![checked_head];
    let mut kept: Vec<&Rendered> = Vec::new();
    let mut dropped = Vec::new();
    for part in &parts {
        let checked = check(part, &basis);
        if checked.faults.is_empty() {
            kept.push(part);
            checks.push(checked);
        } else {
            faults.extend(checked.faults.iter().cloned());
            let why: Vec<&str> = checked.faults.iter().map(|fault| fault.message.as_str()).collect();
            dropped.push((part.text.clone(), why.join("; ")));
        }
    }
    let stands = !basis.cells.is_empty()
        || asserts
            .iter()
            .any(|assert| string(assert, "op") == "count_where" || string(assert, "op") == "trend");
    let speaks = kept.iter().any(|part| !part.cells.is_empty()) || (!held.is_empty() && !kept.is_empty());
    if kept.is_empty() || (!dropped.is_empty() && !speaks) {
        return Err(reject(faults));
    }
    if !stands {
        return Err(reject(vec![Reason::unsupported(
            "bad_ref",
            "the finding cites no cell",
        )]));
    }
    Ok((
        assemble(raw, id, evidence, &head, &kept, &held, &checks, &dropped),
        dropped,
    ))
}

/// Everything that title, text and asserts stand on together.
fn basis<'a>(
    evidence: &'a Evidence,
    head: &Rendered,
    parts: &[Rendered],
    held: &[Holds],
    asserts: &[&Value],
) -> Basis<'a> {
    let mut addresses: Vec<String> = Vec::new();
    for rendered in parts.iter().chain([head]) {
        addresses.extend(rendered.cells.iter().cloned());
    }
    addresses.extend(held.iter().flat_map(|holds| holds.cells.iter().cloned()));
    let mut basis = Basis::of(evidence, &addresses);
    for rendered in parts.iter().chain([head]) {
        for piece in &rendered.pieces {
            basis.rows.extend(piece.rows.iter().cloned());
        }
    }
    for holds in held {
        basis.signs.extend(holds.sign);
        basis.extremes.extend(holds.extreme);
        if let Some((kind, value)) = &holds.result {
            basis.quantities.push(stated(kind.clone(), *value));
        }
    }
    for rendered in parts.iter().chain([head]) {
        basis.signs.extend(
            rendered
                .pieces
                .iter()
                .filter(|piece| piece.is_change)
                .filter_map(|piece| piece.sign),
        );
    }
    for assert in asserts {
        for limit in ["threshold", "upper"]
            .iter()
            .filter_map(|name| assert.get(*name)?.as_f64())
        {
            let money = Kind::Money(
                evidence
                    .currency
                    .as_deref()
                    .map(super::format::currency_code)
                    .unwrap_or_default(),
            );
            for kind in [Kind::Plain, Kind::Percent, money] {
                basis.quantities.push(stated(kind, limit));
            }
        }
    }
    basis
}

fn stated(kind: Kind, value: f64) -> Quantity {
    Quantity {
        kind,
        value,
        time: Time::Neither,
        noun: None,
        source: "an assert".to_owned(),
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "everything that was found out about one finding, used once"
)]
fn assemble(
    raw: &Value,
    id: String,
    evidence: &Evidence,
    head: &Rendered,
    kept: &[&Rendered],
    held: &[Holds],
    checks: &[Checked],
    dropped: &[(String, String)],
) -> Finding {
    let kind = string(raw, "kind");
    let mut numbers = Vec::new();
    let mut cells: Vec<String> = Vec::new();
    let mut rows: BTreeSet<String> = BTreeSet::new();
    for rendered in kept.iter().copied().chain([head]) {
        if !std::ptr::eq(rendered, head) {
            numbers.extend(rendered.numbers.iter().cloned());
        }
        cells.extend(rendered.cells.iter().cloned());
        rows.extend(rendered.pieces.iter().flat_map(|piece| piece.rows.iter().cloned()));
    }
    cells.extend(held.iter().flat_map(|holds| holds.cells.iter().cloned()));
    let mut seen = BTreeSet::new();
    cells.retain(|cell| seen.insert(cell.clone()));
    let at: Vec<At<'_>> = cells.iter().filter_map(|cell| evidence.at(cell)).collect();
    rows.extend(at.iter().map(|at| at.row.id.clone()));
    let mut names: Vec<String> = Vec::new();
    for (_, row) in rows.iter().filter_map(|row| evidence.row(row)) {
        if !row.summary && !names.contains(&row.key) {
            names.push(row.key.clone());
        }
    }
    let states_change = matches!(kind.as_str(), "change" | "anomaly")
        || held.iter().any(|holds| holds.is_change)
        || kept
            .iter()
            .copied()
            .chain([head])
            .any(|rendered| rendered.pieces.iter().any(|piece| piece.is_change))
        || kept
            .iter()
            .copied()
            .chain([head])
            .any(|rendered| !super::words::directions(&rendered.typed).is_empty());
    let says_calm = held.iter().any(|holds| holds.is_flat)
        || kept.iter().copied().chain([head]).any(|rendered| {
            ["unchanged", "stable", "flat"]
                .iter()
                .any(|word| rendered.text.contains(word))
        });
    let moved = held.iter().any(|holds| holds.is_change && holds.sign != Some(0))
        || kept.iter().copied().chain([head]).any(|rendered| {
            let mut pieces = rendered.pieces.iter();
            pieces.any(|piece| piece.is_change && piece.sign != Some(0))
        });
    let calm = says_calm && !moved;
    let (reportable, real) = if states_change && !calm {
        let mut stated: Vec<&String> = held
            .iter()
            .filter(|holds| holds.is_change)
            .flat_map(|holds| &holds.cells)
            .collect();
        for rendered in kept.iter().copied().chain([head]) {
            let pieces = rendered.pieces.iter().filter(|piece| piece.is_change);
            stated.extend(pieces.flat_map(|piece| &piece.cells));
        }
        let changes: Vec<At<'_>> = stated.into_iter().filter_map(|cell| evidence.at(cell)).collect();
        let significance = significance(if changes.is_empty() { &at } else { &changes });
        (significance.reportable, significance.real)
    } else {
        (true, 1.0)
    };
    let path = if checks.iter().any(|checked| checked.doubts > 0) {
        Path::Doubtful
    } else if checks.iter().any(|checked| checked.bare_numbers > 0) {
        Path::Typed
    } else {
        Path::Rendered
    };
    let text: Vec<&str> = kept.iter().map(|part| part.text.as_str()).collect();
    let mut reasons: Vec<String> = dropped
        .iter()
        .map(|(_, why)| format!("a sentence was left out: {why}"))
        .collect();
    if !reportable {
        reasons.push("not_significant: the change lies inside ordinary variation".to_owned());
    }
    Finding {
        id,
        analyst: evidence.analyst,
        kind,
        title: head.text.trim_end_matches('.').to_owned(),
        text: capitalised(&text.join(" ")),
        severity: severity(&string(raw, "severity")),
        confidence: confidence(real, path, evidence),
        verdict: Verdict::Supported,
        reportable,
        evidence: cells,
        numbers,
        title_cites: head.cites(),
        text_cites: kept.iter().flat_map(|part| part.cites()).collect(),
        names,
        reasons,
        model_confidence: raw.get("model_confidence").and_then(Value::as_f64),
    }
}

fn remark(
    raw: &Value,
    evidence: &Evidence,
    ids: &BTreeMap<String, String>,
    known: &BTreeSet<String>,
) -> Result<Remark, (String, String)> {
    let text = match raw {
        Value::String(text) => text.clone(),
        _ => string(raw, "text"),
    };
    let words = advice::words_only(&text, Some(evidence)).map_err(|why| (sanitise(&text), why))?;
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

fn severity(word: &str) -> Severity {
    Severity::ALL
        .into_iter()
        .find(|severity| severity.word() == word)
        .unwrap_or(Severity::Info)
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
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
