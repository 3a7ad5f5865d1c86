//! How a reply is asked for in pieces. Asking for a stream changes how an answer is delivered and nothing about the
//! question, so it is added to an encoded request right before it is sent: a kept reply serves both.

use super::Dialect;
use crate::llm::exchange::{HttpReply, HttpRequest};

/// Whether chat completions are told to count tokens at the end of a stream; the other dialects do so anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::llm) enum StreamUsage {
    Asked,
    Unasked,
}

impl Dialect {
    /// The same question, answered in pieces.
    pub(in crate::llm) fn ask_for_stream(self, mut http: HttpRequest, usage: StreamUsage) -> HttpRequest {
        let more = match (self, usage) {
            (Self::OpenAi | Self::Embeddings, StreamUsage::Asked) => {
                r#","stream":true,"stream_options":{"include_usage":true}}"#
            }
            (Self::OpenAi | Self::Embeddings, StreamUsage::Unasked) | (Self::Anthropic, _) => r#","stream":true}"#,
            (Self::Gemini, _) => {
                if let Some(model) = http.path.strip_suffix(":generateContent") {
                    http.path = format!("{model}:streamGenerateContent?alt=sse");
                }
                return http;
            }
        };
        // The body is an object with at least a model in it.
        if http.body.pop() == Some(b'}') {
            http.body.extend_from_slice(more.as_bytes());
        }
        http
    }

    /// The host does not know the path of streams, where that is a path of its own: the plain one may do. A 404 that names the
    /// model is about the model.
    pub(in crate::llm) fn has_no_stream_path(self, reply: &HttpReply) -> bool {
        let unknown = matches!(reply.status, 404 | 405 | 501);
        self == Self::Gemini && unknown && !reply.text().to_ascii_lowercase().contains("models/")
    }
}

/// By content type, or by the first bytes when the type lies.
pub(in crate::llm) fn is_stream(reply: &HttpReply) -> bool {
    if says_stream(reply) {
        return true;
    }
    let start = reply.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&reply.body);
    let start = start.trim_ascii_start();
    [&b"data:"[..], b"event:", b": "]
        .iter()
        .any(|field| start.starts_with(field))
}

/// By content type alone, before the body is there.
pub(in crate::llm) fn says_stream(reply: &HttpReply) -> bool {
    reply
        .header("content-type")
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("text/event-stream"))
}
