//! The triangle of cohorts, and the curve of all cohorts together with its interval.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::rounded;
use crate::data::DauByCohortDate;
use crate::evidence::cohorts::{DAYS, by_age, mature, pooled, previous_rows};
use crate::evidence::context::Context;
use crate::evidence::statistics::wilson;

/// Half a year of weekly cohorts.
const COHORTS: usize = 26;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetentionChart {
    /// True when the days are grouped into ISO weeks.
    pub weekly: bool,
    /// The ages that any cohort has reached.
    pub days: Vec<u32>,
    /// Oldest first.
    pub cohorts: Vec<CohortRow>,
    /// Cohorts of the period, the older ones that are not listed among them.
    pub n_cohorts: usize,
    /// All cohorts old enough, one point for each age.
    pub pooled: Vec<RetentionPoint>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortRow {
    pub start: Date,
    pub users: u64,
    /// One for each age; none where the cohort is too young.
    pub cells: Vec<Option<CohortCell>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CohortCell {
    /// Percent of `n`.
    pub share: f64,
    /// Users old enough.
    pub n: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RetentionPoint {
    pub day: u32,
    pub share: f64,
    pub n: u64,
    /// The 95 % interval.
    pub interval: Option<(f64, f64)>,
    /// The same of the previous period's cohorts.
    pub previous: Option<f64>,
}

pub(super) fn chart(context: &Context) -> Option<RetentionChart> {
    let rows = context.dataset.current.dau_by_cohort_date.rows();
    let before = previous_rows(context, |tables| &tables.dau_by_cohort_date);
    let points: Vec<RetentionPoint> = DAYS.into_iter().filter_map(|day| point(day, rows, before)).collect();
    let days: Vec<u32> = points.iter().map(|point| point.day).collect();
    let (weekly, cohorts) = by_age(rows);
    if days.is_empty() || cohorts.is_empty() {
        return None;
    }
    let n_cohorts = cohorts.len();
    let listed = cohorts.into_iter().skip(n_cohorts.saturating_sub(COHORTS));
    let cohorts = listed.map(|(start, members)| CohortRow {
        start,
        users: members.iter().map(|row| row.cohort_size).sum(),
        cells: days.iter().map(|day| cell(&members, *day)).collect(),
    });
    Some(RetentionChart {
        weekly,
        cohorts: cohorts.collect(),
        n_cohorts,
        days,
        pooled: points,
    })
}

fn cell(cohort: &[DauByCohortDate], day: u32) -> Option<CohortCell> {
    let (hits, n) = mature(cohort, day)?;
    Some(CohortCell {
        share: rounded(hits / n * 100.0),
        n: n as u64,
    })
}

fn point(day: u32, rows: &[DauByCohortDate], before: &[DauByCohortDate]) -> Option<RetentionPoint> {
    let (hits, n) = pooled(rows, day)?;
    let percent = |share: f64| rounded(share * 100.0);
    Some(RetentionPoint {
        day,
        share: percent(hits / n),
        n: n as u64,
        interval: wilson(hits, n).map(|(low, high)| (percent(low), percent(high))),
        previous: pooled(before, day).map(|(hits, n)| percent(hits / n)),
    })
}
