//! What was used in the last minute, exactly: a sliding window, not a calendar minute. Pure: time comes in as milliseconds.

use std::collections::VecDeque;

/// What a call takes of a limit: 1 request and its tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    pub requests: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
}

/// How much of each a window may hold; None is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub requests: Option<u64>,
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    /// Input and output together, as OpenAI counts them.
    pub tokens: Option<u64>,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    Requests,
    InputTokens,
    OutputTokens,
    Tokens,
}

impl Dimension {
    pub const ALL: [Self; 4] = [Self::Requests, Self::InputTokens, Self::OutputTokens, Self::Tokens];

    /// Why a call waits, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Requests => "requests per minute",
            Self::InputTokens => "input tokens per minute",
            Self::OutputTokens => "output tokens per minute",
            Self::Tokens => "tokens per minute",
        }
    }
}

impl Amounts {
    pub fn of(&self, dimension: Dimension) -> u64 {
        match dimension {
            Dimension::Requests => self.requests,
            Dimension::InputTokens => self.input_tokens,
            Dimension::OutputTokens => self.output_tokens,
            Dimension::Tokens => self.input_tokens.saturating_add(self.output_tokens),
        }
    }

    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.with(other, u64::saturating_sub)
    }

    #[must_use]
    pub fn at_most(self, other: Self) -> Self {
        self.with(other, u64::min)
    }

    fn with(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            requests: join(self.requests, other.requests),
            input_tokens: join(self.input_tokens, other.input_tokens),
            output_tokens: join(self.output_tokens, other.output_tokens),
        }
    }
}

impl Rates {
    pub fn of(&self, dimension: Dimension) -> Option<u64> {
        match dimension {
            Dimension::Requests => self.requests,
            Dimension::InputTokens => self.input_tokens,
            Dimension::OutputTokens => self.output_tokens,
            Dimension::Tokens => self.tokens,
        }
    }

    pub fn set(&mut self, dimension: Dimension, limit: Option<u64>) {
        match dimension {
            Dimension::Requests => self.requests = limit,
            Dimension::InputTokens => self.input_tokens = limit,
            Dimension::OutputTokens => self.output_tokens = limit,
            Dimension::Tokens => self.tokens = limit,
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The stricter one in each dimension: a learned limit never raises a configured one.
    #[must_use]
    pub fn stricter(mut self, other: &Self) -> Self {
        for dimension in Dimension::ALL {
            let limit = match (self.of(dimension), other.of(dimension)) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            };
            self.set(dimension, limit);
        }
        self
    }

    /// The first dimension in which `used` and `need` are together more than the limit. What alone is larger than a whole
    /// limit counts as the whole limit: it goes alone, when the window is empty.
    pub fn exceeded(&self, used: Amounts, need: Amounts) -> Option<Dimension> {
        Dimension::ALL.into_iter().find(|&dimension| {
            self.of(dimension)
                .is_some_and(|limit| used.of(dimension).saturating_add(need.of(dimension).min(limit)) > limit)
        })
    }
}

/// How long there is no room, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom {
    pub millis: i64,
    pub dimension: Dimension,
}

/// The log of the last window, oldest first. What was used counts from the moment it was granted until `length` later.
#[derive(Debug, Clone, Default)]
pub struct Window {
    length: i64,
    entries: VecDeque<Entry>,
    used: Amounts,
    last_id: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    id: u64,
    at: i64,
    amounts: Amounts,
}

/// So many grants are remembered while there is no limit, should one be learned.
const UNLIMITED_LOG: usize = 10_000;

impl Window {
    pub fn new(length_millis: i64) -> Self {
        Self {
            length: length_millis,
            ..Self::default()
        }
    }

    /// How long `need` has to wait, None for not at all.
    pub fn no_room(&mut self, need: Amounts, rates: &Rates, now: i64) -> Option<NoRoom> {
        self.expire(now);
        let mut dimension = rates.exceeded(self.used, need)?;
        let mut used = self.used;
        for entry in &self.entries {
            used = used.minus(entry.amounts);
            match rates.exceeded(used, need) {
                Some(still) => dimension = still,
                None => {
                    let millis = (entry.at + self.length - now).max(1);
                    return Some(NoRoom { millis, dimension });
                }
            }
        }
        // Not reached: an empty window has room for everything. A whole window's wait is safe.
        Some(NoRoom {
            millis: self.length,
            dimension,
        })
    }

