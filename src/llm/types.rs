//! What goes into the call layer and what comes out.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One question to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Who asks (`geographic`, `coordinator`): for events, the mock's script and the store; never sent.
    pub role: String,
    pub system: String,
    pub prompt: String,
    /// The JSON Schema of the reply, sent as the provider's native structured output where it has one.
    pub schema: Option<Schema>,
    pub max_output_tokens: u32,
    pub temperature: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// `[A-Za-z0-9_-]{1,64}`, as OpenAI requires.
    pub name: String,
    pub value: Value,
}

/// Why the model stopped. Open: providers add reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    Stop,
    /// Cut off by the token limit: never a result.
    Length,
    Refusal,
    Filtered,
    Other(String),
}

/// Tokens of one or several attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u64,
    /// Among the input: read from the provider's prompt cache.
    pub cached_input_tokens: u64,
    /// Among the input: written to the provider's prompt cache, where it reports that.
    pub cache_write_tokens: u64,
    /// Reasoning tokens included.
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    /// The provider did not report usage; these are our estimates.
    pub estimated: bool,
}

impl Usage {
    pub fn add(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.cached_input_tokens += other.cached_input_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
        self.output_tokens += other.output_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
        self.estimated |= other.estimated;
    }
}

/// What kind of failure it was: decides retry, next model, breaker and exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Retry the same model.
    Transient,
    /// Obey the wait; pauses the shared limiter.
    RateLimit,
    /// No credit or a daily quota: this provider is off for the run.
    Quota,
    /// The same request fails again; another model may do.
    Permanent,
    /// Key, permission, model name, URL or certificate: never retried.
    Configuration,
    /// The server is healthy, the reply unusable (truncated, refused, filtered, empty).
    Output,
    /// The deadline of the call or the run passed.
    Deadline,
    /// The run's own budget of money, calls or tokens does not allow this attempt: nothing was sent.
    Budget,
}

impl Class {
    /// As it stands in files and events.
    pub fn word(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimit => "rate_limit",
            Self::Quota => "quota",
            Self::Permanent => "permanent",
            Self::Configuration => "configuration",
            Self::Output => "output",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
        }
    }
}

/// One failed exchange with a provider; status, body and headers survive. Keys never do.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[error("{provider}:{model}: {message}")]
pub struct CallError {
    pub class: Class,
    pub provider: String,
    pub model: String,
    pub status: Option<u16>,
    /// The provider's own code or type, e.g. `rate_limit_exceeded`.
    pub code: Option<String>,
    pub message: String,
    /// At most 2,000 characters, redacted; empty when there was none.
    pub body: String,
    /// Response headers that matter (retry-after, rate limits, request ids), lower-case names.
    pub headers: Vec<(String, String)>,
    /// What the server asked us to wait.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// Tokens billed for the failed attempt, where the reply said so.
    pub usage: Usage,
}

/// One attempt of a call, kept for the summary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    pub provider: String,
    pub model: String,
    pub millis: u64,
    /// Tokens that this attempt was billed, as far as the reply said so. A retry may be billed twice: no provider
    /// promises otherwise.
    pub usage: Usage,
    /// None for success.
    pub error: Option<CallError>,
}

/// A reply and what it took to get it.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    pub text: String,
    pub finish: Finish,
    pub provider: String,
    /// The model that was asked for.
    pub model: String,
    /// The model that the provider says answered.
    pub answered_model: Option<String>,
    pub attempts: Vec<Attempt>,
    /// Of the successful attempt plus what failed ones were billed.
    pub usage: Usage,
    /// Null when no price is known; never 0 for unknown.
    pub cost_usd: Option<f64>,
    /// Waiting on the provider, over all attempts.
    pub provider_wait: Duration,
    pub limiter_wait: Duration,
    pub retry_wait: Duration,
    /// Of the successful attempt, where it was streamed.
    pub first_token: Option<Duration>,
    pub cached: bool,
    /// A second model was asked near the deadline, whoever answered first.
    pub hedged: bool,
    /// Under which key the reply is kept, for `Llm::forget`.
    pub cache_key: Option<String>,
}

/// No reply from any model of the plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no reply from any model for `{role}`: {error}")]
pub struct Failed {
    pub role: String,
    /// The error of the last attempt that says most.
    pub error: Box<CallError>,
    pub attempts: Vec<Attempt>,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
    pub provider_wait: Duration,
    pub limiter_wait: Duration,
    pub retry_wait: Duration,
    pub hedged: bool,
}
