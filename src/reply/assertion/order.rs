//! Asserts about order: ranks, extremes, comparisons, counts of rows, trends.

use serde_json::Value;

use crate::evidence::{At, Role};

use super::super::measure::{self, address, column_values};
use super::super::number::Kind;
use super::super::placeholder::sign;
use super::super::reason::Reason;
use super::{Holds, Judge, text, tidy};

impl<'a> Judge<'a> {
    pub(super) fn top_share(&self) -> Result<Holds, Reason> {
        let (table, name) = self.column()?;
        let k = self
            .assert
            .get("k")
            .and_then(Value::as_u64)
            .ok_or_else(|| self.unknown("it needs k"))? as usize;
        let mut values = column_values(table, &name);
        values.sort_by(|a, b| b.1.total_cmp(&a.1));
        let top: Vec<At<'a>> = values
            .iter()
            .take(k)
            .filter_map(|(row, _)| table.at(row, &name))
            .collect();
        if k == 0 || top.len() < k {
            return Err(self.illegal("there are fewer rows"));
        }
        let share = if top.iter().all(|at| matches!(at.column.role, Role::Share)) {
            top.iter().filter_map(At::exact).sum()
        } else {
            if !top.iter().all(|at| at.column.additive) {
                return Err(self.illegal("this column cannot be added up"));
            }
            let listed: f64 = values.iter().map(|(_, value)| value).sum();
            let total_row = table
                .rows
                .iter()
                .find(|row| row.summary && row.key.to_lowercase().contains("total"));
            let rest: f64 = table
                .rows
                .iter()
                .filter(|row| row.summary && row.key.to_lowercase().contains("other"))
                .filter_map(|row| table.at(row, &name)?.exact())
                .sum();
            let total = total_row
                .and_then(|row| table.at(row, &name)?.exact())
                .unwrap_or(listed + rest);
            if total == 0.0 {
                return Err(self.illegal("the total is 0"));
            }
            top.iter().filter_map(At::exact).sum::<f64>() / total * 100.0
        };
        self.holds(&top, Some((Kind::Percent, share)))
    }

    pub(super) fn rank(&self) -> Result<Holds, Reason> {
        let (at, _) = self.cell()?;
        let rank = measure::rank(&at).ok_or_else(|| self.illegal("this cell has no rank"))?;
        let place = if text(self.assert, "which") == Some("min") {
            rank.from_bottom
        } else {
            rank.from_top
        };
        let mut holds = self.holds(&[at], Some((Kind::Ordinal, place as f64)))?;
        holds.extreme = Some(match (rank.from_top, rank.from_bottom) {
            (1, _) => 1,
            (_, 1) => -1,
            _ => 0,
        });
        Ok(holds)
    }

    pub(super) fn extreme(&self) -> Result<Holds, Reason> {
        let (at, value) = self.cell()?;
        let rank = measure::rank(&at).ok_or_else(|| self.illegal("this cell has no rank"))?;
        let (place, side) = match text(self.assert, "which") {
            Some("max") => (rank.from_top, 1),
            Some("min") => (rank.from_bottom, -1),
            _ => return Err(self.unknown("which must be min or max")),
        };
        if place != 1 {
            let best = column_values(at.table, &at.column.name)
                .into_iter()
                .max_by(|a, b| (a.1 * f64::from(side)).total_cmp(&(b.1 * f64::from(side))));
            let best = best.map_or_else(String::new, |(row, value)| {
                format!("; {} is, with {}", row.key, tidy(value))
            });
            return Err(self.wrong(format!(
                "{} = {} is not the {}{best}",
                address(&at),
                tidy(value),
                if side > 0 { "maximum" } else { "minimum" }
            )));
        }
        let mut holds = self.holds(&[at], None)?;
        holds.extreme = Some(side);
        if matches!(at.column.role, Role::Change | Role::ChangePoints | Role::Deviation) {
            holds.sign = Some(sign(value));
            holds.is_change = true;
        }
        Ok(holds)
    }

    pub(super) fn compare(&self) -> Result<Holds, Reason> {
        let [(a, x), (b, y)] = self.pair()?;
        self.alike(&a, &b)?;
        let relation = text(self.assert, "relation").unwrap_or(">");
        if !related(x, relation, y).ok_or_else(|| self.unknown("relation must be >, >=, <, <= or ="))? {
            return Err(self.wrong(format!(
                "{} = {} is not {relation} {} = {}",
                address(&a),
                tidy(x),
                address(&b),
                tidy(y)
            )));
        }
        self.holds(&[a, b], None)
    }

