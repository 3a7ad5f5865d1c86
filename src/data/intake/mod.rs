//! From what the user named to one raw table whose columns have roles. Never heard of metrics.

mod database;

use std::sync::Arc;

use super::engine::Engine;
use super::memory::{Memory, MemoryLimit};
use super::moment::DayOrder;
use super::profile::{self, Column};
use super::roles::{self, Given, Roles};
use super::source::{self, Access, Place, Raw, place};
use super::{DataError, Mapped, Options, QueryEngine, Window};

/// What to read.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Files, directories, globs, and URLs of objects or a database.
    pub sources: &'a [String],
    /// `role=column-or-expression` pairs.
    pub map: &'a [(String, String)],
    /// The mapping of an earlier run; `map` is stronger.
    pub mapping: &'a [Mapped],
    pub max_bad_rows: u64,
    pub access: &'a Access,
    pub memory: MemoryLimit,
    /// Where queries are answered.
    pub engine: &'a QueryEngine,
    /// Rows that no number of this window needs may stay where they are.
    pub window: Option<Window>,
}

impl<'a> Request<'a> {
    fn given(&self) -> Given<'a> {
        Given {
            mapping: self.mapping,
            map: self.map,
        }
    }

    pub(super) fn of(options: &'a Options) -> Self {
        Self {
            sources: &options.sources,
            map: &options.map,
            mapping: &options.mapping,
            max_bad_rows: options.max_bad_rows,
            access: &options.access,
            memory: options.memory,
            engine: &options.engine,
            window: Some(options.window),
        }
    }
}

pub(super) struct Taken {
    pub(super) raw: Raw,
    pub(super) columns: Vec<Column>,
    pub(super) roles: Roles,
}

pub(super) async fn take(request: &Request<'_>, memory: &Memory) -> Result<Taken, DataError> {
    if let [url] = request.sources
        && place(url) == Place::Postgres
    {
        return Box::pin(database::take(url, request, memory)).await;
    }
    let reading = source::read(request.sources, request.access, request.max_bad_rows, memory);
    let raw = Box::pin(reading).await?;
    understood(raw, &request.given(), memory).await
}

async fn understood(raw: Raw, given: &Given<'_>, memory: &Memory) -> Result<Taken, DataError> {
    let columns = profile::columns(&raw)?;
    resolved(raw, columns, given, memory).await
}

async fn resolved(raw: Raw, columns: Vec<Column>, given: &Given<'_>, memory: &Memory) -> Result<Taken, DataError> {
    let engine = Engine::new("UTC", DayOrder::MonthFirst, raw.n_rows(), memory);
    engine.register("raw", Arc::clone(&raw.held))?;
    let roles = roles::resolve(&raw, &columns, &engine, given).await?;
    Ok(Taken { raw, columns, roles })
}
