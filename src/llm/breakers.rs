//! The breakers of one run, one per model and one per key for what concerns all its models; kept in the store, so that
//! the next run begins with one probe instead of burning its attempts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::breaker::{Breaker, Hold, Open, Seen};
use super::call::Llm;
use super::types::{CallError, Class, Usage};
use super::vendor::Vendor;
use crate::clock::{self, Instant};
use crate::store::{BreakerRecord, Rates};

pub(super) type CallBreaker = Breaker<CallError>;

/// What was left open longer ago than this says nothing any more.
const FORGOTTEN_MILLIS: i64 = 30 * 24 * 3_600_000;
/// However far away the server's reset is, a probe goes after an hour.
const LONGEST_REST_MILLIS: i64 = 3_600_000;

/// One model at one place with one key, or all models behind the key. A new key starts with closed breakers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    key: String,
    provider: String,
    model: Option<String>,
    base_url: String,
    /// The mock's breakers end with the run: equal mock runs give equal bytes.
    kept: bool,
}

impl Place {
    fn key(vendor: &Vendor) -> Self {
        Self {
            key: vendor.limit_key(),
            provider: vendor.name.clone(),
            model: None,
            base_url: vendor.base_url.clone(),
            kept: !vendor.is_mock(),
        }
    }

    /// Who shares a limit: the key's fingerprint and the place where it is used.
    pub(super) fn name(&self) -> &str {
        &self.key
    }
}

/// The two breakers that a call passes.
pub(super) struct Places {
    pub key: Place,
    pub model: Place,
}

impl Places {
    pub(super) fn of(vendor: &Vendor, model: &str) -> Self {
        let key = Place::key(vendor);
        let model = Place {
            key: format!("{}|{model}", key.key),
            model: Some(model.to_owned()),
            ..key.clone()
        };
        Self { key, model }
    }

    pub(super) fn both(&self) -> [&Place; 2] {
        [&self.key, &self.model]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    Closed,
    Open,
    /// A probe is out.
    HalfOpen,
}

impl BreakerState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Whether a model is asked, for summaries and metrics.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetHealth {
    pub provider: String,
    /// None concerns every model behind the provider's key.
    pub model: Option<String>,
    pub base_url: String,
    pub state: BreakerState,
    /// RFC 3339; None when closed.
    pub since: Option<String>,
    /// When the next probe is due; None when closed.
    pub until: Option<String>,
    pub class: Option<Class>,
    pub reason: Option<String>,
    /// In a row.
    pub failures: u32,
}

/// The limits of a model's key, and of the model where the provider limits by model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetLimit {
    pub provider: String,
    pub model: String,
    /// By flag, variable, file or the provider's row.
    pub configured: Rates,
    /// From the headers of replies, in this run or an earlier one.
    pub learned: Rates,
    /// The stricter of both.
    pub in_force: Rates,
}

#[derive(Default)]
pub(super) struct Breakers {
    breakers: Mutex<HashMap<String, (Place, CallBreaker)>>,
}

/// What the store must hear of.
enum Change {
    Nothing,
    Opened(Box<BreakerRecord>),
    Closed,
}

impl Breakers {
    /// Looks, or admits; what opens or closes goes through `Llm::change`.
    pub(super) fn with<T>(&self, place: &Place, act: impl FnOnce(&mut CallBreaker) -> T) -> T {
        let mut breakers = self.lock();
        match breakers.get_mut(&place.key) {
            Some((_, breaker)) => act(breaker),
            None => {
                let (_, breaker) = breakers
                    .entry(place.key.clone())
                    .or_insert_with(|| (place.clone(), CallBreaker::default()));
                act(breaker)
            }
        }
    }

    pub(super) fn is_open(&self, place: &Place) -> bool {
        let breakers = self.lock();
        let known = breakers.get(&place.key);
        known.is_some_and(|(_, breaker)| breaker.seen() != Seen::Closed)
    }

    /// Failed before, or open: a success would change it.
    pub(super) fn is_touched(&self, place: &Place) -> bool {
        let breakers = self.lock();
        let known = breakers.get(&place.key);
        known.is_some_and(|(_, breaker)| breaker.failures() > 0 || breaker.seen() != Seen::Closed)
    }

    fn change(&self, place: &Place, act: impl FnOnce(&mut CallBreaker), reset: Option<Duration>) -> (bool, Change) {
        let mut breakers = self.lock();
        let (_, breaker) = breakers
            .entry(place.key.clone())
            .or_insert_with(|| (place.clone(), CallBreaker::default()));
        let was = open_until(breaker);
        act(breaker);
        let is = open_until(breaker);
        let change = match (was, is) {
            (None, None) => Change::Nothing,
            (Some(_), None) => Change::Closed,
            (was, is) if was == is => Change::Nothing,
            _ => match breaker.seen() {
                Seen::Open(open) => Change::Opened(Box::new(record(place, open, breaker.failures(), reset))),
                Seen::Closed | Seen::HalfOpen(_) => Change::Nothing,
            },
        };
        (was != is, change)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Place, CallBreaker)>> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When it opens again and whether a probe is out; None is closed.
fn open_until(breaker: &CallBreaker) -> Option<(Instant, bool)> {
    match breaker.seen() {
        Seen::Closed => None,
        Seen::Open(open) => Some((open.until, false)),
        Seen::HalfOpen(open) => Some((open.until, true)),
    }
}

impl Llm {
    /// Changes a breaker, tells those who wait, and keeps it for the next run.
    pub(super) fn change(&self, place: &Place, act: impl FnOnce(&mut CallBreaker), reset: Option<Duration>) {
        let (changed, change) = self.breakers.change(place, act, reset);
        if changed {
            self.off_notice.notify_waiters();
        }
        let Some(store) = self.store.as_ref().filter(|_| place.kept) else {
            return;
        };
        match change {
            Change::Nothing => {}
            Change::Opened(record) => store.keep_breaker(*record),
            Change::Closed => store.forget_breaker(&place.key),
        }
    }

