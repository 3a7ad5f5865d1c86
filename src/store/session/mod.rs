//! The session log: what a command asked, what it was told, how far it came. One interface over three backends: SQLite (the store's
//! database), JSON lines, or none. Does not know what a reply means.
//!
//! The log serves a command and never fails it: what cannot be written is warned about once, through the store.

mod entry;
mod find;
mod lines;
mod rows;

pub use entry::{Call, Head, Interaction, Kind, Metadata, Purpose, Review, Status, Summary, Transcript};
pub use find::NotFound;
pub(super) use lines::Lines;
pub(super) use rows::{Change, MIGRATION, apply, calls_of_run, insert_call};

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::writer::Write;
use super::{Detail, Store};
use crate::clock;

/// Where sessions are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    #[default]
    Sqlite,
    JsonLines,
    None,
}

impl Backend {
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::JsonLines, Self::None];

    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::JsonLines => "jsonl",
            Self::None => "none",
        }
    }
}

/// Where sessions are kept, and how much of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    pub backend: Backend,
    pub detail: Detail,
}

impl Default for Options {
    /// The file is the owner's alone, and the replies lie in its cache anyway: a log without words helps nobody.
    fn default() -> Self {
        Self {
            backend: Backend::default(),
            detail: Detail::Texts,
        }
    }
}

impl Options {
    /// How much the database keeps of each call: texts only where it is the session log.
    pub fn database_detail(&self) -> Detail {
        match self.backend {
            Backend::Sqlite => self.detail,
            Backend::JsonLines | Backend::None => Detail::Numbers,
        }
    }
}

/// All sessions of a `run_logs` folder, of every backend.
#[derive(Debug, Clone)]
pub struct SessionLog {
    options: Options,
    store: Store,
    folder: PathBuf,
}

/// One session that is going on. Cheap to clone; every method returns at once and never fails.
#[derive(Debug, Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    id: String,
    detail: Detail,
    place: Place,
    sequence: AtomicU64,
    /// Replies of earlier tries by step, oldest first.
    earlier: Mutex<HashMap<String, VecDeque<Value>>>,
}

#[derive(Debug)]
enum Place {
    Database(Store),
    File(Lines),
    Nowhere,
}

impl SessionLog {
    /// `folder` is `run_logs`; JSON lines lie in `folder/sessions/ID.jsonl`.
    pub fn new(options: Options, store: &Store, folder: &Path) -> Self {
        Self {
            options,
            store: store.clone(),
            folder: folder.join("sessions"),
        }
    }

    /// Begins a session; the store's calls belong to it from here on.
    pub fn begin(&self, kind: Kind, metadata: Metadata) -> Session {
        self.begin_as(&new_id(kind), kind, metadata)
    }

    /// The same under an id that the caller made with `new_id`.
    pub fn begin_as(&self, id: &str, kind: Kind, metadata: Metadata) -> Session {
        let now = clock::wall().to_string();
        let head = Head {
            id: id.to_owned(),
            kind,
            status: Status::Active,
            created: now.clone(),
            updated: now,
            metadata,
        };
        let session = self.join(id);
        session.write(Change::Begun(head));
        session
    }

    /// A session that another process began and ends: the store's calls belong to it from here on.
    pub fn join(&self, id: &str) -> Session {
        let place = match self.options.backend {
            Backend::Sqlite => Place::Database(self.store.clone()),
            Backend::JsonLines => Place::File(self.lines(id)),
            Backend::None => Place::Nowhere,
        };
        self.session(id, place, 0, HashMap::new())
    }

    /// Goes on with a session, wherever it is kept: its answered steps are known to the handle.
    ///
    /// # Errors
    /// There is no such session.
    pub fn resume(&self, id: &str) -> Result<Session, NotFound> {
        let unknown = || NotFound::Unknown {
            asked: id.to_owned(),
            nearest: None,
        };
        let transcript = self.transcript(id).ok_or_else(unknown)?;
        let lines = self.lines(id);
        let (place, steps) = match lines.exist() {
            true => (Place::File(lines.clone()), lines.steps()),
            false => (Place::Database(self.store.clone()), rows::steps(&self.store, id)),
        };
        let mut earlier: HashMap<String, VecDeque<Value>> = HashMap::new();
        for (step, reply) in steps {
            earlier.entry(step).or_default().push_back(reply);
        }
        let interactions = transcript.interactions.iter().map(|interaction| interaction.sequence);
        let reviews = transcript.reviews.iter().map(|review| review.sequence);
        let last = interactions.chain(reviews).max().unwrap_or_default();
        let session = self.session(id, place, last, earlier);
        session.set(Status::Active);
        Ok(session)
    }

