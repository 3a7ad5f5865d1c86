//! The folder of one run that all machines of a cluster see: a Parquet file for each table. Gone when the run is over.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use super::super::DataError;
use super::super::held::{CHUNK_ROWS, Held, Holder, Places};

/// A task reads whole groups.
pub(super) const ROWS_PER_GROUP: usize = 8 * CHUNK_ROWS;

pub(super) struct Folder(TempDir);

/// The tables of one session in the folder.
#[derive(Debug)]
pub(super) struct Tables {
    folder: PathBuf,
    paths: Mutex<HashMap<String, PathBuf>>,
}

/// Files of one run have names of their own, whatever sessions it has: what a scheduler knows of a file stays true.
static N_FILES: AtomicUsize = AtomicUsize::new(0);

impl Folder {
    pub(super) fn new(parent: &Path) -> Result<Self, DataError> {
        let unusable = |error: std::io::Error| DataError::EngineDir {
            folder: parent.to_owned(),
            why: error.to_string(),
        };
        let parent = parent.canonicalize().map_err(unusable)?;
        let folder = tempfile::Builder::new().prefix("insights-").tempdir_in(&parent);
        Ok(Self(folder.map_err(unusable)?))
    }

    pub(super) fn tables(&self) -> Tables {
        Tables {
            folder: self.0.path().to_owned(),
            paths: Mutex::default(),
        }
    }
}

impl Tables {
    /// Where a new table goes.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        let number = N_FILES.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{number}-{name}.parquet"))
    }

    pub(super) fn register(
        &self,
        context: &SessionContext,
        name: &str,
        path: &Path,
        schema: SchemaRef,
    ) -> Result<(), DataError> {
        let options = ListingOptions::new(Arc::new(ParquetFormat::new()));
        let config = ListingTableConfig::new(ListingTableUrl::parse(url(path))?)
            .with_listing_options(options)
            .with_schema(schema);
        context.register_table(name, Arc::new(ListingTable::try_new(config)?))?;
        self.paths().insert(name.to_owned(), path.to_owned());
        Ok(())
    }

    pub(super) fn path(&self, name: &str) -> Result<PathBuf, DataError> {
        let path = self.paths().get(name).cloned();
        path.ok_or_else(|| DataError::Engine(format!("there is no table {name}")))
    }

    /// A file that stays costs only space until the folder goes.
    pub(super) fn remove(&self, name: &str) {
        if let Some(path) = self.paths().remove(name)
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), %error, "a table of the cluster could not be removed");
        }
    }

    fn paths(&self) -> std::sync::MutexGuard<'_, HashMap<String, PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The path as the engine reads it on any machine.
pub(super) fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

pub(super) fn write(path: &Path, held: &Held) -> Result<(), DataError> {
    let failed = |why: String| DataError::EngineDir {
        folder: path.to_owned(),
        why,
    };
    let file = File::create(path).map_err(|error| failed(error.to_string()))?;
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
        .build();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(held.schema()), Some(properties))
        .map_err(|error| failed(error.to_string()))?;
    for chunk in 0..held.n_chunks() {
        let rows = held.rows(chunk)?;
        writer.write(&rows).map_err(|error| failed(error.to_string()))?;
    }
    writer.close().map_err(|error| failed(error.to_string()))?;
    Ok(())
}

pub(super) fn read(path: &Path, schema: &Schema, places: &Places) -> Result<Held, DataError> {
    let failed = |why: String| DataError::EngineDir {
        folder: path.to_owned(),
        why,
    };
    let file = File::open(path).map_err(|error| failed(error.to_string()))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|reader| reader.with_batch_size(CHUNK_ROWS).build())
        .map_err(|error| failed(error.to_string()))?;
    let mut holder = Holder::new(places).with_columns(schema);
    for rows in reader {
        holder.append(&rows?)?;
    }
    Ok(holder.finish())
}
