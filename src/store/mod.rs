//! SQLite under `run_logs/insights.db`: runs, requests, responses, cached replies by key. Does not know what a completion means.
//!
//! The store serves a run and never fails it: a damaged file is put aside, an unwritable one switches the store off, and
//! either way there is one warning. Writes go through one thread, so no call waits for a disk.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod breakers;
mod health;
mod ledger;
mod open;
mod replies;
pub mod session;
mod usage;
mod window;
mod writer;

pub use replies::Kept;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::clock;
use session::Lines;
use writer::Write;

pub use breakers::BreakerRecord;
pub use health::{LastError, ModelHealth};
pub use ledger::{Answer, Ask, InUse, Known, LearnedLimit, Ledger};
pub use usage::{LATENCY_BUCKETS, Usage};
pub use window::{Amounts, Dimension, NoRoom, Rates, Window};

/// How much of a call is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Detail {
    /// Who, when, how long, how much, and what went wrong.
    #[default]
    Numbers,
    /// Prompts and replies too: they may hold business data.
    Texts,
}

/// The handle of an open database, or of none. Cheap to clone; the last one to go waits for the writes.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

/// One logical call, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    pub role: String,
    /// `structured` when a schema came with the request, else `text`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// What was asked for beside the words, as JSON: token limit, temperature, the name of the schema, and with
    /// `Detail::Texts` the schema itself.
    #[serde(default)]
    pub parameters: Value,
    pub provider: String,
    pub model: String,
    /// `ok`, or the class of the error.
    pub status: String,
    pub http_status: Option<u16>,
    pub error: Option<String>,
    pub attempts: u32,
    pub millis: u64,
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub output_tokens: u64,
    /// None is unknown, not free.
    pub cost_usd: Option<f64>,
    pub cached: bool,
    /// Kept only with `Detail::Texts`, as are the next two.
    pub system: Option<String>,
    pub prompt: Option<String>,
    pub reply: Option<String>,
}

impl CallRecord {
    fn forget_texts(&mut self) {
        (self.system, self.prompt, self.reply) = (None, None, None);
        if let Value::Object(parameters) = &mut self.parameters {
            parameters.remove("json_schema");
        }
    }
}

struct Shared {
    detail: Detail,
    reader: Mutex<Option<Connection>>,
    writes: Mutex<Option<Sender<Write>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
    run: Mutex<String>,
    attached: Mutex<Attached>,
    trouble: Arc<Trouble>,
}

/// The session that calls belong to.
#[derive(Default)]
struct Attached {
    /// Its id, where this database keeps it.
    id: Option<String>,
    /// Its file, where that keeps it.
    lines: Option<(Lines, Detail)>,
}

/// What the writer's thread tells the others.
#[derive(Default)]
struct Trouble {
    off: AtomicBool,
    said: AtomicBool,
    warning: Mutex<Option<String>>,
}

impl Trouble {
    fn warn(&self, message: String) {
        tracing::warn!(message = message.as_str(), "store");
        let mut warning = self.warning.lock().unwrap_or_else(PoisonError::into_inner);
        warning.get_or_insert(message);
    }

    /// For what would be said again with every write.
    fn warn_once(&self, message: &str) {
        if !self.said.swap(true, Ordering::Relaxed) {
            self.warn(message.to_owned());
        }
    }

    fn switch_off(&self, message: String) {
        if !self.off.swap(true, Ordering::Relaxed) {
            self.warn(message);
        }
    }
}

impl Store {
    /// Opens or creates the database. Always gives a store; ask `take_warning` whether it is a working one.
    pub fn open(path: &Path) -> Self {
        Self::open_with(path, Detail::Numbers)
    }

    pub fn open_with(path: &Path, detail: Detail) -> Self {
        let trouble = Arc::new(Trouble::default());
        let opened = open::open(path, open::MIGRATIONS, &trouble).and_then(|writer| Ok((writer, open::reader(path)?)));
        match opened {
            Ok((connection, reader)) => {
                let (sender, receiver) = mpsc::channel();
                let told = trouble.clone();
                let thread = std::thread::Builder::new()
                    .name("store".to_owned())
                    .spawn(move || writer::run(connection, &receiver, &told));
                if let Err(error) = &thread {
                    trouble.switch_off(format!("nothing is stored or cached in this run: {error}"));
                }
                Self::with(detail, Some(reader), Some(sender), thread.ok(), trouble)
            }
            Err(error) => {
                trouble.switch_off(format!("nothing is stored or cached in this run: {error}"));
                Self::with(detail, None, None, None, trouble)
            }
        }
    }

    /// A store that keeps nothing.
    pub fn disabled() -> Self {
        let trouble = Trouble::default();
        trouble.off.store(true, Ordering::Relaxed);
        Self::with(Detail::Numbers, None, None, None, Arc::new(trouble))
    }

