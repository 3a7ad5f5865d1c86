//! A JSON Schema: there, well-formed, and within the parts of JSON Schema that the program itself reads.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Faults;
use crate::prompt::{Origin, Prompts};

/// `wanted` is the property from which the program reads a verdict; empty for none.
pub(super) fn schema(prompts: &Prompts, name: Option<&str>, line: usize, wanted: &str, faults: &mut Faults<'_>) {
    let Some(name) = name else { return };
    let found = match prompts.files.find(name) {
        Ok(Some(found)) => found,
        Ok(None) => return faults.add(line, format!("there is no schema `{}`", name.escape_debug())),
        Err(why) => return faults.add(line, why),
    };
    let file = match &found.origin {
        Origin::BuiltIn => name.to_owned(),
        Origin::File(path) => path.display().to_string(),
    };
    let value: Value = match serde_json::from_str(&found.text) {
        Ok(value) => value,
        Err(error) => return faults.add_in(file, error.line().max(1), format!("no valid JSON: {error}")),
    };
    let mut wrong = BTreeMap::new();
    judge_schema(&value, &value, "schema", &mut wrong);
    if value["type"] != "object" {
        wrong.insert(
            "schema".to_owned(),
            "must describe an object (`\"type\": \"object\"`)".to_owned(),
        );
    }
    if !wanted.is_empty() && value["properties"].get(wanted).is_none() {
        wrong.insert(
            "schema.properties".to_owned(),
            format!("needs `{wanted}`, from which the program reads the verdict"),
        );
    }
    for (place, why) in wrong {
        let last = place.rsplit('.').next().unwrap_or_default();
        let line = found
            .text
            .lines()
            .position(|line| line.contains(&format!("\"{last}\"")));
        faults.add_in(
            file.clone(),
            line.map_or(1, |index| index + 1),
            format!("{place}: {why}"),
        );
    }
}

const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];

/// The parts of JSON Schema that the program itself reads.
fn judge_schema(root: &Value, schema: &Value, place: &str, wrong: &mut BTreeMap<String, String>) {
    let Value::Object(keys) = schema else {
        if !schema.is_boolean() {
            wrong.insert(place.to_owned(), "must be an object".to_owned());
        }
        return;
    };
    let types: Vec<&Value> = match keys.get("type") {
        Some(Value::Array(types)) => types.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for name in types {
        if !name.as_str().is_some_and(|name| TYPES.contains(&name)) {
            wrong.insert(format!("{place}.type"), format!("{name} is no type of JSON Schema"));
        }
    }
    if let Some(Value::Array(required)) = keys.get("required") {
        for name in required {
            let known = name
                .as_str()
                .is_some_and(|name| schema["properties"].get(name).is_some());
            if !known {
                wrong.insert(
                    format!("{place}.required"),
                    format!("{name} is required and not among the properties"),
                );
            }
        }
    } else if keys.contains_key("required") {
        wrong.insert(format!("{place}.required"), "must be a list of names".to_owned());
    }
    if let Some(Value::String(reference)) = keys.get("$ref") {
        let found = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        if found.is_none() {
            wrong.insert(format!("{place}.$ref"), format!("`{reference}` leads nowhere"));
        }
    }
    if keys
        .get("enum")
        .is_some_and(|values| values.as_array().is_none_or(Vec::is_empty))
    {
        wrong.insert(
            format!("{place}.enum"),
            "must be a list with at least one value".to_owned(),
        );
    }
    for group in ["properties", "$defs"] {
        match keys.get(group) {
            Some(Value::Object(parts)) => {
                for (name, part) in parts {
                    judge_schema(root, part, &format!("{place}.{name}"), wrong);
                }
            }
            Some(_) => drop(wrong.insert(format!("{place}.{group}"), "must be an object".to_owned())),
            None => {}
        }
    }
    if let Some(items) = keys.get("items") {
        judge_schema(root, items, &format!("{place}.items"), wrong);
    }
}
