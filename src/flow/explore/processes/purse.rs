//! The budget of an exploration whose producers are processes: each assignment gets a share that its process cannot exceed, and
//! gives back what it did not take. The shares together are never more than what is left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::llm::{Caps, Spending};

#[derive(Debug, Clone)]
pub(super) struct Purse {
    caps: Caps,
    producers: usize,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    books: Mutex<Books>,
    /// Told whenever a share comes back.
    closed: Notify,
}

#[derive(Debug, Default)]
struct Books {
    spent: Spent,
    /// Shares that are out, by their numbers.
    open: HashMap<u64, Caps>,
    last: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Spent {
    cost_usd: f64,
    calls: u64,
    tokens: u64,
}

/// What one assignment may take. Dropped, it is back in the purse but for what was spent.
#[derive(Debug)]
pub(super) struct Share {
    granted: Caps,
    /// Nobody else has one, and nothing is left beside it.
    pub(super) is_all: bool,
    /// By processes that ended meanwhile.
    before: Spent,
    spent: Spent,
    number: u64,
    state: Arc<State>,
}

impl Purse {
    pub(super) fn new(caps: Caps, producers: usize) -> Self {
        Self {
            caps,
            producers,
            state: Arc::default(),
        }
    }

    /// An equal part of what is left for everybody who has none.
    pub(super) fn share(&self) -> Share {
        let mut books = self.state.books();
        let n_without = self.producers.saturating_sub(books.open.len()).max(1);
        self.opened(&mut books, n_without as u64)
    }

    /// All that is left, once every other share is back: for an assignment that its share does not suffice for.
    pub(super) async fn everything(&self, share: Share) -> Share {
        drop(share);
        loop {
            let closed = self.state.closed.notified();
            {
                let mut books = self.state.books();
                if books.open.is_empty() {
                    return self.opened(&mut books, 1);
                }
            }
            closed.await;
        }
    }

    /// Why there are no more calls.
    pub(super) fn used_up(&self) -> String {
        let spent = self.state.books().spent;
        let limits = [
            self.caps
                .cost_usd
                .map(|cap| format!("{:.4} of {cap} USD (`--max-cost`)", spent.cost_usd)),
            self.caps
                .calls
                .map(|cap| format!("{} of {cap} calls (`--max-calls`)", spent.calls)),
            self.caps
                .tokens
                .map(|cap| format!("{} of {cap} tokens (`--max-tokens`)", spent.tokens)),
        ];
        let limits: Vec<String> = limits.into_iter().flatten().collect();
        format!("{} are spent, and the next call may take more", limits.join(", "))
    }

    fn opened(&self, books: &mut Books, n_without: u64) -> Share {
        let left = self.left(books);
        let granted = Caps {
            cost_usd: left.cost_usd.map(|usd| picodollars_down(usd / n_without as f64)),
            calls: left.calls.map(|calls| calls.div_ceil(n_without)),
            tokens: left.tokens.map(|tokens| tokens / n_without),
        };
        books.last += 1;
        let is_all = books.open.is_empty() && n_without == 1;
        books.open.insert(books.last, granted);
        Share {
            granted,
            is_all,
            before: Spent::default(),
            spent: Spent::default(),
            number: books.last,
            state: Arc::clone(&self.state),
        }
    }

    fn left(&self, books: &Books) -> Caps {
        let open = || books.open.values();
        let usd: f64 = open().filter_map(|caps| caps.cost_usd).sum();
        let calls: u64 = open().filter_map(|caps| caps.calls).sum();
        let tokens: u64 = open().filter_map(|caps| caps.tokens).sum();
        Caps {
            cost_usd: self
                .caps
                .cost_usd
                .map(|cap| (cap - books.spent.cost_usd - usd).max(0.0)),
            calls: self.caps.calls.map(|cap| cap.saturating_sub(books.spent.calls + calls)),
            tokens: self
                .caps
                .tokens
                .map(|cap| cap.saturating_sub(books.spent.tokens + tokens)),
        }
    }
}

impl Share {
    /// The limits of a process that has spent `base` before.
    pub(super) fn caps(&self, base: Spent) -> Caps {
        Caps {
            cost_usd: self
                .granted
                .cost_usd
                .map(|usd| (base.cost_usd + usd - self.before.cost_usd).max(0.0)),
            calls: self
                .granted
                .calls
                .map(|calls| (base.calls + calls).saturating_sub(self.before.calls)),
            tokens: self
                .granted
                .tokens
                .map(|tokens| (base.tokens + tokens).saturating_sub(self.before.tokens)),
        }
    }

