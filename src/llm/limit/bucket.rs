//! A leaky bucket of requests before the exact window. The only file that names `governor`.
//!
//! A bucket of burst b that refills r a minute lets b + r calls through in its first minute, so `per_minute(10)` alone
//! sends 20: the exact window behind it decides. governor sleeps on a timer thread of its own and cannot be paused, so it
//! is only asked (`check`) and told the time; sleeping, the queue and the pause after a 429 are ours.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::clock::{self, Instant};

/// Made anew whenever the limit changes.
pub(super) struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    clock: TokioClock,
    limit: u64,
}

impl Bucket {
    /// None for a limit of 0 and for one beyond 32 bits, which no minute reaches.
    pub(super) fn new(limit: u64, window: Duration) -> Option<Self> {
        let cells = NonZeroU32::new(u32::try_from(limit).ok()?)?;
        let clock = TokioClock { start: clock::now() };
        let quota = Quota::with_period(window / cells.get())?.allow_burst(cells);
        Some(Self {
            limiter: RateLimiter::direct_with_clock(quota, clock),
            clock,
            limit,
        })
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Takes one request's place, or says how long there is none.
    pub(super) fn take(&self) -> Result<(), Duration> {
        self.limiter
            .check()
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

/// Tokio's clock, as time since the bucket was made.
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
