//! What all six analysts share: the series, the limits, the header of an evidence and its notes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::change::Point;
use super::scatter::{milder, sum_z};
use super::series::{Daily, days_of, weekday};
use super::statistics::{count_change_z, ratio};
use super::{Evidence, Options, show};
use crate::data::{Dataset, Part, Scatter, Squares, Totals, Window};
use crate::insight::Analyst;

pub(super) struct Context<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) daily: Arc<Daily>,
    /// Rows per table of entities.
    pub(super) row_limit: usize,
    /// Standard error of the log change of all activity.
    pub(super) common_error: Option<f64>,
    /// Relative standard error of the change of the share of paying users, from day to day.
    pub(super) share_error: Option<f64>,
}

impl<'a> Context<'a> {
    pub(super) fn new(dataset: &'a Dataset, options: &Options) -> Self {
        let daily = Arc::new(Daily::of(dataset));
        Self {
            dataset,
            common_error: daily.common_error(),
            share_error: daily.share_error(),
            daily,
            row_limit: options.row_limit.max(10),
        }
    }

    /// The same with so many rows per table of entities.
    pub(super) fn with_rows(&self, row_limit: usize) -> Self {
        Self {
            daily: Arc::clone(&self.daily),
            row_limit,
            ..*self
        }
    }

