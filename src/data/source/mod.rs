//! What the user named in, one raw table out: typed columns as they stand, nothing interpreted. Never heard of roles or days.

mod arrow;
mod columns;
mod delimited;
mod fingerprint;
mod json;
mod kind;
mod local;
mod nested;
mod objects;
mod parquet;
mod place;
pub(crate) mod postgres;
mod table;
mod text;
mod unpack;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Field;

use super::DataError;
use super::held::{Held, Holder, Places};
use super::memory::{Memory, Rows};
use fingerprint::Seen;
use kind::Kind;
pub use place::{Access, shown_source};
pub(crate) use place::{Place, place};

const KEPT_PLACES: usize = 20;

/// The column of what stands for all cells of a row: the same number for equal rows, and hardly ever for others.
pub(crate) const ROW: &str = "__row";
/// Batches that were read and wait to be packed.
const BATCHES_WAITING: usize = 2;

/// All rows of all files, columns matched by name.
pub(crate) struct Raw {
    /// The columns of the source, and `ROW`.
    pub(crate) held: Arc<Held>,
    pub(crate) files: Vec<String>,
    pub(crate) fingerprint: String,
    pub(crate) bad_rows: u64,
    pub(crate) bad_row_places: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl Raw {
    pub(crate) fn n_rows(&self) -> u64 {
        self.held.n_rows()
    }

    /// The columns of the source with their places.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (usize, &Field)> {
        let fields = self.held.schema().fields().iter().enumerate();
        let fields = fields.map(|(place, field)| (place, field.as_ref()));
        fields.filter(|(_, field)| field.name() != ROW)
    }
}

/// One input file and the name to show for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SourceFile {
    path: PathBuf,
    shown: String,
    kind: Kind,
    /// Columns that the folders of the file say.
    partitions: Vec<(String, String)>,
}

/// What is learned on the way through the files.
#[derive(Default)]
struct Tally {
    bad_rows: u64,
    places: Vec<String>,
    replaced: u64,
}

impl Tally {
    fn bad(&mut self, file: &str, line: u64) {
        self.bad_rows += 1;
        if self.places.len() < KEPT_PLACES {
            self.places.push(format!("{file}:{line}"));
        }
    }

    fn check(&self, max_bad_rows: u64) -> Result<(), DataError> {
        if self.bad_rows <= max_bad_rows {
            return Ok(());
        }
        Err(DataError::TooManyBadRows {
            bad_rows: self.bad_rows,
            allowed: max_bad_rows,
            places: self.places.iter().take(3).cloned().collect(),
        })
    }
}

/// Where batches go as they are read.
type Sink<'a> = &'a mut dyn FnMut(RecordBatch) -> Result<(), DataError>;

/// Reads files from here and from anywhere; a database is none.
#[tracing::instrument(name = "data.read", level = "debug", skip_all)]
pub(crate) async fn read(
    sources: &[String],
    access: &Access,
    max_bad_rows: u64,
    memory: &Memory,
) -> Result<Raw, DataError> {
    let mut fetched = None;
    let files = files(sources, access, &mut fetched).await?;
    let places = Places::new(memory, Rows::Source);
    let reading = tokio::task::spawn_blocking(move || all(&files, max_bad_rows, &places));
    let raw = reading.await.map_err(|error| DataError::Engine(error.to_string()))??;
    drop(fetched);
    if raw.n_rows() == 0 {
        return Err(DataError::Empty(raw.files.join(", ")));
    }
    Ok(raw)
}

