//! JSON records as flat rows: nested objects become `outer.inner` columns.

use serde_json::Value;

use super::super::DataError;
use super::columns::TextColumns;

/// Adds one record; false when the value is not an object.
pub(crate) fn add(columns: &mut TextColumns, record: &Value) -> Result<bool, DataError> {
    let Value::Object(_) = record else {
        return Ok(false);
    };
    flatten(columns, "", record);
    columns.end_row()?;
    Ok(true)
}

fn flatten(columns: &mut TextColumns, name: &str, value: &Value) {
    let text = match value {
        Value::Object(members) => {
            for (key, member) in members {
                let name = if name.is_empty() {
                    key.clone()
                } else {
                    format!("{name}.{key}")
                };
                flatten(columns, &name, member);
            }
            return;
        }
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let column = columns.column(name);
    columns.put(column, &text);
}
