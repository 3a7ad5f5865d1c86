//! One measure day by day: thin the days, bold their 7-day mean, behind them the range in which a day is ordinary, dotted the period
//! before. Days outside the range are marked with a triangle that points the way they went, and the worst of them in words.

use jiff::civil::Date;

use super::super::markup::Markup;
use super::labels::{Place, apart, beside, width};
use super::scale::{Scale, minus, round_range, short, ticks};
use super::shapes::{Anchor, Point, area, arrow, dot, line, rect, text};
use crate::evidence::charts::{DailyChart, DayPoint};
use crate::evidence::{Good, show};

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 34.0;
/// More labels would hide the line.
const LABELS: usize = 4;

pub(in crate::report) fn daily(out: &mut Markup, name: &str, chart: &DailyChart) {
    let drawing = Drawing::of(chart);
    super::frame(out, (WIDTH, HEIGHT), name, |svg| {
        drawing.weekends(svg);
        drawing.grid(svg);
        drawing.ordinary(svg);
        line(svg, "ghost", &drawing.ghost);
        drawing.days(svg);
        line(svg, "mean", &drawing.mean);
        drawing.dates(svg);
        drawing.right_labels(svg);
        drawing.unusual(svg);
    });
}

/// True when the axis of values begins at 0; else the page says that it does not.
pub(in crate::report) fn begins_at_zero(chart: &DailyChart) -> bool {
    let values = || chart.days.iter().filter_map(|day| day.value);
    let (low, high) = values().fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let level = values().sum::<f64>() / values().count().max(1) as f64;
    low <= 0.0 || high - low > 0.3 * level
}

struct Drawing<'a> {
    chart: &'a DailyChart,
    across: Scale,
    up: Scale,
    mean: Vec<Point>,
    ghost: Vec<Point>,
}

impl<'a> Drawing<'a> {
    fn of(chart: &'a DailyChart) -> Self {
        let values: Vec<Option<f64>> = chart
            .days
            .iter()
            .map(|day| day.value.filter(|_| !day.partial))
            .collect();
        let (mean, ghost) = (seven_day_mean(&values), seven_day_mean(&chart.previous));
        let shown = || chart.days.iter().filter_map(|day| day.value);
        let highest = shown().chain(ghost.iter().map(|point| point.1)).fold(0.0, f64::max);
        let ordinary = chart.days.iter().filter_map(|day| day.ordinary);
        // A wide range must not press the line flat.
        let high = ordinary
            .clone()
            .map(|range| range.1.min(highest * 1.2))
            .fold(highest, f64::max);
        // A range that reaches below zero needs no room where no value ever does.
        let floor = if shown().all(|value| value >= 0.0) {
            0.0
        } else {
            f64::MIN
        };
        let lowest = shown()
            .chain(ghost.iter().map(|point| point.1))
            .chain(ordinary.map(|range| range.0.max(floor)))
            .fold(high, f64::min);
        let low = if begins_at_zero(chart) { lowest.min(0.0) } else { lowest };
        let across = Scale::new((0.0, (chart.days.len().max(2) - 1) as f64), (LEFT, WIDTH - RIGHT));
        let up = Scale::new(round_range(low, high, 4), (HEIGHT - BOTTOM, TOP));
        let placed = |points: Vec<Point>| points.into_iter().map(|(x, y)| (across.at(x), up.at(y))).collect();
        Self {
            chart,
            across,
            up,
            mean: placed(mean),
            ghost: placed(ghost),
        }
    }

    fn at(&self, index: usize, value: f64) -> Point {
        (self.across.at(index as f64), self.up.at(value))
    }

    fn step(&self) -> f64 {
        self.across.at(1.0) - self.across.at(0.0)
    }

    fn weekends(&self, svg: &mut Markup) {
        if self.chart.days.len() > 190 {
            return;
        }
        for (index, day) in self.chart.days.iter().enumerate() {
            if day.day.weekday().to_monday_zero_offset() >= 5 {
                let left = (self.across.at(index as f64) - self.step() / 2.0).max(LEFT);
                let right = (self.across.at(index as f64) + self.step() / 2.0).min(WIDTH - RIGHT);
                rect(svg, "weekend", (left, TOP), (right - left, HEIGHT - BOTTOM - TOP));
            }
        }
    }

    fn grid(&self, svg: &mut Markup) {
        let (low, high) = self.up.domain();
        for tick in ticks(low, high, 4) {
            let y = self.up.at(tick);
            line(svg, "grid", &[(LEFT, y), (WIDTH - RIGHT, y)]);
            text(svg, "axis", (LEFT - 8.0, y + 4.0), Anchor::End, &short(tick));
        }
    }

    /// One area per run of days that could be judged.
    fn ordinary(&self, svg: &mut Markup) {
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for (index, day) in self.chart.days.iter().enumerate() {
            match (day.ordinary, day.value) {
                (Some((low, high)), _) => {
                    upper.push(self.at(index, high));
                    lower.push(self.at(index, low));
                }
                // A closed weekday does not part the range.
                (None, None) => {}
                (None, Some(_)) => {
                    area(svg, "ordinary", &upper, &lower);
                    upper.clear();
                    lower.clear();
                }
            }
        }
        area(svg, "ordinary", &upper, &lower);
    }

