//! What the mock says: the smallest JSON that is valid for the request's schema.

use serde_json::{Map, Value, json};

use crate::llm::types::Request;

/// The text of the reply. The same request always gets the same bytes.
pub fn answer(request: &Request) -> String {
    match &request.schema {
        Some(schema) => smallest(&schema.value, &schema.value, 0).to_string(),
        None => "The mock provider has nothing to say about this.".to_owned(),
    }
}

/// Deeper than any sane schema: a recursive one ends here.
const DEEPEST: usize = 32;

fn smallest(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return Value::Null;
    }
    if let Some(value) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
        return value.clone();
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or(&Value::Null);
        return smallest(target, root, depth + 1);
    }
    if let Some(branch) = ["anyOf", "oneOf", "allOf"]
        .iter()
        .find_map(|name| schema.get(name)?.get(0))
    {
        return smallest(branch, root, depth + 1);
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        Some(kind) => kind.as_str(),
        None if schema.get("properties").is_some() => Some("object"),
        None => None,
    };
    match kind {
        Some("object") => object(schema, root, depth),
        Some("array") => {
            let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
            let item = schema
                .get("items")
                .map_or(Value::Null, |items| smallest(items, root, depth + 1));
            Value::Array(vec![item; usize::try_from(least.min(16)).unwrap_or(0)])
        }
        Some("string") => json!("mock"),
        Some("integer") => json!(schema.get("minimum").and_then(Value::as_i64).unwrap_or(0)),
        Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(0)),
        Some("boolean") => json!(false),
        _ => Value::Null,
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let required = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let fields: Map<String, Value> = required
        .filter_map(Value::as_str)
        .map(|name| {
            let value = schema
                .get("properties")
                .and_then(|properties| properties.get(name))
                .map_or(Value::Null, |property| smallest(property, root, depth + 1));
            (name.to_owned(), value)
        })
        .collect();
    Value::Object(fields)
}
