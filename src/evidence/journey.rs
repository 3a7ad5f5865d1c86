//! The stages of the user journey, summed over the cohorts of the window.

use std::collections::BTreeMap;

use super::context::Context;
use super::draft::{About, Draft, Value};
use super::measure::{Measure, count, key};
use super::statistics::{median, proportion_change_z, ratio};
use super::{Good, Role, Table, TableKind, Unit};
use crate::data::Tables;

/// Users of each journey stage over all cohorts of the window, as a share of the first stage.
pub(super) fn journey(context: &Context) -> Option<Table> {
    let dataset = context.dataset;
    let stages = |tables: &Tables| {
        let mut stages: BTreeMap<String, (u64, Vec<f64>)> = BTreeMap::new();
        for row in tables.user_journey_cohort.rows() {
            let stage = stages.entry(row.journey_stage.clone()).or_default();
            stage.0 += row.users;
            stage.1.extend(row.median_days_to_stage);
        }
        stages
    };
    let now = stages(&dataset.current);
    let before = dataset
        .previous
        .as_ref()
        .map(stages)
        .filter(|s| !s.is_empty());
    let before = before.filter(|_| dataset.previous_window.is_some());
    let largest = now.values().map(|s| s.0).max()? as f64;
    let largest_before = before.as_ref().and_then(|b| b.values().map(|s| s.0).max());
    let users = Measure::new("users", "users", count("users"), Good::Up).not_additive();
    let reached = Measure::new(
        "reached",
        "share of the users of the first stage",
        Unit::Percent,
        Good::Up,
    );
    let days = Measure::new(
        "median_days",
        "median days to the stage (median of cohorts)",
        Unit::Days,
        Good::Down,
    );
    let mut columns = vec![key("stage", "stage")];
    columns.extend(users.columns(&[Role::Current, Role::Previous]));
    columns.extend(reached.columns(&[Role::Current, Role::Previous, Role::ChangePoints, Role::Z]));
    columns.push(days.column(Role::Current));
    let mut draft = Draft::new("S6", "Journey stages", TableKind::Entities, columns)
        .definition("users of the period's cohorts that reached the stage; cohorts near the end of the period had less time")
        .order("by users, largest first");
    let mut order: Vec<(&String, &(u64, Vec<f64>))> = now.iter().collect();
    order.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    let total = order.len();
    for (name, (n, medians)) in order.into_iter().take(context.row_limit) {
        let current = *n as f64;
        let previous = before
            .as_ref()
            .map(|b| b.get(name).map_or(0.0, |s| s.0 as f64));
        let whole_before = largest_before.map(|n| n as f64);
        let share = ratio(current, largest).map(|s| s * 100.0);
        let share_before = previous
            .zip(whole_before)
            .and_then(|(p, whole)| Some(ratio(p, whole)? * 100.0));
        let z = previous.zip(whole_before).and_then(|(p, whole)| {
            proportion_change_z((current, largest), (p, whole), context.share_error)
        });
        draft.row(
            About::named(name).support(Some(largest)),
            vec![
                Value::text(name),
                Value::Number(current),
                Value::or(previous, "no comparable previous value"),
                Value::or(share, "not known"),
                Value::or(share_before, "no comparable previous value"),
                Value::or(
                    share.zip(share_before).map(|(now, before)| now - before),
                    "no comparable previous value",
                ),
                Value::or(z, "ordinary variation not known"),
                Value::or(median(medians), "not known"),
            ],
        );
    }
    draft.out_of(total).finish()
}
