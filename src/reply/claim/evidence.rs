//! The evidence of a claim as the evidence of a run: same tables, units, roles; metrics become a table of totals.

use jiff::civil::Date;
use serde_json::Value;

use crate::evidence::{At, Cell, Column, Evidence, Good, Role, Row, Table, TableKind, Unit};
use crate::insight::Analyst;

/// The table of metrics.
const METRICS: &str = "M";

/// The cited cell or metric; none for a table.
pub(super) fn cited<'a>(citation: &str, evidence: &'a Evidence) -> Option<At<'a>> {
    let mut parts = citation.split('.');
    if let (Some(table), Some(row), Some(column), None) = (parts.next(), parts.next(), parts.next(), parts.next()) {
        let is_row = |known: &&Row| known.id.strip_prefix(table).and_then(|rest| rest.strip_prefix(':')) == Some(row);
        let table = evidence.table(table)?;
        return table.at(table.rows.iter().find(is_row)?, column);
    }
    let table = evidence.table(METRICS)?;
    let previous = |row: &&Row| row.aliases.iter().any(|alias| alias == citation);
    match table.rows.iter().find(|row| row.id == citation) {
        Some(row) => table.at(row, "current"),
        None => table.at(table.rows.iter().find(previous)?, "previous"),
    }
}

pub(super) fn read(raw: &Value) -> Result<Evidence, String> {
    let mut tables = Vec::new();
    for table in list(raw, "tables") {
        tables.push(read_table(table)?);
    }
    tables.push(metrics(raw));
    let period = window(raw, "period").ok_or("`evidence.period` is no {\"start\", \"end\"} of days")?;
    let previous = window(raw, "previous_period");
    // The windows are of a type that this module cannot name; their wire form is the contract.
    let windows = |value: Value| serde_json::from_value(value).map_err(|error| format!("`evidence.period`: {error}"));
    Ok(Evidence {
        analyst: Analyst::from_key(text(raw, "specialist")).unwrap_or(Analyst::DailyMetrics),
        period: windows(period)?,
        previous_period: serde_json::from_value(previous.unwrap_or(Value::Null)).ok(),
        currency: raw.get("currency").and_then(Value::as_str).map(str::to_owned),
        timezone: "UTC".to_owned(),
        notes: Vec::new(),
        gaps: Vec::new(),
        completeness: 1.0,
        caveats: Vec::new(),
        refused: None,
        more: Vec::new(),
        tables,
    })
}

fn read_table(raw: &Value) -> Result<Table, String> {
    let (id, key) = (text(raw, "id"), text(raw, "key"));
    if id.is_empty() || key.is_empty() {
        return Err("a table of `evidence` has no `id` or no `key`".to_owned());
    }
    let columns: Vec<Column> = list(raw, "columns")
        .map(|raw| {
            let name = text(raw, "name");
            let role = match text(raw, "period") {
                _ if name == key => Role::Key,
                "previous" => Role::Previous,
                _ => Role::Current,
            };
            let of = name.strip_suffix("_prev").unwrap_or(name);
            column(name, text(raw, "label"), unit(text(raw, "unit")), role, of)
        })
        .collect();
    let rows: Vec<Row> = list(raw, "rows")
        .map(|raw| {
            let cells = columns
                .iter()
                .map(|column| cell(raw.get(&column.name), column.unit == Unit::Minutes))
                .collect();
            row(&format!("{id}:{}", text(raw, "id")), text(raw, key), cells)
        })
        .collect();
    let is_quality = text(raw, "title").contains("quality");
    Ok(Table {
        id: id.to_owned(),
        title: String::new(),
        kind: if is_quality {
            TableKind::Quality
        } else {
            TableKind::Entities
        },
        total_rows: rows.len(),
        order_rule: String::new(),
        definition: String::new(),
        tested: None,
        basis: None,
        columns,
        rows,
    })
}

