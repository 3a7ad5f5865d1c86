//! What the daily metrics analyst may cite: totals, days, weeks, unusual days, drivers of the largest change.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::activity::activity;
use super::anomalies::HISTORY_NEEDED;
use super::change::DAYS_NEEDED;
use super::context::{Context, gap};
use super::draft::{About, Draft, Value};
use super::drivers::drivers;
use super::measure::{count, day_key, key, note, text};
use super::scatter::{milder, per_day_z};
use super::series::{Daily, Series, days_of, weekday_name};
use super::statistics::{count_change_z, ratio};
use super::totals::{Total, totals_table};
use super::unusual::{Companions, searched, unusual_days};
use super::{Evidence, Good, Role, Table, TableKind, Unit, shifts};
use crate::insight::Analyst;

pub(super) const DEFINITION: &str = "active users have at least one row; means are per calendar day; new users appear for the first time in the whole source; \
z compares the daily values of both periods weekday by weekday";

/// Windows up to this long are listed day by day.
const DAYS_LISTED: usize = 14;

pub(super) fn evidence(context: &Context) -> Evidence {
    let mut evidence = context.header(Analyst::DailyMetrics);
    let dataset = context.dataset;
    let daily = &context.daily;
    evidence.gaps.extend(gap(
        &dataset.current.dau_by_date,
        "no daily active users: nothing to say about activity",
    ));
    evidence.gaps.extend(gap(
        &dataset.current.engagement_by_date,
        "no engagement by day: nothing to say about events per user",
    ));
    if daily.revenue.is_none() {
        evidence.gaps.push("no revenue: nothing to say about money".to_owned());
    }
    let days = daily.days_known();
    if days > 0 && days < HISTORY_NEEDED {
        evidence.notes.push(format!(
            "insufficient history (<21 days): {days} days are known, so a day is only compared with the same weekday"
        ));
    }
    let window_days = dataset.window.days();
    if (window_days as usize) < DAYS_NEEDED {
        evidence.notes.push(format!(
            "a period of {window_days} days is too short to tell a change from ordinary variation"
        ));
    }
    let totals = totals(context);
    let judged: Vec<&Series> = [&daily.active_users, &daily.new_users, &daily.revenue, &daily.events]
        .into_iter()
        .flatten()
        .collect();
    let levels: Vec<&Series> = [
        &daily.active_users,
        &daily.events_per_user,
        &daily.revenue,
        &daily.payers,
    ]
    .into_iter()
    .flatten()
    .collect();
    let unusual = unusual_days("D3", "Unusual days", &judged, daily.closed, Companions::LeftOut);
    if !judged.is_empty() {
        evidence.notes.push(searched(context, &judged, unusual.as_ref()));
    }
    evidence.tables = [
        totals_table(
            "D1",
            "Totals of the period against the previous one",
            DEFINITION,
            &totals,
        ),
        days_table(daily, dataset.window.end, days_of(dataset.window)),
        unusual,
        shifts::totals(context, "D6", &levels),
        drivers(context),
        activity(context, "D7"),
        weeks_table(daily, days_of(dataset.window)),
    ]
    .into_iter()
    .flatten()
    .collect();
    evidence
}

/// The headline metrics of activity; also the source of the report's KPI table.
pub(super) fn totals(context: &Context) -> Vec<Total> {
    let daily = &context.daily;
    let (now, before) = (context.totals(), context.previous_totals());
    let closed = daily.closed;
    let support = daily.active_users.as_ref().and_then(Series::sum);
    let mean = |label: &str, series: &Option<Series>| -> Total {
        let (label, unit) = (label, count("users"));
        let total = Total::new(label, unit, Good::Up);
        let Some(series) = series else { return total };
        total
            .values(series.mean(), series.previous_mean())
            .decimals(1)
            .z(series.z(closed))
            .support(series.sum())
    };
    let count_total = |label: &str, noun: &str, current: Option<u64>, previous: Option<u64>| {
        let (current, previous) = (current.map(|n| n as f64), previous.map(|n| n as f64));
        let z = current
            .zip(previous)
            .and_then(|(now, before)| count_change_z(now, before, context.common_error));
        Total::new(label, count(noun), Good::Up)
            .values(current, previous)
            .z(z)
            .support(current)
    };
    let repeated = |noun: &str, current: Option<u64>, previous: Option<u64>| {
        let total = count_total(noun, noun, current, previous);
        let both = total.current.zip(total.previous);
        total.z(both.and_then(|(now, before)| context.clustered_z(now, before)))
    };
    let summed = |label: &str, unit: Unit, series: &Option<Series>, comparable: bool| -> Total {
        let total = Total::new(label, unit, Good::Up);
        let Some(series) = series else { return total };
        let previous = series.previous_sum().filter(|_| comparable);
        let z = series.z(closed).filter(|_| comparable);
        total.values(series.sum(), previous).z(z).support(support)
    };
    let per_user = |series: &Option<Series>, whole: &Option<Series>, part: &Option<Series>| {
        let pooled =
            |sum: fn(&Series) -> Option<f64>| -> Option<f64> { ratio(sum(part.as_ref()?)?, sum(whole.as_ref()?)?) };
        let z = series.as_ref().and_then(|s| s.z(closed));
        (pooled(Series::sum), pooled(Series::previous_sum), z)
    };
    let events = per_user(&daily.events_per_user, &daily.active_users, &daily.events);
    let all = context.dataset.segmentation.all_users.as_ref();
    let events_z = events
        .2
        .map(|z| milder(z, all.and_then(|all| per_day_z(all.scatter.as_ref()?))));
    let revenue = per_user(&daily.revenue_per_user, &daily.active_users, &daily.revenue);
    let dau = mean("daily active users (mean per day)", &daily.active_users);
    let dau_z = context.by_users(dau.z, |scatter| scatter.days);
    let dau = dau.z(dau_z);
    let revenue_total = summed("net revenue", Unit::Money, &daily.revenue, true);
    let revenue_z = context.by_users(revenue_total.z, |scatter| scatter.revenue);
    let revenue_total = revenue_total.z(revenue_z);
    vec![
        dau,
        count_total(
            "active users of the period",
            "users",
            now.users,
            before.and_then(|t| t.users),
        ),
        summed(
            "new users",
            count("users"),
            &daily.new_users,
            context.new_users_comparable(),
        ),
        Total::new("events per active user", Unit::Ratio, Good::Up)
            .values(events.0, events.1)
            .z(events_z)
            .support(support),
        Total::new("session time (mean of daily means)", Unit::Minutes, Good::Up)
            .values(
                daily.session_minutes.as_ref().and_then(Series::mean),
                daily.session_minutes.as_ref().and_then(Series::previous_mean),
            )
            .z(daily.session_minutes.as_ref().and_then(|s| s.z(closed)))
            .support(support),
        repeated("sessions", now.sessions, before.and_then(|t| t.sessions)),
        repeated("orders", now.orders, before.and_then(|t| t.orders)),
        revenue_total,
        Total::new("revenue per daily active user", Unit::Money, Good::Up)
            .values(revenue.0, revenue.1)
            .z(revenue.2)
            .support(support),
    ]
}

