//! The one source of time. Durations come from tokio's clock, so a paused runtime pauses them; stamps come from the system clock.

use std::time::Duration;

pub use tokio::time::Instant;

/// A monotonic instant that a paused tokio runtime can stop.
pub fn now() -> Instant {
    Instant::now()
}

/// The wall-clock time, for stamps and for HTTP dates only; never for durations.
pub fn wall() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Waits on the same clock that `now` reads.
pub async fn sleep(wait: Duration) {
    tokio::time::sleep(wait).await;
}

/// Milliseconds since `start`, for events and summaries.
pub fn millis_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}
