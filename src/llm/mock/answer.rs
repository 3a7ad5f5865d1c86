//! What the mock says: the largest changes, unusual days and shares of the tables in its prompt, through references. Same prompt, same bytes.

use serde_json::{Value, json};

use super::facts::{Fact, Facts, is_summary};
use super::{explore, general, joined, scan, writing};
use crate::llm::Request;

/// The text of the mock's reply to a request.
pub fn answer(request: &Request) -> String {
    let schema = request.schema.as_ref().map(|schema| &schema.value);
    let has = |property: &str| schema.is_some_and(|schema| schema["properties"].get(property).is_some());
    let Some(schema) = schema else {
        return writing::text(request).unwrap_or_else(|| general::text(request));
    };
    let value = if has("score") && has("suggestions") {
        writing::review(&request.prompt)
    } else if has("better") {
        writing::comparison(&request.prompt)
    } else if has("findings") {
        specialist(&request.prompt)
    } else if has("executive_summary") {
        joined::coordinator(&request.prompt)
    } else if let Some(answer) = explore::attributes(&request.prompt).filter(|_| has("attributes")) {
        answer
    } else if let Some(answer) = scan::answer(&request.prompt, has) {
        answer
    } else {
        general::value(request, schema)
    };
    value.to_string()
}

/// The texts of the strongest statements that the tables of a prompt support.
pub(super) fn statements(prompt: &str, most: usize) -> Vec<String> {
    let tables = Facts::all(prompt);
    let mut drafts: Vec<Draft> = tables.iter().flat_map(drafts).collect();
    drafts.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    drafts.into_iter().take(most).map(|draft| draft.text).collect()
}

/// More would crowd the reader.
const MOST_FINDINGS: usize = 5;

/// A finding before it gets its id; `weight` orders them.
struct Draft {
    weight: f64,
    kind: &'static str,
    title: String,
    text: String,
    asserts: Vec<Value>,
    severity: &'static str,
    /// Why it may have happened, without numbers.
    hypothesis: Option<&'static str>,
    advice: &'static str,
}

fn specialist(prompt: &str) -> Value {
    let tables = Facts::all(prompt);
    let mut drafts: Vec<Draft> = tables.iter().flat_map(drafts).collect();
    drafts.sort_by(|left, right| right.weight.total_cmp(&left.weight));
    drafts.truncate(MOST_FINDINGS);
    let mut hypotheses: Vec<Value> = Vec::new();
    let mut recommendations: Vec<Value> = Vec::new();
    let mut findings = Vec::new();
    for (index, draft) in drafts.iter().enumerate() {
        let id = format!("f{}", index + 1);
        if let Some(hypothesis) = draft.hypothesis {
            add_remark(&mut hypotheses, hypothesis, &id);
        }
        add_remark(&mut recommendations, draft.advice, &id);
        findings.push(json!({
            "id": id, "kind": draft.kind, "title": draft.title, "text": draft.text, "asserts": draft.asserts,
            "severity": draft.severity, "model_confidence": 0.8,
        }));
    }
    json!({"summary": null, "findings": findings, "hypotheses": hypotheses, "recommendations": recommendations, "data_gaps": []})
}

fn drafts(table: &Facts) -> Vec<Draft> {
    match table.kind.as_str() {
        "anomalies" => unusual_days(table),
        "totals" => totals(table),
        // The same change as in the table of all of them, from its first day on.
        "entities" if table.has("since") => Vec::new(),
        "entities" | "cohorts" => {
            let mut drafts = movers(table);
            drafts.extend(largest(table));
            drafts
        }
        "quality" => quality(table),
        _ => Vec::new(),
    }
}

/// One finding a day: all metrics that left their range that day.
fn unusual_days(table: &Facts) -> Vec<Draft> {
    let mut days: Vec<(&str, Vec<&Fact>)> = Vec::new();
    let left = |row: &&Fact| table.number(row, "value_z").is_none_or(|z| z.abs() >= table.least_z);
    for row in table.rows.iter().filter(left) {
        let day = table.name(row);
        match days.iter_mut().find(|(known, _)| *known == day) {
            Some((_, rows)) => rows.push(row),
            None => days.push((day, vec![row])),
        }
    }
    days.iter().map(|(_, rows)| unusual_day(table, rows)).collect()
}

