//! The one visible loop: cache, breaker, limiter, encode, send, decode, then again or the next model.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout_at;

use super::breakers::{Breakers, Places};
use super::cache::Cache;
use super::decide::{self, Standing, Step, Wait};
use super::dialect::{Adjustments, Decoded, estimate_tokens};
use super::exchange::{HttpReply, HttpRequest};
use super::fault::{Fault, Kind};
use super::limit::{Estimate, Limits};
use super::mock::Mock;
use super::options::{ConfigError, Options};
use super::redact::Redactor;
use super::retry::Waits;
use super::tally::Tally;
use super::target::Target;
use super::types::{CallError, Class, Completion, Failed, Request, Usage};
use super::unreachable;
use super::vendor::Vendor;
use super::wire::Wire;
use crate::clock::{self, Instant};
use crate::event::{Event, Events};
use crate::store::{Ledger, Store};

/// The call layer of one run. Shared by all its calls: limits, breakers and connections are its state.
pub struct Llm {
    pub(super) options: Options,
    pub(super) vendors: HashMap<String, Vendor>,
    pub(super) wire: Wire,
    mock: Mock,
    pub(super) limits: Limits,
    pub(super) breakers: Breakers,
    /// Told whenever a breaker is switched off for the run.
    pub(super) off_notice: Notify,
    pub(super) adjustments: Mutex<HashMap<Target, Adjustments>>,
    pub(super) redactor: Redactor,
    cache: Cache,
    pub(super) store: Option<Store>,
    pub(super) events: Events,
}

/// One target of one call.
pub(super) struct Ask<'a> {
    pub(super) request: &'a Request,
    pub(super) target: &'a Target,
    pub(super) vendor: &'a Vendor,
    pub(super) places: Places,
    pub(super) deadline: Instant,
    pub(super) another_target: bool,
}

/// What one exchange gave, and the reply that it was read from, if there was one.
pub(super) type Received = (Result<Decoded, Fault>, Option<HttpReply>);

pub(super) enum Asked {
    Answered { decoded: Decoded, cached: bool },
    NextTarget,
    Stop,
}

impl Llm {
    pub fn new(options: Options, store: Option<Store>, events: Events) -> Result<Self, ConfigError> {
        options.check()?;
        let ledger = (!options.ledger.is_empty()).then(|| Ledger::at(options.ledger.clone()));
        let llm = Self {
            redactor: options.redactor(),
            vendors: options
                .vendors
                .iter()
                .map(|vendor| (vendor.name.clone(), vendor.clone()))
                .collect(),
            wire: Wire::new(options.connect_timeout),
            mock: Mock::new(options.mock.clone()),
            limits: Limits::new(options.rate_window, ledger),
            breakers: Breakers::default(),
            off_notice: Notify::new(),
            adjustments: Mutex::default(),
            cache: Cache::new(options.cache, store.clone()),
            options,
            store,
            events,
        };
        llm.recall_breakers();
        Ok(llm)
    }

    /// A usable reply from the first model of the role's plan that gives one. Dropping the future is safe at any point.
    pub async fn complete(&self, request: &Request, deadline: Option<Instant>) -> Result<Completion, Failed> {
        self.complete_with(request, &self.plan(&request.role), deadline).await
    }

    /// The same with the caller's own models, in this order, in place of the role's plan.
    pub async fn complete_with(
        &self,
        request: &Request,
        plan: &[Target],
        deadline: Option<Instant>,
    ) -> Result<Completion, Failed> {
        let started = clock::now();
        let own = started + self.options.call_timeout;
        let deadline = deadline.map_or(own, |given| given.min(own));
        let mut tally = Tally::new();
        for (index, target) in plan.iter().enumerate() {
            let Some(vendor) = self.vendors.get(&target.vendor) else {
                continue;
            };
            if index == 0 {
                self.events.say(Event::CallQueued {
                    role: request.role.clone(),
                    model: target.to_string(),
                });
            }
            let next = plan.get(index + 1);
            let ask = Ask {
                request,
                target,
                vendor,
                places: Places::of(vendor, &target.model),
                deadline,
                another_target: next.is_some(),
            };
            match self.ask(&ask, &mut tally).await {
                Asked::Answered { decoded, cached } => {
                    let completion = tally.completion(target, decoded, cached);
                    self.tell_success(request, target, &completion, started);
                    return Ok(completion);
                }
                Asked::NextTarget if self.used_up(&tally) => break,
                Asked::NextTarget => self.tell_fallback(request, target, next, &tally),
                Asked::Stop => break,
            }
        }
        let failed = tally.failed(&request.role);
        self.tell_failure(request, &failed, started);
        Err(failed)
    }