    pub fn is_on(&self) -> bool {
        !self.shared.trouble.off.load(Ordering::Relaxed)
    }

    /// The one thing that went wrong, once.
    pub fn take_warning(&self) -> Option<String> {
        let mut warning = self
            .shared
            .trouble
            .warning
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        warning.take()
    }

    pub fn remember(&self, key: &str, value: &str) {
        self.write(Write::Cache {
            key: key.to_owned(),
            checksum: checksum(key, value),
            value: value.to_owned(),
            created: clock::wall().to_string(),
        });
    }

    /// The calls that follow belong to this run.
    pub fn start_run(&self, run_hash: &str) {
        let mut run = self.shared.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.clear();
        run.push_str(run_hash);
        drop(run);
        self.write(Write::RunStarted {
            run_hash: run_hash.to_owned(),
            at: clock::wall().to_string(),
        });
    }

    pub fn finish_run(&self, run_hash: &str, status: &str) {
        self.write(Write::RunFinished {
            run_hash: run_hash.to_owned(),
            status: status.to_owned(),
            at: clock::wall().to_string(),
        });
    }

    pub fn record_call(&self, mut call: CallRecord) {
        let (session, lines) = {
            let attached = self.shared.attached.lock().unwrap_or_else(PoisonError::into_inner);
            (attached.id.clone(), attached.lines.clone())
        };
        if let Some((lines, detail)) = lines {
            lines.call(call.clone(), detail);
        }
        if self.shared.detail == Detail::Numbers {
            call.forget_texts();
        }
        let run = self.shared.run.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.write(Write::Call {
            run_hash: run,
            session,
            at: clock::wall().to_string(),
            call: Box::new(call),
        });
    }

    /// From now on and in later runs this one is not asked, until `forget_breaker`.
    pub fn keep_breaker(&self, breaker: BreakerRecord) {
        self.write(Write::BreakerOpened {
            breaker: Box::new(breaker),
        });
    }

    pub fn forget_breaker(&self, key: &str) {
        self.write(Write::BreakerClosed { key: key.to_owned() });
    }

    /// The breakers that are open. Reads the disk.
    pub fn breakers(&self) -> Vec<BreakerRecord> {
        self.read(breakers::all)
    }

    /// How each model did lately, over all runs in this database. Reads the disk.
    pub fn health(&self) -> Vec<ModelHealth> {
        self.read(health::read)
    }

    /// What was asked since a moment (RFC 3339), by model and role. Reads the disk.
    pub fn usage(&self, since: &str) -> Vec<Usage> {
        self.read(|connection| usage::read(connection, since))
    }

    /// The calls of a run since a moment (RFC 3339), oldest first; with a role, only its own. Reads the disk.
    pub fn calls_of_run(&self, run_hash: &str, role: Option<&str>, since: &str) -> Vec<session::Call> {
        self.read(|connection| session::calls_of_run(connection, run_hash, role, since))
    }

    /// Waits until everything said so far is on disk (or given up).
    pub fn flush(&self) {
        let (done, wait) = mpsc::channel();
        self.write(Write::Flush { done });
        let _ = wait.recv();
    }

    /// The calls that follow belong to this session.
    fn attach(&self, id: Option<String>, lines: Option<(Lines, Detail)>) {
        let mut attached = self.shared.attached.lock().unwrap_or_else(PoisonError::into_inner);
        *attached = Attached { id, lines };
    }

    fn trouble(&self) -> Arc<Trouble> {
        Arc::clone(&self.shared.trouble)
    }

    fn with(
        detail: Detail,
        reader: Option<Connection>,
        writes: Option<Sender<Write>>,
        writer: Option<JoinHandle<()>>,
        trouble: Arc<Trouble>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                detail,
                reader: Mutex::new(reader),
                writes: Mutex::new(writes),
                writer: Mutex::new(writer),
                run: Mutex::default(),
                attached: Mutex::default(),
                trouble,
            }),
        }
    }

    /// Nothing when the store is off or cannot be read.
    fn read<T: Default>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> T {
        if !self.is_on() {
            return T::default();
        }
        let reader = self.shared.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(connection) = reader.as_ref() else {
            return T::default();
        };
        query(connection).unwrap_or_else(|error| {
            tracing::warn!(?error, "cannot read the store");
            T::default()
        })
    }

    fn write(&self, write: Write) {
        let writes = self.shared.writes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = writes.as_ref() {
            // The thread is gone only when the store is switched off.
            let _ = sender.send(write);
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Store")
            .field("on", &self.is_on())
            .finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

/// Bound to the key, so that a row copied under another key is refused as well.
fn checksum(key: &str, value: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    hash.update([0]);
    hash.update(value.as_bytes());
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