    /// Writes down what was granted; the number names it for `settle`.
    pub fn take(&mut self, amounts: Amounts, now: i64) -> u64 {
        self.expire(now);
        self.last_id += 1;
        // Time may not run backwards here, or the log would lose its order.
        let at = self.entries.back().map_or(now, |last| last.at.max(now));
        self.entries.push_back(Entry {
            id: self.last_id,
            at,
            amounts,
        });
        self.used = self.used.plus(amounts);
        self.last_id
    }

    /// What was really used of what was reserved. Less gives room back at once; more counts from now on.
    pub fn settle(&mut self, id: u64, reserved: Amounts, used: Amounts, now: i64) {
        self.expire(now);
        // One that is not found has left the window already, with all that was reserved.
        if let Ok(index) = self.entries.binary_search_by_key(&id, |entry| entry.id) {
            let entry = &mut self.entries[index];
            let kept = reserved.at_most(used);
            self.used = self.used.minus(entry.amounts).plus(kept);
            entry.amounts = kept;
        }
        let more = used.minus(reserved);
        if !more.is_zero() {
            self.take(more, now);
        }
    }

    /// Keeps the memory of a call layer without limits small.
    pub fn trim(&mut self) {
        while self.entries.len() > UNLIMITED_LOG {
            self.pop();
        }
    }

    /// What is in the window now, oldest first: milliseconds of age, and amounts.
    pub fn log(&mut self, now: i64) -> Vec<(i64, Amounts)> {
        self.expire(now);
        self.entries
            .iter()
            .map(|entry| (now - entry.at, entry.amounts))
            .collect()
    }

    fn expire(&mut self, now: i64) {
        while self
            .entries
            .front()
            .is_some_and(|oldest| oldest.at + self.length <= now)
        {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.used = self.used.minus(entry.amounts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input_tokens: u64, output_tokens: u64) -> Amounts {
        Amounts {
            requests: 1,
            input_tokens,
            output_tokens,
        }
    }

    #[test]
    fn the_first_entries_that_make_room_are_waited_for() {
        let rates = Rates {
            input_tokens: Some(100),
            ..Rates::default()
        };
        let mut window = Window::new(1_000);
        window.take(tokens(60, 0), 0);
        window.take(tokens(30, 0), 400);
        assert_eq!(window.no_room(tokens(10, 0), &rates, 500), None);
        for (need, millis) in [(11, 500), (70, 500), (71, 900), (5_000, 900)] {
            let no_room = window.no_room(tokens(need, 0), &rates, 500).unwrap();
            assert_eq!((no_room.millis, no_room.dimension), (millis, Dimension::InputTokens));
        }
        assert_eq!(window.no_room(tokens(5_000, 0), &rates, 1_400), None);
    }

    #[test]
    fn input_and_output_share_a_common_limit() {
        let rates = Rates {
            tokens: Some(100),
            ..Rates::default()
        };
        let mut window = Window::new(1_000);
        window.take(tokens(50, 40), 0);
        assert_eq!(
            window.no_room(tokens(6, 5), &rates, 10).unwrap().dimension,
            Dimension::Tokens
        );
        assert_eq!(window.no_room(tokens(6, 4), &rates, 10), None);
    }

    #[test]
    fn less_gives_room_at_once_and_more_counts_from_now() {
        let rates = Rates {
            output_tokens: Some(100),
            ..Rates::default()
        };
        let mut window = Window::new(1_000);
        let id = window.take(tokens(0, 100), 0);
        assert!(window.no_room(tokens(0, 50), &rates, 100).is_some());
        window.settle(id, tokens(0, 100), tokens(0, 40), 100);
        assert_eq!(window.no_room(tokens(0, 60), &rates, 100), None);
        let id = window.take(tokens(0, 60), 100);
        window.settle(id, tokens(0, 60), tokens(0, 90), 600);
        assert_eq!(window.no_room(tokens(0, 75), &rates, 700).unwrap().millis, 900);
        assert_eq!(window.no_room(tokens(0, 70), &rates, 1_100), None);
    }

    #[test]
    fn the_stricter_limit_holds() {
        let configured = Rates {
            requests: Some(10),
            input_tokens: Some(500),
            ..Rates::default()
        };
        let learned = Rates {
            requests: Some(50),
            input_tokens: Some(400),
            output_tokens: Some(7),
            tokens: None,
        };
        let both = configured.stricter(&learned);
        assert_eq!(
            both,
            Rates {
                requests: Some(10),
                input_tokens: Some(400),
                output_tokens: Some(7),
                tokens: None
            }
        );
    }
}
