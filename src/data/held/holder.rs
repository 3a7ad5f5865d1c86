//! Takes batches in and finds room for them.

use std::collections::HashMap;
use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::ipc::writer::StreamWriter;

use super::super::DataError;
use super::super::distinct::Mixing;
use super::super::memory::{Memory, Rows};
use super::scratch::{self, Place, Scratch};
use super::{Cells, Chunk, Held, Piece, pack};

/// Codes of a chunk fit sixteen bits, and its columns fit the processor's caches.
const MOST_ROWS: usize = 32_768;

/// Room in memory, and a file for what finds none.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    memory: Memory,
    kind: Rows,
    scratch: Arc<Mutex<Option<Arc<Scratch>>>>,
}

impl Places {
    pub(crate) fn new(memory: &Memory, kind: Rows) -> Self {
        Self {
            memory: memory.clone(),
            kind,
            scratch: Arc::default(),
        }
    }

    /// Packs the columns of one chunk and puts them where there is room.
    pub(crate) fn place(&self, arrays: &[ArrayRef]) -> Result<Vec<Piece>, DataError> {
        let packed = arrays.iter().map(pack::packed).collect::<Result<Vec<_>, _>>()?;
        self.put(packed)
    }

    fn put(&self, packed: Vec<ArrayRef>) -> Result<Vec<Piece>, DataError> {
        let n_bytes = packed.iter().map(|array| array.get_array_memory_size()).sum();
        if let Some(room) = self.memory.room(n_bytes, self.kind) {
            let room = Arc::new(room);
            let here = packed.into_iter().map(|array| Cells::Here {
                array,
                _room: Arc::clone(&room),
            });
            return Ok(here.map(Piece).collect());
        }
        let scratch = self.scratch()?;
        let away = packed.into_iter().map(|array| {
            Ok(Piece(Cells::Away {
                place: written(&scratch, array)?,
                scratch: Arc::clone(&scratch),
            }))
        });
        away.collect()
    }

    fn scratch(&self) -> Result<Arc<Scratch>, DataError> {
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scratch) = scratch.as_ref() {
            return Ok(Arc::clone(scratch));
        }
        let new = Arc::new(Scratch::new().map_err(|error| scratch::lost(&error))?);
        *scratch = Some(Arc::clone(&new));
        Ok(new)
    }
}

fn written(scratch: &Scratch, array: ArrayRef) -> Result<Place, DataError> {
    let batch = RecordBatch::try_from_iter_with_nullable([("", array, true)])?;
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema())?;
    writer.write(&batch)?;
    writer.finish()?;
    drop(writer);
    scratch.append(&bytes).map_err(|error| scratch::lost(&error))
}

/// A table that is being filled; its columns are known when all rows are in.
#[derive(Debug)]
pub(crate) struct Holder {
    places: Places,
    columns: Vec<(String, DataType)>,
    by_name: HashMap<String, usize>,
    chunks: Vec<Chunk>,
}

impl Holder {
    pub(crate) fn new(places: &Places) -> Self {
        Self {
            places: places.clone(),
            columns: Vec::new(),
            by_name: HashMap::new(),
            chunks: Vec::new(),
        }
    }

    /// Knows columns before any row has them.
    pub(crate) fn with_columns(mut self, schema: &Schema) -> Self {
        for field in schema.fields() {
            self.column(field);
        }
        self
    }

    /// Adds rows; columns are matched by name.
    pub(crate) fn append(&mut self, batch: &RecordBatch) -> Result<(), DataError> {
        self.append_to(0, batch)
    }

    /// Adds rows to one part of the table.
    pub(crate) fn append_to(&mut self, part: usize, batch: &RecordBatch) -> Result<(), DataError> {
        for start in (0..batch.num_rows()).step_by(MOST_ROWS) {
            let rows = batch.slice(start, MOST_ROWS.min(batch.num_rows() - start));
            let pieces = self.places.place(rows.columns())?;
            self.add(part, &rows, pieces);
        }
        Ok(())
    }

    /// Adds rows, and a column with what tells each of them apart: a sum over its cells, whatever the order of the columns.
    pub(crate) fn append_hashed(&mut self, name: &str, batch: &RecordBatch) -> Result<(), DataError> {
        for start in (0..batch.num_rows()).step_by(MOST_ROWS) {
            let rows = batch.slice(start, MOST_ROWS.min(batch.num_rows() - start));
            let packed = rows.columns().iter().map(pack::packed);
            let mut packed = packed.collect::<Result<Vec<_>, _>>()?;
            let mut hashes = vec![0_u64; rows.num_rows()];
            for (field, array) in rows.schema().fields().iter().zip(&packed) {
                let mut salt = Mixing::default();
                salt.add_bytes(field.name().as_bytes());
                let cells = pack::cell_hashes(array, salt.finish())?;
                for (hash, cell) in hashes.iter_mut().zip(cells) {
                    *hash = hash.wrapping_add(cell);
                }
            }
            let hashes: Vec<i64> = hashes.into_iter().map(u64::cast_signed).collect();
            packed.push(Arc::new(Int64Array::from(hashes)));
            let fields = rows.schema().fields().iter().cloned().collect::<Vec<_>>();
            let pieces = self.places.put(packed)?;
            let hash = Arc::new(Field::new(name, DataType::Int64, true));
            self.add_columns(0, rows.num_rows(), fields.into_iter().chain([hash]), pieces);
        }
        Ok(())
    }

    /// The table; a column that came in several types is text, one that a chunk lacks is empty there.
    pub(crate) fn finish(self) -> Held {
        let fields = self
            .columns
            .into_iter()
            .map(|(name, kind)| Field::new(name, kind, true));
        Held {
            schema: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
            chunks: self.chunks,
        }
    }

    fn add(&mut self, part: usize, rows: &RecordBatch, pieces: Vec<Piece>) {
        let fields = rows.schema().fields().iter().cloned().collect::<Vec<_>>();
        self.add_columns(part, rows.num_rows(), fields.into_iter(), pieces);
    }

    fn add_columns(
        &mut self,
        part: usize,
        n_rows: usize,
        fields: impl Iterator<Item = Arc<Field>>,
        pieces: Vec<Piece>,
    ) {
        let mut placed = vec![Piece::EMPTY; self.columns.len()];
        for (field, piece) in fields.zip(pieces) {
            let column = self.column(&field);
            placed.resize(self.columns.len(), Piece::EMPTY);
            placed[column] = piece;
        }
        self.chunks.push(Chunk {
            n_rows,
            part,
            pieces: placed,
        });
    }

    fn column(&mut self, field: &Field) -> usize {
        let kind = match field.data_type() {
            DataType::Dictionary(_, value) => value.as_ref(),
            kind => kind,
        };
        if let Some(&column) = self.by_name.get(field.name()) {
            if self.columns[column].1 != *kind {
                self.columns[column].1 = DataType::Utf8;
            }
            return column;
        }
        self.columns.push((field.name().clone(), kind.clone()));
        self.by_name.insert(field.name().clone(), self.columns.len() - 1);
        self.columns.len() - 1
    }
}
