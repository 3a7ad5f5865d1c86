//! Text rows gathered into Arrow batches of text columns, with a column set that may grow while reading.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayBuilder, ArrayRef, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::super::DataError;
use super::super::held::CHUNK_ROWS;

#[derive(Default)]
pub(crate) struct TextColumns {
    names: Vec<String>,
    index: HashMap<String, usize>,
    builders: Vec<StringBuilder>,
    n_rows: usize,
}

impl TextColumns {
    pub(crate) fn column(&mut self, name: &str) -> usize {
        if let Some(&column) = self.index.get(name) {
            return column;
        }
        let mut builder = StringBuilder::new();
        (0..self.n_rows).for_each(|_| builder.append_null());
        self.builders.push(builder);
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// One cell of the row that is being written; the empty text is null.
    pub(crate) fn put(&mut self, column: usize, cell: &str) {
        // A name that a record holds twice keeps its first value.
        if self.builders[column].len() > self.n_rows {
            return;
        }
        if cell.is_empty() {
            self.builders[column].append_null();
        } else {
            self.builders[column].append_value(cell);
        }
    }

    /// A row with a cell for each column, in their order. Many rows make a batch.
    pub(crate) fn row<'cells>(
        &mut self,
        cells: impl Iterator<Item = &'cells str>,
    ) -> Result<Option<RecordBatch>, DataError> {
        for (builder, cell) in self.builders.iter_mut().zip(cells) {
            if cell.is_empty() {
                builder.append_null();
            } else {
                builder.append_value(cell);
            }
        }
        self.ended()
    }

    /// Ends the row: columns that got no cell are null in it. Many rows make a batch.
    pub(crate) fn end_row(&mut self) -> Result<Option<RecordBatch>, DataError> {
        for builder in &mut self.builders {
            if builder.len() <= self.n_rows {
                builder.append_null();
            }
        }
        self.ended()
    }

    fn ended(&mut self) -> Result<Option<RecordBatch>, DataError> {
        self.n_rows += 1;
        if self.n_rows == CHUNK_ROWS {
            self.rest()
        } else {
            Ok(None)
        }
    }

    /// The rows that are no whole batch yet.
    pub(crate) fn rest(&mut self) -> Result<Option<RecordBatch>, DataError> {
        if self.n_rows == 0 {
            return Ok(None);
        }
        let fields: Vec<Field> = self
            .names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, true))
            .collect();
        let arrays: Vec<ArrayRef> = self
            .builders
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef)
            .collect();
        self.n_rows = 0;
        Ok(Some(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?))
    }
}
