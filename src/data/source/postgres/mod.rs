//! A PostgreSQL table or query: only the columns and rows that are asked for leave the server, as a stream of text.

mod address;
mod stream;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error};

use super::super::DataError;
use super::super::held::Places;
use super::super::memory::{Memory, Rows};
use super::place::Access;
use super::{Raw, Tally};
use address::{Address, quoted, text_of};

/// With the proofs of both sides.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);
/// Until the first row, and between two pieces of the answer.
const PATIENCE: Duration = Duration::from_secs(300);
const SAMPLE_ROWS: u32 = 20_000;
/// No column of a user's is called so.
const ROW: &str = "insights_row";

/// A connection inside one read-only transaction: everything that is read belongs together.
pub(crate) struct Database {
    client: Client,
    /// Carries the bytes; ends with the client.
    carrier: JoinHandle<()>,
    address: Address,
    columns: Vec<DatabaseColumn>,
}

#[derive(Debug, Clone)]
pub(crate) struct DatabaseColumn {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
}

/// What a condition on a column must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Timestamp,
    TimestampWithZone,
    Date,
    Integer,
    /// Not readable as text.
    Bytes,
    Other,
}

/// Rows before a moment; those without one come along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) column: String,
    /// The moment as SQL.
    pub(crate) bound: String,
}

/// What is read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// None is all.
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) before: Option<Before>,
    /// Some rows from all over the table.
    pub(crate) sample: bool,
}

/// How full and how various a column is over all rows.
pub(crate) struct Variety {
    pub(crate) rows: u64,
    pub(crate) filled: u64,
    pub(crate) distinct: u64,
}

