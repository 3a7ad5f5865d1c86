//! Rows of several files as one table, columns matched by name.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::super::DataError;
use super::SourceFile;
use super::kind::Kind;

/// Adds the columns that the file's folders say; what the file itself says of such a column counts.
pub(super) fn with_partitions(file: &SourceFile, batch: RecordBatch) -> Result<RecordBatch, DataError> {
    if file.partitions.is_empty() {
        return Ok(batch);
    }
    let schema = batch.schema();
    let own: HashSet<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let mut arrays: Vec<ArrayRef> = batch.columns().to_vec();
    for (name, value) in &file.partitions {
        if !own.contains(name.as_str()) {
            let value = (!value.is_empty()).then_some(value.as_str());
            let cells: StringArray = std::iter::repeat_n(value, batch.num_rows()).collect();
            fields.push(Field::new(name, DataType::Utf8, true));
            arrays.push(Arc::new(cells));
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

/// Which files lack which of the columns, in words; `columns` are those of each file.
pub(super) fn lacking(files: &[SourceFile], columns: &[BTreeSet<String>], all: &[&str]) -> Vec<String> {
    let mut notes = Vec::new();
    for (file, own) in files.iter().zip(columns) {
        let missing: Vec<&str> = all.iter().copied().filter(|name| !own.contains(*name)).collect();
        if !own.is_empty() && !missing.is_empty() && file.kind != Kind::JsonLines {
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
    notes
}
