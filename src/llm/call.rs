//! The one visible loop: cache, breaker, limiter, encode, send, decode, then again or the next model.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::attempt::{estimate, give_back};
use super::breakers::Breakers;
use super::budget::Budget;
use super::cache::{Cache, Flight, LONGEST_AGE};
use super::cassette::Recorder;
use super::context::is_too_long;
use super::decide::{self, Standing, Step, Wait};
use super::dialect::{Adjustments, Decoded};
use super::exchange::{HttpReply, HttpRequest};
use super::fault::{Fault, Kind};
use super::hedge::Walk;
use super::known::Known;
use super::limit::Limits;
use super::mock::Mock;
use super::options::{ConfigError, Options};
use super::plan::{PlannedAttempt, Steps, Turns, allowed};
use super::redact::Redactor;
use super::retry::Waits;
use super::route::{Route, Turn};
use super::tally::Tally;
use super::target::Target;
use super::types::{Class, Completion, Failed, Request};
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
    pub(super) mock: Mock,
    pub(super) limits: Limits,
    pub(super) breakers: Breakers,
    pub(super) known: Mutex<HashMap<Target, Arc<Known>>>,
    /// Told whenever a breaker is switched off for the run.
    pub(super) off_notice: Notify,
    pub(super) adjustments: Mutex<HashMap<Target, Adjustments>>,
    pub(super) redactor: Redactor,
    pub(super) cache: Cache,
    pub(super) budget: Budget,
    pub(super) recorder: Option<Recorder>,
    pub(super) turns: Turns,
    pub(super) store: Option<Store>,
    pub(super) events: Events,
}

/// One logical call: its plan, and the time and attempts that all models of it share.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) plan: &'a [PlannedAttempt],
    pub(super) started: Instant,
    pub(super) deadline: Instant,
}

/// One target of one call.
pub(super) struct Ask<'a> {
    pub(super) request: &'a Request,
    pub(super) target: &'a Target,
    pub(super) vendor: &'a Vendor,
    pub(super) known: Arc<Known>,
    pub(super) deadline: Instant,
    pub(super) another_target: bool,
    /// At this target.
    pub(super) attempts: u32,
    /// It was asked before and failed: begins with a wait.
    pub(super) again: bool,
}

/// What one exchange gave, and the reply that it was read from, if there was one.
pub(super) type Received = (Result<Decoded, Fault>, Option<HttpReply>);

pub(super) enum Asked {
    Answered(Box<Answer>),
    NextTarget,
    /// Not asked again in this call.
    GivenUp,
    /// The prompt does not fit this model.
    TooLong,
    Stop,
}

/// A usable reply and who gave it.
pub(super) struct Answer {
    pub(super) target: Target,
    pub(super) decoded: Decoded,
    pub(super) cached: bool,
    pub(super) cache_key: Option<String>,
}

