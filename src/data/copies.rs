//! Rows that a tracker sent twice. Never heard of days.

use std::collections::HashSet;

use datafusion::arrow::array::{BooleanArray, Int64Array};

use super::moment::{self, DayOrder};
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;

/// True where two equal rows cannot be two events: each has an id of its own, or a time to parts of a second.
///
/// Lines of an order and clicks with whole seconds may truly happen twice: they count twice.
pub(crate) fn count_once(columns: &[Column], roles: &Roles) -> bool {
    if roles.has(Role::EventId) {
        return true;
    }
    let Some(time) = roles.found.get(&Role::Time).filter(|_| roles.has(Role::Event)) else {
        return false;
    };
    let Some(column) = columns.iter().find(|column| time.columns == [column.name.clone()]) else {
        return false;
    };
    let times = column
        .sample
        .iter()
        .filter_map(|text| moment::parse(text, DayOrder::MonthFirst));
    let (n_fine, n_times) = times.fold((0, 0), |(n_fine, n_times), moment| {
        (n_fine + u32::from(moment.micros % 1_000_000 != 0), n_times + 1)
    });
    n_fine * 2 > n_times
}

/// The rows that were there before, by the hash of all their cells.
#[derive(Default)]
pub(crate) struct Copies {
    seen: HashSet<i64>,
}

impl Copies {
    pub(crate) fn flags(&mut self, hashes: &Int64Array) -> BooleanArray {
        hashes
            .iter()
            .map(|hash| hash.map(|hash| !self.seen.insert(hash)))
            .collect()
    }
}