/// One row for each metric, with its previous value; the id of the previous value is another name of the row.
fn metrics(raw: &Value) -> Table {
    let all: Vec<&Value> = list(raw, "metrics").collect();
    let find = |name: &str| all.iter().find(|metric| text(metric, "name") == name);
    let mut rows = Vec::new();
    for metric in &all {
        let (name, own) = (text(metric, "name"), unit(text(metric, "unit")));
        let is_previous = text(metric, "period") == "previous";
        if is_previous && name.strip_suffix("_prev").is_some_and(|name| find(name).is_some()) {
            continue;
        }
        let before = find(&format!("{name}_prev"));
        let value = |metric: &Value| cell(metric.get("value"), own == Unit::Minutes);
        let none = || Cell::Missing("none".to_owned());
        let (now, then) = if is_previous {
            (none(), value(metric))
        } else {
            (value(metric), before.map_or_else(none, |before| value(before)))
        };
        let label = text(metric, "label").trim_end_matches(" (previous period)");
        let (id, cells) = (text(metric, "id"), vec![Cell::Text(name.to_owned()), now, then]);
        let mut aliases: Vec<String> = before.map(|before| text(before, "id").to_owned()).into_iter().collect();
        if is_previous {
            aliases.push(id.to_owned());
        }
        rows.push(Row {
            // Under its own id, a metric that was only measured before would be cited as current.
            id: if is_previous { format!("{id}_") } else { id.to_owned() },
            unit: Some(own),
            aliases,
            ..row(id, label, cells)
        });
    }
    Table {
        id: METRICS.to_owned(),
        title: String::new(),
        kind: TableKind::Totals,
        total_rows: rows.len(),
        order_rule: String::new(),
        definition: String::new(),
        tested: None,
        basis: None,
        columns: vec![
            column("metric", "metric", Unit::Text, Role::Key, "metric"),
            column("current", "current", Unit::OfRow, Role::Current, "current"),
            column("previous", "previous", Unit::OfRow, Role::Previous, "current"),
        ],
        rows,
    }
}

fn unit(text: &str) -> Unit {
    match text.split_once(':') {
        Some(("count", noun)) => Unit::Count(noun.to_owned()),
        _ => match text {
            "%" => Unit::Percent,
            "text" | "week" | "month" => Unit::Text,
            "date" => Unit::Date,
            "s" | "seconds" => Unit::Minutes,
            "money" | "currency" => Unit::Money,
            code if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => Unit::Money,
            _ => Unit::Ratio,
        },
    }
}

fn cell(value: Option<&Value>, seconds: bool) -> Cell {
    match value {
        Some(Value::Number(number)) => {
            let exact = number.as_f64().unwrap_or_default();
            Cell::Number {
                exact: if seconds { exact / 60.0 } else { exact },
                shown: if seconds { String::new() } else { number.to_string() },
            }
        }
        Some(Value::String(text)) => text
            .parse::<Date>()
            .map_or_else(|_| Cell::Text(text.clone()), Cell::Day),
        _ => Cell::Missing("none".to_owned()),
    }
}

fn column(name: &str, label: &str, unit: Unit, role: Role, of: &str) -> Column {
    Column {
        name: name.to_owned(),
        label: label.to_owned(),
        additive: matches!(unit, Unit::Count(_) | Unit::Money),
        unit,
        decimals: 0,
        role,
        of: of.to_owned(),
        good: Good::Neither,
    }
}

fn row(id: &str, key: &str, cells: Vec<Cell>) -> Row {
    Row {
        id: id.to_owned(),
        key: key.to_owned(),
        aliases: Vec::new(),
        unit: None,
        good: None,
        support: None,
        summary: false,
        significant: false,
        cells,
    }
}

fn window(raw: &Value, name: &str) -> Option<Value> {
    let window = raw.get(name)?;
    Some(serde_json::json!({"start": window.get("start")?, "end": window.get("end")?}))
}

fn list<'a>(raw: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    raw.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(raw: &'a Value, name: &str) -> &'a str {
    raw.get(name).and_then(Value::as_str).unwrap_or_default()
}