    async fn ask(&self, ask: &Ask<'_>, tally: &mut Tally) -> Asked {
        let vendor = ask.vendor;
        let rates = self.options.rates(vendor);
        let limit = self.limits.of(vendor, ask.places.key.name(), &ask.target.model, rates);
        let mut ordinary = Waits::ordinary(self.options.first_wait);
        let mut overloaded = Waits::overloaded(self.options.first_wait);
        let mut attempts_here = 0;
        let mut empties = 0;
        loop {
            let adjustments = self.adjustments_of(ask.target);
            let http = vendor
                .dialect
                .encode(vendor, &ask.target.model, ask.request, &adjustments);
            let cache_key = self.cache.key(vendor, &http);
            if let Some(decoded) = self.cache.find(cache_key.as_deref()).await {
                return Asked::Answered { decoded, cached: true };
            }
            if let Err(asked) = self.admitted(ask, attempts_here > 0, tally).await {
                return asked;
            }
            let estimate = Estimate {
                input_tokens: estimate_tokens(http.body.len()),
                output_tokens: u64::from(ask.request.max_output_tokens),
            };
            let reservation = match self.turn(ask, &limit, estimate, tally).await {
                Ok(reservation) => reservation,
                Err(asked) => return asked,
            };

            attempts_here += 1;
            self.events.say(Event::CallAttempt {
                role: ask.request.role.clone(),
                model: ask.target.to_string(),
                attempt: attempts_here,
                attempts: self.options.attempts,
            });
            let body_length = http.body.len();
            let started = clock::now();
            let (outcome, reply) = self.exchange(ask, http).await;
            let took = started.elapsed();
            if let Some(reply) = &reply {
                limit.learn(&reply.headers, clock::wall());
            }
            let fault = match outcome {
                Ok(decoded) => {
                    let decoded = self.succeeded(ask, decoded, took, body_length, tally);
                    reservation.settle(&decoded.usage);
                    self.cache.keep(cache_key.as_deref(), &decoded);
                    return Asked::Answered { decoded, cached: false };
                }
                Err(fault) => decide::settled(fault, attempts_here, self.options.attempts),
            };
            if fault.usage != Usage::default() {
                reservation.settle(&fault.usage);
            } else if reply.as_ref().is_some_and(|reply| !reply.is_success()) {
                reservation.refused();
            } else {
                drop(reservation);
            }
            let error = self.stumbled(ask, &fault, reply.as_ref(), started, tally);
            if fault.kind == Kind::Empty {
                empties += 1;
            }
            let standing = Standing {
                attempts_here,
                attempts_allowed: self.options.attempts,
                empties,
                declined: tally.declined,
                another_target: ask.another_target,
                retry_after_cap: self.options.retry_after_cap,
            };
            let wait = match decide::after(&fault, standing) {
                Step::Return => return Asked::Stop,
                Step::NextTarget => {
                    if fault.class == Class::RateLimit
                        && let Some(asked) = fault.retry_after
                    {
                        limit.pause_until(clock::now() + asked);
                    }
                    return Asked::NextTarget;
                }
                Step::Without(feature) if adjustments.has(feature) => return Asked::NextTarget,
                Step::Without(feature) => {
                    self.leave_out(ask.target, feature);
                    if attempts_here >= self.options.attempts || self.used_up(tally) {
                        return Asked::NextTarget;
                    }
                    continue;
                }
                Step::Again(_) if self.used_up(tally) => return Asked::NextTarget,
                Step::Again(Wait::Asked(wait)) => wait,
                Step::Again(Wait::Ordinary) => ordinary.next(),
                Step::Again(Wait::Overloaded) => overloaded.next(),
            };
            if fault.class == Class::RateLimit {
                limit.pause_until(clock::now() + wait);
            }
            if let Err(asked) = self.pause(ask, tally, attempts_here, wait, &error).await {
                return asked;
            }
        }
    }

