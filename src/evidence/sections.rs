//! The section objects of `child_insights.json`: numbers that the program computed, null where unknown. The lists of advice and
//! observations that come from a model's checked reply stay empty here.

use serde_json::{Map, Value, json};

use super::context::Context;
use super::quality::{Status, checks};
use super::series::Series;
use super::statistics::ratio;
use super::trends::{consistency, seasonal, trend, velocity};
use super::{Evidence, Row, Table, cohorts, daily, revenue};
use crate::insight::Analyst;

/// The sections of one analyst.
pub(super) fn sections(analyst: Analyst, evidence: &Evidence, context: &Context) -> Map<String, Value> {
    let sections = match analyst {
        Analyst::DailyMetrics => daily_metrics(context),
        Analyst::UserSegmentation => user_segmentation(evidence),
        Analyst::Geographic => geographic(evidence),
        Analyst::CohortRetention => cohort_retention(context, evidence),
        Analyst::RevenueOptimization => revenue_optimization(context),
        Analyst::DataQuality => data_quality(context),
        Analyst::Own(_) => Value::Null,
    };
    match sections {
        Value::Object(sections) => sections,
        _ => Map::new(),
    }
}

/// * `dau_trend`: rising or falling when the level changed with |z| >= 3, else flat; null without a comparable period.
/// * `growth_rate`: percent, mean daily active users against the previous period.
/// * `consistency_score`: 1 - typical relative distance of a day from its expected value (1.4826 MAD), within 0..1.
/// * `seasonality_detected`: weekday medians explain at least half of the robust variance of the logarithm, from 14 days on.
/// * `peak_periods`: the three days with the most active users.
/// * `new_user_ratio`: new users / sum of daily active users, 0..1. `growth_velocity`: percent per week within the period,
///   slope of the logarithm. `engagement_stability`: the consistency of events per active user.
fn daily_metrics(context: &Context) -> Value {
    let daily = &context.daily;
    let users = daily.active_users.as_ref();
    let change = users.and_then(|s| s.z(daily.closed));
    let totals = daily::totals(context);
    let growth = totals.first().and_then(super::totals::Total::change);
    let mut peaks: Vec<_> = users
        .map(|s| s.current.iter().filter(|(_, v)| **v > 0.0).collect())
        .unwrap_or_default();
    peaks.sort_by(|a, b| b.1.total_cmp(a.1).then(a.0.cmp(b.0)));
    let peaks: Vec<String> = peaks.iter().take(3).map(|(day, _)| day.to_string()).collect();
    let new_users = daily.new_users.as_ref().and_then(Series::sum);
    let user_days = users.and_then(Series::sum);
    let steady = |series: Option<&Series>| series.and_then(|s| consistency(s, daily.closed));
    json!({
        "trend_analysis": {
            "dau_trend": trend(change),
            "growth_rate": rounded(growth),
            "consistency_score": rounded(steady(users)),
            "seasonality_detected": users.and_then(|s| seasonal(s, daily.closed)),
            "peak_periods": peaks,
        },
        "key_metrics": {
            "avg_dau": rounded(users.and_then(Series::mean)),
            "new_user_ratio": rounded(new_users.zip(user_days).and_then(|(n, all)| ratio(n, all))),
            "engagement_stability": rounded(steady(daily.events_per_user.as_ref())),
            "growth_velocity": rounded(users.and_then(|s| velocity(s, daily.closed))),
        },
    })
}

