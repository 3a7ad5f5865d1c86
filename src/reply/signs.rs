//! Which way the cells used went: since the period before, between the days used, between the columns of one row, or beside other days.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::evidence::{At, Role, Row};

use super::day::day_of;
use super::measure;
use super::placeholder::sign;
use super::verify::Judge;
use super::words::Direction;

impl Judge<'_, '_> {
    /// The signs of the changes that this sentence may speak of.
    pub(super) fn signs(&self) -> Vec<i8> {
        let pieces: Vec<i8> = self
            .sentence
            .pieces
            .iter()
            .filter(|piece| piece.is_change)
            .filter_map(|piece| piece.sign)
            .collect();
        if !pieces.is_empty() {
            return pieces;
        }
        if self.sentence.cells.is_empty() && !self.basis.signs.is_empty() {
            return self.basis.signs.clone();
        }
        let own: Vec<i8> = self.own_cells().iter().filter_map(sign_of).collect();
        match own.as_slice() {
            [] if self.basis.signs.is_empty() => {
                let columns = self.between_columns();
                columns.map_or_else(|| self.between_days(), |sign| vec![sign])
            }
            [] => self.basis.signs.clone(),
            _ => own,
        }
    }

    /// "From 47 % on day 1 to 24 % on day 7": of two columns of one row, both current, in the order told.
    pub(super) fn between_columns(&self) -> Option<i8> {
        let [a, b] = self.basis.cells.as_slice() else {
            return None;
        };
        let is_current = |at: &At<'_>| at.column.role == Role::Current;
        let is_pair = std::ptr::eq(a.row, b.row) && !std::ptr::eq(a.column, b.column) && measure::same_unit(a, b);
        let place = |at: &At<'_>| {
            let value = at.exact()?;
            self.numbers
                .iter()
                .position(|bare| bare.fits(value) && bare.kind == self.basis.kind(at))
        };
        if !is_pair || !is_current(a) || !is_current(b) {
            return None;
        }
        let (first, second) = (place(a)?, place(b)?);
        let rise = sign(b.exact()? - a.exact()?);
        (first != second).then_some(if first < second { rise } else { -rise })
    }

    /// From the earlier to the later of two days, column by column: "fell to 156, from 388 the day before". The days are those that the sentence
    /// names, or the one that it names and the last one used before that.
    fn between_days(&self) -> Vec<i8> {
        let may_be_day = |at: &At<'_>| at.row.key.starts_with(|c: char| c.is_ascii_digit());
        if !self.basis.cells.iter().any(may_be_day) {
            return Vec::new();
        }
        let day = |at: &At<'_>| day_of(&at.row.key);
        let cells: Vec<(Date, At<'_>)> = self.basis.cells.iter().filter_map(|at| Some((day(at)?, *at))).collect();
        let days: BTreeSet<Date> = cells.iter().map(|(day, _)| *day).collect();
        let is_named = |at: &At<'_>| {
            self.subjects
                .iter()
                .any(|subject| subject.rows.contains(&at.row.id.as_str()))
        };
        let named: BTreeSet<Date> = cells
            .iter()
            .filter(|(_, at)| is_named(at))
            .map(|(day, _)| *day)
            .collect();
        let two = |days: &BTreeSet<Date>| Some((*days.first()?, *days.last()?)).filter(|_| days.len() == 2);
        let one = || {
            let to = named.first().filter(|_| named.len() == 1)?;
            let beside = days
                .range(..to)
                .next_back()
                .or_else(|| days.iter().find(|day| *day != to))?;
            Some((*beside, *to))
        };
        let Some((from, to)) = two(&named).or_else(|| two(&days)).or_else(one) else {
            return Vec::new();
        };
        let later = cells.iter().filter(|(day, _)| *day == to);
        let change = |(_, now): &(Date, At<'_>)| {
            let is_same = |at: &At<'_>| std::ptr::eq(at.table, now.table) && std::ptr::eq(at.column, now.column);
            let (_, then) = cells.iter().find(|(day, at)| *day == from && is_same(at))?;
            Some(sign(now.exact()? - then.exact()?))
        };
        later.filter_map(change).collect()
    }

    /// "Late events spiked on 3 December, six times the figure of the day after": a spike or a dip is held against the other day, be it
    /// before or after. 1 where the day named first has the higher value.
    pub(super) fn height_of_day(&self, direction: &Direction) -> Option<i8> {
        let first = self.subjects.first()?;
        let is_spike = direction.word.starts_with("spik") || direction.word.starts_with("dip");
        let is_day = |at: &&At<'_>| day_of(&at.row.key).is_some() && at.column.role != Role::Previous;
        let days = self.basis.cells.iter().filter(is_day).copied();
        let (own, others): (Vec<At<'_>>, Vec<At<'_>>) = days.partition(|at| first.rows.contains(&at.row.id.as_str()));
        match (own.as_slice(), others.as_slice()) {
            ([a], [b]) if is_spike && std::ptr::eq(a.column, b.column) => Some(sign(a.exact()? - b.exact()?)),
            _ => None,
        }
    }

    /// "Completeness slumped to 74.6 % on 11 August": the one day used against the day before it, or, for a word that speaks of how high
    /// a day stands out, against all days.
    pub(super) fn sign_of_day(&self, direction: &Direction) -> Option<i8> {
        let is_used = |at: &&At<'_>| at.column.role == Role::Current && day_of(&at.row.key).is_some();
        let days: Vec<&At<'_>> = self.basis.cells.iter().filter(is_used).collect();
        let is_one = days.windows(2).all(|two| std::ptr::eq(two[0].row, two[1].row));
        let signs = days.iter().filter_map(|at| sign_among_days(at, direction));
        let signs: Vec<i8> = signs.filter(|_| is_one).collect();
        let met = signs.iter().find(|sign| **sign == direction.sign);
        met.or(signs.first()).copied()
    }
}

fn sign_among_days(at: &At<'_>, direction: &Direction) -> Option<i8> {
    const HEIGHTS: [&str; 7] = ["slump", "spik", "dip", "collaps", "plung", "surg", "plummet"];
    let (own, day) = (at.exact()?, day_of(&at.row.key)?);
    let values = measure::column_values(at.table, &at.column.name);
    let on = |wanted: Option<Date>| {
        let is_wanted = |(row, _): &&(&Row, f64)| day_of(&row.key) == wanted;
        let (_, value) = values.iter().find(is_wanted).filter(|_| wanted.is_some())?;
        Some(sign(own - value))
    };
    let since_yesterday = on(day.yesterday().ok());
    if !HEIGHTS.iter().any(|stem| direction.word.starts_with(stem)) {
        return since_yesterday;
    }
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / values.len() as f64;
    let beside = [Some(sign(own - mean)), since_yesterday, on(day.tomorrow().ok())];
    match beside.contains(&Some(direction.sign)) {
        true => Some(direction.sign),
        false => beside[0],
    }
}

pub(super) fn sign_of(at: &At<'_>) -> Option<i8> {
    match at.column.role {
        Role::Change | Role::ChangePoints | Role::Deviation => at.exact().map(sign),
        _ => measure::change(at).or_else(|| measure::deviation(at)).map(sign),
    }
}