    pub(super) fn count_where(&self) -> Result<Holds, Reason> {
        let (table, name) = self.column()?;
        let relation = text(self.assert, "relation")
            .or(text(self.assert, "dir"))
            .ok_or_else(|| self.unknown("it needs a relation"))?;
        let mut count = 0;
        for row in measure::entities(table) {
            let Some(at) = table.at(row, &name) else {
                continue;
            };
            let met = match relation {
                "up" | "down" => {
                    let change = match at.column.role {
                        Role::Change | Role::ChangePoints | Role::Deviation => at.exact(),
                        _ => measure::change(&at),
                    };
                    let side = if relation == "up" { 1.0 } else { -1.0 };
                    change.is_some_and(|change| change * side > 0.0)
                }
                _ => {
                    let limit = self
                        .number("threshold")
                        .ok_or_else(|| self.unknown("it needs a threshold"))?;
                    at.exact()
                        .and_then(|value| related(value, relation, limit))
                        .unwrap_or(false)
                }
            };
            count += usize::from(met);
        }
        let mut holds = self.holds(&[], Some((Kind::Plain, count as f64)))?;
        let of_changes = table
            .column(&name)
            .is_some_and(|(_, column)| matches!(column.role, Role::Change | Role::ChangePoints | Role::Deviation));
        let limit = self.number("threshold").filter(|_| of_changes);
        holds.sign = match (relation, limit) {
            ("up", _) => Some(1),
            ("down", _) => Some(-1),
            (">" | ">=", Some(limit)) if limit >= 0.0 => Some(1),
            ("<" | "<=", Some(limit)) if limit <= 0.0 => Some(-1),
            _ => None,
        };
        Ok(holds)
    }

    pub(super) fn between(&self) -> Result<Holds, Reason> {
        let (at, value) = self.cell()?;
        let (Some(low), Some(high)) = (self.number("threshold"), self.number("upper")) else {
            return Err(self.unknown("it needs threshold and upper"));
        };
        if value < low || value > high {
            return Err(self.wrong(format!("{} = {} lies outside", address(&at), tidy(value))));
        }
        self.holds(&[at], None)
    }

    /// The sign of a straight line through the column, only where it is beyond doubt (|z| >= 4).
    pub(super) fn trend(&self) -> Result<Holds, Reason> {
        let (table, name) = self.column()?;
        let mut values = column_values(table, &name);
        values.sort_by(|a, b| a.0.key.cmp(&b.0.key));
        let (slope, z) = slope(&values.iter().map(|(_, value)| *value).collect::<Vec<_>>())
            .ok_or_else(|| self.illegal("a trend needs at least five values"))?;
        let claimed = text(self.assert, "dir").ok_or_else(|| self.unknown("it needs dir"))?;
        let truth = match sign(slope) {
            _ if z.abs() < 4.0 => "flat",
            1 => "up",
            _ => "down",
        };
        if claimed != truth {
            return Err(self.wrong(format!(
                "the trend of {}.{name} is {truth} (z = {z:.1}), not {claimed}",
                table.id
            )));
        }
        let mut holds = self.holds(&[], None)?;
        holds.sign = Some(match truth {
            "up" => 1,
            "down" => -1,
            _ => 0,
        });
        Ok(holds)
    }
}

fn related(x: f64, relation: &str, y: f64) -> Option<bool> {
    Some(match relation {
        ">" => x > y,
        ">=" => x >= y,
        "<" => x < y,
        "<=" => x <= y,
        "=" | "==" => x == y,
        _ => return None,
    })
}

/// Slope of a least-squares line and its standard score.
fn slope(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < 5 {
        return None;
    }
    let middle = (n - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / n;
    let width: f64 = (0..values.len()).map(|i| (i as f64 - middle).powi(2)).sum();
    let slope = values
        .iter()
        .enumerate()
        .map(|(i, y)| (i as f64 - middle) * (y - mean))
        .sum::<f64>()
        / width;
    let noise: f64 = values
        .iter()
        .enumerate()
        .map(|(i, y)| (y - mean - slope * (i as f64 - middle)).powi(2))
        .sum();
    let error = (noise / (n - 2.0) / width).sqrt();
    let z = if error > 0.0 {
        slope / error
    } else if slope == 0.0 {
        0.0
    } else {
        slope.signum() * 1e9
    };
    Some((slope, z))
}
