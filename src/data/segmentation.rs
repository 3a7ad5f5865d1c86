//! Users by what they pay, where they come from and when they came: what one window's segments hold beside its tables.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One segment of one dimension (`platform` = `ios`), in the window and before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Segment {
    pub segment: String,
    pub users: u64,
    pub previous_users: Option<u64>,
    pub rows: u64,
    pub previous_rows: Option<u64>,
    pub revenue: Option<f64>,
    pub previous_revenue: Option<f64>,
    /// Users with a purchase-like event or revenue above 0.
    pub converted_users: Option<u64>,
    pub previous_converted_users: Option<u64>,
    /// What a change of the segment's sums is measured against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scatter: Option<Scatter>,
}

/// How the amounts of single users scatter in the window and in the one before: users, not days or rows, are what chance draws.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Scatter {
    /// Users of both windows.
    pub stayed: f64,
    pub revenue: Option<Squares>,
    /// Revenue of the users of both windows, now and before.
    pub stayed_revenue: Option<(f64, f64)>,
    /// Active days, where they are known.
    pub days: Option<Squares>,
    /// Rows, where active days are known too.
    pub rows: Option<Squares>,
    /// Each user's rows times active days, now and before.
    pub rows_of_days: Option<(f64, f64)>,
}

/// Sums over users.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Squares {
    pub sum: f64,
    pub previous_sum: f64,
    pub squares: f64,
    pub previous_squares: f64,
    pub products: f64,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Dimension {
    /// The column, e.g. `platform`.
    pub dimension: String,
    pub segments: Vec<Segment>,
}

/// Distinct users that reached a step (an event name) in the window; ordered as users meet them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EventCount {
    pub event: String,
    pub users: u64,
    pub rows: u64,
    pub previous_users: Option<u64>,
    pub previous_rows: Option<u64>,
}

/// `outputs/segments/segmentation_summary.json`: definitions, thresholds and sizes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Segmentation {
    /// Segment name -> how it is defined.
    pub definitions: Vec<(String, String)>,
    /// Users and revenue of each revenue tier over the whole window.
    pub revenue_tiers: Vec<Segment>,
    /// Share of revenue of the top 1, 5, 10 and 20 % of users, as (percent of users, percent of revenue).
    pub revenue_concentration: Vec<(f64, f64)>,
    /// The Lorenz curve of revenue, the largest payer first, as (percent of users, percent of revenue); its first point is one user.
    pub revenue_curve: Vec<(f64, f64)>,
    pub dimensions: Vec<Dimension>,
    /// Distinct users by country, and all of them in one line.
    pub countries: Vec<Segment>,
    pub all_users: Option<Segment>,
    pub events: Vec<EventCount>,
    /// The source column that the users of countries are parted by, and the largest countries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside_column: Option<String>,
    pub inside: Vec<InsideCountry>,
    /// All weekly cohorts that began before the window's end, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cohort_weeks: Vec<CohortWeek>,
    /// The source column that `origins` splits new users by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_column: Option<String>,
    pub origins: Vec<Origin>,
    /// What the cohorts of this window and of the one before brought, by the week in which they came.
    pub lifetime_values: Vec<LifetimeValue>,
    pub rfm: Vec<RfmSegment>,
    pub price_bands: Vec<PriceBand>,
    /// Payments of each day of both windows.
    pub payment_days: Vec<PaymentDay>,
}

/// The users of one country, parted once more.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct InsideCountry {
    pub country: String,
    pub segments: Vec<InsideSegment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InsideSegment {
    pub segment: String,
    pub users: u64,
    pub previous_users: Option<u64>,
}

/// The users whose first row falls into one ISO week, and how many of them were there in the weeks after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CohortWeek {
    pub monday: Date,
    pub size: u64,
    /// Of weeks 1, 2 … after the first one; empty where a week was not over when the data ended.
    pub active: Vec<Option<u64>>,
    /// Over users, in how many of weeks 1 and 2 each was there, and of weeks 1 to 4; empty where these were not over.
    pub first_two: Option<Sum>,
    pub first_four: Option<Sum>,
}

/// A sum over users, and the sum of the squares of what each adds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Sum {
    pub sum: f64,
    pub squares: f64,
}

/// New users by where they came from, and how many were there on exactly the seventh day after.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Origin {
    pub origin: String,
    pub users: u64,
    /// Users whose seventh day the data reach, and those of them who were there on it.
    pub eligible: u64,
    pub retained: u64,
    pub previous_users: Option<u64>,
    pub previous_eligible: Option<u64>,
    pub previous_retained: Option<u64>,
}

/// Net revenue of the users whose first row falls into one week, from their first day to 7 and 30 days after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LifetimeValue {
    pub monday: Date,
    /// Whether the first days are those of the previous window; a week that both windows share stands twice.
    pub is_previous: bool,
    pub users: u64,
    pub after_7: Worth,
    pub after_30: Worth,
}

/// Revenue of the users who are old enough for a day.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Worth {
    pub users: u64,
    pub revenue: Sum,
}

/// Users by how recently, how often and how much: quintiles 1 (worst) to 5 of each, joined to six names.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RfmSegment {
    pub segment: String,
    pub users: u64,
    pub revenue: f64,
    /// Means over the users of the segment.
    pub days_since_last: f64,
    pub frequency: f64,
}

/// The payments of one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PaymentDay {
    pub day: Date,
    pub payments: u64,
    /// The geometric mean of their amounts.
    pub typical: f64,
}

/// Payments of about one size.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PriceBand {
    /// The largest payment of the band, in both windows.
    pub most: f64,
    pub payments: u64,
    pub users: u64,
    pub revenue: f64,
    pub previous_payments: Option<u64>,
    pub previous_revenue: Option<f64>,
}
