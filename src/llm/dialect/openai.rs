//! Chat completions, as OpenAI, OpenRouter and the many compatible hosts speak it.

use std::borrow::Cow;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::assembly::Pieces;
use super::ending::{Ending, conclude};
use super::schema::{Rules, compile};
use super::{Adjustments, Decoded, Fault, Feature, HttpReply, HttpRequest, Kind, Request, Usage, Vendor};
use super::{at, bytes_of, count, instructions, text_at};
use crate::llm::classify;
use crate::llm::exchange::HeaderText;
use crate::llm::types::Class;
use crate::llm::vendor::{StructuredOutput, TokenLimit};

pub(super) fn encode(vendor: &Vendor, model: &str, request: &Request, adjustments: &Adjustments) -> HttpRequest {
    let style = match adjustments.has(Feature::StructuredOutput) {
        true => StructuredOutput::Instructions,
        false => vendor.structured_output,
    };
    let system = instructions(request, style == StructuredOutput::Schema);
    let mut messages = Vec::new();
    if !system.is_empty() {
        messages.push(json!({"role": "system", "content": system}));
    }
    messages.push(json!({"role": "user", "content": request.prompt}));

    let mut body = Map::new();
    body.insert("model".to_owned(), json!(model));
    body.insert("messages".to_owned(), Value::Array(messages));
    let limit_name = match (vendor.token_limit, adjustments.has(Feature::TokenLimitName)) {
        (TokenLimit::MaxCompletionTokens, false) | (TokenLimit::MaxTokens, true) => "max_completion_tokens",
        _ => "max_tokens",
    };
    body.insert(limit_name.to_owned(), json!(request.max_output_tokens));
    if let Some(temperature) = request.temperature
        && !adjustments.has(Feature::Temperature)
    {
        body.insert("temperature".to_owned(), json!(temperature));
    }
    if let Some(schema) = &request.schema {
        let format = match style {
            StructuredOutput::Schema => {
                let compiled = compile(&schema.value, Rules::OpenAi);
                Some(json!({
                    "type": "json_schema",
                    "json_schema": {"name": schema.name, "strict": compiled.strict, "schema": compiled.schema}
                }))
            }
            StructuredOutput::JsonObject => Some(json!({"type": "json_object"})),
            StructuredOutput::Instructions => None,
        };
        if let Some(format) = format {
            body.insert("response_format".to_owned(), format);
        }
    }

    HttpRequest {
        path: "/chat/completions".to_owned(),
        headers: headers(vendor),
        body: bytes_of(body),
    }
}

pub(super) fn headers(vendor: &Vendor) -> Vec<(String, HeaderText)> {
    let bearer = vendor.key.as_ref().map(|key| {
        let bearer = SecretString::from(format!("Bearer {}", key.expose_secret()));
        ("authorization".to_owned(), HeaderText::Secret(bearer))
    });
    bearer.into_iter().collect()
}

pub(super) fn decode(vendor: &Vendor, reply: &HttpReply, body: &Value, wall: Timestamp) -> Result<Decoded, Fault> {
    let usage = usage(body);
    let Some(choice) = at(body, "/choices/0") else {
        return Err(Fault::new(Class::Transient, "the reply holds no choices")
            .code("no_choices")
            .kind(Kind::Empty)
            .usage(usage));
    };
    if choice.get("error").is_some_and(|error| !error.is_null()) {
        return Err(classify::refused_body(vendor, reply, choice, wall).usage(usage));
    }
    let ending = match text_at(choice, "/message/refusal") {
        Some(_) => Ending::Refusal,
        None => ending(text_at(choice, "/finish_reason")),
    };
    let text = at(choice, "/message/content").map(content).unwrap_or_default();
    let model = text_at(body, "/model").map(str::to_owned);
    let mut decoded = conclude(ending, text, usage, model)?;
    decoded.cost_usd = at(body, "/usage/cost").and_then(Value::as_f64);
    Ok(decoded)
}

/// One chunk of a stream.
pub(super) fn add(pieces: &mut Pieces, chunk: &Value) {
    pieces.add_model(text_at(chunk, "/model"));
    pieces.add_usage(chunk.get("usage"));
    pieces.add_usage(at(chunk, "/x_groq/usage"));
    let choices = chunk.get("choices").and_then(Value::as_array).into_iter().flatten();
    let mut first = choices.filter(|choice| matches!(choice.get("index").and_then(Value::as_u64), None | Some(0)));
    let Some(choice) = first.next() else {
        return;
    };
    pieces.begun = true;
    match (choice.get("delta"), choice.get("message")) {
        (Some(delta), _) if delta.is_object() => {
            if let Some(text) = delta.get("content") {
                pieces.text.push_str(&content(text));
            }
            pieces.refusal.push_str(text_at(delta, "/refusal").unwrap_or_default());
            let thoughts = ["/reasoning_content", "/reasoning"]
                .iter()
                .find_map(|name| text_at(delta, name));
            pieces.reasoning_bytes += thoughts.map_or(0, str::len);
        }
        // A host that sends the whole message as its only chunk.
        (_, Some(message)) if message.is_object() => {
            pieces.text = message.get("content").map(content).unwrap_or_default();
            pieces.refusal = text_at(message, "/refusal").unwrap_or_default().to_owned();
        }
        _ => {}
    }
    if let Some(reason) = text_at(choice, "/finish_reason") {
        pieces.finish = Some(reason.to_owned());
        pieces.ended = true;
    }
}

