//! A finding that passed, put together: text, cells, names, whether it is news, and how sure it is.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::evidence::{At, Cell, Evidence, LEAST_SUPPORT, TableKind};
use crate::insight::{Finding, Severity, Verdict};
use crate::reply::basis::Ground;
use crate::reply::confidence::{Path, Significance, confidence, is_more_than_luck, significance};
use crate::reply::lexicon::Lexicon;
use crate::reply::mask::mask;
use crate::reply::number::numbers;
use crate::reply::render::Rendered;
use crate::reply::words;

use super::finding::{Kept, Parts};
use super::string;

pub(super) fn assemble(parts: &Parts<'_>, id: &str, ground: Ground<'_>, kept: &Kept<'_>) -> Finding {
    let evidence = ground.evidence;
    let said: Vec<&Rendered> = kept.sentences.iter().copied().chain([&parts.head]).collect();
    let cells = cells(parts, &said);
    let at: Vec<At<'_>> = cells.iter().filter_map(|cell| evidence.at(cell)).collect();
    let kind = string(parts.raw, "kind");
    let news = news(parts, &said, &kind, &at, evidence);
    let path = if kept.checks.iter().any(|checked| checked.doubts > 0) {
        Path::Doubtful
    } else if kept.checks.iter().any(|checked| checked.bare_numbers > 0) {
        Path::Typed
    } else {
        Path::Rendered
    };
    let texts: Vec<&str> = kept.sentences.iter().map(|part| part.text.as_str()).collect();
    let mut reasons: Vec<String> = kept
        .dropped
        .iter()
        .map(|(_, why)| format!("a sentence was left out: {}", why.split(':').next().unwrap_or_default()))
        .collect();
    if !news.reportable {
        reasons.push("not_significant: the change lies inside ordinary variation".to_owned());
    }
    let numbers = kept.sentences.iter().flat_map(|part| part.numbers.iter().cloned());
    Finding {
        id: id.to_owned(),
        analyst: evidence.analyst,
        title: parts.head.text.trim_end_matches('.').to_owned(),
        text: capitalised(&texts.join(" ")),
        severity: severity(&string(parts.raw, "severity")),
        confidence: confidence(news.real, path, evidence).damped(evidence.trust(&at)),
        verdict: Verdict::Supported,
        reportable: news.reportable,
        significant: news.significant,
        numbers: numbers.collect(),
        title_cites: parts.head.cites(),
        text_cites: kept.sentences.iter().flat_map(|part| part.cites()).collect(),
        typed: typed(&said, ground.lexicon),
        names: names(&said, &at, evidence),
        caveats: evidence
            .caveats_of(&at)
            .into_iter()
            .map(|caveat| caveat.text.clone())
            .collect(),
        evidence: cells,
        kind,
        reasons,
        model_confidence: parts.raw.get("model_confidence").and_then(Value::as_f64),
    }
}

/// The cells behind the finding, each once, in the order of the text.
fn cells(parts: &Parts<'_>, said: &[&Rendered]) -> Vec<String> {
    let rendered = said.iter().flat_map(|rendered| rendered.cells.iter());
    let asserted = parts.held.iter().flat_map(|holds| holds.cells.iter());
    let mut seen = BTreeSet::new();
    rendered
        .chain(asserted)
        .filter(|cell| seen.insert(cell.as_str()))
        .cloned()
        .collect()
}

fn names(said: &[&Rendered], at: &[At<'_>], evidence: &Evidence) -> Vec<String> {
    let pieces = said.iter().flat_map(|rendered| &rendered.pieces);
    let mut rows: BTreeSet<&str> = pieces.flat_map(|piece| piece.rows.iter().map(String::as_str)).collect();
    rows.extend(at.iter().map(|at| at.row.id.as_str()));
    let mut names: Vec<String> = Vec::new();
    for (_, row) in rows.iter().filter_map(|row| evidence.row(row)) {
        if !row.summary && !names.contains(&row.key) {
            names.push(row.key.clone());
        }
    }
    names
}

/// Numbers that the model wrote with its own hand, as it wrote them.
fn typed(said: &[&Rendered], lexicon: &Lexicon) -> Vec<String> {
    let masked = said.iter().map(|rendered| mask(&rendered.typed, Some(lexicon)));
    masked
        .flat_map(|masked| numbers(&masked.text))
        .map(|bare| bare.raw)
        .collect()
}

/// Whether the finding tells of more than ordinary variation, and how likely that is.
fn news(parts: &Parts<'_>, said: &[&Rendered], kind: &str, at: &[At<'_>], evidence: &Evidence) -> Significance {
    let mut pieces = said.iter().flat_map(|rendered| &rendered.pieces);
    let states_change = ["change", "anomaly"].contains(&kind)
        || parts.held.iter().any(|holds| holds.is_change)
        || pieces.any(|piece| piece.is_change)
        || said
            .iter()
            .any(|rendered| !words::directions(&rendered.typed).is_empty());
    if !states_change || is_calm(parts, said) {
        return Significance {
            reportable: true,
            significant: !states_change && at.iter().any(is_out_of_order),
            real: 1.0,
        };
    }
    let asserted = parts.held.iter().filter(|holds| holds.is_change);
    let mut stated: Vec<&String> = asserted.flat_map(|holds| &holds.cells).collect();
    for rendered in said {
        let pieces = rendered.pieces.iter().filter(|piece| piece.is_change);
        stated.extend(pieces.flat_map(|piece| &piece.cells));
    }
    let changes: Vec<At<'_>> = stated.into_iter().filter_map(|cell| evidence.at(cell)).collect();
    significance(if changes.is_empty() { at } else { &changes })
}

/// The finding is that nothing moved.
fn is_calm(parts: &Parts<'_>, said: &[&Rendered]) -> bool {
    const CALM: [&str; 3] = ["unchanged", "stable", "flat"];
    let says_calm = parts.held.iter().any(|holds| holds.is_flat)
        || said
            .iter()
            .any(|rendered| CALM.iter().any(|word| rendered.text.contains(word)));
    let mut pieces = said.iter().flat_map(|rendered| &rendered.pieces);
    let moved = parts.held.iter().any(|holds| holds.is_change && holds.sign != Some(0))
        || pieces.any(|piece| piece.is_change && piece.sign != Some(0));
    says_calm && !moved
}

/// A check that warns or fails, or an unusual day.
fn is_out_of_order(at: &At<'_>) -> bool {
    match at.table.kind {
        TableKind::Quality => at
            .table
            .at(at.row, "status")
            .is_some_and(|status| matches!(status.cell, Cell::Text(word) if word != "ok")),
        TableKind::Anomalies => {
            let is_large = at.row.support.is_none_or(|support| support >= LEAST_SUPPORT);
            is_large && is_more_than_luck(&at)
        }
        _ => false,
    }
}

fn severity(word: &str) -> Severity {
    let mut all = Severity::ALL.into_iter();
    all.find(|severity| severity.word() == word).unwrap_or(Severity::Info)
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
