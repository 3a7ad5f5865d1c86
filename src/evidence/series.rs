//! Daily series of the window and of the days before it: what is summed, tested for change, and searched for unusual days.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::civil::Date;

use super::anomalies::{Judged, judge};
use super::change::{LevelChange, Noise, Point, level_change};
use super::measure::{Measure, count};
use super::payments;
use super::{Good, Unit};
use crate::data::{Dataset, Tables, Window};

/// One measure, day by day.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) measure: Measure,
    pub(super) noise: Noise,
    pub(super) current: BTreeMap<Date, f64>,
    pub(super) previous: BTreeMap<Date, f64>,
    /// Days whose value must not be compared: the unfinished last day, the first days of the source for new users.
    pub(super) excluded: Vec<Date>,
    /// The window's days as they are judged together with another measure; else each series is judged by itself.
    pub(super) together: Option<Vec<(Date, Judged)>>,
    /// What `judged` found: it is asked for by several analysts and by the charts.
    pub(super) alone: OnceLock<Vec<(Date, Judged)>>,
}

impl Series {
    pub(super) fn sum(&self) -> Option<f64> {
        (!self.current.is_empty()).then(|| self.current.values().sum())
    }

    pub(super) fn previous_sum(&self) -> Option<f64> {
        (!self.previous.is_empty()).then(|| self.previous.values().sum())
    }

    /// The mean per day over the days that have a row.
    pub(super) fn mean(&self) -> Option<f64> {
        Some(self.sum()? / self.current.len() as f64)
    }

    pub(super) fn previous_mean(&self) -> Option<f64> {
        Some(self.previous_sum()? / self.previous.len() as f64)
    }

    /// Whether the level differs between the two windows.
    pub(super) fn change(&self, closed: [bool; 7]) -> Option<LevelChange> {
        let points = |days: &BTreeMap<Date, f64>| -> Vec<Point> {
            days.iter()
                .filter(|(day, _)| !closed[weekday(**day)] && !self.excluded.contains(day))
                .map(|(day, value)| Point {
                    ordinal: ordinal(*day),
                    weekday: weekday(*day),
                    value: *value,
                })
                .collect()
        };
        level_change(&points(&self.current), &points(&self.previous), self.noise)
    }

    pub(super) fn z(&self, closed: [bool; 7]) -> Option<f64> {
        self.change(closed).map(|change| change.z)
    }

    /// Every day of the window against what it should have been, the previous window being the history. Nothing else of a series
    /// that was judged changes any more.
    pub(super) fn judged(&self, closed: [bool; 7]) -> &[(Date, Judged)] {
        match &self.together {
            Some(together) => together,
            None => self.alone.get_or_init(|| self.judged_alone(closed)),
        }
    }

    fn judged_alone(&self, closed: [bool; 7]) -> Vec<(Date, Judged)> {
        let all: BTreeMap<Date, f64> = self
            .previous
            .iter()
            .chain(&self.current)
            .filter(|(day, _)| !self.excluded.contains(day))
            .map(|(day, value)| (*day, *value))
            .collect();
        let (Some((first, _)), Some((last, _))) = (all.first_key_value(), all.last_key_value()) else {
            return Vec::new();
        };
        let days: Vec<Date> = days_of(Window {
            start: *first,
            end: *last,
        });
        let values: Vec<Option<f64>> = days.iter().map(|day| all.get(day).copied()).collect();
        let judged = judge(&values, weekday(*first), closed, self.noise);
        days.into_iter()
            .zip(judged)
            .filter(|(day, _)| self.current.contains_key(day))
            .filter_map(|(day, judged)| Some((day, judged?)))
            .collect()
    }
}

/// All daily series that the data give, and the weekdays on which nothing ever happens.
#[derive(Debug, Clone)]
pub(super) struct Daily {
    pub(super) active_users: Option<Series>,
    pub(super) new_users: Option<Series>,
    pub(super) events: Option<Series>,
    pub(super) events_per_user: Option<Series>,
    pub(super) session_minutes: Option<Series>,
    pub(super) revenue: Option<Series>,
    pub(super) revenue_per_user: Option<Series>,
    pub(super) payers: Option<Series>,
    pub(super) revenue_per_payer: Option<Series>,
    pub(super) typical_payment: Option<Series>,
    pub(super) closed: [bool; 7],
}

