//! A table being written: values become cells with an exact and a shown form; ids come last, when all tables of an analyst stand.

use jiff::civil::Date;

use super::measure::text;
use super::significance::mark;
use super::{Cell, Column, Good, Role, Row, Table, TableKind, Tested, Unit, show};

/// One value on its way into a cell.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(f64),
    Day(Date),
    Text(String),
    Missing(&'static str),
}

impl Value {
    pub(super) fn or(number: Option<f64>, why_missing: &'static str) -> Self {
        number.map_or(Self::Missing(why_missing), Self::Number)
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

/// What sets one row apart from its cells.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub(super) key: String,
    pub(super) aliases: Vec<String>,
    /// Unit and decimals of the `OfRow` cells.
    pub(super) unit: Option<(Unit, u8)>,
    pub(super) good: Option<Good>,
    pub(super) support: Option<f64>,
    pub(super) summary: bool,
}

impl About {
    pub(super) fn named(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            ..Self::default()
        }
    }

    pub(super) fn support(mut self, support: Option<f64>) -> Self {
        self.support = support.filter(|s| s.is_finite());
        self
    }
}

pub(super) struct Draft {
    table: Table,
}

impl Draft {
    /// A table whose rows have units of their own also gets a last column that names the unit.
    pub(super) fn new(id: &str, title: &str, kind: TableKind, mut columns: Vec<Column>) -> Self {
        if columns.iter().any(|column| column.unit == Unit::OfRow) {
            columns.push(text("unit", "unit of the row"));
        }
        Self {
            table: Table {
                id: id.to_owned(),
                title: title.to_owned(),
                kind,
                total_rows: 0,
                order_rule: String::new(),
                definition: String::new(),
                tested: None,
                basis: None,
                columns,
                rows: Vec::new(),
            },
        }
    }

    pub(super) fn order(mut self, rule: &str) -> Self {
        rule.clone_into(&mut self.table.order_rule);
        self
    }

    pub(super) fn definition(mut self, definition: &str) -> Self {
        definition.clone_into(&mut self.table.definition);
        self
    }

    /// Values in the order of the columns; missing ones at the end count as unknown.
    pub(super) fn row(&mut self, about: About, mut values: Vec<Value>) {
        if let (Some((unit, _)), Some(last)) = (&about.unit, self.table.columns.last())
            && last.name == "unit"
        {
            values.resize(self.table.columns.len() - 1, Value::Missing("not known"));
            values.push(Value::Text(show::unit(unit)));
        }
        let mut values = values.into_iter();
        let cells = self
            .table
            .columns
            .iter()
            .map(|column| {
                let value = values.next().unwrap_or(Value::Missing("not known"));
                cell(value, column, about.unit.as_ref())
            })
            .collect();
        if !about.summary {
            self.table.total_rows += 1;
        }
        self.table.rows.push(Row {
            id: String::new(),
            key: clean_name(&about.key),
            aliases: about.aliases,
            unit: about.unit.map(|(unit, _)| unit),
            good: about.good,
            support: about.support,
            summary: about.summary,
            significant: false,
            cells,
        });
    }

    /// The number of rows before the limit, when not all were written.
    pub(super) fn out_of(mut self, total_rows: usize) -> Self {
        self.table.total_rows = total_rows;
        self
    }

    /// What was tested, when it was more than the rows that were written.
    pub(super) fn tested(mut self, tested: Option<Tested>) -> Self {
        self.table.tested = tested;
        self
    }

    /// The table, unless it has no rows. Columns without a single value are dropped, the key and notes kept.
    pub(super) fn finish(self) -> Option<Table> {
        let mut table = self.table;
        if table.rows.is_empty() {
            return None;
        }
        let kept: Vec<bool> = (0..table.columns.len())
            .map(|index| {
                let fixed = matches!(table.kind, TableKind::Totals | TableKind::Anomalies);
                let known = |row: &Row| !matches!(row.cells[index], Cell::Missing(_));
                fixed || table.columns[index].role == Role::Key || table.rows.iter().any(known)
            })
            .collect();
        let mut keep = kept.iter();
        table.columns.retain(|_| *keep.next().unwrap_or(&true));
        for row in &mut table.rows {
            let mut keep = kept.iter();
            row.cells.retain(|_| *keep.next().unwrap_or(&true));
        }
        mark(&mut table);
        Some(table)
    }
}

/// Gives every row of an analyst its id, in reading order: `g1`, `g2` …
pub(super) fn number_rows<'a>(tables: impl Iterator<Item = &'a mut Table>, letter: char) {
    let rows = tables.flat_map(|table| &mut table.rows);
    for (index, row) in rows.enumerate() {
        row.id = format!("{letter}{}", index + 1);
    }
}

/// A name that cannot break a prompt's table: no bars, line breaks, control or direction characters; at most 80 characters.
pub(super) fn clean_name(name: &str) -> String {
    let mut clean = String::with_capacity(name.len().min(84));
    for (position, letter) in name.chars().enumerate() {
        if position == 80 {
            clean.push('…');
            break;
        }
        clean.push(match letter {
            '|' => '/',
            '`' => '\'',
            '{' => '(',
            '}' => ')',
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}' => ' ',
            letter if letter.is_control() => ' ',
            letter => letter,
        });
    }
    let words: Vec<&str> = clean.split_whitespace().collect();
    if words.is_empty() {
        "(blank)".to_owned()
    } else {
        words.join(" ")
    }
}

fn cell(value: Value, column: &Column, of_row: Option<&(Unit, u8)>) -> Cell {
    match value {
        Value::Number(exact) if exact.is_finite() => {
            let decimals = match (&column.unit, of_row) {
                (Unit::OfRow, Some((_, decimals))) => *decimals,
                _ => column.decimals,
            };
            // A negative zero is a zero.
            let exact = exact + 0.0;
            Cell::Number {
                exact,
                shown: show::number(exact, decimals),
            }
        }
        Value::Number(_) => Cell::Missing("not a number".to_owned()),
        Value::Day(day) => Cell::Day(day),
        Value::Text(text) => Cell::Text(clean_name(&text)),
        Value::Missing(why) => Cell::Missing(why.to_owned()),
    }
}
