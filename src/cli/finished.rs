//! A finished run, found by its name and read again: the one door for everything that looks at a report later.

use std::fs;
use std::path::{Path, PathBuf};

use crate::data::Ran;
use crate::insight::{CallRecord, Finding, ReviewRound};
use crate::report::{Facts, Stored, StoredFiles, Unreadable};
use crate::rundir;

use super::exit::{Code, Failure};

/// What a run has written of its report.
pub(super) struct FinishedRun {
    stored: Stored,
    /// Of all analysts, in the order of their ids.
    pub(super) findings: Vec<Finding>,
    /// The sentences of the summary with the findings that each rests on.
    pub(super) sentences: Vec<(String, Vec<String>)>,
    /// Empty where the tables were left by somebody else.
    pub(super) queries: Vec<Ran>,
}

impl FinishedRun {
    /// By its run hash, the unique beginning of one, or a path to it.
    pub(super) fn find(run_logs: &Path, asked: &str) -> Result<Self, Failure> {
        Self::open(&rundir::find(run_logs, asked.trim())?)
    }

    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let stored = read(folder)?;
        let council = stored.facts().council;
        let reports = council.outcomes.iter().filter_map(|(_, outcome)| outcome.report());
        let mut findings: Vec<Finding> = reports.flat_map(|report| report.findings.iter().cloned()).collect();
        findings.sort_by_key(|finding| crate::insight::number_of(&finding.id));
        let joined = &council.coordinated;
        let sentences = joined.executive_summary.iter().enumerate();
        let sentences = sentences
            .map(|(index, text)| {
                let uses = joined.summary_uses.get(index).cloned().unwrap_or_default();
                (text.clone(), uses)
            })
            .collect();
        Ok(Self {
            findings,
            sentences,
            queries: queries(folder, &stored)?,
            stored,
        })
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        self.stored.facts()
    }

    /// The call behind an analyst's findings, and every look at its reply.
    pub(super) fn made_by(&self, finding: &Finding) -> (Option<&CallRecord>, &[ReviewRound]) {
        let council = self.stored.facts().council;
        let key = finding.analyst.key();
        let own = council.outcomes.iter().find(|(analyst, _)| analyst.key() == key);
        let report = own.and_then(|(_, outcome)| outcome.report());
        let reviews = report.map(|report| report.reviews.as_slice()).unwrap_or_default();
        (council.calls.iter().find(|call| call.role == key), reviews)
    }

    /// The findings behind a sentence (`S1`), a finding (`F3`), a cell (`g3.revenue`) or words of the report.
    pub(super) fn claimed(&self, claim: &str) -> Option<Vec<&Finding>> {
        let claim = claim.trim();
        let by_id = |ids: &[String]| -> Vec<&Finding> {
            self.findings
                .iter()
                .filter(|finding| ids.contains(&finding.id))
                .collect()
        };
        let numbered = claim
            .strip_prefix(['S', 's'])
            .and_then(|number| number.parse::<usize>().ok());
        if let Some((_, uses)) = numbered.and_then(|number| self.sentences.get(number.checked_sub(1)?)) {
            return some(by_id(uses));
        }
        if let Some(finding) = self
            .findings
            .iter()
            .find(|finding| finding.id.eq_ignore_ascii_case(claim))
        {
            return Some(vec![finding]);
        }
        let of_cell = self.findings.iter().filter(|finding| {
            let cells = finding.evidence.iter();
            let mut known = cells
                .map(|cell| cell.split('.').next().unwrap_or_default())
                .chain(finding.evidence.iter().map(String::as_str));
            known.any(|known| known.eq_ignore_ascii_case(claim))
        });
        if let Some(found) = some(of_cell.collect()) {
            return Some(found);
        }
        let words = claim.to_lowercase();
        let says = |text: &str| !words.is_empty() && text.to_lowercase().contains(&words);
        let own = self
            .findings
            .iter()
            .filter(|finding| says(&finding.title) || says(&finding.text));
        if let Some(found) = some(own.collect()) {
            return Some(found);
        }
        let (_, uses) = self.sentences.iter().find(|(text, _)| says(text))?;
        some(by_id(uses))
    }
}

/// Where a run's report lies.
pub(super) fn insights(folder: &Path) -> PathBuf {
    folder.join("outputs").join("insights")
}

fn queries(folder: &Path, stored: &Stored) -> Result<Vec<Ran>, Failure> {
    let path = folder.join("outputs").join("schema").join("queries.json");
    let is_computed = stored.facts().source.kind == "data";
    // Runs of earlier versions have none.
    let Some(bytes) = fs::read(&path).ok().filter(|_| is_computed) else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(&bytes).map_err(|error| Failure {
        cause: Some(error.to_string()),
        ..Failure::new(Code::NoReport, format!("could not read `{}`", path.display())).hint("make the report again")
    })
}

fn some(found: Vec<&Finding>) -> Option<Vec<&Finding>> {
    (!found.is_empty()).then_some(found)
}

fn read(folder: &Path) -> Result<Stored, Failure> {
    let file = |name: &str| {
        let path = insights(folder).join(name);
        fs::read(&path).map_err(|error| Failure {
            cause: Some(error.to_string()),
            ..Failure::new(Code::NoReport, format!("could not read `{}`", path.display()))
                .hint("the run did not end with a report; run it again with the same `--run-hash`: replies that arrived are kept")
        })
    };
    // The commit marker first: without it the others may be half of something.
    let summary = file("execution_summary.json")?;
    let (evidence, children, coordinated) = (
        file("evidence.json")?,
        file("child_insights.json")?,
        file("coordinated_insights.json")?,
    );
    let files = StoredFiles {
        summary: &summary,
        evidence: &evidence,
        children: &children,
        coordinated: &coordinated,
    };
    Stored::read(&files).map_err(|error| {
        let hint = match &error {
            Unreadable::NoReport(_) => "run it again with the same `--run-hash`: replies that arrived are kept",
            Unreadable::File { .. } => "run it again with the same `--run-hash`; kept replies cost nothing",
        };
        Failure::new(
            Code::NoReport,
            format!("could not read the report of `{}` again: {error}", folder.display()),
        )
        .hint(hint)
    })
}
