//! Tables that segmentation and revenue share: the steps (events) that users reach, and how concentrated revenue is.

use super::context::Context;
use super::draft::{About, Draft, Value};
use super::measure::{Measure, count, key};
use super::statistics::{count_change_z, proportion_change_z, ratio};
use super::{Good, Role, Table, TableKind, Unit};

/// Users per event, in the order in which users meet the events, with the conversion from the step before.
pub(super) fn steps(context: &Context, id: &str) -> Option<Table> {
    let dataset = context.dataset;
    let events = &dataset.segmentation.events;
    let comparable = dataset.previous_window.is_some();
    let users = Measure::new("users", "users", count("users"), Good::Up).not_additive();
    let conversion = Measure::new(
        "step_conversion",
        "users relative to the step before",
        Unit::Percent,
        Good::Up,
    );
    let rows = Measure::new("events", "events", count("events"), Good::Neither);
    let mut columns = vec![key("step", "step")];
    columns.extend(users.columns(&[Role::Current, Role::Previous, Role::Change, Role::Z]));
    columns.extend(conversion.columns(&[Role::Current, Role::Previous, Role::ChangePoints, Role::Z]));
    columns.push(rows.column(Role::Current));
    let mut draft = Draft::new(id, "Events and steps", TableKind::Entities, columns)
        .definition("users = distinct users with the event; step_conversion = users / users of the row above, only where it is not larger than 100 %")
        .order("as users meet the events");
    let total = events.len();
    for (index, event) in events.iter().enumerate().take(context.row_limit) {
        let now = event.users as f64;
        let before = event.previous_users.filter(|_| comparable).map(|n| n as f64);
        let step = index.checked_sub(1).map(|i| &events[i]);
        let pct = |part: f64, whole: f64| {
            let share = ratio(part, whole)? * 100.0;
            (share <= 100.0).then_some(share)
        };
        let current = step.and_then(|s| pct(now, s.users as f64));
        let previous = step.and_then(|s| pct(before?, s.previous_users? as f64));
        let z = current.and(previous).and_then(|_| {
            let step = step?;
            proportion_change_z(
                (now, step.users as f64),
                (before?, step.previous_users? as f64),
                context.share_error,
            )
        });
        let change = before.and_then(|before| super::statistics::change_pct(now, before));
        let count_z = before.and_then(|before| count_change_z(now, before, context.common_error));
        draft.row(
            About::named(&event.event).support(Some(now.max(before.unwrap_or(0.0)))),
            vec![
                Value::text(&event.event),
                Value::Number(now),
                Value::or(before, "no comparable previous value"),
                Value::or(change, "no comparable previous value"),
                Value::or(count_z, "ordinary variation not known"),
                Value::or(current, "no step of more users before"),
                Value::or(previous, "no comparable previous value"),
                Value::or(
                    current.zip(previous).map(|(now, before)| now - before),
                    "no comparable previous value",
                ),
                Value::or(z, "ordinary variation not known"),
                Value::Number(event.rows as f64),
            ],
        );
    }
    draft.out_of(total).finish()
}

/// The share of revenue of the top users.
pub(super) fn concentration(context: &Context, id: &str) -> Option<Table> {
    let share = Measure::new("revenue_share", "share of net revenue", Unit::Percent, Good::Neither);
    let mut draft = Draft::new(
        id,
        "Concentration of revenue",
        TableKind::Concentration,
        vec![key("group", "group of users"), share.column(Role::Current)],
    )
    .definition("users ordered by their net revenue in the period; groups overlap")
    .order("smallest group first");
    for (users, revenue) in &context.dataset.segmentation.revenue_concentration {
        let name = format!("top {users} % of users");
        draft.row(About::named(&name), vec![Value::text(&name), Value::Number(*revenue)]);
    }
    draft.finish()
}
