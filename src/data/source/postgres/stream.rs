//! Text that arrives piece by piece, read into columns on a thread of its own while more arrives.

use std::io::{self, Read as _};
use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::super::super::DataError;
use super::super::super::held::{Held, Holder, Places};
use super::super::{ROW, Tally, delimited, text};

/// A server sends row by row; what goes from thread to thread is larger.
const PIECE: usize = 1 << 16;
const PIECES_WAITING: usize = 8;

pub(super) struct Read {
    pub(super) held: Held,
    pub(super) tally: Tally,
    pub(super) fingerprint: String,
}

/// Where pieces go in.
pub(super) struct Pipe {
    sender: mpsc::Sender<Vec<u8>>,
    filling: Vec<u8>,
}

/// The reader ended early; it says why itself.
pub(super) struct Closed;

impl Pipe {
    pub(super) async fn send(&mut self, piece: &[u8]) -> Result<(), Closed> {
        self.filling.extend_from_slice(piece);
        if self.filling.len() < PIECE {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.filling, Vec::with_capacity(PIECE + 1024));
        self.sender.send(full).await.map_err(|_| Closed)
    }

    pub(super) async fn close(self) {
        // A reader that ended early says why itself.
        let _ended_early = self.sender.send(self.filling).await;
    }
}

/// The last column of the header is the row's hash as the server made it.
pub(super) fn reader(
    header: Vec<String>,
    shown: String,
    places: Places,
) -> (Pipe, JoinHandle<Result<Read, DataError>>) {
    let (sender, receiver) = mpsc::channel(PIECES_WAITING);
    let pipe = Pipe {
        sender,
        filling: Vec::with_capacity(PIECE),
    };
    let arriving = Arriving {
        receiver,
        piece: Vec::new(),
        at: 0,
        hasher: Sha256::new(),
    };
    let reader = spawn_blocking(move || {
        let mut arriving = arriving;
        let mut tally = Tally::default();
        let rows = delimited::Reader::with_header(arriving.by_ref(), header, b',');
        let mut holder = Holder::new(&places);
        text::rows(rows, &shown, &mut tally, &mut |batch| holder.append(&hashed(&batch)?))?;
        let hash = arriving.hasher.finalize();
        Ok(Read {
            held: holder.finish(),
            tally,
            fingerprint: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    });
    (pipe, reader)
}

/// The hash as a number.
fn hashed(batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let (mut fields, mut columns) = (batch.schema().fields().to_vec(), batch.columns().to_vec());
    let (Some(_), Some(texts)) = (fields.pop(), columns.pop()) else {
        return Ok(batch.clone());
    };
    let hashes = texts.as_string::<i32>().iter();
    let hashes = hashes.map(|text| text.and_then(|text| text.parse::<i64>().ok()));
    columns.push(Arc::new(hashes.collect::<Int64Array>()));
    fields.push(Arc::new(Field::new(ROW, DataType::Int64, true)));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

struct Arriving {
    receiver: mpsc::Receiver<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    hasher: Sha256,
}

impl io::Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            let Some(piece) = self.receiver.blocking_recv() else {
                return Ok(0);
            };
            self.hasher.update(&piece);
            (self.piece, self.at) = (piece, 0);
        }
        let n_read = buffer.len().min(self.piece.len() - self.at);
        buffer[..n_read].copy_from_slice(&self.piece[self.at..self.at + n_read]);
        self.at += n_read;
        Ok(n_read)
    }
}
