//! The tables of a run directory as typed rows: what upstream pipelines leave there and what we compute ourselves.
//! One struct per file, one field per column; `Option` fields are columns that may be absent or cells that may be empty.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::moment::DayOrder;
use super::{Ran, Segmentation};

/// An inclusive range of calendar days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub start: Date,
    pub end: Date,
}

impl Window {
    /// Number of days, both ends included.
    pub fn days(self) -> i64 {
        i64::from((self.end - self.start).get_days()) + 1
    }

    pub fn contains(self, day: Date) -> bool {
        self.start <= day && day <= self.end
    }

    /// The window of equal length that ends the day before this one starts; none before year -9999.
    pub fn previous(self) -> Option<Self> {
        let end = self.start.yesterday().ok()?;
        let length = jiff::Span::new().days(self.days() - 1);
        Some(Self {
            start: end.checked_sub(length).ok()?,
            end,
        })
    }
}

/// A table that is there, or the reason why it is not.
#[derive(Debug, Clone, PartialEq)]
pub enum Part<T> {
    Present(Vec<T>),
    Absent(String),
}

impl<T> Part<T> {
    pub fn rows(&self) -> &[T] {
        match self {
            Self::Present(rows) => rows,
            Self::Absent(_) => &[],
        }
    }

    pub fn why_absent(&self) -> Option<&str> {
        match self {
            Self::Present(_) => None,
            Self::Absent(why) => Some(why),
        }
    }
}

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self::Absent("not computed".to_owned())
    }
}

/// `daily/dau_by_date.csv`. Percentages are 0..100; revenue is net, in the data's currency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DauByDate {
    pub date: Date,
    pub total_dau: u64,
    pub new_users: Option<u64>,
    pub total_revenue: Option<f64>,
    pub returning_users: Option<u64>,
    pub new_user_percentage: Option<f64>,
    pub returning_user_percentage: Option<f64>,
}

/// `daily/engagement_by_date.csv`. Session time in minutes; events per active user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngagementByDate {
    pub date: Date,
    pub avg_engagement_score: Option<f64>,
    pub avg_session_time: Option<f64>,
    pub avg_events: Option<f64>,
    pub total_users: Option<u64>,
}

/// `daily/revenue_by_date.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevenueByDate {
    pub date: Date,
    pub total_revenue: f64,
    pub iap_revenue: Option<f64>,
    pub ad_revenue: Option<f64>,
    pub subscription_revenue: Option<f64>,
    pub revenue_users: Option<u64>,
    pub avg_revenue_per_user: Option<f64>,
}

/// `daily/revenue_by_type.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevenueByType {
    pub date: Date,
    #[serde(alias = "revenue_type")]
    pub revenue_segment: String,
    pub total_revenue: f64,
    pub iap_revenue: Option<f64>,
    pub ad_revenue: Option<f64>,
    pub subscription_revenue: Option<f64>,
    pub revenue_users: Option<u64>,
    pub avg_revenue_per_user: Option<f64>,
}

/// `daily/dau_by_country.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DauByCountry {
    pub date: Date,
    pub country: String,
    pub total_dau: u64,
    pub new_users: Option<u64>,
    pub total_revenue: Option<f64>,
    pub returning_users: Option<u64>,
    pub new_user_percentage: Option<f64>,
    pub returning_user_percentage: Option<f64>,
}

/// `daily/revenue_by_country.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevenueByCountry {
    pub date: Date,
    pub country: String,
    pub total_revenue: f64,
    pub iap_revenue: Option<f64>,
    pub ad_revenue: Option<f64>,
    pub subscription_revenue: Option<f64>,
    pub revenue_users: Option<u64>,
    pub avg_revenue_per_user: Option<f64>,
}

/// `daily/new_logins_by_country.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewLoginsByCountry {
    pub date: Date,
    pub country: String,
    pub new_logins: u64,
    pub new_user_revenue: Option<f64>,
    pub avg_revenue_per_new_user: Option<f64>,
}

