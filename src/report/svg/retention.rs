//! The curve of all cohorts together, with its interval, against the cohorts of the period before.

use super::super::markup::Markup;
use super::labels::apart;
use super::scale::{Scale, round_range, short, ticks};
use super::shapes::{Anchor, Point, area, dot, line, text};
use crate::evidence::charts::{RetentionChart, RetentionPoint};
use crate::evidence::show;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 96.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 34.0;

pub(in crate::report) fn curve(out: &mut Markup, name: &str, chart: &RetentionChart) {
    let points = &chart.pooled;
    let highest = points
        .iter()
        .flat_map(|point| {
            [
                Some(point.share),
                point.interval.map(|interval| interval.1),
                point.previous,
            ]
        })
        .flatten()
        .fold(0.0, f64::max);
    let last = points.last().map_or(1.0, |point| f64::from(point.day)).max(2.0);
    // Logarithmic: the first week is where users are lost.
    let across = Scale::new((0.0, last.ln()), (LEFT + 14.0, WIDTH - RIGHT));
    let up = Scale::new(round_range(0.0, highest, 4), (HEIGHT - BOTTOM, TOP));
    let at = |day: u32, share: f64| (across.at(f64::from(day.max(1)).ln()), up.at(share));
    let of = |value: fn(&RetentionPoint) -> Option<f64>| -> Vec<Point> {
        let known = points.iter().filter_map(|point| Some(at(point.day, value(point)?)));
        known.collect()
    };
    let now = of(|point| Some(point.share));
    let before = of(|point| point.previous);
    super::frame(out, (WIDTH, HEIGHT), name, |svg| {
        for tick in ticks(0.0, up.domain().1, 4) {
            let y = up.at(tick);
            line(svg, "grid", &[(LEFT, y), (WIDTH - RIGHT + 10.0, y)]);
            text(
                svg,
                "axis",
                (LEFT - 8.0, y + 4.0),
                Anchor::End,
                &format!("{} %", short(tick)),
            );
        }
        area(
            svg,
            "ordinary",
            &of(|point| point.interval.map(|interval| interval.1)),
            &of(|point| point.interval.map(|interval| interval.0)),
        );
        line(svg, "ghost", &before);
        line(svg, "mean", &now);
        for (index, point) in points.iter().enumerate() {
            let (x, y) = at(point.day, point.share);
            dot(svg, "dot", (x, y), 3.6);
            text(
                svg,
                "mark-head",
                (x + 5.0, y - 9.0),
                Anchor::Start,
                &format!("{} %", show::number(point.share, 1)),
            );
            let day = if index == 0 {
                format!("day {}", point.day)
            } else {
                point.day.to_string()
            };
            text(svg, "axis", (x, HEIGHT - BOTTOM + 18.0), Anchor::Middle, &day);
        }
        ends(svg, now.last(), before.last());
    });
}

fn ends(svg: &mut Markup, now: Option<&Point>, before: Option<&Point>) {
    let labels = [("label-strong", "this period", now), ("label", "period before", before)];
    let known: Vec<(&'static str, &str, Point)> = labels
        .into_iter()
        .filter_map(|(class, words, end)| Some((class, words, *end?)))
        .collect();
    let wanted: Vec<f64> = known.iter().map(|label| label.2.1).collect();
    for (y, (class, words, _)) in apart(&wanted, 16.0, (TOP, HEIGHT - BOTTOM)).into_iter().zip(&known) {
        text(svg, class, (WIDTH - RIGHT + 14.0, y + 4.0), Anchor::Start, words);
    }
}
