//! Kept replies: looked up with their age, put aside when damaged, forgotten when of no use, and never more than a bound.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::writer::Write;
use super::{Store, checksum};
use std::sync::PoisonError;

/// What is kept under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Nothing,
    Value {
        value: String,
        created: Timestamp,
    },
    /// The row was damaged or edited: it is no reply of that request.
    Damaged,
}

/// What the writer does to kept replies.
pub(super) enum Change {
    SetAside { key: String },
    Forget { key: String },
    Trim { oldest: String, most: u64 },
}

/// Damaged rows that stay to be looked at.
const MOST_ASIDE: u32 = 100;

impl Store {
    /// The value kept under this key. Reads the disk: not for an async task's own thread.
    pub fn kept(&self, key: &str) -> Kept {
        if !self.is_on() {
            return Kept::Nothing;
        }
        let reader = self.shared.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = reader.as_ref() else {
            return Kept::Nothing;
        };
        let found: rusqlite::Result<Option<(String, String, String)>> = connection
            .prepare_cached("SELECT value, checksum, created FROM cache WHERE key = ?1")
            .and_then(|mut query| {
                query
                    .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                    .optional()
            });
        match found {
            Ok(None) => Kept::Nothing,
            Ok(Some((value, sum, created))) => match created.parse() {
                Ok(created) if sum == checksum(key, &value) => Kept::Value { value, created },
                _ => Kept::Damaged,
            },
            // A value of another type, or text that is no UTF-8.
            Err(
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::Utf8Error(..),
            ) => Kept::Damaged,
            Err(error) => {
                tracing::warn!(?error, "cannot read the cache");
                Kept::Nothing
            }
        }
    }

    /// Takes a damaged row out of the cache; the last hundred of them stay in `cache_aside`.
    pub fn set_aside(&self, key: &str) {
        self.write(Write::Replies(Change::SetAside { key: key.to_owned() }));
    }

    pub fn forget(&self, key: &str) {
        self.write(Write::Replies(Change::Forget { key: key.to_owned() }));
    }

    /// Drops replies from before `oldest`, then the oldest ones above `most`.
    pub fn trim_cache(&self, oldest: Timestamp, most: u64) {
        self.write(Write::Replies(Change::Trim {
            oldest: oldest.to_string(),
            most,
        }));
    }
}

pub(super) fn apply(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::SetAside { key } => {
            transaction.execute(
                "INSERT INTO cache_aside (key, created, value, checksum) SELECT key, created, value, checksum FROM cache WHERE key = ?1",
                [key],
            )?;
            transaction.execute("DELETE FROM cache WHERE key = ?1", [key])?;
            transaction.execute(
                "DELETE FROM cache_aside WHERE id <= (SELECT max(id) FROM cache_aside) - ?1",
                [MOST_ASIDE],
            )?;
        }
        Change::Forget { key } => {
            transaction.execute("DELETE FROM cache WHERE key = ?1", [key])?;
        }
        Change::Trim { oldest, most } => {
            transaction.execute("DELETE FROM cache WHERE created < ?1", [oldest])?;
            transaction.execute(
                "DELETE FROM cache WHERE key IN (SELECT key FROM cache ORDER BY created DESC LIMIT -1 OFFSET ?1)",
                params![i64::try_from(*most).unwrap_or(i64::MAX)],
            )?;
        }
    }
    Ok(())
}
