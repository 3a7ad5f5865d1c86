//! The charts of each area: the title says what is to be seen, the line below it what is drawn.

use super::super::Facts;
use super::super::markdown::{capital, meaning};
use super::super::markup::Markup;
use super::super::svg::{self, Bar, Fill};
use crate::evidence::charts::{CountryKind, DailyChart, Drawable, PairChart};
use crate::evidence::show::number;
use crate::insight::Analyst;

pub(super) fn figures(out: &mut Markup, facts: &Facts<'_>, analyst: Analyst) {
    let charts = facts.charts;
    match analyst {
        Analyst::DailyMetrics => days(out, facts, &charts.activity, "daily_active_users"),
        Analyst::UserSegmentation => segments(out, facts),
        Analyst::Geographic => countries(out, facts),
        Analyst::CohortRetention => retention(out, facts),
        Analyst::RevenueOptimization => {
            days(out, facts, &charts.revenue, "revenue");
            if charts.revenue.present().is_some() {
                lorenz(out, facts);
            }
        }
        Analyst::DataQuality => fields(out, facts),
        Analyst::Own(_) => {}
    }
}

/// The chart, or a sentence why there is none.
fn drawn<'a, T>(out: &mut Markup, chart: &'a Drawable<T>) -> Option<&'a T> {
    if let Drawable::Absent(why) = chart {
        out.words("p", &[("class", &"note")], format!("No chart: {why}."));
    }
    chart.present()
}

fn figure(out: &mut Markup, class: &'static str, title: &str, below: &str, chart: impl FnOnce(&mut Markup)) {
    out.node("figure", &[], |figure| {
        figure.node("figcaption", &[], |caption| {
            caption.words("h4", &[], title);
            caption.words("div", &[("class", &"sub")], below);
        });
        figure.node("div", &[("class", &class)], chart);
    });
}

fn days(out: &mut Markup, facts: &Facts<'_>, chart: &Drawable<DailyChart>, kpi: &str) {
    let Some(chart) = drawn(out, chart) else { return };
    let label = capital(&chart.label);
    let level = facts.kpis.iter().find(|known| known.name == kpi);
    let level = level.filter(|kpi| kpi.previous.is_some()).map_or_else(
        || format!("{label} day by day"),
        |kpi| match meaning(kpi) {
            "ordinary" => format!("{label}: no real change against the period before"),
            _ => format!("{label}: {} against the period before", kpi.shown_change),
        },
    );
    let n_unusual = chart.days.iter().filter(|day| day.unusual && !day.partial).count();
    let title = match n_unusual {
        0 => format!("{level}, no unusual day"),
        1 => format!("{level}, one unusual day"),
        n => format!("{level}, {n} unusual days"),
    };
    let axis = if svg::begins_at_zero(chart) {
        ""
    } else {
        " The axis does not begin at 0."
    };
    let below = format!(
        "Thin: each day. Bold: 7-day mean. Shaded: the range in which a day is ordinary (|z| below 4, or less than 10 % off). Weekends are grey.{axis}"
    );
    figure(out, "chart", &title, &below, |svg| svg::daily(svg, &title, chart));
}

fn retention(out: &mut Markup, facts: &Facts<'_>) {
    let Some(chart) = drawn(out, &facts.charts.retention) else {
        return;
    };
    let told = chart
        .pooled
        .iter()
        .find(|point| point.day == 7)
        .or(chart.pooled.first());
    let title = told.map_or_else(
        || "Retention".to_owned(),
        |point| {
            let before = point
                .previous
                .map(|before| format!(", {} % in the period before", number(before, 1)));
            format!(
                "{} % of new users were active on day {}{}",
                number(point.share, 1),
                point.day,
                before.unwrap_or_default()
            )
        },
    );
    out.node("div", &[("class", &"half")], |half| {
        let below = "Active exactly so many days after their first day, all cohorts old enough together; shaded: the 95 % interval. Days on a logarithmic axis.";
        figure(half, "chart", &title, below, |svg| svg::curve(svg, &title, chart));
        let cohorts = if chart.weekly { "Weekly cohorts" } else { "Daily cohorts" };
        let cohorts = match chart.n_cohorts - chart.cohorts.len() {
            0 => format!("{cohorts}, percent of their users"),
            older => format!("{cohorts}, percent of their users ({older} older ones not drawn)"),
        };
        let below = "One scale for all cells; darker is more. Blank: too young to know.";
        figure(half, "chart", &cohorts, below, |svg| svg::triangle(svg, &cohorts, chart));
    });
}