impl Database {
    pub(crate) async fn open(url: &str, access: &Access) -> Result<Self, DataError> {
        let address = Address::parse(url, access)?;
        let unreachable = |why: String| DataError::Unreachable {
            place: address.shown.clone(),
            why,
        };
        let tls = tls::connector(address.trust, address.roots.as_deref()).map_err(unreachable)?;
        let (client, connection) = timeout(CONNECT_LIMIT, address.config.connect(tls))
            .await
            .map_err(|_| unreachable(format!("no connection within {} seconds", CONNECT_LIMIT.as_secs())))?
            .map_err(|error| unreachable(text_of(&error)))?;
        let carrier = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = text_of(&error), "the connection to the database ended");
            }
        });
        let mut database = Self {
            client,
            carrier,
            address,
            columns: Vec::new(),
        };
        // Dates and times as the reader knows them, whatever the server's own settings are.
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL TIME ZONE 'UTC'; \
                     SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL client_encoding = 'UTF8'";
        database.asked(database.client.batch_execute(begin)).await?;
        database.columns = database.described().await?;
        Ok(database)
    }

    pub(crate) fn columns(&self) -> &[DatabaseColumn] {
        &self.columns
    }

    /// An answer of the server, unless it takes too long.
    async fn asked<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, DataError> {
        match timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.unreadable(text_of(&error))),
            Err(_) => Err(self.unreadable(format!("nothing came for {} seconds", PATIENCE.as_secs()))),
        }
    }

    fn unreadable(&self, why: String) -> DataError {
        DataError::Unreachable {
            place: self.address.shown.clone(),
            why,
        }
    }

    async fn described(&self) -> Result<Vec<DatabaseColumn>, DataError> {
        let sql = format!("SELECT * FROM {} AS {ROW} LIMIT 0", self.address.relation);
        let statement = self.asked(self.client.prepare(&sql)).await?;
        let columns = statement.columns().iter();
        let columns = columns.map(|column| DatabaseColumn {
            name: column.name().to_owned(),
            kind: match *column.type_() {
                Type::TIMESTAMP => ColumnKind::Timestamp,
                Type::TIMESTAMPTZ => ColumnKind::TimestampWithZone,
                Type::DATE => ColumnKind::Date,
                Type::INT2 | Type::INT4 | Type::INT8 => ColumnKind::Integer,
                Type::BYTEA => ColumnKind::Bytes,
                _ => ColumnKind::Other,
            },
        });
        Ok(columns.filter(|column| column.kind != ColumnKind::Bytes).collect())
    }

    /// Counts over all rows, on the server: a sample says too little about ids.
    pub(crate) async fn variety(&self, column: &str) -> Result<Variety, DataError> {
        let column = quoted(column);
        let sql = format!(
            "SELECT count(*), count({column}), count(DISTINCT {column}) FROM {} AS {ROW}",
            self.address.relation
        );
        let row = self.asked(self.client.query_one(&sql, &[])).await?;
        let count = |place: usize| u64::try_from(row.get::<_, i64>(place)).unwrap_or_default();
        Ok(Variety {
            rows: count(0),
            filled: count(1),
            distinct: count(2),
        })
    }

    /// Reads what is wanted, each row with a hash of all its cells that the server made.
    pub(crate) async fn read(&self, wanted: &Wanted, max_bad_rows: u64, memory: &Memory) -> Result<Raw, DataError> {
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|column| column.name.clone())
            .filter(|name| wanted.columns.as_ref().is_none_or(|wanted| wanted.contains(name)))
            .collect();
        let sql = self.copy(&names, wanted).await?;
        tracing::debug!(sql, "asking the database");
        let mut rows = Box::pin(self.asked(self.client.copy_out(&sql)).await?);
        let header = names.iter().cloned().chain([ROW.to_owned()]).collect();
        let (mut pipe, reader) = stream::reader(header, self.address.shown.clone(), Places::new(memory, Rows::Source));
        let mut broken = None;
        loop {
            match self.asked(async { rows.next().await.transpose() }).await {
                Ok(Some(piece)) => {
                    if pipe.send(&piece).await.is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        pipe.close().await;
        let read = reader.await.map_err(|error| DataError::Engine(error.to_string()))?;
        match broken {
            Some(error) => Err(error),
            None => self.raw(read?, max_bad_rows),
        }
    }

    async fn copy(&self, names: &[String], wanted: &Wanted) -> Result<String, DataError> {
        let columns: String = names.iter().map(|name| format!("{ROW}.{}, ", quoted(name))).collect();
        let mut sql = format!(
            "SELECT {columns}hashtextextended({ROW}::text, 0) FROM {} AS {ROW}",
            self.address.relation
        );
        if wanted.sample {
            sql.push_str(&self.sampling().await?);
        }
        if let Some(Before { column, bound }) = &wanted.before {
            let column = quoted(column);
            sql.push_str(&format!(" WHERE {ROW}.{column} < {bound} OR {ROW}.{column} IS NULL"));
        }
        if wanted.sample {
            sql.push_str(&format!(" LIMIT {SAMPLE_ROWS}"));
        }
        Ok(format!("COPY ({sql}) TO STDOUT (FORMAT csv)"))
    }

    /// Blocks from all over a large table, where the server knows how large it is.
    async fn sampling(&self) -> Result<String, DataError> {
        let Some(table) = &self.address.table else {
            return Ok(String::new());
        };
        let sql = "SELECT reltuples::float8 FROM pg_class WHERE oid = to_regclass($1::text) AND relkind IN ('r', 'm')";
        let row = self.asked(self.client.query_opt(sql, &[table])).await?;
        let n_rows: f64 = row.map_or(0.0, |row| row.get(0));
        let percent = 100.0 * f64::from(SAMPLE_ROWS) / n_rows;
        Ok(if n_rows > 0.0 && percent < 20.0 {
            format!(" TABLESAMPLE SYSTEM ({percent:.4}) REPEATABLE (1)")
        } else {
            String::new()
        })
    }

    fn raw(&self, read: stream::Read, max_bad_rows: u64) -> Result<Raw, DataError> {
        let stream::Read {
            held,
            tally,
            fingerprint,
        } = read;
        tally.check(max_bad_rows)?;
        let Tally {
            bad_rows,
            places: bad_row_places,
            ..
        } = tally;
        if held.n_rows() == 0 {
            return Err(DataError::Empty(self.address.shown.clone()));
        }
        Ok(Raw {
            held: Arc::new(held),
            files: vec![self.address.shown.clone()],
            fingerprint,
            bad_rows,
            bad_row_places,
            notes: Vec::new(),
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}