    /// The breakers that earlier runs left open. A probe is due at once, unless the server itself said when it goes on.
    pub(super) fn recall_breakers(&self) {
        let Some(store) = &self.store else {
            return;
        };
        let (now, wall) = (clock::now(), clock::wall().as_millisecond());
        for record in store.breakers() {
            if wall.saturating_sub(record.since_millis) > FORGOTTEN_MILLIS {
                store.forget_breaker(&record.key);
                continue;
            }
            let rests = record
                .reset_millis
                .map_or(0, |reset| (reset - wall).clamp(0, LONGEST_REST_MILLIS));
            let open = Open {
                since: earlier(now, wall - record.since_millis),
                until: now + Duration::from_millis(rests.unsigned_abs()),
                because: error(&record),
                hold: match rests {
                    0 => Hold::Soft,
                    _ => Hold::Firm,
                },
            };
            let place = Place {
                key: record.key.clone(),
                provider: record.provider,
                model: record.model,
                base_url: record.base_url,
                kept: true,
            };
            let breaker = CallBreaker::carried(open, record.failures);
            self.breakers.lock().insert(record.key, (place, breaker));
        }
    }

    /// Every model of the plans and every key or model with an open breaker, by name.
    pub fn health(&self) -> Vec<TargetHealth> {
        let (now, wall) = (clock::now(), clock::wall());
        let stamp = |instant: Instant| match instant.checked_duration_since(now) {
            Some(ahead) => wall + ahead,
            None => wall - now.duration_since(instant),
        };
        let mut places: Vec<Place> = Vec::new();
        for target in self.options.routes.targets() {
            if let Some(vendor) = self.vendors.get(&target.vendor) {
                let Places { key, model } = Places::of(vendor, &target.model);
                places.extend([key, model]);
            }
        }
        let breakers = self.breakers.lock();
        let mut all: Vec<TargetHealth> = places
            .iter()
            .filter_map(|place| {
                let closed = CallBreaker::default();
                let breaker = breakers.get(&place.key).map_or(&closed, |(_, breaker)| breaker);
                let (state, open) = match breaker.seen() {
                    // That nothing concerns a whole key is no news.
                    Seen::Closed if place.model.is_none() => return None,
                    Seen::Closed => (BreakerState::Closed, None),
                    Seen::Open(open) => (BreakerState::Open, Some(open)),
                    Seen::HalfOpen(open) => (BreakerState::HalfOpen, Some(open)),
                };
                Some(TargetHealth {
                    provider: place.provider.clone(),
                    model: place.model.clone(),
                    base_url: place.base_url.clone(),
                    state,
                    since: open.map(|open| stamp(open.since).to_string()),
                    until: open.map(|open| stamp(open.until).to_string()),
                    class: open.map(|open| open.because.class),
                    reason: open.map(|open| open.because.message.clone()),
                    failures: breaker.failures(),
                })
            })
            .collect();
        all.sort_by(|left, right| (&left.provider, &left.model).cmp(&(&right.provider, &right.model)));
        all.dedup();
        all
    }

    /// The limits of every model of the plans, with what earlier runs learned.
    pub async fn limits(&self) -> Vec<TargetLimit> {
        let mut limits = Vec::new();
        for target in self.options.routes.targets() {
            let Some(vendor) = self.vendors.get(&target.vendor) else {
                continue;
            };
            let configured = self.options.rates(vendor);
            let name = vendor.limit_key();
            let limit = self.limits.of(vendor, &name, &target.model, configured);
            limit.recall().await;
            let (of_key, of_model) = limit.rates();
            limits.push(TargetLimit {
                configured,
                learned: limit.learned(),
                in_force: of_key.stricter(&of_model),
                provider: target.vendor,
                model: target.model,
            });
        }
        limits
    }
}

fn record(place: &Place, open: &Open<CallError>, failures: u32, reset: Option<Duration>) -> BreakerRecord {
    let (now, wall) = (clock::now(), clock::wall().as_millisecond());
    let ahead = |wait: Duration| wall + i64::try_from(wait.as_millis()).unwrap_or(0);
    BreakerRecord {
        key: place.key.clone(),
        provider: place.provider.clone(),
        model: place.model.clone(),
        base_url: place.base_url.clone(),
        class: word(open.because.class),
        code: open.because.code.clone(),
        http_status: open.because.status,
        reason: open.because.message.clone(),
        since_millis: wall - i64::try_from(now.duration_since(open.since).as_millis()).unwrap_or(0),
        until_millis: ahead(open.until.duration_since(now)),
        reset_millis: reset.map(ahead),
        failures,
    }
}

fn error(record: &BreakerRecord) -> CallError {
    CallError {
        // A word that a newer program wrote: a probe will tell.
        class: serde_json::from_value(record.class.clone().into()).unwrap_or(Class::Transient),
        provider: record.provider.clone(),
        model: record.model.clone().unwrap_or_default(),
        status: record.http_status,
        code: record.code.clone(),
        message: record.reason.clone(),
        body: String::new(),
        headers: Vec::new(),
        retry_after: None,
        usage: Usage::default(),
    }
}

fn word(class: Class) -> String {
    let value = serde_json::to_value(class).unwrap_or_default();
    value.as_str().unwrap_or("transient").to_owned()
}

/// `millis` ago, as far back as this machine's clock reaches.
fn earlier(now: Instant, millis: i64) -> Instant {
    let ago = Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    now.checked_sub(ago).unwrap_or(now)
}
