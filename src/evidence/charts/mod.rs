//! What the charts of a report are drawn from. Kept with the evidence, so that a report is drawn again from its files alone.

mod countries;
mod daily;
mod fields;
mod pairs;
mod retention;
mod revenue;
mod sparklines;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::context::Context;

pub use countries::{CountryBar, CountryChart, CountryKind};
pub use daily::{DailyChart, DayPoint};
pub use fields::{FieldBar, FieldChart};
pub use pairs::{PairChart, PairRow};
pub use retention::{CohortCell, CohortRow, RetentionChart, RetentionPoint};
pub use revenue::LorenzChart;

/// Everything that is drawn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Charts {
    pub activity: Drawable<DailyChart>,
    pub revenue: Drawable<DailyChart>,
    pub retention: Drawable<RetentionChart>,
    pub lorenz: Drawable<LorenzChart>,
    pub countries: Drawable<CountryChart>,
    pub segments: Drawable<Vec<PairChart>>,
    pub fields: Drawable<FieldChart>,
    /// The last days of the key figures that are known day by day, by the figure's name.
    pub sparklines: BTreeMap<String, Vec<Option<f64>>>,
}

/// What a chart shows, or why there is nothing to show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drawable<T> {
    Present(T),
    Absent(String),
}

impl<T> Drawable<T> {
    fn or(found: Option<T>, why: impl FnOnce() -> String) -> Self {
        found.map_or_else(|| Self::Absent(why()), Self::Present)
    }

    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(chart) => Some(chart),
            Self::Absent(_) => None,
        }
    }
}

impl<T> Default for Drawable<T> {
    fn default() -> Self {
        Self::Absent("this run was made before charts were kept".to_owned())
    }
}

/// The charts of one data set; the same data give the same bytes.
pub(super) fn charts(context: &Context) -> Charts {
    let dataset = context.dataset;
    let no_activity = || {
        reason(
            "there are no daily active users",
            dataset.current.dau_by_date.why_absent(),
        )
    };
    let no_revenue = || {
        reason(
            "there is no revenue in the data",
            dataset.current.revenue_by_date.why_absent(),
        )
    };
    Charts {
        activity: daily::chart(context, context.daily.active_users.as_ref(), no_activity),
        revenue: daily::chart(context, context.daily.revenue.as_ref(), no_revenue),
        retention: Drawable::or(retention::chart(context), || {
            reason("there are no cohorts", dataset.current.dau_by_cohort_date.why_absent())
        }),
        lorenz: Drawable::or(revenue::lorenz(context), || match context.daily.revenue {
            Some(_) => "the revenue of single users is not known".to_owned(),
            None => no_revenue(),
        }),
        countries: Drawable::or(countries::chart(context), || {
            reason(
                "there is no country in the data",
                dataset.current.dau_by_country.why_absent(),
            )
        }),
        segments: Drawable::or(pairs::charts(context), || {
            "there are neither revenue tiers nor a segment column such as platform or channel".to_owned()
        }),
        fields: Drawable::or(fields::chart(context), || {
            "the run holds tables only, not the rows behind them".to_owned()
        }),
        sparklines: sparklines::sparklines(context),
    }
}

fn reason(what: &str, why: Option<&str>) -> String {
    match why.filter(|why| !why.is_empty()) {
        Some(why) => format!("{what} ({why})"),
        None => what.to_owned(),
    }
}

/// As many digits as a drawing needs, so that the stored file stays small.
fn rounded(value: f64) -> f64 {
    let scale = 10_000.0;
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { value }
}
