//! Reads back the tables that stand in a prompt. The mock sees what a model sees, and nothing else.

use std::collections::BTreeMap;

/// One table of the prompt.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// `totals`, `entities`, `anomalies` …
    pub(super) kind: String,
    columns: Vec<String>,
    labels: BTreeMap<String, String>,
    pub(super) rows: Vec<Fact>,
    /// The size from which a score is more than ordinary variation.
    pub(super) least_z: f64,
}

/// Where a table does not say.
const LEAST_Z: f64 = 3.0;

/// One row: its id and its cells as they are shown.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) id: String,
    cells: Vec<String>,
}

impl Facts {
    /// All tables of a prompt, in order.
    pub(super) fn all(prompt: &str) -> Vec<Self> {
        let mut tables: Vec<Self> = Vec::new();
        let mut open = false;
        for line in prompt.lines() {
            if let Some(kind) = title(line) {
                tables.push(Self {
                    kind,
                    least_z: LEAST_Z,
                    ..Self::default()
                });
                open = true;
                continue;
            }
            let Some(table) = tables.last_mut().filter(|_| open) else {
                continue;
            };
            if line.trim().is_empty() {
                open = false;
            } else if let Some(order) = line.strip_prefix("order: ") {
                table.least_z = least_z(order).unwrap_or(LEAST_Z);
            } else if let Some(described) = line.strip_prefix("columns: ") {
                table.labels = labels(described);
            } else if let Some(names) = line.strip_prefix("id|") {
                table.columns = names.split('|').map(str::to_owned).collect();
            } else if !table.columns.is_empty() {
                table.rows.extend(fact(line, table.columns.len()));
            }
        }
        tables
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    pub(super) fn text<'a>(&self, row: &'a Fact, column: &str) -> Option<&'a str> {
        let index = self.columns.iter().position(|name| name == column)?;
        row.cells
            .get(index)
            .map(String::as_str)
            .filter(|text| *text != "-" && *text != "–")
    }

    pub(super) fn number(&self, row: &Fact, column: &str) -> Option<f64> {
        self.text(row, column)?.replace(',', "").parse().ok()
    }

    /// What the rows are: `country`, `segment`, `step`.
    pub(super) fn key(&self) -> &str {
        self.columns.first().map_or("", String::as_str)
    }

    /// What a reader calls a column.
    pub(super) fn label(&self, column: &str) -> String {
        self.labels
            .get(column)
            .cloned()
            .unwrap_or_else(|| column.replace('_', " "))
    }

    /// The name in a row's first cell.
    pub(super) fn name<'a>(&self, row: &'a Fact) -> &'a str {
        row.cells.first().map_or("", String::as_str)
    }

    /// Columns that have both a change and a strength of it.
    pub(super) fn measures(&self) -> Vec<&str> {
        let strengths = self.columns.iter().filter_map(|name| name.strip_suffix("_z"));
        strengths
            .filter(|measure| {
                self.has(measure)
                    && (self.has(&format!("{measure}_change_pct")) || self.has(&format!("{measure}_change_pp")))
            })
            .collect()
    }
}

/// Sums of rows, not entities.
pub(super) fn is_summary(name: &str) -> bool {
    name == "Total" || name.starts_with("Other (") || name == "Other"
}

/// `table G1 [entities] Countries`.
fn title(line: &str) -> Option<String> {
    let (_, rest) = line.strip_prefix("table ")?.split_once(" [")?;
    let (kind, _) = rest.split_once(']')?;
    Some(kind.to_owned())
}

/// `by day; 7 of 45 rows; tested 42, kept 1: z of 3.9 or more`.
fn least_z(order: &str) -> Option<f64> {
    let (_, rest) = order.rsplit_once(": z of ")?;
    rest.strip_suffix(" or more")?.parse().ok()
}

/// `revenue = net revenue (money, more is better); users = …`.
fn labels(described: &str) -> BTreeMap<String, String> {
    let pairs = described.split("; ").filter_map(|part| part.split_once(" = "));
    pairs
        .map(|(name, words)| {
            let words = words.split(" (").next().unwrap_or(words);
            (name.trim().to_owned(), words.trim().to_owned())
        })
        .collect()
}

fn fact(line: &str, n_columns: usize) -> Option<Fact> {
    let mut parts = line.split('|');
    let id = parts.next()?.to_owned();
    let cells: Vec<String> = parts.map(str::to_owned).collect();
    (cells.len() == n_columns).then_some(Fact { id, cells })
}
