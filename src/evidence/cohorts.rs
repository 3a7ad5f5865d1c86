//! What the retention analyst may cite: cohorts, pooled retention now and before, unusual cohorts, revenue per cohort user.
//! A cell that is too young is unknown, never 0.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::context::{Context, gap};
use super::draft::{About, Draft, Value};
use super::entities::LEAST_PEOPLE;
use super::measure::{Measure, count, key};
use super::origins::origins;
use super::statistics::{cap, over_dispersion, ratio, two_proportion_z, wilson};
use super::totals::{Total, columns};
use super::unusual_cohorts::unusual_cohorts;
use super::{Evidence, Good, Role, Table, TableKind, Unit, lifetime, weekly_cohorts};
use crate::data::{DauByCohortDate, RevenueByCohortDate, Tables};
use crate::insight::Analyst;

/// The days whose retention is reported.
pub(super) const DAYS: [u32; 6] = [1, 3, 7, 14, 30, 60];

/// More daily cohorts than this are grouped into ISO weeks.
const DAILY_COHORTS: usize = 14;

const ROWS: usize = 12;

const DEFINITION: &str = "a cohort is the users with the same first day; day-N retention = users active exactly N days later / users of cohorts \
old enough for day N (pooled); blank where the cohort is too young";

pub(super) fn evidence(context: &Context) -> Evidence {
    let mut evidence = context.header(Analyst::CohortRetention);
    let dataset = context.dataset;
    let rows = dataset.current.dau_by_cohort_date.rows();
    let missing = gap(
        &dataset.current.dau_by_cohort_date,
        "no cohorts: nothing to say about retention",
    );
    if let Some(missing) = missing {
        evidence.gaps.push(missing);
        return evidence;
    }
    if context.history_days().is_some_and(|days| days < 30) {
        evidence.notes.push(
            "less than 30 days of data before the period: some users of the first cohorts may be older than they look"
                .to_owned(),
        );
    }
    let young: Vec<String> = DAYS
        .iter()
        .filter(|day| rows.iter().all(|row| retained(row, **day).is_none()))
        .map(|day| format!("day {day}"))
        .collect();
    if !young.is_empty() {
        evidence.notes.push(format!(
            "no cohort of the period is old enough for {}",
            young.join(", ")
        ));
    }
    evidence.notes.push(format!("{} daily cohorts", rows.len()));
    let worth = lifetime::totals(context, "C5").or_else(|| revenue_table(context));
    if worth.is_none() {
        evidence.gaps.push("no revenue by cohort: retention only".to_owned());
    }
    evidence.tables = [
        cohort_table(rows),
        pooled_table(context),
        unusual_cohorts(dataset, previous_rows(context, |tables| &tables.dau_by_cohort_date)),
        origins(context, "C4"),
        worth,
        weekly_cohorts::table(&dataset.segmentation.cohort_weeks, dataset.window),
    ]
    .into_iter()
    .flatten()
    .collect();
    evidence
}

/// Users of the cohort active on `day`, when it is old enough.
pub(super) fn retained(row: &DauByCohortDate, day: u32) -> Option<u64> {
    match day {
        1 => row.day_1_dau,
        3 => row.day_3_dau,
        7 => row.day_7_dau,
        14 => row.day_14_dau,
        30 => row.day_30_dau,
        60 => row.day_60_dau,
        _ => None,
    }
}

/// (retained, eligible) over all cohorts old enough for `day`.
pub(super) fn pooled(rows: &[DauByCohortDate], day: u32) -> Option<(f64, f64)> {
    let (hits, n) = groups(rows, day)
        .into_iter()
        .fold((0.0, 0.0), |sum, group| (sum.0 + group.0, sum.1 + group.1));
    (n > 0.0).then_some((hits, n))
}

pub(super) fn groups(rows: &[DauByCohortDate], day: u32) -> Vec<(f64, f64)> {
    rows.iter()
        .filter(|row| row.cohort_size > 0)
        .filter_map(|row| Some((retained(row, day)? as f64, row.cohort_size as f64)))
        .collect()
}