fn unusual_day(table: &Facts, rows: &[&Fact]) -> Draft {
    let deviation = |row: &&Fact| table.number(row, "value_deviation_pct").unwrap_or_default();
    let first = &rows[0].id;
    let clauses: Vec<String> = rows
        .iter()
        .take(3)
        .map(|row| {
            let metric = table.text(row, "metric").unwrap_or("the figure");
            let id = &row.id;
            format!("{metric} came to {{{{{id}.value}}}}, {{{{dev:{id}.value}}}}")
        })
        .collect();
    let falling = rows.iter().filter(|row| deviation(row) < 0.0).count();
    let worst = rows.iter().map(|row| deviation(row).abs()).fold(0.0, f64::max);
    let several = rows.len() > 1;
    let (hypothesis, advice) = match (falling == rows.len(), several) {
        (true, true) => (
            "When several metrics fall on the same day, an outage or a loss of tracking is the likely cause.",
            "Check the incident log and the tracking of that day before reading the period's totals.",
        ),
        (true, false) => (
            "One metric alone fell, which points to that metric's own source rather than to the whole product.",
            "Ask the owner of this metric what changed on that day.",
        ),
        (false, _) => (
            "A campaign, a release or a single large customer may stand behind the rise.",
            "Find out what drove that day and whether it can be repeated.",
        ),
    };
    Draft {
        weight: 100.0 + worst * rows.len() as f64,
        kind: "anomaly",
        title: format!("An unusual day: {{{{{first}}}}}"),
        text: format!("On {{{{{first}}}}}, {}.", clauses.join("; ")),
        asserts: Vec::new(),
        severity: match (falling > 0, worst >= 50.0) {
            (true, true) => "critical",
            (false, true) | (true, false) => "high",
            (false, false) => "medium",
        },
        hypothesis: Some(hypothesis),
        advice,
    }
}

/// Each metric that moved; when none did, the level of the first.
fn totals(table: &Facts) -> Vec<Draft> {
    let moved = table.rows.iter().filter_map(|row| {
        let z = table.number(row, "z")?;
        let change = table.number(row, "change_pct")?;
        (z.abs() >= table.least_z && change != 0.0).then(|| moved_total(table, row, z, change))
    });
    let mut drafts: Vec<Draft> = moved.collect();
    if drafts.is_empty()
        && let Some(row) = table.rows.first()
    {
        let id = &row.id;
        let name = table.name(row);
        drafts.push(Draft {
            weight: 10.0,
            kind: "level",
            title: format!("{} kept its level", capital(name)),
            text: format!(
                "{} came to {{{{{id}.current}}}}, without a change outside ordinary variation.",
                capital(name)
            ),
            asserts: Vec::new(),
            severity: "info",
            hypothesis: None,
            advice: "Keep watching; nothing here calls for action.",
        });
    }
    drafts
}

fn moved_total(table: &Facts, row: &Fact, z: f64, change: f64) -> Draft {
    let id = &row.id;
    let name = capital(table.name(row));
    Draft {
        weight: z.abs().min(20.0) + change.abs().min(100.0) / 4.0,
        kind: "change",
        title: format!("{name} {}", if change > 0.0 { "grew" } else { "fell" }),
        text: format!("{name} {{{{move:{id}.current}}}}."),
        asserts: vec![change_assert(&format!("{id}.current"), change)],
        severity: severity(change),
        hypothesis: None,
        advice: "Find the segment that carries this change before acting on the total.",
    }
}

/// The entities that moved most against ordinary variation, at most three.
fn movers(table: &Facts) -> Vec<Draft> {
    let total = table.rows.iter().find(|row| table.name(row) == "Total");
    let mut moved: Vec<(f64, &Fact, &str)> = Vec::new();
    for measure in table.measures() {
        for row in table.rows.iter().filter(|row| !is_summary(table.name(row))) {
            if let Some(z) = table
                .number(row, &format!("{measure}_z"))
                .filter(|z| z.abs() >= table.least_z)
            {
                moved.push((z, row, measure));
            }
        }
    }
    moved.sort_by(|left, right| right.0.abs().total_cmp(&left.0.abs()));
    let mut taken: Vec<&str> = Vec::new();
    moved.retain(|(_, row, _)| {
        !taken.contains(&row.id.as_str()) && {
            taken.push(&row.id);
            true
        }
    });
    moved
        .into_iter()
        .take(3)
        .filter_map(|(z, row, measure)| mover(table, z, row, measure, total))
        .collect()
}

