//! How recently, how often and how much users buy, and what single payments amount to.

use super::super::engine::{Row, number_of_day};
use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::quality::rounded;
use super::super::roles::names::Role;
use super::super::{DataError, PaymentDay, PriceBand, Query, RfmSegment, Window};
use super::{two_windows, windowed};

/// The names of `rfm.sql`, the best customers first.
const RFM: [&str; 6] = ["champions", "loyal", "at_risk", "new_or_light", "hibernating", "other"];

pub(super) async fn rfm(facts: &Facts, window: Window) -> Result<Vec<RfmSegment>, DataError> {
    let frequency = if facts.roles.has(Role::Order) {
        "order_id"
    } else {
        "day"
    };
    let as_of = window.end.min(facts.covers.1);
    let sql = windowed(facts.definitions.sql(Query::Rfm), window)
        .replace("{as_of}", &number_of_day(as_of).to_string())
        .replace("{frequency}", frequency);
    let read = |row: &Row| RfmSegment {
        segment: row.text("segment").unwrap_or_default(),
        users: row.count("users"),
        revenue: to_float(row.amount("revenue").unwrap_or(0)),
        days_since_last: rounded(row.float("days_ago").unwrap_or(0.0)),
        frequency: rounded(row.float("frequency").unwrap_or(0.0)),
    };
    let mut segments = facts.engine.rows(&sql, read).await?;
    let place = |segment: &RfmSegment| RFM.iter().position(|name| *name == segment.segment);
    segments.sort_by_key(place);
    Ok(segments)
}

/// The payments of each day of both windows; a day without any is left out.
pub(super) async fn payment_days(
    facts: &Facts,
    window: Window,
    previous: Option<Window>,
) -> Result<Vec<PaymentDay>, DataError> {
    let both = Window {
        start: previous.map_or(window.start, |previous| previous.start),
        end: window.end,
    };
    let read = |row: &Row| {
        Some(PaymentDay {
            day: row.day("day")?,
            payments: row.count("payments"),
            typical: rounded(row.float("typical")?),
        })
    };
    let sql = windowed(facts.definitions.sql(Query::Payments), both);
    Ok(facts.engine.rows(&sql, read).await?.into_iter().flatten().collect())
}

pub(super) async fn price_bands(
    facts: &Facts,
    window: Window,
    previous: Option<Window>,
) -> Result<Vec<PriceBand>, DataError> {
    let sql = two_windows(facts.definitions.sql(Query::PriceBands), window, previous);
    let read = |row: &Row| {
        let amount = |column: &str| to_float(row.amount(column).unwrap_or(0));
        PriceBand {
            most: amount("most"),
            payments: row.count("payments"),
            users: row.count("users"),
            revenue: amount("revenue"),
            previous_payments: previous.map(|_| row.count("payments_before")),
            previous_revenue: previous.map(|_| amount("revenue_before")),
        }
    };
    facts.engine.rows(&sql, read).await
}
