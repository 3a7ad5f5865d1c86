//! Parquet through the engine's own reader; a packed file is unpacked to a temporary one first.

use std::path::PathBuf;

use datafusion::arrow::array::RecordBatch;
use datafusion::prelude::{ParquetReadOptions, SessionContext};

use super::super::DataError;
use super::{SourceFile, nested, unpack};

pub(super) async fn read(file: &SourceFile) -> Result<Vec<RecordBatch>, DataError> {
    let failed = |why: String| DataError::Unreadable {
        path: PathBuf::from(&file.shown),
        why,
    };
    let plain = unpack::plain(&file.path).map_err(|error| failed(error.to_string()))?;
    let location = plain.path().to_string_lossy().into_owned();
    let context = SessionContext::new();
    let options = ParquetReadOptions::default().file_extension("");
    let frame = context
        .read_parquet(location, options)
        .await
        .map_err(|error| failed(error.strip_backtrace()))?;
    let batches = frame.collect().await.map_err(|error| failed(error.strip_backtrace()))?;
    batches.iter().map(nested::flattened).collect()
}