/// The rows of the previous window, where there is a comparable one.
pub(super) fn previous_rows<'a, T>(context: &Context<'a>, part: fn(&'a Tables) -> &'a crate::data::Part<T>) -> &'a [T] {
    match (&context.dataset.previous, context.dataset.previous_window) {
        (Some(tables), Some(_)) if context.new_users_comparable() => part(tables).rows(),
        _ => &[],
    }
}

fn cohort_table(rows: &[DauByCohortDate]) -> Option<Table> {
    let (weekly, cohorts) = by_age(rows);
    let size = Measure::new("size", "users of the cohort", count("users"), Good::Up);
    let mut columns = vec![key("cohort", "cohort"), size.column(Role::Current)];
    for day in DAYS {
        columns.push(retention_measure(day).column(Role::Current));
    }
    let title = if weekly { "Weekly cohorts" } else { "Daily cohorts" };
    let mut draft = Draft::new("C1", title, TableKind::Cohorts, columns)
        .definition(DEFINITION)
        .order("newest first");
    let total = cohorts.len();
    for (start, rows) in cohorts.into_iter().rev().take(ROWS) {
        let name = if weekly {
            format!("week of {start}")
        } else {
            start.to_string()
        };
        let users: f64 = rows.iter().map(|r| r.cohort_size as f64).sum();
        let mut values = vec![Value::text(&name), Value::Number(users)];
        for day in DAYS {
            values.push(match mature(&rows, day) {
                Some((hits, n)) => cohort_share(hits, n),
                None => Value::Missing(TOO_YOUNG),
            });
        }
        draft.row(About::named(&name).support(Some(users)), values);
    }
    draft.out_of(total).finish()
}

pub(super) const TOO_YOUNG: &str = "too young";

/// The percentage of a cohort's users who were there; what a handful of people did is nobody's business.
pub(super) fn cohort_share(hits: f64, users: f64) -> Value {
    if users < LEAST_PEOPLE {
        return Value::Missing("fewer than 5 users");
    }
    Value::or(ratio(hits, users).map(|share| share * 100.0), "no users")
}

/// The cohorts that have users, oldest first: days, or ISO weeks (true) when there are many days.
pub(super) fn by_age(rows: &[DauByCohortDate]) -> (bool, BTreeMap<Date, Vec<DauByCohortDate>>) {
    let filled: Vec<&DauByCohortDate> = rows.iter().filter(|r| r.cohort_size > 0).collect();
    let weekly = filled.len() > DAILY_COHORTS;
    let mut cohorts: BTreeMap<Date, Vec<DauByCohortDate>> = BTreeMap::new();
    for row in filled {
        let back = if weekly {
            i64::from(row.cohort_date.weekday().to_monday_zero_offset())
        } else {
            0
        };
        let start = row.cohort_date.saturating_sub(jiff::Span::new().days(back));
        cohorts.entry(start).or_default().push(row.clone());
    }
    (weekly, cohorts)
}

/// (retained, eligible) of one cohort; a week of which only the first days are old enough is not yet a week.
pub(super) fn mature(cohort: &[DauByCohortDate], day: u32) -> Option<(f64, f64)> {
    let users: f64 = cohort.iter().map(|row| row.cohort_size as f64).sum();
    pooled(cohort, day).filter(|(_, n)| *n >= 0.5 * users)
}

fn retention_measure(day: u32) -> Measure {
    Measure::new(
        &format!("day_{day}_retention"),
        &format!("day-{day} retention"),
        Unit::Percent,
        Good::Up,
    )
}

