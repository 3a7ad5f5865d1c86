//! What daily rows say about a whole window.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::super::quality::rounded;
use super::super::{Part, Summary, Tables, Totals, Window};

pub(super) fn covers(tables: &Tables) -> Option<(Date, Date)> {
    let dates: Vec<Date> = tables
        .dau_by_date
        .rows()
        .iter()
        .map(|row| row.date)
        .chain(tables.revenue_by_date.rows().iter().map(|row| row.date))
        .chain(tables.engagement_by_date.rows().iter().map(|row| row.date))
        .collect();
    Some((*dates.iter().min()?, *dates.iter().max()?))
}

/// The rows of one window.
pub(super) fn cut(tables: &Tables, window: Window) -> Tables {
    fn rows<T: Clone>(part: &Part<T>, inside: impl Fn(&T) -> bool) -> Part<T> {
        match part {
            Part::Present(rows) => Part::Present(rows.iter().filter(|row| inside(row)).cloned().collect()),
            Part::Absent(why) => Part::Absent(why.clone()),
        }
    }
    Tables {
        dau_by_date: rows(&tables.dau_by_date, |row| window.contains(row.date)),
        engagement_by_date: rows(&tables.engagement_by_date, |row| window.contains(row.date)),
        revenue_by_date: rows(&tables.revenue_by_date, |row| window.contains(row.date)),
        revenue_by_type: rows(&tables.revenue_by_type, |row| window.contains(row.date)),
        dau_by_country: rows(&tables.dau_by_country, |row| window.contains(row.date)),
        revenue_by_country: rows(&tables.revenue_by_country, |row| window.contains(row.date)),
        new_logins_by_country: rows(&tables.new_logins_by_country, |row| window.contains(row.date)),
        new_logins_by_channel: rows(&tables.new_logins_by_channel, |row| window.contains(row.date)),
        dau_by_cohort_date: rows(&tables.dau_by_cohort_date, |row| window.contains(row.cohort_date)),
        engagement_by_cohort_date: rows(&tables.engagement_by_cohort_date, |row| {
            window.contains(row.cohort_date)
        }),
        revenue_by_cohort_date: rows(&tables.revenue_by_cohort_date, |row| window.contains(row.cohort_date)),
        revenue_segments_daily: rows(&tables.revenue_segments_daily, |row| window.contains(row.date)),
        user_journey_cohort: rows(&tables.user_journey_cohort, |row| window.contains(row.cohort_date)),
    }
}

/// Fills what the summary lacks and the daily tables know.
pub(super) fn complete(
    summary: &mut Summary,
    covers: Option<(Date, Date)>,
    window: Window,
    current: &Tables,
    previous: Option<&Tables>,
) {
    summary.first_day = summary.first_day.or(covers.map(|covers| covers.0));
    summary.last_day = summary.last_day.or(covers.map(|covers| covers.1));
    if summary.totals == Totals::default() {
        summary.totals = derived(current, window.days());
        let dates: BTreeSet<Date> = current
            .dau_by_date
            .rows()
            .iter()
            .filter(|row| row.total_dau > 0)
            .map(|row| row.date)
            .collect();
        if !current.dau_by_date.rows().is_empty() {
            let days = window
                .start
                .series(jiff::Span::new().days(1))
                .take_while(|day| *day <= window.end);
            summary.empty_days = days.filter(|day| !dates.contains(day)).collect();
        }
        if let Part::Present(rows) = &current.dau_by_country {
            let countries: BTreeSet<&str> = rows
                .iter()
                .filter(|row| row.total_dau > 0 && row.country != "(none)")
                .map(|row| row.country.as_str())
                .collect();
            summary.distinct_countries = Some(countries.len() as u64);
        }
    }
    if summary.previous_totals.is_none() {
        summary.previous_totals = previous.map(|previous| derived(previous, window.days()));
    }
}

/// Totals as far as daily rows add up to them; distinct users do not.
fn derived(tables: &Tables, n_days: i64) -> Totals {
    let days = tables.dau_by_date.rows();
    let mut totals = Totals {
        days: n_days,
        days_with_rows: days.iter().filter(|day| day.total_dau > 0).count() as i64,
        ..Totals::default()
    };
    if !days.is_empty() {
        totals.mean_dau = Some(rounded(
            days.iter().map(|day| day.total_dau).sum::<u64>() as f64 / n_days as f64,
        ));
        totals.new_users = days.iter().map(|day| day.new_users).sum();
    }
    // Thousandths add up without the error of doubles.
    let sum = |amounts: &mut dyn Iterator<Item = f64>| {
        amounts.map(|amount| (amount * 1_000.0).round()).sum::<f64>() / 1_000.0
    };
    totals.revenue = match &tables.revenue_by_date {
        Part::Present(rows) if !rows.is_empty() => Some(sum(&mut rows.iter().map(|row| row.total_revenue))),
        _ if days.iter().any(|day| day.total_revenue.is_some()) => {
            Some(sum(&mut days.iter().filter_map(|day| day.total_revenue)))
        }
        _ => None,
    };
    totals
}