    /// Newest first, from all backends.
    pub fn list(&self) -> Vec<Summary> {
        let mut all = rows::summaries(&self.store);
        all.extend(
            lines::all(&self.folder)
                .into_iter()
                .map(|transcript| transcript.summary()),
        );
        let moment = |summary: &Summary| summary.head.created.parse::<jiff::Timestamp>().ok();
        all.sort_by(|left, right| {
            let by_time = moment(right).cmp(&moment(left));
            by_time.then_with(|| left.head.id.cmp(&right.head.id))
        });
        all
    }

    /// The id that a prefix of it (with or without the kind in front) means.
    ///
    /// # Errors
    /// None or several sessions begin like this.
    pub fn find(&self, asked: &str) -> Result<String, NotFound> {
        let ids: Vec<String> = self.list().into_iter().map(|summary| summary.head.id).collect();
        find::find(asked, &ids)
    }

    /// Everything about a session; the id is a whole one.
    pub fn transcript(&self, id: &str) -> Option<Transcript> {
        self.lines(id)
            .transcript()
            .or_else(|| rows::transcript(&self.store, id))
    }

    fn lines(&self, id: &str) -> Lines {
        Lines::new(&self.folder, id, self.store.trouble())
    }

    fn session(&self, id: &str, place: Place, last: u64, earlier: HashMap<String, VecDeque<Value>>) -> Session {
        match &place {
            Place::Database(_) => self.store.attach(Some(id.to_owned()), None),
            Place::File(lines) => self.store.attach(None, Some((lines.clone(), self.options.detail))),
            Place::Nowhere => self.store.attach(None, None),
        }
        Session {
            shared: Arc::new(Shared {
                id: id.to_owned(),
                detail: self.options.detail,
                place,
                sequence: AtomicU64::new(last),
                earlier: Mutex::new(earlier),
            }),
        }
    }
}

impl Session {
    /// Nothing is kept or known.
    pub fn none() -> Self {
        Self {
            shared: Arc::new(Shared {
                id: String::new(),
                detail: Detail::Numbers,
                place: Place::Nowhere,
                sequence: AtomicU64::new(0),
                earlier: Mutex::default(),
            }),
        }
    }

    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// A later process can go on with it.
    pub fn is_kept(&self) -> bool {
        !matches!(self.shared.place, Place::Nowhere)
    }

    /// The reply to a step from an earlier try. Each is handed out once: a step that is asked twice was answered twice.
    pub fn answered(&self, step: &str) -> Option<Value> {
        let mut earlier = self.shared.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        earlier.get_mut(step)?.pop_front()
    }

    /// Keeps a reply for a later try.
    pub fn keep(&self, step: &str, reply: Value) {
        self.write(Change::Step {
            step: step.to_owned(),
            reply,
        });
    }

    /// Sequence and time are the log's; the content is left out where only numbers are kept.
    pub fn interaction(&self, mut interaction: Interaction) {
        interaction.sequence = self.next();
        interaction.created = clock::wall().to_string();
        if self.shared.detail == Detail::Numbers {
            interaction.content = None;
        }
        self.write(Change::Interaction(interaction));
    }

    /// As `interaction`; feedback and suggestions are texts.
    pub fn review(&self, mut review: Review) {
        review.sequence = self.next();
        review.created = clock::wall().to_string();
        if self.shared.detail == Detail::Numbers {
            review.feedback = None;
            review.suggestions.clear();
        }
        self.write(Change::Review(review));
    }

    /// The session is over. A completed one that keeps only numbers forgets the replies it was to be resumed with.
    pub fn finish(&self, status: Status) {
        self.set(status);
        if status == Status::Completed && self.shared.detail == Detail::Numbers {
            self.write(Change::StepsForgotten);
        }
    }

    fn set(&self, status: Status) {
        self.write(Change::Status(status));
    }

    fn next(&self) -> u64 {
        self.shared.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn write(&self, change: Change) {
        match &self.shared.place {
            Place::Database(store) => store.write(Write::Session {
                session: self.shared.id.clone(),
                at: clock::wall().to_string(),
                change: Box::new(change),
            }),
            Place::File(lines) => lines.write(&change),
            Place::Nowhere => {}
        }
    }
}

/// `refine-3f9a51c07e`: the kind and ten hexadecimal digits.
pub fn new_id(kind: Kind) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let mut hash = Sha256::new();
    hash.update(clock::wall().as_nanosecond().to_le_bytes());
    hash.update(std::process::id().to_le_bytes());
    hash.update(MADE.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let digits: String = hash
        .finalize()
        .iter()
        .take(5)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{}-{digits}", kind.word())
}

#[cfg(test)]
mod tests;
