//! One DataFusion session: tables in, rows out, within a budget of memory. Never heard of metrics.

mod keep;
mod rows;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::SessionStateBuilder;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use futures::future::BoxFuture;
use tokio::task::{JoinHandle, JoinSet};

use super::cluster::{Cluster, Session};
use super::held::{CHUNK_ROWS, Held, HeldTable};
use super::memory::Memory;
use super::moment::DayOrder;
use super::{DataError, functions};
pub(crate) use keep::Dealt;
use rows::plain;
pub(crate) use rows::{Row, day_from_number, literal, number_of_day, quoted, rows_of};

pub(crate) struct Engine {
    context: SessionContext,
    memory: Memory,
    tables: Mutex<HashMap<String, Arc<Held>>>,
    /// Every query that was asked, here and in sessions beside this one.
    asked: Arc<Mutex<Vec<String>>>,
    /// Where queries are answered that are not answered here.
    session: Option<Session>,
}

/// Below this many rows for each core, handing rows from task to task costs more than it saves.
const ROWS_PER_PARTITION: u64 = 150_000;

impl Engine {
    /// A session for tables of about `n_rows` rows.
    ///
    /// A run asks some fifty small queries of our own: a second and third pass of the optimizer take longer than they save.
    pub(crate) fn new(timezone: &str, order: DayOrder, n_rows: u64, memory: &Memory) -> Self {
        let config = SessionConfig::new();
        let wanted = usize::try_from(n_rows / ROWS_PER_PARTITION).unwrap_or(usize::MAX);
        let n_partitions = wanted.clamp(1, config.target_partitions().max(1));
        let config = with_rules(config.with_target_partitions(n_partitions), memory);
        let context = SessionContext::new_with_config_rt(config, memory.runtime());
        Self::of(context, memory, Arc::default()).knowing(timezone, order)
    }

    /// The same, with queries answered by a cluster where there is one.
    pub(crate) fn on(
        cluster: Option<&Cluster>,
        timezone: &str,
        order: DayOrder,
        n_rows: u64,
        memory: &Memory,
    ) -> Result<Self, DataError> {
        let Some(cluster) = cluster else {
            return Ok(Self::new(timezone, order, n_rows, memory));
        };
        let (context, session) = cluster.session(with_rules(SessionConfig::new(), memory), n_rows, memory)?;
        let mut engine = Self::of(context, memory, Arc::default()).knowing(timezone, order);
        engine.session = Some(session);
        Ok(engine)
    }

    fn of(context: SessionContext, memory: &Memory, asked: Arc<Mutex<Vec<String>>>) -> Self {
        Self {
            context,
            memory: memory.clone(),
            tables: Mutex::default(),
            asked,
            session: None,
        }
    }

    fn knowing(self, timezone: &str, order: DayOrder) -> Self {
        for function in functions::all(timezone, order) {
            self.context.register_udf(function);
        }
        self
    }

