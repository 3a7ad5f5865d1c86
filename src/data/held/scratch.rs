//! Files without a name: whatever ends the program, they are gone. Also what the query engine spills into.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::spill_file::{SpillFile, SpillWriter, TempFileFactory};
use futures::Stream;

use super::super::DataError;

/// How much of a spilled file is read at once.
const PIECE: u64 = 1 << 18;

/// Bytes in the folder for temporary files.
#[derive(Debug)]
pub(super) struct Scratch {
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    end: u64,
}

/// Where some bytes are in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    at: u64,
    n_bytes: u64,
}

impl Scratch {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            open: Mutex::new(Open {
                file: tempfile::tempfile()?,
                end: 0,
            }),
        })
    }

    pub(super) fn append(&self, bytes: &[u8]) -> io::Result<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let at = open.end;
        open.file.seek(SeekFrom::Start(at))?;
        open.file.write_all(bytes)?;
        open.end += bytes.len() as u64;
        Ok(Place {
            at,
            n_bytes: bytes.len() as u64,
        })
    }

    pub(super) fn read(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(place.n_bytes).map_err(io::Error::other)?];
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.file.seek(SeekFrom::Start(place.at))?;
        open.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn end(&self) -> u64 {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).end
    }
}

/// Why rows could not be set aside.
pub(super) fn lost(error: &io::Error) -> DataError {
    DataError::Scratch {
        folder: std::env::temp_dir(),
        why: error.to_string(),
    }
}

/// The query engine's own temporary files.
pub(crate) struct Spills;

impl TempFileFactory for Spills {
    fn create_temp_file(&self, _description: &str) -> Result<Arc<dyn SpillFile>> {
        let scratch = Scratch::new().map_err(|error| DataFusionError::External(Box::new(lost(&error))))?;
        Ok(Arc::new(Spilled(Arc::new(scratch))))
    }
}

struct Spilled(Arc<Scratch>);

impl SpillFile for Spilled {
    fn size(&self) -> Option<u64> {
        Some(self.0.end())
    }

    fn read_stream(&self) -> Result<Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>> {
        let scratch = Arc::clone(&self.0);
        let end = scratch.end();
        let pieces = (0..end.div_ceil(PIECE)).map(move |piece| {
            let at = piece * PIECE;
            let n_bytes = PIECE.min(end - at);
            let bytes = scratch.read(Place { at, n_bytes });
            bytes.map(Bytes::from).map_err(DataFusionError::IoError)
        });
        Ok(Box::pin(futures::stream::iter(pieces)))
    }

    fn open_writer(&self) -> Result<Box<dyn SpillWriter>> {
        Ok(Box::new(Writer(Arc::clone(&self.0))))
    }
}

struct Writer(Arc<Scratch>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpillWriter for Writer {
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;

    #[test]
    fn bytes_come_back_from_their_places() {
        let scratch = Scratch::new().unwrap();
        let first = scratch.append(b"first").unwrap();
        let second = scratch.append(b"second").unwrap();
        assert_eq!(scratch.read(second).unwrap(), b"second");
        assert_eq!(scratch.read(first).unwrap(), b"first");
    }

    #[tokio::test]
    async fn what_the_engine_spills_is_read_in_order_and_in_pieces() {
        let spilled = Spills.create_temp_file("test").unwrap();
        let written: Vec<u8> = (0..700_000_u32).map(|number| (number % 251) as u8).collect();
        let mut writer = spilled.open_writer().unwrap();
        for part in written.chunks(100_000) {
            writer.write_all(part).unwrap();
        }
        writer.finish().unwrap();
        let pieces: Vec<Bytes> = spilled.read_stream().unwrap().try_collect().await.unwrap();
        assert!(pieces.len() > 1);
        assert_eq!(pieces.concat(), written);
        assert_eq!(spilled.size(), Some(700_000));
    }
}
