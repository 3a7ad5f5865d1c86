//! What a reader of the evidence can see.

mod generate;
mod odd;
mod prompt;
mod rates;
mod recall;

use super::*;
use crate::data::*;
use crate::insight::Analyst;

fn evidence(dataset: &Dataset) -> Vec<Evidence> {
    build(dataset, &crate::evidence::Options::default())
}

fn of(evidence: &[Evidence], analyst: Analyst) -> &Evidence {
    evidence
        .iter()
        .find(|e| e.analyst == analyst)
        .expect("all six are built")
}

/// The unusual rows of a table, as (day, metric, value, expected, z).
fn unusual(evidence: &Evidence, table: &str) -> Vec<(String, String, f64, f64, f64)> {
    let Some(table) = evidence.table(table) else {
        return Vec::new();
    };
    table
        .rows
        .iter()
        .map(|row| {
            let number = |name: &str| table.at(row, name).and_then(|at| at.exact());
            (
                row.key.clone(),
                table.at(row, "metric").map(|at| at.shown()).unwrap_or_default(),
                number("value").expect("a value"),
                number("value_expected").expect("an expected value"),
                number("value_z").expect("a z"),
            )
        })
        .collect()
}

fn empty(window: Window) -> Dataset {
    Dataset {
        window,
        previous_window: None,
        current: Tables::default(),
        previous: None,
        summary: Summary::default(),
        segmentation: Segmentation::default(),
        mapping: Vec::new(),
        queries: Vec::new(),
        source: Source::default(),
    }
}

fn no_harm(dataset: &Dataset) -> Vec<Evidence> {
    let all = evidence(dataset);
    assert_eq!(all.len(), 6);
    for evidence in &all {
        let text = pipe(evidence);
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
        assert!((0.0..=1.0).contains(&evidence.completeness));
        let sections = Analysis::of(dataset, &super::Options::default()).sections(evidence);
        assert!(!sections.is_empty());
    }
    let _ = kpis(dataset, &all);
    all
}
