//! Users by the value of one column, in two windows at once, with how much single users scatter.

use super::super::engine::Row;
use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::roles::names::Role;
use super::super::{DataError, Scatter, Segment, Squares};

/// Whether the query counts active days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Days {
    Known,
    Unknown,
}

/// The segments of a query of two windows, the largest first.
pub(super) async fn segments(
    facts: &Facts,
    sql: &str,
    has_previous: bool,
    days: Days,
) -> Result<Vec<Segment>, DataError> {
    let has_revenue = facts.roles.has(Role::Revenue);
    let mut segments = facts
        .engine
        .rows(sql, |row| {
            let amount = |column: &str| has_revenue.then(|| to_float(row.amount(column).unwrap_or(0)));
            let before = |column: &str| has_previous.then(|| row.count(column));
            Segment {
                segment: row.text("segment").unwrap_or_default(),
                users: row.count("users"),
                previous_users: before("users_before"),
                rows: row.count("n_rows"),
                previous_rows: before("n_rows_before"),
                revenue: amount("revenue"),
                previous_revenue: amount("revenue_before").filter(|_| has_previous),
                converted_users: Some(row.count("converted")),
                previous_converted_users: before("converted_before"),
                scatter: Some(scatter(row, has_revenue, days)),
            }
        })
        .await?;
    segments.sort_by(|one, other| {
        other
            .users
            .cmp(&one.users)
            .then_with(|| one.segment.cmp(&other.segment))
    });
    Ok(segments)
}

fn scatter(row: &Row, has_revenue: bool, days: Days) -> Scatter {
    let float = |column: &str| steady(row.float(column).unwrap_or(0.0));
    let revenue = has_revenue.then(|| Squares {
        sum: float("paid"),
        previous_sum: float("paid_before"),
        squares: float("revenue_squares"),
        previous_squares: float("revenue_squares_before"),
        products: float("revenue_products"),
    });
    Scatter {
        stayed: row.count("stayed") as f64,
        revenue,
        stayed_revenue: has_revenue.then(|| (float("stayed_revenue"), float("stayed_revenue_before"))),
        days: (days == Days::Known).then(|| Squares {
            sum: float("days"),
            previous_sum: float("days_before"),
            squares: float("days_squares"),
            previous_squares: float("days_squares_before"),
            products: float("days_products"),
        }),
        rows: (days == Days::Known).then(|| Squares {
            sum: row.count("n_rows") as f64,
            previous_sum: row.count("n_rows_before") as f64,
            squares: float("rows_squares"),
            previous_squares: float("rows_squares_before"),
            products: float("rows_products"),
        }),
        rows_of_days: (days == Days::Known).then(|| (float("rows_of_days"), float("rows_of_days_before"))),
    }
}

/// Nine digits: sums of floats made side by side differ in their last ones from run to run.
///
/// A sum of amounts may end in a five after its ninth digit. A little more than any such difference, added first, decides it.
pub(super) fn steady(sum: f64) -> f64 {
    let decided = sum * (1.0 + 1e-11);
    format!("{decided:.8e}").parse().unwrap_or(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_the_same_whatever_the_order_of_its_parts() {
        // Ten digits and a five: what a window of an online shop gave on one machine, and on two.
        for (sum, other) in [(1_234_567.895, 1_234_567.894_999_999_8), (0.3, 0.1 + 0.2)] {
            assert_eq!(steady(sum), steady(other), "{sum}");
            assert_eq!(steady(-sum), steady(-other), "{sum}");
        }
        assert_eq!(steady(123_456_789.0), 123_456_789.0);
        assert_eq!(steady(0.0), 0.0);
        assert_ne!(steady(1.000_000_01), steady(1.000_000_02));
    }
}