impl Daily {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let series = |measure: Measure, noise: Noise, read: Read| -> Option<Series> {
            let current = read(&dataset.current);
            let previous = dataset.previous.as_ref().map(read).unwrap_or_default();
            let series = Series {
                measure,
                noise,
                current: within(current, dataset.window),
                previous: match dataset.previous_window {
                    Some(window) => within(previous, window),
                    None => BTreeMap::new(),
                },
                excluded: dataset.summary.partial_last_day.into_iter().collect(),
                together: None,
                alone: OnceLock::new(),
            };
            (!series.current.is_empty()).then_some(series)
        };
        let active_users = series(
            Measure::new("dau", "daily active users", count("users"), Good::Up).not_additive(),
            Noise::Counts,
            active_users,
        );
        let mut new_users = series(
            Measure::new("new_users", "new users", count("users"), Good::Up),
            Noise::Counts,
            new_users,
        );
        if let (Some(series), Some(first)) = (&mut new_users, dataset.summary.first_day) {
            // Whoever appears in the first week of the source only looks new.
            let settled = first.saturating_add(jiff::Span::new().days(7));
            let days = series.previous.keys().chain(series.current.keys());
            let unsettled: Vec<Date> = days.filter(|day| **day < settled).copied().collect();
            series.excluded.extend(unsettled);
        }
        let events = series(
            Measure::new("events", "events", count("events"), Good::Up),
            Noise::Counts,
            events,
        );
        let events_per_user = series(
            Measure::new("events_per_user", "events per active user", Unit::Ratio, Good::Up),
            Noise::Amounts,
            events_per_user,
        );
        let session_minutes = series(
            Measure::new("session_minutes", "session time", Unit::Minutes, Good::Up),
            Noise::Amounts,
            session_minutes,
        );
        let mut revenue = series(
            Measure::new("revenue", "net revenue", Unit::Money, Good::Up),
            Noise::Amounts,
            revenue,
        );
        let payers = series(
            Measure::new("payers", "paying users", count("users"), Good::Up).not_additive(),
            Noise::Counts,
            payers,
        );
        let revenue_per_user = quotient(
            Measure::new(
                "revenue_per_active_user",
                "revenue per daily active user",
                Unit::Money,
                Good::Up,
            )
            .not_additive(),
            revenue.as_ref(),
            active_users.as_ref(),
        );
        let mut revenue_per_payer = quotient(
            Measure::new("revenue_per_payer", "revenue per paying user", Unit::Money, Good::Up).not_additive(),
            revenue.as_ref(),
            payers.as_ref(),
        );
        let closed = closed_weekdays(active_users.as_ref().or(revenue.as_ref()));
        let typical_payment = witnesses(dataset, revenue.as_mut(), revenue_per_payer.as_mut(), closed);
        Self {
            active_users,
            new_users,
            events,
            events_per_user,
            session_minutes,
            revenue,
            revenue_per_user,
            payers,
            revenue_per_payer,
            typical_payment,
            closed,
        }
    }

    /// The standard error of the log change of overall activity; the floor of what any count's change can be told by.
    pub(super) fn common_error(&self) -> Option<f64> {
        let series = self.active_users.as_ref().or(self.revenue.as_ref())?;
        Some(series.change(self.closed)?.log_error)
    }

    /// The relative standard error of the change of the share of paying users; none without daily paying users.
    pub(super) fn share_error(&self) -> Option<f64> {
        let share = Measure::new("paying_share", "paying share", Unit::Percent, Good::Up);
        let series = quotient(share, self.payers.as_ref(), self.active_users.as_ref())?;
        Some(series.change(self.closed)?.log_error)
    }

    /// Days that the window and the previous one together give to judge a single day by.
    pub(super) fn days_known(&self) -> usize {
        [&self.active_users, &self.revenue]
            .into_iter()
            .flatten()
            .map(|series| series.current.len() + series.previous.len())
            .max()
            .unwrap_or(0)
    }
}

/// Judges revenue together with the typical payment, and what depends on both by them; the typical payment as a series.
fn witnesses(
    dataset: &Dataset,
    revenue: Option<&mut Series>,
    per_payer: Option<&mut Series>,
    closed: [bool; 7],
) -> Option<Series> {
    let days = &dataset.segmentation.payment_days;
    let n_days = dataset.window.days() + dataset.previous_window.map_or(0, Window::days);
    if !days.is_empty() && !payments::are_enough(days, n_days) {
        for series in [revenue, per_payer].into_iter().flatten() {
            series.together = Some(Vec::new());
        }
        return None;
    }
    let judged = payments::judged(days);
    let revenue = revenue.filter(|_| !judged.is_empty())?;
    let both = payments::joined(revenue.judged(closed).to_vec(), &judged);
    if let Some(per_payer) = per_payer {
        per_payer.together = Some(payments::supported(per_payer.judged(closed).to_vec(), &both));
    }
    let of = |window: Window| -> BTreeMap<Date, f64> {
        let here = days.iter().filter(|day| window.contains(day.day));
        here.map(|day| (day.day, day.typical)).collect()
    };
    let mut typical = Series {
        measure: Measure::new("typical_payment", "typical payment", Unit::Money, Good::Up).not_additive(),
        noise: Noise::Amounts,
        current: of(dataset.window),
        previous: dataset.previous_window.map(of).unwrap_or_default(),
        excluded: revenue.excluded.clone(),
        together: None,
        alone: OnceLock::new(),
    };
    typical.together = Some(payments::supported(payments::of_window(judged, &typical), &both));
    revenue.together = Some(both);
    Some(typical)
}

type Read = fn(&Tables) -> Vec<(Date, f64)>;

