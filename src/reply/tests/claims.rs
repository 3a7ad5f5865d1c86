//! Labelled claims against the checker of bare numbers: a measurement, and a floor under it. Skipped where the file is absent.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fixtures::{column, number, row, window};
use crate::evidence::{Cell, Column, Evidence, Role, Table, TableKind, Unit};
use crate::insight::Analyst;
use crate::reply::advice::words_only;
use crate::reply::basis::Basis;
use crate::reply::mask::whole_words;
use crate::reply::render::render;
use crate::reply::text::sentences;
use crate::reply::verify::check;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/claims/dev_sample.jsonl");

fn unit(text: &str) -> Unit {
    match text.split_once(':') {
        Some(("count", noun)) => Unit::Count(noun.to_owned()),
        _ => match text {
            "%" => Unit::Percent,
            "text" | "week" => Unit::Text,
            "date" => Unit::Date,
            "USD" | "EUR" | "GBP" | "money" | "currency" => Unit::Money,
            "s" | "seconds" => Unit::Minutes,
            _ => Unit::Ratio,
        },
    }
}

fn cell(value: &Value, seconds: bool) -> Cell {
    match value {
        Value::Number(n) => {
            let exact = n.as_f64().unwrap_or_default();
            if seconds {
                number(exact / 60.0, "")
            } else {
                number(exact, &n.to_string())
            }
        }
        Value::String(text) => text.parse().map_or_else(|_| Cell::Text(text.clone()), Cell::Day),
        _ => Cell::Missing("none".to_owned()),
    }
}

fn table(raw: &Value) -> Table {
    let key = raw["key"].as_str().unwrap_or_default();
    let columns: Vec<Column> = raw["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|raw| {
            let name = raw["name"].as_str().unwrap_or_default();
            let role = match (name == key, raw["period"].as_str()) {
                (true, _) => Role::Key,
                (_, Some("previous")) => Role::Previous,
                _ => Role::Current,
            };
            let of = name.strip_suffix("_prev").unwrap_or(name);
            column(
                name,
                raw["label"].as_str().unwrap_or_default(),
                unit(raw["unit"].as_str().unwrap_or_default()),
                role,
                of,
            )
        })
        .collect();
    let id = raw["id"].as_str().unwrap_or_default();
    let rows: Vec<_> = raw["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|raw| {
            let cells = columns
                .iter()
                .map(|column| cell(&raw[&column.name], column.unit == Unit::Minutes))
                .collect();
            row(
                &format!("{id}:{}", raw["id"].as_str().unwrap_or_default()),
                raw[key].as_str().unwrap_or_default(),
                cells,
            )
        })
        .collect();
    Table {
        id: id.to_owned(),
        title: String::new(),
        kind: if raw["title"].as_str().is_some_and(|title| title.contains("quality")) {
            TableKind::Quality
        } else {
            TableKind::Entities
        },
        total_rows: rows.len(),
        order_rule: String::new(),
        definition: String::new(),
        columns,
        rows,
    }
}

fn adapt(raw: &Value) -> Evidence {
    let text = |name: &str, side: &str| raw[name][side].as_str().unwrap_or_default();
    let mut tables: Vec<Table> = raw["tables"].as_array().into_iter().flatten().map(table).collect();
    let metrics: Vec<&Value> = raw["metrics"].as_array().into_iter().flatten().collect();
    let find = |name: &str| metrics.iter().find(|m| m["name"].as_str() == Some(name));
    let mut rows = Vec::new();
    for metric in metrics.iter().filter(|m| m["period"].as_str() != Some("previous")) {
        let name = metric["name"].as_str().unwrap_or_default();
        let metric_unit = unit(metric["unit"].as_str().unwrap_or_default());
        let seconds = metric_unit == Unit::Minutes;
        let previous =
            find(&format!("{name}_prev")).map_or(Cell::Missing(String::new()), |m| cell(&m["value"], seconds));
        let mut row = row(
            name,
            metric["label"].as_str().unwrap_or_default(),
            vec![Cell::Text(name.to_owned()), cell(&metric["value"], seconds), previous],
        );
        row.unit = Some(metric_unit);
        rows.push(row);
    }
    tables.push(Table {
        id: "M".to_owned(),
        title: String::new(),
        kind: TableKind::Totals,
        total_rows: rows.len(),
        order_rule: String::new(),
        definition: String::new(),
        columns: vec![
            column("metric", "metric", Unit::Text, Role::Key, "metric"),
            column("current", "current", Unit::OfRow, Role::Current, "current"),
            column("previous", "previous", Unit::OfRow, Role::Previous, "current"),
        ],
        rows,
    });
    Evidence {
        analyst: Analyst::Geographic,
        period: window(text("period", "start"), text("period", "end")),
        previous_period: Some(window(text("previous_period", "start"), text("previous_period", "end"))),
        currency: raw["currency"].as_str().map(str::to_owned),
        timezone: "UTC".to_owned(),
        notes: Vec::new(),
        gaps: Vec::new(),
        completeness: 1.0,
        tables,
    }
}

