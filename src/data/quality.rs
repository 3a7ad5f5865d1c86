//! How complete the columns are, day by day. Never heard of what a null costs.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use jiff::civil::Date;
use tokio::task::JoinHandle;

use super::distinct::NOT_AVAILABLE;
use super::engine::{number_of_day, side_by_side};
use super::functions::{self, is_null_word};
use super::held::Held;
use super::money::Comma;
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;
use super::{ColumnProfile, DataError, Window};

/// Nulls and unreadable values of every column per day of the source.
pub(crate) struct Profile {
    columns: Vec<(Column, Option<Role>)>,
    days: Vec<Day>,
}

struct Day {
    number: i64,
    rows: u64,
    /// Per column: filled cells, cells that the role can read.
    cells: Vec<(u64, u64)>,
}

/// Counts the cells of the table with days, column by column on all cores.
#[tracing::instrument(name = "data.cells", level = "debug", skip_all)]
pub(crate) async fn profile(dated: Arc<Held>, columns: &[Column], roles: &Roles) -> Result<Profile, DataError> {
    let columns: Vec<(Column, Option<Role>)> = columns
        .iter()
        .map(|column| (column.clone(), roles.of_column(&column.name)))
        .collect();
    let known = Arc::clone(&dated);
    let runs = tokio::task::spawn_blocking(move || runs(&known));
    let runs = Arc::new(joined(runs).await??);
    let rows = rows_by_day(&runs);
    let counting = columns.iter().map(|(column, role)| {
        let (dated, runs, cells) = (Arc::clone(&dated), Arc::clone(&runs), Cells::of(column, *role));
        let counted = tokio::task::spawn_blocking(move || {
            let place = dated.schema().index_of(&cells.name)?;
            by_day(&dated, &runs, place, &cells)
        });
        async move { joined(counted).await? }
    });
    let counted = side_by_side(counting.collect::<Vec<_>>()).await?;
    let of = |day: i64, counted: &ByDay| counted.get(&day).copied().unwrap_or_default();
    let days = rows.iter().map(|(&number, &(rows, _))| Day {
        number,
        rows,
        cells: counted.iter().map(|counted| of(number, counted)).collect(),
    });
    Ok(Profile {
        days: days.collect(),
        columns,
    })
}

async fn joined<T>(task: JoinHandle<T>) -> Result<T, DataError> {
    task.await.map_err(|error| DataError::Engine(error.to_string()))
}

/// Filled and readable cells of each day; rows without a day are on the first of all days.
type ByDay = BTreeMap<i64, (u64, u64)>;

/// How the cells of a column are read.
struct Cells {
    name: String,
    na_is_null: bool,
    /// Words that mean "no value" hold nothing.
    has_null_words: bool,
    /// Amounts that must be readable.
    amounts: Option<Comma>,
    /// Readable where the row has a time.
    is_time: bool,
}

impl Cells {
    fn of(column: &Column, role: Option<Role>) -> Self {
        let is_amount = matches!(role, Some(Role::Revenue | Role::Quantity | Role::UnitPrice));
        Self {
            name: column.name.clone(),
            na_is_null: column.na_is_null,
            has_null_words: column.na_is_null || role.is_some() && column.is_text(),
            amounts: (is_amount && column.is_text() && column.numeric_share() > 0.5).then_some(column.comma),
            is_time: role == Some(Role::Time),
        }
    }

    fn fills(&self, text: &str) -> bool {
        !(self.has_null_words && is_null_word(text) || self.na_is_null && text == NOT_AVAILABLE)
    }

