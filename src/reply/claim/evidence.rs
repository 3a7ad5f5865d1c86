//! The evidence of a claim as the evidence of a run: same tables, units, roles; metrics become a table of totals.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::from_str;

use crate::evidence::{At, Cell, Column, Evidence, Good, Role, Row, Table, TableKind, Unit};
use crate::insight::Analyst;

use super::tape::Node;
use crate::reply::day::day_of;
use crate::reply::pattern::pattern;

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

pub(super) fn read(raw: Node<'_>) -> Result<Evidence, String> {
    let mut tables = Vec::new();
    for table in list(raw, "tables") {
        tables.push(read_table(table)?);
    }
    tables.push(metrics(raw));
    let period = window(raw, "period").ok_or("`evidence.period` is no {\"start\", \"end\"} of days")?;
    // The windows are of a type that this module cannot name; their wire form is the contract.
    Ok(Evidence {
        analyst: Analyst::from_key(&text(raw, "specialist")).unwrap_or(Analyst::DailyMetrics),
        period: from_str(period).map_err(|error| format!("`evidence.period`: {error}"))?,
        previous_period: window(raw, "previous_period").and_then(|window| from_str(window).ok()),
        currency: raw.get("currency").and_then(Node::text).map(Cow::into_owned),
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

fn read_table(raw: Node<'_>) -> Result<Table, String> {
    let [id, key, title] = texts(raw, ["id", "key", "title"]);
    if id.is_empty() || key.is_empty() {
        return Err("a table of `evidence` has no `id` or no `key`".to_owned());
    }
    let columns: Vec<Column> = list(raw, "columns")
        .map(|raw| {
            let [name, label, own, period] = texts(raw, ["name", "label", "unit", "period"]);
            let role = match &*period {
                _ if name == key => Role::Key,
                "previous" => Role::Previous,
                _ => Role::Current,
            };
            let of = name.strip_suffix("_prev").unwrap_or(&name);
            column(&name, &label, unit(&own), role, of)
        })
        .collect();
    let mut fields = Fields {
        columns: &columns,
        before: Vec::new(),
    };
    let rows: Vec<Row> = list(raw, "rows").map(|raw| fields.row(raw, &id, &key)).collect();
    let is_quality = title.contains("quality");
    Ok(Table {
        id: id.into_owned(),
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

/// Which column each field of a row is: mostly as in the row before.
struct Fields<'a> {
    columns: &'a [Column],
    before: Vec<Option<usize>>,
}

impl Fields<'_> {
    fn row(&mut self, raw: Node<'_>, table: &str, key: &str) -> Row {
        let mut cells: Vec<Cell> = self.columns.iter().map(|_| cell(None, false)).collect();
        let (mut id, mut own) = (Cow::Borrowed(""), Cow::Borrowed(""));
        for (at, (name, value)) in raw.fields().enumerate() {
            if name == "id" {
                id = value.text().unwrap_or_default();
            }
            if name == key {
                own = value.text().unwrap_or_default();
            }
            if let Some(place) = self.place(at, &name) {
                cells[place] = cell(Some(value), self.columns[place].unit == Unit::Minutes);
            }
        }
        row([table, ":", &id].concat(), &own, cells)
    }

    fn place(&mut self, at: usize, name: &str) -> Option<usize> {
        let fits = |place: &usize| self.columns[*place].name == name;
        if let Some(place) = self.before.get(at).copied().flatten().filter(fits) {
            return Some(place);
        }
        let place = (0..self.columns.len()).find(fits);
        if at >= self.before.len() {
            self.before.resize(at + 1, None);
        }
        self.before[at] = place;
        place
    }
}

/// One metric as it is written.
struct Metric<'a> {
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    label: Cow<'a, str>,
    unit: Unit,
    is_previous: bool,
    value: Option<Node<'a>>,
}

impl<'a> Metric<'a> {
    fn of(raw: Node<'a>) -> Self {
        let [id, name, label, own, period] = texts(raw, ["id", "name", "label", "unit", "period"]);
        Self {
            id,
            name,
            label,
            unit: unit(&own),
            is_previous: period == "previous",
            value: raw.get("value"),
        }
    }
}

/// One row for each metric, with its previous value; the id of the previous value is another name of the row.
fn metrics(raw: Node<'_>) -> Table {
    let all: Vec<Metric<'_>> = list(raw, "metrics").map(Metric::of).collect();
    let mut rows = Vec::new();
    for metric in &all {
        let Metric {
            id, name, is_previous, ..
        } = metric;
        let is_told = |of: &str| all.iter().any(|other| other.name == of);
        if *is_previous && name.strip_suffix("_prev").is_some_and(is_told) {
            continue;
        }
        let is_before = |other: &&Metric<'_>| other.name.strip_suffix("_prev") == Some(name);
        let before = all.iter().find(is_before);
        let value = |of: &Metric<'_>| cell(of.value, metric.unit == Unit::Minutes);
        let (now, then) = if *is_previous {
            (cell(None, false), value(metric))
        } else {
            (value(metric), before.map_or_else(|| cell(None, false), value))
        };
        let label = metric.label.trim_end_matches(" (previous period)");
        let cells = vec![Cell::Text(name.to_string()), now, then];
        let mut aliases: Vec<String> = before.map(|before| before.id.to_string()).into_iter().collect();
        if *is_previous {
            aliases.push(id.to_string());
        }
        // Under its own id, a metric that was only measured before would be cited as current.
        let id = if *is_previous { format!("{id}_") } else { id.to_string() };
        rows.push(Row {
            unit: Some(metric.unit.clone()),
            good: Some(good(label)),
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

/// A number is shown to nobody here; a duration is told in seconds.
fn cell(value: Option<Node<'_>>, seconds: bool) -> Cell {
    let Some(value) = value else {
        return Cell::Missing(String::new());
    };
    if let Some(exact) = value.number() {
        return Cell::Number {
            exact: if seconds { exact / 60.0 } else { exact },
            shown: String::new(),
        };
    }
    match value.text() {
        Some(text) => day_of(&text).map_or_else(|| Cell::Text(text.into_owned()), Cell::Day),
        None => Cell::Missing(String::new()),
    }
}

/// Of what nobody wants more; with other measures more is better, or nobody knows.
fn good(label: &str) -> Good {
    static UNWANTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern("refund|churn|null|missing|duplicate|error|bounce|cancel|invalid|late |complaint|fail")
    });
    match UNWANTED.is_match(label) {
        true => Good::Down,
        false => Good::Neither,
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
        good: good(label),
    }
}

fn row(id: String, key: &str, cells: Vec<Cell>) -> Row {
    Row {
        id,
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

/// The text of a window that names its ends.
fn window<'a>(raw: Node<'a>, name: &str) -> Option<&'a str> {
    let window = raw.get(name)?;
    let is_whole = ["start", "end"].iter().all(|end| window.get(end).is_some());
    is_whole.then(|| window.raw())
}

fn list<'a>(raw: Node<'a>, name: &str) -> impl Iterator<Item = Node<'a>> {
    raw.get(name).into_iter().flat_map(Node::items)
}

fn text<'a>(raw: Node<'a>, name: &str) -> Cow<'a, str> {
    let [text] = texts(raw, [name]);
    text
}

/// The fields of these names as far as they are strings.
fn texts<'a, const N: usize>(raw: Node<'a>, names: [&str; N]) -> [Cow<'a, str>; N] {
    let text = |field: Option<Node<'a>>| field.and_then(Node::text).unwrap_or_default();
    raw.gets(names).map(text)
}
