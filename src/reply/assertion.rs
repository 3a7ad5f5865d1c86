//! The asserts of a finding, recomputed from exact values.

use serde_json::Value;

use crate::evidence::{At, Cell, Evidence, Role, Unit};

use super::format;
use super::measure::{self, address, base, column_values, same_unit};
use super::number::Kind;
use super::placeholder::sign;
use super::reason::Reason;

/// What a true assert contributes to its finding.
#[derive(Debug, Default)]
pub(super) struct Holds {
    pub(super) cells: Vec<String>,
    /// A computed result that the text may state.
    pub(super) result: Option<(Kind, f64)>,
    pub(super) sign: Option<i8>,
    pub(super) is_change: bool,
    /// The claim is that nothing moved.
    pub(super) is_flat: bool,
    /// 1 the maximum, -1 the minimum, 0 a rank.
    pub(super) extreme: Option<i8>,
}

/// Recomputes one assert.
pub(super) fn check(assert: &Value, evidence: &Evidence) -> Result<Holds, Reason> {
    let op = text(assert, "op").unwrap_or_default();
    Judge {
        op,
        assert,
        evidence,
    }
    .judge()
}

struct Judge<'a> {
    op: &'a str,
    assert: &'a Value,
    evidence: &'a Evidence,
}

impl<'a> Judge<'a> {
    fn judge(&self) -> Result<Holds, Reason> {
        match self.op {
            "level" => {
                let (at, value) = self.cell()?;
                self.holds(&[at], Some((Kind::Plain, value)))
            }
            "change" | "change_pct" | "pp" | "share_shift" => self.change(),
            "diff" | "gap" => {
                let [(a, x), (b, y)] = self.pair()?;
                self.alike(&a, &b)?;
                self.holds(&[a, b], Some((self.kind(&a, true), x - y)))
            }
            "ratio" => {
                let [(a, x), (b, y)] = self.divisible()?;
                self.alike(&a, &b)?;
                self.holds(&[a, b], Some((Kind::Times, x / y)))
            }
            "share" | "part_of" => {
                let [(a, x), (b, y)] = self.divisible()?;
                let counts = matches!((a.unit(), b.unit()), (Unit::Count(_), Unit::Count(_)));
                if !counts {
                    self.alike(&a, &b)?;
                }
                if self.op == "share"
                    && !(a.column.additive && b.column.additive || a.column.unit == Unit::OfRow)
                {
                    return Err(self.illegal("a share needs additive columns"));
                }
                self.holds(&[a, b], Some((Kind::Percent, x / y * 100.0)))
            }
            "per" => {
                let [(a, x), (b, y)] = self.divisible()?;
                if !matches!(b.unit(), Unit::Count(_)) {
                    return Err(self.illegal("the second cell must be a count"));
                }
                self.holds(&[a, b], Some((self.kind(&a, false), x / y)))
            }
            "complement" => {
                let (at, value) = self.cell()?;
                if *at.unit() != Unit::Percent {
                    return Err(self.illegal("only a percentage has a complement"));
                }
                self.holds(&[at], Some((Kind::Percent, 100.0 - value)))
            }
            "sum" | "mean" => self.total(),
            "top_k_share" => self.top_share(),
            "rank" => self.rank(),
            "extreme" => self.extreme(),
            "compare" => self.compare(),
            "count_where" => self.count_where(),
            "between" => self.between(),
            "trend" => self.trend(),
            other => Err(Reason::unsupported(
                "bad_ref",
                format!("there is no assert {other}"),
            )),
        }
    }

    fn unknown(&self, why: &str) -> Reason {
        Reason::unsupported("bad_ref", format!("assert {}: {why}", self.op))
    }

    fn illegal(&self, why: &str) -> Reason {
        Reason::contradicted("type", format!("assert {}: {why}", self.op))
    }

    fn wrong(&self, why: String) -> Reason {
        Reason::contradicted("assert", format!("assert {}: {why}", self.op))
    }

    fn at(&self, address: &str) -> Result<(At<'a>, f64), Reason> {
        let at = self
            .evidence
            .at(address)
            .ok_or_else(|| self.unknown(&format!("there is no cell {address}")))?;
        match at.cell {
            Cell::Number { exact, .. } => Ok((at, *exact)),
            Cell::Missing(why) => Err(self.unknown(&format!("{address} has no value ({why})"))),
            _ => Err(self.illegal(&format!("{address} is not a number"))),
        }
    }

