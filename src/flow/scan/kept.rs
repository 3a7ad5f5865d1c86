//! The static part of the last scan of a folder, taken again when nobody touched a file. Only a short cut: what decides whether
//! a model is asked again is the content that would be sent.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::analysis::{self, Analysis};
use super::tree::{self, Limits};
use super::{ScanError, hex};
use crate::rundir;

/// Where an analysis came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Measured,
    /// No name, size or time had changed.
    Unchanged,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    /// Another program may measure otherwise.
    version: String,
    digest: String,
    analysis: Analysis,
}

/// Raised when the measuring changes inside one version of the program.
const MEASURE: &str = concat!(env!("CARGO_PKG_VERSION"), "-1");

/// The analysis of a folder, from `store` when no name, size or time in it has changed. A store that cannot be used only costs time.
///
/// # Errors
/// A root that is no readable folder.
pub fn analyze_or_kept(
    root: &Path,
    store: Option<&Path>,
    leave_out: &[PathBuf],
    limits: &Limits,
) -> Result<(Analysis, Kept), ScanError> {
    let listing = tree::list(root, leave_out, limits)?;
    let digest = listing.digest();
    let file = store.map(|store| store.join(format!("{}.json", place(root))));
    if let Some(stored) = file.as_deref().and_then(read)
        && stored.version == MEASURE
        && stored.digest == digest
    {
        return Ok((stored.analysis, Kept::Unchanged));
    }
    let stored = Stored {
        version: MEASURE.to_owned(),
        digest,
        analysis: analysis::measure(root, listing, limits),
    };
    if let Some(file) = file {
        let written = serde_json::to_vec(&stored).map_err(std::io::Error::from);
        if let Err(error) = written.and_then(|bytes| rundir::write_whole(&file, &bytes)) {
            tracing::warn!(?error, "could not keep the analysis; the next scan measures again");
        }
    }
    Ok((stored.analysis, Kept::Measured))
}

fn read(file: &Path) -> Option<Stored> {
    let is_link = std::fs::symlink_metadata(file).ok()?.file_type().is_symlink();
    let bytes = (!is_link).then(|| std::fs::read(file).ok())??;
    serde_json::from_slice(&bytes).ok()
}

/// A short name for the folder itself, wherever it is called from.
pub fn place(root: &Path) -> String {
    let path = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    hex(&Sha256::digest(path.as_os_str().as_encoded_bytes())[..8])
}