/// * `top_performing_segment`: the segment with the most revenue, or users where there is no revenue, of the first table.
/// * `segment_distribution`: share of users in percent, of the first table. `performance_gaps`: segments that fell with z <= -3.
/// * `segment_health_score`: the share of all segments with a known z that did not fall with z <= -3.
/// * `journey_completion_rate`: percent of the users of the first stage (or step) that reached the last one listed.
fn user_segmentation(evidence: &Evidence) -> Value {
    let tables: Vec<&Table> = evidence
        .tables
        .iter()
        .filter(|table| table.column("segment").is_some())
        .collect();
    let mut distribution = Map::new();
    let mut top: Option<(f64, &str)> = None;
    if let Some(table) = tables.first() {
        for row in table.rows.iter().filter(|row| !row.summary) {
            if let Some(share) = number(table, row, "users_share_pct") {
                distribution.insert(row.key.clone(), json!(rounded(Some(share))));
            }
            let size = number(table, row, "revenue").or(number(table, row, "users"));
            if let Some(size) = size.filter(|size| top.is_none_or(|(most, _)| *size > most)) {
                top = Some((size, &row.key));
            }
        }
    }
    let mut gaps = Vec::new();
    let (mut known, mut fell) = (0.0, 0.0);
    for table in &tables {
        for row in table.rows.iter().filter(|row| !row.summary) {
            let measures = ["users", "revenue", "conversion"];
            let scores: Vec<(&str, f64)> = measures
                .into_iter()
                .filter_map(|m| Some((m, number(table, row, &format!("{m}_z"))?)))
                .collect();
            known += f64::from(u8::from(!scores.is_empty()));
            let falling: Vec<_> = scores.into_iter().filter(|(_, z)| *z <= -table.least_z()).collect();
            fell += f64::from(u8::from(!falling.is_empty()));
            for (measure, z) in falling {
                gaps.push(json!({
                    "segment": row.key,
                    "measure": measure,
                    "current": rounded(number(table, row, measure)),
                    "previous": rounded(number(table, row, &format!("{measure}_previous"))),
                    "z": rounded(Some(z)),
                    "evidence": format!("{}.{measure}", row.id),
                }));
            }
        }
    }
    let health = ratio(known - fell, known);
    json!({
        "segment_analysis": {
            "top_performing_segment": top.map(|(_, name)| name),
            "segment_distribution": distribution,
            "performance_gaps": gaps,
            "segment_health_score": rounded(health),
        },
        "journey_insights": journey(evidence),
        "behavioral_patterns": [],
    })
}

fn journey(evidence: &Evidence) -> Value {
    let stages = evidence.table("S6").map(|table| {
        let users: Vec<f64> = table
            .rows
            .iter()
            .filter_map(|row| number(table, row, "users"))
            .collect();
        (users.len() > 1).then(|| ratio(*users.last()?, *users.first()?))?
    });
    let mut path: Vec<&str> = Vec::new();
    let mut drops: Vec<(f64, &str)> = Vec::new();
    let mut reached = None;
    if let Some(table) = evidence.table("S7") {
        path = table.rows.iter().map(|row| row.key.as_str()).collect();
        drops = table
            .rows
            .iter()
            .filter_map(|row| Some((number(table, row, "step_conversion")?, row.key.as_str())))
            .collect();
        drops.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        let users = |row: Option<&Row>| row.and_then(|row| number(table, row, "users"));
        reached = users(table.rows.last())
            .zip(users(table.rows.first()))
            .filter(|_| table.rows.len() > 1)
            .and_then(|(last, first)| ratio(last, first))
            .filter(|share| *share <= 1.0);
    }
    let drops: Vec<Value> = drops
        .into_iter()
        .take(3)
        .map(|(pct, step)| json!({"step": step, "step_conversion": rounded(Some(pct))}))
        .collect();
    let paths: Vec<String> = if path.len() > 1 {
        vec![path.join(" > ")]
    } else {
        Vec::new()
    };
    json!({
        "common_paths": paths,
        "drop_off_points": drops,
        "success_factors": [],
        "journey_completion_rate": rounded(stages.flatten().or(reached).map(|share| share * 100.0)),
    })
}

