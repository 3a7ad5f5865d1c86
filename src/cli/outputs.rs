//! Writes the files of a finished run, the commit marker last.

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;

use crate::report::{self, Facts, FileEntry, Timing};
use crate::rundir::{self, OUTPUT_FILES, RunDir};

use super::exit::{Failure, unwritable};

/// Takes the commit marker of an earlier run away: from here on the folder holds no finished report.
pub(super) fn invalidate(run: &RunDir) -> Result<(), Failure> {
    let marker = run.insights().join("execution_summary.json");
    rundir::remove(&marker).map_err(|error| unwritable(&marker, &error))
}

/// Writes all outputs; returns the report's path and the summary's bytes.
pub(super) fn write(run: &RunDir, facts: &Facts<'_>, timing: &Timing) -> Result<(PathBuf, Vec<u8>), Failure> {
    invalidate(run)?;
    let parts = thread::scope(|scope| {
        let html = scope.spawn(|| report::html(facts).into_bytes());
        let others = [
            ("coordinated_insights.json", report::coordinated_insights(facts)),
            ("child_insights.json", report::child_insights(facts)),
            (
                "evidence.json",
                report::evidence_json(facts.evidence, facts.kpis, facts.charts),
            ),
            ("report.md", report::markdown(facts).into_bytes()),
        ];
        let html = html.join().unwrap_or_else(|panic| resume_unwind(panic));
        others.into_iter().chain([("report.html", html)]).collect::<Vec<_>>()
    });
    let mut entries = Vec::new();
    let files = rundir::Files::default();
    for (name, bytes) in &parts {
        debug_assert!(OUTPUT_FILES.contains(name), "every output is checked for links");
        let path = run.insights().join(name);
        files.write(&path, bytes).map_err(|error| unwritable(&path, &error))?;
        entries.push(FileEntry::of(name, bytes));
    }
    files.sync().map_err(|error| unwritable(&run.insights(), &error))?;
    let summary = report::execution_summary(facts, timing, &entries);
    put(run, "execution_summary.json", &summary)?;
    Ok((run.insights().join("report.md"), summary))
}

/// The summary of a run that a signal ended.
pub(super) fn write_interrupted(run: &RunDir, timing: &Timing) -> Result<(), Failure> {
    put(
        run,
        "execution_summary.json",
        &report::interrupted_summary(run.hash().as_str(), timing),
    )
}

fn put(run: &RunDir, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = run.insights().join(name);
    rundir::write_whole(&path, bytes).map_err(|error| unwritable(&path, &error))
}
