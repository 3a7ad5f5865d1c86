//! What makes two calls the same: the base URL, the path and the exact bytes of the body. Nothing is chosen by hand, so a
//! parameter cannot be forgotten; the key never takes part.
//!
//! Two calls that are the same at the same time are one request: the first goes, the others wait for its reply, and if it
//! fails or is dropped the next of them goes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout_at;

use super::dialect::{Decoded, Dialect};
use super::exchange::HttpRequest;
use super::types::{Finish, Request, Usage};
use super::vendor::Vendor;
use crate::clock::{self, Instant};
use crate::store::{Kept, Store};

/// Whether finished replies are looked up and kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CacheMode {
    #[default]
    Off,
    /// Looks up, keeps nothing new.
    Read,
    /// Asks again and keeps the new replies.
    Write,
    On,
}

impl CacheMode {
    fn reads(self) -> bool {
        matches!(self, Self::Read | Self::On)
    }

    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::On)
    }
}

/// No reply is kept for longer, and no more of them: about 100 MB at most.
pub(super) const LONGEST_AGE: Duration = Duration::from_secs(30 * 24 * 3600);
const MOST_REPLIES: u64 = 5_000;
/// Finished replies that stay in memory, so that a call right after them finds them before they are on disk.
const MOST_FINISHED: usize = 64;

/// The replies kept from earlier calls, if there is a store and the mode wants it.
pub(super) struct Cache {
    mode: CacheMode,
    max_age: Duration,
    store: Option<Store>,
    seats: Arc<Mutex<Seats>>,
}

type Seat = Arc<tokio::sync::Mutex<Option<Decoded>>>;

#[derive(Default)]
struct Seats {
    /// One for each key under way, and for the last finished ones.
    seats: HashMap<String, Seat>,
    finished: VecDeque<String>,
}

/// The right to ask for one key, and the reply that another call got for it meanwhile. Dropping it lets the next one go.
pub(super) struct Flight {
    key: String,
    /// Always there until the drop.
    guard: Option<OwnedMutexGuard<Option<Decoded>>>,
    seats: Arc<Mutex<Seats>>,
}

/// What the store holds for a key.
pub(super) enum Found {
    Nothing,
    Reply(Decoded),
    /// A damaged row, already put aside.
    Damaged,
}

impl Cache {
    pub(super) fn new(mode: CacheMode, max_age: Duration, store: Option<Store>) -> Self {
        if let Some(store) = store.as_ref().filter(|_| mode.writes()) {
            let oldest = clock::wall().checked_sub(LONGEST_AGE).unwrap_or(Timestamp::MIN);
            store.trim_cache(oldest, MOST_REPLIES);
        }
        Self {
            mode,
            max_age,
            store,
            seats: Arc::default(),
        }
    }

    /// None when this call is neither looked up nor kept; the mock never is, and neither are vectors: they would take the room of
    /// thousands of replies.
    pub(super) fn key(&self, vendor: &Vendor, request: &Request, http: &HttpRequest) -> Option<String> {
        let is_small = vendor.dialect != Dialect::Embeddings;
        let wanted = self.mode != CacheMode::Off && !vendor.is_mock() && is_small && self.store.is_some();
        wanted.then(|| key(vendor, request, http))
    }

    /// Waits until no other call asks for this key; None when it must not be looked up. Err is the deadline.
    pub(super) async fn flight(&self, key: Option<&str>, deadline: Instant) -> Result<Option<Flight>, ()> {
        let Some(key) = key.filter(|_| self.mode.reads()) else {
            return Ok(None);
        };
        let seat = {
            let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(seats.seats.entry(key.to_owned()).or_default())
        };
        let guard = timeout_at(deadline, seat.lock_owned()).await.map_err(drop)?;
        Ok(Some(Flight {
            key: key.to_owned(),
            guard: Some(guard),
            seats: Arc::clone(&self.seats),
        }))
    }

