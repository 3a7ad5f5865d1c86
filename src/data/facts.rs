//! The compact tables in memory that all metrics are computed from: events, first days, visits. Knows roles; never heard of windows.

use std::collections::BTreeMap;
use std::hash::Hasher as _;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use jiff::civil::Date;

use super::copies::{self, Copies};
use super::countries::Spellings;
use super::distinct::Mixing;
use super::engine::{Engine, day_from_number, literal, quoted};
use super::event_names::{self, Kind};
use super::gate::{self, MixedTotals};
use super::privacy::{self, Masker};
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;
use super::source::Raw;
use super::{DataError, Definitions, Query, quality};

const MOST_DIMENSIONS: usize = 6;
const MOST_DIMENSION_VALUES: u64 = 20;

/// A source that is ready for questions.
pub(crate) struct Facts {
    pub(crate) engine: Engine,
    pub(crate) definitions: Definitions,
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
    /// Rows that were sent twice and count once, by day.
    pub(crate) copies: BTreeMap<i64, u64>,
    pub(crate) mixed_totals: Vec<MixedTotals>,
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
    definitions: Definitions,
) -> Result<(Facts, Vec<String>), DataError> {
    let engine = Engine::new(timezone, roles.time_order.unwrap_or_default(), raw.n_rows());
    let mut notes = Vec::new();
    let n_rows = raw.n_rows();
    let copies = copies::count_once(columns, &roles).then(Copies::default);
    register(&engine, raw, copies)?;
    let time = roles
        .found
        .get(&Role::Time)
        .ok_or_else(|| DataError::Engine("no time role".to_owned()))?;
    engine
        .keep("dated", &definitions.sql(Query::Dated).replace("{time}", &time.sql))
        .await?;
    engine.drop("raw")?;
    let rows_without_time = readable_times(&engine, &roles, n_rows).await?;
    if rows_without_time > 0 {
        notes.push(format!(
            "{rows_without_time} rows have no time that can be read and are left out"
        ));
    }
    let copied: BTreeMap<i64, u64> = engine
        .rows(definitions.sql(Query::Copies), |row| {
            (row.integer("day").unwrap_or(0), row.count("n_rows"))
        })
        .await?
        .into_iter()
        .collect();
    let n_copied: u64 = copied.values().sum();
    if n_copied > 0 {
        notes.push(format!(
            "{n_copied} rows were sent twice, each cell and the very moment the same, and count once"
        ));
    }
    let masker = masker(columns, &roles);
    let dimensions = dimensions(columns, &roles, &masker);
    let profile = quality::profile(&engine, columns, &roles).await?;
    let mixed_totals = gate::mixed_totals(&engine, columns, &roles).await?;
    let labels = Labels {
        masker: &masker,
        engine: &engine,
        columns,
    };
    let (events, joined) = events_sql(definitions.sql(Query::Events), columns, &roles, &dimensions, &labels).await?;
    notes.extend(joined);
    engine.keep("events", &events).await?;
    definitions.check_events(&engine).await?;
    engine.drop("dated")?;
    engine.keep("first_seen", definitions.sql(Query::FirstSeen)).await?;
    engine.keep("visits", definitions.sql(Query::Visits)).await?;
    engine.keep("user_days", definitions.sql(Query::UserDays)).await?;
    if roles.has(Role::Session) {
        engine.keep("session_days", definitions.sql(Query::SessionDays)).await?;
    }
    let told = "SELECT count(*) AS n FROM visits WHERE revenue <> 0 AND kind NOT IN ('all', 'other')";
    let has_kinds = engine.row(told, |row| row.count("n") > 0).await?;
    let users = engine
        .row("SELECT count(*) AS users FROM first_seen", |row| row.count("users"))
        .await?;
    let days = engine
        .rows(definitions.sql(Query::Coverage), |row| DayRows {
            number: row.integer("day").unwrap_or(0),
            rows: row.count("n_rows"),
            last_micros: row.integer("last_at").unwrap_or(0),
        })
        .await?;
    let covers = covers(&days, &mut notes)?;
    let facts = Facts {
        engine,
        definitions,
        roles,
        dimensions,
        days,
        covers,
        users,
        rows_without_time,
        profile,
        has_kinds,
        copies: copied,
        mixed_totals,
    };
    Ok((facts, notes))
}

/// The raw rows as table `raw`, each with a hash of all its cells as they stand.
///
/// With `copies`, a row that was there before is marked.
fn register(engine: &Engine, raw: Raw, mut copies: Option<Copies>) -> Result<(), DataError> {
    let mut fields: Vec<Field> = raw.schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new("__row", DataType::Int64, false));
    fields.push(Field::new("__copy", DataType::Boolean, false));
    let schema = Arc::new(Schema::new(fields));
    let mut batches = Vec::with_capacity(raw.batches.len());
    let mut given = raw.row_hashes.into_iter().flatten();
    for batch in raw.batches {
        let hashes = match given.next() {
            Some(hashes) => hashes,
            None => row_hashes(&batch)?,
        };
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(match &mut copies {
            Some(copies) => copies.flags(&hashes),
            None => BooleanArray::from(vec![false; hashes.len()]),
        }));
        columns.insert(columns.len() - 1, Arc::new(hashes));
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    engine.register("raw", schema, batches)
}

