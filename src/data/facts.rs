//! The compact tables in memory that all metrics are computed from: events, first days, visits. Knows roles; never heard of windows.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use jiff::civil::Date;

use super::engine::{Engine, day_from_number, literal, quoted};
use super::event_names::{self, Kind};
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;
use super::source::Raw;
use super::{DataError, quality};

const MOST_DIMENSIONS: usize = 6;
const MOST_DIMENSION_VALUES: u64 = 20;

/// A source that is ready for questions.
pub(crate) struct Facts {
    pub(crate) engine: Engine,
    pub(crate) roles: Roles,
    /// Source columns to split users by, with their column in `events`.
    pub(crate) dimensions: Vec<(String, String)>,
    /// Rows and the last local time of every day, in order; far-away stray days included.
    pub(crate) days: Vec<DayRows>,
    /// The first and the last day of the data without strays.
    pub(crate) covers: (Date, Date),
    pub(crate) users: u64,
    pub(crate) rows_without_time: u64,
    pub(crate) profile: quality::Profile,
    pub(crate) has_kinds: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayRows {
    pub(crate) number: i64,
    pub(crate) rows: u64,
    pub(crate) last_micros: i64,
}

pub(crate) async fn build(
    raw: Raw,
    columns: &[Column],
    roles: Roles,
    timezone: &str,
) -> Result<(Facts, Vec<String>), DataError> {
    let engine = Engine::new(timezone, roles.time_order.unwrap_or_default(), raw.n_rows());
    let mut notes = Vec::new();
    let n_rows = raw.n_rows();
    register(&engine, raw)?;
    let time = roles
        .found
        .get(&Role::Time)
        .ok_or_else(|| DataError::Engine("no time role".to_owned()))?;
    engine
        .keep("dated", &include_str!("sql/dated.sql").replace("{time}", &time.sql))
        .await?;
    engine.drop("raw")?;
    let rows_without_time = readable_times(&engine, &roles, n_rows).await?;
    if rows_without_time > 0 {
        notes.push(format!(
            "{rows_without_time} rows have no time that can be read and are left out"
        ));
    }
    let dimensions = dimensions(columns, &roles);
    let profile = quality::profile(&engine, columns, &roles).await?;
    engine.keep("events", &events_sql(columns, &roles, &dimensions)).await?;
    engine.drop("dated")?;
    engine.keep("first_seen", include_str!("sql/first_seen.sql")).await?;
    engine.keep("visits", include_str!("sql/visits.sql")).await?;
    engine.keep("user_days", include_str!("sql/user_days.sql")).await?;
    if roles.has(Role::Session) {
        engine
            .keep("session_days", include_str!("sql/session_days.sql"))
            .await?;
    }
    let told = "SELECT count(*) AS n FROM visits WHERE revenue <> 0 AND kind NOT IN ('all', 'other')";
    let has_kinds = engine.row(told, |row| row.count("n") > 0).await?;
    let users = engine
        .row("SELECT count(*) AS users FROM first_seen", |row| row.count("users"))
        .await?;
    let days = engine
        .rows(include_str!("sql/coverage.sql"), |row| DayRows {
            number: row.integer("day").unwrap_or(0),
            rows: row.count("n_rows"),
            last_micros: row.integer("last_at").unwrap_or(0),
        })
        .await?;
    let covers = covers(&days, &mut notes)?;
    let facts = Facts {
        engine,
        roles,
        dimensions,
        days,
        covers,
        users,
        rows_without_time,
        profile,
        has_kinds,
    };
    Ok((facts, notes))
}

/// The raw rows as table `raw`, each with a hash of all its cells as they stand.
fn register(engine: &Engine, raw: Raw) -> Result<(), DataError> {
    let mut fields: Vec<Field> = raw.schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new("__row", DataType::Int64, false));
    let schema = Arc::new(Schema::new(fields));
    let mut batches = Vec::with_capacity(raw.batches.len());
    let mut given = raw.row_hashes.into_iter().flatten();
    for batch in raw.batches {
        let hashes = match given.next() {
            Some(hashes) => hashes,
            None => row_hashes(&batch)?,
        };
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(hashes));
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    engine.register("raw", schema, batches)
}

fn row_hashes(batch: &RecordBatch) -> Result<Int64Array, DataError> {
    let mut hashes = vec![0_u64; batch.num_rows()];
    for array in batch.columns() {
        let texts = cast(array, &DataType::Utf8)?;
        for (hash, text) in hashes.iter_mut().zip(texts.as_string::<i32>()) {
            *hash = match text {
                Some(text) => mixed(*hash, text.as_bytes()),
                None => mixed(*hash, &[0xff]),
            };
        }
    }
    Ok(hashes.into_iter().map(u64::cast_signed).collect::<Vec<i64>>().into())
}

/// Adds bytes to a hash: enough to tell rows of one table apart, the same on every machine.
fn mixed(mut hash: u64, bytes: &[u8]) -> u64 {
    hash ^= bytes.len() as u64 + 1;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 29;
    }
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 32)
}

/// Counts rows whose time is empty or cannot be read; more than half unreadable is a wrong column.
async fn readable_times(engine: &Engine, roles: &Roles, n_rows: u64) -> Result<u64, DataError> {
    let Some(time) = roles.found.get(&Role::Time) else {
        return Ok(0);
    };
    let sql = format!(
        "SELECT count(text_of({time})) AS filled, count(\"__at\") AS readable, min(CASE WHEN \"__at\" IS NULL THEN text_of({time}) END) AS example FROM dated",
        time = time.sql
    );
    let (filled, readable, example) = engine
        .row(&sql, |row| {
            (
                row.count("filled"),
                row.count("readable"),
                row.text("example").unwrap_or_default(),
            )
        })
        .await?;
    if (filled - readable) * 2 > filled || readable == 0 {
        return Err(DataError::TimeUnreadable {
            column: time.shown.clone(),
            unparsable: filled - readable,
            rows: n_rows,
            example,
        });
    }
    Ok(n_rows - readable)
}

