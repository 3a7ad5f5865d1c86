//! What the call layer says and keeps: events for people, records for the store.

use std::time::Duration;

use serde_json::json;

use super::call::Llm;
use super::tally::Tally;
use super::target::Target;
use super::types::{Completion, Failed, Request};
use crate::clock::{self, Instant};
use crate::event::Event;
use crate::store::CallRecord;

/// Waits shorter than this are not worth a line.
const WORTH_SAYING: Duration = Duration::from_millis(50);

impl Llm {
    pub(super) fn tell_wait(&self, request: &Request, wait: Duration, because: &str) {
        if wait >= WORTH_SAYING {
            self.events.say(Event::CallWaiting {
                role: request.role.clone(),
                millis: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                because: because.to_owned(),
            });
        }
    }

    pub(super) fn tell_fallback(&self, request: &Request, target: &Target, next: Option<&Target>, tally: &Tally) {
        let (Some(next), Some(error)) = (next, tally.last()) else {
            return;
        };
        self.events.say(Event::Warning {
            message: format!(
                "{}: {target} gave no reply, asking {next}: {}",
                request.role, error.message
            ),
        });
    }

    pub(super) fn tell_success(&self, request: &Request, target: &Target, completion: &Completion, started: Instant) {
        let millis = clock::millis_since(started);
        let span = tracing::Span::current();
        span.record("model", tracing::field::display(target));
        span.record("attempts", completion.attempts.len());
        span.record("cached", completion.cached);
        self.events.say_with(|| Event::CallSucceeded {
            role: request.role.clone(),
            model: target.to_string(),
            millis,
            input_tokens: completion.usage.input_tokens,
            output_tokens: completion.usage.output_tokens,
            cost_usd: completion.cost_usd,
            cached: completion.cached,
        });
        self.record(request, || CallRecord {
            provider: target.vendor.clone(),
            model: target.model.clone(),
            status: "ok".to_owned(),
            attempts: count(completion.attempts.len()),
            millis,
            input_tokens: completion.usage.input_tokens,
            cached_input_tokens: completion.usage.cached_input_tokens,
            output_tokens: completion.usage.output_tokens,
            cost_usd: completion.cost_usd,
            cached: completion.cached,
            reply: Some(completion.text.clone()),
            ..CallRecord::default()
        });
    }

    pub(super) fn tell_failure(&self, request: &Request, failed: &Failed, started: Instant) {
        let error = &failed.error;
        let span = tracing::Span::current();
        span.record("attempts", failed.attempts.len());
        span.record("failure", error.class.word());
        self.events.say(Event::CallFailed {
            role: request.role.clone(),
            model: format!("{}:{}", error.provider, error.model),
            attempts: count(failed.attempts.len()),
            because: error.message.clone(),
        });
        self.record(request, || CallRecord {
            provider: error.provider.clone(),
            model: error.model.clone(),
            status: error.class.word().to_owned(),
            http_status: error.status,
            error: Some(error.message.clone()),
            attempts: count(failed.attempts.len()),
            millis: clock::millis_since(started),
            input_tokens: failed.usage.input_tokens,
            cached_input_tokens: failed.usage.cached_input_tokens,
            output_tokens: failed.usage.output_tokens,
            cost_usd: failed.cost_usd,
            ..CallRecord::default()
        });
    }

    pub(super) fn record(&self, request: &Request, record: impl FnOnce() -> CallRecord) {
        let Some(store) = &self.store else {
            return;
        };
        store.record_call(CallRecord {
            role: request.role.clone(),
            kind: if request.schema.is_some() { "structured" } else { "text" }.to_owned(),
            parameters: json!({
                "max_output_tokens": request.max_output_tokens, "temperature": request.temperature,
                "schema": request.schema.as_ref().map(|schema| &schema.name),
                "json_schema": request.schema.as_ref().map(|schema| &schema.value),
            }),
            system: Some(request.system.clone()),
            prompt: Some(request.prompt.clone()),
            ..record()
        });
        if let Some(message) = store.take_warning() {
            self.events.say(Event::Warning { message });
        }
    }
}

pub(super) fn shown(wait: Duration) -> String {
    match wait.as_secs_f64() {
        short if short < 10.0 => format!("{short:.1} s"),
        seconds => format!("{seconds:.0} s"),
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