    fn cells(&self) -> Result<Vec<(At<'a>, f64)>, Reason> {
        let many = self.assert.get("cells").and_then(Value::as_array);
        let named: Vec<&str> = match many {
            Some(cells) if !cells.is_empty() => cells.iter().filter_map(Value::as_str).collect(),
            _ => text(self.assert, "cell").into_iter().collect(),
        };
        if named.is_empty() {
            return Err(self.unknown("it names no cell"));
        }
        named
            .into_iter()
            .map(|address| self.at(address.trim()))
            .collect()
    }

    fn cell(&self) -> Result<(At<'a>, f64), Reason> {
        if let Some(address) = text(self.assert, "cell") {
            return self.at(address.trim());
        }
        self.cells()?
            .into_iter()
            .next()
            .ok_or_else(|| self.unknown("it names no cell"))
    }

    fn pair(&self) -> Result<[(At<'a>, f64); 2], Reason> {
        <[(At<'a>, f64); 2]>::try_from(self.cells()?)
            .map_err(|_| self.unknown("it needs exactly two cells"))
    }

    fn divisible(&self) -> Result<[(At<'a>, f64); 2], Reason> {
        let pair = self.pair()?;
        if pair[1].1 == 0.0 {
            return Err(self.illegal("the second value is 0"));
        }
        Ok(pair)
    }

    fn alike(&self, a: &At<'_>, b: &At<'_>) -> Result<(), Reason> {
        if same_unit(a, b) {
            Ok(())
        } else {
            Err(self.illegal("the cells have different units"))
        }
    }

    fn kind(&self, at: &At<'_>, gap: bool) -> Kind {
        match at.unit() {
            Unit::Money => Kind::Money(
                self.evidence
                    .currency
                    .as_deref()
                    .map(format::currency_code)
                    .unwrap_or_default(),
            ),
            Unit::Percent if gap => Kind::Points,
            Unit::Percent => Kind::Percent,
            Unit::PercentagePoints => Kind::Points,
            Unit::Minutes => Kind::Minutes,
            _ => Kind::Plain,
        }
    }

    /// Accepts the result if the claimed `value`, where there is one, is consistent with it.
    fn holds(&self, cells: &[At<'_>], result: Option<(Kind, f64)>) -> Result<Holds, Reason> {
        if let (Some(claimed), Some((_, exact))) = (self.number("value"), &result) {
            let signless = matches!(
                self.op,
                "change" | "change_pct" | "pp" | "diff" | "share_shift"
            ) && claimed > 0.0
                && consistent(claimed, exact.abs())
                && self.assert.get("dir").is_some_and(|dir| !dir.is_null());
            if !consistent(claimed, *exact) && !signless {
                return Err(self.wrong(format!("it says {claimed}, it is {}", tidy(*exact))));
            }
        }
        Ok(Holds {
            cells: cells.iter().map(address).collect(),
            result: result.filter(|_| self.op != "level"),
            ..Holds::default()
        })
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.assert.get(name).and_then(Value::as_f64)
    }

    fn change(&self) -> Result<Holds, Reason> {
        let (given, _) = self.cell()?;
        let at = base(&given);
        let change = if given.column.role == Role::Deviation
            || (given.column.role == Role::Current && measure::previous(&at).is_none())
        {
            measure::deviation(&at).or_else(|| measure::change(&at))
        } else {
            measure::change(&at)
        }
        .ok_or_else(|| self.unknown("there is no previous value"))?;
        let result = match self.op {
            "pp" | "share_shift" => {
                let points = match measure::points(&at) {
                    Some(points) => Some(points),
                    None if self.op == "share_shift" => {
                        let share =
                            measure::companion(&at, Role::Share).and_then(|share| share.exact());
                        let before = measure::companion(&at, Role::PreviousShare)
                            .and_then(|share| share.exact());
                        share.zip(before).map(|(now, then)| now - then)
                    }
                    None => None,
                };
                let points = points
                    .ok_or_else(|| self.illegal("percentage points are only for percentages"))?;
                (Kind::Points, points)
            }
            "change_pct" => {
                let percent = measure::change_percent(&at)
                    .or_else(|| measure::deviation(&at))
                    .ok_or_else(|| self.unknown("there is no previous value"))?;
                (Kind::Percent, percent)
            }
            _ => (self.kind(&at, true), change),
        };
        let signed = if matches!(self.op, "pp" | "share_shift") {
            result.1
        } else {
            change
        };
        if let Some(claimed) = text(self.assert, "dir") {
            let size = measure::change_percent(&at).unwrap_or(signed).abs();
            let true_word = match sign(signed) {
                1 => "up",
                -1 => "down",
                _ => "flat",
            };
            let calm = claimed == "flat"
                && (size < 1.0 || measure::score(&at).is_some_and(|z| z.abs() < 3.0));
            if claimed != true_word && !calm {
                return Err(self.wrong(format!(
                    "{} went {true_word} ({}), not {claimed}",
                    address(&at),
                    tidy(signed)
                )));
            }
        }
        // "change" may be claimed as a difference or in percent.
        let percent = measure::change_percent(&at);
        let by_percent = self.op == "change"
            && self
                .number("value")
                .zip(percent)
                .is_some_and(|(claimed, percent)| consistent(claimed.abs(), percent.abs()));
        let mut holds = if by_percent {
            self.holds(&[at], None)?
        } else {
            self.holds(&[at], Some(result))?
        };
        holds.is_flat = text(self.assert, "dir") == Some("flat");
        holds.is_change = !holds.is_flat;
        holds.sign = Some(sign(signed));
        Ok(holds)
    }

    fn total(&self) -> Result<Holds, Reason> {
        let cells = self.cells()?;
        let Some((first, _)) = cells.first() else {
            return Err(self.unknown("it names no cell"));
        };
        if !cells.iter().all(|(at, _)| same_unit(at, first)) {
            return Err(self.illegal("the cells have different units"));
        }
        if self.op == "sum"
            && !cells
                .iter()
                .all(|(at, _)| at.column.additive || at.column.role == Role::Share)
        {
            return Err(self.illegal("this column cannot be added up"));
        }
        let total: f64 = cells.iter().map(|(_, value)| value).sum();
        let result = if self.op == "sum" {
            total
        } else {
            total / cells.len() as f64
        };
        let all: Vec<At<'_>> = cells.iter().map(|(at, _)| *at).collect();
        self.holds(&all, Some((self.kind(first, false), result)))
    }

    /// The table and column of `G1.revenue`, or of a cell given instead.
    fn column(&self) -> Result<(&'a crate::evidence::Table, String), Reason> {
        let given = text(self.assert, "column")
            .or(text(self.assert, "cell"))
            .unwrap_or_default();
        let (id, name) = given
            .split_once('.')
            .ok_or_else(|| self.unknown("it needs a column, e.g. G1.revenue"))?;
        let table = self
            .evidence
            .table(id)
            .or_else(|| self.evidence.row(id).map(|(table, _)| table))
            .ok_or_else(|| self.unknown(&format!("there is no table {id}")))?;
        if table.column(name).is_none() {
            return Err(self.unknown(&format!("{} has no column {name}", table.id)));
        }
        Ok((table, name.to_owned()))
    }

    fn top_share(&self) -> Result<Holds, Reason> {
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

    fn rank(&self) -> Result<Holds, Reason> {
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

    fn extreme(&self) -> Result<Holds, Reason> {
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
        if matches!(
            at.column.role,
            Role::Change | Role::ChangePoints | Role::Deviation
        ) {
            holds.sign = Some(sign(value));
            holds.is_change = true;
        }
        Ok(holds)
    }

    fn compare(&self) -> Result<Holds, Reason> {
        let [(a, x), (b, y)] = self.pair()?;
        self.alike(&a, &b)?;
        let relation = text(self.assert, "relation").unwrap_or(">");
        if !related(x, relation, y)
            .ok_or_else(|| self.unknown("relation must be >, >=, <, <= or ="))?
        {
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

    fn count_where(&self) -> Result<Holds, Reason> {
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
        let of_changes = table.column(&name).is_some_and(|(_, column)| {
            matches!(
                column.role,
                Role::Change | Role::ChangePoints | Role::Deviation
            )
        });
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

    fn between(&self) -> Result<Holds, Reason> {
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
    fn trend(&self) -> Result<Holds, Reason> {
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

fn text<'a>(assert: &'a Value, name: &str) -> Option<&'a str> {
    assert
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// Whether a number as the model typed it may stand for the exact one.
fn consistent(claimed: f64, exact: f64) -> bool {
    let typed = claimed.to_string();
    let decimals = typed
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len().min(12));
    let half = 0.5 * 10f64.powi(-(decimals as i32));
    (claimed - exact).abs() <= half * (1.0 + 1e-9) + exact.abs() * 1e-12
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

fn tidy(value: f64) -> String {
    let decimals = if value.fract() == 0.0 {
        0
    } else if value.abs() < 10.0 {
        3
    } else {
        1
    };
    format::number(value, decimals)
}
