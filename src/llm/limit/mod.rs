//! Requests, input tokens and output tokens per minute, per key: room is reserved before sending and settled with what was
//! really used.
//!
//! * **Exact**: the log of what left counts, not calendar minutes. A grant counts for 60.5 s from its own moment, so no
//!   window of 60 s, however it slides, holds more than the limit (half a second is left for calls that overtake each other
//!   on the way). Used less than reserved gives room back at once; used more counts from the moment it is known.
//! * **First come, first served.** A request that alone is larger than a whole limit goes alone, when the window is empty:
//!   our estimate may be too high, and the provider has the last word.
//! * **Estimates**: input as the dialect estimates it; output is the request's token limit, but at most `1 / OUTPUT_SHARE`
//!   of a limit on output, so that one long-winded request does not shut everybody out. Anthropic does not count input that
//!   it reads from its cache, the others do.
//! * **Learned** from the headers of every reply, per model where the provider limits by model. A learned limit never raises
//!   a configured one. OpenAI's `tokens` count input and output together: a fourth dimension.
//! * **Shared** through `store::Ledger` with every process on the machine, but only once there is a limit: without one no
//!   call touches the disk. When the ledger cannot be used, this process keeps its own limits.

mod bucket;
mod gate;
mod headers;
mod reservation;
mod shared;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, OnceCell, Semaphore};
use tokio::time::timeout_at;

use super::dialect::Dialect;
use super::vendor::Vendor;
use crate::clock::{self, Instant};
use crate::store::{Amounts, Dimension, Ledger, Rates};
use gate::State;
use shared::{Line, Shared};

pub(super) use reservation::Reservation;

/// A request reserves at most this part (one half) of a limit for its output.
const OUTPUT_SHARE: u64 = 2;
/// A pause that another process was told of is noticed within this time when there is no limit.
const GLANCE: Duration = Duration::from_secs(1);
/// Learned limits are written again after this time even when they did not change, so that they do not look stale.
const SAVE_AGAIN: Duration = Duration::from_secs(600);

/// What a call will take, as far as anybody knows before it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Estimate {
    pub input_tokens: u64,
    /// The request's own limit.
    pub output_tokens: u64,
}

/// The wait would take too long, so it was not begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TooLong {
    /// It would end after the deadline.
    Deadline { because: &'static str },
    /// A server asked for more than anybody here waits.
    Pause { left: Duration },
}

/// One limit per key, and below it one per model where the provider limits by model.
pub(super) struct Limits {
    /// What counts as a minute.
    window: Duration,
    ledger: Option<Ledger>,
    keys: Mutex<HashMap<String, Arc<Key>>>,
}

/// What all models behind a key share.
struct Key {
    name: String,
    start: Instant,
    window: Duration,
    state: Mutex<State>,
    /// Told when room was given back or a limit changed.
    changed: Notify,
    limits: Mutex<HashMap<String, Arc<Limit>>>,
}

/// The queue before one key, or before one model of it.
pub(super) struct Limit {
    key: Arc<Key>,
    /// Empty where the provider does not limit by model.
    model: String,
    counts_cached_input: bool,
    /// First come, first served: whoever holds the permit is next.
    head: Semaphore,
    ledger: Option<Ledger>,
    /// What earlier runs learned was read.
    recalled: OnceCell<()>,
    glanced: Mutex<Instant>,
}

/// Why nobody leaves now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blocked {
    Pause(Duration),
    Full {
        wait: Duration,
        /// None waits for another process that came before.
        dimension: Option<Dimension>,
    },
}

impl Limits {
    pub(super) fn new(window: Duration, ledger: Option<Ledger>) -> Self {
        Self {
            window,
            ledger,
            keys: Mutex::default(),
        }
    }

