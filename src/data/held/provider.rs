//! A held table as the query engine reads it: only the columns that a query names, some chunks for each core.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{ScalarValue, Statistics};
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, Operator, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::projection::ProjectionExprs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, Partitioning};
use futures::future::{self, BoxFuture};

use super::{Condition, Held};

#[derive(Debug)]
pub(crate) struct HeldTable {
    held: Arc<Held>,
    schema: SchemaRef,
}

impl HeldTable {
    pub(crate) fn of(held: Arc<Held>) -> Self {
        let schema = Arc::clone(held.schema());
        Self { held, schema }
    }

    /// The same rows with repeated texts as codes: what is done to a text is then done once a code.
    pub(crate) fn coded(held: Arc<Held>) -> Self {
        let schema = held.coded_schema();
        Self { held, schema }
    }
}

impl TableProvider for HeldTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Chunks without a day of the window are left out; the rows of the others are for the query to choose from.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let supports = |filter: &&Expr| match (condition(&self.held, filter), days(filter)) {
            (Some(_), _) => TableProviderFilterPushDown::Exact,
            (None, Some(_)) => TableProviderFilterPushDown::Inexact,
            (None, None) => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(supports).collect())
    }

    /// Waits for nothing. As an `async fn` its future would hold expressions, and proving that those may be sent takes the compiler
    /// five seconds.
    fn scan<'given, 'session, 'projection, 'filters, 'future>(
        &'given self,
        session: &'session dyn Session,
        projection: Option<&'projection Vec<usize>>,
        filters: &'filters [Expr],
        _limit: Option<usize>,
    ) -> BoxFuture<'future, Result<Arc<dyn ExecutionPlan>>>
    where
        'given: 'future,
        'session: 'future,
        'projection: 'future,
        'filters: 'future,
    {
        Box::pin(future::ready(self.plan(session, projection, filters)))
    }
}

