//! When to stop asking a model that does not answer. Pure: time comes in as a value.
//!
//! Five failures in a row open it, a definitive one (no credit, bad key, model gone) opens it for the rest of the run.
//! Failures of calls that were already under way when another one failed count once: six specialists that meet the same
//! hiccup are one failure, not six. Opened, it waits, then lets one probe through; a failed probe confirms the outage
//! and from then on nobody waits for this model before the next probe is due. It turns away new calls, and calls that
//! have another model; one under way that has none keeps its few attempts, or a hiccup would cost the whole report.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::types::CallError;
use crate::clock::Instant;

const THRESHOLD: u32 = 5;
const FIRST_REST: Duration = Duration::from_secs(5);
const NEXT_REST: Duration = Duration::from_secs(30);
/// While a probe is out, the others look again this often.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// May this call be sent?
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Admit<Reason> {
    Yes,
    /// Ask again after `wait`; with another model at hand, take that one instead.
    Later {
        wait: Duration,
        because: Reason,
    },
    /// An outage that a probe confirmed: not before the next probe is due.
    No {
        because: Reason,
    },
    /// Not in this run.
    Never {
        because: Reason,
    },
}

/// The state of one model or key; `Reason` is what to tell those who are turned away.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Breaker<Reason> {
    state: State<Reason>,
    failures: u32,
    last_failure: Option<Instant>,
}

#[derive(Debug, Clone, PartialEq)]
enum State<Reason> {
    Closed,
    Open {
        until: Instant,
        because: Reason,
        confirmed: bool,
    },
    /// One probe is out; if it is never heard of again (a dropped call), another may go after `until`.
    Probing {
        since: Instant,
        until: Instant,
        because: Reason,
        confirmed: bool,
    },
    Off {
        because: Reason,
    },
}

impl<Reason> Default for Breaker<Reason> {
    fn default() -> Self {
        Self {
            state: State::Closed,
            failures: 0,
            last_failure: None,
        }
    }
}

impl<Reason: Clone> Breaker<Reason> {
    pub(super) fn admit(&mut self, now: Instant, probe_limit: Duration) -> Admit<Reason> {
        match &self.state {
            State::Closed => Admit::Yes,
            State::Off { because } => Admit::Never {
                because: because.clone(),
            },
            State::Open {
                until,
                because,
                confirmed,
            }
            | State::Probing {
                until,
                because,
                confirmed,
                ..
            } => {
                let (until, because, confirmed) = (*until, because.clone(), *confirmed);
                if now >= until {
                    self.state = State::Probing {
                        since: now,
                        until: now + probe_limit,
                        because,
                        confirmed,
                    };
                    return Admit::Yes;
                }
                match &self.state {
                    _ if confirmed => Admit::No { because },
                    State::Probing { .. } => Admit::Later {
                        wait: LOOK_AGAIN,
                        because,
                    },
                    _ => Admit::Later {
                        wait: until - now,
                        because,
                    },
                }
            }
        }
    }

    /// Why it is switched off, if it is.
    pub(super) fn off(&self) -> Option<Reason> {
        match &self.state {
            State::Off { because } => Some(because.clone()),
            _ => None,
        }
    }

    /// Any reply of a healthy server, also a refusal or a bad request.
    pub(super) fn healthy(&mut self) {
        if !matches!(self.state, State::Off { .. }) {
            *self = Self::default();
        }
    }

    /// A transient failure of an attempt that began at `started`.
    pub(super) fn failed(&mut self, started: Instant, now: Instant, because: Reason) {
        let same_episode = self.last_failure.is_some_and(|last| started <= last);
        match &self.state {
            State::Off { .. } => {}
            State::Probing { since, .. } if started >= *since => {
                self.state = State::Open {
                    until: now + NEXT_REST,
                    because,
                    confirmed: true,
                };
            }
            State::Closed => {
                if !same_episode {
                    self.failures += 1;
                }
                if self.failures >= THRESHOLD {
                    self.state = State::Open {
                        until: now + FIRST_REST,
                        because,
                        confirmed: false,
                    };
                }
            }
            State::Open { .. } | State::Probing { .. } => {}
        }
        self.last_failure = Some(now);
    }

