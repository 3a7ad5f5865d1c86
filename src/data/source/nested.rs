//! Nested Arrow columns as flat ones: records become `outer.inner`, lists of keys with values and maps become `outer.key`.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::super::DataError;

/// Beyond this many keys a map is a document, not columns.
const MOST_KEYS: usize = 500;

pub(super) fn flattened(batch: &RecordBatch) -> Result<RecordBatch, DataError> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        flatten(&mut columns, field.name(), array);
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn flatten(columns: &mut Vec<(String, ArrayRef)>, name: &str, array: &ArrayRef) {
    match array.data_type() {
        DataType::Struct(fields) => {
            let records = array.as_struct();
            for (field, inner) in fields.iter().zip(records.columns()) {
                flatten(columns, &format!("{name}.{}", field.name()), &masked(records, inner));
            }
        }
        DataType::List(_) => {
            let lists = array.as_list::<i32>();
            if let Some(entries) = lists.values().as_struct_opt() {
                pairs(columns, name, lists.offsets(), entries);
            }
        }
        DataType::Map(..) => {
            let maps = array.as_map();
            pairs(columns, name, maps.offsets(), maps.entries());
        }
        DataType::FixedSizeBinary(16) => {
            let texts: StringArray = array.as_fixed_size_binary().iter().map(|id| id.map(uuid)).collect();
            columns.push((name.to_owned(), Arc::new(texts)));
        }
        kind if kind.is_numeric()
            || matches!(
                kind,
                DataType::Utf8 | DataType::Timestamp(..) | DataType::Date32 | DataType::Date64
            ) =>
        {
            columns.push((name.to_owned(), Arc::clone(array)));
        }
        _ => {
            // What cannot be text (an image, a list of lists) has no role and is left out.
            if let Ok(text) = cast(array, &DataType::Utf8) {
                columns.push((name.to_owned(), text));
            }
        }
    }
}

/// A member of a record is null where the record is.
fn masked(records: &StructArray, inner: &ArrayRef) -> ArrayRef {
    let Some(record_nulls) = records.nulls() else {
        return Arc::clone(inner);
    };
    let data = inner.to_data();
    let nulls = datafusion::arrow::buffer::NullBuffer::union(Some(record_nulls), inner.nulls());
    match data.into_builder().nulls(nulls).build() {
        Ok(data) => datafusion::arrow::array::make_array(data),
        Err(_) => Arc::clone(inner),
    }
}

/// Analytics exports keep parameters as a list of keys, each with one value of several possible types.
fn pairs(columns: &mut Vec<(String, ArrayRef)>, name: &str, offsets: &OffsetBuffer<i32>, entries: &StructArray) {
    let [keys, values] = entries.columns() else {
        return;
    };
    let (Ok(keys), Some(values)) = (cast(keys, &DataType::Utf8), scalars(values)) else {
        return;
    };
    let keys = keys.as_string::<i32>();
    let n_rows = offsets.len() - 1;
    let mut found: BTreeMap<&str, Vec<Option<&str>>> = BTreeMap::new();
    for (row, range) in offsets.windows(2).enumerate() {
        for place in range[0]..range[1] {
            let place = usize::try_from(place).unwrap_or_default();
            let value = values
                .iter()
                .find_map(|texts| texts.is_valid(place).then(|| texts.value(place)));
            if keys.is_null(place) || (found.len() == MOST_KEYS && !found.contains_key(keys.value(place))) {
                continue;
            }
            let cells = found.entry(keys.value(place)).or_insert_with(|| vec![None; n_rows]);
            cells[row] = cells[row].or(value);
        }
    }
    for (key, cells) in found {
        columns.push((format!("{name}.{key}"), Arc::new(StringArray::from(cells))));
    }
}

/// A value of any of several types as texts, of which at most one is filled; `None` when there is no text for it.
fn scalars(values: &ArrayRef) -> Option<Vec<StringArray>> {
    let alternatives: Vec<&ArrayRef> = match values.as_struct_opt() {
        Some(record) => record.columns().iter().collect(),
        None => vec![values],
    };
    let texts: Vec<StringArray> = alternatives
        .into_iter()
        .filter_map(|array| Some(cast(array, &DataType::Utf8).ok()?.as_string::<i32>().clone()))
        .collect();
    (!texts.is_empty()).then_some(texts)
}

/// Sixteen bytes as an id is written.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}
