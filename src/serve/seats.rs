//! How many watch at once, and how many were too slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// More viewers than that are turned away.
const MOST: u64 = 512;

#[derive(Debug, Clone, Default)]
pub(super) struct Seats {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    taken: AtomicU64,
    dropped: AtomicU64,
}

/// One viewer's place, free again when it is gone.
#[derive(Debug)]
pub(super) struct Seat {
    counts: Arc<Counts>,
}

impl Seats {
    pub(super) fn take(&self) -> Option<Seat> {
        let seat = Seat {
            counts: Arc::clone(&self.counts),
        };
        // Counted first: a seat that is one too many gives itself back.
        let before = self.counts.taken.fetch_add(1, Ordering::Relaxed);
        (before < MOST).then_some(seat)
    }

    pub(super) fn taken(&self) -> u64 {
        self.counts.taken.load(Ordering::Relaxed)
    }

    /// Viewers dropped because they did not keep up.
    pub(super) fn n_dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }
}

impl Seat {
    pub(super) fn dropped(&self) {
        self.counts.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.counts.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_limited_and_given_back() {
        let seats = Seats::default();
        let mut taken: Vec<Seat> = (0..MOST).map(|_| seats.take().unwrap()).collect();
        assert!(seats.take().is_none());
        assert_eq!(seats.taken(), MOST);
        taken.pop();
        assert!(seats.take().is_some());
    }
}