    /// The same key at the same place (and the same model) always gets the same one; `name` is the vendor's `limit_key`.
    pub(super) fn of(&self, vendor: &Vendor, name: &str, model: &str, configured: Rates) -> Arc<Limit> {
        let model = match limits_by_model(vendor) {
            true => model,
            false => "",
        };
        let mut keys = lock(&self.keys);
        let key = match keys.get(name) {
            Some(key) => key.clone(),
            None => {
                let key = Arc::new(Key::new(name.to_owned(), self.window, configured));
                keys.insert(name.to_owned(), key.clone());
                key
            }
        };
        drop(keys);
        let mut limits = lock(&key.limits);
        if let Some(limit) = limits.get(model) {
            return limit.clone();
        }
        let limit = Arc::new(Limit {
            key: key.clone(),
            model: model.to_owned(),
            counts_cached_input: vendor.dialect != Dialect::Anthropic,
            head: Semaphore::new(1),
            // The mock is nobody's shared resource.
            ledger: self.ledger.clone().filter(|_| !vendor.is_mock()),
            recalled: OnceCell::new(),
            glanced: Mutex::new(clock::now()),
        });
        limits.insert(model.to_owned(), limit.clone());
        limit
    }

    /// What went wrong with the ledger, once.
    pub(super) fn take_warning(&self) -> Option<String> {
        self.ledger.as_ref()?.take_warning()
    }
}

/// Others (OpenRouter, hosts that nobody knows) are taken to limit the key as a whole: that is never too much.
fn limits_by_model(vendor: &Vendor) -> bool {
    ["openai", "anthropic", "gemini", "groq", "mistral", "together"].contains(&vendor.name.as_str())
}

impl Key {
    fn new(name: String, window: Duration, configured: Rates) -> Self {
        Self {
            name,
            start: clock::now(),
            window,
            state: Mutex::new(State::new(configured, window)),
            changed: Notify::new(),
            limits: Mutex::default(),
        }
    }

