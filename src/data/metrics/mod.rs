//! The tables and totals of one window, from the facts, by the SQL in `sql/`. Never heard of files.

mod by_day;
mod cohorts;
mod daily;
mod grouped;
mod journey;
mod origins;
mod people;
mod segments;
mod spending;
mod totals;
mod weeks;

use std::sync::Arc;

use futures::FutureExt as _;
use jiff::civil::Date;

use super::engine::number_of_day;
use super::facts::Facts;
use super::money;
use super::quality::rounded;
use super::roles::names::Role;
use super::{DataError, Part, Tables, Window};

pub(crate) use by_day::Days;
pub(crate) use segments::segmentation;
pub(crate) use totals::totals;

/// The tables that others are computed from, made before windows are computed side by side.
pub(crate) async fn prepare(facts: &Arc<Facts>, window: Window, previous: Option<Window>) -> Result<(), DataError> {
    if facts.roles.has(Role::Revenue) {
        let windows = [Some(window), previous].into_iter().flatten();
        let tiers = windows.map(|window| segments::keep_tiers(Arc::clone(facts), window).boxed());
        facts.engine.all(tiers).await?;
    }
    Ok(())
}

/// All tables of one window.
pub(crate) async fn tables(facts: &Arc<Facts>, of: &Days) -> Result<Tables, DataError> {
    let window = of.window();
    let (beside, days) = (Arc::clone(facts), of.clone());
    let cohorts = async move {
        let journeys = journey::cohorts(&beside, &days).await?;
        Ok((cohorts::tables(&beside, &days).await?, journeys))
    };
    let cohorts = facts.engine.start(cohorts).await;
    let facts = facts.as_ref();
    let sums = daily::sums(facts, of).await?;
    let kinds = daily::kinds(facts, of).await?;
    let country = facts.roles.has(Role::Country);
    let revenue = facts.roles.has(Role::Revenue);
    let no_country = || facts.roles.why_absent(Role::Country);
    let no_revenue = || facts.roles.why_absent(Role::Revenue);
    let countries = if country {
        grouped::sums(facts, of, "country").await?
    } else {
        Vec::new()
    };
    let engagement = daily::engagement(facts, of, &sums).await?;
    let revenue_by_type = match revenue {
        true => Part::Present(daily::revenue_by_type(facts, of, &sums, &kinds).await?),
        false => Part::Absent(no_revenue()),
    };
    let revenue_by_country = match (country, revenue) {
        (false, _) => Part::Absent(no_country()),
        (_, false) => Part::Absent(no_revenue()),
        _ => {
            let kinds = grouped::kinds(facts, of, "country").await?;
            Part::Present(grouped::revenue_by_country(&countries, &kinds, facts.has_kinds))
        }
    };
    let new_logins_by_channel = if facts.roles.has(Role::Channel) {
        let channels = grouped::sums(facts, of, "channel").await?;
        Part::Present(grouped::new_logins_by_channel(&channels, revenue))
    } else {
        Part::Absent(facts.roles.why_absent(Role::Channel))
    };
    let revenue_segments_daily = match revenue {
        true => segments::tier_days(facts, window).await?,
        false => Part::Absent(no_revenue()),
    };
    let (cohorts, journeys) = cohorts.done().await?;
    Ok(Tables {
        dau_by_date: Part::Present(daily::dau(window, &sums, revenue)),
        engagement_by_date: Part::Present(engagement),
        revenue_by_date: part(revenue, no_revenue, || {
            daily::revenue(window, &sums, &kinds, facts.has_kinds)
        }),
        revenue_by_type,
        dau_by_country: part(country, no_country, || grouped::dau_by_country(&countries, revenue)),
        revenue_by_country,
        new_logins_by_country: part(country, no_country, || {
            grouped::new_logins_by_country(&countries, revenue)
        }),
        new_logins_by_channel,
        dau_by_cohort_date: cohorts.dau,
        engagement_by_cohort_date: cohorts.engagement,
        revenue_by_cohort_date: cohorts.revenue,
        revenue_segments_daily,
        user_journey_cohort: journeys,
    })
}

fn part<T>(exists: bool, why: impl Fn() -> String, rows: impl Fn() -> Vec<T>) -> Part<T> {
    if exists {
        Part::Present(rows())
    } else {
        Part::Absent(why())
    }
}

/// A query for one window.
fn windowed(sql: &str, window: Window) -> String {
    sql.replace("{start}", &number_of_day(window.start).to_string())
        .replace("{end}", &number_of_day(window.end).to_string())
}

/// Two windows as one query; without a previous one it is the empty range before the window.
fn two_windows(sql: &str, window: Window, previous: Option<Window>) -> String {
    let start = number_of_day(window.start);
    let previous = previous.map_or((start, start - 1), |previous| {
        (number_of_day(previous.start), number_of_day(previous.end))
    });
    windowed(sql, window)
        .replace("{previous_start}", &previous.0.to_string())
        .replace("{previous_end}", &previous.1.to_string())
}

fn days(window: Window) -> impl Iterator<Item = Date> {
    window
        .start
        .series(jiff::Span::new().days(1))
        .take_while(move |day| *day <= window.end)
}

/// An amount per head; nothing when there is nobody.
fn per_head(amount: i128, heads: u64) -> Option<f64> {
    (heads > 0).then(|| rounded(money::to_float(amount) / heads as f64))
}
