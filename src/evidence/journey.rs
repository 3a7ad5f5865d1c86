//! The stages of the user journey, summed over the cohorts of the window.

use std::collections::BTreeMap;

use super::context::Context;
use super::draft::{About, Draft, Value};
use super::measure::{Measure, count, key};
use super::statistics::{median, ratio};
use super::{Good, Role, Table, TableKind, Unit};

/// Users of each journey stage over all cohorts of the window, as a share of the first stage. Not compared with the previous
/// window: its cohorts had more days to reach a stage, so every comparison would show a fall that is none.
pub(super) fn journey(context: &Context) -> Option<Table> {
    let mut stages: BTreeMap<&str, (u64, Vec<f64>)> = BTreeMap::new();
    for row in context.dataset.current.user_journey_cohort.rows() {
        let stage = stages.entry(&row.journey_stage).or_default();
        stage.0 += row.users;
        stage.1.extend(row.median_days_to_stage);
    }
    let largest = stages.values().map(|stage| stage.0).max()? as f64;
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
    let columns = vec![
        key("stage", "stage"),
        users.column(Role::Current),
        reached.column(Role::Current),
        days.column(Role::Current),
    ];
    let mut draft = Draft::new("S6", "Journey stages", TableKind::Entities, columns)
        .definition("users of the period's cohorts that reached the stage; cohorts near the end of the period had less time, so there is no comparison")
        .order("by users, largest first");
    let total = stages.len();
    let mut order: Vec<(&str, (u64, Vec<f64>))> = stages.into_iter().collect();
    order.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    for (name, (n_users, medians)) in order.into_iter().take(context.row_limit) {
        let current = n_users as f64;
        draft.row(
            About::named(name).support(Some(largest)),
            vec![
                Value::text(name),
                Value::Number(current),
                Value::or(ratio(current, largest).map(|share| share * 100.0), "not known"),
                Value::or(median(&medians), "not known"),
            ],
        );
    }
    draft.out_of(total).finish()
}
