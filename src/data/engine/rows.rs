//! What a query gives, row by row, and how a query names things.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use jiff::civil::Date;

use super::super::{DataError, functions};

/// Integers, floats, texts and decimals only, so that a row can be read without knowing the engine's types.
pub(super) fn plain(batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let schema = batch.schema();
    let columns = batch.columns().iter().zip(schema.fields()).map(|(array, field)| {
        let kind = match array.data_type() {
            kind if kind.is_integer() => DataType::Int64,
            kind if kind.is_floating() => DataType::Float64,
            DataType::Decimal128(..) => return Ok((field.name().clone(), Arc::clone(array))),
            _ => DataType::Utf8,
        };
        Ok((field.name().clone(), cast(array, &kind)?))
    });
    let columns: Vec<(String, ArrayRef)> = columns.collect::<Result<_, DataError>>()?;
    if columns.is_empty() {
        return Ok(batch.clone());
    }
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    )?)
}

pub(crate) fn rows_of(batches: &[RecordBatch]) -> impl Iterator<Item = Row<'_>> {
    batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| Row { batch, row }))
}

pub(crate) struct Row<'batch> {
    batch: &'batch RecordBatch,
    row: usize,
}

impl Row<'_> {
    fn array(&self, column: &str) -> Option<&ArrayRef> {
        let array = self.batch.column_by_name(column);
        debug_assert!(array.is_some(), "the query has no column {column}");
        array.filter(|array| array.is_valid(self.row))
    }

    pub(crate) fn integer(&self, column: &str) -> Option<i64> {
        Some(self.array(column)?.as_primitive_opt::<Int64Type>()?.value(self.row))
    }

    pub(crate) fn count(&self, column: &str) -> u64 {
        self.integer(column)
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(0)
    }

    pub(crate) fn float(&self, column: &str) -> Option<f64> {
        Some(self.array(column)?.as_primitive_opt::<Float64Type>()?.value(self.row))
    }

    /// An amount in millionths.
    pub(crate) fn amount(&self, column: &str) -> Option<i128> {
        functions::amount_at(self.array(column)?, self.row)
    }

    pub(crate) fn text(&self, column: &str) -> Option<String> {
        Some(self.array(column)?.as_string_opt::<i32>()?.value(self.row).to_owned())
    }

    pub(crate) fn day(&self, column: &str) -> Option<Date> {
        self.integer(column).and_then(day_from_number)
    }
}

/// The calendar day a number of days after 1970-01-01.
pub(crate) fn day_from_number(number: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(number).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok()
}

pub(crate) fn number_of_day(day: Date) -> i64 {
    i64::from((day - Date::constant(1970, 1, 1)).get_days())
}

/// An SQL identifier, quoted so that it keeps its letters.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An SQL text.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
