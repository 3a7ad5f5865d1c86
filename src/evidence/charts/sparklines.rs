//! The last thirty days of each key figure that is known day by day.

use std::collections::BTreeMap;

use super::rounded;
use crate::evidence::cohorts::retained;
use crate::evidence::context::Context;
use crate::evidence::series::{Series, days_of, weekday};

const DAYS: usize = 30;

/// By the names of `kpis`; a figure of the whole period (its distinct users, say) has no days.
pub(super) fn sparklines(context: &Context) -> BTreeMap<String, Vec<Option<f64>>> {
    let daily = &context.daily;
    let mut lines = BTreeMap::new();
    for (name, series) in [
        ("daily_active_users", &daily.active_users),
        ("new_users", &daily.new_users),
        ("revenue", &daily.revenue),
        ("revenue_per_active_user", &daily.revenue_per_user),
    ] {
        if let Some(series) = series {
            lines.insert(name.to_owned(), of_series(context, series));
        }
    }
    if let (Some(payers), Some(users)) = (&daily.payers, &daily.active_users) {
        let share = last_days(context, |day| {
            let users = users.current.get(&day).filter(|users| **users > 0.0)?;
            Some(payers.current.get(&day)? / users * 100.0)
        });
        lines.insert("paying_share".to_owned(), share);
    }
    let cohorts = context.dataset.current.dau_by_cohort_date.rows();
    let day_7 = last_days(context, |day| {
        let cohort = cohorts
            .iter()
            .find(|row| row.cohort_date == day && row.cohort_size > 0)?;
        Some(retained(cohort, 7)? as f64 / cohort.cohort_size as f64 * 100.0)
    });
    lines.insert("day_7_retention".to_owned(), day_7);
    lines.retain(|_, values| values.iter().flatten().count() >= 2);
    lines
}

fn of_series(context: &Context, series: &Series) -> Vec<Option<f64>> {
    last_days(context, |day| series.current.get(&day).copied())
}

/// The unfinished last day would look like a fall, and a weekday that is always empty like an outage.
fn last_days(context: &Context, value: impl Fn(jiff::civil::Date) -> Option<f64>) -> Vec<Option<f64>> {
    let days = days_of(context.dataset.window);
    let first = days.len().saturating_sub(DAYS);
    let counts = |day: &jiff::civil::Date| {
        context.dataset.summary.partial_last_day != Some(*day) && !context.daily.closed[weekday(*day)]
    };
    days[first..]
        .iter()
        .map(|day| value(*day).filter(|_| counts(day)).map(rounded))
        .collect()
}
