//! What one logical call took: attempts, tokens, money and waits, over all its targets.

use std::time::Duration;

use super::dialect::Decoded;
use super::target::Target;
use super::types::{Attempt, CallError, Class, Completion, Failed, Usage};

pub(super) struct Tally {
    pub attempts: Vec<Attempt>,
    pub provider_wait: Duration,
    pub limiter_wait: Duration,
    pub retry_wait: Duration,
    /// Models that declined to answer.
    pub declined: u32,
    usage: Usage,
    /// None once something was billed whose price nobody knows.
    cost_usd: Option<f64>,
    /// Why the last target was left or not asked.
    last: Option<CallError>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            attempts: Vec::new(),
            provider_wait: Duration::ZERO,
            limiter_wait: Duration::ZERO,
            retry_wait: Duration::ZERO,
            declined: 0,
            usage: Usage::default(),
            cost_usd: Some(0.0),
            last: None,
        }
    }

    pub(super) fn attempt(&mut self, target: &Target, took: Duration, usage: Usage, error: Option<CallError>) {
        self.provider_wait += took;
        self.attempts.push(Attempt {
            provider: target.vendor.clone(),
            model: target.model.clone(),
            millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            usage,
            error: error.clone(),
        });
        if let Some(error) = error {
            self.last = Some(error);
        }
    }

    pub(super) fn spend(&mut self, usage: Usage, cost_usd: Option<f64>) {
        if usage == Usage::default() {
            return;
        }
        self.usage.add(usage);
        self.cost_usd = match (self.cost_usd, cost_usd) {
            (Some(sum), Some(cost)) => Some(sum + cost),
            _ => None,
        };
    }

    /// A target that was not asked, or a wait that was not begun.
    pub(super) fn note(&mut self, error: CallError) {
        // That time ran out says less than why it ran out: the last provider's words stay with it.
        let error = match (&self.last, error.class) {
            (Some(last), Class::Deadline) => CallError {
                message: format!("{}; before that: {}", error.message, last.message),
                status: last.status,
                code: error.code.or_else(|| last.code.clone()),
                body: last.body.clone(),
                headers: last.headers.clone(),
                ..error
            },
            _ => error,
        };
        self.last = Some(error);
    }

    pub(super) fn last(&self) -> Option<&CallError> {
        self.last.as_ref()
    }

    pub(super) fn completion(self, target: &Target, decoded: Decoded, cached: bool) -> Completion {
        Completion {
            text: decoded.text,
            finish: decoded.finish,
            provider: target.vendor.clone(),
            model: target.model.clone(),
            answered_model: decoded.answered_model,
            attempts: self.attempts,
            usage: self.usage,
            cost_usd: self.cost_usd,
            provider_wait: self.provider_wait,
            limiter_wait: self.limiter_wait,
            retry_wait: self.retry_wait,
            first_token: decoded.first_token,
            cached,
        }
    }

    pub(super) fn failed(self, role: &str) -> Failed {
        let error = self.last.unwrap_or_else(|| CallError {
            class: Class::Configuration,
            provider: String::new(),
            model: String::new(),
            status: None,
            code: None,
            message: "no model is configured".to_owned(),
            body: String::new(),
            headers: Vec::new(),
            retry_after: None,
            usage: Usage::default(),
        });
        Failed {
            role: role.to_owned(),
            error: Box::new(error),
            attempts: self.attempts,
            usage: self.usage,
            cost_usd: self.cost_usd,
            provider_wait: self.provider_wait,
            limiter_wait: self.limiter_wait,
            retry_wait: self.retry_wait,
        }
    }
}
