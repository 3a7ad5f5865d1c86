//! The coordinator: joins the checked findings; what it may not say is dropped, and without it a template joins them.

use jiff::{Span, civil::Date};

use crate::clock::Instant;
use crate::event::Events;
use crate::evidence::Evidence;
use crate::insight::{
    Advice, Analyst, CallRecord, Coordinated, CoordinatorStatus, Finding, KeyFinding, Outcome, Theme, Why,
};
use crate::llm::Llm;
use crate::prompt::{CoordinatorBrief, Prompt, PromptError, Prompts};
use crate::reply::{self, CheckedCouncil};

use super::council::Options;
use super::{ask, template};

#[expect(
    clippy::too_many_arguments,
    reason = "one call site; each argument is another owner's value"
)]
pub(super) async fn coordinate(
    llm: &Llm,
    prompts: &Prompts,
    evidence: &[Evidence],
    outcomes: &[(Analyst, Outcome)],
    started: Instant,
    deadline: Instant,
    options: &Options,
    events: &Events,
) -> Result<(Coordinated, CallRecord), PromptError> {
    let findings = reportable(outcomes);
    let Some(first) = evidence.first() else {
        return Ok((template::coordinated(&findings, outcomes, None), skipped()));
    };
    if outcomes
        .iter()
        .all(|(_, outcome)| !matches!(outcome, Outcome::Reported(_)))
    {
        let why = Why {
            kind: "nothing_to_join".to_owned(),
            message: "no specialist reported, so there was nothing to join".to_owned(),
            status: None,
            body: None,
            headers: Vec::new(),
            attempts: 0,
        };
        return Ok((template::coordinated(&findings, outcomes, Some(why)), skipped()));
    }
    let prompt = brief(prompts, first, outcomes, &findings)?;
    let answer = ask::ask(
        llm,
        "coordinator",
        prompt,
        options.max_output_tokens,
        started,
        deadline,
        events,
    )
    .await;
    let mut call = answer.call;
    let value = match answer.value {
        Ok(value) => value,
        Err(why) => return Ok((template::coordinated(&findings, outcomes, Some(why)), call)),
    };
    let owned: Vec<Finding> = findings.iter().map(|finding| (*finding).clone()).collect();
    let checked = reply::coordinator(&value, &owned);
    // Without a finding there is no sentence to check; the template says that nothing happened.
    if !checked.usable && !findings.is_empty() {
        let why = Why {
            kind: "ungrounded".to_owned(),
            message: "no sentence of the coordinator's summary passed the check against the findings".to_owned(),
            status: None,
            body: None,
            headers: Vec::new(),
            attempts: call.attempts,
        };
        ask::forget(llm, answer.kept);
        call.status = "error".to_owned();
        call.error = Some(why.clone());
        let mut fallback = template::coordinated(&findings, outcomes, Some(why));
        fallback.dropped = dropped(checked.dropped);
        return Ok((fallback, call));
    }
    Ok((joined(checked, &findings, outcomes, first.period.end), call))
}

/// The coordinator's prompt before there are findings, for the dry run.
pub(super) fn empty_brief(prompts: &Prompts, evidence: &Evidence) -> Result<Prompt, PromptError> {
    brief(prompts, evidence, &[], &[])
}

fn brief(
    prompts: &Prompts,
    evidence: &Evidence,
    outcomes: &[(Analyst, Outcome)],
    findings: &[&Finding],
) -> Result<Prompt, PromptError> {
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
    prompts.coordinator(&CoordinatorBrief {
        evidence,
        findings,
        missing: &missing,
        gaps: &gaps,
        advice: &advice,
        conflicts: &template::conflicts(findings),
    })
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
    let mut executive_summary: Vec<String> = checked
        .executive_summary
        .into_iter()
        .map(|sentence| sentence.text)
        .collect();
    if executive_summary.is_empty() {
        executive_summary.push(template::nothing_to_say(outcomes));
    }
    Coordinated {
        status: CoordinatorStatus::Completed,
        why: None,
        executive_summary,
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
    }
}

fn dropped(dropped: Vec<reply::Dropped>) -> Vec<String> {
    dropped
        .into_iter()
        .map(|dropped| format!("{}: {} ({})", dropped.part, dropped.text, dropped.reason))
        .collect()
}

/// So many days after the window's last day.
fn check_date(end: Date, days: u32) -> Option<String> {
    let days = Span::new().try_days(i64::from(days.clamp(1, 365))).ok()?;
    end.checked_add(days).ok().map(|date| date.to_string())
}

fn reportable(outcomes: &[(Analyst, Outcome)]) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = outcomes
        .iter()
        .filter_map(|(_, outcome)| outcome.report())
        .flat_map(|report| &report.findings)
        .filter(|finding| finding.reportable)
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

fn skipped() -> CallRecord {
    CallRecord {
        role: "coordinator".to_owned(),
        status: "skipped".to_owned(),
        cost_usd: Some(0.0),
        ..CallRecord::default()
    }
}