    pub(super) async fn find(&self, key: Option<&str>) -> Found {
        let (Some(store), Some(key)) = (self.store.clone(), key.filter(|_| self.mode.reads())) else {
            return Found::Nothing;
        };
        let (key, max_age) = (key.to_owned(), self.max_age);
        let look = move || match store.kept(&key) {
            Kept::Nothing => Found::Nothing,
            Kept::Value { value, created } if is_fresh(created, clock::wall(), max_age) => match read(&value) {
                Some(decoded) => Found::Reply(decoded),
                None => {
                    store.set_aside(&key);
                    Found::Damaged
                }
            },
            Kept::Value { .. } => Found::Nothing,
            Kept::Damaged => {
                store.set_aside(&key);
                Found::Damaged
            }
        };
        tokio::task::spawn_blocking(look).await.unwrap_or(Found::Nothing)
    }

    /// Keeps a whole reply. The store writes on a thread of its own: nobody waits for it.
    pub(super) fn keep(&self, key: Option<&str>, flight: Option<&mut Flight>, decoded: &Decoded) {
        let Some((key, value)) = key.and_then(|key| Some((key, write(decoded)?))) else {
            return;
        };
        if let Some(store) = self.store.as_ref().filter(|_| self.mode.writes()) {
            store.remember(key, &value);
        }
        if let Some(flight) = flight {
            flight.land(decoded);
        }
    }

    /// A kept reply turned out to be of no use: the next call asks again.
    pub(super) fn forget(&self, key: &str) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.seats.remove(key);
        seats.finished.retain(|finished| finished != key);
        drop(seats);
        if let Some(store) = &self.store {
            store.forget(key);
        }
    }
}

impl Flight {
    pub(super) fn is_for(&self, key: Option<&str>) -> bool {
        key == Some(self.key.as_str())
    }

    /// The reply of the call that went before, at no cost.
    pub(super) fn landed(&self) -> Option<Decoded> {
        self.guard.as_ref()?.as_ref().map(|decoded| free(decoded.clone()))
    }

    fn land(&mut self, decoded: &Decoded) {
        let Some(guard) = &mut self.guard else { return };
        **guard = Some(decoded.clone());
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.finished.push_back(self.key.clone());
        if seats.finished.len() > MOST_FINISHED
            && let Some(oldest) = seats.finished.pop_front()
        {
            seats.seats.remove(&oldest);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let landed = self.guard.as_ref().is_some_and(|guard| guard.is_some());
        self.guard = None;
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        // Only the map holds it: nobody waits.
        if !landed
            && seats
                .seats
                .get(&self.key)
                .is_some_and(|seat| Arc::strong_count(seat) == 1)
        {
            seats.seats.remove(&self.key);
        }
    }
}

/// A reply from the future was kept by a clock that was wrong: its age is not known.
fn is_fresh(created: Timestamp, now: Timestamp, max_age: Duration) -> bool {
    Duration::try_from(now.duration_since(created)).is_ok_and(|age| age <= max_age)
}

fn key(vendor: &Vendor, request: &Request, http: &HttpRequest) -> String {
    // Without `..`, so that a new field does not compile until somebody decides here whether it makes another call:
    // whatever the dialects write into the body does already.
    let Request {
        // Never sent.
        role: _,
        // In the body.
        system: _,
        prompt: _,
        schema: _,
        max_output_tokens: _,
        temperature: _,
    } = request;
    let HttpRequest {
        path,
        // Keys, versions and the program's name: none changes the answer.
        headers: _,
        body,
    } = http;
    let mut hash = Sha256::new();
    for part in [vendor.base_url.as_bytes(), path.as_bytes(), body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Serialize, Deserialize)]
struct Stored {
    text: String,
    answered_model: Option<String>,
}

/// The value to keep, if the reply is a whole one.
fn write(decoded: &Decoded) -> Option<String> {
    if decoded.finish != Finish::Stop {
        return None;
    }
    let stored = Stored {
        text: decoded.text.clone(),
        answered_model: decoded.answered_model.clone(),
    };
    serde_json::to_string(&stored).ok()
}

fn read(value: &str) -> Option<Decoded> {
    let stored: Stored = serde_json::from_str(value).ok()?;
    Some(free(Decoded {
        text: stored.text,
        finish: Finish::Stop,
        usage: Usage::default(),
        answered_model: stored.answered_model,
        cost_usd: None,
        first_token: None,
    }))
}

/// A kept reply takes no tokens and costs nothing.
fn free(decoded: Decoded) -> Decoded {
    Decoded {
        usage: Usage::default(),
        cost_usd: Some(0.0),
        first_token: None,
        ..decoded
    }
}

#[cfg(test)]
mod tests;
