//! What one run may spend: money, calls and tokens. Reserved at the worst case before sending, settled with what it took.
//!
//! Exact however many calls run at once: one lock, and money in whole picodollars, so that no sum depends on its order.
//! An attempt that ended without a word of its price (timed out, cut off, cancelled) counts as its worst case.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::timeout_at;

use crate::clock::Instant;

/// The limits of a run; None is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Caps {
    /// US dollars.
    pub cost_usd: Option<f64>,
    /// Requests sent to a provider, retries among them; kept replies are none.
    pub calls: Option<u64>,
    /// Input and output together.
    pub tokens: Option<u64>,
}

/// What a run has spent so far, its limits beside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    pub caps: Caps,
    pub calls: u64,
    pub tokens: u64,
    /// None when something was billed whose price nobody knows.
    pub cost_usd: Option<f64>,
}

/// What an attempt may take, or took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Amount {
    /// None is unknown.
    pub cost_usd: Option<f64>,
    pub tokens: u64,
}

/// Which limit leaves no room, and how much there is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OverBudget {
    pub code: &'static str,
    pub message: String,
}

#[derive(Debug, Default)]
pub(super) struct Budget {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Told whenever a reservation ends.
    ended: Notify,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    caps: Caps,
    spent: Sum,
    /// Reserved and not settled yet.
    open: Sum,
    unpriced: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    picodollars: u128,
    calls: u64,
    tokens: u64,
}

/// Room for one attempt. Dropped before `sent`, the room is free again; dropped after it, the worst case counts as spent.
#[derive(Debug)]
pub(super) struct Reserved {
    state: Arc<State>,
    sum: Sum,
    priced: bool,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Sent,
    Settled,
}

impl Budget {
    pub(super) fn new(caps: Caps) -> Self {
        let budget = Self::default();
        budget.set_caps(caps);
        budget
    }

    /// Other limits from here on; what is spent stays spent.
    pub(super) fn set_caps(&self, caps: Caps) {
        self.state.books().caps = caps;
        self.state.ended.notify_waiters();
    }

    /// Takes room for `worst`. Where only the reservations of others leave none, waits until one of them is settled for
    /// less; what cannot fit is refused at once.
    pub(super) async fn reserve(&self, worst: Amount, deadline: Instant) -> Result<Reserved, OverBudget> {
        loop {
            let ended = self.state.ended.notified();
            let refused = match self.try_reserve(worst) {
                Ok(reserved) => return Ok(reserved),
                Err(Refused::Never(over)) => return Err(over),
                Err(Refused::Now(over)) => over,
            };
            if timeout_at(deadline, ended).await.is_err() {
                return Err(refused);
            }
        }
    }

    pub(super) fn spending(&self) -> Spending {
        let books = self.state.books();
        Spending {
            caps: books.caps,
            calls: books.spent.calls + books.open.calls,
            tokens: books.spent.tokens + books.open.tokens,
            cost_usd: (!books.unpriced).then(|| dollars(books.spent.picodollars + books.open.picodollars)),
        }
    }

    fn try_reserve(&self, worst: Amount) -> Result<Reserved, Refused> {
        let sum = Sum {
            picodollars: worst.cost_usd.map_or(0, picodollars_up),
            calls: 1,
            tokens: worst.tokens,
        };
        let mut books = self.state.books();
        if let Some(over) = lacking(books.caps, books.spent, books.open, sum) {
            // With nothing open it would not fit later either.
            return Err(match lacking(books.caps, books.spent, Sum::default(), sum) {
                Some(over) => Refused::Never(over),
                None => Refused::Now(over),
            });
        }
        books.open.add(sum);
        Ok(Reserved {
            state: Arc::clone(&self.state),
            sum,
            priced: worst.cost_usd.is_some(),
            stage: Stage::Waiting,
        })
    }
}

fn lacking(caps: Caps, spent: Sum, open: Sum, more: Sum) -> Option<OverBudget> {
    let calls = spent.calls.saturating_add(open.calls);
    if let Some(cap) = caps.calls
        && calls.saturating_add(more.calls) > cap
    {
        return Some(OverBudget {
            code: "max_calls",
            message: format!("the budget of {cap} calls is used up (`--max-calls`)"),
        });
    }
    let tokens = spent.tokens.saturating_add(open.tokens);
    if let Some(cap) = caps.tokens
        && tokens.saturating_add(more.tokens) > cap
    {
        return Some(OverBudget {
            code: "max_tokens",
            message: format!(
                "{tokens} of {cap} tokens are spent or reserved and this call may take {} (`--max-tokens`)",
                more.tokens
            ),
        });
    }
    let money = spent.picodollars.saturating_add(open.picodollars);
    if let Some(cap) = caps.cost_usd
        && money.saturating_add(more.picodollars) > picodollars_down(cap)
    {
        return Some(OverBudget {
            code: "max_cost",
            message: format!(
                "{:.4} of {cap} USD are spent or reserved and this call may take {:.4} (`--max-cost`)",
                dollars(money),
                dollars(more.picodollars)
            ),
        });
    }
    None
}

enum Refused {
    /// Settled reservations of others may make room.
    Now(OverBudget),
    Never(OverBudget),
}

impl Reserved {
    /// From here on the attempt may be billed.
    pub(super) fn sent(&mut self) {
        self.stage = Stage::Sent;
    }

    /// What it really took; unknown parts count as they were reserved.
    pub(super) fn settle(mut self, actual: Amount) {
        let took = Sum {
            picodollars: actual.cost_usd.map_or(self.sum.picodollars, picodollars_up),
            calls: 1,
            tokens: actual.tokens,
        };
        self.close(took, actual.cost_usd.is_none());
    }

    fn close(&mut self, took: Sum, unpriced: bool) {
        self.stage = Stage::Settled;
        let mut books = self.state.books();
        books.open.subtract(self.sum);
        books.spent.add(took);
        books.unpriced |= unpriced;
        drop(books);
        self.state.ended.notify_waiters();
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        match self.stage {
            Stage::Waiting => self.close(Sum::default(), false),
            Stage::Sent => self.close(self.sum, !self.priced),
            Stage::Settled => {}
        }
    }
}

impl State {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sum {
    fn add(&mut self, more: Self) {
        self.picodollars = self.picodollars.saturating_add(more.picodollars);
        self.calls = self.calls.saturating_add(more.calls);
        self.tokens = self.tokens.saturating_add(more.tokens);
    }

    fn subtract(&mut self, less: Self) {
        self.picodollars = self.picodollars.saturating_sub(less.picodollars);
        self.calls = self.calls.saturating_sub(less.calls);
        self.tokens = self.tokens.saturating_sub(less.tokens);
    }
}

const PICO: f64 = 1e12;

/// A price of 0.25 USD a million tokens is 250,000 picodollars a token; less than half of one is a rounding of the f64.
fn picodollars_up(usd: f64) -> u128 {
    let exact = usd.max(0.0) * PICO;
    let whole = exact.round();
    let off = (exact - whole).abs();
    // The cast saturates.
    if off < 0.5e-3_f64.max(exact * 1e-12) {
        whole as u128
    } else {
        exact.ceil() as u128
    }
}

fn picodollars_down(usd: f64) -> u128 {
    (usd.max(0.0) * PICO).round() as u128
}

fn dollars(picodollars: u128) -> f64 {
    picodollars as f64 / PICO
}

#[cfg(test)]
mod tests;
