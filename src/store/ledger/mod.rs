//! What every process on this machine sends with a key: a small SQLite file, so that cron, an analyst and CI with one key
//! never exceed its limits together. Also keeps pauses and the limits that servers told, for the next run.
//!
//! Serves and never fails: when the file cannot be used, `Answer::Unavailable` lets the caller limit its own process, and
//! there is one warning. Nothing touches the disk before the first question; all work is done by one thread.

mod in_use;
mod rows;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Trouble;
use super::open;
use super::window::{Amounts, Dimension, Rates};
use crate::clock::{self, Instant};
pub use in_use::InUse;
use rows::Rows;

/// Room for one call, under the limits of its key and of its model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// A fingerprint of the key and the place where it is used.
    pub key: String,
    /// Empty where the provider does not limit by model.
    pub model: String,
    pub need: Amounts,
    pub key_rates: Rates,
    pub model_rates: Rates,
    pub window_millis: i64,
    /// From an earlier `Answer::Wait`.
    pub ticket: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Granted {
        grant: i64,
    },
    /// Ask again with the ticket after `millis`, or sooner; None waits for another process that came before.
    Wait {
        millis: i64,
        ticket: i64,
        because: Option<Dimension>,
    },
    /// A server told one of the processes to wait.
    Paused {
        millis: i64,
    },
    /// The ledger cannot be used: limit this process alone.
    Unavailable,
}

/// What is known of a key and model from before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub learned: Option<LearnedLimit>,
    pub paused_millis: Option<i64>,
}

/// A limit that a server told in its headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LearnedLimit {
    pub key: String,
    pub model: String,
    /// Milliseconds since 1970.
    pub at_millis: i64,
    pub age_millis: u64,
    pub rates: Rates,
}

/// The handle. Cheap to clone; the last one to go waits for what was said.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

struct Shared {
    paths: Vec<PathBuf>,
    now: fn() -> i64,
    commands: Mutex<Option<Sender<Command>>>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    trouble: Arc<Trouble>,
}

/// False: whoever asked is gone.
type Reply<T> = Box<dyn FnOnce(T) -> bool + Send>;

enum Command {
    Reserve(Box<Ask>, Reply<Answer>),
    Settle(i64, Box<Ask>, Amounts),
    Release(i64),
    Add(String, String, Vec<(i64, Amounts)>),
    Leave(i64),
    Pause(String, String, i64),
    Learn(String, String, Rates),
    Known(String, String, Reply<Known>),
    Learned(Reply<Vec<LearnedLimit>>),
    InUse(Reply<Vec<InUse>>),
    Flush(Sender<()>),
}

impl Ledger {
    /// The first of the files that can be used; none is opened or created before it is needed.
    pub fn at(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        Self::with_clock(paths, || clock::wall().as_millisecond())
    }

    /// With milliseconds since 1970 from elsewhere, for tests.
    pub fn with_clock(paths: impl IntoIterator<Item = PathBuf>, now: fn() -> i64) -> Self {
        Self {
            shared: Arc::new(Shared {
                paths: paths.into_iter().collect(),
                now,
                commands: Mutex::default(),
                thread: Mutex::default(),
                trouble: Arc::default(),
            }),
        }
    }

    /// Answers through `reply`; a grant whose reply says false is given back.
    pub fn reserve(&self, ask: Ask, reply: impl FnOnce(Answer) -> bool + Send + 'static) {
        self.send(Command::Reserve(Box::new(ask), Box::new(reply)));
    }

    /// What a grant of `ask` really used.
    pub fn settle(&self, grant: i64, ask: Ask, used: Amounts) {
        self.send(Command::Settle(grant, Box::new(ask), used));
    }

    /// Nothing was sent.
    pub fn release(&self, grant: i64) {
        self.send(Command::Release(grant));
    }

