//! One line for a whole window.

use super::super::engine::{Row, number_of_day};
use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::quality::rounded;
use super::super::roles::names::Role;
use super::super::{Activity, DataError, Query, Tables, Totals, Window};
use super::{two_windows, windowed};

/// The totals, and how many rows of the window have no user.
pub(crate) async fn totals(facts: &Facts, window: Window, tables: &Tables) -> Result<(Totals, u64), DataError> {
    let has_revenue = facts.roles.has(Role::Revenue);
    let (mut totals, without_user) = facts
        .engine
        .row(&windowed(facts.definitions.sql(Query::Totals), window), |row| {
            let amount = |column: &str| has_revenue.then(|| to_float(row.amount(column).unwrap_or(0)));
            let revenue = row.amount("revenue").unwrap_or(0);
            let gross = row.amount("gross").unwrap_or(0);
            let totals = Totals {
                days: window.days(),
                rows: Some(row.count("n_rows")),
                users: Some(row.count("users")),
                new_users: Some(row.count("new_users")),
                revenue: amount("revenue"),
                gross_revenue: amount("gross"),
                refunds: has_revenue.then(|| to_float(revenue - gross)),
                revenue_known_users: amount("revenue_known_users"),
                payers: has_revenue.then(|| row.count("payers")),
                ..Totals::default()
            };
            (totals, row.count("rows_without_user"))
        })
        .await?;
    let (start, end) = (number_of_day(window.start), number_of_day(window.end));
    totals.days_with_rows = facts
        .days
        .iter()
        .filter(|day| start <= day.number && day.number <= end)
        .count() as i64;
    let user_days: u64 = tables.dau_by_date.rows().iter().map(|day| day.total_dau).sum();
    totals.mean_dau = Some(rounded(user_days as f64 / window.days() as f64));
    totals.sessions = count(facts, Role::Session, "session_id", "session_days", window).await?;
    totals.activity = Some(activity(facts, window).await?);
    totals.orders = count(facts, Role::Order, "order_id", "events", window).await?;
    Ok((totals, without_user))
}

/// What the data reach back for: without 30 days of them there is no month.
async fn activity(facts: &Facts, window: Window) -> Result<Activity, DataError> {
    let previous = window.previous();
    let sql = two_windows(facts.definitions.sql(Query::Activity), window, previous);
    let history = number_of_day(window.end) - number_of_day(facts.covers.0) + 1;
    let has_previous = previous.is_some_and(|previous| facts.covers.0 <= previous.start);
    let read = |row: &Row| {
        let after = |days: i64, column: &str| (history >= days).then(|| row.count(column));
        let with_previous = |column: &str| has_previous.then(|| row.count(column));
        Activity {
            week_users: after(7, "week_users"),
            month_users: after(30, "month_users"),
            former_users: after(60, "former_users"),
            churned: after(60, "churned"),
            returning: with_previous("returning_users"),
            resurrected: with_previous("resurrected"),
            dormant: with_previous("dormant"),
        }
    };
    facts.engine.row(&sql, read).await
}

async fn count(facts: &Facts, role: Role, column: &str, table: &str, window: Window) -> Result<Option<u64>, DataError> {
    if !facts.roles.has(role) {
        return Ok(None);
    }
    let sql =
        format!("SELECT count(DISTINCT {column}) AS n_distinct FROM {table} WHERE day BETWEEN {{start}} AND {{end}}");
    facts
        .engine
        .row(&windowed(&sql, window), |row| Some(row.count("n_distinct")))
        .await
}