    /// Whether queries are answered by a cluster, which deals rows out itself.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.session.is_some()
    }

    /// A session here with the same functions, without tables, for what one core does alone.
    pub(crate) fn beside(&self) -> Self {
        let config = self.context.copied_config().with_target_partitions(1);
        let state = SessionStateBuilder::new_from_existing(self.context.state())
            .with_config(config)
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()))
            .build();
        Self::of(
            SessionContext::new_with_state(state),
            &self.memory,
            Arc::clone(&self.asked),
        )
    }

    /// Makes a function known to the queries that follow.
    pub(crate) fn teach(&self, function: ScalarUDF) {
        self.context.register_udf(function);
    }

    pub(crate) fn n_partitions(&self) -> usize {
        self.context.copied_config().target_partitions().max(1)
    }

    /// The results of work with the engine's tables, in its order. Few rows are worked on side by side; queries on many fill the cores,
    /// and the memory, by themselves.
    pub(crate) async fn all<T: Send + 'static>(
        &self,
        work: impl IntoIterator<Item = BoxFuture<'static, Result<T, DataError>>>,
    ) -> Result<Vec<T>, DataError> {
        if self.n_partitions() == 1 {
            return side_by_side(work).await;
        }
        let mut done = Vec::new();
        for work in work {
            done.push(work.await?);
        }
        Ok(done)
    }

    /// Starts work beside what follows. Where rows are many, and fill the cores and the memory by themselves, it ends before.
    pub(crate) async fn start<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, DataError>> + Send + 'static,
    ) -> Started<T> {
        if self.n_partitions() == 1 {
            return Started(tokio::spawn(work));
        }
        let done = work.await;
        Started(tokio::spawn(async { done }))
    }

    /// Makes rows a table where queries are answered.
    pub(crate) async fn bring(&self, name: &str, held: Arc<Held>) -> Result<(), DataError> {
        match &self.session {
            Some(session) => session.bring(&self.context, name, held).await,
            None => self.register(name, held),
        }
    }

    /// Makes rows a table here.
    pub(crate) fn register(&self, name: &str, held: Arc<Held>) -> Result<(), DataError> {
        self.context
            .register_table(name, Arc::new(HeldTable::of(Arc::clone(&held))))?;
        self.tables().insert(name.to_owned(), held);
        Ok(())
    }

    pub(crate) fn forget(&self, name: &str) -> Result<(), DataError> {
        if let Some(session) = &self.session {
            return session.drop(&self.context, name);
        }
        self.context.deregister_table(name)?;
        self.tables().remove(name);
        Ok(())
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<String, Arc<Held>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rows of a table, here to be looked at one by one.
    pub(crate) async fn fetch(&self, name: &str) -> Result<Arc<Held>, DataError> {
        match &self.session {
            Some(session) => session.fetch(&self.context, name, &self.memory).await,
            None => self.held(name),
        }
    }

    /// The rows of a table that was registered or kept here.
    pub(crate) fn held(&self, name: &str) -> Result<Arc<Held>, DataError> {
        let held = self.tables().get(name).cloned();
        held.ok_or_else(|| DataError::Engine(format!("there is no table {name}")))
    }

    /// Checks that a text is one query and nothing else; the parser's own words when not.
    pub(crate) fn parse(&self, sql: &str) -> Result<(), String> {
        let mut statements = DFParser::parse_sql(sql).map_err(|error| error.strip_backtrace())?;
        let only = statements.pop_front().filter(|_| statements.is_empty());
        match only {
            Some(Statement::Statement(statement)) if matches!(*statement, SqlStatement::Query(_)) => Ok(()),
            _ => Err("a definition is one SELECT".to_owned()),
        }
    }

    /// The columns that a query gives, without asking it.
    pub(crate) async fn columns(&self, sql: &str) -> Result<Schema, DataError> {
        Ok(self.context.sql(sql).await?.schema().as_arrow().clone())
    }

    /// Checks that a query can be planned; the engine's own words when not.
    pub(crate) async fn check(&self, sql: &str) -> Result<DataType, String> {
        let frame = self.context.sql(sql).await.map_err(|error| error.strip_backtrace())?;
        Ok(frame.schema().field(0).data_type().clone())
    }

    #[tracing::instrument(name = "data.query", level = "debug", skip(self, sql), fields(about = about(sql)))]
    pub(crate) async fn batches(&self, sql: &str) -> Result<Vec<RecordBatch>, DataError> {
        self.note(sql);
        let frame = self.context.sql(sql).await?;
        match &self.session {
            Some(session) => session.collect(frame).await,
            None => Ok(frame.collect().await?),
        }
    }

    /// Every query that was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Remembers a query, for the record of the run.
    pub(crate) fn note(&self, sql: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(sql.to_owned());
    }

    /// The rows of a query, one value per row by `read`.
    pub(crate) async fn rows<T>(&self, sql: &str, read: impl Fn(&Row) -> T) -> Result<Vec<T>, DataError> {
        let batches = self.plain_batches(sql).await?;
        Ok(rows_of(&batches).map(|row| read(&row)).collect())
    }

    /// The result of a query as rows can be read from it.
    pub(crate) async fn plain_batches(&self, sql: &str) -> Result<Vec<RecordBatch>, DataError> {
        self.batches(sql).await?.iter().map(plain).collect()
    }

    pub(crate) async fn row<T>(&self, sql: &str, read: impl Fn(&Row) -> T) -> Result<T, DataError> {
        let rows = self.rows(sql, read).await?;
        rows.into_iter()
            .next()
            .ok_or_else(|| DataError::Engine(format!("no row from {sql}")))
    }
}

/// The first line of a query, where that is words: what follows may hold values of the source.
fn about(sql: &str) -> Option<&str> {
    sql.trim_start().lines().next()?.strip_prefix("-- ")
}

/// Work that goes on beside what follows.
pub(crate) struct Started<T>(JoinHandle<Result<T, DataError>>);

impl<T> Started<T> {
    pub(crate) async fn done(self) -> Result<T, DataError> {
        self.0.await.map_err(|error| DataError::Engine(error.to_string()))?
    }
}

/// What holds for every session, wherever its queries are answered.
fn with_rules(config: SessionConfig, memory: &Memory) -> SessionConfig {
    let mut config = config.with_batch_size(CHUNK_ROWS);
    let options = config.options_mut();
    options.optimizer.max_passes = 1;
    // Rows stay in the order in which they are held until something groups or joins them.
    options.optimizer.enable_round_robin_repartition = false;
    options.execution.sort_spill_reservation_bytes = memory.sort_reserve();
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    config
}

/// All results in the order of the work, each made on a task of its own; the first error ends all.
pub(crate) async fn side_by_side<T: Send + 'static, W: Future<Output = Result<T, DataError>> + Send + 'static>(
    work: impl IntoIterator<Item = W>,
) -> Result<Vec<T>, DataError> {
    some_at_once(work.into_iter().collect(), usize::MAX).await
}

/// The same with no more than so many at work.
pub(crate) async fn some_at_once<T: Send + 'static, W: Future<Output = Result<T, DataError>> + Send + 'static>(
    work: Vec<W>,
    at_once: usize,
) -> Result<Vec<T>, DataError> {
    let mut done: Vec<(usize, T)> = Vec::with_capacity(work.len());
    let mut waiting = work.into_iter().enumerate();
    let mut tasks: JoinSet<Result<(usize, T), DataError>> = JoinSet::new();
    loop {
        while tasks.len() < at_once
            && let Some((number, work)) = waiting.next()
        {
            tasks.spawn(async move { Ok((number, work.await?)) });
        }
        let Some(result) = tasks.join_next().await else {
            break;
        };
        done.push(result.map_err(|error| DataError::Engine(error.to_string()))??);
    }
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, value)| value).collect())
}