/// `daily/new_logins_by_channel.csv`, optional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewLoginsByChannel {
    pub date: Date,
    pub acquisition_channel: String,
    pub new_logins: u64,
    pub new_user_revenue: Option<f64>,
    pub avg_revenue_per_new_user: Option<f64>,
}

/// `cohort/dau_by_cohort_date.csv`. A cell is empty while the cohort is younger than its day, never 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DauByCohortDate {
    pub cohort_date: Date,
    pub cohort_size: u64,
    pub day_0_dau: Option<u64>,
    pub day_1_dau: Option<u64>,
    pub day_3_dau: Option<u64>,
    pub day_7_dau: Option<u64>,
    pub day_14_dau: Option<u64>,
    pub day_30_dau: Option<u64>,
    pub day_60_dau: Option<u64>,
}

/// `cohort/engagement_by_cohort_date.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EngagementByCohortDate {
    pub cohort_date: Date,
    pub cohort_size: u64,
    pub avg_engagement_score_day_0: Option<f64>,
    pub avg_engagement_score_day_1: Option<f64>,
    pub avg_engagement_score_day_7: Option<f64>,
    pub avg_sessions_day_0: Option<f64>,
    pub avg_sessions_day_1: Option<f64>,
    pub avg_sessions_day_7: Option<f64>,
}

/// `cohort/revenue_by_cohort_date.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevenueByCohortDate {
    pub cohort_date: Date,
    pub cohort_size: u64,
    pub day_0_revenue: Option<f64>,
    pub day_1_revenue: Option<f64>,
    pub day_3_revenue: Option<f64>,
    pub day_7_revenue: Option<f64>,
    pub day_14_revenue: Option<f64>,
    pub day_30_revenue: Option<f64>,
    pub day_60_revenue: Option<f64>,
    pub total_cohort_revenue: Option<f64>,
}

/// `user_level/revenue_segments_daily.csv`, without user ids. An upstream file with one row per user and day is summed into this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RevenueSegmentsDaily {
    pub date: Date,
    pub revenue_segment: String,
    pub users: u64,
    pub total_revenue: f64,
}

/// `user_level/user_journey_cohort.csv`, without user ids. An upstream file with one row per user and stage is summed into this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserJourneyCohort {
    pub cohort_date: Date,
    pub journey_stage: String,
    pub users: u64,
    pub median_days_to_stage: Option<f64>,
}

/// All tables of one window. Every day of the window has a row in the daily tables, an empty day as 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tables {
    pub dau_by_date: Part<DauByDate>,
    pub engagement_by_date: Part<EngagementByDate>,
    pub revenue_by_date: Part<RevenueByDate>,
    pub revenue_by_type: Part<RevenueByType>,
    pub dau_by_country: Part<DauByCountry>,
    pub revenue_by_country: Part<RevenueByCountry>,
    pub new_logins_by_country: Part<NewLoginsByCountry>,
    pub new_logins_by_channel: Part<NewLoginsByChannel>,
    pub dau_by_cohort_date: Part<DauByCohortDate>,
    pub engagement_by_cohort_date: Part<EngagementByCohortDate>,
    pub revenue_by_cohort_date: Part<RevenueByCohortDate>,
    pub revenue_segments_daily: Part<RevenueSegmentsDaily>,
    pub user_journey_cohort: Part<UserJourneyCohort>,
}

/// Totals of one window. Money is exact to the thousandth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Totals {
    pub days: i64,
    /// Days with at least one row.
    pub days_with_rows: i64,
    pub rows: Option<u64>,
    /// Distinct users in the window; unknown when only daily tables exist.
    pub users: Option<u64>,
    pub new_users: Option<u64>,
    /// Mean of the daily active users over all calendar days of the window.
    pub mean_dau: Option<f64>,
    pub sessions: Option<u64>,
    pub revenue: Option<f64>,
    pub gross_revenue: Option<f64>,
    /// A negative number.
    pub refunds: Option<f64>,
    /// Revenue of rows with a user id.
    pub revenue_known_users: Option<f64>,
    pub payers: Option<u64>,
    pub orders: Option<u64>,
    pub activity: Option<Activity>,
}

