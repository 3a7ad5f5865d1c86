//! A word-sized line without axes; a gap is a gap.

use super::super::markup::Markup;
use super::scale::Scale;
use super::shapes::{Point, dot, line};

const WIDTH: f64 = 132.0;
const HEIGHT: f64 = 30.0;

pub(in crate::report) fn sparkline(out: &mut Markup, name: &str, values: &[Option<f64>]) {
    let known = || values.iter().flatten().copied();
    let (low, high) = known().fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let across = Scale::new((0.0, (values.len().max(2) - 1) as f64), (2.0, WIDTH - 4.0));
    let up = Scale::new((low, high), (HEIGHT - 4.0, 4.0));
    let mut runs: Vec<Vec<Point>> = vec![Vec::new()];
    for (index, value) in values.iter().enumerate() {
        match (value, runs.last_mut()) {
            (Some(value), Some(run)) => run.push((across.at(index as f64), up.at(*value))),
            _ => runs.push(Vec::new()),
        }
    }
    super::frame(out, (WIDTH, HEIGHT), name, |svg| {
        for run in runs.iter().filter(|run| !run.is_empty()) {
            line(svg, "spark", run);
            if let [alone] = run.as_slice() {
                dot(svg, "spark-dot", *alone, 1.2);
            }
        }
        if let Some(last) = runs.iter().rev().find_map(|run| run.last()) {
            dot(svg, "spark-end", *last, 2.6);
        }
    });
}
