//! One JSON Schema, written the way each provider accepts it. What is left out here is checked again when the reply is read.

mod written;

use serde_json::{Map, Value, json};

pub(super) use written::written;

/// What a provider makes of a schema, as its documentation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// Strict mode: closed objects, every key required (an optional one becomes nullable), nothing beside a `$ref`, no `allOf`.
    /// Ranges and formats came later than strict mode and many compatible hosts refuse them: left out.
    OpenAi,
    /// Closed objects, optional keys allowed, no type lists, no ranges, `minItems` of 0 or 1, some formats.
    Anthropic,
    /// `responseJsonSchema`: ranges allowed, no `$schema`, no `const`, no closing of objects, nothing beside a `$ref`.
    Gemini,
}

/// The schema as sent, and whether the provider can enforce it strictly.
#[derive(Debug, Clone, PartialEq)]
struct Compiled {
    pub schema: Value,
    pub strict: bool,
}

fn compile(schema: &Value, rules: Rules) -> Compiled {
    let mut strict = true;
    let schema = node(schema, rules, &mut strict);
    Compiled { schema, strict }
}

const SHARED: [&str; 8] = [
    "type",
    "description",
    "title",
    "enum",
    "required",
    "$ref",
    "items",
    "anyOf",
];

fn keeps(rules: Rules, keyword: &str, value: &Value) -> bool {
    let more: &[&str] = match rules {
        Rules::OpenAi => &["const"],
        Rules::Anthropic => &["const", "format", "allOf", "minItems"],
        Rules::Gemini => &["format", "minItems", "maxItems", "minimum", "maximum", "prefixItems"],
    };
    let formats: &[&str] = match rules {
        Rules::OpenAi => &[],
        Rules::Anthropic => &[
            "date-time",
            "time",
            "date",
            "duration",
            "email",
            "hostname",
            "uri",
            "ipv4",
            "ipv6",
            "uuid",
        ],
        Rules::Gemini => &["date-time", "date", "time"],
    };
    match keyword {
        "format" => value.as_str().is_some_and(|name| formats.contains(&name)),
        "minItems" if rules == Rules::Anthropic => matches!(value.as_u64(), Some(0 | 1)),
        _ => SHARED.contains(&keyword) || more.contains(&keyword),
    }
}

fn node(schema: &Value, rules: Rules, strict: &mut bool) -> Value {
    let Some(schema) = schema.as_object() else {
        // `true` and `{}` say nothing: no provider can hold a model to that.
        *strict = false;
        return json!({});
    };
    let mut out = Map::new();
    if let Some(reference) = schema.get("$ref")
        && rules != Rules::Anthropic
    {
        out.insert("$ref".to_owned(), reference.clone());
        return Value::Object(out);
    }
    for (keyword, value) in schema {
        match keyword.as_str() {
            "properties" | "$defs" | "definitions" => {
                out.insert(keyword.clone(), each(value, rules, strict));
            }
            "items" if value.is_object() => {
                out.insert(keyword.clone(), node(value, rules, strict));
            }
            "oneOf" if rules != Rules::Gemini => {
                out.insert("anyOf".to_owned(), list(value, rules, strict));
            }
            "anyOf" | "oneOf" | "allOf" | "prefixItems" if keeps(rules, keyword, value) || keyword == "oneOf" => {
                out.insert(keyword.clone(), list(value, rules, strict));
            }
            "const" if rules == Rules::Gemini => {
                out.insert("enum".to_owned(), json!([value]));
            }
            _ if keeps(rules, keyword, value) => {
                out.insert(keyword.clone(), value.clone());
            }
            _ => {}
        }
    }
    const SHAPES: [&str; 7] = ["type", "enum", "const", "$ref", "anyOf", "allOf", "properties"];
    if !SHAPES.iter().any(|keyword| out.contains_key(*keyword)) {
        // Whatever gave it its shape cannot be said here.
        *strict = false;
    }
    if is_object(schema) {
        close(schema, &mut out, rules, strict);
    }
    if rules == Rules::Anthropic {
        split_type_list(&mut out);
    }
    Value::Object(out)
}

fn each(value: &Value, rules: Rules, strict: &mut bool) -> Value {
    let entries = value.as_object().into_iter().flatten();
    Value::Object(
        entries
            .map(|(name, schema)| (name.clone(), node(schema, rules, strict)))
            .collect(),
    )
}

fn list(value: &Value, rules: Rules, strict: &mut bool) -> Value {
    let schemas = value.as_array().into_iter().flatten();
    Value::Array(schemas.map(|schema| node(schema, rules, strict)).collect())
}

fn is_object(schema: &Map<String, Value>) -> bool {
    schema.contains_key("properties")
        || match schema.get("type") {
            Some(Value::String(name)) => name == "object",
            Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
            _ => false,
        }
}

/// Says which keys an object may have. A map with free keys cannot be said strictly.
fn close(schema: &Map<String, Value>, out: &mut Map<String, Value>, rules: Rules, strict: &mut bool) {
    let free_keys = match schema.get("additionalProperties") {
        Some(Value::Bool(free)) => *free && !schema.contains_key("properties"),
        Some(Value::Object(_)) => true,
        _ => !schema.contains_key("properties"),
    };
    if free_keys {
        *strict = false;
        if let Some(values @ Value::Object(_)) = schema.get("additionalProperties") {
            out.insert("additionalProperties".to_owned(), node(values, rules, strict));
        }
        return;
    }
    if rules == Rules::Gemini {
        return;
    }
    out.insert("additionalProperties".to_owned(), json!(false));
    if rules == Rules::OpenAi {
        require_all(out);
    }
}

fn require_all(out: &mut Map<String, Value>) {
    let required: Vec<String> = out
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let Some(Value::Object(properties)) = out.get_mut("properties") else {
        return;
    };
    for (name, property) in properties.iter_mut() {
        if !required.contains(name) {
            make_nullable(property);
        }
    }
    let names: Vec<Value> = properties.keys().map(|name| json!(name)).collect();
    out.insert("required".to_owned(), Value::Array(names));
}

fn make_nullable(property: &mut Value) {
    let nullable_type = match property.get("type") {
        Some(Value::String(name)) if name != "null" && property.get("enum").is_none() => Some(json!([name, "null"])),
        Some(Value::Array(names)) if names.iter().any(|name| name == "null") => return,
        _ => None,
    };
    match nullable_type {
        Some(types) => property["type"] = types,
        None => *property = json!({"anyOf": [property.take(), {"type": "null"}]}),
    }
}

/// `{"type": ["string", "null"], …}` as `{"anyOf": [{"type": "string", …}, {"type": "null"}]}`.
fn split_type_list(out: &mut Map<String, Value>) {
    let Some(Value::Array(names)) = out.get("type").cloned() else {
        return;
    };
    let description = out.remove("description");
    let branches: Vec<Value> = names
        .iter()
        .map(|name| match name.as_str() {
            Some("null") => json!({"type": "null"}),
            _ => {
                let mut branch = out.clone();
                branch.insert("type".to_owned(), name.clone());
                Value::Object(branch)
            }
        })
        .collect();
    out.clear();
    if let Some(description) = description {
        out.insert("description".to_owned(), description);
    }
    out.insert("anyOf".to_owned(), Value::Array(branches));
}

#[cfg(test)]
mod tests;
