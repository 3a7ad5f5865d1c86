//! How much memory the tables of a run may take, shared by everything that holds rows. Never heard of columns.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};

use super::DataError;
use super::held::Spills;

/// What tables and queries may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit(u64);

const MEGA: u64 = 1_000_000;
/// Below this the batches that are on their way at once take most of it.
const LEAST: u64 = 64 * MEGA;
const UNITS: [(&str, u64); 14] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", MEGA),
    ("gb", 1_000 * MEGA),
    ("tb", MEGA * MEGA),
    ("k", 1_000),
    ("m", MEGA),
    ("g", 1_000 * MEGA),
    ("t", MEGA * MEGA),
    ("b", 1),
    ("", 1),
];

impl MemoryLimit {
    /// Reads `1500MB`, `1.5GB`, `2 GiB`; a number alone is bytes.
    ///
    /// # Errors
    /// Says why the text is no limit.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plain = text.trim().replace('_', "").to_lowercase();
        let is_number = |letter: char| letter.is_ascii_digit() || letter == '.';
        let end = plain.find(|letter: char| !is_number(letter)).unwrap_or(plain.len());
        let (number, unit) = plain.split_at(end);
        let unit = UNITS.iter().find(|(name, _)| *name == unit.trim());
        let (Ok(number), Some((_, unit))) = (number.parse::<f64>(), unit) else {
            return Err("no size such as 1500MB or 1.5GB".to_owned());
        };
        let bytes = (number * *unit as f64) as u64;
        if bytes < LEAST {
            return Err(format!("less than the {} that any table needs", Self(LEAST)));
        }
        Ok(Self(bytes))
    }

    #[cfg(feature = "ballista")]
    pub(super) fn bytes(self) -> u64 {
        self.0
    }

    /// Twice as much in round numbers, for a hint.
    pub(super) fn more(self) -> Self {
        Self((self.0 * 2).div_ceil(100 * MEGA) * 100 * MEGA)
    }
}

impl Default for MemoryLimit {
    fn default() -> Self {
        Self(1_500 * MEGA)
    }
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(100 * MEGA) && self.0 >= 1_000 * MEGA {
            write!(formatter, "{}GB", self.0 as f64 / (1_000 * MEGA) as f64)
        } else {
            write!(formatter, "{}MB", self.0 / MEGA)
        }
    }
}

/// Source rows leave half of the room to the tables that are made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    Source,
    Table,
}

/// One budget for all tables and all queries of one computation.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit: MemoryLimit,
    /// Bytes of rows that may be held, and those that are.
    rows: u64,
    held: AtomicU64,
    runtime: Arc<RuntimeEnv>,
}

impl Memory {
    /// Half holds rows, two fifths are for queries at work; the rest is what no count sees: batches on their way, columns being read.
    pub(crate) fn new(limit: MemoryLimit) -> Result<Self, DataError> {
        Self::of(limit, limit.0 / 2, limit.0 * 2 / 5)
    }

    pub(super) fn of(limit: MemoryLimit, rows: u64, queries: u64) -> Result<Self, DataError> {
        let pool = FairSpillPool::new(usize::try_from(queries).unwrap_or(usize::MAX));
        let pool = TrackConsumersPool::new(pool, NonZeroUsize::MIN);
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Custom(Arc::new(Spills)));
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        Ok(Self {
            shared: Arc::new(Shared {
                limit,
                rows,
                held: AtomicU64::new(0),
                runtime,
            }),
        })
    }

    pub(crate) fn runtime(&self) -> Arc<RuntimeEnv> {
        Arc::clone(&self.shared.runtime)
    }

    /// What a sort keeps free for merging what it spilled.
    pub(crate) fn sort_reserve(&self) -> usize {
        usize::try_from(self.shared.limit.0 / 100).unwrap_or(usize::MAX)
    }

    /// Room for rows, given back when it is dropped; none where they must go to disk.
    pub(crate) fn room(&self, n_bytes: usize, kind: Rows) -> Option<Room> {
        let n_bytes = n_bytes as u64;
        let most = match kind {
            Rows::Source => self.shared.rows / 2,
            Rows::Table => self.shared.rows,
        };
        let grown = |held: u64| Some(held + n_bytes).filter(|held| *held <= most);
        self.shared
            .held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown)
            .ok()?;
        Some(Room {
            memory: self.clone(),
            n_bytes,
        })
    }
}

/// Part of the budget.
#[derive(Debug)]
pub(crate) struct Room {
    memory: Memory,
    n_bytes: u64,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.memory.shared.held.fetch_sub(self.n_bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("1500MB", 1_500_000_000),
            ("1.5GB", 1_500_000_000),
            (" 2 GiB ", 2 << 30),
            ("256m", 256_000_000),
            ("64000000", 64_000_000),
        ] {
            assert_eq!(MemoryLimit::parse(text), Ok(MemoryLimit(bytes)), "{text}");
        }
        for text in ["", "much", "1.5XB", "-1GB", "63MB", "1500", "1..5GB"] {
            assert!(MemoryLimit::parse(text).is_err(), "{text}");
        }
        assert_eq!(MemoryLimit::default().to_string(), "1.5GB");
        assert_eq!(MemoryLimit(1_500_000_000).to_string(), "1.5GB");
        assert_eq!(MemoryLimit(64_000_000).more().to_string(), "200MB");
    }

    #[test]
    fn room_is_given_back() {
        let memory = Memory::new(MemoryLimit(200 * MEGA)).unwrap();
        let source = memory.room(50_000_000, Rows::Source).unwrap();
        assert!(memory.room(1, Rows::Source).is_none());
        let most = memory.room(50_000_000, Rows::Table).unwrap();
        assert!(memory.room(1, Rows::Table).is_none());
        drop(most);
        drop(source);
        assert!(memory.room(1, Rows::Source).is_some());
    }
}