/// Enough to tell the rows of one table apart, the same on every machine.
fn row_hashes(batch: &RecordBatch) -> Result<Int64Array, DataError> {
    let mut hashes = vec![Mixing::default(); batch.num_rows()];
    for array in batch.columns() {
        if array.data_type().is_primitive() && array.data_type().primitive_width().is_some_and(|width| width <= 8) {
            hash_numbers(array, &mut hashes);
            continue;
        }
        let texts = cast(array, &DataType::Utf8)?;
        for (hash, text) in hashes.iter_mut().zip(texts.as_string::<i32>()) {
            match text {
                Some(text) => hash.add_bytes(text.as_bytes()),
                None => hash.add(NULL),
            }
        }
    }
    let hashes = hashes.into_iter().map(|hash| hash.finish().cast_signed());
    Ok(hashes.collect::<Vec<i64>>().into())
}

/// A cell without a value, which no text and hardly any number looks like.
const NULL: u64 = 0x5bd1_e995_9d1b_58e7;

/// The bytes of numbers and times as they are stored; writing them as texts would cost more than all queries.
fn hash_numbers(array: &ArrayRef, hashes: &mut [Mixing]) {
    let data = array.to_data();
    let width = array.data_type().primitive_width().unwrap_or(8);
    let bytes = &data.buffers()[0].as_slice()[data.offset() * width..];
    for (row, (hash, value)) in hashes.iter_mut().zip(bytes.chunks_exact(width)).enumerate() {
        if array.is_null(row) {
            hash.add(NULL);
            continue;
        }
        let mut word = [0; 8];
        word[..width].copy_from_slice(value);
        hash.add(u64::from_le_bytes(word) ^ 0xa076_1d64_78bd_642f);
    }
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
            example: privacy::label(&example),
        });
    }
    Ok(n_rows - readable)
}

/// Columns whose values are shown, as the engine reads them: with nothing personal left.
struct Labels<'source> {
    masker: &'source Masker,
    engine: &'source Engine,
    columns: &'source [Column],
}

impl Labels<'_> {
    async fn sql(&self, sql: &str) -> Result<String, DataError> {
        Ok(self.masker.sql(sql, &self.values(sql).await?))
    }

    /// Countries by one spelling each, and what was joined for that.
    async fn countries(&self, sql: &str, shown: &str) -> Result<(String, Option<String>), DataError> {
        let values = self.values(sql).await?;
        let labels: Vec<String> = values.iter().map(|value| self.masker.label(value)).collect();
        let spellings = Spellings::of(&labels);
        let renamed = |label: &str| spellings.shown(label).to_owned();
        Ok((self.masker.renamed_sql(sql, &values, renamed), spellings.note(shown)))
    }

    async fn values(&self, sql: &str) -> Result<Vec<String>, DataError> {
        let column = self.columns.iter().find(|column| quoted(&column.name) == sql);
        if let Some(values) = column.and_then(|column| column.values.clone()) {
            return Ok(values);
        }
        let distinct = format!("SELECT DISTINCT text_of({sql}) AS label FROM dated");
        let values = self.engine.rows(&distinct, |row| row.text("label")).await?;
        Ok(values.into_iter().flatten().collect())
    }
}

fn masker(columns: &[Column], roles: &Roles) -> Masker {
    let names = roles
        .found
        .get(&Role::User)
        .map(|found| found.columns.as_slice())
        .unwrap_or_default();
    Masker::of_ids(columns.iter().filter(|column| names.contains(&column.name)))
}

async fn events_sql(
    definition: &str,
    columns: &[Column],
    roles: &Roles,
    dimensions: &[(String, String)],
    labels: &Labels<'_>,
) -> Result<(String, Option<String>), DataError> {
    let mut sql = definition.to_owned();
    for role in [Role::User, Role::Session, Role::Order] {
        let found = roles.found.get(&role);
        let text = found.map_or("CAST(NULL AS VARCHAR)".to_owned(), |found| {
            format!("text_of({})", found.sql)
        });
        sql = sql.replace(&format!("{{{}}}", role.name()), &text);
    }
    let mut note = None;
    for role in [Role::Event, Role::Country, Role::Platform, Role::Channel] {
        let text = match roles.found.get(&role) {
            Some(found) if role == Role::Country => {
                let (text, joined) = labels.countries(&found.sql, &found.shown).await?;
                note = joined;
                text
            }
            Some(found) => labels.sql(&found.sql).await?,
            None => "CAST(NULL AS VARCHAR)".to_owned(),
        };
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
    let mut read = String::new();
    for (column, name) in own {
        let label = labels.sql(&quoted(column)).await?;
        read.push_str(&format!(", {label} AS {name}"));
    }
    let sql = sql
        .replace("{kind}", kind.as_deref().unwrap_or("'all'"))
        .replace("{converts}", &converts(columns, roles))
        .replace("{dimensions}", &taken)
        .replace("{dimension_columns}", &read);
    Ok((sql, note))
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
fn dimensions(columns: &[Column], roles: &Roles, masker: &Masker) -> Vec<(String, String)> {
    let column_of = |role: Role| {
        let found = roles.found.get(&role)?;
        columns.iter().find(|column| found.columns == [column.name.clone()])
    };
    let mut chosen: Vec<(String, String)> = [(Role::Platform, "platform"), (Role::Channel, "channel")]
        .into_iter()
        .filter_map(|(role, name)| Some((column_of(role)?.name.clone(), name.to_owned())))
        .collect();
    let users = column_of(Role::User).map_or(u64::MAX, |column| column.distinct);
    let others = columns.iter().filter(|column| {
        column.is_text()
            && !privacy::names_persons(&column.bare)
            // As many values as users: whatever it is called, it tells them apart.
            && column.distinct.saturating_mul(10) < users.saturating_mul(9)
            && masker.may_show(column)
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
