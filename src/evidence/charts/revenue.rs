//! How unevenly revenue is spread over users.

use serde::{Deserialize, Serialize};

use super::rounded;
use crate::evidence::context::Context;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LorenzChart {
    /// (percent of users, percent of revenue), the largest payer first, from (0, 0) to (100, 100).
    pub points: Vec<(f64, f64)>,
    /// The points that are told in words.
    pub marks: Vec<(f64, f64)>,
    pub users: Option<u64>,
    pub payers: Option<u64>,
    /// The share of revenue of the single largest payer; none where the source has only the marks.
    pub top_user_pct: Option<f64>,
}

pub(super) fn lorenz(context: &Context) -> Option<LorenzChart> {
    let segmentation = &context.dataset.segmentation;
    let marks = segmentation.revenue_concentration.clone();
    let curve = if segmentation.revenue_curve.is_empty() {
        &marks
    } else {
        &segmentation.revenue_curve
    };
    if curve.is_empty() {
        return None;
    }
    let mut points = vec![(0.0, 0.0)];
    points.extend(
        curve
            .iter()
            .map(|(users, revenue)| (rounded(*users), rounded(*revenue))),
    );
    if points.last().is_some_and(|(users, _)| *users < 100.0) {
        points.push((100.0, 100.0));
    }
    Some(LorenzChart {
        points,
        users: context.totals().users,
        payers: context.totals().payers,
        top_user_pct: segmentation.revenue_curve.first().map(|(_, revenue)| rounded(*revenue)),
        marks,
    })
}
