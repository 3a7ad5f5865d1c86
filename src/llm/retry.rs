//! Waits between attempts. The only file that names `backoff`.
//!
//! `backoff` is unmaintained (RUSTSEC-2025-0012) and its retry loop has no cap on attempts, so it is used as a generator
//! of waits and nothing else: the loop in `call` owns attempts, deadline and what the server asked for.

use std::time::Duration;

use backoff::backoff::Backoff as _;
use backoff::exponential::ExponentialBackoff;

use crate::clock;

/// The ordinary schedule: 0.5 s, doubling, at most 20 s.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// An endless series of waits.
pub(super) struct Waits {
    backoff: ExponentialBackoff<TokioClock>,
}

impl Waits {
    /// Uniform between 0 and the step ("full jitter"): six calls that failed together come back apart.
    ///
    /// `backoff` draws from `interval * (1 ± factor)`, so half the step with a factor of 1 is 0 to the whole step.
    pub(super) fn ordinary(first: Duration) -> Self {
        Self::new(first / 2, LONGEST_WAIT / 2, 2.0, 1.0)
    }

    /// About 5, 15, 45 s: an overloaded provider was seen failing for two minutes on end.
    pub(super) fn overloaded(first: Duration) -> Self {
        Self::new(first * 10, first * 90, 3.0, 0.2)
    }

    pub(super) fn next(&mut self) -> Duration {
        self.backoff.next_backoff().unwrap_or(LONGEST_WAIT)
    }

    fn new(initial: Duration, longest: Duration, multiplier: f64, factor: f64) -> Self {
        Self {
            backoff: ExponentialBackoff {
                current_interval: initial,
                initial_interval: initial,
                randomization_factor: factor,
                multiplier,
                max_interval: longest,
                start_time: clock::now().into_std(),
                max_elapsed_time: None,
                clock: TokioClock,
            },
        }
    }
}

struct TokioClock;

impl backoff::Clock for TokioClock {
    fn now(&self) -> std::time::Instant {
        clock::now().into_std()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_in_bounds() {
        for _ in 0..50 {
            let mut waits = Waits::ordinary(FIRST_WAIT);
            for step in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000] {
                assert!(waits.next() <= Duration::from_millis(step + 1));
            }
            let mut waits = Waits::overloaded(FIRST_WAIT);
            for step in [5_000, 15_000, 45_000, 45_000] {
                let wait = waits.next();
                assert!(
                    wait >= Duration::from_millis(step * 8 / 10 - 1)
                        && wait <= Duration::from_millis(step * 12 / 10 + 1)
                );
            }
        }
    }
}
