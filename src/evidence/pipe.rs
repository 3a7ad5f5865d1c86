//! Evidence as the text that goes into a prompt: bars between cells cost half the tokens of JSON.

use std::fmt::Write;

use super::draft::clean_name;
use super::{At, Cell, Column, Evidence, Good, Role, Table, Tested, Unit, show};

/// The whole evidence: header, notes, gaps, tables.
pub fn pipe(evidence: &Evidence) -> String {
    let mut text = header(evidence);
    for table in &evidence.tables {
        text.push('\n');
        text.push_str(&pipe_table(table));
    }
    text
}

/// One table: title, definition, order, columns, rows.
pub fn pipe_table(table: &Table) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &format!("table {} [{}] {}", table.id, kind(table), table.title),
    );
    if !table.definition.is_empty() {
        line(&mut text, &format!("definition: {}", table.definition));
    }
    let listed = table.rows.iter().filter(|row| !row.summary).count();
    line(
        &mut text,
        &format!(
            "order: {}; {listed} of {} rows{}",
            table.order_rule,
            table.total_rows.max(listed),
            table.tested.as_ref().map(tested).unwrap_or_default()
        ),
    );
    let described: Vec<String> = table
        .columns
        .iter()
        .filter(|column| needs_words(column))
        .map(describe)
        .collect();
    if !described.is_empty() {
        line(&mut text, &format!("columns: {}", described.join("; ")));
    }
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    line(&mut text, &format!("id|{}", names.join("|")));
    for row in &table.rows {
        let cells: Vec<String> = table
            .columns
            .iter()
            .zip(&row.cells)
            .map(|(column, cell)| match cell {
                Cell::Missing(_) => "-".to_owned(),
                Cell::Text(text) => clean_name(text),
                _ => At {
                    table,
                    row,
                    column,
                    cell,
                }
                .shown(),
            })
            .collect();
        line(&mut text, &format!("{}|{}", row.id, cells.join("|")));
    }
    text
}

/// How many scores were held against luck.
fn tested(tested: &Tested) -> String {
    let least = show::number(tested.least_z, 1);
    format!("; tested {}, kept {}: z of {least} or more", tested.n, tested.kept)
}

/// Tokens of the text: 1.9 characters each in tables, 4 in prose (measured on o200k).
pub fn tokens(evidence: &Evidence) -> usize {
    let tables: usize = evidence
        .tables
        .iter()
        .flat_map(|table| {
            pipe_table(table)
                .lines()
                .map(|line| {
                    let length = line.chars().count() as f64;
                    let dense = line.contains('|');
                    (length / if dense { 1.9 } else { 4.0 }).ceil() as usize
                })
                .collect::<Vec<_>>()
        })
        .sum();
    header(evidence).chars().count() / 4 + tables
}

fn header(evidence: &Evidence) -> String {
    let period = evidence.period;
    let mut text = format!(
        "period: {}..{} ({}), previous period: ",
        period.start,
        period.end,
        match period.days() {
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        }
    );
    match evidence.previous_period {
        Some(previous) => {
            let _ = write!(text, "{}..{}", previous.start, previous.end);
        }
        None => text.push_str("none"),
    }
    let currency = match &evidence.currency {
        Some(currency) => clean_name(currency),
        None => "not known".to_owned(),
    };
    let zone = clean_name(&evidence.timezone);
    line(&mut text, &format!(", currency: {currency}, time zone: {zone}"));
    for note in &evidence.notes {
        line(&mut text, &format!("note: {}", sentence(note)));
    }
    for caveat in &evidence.caveats {
        line(&mut text, &format!("caveat: {}", sentence(&caveat.text)));
    }
    for gap in &evidence.gaps {
        line(&mut text, &format!("gap: {}", sentence(gap)));
    }
    let suffixes: Vec<&str> = SUFFIXES
        .iter()
        .filter(|(role, _)| {
            let columns = evidence.tables.iter().flat_map(|table| &table.columns);
            columns.into_iter().any(|column| column.role == *role)
        })
        .map(|(_, words)| *words)
        .collect();
    if !suffixes.is_empty() {
        line(&mut text, &format!("column suffixes: {}", suffixes.join("; ")));
    }
    text
}

const SUFFIXES: [(Role, &str); 8] = [
    (Role::Previous, "_previous = in the previous period"),
    (Role::Change, "_change_pct = change in % of the previous value"),
    (Role::ChangePoints, "_change_pp = change in percentage points"),
    (Role::Share, "_share_pct = share of the total in %"),
    (Role::PreviousShare, "_share_previous_pct = the share before"),
    (Role::Expected, "_expected = what was usual for that day"),
    (Role::Deviation, "_deviation_pct = deviation from it in %"),
    (
        Role::Z,
        "_z = strength of the change in standard errors; below the size that a table keeps it is ordinary variation",
    ),
];

/// Companions follow the naming convention that the header explains once.
fn needs_words(column: &Column) -> bool {
    match column.role {
        Role::Current => true,
        Role::Note => column.unit != Unit::Text,
        _ => false,
    }
}

fn describe(column: &Column) -> String {
    let good = match column.good {
        Good::Up => ", more is better",
        Good::Down => ", less is better",
        Good::Neither => "",
    };
    let unit = show::unit(&column.unit);
    format!("{} = {} ({unit}{good})", column.name, column.label)
}

fn kind(table: &Table) -> String {
    match serde_json::to_value(table.kind) {
        Ok(serde_json::Value::String(kind)) => kind,
        _ => String::new(),
    }
}

/// One line, whatever the text holds.
fn sentence(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "/")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(400)
        .collect()
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
