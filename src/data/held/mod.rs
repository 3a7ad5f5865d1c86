//! Rows that are read more than once: packed, in memory as far as the budget goes, in a nameless file beyond. Never heard of roles.

mod holder;
mod pack;
mod provider;
mod scratch;

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::arrow::compute::{and, filter, is_not_null};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::arrow::ipc::reader::StreamReader;

use super::DataError;
use super::memory::Room;
pub(crate) use holder::{Holder, Places};
pub(crate) use provider::HeldTable;
pub(crate) use scratch::Spills;
use scratch::{Place, Scratch};

/// As many as a batch of the query engine holds: it would cut larger ones. Their codes fit sixteen bits.
pub(crate) const CHUNK_ROWS: usize = 16_384;

/// A table of chunks of rows.
#[derive(Debug)]
pub(crate) struct Held {
    schema: SchemaRef,
    chunks: Vec<Chunk>,
}

#[derive(Debug, Clone)]
struct Chunk {
    n_rows: usize,
    /// Which part of a table that was dealt into parts.
    part: usize,
    /// The first and the last value of the column `day`, where there is one: what a window leaves out is not read.
    days: Option<(i64, i64)>,
    /// One for each column; those beyond the last are empty.
    pieces: Vec<Piece>,
}

/// The cells of one column in one chunk.
#[derive(Debug, Clone)]
pub(crate) struct Piece(Cells);

#[derive(Debug, Clone)]
enum Cells {
    Here { array: ArrayRef, _room: Arc<Room> },
    Away { scratch: Arc<Scratch>, place: Place },
    Empty,
}

impl Piece {
    const EMPTY: Self = Self(Cells::Empty);

    /// Whether it has no cells that must be looked at one by one to make codes of them, as far as is known without reading it.
    fn may_be_coded(&self) -> bool {
        match &self.0 {
            Cells::Here { array, .. } => matches!(array.data_type(), DataType::Dictionary(..) | DataType::Null),
            Cells::Away { .. } | Cells::Empty => true,
        }
    }
}

/// What is asked of a row before it is handed out.
#[derive(Debug, Clone, Copy)]
enum Condition {
    /// The cell of this column is false.
    False(usize),
    /// The cell of this column is filled.
    Filled(usize),
}

impl Condition {
    fn holds(self, held: &Held, chunk: usize) -> Result<BooleanArray, DataError> {
        Ok(match self {
            Self::False(column) => {
                let cells = held.cells(chunk, column)?;
                let is_false = cells.as_boolean().iter().map(|cell| cell == Some(false));
                BooleanArray::from(is_false.collect::<Vec<_>>())
            }
            Self::Filled(column) => is_not_null(&held.packed(chunk, column)?)?,
        })
    }
}

