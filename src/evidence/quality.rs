//! What the data quality analyst may cite: checks with thresholds, fields, coverage.

use super::context::Context;
use super::draft::{About, Draft, Value};
use super::measure::{Measure, count, key, note, text};
use super::series::Series;
use super::statistics::{cap, ratio, two_proportion_z};
use super::unusual::{Companions, unusual_days};
use super::{Column, Evidence, Good, Role, Table, TableKind, Unit, show};
use crate::insight::Analyst;

/// Percent of missing values from which a field that is used deserves a warning.
pub(super) const NULLS_WARN: f64 = 5.0;

/// Rows of one user or one hour fail together, so null rates vary more than independent rows: the standard error is doubled.
const CLUSTERING: f64 = 2.0;

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Fail,
    Warn,
    Ok,
}

impl Status {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Ok => "ok",
        }
    }
}

/// One check: a value, the value from which it warns, and the one from which it fails.
pub(super) struct Check {
    pub(super) name: &'static str,
    unit: Unit,
    pub(super) value: f64,
    threshold: f64,
    pub(super) status: Status,
}

pub(super) fn evidence(context: &Context) -> Evidence {
    let mut evidence = context.header(Analyst::DataQuality);
    let summary = &context.dataset.summary;
    if summary.rows_read == 0 && summary.columns.is_empty() {
        evidence.gaps.push(
            "the run holds tables only, not the rows behind them: nulls, duplicates and unreadable rows are not known"
                .to_owned(),
        );
    }
    if summary.bad_rows > 0 && !summary.bad_row_places.is_empty() {
        let places: Vec<&str> = summary.bad_row_places.iter().take(3).map(String::as_str).collect();
        evidence
            .notes
            .push(format!("unreadable rows, the first: {}", places.join(", ")));
    }
    evidence.notes.extend(summary.limits.iter().take(4).cloned());
    let rows: Vec<&Series> = context.daily.events.iter().collect();
    let unusual = unusual_days(
        "Q3",
        "Days with fewer or more rows than expected",
        &rows,
        context.daily.closed,
        Companions::LeftOut,
    );
    evidence.tables = [checks_table(context), fields(context), unusual, coverage(context)]
        .into_iter()
        .flatten()
        .collect();
    evidence
}

/// All checks that the data allow, the failed ones first.
pub(super) fn checks(context: &Context) -> Vec<Check> {
    let summary = &context.dataset.summary;
    let window_days = context.dataset.window.days().max(1) as f64;
    let empty = summary
        .empty_days
        .iter()
        .filter(|day| !context.daily.closed[super::series::weekday(**day)])
        .count();
    let future = summary
        .columns
        .iter()
        .filter(|column| column.role.as_deref() == Some("time"))
        .map(|column| column.invalid)
        .sum::<u64>();
    let used = summary.rows_used as f64;
    let read = summary.rows_read as f64;
    let pct = |part: u64, whole: f64| ratio(part as f64, whole).map(|share| share * 100.0);
    let mut checks: Vec<Check> = Vec::new();
    let mut add = |name, unit, value: Option<f64>, warn: f64, fail: f64| {
        let Some(value) = value else { return };
        let status = if value >= fail {
            Status::Fail
        } else if value >= warn {
            Status::Warn
        } else {
            Status::Ok
        };
        checks.push(Check {
            name,
            unit,
            value,
            threshold: warn,
            status,
        });
    };
    let has_days = summary.rows_used > 0 || context.daily.days_known() > 0;
    add(
        "rows without a user id",
        Unit::Percent,
        pct(summary.rows_without_user, used),
        NULLS_WARN,
        30.0,
    );
    add(
        "duplicate rows",
        Unit::Percent,
        summary.duplicate_rows.and_then(|n| pct(n, used)),
        1.0,
        5.0,
    );
    add(
        "unreadable rows",
        Unit::Percent,
        pct(summary.bad_rows, read + summary.bad_rows as f64),
        0.1,
        5.0,
    );
    add(
        "rows without a time",
        Unit::Percent,
        pct(summary.rows_without_time, read),
        0.1,
        5.0,
    );
    add(
        "unreadable times",
        count("values"),
        (!summary.columns.is_empty()).then_some(future as f64),
        1.0,
        (used * 0.05).max(2.0),
    );
    add(
        "empty days",
        count("days"),
        has_days.then_some(empty as f64),
        1.0,
        (window_days * 0.1).max(2.0),
    );
    add(
        "unfinished last day",
        count("days"),
        has_days.then_some(f64::from(u8::from(summary.partial_last_day.is_some()))),
        1.0,
        2.0,
    );
    if let Some(last) = summary.last_day {
        let short = (context.dataset.window.end - last).get_days().max(0);
        add(
            "days of the period after the end of the data",
            count("days"),
            Some(f64::from(short)),
            1.0,
            (window_days * 0.1).max(2.0),
        );
    }
    add(
        "incomplete days",
        Unit::Percent,
        has_days.then(|| (1.0 - context.completeness()) * 100.0),
        2.0,
        20.0,
    );
    checks.sort_by_key(|check| check.status);
    checks
}

fn of_value(name: &str, label: &str, role: Role) -> Column {
    Column {
        of: "value".to_owned(),
        ..note(name, label, Unit::OfRow, role)
    }
}