/// * `primary_markets`: the largest countries that together make up 80 % of users, at most five; the next five are secondary.
/// * `market_concentration`: Herfindahl index of users, 0..1. `market_diversity_score`: 1 minus it.
/// * `emerging_markets`: countries outside the primary ones whose users grew with z >= 3.
fn geographic(evidence: &Evidence) -> Value {
    let mut primary: Vec<&Row> = Vec::new();
    let mut secondary: Vec<&str> = Vec::new();
    let mut emerging: Vec<&str> = Vec::new();
    let mut regions = Map::new();
    if let Some(table) = evidence.table("G1") {
        let mut covered = 0.0;
        for row in table.rows.iter().filter(|row| !row.summary) {
            let share = number(table, row, "users_share_pct").unwrap_or(0.0);
            let z = number(table, row, "users_z");
            if covered < 80.0 && primary.len() < 5 && share > 0.0 {
                covered += share;
                primary.push(row);
                regions.insert(
                    row.key.clone(),
                    json!({
                        "users_per_day": rounded(number(table, row, "users")),
                        "share_pct": rounded(Some(share)),
                        "change_pct": rounded(number(table, row, "users_change_pct")),
                        "z": rounded(z),
                        "revenue": rounded(number(table, row, "revenue")),
                    }),
                );
                continue;
            }
            if secondary.len() < 5 && share > 0.0 {
                secondary.push(&row.key);
            }
            if z.is_some_and(|z| z >= table.least_z()) {
                emerging.push(&row.key);
            }
        }
    }
    let primary: Vec<&str> = primary.iter().map(|row| row.key.as_str()).collect();
    let hhi = evidence.table("G4").and_then(|table| {
        let row = table.rows.iter().find(|row| row.key == "active users")?;
        number(table, row, "hhi")
    });
    json!({
        "market_analysis": {
            "primary_markets": primary,
            "secondary_markets": secondary,
            "market_concentration": rounded(hhi),
            "emerging_markets": emerging,
            "market_diversity_score": rounded(hhi.map(|hhi| 1.0 - hhi)),
        },
        "regional_insights": regions,
        "localization_recommendations": [],
        "expansion_opportunities": [],
    })
}

/// * `retention_curve`: pooled percent of the period's cohorts. `retention_trend`: by the strongest z of the curve, |z| >= 3.
/// * `retention_health_score`: mean over days 1, 7, 30 of min(1, retention now / before): 1 = nowhere worse than before.
/// * `churn_analysis`: 100 - retention, percent of users not active on that day.
fn cohort_retention(context: &Context, evidence: &Evidence) -> Value {
    let totals = cohorts::retention_totals(context);
    let of = |day: u32| {
        let label = format!("day-{day} retention");
        totals.iter().find(|(total, _, _)| total.label == label)
    };
    let current = |day: u32| rounded(of(day).and_then(|(total, _, _)| total.current));
    let churn = |day: u32| rounded(of(day).and_then(|(t, _, _)| Some(100.0 - t.current?)));
    let milestones: Vec<Value> = totals
        .iter()
        .map(|(total, n, _)| json!({"milestone": total.label, "retention_pct": rounded(total.current), "users": n}))
        .collect();
    let kept: Vec<f64> = [1, 7, 30]
        .into_iter()
        .filter_map(|day| {
            let (total, _, _) = of(day)?;
            Some(ratio(total.current?, total.previous?)?.min(1.0))
        })
        .collect();
    let strongest = totals
        .iter()
        .filter_map(|(total, _, _)| total.z)
        .max_by(|a, b| a.abs().total_cmp(&b.abs()));
    let cohorts = evidence.table("C1");
    json!({
        "retention_analysis": {
            "retention_curve": {
                "day_1": current(1),
                "day_7": current(7),
                "day_30": current(30),
            },
            "key_retention_milestones": milestones,
            "retention_health_score": rounded(super::statistics::mean(&kept)),
            "retention_trend": trend(strongest),
        },
        "cohort_insights": {
            "cohorts": cohorts.map(|table| table.total_rows),
            "unusual_cohorts": evidence.table("C3").map_or(0, |table| table.total_rows),
        },
        "churn_analysis": {
            "day_1_churn": churn(1),
            "day_7_churn": churn(7),
            "day_30_churn": churn(30),
        },
        "retention_strategies": [],
    })
}

