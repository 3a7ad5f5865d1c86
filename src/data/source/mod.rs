//! Files in, one raw table out: typed batches as they stand, nothing interpreted. Never heard of roles or days.

mod columns;
mod delimited;
mod files;
mod json;
mod parquet;

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::{Array, RecordBatch, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use sha2::{Digest, Sha256};

use super::DataError;
use columns::TextColumns;
use files::{Kind, SourceFile};

const KEPT_PLACES: usize = 20;

/// All rows of all files, columns matched by name.
pub(crate) struct Raw {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) files: Vec<String>,
    pub(crate) fingerprint: String,
    pub(crate) bad_rows: u64,
    pub(crate) bad_row_places: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl Raw {
    pub(crate) fn n_rows(&self) -> u64 {
        self.batches.iter().map(|batch| batch.num_rows() as u64).sum()
    }
}

/// What is learned on the way through the files.
#[derive(Default)]
struct Tally {
    bad_rows: u64,
    places: Vec<String>,
    replaced: u64,
}

impl Tally {
    fn bad(&mut self, file: &str, line: u64) {
        self.bad_rows += 1;
        if self.places.len() < KEPT_PLACES {
            self.places.push(format!("{file}:{line}"));
        }
    }
}

pub(crate) async fn read(sources: &[String], max_bad_rows: u64) -> Result<Raw, DataError> {
    let files = files::expand(sources)?;
    let mut tally = Tally::default();
    let mut hasher = Sha256::new();
    let mut parts = Vec::new();
    for file in &files {
        let batches = match file.kind {
            Kind::Parquet => parquet::read(&file.path, &mut hasher).await?,
            _ => text(file, &mut hasher, &mut tally)?,
        };
        parts.push(batches);
    }
    if tally.bad_rows > max_bad_rows {
        return Err(DataError::TooManyBadRows {
            bad_rows: tally.bad_rows,
            allowed: max_bad_rows,
            places: tally.places.into_iter().take(3).collect(),
        });
    }
    let (schema, batches, notes) = one_table(&files, parts)?;
    let mut raw = Raw {
        schema,
        batches,
        files: files.iter().map(|file| file.shown.clone()).collect(),
        fingerprint: hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        bad_rows: tally.bad_rows,
        bad_row_places: tally.places,
        notes,
    };
    if tally.replaced > 0 {
        raw.notes.push(format!(
            "{} cells are not UTF-8; their unreadable bytes were replaced",
            tally.replaced
        ));
    }
    if raw.n_rows() == 0 {
        return Err(DataError::Empty(raw.files.join(", ")));
    }
    Ok(raw)
}

fn unreadable(path: &Path, error: io::Error) -> DataError {
    DataError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

fn text(file: &SourceFile, hasher: &mut Sha256, tally: &mut Tally) -> Result<Vec<RecordBatch>, DataError> {
    let lost = |error| unreadable(&file.path, error);
    let shared = Arc::new(Mutex::new(std::mem::take(hasher)));
    let packed = Hashing {
        inner: std::fs::File::open(&file.path).map_err(lost)?,
        hasher: Arc::clone(&shared),
    };
    let bytes = files::unpacked(packed).and_then(utf8).map_err(lost)?;
    let result = match file.kind {
        Kind::JsonLines => json_lines(bytes, file, tally),
        Kind::JsonArray => json_array(bytes, file),
        _ => delimited(bytes, file, tally),
    };
    if let Ok(filled) = shared.lock() {
        *hasher = filled.clone();
    }
    result
}

/// Passes bytes on and adds them to the fingerprint.
struct Hashing<R> {
    inner: R,
    hasher: Arc<Mutex<Sha256>>,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        if let Ok(mut hasher) = self.hasher.lock() {
            hasher.update(&buffer[..n_read]);
        }
        Ok(n_read)
    }
}

/// Drops a byte order mark; UTF-16 with a mark becomes UTF-8.
fn utf8(mut bytes: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut mark = Vec::new();
    bytes.by_ref().take(3).read_to_end(&mut mark)?;
    let little = mark.starts_with(&[0xff, 0xfe]);
    if little || mark.starts_with(&[0xfe, 0xff]) {
        let mut rest = mark[2..].to_vec();
        bytes.read_to_end(&mut rest)?;
        let units = rest.chunks_exact(2).map(|pair| {
            let pair = [pair[0], pair[1]];
            if little {
                u16::from_le_bytes(pair)
            } else {
                u16::from_be_bytes(pair)
            }
        });
        let text: String = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        return Ok(Box::new(io::Cursor::new(text.into_bytes())));
    }
    if mark == [0xef, 0xbb, 0xbf] {
        mark.clear();
    }
    Ok(Box::new(io::Cursor::new(mark).chain(bytes)))
}

fn delimited(bytes: impl Read, file: &SourceFile, tally: &mut Tally) -> Result<Vec<RecordBatch>, DataError> {
    let lost = |error| unreadable(&file.path, error);
    let Some(mut reader) = delimited::Reader::new(bytes).map_err(lost)? else {
        return Err(DataError::Empty(file.shown.clone()));
    };
    let mut columns = TextColumns::default();
    for name in reader.header.clone() {
        columns.column(&name);
    }
    while let Some(row) = reader.next().map_err(lost)? {
        match row {
            delimited::Row::Cells => {
                for (column, cell) in reader.cells().iter().enumerate() {
                    columns.put(column, cell);
                }
                columns.end_row()?;
            }
            delimited::Row::Bad(line) => tally.bad(&file.shown, line),
        }
    }
    tally.replaced += reader.replaced;
    columns.finish()
}

fn json_lines(bytes: impl Read, file: &SourceFile, tally: &mut Tally) -> Result<Vec<RecordBatch>, DataError> {
    let mut columns = TextColumns::default();
    let mut reader = BufReader::with_capacity(1 << 16, bytes);
    let mut line = Vec::new();
    let mut number = 0;
    while reader
        .read_until(b'\n', &mut line)
        .map_err(|error| unreadable(&file.path, error))?
        > 0
    {
        number += 1;
        let text = String::from_utf8_lossy(&line);
        tally.replaced += u64::from(matches!(text, std::borrow::Cow::Owned(_)));
        if !text.trim().is_empty() {
            let added = match serde_json::from_str(&text) {
                Ok(record) => json::add(&mut columns, &record)?,
                Err(_) => false,
            };
            if !added {
                tally.bad(&file.shown, number);
            }
        }
        line.clear();
    }
    columns.finish()
}

fn json_array(mut bytes: impl Read, file: &SourceFile) -> Result<Vec<RecordBatch>, DataError> {
    let mut text = Vec::new();
    bytes
        .read_to_end(&mut text)
        .map_err(|error| unreadable(&file.path, error))?;
    let records: Vec<serde_json::Value> = serde_json::from_slice(&text).map_err(|error| DataError::Unreadable {
        path: file.path.clone(),
        why: format!("not a JSON array of records: {error}"),
    })?;
    let mut columns = TextColumns::default();
    for record in &records {
        json::add(&mut columns, record)?;
    }
    columns.finish()
}

/// Matches columns by name over all batches; a column that a file lacks is null there.
fn one_table(
    files: &[SourceFile],
    parts: Vec<Vec<RecordBatch>>,
) -> Result<(SchemaRef, Vec<RecordBatch>, Vec<String>), DataError> {
    let mut fields: Vec<Field> = Vec::new();
    for batch in parts.iter().flatten() {
        for field in batch.schema().fields() {
            match fields.iter_mut().find(|known| known.name() == field.name()) {
                Some(known) if known.data_type() == field.data_type() => {}
                Some(known) => *known = Field::new(field.name(), DataType::Utf8, true),
                None => fields.push(Field::new(field.name(), field.data_type().clone(), true)),
            }
        }
    }
    let mut notes = Vec::new();
    for (file, part) in files.iter().zip(&parts) {
        let Some(batch) = part.last() else { continue };
        let missing: Vec<&str> = fields
            .iter()
            .map(|field| field.name().as_str())
            .filter(|name| batch.schema().column_with_name(name).is_none())
            .collect();
        if !missing.is_empty() && file.kind != Kind::JsonLines {
            notes.push(format!(
                "{} has no column {}; it is empty there",
                file.shown,
                missing.join(", ")
            ));
        }
    }
    if notes.len() > 5 {
        let n_more = notes.len() - 5;
        notes.truncate(5);
        notes.push(format!("{n_more} more files lack columns"));
    }
    let schema = Arc::new(Schema::new(fields));
    let batches = parts
        .into_iter()
        .flatten()
        .map(|batch| aligned(&schema, &batch))
        .collect::<Result<_, _>>()?;
    Ok((schema, batches, notes))
}

fn aligned(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let arrays = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(array) if array.data_type() == field.data_type() => Ok(Arc::clone(array)),
            Some(array) => cast(array, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}
