//! Anthropic's messages.

use serde_json::{Value, json};

use super::assembly::Pieces;
use super::ending::{Ending, conclude};
use super::schema::{Rules, written};
use super::write::Object;
use super::{Adjustments, Decoded, Fault, Feature, HttpRequest, Kind, Request, Usage, Vendor};
use super::{at, count, instructions, size_of_body, text_at};
use crate::llm::exchange::HeaderText;
use crate::llm::types::Class;
use crate::llm::vendor::StructuredOutput;

const VERSION: &str = "2023-06-01";

pub(super) fn encode(vendor: &Vendor, model: &str, request: &Request, adjustments: &Adjustments) -> HttpRequest {
    // A map with free keys is refused outright: such a schema is said in words.
    let format = request
        .schema
        .as_ref()
        .filter(|_| vendor.structured_output == StructuredOutput::Schema)
        .filter(|_| !adjustments.has(Feature::StructuredOutput))
        .map(|schema| written(&schema.value, Rules::Anthropic))
        .filter(|written| written.strict);
    let system = instructions(request, format.is_some());
    let temperature = request.temperature.filter(|_| !adjustments.has(Feature::Temperature));

    let body = Object::bytes_of(size_of_body(request), |body| {
        body.value("max_tokens", request.max_output_tokens);
        body.objects("messages", [&request.prompt], |message, prompt| {
            message.text("content", prompt);
            message.text("role", "user");
        });
        body.text("model", model);
        if let Some(written) = &format {
            body.object("output_config", |config| {
                config.object("format", |format| {
                    format.json("schema", &written.json);
                    format.text("type", "json_schema");
                });
            });
        }
        if !system.is_empty() {
            body.text("system", &system);
        }
        if let Some(temperature) = temperature {
            body.value("temperature", temperature);
        }
    });
    HttpRequest {
        path: "/v1/messages".to_owned(),
        headers: headers(vendor),
        body,
    }
}

pub(super) fn headers(vendor: &Vendor) -> Vec<(String, HeaderText)> {
    let mut headers = vec![("anthropic-version".to_owned(), VERSION.into())];
    if let Some(key) = &vendor.key {
        headers.push(("x-api-key".to_owned(), HeaderText::Secret(key.clone())));
    }
    headers
}

pub(super) fn decode(body: &Value) -> Result<Decoded, Fault> {
    let usage = usage(body);
    let ending = match text_at(body, "/stop_reason") {
        None => Ending::Unsaid,
        Some("end_turn" | "stop_sequence") => Ending::Stop,
        Some("max_tokens") => Ending::Length,
        Some("model_context_window_exceeded") => Ending::ContextFull,
        Some("refusal") => Ending::Refusal,
        Some("tool_use" | "pause_turn") => Ending::Tools,
        Some(reason) => Ending::Unknown(reason.to_owned()),
    };
    let Some(blocks) = body.get("content").and_then(Value::as_array) else {
        // A refusal or a cut may come without content; anything else without it is a broken reply.
        if matches!(ending, Ending::Stop | Ending::Unsaid) {
            return Err(Fault::new(Class::Transient, "the reply holds no content")
                .code("no_content")
                .kind(Kind::Empty)
                .usage(usage));
        }
        return conclude(ending, String::new(), usage, None);
    };
    let text: String = blocks
        .iter()
        .filter(|block| block.get("type").and_then(Value::as_str) == Some("text"))
        .filter_map(|block| block.get("text")?.as_str())
        .collect();
    conclude(ending, text, usage, text_at(body, "/model").map(str::to_owned))
}

/// One event of a stream.
pub(super) fn add(pieces: &mut Pieces, event: &Value) {
    match text_at(event, "/type") {
        Some("message_start") => {
            pieces.begun = true;
            pieces.add_model(text_at(event, "/message/model"));
            pieces.add_usage(at(event, "/message/usage"));
        }
        Some("content_block_start") if text_at(event, "/content_block/type") == Some("text") => {
            pieces
                .text
                .push_str(text_at(event, "/content_block/text").unwrap_or_default());
        }
        Some("content_block_delta") => {
            pieces.text.push_str(text_at(event, "/delta/text").unwrap_or_default());
            pieces.reasoning_bytes += text_at(event, "/delta/thinking").map_or(0, str::len);
        }
        Some("message_delta") => {
            if let Some(reason) = text_at(event, "/delta/stop_reason") {
                pieces.finish = Some(reason.to_owned());
            }
            pieces.add_usage(event.get("usage"));
        }
        Some("message_stop") => {
            pieces.ended = true;
            pieces.closed = true;
        }
        _ => {}
    }
}

/// The events as one message.
pub(super) fn whole(pieces: Pieces) -> Value {
    json!({
        "type": "message",
        "model": pieces.model,
        "content": [{"type": "text", "text": pieces.text}],
        "stop_reason": pieces.finish,
        "usage": pieces.usage,
    })
}

/// Anthropic counts cached tokens beside the others, everybody else among them.
pub(super) fn usage(body: &Value) -> Usage {
    let cached = count(body, "/usage/cache_read_input_tokens");
    let written = count(body, "/usage/cache_creation_input_tokens");
    Usage {
        input_tokens: count(body, "/usage/input_tokens") + cached + written,
        cached_input_tokens: cached,
        cache_write_tokens: written,
        output_tokens: count(body, "/usage/output_tokens"),
        reasoning_tokens: count(body, "/usage/output_tokens_details/thinking_tokens"),
        estimated: false,
    }
}
