//! How much of each field is missing.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::rounded;
use crate::evidence::context::Context;

use crate::evidence::quality::NULLS_WARN;

const BARS: usize = 12;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChart {
    /// The emptiest first; only fields with missing values.
    pub bars: Vec<FieldBar>,
    pub n_fields: usize,
    pub n_complete: usize,
    /// Percent from which a field that is used deserves a warning.
    pub warns_from: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldBar {
    pub name: String,
    /// What the field is used as; an unused one is no trouble however empty.
    pub role: Option<String>,
    pub null_pct: f64,
    pub previous_null_pct: Option<f64>,
    /// The first day with many missing values.
    pub since: Option<Date>,
}

pub(super) fn chart(context: &Context) -> Option<FieldChart> {
    let columns = &context.dataset.summary.columns;
    if columns.is_empty() {
        return None;
    }
    let comparable = context.dataset.previous_window.is_some();
    let mut bars: Vec<FieldBar> = columns
        .iter()
        .filter(|column| column.null_pct > 0.0)
        .map(|column| FieldBar {
            name: column.name.clone(),
            role: column.role.clone(),
            null_pct: rounded(column.null_pct),
            previous_null_pct: column.previous_null_pct.filter(|_| comparable).map(rounded),
            since: column.null_since,
        })
        .collect();
    let n_complete = columns.len() - bars.len();
    bars.sort_by(|a, b| b.null_pct.total_cmp(&a.null_pct).then_with(|| a.name.cmp(&b.name)));
    bars.truncate(BARS);
    Some(FieldChart {
        bars,
        n_fields: columns.len(),
        n_complete,
        warns_from: NULLS_WARN,
    })
}
