//! Cohorts whose users come back far more or less often than those of others: by day of life against all others, by week of life against
//! the weeks around them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::anomalies::UNUSUAL_Z;
use super::cohorts::{DAYS, pooled};
use super::draft::{About, Draft, Value};
use super::measure::{count, note};
use super::series::weekday_name;
use super::statistics::{MAD_TO_SIGMA, cap, median_absolute_deviation};
use super::weekly_cohorts::{self, iso_week};
use super::{Column, Good, Role, Table, TableKind, Tested, Unit, unusual};
use crate::data::{Dataset, DauByCohortDate};

/// Hits and size of a cohort, from its rows.
type Counts<'a> = dyn Fn(&[DauByCohortDate]) -> Option<(f64, f64)> + 'a;

/// Smaller cohorts are never called unusual.
pub(super) const COHORT_SIZE_NEEDED: f64 = 30.0;

/// Fewer cohorts say nothing of how much cohorts differ anyway.
pub(super) const COHORTS_NEEDED: usize = 5;

/// The smallest deviation of an unusual cohort, relative to what was expected.
const LEAST_DEVIATION: f64 = 0.1;

const ROWS: usize = 5;

const DEFINITION: &str = "day = first day of the cohort, or of its week; by day of life, expected = pooled retention of all other cohorts known; by week \
of life, that of the three weeks before and after at the same age; z takes users as drawn by chance and is widened by how much cohorts differ anyway";

/// Of the cohorts of the first weeks of the data a good part are old users who come seldom: against all others they stand out.
const UNSETTLED_DAYS: i64 = 28;

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

pub(super) struct Found {
    pub(super) start: Date,
    /// The weekday of a day, the number of a week.
    pub(super) time: String,
    pub(super) metric: String,
    pub(super) size: f64,
    pub(super) share: f64,
    pub(super) expected: f64,
    pub(super) z: f64,
}

/// The cohorts of the period; earlier ones only say what is usual.
pub(super) fn unusual_cohorts(dataset: &Dataset, before: &[DauByCohortDate]) -> Option<Table> {
    let known_since = dataset.summary.first_day;
    let rows = dataset.current.dau_by_cohort_date.rows();
    let weeks = &dataset.segmentation.cohort_weeks;
    let (mut judged, mut found) = weekly_cohorts::unusual(weeks, known_since, dataset.window);
    by_day(rows, before, known_since, &mut judged, &mut found);
    found.sort_by(|a, b| {
        b.z.abs()
            .total_cmp(&a.z.abs())
            .then(a.start.cmp(&b.start))
            .then_with(|| a.metric.cmp(&b.metric))
    });
    table(found, judged)
}

/// Whoever comes first in the first weeks of the data may have been there long before.
pub(super) fn is_settled(cohort: Date, known_since: Option<Date>, days: i64) -> bool {
    let settled = known_since.map(|day| day.saturating_add(jiff::Span::new().days(days)));
    settled.is_none_or(|settled| cohort >= settled)
}

fn by_day(
    rows: &[DauByCohortDate],
    before: &[DauByCohortDate],
    known_since: Option<Date>,
    judged: &mut usize,
    found: &mut Vec<Found>,
) {
    let is_settled = |row: &&DauByCohortDate| is_settled(row.cohort_date, known_since, UNSETTLED_DAYS);
    let Some(first) = rows.iter().map(|row| row.cohort_date).min() else {
        return;
    };
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
            *judged += scores.iter().filter(|score| score.start >= first).count();
            found.extend(
                scores
                    .into_iter()
                    .filter(|score| score.start >= first && score.is_unusual())
                    .map(|score| Found {
                        metric: grain.of(name),
                        time: grain.time(score.start),
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
}

fn table(found: Vec<Found>, judged: usize) -> Option<Table> {
    let total = found.len();
    let mut draft = Draft::new("C3", "Unusual cohorts", TableKind::Anomalies, columns())
        .definition(DEFINITION)
        .order("by |z|")
        .tested(Some(Tested {
            n: judged,
            kept: total,
            least_z: UNUSUAL_Z,
        }));
    for found in found.into_iter().take(ROWS) {
        let about = About {
            key: found.start.to_string(),
            aliases: Some(found.time.clone())
                .filter(|time| time != weekday_name(found.start))
                .into_iter()
                .collect(),
            unit: Some((Unit::Percent, 1)),
            good: Some(Good::Up),
            support: Some(found.size),
            ..About::default()
        };
        draft.row(
            about,
            vec![
                Value::Day(found.start),
                Value::text(found.time),
                Value::text(found.metric),
                Value::Number(found.share * 100.0),
                Value::Number(found.expected * 100.0),
                Value::Number((found.share / found.expected - 1.0) * 100.0),
                Value::Number(found.z),
                Value::Number((found.share - found.expected) * 100.0),
                Value::Number(found.size),
            ],
        );
    }
    draft.out_of(total).finish()
}

/// Those of unusual days, and how far off in percentage points, of how many users.
fn columns() -> Vec<Column> {
    let mut columns = unusual::columns();
    columns.push(Column {
        of: "value".to_owned(),
        ..note(
            "value_difference_pp",
            "difference from the expected value",
            Unit::PercentagePoints,
            Role::ChangePoints,
        )
    });
    columns.push(note("users", "users of the cohort", count("users"), Role::Note));
    columns
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

    /// What the first day says to a reader: its weekday, or the number of its week.
    fn time(self, start: Date) -> String {
        match self {
            Self::Day => weekday_name(start).to_owned(),
            Self::Week => iso_week(start),
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
                time: String::new(),
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
    pub(super) fn is_unusual(&self) -> bool {
        let is_far = (self.share / self.expected - 1.0).abs() >= LEAST_DEVIATION;
        self.z.abs() >= UNUSUAL_Z && is_far && self.size * self.expected >= 5.0
    }
}