fn active_users(tables: &Tables) -> Vec<(Date, f64)> {
    let rows = tables.dau_by_date.rows();
    rows.iter().map(|r| (r.date, r.total_dau as f64)).collect()
}

fn new_users(tables: &Tables) -> Vec<(Date, f64)> {
    let rows = tables.dau_by_date.rows().iter();
    rows.filter_map(|r| Some((r.date, r.new_users? as f64))).collect()
}

fn revenue(tables: &Tables) -> Vec<(Date, f64)> {
    let rows = tables.revenue_by_date.rows();
    if rows.is_empty() {
        let rows = tables.dau_by_date.rows().iter();
        return rows.filter_map(|r| Some((r.date, r.total_revenue?))).collect();
    }
    rows.iter().map(|r| (r.date, r.total_revenue)).collect()
}

fn payers(tables: &Tables) -> Vec<(Date, f64)> {
    let rows = tables.revenue_by_date.rows().iter();
    rows.filter_map(|r| Some((r.date, r.revenue_users? as f64))).collect()
}

fn events(tables: &Tables) -> Vec<(Date, f64)> {
    let users: BTreeMap<Date, f64> = active_users(tables).into_iter().collect();
    let rows = tables.engagement_by_date.rows().iter();
    rows.filter_map(|r| {
        let users = users.get(&r.date).copied().or(r.total_users.map(|u| u as f64))?;
        let per_user = r.avg_events.or((users <= 0.0).then_some(0.0))?;
        Some((r.date, (users * per_user).round()))
    })
    .collect()
}

fn events_per_user(tables: &Tables) -> Vec<(Date, f64)> {
    let users: BTreeMap<Date, f64> = active_users(tables).into_iter().collect();
    let rows = tables.engagement_by_date.rows().iter();
    rows.filter(|r| users.get(&r.date).is_none_or(|u| *u > 0.0))
        .filter_map(|r| Some((r.date, r.avg_events?)))
        .collect()
}

fn session_minutes(tables: &Tables) -> Vec<(Date, f64)> {
    let rows = tables.engagement_by_date.rows().iter();
    rows.filter_map(|r| Some((r.date, r.avg_session_time?))).collect()
}

fn within(values: Vec<(Date, f64)>, window: Window) -> BTreeMap<Date, f64> {
    values
        .into_iter()
        .filter(|(day, value)| window.contains(*day) && value.is_finite())
        .collect()
}

/// Day by day `part / whole`, on the days where there is a whole.
fn quotient(measure: Measure, part: Option<&Series>, whole: Option<&Series>) -> Option<Series> {
    let (part, whole) = (part?, whole?);
    let divide = |part: &BTreeMap<Date, f64>, whole: &BTreeMap<Date, f64>| -> BTreeMap<Date, f64> {
        part.iter()
            .filter_map(|(day, p)| {
                let w = *whole.get(day)?;
                (w > 0.0).then_some((*day, p / w))
            })
            .collect()
    };
    let series = Series {
        measure,
        noise: Noise::Amounts,
        current: divide(&part.current, &whole.current),
        previous: divide(&part.previous, &whole.previous),
        excluded: part.excluded.clone(),
        together: None,
        alone: OnceLock::new(),
    };
    (!series.current.is_empty()).then_some(series)
}

/// Weekdays that were empty each of at least two times, while other weekdays were not: a shop closed on Saturdays.
fn closed_weekdays(series: Option<&Series>) -> [bool; 7] {
    let mut closed = [false; 7];
    let Some(series) = series else { return closed };
    let mut seen = [0_usize; 7];
    let mut active = [0_usize; 7];
    let mut count = |day: Date, value: f64| {
        seen[weekday(day)] += 1;
        active[weekday(day)] += usize::from(value > 0.0);
    };
    let (first, last) = (
        series.previous.keys().chain(series.current.keys()).min(),
        series.current.keys().max(),
    );
    let (Some(first), Some(last)) = (first, last) else {
        return closed;
    };
    for day in days_of(Window {
        start: *first,
        end: *last,
    }) {
        let value = series.current.get(&day).or(series.previous.get(&day));
        count(day, value.copied().unwrap_or(0.0));
    }
    if active.iter().filter(|n| **n > 0).count() >= 3 {
        for weekday in 0..7 {
            closed[weekday] = seen[weekday] >= 2 && active[weekday] == 0;
        }
    }
    closed
}

/// Monday is 0.
pub(super) fn weekday(day: Date) -> usize {
    day.weekday().to_monday_zero_offset() as usize
}

pub(super) fn weekday_name(day: Date) -> &'static str {
    ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][weekday(day) % 7]
}

/// Every day of the window, at most ten years of them.
pub(super) fn days_of(window: Window) -> Vec<Date> {
    window
        .start
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= window.end)
        .take(3660)
        .collect()
}

fn ordinal(day: Date) -> i64 {
    i64::from((day - jiff::civil::date(2000, 1, 1)).get_days())
}
