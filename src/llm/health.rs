//! Who is asked at all: breakers of models and keys, and what a model was found not to accept.

use std::sync::PoisonError;
use std::time::Duration;

use super::breaker::Admit;
use super::breakers::CallBreaker;
use super::call::{Ask, Asked, Llm};
use super::dialect::Adjustments;
use super::fault::{Fault, Feature, Kind};
use super::playback::MISS;
use super::tally::Tally;
use super::target::Target;
use super::types::{CallError, Class, Usage};
use crate::clock::{self, Instant};
use crate::event::Event;

/// A key or model that definitively will not answer rests for an hour, or until the server's own reset if that is sooner.
const DEFINITIVE_REST: Duration = Duration::from_secs(3_600);
/// A reset that is nearer than this was told in vain: the refusal is not about a minute's limit.
const SHORTEST_REST: Duration = Duration::from_secs(5);

impl Llm {
    /// Asks the breakers. With no other model at hand a new call waits out a short rest, and one under way goes on.
    pub(super) async fn admitted(&self, ask: &Ask<'_>, under_way: bool, tally: &mut Tally) -> Result<(), Asked> {
        let mut said = false;
        loop {
            let notice = self.off_notice.notified();
            match self.admit(ask) {
                Admit::Yes => return Ok(()),
                Admit::Later { .. } | Admit::No { .. } if under_way && !ask.another_target => {
                    return Ok(());
                }
                Admit::Later { wait, .. } if !ask.another_target && clock::now() + wait <= ask.deadline => {
                    if !said {
                        self.tell_wait(ask.request, wait, "the model failed several times in a row");
                        said = true;
                    }
                    let begun = clock::now();
                    tokio::select! {
                        () = clock::sleep(wait) => {}
                        () = notice => {}
                    }
                    tally.retry_wait += begun.elapsed();
                }
                Admit::Later { because, .. } | Admit::No { because } | Admit::Never { because } => {
                    return Err(self.not_asked(ask, tally, because));
                }
            }
        }
    }

    /// The key first, then the model; a probe of the key that the model does not let through makes way for another.
    fn admit(&self, ask: &Ask<'_>) -> Admit<CallError> {
        let now = clock::now();
        let limit = self.options.attempt_timeout;
        let [key, model] = ask.known.places.both();
        match self.breakers.with(key, |breaker| breaker.admit(now, limit)) {
            Admit::Yes => {
                let admit = self.breakers.with(model, |breaker| breaker.admit(now, limit));
                if admit != Admit::Yes {
                    self.breakers.with(key, |breaker| breaker.withdraw(now));
                }
                admit
            }
            refused => refused,
        }
    }

    /// Ends when this key or model is switched off; a queue is no place to wait for a host that will not answer.
    pub(super) async fn switched_off(&self, ask: &Ask<'_>) -> CallError {
        loop {
            let notice = self.off_notice.notified();
            let now = clock::now();
            let off = ask
                .known
                .places
                .both()
                .into_iter()
                .find_map(|place| self.breakers.with(place, |breaker| breaker.off(now)));
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
        let [key, model] = ask.known.places.both();
        let place = match (fault.class, fault.kind) {
            (Class::Configuration, Kind::ModelGone) | (Class::Quota, Kind::QuotaOfModel) => model,
            (Class::Configuration | Class::Quota, _) => key,
            (Class::Transient, _) => {
                let now = clock::now();
                // A probe of the key that failed otherwise has not shown that the key is good again.
                if self.breakers.is_open(key) {
                    self.change(key, |breaker| breaker.failed(started, now, error.clone()), None);
                }
                self.change(model, |breaker| breaker.failed(started, now, error.clone()), None);
                return;
            }
            (Class::Deadline | Class::Budget, _) => return,
            (Class::RateLimit | Class::Permanent | Class::Output, _) => return self.found_healthy(ask),
        };
        let reset = fault
            .retry_after
            .filter(|_| fault.class == Class::Quota)
            .filter(|reset| *reset >= SHORTEST_REST);
        let rest = reset.unwrap_or(DEFINITIVE_REST).min(DEFINITIVE_REST);
        let switch_off = |breaker: &mut CallBreaker| {
            breaker.switch_off(clock::now(), rest, error.clone());
        };
        self.change(place, switch_off, reset.map(|_| rest));
    }

    /// The server answered, whatever it said: its model is well, and so is the key if that was in doubt.
    pub(super) fn found_healthy(&self, ask: &Ask<'_>) {
        for place in ask.known.places.both() {
            if self.breakers.is_touched(place) {
                self.change(place, |breaker| breaker.healthy(), None);
            }
        }
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
                Feature::Streaming => "does not stream; its replies come whole",
                Feature::StreamUsage => "does not count tokens at the end of a stream; they are estimated",
            };
            self.events.say(Event::Warning {
                message: format!("{target} {what}"),
            });
        }
    }
}
