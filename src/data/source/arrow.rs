//! Arrow's own format: a file with its index at the end (Feather is the same), or a stream.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::reader::{FileReader, StreamReader};

use super::super::DataError;
use super::{SourceFile, nested, unpack};

pub(super) fn read(file: &SourceFile) -> Result<Vec<RecordBatch>, DataError> {
    let failed = |why: String| DataError::Unreadable {
        path: PathBuf::from(&file.shown),
        why,
    };
    let batches = batches(&file.path).map_err(|error| failed(error.to_string()))?;
    batches.iter().map(nested::flattened).collect()
}

fn batches(path: &Path) -> Result<Vec<RecordBatch>, ArrowError> {
    let plain = unpack::plain(path)?;
    let mut file = File::open(plain.path())?;
    let mut mark = [0; 6];
    let is_file = file.read(&mut mark)? == mark.len() && &mark == b"ARROW1";
    file.rewind()?;
    let bytes = BufReader::with_capacity(1 << 16, file);
    if is_file {
        FileReader::try_new(bytes, None)?.collect()
    } else {
        StreamReader::try_new(bytes, None)?.collect()
    }
}
