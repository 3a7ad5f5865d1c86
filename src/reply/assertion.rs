//! The asserts of a finding, recomputed from exact values.

mod order;

use serde_json::Value;

use crate::evidence::{At, Cell, Evidence, Role, Unit};

use super::format;
use super::measure::{self, address, base, same_unit};
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
    Judge { op, assert, evidence }.judge()
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
                if self.op == "share" && !(a.column.additive && b.column.additive || a.column.unit == Unit::OfRow) {
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
            other => Err(Reason::unsupported("bad_ref", format!("there is no assert {other}"))),
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
        named.into_iter().map(|address| self.at(address.trim())).collect()
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
        <[(At<'a>, f64); 2]>::try_from(self.cells()?).map_err(|_| self.unknown("it needs exactly two cells"))
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
                    .map(super::number::Currency::of)
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
            let signless = matches!(self.op, "change" | "change_pct" | "pp" | "diff" | "share_shift")
                && claimed > 0.0
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
                        let share = measure::companion(&at, Role::Share).and_then(|share| share.exact());
                        let before = measure::companion(&at, Role::PreviousShare).and_then(|share| share.exact());
                        share.zip(before).map(|(now, then)| now - then)
                    }
                    None => None,
                };
                let points = points.ok_or_else(|| self.illegal("percentage points are only for percentages"))?;
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
            let calm = claimed == "flat" && (size < 1.0 || measure::score(&at).is_some_and(|z| z.abs() < 3.0));
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
}

fn text<'a>(assert: &'a Value, name: &str) -> Option<&'a str> {
    assert.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Whether a number as the model typed it may stand for the exact one.
fn consistent(claimed: f64, exact: f64) -> bool {
    let typed = claimed.to_string();
    let decimals = typed.split_once('.').map_or(0, |(_, fraction)| fraction.len().min(12));
    let half = 0.5 * 10f64.powi(-(decimals as i32));
    (claimed - exact).abs() <= half * (1.0 + 1e-9) + exact.abs() * 1e-12
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
