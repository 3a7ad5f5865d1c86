//! The finished files of a run: which there are, and what they say. A file that is not there, is too large or is no JSON is none.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::runs::Run;
use crate::rundir::OUTPUT_FILES;

/// The files of an exploration; they lie in its folder.
const EXPLORATION_FILES: [&str; 3] = ["output.txt", "output.json", "metadata.json"];
/// A larger JSON file is not looked into.
const LARGEST: u64 = 32 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) bytes: u64,
}

/// What can be downloaded.
pub(super) fn files(run: &Run) -> Vec<File> {
    let size = |name: &&'static str| {
        let found = fs::symlink_metadata(folder(run).join(name)).ok()?;
        found.is_file().then_some(File {
            name,
            bytes: found.len(),
        })
    };
    names(run).iter().filter_map(size).collect()
}

/// The path of a file with one of the known names.
pub(super) fn path(run: &Run, name: &str) -> Option<PathBuf> {
    let name = names(run).iter().find(|known| **known == name)?;
    let path = folder(run).join(name);
    fs::symlink_metadata(&path)
        .is_ok_and(|found| found.is_file())
        .then_some(path)
}

pub(super) fn json(run: &Run, name: &str) -> Option<Value> {
    let path = path(run, name)?;
    let size = fs::metadata(&path).ok()?.len();
    if size > LARGEST {
        return None;
    }
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn names(run: &Run) -> &'static [&'static str] {
    match run.found.is_exploration() {
        true => &EXPLORATION_FILES,
        false => &OUTPUT_FILES,
    }
}

fn folder(run: &Run) -> PathBuf {
    match run.found.is_exploration() {
        true => run.found.folder.clone(),
        false => run.found.folder.join("outputs").join("insights"),
    }
}