fn lorenz(out: &mut Markup, facts: &Facts<'_>) {
    let Some(chart) = drawn(out, &facts.charts.lorenz) else {
        return;
    };
    let told = chart.marks.iter().find(|mark| mark.0 == 10.0).or(chart.marks.first());
    let title = told.map_or_else(
        || "How revenue is spread over users".to_owned(),
        |(users, revenue)| {
            format!(
                "The top {} % of users bring {} % of revenue",
                number(*users, 0),
                number(*revenue, 1)
            )
        },
    );
    let mut below = "Users in order of their net revenue of the period.".to_owned();
    if let (Some(users), Some(payers)) = (chart.users, chart.payers) {
        below.push_str(&format!(
            " {} of {} users pay.",
            number(payers as f64, 0),
            number(users as f64, 0)
        ));
    }
    if let Some(top) = chart.top_user_pct {
        below.push_str(&format!(" The largest single user brings {} %.", number(top, 1)));
    }
    figure(out, "chart narrow", &title, &below, |svg| {
        svg::lorenz(svg, &title, chart)
    });
}

fn countries(out: &mut Markup, facts: &Facts<'_>) {
    let Some(chart) = drawn(out, &facts.charts.countries) else {
        return;
    };
    let bars: Vec<Bar<'_>> = chart
        .bars
        .iter()
        .map(|bar| Bar {
            name: match (&bar.english, bar.kind) {
                (_, CountryKind::Other(n)) => format!("other ({n})"),
                (_, CountryKind::Unknown) => "unknown".to_owned(),
                (Some(english), _) => format!("{english} ({})", bar.name),
                (None, _) => bar.name.clone(),
            },
            fill: match bar.kind {
                CountryKind::Named => Fill::Plain,
                CountryKind::Other(_) => Fill::Muted,
                CountryKind::Unknown => Fill::Open,
            },
            users: bar.users_share,
            revenue: bar.revenue_share,
            before: bar.previous_users_share,
            of_users: "of active users",
        })
        .collect();
    let title = match bars.first() {
        Some(first) => format!(
            "{}: {} % of active users, the largest of {}",
            first.name,
            number(first.users, 1),
            chart.n_countries
        ),
        None => "Countries".to_owned(),
    };
    let below = "Shares of user-days (solid) and of net revenue (hatched), by users. The upright tick is the share of users in the period before.";
    figure(out, "chart narrow", &title, below, |svg| {
        svg::paired(svg, &title, &bars)
    });
}

fn segments(out: &mut Markup, facts: &Facts<'_>) {
    for chart in drawn(out, &facts.charts.segments).into_iter().flatten() {
        let bars: Vec<Bar<'_>> = chart
            .rows
            .iter()
            .map(|row| Bar {
                name: row.name.clone(),
                fill: Fill::Plain,
                users: row.users_share,
                revenue: row.revenue_share,
                before: None,
                of_users: "of users",
            })
            .collect();
        let title = pair_title(chart);
        let below = format!(
            "By {}: share of users (solid) beside share of net revenue (hatched).",
            chart.dimension
        );
        figure(out, "chart narrow", &title, &below, |svg| {
            svg::paired(svg, &title, &bars)
        });
    }
}

/// The segment that brings most beyond its number.
fn pair_title(chart: &PairChart) -> String {
    let beyond = |revenue: Option<f64>, users: f64| revenue.map(|revenue| revenue - users);
    let most = chart.rows.iter().max_by(|a, b| {
        let (a, b) = (
            beyond(a.revenue_share, a.users_share),
            beyond(b.revenue_share, b.users_share),
        );
        a.unwrap_or(f64::MIN).total_cmp(&b.unwrap_or(f64::MIN))
    });
    match most.map(|row| (row, row.revenue_share)) {
        Some((row, Some(revenue))) => format!(
            "{}: {} % of users, {} % of revenue",
            row.name,
            number(row.users_share, 1),
            number(revenue, 1)
        ),
        _ => format!("Users by {}", chart.dimension),
    }
}

fn fields(out: &mut Markup, facts: &Facts<'_>) {
    let Some(chart) = drawn(out, &facts.charts.fields) else {
        return;
    };
    if chart.bars.is_empty() {
        let words = format!("All {} fields are filled in every row.", chart.n_fields);
        out.words("p", &[], words);
        return;
    }
    let trouble = chart.bars.iter().find(|bar| svg::is_trouble(bar, chart.warns_from));
    let title = trouble.map_or_else(
        || {
            format!(
                "{} of {} fields are complete; no field that must be filled misses too much",
                chart.n_complete, chart.n_fields
            )
        },
        |bar| format!("{} is missing in {} % of rows", bar.name, number(bar.null_pct, 1)),
    );
    let below = "Missing values, percent of the rows of the period. Fields without any are not drawn; an empty amount of money is no missing one.";
    figure(out, "chart narrow", &title, below, |svg| {
        svg::fields(svg, &title, chart)
    });
}