    /// A definitive failure: nothing in this run will change it.
    pub(super) fn switch_off(&mut self, because: Reason) {
        self.state = State::Off { because };
    }
}

/// The breakers of one run: one per model, and one per key for what concerns all its models.
#[derive(Default)]
pub(super) struct Breakers {
    breakers: Mutex<HashMap<String, Breaker<CallError>>>,
}

impl Breakers {
    pub(super) fn with<T>(&self, key: &str, act: impl FnOnce(&mut Breaker<CallError>) -> T) -> T {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        act(breakers.entry(key.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const LIMIT: Duration = Duration::from_secs(60);

    fn after(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    #[tokio::test]
    async fn five_in_a_row_open_and_one_probe_closes() {
        let start = clock::now();
        let mut breaker = Breaker::default();
        for step in 0..5 {
            assert_eq!(breaker.admit(after(start, f64::from(step)), LIMIT), Admit::Yes);
            breaker.failed(
                after(start, f64::from(step)),
                after(start, f64::from(step) + 0.5),
                "503",
            );
        }
        let now = after(start, 5.0);
        assert_eq!(
            breaker.admit(now, LIMIT),
            Admit::Later {
                wait: Duration::from_millis(4_500),
                because: "503"
            }
        );
        let now = after(start, 9.5);
        assert_eq!(breaker.admit(now, LIMIT), Admit::Yes);
        assert_eq!(
            breaker.admit(now, LIMIT),
            Admit::Later {
                wait: LOOK_AGAIN,
                because: "503"
            }
        );
        breaker.healthy();
        assert_eq!(breaker.admit(now, LIMIT), Admit::Yes);
        assert_eq!(breaker, Breaker::default());
    }

    #[tokio::test]
    async fn a_failed_probe_confirms_and_nobody_waits() {
        let start = clock::now();
        let mut breaker = Breaker::default();
        for step in 0..5 {
            breaker.failed(
                after(start, f64::from(step)),
                after(start, f64::from(step) + 0.5),
                "503",
            );
        }
        assert_eq!(breaker.admit(after(start, 10.0), LIMIT), Admit::Yes);
        breaker.failed(after(start, 10.0), after(start, 10.2), "503");
        assert_eq!(breaker.admit(after(start, 11.0), LIMIT), Admit::No { because: "503" });
        assert_eq!(breaker.admit(after(start, 41.0), LIMIT), Admit::Yes);
    }

    #[tokio::test]
    async fn a_probe_that_was_dropped_is_replaced() {
        let start = clock::now();
        let mut breaker = Breaker::default();
        for step in 0..5 {
            breaker.failed(
                after(start, f64::from(step)),
                after(start, f64::from(step) + 0.5),
                "503",
            );
        }
        assert_eq!(breaker.admit(after(start, 10.0), LIMIT), Admit::Yes);
        assert_eq!(breaker.admit(after(start, 71.0), LIMIT), Admit::Yes);
    }

    #[tokio::test]
    async fn calls_that_failed_side_by_side_count_once() {
        let start = clock::now();
        let mut breaker = Breaker::default();
        for _ in 0..6 {
            breaker.failed(start, after(start, 0.1), "500");
        }
        assert_eq!(breaker.admit(after(start, 0.2), LIMIT), Admit::Yes);
    }

    #[tokio::test]
    async fn off_is_off() {
        let start = clock::now();
        let mut breaker = Breaker::default();
        breaker.switch_off("no credit");
        breaker.healthy();
        breaker.failed(start, start, "500");
        assert_eq!(
            breaker.admit(after(start, 9_999.0), LIMIT),
            Admit::Never { because: "no credit" }
        );
    }
}
