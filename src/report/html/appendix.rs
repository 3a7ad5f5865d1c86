//! The appendix: every table that a model saw, with its definition below it; how columns were read; the calls; the command.

use std::collections::BTreeMap;

use super::super::Facts;
use super::super::basis::{basis, listing};
use super::super::markup::Markup;
use super::super::parts::thousands;
use super::cite::{Anchors, anchor};
use crate::evidence::{Cell, Evidence, Row, Table, Unit};

/// Every table once: an added analyst reads tables of the others.
fn tables<'a>(facts: &Facts<'a>) -> Vec<(&'a Evidence, &'a Table)> {
    let mut shown: Vec<(&Evidence, &Table)> = Vec::new();
    for evidence in facts.evidence {
        for table in evidence.all_tables() {
            if !shown.iter().any(|(_, known)| known.id == table.id) {
                shown.push((evidence, table));
            }
        }
    }
    shown
}

/// What on this page may be linked to: each row, and each cell of it.
pub(super) fn anchors(facts: &Facts<'_>) -> Anchors {
    let mut anchors = Anchors::new();
    for (_, table) in tables(facts) {
        for row in &table.rows {
            anchors.insert(anchor(&row.id));
            let cells = table.columns.iter().zip(&row.cells);
            anchors.extend(cells.map(|(column, _)| anchor(&format!("{}.{}", row.id, column.name))));
        }
    }
    anchors
}

pub(super) fn appendix(out: &mut Markup, facts: &Facts<'_>, anchors: &Anchors) {
    out.words("h2", &[("id", &"appendix")], "Appendix");
    let cited = cited(facts, anchors);
    out.node("section", &[("class", &"appendix")], |section| {
        section.words("h3", &[], "Evidence");
        section.words(
            "p",
            &[("class", &"note")],
            "What the specialists read. Numbers of the findings lead here; behind a row's id stand the findings that cite it. A dash: there is no value.",
        );
        for (evidence, table) in tables(facts) {
            one(section, evidence, table, &cited);
        }
        mapping(section, facts);
        calls(section, facts);
        section.words("h3", &[], "Make it again");
        section.node("pre", &[], |pre| pre.words("code", &[], facts.command));
    });
}

/// The findings behind each row, by the row's id, and the cells that something links to.
struct Cited {
    rows: BTreeMap<String, Vec<String>>,
    cells: Anchors,
}

fn cited(facts: &Facts<'_>, anchors: &Anchors) -> Cited {
    let mut cited = Cited {
        rows: BTreeMap::new(),
        cells: Anchors::new(),
    };
    let reports = facts
        .council
        .outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.report());
    for finding in reports.flat_map(|report| &report.findings) {
        let cites = finding.title_cites.iter().chain(&finding.text_cites);
        for cell in finding.evidence.iter().chain(cites.flat_map(|cite| &cite.cells)) {
            let place = anchor(cell);
            if anchors.contains(&place) {
                cited.cells.insert(place);
            }
            let row = cell.split('.').next().unwrap_or_default();
            let by = cited.rows.entry(row.to_owned()).or_default();
            if !by.contains(&finding.id) {
                by.push(finding.id.clone());
            }
        }
    }
    cited
}

fn one(out: &mut Markup, evidence: &Evidence, table: &Table, cited: &Cited) {
    out.node("article", &[("id", &format!("table-{}", table.id))], |article| {
        article.words("h4", &[], format!("{} {}", table.id, table.title));
        article.node("div", &[("class", &"wide")], |wide| {
            wide.node("table", &[], |body| {
                body.node("thead", &[], |head| {
                    head.node("tr", &[], |row| {
                        row.words("th", &[("scope", &"col")], "Id");
                        for column in &table.columns {
                            let class = if is_number(&column.unit) { "n" } else { "t" };
                            row.words("th", &[("scope", &"col"), ("class", &class)], &column.label);
                        }
                    });
                });
                body.node("tbody", &[], |body| {
                    for row in &table.rows {
                        self::row(body, table, row, cited);
                    }
                });
            });
        });
        let about = format!("{}: {}.", evidence.analyst.title(), listing(evidence, table));
        article.words("p", &[("class", &"note")], about);
        article.node("dl", &[("class", &"basis")], |list| {
            for (name, words) in basis(evidence, table) {
                list.words("dt", &[], name);
                list.words("dd", &[], words);
            }
        });
    });
}

fn is_number(unit: &Unit) -> bool {
    !matches!(unit, Unit::Text | Unit::Date)
}

fn row(out: &mut Markup, table: &Table, row: &Row, cited: &Cited) {
    out.node("tr", &[("id", &anchor(&row.id))], |line| {
        line.node("td", &[("class", &"id")], |cell| {
            cell.text(&row.id);
            for finding in cited.rows.get(&row.id).into_iter().flatten() {
                cell.text(" ");
                cell.words("a", &[("href", &format!("#{finding}"))], format!("↩{finding}"));
            }
        });
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            let class = if is_number(&column.unit) { "n" } else { "t" };
            let place = anchor(&format!("{}.{}", row.id, column.name));
            let words = match cell {
                Cell::Number { shown, .. } => shown.clone(),
                Cell::Text(text) => text.clone(),
                Cell::Day(day) => day.to_string(),
                Cell::Missing(_) => "–".to_owned(),
            };
            match (cited.cells.contains(&place), cell) {
                (true, _) => line.words("td", &[("class", &class), ("id", &place)], words),
                (false, Cell::Missing(why)) => line.words("td", &[("class", &class), ("title", why)], words),
                (false, _) => line.words("td", &[("class", &class)], words),
            }
        }
    });
}

fn simple(out: &mut Markup, head: &[&str], rows: &[Vec<String>]) {
    out.node("div", &[("class", &"wide")], |wide| {
        wide.node("table", &[], |table| {
            table.node("thead", &[], |thead| {
                thead.node("tr", &[], |row| {
                    for name in head {
                        row.words("th", &[("scope", &"col")], name);
                    }
                });
            });
            table.node("tbody", &[], |body| {
                for cells in rows {
                    body.node("tr", &[], |row| {
                        for cell in cells {
                            row.words("td", &[], cell);
                        }
                    });
                }
            });
        });
    });
}

fn mapping(out: &mut Markup, facts: &Facts<'_>) {
    out.words("h3", &[], "How the columns were read");
    if facts.source.mapping.is_empty() {
        let words = "The tables were read from the run directory as an upstream pipeline left them.";
        out.words("p", &[], words);
        return;
    }
    let rows = facts.source.mapping.iter();
    let rows = rows.map(|mapped| vec![mapped.role.clone(), mapped.column.clone(), mapped.reason.clone()]);
    simple(out, &["Role", "Column", "Why"], &rows.collect::<Vec<_>>());
}

fn calls(out: &mut Markup, facts: &Facts<'_>) {
    out.words("h3", &[], "Calls");
    let rows = facts.council.calls.iter().map(|call| {
        let model = match (&call.provider, &call.model) {
            (Some(provider), Some(model)) => format!("{provider}:{model}"),
            _ => "–".to_owned(),
        };
        let cached = if call.cached { " (cached)" } else { "" };
        vec![
            call.role.clone(),
            format!("{}{cached}", call.status),
            model,
            call.attempts.to_string(),
            thousands(call.input_tokens),
            thousands(call.output_tokens),
            call.cost_usd
                .map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4}")),
        ]
    });
    let head = [
        "Call",
        "Status",
        "Model",
        "Attempts",
        "Tokens in",
        "Tokens out",
        "Cost (USD)",
    ];
    simple(out, &head, &rows.collect::<Vec<_>>());
}
