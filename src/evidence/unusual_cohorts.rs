//! Cohorts whose users come back far more or less often than those of all others, day by day and week by week.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::anomalies::UNUSUAL_Z;
use super::cohorts::{DAYS, pooled};
use super::draft::{About, Draft, Value};
use super::series::weekday_name;
use super::statistics::{MAD_TO_SIGMA, cap, median_absolute_deviation};
use super::{Good, Table, TableKind, Tested, Unit, unusual};
use crate::data::DauByCohortDate;

/// Smaller cohorts are never called unusual.
/// Hits and size of a cohort, from its rows.
type Counts<'a> = dyn Fn(&[DauByCohortDate]) -> Option<(f64, f64)> + 'a;

const COHORT_SIZE_NEEDED: f64 = 30.0;

/// Fewer cohorts say nothing of how much cohorts differ anyway.
const COHORTS_NEEDED: usize = 5;

/// The smallest deviation of an unusual cohort, relative to what was expected.
const LEAST_DEVIATION: f64 = 0.1;

const ROWS: usize = 5;

/// Cohorts of the first days of the data are mostly old users.
const UNSETTLED_DAYS: i64 = 14;

/// The days of a cohort's life that are also taken together: a short life shows in all of them.
const TOGETHER: [u32; 4] = [1, 3, 7, 14];

/// A user who comes back on one day is likely to come back on another: so much wider than of independent days.
const DAYS_OF_ONE_USER: f64 = 1.6;

struct Cohort {
    start: Date,
    /// Users who came back, and who could have.
    hits: f64,
    n: f64,
}

struct Found {
    start: Date,
    metric: String,
    size: f64,
    share: f64,
    expected: f64,
    z: f64,
}

/// The cohorts of the period; those of the previous one only say what is usual.
///
/// `known_since` is the first day of the data: who comes first in the weeks after it may have been there long before.
pub(super) fn unusual_cohorts(
    rows: &[DauByCohortDate],
    before: &[DauByCohortDate],
    known_since: Option<Date>,
) -> Option<Table> {
    let settled = known_since.map(|day| day.saturating_add(jiff::Span::new().days(UNSETTLED_DAYS)));
    let is_settled = |row: &&DauByCohortDate| settled.is_none_or(|settled| row.cohort_date >= settled);
    let first = rows.iter().map(|row| row.cohort_date).min()?;
    let mut judged = 0;
    let mut found: Vec<Found> = Vec::new();
    for grain in [Grain::Day, Grain::Week] {
        let groups = groups(before.iter().chain(rows).filter(is_settled), grain);
        let mut look = |name: &str, wider: f64, counts: &Counts| {
            let cohorts: Vec<Cohort> = groups
                .iter()
                .filter_map(|(start, rows)| {
                    let (hits, n) = counts(rows)?;
                    Some(Cohort { start: *start, hits, n })
                })
                .filter(|cohort| cohort.n >= COHORT_SIZE_NEEDED)
                .collect();
            let scores = scores(&cohorts, wider);
            judged += scores.iter().filter(|score| score.start >= first).count();
            found.extend(
                scores
                    .into_iter()
                    .filter(|score| score.start >= first && score.is_unusual())
                    .map(|score| Found {
                        metric: grain.of(name),
                        ..score
                    }),
            );
        };
        for day in DAYS {
            look(&format!("day-{day} retention"), 1.0, &|rows| mature(rows, day));
        }
        let names: Vec<String> = TOGETHER.iter().map(u32::to_string).collect();
        look(
            &format!("retention on days {} together", names.join(", ")),
            DAYS_OF_ONE_USER,
            &|rows| {
                let parts: Option<Vec<(f64, f64)>> = TOGETHER.iter().map(|day| mature(rows, *day)).collect();
                let parts = parts?;
                let n = parts.len() as f64;
                Some((
                    parts.iter().map(|part| part.0).sum::<f64>() / n,
                    parts.iter().map(|part| part.1).sum::<f64>() / n,
                ))
            },
        );
    }
    found.sort_by(|a, b| {
        b.z.abs()
            .total_cmp(&a.z.abs())
            .then(a.start.cmp(&b.start))
            .then_with(|| a.metric.cmp(&b.metric))
    });
    table(found, judged)
}

