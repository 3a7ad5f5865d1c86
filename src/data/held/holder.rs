//! Takes batches in and finds room for them.

use std::collections::HashMap;
use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::ipc::writer::StreamWriter;

use super::super::DataError;
use super::super::distinct::Mixing;
use super::super::memory::{Memory, Rows};
use super::scratch::{self, Place, Scratch};
use super::{CHUNK_ROWS, Cells, Chunk, Held, Piece, pack};

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
        for rows in chunks(batch)? {
            let pieces = self.places.place(rows.columns())?;
            let fields = rows.schema().fields().to_vec();
            self.add(part, rows.num_rows(), fields, pieces);
        }
        Ok(())
    }

    /// Adds rows, and a column with what tells each of them apart: a sum over its cells, whatever the order of the columns.
    pub(crate) fn append_hashed(&mut self, name: &str, batch: &RecordBatch) -> Result<(), DataError> {
        for rows in chunks(batch)? {
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
            let mut fields = rows.schema().fields().to_vec();
            fields.push(Arc::new(Field::new(name, DataType::Int64, true)));
            let pieces = self.places.put(packed)?;
            self.add(0, rows.num_rows(), fields, pieces);
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

    fn add(&mut self, part: usize, n_rows: usize, fields: Vec<Arc<Field>>, pieces: Vec<Piece>) {
        let mut placed = vec![Piece::EMPTY; self.columns.len()];
        for (field, piece) in fields.into_iter().zip(pieces) {
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

/// Rows as many as a chunk holds, each chunk with buffers of its own.
fn chunks(batch: &RecordBatch) -> Result<Vec<RecordBatch>, DataError> {
    if batch.num_rows() == 0 {
        return Ok(Vec::new());
    }
    if batch.num_rows() <= CHUNK_ROWS {
        return Ok(vec![batch.clone()]);
    }
    let starts = (0..batch.num_rows()).step_by(CHUNK_ROWS);
    let chunks = starts.map(|start| {
        let rows = batch.slice(start, CHUNK_ROWS.min(batch.num_rows() - start));
        Ok(concat_batches(&batch.schema(), [&rows])?)
    });
    chunks.collect()
}
