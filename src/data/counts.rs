//! What is counted of the rows with days before any is left out: unreadable times, copies, filled cells. Never heard of metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::engine::{Engine, Row, quoted};
use super::gate::{self, MixedTotals};
use super::privacy;
use super::profile::Column;
use super::roles::Roles;
use super::roles::names::Role;
use super::{DataError, Definitions, Query, quality};

/// What is counted of the rows with days, before any is left out.
pub(super) struct Counts {
    pub(super) engine: Arc<Engine>,
    pub(super) columns: Vec<Column>,
    pub(super) roles: Roles,
    pub(super) definitions: Definitions,
    pub(super) n_rows: u64,
}

pub(super) struct Counted {
    pub(super) rows_without_time: u64,
    pub(super) n_copied: u64,
    pub(super) twice: Option<BTreeMap<i64, u64>>,
    pub(super) profile: quality::Profile,
    pub(super) mixed_totals: Vec<MixedTotals>,
}

impl Counts {
    pub(super) async fn counted(self) -> Result<Counted, DataError> {
        let Self {
            engine,
            columns,
            roles,
            definitions,
            n_rows,
        } = &self;
        let rows_without_time = readable_times(engine, columns, roles, *n_rows).await?;
        let copied = by_day(engine, definitions.sql(Query::Copies)).await?;
        // A definition of the user's own may have left the mark out.
        let twice = match engine.columns("SELECT * FROM dated").await?.index_of("__twice") {
            Ok(_) => Some(by_day(engine, include_str!("gate/sql/twice.sql")).await?),
            Err(_) => None,
        };
        Ok(Counted {
            rows_without_time,
            n_copied: copied.values().sum(),
            twice,
            profile: quality::profile(engine.fetch("dated").await?, columns, roles).await?,
            mixed_totals: gate::mixed_totals(engine, columns, roles).await?,
        })
    }
}

impl Counted {
    pub(super) fn say(&self, notes: &mut Vec<String>) {
        if self.rows_without_time > 0 {
            notes.push(format!(
                "{} rows have no time that can be read and are left out",
                self.rows_without_time
            ));
        }
        if self.n_copied > 0 {
            notes.push(format!(
                "{} rows were sent twice, each cell and the very moment the same, and count once",
                self.n_copied
            ));
        }
    }
}

/// Numbers of rows by day.
async fn by_day(engine: &Engine, sql: &str) -> Result<BTreeMap<i64, u64>, DataError> {
    let read = |row: &Row| (row.integer("day").unwrap_or(0), row.count("n_rows"));
    Ok(engine.rows(sql, read).await?.into_iter().collect())
}

/// Counts rows whose time is empty or cannot be read; more than half unreadable is a wrong column.
async fn readable_times(engine: &Engine, columns: &[Column], roles: &Roles, n_rows: u64) -> Result<u64, DataError> {
    let Some(time) = roles.found.get(&Role::Time) else {
        return Ok(0);
    };
    let is_text = |name: &String| columns.iter().any(|column| column.name == *name && column.is_text());
    // What is a time or a number already has no words that mean "no value".
    let value = match time.columns.as_slice() {
        [name] if time.sql == quoted(name) && !is_text(name) => time.sql.clone(),
        _ => format!("text_of({})", time.sql),
    };
    let sql = format!("SELECT count({value}) AS filled, count(\"__at\") AS readable FROM dated");
    let (filled, readable) = engine
        .row(&sql, |row| (row.count("filled"), row.count("readable")))
        .await?;
    if readable == filled && readable > 0 {
        return Ok(n_rows - readable);
    }
    let sql = format!(
        "SELECT min(text_of({})) AS example FROM dated WHERE \"__at\" IS NULL",
        time.sql
    );
    let example = engine.row(&sql, |row| row.text("example").unwrap_or_default()).await?;
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
