//! One DataFusion session: tables in, rows out, within a budget of memory. Never heard of metrics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef};
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::{SendableRecordBatchStream, SessionStateBuilder};
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use futures::TryStreamExt as _;
use futures::future::BoxFuture;
use jiff::civil::Date;
use tokio::task::{JoinHandle, JoinSet};

use super::cluster::{Cluster, Session};
use super::dealer::Dealer;
use super::held::{CHUNK_ROWS, Held, HeldTable, Holder, Piece, Places};
use super::memory::{Memory, Rows};
use super::moment::DayOrder;
use super::{DataError, functions};

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

    /// The same tables and functions for a query that looks at each row alone: dealing it out costs nothing, however few rows there are.
    fn on_all_cores(&self) -> SessionContext {
        let n_cores = SessionConfig::new().target_partitions().max(1);
        let config = self.context.copied_config().with_target_partitions(n_cores);
        let state = SessionStateBuilder::new_from_existing(self.context.state())
            .with_config(config.with_create_default_catalog_and_schema(false))
            .build();
        SessionContext::new_with_state(state)
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
            .register_table(name, Arc::new(HeldTable(Arc::clone(&held))))?;
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

    /// Keeps the result of a query as a table.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, sql))]
    pub(crate) async fn keep(&self, name: &str, sql: &str) -> Result<(), DataError> {
        if let Some(session) = &self.session {
            self.note(sql);
            return session.keep(&self.context, name, sql).await;
        }
        let (schema, streams) = self.streams(sql).await?;
        let places = Places::new(&self.memory, Rows::Table);
        let filling = streams.into_iter().map(|mut stream| {
            let mut holder = Holder::new(&places).with_columns(&schema);
            async move {
                while let Some(batch) = stream.try_next().await? {
                    holder.append(&batch)?;
                }
                Ok(Arc::new(holder.finish()))
            }
        });
        let parts = side_by_side(filling).await?;
        self.register(name, Arc::new(Held::joined(parts, schema)))
    }

    /// Keeps the result of a query as a table in so many parts: rows with the same text in a column are in the same part.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, sql, by))]
    pub(crate) async fn keep_dealt(&self, name: &str, sql: &str, by: &str, n_parts: usize) -> Result<(), DataError> {
        let (schema, streams) = self.streams(sql).await?;
        let places = Places::new(&self.memory, Rows::Table);
        let by = schema.index_of(by)?;
        let filling = streams.into_iter().map(|mut stream| {
            let mut dealer = Dealer::new(Holder::new(&places).with_columns(&schema), by, n_parts);
            async move {
                while let Some(batch) = stream.try_next().await? {
                    dealer.append(batch)?;
                }
                Ok(Arc::new(dealer.finish()?))
            }
        });
        let parts = side_by_side(filling).await?;
        self.register(name, Arc::new(Held::joined(parts, schema)))
    }

    /// A table and more columns of its rows as a new table. The query gives all of them, one row for each row of the table, in
    /// their order.
    #[tracing::instrument(name = "data.keep", level = "debug", skip(self, more, sql))]
    pub(crate) async fn widen(&self, table: &str, name: &str, more: &str, sql: &str) -> Result<(), DataError> {
        let added = format!("SELECT {more} FROM (\n{sql}\n)");
        if let Some(session) = &self.session {
            self.note(&added);
            return session.keep(&self.context, name, sql).await;
        }
        let held = self.held(table)?;
        self.note(&added);
        let (schema, streams) = streams(&self.on_all_cores(), &added).await?;
        let places = Places::new(&self.memory, Rows::Source);
        let filling = streams.into_iter().map(|mut stream| {
            let places = places.clone();
            async move {
                let mut chunks = Vec::new();
                while let Some(batch) = stream.try_next().await? {
                    chunks.push((batch.num_rows(), places.place(batch.columns())?));
                }
                Ok(chunks)
            }
        });
        let chunks: Vec<(usize, Vec<Piece>)> = side_by_side(filling).await?.into_iter().flatten().collect();
        let fits = |(chunk, (n_rows, _)): (usize, &(usize, _))| held.n_rows_of(chunk) == *n_rows;
        if chunks.len() != held.n_chunks() || !chunks.iter().enumerate().all(fits) {
            return Err(DataError::Engine(format!("the rows of {table} lost their order")));
        }
        let pieces = chunks.into_iter().map(|(_, pieces)| pieces).collect();
        self.register(name, Arc::new(held.widened(schema.as_ref().clone(), pieces)))
    }

    async fn streams(&self, sql: &str) -> Result<(SchemaRef, Vec<SendableRecordBatchStream>), DataError> {
        self.note(sql);
        streams(&self.context, sql).await
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

    #[tracing::instrument(name = "data.query", level = "debug", skip(self))]
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

    fn note(&self, sql: &str) {
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

/// The result of a query, one stream for each core; all columns may hold nulls.
async fn streams(
    context: &SessionContext,
    sql: &str,
) -> Result<(SchemaRef, Vec<SendableRecordBatchStream>), DataError> {
    let frame = context.sql(sql).await?;
    let planned = frame.schema().as_arrow().clone();
    // What the planner and the batches say about nulls differs at times.
    let fields: Vec<Field> = planned
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), field.data_type().clone(), true))
        .collect();
    Ok((Arc::new(Schema::new(fields)), frame.execute_stream_partitioned().await?))
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
pub(crate) async fn side_by_side<T: Send + 'static>(
    work: impl IntoIterator<Item = impl Future<Output = Result<T, DataError>> + Send + 'static>,
) -> Result<Vec<T>, DataError> {
    let mut tasks: JoinSet<Result<(usize, T), DataError>> = JoinSet::new();
    for (number, work) in work.into_iter().enumerate() {
        tasks.spawn(async move { Ok((number, work.await?)) });
    }
    let mut done: Vec<(usize, T)> = Vec::with_capacity(tasks.len());
    while let Some(result) = tasks.join_next().await {
        done.push(result.map_err(|error| DataError::Engine(error.to_string()))??);
    }
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, value)| value).collect())
}

