//! Users by how recently, how often and how much they bought.

use super::context::Context;
use super::draft::{About, Draft, Value};
use super::entities::LEAST_PEOPLE;
use super::measure::{Measure, count, key};
use super::statistics::ratio;
use super::{Good, Role, Table, TableKind, Unit};

/// Quintiles of fewer users are groups of single persons.
const LEAST_USERS: u64 = 100;

const DEFINITION: &str = "users of the period in quintiles 1 (worst) to 5 of recency R (days since the last row), frequency F (orders, or active days \
without orders) and net revenue M; champions R, F and M from 4; loyal R from 3, F from 4; at_risk R to 2, F from 4; new_or_light R from 4, F to 2; \
hibernating R and F to 2; the first that fits";

pub(super) fn rfm(context: &Context, id: &str) -> Option<Table> {
    let segments = &context.dataset.segmentation.rfm;
    let users: u64 = segments.iter().map(|segment| segment.users).sum();
    if users < LEAST_USERS {
        return None;
    }
    let revenue: f64 = segments.iter().map(|segment| segment.revenue).sum();
    let of_users = Measure::new("users", "users", count("users"), Good::Neither);
    let of_revenue = Measure::new("revenue", context.revenue_of_users(), Unit::Money, Good::Up);
    let mean = |name: &str, label: &str, unit: Unit| {
        let measure = Measure::new(name, label, unit, Good::Neither).decimals(1);
        measure.not_additive().column(Role::Current)
    };
    let mut columns = vec![key("segment", "segment")];
    columns.extend(of_users.columns(&[Role::Current, Role::Share]));
    columns.extend(of_revenue.columns(&[Role::Current, Role::Share]));
    columns.push(mean("days_since_last", "days since the last row (mean)", Unit::Days));
    columns.push(mean("frequency", "orders or active days per user (mean)", Unit::Ratio));
    let mut draft = Draft::new(
        id,
        "Users by recency, frequency and revenue",
        TableKind::Entities,
        columns,
    )
    .definition(DEFINITION)
    .order("best customers first; fewer than 5 users are left out");
    let shown = segments.iter().filter(|segment| segment.users as f64 >= LEAST_PEOPLE);
    for segment in shown {
        let percent = |part: f64, whole: f64| Value::or(ratio(part, whole).map(|share| share * 100.0), "no total");
        draft.row(
            About::named(&segment.segment).support(Some(segment.users as f64)),
            vec![
                Value::text(&segment.segment),
                Value::Number(segment.users as f64),
                percent(segment.users as f64, users as f64),
                Value::Number(segment.revenue),
                percent(segment.revenue, revenue),
                Value::Number(segment.days_since_last),
                Value::Number(segment.frequency),
            ],
        );
    }
    draft.out_of(segments.len()).finish()
}