/// Who was there at the end of a window, who stayed and who left. Unknown where the data do not reach back far enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Activity {
    /// Users of the last 7 and of the last 30 days, both counted to the window's last day.
    pub week_users: Option<u64>,
    pub month_users: Option<u64>,
    /// Users of the 30 days before those, and how many of them were not seen since.
    pub former_users: Option<u64>,
    pub churned: Option<u64>,
    /// Users of the window who were there in the window before; who were there only earlier; and users of the one before who did not come.
    pub returning: Option<u64>,
    pub resurrected: Option<u64>,
    pub dormant: Option<u64>,
}

/// What one column of the source holds, in the window and in the previous one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ColumnProfile {
    pub name: String,
    pub role: Option<String>,
    pub nulls: u64,
    pub null_pct: f64,
    pub previous_null_pct: Option<f64>,
    /// Values that the role cannot read (no date, no number).
    pub invalid: u64,
    pub distinct: Option<u64>,
    /// The first day of the window on which the null rate was more than twice the usual one (see `quality`) and above 1 %.
    pub null_since: Option<Date>,
}

/// `outputs/aggregations/aggregation_summary.json`: what was read, used, and left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Rows of the whole source, the unreadable ones not counted.
    pub rows_read: u64,
    /// Rows inside the window.
    pub rows_used: u64,
    pub bad_rows: u64,
    /// The first few line numbers of unreadable rows, as `file:line`.
    pub bad_row_places: Vec<String>,
    pub rows_without_user: u64,
    pub rows_without_time: u64,
    /// Exact duplicates of another row in the window, all columns compared.
    pub duplicate_rows: Option<u64>,
    pub first_day: Option<Date>,
    pub last_day: Option<Date>,
    /// Days of the window without a single row.
    pub empty_days: Vec<Date>,
    /// The source ends inside this day, so its numbers are not final.
    pub partial_last_day: Option<Date>,
    pub distinct_countries: Option<u64>,
    pub columns: Vec<ColumnProfile>,
    pub totals: Totals,
    pub previous_totals: Option<Totals>,
    /// ISO code or symbol where known, else none.
    pub currency: Option<String>,
    pub timezone: String,
    /// Remarks that a reader of the report must see (times without a zone taken as UTC, …).
    pub notes: Vec<String>,
    pub limits: Vec<String>,
    /// What the data gate checked, and what it found.
    pub gate: super::Gate,
}

/// One role of the source, `user <- CustomerID`, with the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mapped {
    /// `user`, `time`, `event`, `country`, `revenue`, `order`, `session`, `platform`, `channel`, `product`, `quantity`, `unit_price`, `currency` …
    pub role: String,
    /// A column, or an SQL expression over columns.
    pub column: String,
    pub reason: String,
    /// Value checks that were made, in words.
    pub checks: Vec<String>,
    /// How the dates of the time are written, where single values do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_order: Option<DayOrder>,
}

/// Where the facts came from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Source {
    /// `data` when computed from `--data`, `run_directory` when upstream tables were read.
    pub kind: String,
    /// File names as the user gave them.
    pub files: Vec<String>,
    /// SHA-256 over the source files' bytes, in order.
    pub fingerprint: String,
}

/// Everything that the evidence of one run is built from.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    pub window: Window,
    /// The window of equal length just before, when the source covers it.
    pub previous_window: Option<Window>,
    pub current: Tables,
    pub previous: Option<Tables>,
    pub summary: Summary,
    pub segmentation: Segmentation,
    pub mapping: Vec<Mapped>,
    /// The queries that made it; none for tables that were left by somebody else.
    pub queries: Vec<Ran>,
    pub source: Source,
}
