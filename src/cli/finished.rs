//! The files of a finished run, read again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::evidence::Evidence;
use crate::insight::Finding;
use crate::rundir::RunHash;

use super::exit::{Code, Failure};

/// What a run has written of its findings.
pub(super) struct FinishedRun {
    pub(super) findings: Vec<Finding>,
    /// The sentences of the summary with the findings that each rests on.
    pub(super) sentences: Vec<(String, Vec<String>)>,
    /// By analyst.
    pub(super) evidence: BTreeMap<String, Evidence>,
    pub(super) children: Value,
    pub(super) summary: Value,
}

impl FinishedRun {
    pub(super) fn open(run_logs: &Path, hash: &RunHash) -> Result<Self, Failure> {
        let folder = run_logs.join(hash.as_str()).join("outputs").join("insights");
        if !folder.join("execution_summary.json").is_file() {
            let message = format!(
                "there is no finished run `{}` in `{}`",
                hash.as_str(),
                run_logs.display()
            );
            return Err(Failure::new(Code::Usage, message).hint("name a folder of run_logs, or make the report first"));
        }
        let children = read(&folder.join("child_insights.json"))?;
        let joined = read(&folder.join("coordinated_insights.json"))?;
        let evidence = read(&folder.join("evidence.json"))?;
        let mut findings: Vec<Finding> = Vec::new();
        for child in children.as_object().into_iter().flat_map(|children| children.values()) {
            if let Some(own) = child.get("findings") {
                findings.extend(shaped::<Vec<Finding>>(own, "child_insights.json")?);
            }
        }
        findings.sort_by_key(|finding| crate::insight::number_of(&finding.id));
        let sentences = joined["summary_sentences"].as_array().into_iter().flatten();
        Ok(Self {
            findings,
            sentences: sentences
                .map(|sentence| {
                    let uses = sentence["uses"].as_array().into_iter().flatten();
                    let uses = uses.filter_map(Value::as_str).map(str::to_owned);
                    (sentence["text"].as_str().unwrap_or_default().to_owned(), uses.collect())
                })
                .collect(),
            evidence: shaped(&evidence["evidence"], "evidence.json")?,
            children,
            summary: read(&folder.join("execution_summary.json"))?,
        })
    }

    /// The findings behind a sentence (`S1`), a finding (`F3`), a cell (`g3.revenue`) or words of the report.
    pub(super) fn find(&self, claim: &str) -> Option<Vec<&Finding>> {
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

fn some(found: Vec<&Finding>) -> Option<Vec<&Finding>> {
    (!found.is_empty()).then_some(found)
}

fn read(path: &Path) -> Result<Value, Failure> {
    let broken = |cause: String| Failure {
        cause: Some(cause),
        ..Failure::new(Code::NoReport, format!("could not read `{}`", path.display())).hint("make the report again")
    };
    let bytes = std::fs::read(path).map_err(|error| broken(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))
}

fn shaped<T: DeserializeOwned>(value: &Value, name: &str) -> Result<T, Failure> {
    serde_json::from_value(value.clone()).map_err(|error| Failure {
        cause: Some(error.to_string()),
        ..Failure::new(
            Code::NoReport,
            format!("`{name}` has another shape than this version writes"),
        )
        .hint("make the report again")
    })
}
