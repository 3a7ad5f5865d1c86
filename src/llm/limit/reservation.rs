//! Room that was reserved for one call.

use std::sync::Arc;

use super::gate::Places;
use super::{Limit, lock};
use crate::llm::types::Usage;
use crate::store::Amounts;

/// Settle it with what was really used. Dropped unsettled it stays used: a call that was cut off may have been billed.
pub(in crate::llm) struct Reservation {
    limit: Arc<Limit>,
    reserved: Amounts,
    places: Places,
    /// In the ledger of the machine.
    grant: Option<i64>,
}

impl Reservation {
    pub(super) fn new(limit: Arc<Limit>, reserved: Amounts, places: Places, grant: Option<i64>) -> Self {
        Self {
            limit,
            reserved,
            places,
            grant,
        }
    }

    /// What it stands for now.
    #[cfg(test)]
    pub(super) fn reserved(&self) -> Amounts {
        self.reserved
    }

    pub(in crate::llm) fn settle(self, usage: &Usage) {
        let uncounted = match self.limit.counts_cached_input {
            true => 0,
            false => usage.cached_input_tokens,
        };
        self.settle_with(usage.input_tokens.saturating_sub(uncounted), usage.output_tokens);
    }

    /// The host refused the request: nothing was written, what was read may count.
    pub(in crate::llm) fn refused(self) {
        let read = self.reserved.input_tokens;
        self.settle_with(read, 0);
    }

    fn settle_with(self, input_tokens: u64, output_tokens: u64) {
        let used = Amounts {
            requests: 1,
            input_tokens,
            output_tokens,
        };
        let key = &self.limit.key;
        lock(&key.state).settle(&self.limit.model, self.places, self.reserved, used, key.millis());
        if let (Some(ledger), Some(grant)) = (&self.limit.ledger, self.grant) {
            ledger.settle(grant, self.limit.ask(self.reserved), used);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let key = &self.limit.key;
        let mut state = lock(&key.state);
        state.under_way = state.under_way.saturating_sub(1);
        drop(state);
        key.changed.notify_waiters();
    }
}
