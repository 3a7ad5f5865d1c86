//! The coordinator: joins the checked findings; what it may not say is dropped, and without it a template joins them.

use jiff::{Span, civil::Date};

use crate::evidence::Evidence;
use crate::flow::engine::Answer;
use crate::insight::{
    Advice, Analyst, Conflict, Coordinated, CoordinatorStatus, Finding, KeyFinding, Outcome, Rejected, Resolution,
    Theme, Why,
};
use crate::prompt::{self, CoordinatorBrief, Values};
use crate::reply::{self, CheckedCouncil};

use super::review::Reviews;
use super::{conflicts, template, why};

/// The joined part from the coordinator's answer; by template when there is no answer, or when nothing of it may stand. Then the
/// answer's call says why.
pub(super) fn coordinated(
    answer: &mut Answer,
    outcomes: &[(Analyst, Outcome)],
    conflicts: &mut [Conflict],
    reviews: &mut Reviews,
    end: Date,
) -> Coordinated {
    let findings = significant(outcomes);
    let Some(value) = &answer.value else {
        let nothing = nobody_reported(outcomes).then(|| {
            let message = "no specialist reported, so there was nothing to join";
            why("nothing_to_join", message, 0)
        });
        return template::coordinated(&findings, outcomes, answer.why.clone().or(nothing));
    };
    let owned: Vec<Finding> = findings.iter().map(|finding| (*finding).clone()).collect();
    let checked = reviews.checked_council(value, &owned, conflicts);
    // A sentence on a finding that was given up is left out alone: it is true, and only not what was decided.
    let is_lie =
        |dropped: &reply::Dropped| dropped.part == "executive_summary" && !dropped.reason.starts_with(reply::GIVEN_UP);
    let lies = checked.dropped.iter().any(is_lie);
    // Without a finding there is no sentence to check; the template says that nothing happened.
    if (checked.usable && !lies) || findings.is_empty() {
        conflicts::settle(conflicts, &resolutions(&checked));
        let given_up = conflicts::given_up(conflicts);
        let kept: Vec<&Finding> = findings
            .iter()
            .copied()
            .filter(|finding| !given_up.contains(&&finding.id))
            .collect();
        return joined(checked, &kept, outcomes, end);
    }
    let message = "the coordinator's summary did not pass the check against the findings, and its correction neither";
    let why = why("ungrounded", message, answer.call.attempts);
    answer.call.status = "error".to_owned();
    answer.call.error = Some(why.clone());
    answer.why = Some(why.clone());
    let mut fallback = template::coordinated(&findings, outcomes, Some(why));
    fallback.dropped = dropped(checked.dropped);
    fallback
}

/// Without any answer.
pub(super) fn by_template(outcomes: &[(Analyst, Outcome)], why: Option<Why>) -> Coordinated {
    template::coordinated(&significant(outcomes), outcomes, why)
}

pub(super) fn nobody_reported(outcomes: &[(Analyst, Outcome)]) -> bool {
    !outcomes
        .iter()
        .any(|(_, outcome)| matches!(outcome, Outcome::Reported(_)))
}

/// What the coordinator's template is filled with.
pub(super) fn brief(
    evidence: &Evidence,
    outcomes: &[(Analyst, Outcome)],
    findings: &[&Finding],
    conflicts: &[Conflict],
) -> Values {
    let mut missing = Vec::new();
    let mut gaps = Vec::new();
    let mut advice = Vec::new();
    for (analyst, outcome) in outcomes {
        match outcome {
            Outcome::Missing(why) => missing.push((*analyst, why.message.clone())),
            Outcome::Reported(report) | Outcome::NothingToRead(report) => {
                gaps.extend(report.data_gaps.iter().cloned());
                advice.extend(report.recommendations.iter().map(|remark| {
                    let about = if remark.about.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", remark.about.join(", "))
                    };
                    (*analyst, format!("{}{about}", remark.text))
                }));
            }
        }
    }
    gaps.sort();
    gaps.dedup();
    let told: Vec<String> = conflicts.iter().map(told).collect();
    prompt::coordinator_values(&CoordinatorBrief {
        evidence,
        findings,
        missing: &missing,
        gaps: &gaps,
        advice: &advice,
        conflicts: &told,
    })
}

