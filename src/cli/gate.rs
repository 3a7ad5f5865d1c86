//! What the data gate says, for a terminal; and the end of a run that nobody may speak in.

use crate::data::{Dataset, Ruling};
use crate::evidence::{self, Evidence};
use crate::insight::Analyst;

use super::exit::{Code, Failure};

/// The failure of a run whose data were refused to everybody: the quality analyst alone makes no report.
pub(super) fn nobody_may_speak(dataset: &Dataset, evidence: &[Evidence]) -> Option<Failure> {
    let speaks = |evidence: &Evidence| evidence.analyst != Analyst::DataQuality && !evidence.is_empty();
    let any_refused = evidence.iter().any(|evidence| evidence.refused.is_some());
    if !any_refused || evidence.iter().any(speaks) {
        return None;
    }
    let refusing: Vec<_> = dataset
        .summary
        .gate
        .faults()
        .filter(|check| check.ruling == Ruling::Refuse)
        .collect();
    let mut failure = Failure::new(
        Code::NoRows,
        "the data gate refused these data to every analyst; nobody was asked",
    );
    let mut texts: Vec<&str> = Vec::new();
    for check in &refusing {
        if !texts.contains(&check.text.as_str()) {
            texts.push(&check.text);
        }
    }
    failure.cause = Some(texts.join("; "));
    Some(failure.hint(refusing.first().map(|check| check.hint.clone()).unwrap_or_default()))
}

/// The verdict of every analyst, then what was found; one line each.
pub(super) fn lines(dataset: &Dataset, evidence: &[Evidence]) -> Vec<String> {
    let verdicts = evidence::verdicts(evidence).into_iter().zip(evidence);
    let mut lines: Vec<String> = verdicts
        .map(|(verdict, evidence)| {
            let word = match verdict.verdict {
                Ruling::Run if evidence.is_empty() => "nothing to read",
                verdict => verdict.word(),
            };
            format!("{:<22} {word}", verdict.analyst.key())
        })
        .collect();
    let mut told: Vec<&str> = Vec::new();
    for check in dataset.summary.gate.faults() {
        if !told.contains(&check.text.as_str()) {
            told.push(&check.text);
            lines.push(format!("{:<22} {}", check.name, check.text));
        }
    }
    lines
}
