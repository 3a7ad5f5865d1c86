//! Measures: what a sentence speaks of must be what its cells measure.

use std::collections::BTreeSet;

use crate::evidence::{At, Cell, Role, Row, Table, TableKind, Unit};

use super::mask::whole_words;
use super::measure::base;
use super::reason::Reason;
use super::verify::Judge;

impl Judge<'_, '_> {
    /// Measure words, if any, must be measures of the cells used.
    pub(super) fn measures(&mut self) {
        let typed = self.sentence.typed.to_lowercase();
        let mut labels: Vec<String> = Vec::new();
        for table in &self.basis.evidence.tables {
            labels.extend(
                table
                    .columns
                    .iter()
                    .filter(|c| c.role == Role::Current && c.unit != Unit::OfRow)
                    .map(|c| c.label.to_lowercase()),
            );
            if table.columns.iter().any(|column| column.unit == Unit::OfRow) && table.kind == TableKind::Totals {
                labels.extend(table.rows.iter().map(|row| row.key.to_lowercase()));
            }
        }
        for table in self.basis.evidence.tables.iter().filter(|table| speaks_per_row(table)) {
            labels.extend(table.rows.iter().flat_map(subjects));
        }
        labels.sort_by_key(|label| std::cmp::Reverse(label.len()));
        labels.dedup();
        let mut free = typed.clone();
        let mut said = BTreeSet::new();
        for label in &labels {
            for range in whole_words(&free.clone(), label) {
                said.insert(label.clone());
                free.replace_range(range.clone(), &"~".repeat(range.len()));
            }
        }
        if said.is_empty() || self.basis.cells.is_empty() {
            return;
        }
        let own: Vec<String> = self.basis.cells.iter().flat_map(measures_of).collect();
        let alike = |label: &String| {
            own.iter()
                .any(|own| own == label || own.contains(label.as_str()) || label.contains(own.as_str()))
        };
        let nouns: Vec<String> = self
            .basis
            .cells
            .iter()
            .filter_map(|at| match at.unit() {
                Unit::Count(noun) => Some(noun.to_lowercase()),
                _ => None,
            })
            .collect();
        if !said.iter().any(|label| alike(label) || nouns.contains(label)) {
            let words: Vec<String> = said.into_iter().collect();
            self.fault(Reason::unsupported(
                "measure",
                format!(
                    "the text speaks of {}, the cells used are about {}",
                    words.join(", "),
                    own.first().map_or("nothing", String::as_str)
                ),
            ));
        }
    }
}

/// What a cell measures, in the words that a reader knows.
fn measures_of(at: &At<'_>) -> Vec<String> {
    if at.column.unit != Unit::OfRow && !speaks_per_row(at.table) && at.table.kind != TableKind::Totals {
        return vec![base(at).column.label.to_lowercase()];
    }
    let mut out = subjects(at.row);
    out.push(at.row.key.to_lowercase());
    out
}

/// Each row has a measure of its own, named in a text cell.
fn speaks_per_row(table: &Table) -> bool {
    table.kind != TableKind::Totals && table.columns.iter().any(|column| column.unit == Unit::OfRow)
}

fn subjects(row: &Row) -> Vec<String> {
    row.cells
        .iter()
        .filter_map(|cell| match cell {
            Cell::Text(text) if text.len() > 2 => Some(text.to_lowercase()),
            _ => None,
        })
        .collect()
}