    /// What this process sent before a limit was known: ages in milliseconds, and amounts.
    pub fn add(&self, key: &str, model: &str, log: Vec<(i64, Amounts)>) {
        self.send(Command::Add(key.to_owned(), model.to_owned(), log));
    }

    /// Whoever held this ticket waits no longer.
    pub fn leave(&self, ticket: i64) {
        self.send(Command::Leave(ticket));
    }

    /// Nobody sends with this key (and model, unless empty) for so long.
    pub fn pause(&self, key: &str, model: &str, millis: i64) {
        self.send(Command::Pause(key.to_owned(), model.to_owned(), millis));
    }

    /// Empty rates are forgotten.
    pub fn learn(&self, key: &str, model: &str, rates: Rates) {
        self.send(Command::Learn(key.to_owned(), model.to_owned(), rates));
    }

    pub fn known(&self, key: &str, model: &str, reply: impl FnOnce(Known) -> bool + Send + 'static) {
        self.send(Command::Known(key.to_owned(), model.to_owned(), Box::new(reply)));
    }

    /// All limits learned so far, on this machine. Waits for the disk.
    pub fn learned(&self) -> Vec<LearnedLimit> {
        let (sender, receiver) = mpsc::channel();
        self.send(Command::Learned(Box::new(move |learned| sender.send(learned).is_ok())));
        receiver.recv().unwrap_or_default()
    }

    /// What is used, waited for and known of each key and model. Waits for the disk.
    pub fn in_use(&self) -> Vec<InUse> {
        let (sender, receiver) = mpsc::channel();
        self.send(Command::InUse(Box::new(move |used| sender.send(used).is_ok())));
        receiver.recv().unwrap_or_default()
    }

    /// Waits until everything said so far is on disk (or given up).
    pub fn flush(&self) {
        let (done, wait) = mpsc::channel();
        self.send(Command::Flush(done));
        let _ = wait.recv();
    }

    /// The one thing that went wrong, once.
    pub fn take_warning(&self) -> Option<String> {
        let warning = &self.shared.trouble.warning;
        warning.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn send(&self, command: Command) {
        let mut commands = self.shared.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = commands.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::channel();
            let mut file = File {
                paths: self.shared.paths.clone(),
                now: self.shared.now,
                state: State::Unopened,
                trouble: self.shared.trouble.clone(),
            };
            let thread = std::thread::Builder::new()
                .name("ledger".to_owned())
                .spawn(move || file.run(&receiver));
            match thread {
                Ok(thread) => {
                    *self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
                }
                Err(error) => self.shared.trouble.switch_off(alone(&error)),
            }
            sender
        });
        // Without a thread the command is dropped, and with it its reply: the caller goes on alone.
        let _ = sender.send(command);
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ledger")
            .field("paths", &self.shared.paths)
            .finish_non_exhaustive()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn alone(error: &dyn std::fmt::Display) -> String {
    format!("rate limits are kept for this process only, not together with others on this machine: {error}")
}

/// A locked file is asked again for so long; then this process goes on alone for `REST`.
const BUSY_LIMIT: Duration = Duration::from_secs(3);
const REST: Duration = Duration::from_secs(30);

/// The thread's side: the open file, or why there is none.
struct File {
    paths: Vec<PathBuf>,
    now: fn() -> i64,
    state: State,
    trouble: Arc<Trouble>,
}

enum State {
    Unopened,
    Open(Rows),
    /// Locked for too long: tried again later.
    Resting {
        rows: Rows,
        until: Instant,
    },
    Off,
}

impl File {
    fn run(&mut self, commands: &Receiver<Command>) {
        for command in commands {
            self.perform(command);
        }
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Reserve(ask, reply) => {
                let answer = self.write(|rows| rows.reserve(&ask)).unwrap_or(Answer::Unavailable);
                let taken = reply(answer);
                if let (false, Answer::Granted { grant }) = (taken, answer) {
                    self.write(|rows| rows.release(grant));
                }
            }
            Command::Settle(grant, ask, used) => {
                self.write(|rows| rows.settle(grant, &ask, used));
            }
            Command::Release(grant) => {
                self.write(|rows| rows.release(grant));
            }
            Command::Add(key, model, log) => {
                self.write(|rows| rows.add(&key, &model, &log));
            }
            Command::Leave(ticket) => {
                self.write(|rows| rows.leave(ticket));
            }
            Command::Pause(key, model, millis) => {
                self.write(|rows| rows.pause(&key, &model, millis));
            }
            Command::Learn(key, model, rates) => {
                self.write(|rows| rows.learn(&key, &model, &rates));
            }
            Command::Known(key, model, reply) => {
                reply(self.read(|rows| rows.known(&key, &model)));
            }
            Command::Learned(reply) => {
                reply(self.read(Rows::learned));
            }
            Command::InUse(reply) => {
                reply(self.read(Rows::in_use));
            }
            Command::Flush(done) => {
                let _ = done.send(());
            }
        }
    }