impl Held {
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn n_rows(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.n_rows as u64).sum()
    }

    pub(crate) fn n_chunks(&self) -> usize {
        self.chunks.len()
    }

    pub(crate) fn n_rows_of(&self, chunk: usize) -> usize {
        self.chunks[chunk].n_rows
    }

    /// The cells of a column as they are packed: of its own type, coded, or nothing at all.
    pub(crate) fn packed(&self, chunk: usize, column: usize) -> Result<ArrayRef, DataError> {
        let chunk = &self.chunks[chunk];
        let kind = self.schema.field(column).data_type();
        let array = match chunk.pieces.get(column).map(|piece| &piece.0) {
            None | Some(Cells::Empty) => return Ok(new_null_array(kind, chunk.n_rows)),
            Some(Cells::Here { array, .. }) => Arc::clone(array),
            Some(Cells::Away { scratch, place }) => {
                let bytes = scratch.read(*place).map_err(|error| scratch::lost(&error))?;
                let mut batches = StreamReader::try_new(bytes.as_slice(), None)?;
                let batch = batches.next().transpose()?;
                let array = batch.filter(|batch| batch.num_columns() == 1);
                let array = array.map(|batch| Arc::clone(batch.column(0)));
                array.ok_or_else(|| DataError::Engine("a column that was set aside is gone".to_owned()))?
            }
        };
        Ok(array)
    }

    /// The cells of a column as its type says.
    pub(crate) fn cells(&self, chunk: usize, column: usize) -> Result<ArrayRef, DataError> {
        pack::unpacked(&self.packed(chunk, column)?, self.schema.field(column).data_type())
    }

    /// The columns with the texts that are held as codes in every chunk as what they are.
    fn coded_schema(&self) -> SchemaRef {
        let fields = self.schema.fields().iter().enumerate().map(|(column, field)| {
            let is_coded = |chunk: &Chunk| chunk.pieces.get(column).is_none_or(Piece::may_be_coded);
            if field.data_type() == &DataType::Utf8 && self.chunks.iter().all(is_coded) {
                Arc::new(field.as_ref().clone().with_data_type(pack::codes_of(DataType::Utf8)))
            } else {
                Arc::clone(field)
            }
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// All cells of a column, chunk by chunk.
    pub(crate) fn column(&self, column: usize) -> impl Iterator<Item = Result<ArrayRef, DataError>> + '_ {
        (0..self.chunks.len()).map(move |chunk| self.packed(chunk, column))
    }

    /// All columns of a chunk, as their types say.
    #[cfg(feature = "ballista")]
    pub(crate) fn rows(&self, chunk: usize) -> Result<RecordBatch, DataError> {
        let columns: Vec<usize> = (0..self.schema.fields().len()).collect();
        self.batch(chunk, &self.schema, &columns, &[])
    }

    /// Rows with these columns alone, as far as all conditions hold: codes are fewer bytes to choose from than what they stand for.
    fn batch(
        &self,
        chunk: usize,
        schema: &SchemaRef,
        columns: &[usize],
        conditions: &[Condition],
    ) -> Result<RecordBatch, DataError> {
        let mut due: Option<BooleanArray> = None;
        for condition in conditions {
            let holds = condition.holds(self, chunk)?;
            due = Some(match due {
                Some(due) => and(&due, &holds)?,
                None => holds,
            });
        }
        let arrays = columns.iter().zip(schema.fields()).map(|(column, field)| {
            let packed = self.packed(chunk, *column)?;
            let chosen = match &due {
                Some(due) => filter(&packed, due)?,
                None => packed,
            };
            pack::unpacked(&chosen, field.data_type())
        });
        let arrays = arrays.collect::<Result<Vec<_>, DataError>>()?;
        let n_rows = due.map_or(self.chunks[chunk].n_rows, |due| due.true_count());
        let options = RecordBatchOptions::new().with_row_count(Some(n_rows));
        Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
    }

    /// The same rows with more columns, each made of as many pieces as there are chunks.
    pub(crate) fn widened(&self, schema: Schema, more: Vec<Vec<Piece>>) -> Self {
        let n_known = self.schema.fields().len();
        let widen = |(chunk, more): (&Chunk, Vec<Piece>)| {
            let mut chunk = chunk.clone();
            chunk.pieces.resize(n_known, Piece::EMPTY);
            chunk.pieces.extend(more);
            chunk
        };
        let fields = self.schema.fields().iter().chain(schema.fields()).cloned();
        Self {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            chunks: self.chunks.iter().zip(more).map(widen).collect(),
        }
    }

    /// Tables with the same columns as one.
    pub(crate) fn joined(tables: Vec<Arc<Self>>, schema: SchemaRef) -> Self {
        let chunks = tables.iter().flat_map(|table| table.chunks.iter().cloned());
        Self {
            schema,
            chunks: chunks.collect(),
        }
    }

    /// The rows of one part.
    pub(crate) fn part(&self, part: usize) -> Self {
        let chunks = self.chunks.iter().filter(|chunk| chunk.part == part);
        Self {
            schema: Arc::clone(&self.schema),
            chunks: chunks.cloned().collect(),
        }
    }
}
