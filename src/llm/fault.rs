//! What went wrong in one exchange, before it is known to whom: dialects and `classify` make it, the call loop decides by it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::exchange::HttpReply;
use super::redact::{BODY_LIMIT, Redactor, excerpt, one_line};
use super::target::Target;
use super::types::{CallError, Class, Usage};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Fault {
    pub class: Class,
    pub kind: Kind,
    pub code: Option<String>,
    pub message: String,
    pub retry_after: Option<Duration>,
    pub usage: Usage,
    /// What it turns out to be if the last try meets it again: a host that is not found once may be a hiccup, thrice it
    /// is a wrong name.
    pub at_last: Option<Class>,
}

/// What the loop must know beyond the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Plain,
    /// The server is full: waits longer, moves on earlier.
    Overloaded,
    /// One more try and no more.
    Once,
    /// Two more tries and no more.
    Twice,
    /// The server said not to retry.
    Never,
    /// A success without an answer: at most two more tries.
    Empty,
    /// This model, or these weights behind a filter, will not answer: one other may be asked.
    Declined,
    /// The prompt does not fit this model's context window: a model with a larger one may do.
    ContextTooLong,
    /// The host does not know this part of the request.
    Unsupported(Feature),
    Credential,
    ModelGone,
    /// A quota of this model only; the same key may still serve others.
    QuotaOfModel,
}

/// A part of a request that a host may reject and that can be left out or renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Feature {
    StructuredOutput,
    /// `max_tokens` against `max_completion_tokens`.
    TokenLimitName,
    Temperature,
    /// A reply in pieces.
    Streaming,
    /// `stream_options`: the count of tokens at the end of a stream.
    StreamUsage,
}

impl Fault {
    pub(super) fn new(class: Class, message: impl Into<String>) -> Self {
        Self {
            class,
            kind: Kind::Plain,
            code: None,
            message: message.into(),
            retry_after: None,
            usage: Usage::default(),
            at_last: None,
        }
    }

    pub(super) fn at_last(mut self, class: Class) -> Self {
        self.at_last = Some(class);
        self
    }

    pub(super) fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    pub(super) fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The one door from a provider's words to a value that people and files see: everything is redacted here.
    pub(super) fn into_error(self, target: &Target, reply: Option<&HttpReply>, redactor: &Redactor) -> CallError {
        // The host quotes the prompt that it flagged.
        let quotes_prompt = self.code.as_deref() == Some("flagged");
        let body = match reply {
            Some(_) if quotes_prompt => "(withheld: it may quote the prompt)".to_owned(),
            Some(reply) => excerpt(reply, BODY_LIMIT, redactor),
            None => String::new(),
        };
        CallError {
            class: self.class,
            provider: target.vendor.clone(),
            model: target.model.clone(),
            status: reply.map(|reply| reply.status),
            code: self.code.map(|code| one_line(&redactor.redact(&code), 100)),
            message: one_line(&redactor.redact(&self.message), 500),
            body,
            headers: reply.map_or_else(Vec::new, |reply| kept_headers(reply, redactor)),
            retry_after: self.retry_after,
            usage: self.usage,
        }
    }
}

fn kept_headers(reply: &HttpReply, redactor: &Redactor) -> Vec<(String, String)> {
    const NAMES: [&str; 9] = [
        "retry-after",
        "retry-after-ms",
        "x-should-retry",
        "x-request-id",
        "request-id",
        "cf-ray",
        "content-type",
        "date",
        "server",
    ];
    reply
        .headers
        .iter()
        .filter(|(name, _)| NAMES.contains(&name.as_str()) || name.contains("ratelimit"))
        .take(32)
        .map(|(name, value)| {
            (
                one_line(&redactor.redact(name), 100),
                one_line(&redactor.redact(value), 200),
            )
        })
        .collect()
}
