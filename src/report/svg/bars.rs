//! Pairs of horizontal bars: a share of users above a share of revenue. Solid and hatched, so that no colour is needed.

use super::super::markup::Markup;
use super::labels::fitted;
use super::scale::{Scale, minus};
use super::shapes::{Anchor, hatch, line, rect, text};
use crate::evidence::show;

/// Who a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Fill {
    Plain,
    /// Many together.
    Muted,
    /// Nobody knows: an outline.
    Open,
}

pub(in crate::report) struct Bar<'a> {
    pub(in crate::report) name: String,
    pub(in crate::report) fill: Fill,
    pub(in crate::report) users: f64,
    pub(in crate::report) revenue: Option<f64>,
    /// The share of users in the period before, as a tick.
    pub(in crate::report) before: Option<f64>,
    /// What the first bar counts, told on the first row: `of active users`.
    pub(in crate::report) of_users: &'a str,
}

const WIDTH: f64 = 640.0;
const NAMES: f64 = 168.0;
const VALUES: f64 = 150.0;
const TOP: f64 = 6.0;

pub(in crate::report) fn paired(out: &mut Markup, name: &str, bars: &[Bar<'_>]) {
    let has_revenue = bars.iter().any(|bar| bar.revenue.is_some());
    let row = if has_revenue { 36.0 } else { 26.0 };
    let largest = bars
        .iter()
        .flat_map(|bar| [Some(bar.users), bar.revenue, bar.before])
        .flatten()
        .fold(0.0, f64::max);
    let across = Scale::new((0.0, largest), (NAMES, WIDTH - VALUES));
    let height = TOP + row * bars.len() as f64 + 2.0;
    super::frame(out, (WIDTH, height), name, |svg| {
        for (index, bar) in bars.iter().enumerate() {
            one(svg, bar, TOP + row * index as f64, across, index == 0);
        }
        line(svg, "base", &[(NAMES, TOP - 2.0), (NAMES, height - 2.0)]);
    });
}

fn one(svg: &mut Markup, bar: &Bar<'_>, y: f64, across: Scale, is_first: bool) {
    let thick = 12.0;
    let names = if bar.fill == Fill::Plain { "name" } else { "name-soft" };
    let middle = if bar.revenue.is_some() { y + 18.0 } else { y + 11.0 };
    text(
        svg,
        names,
        (NAMES - 8.0, middle),
        Anchor::End,
        &fitted(&bar.name, 13.0, NAMES - 10.0),
    );
    let users = match bar.fill {
        Fill::Plain => "bar-users",
        Fill::Muted => "bar-muted",
        Fill::Open => "bar-open",
    };
    let right = across.at(bar.users);
    rect(svg, users, (NAMES, y), (right - NAMES, thick));
    if bar.fill == Fill::Open {
        hatch(svg, "hatch", (NAMES, y), (right - NAMES, thick));
    }
    let mut end = right;
    if let Some(before) = bar.before {
        let x = across.at(before);
        line(svg, "before", &[(x, y - 2.0), (x, y + thick + 2.0)]);
        end = end.max(x);
    }
    let first = |told: &str, words: &str| match is_first {
        true => format!("{told} {words}"),
        false => told.to_owned(),
    };
    text(
        svg,
        "value",
        (end + 6.0, y + 10.5),
        Anchor::Start,
        &first(&percent(bar.users), bar.of_users),
    );
    if let Some(revenue) = bar.revenue {
        let y = y + thick + 2.0;
        let width = across.at(revenue) - NAMES;
        rect(svg, "bar-revenue", (NAMES, y), (width, thick));
        hatch(svg, "hatch-revenue", (NAMES, y), (width, thick));
        text(
            svg,
            "value",
            (NAMES + width + 6.0, y + 10.5),
            Anchor::Start,
            &first(&percent(revenue), "of revenue"),
        );
    }
}

fn percent(share: f64) -> String {
    format!("{} %", minus(&show::number(share, 1)))
}