    fn millis(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Limit {
    /// Waits for its turn, for room and for the end of a pause; `say` hears of each wait before it starts.
    pub(super) async fn reserve(
        self: &Arc<Self>,
        estimate: Estimate,
        deadline: Instant,
        longest_pause: Duration,
        mut say: impl FnMut(Duration, &'static str),
    ) -> Result<Reservation, TooLong> {
        const QUEUE: &str = "the calls before it wait for the rate limit";
        const PAUSE: &str = "the provider asked to wait";
        self.recall().await;
        if let Some(reservation) = self.unhindered(estimate) {
            return Ok(reservation);
        }
        let turn = timeout_at(deadline, self.head.acquire()).await;
        let Ok(Ok(_permit)) = turn else {
            return Err(TooLong::Deadline { because: QUEUE });
        };
        let mut line = Line::new(self);
        let mut said = None;
        loop {
            // Listens before it looks: room that is given back in between must not be missed.
            let changed = self.key.changed.notified();
            let blocked = match self.try_reserve(estimate, &mut line).await {
                Ok(reservation) => return Ok(reservation),
                Err(blocked) => blocked,
            };
            let now = clock::now();
            let (wait, because) = match blocked {
                Blocked::Pause(left) if left > longest_pause => return Err(TooLong::Pause { left }),
                Blocked::Pause(left) => (left, PAUSE),
                Blocked::Full { wait, dimension } => (wait, dimension.map_or(QUEUE, Dimension::words)),
            };
            if now + wait > deadline && !(self.may_give_back(&blocked) && now < deadline) {
                return Err(TooLong::Deadline { because });
            }
            if said.is_none_or(|until| now + wait > until + Duration::from_millis(100)) {
                said = Some(now + wait);
                say(wait, because);
            }
            tokio::select! {
                () = clock::sleep(line.nap(wait).min(deadline.duration_since(now))) => {}
                () = changed => {}
            }
        }
    }

    /// A server said to wait: nobody with this key sends before then, in no process of this machine. A shorter wait never
    /// shortens a longer one.
    pub(super) fn pause_until(&self, instant: Instant) {
        lock(&self.key.state).whole.pause_until(instant);
        let left = instant.duration_since(clock::now());
        if let Some(ledger) = &self.ledger {
            ledger.pause(&self.key.name, "", millis(left));
        }
    }

    /// Reads the limits in a reply's headers. Of a dimension with nothing left, the reset is waited for.
    pub(super) fn learn(&self, headers: &[(String, String)], wall: Timestamp) {
        if !headers.iter().any(|(name, _)| name.contains("ratelimit-")) {
            return;
        }
        let told = headers::read(headers, wall);
        let now = clock::now();
        let mut state = lock(&self.key.state);
        let unlimited = state.is_unlimited(&self.model);
        let gate = state.gate(&self.model);
        let save = gate.learn(&told.limits, now, SAVE_AGAIN);
        let learned = gate.learned();
        if let Some(empty) = told.empty {
            gate.pause_until(now + empty);
        }
        let log = match unlimited && !state.is_unlimited(&self.model) {
            true => state.gate(&self.model).log(self.key.millis()),
            false => Vec::new(),
        };
        drop(state);
        if let Some(ledger) = &self.ledger {
            if save {
                ledger.learn(&self.key.name, &self.model, learned);
            }
            if !log.is_empty() {
                ledger.add(&self.key.name, &self.model, log);
            }
            if let Some(empty) = told.empty {
                ledger.pause(&self.key.name, &self.model, millis(empty));
            }
        }
        if save {
            self.key.changed.notify_waiters();
        }
    }

    /// What is in force now, for people: of the key, and of the model.
    pub(super) fn rates(&self) -> (Rates, Rates) {
        lock(&self.key.state).rates(&self.model)
    }

    pub(super) fn learned(&self) -> Rates {
        lock(&self.key.state).gate(&self.model).learned()
    }

    /// Without a limit and a pause there is no queue: hundreds of calls at once would spend their time handing over the turn. Those
    /// who waited for the end of a pause go first.
    fn unhindered(self: &Arc<Self>, estimate: Estimate) -> Option<Reservation> {
        if self.head.available_permits() == 0 {
            return None;
        }
        let (need, rates) = self.look(estimate).ok()?;
        if !(rates.0.is_empty() && rates.1.is_empty()) {
            return None;
        }
        self.glance();
        self.take(need, None).ok()
    }

    /// Room in this process first, then in all of them.
    async fn try_reserve(self: &Arc<Self>, estimate: Estimate, line: &mut Line<'_>) -> Result<Reservation, Blocked> {
        let (need, rates) = self.look(estimate)?;
        let shared = match rates.0.is_empty() && rates.1.is_empty() {
            true => {
                self.glance();
                Shared::Alone
            }
            false => line.ask(need, rates).await,
        };
        let grant = match shared {
            Shared::Alone => None,
            Shared::Granted(grant) => Some(grant),
            Shared::Blocked(blocked) => return Err(blocked),
        };
        self.take(need, grant)
    }

    /// What the call reserves under which limits, if there is room for it here.
    fn look(&self, estimate: Estimate) -> Result<(Amounts, (Rates, Rates)), Blocked> {
        let mut state = lock(&self.key.state);
        if let Some(left) = state.pause_left(&self.model) {
            return Err(Blocked::Pause(left));
        }
        let rates = state.rates(&self.model);
        let need = need(estimate, &rates);
        match state.no_room(&self.model, need, self.key.millis()) {
            Some(no_room) => Err(Blocked::Full {
                wait: duration(no_room.millis),
                dimension: Some(no_room.dimension),
            }),
            None => Ok((need, rates)),
        }
    }

    fn take(self: &Arc<Self>, need: Amounts, grant: Option<i64>) -> Result<Reservation, Blocked> {
        let taken = lock(&self.key.state).take(&self.model, need, self.key.millis());
        match taken {
            Ok(places) => Ok(Reservation::new(self.clone(), need, places, grant)),
            Err(wait) => {
                if let (Some(ledger), Some(grant)) = (&self.ledger, grant) {
                    ledger.release(grant);
                }
                Err(Blocked::Full {
                    wait: wait.max(Duration::from_millis(1)),
                    dimension: Some(Dimension::Requests),
                })
            }
        }
    }

    /// Tokens that are reserved for calls under way come back as soon as those used less; requests never do.
    fn may_give_back(&self, blocked: &Blocked) -> bool {
        let tokens =
            matches!(blocked, Blocked::Full { dimension: Some(dimension), .. } if *dimension != Dimension::Requests);
        tokens && lock(&self.key.state).under_way > 0
    }
}

fn need(estimate: Estimate, (key, model): &(Rates, Rates)) -> Amounts {
    let limits = [key.output_tokens, model.output_tokens, key.tokens, model.tokens];
    let share = limits
        .into_iter()
        .flatten()
        .map(|limit| (limit / OUTPUT_SHARE).max(1))
        .min();
    Amounts {
        requests: 1,
        input_tokens: estimate.input_tokens,
        output_tokens: share.map_or(estimate.output_tokens, |share| share.min(estimate.output_tokens)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

#[cfg(test)]
mod machine;
#[cfg(test)]
mod tests;
