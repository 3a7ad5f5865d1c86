//! The journal of an exploration: one line for each batch, appended and never changed. What stands in it survives a kill; the last
//! line may have been cut off and is taken away.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::dedup::How;
use super::family::Family;
use super::producer::role;
use crate::store::session::{Interaction, Purpose};

/// The first line: whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub topic: String,
    pub started: String,
    pub version: u32,
}

pub(super) const VERSION: u32 = 1;

/// One batch and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub batch: u64,
    pub producer: usize,
    pub iteration: u64,
    pub family: Family,
    pub model: Option<String>,
    pub at: String,
    /// Since the exploration began; the time between two processes does not count.
    pub elapsed_millis: u64,
    pub millis: u64,
    /// What the reply listed.
    pub received: u64,
    pub repeated: u64,
    pub near: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: Option<f64>,
    pub error: Option<String>,
    /// New attributes; they are numbered through all entries.
    pub new: Vec<String>,
    /// Forms that belong to attribute number `.1`.
    pub merged: Vec<(String, u32, How)>,
}

impl Entry {
    /// The same for the session log.
    pub(super) fn interaction(&self) -> Interaction {
        let (provider, model) = self.model.as_deref().and_then(|model| model.split_once(':')).unzip();
        let facts = [
            ("status", json!(if self.error.is_none() { "ok" } else { "failed" })),
            ("provider", json!(provider)),
            ("model", json!(model)),
            ("iteration", json!(self.iteration)),
            ("received", json!(self.received)),
            ("unique", json!(self.new.len())),
            ("repeated", json!(self.repeated)),
            ("near", json!(self.near)),
            ("input_tokens", json!(self.input_tokens)),
            ("output_tokens", json!(self.output_tokens)),
            ("cost_usd", json!(self.cost_usd)),
            ("latency_millis", json!(self.millis)),
            ("error", json!(self.error)),
        ];
        Interaction {
            sequence: 0,
            purpose: Purpose::Prompt,
            stage: self.family.word().to_owned(),
            role: role(self.producer),
            content: Some(self.new.join("\n")).filter(|content| !content.is_empty()),
            created: String::new(),
            metadata: facts
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Journal {
    file: File,
}

impl Journal {
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn create(path: &Path, head: &Head) -> io::Result<Self> {
        let mut journal = Self {
            file: File::create(path)?,
        };
        tracing::debug!(path = %path.display(), "file begun");
        journal.append(head)?;
        Ok(journal)
    }

    /// Reads an earlier journal, entry by entry, and goes on behind its last whole line.
    ///
    /// # Errors
    /// A file that cannot be read or written, or that is no journal.
    pub(super) fn resume(path: &Path, mut each: impl FnMut(Entry)) -> io::Result<(Self, Head)> {
        let mut reader = BufReader::new(File::options().read(true).write(true).open(path)?);
        let mut line = String::new();
        let mut whole = reader.read_line(&mut line)? as u64;
        let head: Head = serde_json::from_str(&line)?;
        loop {
            line.clear();
            let length = reader.read_line(&mut line)? as u64;
            if length == 0 || !line.ends_with('\n') {
                break;
            }
            each(serde_json::from_str(&line)?);
            whole += length;
        }
        let mut file = reader.into_inner();
        file.set_len(whole)?;
        file.seek(io::SeekFrom::End(0))?;
        Ok((Self { file }, head))
    }

    /// # Errors
    /// A full disk, for example.
    pub(super) fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)
    }
}
