//! Cohorts by age: one scale for all cells, so that cohorts can be told apart. Too young is blank, few users are hatched, fewer than
//! five hidden.

use jiff::civil::Date;

use super::super::markup::Markup;
use super::scale::Px;
use super::shapes::{Anchor, hatch, line, rect, text};
use crate::evidence::charts::{CohortCell, RetentionChart};
use crate::evidence::show;

const NAMES: f64 = 96.0;
const SIZES: f64 = 62.0;
const CELL: f64 = 62.0;
const ROW: f64 = 25.0;
const TOP: f64 = 24.0;
const LEGEND: f64 = 34.0;

/// Below this a share says little.
const FEW: u64 = 30;
/// Below this it tells of single persons.
const HIDDEN: u64 = 5;

pub(in crate::report) fn triangle(out: &mut Markup, name: &str, chart: &RetentionChart) {
    let shares = chart.cohorts.iter().flat_map(|cohort| cohort.cells.iter().flatten());
    let visible = shares.filter(|cell| cell.n >= HIDDEN).map(|cell| cell.share);
    let pooled = chart.pooled.iter().map(|point| point.share);
    let highest = visible.chain(pooled).fold(0.0, f64::max).max(0.1);
    let width = NAMES + SIZES + CELL * chart.days.len() as f64 + 4.0;
    let bottom = TOP + ROW * (chart.cohorts.len() + 1) as f64 + 6.0;
    super::frame(out, (width.max(520.0), bottom + LEGEND), name, |svg| {
        head(svg, chart);
        all(svg, chart, highest);
        line(svg, "base", &[(0.0, TOP + ROW + 2.0), (width - 4.0, TOP + ROW + 2.0)]);
        for (index, cohort) in chart.cohorts.iter().enumerate() {
            let y = TOP + ROW * (index + 1) as f64 + 5.0;
            text(
                svg,
                "name",
                (0.0, y + 16.0),
                Anchor::Start,
                &first_day(cohort.start, chart.weekly),
            );
            let users = show::number(cohort.users as f64, 0);
            text(svg, "value", (NAMES + SIZES - 14.0, y + 16.0), Anchor::End, &users);
            for (column, cell) in cohort.cells.iter().enumerate() {
                if let Some(cell) = cell {
                    shaded(svg, *cell, (column_at(column), y), highest);
                }
            }
        }
        legend(svg, bottom + 8.0, highest);
    });
}

fn column_at(column: usize) -> f64 {
    NAMES + SIZES + CELL * column as f64
}

fn first_day(day: Date, weekly: bool) -> String {
    let day = day.strftime("%-d %b %y");
    if weekly { format!("wk {day}") } else { day.to_string() }
}

fn head(svg: &mut Markup, chart: &RetentionChart) {
    text(svg, "axis", (NAMES + SIZES - 14.0, 14.0), Anchor::End, "users");
    for (column, day) in chart.days.iter().enumerate() {
        let words = format!("day {day}");
        text(
            svg,
            "axis",
            (column_at(column) + CELL / 2.0, 14.0),
            Anchor::Middle,
            &words,
        );
    }
}

/// The row of all cohorts together.
fn all(svg: &mut Markup, chart: &RetentionChart, highest: f64) {
    text(svg, "label-strong", (0.0, TOP + 14.0), Anchor::Start, "all together");
    for (column, point) in chart.pooled.iter().enumerate() {
        let cell = CohortCell {
            share: point.share,
            n: point.n,
        };
        shaded(svg, cell, (column_at(column), TOP - 2.0), highest);
    }
}

fn shaded(svg: &mut Markup, cell: CohortCell, (x, y): (f64, f64), highest: f64) {
    let size = (CELL - 2.0, ROW - 2.0);
    let middle = (x + size.0 / 2.0, y + 16.0);
    if cell.n < HIDDEN {
        text(svg, "axis", middle, Anchor::Middle, "·");
        return;
    }
    let depth = cell.share / highest;
    tint(svg, (x, y), size, depth);
    if cell.n < FEW {
        hatch(svg, "hatch-few", (x, y), size);
    }
    let class = if depth > 0.55 { "cell-deep" } else { "cell-text" };
    text(svg, class, middle, Anchor::Middle, &show::number(cell.share, 1));
}

fn tint(svg: &mut Markup, (x, y): (f64, f64), (width, height): (f64, f64), depth: f64) {
    let opacity = format!("{:.2}", 0.06 + 0.84 * depth.clamp(0.0, 1.0));
    svg.leaf(
        "rect",
        &[
            ("class", &"cell"),
            ("x", &Px(x)),
            ("y", &Px(y)),
            ("width", &Px(width)),
            ("height", &Px(height)),
            ("fill-opacity", &opacity),
        ],
    );
}

fn legend(svg: &mut Markup, y: f64, highest: f64) {
    text(svg, "axis", (0.0, y + 12.0), Anchor::Start, "0 %");
    for step in 0..6 {
        let depth = f64::from(step) / 5.0;
        tint(svg, (30.0 + 22.0 * f64::from(step), y), (21.0, 15.0), depth);
    }
    let words = format!("{} %", show::number(highest, 1));
    text(svg, "axis", (168.0, y + 12.0), Anchor::Start, &words);
    rect(svg, "swatch", (232.0, y), (21.0, 15.0));
    hatch(svg, "hatch-few", (232.0, y), (21.0, 15.0));
    text(svg, "axis", (259.0, y + 12.0), Anchor::Start, "fewer than 30 users");
    text(svg, "axis", (398.0, y + 12.0), Anchor::Start, "·  fewer than 5");
}
