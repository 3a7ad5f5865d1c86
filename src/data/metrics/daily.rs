//! One row per day: users, engagement, revenue.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::engine::number_of_day;
use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::quality::{percent, rounded};
use super::super::roles::names::Role;
use super::super::{DataError, DauByDate, EngagementByDate, Query, RevenueByDate, RevenueByType, Window};
use super::{Days, days, per_head};

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DaySums {
    pub(super) users: u64,
    pub(super) new_users: u64,
    pub(super) rows: u64,
    pub(super) revenue: i128,
    pub(super) payers: u64,
}

pub(super) type Sums = BTreeMap<Date, DaySums>;
/// Revenue by day and kind.
pub(super) type Kinds = BTreeMap<(Date, String), i128>;

pub(super) async fn sums(facts: &Facts, of: &Days) -> Result<Sums, DataError> {
    let daily = (Query::Daily, facts.definitions.sql(Query::Daily));
    let rows = of
        .rows(facts, daily, "day", |row| {
            let sums = DaySums {
                users: row.count("users"),
                new_users: row.count("new_users"),
                rows: row.count("n_rows"),
                revenue: row.amount("revenue").unwrap_or(0),
                payers: row.count("payers"),
            };
            row.day("day").map(|day| (day, sums))
        })
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) async fn kinds(facts: &Facts, of: &Days) -> Result<Kinds, DataError> {
    let sql = facts.definitions.sql(Query::Kinds).replace("{group}", "kind");
    let rows = of
        .rows(facts, (Query::Kinds, &sql), "day", |row| {
            Some(((row.day("day")?, row.text("kind")?), row.amount("revenue").unwrap_or(0)))
        })
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn dau(window: Window, sums: &Sums, has_revenue: bool) -> Vec<DauByDate> {
    days(window)
        .map(|date| {
            let day = sums.get(&date).copied().unwrap_or_default();
            // A definition of the user's own may count otherwise.
            let returning = day.users.saturating_sub(day.new_users);
            DauByDate {
                date,
                total_dau: day.users,
                new_users: Some(day.new_users),
                total_revenue: has_revenue.then(|| to_float(day.revenue)),
                returning_users: Some(returning),
                new_user_percentage: Some(percent(day.new_users, day.users)),
                returning_user_percentage: Some(percent(returning, day.users)),
            }
        })
        .collect()
}

pub(super) async fn engagement(facts: &Facts, of: &Days, sums: &Sums) -> Result<Vec<EngagementByDate>, DataError> {
    let sessions: BTreeMap<i64, f64> = if facts.roles.has(Role::Session) {
        let minutes = |micros: i64, sessions: u64| rounded(micros as f64 / 60_000_000.0 / sessions.max(1) as f64);
        let time = (Query::SessionTime, facts.definitions.sql(Query::SessionTime));
        of.rows(facts, time, "day", |row| {
            (
                row.integer("day").unwrap_or(0),
                minutes(row.integer("micros").unwrap_or(0), row.count("sessions")),
            )
        })
        .await?
        .into_iter()
        .collect()
    } else {
        BTreeMap::new()
    };
    let scores: BTreeMap<i64, f64> = if facts.roles.has(Role::EngagementScore) {
        let scores = (Query::Scores, facts.definitions.sql(Query::Scores));
        of.rows(facts, scores, "day", |row| {
            (
                row.integer("day").unwrap_or(0),
                rounded(row.float("score").unwrap_or(0.0)),
            )
        })
        .await?
        .into_iter()
        .collect()
    } else {
        BTreeMap::new()
    };
    Ok(days(of.window())
        .map(|date| {
            let day = sums.get(&date).copied().unwrap_or_default();
            EngagementByDate {
                date,
                avg_engagement_score: scores.get(&number_of_day(date)).copied(),
                avg_session_time: sessions.get(&number_of_day(date)).copied(),
                avg_events: Some(if day.users == 0 {
                    0.0
                } else {
                    rounded(day.rows as f64 / day.users as f64)
                }),
                total_users: Some(day.users),
            }
        })
        .collect())
}

pub(super) fn revenue(window: Window, sums: &Sums, kinds: &Kinds, has_kinds: bool) -> Vec<RevenueByDate> {
    days(window)
        .map(|date| {
            let day = sums.get(&date).copied().unwrap_or_default();
            let of_kind =
                |kind: &str| has_kinds.then(|| to_float(kinds.get(&(date, kind.to_owned())).copied().unwrap_or(0)));
            RevenueByDate {
                date,
                total_revenue: to_float(day.revenue),
                iap_revenue: of_kind("iap"),
                ad_revenue: of_kind("ad"),
                subscription_revenue: of_kind("subscription"),
                revenue_users: Some(day.payers),
                avg_revenue_per_user: per_head(day.revenue, day.payers),
            }
        })
        .collect()
}

/// One row per day and kind that has revenue anywhere in the window; one row `all` when event names do not tell.
pub(super) async fn revenue_by_type(
    facts: &Facts,
    of: &Days,
    sums: &Sums,
    kinds: &Kinds,
) -> Result<Vec<RevenueByType>, DataError> {
    let window = of.window();
    let mut names: Vec<&str> = kinds
        .iter()
        .filter(|(_, revenue)| **revenue != 0)
        .map(|((_, kind), _)| kind.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    if !facts.has_kinds || names.is_empty() {
        return Ok(revenue(window, sums, kinds, false)
            .into_iter()
            .map(|day| of_type(day, "all"))
            .collect());
    }
    let payers: BTreeMap<(Date, String), u64> = super::grouped::sums(facts, of, "kind")
        .await?
        .into_iter()
        .map(|cell| ((cell.date, cell.segment), cell.payers))
        .collect();
    Ok(days(window)
        .flat_map(|date| names.iter().map(move |name| (date, (*name).to_owned())))
        .map(|cell| {
            let amount = kinds.get(&cell).copied().unwrap_or(0);
            let payers = payers.get(&cell).copied().unwrap_or(0);
            let only = |kind: &str| Some(if cell.1 == kind { to_float(amount) } else { 0.0 });
            RevenueByType {
                date: cell.0,
                total_revenue: to_float(amount),
                iap_revenue: only("iap"),
                ad_revenue: only("ad"),
                subscription_revenue: only("subscription"),
                revenue_users: Some(payers),
                avg_revenue_per_user: per_head(amount, payers),
                revenue_segment: cell.1,
            }
        })
        .collect())
}

fn of_type(day: RevenueByDate, name: &str) -> RevenueByType {
    RevenueByType {
        date: day.date,
        revenue_segment: name.to_owned(),
        total_revenue: day.total_revenue,
        iap_revenue: None,
        ad_revenue: None,
        subscription_revenue: None,
        revenue_users: day.revenue_users,
        avg_revenue_per_user: day.avg_revenue_per_user,
    }
}
