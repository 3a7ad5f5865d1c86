//! Files of upstream pipelines in shapes that we do not write: one row per user, other mappings.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;
use serde_json::Value;

use super::super::roles::names::ROLES;
use super::super::{Mapped, RevenueSegmentsDaily, UserJourneyCohort};
use super::cells::unguarded;

/// One row per user and day, summed; `None` when the file already holds sums.
pub(super) fn revenue_segments(header: &[String], text: &[u8]) -> Option<Result<Vec<RevenueSegmentsDaily>, String>> {
    let place = |name: &str| header.iter().position(|column| column == name);
    if place("users").is_some() {
        return None;
    }
    let segment = place("revenue_segment").or_else(|| place("segment"));
    let (Some(date), Some(user), Some(segment), Some(revenue)) =
        (place("date"), place("user_id"), segment, place("total_revenue"))
    else {
        return None;
    };
    let sum = || -> Result<Vec<RevenueSegmentsDaily>, String> {
        // Revenue in millionths, so that the sum does not depend on the order of the rows.
        let mut sums: BTreeMap<(Date, String), (HashSet<String>, i128)> = BTreeMap::new();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        for record in reader.records() {
            let record = record.map_err(|error| format!("cannot be read: {error}"))?;
            let cell = |place: usize| record.get(place).unwrap_or_default();
            let entry = sums
                .entry((day(cell(date))?, unguarded(cell(segment)).to_owned()))
                .or_default();
            entry.0.insert(cell(user).to_owned());
            entry.1 += super::super::money::parse(cell(revenue), Default::default()).unwrap_or(0);
        }
        Ok(sums
            .into_iter()
            .map(|((date, revenue_segment), (users, revenue))| RevenueSegmentsDaily {
                date,
                revenue_segment,
                users: users.len() as u64,
                total_revenue: super::super::money::to_float(revenue),
            })
            .collect())
    };
    Some(sum())
}

/// One row per user and stage, counted; `None` when the file already holds counts.
pub(super) fn journeys(header: &[String], text: &[u8]) -> Option<Result<Vec<UserJourneyCohort>, String>> {
    let place = |name: &str| header.iter().position(|column| column == name);
    if place("users").is_some() {
        return None;
    }
    let (cohort, user, stage) = (place("cohort_date")?, place("user_id")?, place("journey_stage")?);
    let time = place("time_to_stage_days");
    let sum = || -> Result<Vec<UserJourneyCohort>, String> {
        let mut stages: BTreeMap<(Date, String), BTreeMap<String, Option<f64>>> = BTreeMap::new();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
        for record in reader.records() {
            let record = record.map_err(|error| format!("cannot be read: {error}"))?;
            let cell = |place: usize| record.get(place).unwrap_or_default();
            let days = time.and_then(|time| cell(time).trim().parse().ok());
            stages
                .entry((day(cell(cohort))?, unguarded(cell(stage)).to_owned()))
                .or_default()
                .insert(cell(user).to_owned(), days);
        }
        Ok(stages
            .into_iter()
            .map(|((cohort_date, journey_stage), users)| UserJourneyCohort {
                cohort_date,
                journey_stage,
                users: users.len() as u64,
                median_days_to_stage: median(users.into_values().flatten().collect()),
            })
            .collect())
    };
    Some(sum())
}

fn day(cell: &str) -> Result<Date, String> {
    let cell = cell.trim();
    cell.get(..10)
        .unwrap_or(cell)
        .parse()
        .map_err(|_| format!("holds `{cell}` where a day is expected"))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

/// Roles as we write them, or any object from a role to a column name.
pub(super) fn mapping(value: &Value) -> Vec<Mapped> {
    let Value::Object(roles) = value else {
        return Vec::new();
    };
    let mut mapping: Vec<Mapped> = roles
        .iter()
        .filter_map(|(role, value)| {
            let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
            let column = value.as_str().map(str::to_owned).or_else(|| text("column"))?;
            let checks = value
                .get("checks")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|check| check.as_str().map(str::to_owned));
            Some(Mapped {
                role: role.clone(),
                column,
                reason: text("reason").unwrap_or_else(|| "from schema_mapping.json".to_owned()),
                checks: checks.collect(),
                day_order: value
                    .get("day_order")
                    .and_then(|order| serde_json::from_value(order.clone()).ok()),
            })
        })
        .collect();
    let place = |role: &str| {
        ROLES
            .iter()
            .position(|known| known.name() == role)
            .unwrap_or(usize::MAX)
    };
    mapping.sort_by_key(|mapped| place(&mapped.role));
    mapping
}