    /// Which of the values are filled, and which of them can be read.
    fn masks(&self, values: &ArrayRef) -> Result<(Vec<bool>, Vec<bool>), DataError> {
        let filled: Vec<bool> = if self.has_null_words {
            let texts = cast(values, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>().iter();
            texts.map(|text| text.is_some_and(|text| self.fills(text))).collect()
        } else {
            let nulls = values.logical_nulls();
            let is_filled = |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            (0..values.len()).map(is_filled).collect()
        };
        let readable = match self.amounts {
            Some(comma) => {
                let amounts = functions::amounts(values, comma)?;
                (0..amounts.len()).map(|row| amounts.is_valid(row)).collect()
            }
            None => filled.clone(),
        };
        Ok((filled, readable))
    }
}

/// Neighbouring rows of one day, chunk by chunk.
type Runs = Vec<Vec<(i64, usize)>>;

fn runs(dated: &Held) -> Result<Runs, DataError> {
    let days = dated.schema().index_of("__day")?;
    let of_chunk = |chunk: usize| {
        let days = dated.cells(chunk, days)?;
        let mut runs: Vec<(i64, usize)> = Vec::new();
        for day in days.as_primitive::<Int64Type>() {
            let day = day.unwrap_or(i64::MIN);
            match runs.last_mut() {
                Some((same, n_rows)) if *same == day => *n_rows += 1,
                _ => runs.push((day, 1)),
            }
        }
        Ok(runs)
    };
    (0..dated.n_chunks()).map(of_chunk).collect()
}

fn rows_by_day(runs: &Runs) -> ByDay {
    let mut counts = ByDay::new();
    for &(day, n_rows) in runs.iter().flatten() {
        add(&mut counts, day, (n_rows as u64, n_rows as u64));
    }
    counts
}

fn by_day(dated: &Held, runs: &Runs, place: usize, cells: &Cells) -> Result<ByDay, DataError> {
    let times = dated.schema().index_of("__at")?;
    let mut counts = ByDay::new();
    for (chunk, runs) in runs.iter().enumerate() {
        let array = dated.packed(chunk, place)?;
        let coded = array.as_any_dictionary_opt();
        let (filled, readable) = cells.masks(coded.map_or(&array, |coded| coded.values()))?;
        let times = match cells.is_time {
            true => dated.cells(chunk, times)?.nulls().cloned(),
            false => None,
        };
        let nulls = coded.and_then(|_| array.nulls());
        let is_full = filled.iter().chain(&readable).all(|whether| *whether) && times.is_none() && nulls.is_none();
        let keys = coded.filter(|_| !is_full).map(|coded| coded.normalized_keys());
        let mut first = 0;
        for &(day, n_rows) in runs {
            let rows = first..first + n_rows;
            first += n_rows;
            if is_full {
                add(&mut counts, day, (n_rows as u64, n_rows as u64));
                continue;
            }
            let mut of_run = (0, 0);
            for row in rows.filter(|row| nulls.is_none_or(|nulls| nulls.is_valid(*row))) {
                let place = keys.as_ref().map_or(row, |keys| keys[row]);
                let is_readable = times.as_ref().map_or(readable[place], |times| times.is_valid(row));
                of_run.0 += u64::from(filled[place]);
                of_run.1 += u64::from(is_readable);
            }
            add(&mut counts, day, of_run);
        }
    }
    Ok(counts)
}

fn add(counts: &mut ByDay, day: i64, (filled, readable): (u64, u64)) {
    if (filled, readable) != (0, 0) {
        let sums = counts.entry(day).or_default();
        (sums.0, sums.1) = (sums.0 + filled, sums.1 + readable);
    }
}

impl Profile {
    pub(crate) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|(column, _)| column.name.clone()).collect()
    }

    /// Every column of the source with its role.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&Column, Option<Role>)> {
        self.columns.iter().map(|(column, role)| (column, *role))
    }

    /// The share of empty cells of a column in a window before a day, and from it on, in percent.
    pub(crate) fn around(&self, column: &str, window: Window, since: Date) -> Option<(f64, f64)> {
        let position = self.columns.iter().position(|(known, _)| known.name == column)?;
        let part = |window: Window| {
            let (rows, filled, _) = self.sums(window, position);
            (rows > 0).then(|| percent(rows - filled, rows))
        };
        let before = Window {
            end: since.yesterday().ok()?,
            ..window
        };
        Some((part(before)?, part(Window { start: since, ..window })?))
    }

    pub(crate) fn of(&self, window: Window, previous: Option<Window>) -> Vec<ColumnProfile> {
        self.columns
            .iter()
            .enumerate()
            .map(|(position, (column, role))| {
                let (rows, filled, readable) = self.sums(window, position);
                let before = previous
                    .map(|previous| self.sums(previous, position))
                    .filter(|sums| sums.0 > 0);
                // A time that cannot be read has no day, so it counts over the whole source.
                let unreadable_time = self
                    .days
                    .iter()
                    .filter(|day| day.number == i64::MIN)
                    .map(|day| day.cells[position].0)
                    .sum();
                ColumnProfile {
                    name: column.name.clone(),
                    role: role.map(|role| role.name().to_owned()),
                    nulls: rows - filled,
                    null_pct: percent(rows - filled, rows),
                    previous_null_pct: before.map(|(rows, filled, _)| percent(rows - filled, rows)),
                    invalid: if *role == Some(Role::Time) {
                        unreadable_time
                    } else {
                        filled.saturating_sub(readable)
                    },
                    distinct: Some(column.distinct),
                    null_since: self.null_since(window, previous, position),
                }
            })
            .collect()
    }

    fn in_window(&self, window: Window) -> impl Iterator<Item = &Day> {
        let (start, end) = (number_of_day(window.start), number_of_day(window.end));
        self.days
            .iter()
            .filter(move |day| start <= day.number && day.number <= end)
    }

    fn sums(&self, window: Window, position: usize) -> (u64, u64, u64) {
        self.in_window(window).fold((0, 0, 0), |sums, day| {
            let (filled, readable) = day.cells[position];
            (sums.0 + day.rows, sums.1 + filled, sums.2 + readable)
        })
    }

    /// Percent of empty cells by day.
    fn null_rates(&self, window: Window, position: usize) -> Vec<(i64, f64)> {
        let rate = |day: &Day| percent(day.rows - day.cells[position].0, day.rows);
        self.in_window(window).map(|day| (day.number, rate(day))).collect()
    }

    /// The usual rate is the median of the window, or of the window before where that is lower: a column may fail on most days.
    fn null_since(&self, window: Window, previous: Option<Window>, position: usize) -> Option<Date> {
        let rates: Vec<(i64, f64)> = self.null_rates(window, position);
        let before = previous.and_then(|previous| median(&self.null_rates(previous, position)));
        let usual = median(&rates)?.min(before.unwrap_or(f64::INFINITY));
        let (number, _) = rates.iter().find(|(_, rate)| *rate > 2.0 * usual && *rate > 1.0)?;
        super::engine::day_from_number(*number)
    }
}

fn median(rates: &[(i64, f64)]) -> Option<f64> {
    let mut sorted: Vec<f64> = rates.iter().map(|(_, rate)| *rate).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// A share in percent, rounded to 4 decimals; 0 of nothing.
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        rounded(part as f64 * 100.0 / whole as f64)
    }
}

pub(crate) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
