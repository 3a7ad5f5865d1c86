//! How complete the columns are, day by day. Never heard of what a null costs.

use jiff::civil::Date;

use super::engine::{Engine, number_of_day, quoted};
use super::profile::Column;
use super::roles::Roles;
use super::roles::expression;
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

pub(crate) async fn profile(engine: &Engine, columns: &[Column], roles: &Roles) -> Result<Profile, DataError> {
    let columns: Vec<(Column, Option<Role>)> = columns
        .iter()
        .map(|column| (column.clone(), roles.of_column(&column.name)))
        .collect();
    let counts: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(position, (column, role))| {
            let name = quoted(&column.name);
            let filled = if column.na_is_null {
                format!("count(nullif(text_of({name}), 'NA'))")
            } else if role.is_some() && column.is_text() {
                format!("count(text_of({name}))")
            } else {
                format!("count({name})")
            };
            let readable = match role {
                Some(Role::Revenue | Role::Quantity | Role::UnitPrice)
                    if column.is_text() && column.numeric_share() > 0.5 =>
                {
                    format!("count({})", expression::amount(column))
                }
                Some(Role::Time) => "count(\"__at\")".to_owned(),
                _ => filled.clone(),
            };
            format!(", {filled} AS filled_{position}, {readable} AS readable_{position}")
        })
        .collect();
    let sql = format!(
        "SELECT \"__day\" AS day, count(*) AS n_rows{} FROM dated GROUP BY \"__day\" ORDER BY 1",
        counts.concat()
    );
    let days = engine
        .rows(&sql, |row| Day {
            number: row.integer("day").unwrap_or(i64::MIN),
            rows: row.count("n_rows"),
            cells: (0..columns.len())
                .map(|position| {
                    (
                        row.count(&format!("filled_{position}")),
                        row.count(&format!("readable_{position}")),
                    )
                })
                .collect(),
        })
        .await?;
    Ok(Profile { columns, days })
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
