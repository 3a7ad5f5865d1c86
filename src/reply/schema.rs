//! The subset of JSON Schema that our prompts use, with messages a model can act on.

use std::fmt;

use regex::Regex;
use serde_json::Value;

use super::coerce::{Liberty, coerce};
use super::json::Json;
use super::repair::Repair;
use super::{Extracted, Rejected, RejectedKind, candidates, extract};

/// What the specialists are asked to answer.
pub const SPECIALIST_SCHEMA: &str = include_str!("../../prompts/insights/specialist.schema.json");

/// What the coordinator is asked to answer.
pub const COORDINATOR_SCHEMA: &str = include_str!("../../prompts/insights/coordinator.schema.json");

/// One place where a value breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `findings[0].severity`; empty for the whole value.
    pub path: String,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "reply" } else { &self.path };
        write!(formatter, "{path}: {}", self.message)
    }
}

/// A candidate as far as it could be brought to its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    pub extracted: Extracted,
    pub faults: Vec<Fault>,
}

impl Picked {
    /// Complete and true to its schema.
    pub fn is_sound(&self) -> bool {
        !self.extracted.truncated && self.faults.is_empty()
    }
}

/// Reads the value that the schema asks for out of raw text, with what a run forgives.
///
/// # Errors
/// As of [`extract`]; `ambiguous` when the schema does not settle a number that could be several.
pub fn read(text: &str, schema: &Value) -> Result<Picked, Rejected> {
    read_with(text, schema, Liberty::Harmless)
}

/// The same, but the value is only changed where nothing is lost, added or interpreted.
///
/// # Errors
/// As of [`read`].
pub fn read_losslessly(text: &str, schema: &Value) -> Result<Picked, Rejected> {
    read_with(text, schema, Liberty::Lossless)
}

fn read_with(text: &str, schema: &Value, liberty: Liberty) -> Result<Picked, Rejected> {
    let Some(picked) = best(schema, candidates(text), liberty) else {
        return extract(text).map(|extracted| Picked {
            extracted,
            faults: Vec::new(),
        });
    };
    if super::extract::is_ambiguous(&picked.extracted.value) {
        return Err(RejectedKind::Ambiguous.rejected());
    }
    Ok(picked)
}

/// The candidate with the fewest faults after harmless coercions; complete ones first, then those with more known members,
/// then later ones.
///
/// A cut-off candidate still wins over a complete one that does not fit: it says what went wrong.
pub fn pick(schema: &Value, candidates: Vec<Extracted>) -> Option<Picked> {
    best(schema, candidates, Liberty::Harmless)
}

fn best(schema: &Value, candidates: Vec<Extracted>, liberty: Liberty) -> Option<Picked> {
    candidates
        .into_iter()
        .map(|mut extracted| {
            let was_array = matches!(extracted.value, Json::Array(_));
            let (value, names) = coerce(schema, extracted.value, liberty);
            let made_array = !was_array && matches!(value, Json::Array(_));
            extracted.value = value;
            let at = extracted.at;
            extracted
                .repairs
                .extend(names.into_iter().map(|name| Repair { name, at }));
            let faults = validate(schema, &extracted.value);
            (made_array, Picked { extracted, faults })
        })
        .enumerate()
        .min_by_key(|(index, (made_array, picked))| {
            (
                picked.faults.len() + usize::from(picked.extracted.truncated),
                picked.extracted.truncated,
                *made_array,
                std::cmp::Reverse(known_members(schema, &picked.extracted.value)),
                std::cmp::Reverse(*index),
            )
        })
        .map(|(_, (_, picked))| picked)
}

/// How many of its members the schema knows.
fn known_members(schema: &Value, value: &Json) -> usize {
    let properties = resolve(schema, schema).get("properties");
    match (value, properties.and_then(Value::as_object)) {
        (Json::Object(members), Some(properties)) => {
            members.iter().filter(|(name, _)| properties.contains_key(name)).count()
        }
        _ => 0,
    }
}

/// Every place where `value` breaks `schema`.
pub fn validate(schema: &Value, value: &Json) -> Vec<Fault> {
    let mut faults = Vec::new();
    Check { root: schema }.value(schema, value, "", 0, &mut faults);
    faults
}

/// The schema behind a `$ref` into `#/$defs`, or the schema itself.
pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..16 {
        let Some(target) = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| reference.strip_prefix('#'))
            .and_then(|pointer| root.pointer(pointer))
        else {
            break;
        };
        schema = target;
    }
    schema
}

/// The names in `type`, one or many.
pub(super) fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn is_type(value: &Json, name: &str) -> bool {
    match (name, value) {
        ("object", Json::Object(_))
        | ("array", Json::Array(_))
        | ("string", Json::String(_))
        | ("boolean", Json::Bool(_))
        | ("null", Json::Null)
        | ("number", Json::Number(_)) => true,
        ("integer", Json::Number(number)) => number.is_whole(),
        (name, _) => !["object", "array", "string", "boolean", "null", "number", "integer"].contains(&name),
    }
}

struct Check<'a> {
    root: &'a Value,
}

