//! What the mock says to any other prompt: plain sentences about the question and the facts in it, or values by the schema.

use serde_json::{Map, Value, json};

use super::answer::statements;
use crate::llm::Request;

/// A text about the question; with tables in the prompt, the largest facts through references.
pub(super) fn text(request: &Request) -> String {
    let seed = seed_of(request);
    let mut sentences = vec![format!("{} {}", opening(request, seed), pick(&REASONS, seed >> 3))];
    sentences.extend(statements(&request.prompt, 2));
    sentences.push(pick(&CAVEATS, seed >> 7).to_owned());
    sentences.join(" ")
}

/// A value that the schema allows, with words where it asks for words.
pub(super) fn value(request: &Request, schema: &Value) -> Value {
    let writer = Writer {
        root: schema,
        request,
        seed: seed_of(request),
    };
    writer.value(schema, "", 0, 0)
}

const OPENINGS: [&str; 3] = [
    "Begin with the smallest step that can be undone",
    "Wait until the open point is measured, then decide",
    "Go on as planned and name one person who watches it",
];
const REASONS: [&str; 3] = [
    "What is known points the same way, and the cost of being wrong stays small.",
    "The gain is likely but nobody has measured it, so a test is worth more than an argument.",
    "Those who are touched by it have not been heard yet, and their view may change the order of the steps.",
];
const CAVEATS: [&str; 3] = [
    "What would change this: a figure that nobody has looked up so far.",
    "This rests on what was given; a second source would make it firmer.",
    "If the conditions change, look at it again before going further.",
];

fn opening(request: &Request, seed: u64) -> String {
    let question = question(&request.prompt);
    let opening = pick(&OPENINGS, seed);
    match question {
        Some(question) => format!("On \u{201c}{question}\u{201d}: {}.", lower(opening)),
        None => format!("{opening}."),
    }
}

/// The line after `The question …:` and its fence, shortened.
fn question(prompt: &str) -> Option<String> {
    let mut lines = prompt.lines().skip_while(|line| !line.starts_with("The question"));
    lines.next()?;
    let fence = lines.next().filter(|line| line.starts_with("DATA-"))?;
    let question = lines.take_while(|line| *line != fence).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = question.split_whitespace().take(16).collect();
    // A number that the question holds would be a number of the answer.
    let plain = !words.is_empty()
        && !question.contains(|letter: char| letter.is_ascii_digit() || "{}\u{201c}".contains(letter));
    plain.then(|| words.join(" ").trim_end_matches(['?', '.', '!']).to_owned())
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn pick<'a>(list: &[&'a str], seed: u64) -> &'a str {
    let length = list.len() as u64;
    list[usize::try_from(seed % length).unwrap_or_default()]
}

/// FNV-1a over who asks and what: two models in one stage differ, equal requests do not.
fn seed_of(request: &Request) -> u64 {
    let parts = [request.role.as_str(), request.system.as_str(), request.prompt.as_str()];
    parts
        .iter()
        .flat_map(|part| part.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

struct Writer<'a> {
    root: &'a Value,
    request: &'a Request,
    seed: u64,
}

/// Deeper schemas end in their smallest value.
const DEEPEST: usize = 12;

impl Writer<'_> {
    /// `place` is the number of this value in its list.
    fn value(&self, schema: &Value, name: &str, place: u64, depth: usize) -> Value {
        let schema = self.resolved(schema);
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(choices) = schema["enum"].as_array().filter(|choices| !choices.is_empty()) {
            let index = (self.seed.rotate_left(5) % 3 + place) % choices.len() as u64;
            return choices[usize::try_from(index).unwrap_or_default()].clone();
        }
        if let Some(first) = schema["anyOf"].get(0).or_else(|| schema["oneOf"].get(0)) {
            return self.value(first, name, place, depth);
        }
        match kind(schema) {
            "object" if depth < DEEPEST => self.object(schema, place, depth),
            "object" => json!({}),
            "array" if depth < DEEPEST => self.list(schema, name, depth),
            "array" => json!([]),
            "string" => json!(self.words(name, place)),
            "integer" => json!(self.number(schema).round() as i64),
            "number" => json!((self.number(schema) * 100.0).round() / 100.0),
            "boolean" => json!(self.seed.is_multiple_of(2)),
            _ => Value::Null,
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let target = schema.get("$ref").and_then(Value::as_str);
        let target = target.and_then(|reference| self.root.pointer(reference.trim_start_matches('#')));
        target.unwrap_or(schema)
    }

    fn object(&self, schema: &Value, place: u64, depth: usize) -> Value {
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let names = required.iter().filter_map(Value::as_str);
        let fields: Map<String, Value> = names
            .map(|name| {
                let value = self.value(&schema["properties"][name], name, place, depth + 1);
                (name.to_owned(), value)
            })
            .collect();
        Value::Object(fields)
    }

    /// As many as must be, at least one and mostly two; a list of choices takes each once.
    fn list(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(1);
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        let choices = schema["items"]["enum"]
            .as_array()
            .map_or(u64::MAX, |choices| choices.len() as u64);
        let length = least.max(2).min(most).min(choices);
        (0..length)
            .map(|place| self.value(&schema["items"], name, place, depth + 1))
            .collect()
    }

    fn words(&self, name: &str, place: u64) -> String {
        let seed = self.seed.wrapping_add(place);
        match name {
            "dissent" | "moved_because" => pick(&CAVEATS, seed).to_owned(),
            "position" | "answer" | "verdict" | "recommendation" => opening(self.request, seed),
            "unknowns" | "risks" | "unknown" => pick(&CAVEATS, seed).to_owned(),
            _ => pick(&REASONS, seed).to_owned(),
        }
    }

    fn number(&self, schema: &Value) -> f64 {
        let least = schema["minimum"].as_f64().unwrap_or(0.0);
        let most = schema["maximum"].as_f64().unwrap_or(least + 1.0);
        let share = 0.5 + 0.1 * (self.seed % 5) as f64;
        least + (most - least) * share
    }
}

fn kind(schema: &Value) -> &str {
    let named = schema["type"].as_str();
    let listed = schema["type"].as_array().and_then(|kinds| {
        let mut kinds = kinds.iter().filter_map(Value::as_str);
        kinds.find(|kind| *kind != "null")
    });
    let shaped = schema.get("properties").map(|_| "object");
    named.or(listed).or(shaped).unwrap_or("null")
}
