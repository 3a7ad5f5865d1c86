//! All runs as they stand: folded as far as their events go, and no line of a file read twice.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::fold::{Fold, Kind, Line};
use super::index::{Found, Index};
use super::lines::{of_piece, read_piece};
use super::verdict::{self, Verdict};
use crate::rundir;

/// Runs that are kept folded; the list shows no more.
const MOST_RUNS: usize = 500;

/// The runs of this server's folders.
pub(super) struct Runs {
    pub(super) index: Index,
    folded: Mutex<HashMap<PathBuf, Arc<Mutex<Folded>>>>,
}

#[derive(Default)]
struct Folded {
    /// What is folded, and how that file began.
    offset: u64,
    head: Vec<u8>,
    fold: Arc<Fold>,
    /// What its report says, once it has ended; looked up once.
    verdict: Option<Option<Arc<Verdict>>>,
}

/// One run with everything its events say.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) found: Found,
    pub(super) fold: Arc<Fold>,
    pub(super) state: String,
    verdict: Option<Arc<Verdict>>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Summary {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) title: Option<String>,
    /// `running`, `stopped` (its process ended without a word), or how it ended.
    pub(super) state: String,
    pub(super) date_start: Option<String>,
    pub(super) date_end: Option<String>,
    pub(super) started: String,
    pub(super) latest: String,
    /// Of the whole run, or until its latest event.
    pub(super) millis: u64,
    pub(super) calls: u64,
    pub(super) calls_succeeded: u64,
    pub(super) requests: u64,
    pub(super) tokens: u64,
    pub(super) cost_usd: Option<f64>,
    pub(super) findings: usize,
    pub(super) unique: Option<u64>,
    pub(super) seq: u64,
    /// The first sentence of its report, and how far to trust it.
    pub(super) headline: Option<String>,
    pub(super) confidence: Option<String>,
}

impl Runs {
    pub(super) fn new(index: Index) -> Self {
        Self {
            index,
            folded: Mutex::default(),
        }
    }

    /// The last changed first. Reads the disk.
    pub(super) fn list(&self) -> Vec<Run> {
        let mut found = self.index.list();
        found.truncate(MOST_RUNS);
        self.forget_others(&found);
        found.into_iter().filter_map(|found| self.fold(found).ok()).collect()
    }

    /// Reads the disk.
    pub(super) fn get(&self, id: &str) -> Option<Run> {
        self.index.find(id).and_then(|found| self.fold(found).ok())
    }

    fn fold(&self, found: Found) -> io::Result<Run> {
        let folded = {
            let mut all = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(found.folder.clone()).or_default())
        };
        let mut folded = folded.lock().unwrap_or_else(PoisonError::into_inner);
        folded.go_on(&found)?;
        let fold = Arc::clone(&folded.fold);
        let state = match &fold.ended {
            Some(ended) => ended.clone(),
            None if rundir::is_locked(&found.folder) => "running".to_owned(),
            None => "stopped".to_owned(),
        };
        let mut run = Run {
            found,
            fold,
            state,
            verdict: None,
        };
        if run.fold.ended.is_some() && run.fold.kind == Kind::Council {
            let verdict = folded.verdict.get_or_insert_with(|| verdict::of(&run).map(Arc::new));
            run.verdict.clone_from(verdict);
        }
        Ok(run)
    }

    fn forget_others(&self, listed: &[Found]) {
        let mut all = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > listed.len() {
            all.retain(|folder, _| listed.iter().any(|found| found.folder == *folder));
        }
    }
}

impl Folded {
    fn go_on(&mut self, found: &Found) -> io::Result<()> {
        if self.offset == found.length && self.offset > 0 {
            return Ok(());
        }
        self.verdict = None;
        let mut file = File::open(found.events())?;
        let length = file.metadata()?.len();
        let head = read_piece(&mut file, 0, length)?;
        let head = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if length < self.offset || head != self.head {
            *self = Self::default();
            self.head = head.to_owned();
        }
        loop {
            let piece = read_piece(&mut file, self.offset, length)?;
            if piece.is_empty() {
                return Ok(());
            }
            let fold = Arc::make_mut(&mut self.fold);
            of_piece(&piece)
                .filter_map(|line| serde_json::from_slice::<Line>(line).ok())
                .for_each(|line| fold.add(line));
            self.offset += piece.len() as u64;
        }
    }
}

impl Run {
    pub(super) fn is_running(&self) -> bool {
        self.state == "running"
    }

    pub(super) fn summary(&self) -> Summary {
        let fold = &self.fold;
        Summary {
            id: self.found.id.clone(),
            kind: fold.kind,
            title: fold.title.clone(),
            state: self.state.clone(),
            date_start: fold.date_start.clone(),
            date_end: fold.date_end.clone(),
            started: fold.started.clone(),
            latest: fold.latest.clone(),
            millis: fold
                .millis
                .unwrap_or_else(|| millis_between(&fold.started, &fold.latest)),
            calls: fold
                .planned
                .map_or(0, |planned| planned as u64)
                .max(fold.succeeded + fold.failed),
            calls_succeeded: fold.succeeded,
            requests: fold.requests,
            tokens: fold.tokens,
            cost_usd: fold.cost_usd,
            findings: fold.findings,
            unique: fold.exploration.as_ref().map(|exploration| exploration.unique),
            seq: fold.seq,
            headline: self.verdict.as_ref().map(|verdict| verdict.headline.clone()),
            confidence: self.verdict.as_ref().and_then(|verdict| verdict.confidence.clone()),
        }
    }
}

/// Between two moments in RFC 3339; 0 for what is none.
pub(super) fn millis_between(start: &str, end: &str) -> u64 {
    let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let Some((start, end)) = moment(start).zip(moment(end)) else {
        return 0;
    };
    u64::try_from(end.as_millisecond() - start.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_run_is_folded_as_it_grows_and_anew_when_it_is_replaced() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("run_logs/x");
        fs::create_dir_all(&folder).unwrap();
        let runs = Runs::new(Index::new(place.path().join("run_logs"), place.path().join("output")));
        let path = folder.join("events.jsonl");
        let line = |seq: u64, time: &str| {
            format!(
                "{{\"seq\":{seq},\"time\":\"2025-03-01T00:00:0{time}Z\",\"event\":\"warning\",\"message\":\"m{seq}\"}}\n"
            )
        };
        fs::write(&path, line(1, "1")).unwrap();
        let first = runs.get("x").unwrap();
        assert_eq!((first.fold.seq, first.state.as_str()), (1, "stopped"));
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        write!(file, "no event\n{}{{\"seq\":3", line(2, "3")).unwrap();
        let grown = runs.get("x").unwrap();
        assert_eq!((grown.fold.seq, grown.summary().millis), (2, 2_000));
        assert_eq!(first.fold.seq, 1, "a reader keeps what it was given");
        fs::write(&path, line(1, "9")).unwrap();
        let again = runs.get("x").unwrap();
        assert_eq!((again.fold.seq, again.fold.warnings.len()), (1, 1));
    }
}
