//! Who is there at the end of the period, who stayed, came back or left.

use super::context::Context;
use super::measure::count;
use super::statistics::{count_change_z, ratio};
use super::totals::{Total, totals_table};
use super::{Good, Table, Unit};
use crate::data::{Activity, Totals};

const DEFINITION: &str = "weekly and monthly users: distinct users of the 7 and 30 days that end with the period; stickiness = mean daily users of the \
period / monthly users; returning, resurrected and dormant users by whether they were there in the period before; churn = users of the 30 \
days before the last 30 that were not seen since; who stays depends on how old a product is, so that only the first two have a z";

pub(super) fn activity(context: &Context, id: &str) -> Option<Table> {
    let (now, before) = (context.totals(), context.previous_totals());
    let counted = |label: &str, good: Good, pick: fn(&Activity) -> Option<u64>| {
        let read = |totals: &Totals| totals.activity.as_ref().and_then(pick).map(|n| n as f64);
        let (current, previous) = (read(now), before.and_then(read));
        Total::new(label, count("users"), good)
            .values(current, previous)
            .support(current)
    };
    // A week wanders more than the mean of a longer period.
    let window_days = context.dataset.window.days() as f64;
    let scored = |days: f64, total: Total| {
        let both = total.current.zip(total.previous);
        let error = context
            .common_error
            .map(|error| error * (window_days / days).max(1.0).sqrt());
        total.z(both.and_then(|(now, before)| count_change_z(now, before, error)))
    };
    let sticky = |totals: &Totals| {
        let monthly = totals.activity?.month_users? as f64;
        Some(ratio(totals.mean_dau?, monthly)? * 100.0)
    };
    let churn = |totals: &Totals| {
        let activity = totals.activity?;
        Some((activity.churned? as f64, activity.former_users? as f64))
    };
    let percent = |(part, whole): (f64, f64)| Some(ratio(part, whole)? * 100.0);
    let (lost, lost_before) = (churn(now), before.and_then(churn));
    let churned = Total::new("churn (30 days)", Unit::Percent, Good::Down)
        .values(lost.and_then(percent), lost_before.and_then(percent))
        .support(lost.map(|(_, users)| users));
    totals_table(
        id,
        "Users at the end of the period",
        DEFINITION,
        &[
            scored(7.0, counted("weekly active users (7 days)", Good::Up, |a| a.week_users)),
            scored(
                30.0,
                counted("monthly active users (30 days)", Good::Up, |a| a.month_users),
            ),
            Total::new("stickiness", Unit::Percent, Good::Up).values(sticky(now), before.and_then(sticky)),
            counted("returning users", Good::Up, |a| a.returning),
            counted("resurrected users", Good::Up, |a| a.resurrected),
            counted("dormant users", Good::Down, |a| a.dormant),
            churned,
        ],
    )
}
