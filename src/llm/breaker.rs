//! When to stop asking a model that does not answer. Pure: time comes in as a value.
//!
//! Five failures in a row open it, a definitive one (no credit, bad key, model gone) opens it at once. Failures of calls
//! that were already under way when another one failed count once: six specialists that meet the same hiccup are one
//! failure, not six. Opened, it rests, then lets one probe through; a failed probe confirms the outage and from then on
//! nobody waits for this model before the next probe is due. It turns away new calls, and calls that have another model;
//! one under way that has none keeps its few attempts, or a hiccup would cost the whole report.
//!
//! One that an earlier run left open starts with a probe, and that is all it gets: when the probe fails, nobody else asks.
//! However definitive a state is, after its rest a probe is let through.

use std::time::Duration;

use crate::clock::Instant;

const THRESHOLD: u32 = 5;
const FIRST_REST: Duration = Duration::from_secs(5);
const NEXT_REST: Duration = Duration::from_secs(30);
/// While a probe is out, the others look again this often, or when they are told.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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
    /// Definitive: no call, not even one under way.
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
    /// An earlier run opened it, and no probe has closed it since.
    carried: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum State<Reason> {
    Closed,
    Open(Open<Reason>),
    /// One probe is out since `started`; if it is never heard of again (a dropped call), another may go after `open.until`.
    Probing {
        started: Instant,
        open: Open<Reason>,
    },
}

/// Since when and until when nobody is let through, why, and how firmly.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Open<Reason> {
    pub since: Instant,
    pub until: Instant,
    pub because: Reason,
    pub hold: Hold,
}

/// What happens to those who are turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// They may wait.
    Soft,
    /// They should not wait: a probe failed.
    Confirmed,
    /// They are not asked at all.
    Firm,
}

/// What people see of a breaker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Seen<'a, Reason> {
    Closed,
    Open(&'a Open<Reason>),
    HalfOpen(&'a Open<Reason>),
}

impl<Reason> Default for Breaker<Reason> {
    fn default() -> Self {
        Self {
            state: State::Closed,
            failures: 0,
            last_failure: None,
            carried: false,
        }
    }
}

impl<Reason: Clone> Breaker<Reason> {
    /// As an earlier run left it: a probe is due at `open.until`.
    pub(super) fn carried(open: Open<Reason>, failures: u32) -> Self {
        Self {
            state: State::Open(open),
            failures,
            last_failure: None,
            carried: true,
        }
    }

    pub(super) fn admit(&mut self, now: Instant, probe_limit: Duration) -> Admit<Reason> {
        let (open, probing) = match &self.state {
            State::Closed => return Admit::Yes,
            State::Open(open) => (open, false),
            State::Probing { open, .. } => (open, true),
        };
        if now >= open.until {
            self.state = State::Probing {
                started: now,
                open: Open {
                    until: now + probe_limit,
                    ..open.clone()
                },
            };
            return Admit::Yes;
        }
        let because = open.because.clone();
        match open.hold {
            Hold::Firm => Admit::Never { because },
            Hold::Confirmed => Admit::No { because },
            Hold::Soft => Admit::Later {
                wait: match probing {
                    true => LOOK_AGAIN.min(open.until - now),
                    false => open.until - now,
                },
                because,
            },
        }
    }

    /// The probe admitted at `started` was not sent after all: another may go at once.
    pub(super) fn withdraw(&mut self, probe_started: Instant) {
        if let State::Probing { started, open } = &self.state
            && *started == probe_started
        {
            self.state = State::Open(Open {
                until: probe_started,
                ..open.clone()
            });
        }
    }

    /// Why it is switched off, if it is.
    pub(super) fn off(&self, now: Instant) -> Option<Reason> {
        match &self.state {
            State::Open(open) if open.hold == Hold::Firm && now < open.until => Some(open.because.clone()),
            _ => None,
        }
    }

    /// Any reply of a healthy server, also a refusal or a bad request. A definitive state is only ended by its probe: a
    /// reply that was under way when it came says nothing.
    pub(super) fn healthy(&mut self) {
        match &self.state {
            State::Open(open) if open.hold == Hold::Firm => {}
            _ => *self = Self::default(),
        }
    }

    /// A transient failure of an attempt that began at `started`.
    pub(super) fn failed(&mut self, started: Instant, now: Instant, because: Reason) {
        let same_episode = self.last_failure.is_some_and(|last| started <= last);
        match &self.state {
            State::Probing { started: probe, open } if started >= *probe => {
                self.failures = self.failures.saturating_add(1);
                self.state = State::Open(Open {
                    since: open.since,
                    until: now + NEXT_REST,
                    because,
                    hold: match self.carried {
                        true => Hold::Firm,
                        false => Hold::Confirmed,
                    },
                });
            }
            State::Closed => {
                if !same_episode {
                    self.failures += 1;
                }
                if self.failures >= THRESHOLD {
                    self.state = State::Open(Open {
                        since: now,
                        until: now + FIRST_REST,
                        because,
                        hold: Hold::Soft,
                    });
                }
            }
            State::Open(_) | State::Probing { .. } => {}
        }
        self.last_failure = Some(now);
    }

    /// A definitive failure: nobody is asked before a probe is due after `rest`.
    pub(super) fn switch_off(&mut self, now: Instant, rest: Duration, because: Reason) {
        let since = match self.seen() {
            Seen::Closed => now,
            Seen::Open(open) | Seen::HalfOpen(open) => open.since,
        };
        self.failures = self.failures.saturating_add(1);
        self.state = State::Open(Open {
            since,
            until: now + rest,
            because,
            hold: Hold::Firm,
        });
    }

    pub(super) fn seen(&self) -> Seen<'_, Reason> {
        match &self.state {
            State::Closed => Seen::Closed,
            State::Open(open) => Seen::Open(open),
            State::Probing { open, .. } => Seen::HalfOpen(open),
        }
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod machine;
#[cfg(test)]
mod tests;
