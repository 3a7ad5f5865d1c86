//! JSON records as flat rows: nested objects become `outer.inner` columns, lists of keys with values become `outer.key`.

use serde_json::Value;

use super::columns::TextColumns;

/// Writes the cells of one record; false when the value is not an object.
pub(crate) fn add(columns: &mut TextColumns, record: &Value) -> bool {
    let Value::Object(_) = record else {
        return false;
    };
    flatten(columns, "", record);
    true
}

fn flatten(columns: &mut TextColumns, name: &str, value: &Value) {
    let text = match value {
        Value::Object(members) => {
            for (key, member) in members {
                flatten(columns, &below(name, key), member);
            }
            return;
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| pair(item).is_some()) => {
            for (key, value) in items.iter().filter_map(pair) {
                flatten(columns, &below(name, key), value);
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

fn below(name: &str, key: &str) -> String {
    if name.is_empty() {
        key.to_owned()
    } else {
        format!("{name}.{key}")
    }
}

/// `{"key":"plan","value":{"string_value":"pro","int_value":null}}`: analytics exports keep parameters so, one value of several types.
fn pair(item: &Value) -> Option<(&str, &Value)> {
    let members = item.as_object().filter(|members| members.len() == 2)?;
    let (key, value) = (members.get("key")?.as_str()?, members.get("value")?);
    let filled = match value {
        Value::Object(alternatives) => alternatives
            .values()
            .find(|value| !value.is_null())
            .unwrap_or(&Value::Null),
        scalar => scalar,
    };
    (!filled.is_array() && !filled.is_object()).then_some((key, filled))
}