/// Integers, floats, texts and decimals only, so that a row can be read without knowing the engine's types.
fn plain(batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let schema = batch.schema();
    let columns = batch.columns().iter().zip(schema.fields()).map(|(array, field)| {
        let kind = match array.data_type() {
            kind if kind.is_integer() => DataType::Int64,
            kind if kind.is_floating() => DataType::Float64,
            DataType::Decimal128(..) => return Ok((field.name().clone(), Arc::clone(array))),
            _ => DataType::Utf8,
        };
        Ok((field.name().clone(), cast(array, &kind)?))
    });
    let columns: Vec<(String, ArrayRef)> = columns.collect::<Result<_, DataError>>()?;
    if columns.is_empty() {
        return Ok(batch.clone());
    }
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?)
}

pub(crate) fn rows_of(batches: &[RecordBatch]) -> impl Iterator<Item = Row<'_>> {
    batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| Row { batch, row }))
}

pub(crate) struct Row<'batch> {
    batch: &'batch RecordBatch,
    row: usize,
}

impl Row<'_> {
    fn array(&self, column: &str) -> Option<&ArrayRef> {
        let array = self.batch.column_by_name(column);
        debug_assert!(array.is_some(), "the query has no column {column}");
        array.filter(|array| array.is_valid(self.row))
    }

    pub(crate) fn integer(&self, column: &str) -> Option<i64> {
        Some(self.array(column)?.as_primitive_opt::<Int64Type>()?.value(self.row))
    }

    pub(crate) fn count(&self, column: &str) -> u64 {
        self.integer(column)
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(0)
    }

    pub(crate) fn float(&self, column: &str) -> Option<f64> {
        Some(self.array(column)?.as_primitive_opt::<Float64Type>()?.value(self.row))
    }

    /// An amount in millionths.
    pub(crate) fn amount(&self, column: &str) -> Option<i128> {
        functions::amount_at(self.array(column)?, self.row)
    }

    pub(crate) fn text(&self, column: &str) -> Option<String> {
        Some(self.array(column)?.as_string_opt::<i32>()?.value(self.row).to_owned())
    }

    pub(crate) fn day(&self, column: &str) -> Option<Date> {
        self.integer(column).and_then(day_from_number)
    }
}

/// The calendar day a number of days after 1970-01-01.
pub(crate) fn day_from_number(number: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(number).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok()
}

pub(crate) fn number_of_day(day: Date) -> i64 {
    i64::from((day - Date::constant(1970, 1, 1)).get_days())
}

/// An SQL identifier, quoted so that it keeps its letters.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An SQL text.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
