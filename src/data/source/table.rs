//! Batches of several files as one table, columns matched by name.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, RecordBatch, StringArray, new_null_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::super::DataError;
use super::SourceFile;
use super::kind::Kind;

/// Adds the columns that the file's folders say; what the file itself says of such a column counts.
pub(super) fn with_partitions(file: &SourceFile, batches: Vec<RecordBatch>) -> Result<Vec<RecordBatch>, DataError> {
    if file.partitions.is_empty() {
        return Ok(batches);
    }
    batches
        .into_iter()
        .map(|batch| {
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
        })
        .collect()
}

/// All batches; a column that a file lacks is null there.
pub(super) fn one(
    files: &[SourceFile],
    parts: Vec<Vec<RecordBatch>>,
) -> Result<(SchemaRef, Vec<RecordBatch>, Vec<String>), DataError> {
    let mut fields: Vec<Field> = Vec::new();
    for batch in parts.iter().flatten() {
        for field in batch.schema().fields() {
            match fields.iter_mut().find(|known| known.name() == field.name()) {
                Some(known) if known.data_type() == field.data_type() => {}
                Some(known) => *known = Field::new(field.name(), DataType::Utf8, true),
                None => fields.push(Field::new(field.name(), field.data_type().clone(), true)),
            }
        }
    }
    let mut notes = Vec::new();
    for (file, part) in files.iter().zip(&parts) {
        let has = |name: &str| part.iter().any(|batch| batch.schema().column_with_name(name).is_some());
        let missing: Vec<&str> = fields
            .iter()
            .map(|field| field.name().as_str())
            .filter(|name| !has(name))
            .collect();
        if !part.is_empty() && !missing.is_empty() && file.kind != Kind::JsonLines {
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
    let schema = Arc::new(Schema::new(fields));
    let batches = parts
        .into_iter()
        .flatten()
        .map(|batch| aligned(&schema, &batch))
        .collect::<Result<_, _>>()?;
    Ok((schema, batches, notes))
}

fn aligned(schema: &SchemaRef, batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let arrays = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(array) if array.data_type() == field.data_type() => Ok(Arc::clone(array)),
            Some(array) => cast(array, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), arrays)?)
}
