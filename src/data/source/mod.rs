//! What the user named in, one raw table out: typed batches as they stand, nothing interpreted. Never heard of roles or days.

mod arrow;
mod columns;
mod delimited;
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

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{Int64Array, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use sha2::{Digest, Sha256};

use super::DataError;
use kind::Kind;
pub use place::{Access, shown_source};
pub(crate) use place::{Place, place};

const KEPT_PLACES: usize = 20;

/// All rows of all files, columns matched by name.
pub(crate) struct Raw {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
    /// What stands for all cells of a row, where a server made it of more columns than are here.
    pub(crate) row_hashes: Option<Vec<Int64Array>>,
    pub(crate) files: Vec<String>,
    pub(crate) fingerprint: String,
    pub(crate) bad_rows: u64,
    pub(crate) bad_row_places: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl Raw {
    pub(crate) fn n_rows(&self) -> u64 {
        self.batches.iter().map(|batch| batch.num_rows() as u64).sum()
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

/// Reads files from here and from anywhere; a database is none.
pub(crate) async fn read(sources: &[String], access: &Access, max_bad_rows: u64) -> Result<Raw, DataError> {
    let mut fetched = None;
    let files = files(sources, access, &mut fetched).await?;
    let mut tally = Tally::default();
    let mut hasher = Sha256::new();
    let mut parts = Vec::new();
    for file in &files {
        let batches = match file.kind {
            Kind::Parquet | Kind::Arrow => {
                hash(&file.path, &mut hasher).map_err(|error| unreadable(&file.path, &error))?;
                if file.kind == Kind::Arrow {
                    arrow::read(file)?
                } else {
                    parquet::read(file).await?
                }
            }
            _ => text::read(file, &mut hasher, &mut tally)?,
        };
        parts.push(table::with_partitions(file, batches)?);
    }
    tally.check(max_bad_rows)?;
    let (schema, batches, notes) = table::one(&files, parts)?;
    let mut raw = Raw {
        schema,
        batches,
        row_hashes: None,
        files: files.into_iter().map(|file| file.shown).collect(),
        fingerprint: hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
        bad_rows: tally.bad_rows,
        bad_row_places: tally.places,
        notes,
    };
    if tally.replaced > 0 {
        raw.notes.push(format!(
            "{} cells are not UTF-8; their unreadable bytes were replaced",
            tally.replaced
        ));
    }
    if raw.n_rows() == 0 {
        return Err(DataError::Empty(raw.files.join(", ")));
    }
    Ok(raw)
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

fn hash(path: &Path, hasher: &mut Sha256) -> io::Result<()> {
    let mut bytes = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut bytes, &mut buffer)? {
            0 => return Ok(()),
            n_read => hasher.update(&buffer[..n_read]),
        }
    }
}
