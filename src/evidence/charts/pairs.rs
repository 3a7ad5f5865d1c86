//! Segments by their share of users beside their share of revenue: who brings more than their number, and who less.

use serde::{Deserialize, Serialize};

use super::rounded;
use crate::data::Segment;
use crate::evidence::context::Context;
use crate::evidence::segments::tiers_of;
use crate::evidence::statistics::ratio;

/// More segments or dimensions would make a wall of bars.
const ROWS: usize = 8;
const CHARTS: usize = 4;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairChart {
    /// `revenue tier`, or the column that splits the users.
    pub dimension: String,
    pub rows: Vec<PairRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairRow {
    pub name: String,
    pub users: u64,
    /// Percent of the users of all segments, as is the next of revenue.
    pub users_share: f64,
    pub revenue_share: Option<f64>,
}

/// The revenue tiers, then each dimension; none without any.
pub(super) fn charts(context: &Context) -> Option<Vec<PairChart>> {
    let mut charts = vec![chart("revenue tier", &tiers_of(context))];
    let dimensions = context.dataset.segmentation.dimensions.iter();
    charts.extend(dimensions.map(|dimension| chart(dimension.dimension.trim(), &dimension.segments)));
    charts.retain(|chart| chart.rows.len() > 1);
    charts.truncate(CHARTS);
    (!charts.is_empty()).then_some(charts)
}

fn chart(dimension: &str, segments: &[Segment]) -> PairChart {
    let users = |segments: &[&Segment]| segments.iter().map(|segment| segment.users).sum::<u64>();
    let revenue = |segments: &[&Segment]| segments.iter().filter_map(|segment| segment.revenue).sum::<f64>();
    let all: Vec<&Segment> = segments.iter().collect();
    let (all_users, all_revenue) = (users(&all), revenue(&all));
    let has_revenue = all_revenue > 0.0 && segments.iter().any(|segment| segment.revenue.is_some());
    let row = |name: String, members: &[&Segment]| {
        let share = |part: f64, whole: f64| ratio(part, whole).map(|share| rounded(share * 100.0));
        PairRow {
            name,
            users: users(members),
            users_share: share(users(members) as f64, all_users as f64).unwrap_or(0.0),
            revenue_share: share(revenue(members), all_revenue).filter(|_| has_revenue),
        }
    };
    let mut filled: Vec<&Segment> = all.into_iter().filter(|segment| segment.users > 0).collect();
    filled.sort_by(|a, b| b.users.cmp(&a.users).then_with(|| a.segment.cmp(&b.segment)));
    let shown = if filled.len() > ROWS { ROWS - 1 } else { filled.len() };
    let (first, rest) = filled.split_at(shown);
    let mut rows: Vec<PairRow> = first
        .iter()
        .map(|segment| row(segment.segment.clone(), &[*segment]))
        .collect();
    if !rest.is_empty() {
        rows.push(row(format!("other ({})", rest.len()), rest));
    }
    PairChart {
        dimension: dimension.to_owned(),
        rows,
    }
}
