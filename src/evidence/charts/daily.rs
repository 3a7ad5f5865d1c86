//! One measure day by day: the values, the range in which each day would be ordinary, and the period before.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Drawable, rounded};
use crate::evidence::context::Context;
use crate::evidence::series::{Series, days_of, weekday};
use crate::evidence::{Good, Unit};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DailyChart {
    /// `daily active users`.
    pub label: String,
    pub unit: Unit,
    pub decimals: u8,
    pub good: Good,
    /// Every day of the period.
    pub days: Vec<DayPoint>,
    /// The previous period's days in the same order; empty when there is none to compare with.
    pub previous: Vec<Option<f64>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayPoint {
    pub day: Date,
    /// None on a day that the data do not know, or on a weekday that is always empty.
    pub value: Option<f64>,
    pub expected: Option<f64>,
    /// The lowest and the highest value that would have been ordinary.
    pub ordinary: Option<(f64, f64)>,
    pub deviation_pct: Option<f64>,
    pub unusual: bool,
    /// The data end inside this day.
    pub partial: bool,
}

pub(super) fn chart(
    context: &Context,
    series: Option<&Series>,
    why_absent: impl FnOnce() -> String,
) -> Drawable<DailyChart> {
    let Some(series) = series else {
        return Drawable::Absent(why_absent());
    };
    let window = context.dataset.window;
    if window.days() < 2 {
        return Drawable::Absent("one day makes no line".to_owned());
    }
    let closed = context.daily.closed;
    let judged: BTreeMap<Date, _> = series.judged(closed).iter().copied().collect();
    let open = |day: Date, value: Option<f64>| value.filter(|value| !closed[weekday(day)] || *value != 0.0);
    let point = |day: Date| {
        let judged = judged.get(&day);
        DayPoint {
            day,
            value: open(day, series.current.get(&day).copied()).map(rounded),
            expected: judged.map(|judged| rounded(judged.expected)),
            ordinary: judged.and_then(|judged| {
                let (low, high) = judged.ordinary?;
                high.is_finite().then(|| (rounded(low), rounded(high)))
            }),
            deviation_pct: judged.map(|judged| rounded(judged.deviation)),
            unusual: judged.is_some_and(|judged| judged.unusual()),
            partial: context.dataset.summary.partial_last_day == Some(day),
        }
    };
    let before = context.dataset.previous_window.filter(|_| !series.previous.is_empty());
    let previous = before.map(days_of).unwrap_or_default().into_iter();
    Drawable::Present(DailyChart {
        label: series.measure.label.clone(),
        unit: series.measure.unit.clone(),
        decimals: series.measure.decimals,
        good: series.measure.good,
        days: days_of(window).into_iter().map(point).collect(),
        previous: previous
            .map(|day| open(day, series.previous.get(&day).copied()).map(rounded))
            .collect(),
    })
}
