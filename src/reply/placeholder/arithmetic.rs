//! Placeholders over several cells or rows: differences, ratios, shares, ranks, counts, sums, dates.

use crate::evidence::{At, Cell, Unit};

use super::super::format::{self, ordinal};
use super::super::measure::{self, address, rank, same_unit};
use super::super::reason::Reason;
use super::{Piece, Shown, Writer, shown_as, sign};

impl<'a> Writer<'a> {
    pub(super) fn difference(&self, arguments: &str) -> Result<Piece, Reason> {
        let [(a, x), (b, y)] = self.pair(arguments)?;
        if !same_unit(&a, &b) {
            return Err(self.illegal("the two cells have different units"));
        }
        let decimals = format::decimals(&a).max(format::decimals(&b));
        let gap = (x - y).abs();
        let (unit, shown) = match a.unit() {
            Unit::Percent => (Unit::PercentagePoints, Shown::Points),
            unit => (unit.clone(), shown_as(&a)),
        };
        let text = format::quantity(&unit, gap, decimals, self.currency());
        let mut piece = self.piece(shown, text).about(&[a, b]);
        piece.sign = Some(sign(x - y));
        Ok(piece)
    }

    pub(super) fn ratio(&self, arguments: &str) -> Result<Piece, Reason> {
        let [(a, x), (b, y)] = self.pair(arguments)?;
        if !same_unit(&a, &b) || y == 0.0 || x / y < 0.0 {
            return Err(self.illegal("a ratio needs two cells of one unit, the second not 0"));
        }
        let ratio = x / y;
        let decimals = if ratio < 0.1 {
            3
        } else if ratio < 1.0 {
            2
        } else {
            1
        };
        let text = format!("{} times", format::number(ratio, decimals));
        Ok(self.piece(Shown::Times, text).about(&[a, b]))
    }

    pub(super) fn share(&self, arguments: &str) -> Result<Piece, Reason> {
        let [(a, x), (b, y)] = self.pair(arguments)?;
        let additive = a.column.additive && b.column.additive || a.column.unit == Unit::OfRow;
        if !same_unit(&a, &b) || !additive || y <= 0.0 || x < 0.0 || x > y * (1.0 + 1e-9) {
            return Err(self.illegal("a share needs a part and its whole, both additive"));
        }
        let text = format!("{} %", format::number(x / y * 100.0, 1));
        Ok(self.piece(Shown::Percent, text).about(&[a, b]))
    }

    pub(super) fn rank(&self, address: &str) -> Result<Piece, Reason> {
        let (at, _) = self.number(address)?;
        let rank = rank(&at).ok_or_else(|| self.illegal("this cell has no rank"))?;
        let place = match (rank.from_top, rank.from_bottom) {
            (1, _) => "highest".to_owned(),
            (_, 1) if !rank.listed_only && rank.of == measure::column_values(at.table, &at.column.name).len() => {
                "lowest".to_owned()
            }
            (_, 1) if rank.listed_only => "lowest".to_owned(),
            (n, _) => ordinal(n),
        };
        let text = if rank.listed_only {
            format!("{place} of the {} listed", rank.of)
        } else {
            format!("{place} of {}", rank.of)
        };
        let mut piece = self.piece(Shown::Rank, text).about(&[at]);
        piece.is_rank = true;
        Ok(piece)
    }

    pub(super) fn count(&self, id: &str) -> Result<Piece, Reason> {
        let table = self
            .evidence
            .table(id)
            .ok_or_else(|| self.unknown(&format!("there is no table {id}")))?;
        let rows = table.total_rows.max(measure::entities(table).count());
        Ok(self.piece(Shown::Plain, format::number(rows as f64, 0)))
    }

    pub(super) fn sum(&self, arguments: &str) -> Result<Piece, Reason> {
        let cells: Vec<(At<'a>, f64)> = arguments
            .split(',')
            .map(|address| self.number(address))
            .collect::<Result<_, _>>()?;
        let Some((first, _)) = cells.first() else {
            return Err(self.unknown("two cells are needed"));
        };
        let distinct = cells
            .iter()
            .enumerate()
            .all(|(index, (at, _))| cells[..index].iter().all(|(other, _)| address(other) != address(at)));
        let legal = cells.iter().all(|(at, _)| {
            at.column.additive && same_unit(at, first) && !at.row.summary && at.column.name == first.column.name
        });
        if !legal || !distinct || cells.len() < 2 {
            return Err(self.illegal("a sum needs different cells of one additive column"));
        }
        let total: f64 = cells.iter().map(|(_, value)| value).sum();
        let decimals = cells.iter().map(|(at, _)| format::decimals(at)).max().unwrap_or(0);
        let text = format::quantity(first.unit(), total, decimals, self.currency());
        let all: Vec<At<'a>> = cells.iter().map(|(at, _)| *at).collect();
        Ok(self.piece(shown_as(first), text).about(&all))
    }

    pub(super) fn date(&self, id: &str) -> Result<Piece, Reason> {
        let (_, row) = self
            .evidence
            .row(id)
            .ok_or_else(|| self.unknown(&format!("there is no row {id}")))?;
        let day = row
            .cells
            .iter()
            .find_map(|cell| match cell {
                Cell::Day(day) => Some(*day),
                _ => None,
            })
            .or_else(|| row.key.parse().ok())
            .ok_or_else(|| self.unknown("this row has no date"))?;
        let mut piece = self.piece(Shown::Date, format::day(day));
        piece.is_number = false;
        piece.rows.push(row.id.clone());
        Ok(piece)
    }
}
