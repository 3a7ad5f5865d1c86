//! Differences from a schema that can be put right, and named, so that a trivial fault does not cost another call.

use serde_json::Value;

use super::json::{Json, Number};
use super::repair::{grouped, is_json_number};
use super::schema::{is_type, resolve, types, validate};

/// How far a value may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liberty {
    /// Nothing is lost, added or interpreted: "12" is 12, 12 is "12", one item is a list of one.
    Lossless,
    /// Also spelling, absent values and unknown keys: what a run forgives.
    Harmless,
}

/// The value as the schema wants it where only the form was wrong, and the name of each change.
pub fn coerce(schema: &Value, value: Json, liberty: Liberty) -> (Json, Vec<&'static str>) {
    let mut coercer = Coercer {
        root: schema,
        liberty,
        repairs: Vec::new(),
    };
    let value = coercer.value(schema, value, 0);
    (value, coercer.repairs)
}

struct Coercer<'a> {
    root: &'a Value,
    liberty: Liberty,
    repairs: Vec<&'static str>,
}

impl Coercer<'_> {
    fn note(&mut self, repair: &'static str) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }

    fn may_interpret(&self) -> bool {
        self.liberty == Liberty::Harmless
    }

    fn value(&mut self, schema: &Value, value: Json, depth: usize) -> Json {
        if depth > 128 {
            return value;
        }
        let schema = resolve(self.root, schema);
        if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
            return self.any_of(options, value, depth);
        }
        let types = types(schema);
        let value = if types.is_empty() {
            value
        } else if types.iter().any(|name| is_type(&value, name)) {
            settled(value)
        } else {
            self.retype(&types, value)
        };
        match value {
            Json::Object(members) => self.object(schema, members, depth),
            Json::Array(items) => match schema.get("items") {
                Some(item_schema) => Json::Array(
                    items
                        .into_iter()
                        .map(|item| self.value(item_schema, item, depth + 1))
                        .collect(),
                ),
                None => Json::Array(items),
            },
            Json::String(text) => self.word(schema, text),
            other => other,
        }
    }

    fn any_of(&mut self, options: &[Value], value: Json, depth: usize) -> Json {
        let mut best: Option<(usize, Json, Vec<&'static str>)> = None;
        for option in options {
            let mut attempt = Coercer {
                root: self.root,
                liberty: self.liberty,
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
                repairs.into_iter().for_each(|repair| self.note(repair));
                value
            }
            None => value,
        }
    }

    fn retype(&mut self, types: &[&str], value: Json) -> Json {
        let wants = |name: &str| types.contains(&name);
        match value {
            Json::String(text) => self.retype_text(types, text),
            Json::Null if wants("array") && self.may_interpret() => {
                self.note("null_for_array");
                Json::Array(Vec::new())
            }
            Json::Array(mut items) if items.len() == 1 && types.iter().any(|name| is_type(&items[0], name)) => {
                self.note("array_wrapper");
                settled(items.remove(0))
            }
            Json::Array(items) if items.is_empty() && wants("null") && self.may_interpret() => {
                self.note("empty_for_null");
                Json::Null
            }
            Json::Object(members) if members.is_empty() && wants("null") && self.may_interpret() => {
                self.note("empty_for_null");
                Json::Null
            }
            Json::Number(number) if wants("string") => {
                self.note("number_as_text");
                Json::String(number.written().into_owned())
            }
            other if wants("array") && other != Json::Null => {
                self.note("single_for_array");
                Json::Array(vec![other])
            }
            other => other,
        }
    }

    fn retype_text(&mut self, types: &[&str], text: String) -> Json {
        let wants = |name: &str| types.contains(&name);
        let trimmed = text.trim();
        if (wants("number") || wants("integer"))
            && let Some(number) = number(trimmed).map(Json::Number)
            && types.iter().any(|name| is_type(&number, name))
        {
            self.note("text_as_number");
            return number;
        }
        if wants("boolean") {
            let is = match trimmed.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                "yes" if self.may_interpret() => Some(true),
                "no" if self.may_interpret() => Some(false),
                _ => None,
            };
            if let Some(is) = is {
                self.note("text_as_boolean");
                return Json::Bool(is);
            }
        }
        let lower = trimmed.to_ascii_lowercase();
        let absent = lower == "null" || (self.may_interpret() && ["", "none", "n/a", "-"].contains(&lower.as_str()));
        if wants("null") && absent {
            self.note("text_for_null");
            return Json::Null;
        }
        if (wants("object") || wants("array"))
            && trimmed.starts_with(['{', '['])
            && let Some(inner) = super::extract::parse(trimmed)
        {
            self.note("double_encoded");
            return inner;
        }
        if wants("array") {
            self.note("single_for_array");
            return Json::Array(if absent { Vec::new() } else { vec![Json::String(text)] });
        }
        Json::String(text)
    }

    fn object(&mut self, schema: &Value, members: Vec<(String, Json)>, depth: usize) -> Json {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            return Json::Object(members);
        };
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false)) && self.may_interpret();
        let mut out: Vec<(String, Json)> = Vec::with_capacity(members.len());
        for (name, member) in members {
            let known = match properties.get_key_value(&name) {
                None if self.may_interpret() => properties.iter().find(|(known, _)| same_key(known, &name)),
                plain => plain,
            };
            match known {
                Some((known, property)) => {
                    if *known != name {
                        self.note("key_spelling");
                    }
                    let member = self.value(property, member, depth + 1);
                    match out.iter_mut().find(|(name, _)| name == known) {
                        Some((_, earlier)) => *earlier = member,
                        None => out.push((known.clone(), member)),
                    }
                }
                None if closed => self.note("unknown_key"),
                None => out.push((name, member)),
            }
        }
        if self.may_interpret() {
            self.add_absent(properties, &mut out, depth);
        }
        Json::Object(out)
    }

    fn add_absent(
        &mut self,
        properties: &serde_json::Map<String, Value>,
        members: &mut Vec<(String, Json)>,
        depth: usize,
    ) {
        for (name, property) in properties {
            if members.iter().any(|(known, _)| known == name) {
                continue;
            }
            let property = resolve(self.root, property);
            let types = types(property);
            if types.contains(&"null") || offers_null(property) {
                self.note("missing_null");
                members.push((name.clone(), Json::Null));
            } else if types == ["array"] && property.get("minItems").is_none() && depth > 0 {
                self.note("missing_array");
                members.push((name.clone(), Json::Array(Vec::new())));
            }
        }
    }

    /// `"High"` for `high`, `"A / B"` for `a_b`: the spelling of an allowed word.
    fn word(&mut self, schema: &Value, text: String) -> Json {
        let Some(allowed) = schema.get("enum").and_then(Value::as_array) else {
            return Json::String(text);
        };
        if !self.may_interpret() || allowed.iter().any(|word| word.as_str() == Some(&text)) {
            return Json::String(text);
        }
        let spelled = allowed
            .iter()
            .filter_map(Value::as_str)
            .find(|word| same_key(word, &text));
        match spelled {
            Some(word) => {
                self.note("enum_spelling");
                Json::String(word.to_owned())
            }
            None => Json::String(text),
        }
    }
}

/// The schema says that a number stands here: digits with separators are one.
fn settled(value: Json) -> Json {
    match value {
        Json::Number(number) if number.is_ambiguous() => Json::Number(number.settled()),
        other => other,
    }
}

/// The number that a text writes, digits in groups of three included: "1,204.5" is, "1,5" and "45%" are none.
fn number(text: &str) -> Option<Number> {
    if is_json_number(text) {
        return Some(Number::exact(text));
    }
    if grouped(text) == Some(text.len()) {
        let plain: String = text.chars().filter(|letter| *letter != ',').collect();
        return is_json_number(&plain).then(|| Number::exact(&plain));
    }
    let plain = text.strip_prefix('+').unwrap_or(text).replace('_', "");
    let separated = !text.contains("__") && !text.ends_with('_') && !text.starts_with('_');
    (separated && is_json_number(&plain)).then(|| Number::exact(&plain))
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