fn events_sql(columns: &[Column], roles: &Roles, dimensions: &[(String, String)]) -> String {
    let mut sql = include_str!("sql/events.sql").to_owned();
    for role in [
        Role::User,
        Role::Event,
        Role::Country,
        Role::Platform,
        Role::Channel,
        Role::Session,
        Role::Order,
    ] {
        let text = roles
            .found
            .get(&role)
            .map_or("CAST(NULL AS VARCHAR)".to_owned(), |found| {
                format!("text_of({})", found.sql)
            });
        sql = sql.replace(&format!("{{{}}}", role.name()), &text);
    }
    for role in [Role::Revenue, Role::EngagementScore] {
        let amount = roles.found.get(&role).map_or("NULL", |found| found.sql.as_str());
        sql = sql.replace(&format!("{{{}}}", role.name()), amount);
    }
    let kind = if roles.has(Role::Revenue) {
        kinds(columns, roles)
    } else {
        None
    };
    let own: Vec<_> = dimensions
        .iter()
        .filter(|(_, name)| name.starts_with("dimension_"))
        .collect();
    let taken: String = own.iter().map(|(_, name)| format!(", {name}")).collect();
    let read: String = own
        .iter()
        .map(|(column, name)| format!(", text_of({}) AS {name}", quoted(column)))
        .collect();
    sql.replace("{kind}", kind.as_deref().unwrap_or("'all'"))
        .replace("{converts}", &converts(columns, roles))
        .replace("{dimensions}", &taken)
        .replace("{dimension_columns}", &read)
}

fn event_names<'columns>(columns: &'columns [Column], roles: &Roles) -> &'columns [String] {
    let name = roles.found.get(&Role::Event).and_then(|found| found.columns.first());
    let column = columns.iter().find(|column| Some(&column.name) == name);
    column.and_then(|column| column.values.as_deref()).unwrap_or_default()
}

/// The kind of revenue by event name; none when no event name tells.
fn kinds(columns: &[Column], roles: &Roles) -> Option<String> {
    let names = event_names(columns, roles);
    let cases: Vec<String> = [Kind::Purchase, Kind::Ad, Kind::Subscription, Kind::Refund]
        .into_iter()
        .filter_map(|kind| {
            let list: Vec<String> = names
                .iter()
                .filter(|name| event_names::kind(name) == kind)
                .map(|name| literal(name))
                .collect();
            (!list.is_empty()).then(|| format!("WHEN event IN ({}) THEN '{}'", list.join(", "), kind.segment()))
        })
        .collect();
    (!cases.is_empty()).then(|| format!("CASE {} ELSE '{}' END", cases.join(" "), Kind::Other.segment()))
}

fn converts(columns: &[Column], roles: &Roles) -> String {
    let list: Vec<String> = event_names(columns, roles)
        .iter()
        .filter(|name| event_names::is_conversion(name))
        .map(|name| literal(name))
        .collect();
    let by_revenue = "coalesce(revenue > 0, false)".to_owned();
    if list.is_empty() {
        by_revenue
    } else {
        format!("{by_revenue} OR coalesce(event IN ({}), false)", list.join(", "))
    }
}

/// Platform, channel and other text columns with a handful of values.
fn dimensions(columns: &[Column], roles: &Roles) -> Vec<(String, String)> {
    let column_of = |role: Role| {
        let found = roles.found.get(&role)?;
        columns.iter().find(|column| found.columns == [column.name.clone()])
    };
    let mut chosen: Vec<(String, String)> = [(Role::Platform, "platform"), (Role::Channel, "channel")]
        .into_iter()
        .filter_map(|(role, name)| Some((column_of(role)?.name.clone(), name.to_owned())))
        .collect();
    let others = columns.iter().filter(|column| {
        column.is_text()
            && roles.of_column(&column.name).is_none()
            && (2..=MOST_DIMENSION_VALUES).contains(&column.distinct)
            && column.distinct_share() < 0.2
            && column.numeric_share() < 0.5
            && column.time_share() < 0.5
            && !column.values.iter().flatten().all(|value| is_month(value))
    });
    for column in others {
        if chosen.len() == MOST_DIMENSIONS {
            break;
        }
        let name = format!("dimension_{}", chosen.len());
        chosen.push((column.name.clone(), name));
    }
    chosen
}

/// `2024-01`: a date in disguise.
fn is_month(value: &str) -> bool {
    value.len() == 7
        && value.chars().enumerate().all(|(position, letter)| {
            if position == 4 {
                letter == '-'
            } else {
                letter.is_ascii_digit()
            }
        })
}

/// The first and the last day, without a few rows dated far from all others (future or 1970).
fn covers(days: &[DayRows], notes: &mut Vec<String>) -> Result<(Date, Date), DataError> {
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
    let first = days.iter().find(is_full).map_or(0, |day| day.number);
    let last = days.iter().rev().find(is_full).map_or(0, |day| day.number);
    let after: u64 = days.iter().filter(|day| day.number > last).map(|day| day.rows).sum();
    if after > 0 {
        notes.push(format!(
            "{after} rows are dated after {}, where the data otherwise end",
            date(last)?
        ));
    }
    // A product may begin with few rows a day: only what lies far before is a stray.
    let start = days
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
