//! What the largest change of a total consists of: the dimension whose shares moved most, and its values until most is explained.

use std::collections::BTreeMap;

use super::context::Context;
use super::draft::{About, Draft, Value};
use super::measure::{Measure, key, text};
use super::statistics::{change_pct, surprise};
use super::{Good, Role, Table, TableKind, Unit};
use crate::data::{Dataset, Tables};

/// Values are listed until they explain this share of the change.
const EXPLAINED: f64 = 0.67;

const ROWS: usize = 6;

/// A total that changed, split by one dimension: name -> (previous, current).
struct Split {
    dimension: String,
    parts: BTreeMap<String, (f64, f64)>,
}

/// None unless a total moved by at least 1 % and a dimension with at least two values splits it.
pub(super) fn drivers(context: &Context) -> Option<Table> {
    context.dataset.previous_window?;
    let daily = &context.daily;
    let users = daily.active_users.as_ref().and_then(|s| s.change(daily.closed));
    let revenue = daily.revenue.as_ref().and_then(|s| s.change(daily.closed));
    let strength = |change: Option<super::change::LevelChange>| change.map_or(-1.0, |c| c.z.abs());
    let money = strength(revenue) > strength(users) && daily.revenue.is_some();
    let measure = if money {
        Measure::new("revenue", "net revenue", Unit::Money, Good::Up)
    } else {
        Measure::new("users", "active users", super::measure::count("users"), Good::Up).decimals(1)
    };
    let split = splits(context.dataset, money)
        .into_iter()
        .filter(|split| split.parts.len() >= 2)
        .max_by(|a, b| score(a).total_cmp(&score(b)))?;
    let before: f64 = split.parts.values().map(|p| p.0).sum();
    let now: f64 = split.parts.values().map(|p| p.1).sum();
    let total = now - before;
    if before <= 0.0 || (total / before).abs() < 0.01 {
        return None;
    }
    let mut parts: Vec<(&String, f64, f64)> = split
        .parts
        .iter()
        .map(|(name, (before, now))| (name, *before, *now))
        .collect();
    parts.sort_by(|a, b| {
        let moved = |p: &(&String, f64, f64)| ((p.2 - p.1) * total.signum()).max(0.0);
        moved(b).total_cmp(&moved(a)).then(a.0.cmp(b.0))
    });
    let mut columns = vec![key("driver", "driver"), text("dimension", "dimension")];
    columns.extend(measure.columns(&[Role::Current, Role::Previous, Role::Change]));
    let contribution = Measure::new(
        "contribution",
        "contribution to the change of the total",
        Unit::Percent,
        Good::Neither,
    );
    columns.push(contribution.column(Role::Current));
    let definition = format!(
        "contribution = change of the row / change of the total, in percent; can exceed 100 when rows move against each other; {}",
        if money {
            "sums of the period"
        } else {
            "means per day, or distinct users of the period for columns without daily counts"
        }
    );
    let title = format!("Drivers of the change of {}", measure.label);
    let mut draft = Draft::new("D4", &title, TableKind::Concentration, columns)
        .definition(&definition)
        .order("by contribution, until two thirds are explained");
    let mut explained = 0.0;
    let n_parts = parts.len();
    for (name, before, now) in parts.into_iter().take(ROWS) {
        if explained >= EXPLAINED {
            break;
        }
        let share = (now - before) / total;
        explained += share.max(0.0);
        draft.row(
            About::named(name).support(Some(before.max(now)).filter(|_| !money)),
            vec![
                Value::text(name),
                Value::text(&split.dimension),
                Value::Number(now),
                Value::Number(before),
                Value::or(change_pct(now, before), "nothing before to compare with"),
                Value::Number(share * 100.0),
            ],
        );
    }
    draft.out_of(n_parts).finish()
}

fn score(split: &Split) -> f64 {
    let (before, now): (Vec<f64>, Vec<f64>) = split.parts.values().copied().unzip();
    surprise(&before, &now)
}

fn splits(dataset: &Dataset, money: bool) -> Vec<Split> {
    let mut splits = Vec::new();
    if let Some(previous) = &dataset.previous {
        let days = |window: crate::data::Window| {
            if money { 1.0 } else { window.days().max(1) as f64 }
        };
        let (now, before) = (by_country(&dataset.current, money), by_country(previous, money));
        let mut parts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        for (country, value) in before {
            let days = dataset.previous_window.map_or(1.0, days);
            parts.entry(country).or_default().0 = value / days;
        }
        for (country, value) in now {
            parts.entry(country).or_default().1 = value / days(dataset.window);
        }
        splits.push(Split {
            dimension: "country".to_owned(),
            parts,
        });
    }
    for dimension in &dataset.segmentation.dimensions {
        let parts: Option<BTreeMap<String, (f64, f64)>> = dimension
            .segments
            .iter()
            .map(|s| {
                let pair = if money {
                    (s.previous_revenue?, s.revenue?)
                } else {
                    (s.previous_users? as f64, s.users as f64)
                };
                Some((s.segment.clone(), pair))
            })
            .collect();
        if let Some(parts) = parts {
            splits.push(Split {
                dimension: dimension.dimension.clone(),
                parts,
            });
        }
    }
    splits
}

fn by_country(tables: &Tables, money: bool) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    if money {
        let rows = tables.revenue_by_country.rows();
        for row in rows {
            *sums.entry(row.country.clone()).or_default() += row.total_revenue;
        }
        if rows.is_empty() {
            for row in tables.dau_by_country.rows() {
                *sums.entry(row.country.clone()).or_default() += row.total_revenue.unwrap_or(0.0);
            }
        }
    } else {
        for row in tables.dau_by_country.rows() {
            *sums.entry(row.country.clone()).or_default() += row.total_dau as f64;
        }
    }
    sums
}