fn table(found: Vec<Found>, judged: usize) -> Option<Table> {
    let total = found.len();
    let mut draft = Draft::new(
        "C3",
        "Unusual cohorts",
        TableKind::Anomalies,
        unusual::columns(),
    )
    .definition("day = first day of the cohort, or of its week; expected = pooled retention of all other cohorts known; z is binomial, widened by the spread of all cohorts")
    .order("by |z|")
    .tested(Some(Tested {
        n: judged,
        kept: total,
        least_z: UNUSUAL_Z,
    }));
    for found in found.into_iter().take(ROWS) {
        let about = About {
            key: found.start.to_string(),
            unit: Some((Unit::Percent, 1)),
            good: Some(Good::Up),
            support: Some(found.size),
            ..About::default()
        };
        draft.row(
            about,
            vec![
                Value::Day(found.start),
                Value::text(weekday_name(found.start)),
                Value::text(found.metric),
                Value::Number(found.share * 100.0),
                Value::Number(found.expected * 100.0),
                Value::Number((found.share / found.expected - 1.0) * 100.0),
                Value::Number(found.z),
            ],
        );
    }
    draft.out_of(total).finish()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grain {
    Day,
    Week,
}

impl Grain {
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let back = i64::from(day.weekday().to_monday_zero_offset());
                day.saturating_sub(jiff::Span::new().days(back))
            }
        }
    }

    fn of(self, metric: &str) -> String {
        match self {
            Self::Day => metric.to_owned(),
            Self::Week => format!("{metric}, users of the week"),
        }
    }
}

fn groups<'rows>(
    rows: impl Iterator<Item = &'rows DauByCohortDate>,
    grain: Grain,
) -> BTreeMap<Date, Vec<DauByCohortDate>> {
    let mut groups: BTreeMap<Date, Vec<DauByCohortDate>> = BTreeMap::new();
    for row in rows.filter(|row| row.cohort_size > 0) {
        groups
            .entry(grain.start(row.cohort_date))
            .or_default()
            .push(row.clone());
    }
    groups
}

/// (retained, eligible) where all of the cohort's users are old enough.
fn mature(rows: &[DauByCohortDate], day: u32) -> Option<(f64, f64)> {
    let users: f64 = rows.iter().map(|row| row.cohort_size as f64).sum();
    pooled(rows, day).filter(|(_, n)| *n >= users)
}

/// Each cohort against the pooled rate of all others, in standard errors, these widened where cohorts scatter more than chance.
fn scores(cohorts: &[Cohort], wider: f64) -> Vec<Found> {
    let (hits, n) = cohorts
        .iter()
        .fold((0.0, 0.0), |sum, cohort| (sum.0 + cohort.hits, sum.1 + cohort.n));
    if cohorts.len() < COHORTS_NEEDED {
        return Vec::new();
    }
    let mut scores: Vec<Found> = cohorts
        .iter()
        .filter_map(|cohort| {
            let others = n - cohort.n;
            let expected = (hits - cohort.hits) / others;
            let variance = expected * (1.0 - expected) * (1.0 / cohort.n + 1.0 / others) * wider;
            let share = cohort.hits / cohort.n;
            (variance > 0.0).then(|| Found {
                start: cohort.start,
                metric: String::new(),
                size: cohort.n,
                share,
                expected,
                z: (share - expected) / variance.sqrt(),
            })
        })
        .collect();
    let sizes: Vec<f64> = scores.iter().map(|score| score.z).collect();
    let spread = (median_absolute_deviation(&sizes).unwrap_or(1.0) * MAD_TO_SIGMA).max(1.0);
    scores.retain_mut(|score| {
        let Some(z) = cap(score.z / spread) else { return false };
        score.z = z;
        true
    });
    scores
}

impl Found {
    fn is_unusual(&self) -> bool {
        let is_far = (self.share / self.expected - 1.0).abs() >= LEAST_DEVIATION;
        self.z.abs() >= UNUSUAL_Z && is_far && self.size * self.expected >= 5.0
    }
}