    /// A file that nobody has written holds nothing; it is not created to find that out.
    fn read<T: Default>(&mut self, act: impl FnMut(&mut Rows) -> rusqlite::Result<T>) -> T {
        let nobody = matches!(self.state, State::Unopened) && !self.paths.iter().any(|path| path.exists());
        match nobody {
            true => T::default(),
            false => self.write(act).unwrap_or_default(),
        }
    }

    /// None when the file cannot be used now.
    fn write<T>(&mut self, mut act: impl FnMut(&mut Rows) -> rusqlite::Result<T>) -> Option<T> {
        let mut rows = self.take_open()?;
        let begun = clock::now();
        loop {
            match act(&mut rows) {
                Ok(done) => {
                    self.state = State::Open(rows);
                    return Some(done);
                }
                Err(error) if open::is_busy(&error) && begun.elapsed() < BUSY_LIMIT => {
                    std::thread::sleep(jitter(begun.elapsed()));
                }
                Err(error) if open::is_busy(&error) => {
                    self.trouble.switch_off(alone(&error));
                    let until = clock::now() + REST;
                    self.state = State::Resting { rows, until };
                    return None;
                }
                Err(error) => {
                    self.trouble.switch_off(alone(&error));
                    self.state = State::Off;
                    return None;
                }
            }
        }
    }

    fn take_open(&mut self) -> Option<Rows> {
        match std::mem::replace(&mut self.state, State::Off) {
            State::Open(rows) => Some(rows),
            State::Off => None,
            State::Resting { rows, until } if until > clock::now() => {
                self.state = State::Resting { rows, until };
                None
            }
            State::Resting { rows, .. } => Some(rows),
            State::Unopened => self.open(),
        }
    }

    fn open(&self) -> Option<Rows> {
        let mut error = None;
        for path in &self.paths {
            match open::open(path, &rows::SCHEMA, &self.trouble) {
                Ok(connection) => {
                    // Waiting for a lock is done here, with jitter: SQLite's own waits let one process starve the others.
                    let _ = connection.busy_timeout(Duration::ZERO);
                    let mut rows = Rows {
                        connection,
                        now: self.now,
                    };
                    match rows.learned() {
                        Ok(_) => return Some(rows),
                        Err(unreadable) => error = Some(unreadable.to_string()),
                    }
                }
                Err(unusable) => error = Some(unusable.to_string()),
            }
        }
        self.trouble
            .switch_off(alone(&error.unwrap_or_else(|| "there is no place for them".to_owned())));
        None
    }
}

/// 1 to 16 ms, different in each process and each time.
fn jitter(elapsed: Duration) -> Duration {
    let mixed =
        (elapsed.as_nanos() as u64 ^ u64::from(std::process::id()).rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Duration::from_micros(1_000 + (mixed >> 32) % 15_000)
}

#[cfg(test)]
mod tests;
