//! Changes of sums over users, measured against how much single users scatter: a few devoted users of a small country, or one large
//! buyer, come and go by chance, and no number of days tells that.

use super::statistics::{cap, ratio};
use crate::data::{Scatter, Segment, Squares};

/// The change of a sum over the standard error that independent users give it.
pub(super) fn sum_z(sums: &Squares) -> Option<f64> {
    let variance = sums.squares + sums.previous_squares - 2.0 * sums.products;
    if variance <= 0.0 || !variance.is_finite() {
        return None;
    }
    cap((sums.sum - sums.previous_sum) / variance.sqrt())
}

/// The change of the revenue per user, by the delta method: each user adds to the sum and to the number of users.
pub(super) fn per_user_z(segment: &Segment) -> Option<f64> {
    let scatter: &Scatter = segment.scatter.as_ref()?;
    let revenue = scatter.revenue?;
    let (stayed_now, stayed_before) = scatter.stayed_revenue?;
    let (n, n_before) = (segment.users as f64, segment.previous_users? as f64);
    if n <= 0.0 || n_before <= 0.0 {
        return None;
    }
    let (now, before) = (revenue.sum / n, revenue.previous_sum / n_before);
    let own = |squares: f64, sum: f64, n: f64, mean: f64| (squares - 2.0 * mean * sum + mean * mean * n) / (n * n);
    let shared = revenue.products - before * stayed_now - now * stayed_before + now * before * scatter.stayed;
    let variance = own(revenue.squares, revenue.sum, n, now)
        + own(revenue.previous_squares, revenue.previous_sum, n_before, before)
        - 2.0 * shared / (n * n_before);
    if variance <= 0.0 || !variance.is_finite() {
        return None;
    }
    cap((now - before) / variance.sqrt())
}

/// Rows per active day in one window, by the delta method: each user adds to the rows and to the days.
#[derive(Debug, Clone, Copy)]
struct PerDay {
    days: f64,
    mean: f64,
    /// Over users: the square of what each has beyond the mean of its days.
    squares: f64,
}

impl PerDay {
    fn of(rows: (f64, f64), days: (f64, f64), products: f64) -> Option<Self> {
        let mean = ratio(rows.0, days.0)?;
        Some(Self {
            days: days.0,
            mean,
            squares: (rows.1 - 2.0 * mean * products + mean * mean * days.1).max(0.0),
        })
    }

    fn now(scatter: &Scatter) -> Option<Self> {
        let (rows, days) = (scatter.rows?, scatter.days?);
        Self::of(
            (rows.sum, rows.squares),
            (days.sum, days.squares),
            scatter.rows_of_days?.0,
        )
    }

    fn before(scatter: &Scatter) -> Option<Self> {
        let (rows, days) = (scatter.rows?, scatter.days?);
        Self::of(
            (rows.previous_sum, rows.previous_squares),
            (days.previous_sum, days.previous_squares),
            scatter.rows_of_days?.1,
        )
    }
}

/// The squared standard error of the rows per active day over both windows.
pub(super) fn per_day_variance(scatter: &Scatter) -> Option<f64> {
    let now = PerDay::now(scatter)?;
    let before = PerDay::before(scatter);
    let days = now.days + before.map_or(0.0, |before| before.days);
    let squares = now.squares + before.map_or(0.0, |before| before.squares);
    (squares > 0.0).then_some(squares / (days * days))
}

/// The change of the rows per active day; that users of both windows stay alike is left out, which errs on the mild side.
pub(super) fn per_day_z(scatter: &Scatter) -> Option<f64> {
    let (now, before) = (PerDay::now(scatter)?, PerDay::before(scatter)?);
    let variance = |window: PerDay| window.squares / (window.days * window.days);
    let error = (variance(now) + variance(before)).sqrt();
    (error > 0.0).then(|| cap((now.mean - before.mean) / error)).flatten()
}

/// The milder of two scores of one change; where they point to different sides, none of it counts.
pub(super) fn milder(one: f64, other: Option<f64>) -> f64 {
    match other {
        None => one,
        Some(other) if one * other < 0.0 => 0.0,
        Some(other) => one.abs().min(other.abs()).copysign(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Revenue of each user now and before.
    fn segment(users: &[(f64, f64)]) -> Segment {
        let sum = |of: fn(&(f64, f64)) -> f64| users.iter().map(of).sum::<f64>();
        Segment {
            users: users.len() as u64,
            previous_users: Some(users.len() as u64),
            scatter: Some(Scatter {
                stayed: users.len() as f64,
                revenue: Some(Squares {
                    sum: sum(|u| u.0),
                    previous_sum: sum(|u| u.1),
                    squares: sum(|u| u.0 * u.0),
                    previous_squares: sum(|u| u.1 * u.1),
                    products: sum(|u| u.0 * u.1),
                }),
                stayed_revenue: Some((sum(|u| u.0), sum(|u| u.1))),
                ..Scatter::default()
            }),
            ..Segment::default()
        }
    }

    #[test]
    fn one_large_buyer_is_no_change_of_all() {
        let mut users = vec![(1.0, 1.0); 200];
        users[0].0 = 500.0;
        let one = segment(&users);
        let z = per_user_z(&one).expect("users scatter");
        assert!((0.9..1.1).contains(&z), "{z}");
        let sums = one.scatter.and_then(|s| s.revenue).expect("revenue");
        assert!((sum_z(&sums).expect("users scatter") - 1.0).abs() < 0.01);
    }

    /// Rows and active days of each user now; before, each had three rows on each of ten days.
    fn scatter(users: &[(f64, f64)]) -> Scatter {
        let sum = |of: fn(&(f64, f64)) -> f64| users.iter().map(of).sum::<f64>();
        let n = users.len() as f64;
        let squares = |sum: f64, squares: f64, before: f64| Squares {
            sum,
            squares,
            previous_sum: before * n,
            previous_squares: before * before * n + n,
            products: 0.0,
        };
        Scatter {
            rows: Some(squares(sum(|u| u.0), sum(|u| u.0 * u.0), 30.0)),
            days: Some(squares(sum(|u| u.1), sum(|u| u.1 * u.1), 10.0)),
            rows_of_days: Some((sum(|u| u.0 * u.1), 300.0 * n)),
            ..Scatter::default()
        }
    }

    #[test]
    fn one_busy_user_does_not_make_all_users_busier() {
        let mut users: Vec<(f64, f64)> = (0..100).map(|i| (29.0 + f64::from(i % 3), 10.0)).collect();
        users[0] = (3_000.0, 10.0);
        let z = per_day_z(&scatter(&users)).expect("users scatter");
        assert!((0.8..1.2).contains(&z), "{z}");
        for user in &mut users {
            user.0 = 45.0 + user.0 % 2.0;
        }
        assert!(per_day_z(&scatter(&users)).expect("users scatter") > 10.0);
    }

    #[test]
    fn what_all_users_do_is_a_change() {
        let users: Vec<(f64, f64)> = (0..200)
            .map(|i| (3.0 + f64::from(i % 3), 2.0 + f64::from(i % 2)))
            .collect();
        let all = segment(&users);
        assert!(per_user_z(&all).expect("users scatter") > 10.0);
        assert_eq!(milder(5.0, Some(-2.0)), 0.0);
        assert_eq!(milder(-5.0, Some(-2.0)), -2.0);
        assert_eq!(milder(5.0, None), 5.0);
    }
}
