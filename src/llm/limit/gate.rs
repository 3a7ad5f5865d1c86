//! The state of one key: what left lately, what is allowed, and whether a server asked to wait. No waiting in here.

use std::collections::HashMap;
use std::time::Duration;

use super::bucket::Bucket;
use crate::clock::{self, Instant};
use crate::store::{Amounts, NoRoom, Rates, Window};

/// In the second after a pause the waiting calls leave one by one, not all at once.
const SPREAD: Duration = Duration::from_secs(1);
pub(super) const GAP: Duration = Duration::from_millis(25);

pub(super) struct State {
    configured: Rates,
    window: Duration,
    /// Of the key as a whole.
    pub(super) whole: Gate,
    models: HashMap<String, Gate>,
    /// Reservations that are not settled yet.
    pub(super) under_way: usize,
}

/// The places of one reservation in the logs of its key and its model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    whole: u64,
    model: Option<u64>,
}

/// One door: all models of a key, or one of them.
pub(super) struct Gate {
    log: Window,
    learned: Rates,
    /// What was learned long ago is replaced as a whole by the first reply that says more.
    stale: bool,
    saved: Option<Instant>,
    pause: Option<Pause>,
    bucket: Option<Bucket>,
}

/// A server said to wait `until`; the next call may leave at `next`.
struct Pause {
    until: Instant,
    next: Instant,
}

impl State {
    pub(super) fn new(configured: Rates, window: Duration) -> Self {
        Self {
            configured,
            window,
            whole: Gate::new(window),
            models: HashMap::new(),
            under_way: 0,
        }
    }

    /// Where what is learned about a model belongs.
    pub(super) fn gate(&mut self, model: &str) -> &mut Gate {
        if model.is_empty() {
            return &mut self.whole;
        }
        if !self.models.contains_key(model) {
            self.models.insert(model.to_owned(), Gate::new(self.window));
        }
        self.models.get_mut(model).expect("it was just inserted")
    }

    /// In force for the key, and for the model.
    pub(super) fn rates(&self, model: &str) -> (Rates, Rates) {
        let of_model = self.models.get(model).map(|gate| gate.learned).unwrap_or_default();
        (self.configured.stricter(&self.whole.learned), of_model)
    }

    pub(super) fn is_unlimited(&self, model: &str) -> bool {
        let (key, model) = self.rates(model);
        key.is_empty() && model.is_empty()
    }

    pub(super) fn pause_left(&mut self, model: &str) -> Option<Duration> {
        let of_model = match model.is_empty() {
            true => None,
            false => self.gate(model).pause_left(),
        };
        of_model.max(self.whole.pause_left())
    }

    pub(super) fn no_room(&mut self, model: &str, need: Amounts, now: i64) -> Option<NoRoom> {
        let (key_rates, model_rates) = self.rates(model);
        let of_key = self.whole.log.no_room(need, &key_rates, now);
        let of_model = match model_rates.is_empty() {
            true => None,
            false => self.gate(model).log.no_room(need, &model_rates, now),
        };
        [of_key, of_model].into_iter().flatten().max_by_key(|wait| wait.millis)
    }

    /// Writes the call down; the caller has looked for room before. The bucket may still say how long there is none.
    pub(super) fn take(&mut self, model: &str, need: Amounts, now: i64) -> Result<Places, Duration> {
        let unlimited = self.is_unlimited(model);
        let (key_rates, model_rates) = self.rates(model);
        let window = self.window;
        self.whole.take_request(key_rates.requests, window)?;
        let whole = self.whole.take(need, now, unlimited);
        let model = match model.is_empty() {
            true => None,
            false => {
                let gate = self.gate(model);
                // Its place in the key's bucket is lost if this one refuses: the bucket only errs on the safe side.
                gate.take_request(model_rates.requests, window)?;
                Some(gate.take(need, now, unlimited))
            }
        };
        self.under_way += 1;
        Ok(Places { whole, model })
    }

    pub(super) fn settle(&mut self, model: &str, places: Places, reserved: Amounts, used: Amounts, now: i64) {
        self.whole.log.settle(places.whole, reserved, used, now);
        if let Some(place) = places.model {
            self.gate(model).log.settle(place, reserved, used, now);
        }
    }
}

impl Gate {
    fn new(window: Duration) -> Self {
        Self {
            log: Window::new(super::millis(window + margin(window))),
            learned: Rates::default(),
            stale: false,
            saved: None,
            pause: None,
            bucket: None,
        }
    }

    pub(super) fn pause_until(&mut self, instant: Instant) {
        let (until, next) = match &self.pause {
            Some(known) => (known.until.max(instant), known.next.max(instant)),
            None => (instant, instant),
        };
        self.pause = Some(Pause { until, next });
    }

    /// How long nobody may leave; None lets exactly one go in the second after a pause.
    fn pause_left(&mut self) -> Option<Duration> {
        let pause = self.pause.as_mut()?;
        let now = clock::now();
        if pause.next > now {
            return Some(pause.next - now);
        }
        match now < pause.until + SPREAD {
            true => pause.next = now + GAP,
            false => self.pause = None,
        }
        None
    }

    pub(super) fn learned(&self) -> Rates {
        self.learned
    }

    /// From an earlier run; what this run has learned already is newer.
    pub(super) fn recall(&mut self, learned: Rates, stale: bool) {
        if self.saved.is_none() {
            self.learned = learned;
            self.stale = stale;
        }
    }

    /// True when it should be kept for the next run.
    pub(super) fn learn(&mut self, told: &Rates, now: Instant, save_again: Duration) -> bool {
        if told.is_empty() {
            return false;
        }
        let mut learned = *told;
        if !self.stale {
            for dimension in crate::store::Dimension::ALL {
                let newest = told.of(dimension).or(self.learned.of(dimension));
                learned.set(dimension, newest);
            }
        }
        let old = self.saved.is_none_or(|saved| now - saved >= save_again);
        let save = old || learned != self.learned;
        self.learned = learned;
        self.stale = false;
        if save {
            self.saved = Some(now);
        }
        save
    }

    pub(super) fn log(&mut self, now: i64) -> Vec<(i64, Amounts)> {
        self.log.log(now)
    }

    fn take_request(&mut self, limit: Option<u64>, window: Duration) -> Result<(), Duration> {
        let Some(limit) = limit else {
            self.bucket = None;
            return Ok(());
        };
        if self.bucket.as_ref().is_none_or(|bucket| bucket.limit() != limit) {
            self.bucket = Bucket::new(limit, window + margin(window));
        }
        self.bucket.as_ref().map_or(Ok(()), Bucket::take)
    }

    fn take(&mut self, need: Amounts, now: i64, unlimited: bool) -> u64 {
        let place = self.log.take(need, now);
        if unlimited {
            self.log.trim();
        }
        place
    }
}

/// Half a second of a minute, for calls that overtake each other on the way.
pub(super) fn margin(window: Duration) -> Duration {
    window / 120
}
