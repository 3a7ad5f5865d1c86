//! Parquet through the engine's own reader; a packed file is unpacked to a temporary one first.

use std::fs::File;
use std::io;
use std::path::Path;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use sha2::{Digest, Sha256};
use std::sync::Arc;

use super::super::DataError;
use super::files;

pub(super) async fn read(path: &Path, hasher: &mut Sha256) -> Result<Vec<RecordBatch>, DataError> {
    let failed = |why: String| DataError::Unreadable {
        path: path.to_owned(),
        why,
    };
    let plain = prepare(path, hasher).map_err(|error| failed(error.to_string()))?;
    let location = plain.path().to_string_lossy().into_owned();
    let context = SessionContext::new();
    let options = ParquetReadOptions::default().file_extension("");
    let frame = context
        .read_parquet(location, options)
        .await
        .map_err(|error| failed(error.strip_backtrace()))?;
    let batches = frame.collect().await.map_err(|error| failed(error.strip_backtrace()))?;
    batches.iter().map(flattened).collect()
}

enum Plain {
    AsGiven(std::path::PathBuf),
    Unpacked(tempfile::NamedTempFile),
}

impl Plain {
    fn path(&self) -> &Path {
        match self {
            Self::AsGiven(path) => path,
            Self::Unpacked(file) => file.path(),
        }
    }
}

fn prepare(path: &Path, hasher: &mut Sha256) -> io::Result<Plain> {
    let mut bytes = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n_read = io::Read::read(&mut bytes, &mut buffer)?;
        if n_read == 0 {
            break;
        }
        hasher.update(&buffer[..n_read]);
    }
    if !files::is_packed(path)? {
        return Ok(Plain::AsGiven(path.canonicalize()?));
    }
    let mut file = tempfile::Builder::new().suffix(".parquet").tempfile()?;
    io::copy(&mut files::open(path)?, &mut file)?;
    Ok(Plain::Unpacked(file))
}

/// Nested records become `outer.inner` columns, like in JSON; lists and dictionaries become text.
fn flattened(batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        flatten(&mut columns, field.name(), array);
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn flatten(columns: &mut Vec<(String, ArrayRef)>, name: &str, array: &ArrayRef) {
    match array.data_type() {
        DataType::Struct(fields) => {
            for (field, inner) in fields.iter().zip(array.as_struct().columns()) {
                flatten(columns, &format!("{name}.{}", field.name()), inner);
            }
        }
        DataType::Utf8View
        | DataType::LargeUtf8
        | DataType::Dictionary(..)
        | DataType::Binary
        | DataType::BinaryView
        | DataType::Boolean => {
            // A column that cannot be text (an image, a list) has no role and is left out.
            if let Ok(text) = cast(array, &DataType::Utf8) {
                columns.push((name.to_owned(), text));
            }
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::Map(..) | DataType::FixedSizeList(..) => {}
        _ => columns.push((name.to_owned(), Arc::clone(array))),
    }
}