/// Pooled retention of this window's cohorts against those of the previous window.
fn pooled_table(context: &Context) -> Option<Table> {
    let totals = retention_totals(context);
    let mut columns = columns(true);
    for (name, label) in [
        ("n_current", "users old enough, this period"),
        ("n_previous", "users old enough, previous period"),
    ] {
        let mut column = Measure::new(name, label, count("users"), Good::Neither)
            .not_additive()
            .column(Role::Current);
        column.role = Role::Note;
        columns.push(column);
    }
    for (name, label) in [
        ("low_95", "lower end of the 95 % interval"),
        ("high_95", "upper end of the 95 % interval"),
    ] {
        let mut column = Measure::new(name, label, Unit::Percent, Good::Neither).column(Role::Current);
        column.role = Role::Note;
        columns.push(column);
    }
    let mut draft = Draft::new(
        "C2",
        "Average retention, this period's cohorts against the previous period's",
        TableKind::Totals,
        columns,
    )
    .definition("pooled: retained users / users of cohorts old enough; z is a two-proportion z, widened by how much daily cohorts differ anyway; low_95, high_95 = Wilson interval")
    .order("by day");
    for (total, n, n_before) in &totals {
        let mut values = total.cells(true);
        values.push(Value::Number(*n));
        values.push(Value::or(*n_before, "no comparable previous value"));
        let share = total.current.unwrap_or(0.0) / 100.0;
        let interval = wilson(share * n, *n);
        values.push(Value::or(interval.map(|i| i.0 * 100.0), "not known"));
        values.push(Value::or(interval.map(|i| i.1 * 100.0), "not known"));
        draft.row(total.about(), values);
    }
    draft.finish()
}

/// One total per day of retention with the number of eligible users now and before.
pub(super) fn retention_totals(context: &Context) -> Vec<(Total, f64, Option<f64>)> {
    let rows = context.dataset.current.dau_by_cohort_date.rows();
    let before = previous_rows(context, |tables| &tables.dau_by_cohort_date);
    DAYS.iter()
        .filter_map(|day| {
            let (hits, n) = pooled(rows, *day)?;
            let previous = pooled(before, *day);
            let spread = over_dispersion(&groups(rows, *day)).max(over_dispersion(&groups(before, *day)));
            let z = previous.and_then(|(hits_before, n_before)| {
                cap(two_proportion_z(hits, n, hits_before, n_before)? / spread.sqrt())
            });
            let pct = |(hits, n): (f64, f64)| Some(ratio(hits, n)? * 100.0);
            let total = Total::new(&format!("day-{day} retention"), Unit::Percent, Good::Up)
                .values(pct((hits, n)), previous.and_then(pct))
                .z(z)
                .support(Some(n));
            Some((total, n, previous.map(|p| p.1)))
        })
        .collect()
}

fn revenue_on(row: &RevenueByCohortDate, day: u32) -> Option<f64> {
    match day {
        0 => row.day_0_revenue,
        1 => row.day_1_revenue,
        3 => row.day_3_revenue,
        7 => row.day_7_revenue,
        14 => row.day_14_revenue,
        30 => row.day_30_revenue,
        60 => row.day_60_revenue,
        _ => None,
    }
}

/// Revenue on one day of a cohort's life per user of the cohorts old enough: all that tables of others tell.
fn revenue_table(context: &Context) -> Option<Table> {
    let pooled = |rows: &[RevenueByCohortDate], day: u32| {
        let (revenue, users) = rows
            .iter()
            .filter_map(|row| Some((revenue_on(row, day)?, row.cohort_size as f64)))
            .fold((0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        ratio(revenue, users).map(|value| (value, users))
    };
    let rows = context.dataset.current.revenue_by_cohort_date.rows();
    let before = previous_rows(context, |tables| &tables.revenue_by_cohort_date);
    let totals: Vec<Total> = [0, 1, 7, 30]
        .into_iter()
        .map(|day| {
            let current = pooled(rows, day);
            let label = format!("revenue on day {day} per cohort user");
            Total::new(&label, Unit::Money, Good::Up)
                .values(current.map(|c| c.0), pooled(before, day).map(|p| p.0))
                .support(current.map(|c| c.1))
        })
        .collect();
    super::totals::totals_table(
        "C5",
        "Revenue per cohort user",
        "revenue on exactly that day of the cohort's life / users of cohorts old enough",
        &totals,
    )
}