    /// A process that had spent `base` when it was asked has now spent `now`.
    pub(super) fn note(&mut self, base: Spent, now: Spent) {
        self.spent = Spent {
            cost_usd: self.before.cost_usd + (now.cost_usd - base.cost_usd).max(0.0),
            calls: self.before.calls + now.calls.saturating_sub(base.calls),
            tokens: self.before.tokens + now.tokens.saturating_sub(base.tokens),
        };
    }

    /// The process is gone; what it said last counts, attempts under way at their worst case.
    pub(super) fn process_ended(&mut self) {
        self.before = self.spent;
    }

    /// Dollars and tokens of processes that ended.
    pub(super) fn lost(&self) -> (f64, u64) {
        (self.before.cost_usd, self.before.tokens)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut books = self.state.books();
        books.open.remove(&self.number);
        books.spent.cost_usd += self.spent.cost_usd;
        books.spent.calls += self.spent.calls;
        books.spent.tokens += self.spent.tokens;
        drop(books);
        self.state.closed.notify_waiters();
    }
}

impl State {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Spending> for Spent {
    /// Where a limit on money holds, every price is known.
    fn from(spending: Spending) -> Self {
        Self {
            cost_usd: spending.cost_usd.unwrap_or_default(),
            calls: spending.calls,
            tokens: spending.tokens,
        }
    }
}

/// Budgets count whole picodollars: shares that are rounded down never sum up to more.
fn picodollars_down(usd: f64) -> f64 {
    (usd * 1e12).floor() / 1e12
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CAPS: Caps = Caps {
        cost_usd: Some(1.0),
        calls: Some(7),
        tokens: None,
    };

    fn spent(cost_usd: f64, calls: u64) -> Spent {
        Spent {
            cost_usd,
            calls,
            tokens: 0,
        }
    }

    #[test]
    fn shares_are_equal_and_never_more_than_what_is_left() {
        let purse = Purse::new(CAPS, 3);
        let shares = [purse.share(), purse.share(), purse.share(), purse.share()];
        let granted: Vec<(f64, u64)> = shares
            .iter()
            .map(|share| (share.granted.cost_usd.unwrap(), share.granted.calls.unwrap()))
            .collect();
        assert!(
            granted[..3].iter().all(|(usd, _)| (usd - 1.0 / 3.0).abs() < 1e-9),
            "{granted:?}"
        );
        assert_eq!(granted.iter().map(|(_, calls)| calls).sum::<u64>(), 7);
        assert!(granted.iter().map(|(usd, _)| usd).sum::<f64>() <= 1.0);
        assert!(
            shares
                .iter()
                .all(|share| share.granted.tokens.is_none() && !share.is_all)
        );
    }

    #[test]
    fn what_was_not_taken_comes_back() {
        let purse = Purse::new(CAPS, 1);
        let mut share = purse.share();
        assert!(share.is_all);
        // The process had spent 5 dollars for others; the next attempt may take 0.9 and takes 0.2.
        let base = spent(5.0, 9);
        assert_eq!(
            (share.caps(base).cost_usd, share.caps(base).calls),
            (Some(6.0), Some(16))
        );
        share.note(base, spent(5.9, 10));
        share.note(base, spent(5.2, 10));
        drop(share);
        let left = purse.share().granted;
        assert!(
            (left.cost_usd.unwrap() - 0.8).abs() < 1e-9 && left.calls == Some(6),
            "{left:?}"
        );
        assert!(purse.used_up().contains("0.2000 of 1 USD"), "{}", purse.used_up());
    }

    #[test]
    fn a_process_that_ended_has_spent_its_worst_case() {
        let purse = Purse::new(CAPS, 1);
        let mut share = purse.share();
        share.note(Spent::default(), spent(0.4, 1));
        share.process_ended();
        assert_eq!(share.caps(Spent::default()).cost_usd, Some(0.6));
        share.note(Spent::default(), spent(0.1, 1));
        drop(share);
        assert!((purse.share().granted.cost_usd.unwrap() - 0.5).abs() < 1e-9);
    }

    #[tokio::test(start_paused = true)]
    async fn everything_waits_for_the_shares_of_others() {
        let purse = Purse::new(CAPS, 2);
        let (mine, mut other) = (purse.share(), purse.share());
        let asking = purse.clone();
        let asked = tokio::spawn(async move { asking.everything(mine).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!asked.is_finished());
        other.note(Spent::default(), spent(0.25, 3));
        drop(other);
        let share = asked.await.unwrap();
        assert!(share.is_all);
        assert_eq!((share.granted.cost_usd, share.granted.calls), (Some(0.75), Some(4)));
    }
}
