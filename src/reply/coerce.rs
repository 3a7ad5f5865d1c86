//! Harmless differences from a schema, put right and named, so that a trivial fault does not cost another call.

use serde_json::{Map, Value};

use super::schema::{is_type, resolve, types, validate};

/// The value as the schema wants it where only the form was wrong, and the name of each change.
pub fn coerce(schema: &Value, value: &Value) -> (Value, Vec<String>) {
    let mut coercer = Coercer {
        root: schema,
        repairs: Vec::new(),
    };
    let value = coercer.value(schema, value.clone(), 0);
    (value, coercer.repairs)
}

struct Coercer<'a> {
    root: &'a Value,
    repairs: Vec<String>,
}

impl Coercer<'_> {
    fn note(&mut self, repair: &str) {
        if !self.repairs.iter().any(|known| known == repair) {
            self.repairs.push(repair.to_owned());
        }
    }

    fn value(&mut self, schema: &Value, value: Value, depth: usize) -> Value {
        if depth > 128 {
            return value;
        }
        let schema = resolve(self.root, schema).clone();
        if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
            return self.any_of(options, value, depth);
        }
        let types = types(&schema);
        let value = if types.is_empty() || types.iter().any(|name| is_type(&value, name)) {
            value
        } else {
            self.retype(&types, value)
        };
        match value {
            Value::Object(members) => self.object(&schema, members, depth),
            Value::Array(items) => match schema.get("items") {
                Some(item_schema) => Value::Array(
                    items
                        .into_iter()
                        .map(|item| self.value(item_schema, item, depth + 1))
                        .collect(),
                ),
                None => Value::Array(items),
            },
            Value::String(text) => self.word(&schema, text),
            other => other,
        }
    }

    fn any_of(&mut self, options: &[Value], value: Value, depth: usize) -> Value {
        let mut best: Option<(usize, Value, Vec<String>)> = None;
        for option in options {
            let mut attempt = Coercer {
                root: self.root,
                repairs: Vec::new(),
            };
            let tried = attempt.value(option, value.clone(), depth + 1);
            let mut wrapped = option.clone();
            if let (Value::Object(members), Some(definitions)) = (&mut wrapped, self.root.get("$defs")) {
                members.insert("$defs".to_owned(), definitions.clone());
            }
            let faults = validate(&wrapped, &tried).len() * 100 + attempt.repairs.len();
            if best.as_ref().is_none_or(|(fewest, ..)| faults < *fewest) {
                best = Some((faults, tried, attempt.repairs));
            }
        }
        match best {
            Some((_, value, repairs)) => {
                repairs.iter().for_each(|repair| self.note(repair));
                value
            }
            None => value,
        }
    }

    fn retype(&mut self, types: &[&str], value: Value) -> Value {
        let wants = |name: &str| types.contains(&name);
        match value {
            Value::String(text) => self.retype_text(types, text),
            Value::Null if wants("array") => {
                self.note("null_for_array");
                Value::Array(Vec::new())
            }
            Value::Array(mut items) if items.len() == 1 && types.iter().any(|name| is_type(&items[0], name)) => {
                self.note("array_wrapper");
                items.remove(0)
            }
            Value::Array(items) if items.is_empty() && wants("null") => {
                self.note("empty_for_null");
                Value::Null
            }
            Value::Object(members) if members.is_empty() && wants("null") => {
                self.note("empty_for_null");
                Value::Null
            }
            Value::Number(number) if wants("string") => {
                self.note("number_as_text");
                Value::String(number.to_string())
            }
            other if wants("array") => {
                self.note("single_for_array");
                Value::Array(vec![other])
            }
            other => other,
        }
    }

    fn retype_text(&mut self, types: &[&str], text: String) -> Value {
        let wants = |name: &str| types.contains(&name);
        let trimmed = text.trim();
        if wants("number") || wants("integer") {
            let digits: String = trimmed.chars().filter(|c| !matches!(c, ',' | '_')).collect();
            if let Ok(number) = serde_json::from_str::<Value>(&digits)
                && number.is_number()
                && types.iter().any(|name| is_type(&number, name))
            {
                self.note("text_as_number");
                return number;
            }
        }
        if wants("boolean") {
            match trimmed.to_ascii_lowercase().as_str() {
                "true" | "yes" => {
                    self.note("text_as_boolean");
                    return Value::Bool(true);
                }
                "false" | "no" => {
                    self.note("text_as_boolean");
                    return Value::Bool(false);
                }
                _ => {}
            }
        }
        let absent = ["", "null", "none", "n/a", "-"].contains(&&*trimmed.to_ascii_lowercase());
        if wants("null") && absent {
            self.note("text_for_null");
            return Value::Null;
        }
        if (wants("object") || wants("array"))
            && trimmed.starts_with(['{', '['])
            && let Ok(inner) = serde_json::from_str::<Value>(trimmed)
        {
            self.note("double_encoded");
            return inner;
        }
        if wants("array") {
            self.note("single_for_array");
            return Value::Array(if absent { Vec::new() } else { vec![Value::String(text)] });
        }
        Value::String(text)
    }

    fn object(&mut self, schema: &Value, members: Map<String, Value>, depth: usize) -> Value {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Value::Object(members);
        };
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let mut out = Map::new();
        for (name, member) in members {
            let plain = properties
                .keys()
                .find(|known| **known == name)
                .or_else(|| properties.keys().find(|known| same_key(known, &name)));
            match plain {
                Some(known) => {
                    if *known != name {
                        self.note("key_spelling");
                    }
                    let member = self.value(&properties[known], member, depth + 1);
                    out.insert(known.clone(), member);
                }
                None if closed => self.note("unknown_key"),
                None => {
                    out.insert(name, member);
                }
            }
        }
        for (name, property) in properties {
            if out.contains_key(name) {
                continue;
            }
            let property = resolve(self.root, property);
            let types = types(property);
            if types.contains(&"null") || offers_null(property) {
                self.note("missing_null");
                out.insert(name.clone(), Value::Null);
            } else if types == ["array"] && property.get("minItems").is_none() && depth > 0 {
                self.note("missing_array");
                out.insert(name.clone(), Value::Array(Vec::new()));
            }
        }
        Value::Object(out)
    }

    /// `"High"` for `high`, `"A / B"` for `a_b`: the spelling of an allowed word.
    fn word(&mut self, schema: &Value, text: String) -> Value {
        let Some(allowed) = schema.get("enum").and_then(Value::as_array) else {
            return Value::String(text);
        };
        let exact = Value::String(text.clone());
        if allowed.contains(&exact) {
            return exact;
        }
        match allowed
            .iter()
            .find(|word| word.as_str().is_some_and(|word| same_key(word, &text)))
        {
            Some(word) => {
                self.note("enum_spelling");
                word.clone()
            }
            None => exact,
        }
    }
}

fn same_key(known: &str, given: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric() || "<>=".contains(*c))
            .flat_map(char::to_lowercase)
            .collect()
    };
    !plain(known).is_empty() && plain(known) == plain(given)
}

/// `anyOf` with a branch for null: the way to write an optional enumeration.
fn offers_null(schema: &Value) -> bool {
    let options = schema.get("anyOf").and_then(Value::as_array);
    options.is_some_and(|options| options.iter().any(|option| types(option).contains(&"null")))
}
