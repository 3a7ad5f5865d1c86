//! Deals rows into parts by the id in one column, so that what is asked of single users can be asked of one part after the other.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher as _};
use std::sync::Arc;

use datafusion::arrow::array::builder::NullBufferBuilder;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, RecordBatch, StringArray, UInt8Array, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{cast, concat, take};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt16Type};

use super::DataError;
use super::distinct::Mixing;
use super::held::{CHUNK_ROWS, Held, Holder};

/// Dealt at once: as many as make a chunk of almost every part, and no more than are read again sooner than the caches forget them.
const MOST_ROWS: usize = 1 << 18;

pub(super) struct Dealer {
    holder: Holder,
    /// The column that decides.
    by: usize,
    n_parts: usize,
    rows_at_once: usize,
    waiting: Vec<RecordBatch>,
    n_waiting: usize,
}

impl Dealer {
    pub(super) fn new(holder: Holder, by: usize, n_parts: usize) -> Self {
        Self {
            holder,
            by,
            n_parts: n_parts.max(1),
            rows_at_once: (n_parts * (CHUNK_ROWS - CHUNK_ROWS / 8)).min(MOST_ROWS),
            waiting: Vec::new(),
            n_waiting: 0,
        }
    }

    pub(super) fn append(&mut self, batch: RecordBatch) -> Result<(), DataError> {
        self.n_waiting += batch.num_rows();
        self.waiting.push(batch);
        if self.n_waiting < self.rows_at_once {
            return Ok(());
        }
        self.deal()
    }

    pub(super) fn finish(mut self) -> Result<Held, DataError> {
        self.deal()?;
        Ok(self.holder.finish())
    }

    fn deal(&mut self) -> Result<(), DataError> {
        let Some(first) = self.waiting.first() else {
            return Ok(());
        };
        let schema = first.schema();
        let columns = (0..schema.fields().len()).map(|column| {
            let arrays: Vec<&ArrayRef> = self.waiting.iter().map(|batch| batch.column(column)).collect();
            one(&arrays)
        });
        let columns = columns.collect::<Result<Vec<_>, DataError>>()?;
        self.waiting.clear();
        self.n_waiting = 0;
        let schema = with_types(&schema, &columns);
        let parts = parts(&columns[self.by], self.n_parts)?;
        for (part, rows) in parts.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            let rows = UInt32Array::from(rows);
            let cells = columns.iter().map(|column| taken(column, &rows));
            let batch = RecordBatch::try_new(Arc::clone(&schema), cells.collect::<Result<_, DataError>>()?)?;
            self.holder.append_to(part, &batch)?;
        }
        Ok(())
    }
}

fn with_types(schema: &SchemaRef, columns: &[ArrayRef]) -> SchemaRef {
    let fields = schema.fields().iter().zip(columns);
    let fields = fields.map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The rows of each part.
fn parts(ids: &ArrayRef, n_parts: usize) -> Result<Vec<Vec<u32>>, DataError> {
    let mut parts: Vec<Vec<u32>> = vec![Vec::with_capacity(ids.len() / n_parts * 9 / 8); n_parts];
    let mut deal = |row: usize, mixing: Mixing| parts[(mixing.finish() % n_parts as u64) as usize].push(row as u32);
    if let Some(numbers) = ids.as_primitive_opt::<Int64Type>() {
        for (row, number) in numbers.iter().enumerate() {
            let mut mixing = Mixing::default();
            mixing.add(number.unwrap_or(-1).cast_unsigned());
            deal(row, mixing);
        }
    } else {
        let texts = cast(ids, &DataType::Utf8)?;
        for (row, text) in texts.as_string::<i32>().iter().enumerate() {
            let mut mixing = Mixing::default();
            mixing.add_bytes(text.unwrap_or_default().as_bytes());
            deal(row, mixing);
        }
    }
    Ok(parts)
}

/// The cells of several batches in one array; codes with few values get one list of values, and stay codes.
fn one(arrays: &[&ArrayRef]) -> Result<ArrayRef, DataError> {
    if arrays.iter().all(|array| array.logical_null_count() == array.len()) {
        let n_rows = arrays.iter().map(|array| array.len()).sum();
        return Ok(new_null_array(arrays[0].data_type(), n_rows));
    }
    if let Some(coded) = one_list(arrays)? {
        return Ok(coded);
    }
    let plain = arrays.iter().map(|array| match array.data_type() {
        DataType::Dictionary(_, value) => cast(array, value),
        _ => Ok(Arc::clone(array)),
    });
    let plain = plain.collect::<Result<Vec<_>, _>>()?;
    let plain: Vec<&dyn Array> = plain.iter().map(|array| array.as_ref() as &dyn Array).collect();
    Ok(concat(&plain)?)
}

/// None where the arrays are no codes of texts, or of more values than a byte tells apart.
fn one_list(arrays: &[&ArrayRef]) -> Result<Option<ArrayRef>, DataError> {
    let mut list = List::default();
    let n_rows = arrays.iter().map(|array| array.len()).sum();
    let (mut codes, mut nulls) = (Vec::with_capacity(n_rows), NullBufferBuilder::new(n_rows));
    for array in arrays {
        let Some(coded) = array.as_dictionary_opt::<UInt16Type>() else {
            return Ok(None);
        };
        let Some(own) = coded
            .values()
            .as_string_opt::<i32>()
            .and_then(|texts| list.codes_of(texts))
        else {
            return Ok(None);
        };
        // An empty cell has any code; none of the values may be there to have one.
        let keys = coded.keys().values().iter();
        codes.extend(keys.map(|key| own.get(usize::from(*key)).copied().unwrap_or_default()));
        match array.logical_nulls() {
            None => nulls.append_n_non_nulls(array.len()),
            Some(own) => nulls.append_buffer(&own),
        }
    }
    let keys = UInt8Array::new(codes.into(), nulls.finish());
    Ok(Some(Arc::new(DictionaryArray::try_new(
        keys,
        Arc::new(StringArray::from(list.values)),
    )?)))
}

/// Texts by their codes.
#[derive(Default)]
struct List<'texts> {
    known: HashMap<&'texts str, u8, BuildHasherDefault<Mixing>>,
    values: Vec<&'texts str>,
}

impl<'texts> List<'texts> {
    /// None where there are too many.
    fn codes_of(&mut self, texts: &'texts StringArray) -> Option<Vec<u8>> {
        let code = |text: Option<&'texts str>| {
            let text = text.unwrap_or_default();
            if let Some(code) = self.known.get(text) {
                return Some(*code);
            }
            let code = u8::try_from(self.values.len()).ok()?;
            self.known.insert(text, code);
            self.values.push(text);
            Some(code)
        };
        texts.iter().map(code).collect()
    }
}

/// Some rows of a column; codes keep the one list of their values.
fn taken(column: &ArrayRef, rows: &UInt32Array) -> Result<ArrayRef, DataError> {
    if column.logical_null_count() == column.len() {
        return Ok(new_null_array(column.data_type(), rows.len()));
    }
    Ok(take(column, rows, None)?)
}
