//! Arrow's own format: a file with its index at the end (Feather is the same), or a stream.

use std::io::{BufReader, Read, Seek};
use std::path::PathBuf;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::{FileReader, StreamReader};

use super::super::DataError;
use super::{Sink, SourceFile, nested, unpack};

pub(super) fn read(file: &SourceFile, sink: Sink<'_>) -> Result<(), DataError> {
    let failed = |why: String| DataError::Unreadable {
        path: PathBuf::from(&file.shown),
        why,
    };
    for batch in batches(file).map_err(|error| failed(error.to_string()))? {
        let batch = batch.map_err(|error| failed(error.to_string()))?;
        sink(nested::flattened(&batch)?)?;
    }
    Ok(())
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

fn batches(file: &SourceFile) -> Result<Batches, ArrowError> {
    let mut file = unpack::plain(&file.path)?;
    let mut mark = [0; 6];
    let is_file = file.read(&mut mark)? == mark.len() && &mark == b"ARROW1";
    file.rewind()?;
    let bytes = BufReader::with_capacity(1 << 16, file);
    Ok(if is_file {
        Box::new(FileReader::try_new(bytes, None)?)
    } else {
        Box::new(StreamReader::try_new(bytes, None)?)
    })
}
