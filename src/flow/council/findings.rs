//! The findings of all specialists together: their numbers, and what is told of them.

use crate::event::{Event, Events};
use crate::insight::{Analyst, Coordinated, Finding, Grounding, Outcome, Tally};
use crate::reply;

/// `F1`, `F2` … over the whole council: news first, then by severity and confidence, in `Analyst::ALL` order where equal.
/// Remarks follow their findings to the new ids.
pub(super) fn number_findings(outcomes: &mut [(Analyst, Outcome)]) {
    let mut order = Vec::new();
    for (which, (_, outcome)) in outcomes.iter().enumerate() {
        let findings = outcome
            .report()
            .map(|report| report.findings.as_slice())
            .unwrap_or_default();
        order.extend(findings.iter().enumerate().map(|(index, finding)| {
            (
                !finding.significant,
                finding.severity,
                finding.confidence.score,
                which,
                index,
            )
        }));
    }
    order.sort_by(|left, right| {
        (left.0, left.1)
            .cmp(&(right.0, right.1))
            .then(right.2.total_cmp(&left.2))
            .then((left.3, left.4).cmp(&(right.3, right.4)))
    });
    for (which, (_, outcome)) in outcomes.iter_mut().enumerate() {
        let Outcome::Reported(report) = outcome else { continue };
        let mut renamed = Vec::new();
        for (index, finding) in report.findings.iter_mut().enumerate() {
            let place = order
                .iter()
                .position(|place| (place.3, place.4) == (which, index))
                .unwrap_or_default();
            let id = format!("F{}", place + 1);
            renamed.push((std::mem::replace(&mut finding.id, id.clone()), id));
        }
        for remark in report.hypotheses.iter_mut().chain(&mut report.recommendations) {
            remark.about = remark
                .about
                .iter()
                .filter_map(|old| renamed.iter().find(|(from, _)| from == old).map(|(_, to)| to.clone()))
                .collect();
        }
        report
            .findings
            .sort_by_key(|finding| crate::insight::number_of(&finding.id));
    }
}

pub(super) fn total_grounding(outcomes: &[(Analyst, Outcome)]) -> Grounding {
    let mut total = Grounding::default();
    for (_, outcome) in outcomes {
        if let Some(report) = outcome.report() {
            total.add(report.grounding);
        }
    }
    total
}

/// The numbers that a reader meets, looked for once more in what the program wrote or recomputed; and what the joined part lost.
pub(super) fn printed(outcomes: &[(Analyst, Outcome)], joined: &Coordinated) -> Grounding {
    let reports = outcomes.iter().filter_map(|(_, outcome)| outcome.report());
    let findings: Vec<&Finding> = reports.flat_map(|report| &report.findings).collect();
    let mut printed = Tally::default();
    let mut look = |text: &str, stands_on: &[&Finding]| {
        let tally = reply::audit(text, stands_on);
        printed.checked += tally.checked;
        printed.passed += tally.passed;
    };
    for finding in &findings {
        look(&finding.title, &[finding]);
        look(&finding.text, &[finding]);
    }
    let used = |ids: &[String]| -> Vec<&Finding> {
        let known = findings.iter().filter(|finding| ids.contains(&finding.id));
        known.copied().collect()
    };
    for (sentence, uses) in joined.executive_summary.iter().zip(&joined.summary_uses) {
        look(sentence, &used(uses));
    }
    for theme in &joined.themes {
        look(&theme.text, &used(&theme.uses));
    }
    for key in &joined.key_findings {
        look(&key.why_it_matters, &used(std::slice::from_ref(&key.finding)));
    }
    Grounding {
        printed,
        dropped: joined.dropped.len(),
        ..Grounding::default()
    }
}

pub(super) fn say(events: &Events, analyst: Analyst, outcome: &Outcome) {
    let role = analyst.key().to_owned();
    events.say(match outcome {
        Outcome::Reported(report) => Event::SpecialistFinished {
            role,
            findings: report.findings.len(),
            rejected: report.rejected.len(),
        },
        Outcome::NothingToRead(report) => Event::SpecialistMissing {
            role,
            why: report.data_gaps.join("; "),
        },
        Outcome::Missing(why) => Event::SpecialistMissing {
            role,
            why: why.message.clone(),
        },
    });
}