    fn succeeded(
        &self,
        ask: &Ask<'_>,
        mut decoded: Decoded,
        took: Duration,
        body_length: usize,
        tally: &mut Tally,
    ) -> Decoded {
        if decoded.usage.estimated {
            decoded.usage.input_tokens = estimate_tokens(body_length);
        }
        // A host may send back whatever it was sent.
        decoded.text = self.redactor.without_secrets(decoded.text);
        decoded.answered_model = decoded.answered_model.map(|model| self.redactor.without_secrets(model));
        self.found_healthy(ask);
        let cost = decoded.cost_usd;
        let cost = cost.or_else(|| self.cost(ask.target, &decoded.usage));
        tally.attempt(ask.target, took, decoded.usage, None);
        tally.spend(decoded.usage, cost);
        decoded
    }

    fn stumbled(
        &self,
        ask: &Ask<'_>,
        fault: &Fault,
        reply: Option<&HttpReply>,
        started: Instant,
        tally: &mut Tally,
    ) -> CallError {
        let took = started.elapsed();
        let mut error = fault.clone().into_error(ask.target, reply, &self.redactor);
        if fault.kind == Kind::ModelGone {
            error
                .message
                .push_str(&format!("; configured are {}", self.configured()));
        }
        if fault.kind == Kind::Declined {
            tally.declined += 1;
        }
        tracing::debug!(
            role = ask.request.role.as_str(),
            vendor = ask.vendor.name.as_str(),
            class = ?fault.class,
            kind = ?fault.kind,
            status = error.status,
            millis = took.as_millis(),
            "attempt failed"
        );
        tally.attempt(ask.target, took, fault.usage, Some(error.clone()));
        tally.spend(fault.usage, self.cost(ask.target, &fault.usage));
        self.judge_health(ask, fault, &error, started);
        error
    }

    /// One exchange, bounded by the attempt's and the call's time.
    async fn exchange(&self, ask: &Ask<'_>, http: HttpRequest) -> Received {
        let own = clock::now() + self.options.attempt_timeout;
        let exchange = async {
            if let Some(usage) = self.streaming(ask)
                && let Some(exchanged) = self.stream(ask, &http, usage).await
            {
                return exchanged;
            }
            let sent = match ask.vendor.is_mock() {
                true => Ok(self.mock.send(&ask.target.model, ask.request).await),
                false => self.wire.send(&ask.vendor.base_url, http).await,
            };
            match sent {
                Ok(reply) => (
                    ask.vendor.dialect.decode(ask.vendor, &reply, clock::wall()),
                    Some(reply),
                ),
                Err(fault) => (Err(unreachable::classify(ask.vendor, &fault)), None),
            }
        };
        match timeout_at(own.min(ask.deadline), exchange).await {
            Ok(exchanged) => exchanged,
            Err(_) if ask.deadline <= own => {
                let message = "the time for this call ran out while waiting for the reply";
                (Err(Fault::new(Class::Deadline, message).code("deadline")), None)
            }
            Err(_) => {
                let seconds = self.options.attempt_timeout.as_secs_f64();
                let message = format!("no whole reply within {seconds} s");
                (Err(Fault::new(Class::Transient, message).code("timeout")), None)
            }
        }
    }

    fn used_up(&self, tally: &Tally) -> bool {
        tally.attempts.len() >= usize::try_from(self.options.call_attempts).unwrap_or(usize::MAX)
    }
}

impl std::fmt::Debug for Llm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Llm")
            .field("routes", &self.options.routes)
            .finish_non_exhaustive()
    }
}
