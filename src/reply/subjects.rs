//! Measures: what a sentence speaks of must be what its cells measure.

use std::collections::BTreeSet;

use crate::evidence::{At, TableKind, Unit};

use super::lexicon::{speaks_per_row, subjects};
use super::measure::base;
use super::reason::Reason;
use super::verify::Judge;

impl Judge<'_, '_> {
    /// Measure words, if any, must be measures of the cells used.
    pub(super) fn measures(&mut self) {
        let said: BTreeSet<String> = self
            .names
            .iter()
            .filter(|(_, entry)| entry.is_measure)
            .map(|(_, entry)| entry.written.to_lowercase())
            .collect();
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
