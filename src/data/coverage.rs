//! Which days the data cover. Never heard of roles.

use jiff::civil::Date;

use super::DataError;
use super::engine::day_from_number;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayRows {
    pub(crate) number: i64,
    pub(crate) rows: u64,
    pub(crate) last_micros: i64,
}

/// The first and the last day, without a few rows dated far from all others (future or 1970).
pub(super) fn covers(days: &[DayRows], notes: &mut Vec<String>) -> Result<(Date, Date), DataError> {
    let date =
        |number: i64| day_from_number(number).ok_or_else(|| DataError::Engine(format!("day {number} is no date")));
    // Half of all rows lie on days at least as busy as this one: many stray days cannot pull it down.
    let mut counts: Vec<u64> = days.iter().map(|day| day.rows).collect();
    counts.sort_unstable();
    let half = counts.iter().sum::<u64>() / 2;
    let mut seen = 0;
    let median = counts.iter().copied().find(|count| {
        seen += count;
        seen >= half
    });
    let median = median.unwrap_or(0);
    let is_full = |day: &&DayRows| median < 200 || day.rows * 100 >= median;
    let bulk = without_far_tails(days);
    let first = bulk.iter().find(is_full).map_or(0, |day| day.number);
    let last = bulk.iter().rev().find(is_full).map_or(0, |day| day.number);
    let after: u64 = days.iter().filter(|day| day.number > last).map(|day| day.rows).sum();
    if after > 0 {
        notes.push(format!(
            "{after} rows are dated after {}, where the data otherwise end",
            date(last)?
        ));
    }
    // A product may begin with few rows a day: only what lies far before is a stray.
    let start = bulk
        .iter()
        .find(|day| day.number + 60 >= first)
        .map_or(first, |day| day.number);
    let before: u64 = days.iter().filter(|day| day.number < start).map(|day| day.rows).sum();
    if before > 0 {
        notes.push(format!(
            "{before} rows are dated long before {}, where the data otherwise begin",
            date(start)?
        ));
    }
    Ok((date(start)?, date(last)?))
}

/// The days without a few at either end, less than a hundredth of the rows, that lie more than two months from all others.
fn without_far_tails(days: &[DayRows]) -> &[DayRows] {
    const FAR: i64 = 60;
    let all: u64 = days.iter().map(|day| day.rows).sum();
    let is_few = |tail: &[DayRows]| tail.iter().map(|day| day.rows).sum::<u64>() * 100 < all;
    let is_far = |pair: &[DayRows]| pair[1].number - pair[0].number > FAR;
    let mut bulk = days;
    while let Some(gap) = bulk.windows(2).position(is_far)
        && is_few(&bulk[..=gap])
    {
        bulk = &bulk[gap + 1..];
    }
    while let Some(gap) = bulk.windows(2).rposition(is_far)
        && is_few(&bulk[gap + 1..])
    {
        bulk = &bulk[..=gap];
    }
    bulk
}