impl Llm {
    pub fn new(options: Options, store: Option<Store>, events: Events) -> Result<Self, ConfigError> {
        options.check()?;
        let replay = options.cassette.is_replay();
        let ledger = (!replay && !options.ledger.is_empty()).then(|| Ledger::at(options.ledger.clone()));
        // A replay neither learns from earlier runs nor leaves anything for later ones.
        let store = store.filter(|_| !replay);
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
            known: Mutex::default(),
            off_notice: Notify::new(),
            adjustments: Mutex::default(),
            cache: Cache::new(options.cache, options.cache_max_age.min(LONGEST_AGE), store.clone()),
            budget: Budget::new(options.caps),
            recorder: options.recorder()?,
            turns: Turns::default(),
            options,
            store,
            events,
        };
        llm.recall_breakers();
        Ok(llm)
    }

    /// A usable reply from the first model of the role's plan that gives one. Dropping the future is safe at any point.
    pub async fn complete(&self, request: &Request, deadline: Option<Instant>) -> Result<Completion, Failed> {
        self.complete_with(request, None, deadline, 0).await
    }

    /// The same, where wanted with the caller's own models, in this order, in place of the role's route. `used` attempts of
    /// the call's budget are gone: a question that is asked again in other words is still the same call. One is always left.
    pub async fn complete_with(
        &self,
        request: &Request,
        targets: Option<&[Target]>,
        deadline: Option<Instant>,
        used: usize,
    ) -> Result<Completion, Failed> {
        let plan = match targets {
            Some(targets) => {
                let route = Route::to(targets.iter().cloned());
                route.plan(&request.role, Turn::default(), self.options.attempts)
            }
            None => self.take_turn(&request.role),
        };
        let span = tracing::debug_span!(
            "llm.call",
            role = request.role.as_str(),
            model = Empty,
            attempts = Empty,
            cached = Empty,
            failure = Empty
        );
        self.complete_plan(request, &plan, deadline, used)
            .instrument(span)
            .await
    }

    async fn complete_plan(
        &self,
        request: &Request,
        plan: &[PlannedAttempt],
        deadline: Option<Instant>,
        used: usize,
    ) -> Result<Completion, Failed> {
        let started = clock::now();
        let own = started + self.options.call_timeout;
        let call = Call {
            request,
            plan,
            started,
            deadline: deadline.map_or(own, |given| given.min(own)),
        };
        if let Some(first) = plan.first() {
            self.events.say_with(|| Event::CallQueued {
                role: request.role.clone(),
                model: first.target.to_string(),
            });
        }
        let most = usize::try_from(self.options.call_attempts).unwrap_or(usize::MAX);
        let mut tally = Tally::after(used.min(most.saturating_sub(1)));
        match self.answer(&call, &mut tally).await {
            Some(answer) => {
                let target = answer.target.clone();
                let completion = tally.completion(answer);
                self.tell_success(request, &target, &completion, started);
                Ok(completion)
            }
            None => {
                let failed = tally.failed(&request.role);
                self.tell_failure(request, &failed, started);
                Err(failed)
            }
        }
    }

    /// Goes through the plan until a model answers. `walk` is what a hedge beside it must know.
    pub(super) async fn walk(&self, call: &Call<'_>, walk: &Walk, tally: &mut Tally) -> Option<Answer> {
        let mut steps = Steps::of(call.plan);
        while let Some(step) = steps.next() {
            let target = &step.target;
            let Some(vendor) = self.vendors.get(&target.vendor).filter(|_| walk.enters(target)) else {
                continue;
            };
            if self.used_up(tally) {
                break;
            }
            let ask = Ask {
                request: call.request,
                target,
                vendor,
                known: self.known(vendor, target),
                deadline: call.deadline,
                another_target: steps.peek().is_some(),
                attempts: allowed(
                    step.attempts,
                    tally.n_used(),
                    self.options.call_attempts,
                    steps.n_untried(),
                ),
                again: step.again,
            };
            let asked = match self.too_small(&ask, tally).filter(|_| steps.has_another_than(target)) {
                Some(error) => {
                    tally.note(error);
                    Asked::TooLong
                }
                None => self.ask(&ask, tally).await,
            };
            match asked {
                Asked::Answered(answer) => return Some(*answer),
                Asked::NextTarget => {}
                Asked::GivenUp => steps.give_up(target),
                Asked::TooLong => {
                    tally.too_small(ask.known.context_window);
                    steps.too_long_for(target);
                }
                Asked::Stop => break,
            }
            if !self.used_up(tally) {
                self.tell_fallback(call.request, target, steps.peek().map(|next| &next.target), tally);
            }
        }
        None
    }

    pub(super) async fn ask(&self, ask: &Ask<'_>, tally: &mut Tally) -> Asked {
        let vendor = ask.vendor;
        let rates = self.options.rates(vendor);
        let limit = self
            .limits
            .of(vendor, ask.known.places.key.name(), &ask.target.model, rates);
        let mut ordinary = Waits::ordinary(self.options.first_wait);
        let mut overloaded = Waits::overloaded(self.options.first_wait);
        let mut attempts_here = 0;
        let mut empties = 0;
        let mut flight: Option<Flight> = None;
        if let Some(error) = tally.last().filter(|_| ask.again).cloned() {
            let wait = self.wait_of(ordinary.next());
            if let Err(asked) = self.pause(ask, tally, attempts_here, wait, &error).await {
                return asked;
            }
        }
        loop {
            let adjustments = self.adjustments_of(ask.target);
            let http = ask.encoded(&adjustments);
            let cache_key = self.cache.key(vendor, ask.request, &http);
            match self.looked_up(ask, cache_key.as_deref(), &mut flight, tally).await {
                Ok(Some(decoded)) => return ask.answered(decoded, true, cache_key),
                Ok(None) => {}
                Err(asked) => return asked,
            }
            let mut reserved = match self.reserve(ask, &http, tally).await {
                Ok(reserved) => reserved,
                Err(asked) => return asked,
            };
            if let Err(asked) = self.admitted(ask, attempts_here > 0, tally).await {
                return asked;
            }
            let reservation = match self.options.cassette.is_replay() {
                true => None,
                false => match self.turn(ask, &limit, estimate(ask, &http), tally).await {
                    Ok(reservation) => Some(reservation),
                    Err(asked) => return asked,
                },
            };

            attempts_here += 1;
            self.events.say_with(|| Event::CallAttempt {
                role: ask.request.role.clone(),
                model: ask.target.to_string(),
                attempt: attempts_here,
                attempts: ask.attempts,
            });
            let body_length = http.body.len();
            let started = clock::now();
            reserved.sent(ask.target, tally);
            let span =
                tracing::debug_span!("llm.attempt", model = %ask.target, attempt = attempts_here, failure = Empty);
            let exchanged = self.exchanged(ask, http).instrument(span.clone()).await;
            if let Err(fault) = &exchanged.outcome {
                span.record("failure", fault.class.word());
            }
            drop(span);
            if let (Some(reply), Some(_)) = (&exchanged.reply, &reservation) {
                limit.learn(&reply.headers, clock::wall());
            }
            let fault = match exchanged.outcome {
                Ok(decoded) => {
                    let decoded = self.succeeded(ask, decoded, exchanged.took, body_length, reserved, tally);
                    if let Some(reservation) = reservation {
                        reservation.settle(&decoded.usage);
                    }
                    self.cache.keep(cache_key.as_deref(), flight.as_mut(), &decoded);
                    return ask.answered(decoded, false, cache_key);
                }
                Err(fault) => decide::settled(fault, attempts_here, ask.attempts),
            };
            if let Some(reservation) = reservation {
                give_back(reservation, &fault, exchanged.reply.as_ref());
            }
            let times = (started, exchanged.took);
            let error = self.stumbled(ask, &fault, exchanged.reply.as_ref(), times, reserved, tally);
            if fault.kind == Kind::Empty {
                empties += 1;
            }
            let standing = Standing {
                attempts_here,
                attempts_allowed: ask.attempts,
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
                    return left_for_another(&fault, standing);
                }
                Step::Without(feature) if adjustments.has(feature) => return Asked::GivenUp,
                Step::Without(feature) => {
                    self.leave_out(ask.target, feature);
                    if attempts_here >= ask.attempts || self.used_up(tally) {
                        return Asked::NextTarget;
                    }
                    continue;
                }
                Step::Again(_) if self.used_up(tally) => return Asked::NextTarget,
                Step::Again(Wait::Asked(wait)) => wait,
                Step::Again(Wait::Ordinary) => ordinary.next(),
                Step::Again(Wait::Overloaded) => overloaded.next(),
            };
            let wait = self.wait_of(wait);
            if fault.class == Class::RateLimit {
                limit.pause_until(clock::now() + wait);
            }
            if let Err(asked) = self.pause(ask, tally, attempts_here, wait, &error).await {
                return asked;
            }
        }
    }

    pub(super) fn used_up(&self, tally: &Tally) -> bool {
        tally.n_used() >= usize::try_from(self.options.call_attempts).unwrap_or(usize::MAX)
    }

    /// A replay does not wait for anybody.
    fn wait_of(&self, wait: Duration) -> Duration {
        match self.options.cassette.is_replay() {
            true => Duration::ZERO,
            false => wait,
        }
    }
}

impl Ask<'_> {
    pub(super) fn encoded(&self, adjustments: &Adjustments) -> HttpRequest {
        let dialect = self.vendor.dialect;
        dialect.encode(self.vendor, &self.target.model, self.request, adjustments)
    }

    fn answered(&self, decoded: Decoded, cached: bool, cache_key: Option<String>) -> Asked {
        Asked::Answered(Box::new(Answer {
            target: self.target.clone(),
            decoded,
            cached,
            cache_key,
        }))
    }
}

/// Whether the model may be asked again in a later round: not if one more attempt would have been refused as well.
fn left_for_another(fault: &Fault, standing: Standing) -> Asked {
    if is_too_long(fault) {
        return Asked::TooLong;
    }
    let one_more = Standing {
        attempts_allowed: standing.attempts_here + 1,
        ..standing
    };
    match decide::after(fault, one_more) {
        Step::NextTarget => Asked::GivenUp,
        _ => Asked::NextTarget,
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