/// What all but a few chunks of a stream are: one piece of text. Whatever else a chunk may say must be absent or null here.
#[derive(Deserialize)]
struct TextChunk<'a> {
    #[serde(borrow)]
    object: Option<Cow<'a, str>>,
    #[serde(borrow)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    choices: [TextChoice<'a>; 1],
    #[serde(rename = "usage")]
    _usage: Option<()>,
    #[serde(rename = "x_groq")]
    _x_groq: Option<()>,
    #[serde(rename = "error")]
    _error: Option<()>,
    #[serde(rename = "type")]
    _type: Option<()>,
}

#[derive(Deserialize)]
struct TextChoice<'a> {
    index: Option<u64>,
    #[serde(borrow)]
    delta: TextDelta<'a>,
    #[serde(rename = "message")]
    _message: Option<()>,
    #[serde(rename = "finish_reason")]
    _finish_reason: Option<()>,
    #[serde(rename = "error")]
    _error: Option<()>,
}

#[derive(Deserialize)]
struct TextDelta<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
    #[serde(rename = "refusal")]
    _refusal: Option<()>,
    #[serde(rename = "reasoning_content")]
    _reasoning_content: Option<()>,
    #[serde(rename = "reasoning")]
    _reasoning: Option<()>,
}

/// `add` for a chunk that holds text alone, several times as fast; false leaves any other chunk to `add`.
pub(super) fn add_text(pieces: &mut Pieces, data: &str) -> bool {
    let Ok(chunk) = serde_json::from_str::<TextChunk<'_>>(data) else {
        return false;
    };
    let [choice] = chunk.choices;
    if !matches!(choice.index, None | Some(0)) || chunk.object.is_some_and(|object| object == "error") {
        return false;
    }
    pieces.begun = true;
    pieces.add_model(chunk.model.as_deref().filter(|model| !model.is_empty()));
    pieces.text.push_str(&choice.delta.content);
    true
}

/// The chunks as one chat completion.
pub(super) fn whole(pieces: Pieces) -> Value {
    let refusal = Some(pieces.refusal).filter(|refusal| !refusal.is_empty());
    let choice = json!({
        "message": {"content": pieces.text, "refusal": refusal},
        "finish_reason": pieces.finish,
    });
    let choices = pieces.begun.then_some(choice);
    json!({"model": pieces.model, "choices": Vec::from_iter(choices), "usage": pieces.usage})
}

fn ending(reason: Option<&str>) -> Ending {
    match reason {
        None => Ending::Unsaid,
        Some("stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "STOP" | "COMPLETE") => Ending::Stop,
        Some("length" | "max_tokens" | "MAX_TOKENS" | "model_length") => Ending::Length,
        Some("content_filter") => Ending::Filtered("content_filter".to_owned()),
        Some("tool_calls" | "function_call" | "tool_use") => Ending::Tools,
        Some(reason @ ("error" | "insufficient_system_resource" | "abort")) => Ending::Broken(reason.to_owned()),
        Some(reason) => Ending::Unknown(reason.to_owned()),
    }
}

/// Text, or a list of parts of which only the text counts (Mistral sends its thoughts as parts).
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter(|part| {
                let kind = part.get("type").and_then(Value::as_str);
                matches!(kind, None | Some("text" | "output_text"))
            })
            .filter_map(|part| part.as_str().or_else(|| part.get("text")?.as_str()))
            .collect(),
        _ => String::new(),
    }
}

pub(super) fn usage(body: &Value) -> Usage {
    Usage {
        input_tokens: count(body, "/usage/prompt_tokens"),
        cached_input_tokens: count(body, "/usage/prompt_tokens_details/cached_tokens")
            .max(count(body, "/usage/prompt_cache_hit_tokens")),
        cache_write_tokens: count(body, "/usage/prompt_tokens_details/cache_write_tokens"),
        output_tokens: count(body, "/usage/completion_tokens"),
        reasoning_tokens: count(body, "/usage/completion_tokens_details/reasoning_tokens"),
        estimated: false,
    }
}