    pub(super) fn totals(&self) -> &'a Totals {
        &self.dataset.summary.totals
    }

    /// Totals of the previous window, only where that window is comparable.
    pub(super) fn previous_totals(&self) -> Option<&'a Totals> {
        self.dataset.previous_window?;
        self.dataset.summary.previous_totals.as_ref()
    }

    /// A score of the daily values, no stronger than the scatter of all users allows.
    pub(super) fn by_users(&self, z: Option<f64>, sums: fn(&Scatter) -> Option<Squares>) -> Option<f64> {
        let all = self.dataset.segmentation.all_users.as_ref();
        let scatter = all.and_then(|all| all.scatter);
        let score = scatter.as_ref().and_then(sums).as_ref().and_then(sum_z);
        Some(milder(z?, score))
    }

    /// The change of a count of what users do again and again (sessions, orders): as many independent events as users' days leave.
    pub(super) fn clustered_z(&self, now: f64, before: f64) -> Option<f64> {
        let all = self.dataset.segmentation.all_users.as_ref();
        let days = all.and_then(|all| all.scatter).and_then(|scatter| scatter.days);
        let together = days.map_or(1.0, |days| {
            ratio(days.squares + days.previous_squares, days.sum + days.previous_sum).unwrap_or(1.0)
        });
        count_change_z(now / together.max(1.0), before / together.max(1.0), self.common_error)
    }

    /// Days of the source before the window: what "new" and "unusual" are judged by.
    pub(super) fn history_days(&self) -> Option<i64> {
        let first = self.dataset.summary.first_day?;
        Some(i64::from((self.dataset.window.start - first).get_days()).max(0))
    }

    /// Whether the previous window's new users are real: the source began at least a week before that window.
    pub(super) fn new_users_comparable(&self) -> bool {
        match (self.dataset.summary.first_day, self.dataset.previous_window) {
            (Some(first), Some(previous)) => (previous.start - first).get_days() >= 7,
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }

    /// The share of the window's days with complete data: not empty (unless that weekday is always empty), not the unfinished
    /// last day, and not more than 70 % below what was expected.
    pub(super) fn completeness(&self) -> f64 {
        let window = self.dataset.window;
        let series = self.daily.active_users.as_ref().or(self.daily.revenue.as_ref());
        let Some(series) = series else { return 0.0 };
        let judged = series.judged(self.daily.closed);
        let days = days_of(window);
        let mut complete = 0_usize;
        let mut open = 0_usize;
        for day in days {
            if self.daily.closed[weekday(day)] {
                continue;
            }
            open += 1;
            let value = series.current.get(&day).copied().unwrap_or(0.0);
            let collapsed = judged
                .iter()
                .any(|(d, j)| *d == day && j.unusual() && j.deviation <= -70.0);
            let partial = self.dataset.summary.partial_last_day == Some(day);
            complete += usize::from(value.abs() > 0.0 && !collapsed && !partial);
        }
        if open == 0 {
            return 0.0;
        }
        (complete as f64 / open as f64 * 10_000.0).round() / 10_000.0
    }

    /// What the revenue of single users adds up to is called: rows without a user id are in the revenue of all and not in this.
    pub(super) fn revenue_of_users(&self) -> &'static str {
        match self.dataset.summary.rows_without_user {
            0 => "net revenue",
            _ => "net revenue of known users",
        }
    }

    /// The daily values of one entity as points to compare; a day without a row is an empty day of that entity.
    pub(super) fn points(&self, days: &BTreeMap<Date, f64>, window: Window) -> Vec<Point> {
        self.dated_points(days, window)
            .into_iter()
            .map(|(_, point)| point)
            .collect()
    }

    /// The same with their days.
    pub(super) fn dated_points(&self, days: &BTreeMap<Date, f64>, window: Window) -> Vec<(Date, Point)> {
        let partial = self.dataset.summary.partial_last_day;
        // The two windows must not look like neighbours of each other here: their days are numbered apart.
        let origin = if window == self.dataset.window { 100_000 } else { 0 };
        days_of(window)
            .into_iter()
            .enumerate()
            .filter(|(_, day)| !self.daily.closed[weekday(*day)] && Some(*day) != partial)
            .map(|(index, day)| {
                let point = Point {
                    ordinal: origin + index as i64,
                    weekday: weekday(day),
                    value: days.get(&day).copied().unwrap_or(0.0),
                };
                (day, point)
            })
            .collect()
    }

    pub(super) fn header(&self, analyst: Analyst) -> Evidence {
        let timezone = match self.dataset.summary.timezone.trim() {
            "" => "UTC".to_owned(),
            zone => zone.to_owned(),
        };
        Evidence {
            analyst,
            period: self.dataset.window,
            previous_period: self.dataset.previous_window,
            currency: self.dataset.summary.currency.clone(),
            timezone,
            notes: self.notes(),
            gaps: Vec::new(),
            completeness: self.completeness(),
            caveats: Vec::new(),
            refused: None,
            tables: Vec::new(),
            more: Vec::new(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let dataset = self.dataset;
        let summary = &dataset.summary;
        let mut notes = Vec::new();
        if dataset.previous_window.is_none() {
            notes.push(
                "no previous period: the data do not cover the days before, so there are no changes to report"
                    .to_owned(),
            );
        }
        if summary.rows_used > 0 {
            let users = match summary.totals.users {
                Some(users) => format!(" of {} users", show::number(users as f64, 0)),
                None => String::new(),
            };
            let without = match summary.rows_without_user {
                0 => String::new(),
                n => format!(
                    "; {} rows have no user id: they count in revenue and events, never in users",
                    show::number(n as f64, 0)
                ),
            };
            notes.push(format!(
                "{} rows{users} in the period{without}",
                show::number(summary.rows_used as f64, 0)
            ));
        }
        if let Some(days) = self.history_days().filter(|days| *days < 7) {
            notes.push(format!(
                "the data begin {days} days before the period: most users of the first days only look new"
            ));
        }
        if let Some(day) = summary.partial_last_day {
            notes.push(format!(
                "the data end during {day}: its values are not final; totals include that day, z and unusual days do not"
            ));
        }
        let closed: Vec<&str> = (0..7)
            .filter(|weekday| self.daily.closed[*weekday])
            .map(|weekday| DAY_NAMES[weekday])
            .collect();
        if !closed.is_empty() {
            notes.push(format!("always empty, taken as closed: {}", closed.join(", ")));
        }
        notes.extend(summary.notes.iter().take(NOTES).cloned());
        notes
    }
}

/// More remarks of the data module than this would crowd out the tables.
const NOTES: usize = 8;

const DAY_NAMES: [&str; 7] = [
    "Mondays",
    "Tuesdays",
    "Wednesdays",
    "Thursdays",
    "Fridays",
    "Saturdays",
    "Sundays",
];

/// What is missing, with the reason the data module gave.
pub(super) fn gap<T>(part: &Part<T>, what: &str) -> Option<String> {
    match part {
        Part::Absent(why) if why.is_empty() => Some(what.to_owned()),
        Part::Absent(why) => Some(format!("{what} ({why})")),
        Part::Present(rows) if rows.is_empty() => Some(format!("{what} (the table is empty)")),
        Part::Present(_) => None,
    }
}