fn addresses(claim: &Value) -> Vec<String> {
    claim["citations"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter_map(|citation| match citation.split('.').collect::<Vec<_>>().as_slice() {
            [table, row, column] => Some(format!("{table}:{row}.{column}")),
            [metric] => {
                let metrics = claim["evidence"]["metrics"].as_array()?;
                let name = metrics.iter().find(|m| m["id"].as_str() == Some(metric))?["name"].as_str()?;
                Some(match name.strip_suffix("_prev") {
                    Some(name) => format!("{name}.previous"),
                    None => format!("{name}.current"),
                })
            }
            _ => None,
        })
        .collect()
}

#[test]
fn measured_on_labelled_claims() {
    let Ok(text) = std::fs::read_to_string(PATH) else {
        return;
    };
    let mut tally: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        let claim: Value = serde_json::from_str(line).expect("a claim");
        if claim["label"] == "neutral" {
            let entry = tally.entry("_neutral advice".to_owned()).or_default();
            entry.1 += 1;
            if let Err(why) = words_only(claim["text"].as_str().unwrap_or_default(), None) {
                entry.0 += 1;
                lines.push(format!("neutral: {} [{why}]", claim["text"]));
            }
        }
        if claim["cite_mode"] != "cells" {
            continue;
        }
        let evidence = adapt(&claim["evidence"]);
        let basis = Basis::of(&evidence, &addresses(&claim));
        let claim_text = claim["text"].as_str().expect("a text");
        let faults: Vec<_> = sentences(claim_text)
            .iter()
            .flat_map(|sentence| check(&render(sentence, &evidence), &basis).faults)
            .collect();
        let class = match claim["label"].as_str() {
            Some("false") => claim["mutation"].as_str().unwrap_or_default().to_owned(),
            other => format!("_{}", other.unwrap_or_default()),
        };
        let entry = tally.entry(class.clone()).or_default();
        entry.1 += 1;
        entry.0 += usize::from(!faults.is_empty());
        if faults.is_empty() != class.starts_with('_') {
            let why: Vec<String> = faults
                .iter()
                .map(|fault| format!("{} {}", fault.code, fault.message))
                .collect();
            lines.push(format!(
                "{class}: {claim_text}   {:?} [{}]",
                claim["citations"],
                why.join("; ")
            ));
        }
    }
    let report: Vec<String> = tally
        .iter()
        .map(|(class, (flagged, all))| format!("{class:16} flagged {flagged} of {all}"))
        .collect();
    report_lines(&report, &lines);
    let rate = |is_true: bool| {
        let classes = tally
            .iter()
            .filter(|(class, _)| !class.contains("neutral") && class.starts_with('_') == is_true);
        let (flagged, all) = classes.fold((0, 0), |sum, (_, n)| (sum.0 + n.0, sum.1 + n.1));
        flagged as f64 / f64::from(all.max(1) as u32)
    };
    assert!(rate(true) <= 0.02, "false alarms on true claims: {}", rate(true));
    assert!(rate(false) >= 0.95, "recall of false claims: {}", rate(false));
}

/// The cells that a claim without cell citations plainly speaks of: rows and labels that it names.
fn guessed(text: &str, evidence: &Evidence) -> Vec<String> {
    let mut out = Vec::new();
    for table in &evidence.tables {
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

/// Claims that cite a table or nothing, their cells guessed from their words: a second look, with no floor under it.
#[test]
fn measured_on_claims_without_cells() {
    let Ok(text) = std::fs::read_to_string(PATH) else {
        return;
    };
    let mut counts = [[0usize; 2]; 2];
    let mut lines = Vec::new();
    for line in text.lines() {
        let claim: Value = serde_json::from_str(line).expect("a claim");
        if claim["cite_mode"] == "cells" || claim["label"] == "neutral" {
            continue;
        }
        let evidence = adapt(&claim["evidence"]);
        let claim_text = claim["text"].as_str().expect("a text");
        let cells = guessed(claim_text, &evidence);
        if cells.is_empty() {
            continue;
        }
        let basis = Basis::of(&evidence, &cells);
        let faults: Vec<_> = sentences(claim_text)
            .iter()
            .flat_map(|sentence| check(&render(sentence, &evidence), &basis).faults)
            .collect();
        let is_true = usize::from(claim["label"] == "true");
        counts[is_true][1] += 1;
        counts[is_true][0] += usize::from(!faults.is_empty());
        if faults.is_empty() != (is_true == 1) {
            let why: Vec<String> = faults
                .iter()
                .map(|fault| format!("{} {}", fault.code, fault.message))
                .collect();
            lines.push(format!(
                "guessed {} {}: {claim_text} [{}]",
                claim["label"],
                claim["mutation"],
                why.join("; ")
            ));
        }
    }
    report_lines(
        &[format!(
            "guessed cells: true flagged {:?}, false flagged {:?}",
            counts[1], counts[0]
        )],
        &lines,
    );
}

#[expect(
    clippy::print_stdout,
    reason = "a measurement is there to be read: cargo test --lib claims -- --nocapture"
)]
fn report_lines(report: &[String], lines: &[String]) {
    println!("{}\n{}", report.join("\n"), lines.join("\n"));
}
