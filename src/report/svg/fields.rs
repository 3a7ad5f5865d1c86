//! Missing values per field, the emptiest first, with the share from which a field in use deserves a warning.

use super::super::markup::Markup;
use super::labels::fitted;
use super::scale::Scale;
use super::shapes::{Anchor, line, rect, text};
use crate::evidence::charts::{FieldBar, FieldChart};
use crate::evidence::show;

const WIDTH: f64 = 640.0;
const NAMES: f64 = 190.0;
const VALUES: f64 = 190.0;
const ROW: f64 = 26.0;
const TOP: f64 = 22.0;

pub(in crate::report) fn fields(out: &mut Markup, name: &str, chart: &FieldChart) {
    let across = Scale::new((0.0, 100.0), (NAMES, WIDTH - VALUES));
    let height = TOP + ROW * chart.bars.len() as f64 + 2.0;
    super::frame(out, (WIDTH, height), name, |svg| {
        for (index, bar) in chart.bars.iter().enumerate() {
            one(svg, bar, chart.warns_from, TOP + ROW * index as f64, across);
        }
        line(svg, "base", &[(NAMES, TOP - 4.0), (NAMES, height)]);
        let x = across.at(chart.warns_from);
        line(svg, "threshold", &[(x, TOP - 6.0), (x, height)]);
        let words = format!(
            "{} %: a field in use should miss less",
            show::number(chart.warns_from, 0)
        );
        text(svg, "axis", (x + 5.0, TOP - 9.0), Anchor::Start, &words);
    });
}

/// True for a field that the report is computed from and that misses too much.
pub(in crate::report) fn is_trouble(bar: &FieldBar, warns_from: f64) -> bool {
    // Most events of a user carry no money: an empty amount is no missing one.
    let must_be_full = bar.role.as_deref().is_some_and(|role| role != "revenue");
    must_be_full && bar.null_pct >= warns_from
}

fn one(svg: &mut Markup, bar: &FieldBar, warns_from: f64, y: f64, across: Scale) {
    let trouble = is_trouble(bar, warns_from);
    let named = match &bar.role {
        Some(role) if *role != bar.name => format!("{} ({role})", bar.name),
        _ => bar.name.clone(),
    };
    let class = if bar.role.is_some() { "name" } else { "name-soft" };
    text(
        svg,
        class,
        (NAMES - 8.0, y + 13.0),
        Anchor::End,
        &fitted(&named, 13.0, NAMES - 10.0),
    );
    let width = (across.at(bar.null_pct) - NAMES).max(1.0);
    rect(
        svg,
        if trouble { "bar-bad" } else { "bar-muted" },
        (NAMES, y + 2.0),
        (width, 14.0),
    );
    let mut words = format!("{} %", show::number(bar.null_pct, 1));
    if let Some(before) = bar.previous_null_pct
        && show::number(before, 1) != show::number(bar.null_pct, 1)
    {
        words.push_str(&format!(", was {} %", show::number(before, 1)));
    }
    match (trouble, &bar.role) {
        (true, _) => words.push_str("  ⚠ too much"),
        (false, None) => words.push_str(", not used"),
        _ => {}
    }
    let class = if trouble { "value-bad" } else { "value" };
    text(svg, class, (NAMES + width + 6.0, y + 13.0), Anchor::Start, &words);
}
