//! What users have brought since they came, 7 and 30 days after their first: all of a window's together, and week by week.

use super::cohorts::TOO_YOUNG;
use super::context::Context;
use super::draft::{About, Draft, Value};
use super::entities::LEAST_PEOPLE;
use super::measure::{Measure, count, key};
use super::statistics::{cap, ratio};
use super::totals::{Total, totals_table};
use super::{Good, Role, Table, TableKind, Unit};
use crate::data::{LifetimeValue, Worth};

const DEFINITION: &str =
    "net revenue from the first day to 7 (30) days after it / users for whom that day is over; no forecast";

const ROWS: usize = 12;

/// Both windows' new users; none where there is no revenue of users.
pub(super) fn totals(context: &Context, id: &str) -> Option<Table> {
    let values = &context.dataset.segmentation.lifetime_values;
    if values.is_empty() {
        return None;
    }
    let comparable = context.new_users_comparable();
    let pooled = |of: fn(&LifetimeValue) -> Worth, is_previous: bool| {
        let cohorts = values.iter().filter(|value| value.is_previous == is_previous);
        cohorts.map(of).fold(Worth::default(), joined)
    };
    let total = |days: u32, of: fn(&LifetimeValue) -> Worth| {
        let (now, before) = (pooled(of, false), pooled(of, true));
        let before = Some(before).filter(|before| comparable && before.users > 0);
        Total::new(&format!("revenue per new user in {days} days"), Unit::Money, Good::Up)
            .values(per_user(now), before.and_then(per_user))
            .z(before.and_then(|before| difference_z(now, before)))
            .support(Some(now.users as f64))
    };
    let totals = [total(7, |value| value.after_7), total(30, |value| value.after_30)];
    let definition = format!("{DEFINITION}; z takes users as drawn by chance");
    totals_table(id, "Lifetime value of new users", &definition, &totals)
}

/// The window's new users by the week in which they came, newest first.
pub(super) fn by_week(context: &Context, id: &str) -> Option<Table> {
    let values = &context.dataset.segmentation.lifetime_values;
    let weeks: Vec<&LifetimeValue> = values.iter().filter(|value| !value.is_previous).collect();
    let money = |name: &str, label: &str| {
        let measure = Measure::new(name, label, Unit::Money, Good::Up).not_additive();
        measure.column(Role::Current)
    };
    let columns = vec![
        key("cohort", "cohort"),
        Measure::new("size", "users of the cohort", count("users"), Good::Up).column(Role::Current),
        money("value_7", "revenue per new user in 7 days"),
        money("value_30", "revenue per new user in 30 days"),
    ];
    let mut draft = Draft::new(id, "Lifetime value by weekly cohort", TableKind::Cohorts, columns)
        .definition(&format!("{DEFINITION}; a cohort is the users whose first row falls into one ISO week of the period; blank where too young"))
        .order("newest first");
    let total = weeks.len();
    for week in weeks.into_iter().rev().take(ROWS) {
        let name = format!("week of {}", week.monday);
        let users = week.users as f64;
        // A cohort of which only the first days are old enough is not yet a cohort.
        let worth = |worth: Worth| match worth.users {
            n if n < week.users => Value::Missing(TOO_YOUNG),
            n if (n as f64) < LEAST_PEOPLE => Value::Missing("fewer than 5 users"),
            _ => Value::or(per_user(worth), "no users"),
        };
        draft.row(
            About::named(&name).support(Some(users)),
            vec![
                Value::text(&name),
                Value::Number(users),
                worth(week.after_7),
                worth(week.after_30),
            ],
        );
    }
    draft.out_of(total).finish()
}

fn joined(one: Worth, other: Worth) -> Worth {
    let mut all = one;
    all.users += other.users;
    all.revenue.sum += other.revenue.sum;
    all.revenue.squares += other.revenue.squares;
    all
}

fn per_user(worth: Worth) -> Option<f64> {
    ratio(worth.revenue.sum, worth.users as f64)
}

/// The difference of two means over its standard error, the users of both drawn apart (Welch 1947, Biometrika 34:28).
fn difference_z(now: Worth, before: Worth) -> Option<f64> {
    let variance_of_mean = |worth: Worth| {
        let n = worth.users as f64;
        let mean = worth.revenue.sum / n;
        (n > 1.0).then(|| (worth.revenue.squares / n - mean * mean) / (n - 1.0))
    };
    let variance = variance_of_mean(now)? + variance_of_mean(before)?;
    let difference = per_user(now)? - per_user(before)?;
    (variance > 0.0).then(|| cap(difference / variance.sqrt())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Sum;

    fn worth(amounts: &[f64]) -> Worth {
        Worth {
            users: amounts.len() as u64,
            revenue: Sum {
                sum: amounts.iter().sum(),
                squares: amounts.iter().map(|amount| amount * amount).sum(),
            },
        }
    }

    #[test]
    fn one_large_buyer_does_not_make_the_new_users_worth_more() {
        let mut now = vec![0.0; 99];
        now.push(1_000.0);
        let before = vec![1.0; 100];
        assert!(difference_z(worth(&now), worth(&before)).expect("they scatter") < 1.0);
        // Means 2 and 1 with variances 2/3 and 2/3 of three users: 1 / sqrt(2 * 2/3/2).
        let z = difference_z(worth(&[1.0, 2.0, 3.0]), worth(&[0.0, 1.0, 2.0])).expect("they scatter");
        assert!((z - 1.0 / (2.0_f64 / 3.0).sqrt()).abs() < 1e-9, "{z}");
        assert_eq!(difference_z(worth(&[1.0]), worth(&[2.0])), None);
    }
}
