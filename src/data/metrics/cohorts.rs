//! Users by the day of their first row, and what became of them.

use std::collections::BTreeMap;

use super::super::engine::{Row, number_of_day};
use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::quality::rounded;
use super::super::roles::names::Role;
use super::super::{DataError, DauByCohortDate, EngagementByCohortDate, Part, Query, RevenueByCohortDate};
use super::Days;

/// The day of a cohort.
const FIRST_DAY: &str = "first_day";

pub(super) struct Cohorts {
    pub(super) dau: Part<DauByCohortDate>,
    pub(super) engagement: Part<EngagementByCohortDate>,
    pub(super) revenue: Part<RevenueByCohortDate>,
}

pub(super) async fn tables(facts: &Facts, of: &Days) -> Result<Cohorts, DataError> {
    let last_day = number_of_day(facts.covers.1);
    let sql = facts
        .definitions
        .sql(Query::Cohorts)
        .replace("{last_day}", &last_day.to_string());
    let rows = of
        .rows(facts, (Query::Cohorts, &sql), FIRST_DAY, |row| {
            Some((dau(row, last_day)?, revenue(row, last_day)?))
        })
        .await?;
    let (dau, revenue): (Vec<_>, Vec<_>) = rows.into_iter().flatten().unzip();
    let engagement = engagement(facts, of, &dau).await?;
    Ok(Cohorts {
        engagement,
        dau: Part::Present(dau),
        revenue: if facts.roles.has(Role::Revenue) {
            Part::Present(revenue)
        } else {
            Part::Absent(facts.roles.why_absent(Role::Revenue))
        },
    })
}

/// True when the cohort is old enough to have a day `age`.
fn reached(row: &Row, last_day: i64, age: i64) -> bool {
    row.integer("first_day").is_some_and(|first| first + age <= last_day)
}

fn dau(row: &Row, last_day: i64) -> Option<DauByCohortDate> {
    let users = |age: i64| reached(row, last_day, age).then(|| row.count(&format!("users_{age}")));
    Some(DauByCohortDate {
        cohort_date: row.day("first_day")?,
        cohort_size: row.count("size"),
        day_0_dau: Some(row.count("size")),
        day_1_dau: users(1),
        day_3_dau: users(3),
        day_7_dau: users(7),
        day_14_dau: users(14),
        day_30_dau: users(30),
        day_60_dau: users(60),
    })
}

fn revenue(row: &Row, last_day: i64) -> Option<RevenueByCohortDate> {
    let amount = |column: &str| to_float(row.amount(column).unwrap_or(0));
    let revenue = |age: i64| reached(row, last_day, age).then(|| amount(&format!("revenue_{age}")));
    Some(RevenueByCohortDate {
        cohort_date: row.day("first_day")?,
        cohort_size: row.count("size"),
        day_0_revenue: revenue(0),
        day_1_revenue: revenue(1),
        day_3_revenue: revenue(3),
        day_7_revenue: revenue(7),
        day_14_revenue: revenue(14),
        day_30_revenue: revenue(30),
        day_60_revenue: revenue(60),
        total_cohort_revenue: Some(amount("revenue")),
    })
}

/// Sessions per active user of the cohort on days 0, 1 and 7, and the source's own engagement score; empty where the source has neither.
async fn engagement(
    facts: &Facts,
    of: &Days,
    cohorts: &[DauByCohortDate],
) -> Result<Part<EngagementByCohortDate>, DataError> {
    let (has_sessions, has_scores) = (facts.roles.has(Role::Session), facts.roles.has(Role::EngagementScore));
    let mut sessions: BTreeMap<i64, [u64; 3]> = BTreeMap::new();
    if has_sessions {
        let sql = (Query::CohortSessions, facts.definitions.sql(Query::CohortSessions));
        let read = |row: &Row| {
            (
                row.integer("first_day").unwrap_or(0),
                [
                    row.count("sessions_0"),
                    row.count("sessions_1"),
                    row.count("sessions_7"),
                ],
            )
        };
        sessions.extend(of.rows(facts, sql, FIRST_DAY, read).await?);
    }
    let mut scores: BTreeMap<i64, [Option<f64>; 3]> = BTreeMap::new();
    if has_scores {
        let sql = (Query::CohortScores, facts.definitions.sql(Query::CohortScores));
        let read = |row: &Row| {
            (
                row.integer("first_day").unwrap_or(0),
                ["score_0", "score_1", "score_7"].map(|column| row.float(column).map(rounded)),
            )
        };
        scores.extend(of.rows(facts, sql, FIRST_DAY, read).await?);
    }
    let row = |cohort: &DauByCohortDate| {
        let first = number_of_day(cohort.cohort_date);
        let [score_0, score_1, score_7] = scores.get(&first).copied().unwrap_or_default();
        let counts = sessions.get(&first).copied().unwrap_or_default();
        let per_user = |sessions: u64, users: Option<u64>| {
            let users = users.filter(|users| has_sessions && *users > 0)?;
            Some(rounded(sessions as f64 / users as f64))
        };
        EngagementByCohortDate {
            cohort_date: cohort.cohort_date,
            cohort_size: cohort.cohort_size,
            avg_engagement_score_day_0: score_0,
            avg_engagement_score_day_1: score_1,
            avg_engagement_score_day_7: score_7,
            avg_sessions_day_0: per_user(counts[0], cohort.day_0_dau),
            avg_sessions_day_1: per_user(counts[1], cohort.day_1_dau),
            avg_sessions_day_7: per_user(counts[2], cohort.day_7_dau),
        }
    };
    Ok(Part::Present(cohorts.iter().map(row).collect()))
}