    fn days(&self, svg: &mut Markup) {
        let class = if self.mean.is_empty() { "mean" } else { "days" };
        let known = |with: fn(&DayPoint) -> bool| -> Vec<Point> {
            let days = self.chart.days.iter().enumerate().filter(|(_, day)| with(day));
            days.filter_map(|(index, day)| Some(self.at(index, day.value?)))
                .collect()
        };
        let complete = known(|day| !day.partial);
        line(svg, class, &complete);
        // The unfinished last day hangs on a dashed line.
        if let (Some(last), Some(unfinished)) = (complete.last(), known(|day| day.partial).last()) {
            line(svg, "unfinished", &[*last, *unfinished]);
            dot(svg, "hollow", *unfinished, 3.0);
        }
    }

    fn dates(&self, svg: &mut Markup) {
        let y = HEIGHT - BOTTOM;
        let days = &self.chart.days;
        let n_days = days.len();
        let due = |index: usize, day: Date| match n_days {
            0..=10 => true,
            11..=24 => index.is_multiple_of(2),
            25..=75 => day.weekday().to_monday_zero_offset() == 0,
            76..=150 => day.weekday().to_monday_zero_offset() == 0 && (index / 7).is_multiple_of(2),
            _ => day.day() == 1,
        };
        let mut free_from = f64::MIN;
        for (index, point) in days.iter().enumerate().filter(|(index, point)| due(*index, point.day)) {
            let x = self.across.at(index as f64);
            let words = short_day(point.day);
            let half = width(&words, 12.0) / 2.0;
            line(svg, "tick", &[(x, y), (x, y + 5.0)]);
            if x - half > free_from {
                text(svg, "axis", (x, y + 20.0), Anchor::Middle, &words);
                free_from = x + half + 10.0;
            }
        }
    }

    /// What each line is, at its end, instead of a legend.
    fn right_labels(&self, svg: &mut Markup) {
        let mut labels: Vec<(f64, &'static str, String)> = Vec::new();
        if let Some((_, y)) = self.mean.last() {
            labels.push((*y, "label-strong", "7-day mean".to_owned()));
        }
        if let Some((_, y)) = self.ghost.last() {
            labels.push((*y, "label", "mean, period before".to_owned()));
        }
        let range = self.chart.days.iter().rev().find_map(|day| day.ordinary);
        if let Some((_, high)) = range {
            labels.push((self.up.at(high) + 4.0, "label-soft", "ordinary range".to_owned()));
        }
        let wanted: Vec<f64> = labels.iter().map(|label| label.0).collect();
        for (place, (_, class, words)) in apart(&wanted, 16.0, (TOP + 4.0, HEIGHT - BOTTOM))
            .into_iter()
            .zip(labels)
        {
            text(svg, class, (WIDTH - RIGHT + 8.0, place + 4.0), Anchor::Start, &words);
        }
    }

    fn unusual(&self, svg: &mut Markup) {
        let mut marked: Vec<(usize, &DayPoint, f64, Point)> = self
            .chart
            .days
            .iter()
            .enumerate()
            .filter(|(_, day)| day.unusual && !day.partial)
            .filter_map(|(index, day)| Some((index, day, day.value?, self.at(index, day.value?))))
            .collect();
        let mut taken: Vec<Place> = Vec::new();
        for (_, day, _, point) in &marked {
            let up = day.deviation_pct.unwrap_or(0.0) > 0.0;
            let class = if is_good(self.chart.good, up) {
                "mark-good"
            } else {
                "mark-bad"
            };
            arrow(svg, class, *point, up);
            taken.push(Place {
                x: point.0 - 8.0,
                y: point.1 - 8.0,
                width: 16.0,
                height: 16.0,
            });
        }
        let size = |day: &DayPoint| day.deviation_pct.unwrap_or(0.0).abs();
        marked.sort_by(|a, b| size(b.1).total_cmp(&size(a.1)).then(a.0.cmp(&b.0)));
        let inside = Place {
            x: LEFT + 4.0,
            y: TOP - 12.0,
            width: WIDTH - LEFT - RIGHT - 4.0,
            height: HEIGHT - BOTTOM - TOP + 10.0,
        };
        for (_, day, value, point) in marked.into_iter().take(LABELS) {
            let (Some(expected), Some(deviation)) = (day.expected, day.deviation_pct) else {
                continue;
            };
            let shown = |value: f64| minus(&show::number(value, self.chart.decimals));
            let sign = if deviation > 0.0 { "+" } else { "" };
            let head = format!(
                "{} {}  {sign}{} %",
                weekday(day.day),
                short_day(day.day),
                minus(&show::number(deviation, 1))
            );
            let below = format!("{}, expected {}", shown(value), shown(expected));
            let wide = width(&head, 12.5).max(width(&below, 12.0));
            let Some(place) = beside(point, (wide, 30.0), inside, &taken) else {
                continue;
            };
            taken.push(place);
            text(svg, "mark-head", (place.x, place.y + 12.0), Anchor::Start, &head);
            text(svg, "mark-text", (place.x, place.y + 27.0), Anchor::Start, &below);
        }
    }
}

fn is_good(good: Good, up: bool) -> bool {
    match good {
        Good::Up => up,
        Good::Down => !up,
        Good::Neither => false,
    }
}

/// The centred mean over the known days of a week, as (place, value); none for less than two weeks, and none at the ends, where
/// half of the week is not known.
fn seven_day_mean(values: &[Option<f64>]) -> Vec<Point> {
    if values.len() < 14 {
        return Vec::new();
    }
    (3..values.len() - 3)
        .filter_map(|index| {
            let known: Vec<f64> = values[index - 3..=index + 3].iter().flatten().copied().collect();
            (known.len() >= 4).then(|| (index as f64, known.iter().sum::<f64>() / known.len() as f64))
        })
        .collect()
}

fn short_day(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

fn weekday(day: Date) -> String {
    day.strftime("%a").to_string()
}
