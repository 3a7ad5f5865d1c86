//! The one thread that writes, one short transaction at a time.

use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

use super::open::is_busy;
use super::replies::{self, Change};
use super::{BreakerRecord, CallRecord, Trouble, breakers, session};

pub(super) enum Write {
    Cache {
        key: String,
        value: String,
        checksum: String,
        created: String,
    },
    RunStarted {
        run_hash: String,
        at: String,
    },
    RunFinished {
        run_hash: String,
        status: String,
        at: String,
    },
    Call {
        run_hash: String,
        session: Option<String>,
        at: String,
        call: Box<CallRecord>,
    },
    BreakerOpened {
        breaker: Box<BreakerRecord>,
    },
    BreakerClosed {
        key: String,
    },
    Replies(Change),
    Session {
        session: String,
        at: String,
        change: Box<session::Change>,
    },
    Flush {
        done: Sender<()>,
    },
}

const BUSY_RETRIES: u32 = 3;

/// Ends when the last sender is gone, everything sent before that written. After an error that will not pass, the rest
/// is dropped: the run goes on without a store.
pub(super) fn run(mut connection: Connection, writes: &Receiver<Write>, trouble: &Trouble) {
    let mut off = false;
    for write in writes {
        if let Write::Flush { done } = &write {
            let _ = done.send(());
        } else if !off && let Err(error) = apply_patiently(&mut connection, &write) {
            off = !is_busy(&error);
            match off {
                true => trouble.switch_off(format!("nothing more is stored or cached in this run: {error}")),
                false => trouble.warn(format!("something was not stored: {error}")),
            }
        }
    }
}

/// The busy timeout has passed already when an error comes: then another process is hogging the file.
fn apply_patiently(connection: &mut Connection, write: &Write) -> rusqlite::Result<()> {
    let mut retries = 0;
    loop {
        match apply(connection, write) {
            Err(error) if is_busy(&error) && retries < BUSY_RETRIES => {
                retries += 1;
                std::thread::sleep(Duration::from_millis(u64::from(retries * 50 + std::process::id() % 50)));
            }
            outcome => return outcome,
        }
    }
}

fn apply(connection: &mut Connection, write: &Write) -> rusqlite::Result<()> {
    // A deferred transaction that turns into a write fails at once, whatever the busy timeout.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    match write {
        Write::Cache {
            key,
            value,
            checksum,
            created,
        } => {
            transaction.execute(
                "INSERT OR REPLACE INTO cache (key, created, value, checksum) VALUES (?1, ?2, ?3, ?4)",
                params![key, created, value, checksum],
            )?;
        }
        Write::RunStarted { run_hash, at } => {
            transaction.execute(
                "INSERT INTO runs (run_hash, started, status) VALUES (?1, ?2, 'running')",
                params![run_hash, at],
            )?;
        }
        Write::RunFinished { run_hash, status, at } => {
            transaction.execute(
                "UPDATE runs SET finished = ?2, status = ?3
                 WHERE id = (SELECT max(id) FROM runs WHERE run_hash = ?1)",
                params![run_hash, at, status],
            )?;
        }
        Write::BreakerOpened { breaker } => breakers::keep(&transaction, breaker)?,
        Write::BreakerClosed { key } => breakers::forget(&transaction, key)?,
        Write::Replies(change) => replies::apply(&transaction, change)?,
        Write::Call {
            run_hash,
            session,
            at,
            call,
        } => session::insert_call(&transaction, run_hash, session.as_deref(), at, call)?,
        Write::Session { session, at, change } => session::apply(&transaction, session, at, change)?,
        Write::Flush { .. } => {}
    }
    transaction.commit()
}

/// SQLite's integers are signed.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