impl HeldTable {
    fn plan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let days = filters.iter().filter_map(days).reduce(|one, other| Days {
            first: one.first.max(other.first),
            last: one.last.min(other.last),
        });
        let scan = Scan {
            schema: Arc::new(self.schema.project(&columns)?),
            readers: dealt(
                &self.held,
                due(&self.held, days.as_ref()),
                session.config().target_partitions(),
            ),
            conditions: filters
                .iter()
                .filter_map(|filter| condition(&self.held, filter))
                .collect(),
            held: Arc::clone(&self.held),
            columns: columns.into(),
        };
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// A condition that is looked at while rows are unpacked.
fn condition(held: &Held, filter: &Expr) -> Option<Condition> {
    let place = |expression: &Expr| match expression {
        Expr::Column(column) => held.schema().index_of(&column.name).ok(),
        _ => None,
    };
    match filter {
        Expr::Not(flag) => place(flag).map(Condition::False),
        Expr::IsNotNull(cell) => place(cell).map(Condition::Filled),
        _ => None,
    }
}

/// Days that a condition asks for.
struct Days {
    first: i64,
    last: i64,
}

/// What a condition asks of the column `day`, if that is all it asks.
fn days(condition: &Expr) -> Option<Days> {
    let is_day = |expression: &Expr| matches!(expression, Expr::Column(column) if column.name == "day");
    let number = |expression: &Expr| match expression {
        Expr::Literal(ScalarValue::Int64(number), _) => *number,
        _ => None,
    };
    let (first, last) = match condition {
        Expr::Between(between) if is_day(&between.expr) && !between.negated => {
            (number(&between.low)?, number(&between.high)?)
        }
        Expr::BinaryExpr(binary) if is_day(&binary.left) => {
            let number = number(&binary.right)?;
            match binary.op {
                Operator::Eq => (number, number),
                Operator::GtEq | Operator::Gt => (number, i64::MAX),
                Operator::LtEq | Operator::Lt => (i64::MIN, number),
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Days { first, last })
}

/// The chunks that may hold such days.
fn due(held: &Held, days: Option<&Days>) -> Vec<usize> {
    let is_due = |chunk: &usize| {
        let held = held.chunks[*chunk].days;
        held.zip(days)
            .is_none_or(|((first, last), days)| first <= days.last && days.first <= last)
    };
    (0..held.n_chunks()).filter(is_due).collect()
}

/// Neighbouring chunks for each of at most so many readers, about as many rows for each.
fn dealt(held: &Held, chunks: Vec<usize>, n_readers: usize) -> Vec<Arc<[usize]>> {
    let n_all: usize = chunks.iter().map(|chunk| held.n_rows_of(*chunk)).sum();
    let share = n_all.div_ceil(n_readers.max(1)).max(1);
    let (mut readers, mut own, mut n_rows) = (Vec::new(), Vec::new(), 0);
    for chunk in chunks {
        n_rows += held.n_rows_of(chunk);
        own.push(chunk);
        if n_rows >= share {
            readers.push(std::mem::take(&mut own).into());
            n_rows = 0;
        }
    }
    if !own.is_empty() || readers.is_empty() {
        readers.push(own.into());
    }
    readers
}

#[derive(Debug, Clone)]
struct Scan {
    held: Arc<Held>,
    schema: SchemaRef,
    columns: Arc<[usize]>,
    conditions: Arc<[Condition]>,
    /// The chunks of each reader.
    readers: Vec<Arc<[usize]>>,
}

impl DataSource for Scan {
    fn open(&self, partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Self {
            held,
            schema,
            columns,
            conditions,
            ..
        } = self.clone();
        let of = Arc::clone(&schema);
        let chunks = Arc::clone(&self.readers[partition]);
        let batches = (0..chunks.len()).map(move |number| {
            let chunk = chunks[number];
            let batch = held.batch(chunk, &schema, &columns, &conditions);
            batch.map_err(|error| DataFusionError::External(Box::new(error)))
        });
        let batches = futures::stream::iter(batches);
        Ok(Box::pin(RecordBatchStreamAdapter::new(of, batches)))
    }

    fn fmt_as(&self, _kind: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "held, {} rows", self.held.n_rows())
    }

    fn output_partitioning(&self) -> Partitioning {
        Partitioning::UnknownPartitioning(self.readers.len())
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        EquivalenceProperties::new(Arc::clone(&self.schema))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let readers = match partition {
            Some(partition) => &self.readers[partition..=partition],
            None => &self.readers,
        };
        let chunks = readers.iter().flat_map(|chunks| chunks.iter());
        let n_rows = chunks.map(|chunk| self.held.n_rows_of(*chunk)).sum();
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = match self.conditions.as_ref() {
            [] => Precision::Exact(n_rows),
            _ => Precision::Inexact(n_rows),
        };
        Ok(Arc::new(statistics))
    }

    fn with_fetch(&self, _limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        None
    }

    fn fetch(&self) -> Option<usize> {
        None
    }

    fn try_swapping_with_projection(&self, _projection: &ProjectionExprs) -> Result<Option<Arc<dyn DataSource>>> {
        Ok(None)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{BooleanArray, Int64Array, RecordBatch, StringArray};

    use super::super::super::engine::Engine;
    use super::super::super::memory::{Memory, MemoryLimit, Rows};
    use super::super::super::moment::DayOrder;
    use super::super::{Holder, Places};
    use super::*;

    /// Nine rows in three chunks: days 1 to 9, every third flag unknown, every fourth text empty.
    fn table(memory: &Memory) -> Held {
        let mut holder = Holder::new(&Places::new(memory, Rows::Table));
        for chunk in [[1, 2, 3], [4, 5, 6], [7, 8, 9]] {
            let flags = chunk.map(|day| (day % 3 != 0).then_some(day % 2 == 0));
            let texts = chunk.map(|day| (day % 4 != 0).then_some("text"));
            let batch = RecordBatch::try_from_iter_with_nullable([
                ("day", Arc::new(Int64Array::from(chunk.to_vec())) as _, true),
                ("flag", Arc::new(BooleanArray::from(flags.to_vec())) as _, true),
                ("text", Arc::new(StringArray::from(texts.to_vec())) as _, true),
            ]);
            holder.append(&batch.unwrap()).unwrap();
        }
        holder.finish()
    }

    #[tokio::test]
    async fn what_is_chosen_before_unpacking_is_what_the_query_asks() {
        let memory = Memory::new(MemoryLimit::default()).unwrap();
        let engine = Engine::new("UTC", DayOrder::MonthFirst, 9, &memory);
        engine.register("t", Arc::new(table(&memory))).unwrap();
        for (condition, expected) in [
            ("day BETWEEN 3 AND 5", vec![3, 4, 5]),
            ("day > 3 AND day < 8 - 1", vec![4, 5, 6]),
            ("day = 9 OR day = 1", vec![1, 9]),
            ("NOT flag", vec![1, 5, 7]),
            ("text IS NOT NULL AND day >= 4", vec![5, 6, 7, 9]),
            ("NOT flag AND text IS NOT NULL AND day NOT BETWEEN 2 AND 6", vec![1, 7]),
            ("day > 20", vec![]),
        ] {
            let sql = format!("SELECT day FROM t WHERE {condition} ORDER BY day");
            let days = engine.rows(&sql, |row| row.integer("day").unwrap()).await.unwrap();
            assert_eq!(days, expected, "{condition}");
        }
    }

    #[test]
    fn chunks_outside_the_window_are_not_read() {
        let memory = Memory::new(MemoryLimit::default()).unwrap();
        let held = table(&memory);
        let within = |first, last| {
            let days = Days { first, last };
            due(&held, Some(&days))
        };
        assert_eq!(within(3, 3), [0]);
        assert_eq!(within(6, 7), [1, 2]);
        assert!(within(10, 20).is_empty());
        assert_eq!(due(&held, None), [0, 1, 2]);
        assert_eq!(dealt(&held, vec![0, 1, 2], 2).len(), 2);
    }
}
