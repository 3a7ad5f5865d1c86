//! The headline metrics of the report, taken from the rows that the analysts cite, so that both say the same.

use serde::{Deserialize, Serialize};

use super::{At, Evidence, Good, Unit, show};
use crate::data::Dataset;
use crate::insight::Analyst;

/// The smallest |z| that counts as a change in any table: fewer than 1 % of unchanged totals get there (see `tests::rates`).
/// A table that tests many scores asks for more: `Table::least_z`.
pub const CHANGED_Z: f64 = 3.0;

/// One line of the report's table of key figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kpi {
    /// Snake case: `daily_active_users`.
    pub name: String,
    pub label: String,
    pub unit: Unit,
    pub current: f64,
    pub previous: Option<f64>,
    /// Percent of the previous value.
    pub change_pct: Option<f64>,
    pub z: Option<f64>,
    /// The change is beyond ordinary variation.
    pub unusual: bool,
    pub good: Good,
    pub shown_current: String,
    /// A dash when unknown.
    pub shown_previous: String,
    /// `+4.2 %`, `-0.8 pp`, `+4.2 % (uncertain)` for |z| of 2 to 3, `no real change` below, or a dash.
    pub shown_change: String,
}

const DASH: &str = "–";

/// Name, analyst, table, and the row's key.
const KPIS: [(&str, Analyst, &str, &str); 9] = [
    (
        "daily_active_users",
        Analyst::DailyMetrics,
        "D1",
        "daily active users (mean per day)",
    ),
    (
        "active_users",
        Analyst::DailyMetrics,
        "D1",
        "active users of the period",
    ),
    ("new_users", Analyst::DailyMetrics, "D1", "new users"),
    ("revenue", Analyst::RevenueOptimization, "R1", "net revenue"),
    (
        "revenue_per_active_user",
        Analyst::DailyMetrics,
        "D1",
        "revenue per daily active user",
    ),
    (
        "paying_share",
        Analyst::RevenueOptimization,
        "R1",
        "share of paying users",
    ),
    ("orders", Analyst::RevenueOptimization, "R1", "orders"),
    ("day_7_retention", Analyst::CohortRetention, "C2", "day-7 retention"),
    ("sessions", Analyst::DailyMetrics, "D1", "sessions"),
];

/// At most eight figures, those that the data have. `dataset` decides whether there is anything to compare with.
pub fn kpis(dataset: &Dataset, evidence: &[Evidence]) -> Vec<Kpi> {
    let comparable = dataset.previous_window.is_some();
    KPIS.iter()
        .filter_map(|(name, analyst, table, key)| {
            let evidence = evidence.iter().find(|e| e.analyst == *analyst)?;
            let table = evidence.table(table)?;
            let row = table.rows.iter().find(|row| row.key == *key)?;
            let at = |column: &str| table.at(row, column);
            let number = |column: &str| at(column).and_then(|at: At| at.exact());
            let current = at("current")?;
            let previous = number("previous").filter(|_| comparable);
            let change_pct = number("change_pct").filter(|_| comparable);
            let z = number("z").filter(|_| comparable);
            let unusual = z.is_some_and(|z| z.abs() >= table.least_z());
            let points = number("change_pp").filter(|_| comparable);
            let shown_change = match points.or(change_pct) {
                Some(change) => {
                    let unit = if points.is_some() { "pp" } else { "%" };
                    let shown = show::number(change, 1);
                    let sign = if change > 0.0 && shown != "0.0" { "+" } else { "" };
                    format!("{sign}{shown} {unit}")
                }
                None => DASH.to_owned(),
            };
            Some(Kpi {
                name: (*name).to_owned(),
                label: row.key.clone(),
                unit: current.unit().clone(),
                current: current.exact()?,
                previous,
                change_pct,
                z,
                unusual,
                good: current.good(),
                shown_current: current.shown(),
                shown_previous: match (previous, at("previous")) {
                    (Some(_), Some(at)) => at.shown(),
                    _ => DASH.to_owned(),
                },
                shown_change,
            })
        })
        .take(8)
        .collect()
}
