//! The three languages that providers speak, as pure translation: a request into bytes, bytes into a reply or a fault.

mod anthropic;
mod assembly;
mod embeddings;
mod ending;
mod gemini;
mod offer;
mod openai;
mod quick;
mod schema;
mod streaming;
mod write;

use assembly::Finished;
pub(super) use assembly::{Assembly, Stage};
pub(super) use offer::{Offer, offer};
pub(super) use streaming::{StreamUsage, is_stream, says_stream};

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::classify;
use super::exchange::{HttpReply, HttpRequest};
use super::fault::{Fault, Feature, Kind};
use super::types::{Class, Finish, Request, Usage};
use super::vendor::Vendor;

/// What a vendor speaks. Everything else that differs between vendors is a field of `Vendor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Chat completions; also OpenRouter, Ollama, vLLM, Groq and the other compatible hosts.
    OpenAi,
    /// Messages.
    Anthropic,
    /// `generateContent`.
    Gemini,
    /// Vectors in place of words, at the hosts of chat completions. No row of the table speaks it: `Llm::embed` asks theirs in it.
    Embeddings,
}

/// A usable answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decoded {
    pub text: String,
    pub finish: Finish,
    pub usage: Usage,
    pub answered_model: Option<String>,
    /// What the provider says it charged (OpenRouter does).
    pub cost_usd: Option<f64>,
    /// From sending to the first token, where the reply was streamed.
    pub first_token: Option<Duration>,
}

/// What a host was found not to know, remembered per model for the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Adjustments {
    without: Vec<Feature>,
}

impl Adjustments {
    pub(super) fn has(&self, feature: Feature) -> bool {
        self.without.contains(&feature)
    }

    /// False if it was known already: then leaving it out did not help.
    pub(super) fn add(&mut self, feature: Feature) -> bool {
        let new = !self.has(feature);
        if new {
            self.without.push(feature);
        }
        new
    }
}

impl Dialect {
    pub(super) fn encode(
        self,
        vendor: &Vendor,
        model: &str,
        request: &Request,
        adjustments: &Adjustments,
    ) -> HttpRequest {
        let mut http = match self {
            Self::OpenAi => openai::encode(vendor, model, request, adjustments),
            Self::Anthropic => anthropic::encode(vendor, model, request, adjustments),
            Self::Gemini => gemini::encode(vendor, model, request, adjustments),
            Self::Embeddings => embeddings::encode(vendor, model, request),
        };
        for (name, value) in &vendor.headers {
            http.headers.push((name.clone(), value.as_str().into()));
        }
        http
    }

    /// An error inside a success is looked for before anything else is read.
    pub(super) fn decode(self, vendor: &Vendor, reply: &HttpReply, wall: Timestamp) -> Result<Decoded, Fault> {
        if !reply.is_success() {
            return Err(classify::refused(vendor, reply, wall));
        }
        if is_stream(reply) {
            let mut assembly = Assembly::new(self);
            assembly.push(&reply.body);
            return self.decode_stream(vendor, reply, assembly, wall);
        }
        let text = reply.text();
        if matches!(text, Cow::Owned(_)) {
            tracing::warn!(vendor = vendor.name.as_str(), "the reply is not UTF-8 throughout");
        }
        let text = text.trim_start_matches('\u{feff}').trim();
        if let Some(outcome) = (self == Self::OpenAi).then(|| openai::decode_plain(text)).flatten() {
            return outcome.map(with_output_counted);
        }
        let body: Value = match serde_json::from_str(text) {
            Ok(body) => body,
            Err(_) if reply.is_html() => return Err(classify::page(vendor, reply)),
            // Without a content-length a cut transfer looks like a whole one.
            Err(error) if error.is_eof() => {
                return Err(Fault::new(Class::Transient, "the reply was cut off on the way").code("cut_off"));
            }
            Err(_) => {
                let hint = "the reply is not JSON; is the base URL right?";
                return Err(Fault::new(Class::Transient, hint).kind(Kind::Once).code("not_json"));
            }
        };
        let body = match body {
            Value::Array(mut list) if list.len() == 1 => list.remove(0),
            other => other,
        };
        self.decode_body(vendor, reply, &body, wall)
    }

    /// A stream that is over; `reply` is where it came from. An error in its middle counts as if it had been the status.
    pub(super) fn decode_stream(
        self,
        vendor: &Vendor,
        reply: &HttpReply,
        assembly: Assembly,
        wall: Timestamp,
    ) -> Result<Decoded, Fault> {
        let usage = assembly.usage();
        let outcome = match assembly.finish()? {
            Finished::Body(body) => self.decode_body(vendor, reply, &body, wall),
            Finished::Chat(pieces) => openai::decode_pieces(pieces).map(with_output_counted),
        };
        outcome.map_err(|fault| match fault.usage == Usage::default() {
            true => fault.usage(usage),
            false => fault,
        })
    }

    fn decode_body(self, vendor: &Vendor, reply: &HttpReply, body: &Value, wall: Timestamp) -> Result<Decoded, Fault> {
        if body.get("error").is_some_and(|error| !error.is_null()) || body.get("type") == Some(&Value::from("error")) {
            return Err(classify::refused_body(vendor, reply, body, wall));
        }
        let decoded = match self {
            Self::OpenAi => openai::decode(vendor, reply, body, wall)?,
            Self::Anthropic => anthropic::decode(body)?,
            Self::Gemini => gemini::decode(body)?,
            Self::Embeddings => return embeddings::decode(body),
        };
        Ok(with_output_counted(decoded))
    }
}

/// A host that does not count: the output is estimated here, the input where the bytes sent are known.
fn with_output_counted(mut decoded: Decoded) -> Decoded {
    if decoded.usage.input_tokens == 0 && decoded.usage.output_tokens == 0 {
        decoded.usage.output_tokens = estimate_tokens(decoded.text.len());
        decoded.usage.estimated = true;
    }
    decoded
}

/// JSON rows take 2.7 bytes a token, prose more than four.
pub(super) fn estimate_tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(3)
}

/// About how many bytes a body takes, so that it is written without being moved; escapes and the schema are the guess.
fn size_of_body(request: &Request) -> usize {
    (request.system.len() + request.prompt.len()) * 9 / 8 + 2_048
}

/// A schema for those who take it only as words.
fn schema_in_words(request: &Request) -> Option<String> {
    let schema = request.schema.as_ref()?;
    Some(format!(
        "Reply with one JSON object and nothing else, valid for this JSON Schema:\n{}",
        schema.value
    ))
}

/// The instructions, with the schema in words where it cannot be sent natively.
fn instructions(request: &Request, schema_native: bool) -> Cow<'_, str> {
    let words = if schema_native { None } else { schema_in_words(request) };
    match words {
        Some(words) if request.system.is_empty() => Cow::Owned(words),
        Some(words) => Cow::Owned(format!("{}\n\n{words}", request.system)),
        None => Cow::Borrowed(&request.system),
    }
}

/// `Value::pointer` for names without `~`: it copies each name twice to look for escapes, for every chunk of a stream.
fn at<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut names = pointer.split('/').skip(1);
    names.try_fold(value, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => value.get(name),
    })
}

fn count(value: &Value, pointer: &str) -> u64 {
    at(value, pointer)
        .and_then(|number| {
            number
                .as_u64()
                .or_else(|| number.as_f64().map(|number| number.max(0.0) as u64))
        })
        .unwrap_or(0)
}

fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    at(value, pointer)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
