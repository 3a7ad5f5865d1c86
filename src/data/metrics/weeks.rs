//! Users by the week of their first row: who was there in the weeks after, and what they brought.

use super::super::engine::{Row, number_of_day};
use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::{CohortWeek, DataError, LifetimeValue, Query, Sum, Window, Worth};
use super::people::steady;
use super::{two_windows, windowed};

/// The weeks of life that are counted; `cohort_weeks.sql` has a column for each.
const WEEKS: i64 = 12;

/// All weekly cohorts that began before the window's end: the older ones are what the later ones are judged by.
pub(super) async fn cohorts(facts: &Facts, window: Window) -> Result<Vec<CohortWeek>, DataError> {
    let last_day = number_of_day(facts.covers.1);
    let sql = windowed(facts.definitions.sql(Query::CohortWeeks), window).replace("{last_day}", &last_day.to_string());
    let read = |row: &Row| {
        let monday = row.integer("monday")?;
        let is_over = |week: i64| monday + 7 * week + 6 <= last_day;
        let users = |week: i64| is_over(week).then(|| row.count(&format!("users_{week}")));
        let sum = |column: &str| Sum {
            sum: row.count(column) as f64,
            squares: row.count(&format!("{column}_squares")) as f64,
        };
        Some(CohortWeek {
            monday: row.day("monday")?,
            size: row.count("size"),
            active: (1..=WEEKS).map(users).collect(),
            first_two: is_over(2).then(|| sum("first_two")),
            first_four: is_over(4).then(|| sum("first_four")),
        })
    };
    Ok(facts.engine.rows(&sql, read).await?.into_iter().flatten().collect())
}

/// What the users of both windows brought in their first days.
pub(super) async fn lifetime_values(
    facts: &Facts,
    window: Window,
    previous: Option<Window>,
) -> Result<Vec<LifetimeValue>, DataError> {
    let last_day = number_of_day(facts.covers.1).to_string();
    let sql = two_windows(facts.definitions.sql(Query::LifetimeValues), window, previous);
    let read = |row: &Row| {
        let worth = |days: &str| Worth {
            users: row.count(&format!("users_{days}")),
            revenue: Sum {
                sum: to_float(row.amount(&format!("revenue_{days}")).unwrap_or(0)),
                squares: steady(row.float(&format!("squares_{days}")).unwrap_or(0.0)),
            },
        };
        Some(LifetimeValue {
            monday: row.day("monday")?,
            is_previous: row.count("is_previous") == 1,
            users: row.count("users"),
            after_7: worth("7"),
            after_30: worth("30"),
        })
    };
    let rows = facts.engine.rows(&sql.replace("{last_day}", &last_day), read).await?;
    Ok(rows.into_iter().flatten().collect())
}
