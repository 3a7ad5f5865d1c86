//! A database is asked twice: for a sample that tells the roles, then for the columns that have one and the rows that count.

use jiff::civil::Date;

use super::super::engine::number_of_day;
use super::super::memory::Memory;
use super::super::moment::{self, Zone};
use super::super::profile::{self, Column};
use super::super::roles::Roles;
use super::super::roles::names::Role;
use super::super::source::postgres::{Before, ColumnKind, Database, DatabaseColumn, Wanted};
use super::super::{DataError, Window};
use super::{Request, Taken, resolved, understood};

/// Cohorts of the window are followed for sixty days after it; zones and halves of days are the rest.
const DAYS_AFTER: i32 = 63;
/// A text column with at most so many values may split users.
const FEW_VALUES: u64 = 20;

pub(super) async fn take(url: &str, request: &Request<'_>, memory: &Memory) -> Result<Taken, DataError> {
    let database = Database::open(url, request.access).await?;
    let whole = Wanted::default();
    let wanted = match sampled(&database, request, memory).await? {
        Some(taken) => wanted(&database, &taken, request.window),
        None => whole.clone(),
    };
    let raw = match database.read(&wanted, request.max_bad_rows, memory).await {
        // Whether the table is empty or only before that day, the rest of the program tells.
        Err(DataError::Empty(_)) if wanted.before.is_some() => {
            database.read(&whole, request.max_bad_rows, memory).await?
        }
        raw => raw?,
    };
    let mut taken = understood(raw, &request.given(), memory).await?;
    if let Some(before) = &wanted.before
        && time_column(&taken.roles) != Some(before.column.as_str())
    {
        taken = understood(
            database.read(&whole, request.max_bad_rows, memory).await?,
            &request.given(),
            memory,
        )
        .await?;
    }
    taken.raw.notes.extend(unread(&database, &wanted));
    Ok(taken)
}

/// The roles as a sample tells them; none when it does not tell them all.
async fn sampled(database: &Database, request: &Request<'_>, memory: &Memory) -> Result<Option<Taken>, DataError> {
    let sample = Wanted {
        sample: true,
        ..Wanted::default()
    };
    let raw = match database.read(&sample, request.max_bad_rows, memory).await {
        Err(DataError::Empty(_)) => return Ok(None),
        raw => raw?,
    };
    let mut columns = profile::columns(&raw)?;
    for column in columns.iter_mut().filter(|column| may_be_row_id(column)) {
        let variety = database.variety(&column.name).await?;
        column.rows = variety.rows;
        column.nulls = variety.rows - variety.filled;
        column.distinct = variety.distinct;
    }
    match resolved(raw, columns, &request.given(), memory).await {
        Ok(taken) => Ok(Some(taken)),
        Err(error @ DataError::BadMap { .. }) => Err(error),
        Err(_) => Ok(None),
    }
}

/// In a sample, a user's rows are as rare as the rows of an order.
fn may_be_row_id(column: &Column) -> bool {
    Role::User.aliases().contains(&column.bare.as_str()) && column.filled() > 0 && column.distinct_share() > 0.5
}

fn wanted(database: &Database, taken: &Taken, window: Option<Window>) -> Wanted {
    let has_part = |column: &&Column| taken.roles.of_column(&column.name).is_some() || may_split(column);
    let columns = taken.columns.iter().filter(has_part).map(|column| column.name.clone());
    let before = time_column(&taken.roles).zip(window).and_then(|(name, window)| {
        let here = database.columns().iter().find(|column| column.name == name)?;
        let sampled = taken.columns.iter().find(|column| column.name == name)?;
        let day = window.end.checked_add(jiff::Span::new().days(DAYS_AFTER)).ok()?;
        Some(Before {
            column: name.to_owned(),
            bound: bound(here, sampled, day)?,
        })
    });
    Wanted {
        columns: Some(columns.collect()),
        before,
        sample: false,
    }
}

fn may_split(column: &Column) -> bool {
    column.is_text()
        && (1..=FEW_VALUES).contains(&column.distinct)
        && column.numeric_share() < 0.5
        && column.time_share() < 0.5
}

/// The time role's column, when it is one column as it stands.
fn time_column(roles: &Roles) -> Option<&str> {
    let found = roles.found.get(&Role::Time)?;
    match found.columns.as_slice() {
        [name] if *name == found.shown => Some(name),
        _ => None,
    }
}

/// The begin of a day in the column's own type; none where its order is not that of time.
fn bound(here: &DatabaseColumn, sampled: &Column, day: Date) -> Option<String> {
    match here.kind {
        ColumnKind::Timestamp => Some(format!("'{day} 00:00:00'::timestamp")),
        ColumnKind::TimestampWithZone => Some(format!("'{day} 00:00:00+00'::timestamptz")),
        ColumnKind::Date => Some(format!("'{day}'::date")),
        ColumnKind::Integer => epoch(sampled, day).map(|number| number.to_string()),
        ColumnKind::Bytes | ColumnKind::Other => None,
    }
}

/// A day as the column counts, when all of the sample count alike.
fn epoch(sampled: &Column, day: Date) -> Option<i64> {
    let values: Vec<i64> = sampled.sample.iter().filter_map(|text| text.parse().ok()).collect();
    let moments: Option<Vec<_>> = values.iter().map(|value| moment::from_integer(*value)).collect();
    let moments = moments.filter(|moments| !moments.is_empty())?;
    let all = |fits: &dyn Fn(i64, i64) -> bool| {
        let mut pairs = values.iter().zip(&moments);
        pairs.all(|(value, moment)| moment.zone == Zone::Given && fits(*value, moment.micros))
    };
    if moments.iter().all(|moment| moment.zone == Zone::DayOnly) {
        return Some(i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day()));
    }
    let seconds = number_of_day(day) * 86_400;
    if all(&|value, micros| micros == value * 1_000_000) {
        Some(seconds)
    } else if all(&|value, micros| micros == value * 1_000) {
        Some(seconds * 1_000)
    } else if all(&|value, micros| micros == value) {
        Some(seconds * 1_000_000)
    } else if all(&|value, micros| micros == value / 1_000) {
        seconds.checked_mul(1_000_000_000)
    } else {
        None
    }
}

/// What stayed in the database, in words.
fn unread(database: &Database, wanted: &Wanted) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(read) = &wanted.columns {
        let left: Vec<&str> = database
            .columns()
            .iter()
            .map(|column| column.name.as_str())
            .filter(|name| !read.iter().any(|read| read == name))
            .collect();
        if !left.is_empty() {
            notes.push(format!(
                "columns that no number needs stayed in the database: {}",
                left.join(", ")
            ));
        }
    }
    notes
}
