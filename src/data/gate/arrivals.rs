//! Whether all rows of the window have arrived: counts against the same weekday, missing days, the end of the data.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::Window;
use super::super::coverage::DayRows;
use super::super::engine::{day_from_number, number_of_day};
use super::super::roles::grouped;
use super::{Field, GateCheck, Limits, check, listed, shown_percent};

/// Weekdays are compared with this many weeks before.
const WEEKS: i64 = 4;
/// Fewer rows than this are too few to expect anything.
const LEAST_EXPECTED: u64 = 100;
/// A day with less than this share of the rows usual on its weekday has not arrived whole.
const THIN: f64 = 0.2;

pub(super) fn checks(
    days: &[DayRows],
    covers: (Date, Date),
    today: Date,
    partial_last_day: Option<Date>,
    window: Window,
) -> Vec<GateCheck> {
    let arrivals = Arrivals {
        rows: days.iter().map(|day| (day.number, day.rows)).collect(),
        first: number_of_day(covers.0),
        last: number_of_day(covers.1),
    };
    let mut checks = vec![
        arrivals.volume(window),
        arrivals.thin_days(window, partial_last_day),
        arrivals.missing_days(window),
        arrivals.freshness(window),
        arrivals.future(number_of_day(today)),
    ];
    checks.push(unfinished(partial_last_day));
    checks
}

struct Arrivals {
    rows: BTreeMap<i64, u64>,
    first: i64,
    last: i64,
}

impl Arrivals {
    fn of(&self, day: i64) -> u64 {
        self.rows.get(&day).copied().unwrap_or(0)
    }

    /// The median of the same weekday in the weeks before; none with less than two weeks of history, or where hardly any rows come.
    fn expected(&self, day: i64) -> Option<u64> {
        let mut before: Vec<u64> = (1..=WEEKS)
            .map(|weeks| day - 7 * weeks)
            .filter(|day| (self.first..=self.last).contains(day))
            .map(|day| self.of(day))
            .collect();
        before.sort_unstable();
        let median = *before.get(before.len().checked_sub(1)? / 2)?;
        (before.len() >= 2 && median >= LEAST_EXPECTED).then_some(median)
    }

    /// Days of the window that the data reach.
    fn reached(&self, window: Window) -> impl Iterator<Item = i64> {
        let last = number_of_day(window.end).min(self.last.max(number_of_day(window.start)));
        number_of_day(window.start)..=last
    }

    fn volume(&self, window: Window) -> GateCheck {
        let (mut found, mut usual) = (0, 0);
        for day in self.reached(window) {
            if let Some(expected) = self.expected(day) {
                usual += expected;
                found += self.of(day);
            }
        }
        let missing = if usual == 0 {
            0.0
        } else {
            100.0 - (found as f64 * 100.0 / usual as f64).min(100.0)
        };
        let text = match usual {
            0 => "there are no earlier weeks to compare the number of rows with".to_owned(),
            usual => format!(
                "{} rows where the same weekdays of the four weeks before had {}",
                grouped(found),
                grouped(usual)
            ),
        };
        check("row_count", Field::Time, missing, Limits::both(80.0, 95.0), text)
            .hint("see whether the load of this window is complete, and run again when it is")
    }

    fn thin_days(&self, window: Window, partial_last_day: Option<Date>) -> GateCheck {
        let thin: Vec<(i64, f64)> = self
            .reached(window)
            .filter(|day| self.of(*day) > 0)
            .filter_map(|day| Some((day, self.of(day) as f64 / self.expected(day)? as f64)))
            .filter(|(day, share)| *share < THIN && day_from_number(*day) != partial_last_day)
            .collect();
        let days: Vec<Date> = thin.iter().filter_map(|(day, _)| day_from_number(*day)).collect();
        let text = match thin.first() {
            None => "no day has far fewer rows than its weekday usually has".to_owned(),
            Some((_, share)) => format!(
                "{} has {} of the rows usual on its weekday",
                listed(&days),
                shown_percent(share * 100.0)
            ),
        };
        check("thin_days", Field::Time, days.len() as f64, Limits::caveat(1.0), text).days(days)
    }

    /// Days without a row whose weekday usually has some.
    fn missing_days(&self, window: Window) -> GateCheck {
        let is_open = |day: i64| {
            let mut same: Vec<u64> = (self.first..=self.last)
                .filter(|other| (other - day).rem_euclid(7) == 0)
                .map(|day| self.of(day))
                .collect();
            same.sort_unstable();
            let median = same.get(same.len().saturating_sub(1) / 2).copied().unwrap_or(0);
            same.len() >= 3 && median >= 3
        };
        let days: Vec<Date> = self
            .reached(window)
            .filter(|day| (self.first..=self.last).contains(day) && self.of(*day) == 0 && is_open(*day))
            .filter_map(day_from_number)
            .collect();
        let text = match days.len() {
            0 => "no day is missing that usually has rows".to_owned(),
            n => format!(
                "{} without a single row: {}",
                if n == 1 {
                    "1 day is".to_owned()
                } else {
                    format!("{n} days are")
                },
                listed(&days)
            ),
        };
        check(
            "missing_days",
            Field::Time,
            days.len() as f64,
            Limits::caveat(1.0),
            text,
        )
        .days(days)
    }

    fn freshness(&self, window: Window) -> GateCheck {
        let late = (number_of_day(window.end) - self.last).max(0);
        let last = day_from_number(self.last)
            .map(|day| day.to_string())
            .unwrap_or_default();
        let text = match late {
            0 => format!("the data reach the end of the window, {}", window.end),
            1 => format!("the data end on {last}, a day before the window does"),
            late => format!("the data end on {last}, {late} days before the window does"),
        };
        // A window behind the end of the data holds strays only.
        let refuse = if number_of_day(window.start) > self.last {
            1.0
        } else {
            f64::INFINITY
        };
        let limits = Limits::both(1.0, refuse);
        let mut check = check("freshness", Field::Time, late as f64, limits, text).hint(format!(
            "choose a window that ends on {last}, or load the days after it"
        ));
        check.refuse_from = check.refuse_from.filter(|limit| limit.is_finite());
        check
    }

    /// Rows from behind the end of the data, or from days that have not come yet. A day more is left to clocks east of the report's.
    fn future(&self, today: i64) -> GateCheck {
        let (end, what) = if today + 1 < self.last {
            (today, "the day of this run")
        } else {
            (self.last, "where the data otherwise end")
        };
        let after: u64 = self.rows.range(end + 1..).map(|(_, rows)| rows).sum();
        let all: u64 = self.rows.values().sum();
        let share = after as f64 * 100.0 / all.max(1) as f64;
        let end = day_from_number(end).map(|day| day.to_string()).unwrap_or_default();
        let text = match after {
            0 => format!("no row is dated after {end}, where the data end"),
            after => format!(
                "{} rows ({}) are dated after {end}, {what}",
                grouped(after),
                shown_percent(share)
            ),
        };
        check("future_times", Field::Time, share, Limits::caveat(0.05), text).hint(
            "see whether the source writes local time as UTC, or plans as events; choose a window that ends before",
        )
    }
}

fn unfinished(day: Option<Date>) -> GateCheck {
    let text = match day {
        Some(day) => format!("the data end during {day}: its values are not final"),
        None => "the last day is complete".to_owned(),
    };
    check(
        "partial_last_day",
        Field::Time,
        f64::from(u8::from(day.is_some())),
        Limits::caveat(1.0),
        text,
    )
    .days(day.into_iter().collect())
}