/// `C1 | F2, F5 | what disagrees`.
fn told(conflict: &Conflict) -> String {
    let findings = match conflict.findings.as_slice() {
        [] => "no finding".to_owned(),
        findings => findings.join(", "),
    };
    format!("{} | {findings} | {}", conflict.id, conflict.text)
}

fn resolutions(checked: &CheckedCouncil) -> Vec<(String, Resolution)> {
    let resolutions = checked.resolutions.iter();
    resolutions
        .map(|settled| {
            let resolution = Resolution {
                keep: settled.keep.clone(),
                why: settled.why.clone(),
            };
            (settled.conflict.clone(), resolution)
        })
        .collect()
}

fn joined(checked: CheckedCouncil, findings: &[&Finding], outcomes: &[(Analyst, Outcome)], end: Date) -> Coordinated {
    let mut key_findings: Vec<KeyFinding> = Vec::new();
    for key in checked.key_findings {
        let known = findings.iter().find(|finding| finding.id == key.finding);
        let taken = key_findings.iter().any(|taken| taken.finding == key.finding);
        if let Some(finding) = known
            && !taken
        {
            key_findings.push(template::key_finding(finding, key.why_it_matters));
        }
    }
    if key_findings.is_empty() {
        key_findings = template::key_findings(findings);
    }
    let recommendations = checked.prioritized_recommendations.into_iter().map(|advice| Advice {
        action: advice.action,
        impact: advice.impact,
        effort: advice.effort,
        owner: advice.owner,
        metric: advice.metric,
        check_date: check_date(end, advice.check_after_days),
        about: advice.about,
    });
    let summary = checked.executive_summary.into_iter();
    let (mut executive_summary, summary_uses): (Vec<String>, Vec<Vec<String>>) =
        summary.map(|sentence| (sentence.text, sentence.uses)).unzip();
    if executive_summary.is_empty() {
        executive_summary.push(template::nothing_to_say(outcomes));
    }
    Coordinated {
        status: CoordinatorStatus::Completed,
        why: None,
        executive_summary,
        summary_uses,
        key_findings,
        themes: checked
            .cross_cutting_themes
            .into_iter()
            .map(|theme| Theme {
                theme: theme.theme,
                text: theme.text,
                uses: theme.uses,
            })
            .collect(),
        recommendations: recommendations.collect(),
        confidence_text: checked.confidence_assessment,
        confidence_score: template::confidence(findings, outcomes),
        next_steps: checked.next_steps,
        dropped: dropped(checked.dropped),
        reviews: Vec::new(),
    }
}

fn dropped(dropped: Vec<reply::Dropped>) -> Vec<Rejected> {
    let rejected = dropped.into_iter().map(|dropped| Rejected {
        title: dropped.part,
        text: dropped.text,
        reasons: vec![dropped.reason],
    });
    rejected.collect()
}

/// So many days after the window's last day.
fn check_date(end: Date, days: u32) -> Option<String> {
    let days = Span::new().try_days(i64::from(days.clamp(1, 365))).ok()?;
    end.checked_add(days).ok().map(|date| date.to_string())
}

/// What the joined part may stand on: news that passed the check, each once.
pub(super) fn significant(outcomes: &[(Analyst, Outcome)]) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.report())
        .flat_map(|report| &report.findings)
        .filter(|finding| finding.significant)
        .collect();
    findings.sort_by_key(|finding| crate::insight::number_of(&finding.id));
    // Two specialists may read the same total: the reader is told once.
    let mut said: Vec<&str> = Vec::new();
    findings.retain(|finding| {
        let new = !said.contains(&finding.text.as_str());
        said.push(&finding.text);
        new
    });
    findings
}
