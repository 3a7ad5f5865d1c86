//! Sessions as JSON lines: one file each, one object a line, appended and never changed. A torn last line (the process was killed
//! while it wrote) is passed over when read.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entry::{Call, Head, Interaction, Review, Status, Transcript};
use super::rows::Change;
use crate::clock;
use crate::store::{CallRecord, Detail, Trouble};

/// The file of one session. Cheap to clone.
#[derive(Clone)]
pub(in crate::store) struct Lines {
    path: PathBuf,
    file: Arc<Mutex<Option<File>>>,
    trouble: Arc<Trouble>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
enum Line {
    Session(Head),
    Status {
        status: Status,
        updated: String,
    },
    Interaction(Interaction),
    Review(Review),
    Call(Box<Call>),
    Step {
        step: String,
        reply: Value,
        created: String,
    },
}

/// Every session of a folder; what cannot be read is none.
pub(super) fn all(folder: &Path) -> Vec<Transcript> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .filter_map(|path| transcript(&path))
        .collect()
}

impl Lines {
    /// Nothing is created before the first line.
    pub(super) fn new(folder: &Path, id: &str, trouble: Arc<Trouble>) -> Self {
        Self {
            path: folder.join(format!("{id}.jsonl")),
            file: Arc::default(),
            trouble,
        }
    }

    pub(super) fn exist(&self) -> bool {
        self.path.is_file()
    }

    pub(super) fn transcript(&self) -> Option<Transcript> {
        transcript(&self.path)
    }

    pub(super) fn steps(&self) -> Vec<(String, Value)> {
        let steps = read(&self.path).into_iter().filter_map(|line| match line {
            Line::Step { step, reply, .. } => Some((step, reply)),
            _ => None,
        });
        steps.collect()
    }

    pub(in crate::store) fn call(&self, call: CallRecord, detail: Detail) {
        let mut call = call;
        if detail == Detail::Numbers {
            call.forget_texts();
        }
        self.append(&Line::Call(Box::new(Call { created: now(), call })));
    }

    pub(super) fn write(&self, change: &Change) {
        match change {
            Change::Begun(head) => self.append(&Line::Session(head.clone())),
            Change::Status(status) => self.append(&Line::Status {
                status: *status,
                updated: now(),
            }),
            Change::Interaction(interaction) => self.append(&Line::Interaction(interaction.clone())),
            Change::Review(review) => self.append(&Line::Review(review.clone())),
            Change::Step { step, reply } => self.append(&Line::Step {
                step: step.clone(),
                reply: reply.clone(),
                created: now(),
            }),
            Change::StepsForgotten => self.forget_steps(),
        }
    }

    fn append(&self, line: &Line) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = text(line).and_then(|text| {
            if file.is_none() {
                *file = Some(open(&self.path)?);
            }
            match file.as_mut() {
                // One write a line: two writers do not mix.
                Some(file) => file.write_all(text.as_bytes()),
                None => Ok(()),
            }
        });
        if let Err(error) = written {
            self.trouble.warn_once(&format!(
                "the session is not kept in `{}`: {error}",
                self.path.display()
            ));
        }
    }

    /// The only time that lines are taken away: the file is written anew beside itself and renamed.
    fn forget_steps(&self) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = read(&self.path)
            .into_iter()
            .filter(|line| !matches!(line, Line::Step { .. }));
        let written = kept
            .map(|line| text(&line))
            .collect::<std::io::Result<String>>()
            .and_then(|text| replace(&self.path, &text));
        *file = None;
        if let Err(error) = written {
            self.trouble
                .warn_once(&format!("could not shorten `{}`: {error}", self.path.display()));
        }
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Lines({})", self.path.display())
    }
}

fn now() -> String {
    clock::wall().to_string()
}

fn text(line: &Line) -> std::io::Result<String> {
    Ok(serde_json::to_string(line)? + "\n")
}

/// Appends, on a line of its own even when the last writer was killed in the middle of one. Readable by the owner only.
fn open(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if fs::symlink_metadata(path).is_ok_and(|file| file.is_symlink()) {
        return Err(std::io::Error::other("it is a symbolic link"));
    }
    let torn = fs::read(path).is_ok_and(|bytes| bytes.last().is_some_and(|last| *last != b'\n'));
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    if torn {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // A temporary file is readable by its owner only.
    let mut temporary = tempfile::Builder::new().prefix(".part-").tempfile_in(folder)?;
    temporary.write_all(text.as_bytes())?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map(drop).map_err(|error| error.error)
}

fn read(path: &Path) -> Vec<Line> {
    let Ok(bytes) = fs::read(path) else {
        return Vec::new();
    };
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

fn transcript(path: &Path) -> Option<Transcript> {
    let mut transcript: Option<Transcript> = None;
    for line in read(path) {
        match (line, transcript.as_mut()) {
            (Line::Session(head), None) => {
                transcript = Some(Transcript {
                    head,
                    interactions: Vec::new(),
                    reviews: Vec::new(),
                    calls: Vec::new(),
                    kept_steps: 0,
                });
            }
            (_, None) => {}
            (line, Some(transcript)) => take(transcript, line),
        }
    }
    transcript
}

fn take(transcript: &mut Transcript, line: Line) {
    let when = match &line {
        Line::Session(_) => return,
        Line::Status { updated, .. } => updated,
        Line::Interaction(interaction) => &interaction.created,
        Line::Review(review) => &review.created,
        Line::Call(call) => &call.created,
        Line::Step { created, .. } => created,
    };
    transcript.head.updated.clone_from(when);
    match line {
        Line::Session(_) => {}
        Line::Status { status, .. } => transcript.head.status = status,
        Line::Interaction(interaction) => transcript.interactions.push(interaction),
        Line::Review(review) => transcript.reviews.push(review),
        Line::Call(call) => transcript.calls.push(*call),
        Line::Step { .. } => transcript.kept_steps += 1,
    }
}
