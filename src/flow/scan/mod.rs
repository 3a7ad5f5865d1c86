//! A code project from its files to scores, without a model and without running anything; then what specialists are told of it.
//!
//! ```text
//! tree ─► language · lines · functions ─► code ─┐
//!     └─► manifests · containers · environment ─┼─► blockers ─► score ─► Project
//!     └─► secrets (out of everything) ──────────┴─► brief ─► the pattern `scan`
//! ```
//!
//! Lines, functions and branches are approximations from words and braces; every module says which.

mod analysis;
mod assess;
mod blockers;
mod brief;
mod code;
mod containers;
mod documents;
mod environment;
mod functions;
mod kept;
mod language;
mod lines;
mod manifests;
mod score;
mod secrets;
mod tree;

pub use analysis::{Analysis, analyze, name};
pub use assess::{PATTERN, assess, labelled, plan};
pub use brief::{Brief, Excerpt};
pub use kept::{Kept, analyze_or_kept, place};
pub use tree::Limits;

use std::path::PathBuf;

/// Why a project cannot be scanned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    #[error("`{path}` is no folder", path = path.display())]
    NoFolder { path: PathBuf },
    #[error("could not read `{path}`: {why}", path = path.display())]
    Unreadable { path: PathBuf, why: String },
}

impl ScanError {
    pub fn hint(&self) -> String {
        "give the folder of a project that you may read".to_owned()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
