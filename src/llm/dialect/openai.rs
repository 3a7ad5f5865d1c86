//! Chat completions, as OpenAI, OpenRouter and the many compatible hosts speak it.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::assembly::Pieces;
use super::ending::{Ending, conclude};
use super::schema::{Rules, written};
use super::write::Object;
use super::{Adjustments, Decoded, Fault, Feature, HttpReply, HttpRequest, Kind, Request, Usage, Vendor, quick};
use super::{at, count, instructions, size_of_body, text_at};
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
    let limit_name = match (vendor.token_limit, adjustments.has(Feature::TokenLimitName)) {
        (TokenLimit::MaxCompletionTokens, false) | (TokenLimit::MaxTokens, true) => "max_completion_tokens",
        _ => "max_tokens",
    };
    let temperature = request.temperature.filter(|_| !adjustments.has(Feature::Temperature));
    let messages = [("system", &*system), ("user", &*request.prompt)];
    let messages = messages
        .into_iter()
        .filter(|(role, text)| *role == "user" || !text.is_empty());

    let body = Object::bytes_of(size_of_body(request), |body| {
        body.value(limit_name, request.max_output_tokens);
        body.objects("messages", messages, |message, (role, text)| {
            message.text("content", text);
            message.text("role", role);
        });
        body.text("model", model);
        match (&request.schema, style) {
            (Some(schema), StructuredOutput::Schema) => {
                let written = written(&schema.value, Rules::OpenAi);
                body.object("response_format", |format| {
                    format.object("json_schema", |named| {
                        named.text("name", &schema.name);
                        named.json("schema", &written.json);
                        named.value("strict", written.strict);
                    });
                    format.text("type", "json_schema");
                });
            }
            (Some(_), StructuredOutput::JsonObject) => {
                body.object("response_format", |format| format.text("type", "json_object"));
            }
            (Some(_), StructuredOutput::Instructions) | (None, _) => {}
        }
        if let Some(temperature) = temperature {
            body.value("temperature", temperature);
        }
    });
    HttpRequest {
        path: "/chat/completions".to_owned(),
        headers: headers(vendor),
        body,
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
        return Err(no_choices(usage));
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

/// `decode` for a plain answer, several times as fast; None leaves any other body to `decode`.
pub(super) fn decode_plain(body: &str) -> Option<Result<Decoded, Fault>> {
    let plain = quick::completion(body)?;
    let decoded = conclude(ending(plain.finish.as_deref()), plain.text, plain.usage, plain.model);
    Some(decoded.map(|decoded| Decoded {
        cost_usd: plain.cost_usd,
        ..decoded
    }))
}

fn no_choices(usage: Usage) -> Fault {
    Fault::new(Class::Transient, "the reply holds no choices")
        .code("no_choices")
        .kind(Kind::Empty)
        .usage(usage)
}

/// What the chunks of a whole stream came to.
pub(super) fn decode_pieces(pieces: Pieces) -> Result<Decoded, Fault> {
    let counts = Value::Object(pieces.usage);
    let usage = counted(&counts);
    if !pieces.begun {
        return Err(no_choices(usage));
    }
    let ending = match pieces.refusal.is_empty() {
        true => ending(pieces.finish.as_deref()),
        false => Ending::Refusal,
    };
    let mut decoded = conclude(ending, pieces.text, usage, pieces.model)?;
    decoded.cost_usd = counts.get("cost").and_then(Value::as_f64);
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
    body.get("usage").map(counted).unwrap_or_default()
}

/// What stands under `usage`.
pub(super) fn counted(counts: &Value) -> Usage {
    Usage {
        input_tokens: count(counts, "/prompt_tokens"),
        cached_input_tokens: count(counts, "/prompt_tokens_details/cached_tokens")
            .max(count(counts, "/prompt_cache_hit_tokens")),
        cache_write_tokens: count(counts, "/prompt_tokens_details/cache_write_tokens"),
        output_tokens: count(counts, "/completion_tokens"),
        reasoning_tokens: count(counts, "/completion_tokens_details/reasoning_tokens"),
        estimated: false,
    }
}
