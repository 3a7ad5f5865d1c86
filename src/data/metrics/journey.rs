//! How far users come: stages in the order in which users meet them.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::super::engine::literal;
use super::super::event_names::{is_conversion, is_noise};
use super::super::facts::Facts;
use super::super::roles::names::Role;
use super::super::{DataError, Part, Query, UserJourneyCohort};
use super::Days;

const MOST_STAGES: usize = 8;
/// The days on which anybody was first seen.
const COHORTS: &str = "SELECT DISTINCT first_day FROM first_seen WHERE first_day BETWEEN {start} AND {end} ORDER BY 1";

/// All event names (or order stages) as users meet them: name, users who ever met it.
pub(super) async fn order(facts: &Facts) -> Result<&[(String, u64)], DataError> {
    let order = facts.event_order.get_or_try_init(|| ask_order(facts)).await?;
    Ok(order)
}

async fn ask_order(facts: &Facts) -> Result<Vec<(String, u64)>, DataError> {
    let read = |row: &super::super::engine::Row| {
        (
            row.float("position").unwrap_or(0.0),
            row.float("days").unwrap_or(0.0),
            row.text("event").unwrap_or_default(),
            row.count("users"),
        )
    };
    let mut events = facts
        .engine
        .rows(facts.definitions.sql(Query::EventOrder), read)
        .await?;
    events.sort_by(|one, other| {
        one.0
            .total_cmp(&other.0)
            .then(one.1.total_cmp(&other.1))
            .then_with(|| one.2.cmp(&other.2))
    });
    Ok(events.into_iter().map(|(_, _, event, users)| (event, users)).collect())
}

/// The most common meaningful stages, what a business lives on always among them.
fn stages(order: &[(String, u64)]) -> Vec<String> {
    let mut by_users: Vec<&(String, u64)> = order.iter().filter(|(event, _)| !is_noise(event)).collect();
    by_users.sort_by(|one, other| {
        is_conversion(&other.0)
            .cmp(&is_conversion(&one.0))
            .then(other.1.cmp(&one.1))
    });
    let n_conversions = by_users.iter().filter(|(event, _)| is_conversion(event)).count();
    let too_many = n_conversions.saturating_sub(2);
    let kept: Vec<&str> = by_users
        .iter()
        .take(n_conversions - too_many)
        .chain(by_users.iter().skip(n_conversions))
        .take(MOST_STAGES)
        .map(|(event, _)| event.as_str())
        .collect();
    order
        .iter()
        .filter(|(event, _)| kept.contains(&event.as_str()))
        .map(|(event, _)| event.clone())
        .collect()
}

pub(super) async fn cohorts(facts: &Facts, of: &Days) -> Result<Part<UserJourneyCohort>, DataError> {
    if !facts.roles.has(Role::Event) && !facts.roles.has(Role::Revenue) {
        return Ok(Part::Absent(
            "the data have neither an event nor a revenue column, so there are no stages".to_owned(),
        ));
    }
    let order = order(facts).await?;
    let stages = if facts.roles.has(Role::Event) {
        stages(order)
    } else {
        order.iter().map(|(stage, _)| stage.clone()).collect()
    };
    let sizes = of
        .rows(facts, (Query::FirstSeen, COHORTS), "first_day", |row| {
            row.day("first_day")
        })
        .await?;
    if stages.is_empty() {
        return Ok(Part::Present(Vec::new()));
    }
    let list: Vec<String> = stages.iter().map(|stage| literal(stage)).collect();
    let sql = facts
        .definitions
        .sql(Query::Journeys)
        .replace("{stages}", &list.join(", "));
    let found = of
        .rows(facts, (Query::Journeys, &sql), "cohort", |row| {
            Some((
                (row.day("cohort")?, row.text("event")?),
                (row.count("users"), row.float("days")),
            ))
        })
        .await?;
    let found: BTreeMap<(Date, String), (u64, Option<f64>)> = found.into_iter().flatten().collect();
    let rows = sizes.into_iter().flatten().flat_map(|cohort_date| {
        let found = &found;
        stages.iter().map(move |stage| {
            let (users, median_days_to_stage) = found.get(&(cohort_date, stage.clone())).copied().unwrap_or((0, None));
            UserJourneyCohort {
                cohort_date,
                journey_stage: stage.clone(),
                users,
                median_days_to_stage,
            }
        })
    });
    Ok(Part::Present(rows.collect()))
}
