//! Which table is which file, with which columns.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::super::{
    DauByCohortDate, DauByCountry, DauByDate, EngagementByCohortDate, EngagementByDate, NewLoginsByChannel,
    NewLoginsByCountry, RevenueByCohortDate, RevenueByCountry, RevenueByDate, RevenueByType, RevenueSegmentsDaily,
    UserJourneyCohort,
};

/// A row of one file under `segments/`.
pub(super) trait Row: Serialize + DeserializeOwned {
    const FILE: &'static str;
    /// In the order of the struct's fields.
    const COLUMNS: &'static [&'static str];
    /// Columns without which the table says nothing.
    const REQUIRED: &'static [&'static str];
}

/// Columns that hold texts in any table; all others hold numbers.
pub(super) const TEXTS: [&str; 6] = [
    "country",
    "revenue_segment",
    "revenue_type",
    "journey_stage",
    "acquisition_channel",
    "channel",
];
/// Columns that hold days.
pub(super) const DAYS: [&str; 2] = ["date", "cohort_date"];

macro_rules! layout {
    ($row:ty, $file:literal, [$($required:literal),*], [$($column:literal),*]) => {
        impl Row for $row {
            const FILE: &'static str = $file;
            const COLUMNS: &'static [&'static str] = &[$($column),*];
            const REQUIRED: &'static [&'static str] = &[$($required),*];
        }
    };
}

layout!(
    DauByDate,
    "daily/dau_by_date.csv",
    ["date", "total_dau"],
    [
        "date",
        "total_dau",
        "new_users",
        "total_revenue",
        "returning_users",
        "new_user_percentage",
        "returning_user_percentage"
    ]
);
layout!(
    EngagementByDate,
    "daily/engagement_by_date.csv",
    ["date"],
    [
        "date",
        "avg_engagement_score",
        "avg_session_time",
        "avg_events",
        "total_users"
    ]
);
layout!(
    RevenueByDate,
    "daily/revenue_by_date.csv",
    ["date", "total_revenue"],
    [
        "date",
        "total_revenue",
        "iap_revenue",
        "ad_revenue",
        "subscription_revenue",
        "revenue_users",
        "avg_revenue_per_user"
    ]
);
layout!(
    RevenueByType,
    "daily/revenue_by_type.csv",
    ["date", "revenue_segment", "total_revenue"],
    [
        "date",
        "revenue_segment",
        "total_revenue",
        "iap_revenue",
        "ad_revenue",
        "subscription_revenue",
        "revenue_users",
        "avg_revenue_per_user"
    ]
);
layout!(
    DauByCountry,
    "daily/dau_by_country.csv",
    ["date", "country", "total_dau"],
    [
        "date",
        "country",
        "total_dau",
        "new_users",
        "total_revenue",
        "returning_users",
        "new_user_percentage",
        "returning_user_percentage"
    ]
);
layout!(
    RevenueByCountry,
    "daily/revenue_by_country.csv",
    ["date", "country", "total_revenue"],
    [
        "date",
        "country",
        "total_revenue",
        "iap_revenue",
        "ad_revenue",
        "subscription_revenue",
        "revenue_users",
        "avg_revenue_per_user"
    ]
);
layout!(
    NewLoginsByCountry,
    "daily/new_logins_by_country.csv",
    ["date", "country", "new_logins"],
    [
        "date",
        "country",
        "new_logins",
        "new_user_revenue",
        "avg_revenue_per_new_user"
    ]
);
layout!(
    NewLoginsByChannel,
    "daily/new_logins_by_channel.csv",
    ["date", "acquisition_channel", "new_logins"],
    [
        "date",
        "acquisition_channel",
        "new_logins",
        "new_user_revenue",
        "avg_revenue_per_new_user"
    ]
);
layout!(
    DauByCohortDate,
    "cohort/dau_by_cohort_date.csv",
    ["cohort_date", "cohort_size"],
    [
        "cohort_date",
        "cohort_size",
        "day_0_dau",
        "day_1_dau",
        "day_3_dau",
        "day_7_dau",
        "day_14_dau",
        "day_30_dau",
        "day_60_dau"
    ]
);
layout!(
    EngagementByCohortDate,
    "cohort/engagement_by_cohort_date.csv",
    ["cohort_date", "cohort_size"],
    [
        "cohort_date",
        "cohort_size",
        "avg_engagement_score_day_0",
        "avg_engagement_score_day_1",
        "avg_engagement_score_day_7",
        "avg_sessions_day_0",
        "avg_sessions_day_1",
        "avg_sessions_day_7"
    ]
);
layout!(
    RevenueByCohortDate,
    "cohort/revenue_by_cohort_date.csv",
    ["cohort_date", "cohort_size"],
    [
        "cohort_date",
        "cohort_size",
        "day_0_revenue",
        "day_1_revenue",
        "day_3_revenue",
        "day_7_revenue",
        "day_14_revenue",
        "day_30_revenue",
        "day_60_revenue",
        "total_cohort_revenue"
    ]
);
layout!(
    RevenueSegmentsDaily,
    "user_level/revenue_segments_daily.csv",
    ["date", "revenue_segment", "users", "total_revenue"],
    ["date", "revenue_segment", "users", "total_revenue"]
);
layout!(
    UserJourneyCohort,
    "user_level/user_journey_cohort.csv",
    ["cohort_date", "journey_stage", "users"],
    ["cohort_date", "journey_stage", "users", "median_days_to_stage"]
);
