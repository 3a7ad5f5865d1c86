//! One row per day and country or channel: users, revenue, new users.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::quality::percent;
use super::super::{DataError, DauByCountry, NewLoginsByChannel, NewLoginsByCountry, Query, RevenueByCountry};
use super::{Days, days, per_head};

/// Above this many cells, days on which a group has no row are left out.
const MOST_CELLS: usize = 100_000;

#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) date: Date,
    pub(super) segment: String,
    pub(super) users: u64,
    pub(super) new_users: u64,
    pub(super) revenue: i128,
    pub(super) payers: u64,
    pub(super) new_user_revenue: i128,
}

/// Every day of the window for every value of the column that the window holds.
pub(super) async fn sums(facts: &Facts, of: &Days, column: &str) -> Result<Vec<Cell>, DataError> {
    let window = of.window();
    let sql = facts.definitions.sql(Query::ByGroup).replace("{group}", column);
    let found = of
        .rows(facts, (Query::ByGroup, &sql), "day", |row| {
            Some(Cell {
                date: row.day("day")?,
                segment: row.text("segment")?,
                users: row.count("users"),
                new_users: row.count("new_users"),
                revenue: row.amount("revenue").unwrap_or(0),
                payers: row.count("payers"),
                new_user_revenue: row.amount("new_user_revenue").unwrap_or(0),
            })
        })
        .await?;
    let found: Vec<Cell> = found.into_iter().flatten().collect();
    let segments: BTreeSet<String> = found.iter().map(|cell| cell.segment.clone()).collect();
    let n_days = days(window).count();
    if n_days * segments.len() > MOST_CELLS {
        return Ok(found);
    }
    let mut known: BTreeMap<(Date, String), Cell> = found
        .into_iter()
        .map(|cell| ((cell.date, cell.segment.clone()), cell))
        .collect();
    let all = days(window).flat_map(|date| segments.iter().map(move |segment| (date, segment.clone())));
    Ok(all
        .map(|key| {
            known.remove(&key).unwrap_or(Cell {
                date: key.0,
                segment: key.1,
                users: 0,
                new_users: 0,
                revenue: 0,
                payers: 0,
                new_user_revenue: 0,
            })
        })
        .collect())
}

/// Revenue by day, group and kind.
pub(super) type Kinds = BTreeMap<(Date, String, String), i128>;

pub(super) async fn kinds(facts: &Facts, of: &Days, column: &str) -> Result<Kinds, DataError> {
    let sql = facts.definitions.sql(Query::Kinds).replace("{group}", column);
    let rows = of
        .rows(facts, (Query::Kinds, &sql), "day", |row| {
            Some((
                (row.day("day")?, row.text("segment")?, row.text("kind")?),
                row.amount("revenue").unwrap_or(0),
            ))
        })
        .await?;
    Ok(rows.into_iter().flatten().collect())
}

pub(super) fn dau_by_country(cells: &[Cell], has_revenue: bool) -> Vec<DauByCountry> {
    let row = |cell: &Cell| {
        let returning = cell.users.saturating_sub(cell.new_users);
        DauByCountry {
            date: cell.date,
            country: cell.segment.clone(),
            total_dau: cell.users,
            new_users: Some(cell.new_users),
            total_revenue: has_revenue.then(|| to_float(cell.revenue)),
            returning_users: Some(returning),
            new_user_percentage: Some(percent(cell.new_users, cell.users)),
            returning_user_percentage: Some(percent(returning, cell.users)),
        }
    };
    cells.iter().map(row).collect()
}

pub(super) fn revenue_by_country(cells: &[Cell], kinds: &Kinds, has_kinds: bool) -> Vec<RevenueByCountry> {
    let row = |cell: &Cell| {
        let of_kind = |kind: &str| {
            let key = (cell.date, cell.segment.clone(), kind.to_owned());
            has_kinds.then(|| to_float(kinds.get(&key).copied().unwrap_or(0)))
        };
        RevenueByCountry {
            date: cell.date,
            country: cell.segment.clone(),
            total_revenue: to_float(cell.revenue),
            iap_revenue: of_kind("iap"),
            ad_revenue: of_kind("ad"),
            subscription_revenue: of_kind("subscription"),
            revenue_users: Some(cell.payers),
            avg_revenue_per_user: per_head(cell.revenue, cell.payers),
        }
    };
    cells.iter().map(row).collect()
}

pub(super) fn new_logins_by_country(cells: &[Cell], has_revenue: bool) -> Vec<NewLoginsByCountry> {
    let row = |cell: &Cell| NewLoginsByCountry {
        date: cell.date,
        country: cell.segment.clone(),
        new_logins: cell.new_users,
        new_user_revenue: has_revenue.then(|| to_float(cell.new_user_revenue)),
        avg_revenue_per_new_user: per_head(cell.new_user_revenue, cell.new_users).filter(|_| has_revenue),
    };
    cells.iter().map(row).collect()
}

pub(super) fn new_logins_by_channel(cells: &[Cell], has_revenue: bool) -> Vec<NewLoginsByChannel> {
    let row = |cell: &Cell| NewLoginsByChannel {
        date: cell.date,
        acquisition_channel: cell.segment.clone(),
        new_logins: cell.new_users,
        new_user_revenue: has_revenue.then(|| to_float(cell.new_user_revenue)),
        avg_revenue_per_new_user: per_head(cell.new_user_revenue, cell.new_users).filter(|_| has_revenue),
    };
    cells.iter().map(row).collect()
}
