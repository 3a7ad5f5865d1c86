//! The limit's side of the machine's ledger: asking for room, standing in line, and what earlier runs left there.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::gate::margin;
use super::{Blocked, GLANCE, Limit, duration, lock, millis};
use crate::clock;
use crate::store::{Amounts, Answer, Ask, Known, Rates};

/// A learned limit that is older is replaced as a whole by the first reply that says more.
const STALE: Duration = Duration::from_secs(24 * 3_600);
/// An even older one says nothing any more.
const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 3_600);
/// In line, the others' room is looked at this often: they may give some back.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) enum Shared {
    /// There is no ledger, or it cannot be used.
    Alone,
    Granted(i64),
    Blocked(Blocked),
}

/// A place in line before the ledger; left when dropped.
pub(super) struct Line<'a> {
    limit: &'a Limit,
    ticket: Option<i64>,
}

impl<'a> Line<'a> {
    pub(super) fn new(limit: &'a Limit) -> Self {
        Self { limit, ticket: None }
    }

    pub(super) async fn ask(&mut self, need: Amounts, (key_rates, model_rates): (Rates, Rates)) -> Shared {
        let Some(ledger) = &self.limit.ledger else {
            return Shared::Alone;
        };
        let ask = Ask {
            key_rates,
            model_rates,
            ticket: self.ticket,
            ..self.limit.ask(need)
        };
        let (sender, answer) = oneshot::channel();
        ledger.reserve(ask, move |answer| sender.send(answer).is_ok());
        match answer.await.unwrap_or(Answer::Unavailable) {
            Answer::Unavailable => Shared::Alone,
            Answer::Granted { grant } => {
                self.ticket = None;
                Shared::Granted(grant)
            }
            Answer::Paused { millis } => {
                let left = duration(millis);
                // From now on it is this process's own pause too, so the calls leave one by one after it.
                let until = clock::now() + left;
                lock(&self.limit.key.state).gate(&self.limit.model).pause_until(until);
                Shared::Blocked(Blocked::Pause(left))
            }
            Answer::Wait {
                millis,
                ticket,
                because,
            } => {
                self.ticket = Some(ticket);
                Shared::Blocked(Blocked::Full {
                    wait: duration(millis.max(1)),
                    dimension: because,
                })
            }
        }
    }

    /// How long to sleep of `wait` before looking again.
    pub(super) fn nap(&self, wait: Duration) -> Duration {
        match self.limit.ledger {
            Some(_) => wait.min(LOOK_AGAIN),
            None => wait,
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if let (Some(ledger), Some(ticket)) = (&self.limit.ledger, self.ticket) {
            ledger.leave(ticket);
        }
    }
}

impl Limit {
    /// What the ledger is asked for, but for the limits and the place in line.
    pub(super) fn ask(&self, need: Amounts) -> Ask {
        let window = self.key.window;
        Ask {
            key: self.key.name.clone(),
            model: self.model.clone(),
            need,
            window_millis: millis(window + margin(window)),
            ..Ask::default()
        }
    }

    /// Once: what earlier runs learned, and a pause that still lasts.
    pub(in crate::llm) async fn recall(&self) {
        let Some(ledger) = &self.ledger else {
            return;
        };
        self.recalled
            .get_or_init(|| async {
                let (sender, known) = oneshot::channel();
                ledger.known(&self.key.name, &self.model, move |known| sender.send(known).is_ok());
                if let Ok(known) = known.await {
                    self.remember(&known);
                }
            })
            .await;
    }

    /// Without a limit nobody asks the ledger; a pause that another process was told of is still worth knowing.
    pub(super) fn glance(self: &Arc<Self>) {
        let Some(ledger) = &self.ledger else {
            return;
        };
        {
            let mut glanced = lock(&self.glanced);
            if glanced.elapsed() < GLANCE {
                return;
            }
            *glanced = clock::now();
        }
        let limit = Arc::downgrade(self);
        ledger.known(&self.key.name, &self.model, move |known| {
            let limit = limit.upgrade();
            if let Some(limit) = &limit {
                limit.pause_for(&known);
            }
            limit.is_some()
        });
    }

    fn remember(&self, known: &Known) {
        self.pause_for(known);
        let Some(learned) = &known.learned else {
            return;
        };
        let age = Duration::from_millis(learned.age_millis);
        if age < FORGOTTEN {
            lock(&self.key.state)
                .gate(&self.model)
                .recall(learned.rates, age >= STALE);
        }
    }

    fn pause_for(&self, known: &Known) {
        if let Some(left) = known.paused_millis {
            let until = clock::now() + duration(left);
            lock(&self.key.state).gate(&self.model).pause_until(until);
        }
    }
}
