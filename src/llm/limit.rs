//! Requests per minute, per key. The only file that names `governor`.
//!
//! A bucket of burst b that refills r a minute lets b + r calls through in its first minute, so `per_minute(10)` alone
//! sends 20. Behind the bucket stands the list of the last calls: one more leaves only when the call `limit` places before
//! it is 60.5 s old. So no window of 60 s, however it slides, holds more than the limit (half a second is left for calls
//! that overtake each other on the way), and a run of fewer calls than the limit does not wait at all.
//!
//! governor sleeps on a timer thread of its own and cannot be paused, so it is only asked (`check`) and told the time;
//! sleeping, the queue and the pause after a 429 are ours.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::clock::{self, Instant};

const WINDOW: Duration = Duration::from_millis(60_500);
/// In the second after a pause the waiting calls leave one by one, not all at once.
const SPREAD: Duration = Duration::from_secs(1);
const GAP: Duration = Duration::from_millis(25);

/// One limit per key; the same key at the same host always gets the same one.
#[derive(Default)]
pub(super) struct Limits {
    limits: Mutex<HashMap<String, Arc<Limit>>>,
}

impl Limits {
    pub(super) fn of(&self, key: &str, requests_per_minute: Option<u32>) -> Arc<Limit> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        limits
            .entry(key.to_owned())
            .or_insert_with(|| Arc::new(Limit::new(requests_per_minute)))
            .clone()
    }
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// The queue before one key.
pub(super) struct Limit {
    bucket: Option<Bucket>,
    /// When the last `limit` calls left, oldest first.
    sent: Mutex<VecDeque<Instant>>,
    requests_per_minute: usize,
    clock: TokioClock,
    /// First come, first served: whoever holds the permit is next.
    head: Semaphore,
    pause: Mutex<Option<Pause>>,
}

/// A server said to wait `until`; the next call may leave at `next`.
struct Pause {
    until: Instant,
    next: Instant,
}

/// The wait would take too long, so it was not begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TooLong {
    /// It would end after the deadline.
    Deadline { because: &'static str },
    /// A server asked for more than anybody here waits.
    Pause { left: Duration },
}

impl Limit {
    fn new(requests_per_minute: Option<u32>) -> Self {
        let clock = TokioClock { start: clock::now() };
        let bucket = requests_per_minute.and_then(NonZeroU32::new).and_then(|limit| {
            let quota = Quota::with_period(WINDOW / limit.get())?.allow_burst(limit);
            Some(RateLimiter::direct_with_clock(quota, clock))
        });
        Self {
            bucket,
            sent: Mutex::default(),
            requests_per_minute: requests_per_minute.unwrap_or(0) as usize,
            clock,
            head: Semaphore::new(1),
            pause: Mutex::new(None),
        }
    }

    /// A server said to wait: nobody with this key sends before then. A shorter wait never shortens a longer one.
    pub(super) fn pause_until(&self, instant: Instant) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, next) = match &*pause {
            Some(known) => (known.until.max(instant), known.next.max(instant)),
            None => (instant, instant),
        };
        *pause = Some(Pause { until, next });
    }

    /// Waits for its turn, a slot and the end of a pause; `say` hears of each wait before it starts.
    pub(super) async fn acquire(
        &self,
        deadline: Instant,
        longest_pause: Duration,
        mut say: impl FnMut(Duration, &'static str),
    ) -> Result<(), TooLong> {
        const QUEUE: &str = "the calls before it wait for the rate limit";
        let turn = timeout_at(deadline, self.head.acquire()).await;
        let Ok(Ok(_permit)) = turn else {
            return Err(TooLong::Deadline { because: QUEUE });
        };
        loop {
            let (wait, because) = match self.pause_left() {
                Some(left) if left > longest_pause => return Err(TooLong::Pause { left }),
                Some(left) => (left, "the provider asked to wait"),
                None => match self.slot() {
                    None => return Ok(()),
                    Some(left) => (left, "requests per minute"),
                },
            };
            if clock::now() + wait > deadline {
                return Err(TooLong::Deadline { because });
            }
            say(wait, because);
            clock::sleep(wait).await;
        }
    }

    fn pause_left(&self) -> Option<Duration> {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = pause.as_mut()?;
        let now = clock::now();
        if pause.next > now {
            return Some(pause.next - now);
        }
        if now < pause.until + SPREAD {
            pause.next = now + GAP;
        }
        None
    }

    /// Takes a slot, or says how long there is none.
    fn slot(&self) -> Option<Duration> {
        let bucket = self.bucket.as_ref()?;
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        while sent.front().is_some_and(|oldest| *oldest + WINDOW <= now) {
            sent.pop_front();
        }
        let wait = match sent.front() {
            Some(oldest) if sent.len() >= self.requests_per_minute => *oldest + WINDOW - now,
            _ => match bucket.check() {
                Ok(()) => {
                    sent.push_back(now);
                    return None;
                }
                Err(not_until) => not_until.wait_time_from(self.clock.now()),
            },
        };
        // A wait of zero would spin: the timer's grain is a millisecond.
        Some(wait.max(Duration::from_millis(1)))
    }
}

/// Tokio's clock, as time since the limit was made.
#[derive(Clone, Copy)]
struct TokioClock {
    start: Instant,
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(120);

    fn far() -> Instant {
        clock::now() + Duration::from_secs(3_600)
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_of_a_minute_holds_more_than_the_limit() {
        for limit in [1, 6, 10, 60] {
            let queue = Limit::new(Some(limit));
            let mut sent = Vec::new();
            for _ in 0..limit * 3 {
                queue.acquire(far(), LONG, |_, _| {}).await.unwrap();
                sent.push(clock::now());
            }
            let most = sent
                .iter()
                .map(|&start| {
                    sent.iter()
                        .filter(|&&at| at >= start && at <= start + Duration::from_secs(60))
                        .count()
                })
                .max();
            assert_eq!(most, Some(limit as usize), "{limit} a minute");
            let used = sent[limit as usize * 2].duration_since(sent[0]);
            assert!(
                used < Duration::from_secs(126),
                "{limit} a minute: two minutes' calls took {used:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_and_lets_them_go_one_by_one() {
        let queue = Arc::new(Limit::new(None));
        let start = clock::now();
        queue.pause_until(start + Duration::from_secs(2));
        queue.pause_until(start + Duration::from_secs(1));
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..5 {
            let queue = queue.clone();
            calls.spawn(async move {
                queue.acquire(far(), LONG, |_, _| {}).await.unwrap();
                clock::now() - start
            });
        }
        let mut left = calls.join_all().await;
        left.sort();
        assert!(left[0] >= Duration::from_secs(2), "{left:?}");
        assert!(left.windows(2).all(|pair| pair[1] - pair[0] >= GAP), "{left:?}");
        assert!(left[4] < Duration::from_millis(2_300), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_deadline_is_not_begun() {
        let queue = Limit::new(None);
        let start = clock::now();
        queue.pause_until(start + Duration::from_secs(60));
        let refused = queue.acquire(start + Duration::from_secs(5), LONG, |_, _| {}).await;
        assert!(refused.is_err());
        assert_eq!(clock::now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nobody_waits() {
        let queue = Limit::new(None);
        let start = clock::now();
        for _ in 0..100 {
            queue.acquire(far(), LONG, |_, _| {}).await.unwrap();
        }
        assert_eq!(clock::now(), start);
    }
}
