//! A held table as the query engine reads it: only the columns that a query names, some chunks for each core.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::projection::ProjectionExprs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, Partitioning};

use super::Held;

#[derive(Debug)]
pub(crate) struct HeldTable(pub(crate) Arc<Held>);

#[async_trait::async_trait]
impl TableProvider for HeldTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.0.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.0.schema().fields().len()).collect(),
        };
        let scan = Scan {
            schema: Arc::new(self.0.schema().project(&columns)?),
            ranges: ranges(&self.0, session.config().target_partitions()),
            held: Arc::clone(&self.0),
            columns: columns.into(),
        };
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// Neighbouring chunks for each of at most so many readers, about as many rows for each.
fn ranges(held: &Held, n_readers: usize) -> Vec<Range<usize>> {
    let share = held.n_rows().div_ceil(n_readers.max(1) as u64).max(1);
    let mut ranges = Vec::new();
    let (mut start, mut n_rows) = (0, 0);
    for chunk in 0..held.n_chunks() {
        n_rows += held.n_rows_of(chunk) as u64;
        if n_rows >= share {
            ranges.push(start..chunk + 1);
            (start, n_rows) = (chunk + 1, 0);
        }
    }
    if start < held.n_chunks() || ranges.is_empty() {
        ranges.push(start..held.n_chunks());
    }
    ranges
}

#[derive(Debug, Clone)]
struct Scan {
    held: Arc<Held>,
    schema: SchemaRef,
    columns: Arc<[usize]>,
    ranges: Vec<Range<usize>>,
}

impl DataSource for Scan {
    fn open(&self, partition: usize, _context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Self {
            held, schema, columns, ..
        } = self.clone();
        let of = Arc::clone(&schema);
        let batches = self.ranges[partition].clone().map(move |chunk| {
            let batch = held.batch(chunk, &schema, &columns);
            batch.map_err(|error| DataFusionError::External(Box::new(error)))
        });
        let batches = futures::stream::iter(batches);
        Ok(Box::pin(RecordBatchStreamAdapter::new(of, batches)))
    }

    fn fmt_as(&self, _kind: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "held, {} rows", self.held.n_rows())
    }

    fn output_partitioning(&self) -> Partitioning {
        Partitioning::UnknownPartitioning(self.ranges.len())
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        EquivalenceProperties::new(Arc::clone(&self.schema))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let chunks = match partition {
            Some(partition) => self.ranges[partition].clone(),
            None => 0..self.held.n_chunks(),
        };
        let n_rows = chunks.map(|chunk| self.held.n_rows_of(chunk)).sum();
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Exact(n_rows);
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
