//! One DataFusion session: tables in memory in, rows out. Never heard of metrics.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use jiff::civil::Date;

use super::moment::DayOrder;
use super::{DataError, functions};

pub(crate) struct Engine {
    context: SessionContext,
    /// Every query that was asked.
    asked: Mutex<Vec<String>>,
}

/// Below this many rows for each core, handing rows from task to task costs more than it saves.
const ROWS_PER_PARTITION: u64 = 150_000;

impl Engine {
    /// A session for tables of about `n_rows` rows.
    ///
    /// A run asks some fifty small queries of our own: a second and third pass of the optimizer take longer than they save.
    pub(crate) fn new(timezone: &str, order: DayOrder, n_rows: u64) -> Self {
        let config = SessionConfig::new().with_batch_size(16_384);
        let wanted = usize::try_from(n_rows / ROWS_PER_PARTITION).unwrap_or(usize::MAX);
        let n_partitions = wanted.clamp(1, config.target_partitions().max(1));
        let mut config = config.with_target_partitions(n_partitions);
        let options = config.options_mut();
        options.optimizer.max_passes = 1;
        options.sql_parser.parse_float_as_decimal = true;
        options.sql_parser.map_string_types_to_utf8view = false;
        let context = SessionContext::new_with_config(config);
        for function in functions::all(timezone, order) {
            context.register_udf(function);
        }
        Self {
            context,
            asked: Mutex::default(),
        }
    }

    /// Makes batches a table, spread over the session's partitions.
    pub(crate) fn register(&self, name: &str, schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<(), DataError> {
        let n_partitions = self.context.copied_config().target_partitions().max(1);
        let mut partitions: Vec<Vec<RecordBatch>> = vec![Vec::new(); n_partitions];
        for (position, batch) in batches.into_iter().enumerate() {
            partitions[position % n_partitions].push(batch);
        }
        self.context
            .register_table(name, Arc::new(MemTable::try_new(schema, partitions)?))?;
        Ok(())
    }

    pub(crate) fn drop(&self, name: &str) -> Result<(), DataError> {
        self.context.deregister_table(name)?;
        Ok(())
    }

    /// Keeps the result of a query as a table.
    pub(crate) async fn keep(&self, name: &str, sql: &str) -> Result<(), DataError> {
        self.note(sql);
        let frame = self.context.sql(sql).await?;
        let planned = frame.schema().as_arrow().clone();
        let batches = frame.collect().await?;
        // What the planner and the batches say about nulls differs at times; all columns may hold nulls.
        let fields: Vec<Field> = planned
            .fields()
            .iter()
            .map(|field| Field::new(field.name(), field.data_type().clone(), true))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let batches = batches
            .into_iter()
            .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()))
            .collect::<Result<_, _>>()?;
        self.register(name, schema, batches)
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

    pub(crate) async fn batches(&self, sql: &str) -> Result<Vec<RecordBatch>, DataError> {
        self.note(sql);
        Ok(self.context.sql(sql).await?.collect().await?)
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
        let mut values = Vec::new();
        for batch in self.batches(sql).await? {
            let batch = plain(&batch)?;
            values.extend((0..batch.num_rows()).map(|row| read(&Row { batch: &batch, row })));
        }
        Ok(values)
    }

    pub(crate) async fn row<T>(&self, sql: &str, read: impl Fn(&Row) -> T) -> Result<T, DataError> {
        let rows = self.rows(sql, read).await?;
        rows.into_iter()
            .next()
            .ok_or_else(|| DataError::Engine(format!("no row from {sql}")))
    }
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
