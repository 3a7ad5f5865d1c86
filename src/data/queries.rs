//! The queries behind the tables, as they are written, for whoever wants to see where a number comes from.

/// The text of a query, its placeholders (`{start}`, `{group}`) unfilled; none of that name is there.
pub fn query(name: &str) -> Option<&'static str> {
    let found = QUERIES.iter().find(|(known, _)| *known == name)?;
    Some(found.1)
}

const QUERIES: [(&str, &str); 14] = [
    ("by_group", include_str!("sql/by_group.sql")),
    ("cohort_scores", include_str!("sql/cohort_scores.sql")),
    ("cohort_sessions", include_str!("sql/cohort_sessions.sql")),
    ("cohorts", include_str!("sql/cohorts.sql")),
    ("coverage", include_str!("sql/coverage.sql")),
    ("daily", include_str!("sql/daily.sql")),
    ("dimension", include_str!("sql/dimension.sql")),
    ("event_counts", include_str!("sql/event_counts.sql")),
    ("journeys", include_str!("sql/journeys.sql")),
    ("kinds", include_str!("sql/kinds.sql")),
    ("session_time", include_str!("sql/session_time.sql")),
    ("tier_days", include_str!("sql/tier_days.sql")),
    ("tiers", include_str!("sql/tiers.sql")),
    ("totals", include_str!("sql/totals.sql")),
];
