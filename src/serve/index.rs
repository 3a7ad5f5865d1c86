//! Which runs there are: folders with an `events.jsonl`, wherever they were started. A request's id is only ever compared with names
//! that were found, so no path is made from an address.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Ids of explorations begin with it; no run hash does.
const EXPLORATION: char = '~';

/// The folders that hold runs.
#[derive(Debug, Clone)]
pub(super) struct Index {
    run_logs: PathBuf,
    explorations: PathBuf,
}

/// One run's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The run hash, or `~` and the folder's name of an exploration.
    pub(super) id: String,
    pub(super) folder: PathBuf,
    /// When its events were last added to.
    pub(super) changed: SystemTime,
    pub(super) length: u64,
}

impl Found {
    pub(super) fn events(&self) -> PathBuf {
        self.folder.join("events.jsonl")
    }

    /// The folder's name: for a council's run, its run hash.
    pub(super) fn name(&self) -> &str {
        self.id.trim_start_matches(EXPLORATION)
    }

    /// Its outputs lie in the folder itself.
    pub(super) fn is_exploration(&self) -> bool {
        self.id.starts_with(EXPLORATION)
    }
}

/// The id of the exploration in a folder of this name.
pub fn exploration_id(folder_name: &str) -> String {
    format!("{EXPLORATION}{folder_name}")
}

impl Index {
    pub(super) fn new(run_logs: PathBuf, explorations: PathBuf) -> Self {
        Self { run_logs, explorations }
    }

    pub(super) fn database(&self) -> PathBuf {
        self.run_logs.join("insights.db")
    }

    /// The last changed first. Reads the disk.
    pub(super) fn list(&self) -> Vec<Found> {
        let mut all: Vec<Found> = self.entries().filter_map(|(id, folder)| found(id, folder)).collect();
        all.sort_by(|left, right| right.changed.cmp(&left.changed).then_with(|| left.id.cmp(&right.id)));
        all
    }

    /// Reads the disk.
    pub(super) fn find(&self, id: &str) -> Option<Found> {
        let (id, folder) = self.entries().find(|(name, _)| name == id)?;
        found(id, folder)
    }

    fn entries(&self) -> impl Iterator<Item = (String, PathBuf)> {
        let runs = names(&self.run_logs);
        let explorations = names(&self.explorations).map(|(name, folder)| (exploration_id(&name), folder));
        runs.chain(explorations)
    }
}

fn names(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    // A name that is no UTF-8 is no run of ours.
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
}

/// Links are not followed: a run directory may hold none.
fn found(id: String, folder: PathBuf) -> Option<Found> {
    let is_folder = fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir());
    let events = fs::symlink_metadata(folder.join("events.jsonl")).ok()?;
    (is_folder && events.is_file()).then(|| Found {
        id,
        folder,
        changed: events.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        length: events.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_explorations_are_found_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let (run_logs, output) = (place.path().join("run_logs"), place.path().join("output"));
        for folder in [run_logs.join("a"), run_logs.join("empty"), output.join("tea")] {
            fs::create_dir_all(folder).unwrap();
        }
        for folder in [run_logs.join("a"), output.join("tea"), place.path().to_owned()] {
            fs::write(folder.join("events.jsonl"), "{}\n").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(place.path(), run_logs.join("link")).unwrap();
        let index = Index::new(run_logs, output);
        let mut ids: Vec<String> = index.list().into_iter().map(|found| found.id).collect();
        ids.sort();
        assert_eq!(ids, ["a", "~tea"]);
        assert_eq!(index.find("~tea").unwrap().name(), "tea");
        for id in [
            "",
            ".",
            "..",
            "../run_logs/a",
            "a/",
            "tea",
            "link",
            "empty",
            "a\0",
            "~../output/tea",
        ] {
            assert_eq!(index.find(id), None, "{id:?}");
        }
    }
}
