//! Parquet, batch by batch; a packed file is unpacked to a temporary one first.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaData;

use super::super::DataError;
use super::super::held::CHUNK_ROWS;
use super::{Sink, SourceFile, nested, unpack};

/// A text column that takes less than so many bytes a row is a list of values and the places where they stand.
const MOST_CODED_BYTES: i64 = 3;

pub(super) fn read(file: &SourceFile, sink: Sink<'_>) -> Result<(), DataError> {
    let failed = |why: String| DataError::Unreadable {
        path: PathBuf::from(&file.shown),
        why,
    };
    let plain = unpack::plain(&file.path).map_err(|error| failed(error.to_string()))?;
    let metadata = ArrowReaderMetadata::load(&plain, ArrowReaderOptions::new());
    let metadata = metadata.and_then(coded).map_err(|error| failed(error.to_string()))?;
    let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(plain, metadata)
        .with_batch_size(CHUNK_ROWS)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    for batch in batches {
        let batch = batch.map_err(|error| failed(error.to_string()))?;
        sink(nested::flattened(&batch)?)?;
    }
    Ok(())
}

/// Text columns that the file holds as codes are read as codes: no text is made of them row by row.
fn coded(known: ArrowReaderMetadata) -> Result<ArrowReaderMetadata, ParquetError> {
    let fields = known.schema().fields().iter().map(|field| {
        if *field.data_type() == DataType::Utf8 && is_coded(known.metadata(), field.name()) {
            let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            Arc::new(Field::new(field.name(), coded, field.is_nullable()))
        } else {
            Arc::clone(field)
        }
    });
    let wanted: SchemaRef = Arc::new(Schema::new_with_metadata(
        fields.collect::<Vec<_>>(),
        known.schema().metadata().clone(),
    ));
    let options = ArrowReaderOptions::new().with_schema(wanted);
    ArrowReaderMetadata::try_new(Arc::clone(known.metadata()), options).or(Ok(known))
}

fn is_coded(metadata: &ParquetMetaData, column: &str) -> bool {
    let (mut n_bytes, mut n_rows) = (0, 0);
    for group in metadata.row_groups() {
        for chunk in group.columns() {
            if chunk.column_path().parts() == [column.to_owned()] {
                if chunk.dictionary_page_offset().is_none() {
                    return false;
                }
                n_bytes += chunk.uncompressed_size();
                n_rows += chunk.num_values();
            }
        }
    }
    n_bytes < n_rows.saturating_mul(MOST_CODED_BYTES)
}