/// The series that a table of days shows, in order.
fn listed(daily: &Daily) -> Vec<&Series> {
    [
        &daily.active_users,
        &daily.new_users,
        &daily.events,
        &daily.revenue,
        &daily.revenue_per_user,
        &daily.payers,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn days_table(daily: &Daily, end: Date, days: Vec<Date>) -> Option<Table> {
    let series = listed(daily);
    let mut columns = vec![day_key("day", "day"), text("weekday", "weekday")];
    columns.extend(series.iter().map(|s| s.measure.column(Role::Current)));
    let (title, first) = if days.len() <= DAYS_LISTED {
        ("Days", 0)
    } else {
        ("The last 7 days", days.len() - 7)
    };
    let mut draft = Draft::new("D2", title, TableKind::Days, columns)
        .definition("one calendar day each")
        .order("by day");
    for day in &days[first..] {
        if series.iter().all(|s| !s.current.contains_key(day)) {
            continue;
        }
        let partial = series.iter().any(|s| *day == end && s.excluded.contains(day));
        let weekday = weekday_name(*day);
        let mut values = vec![
            Value::Day(*day),
            Value::text(if partial {
                format!("{weekday}, not complete")
            } else {
                weekday.to_owned()
            }),
        ];
        values.extend(
            series
                .iter()
                .map(|s| Value::or(s.current.get(day).copied(), "no value on this day")),
        );
        let support = daily.active_users.as_ref();
        let support = support.and_then(|s| s.current.get(day).copied());
        draft.row(About::named(day.to_string()).support(support), values);
    }
    draft.out_of(days.len()).finish()
}

/// Sums and means per ISO week of a long window.
fn weeks_table(daily: &Daily, days: Vec<Date>) -> Option<Table> {
    if days.len() <= DAYS_LISTED {
        return None;
    }
    let series: Vec<&Series> = [&daily.active_users, &daily.new_users, &daily.events, &daily.revenue]
        .into_iter()
        .flatten()
        .collect();
    let mut columns = vec![
        key("week", "week beginning on"),
        note("days", "days of the week in the period", Unit::Days, Role::Note),
    ];
    columns[1].decimals = 0;
    columns.extend(series.iter().map(|s| {
        let mut column = s.measure.column(Role::Current);
        if !s.measure.additive {
            column.decimals = 1;
            column.label = format!("{} (mean per day)", column.label);
        }
        column
    }));
    let mut weeks: BTreeMap<Date, Vec<Date>> = BTreeMap::new();
    for day in days {
        let back = i64::from(day.weekday().to_monday_zero_offset());
        let monday = day.saturating_sub(jiff::Span::new().days(back));
        weeks.entry(monday).or_default().push(day);
    }
    let mut draft = Draft::new("D5", "Weeks", TableKind::Days, columns)
        .definition("ISO weeks, Monday to Sunday; a week with fewer than 7 days is not comparable")
        .order("by week, newest last");
    let total = weeks.len();
    for (monday, days) in weeks.into_iter().skip(total.saturating_sub(13)) {
        let mut values = vec![
            Value::text(format!("week of {monday}")),
            Value::Number(days.len() as f64),
        ];
        values.extend(series.iter().map(|s| {
            let known: Vec<f64> = days.iter().filter_map(|d| s.current.get(d)).copied().collect();
            if known.is_empty() {
                return Value::Missing("no value in this week");
            }
            let sum: f64 = known.iter().sum();
            Value::Number(if s.measure.additive {
                sum
            } else {
                sum / known.len() as f64
            })
        }));
        draft.row(About::named(format!("week of {monday}")), values);
    }
    draft.out_of(total).finish()
}
