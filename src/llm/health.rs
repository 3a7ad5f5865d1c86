//! Who is asked at all: breakers of models and keys, and what a model was found not to accept.

use std::sync::PoisonError;

use super::breaker::Admit;
use super::call::{Ask, Asked, Llm};
use super::dialect::Adjustments;
use super::fault::{Fault, Feature, Kind};
use super::playback::MISS;
use super::tally::Tally;
use super::target::Target;
use super::types::{CallError, Class, Usage};
use crate::clock::{self, Instant};
use crate::event::Event;

impl Llm {
    /// Asks the breakers. With no other model at hand a new call waits out a short rest, and one under way goes on.
    pub(super) async fn admitted(&self, ask: &Ask<'_>, under_way: bool, tally: &mut Tally) -> Result<(), Asked> {
        loop {
            let now = clock::now();
            let limit = self.options.attempt_timeout;
            let of_key = self
                .breakers
                .with(&vendor_key(ask), |breaker| breaker.admit(now, limit));
            let admit = match of_key {
                Admit::Yes => self.breakers.with(&model_key(ask), |breaker| breaker.admit(now, limit)),
                refused => refused,
            };
            match admit {
                Admit::Yes => return Ok(()),
                Admit::Later { .. } | Admit::No { .. } if under_way && !ask.another_target => {
                    return Ok(());
                }
                Admit::Later { wait, .. } if !ask.another_target && now + wait <= ask.deadline => {
                    self.tell_wait(ask.request, wait, "the model failed several times in a row");
                    clock::sleep(wait).await;
                    tally.retry_wait += wait;
                }
                Admit::Later { because, .. } | Admit::No { because } | Admit::Never { because } => {
                    return Err(self.not_asked(ask, tally, because));
                }
            }
        }
    }

    /// Ends when this key or model is switched off; a queue is no place to wait for a host that will not answer.
    pub(super) async fn switched_off(&self, ask: &Ask<'_>) -> CallError {
        loop {
            let notice = self.off_notice.notified();
            let of_key = self.breakers.with(&vendor_key(ask), |breaker| breaker.off());
            let off = of_key.or_else(|| self.breakers.with(&model_key(ask), |breaker| breaker.off()));
            match off {
                Some(because) => return because,
                None => notice.await,
            }
        }
    }

    pub(super) fn not_asked(&self, ask: &Ask<'_>, tally: &mut Tally, because: CallError) -> Asked {
        tally.note(CallError {
            provider: ask.target.vendor.clone(),
            model: ask.target.model.clone(),
            message: format!("not asked again after: {}", because.message),
            usage: Usage::default(),
            ..because
        });
        Asked::NextTarget
    }

    pub(super) fn judge_health(&self, ask: &Ask<'_>, fault: &Fault, error: &CallError, started: Instant) {
        // What a recording does not hold says nothing of the provider.
        if fault.code.as_deref() == Some(MISS) {
            return;
        }
        let key = match (fault.class, fault.kind) {
            (Class::Configuration, Kind::ModelGone) | (Class::Quota, Kind::QuotaOfModel) => model_key(ask),
            (Class::Configuration | Class::Quota, _) => vendor_key(ask),
            (Class::Transient, _) => {
                let (key, now) = (model_key(ask), clock::now());
                return self
                    .breakers
                    .with(&key, |breaker| breaker.failed(started, now, error.clone()));
            }
            (Class::Deadline | Class::Budget, _) => return,
            (Class::RateLimit | Class::Permanent | Class::Output, _) => {
                return self.breakers.with(&model_key(ask), |breaker| breaker.healthy());
            }
        };
        self.breakers.with(&key, |breaker| breaker.switch_off(error.clone()));
        self.off_notice.notify_waiters();
    }

    pub(super) fn adjustments_of(&self, target: &Target) -> Adjustments {
        let known = self.adjustments.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(target).cloned().unwrap_or_default()
    }

    pub(super) fn leave_out(&self, target: &Target, feature: Feature) {
        let new = {
            let mut known = self.adjustments.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(target.clone()).or_default().add(feature)
        };
        if new {
            let what = match feature {
                Feature::StructuredOutput => "does not take a JSON Schema; the schema goes into the instructions",
                Feature::TokenLimitName => "names the token limit differently; the other name is used",
                Feature::Temperature => "does not take a temperature; it is left out",
            };
            self.events.say(Event::Warning {
                message: format!("{target} {what}"),
            });
        }
    }
}

/// One model at one place.
pub(super) fn model_key(ask: &Ask<'_>) -> String {
    format!("{}|{}|{}", ask.vendor.name, ask.vendor.base_url, ask.target.model)
}

/// All models behind one key.
fn vendor_key(ask: &Ask<'_>) -> String {
    format!("{}|{}", ask.vendor.name, ask.vendor.base_url)
}
