//! How much of the revenue the largest payers bring, against the diagonal of all users bringing the same.

use super::super::markup::Markup;
use super::labels::apart;
use super::scale::{Scale, short, ticks};
use super::shapes::{Anchor, Point, dot, line, text};
use crate::evidence::charts::LorenzChart;
use crate::evidence::show;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;

pub(in crate::report) fn lorenz(out: &mut Markup, name: &str, chart: &LorenzChart) {
    // Refunds let the curve rise above 100 % before it comes down to it.
    let highest = chart.points.iter().map(|point| point.1).fold(100.0, f64::max);
    let across = Scale::new((0.0, 100.0), (LEFT, WIDTH - 12.0));
    let up = Scale::new((0.0, highest), (HEIGHT - BOTTOM, TOP));
    let at = |(users, revenue): Point| (across.at(users), up.at(revenue));
    super::frame(out, (WIDTH, HEIGHT), name, |svg| {
        for tick in ticks(0.0, highest, 4) {
            let y = up.at(tick);
            line(svg, "grid", &[(LEFT, y), (WIDTH - 12.0, y)]);
            text(
                svg,
                "axis",
                (LEFT - 8.0, y + 4.0),
                Anchor::End,
                &format!("{} %", short(tick)),
            );
        }
        for tick in [0.0, 20.0, 40.0, 60.0, 80.0, 100.0] {
            let anchor = if tick == 100.0 { Anchor::End } else { Anchor::Middle };
            text(
                svg,
                "axis",
                (across.at(tick), HEIGHT - BOTTOM + 18.0),
                anchor,
                &format!("{} %", short(tick)),
            );
        }
        text(
            svg,
            "axis",
            (LEFT, HEIGHT - 8.0),
            Anchor::Start,
            "of users, the largest payer first",
        );
        line(svg, "ghost", &[at((0.0, 0.0)), at((100.0, 100.0))]);
        text(
            svg,
            "label",
            (across.at(62.0), up.at(52.0)),
            Anchor::Start,
            "all users equal",
        );
        line(
            svg,
            "mean",
            &chart.points.iter().map(|point| at(*point)).collect::<Vec<_>>(),
        );
        marks(svg, chart, at);
    });
}

fn marks(svg: &mut Markup, chart: &LorenzChart, at: impl Fn(Point) -> Point) {
    let marked: Vec<(Point, String)> = chart
        .marks
        .iter()
        .map(|mark| {
            let words = format!(
                "top {} % of users: {} %",
                show::number(mark.0, 0),
                show::number(mark.1, 1)
            );
            (at(*mark), words)
        })
        .collect();
    let wanted: Vec<f64> = marked.iter().map(|((_, y), _)| y + 20.0).collect();
    let places = apart(&wanted, 18.0, (TOP + 12.0, HEIGHT - BOTTOM - 8.0));
    // One column right of the last mark, so that the curve runs left of and above all labels.
    let x = marked.iter().map(|((x, _), _)| *x).fold(LEFT, f64::max) + 26.0;
    for (((mark_x, mark_y), words), y) in marked.iter().zip(places) {
        line(svg, "leader", &[(*mark_x, *mark_y), (x - 4.0, y - 4.0)]);
        dot(svg, "dot", (*mark_x, *mark_y), 3.6);
        text(svg, "mark-head", (x, y), Anchor::Start, words);
    }
}