fn mover(table: &Facts, z: f64, row: &Fact, measure: &str, total: Option<&Fact>) -> Option<Draft> {
    let cell = format!("{}.{measure}", row.id);
    let label = table.label(measure);
    let points = table.has(&format!("{measure}_change_pp"));
    let change_column = format!("{measure}_{}", if points { "change_pp" } else { "change_pct" });
    let change = table.number(row, &change_column).filter(|change| *change != 0.0)?;
    let total_change = total.and_then(|total| Some((total, table.number(total, &change_column)?)));
    let against = total_change.filter(|(_, total)| !points && total * change < 0.0);
    // "users of the segment new": without its kind a name like this reads as a word.
    let whose = match table.key() {
        "country" => format!("of {{{{{}}}}}", row.id),
        kind => format!("of the {kind} {{{{{}}}}}", row.id),
    };
    let mut text = format!("{} {whose} {{{{move:{cell}}}}}", capital(&label));
    let mut asserts = vec![change_assert(&cell, change)];
    if let Some((total, total_change)) = against {
        let total_cell = format!("{}.{measure}", total.id);
        text.push_str(&format!(", while the total {{{{move:{total_cell}}}}}"));
        asserts.push(change_assert(&total_cell, total_change));
    }
    text.push('.');
    Some(Draft {
        weight: 20.0 + z.abs().min(30.0) + change.abs().min(100.0) / 4.0,
        kind: "change",
        title: format!(
            "{} {whose} {}",
            capital(&label),
            if change > 0.0 { "grew" } else { "fell" }
        ),
        text,
        asserts,
        severity: severity(if points { change * 5.0 } else { change }),
        hypothesis: against.map(|_| "The change runs against the total, so its cause is likely local to this part."),
        advice: "Compare what changed here with the parts that did not move, and name an owner.",
    })
}

/// The largest entity by its share.
fn largest(table: &Facts) -> Option<Draft> {
    let column = table
        .measures()
        .into_iter()
        .map(|measure| (measure, format!("{measure}_share_pct")))
        .find(|(_, share)| table.has(share));
    let (measure, share) = column?;
    let mut rows: Vec<(&Fact, f64)> = table
        .rows
        .iter()
        .filter(|row| !is_summary(table.name(row)))
        .filter_map(|row| Some((row, table.number(row, &share)?)))
        .collect();
    rows.sort_by(|left, right| right.1.total_cmp(&left.1));
    let (first, _) = rows.first()?;
    let ties = rows.iter().filter(|(_, share)| share >= &rows[0].1).count();
    if ties > 1 || rows.len() < 2 {
        return None;
    }
    let id = &first.id;
    Some(Draft {
        weight: 15.0,
        kind: "share",
        title: format!("The largest part: {{{{{id}}}}}"),
        text: format!(
            "{{{{{id}}}}} holds {{{{{id}.{share}}}}} of {}, the largest share.",
            table.label(measure)
        ),
        asserts: vec![json!({"op": "extreme", "cell": format!("{id}.{share}"), "which": "max"})],
        severity: "info",
        hypothesis: None,
        advice: "Know what this part depends on; a loss here is a loss for the whole.",
    })
}

/// Checks that are not in order; when all are, one that says so.
fn quality(table: &Facts) -> Vec<Draft> {
    if !table.has("status") {
        return Vec::new();
    }
    let bad = table.rows.iter().filter_map(|row| {
        let status = table.text(row, "status")?;
        let weight = match status {
            "fail" => 60.0,
            "warn" => 30.0,
            _ => return None,
        };
        let id = &row.id;
        let name = capital(table.name(row));
        Some(Draft {
            weight,
            kind: "quality",
            title: format!("{name}: out of bounds"),
            text: format!("{name} came to {{{{{id}.value}}}}, outside its threshold."),
            asserts: Vec::new(),
            severity: if status == "fail" { "high" } else { "medium" },
            hypothesis: None,
            advice: "Repair this at its source before relying on figures that use it.",
        })
    });
    let mut drafts: Vec<Draft> = bad.collect();
    if drafts.is_empty()
        && let Some(row) = table.rows.first()
    {
        let id = &row.id;
        let name = capital(table.name(row));
        drafts.push(Draft {
            weight: 5.0,
            kind: "quality",
            title: "The data passed every check".to_owned(),
            text: format!("{name} came to {{{{{id}.value}}}}; no check is outside its threshold."),
            asserts: Vec::new(),
            severity: "info",
            hypothesis: None,
            advice: "Keep the checks running with every report.",
        });
    }
    drafts
}

fn change_assert(cell: &str, change: f64) -> Value {
    json!({"op": "change", "cell": cell, "dir": if change > 0.0 { "up" } else { "down" }})
}

fn severity(change_pct: f64) -> &'static str {
    match change_pct {
        change if change <= -30.0 => "high",
        change if change.abs() >= 10.0 => "medium",
        _ => "low",
    }
}

fn add_remark(remarks: &mut Vec<Value>, text: &str, id: &str) {
    let known = remarks.iter_mut().find(|remark| remark["text"] == text);
    match known.and_then(|remark| remark["about"].as_array_mut()) {
        Some(about) => about.push(json!(id)),
        None => remarks.push(json!({"text": text, "about": [id]})),
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
