//! Gemini's `generateContent`.

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

pub(super) fn encode(vendor: &Vendor, model: &str, request: &Request, adjustments: &Adjustments) -> HttpRequest {
    let native = vendor.structured_output == StructuredOutput::Schema && !adjustments.has(Feature::StructuredOutput);
    let system = instructions(request, native);
    let temperature = request.temperature.filter(|_| !adjustments.has(Feature::Temperature));
    let text = |part: &mut Object, text: &str| part.text("text", text);

    let body = Object::bytes_of(size_of_body(request), |body| {
        body.objects("contents", [&request.prompt], |content, prompt| {
            content.objects("parts", [&**prompt], text);
            content.text("role", "user");
        });
        body.object("generationConfig", |generation| {
            generation.value("maxOutputTokens", request.max_output_tokens);
            if let Some(schema) = request.schema.as_ref().filter(|_| native) {
                generation.json("responseJsonSchema", &written(&schema.value, Rules::Gemini).json);
            }
            if request.schema.is_some() {
                generation.text("responseMimeType", "application/json");
            }
            if let Some(temperature) = temperature {
                generation.value("temperature", temperature);
            }
        });
        if !system.is_empty() {
            body.object("systemInstruction", |instruction| {
                instruction.objects("parts", [&*system], text);
            });
        }
    });
    let model = model.strip_prefix("models/").unwrap_or(model);
    HttpRequest {
        path: format!("/v1beta/models/{model}:generateContent"),
        headers: headers(vendor),
        body,
    }
}

/// Never `?key=`: URLs end up in logs and error texts.
pub(super) fn headers(vendor: &Vendor) -> Vec<(String, HeaderText)> {
    let key = vendor.key.clone();
    let header = key.map(|key| ("x-goog-api-key".to_owned(), HeaderText::Secret(key)));
    header.into_iter().collect()
}

pub(super) fn decode(body: &Value) -> Result<Decoded, Fault> {
    let usage = usage(body);
    let Some(candidate) = at(body, "/candidates/0") else {
        if let Some(reason) = text_at(body, "/promptFeedback/blockReason") {
            return Err(
                Fault::new(Class::Permanent, format!("the prompt was blocked ({reason})"))
                    .code("prompt_blocked")
                    .kind(Kind::Declined)
                    .usage(usage),
            );
        }
        return Err(Fault::new(Class::Transient, "the reply holds no candidates")
            .code("no_candidates")
            .kind(Kind::Empty)
            .usage(usage));
    };
    let ending = ending(text_at(candidate, "/finishReason"));
    let parts = at(candidate, "/content/parts").and_then(Value::as_array);
    if parts.is_none() && matches!(ending, Ending::Stop | Ending::Unsaid) {
        return Err(Fault::new(Class::Transient, "the reply holds no parts")
            .code("no_parts")
            .kind(Kind::Empty)
            .usage(usage));
    }
    let text: String = parts
        .into_iter()
        .flatten()
        .filter(|part| part.get("thought") != Some(&Value::Bool(true)))
        .filter_map(|part| part.get("text")?.as_str())
        .collect();
    conclude(ending, text, usage, text_at(body, "/modelVersion").map(str::to_owned))
}

fn ending(reason: Option<&str>) -> Ending {
    match reason {
        None | Some("FINISH_REASON_UNSPECIFIED") => Ending::Unsaid,
        Some("STOP") => Ending::Stop,
        Some("MAX_TOKENS") => Ending::Length,
        Some(reason @ ("RECITATION" | "OTHER")) => Ending::Unlucky(reason.to_owned()),
        Some(reason @ ("SAFETY" | "LANGUAGE" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII")) => {
            Ending::Filtered(reason.to_owned())
        }
        Some(reason) if reason.starts_with("IMAGE_") => Ending::Filtered(reason.to_owned()),
        // Asked again they do the same: another model is what helps.
        Some(reason @ ("MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "TOO_MANY_TOOL_CALLS")) => {
            Ending::Filtered(reason.to_owned())
        }
        Some(reason) => Ending::Unknown(reason.to_owned()),
    }
}

/// One chunk of a stream: each is a whole reply with the next part of the text.
pub(super) fn add(pieces: &mut Pieces, chunk: &Value) {
    pieces.add_model(text_at(chunk, "/modelVersion"));
    pieces.add_usage(chunk.get("usageMetadata"));
    if text_at(chunk, "/promptFeedback/blockReason").is_some() {
        pieces.feedback = chunk.get("promptFeedback").cloned();
        pieces.ended = true;
    }
    let Some(candidate) = at(chunk, "/candidates/0") else {
        return;
    };
    pieces.begun = true;
    for part in at(candidate, "/content/parts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = text_at(part, "/text").unwrap_or_default();
        match part.get("thought") {
            Some(Value::Bool(true)) => pieces.reasoning_bytes += text.len(),
            _ => pieces.text.push_str(text),
        }
    }
    if let Some(reason) = text_at(candidate, "/finishReason")
        && reason != "FINISH_REASON_UNSPECIFIED"
    {
        pieces.finish = Some(reason.to_owned());
        pieces.ended = true;
    }
}

/// The chunks as one `generateContent` reply.
pub(super) fn whole(pieces: Pieces) -> Value {
    let content = match pieces.text.is_empty() {
        true => json!({"role": "model"}),
        false => json!({"role": "model", "parts": [{"text": pieces.text}]}),
    };
    let candidate = json!({"content": content, "finishReason": pieces.finish});
    let candidates = pieces.begun.then_some(candidate);
    json!({
        "candidates": Vec::from_iter(candidates),
        "promptFeedback": pieces.feedback,
        "usageMetadata": pieces.usage,
        "modelVersion": pieces.model,
    })
}

/// Gemini counts thoughts beside the answer, everybody else among the output.
pub(super) fn usage(body: &Value) -> Usage {
    let thoughts = count(body, "/usageMetadata/thoughtsTokenCount");
    Usage {
        input_tokens: count(body, "/usageMetadata/promptTokenCount"),
        cached_input_tokens: count(body, "/usageMetadata/cachedContentTokenCount"),
        cache_write_tokens: 0,
        output_tokens: count(body, "/usageMetadata/candidatesTokenCount") + thoughts,
        reasoning_tokens: thoughts,
        estimated: false,
    }
}
