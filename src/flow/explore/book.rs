//! Everything that an exploration knows, and its files: the journal and the text as they grow, the two JSON files now and then.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use serde_json::json;
use tracing::field::Empty;

use super::dedup::{self, Bloom, Decision, How, Known, Vector, mark};
use super::journal::{Entry, Head, Journal, VERSION};
use super::meaning::{self, MEANINGS, Meanings, Meant};
use super::metrics::Totals;
use super::producer::{Assignment, Batch, Said};
use crate::clock;
use crate::rundir;

pub const JOURNAL: &str = "attributes.jsonl";
const TEXT: &str = "output.txt";

/// The state of an exploration and its folder.
#[derive(Debug)]
pub struct Book {
    folder: PathBuf,
    pub head: Head,
    journal: Journal,
    text: File,
    /// Where meanings are compared.
    meanings: Option<Meanings>,
    pub known: Known,
    pub totals: Totals,
    /// The first attribute of each batch that found one, and where it came from.
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    first: usize,
    producer: usize,
    model: Option<String>,
    family: &'static str,
    iteration: u64,
    at: String,
}

impl Book {
    /// A new exploration in an existing folder.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn create(folder: &Path, topic: &str, options: dedup::Options) -> io::Result<Self> {
        let head = Head {
            topic: topic.to_owned(),
            started: clock::wall().to_string(),
            version: VERSION,
        };
        Ok(Self {
            folder: folder.to_owned(),
            journal: Journal::create(&folder.join(JOURNAL), &head)?,
            text: File::create(folder.join(TEXT))?,
            meanings: None,
            known: Known::new(options),
            totals: Totals::default(),
            sources: Vec::new(),
            head,
        })
    }

    /// Goes on where an earlier process stopped; `each` sees every earlier batch.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn resume(folder: &Path, options: dedup::Options, mut each: impl FnMut(&Entry)) -> io::Result<Self> {
        let mut known = Known::new(options);
        let mut totals = Totals::default();
        let mut sources = Vec::new();
        let (journal, head) = Journal::resume(&folder.join(JOURNAL), |entry| {
            note_source(&mut sources, known.len(), &entry);
            for form in &entry.new {
                known.restore(form);
            }
            for (form, number, how) in &entry.merged {
                known.restore_merged(form, *number, *how);
            }
            totals.add(&entry);
            each(&entry);
        })?;
        let mut text = String::new();
        for number in 0..known.len() {
            text.push_str(known.text(number as u32));
            text.push('\n');
        }
        rundir::write_whole(&folder.join(TEXT), text.as_bytes())?;
        Ok(Self {
            folder: folder.to_owned(),
            head,
            journal,
            text: File::options().append(true).open(folder.join(TEXT))?,
            meanings: None,
            known,
            totals,
            sources,
        })
    }

    /// The meanings that are kept from earlier processes, by the numbers of the attributes; those of another model are of no use.
    pub(super) fn kept_meanings(&self, model: &str) -> Vec<Option<Vector>> {
        meaning::read(&self.folder.join(MEANINGS), model, self.known.len())
    }

    /// From here on meanings are compared and kept.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn begin_meanings(&mut self, model: &str, known: &[Option<Vector>]) -> io::Result<()> {
        for (number, vector) in (0..).zip(known) {
            if let Some(vector) = vector {
                self.known.restore_meaning(number, vector);
            }
        }
        self.meanings = Some(Meanings::create(&self.folder.join(MEANINGS), model, known)?);
        Ok(())
    }

    /// Takes a batch in; from here on it survives a kill.
    ///
    /// # Errors
    /// A journal that cannot be written.
    pub(super) fn take(
        &mut self,
        assignment: &Assignment,
        batch: Batch,
        meant: &Meant,
        elapsed_millis: u64,
    ) -> io::Result<Entry> {
        let span = tracing::debug_span!(
            "explore.dedup",
            batch = assignment.id,
            received = Empty,
            unique = Empty,
            repeated = Empty,
            near = Empty
        )
        .entered();
        let first = self.known.len();
        let mut entry = Entry {
            batch: assignment.id,
            producer: assignment.producer,
            iteration: assignment.iteration,
            family: assignment.family,
            model: batch.model,
            at: clock::wall().to_string(),
            elapsed_millis,
            millis: batch.millis,
            received: batch.attributes.len() as u64 + batch.dropped,
            repeated: batch.dropped,
            near: 0,
            input_tokens: batch.input_tokens + meant.input_tokens,
            output_tokens: batch.output_tokens,
            cost_usd: batch.cost_usd.zip(meant.cost_usd).map(|(cost, more)| cost + more),
            error: batch.error.map(|error| error.message),
            new: Vec::new(),
            merged: Vec::new(),
        };
        for form in batch.attributes {
            match self.known.accept(&form, meant.vectors.get(&form)) {
                Decision::New(_) => entry.new.push(form),
                Decision::Known {
                    number,
                    how,
                    first_so_written,
                } => {
                    match how {
                        How::Exact => entry.repeated += 1,
                        How::Near | How::Semantic => entry.near += 1,
                    }
                    if first_so_written {
                        tracing::trace!(form, into = self.known.text(number), ?how, "merged");
                        entry.merged.push((form, number, how));
                    }
                }
            }
        }
        span.record("received", entry.received);
        span.record("unique", entry.new.len());
        span.record("repeated", entry.repeated);
        span.record("near", entry.near);
        if let Some(meanings) = &mut self.meanings {
            meanings.append(entry.new.iter().map(|form| meant.vectors.get(form)))?;
        }
        self.journal.append(&entry)?;
        let lines: String = entry.new.iter().flat_map(|form| [form.as_str(), "\n"]).collect();
        self.text.write_all(lines.as_bytes())?;
        note_source(&mut self.sources, first, &entry);
        self.totals.add(&entry);
        Ok(entry)
    }

    /// Writes `output.json` and `metadata.json` anew; returns the bytes of the latter.
    ///
    /// # Errors
    /// A file that cannot be written; the older one stays as it was.
    pub fn write(
        &self,
        settings: &serde_json::Value,
        status: &str,
        ended: Option<(&str, &str)>,
        elapsed_millis: u64,
    ) -> io::Result<Vec<u8>> {
        rundir::write_whole_with(&self.folder.join("output.json"), &mut |out| self.write_attributes(out))?;
        let metadata = json!({
            "schema_version": 1,
            "topic": self.head.topic,
            "status": status,
            "ended": ended.map(|(why, detail)| json!({"why": why, "detail": detail})),
            "started": self.head.started,
            "written": clock::wall().to_string(),
            "settings": settings,
            "totals": self.totals.summary(elapsed_millis),
            "producers": self.totals.by_producer(),
            "providers": self.totals.by_provider(),
            "models": self.totals.by_model(),
            "families": self.totals.by_family(),
            "iterations": self.totals.by_iteration(),
        });
        let mut bytes = serde_json::to_vec_pretty(&metadata)?;
        bytes.push(b'\n');
        rundir::write_whole(&self.folder.join("metadata.json"), &bytes)?;
        Ok(bytes)
    }

    /// Every wording so far, for the producers.
    pub fn said(&self) -> Said {
        let mut said = Bloom::default();
        self.marks().for_each(|mark| said.insert(mark));
        Arc::new(RwLock::new(said))
    }

    /// The same one by one.
    pub fn marks(&self) -> impl Iterator<Item = u64> {
        let first = (0..self.known.len()).map(|number| mark(self.known.text(number as u32)));
        first.chain(self.known.forms().map(|(_, _, form)| mark(form)))
    }

    pub fn text_path(&self) -> PathBuf {
        self.folder.join(TEXT)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn write_attributes(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let mut forms: BTreeMap<u32, Vec<serde_json::Value>> = BTreeMap::new();
        for (number, how, form) in self.known.forms() {
            forms.entry(number).or_default().push(json!({"form": form, "how": how}));
        }
        let mut sources = self.sources.iter().peekable();
        let mut source = None;
        out.write_all(b"[")?;
        for number in 0..self.known.len() {
            while sources.peek().is_some_and(|next| next.first <= number) {
                source = sources.next();
            }
            let Some(source) = source else { continue };
            out.write_all(if number == 0 { b"\n" } else { b",\n" })?;
            let attribute = json!({
                "attribute": self.known.text(number as u32),
                "producer": source.producer,
                "model": source.model,
                "family": source.family,
                "iteration": source.iteration,
                "time": source.at,
                "merged": forms.remove(&(number as u32)).unwrap_or_default(),
            });
            serde_json::to_writer(&mut *out, &attribute)?;
        }
        out.write_all(b"\n]\n")
    }
}

fn note_source(sources: &mut Vec<Source>, first: usize, entry: &Entry) {
    if !entry.new.is_empty() {
        sources.push(Source {
            first,
            producer: entry.producer,
            model: entry.model.clone(),
            family: entry.family.word(),
            iteration: entry.iteration,
            at: entry.at.clone(),
        });
    }
}