impl Check<'_> {
    fn value(&self, schema: &Value, value: &Json, path: &str, depth: usize, faults: &mut Vec<Fault>) {
        let schema = resolve(self.root, schema);
        if depth > 128 {
            return;
        }
        let mut fault = |message: String| {
            faults.push(Fault {
                path: path.to_owned(),
                message,
            });
        };
        if schema == &Value::Bool(false) {
            return fault("must not be there".to_owned());
        }
        let types = types(schema);
        if !types.is_empty() && !types.iter().any(|name| is_type(value, name)) {
            return fault(format!("must be {}; got {}", either(&types), describe(value)));
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.iter().any(|allowed| value.means(allowed))
        {
            let words: Vec<String> = allowed.iter().map(plain).collect();
            fault(format!("must be one of {}; got {}", words.join(", "), describe(value)));
        }
        if let Some(only) = schema.get("const")
            && !value.means(only)
        {
            fault(format!("must be {only}; got {}", describe(value)));
        }
        if let Some(options) = schema.get("anyOf").and_then(Value::as_array) {
            self.any_of(options, value, path, depth, faults);
        }
        match value {
            Json::Object(members) => self.object(schema, members, path, depth, faults),
            Json::Array(items) => self.array(schema, items, path, depth, faults),
            Json::String(text) => string(schema, text, path, faults),
            Json::Number(number) if number.is_ambiguous() => {
                faults.push(Fault {
                    path: path.to_owned(),
                    message: format!("may be one number or several; got {}", number.written()),
                });
            }
            Json::Number(number) => range(schema, number.as_f64(), path, faults),
            _ => {}
        }
    }

    fn any_of(&self, options: &[Value], value: &Json, path: &str, depth: usize, faults: &mut Vec<Fault>) {
        let mut best: Option<(bool, Vec<Fault>)> = None;
        for option in options {
            let mut tried = Vec::new();
            self.value(option, value, path, depth + 1, &mut tried);
            if tried.is_empty() {
                return;
            }
            let types = types(resolve(self.root, option));
            let other_type = !types.is_empty() && !types.iter().any(|name| is_type(value, name));
            let better = match &best {
                Some((best_other, best)) => (other_type, tried.len()) < (*best_other, best.len()),
                None => true,
            };
            if better {
                best = Some((other_type, tried));
            }
        }
        faults.extend(best.map(|(_, tried)| tried).unwrap_or_default());
    }

    fn object(&self, schema: &Value, members: &[(String, Json)], path: &str, depth: usize, faults: &mut Vec<Fault>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !members.iter().any(|(key, _)| key == name) {
                faults.push(Fault {
                    path: join(path, name),
                    message: "is missing".to_owned(),
                });
            }
        }
        for (name, member) in members {
            let at = join(path, name);
            match properties.and_then(|properties| properties.get(name)) {
                Some(property) => self.value(property, member, &at, depth + 1, faults),
                None => match schema.get("additionalProperties") {
                    Some(Value::Bool(false)) => {
                        let known: Vec<&str> = properties
                            .map(|properties| properties.keys().map(String::as_str).collect())
                            .unwrap_or_default();
                        faults.push(Fault {
                            path: at,
                            message: format!("is not a known key; known keys are {}", known.join(", ")),
                        });
                    }
                    Some(other) => self.value(other, member, &at, depth + 1, faults),
                    None => {}
                },
            }
        }
    }

    fn array(&self, schema: &Value, items: &[Json], path: &str, depth: usize, faults: &mut Vec<Fault>) {
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        let length = items.len() as u64;
        if let Some(least) = bound("minItems").filter(|least| length < *least) {
            faults.push(Fault {
                path: path.to_owned(),
                message: format!("must hold at least {least} items; got {length}"),
            });
        }
        if let Some(most) = bound("maxItems").filter(|most| length > *most) {
            faults.push(Fault {
                path: path.to_owned(),
                message: format!("must hold at most {most} items; got {length}"),
            });
        }
        if let Some(item_schema) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                let at = format!("{path}[{index}]");
                self.value(item_schema, item, &at, depth + 1, faults);
            }
        }
    }
}

fn string(schema: &Value, text: &str, path: &str, faults: &mut Vec<Fault>) {
    let mut fault = |message: String| {
        faults.push(Fault {
            path: path.to_owned(),
            message,
        });
    };
    let length = text.chars().count() as u64;
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    if let Some(least) = bound("minLength").filter(|least| length < *least) {
        fault(if least == 1 {
            "must not be empty".to_owned()
        } else {
            format!("must be at least {least} characters long; got {length}")
        });
    }
    if let Some(most) = bound("maxLength").filter(|most| length > *most) {
        fault(format!("must be at most {most} characters long; got {length}"));
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
        && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        fault(format!("must match {pattern}; got {}", shorten(text)));
    }
}

fn range(schema: &Value, number: f64, path: &str, faults: &mut Vec<Fault>) {
    let mut fault = |words: &str, bound: &Value| {
        faults.push(Fault {
            path: path.to_owned(),
            message: format!("must be {words} {bound}; got {number}"),
        });
    };
    for (name, words, broken) in [
        ("minimum", "at least", f64::lt as fn(&f64, &f64) -> bool),
        ("maximum", "at most", f64::gt),
        ("exclusiveMinimum", "more than", f64::le),
        ("exclusiveMaximum", "less than", f64::ge),
    ] {
        if let Some(bound) = schema.get(name)
            && bound.as_f64().is_some_and(|limit| broken(&number, &limit))
        {
            fault(words, bound);
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn either(types: &[&str]) -> String {
    let words: Vec<String> = types
        .iter()
        .map(|name| match *name {
            "null" => "null".to_owned(),
            "object" | "array" | "integer" => format!("an {name}"),
            _ => format!("a {name}"),
        })
        .collect();
    words.join(" or ")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn describe(value: &Json) -> String {
    match value {
        Json::Object(_) => "an object".to_owned(),
        Json::Array(_) => "an array".to_owned(),
        Json::String(text) => shorten(text),
        other => other.to_string(),
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 {
        return format!("\"{text}\"");
    }
    let start: String = text.chars().take(57).collect();
    format!("\"{start}…\"")
}
