//! Rows that stand twice, and columns that are suddenly empty.

use jiff::civil::Date;

use super::super::facts::Facts;
use super::super::profile::{COUNTED_DISTINCT, Column};
use super::super::roles::grouped;
use super::super::roles::names::Role;
use super::super::{ColumnProfile, Summary, Window};
use super::{Field, GateCheck, LEAST_ROWS, Limits, check, share, shown_percent};

const DAY_MICROS: i64 = 86_400_000_000;

pub(super) fn checks(facts: &Facts, summary: &Summary, window: Window, previous: Option<Window>) -> Vec<GateCheck> {
    let mut checks = duplicates(facts, summary);
    checks.push(event_ids(facts));
    let split_by = |name: &str| facts.dimensions.iter().any(|(column, _)| column == name);
    let looked_at = summary
        .columns
        .iter()
        .filter(|_| summary.rows_used >= LEAST_ROWS)
        .filter(|column| column.role.as_deref().is_some_and(|role| role != "time") || split_by(&column.name));
    checks.extend(looked_at.map(|column| nulls(facts, column, window, previous)));
    checks
}

/// Equal rows are doubles only where a row says more than the day: two views on one day are two views.
fn duplicates(facts: &Facts, summary: &Summary) -> Vec<GateCheck> {
    let Some(doubled) = summary.duplicate_rows else {
        return Vec::new();
    };
    let has_time_of_day = facts.days.iter().any(|day| day.last_micros.rem_euclid(DAY_MICROS) != 0);
    let share = share(doubled, summary.rows_used);
    let measured = if has_time_of_day { share } else { 0.0 };
    let text = match doubled {
        0 => "no row of the window stands twice".to_owned(),
        doubled => format!(
            "{} rows of the window ({}) are exact copies of another row{}",
            grouped(doubled),
            shown_percent(share),
            if facts.copies_count { "" } else { " and count once" }
        ),
    };
    let hint = if facts.copies_count {
        "remove the copies where the table is made; here every row counts"
    } else {
        "see why rows are sent twice; no figure counts the copies"
    };
    let of = |field: Field, limits: Limits| check("duplicates", field, measured, limits, text.clone()).hint(hint);
    let mut checks = vec![of(Field::Time, Limits::caveat(1.0))];
    if facts.roles.has(Role::Revenue) {
        // Copies that do not count cannot make an amount too large.
        let limits = if facts.copies_count {
            Limits::both(1.0, 30.0)
        } else {
            Limits::caveat(1.0)
        };
        checks.push(of(Field::Revenue, limits));
    }
    checks
}

/// Every event has an id of its own, unless it was delivered twice.
fn event_ids(facts: &Facts) -> GateCheck {
    let column = facts
        .profile
        .columns()
        .find(|(_, role)| *role == Some(Role::EventId))
        .map(|(column, _)| column);
    let doubled = column.map_or(0, |column| {
        let is_counted = column.distinct < COUNTED_DISTINCT as u64;
        if is_counted {
            column.filled() - column.distinct
        } else {
            0
        }
    });
    let share = share(doubled, column.map_or(0, Column::filled));
    let text = match column {
        None => "the rows have no ids of their own".to_owned(),
        Some(column) if doubled == 0 => format!("every row has its own `{}`", column.name),
        Some(column) => format!(
            "{} rows ({}) repeat the `{}` of another row: they were delivered twice",
            grouped(doubled),
            shown_percent(share),
            column.name
        ),
    };
    // An id that most rows share is no id of a row.
    let measured = if share < 50.0 { share } else { 0.0 };
    check("event_ids", Field::Time, measured, Limits::caveat(1.0), text)
}

/// A column that lost its values: against the window before, or from one day of this window on.
fn nulls(facts: &Facts, column: &ColumnProfile, window: Window, previous: Option<Window>) -> GateCheck {
    let before = previous.and(column.previous_null_pct);
    let jump = before.map_or(0.0, |before| column.null_pct - before);
    let within = column.null_since.and_then(|since| {
        let (before, after) = facts.profile.around(&column.name, window, since)?;
        Some((since, before, after))
    });
    let field = Field::of_role(column.role.as_deref().unwrap_or(&column.name));
    let (value, text, days) = match (within, before) {
        (Some((since, before, after)), _) if is_jump(before, after) && after - before >= jump => (
            after - before,
            format!(
                "`{}` is empty in {} of the rows since {since}, {} before that day",
                column.name,
                shown_percent(after),
                shown_percent(before)
            ),
            days_from(since, window),
        ),
        (_, Some(before)) if is_jump(before, column.null_pct) => (
            jump,
            format!(
                "`{}` is empty in {} of the rows, {} in the period before",
                column.name,
                shown_percent(column.null_pct),
                shown_percent(before)
            ),
            Vec::new(),
        ),
        _ => (
            0.0,
            format!(
                "`{}` is empty in {} of the rows",
                column.name,
                shown_percent(column.null_pct)
            ),
            Vec::new(),
        ),
    };
    check("null_jump", field, value, Limits::both(JUMP, 60.0), text)
        .hint(format!("find out what stopped writing `{}`", column.name))
        .days(days)
}

/// In percentage points.
const JUMP: f64 = 10.0;

/// Far more empty than before, or less than half as often filled: shares wander by less.
fn is_jump(before: f64, after: f64) -> bool {
    after - before >= JUMP && (after >= 3.0 * before || 100.0 - after < (100.0 - before) / 2.0)
}

fn days_from(since: Date, window: Window) -> Vec<Date> {
    since
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= window.end)
        .collect()
}
