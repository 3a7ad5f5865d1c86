//! What one logical call took: attempts, tokens, money and waits, over all its targets.

use std::time::Duration;

use super::call::Answer;
use super::target::Target;
use super::types::{Attempt, CallError, Class, Completion, Failed, Usage};
use crate::clock::{self, Instant};

pub(super) struct Tally {
    earlier: usize,
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
    /// Sent and not answered yet, with the most that it may be billed.
    under_way: Option<UnderWay>,
    pub hedged: bool,
    /// The largest context window that was too small.
    too_small_window: Option<u64>,
}

struct UnderWay {
    target: Target,
    since: Instant,
    usage: Usage,
    cost_usd: Option<f64>,
}

impl Tally {
    /// `earlier` attempts of the same call's budget are gone.
    pub(super) fn after(earlier: usize) -> Self {
        Self {
            earlier,
            attempts: Vec::new(),
            provider_wait: Duration::ZERO,
            limiter_wait: Duration::ZERO,
            retry_wait: Duration::ZERO,
            declined: 0,
            usage: Usage::default(),
            cost_usd: Some(0.0),
            last: None,
            under_way: None,
            hedged: false,
            too_small_window: None,
        }
    }

    pub(super) fn too_small(&mut self, window: Option<u64>) {
        self.too_small_window = self.too_small_window.max(window);
    }

    pub(super) fn too_small_window(&self) -> Option<u64> {
        self.too_small_window
    }

    /// An attempt leaves; until `attempt` it may be dropped at any point.
    pub(super) fn sent(&mut self, target: &Target, usage: Usage, cost_usd: Option<f64>) {
        self.under_way = Some(UnderWay {
            target: target.clone(),
            since: clock::now(),
            usage,
            cost_usd,
        });
    }

    /// Takes over what the other side of a hedge took. An attempt that was dropped on its way counts as its worst case.
    pub(super) fn absorb(&mut self, mut other: Self) {
        let last = self.last.take();
        self.end_under_way();
        other.end_under_way();
        self.last = last;
        self.provider_wait += other.provider_wait;
        self.limiter_wait += other.limiter_wait;
        self.retry_wait += other.retry_wait;
        self.declined += other.declined;
        self.attempts.append(&mut other.attempts);
        self.spend(other.usage, other.cost_usd);
        if self.last.is_none() {
            self.last = other.last;
        }
    }

    /// Whoever asked for it was dropped: another model answered first.
    fn end_under_way(&mut self) {
        let Some(dropped) = self.under_way.take() else {
            return;
        };
        let error = CallError {
            class: Class::Deadline,
            code: Some("cancelled".to_owned()),
            message: "cancelled: another model answered first".to_owned(),
            usage: dropped.usage,
            ..nothing(&dropped.target.vendor, &dropped.target.model)
        };
        // It ran beside the one that answered: its time is no wait of its own.
        let waited = self.provider_wait;
        self.attempt(&dropped.target, dropped.since.elapsed(), dropped.usage, Some(error));
        self.provider_wait = waited;
        self.spend(dropped.usage, dropped.cost_usd);
    }

    /// Attempts of the call's budget that are gone.
    pub(super) fn n_used(&self) -> usize {
        self.earlier + self.attempts.len()
    }

    pub(super) fn attempt(&mut self, target: &Target, took: Duration, usage: Usage, error: Option<CallError>) {
        self.under_way = None;
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
        // That time or money ran out says less than what it was spent on: the last provider's words stay with it.
        let error = match (&self.last, error.class) {
            (Some(last), Class::Deadline | Class::Budget) if last.class != error.class => CallError {
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

    pub(super) fn completion(self, answer: Answer) -> Completion {
        let Answer {
            target,
            decoded,
            cached,
            cache_key,
        } = answer;
        Completion {
            text: decoded.text,
            finish: decoded.finish,
            provider: target.vendor,
            model: target.model,
            answered_model: decoded.answered_model,
            attempts: self.attempts,
            usage: self.usage,
            cost_usd: self.cost_usd,
            provider_wait: self.provider_wait,
            limiter_wait: self.limiter_wait,
            retry_wait: self.retry_wait,
            first_token: decoded.first_token,
            cached,
            hedged: self.hedged,
            cache_key,
        }
    }

    pub(super) fn failed(self, role: &str) -> Failed {
        let error = self.last.unwrap_or_else(|| nothing("", ""));
        Failed {
            role: role.to_owned(),
            error: Box::new(error),
            attempts: self.attempts,
            usage: self.usage,
            cost_usd: self.cost_usd,
            provider_wait: self.provider_wait,
            limiter_wait: self.limiter_wait,
            retry_wait: self.retry_wait,
            hedged: self.hedged,
        }
    }
}

fn nothing(provider: &str, model: &str) -> CallError {
    CallError {
        class: Class::Configuration,
        provider: provider.to_owned(),
        model: model.to_owned(),
        status: None,
        code: None,
        message: "no model is configured".to_owned(),
        body: String::new(),
        headers: Vec::new(),
        retry_after: None,
        usage: Usage::default(),
    }
}