fn checks_table(context: &Context) -> Option<Table> {
    let columns = vec![
        key("check", "check"),
        of_value("value", "value", Role::Current),
        of_value("threshold", "warns from", Role::Note),
        text("status", "status"),
    ];
    let mut draft = Draft::new("Q1", "Checks", TableKind::Quality, columns)
        .definition("percent of the rows of the period (unreadable rows: of all rows); weekdays that are always empty count as closed, not as empty days")
        .order("failed first, then warnings");
    for check in checks(context) {
        let decimals = show::decimals(&check.unit);
        let about = About {
            key: check.name.to_owned(),
            unit: Some((check.unit, decimals)),
            good: Some(Good::Down),
            ..About::default()
        };
        draft.row(
            about,
            vec![
                Value::text(check.name),
                Value::Number(check.value),
                Value::Number(check.threshold),
                Value::text(check.status.word()),
            ],
        );
    }
    draft.finish()
}

fn fields(context: &Context) -> Option<Table> {
    let summary = &context.dataset.summary;
    let rows = summary.rows_used as f64;
    let rows_before = context.previous_totals().and_then(|t| t.rows).unwrap_or(0) as f64;
    let null = Measure::new("null_pct", "share of missing values", Unit::Percent, Good::Down);
    let invalid = Measure::new("invalid", "unreadable values", count("values"), Good::Down);
    let distinct = Measure::new("distinct", "distinct values", count("values"), Good::Neither).not_additive();
    let mut columns = vec![key("field", "field"), text("role", "used as")];
    columns.extend(null.columns(&[Role::Current, Role::Previous, Role::ChangePoints, Role::Z]));
    columns.push(invalid.column(Role::Current));
    columns.push(distinct.column(Role::Current));
    columns.push(note(
        "since",
        "first day with many missing values",
        Unit::Date,
        Role::Note,
    ));
    let mut profiles: Vec<_> = summary.columns.iter().collect();
    let moved = |p: &crate::data::ColumnProfile| p.previous_null_pct.map_or(0.0, |before| (p.null_pct - before).abs());
    profiles.sort_by(|a, b| {
        let used = b.role.is_some().cmp(&a.role.is_some());
        moved(b)
            .total_cmp(&moved(a))
            .then(b.null_pct.total_cmp(&a.null_pct))
            .then(used)
            .then_with(|| a.name.cmp(&b.name))
    });
    let mut draft = Draft::new("Q2", "Fields", TableKind::Quality, columns)
        .definition("percent of the rows of the period; since = first day with more than twice the usual share of missing values")
        .order("largest change of the share of missing values first");
    let total = profiles.len();
    for profile in profiles.into_iter().take(context.row_limit.min(12)) {
        let before = profile
            .previous_null_pct
            .filter(|_| context.dataset.previous_window.is_some());
        let z = before.and_then(|before| {
            let z = two_proportion_z(
                profile.null_pct / 100.0 * rows,
                rows,
                before / 100.0 * rows_before,
                rows_before,
            )?;
            cap(z / CLUSTERING)
        });
        draft.row(
            About::named(&profile.name).support(Some(rows)),
            vec![
                Value::text(&profile.name),
                match &profile.role {
                    Some(role) => Value::text(role),
                    None => Value::Missing("not used"),
                },
                Value::Number(profile.null_pct),
                Value::or(before, "no comparable previous value"),
                Value::or(
                    before.map(|before| profile.null_pct - before),
                    "no comparable previous value",
                ),
                Value::or(z, "ordinary variation not known"),
                Value::Number(profile.invalid as f64),
                Value::or(profile.distinct.map(|n| n as f64), "not counted"),
                match profile.null_since {
                    Some(day) => Value::Day(day),
                    None => Value::Missing("no such day"),
                },
            ],
        );
    }
    draft.out_of(total).finish()
}

fn coverage(context: &Context) -> Option<Table> {
    let dataset = context.dataset;
    let summary = &dataset.summary;
    let columns = vec![key("fact", "fact"), of_value("value", "value", Role::Current)];
    let mut draft = Draft::new("Q4", "Coverage", TableKind::Quality, columns)
        .definition("what of the source was read and what of it falls into the period; complete days = share of the days that hold all their rows")
        .order("fixed");
    let days = context.daily.active_users.as_ref().or(context.daily.revenue.as_ref());
    let days_with_rows = match summary.totals.days_with_rows {
        0 => days.map(|s| s.current.values().filter(|v| **v != 0.0).count() as f64),
        n => Some(n as f64),
    };
    let date = |day: Option<jiff::civil::Date>| day.map(Value::Day);
    let number = |value: Option<f64>| value.map(Value::Number);
    let positive = |n: u64| (n > 0).then_some(n as f64);
    let facts = [
        ("first day of the data", Unit::Date, date(summary.first_day)),
        ("last day of the data", Unit::Date, date(summary.last_day)),
        (
            "days of the period",
            count("days"),
            number(Some(dataset.window.days() as f64)),
        ),
        ("days with rows", count("days"), number(days_with_rows)),
        (
            "days of data before the period",
            count("days"),
            number(context.history_days().map(|d| d as f64)),
        ),
        (
            "complete days",
            Unit::Percent,
            number(Some(context.completeness() * 100.0)),
        ),
        ("rows read", count("rows"), number(positive(summary.rows_read))),
        ("rows of the period", count("rows"), number(positive(summary.rows_used))),
    ];
    for (name, unit, value) in facts {
        let Some(value) = value else { continue };
        let decimals = show::decimals(&unit);
        let about = About {
            key: name.to_owned(),
            unit: Some((unit, decimals)),
            ..About::default()
        };
        draft.row(about, vec![Value::text(name), value]);
    }
    draft.finish()
}