/// One thread reads, a second packs what was read, a third adds up the bytes.
fn all(files: &[SourceFile], max_bad_rows: u64, places: &Places) -> Result<Raw, DataError> {
    let mut tally = Tally::default();
    let mut columns: Vec<BTreeSet<String>> = Vec::new();
    let (held, fingerprint) = std::thread::scope(|scope| {
        let (seen, fingerprint) = fingerprint::fingerprint();
        let adding = scope.spawn(|| fingerprint.of_all());
        let (sender, receiver) = mpsc::sync_channel::<RecordBatch>(BATCHES_WAITING);
        let packing = scope.spawn(move || {
            let mut holder = Holder::new(places);
            for batch in receiver {
                holder.append_hashed(ROW, &batch)?;
            }
            Ok::<Held, DataError>(holder.finish())
        });
        let read: Result<(), DataError> = files.iter().try_for_each(|file| {
            let mut own = BTreeSet::new();
            let mut send = |batch: RecordBatch| {
                let batch = table::with_partitions(file, batch)?;
                own.extend(batch.schema().fields().iter().map(|field| field.name().clone()));
                // The packing thread ends early only with an error, which counts then.
                sender
                    .send(batch)
                    .map_err(|_| DataError::Engine("nobody packs rows".to_owned()))
            };
            one(file, &seen, &mut tally, &mut send)?;
            columns.push(own);
            Ok(())
        });
        drop((sender, seen));
        let packed = packing.join();
        let held = packed.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let added = adding.join();
        let fingerprint = added.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        read.map(|()| (held, fingerprint))
    })?;
    tally.check(max_bad_rows)?;
    let mut raw = Raw {
        held: Arc::new(held),
        files: files.iter().map(|file| file.shown.clone()).collect(),
        fingerprint,
        bad_rows: tally.bad_rows,
        bad_row_places: tally.places,
        notes: Vec::new(),
    };
    let names: Vec<&str> = raw.columns().map(|(_, field)| field.name().as_str()).collect();
    let mut notes = table::lacking(files, &columns, &names);
    if tally.replaced > 0 {
        notes.push(format!(
            "{} cells are not UTF-8; their unreadable bytes were replaced",
            tally.replaced
        ));
    }
    raw.notes = notes;
    Ok(raw)
}

fn one(file: &SourceFile, seen: &Seen, tally: &mut Tally, sink: Sink<'_>) -> Result<(), DataError> {
    if !matches!(file.kind, Kind::Parquet | Kind::Arrow) {
        return text::read(file, seen, tally, sink);
    }
    let shown = File::open(&file.path).and_then(|bytes| seen.all(bytes));
    shown.map_err(|error| unreadable(&file.path, &error))?;
    if file.kind == Kind::Arrow {
        arrow::read(file, sink)
    } else {
        parquet::read(file, sink)
    }
}

/// Expands all that was named. Several files of one kind are one table; a mix is refused.
///
/// Objects from elsewhere are in the folder `fetched`.
async fn files(
    sources: &[String],
    access: &Access,
    fetched: &mut Option<tempfile::TempDir>,
) -> Result<Vec<SourceFile>, DataError> {
    let mut files = Vec::new();
    for (number, given) in sources.iter().enumerate() {
        let paths: Vec<(PathBuf, String)> = match place(given) {
            Place::Here => {
                let paths = local::paths(given)?.into_iter();
                paths.map(|path| (path.clone(), path.display().to_string())).collect()
            }
            Place::Postgres => return Err(DataError::DatabaseAmongFiles(shown_source(given))),
            _ => {
                if fetched.is_none() {
                    let folder = tempfile::tempdir().map_err(|error| unreadable(&std::env::temp_dir(), &error))?;
                    *fetched = Some(folder);
                }
                let folder = fetched
                    .as_ref()
                    .map(|folder| folder.path().join(format!("source-{number}")));
                let objects = objects::fetch(given, access, &folder.unwrap_or_default()).await?;
                objects.into_iter().map(|object| (object.path, object.shown)).collect()
            }
        };
        if paths.is_empty() {
            return Err(DataError::NoSuchFile(given.clone()));
        }
        for (path, shown) in paths {
            let kind = kind::of(&path).map_err(|error| unreadable(Path::new(&shown), &error))?;
            files.push(SourceFile {
                partitions: local::partitions(&shown),
                path,
                shown,
                kind,
            });
        }
    }
    let mut kinds: Vec<&str> = files.iter().map(|file| file.kind.name()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.len() {
        0 => Err(DataError::NoSuchFile("(nothing named)".to_owned())),
        1 => Ok(files),
        _ => Err(DataError::MixedKinds {
            given: sources
                .iter()
                .map(|source| shown_source(source))
                .collect::<Vec<_>>()
                .join(" "),
            kinds: kinds.join(", "),
        }),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> DataError {
    DataError::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    }
}
