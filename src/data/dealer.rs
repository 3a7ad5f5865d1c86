//! Deals rows into parts by the text in one column, so that what is asked of single users can be asked of one part after the other.

use std::hash::Hasher as _;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, interleave_record_batch};
use datafusion::arrow::datatypes::DataType;

use super::DataError;
use super::distinct::Mixing;
use super::held::{Held, Holder};

/// Dealt at once: parts then hold thousands of rows in a row.
const ROWS_AT_ONCE: usize = 1 << 18;

pub(super) struct Dealer {
    holder: Holder,
    /// The column that decides.
    by: usize,
    n_parts: usize,
    waiting: Vec<RecordBatch>,
    n_waiting: usize,
}

impl Dealer {
    pub(super) fn new(holder: Holder, by: usize, n_parts: usize) -> Self {
        Self {
            holder,
            by,
            n_parts: n_parts.max(1),
            waiting: Vec::new(),
            n_waiting: 0,
        }
    }

    pub(super) fn append(&mut self, batch: RecordBatch) -> Result<(), DataError> {
        if self.n_parts == 1 {
            return self.holder.append(&batch);
        }
        self.n_waiting += batch.num_rows();
        self.waiting.push(batch);
        if self.n_waiting < ROWS_AT_ONCE {
            return Ok(());
        }
        self.deal()
    }

    pub(super) fn finish(mut self) -> Result<Held, DataError> {
        self.deal()?;
        Ok(self.holder.finish())
    }

    fn deal(&mut self) -> Result<(), DataError> {
        let mut rows: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.n_parts];
        for (which, batch) in self.waiting.iter().enumerate() {
            let texts = cast(batch.column(self.by), &DataType::Utf8)?;
            for (row, text) in texts.as_string::<i32>().iter().enumerate() {
                rows[self.part_of(text)].push((which, row));
            }
        }
        let batches: Vec<&RecordBatch> = self.waiting.iter().collect();
        for (part, rows) in rows.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            self.holder.append_to(part, &interleave_record_batch(&batches, rows)?)?;
        }
        self.waiting.clear();
        self.n_waiting = 0;
        Ok(())
    }

    fn part_of(&self, text: Option<&str>) -> usize {
        let mut mixing = Mixing::default();
        mixing.add_bytes(text.unwrap_or_default().as_bytes());
        (mixing.finish() % self.n_parts as u64) as usize
    }
}