/// * `total_revenue`: net, of the period. `arpu`: revenue of known users / users. `payer_percentage`: paying users / users, 0..100.
/// * `revenue_health_score`: mean of what is known of min(1, revenue now / before), min(1, paying share now / before) and
///   1 - refunds / gross revenue.
fn revenue_optimization(context: &Context) -> Value {
    let totals = revenue::totals(context);
    let of = |label: &str| totals.iter().find(|total| total.label == label);
    let current = |label: &str| of(label).and_then(|total| total.current);
    let kept = |label: &str| {
        let total = of(label)?;
        Some(ratio(total.current?, total.previous?)?.clamp(0.0, 1.0))
    };
    let refunded = current("refunds")
        .zip(current("gross revenue"))
        .and_then(|(refunds, gross)| ratio(refunds.abs(), gross))
        .map(|share| (1.0 - share).clamp(0.0, 1.0));
    let parts: Vec<f64> = [kept("net revenue"), kept("share of paying users"), refunded]
        .into_iter()
        .flatten()
        .collect();
    json!({
        "revenue_analysis": {
            "total_revenue": rounded(current("net revenue")),
            "arpu": rounded(current("revenue per user")),
            "payer_percentage": rounded(current("share of paying users")),
            "revenue_health_score": rounded(super::statistics::mean(&parts)),
        },
    })
}

/// * `overall_quality_score`: mean over the checks of 1 (ok), 0.5 (warning), 0 (failed).
/// * `sample_adequacy.adequate`: at least 100 users and 7 days with data. `data_completeness`: complete days / open days, 0..1.
/// * `quality_trend`: by the mean change of the share of missing values of the fields in use, 1 percentage point being stable.
fn data_quality(context: &Context) -> Value {
    let checks = checks(context);
    let scores: Vec<f64> = checks
        .iter()
        .map(|check| match check.status {
            Status::Ok => 1.0,
            Status::Warn => 0.5,
            Status::Fail => 0.0,
        })
        .collect();
    let issues: Vec<Value> = checks
        .iter()
        .filter(|check| check.status != Status::Ok)
        .map(|check| {
            json!({
                "check": check.name,
                "value": rounded(Some(check.value)),
                "status": check.status.word(),
            })
        })
        .collect();
    let summary = &context.dataset.summary;
    let moves: Vec<f64> = summary
        .columns
        .iter()
        .filter(|column| column.role.is_some())
        .filter_map(|column| Some(column.null_pct - column.previous_null_pct?))
        .collect();
    let quality_trend = super::statistics::mean(&moves).map(|moved| match moved {
        moved if moved > 1.0 => "worsening",
        moved if moved < -1.0 => "improving",
        _ => "stable",
    });
    let users = summary.totals.users;
    let days = context
        .daily
        .active_users
        .as_ref()
        .map(|s| s.current.values().filter(|v| **v > 0.0).count());
    json!({
        "quality_assessment": {
            "overall_quality_score": rounded(super::statistics::mean(&scores)),
            "quality_issues": issues,
            "sample_adequacy": {
                "rows": (summary.rows_used > 0).then_some(summary.rows_used),
                "users": users,
                "days_with_data": days,
                "adequate": users.zip(days).map(|(users, days)| users >= 100 && days >= 7),
            },
            "data_completeness": rounded(Some(context.completeness())),
            "quality_trend": quality_trend,
        },
        "improvement_recommendations": {},
        "infrastructure_suggestions": [],
        "data_enhancement_opportunities": [],
    })
}

fn number(table: &Table, row: &Row, column: &str) -> Option<f64> {
    table.at(row, column)?.exact()
}

/// Four decimals are enough for a machine and carry no rounding dust.
fn rounded(value: Option<f64>) -> Option<f64> {
    let value = value.filter(|v| v.is_finite())?;
    let scaled = (value * 10_000.0).round() / 10_000.0;
    Some(if scaled.is_finite() { scaled + 0.0 } else { value })
}
