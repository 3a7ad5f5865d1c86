//! The council: six specialists at once, then the coordinator. Values in, values out.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::task::JoinSet;

use crate::clock::{self, Instant};
use crate::event::{Event, Events};
use crate::evidence::Evidence;
use crate::insight::{Analyst, CallRecord, Council, Grounding, Outcome, SpecialistReport, Why};
use crate::llm::{Llm, PlannedAttempt};
use crate::prompt::{self, Prompt, PromptError, Prompts};

use super::{advice, coordinator, specialist};

/// How a council is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limit of one reply; a truncated reply is asked again with four times as much.
    pub max_output_tokens: u32,
    /// For all calls together.
    pub deadline: Duration,
}

/// One call that a run would make.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCall {
    pub role: String,
    /// Everything that may happen in the call, in order.
    pub plan: Vec<PlannedAttempt>,
    /// Over all models together.
    pub attempts_at_most: u32,
    pub input_tokens: u64,
    /// At the limit of the reply.
    pub output_tokens: u64,
    pub cost_usd: Option<f64>,
    pub system: String,
    pub user: String,
    /// Why the call is not made.
    pub skipped: Option<String>,
}

impl PlannedCall {
    /// `provider:model`, each once, the first to be tried first; those for long prompts left out.
    pub fn models(&self) -> Vec<String> {
        let mut models: Vec<String> = Vec::new();
        for step in self.plan.iter().filter(|step| !step.only_if_too_long) {
            let model = step.target.to_string();
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models
    }
}

/// What a run would ask, without asking.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub calls: Vec<PlannedCall>,
}

/// What one specialist task hands back.
pub(super) struct Reported {
    pub(super) outcome: Outcome,
    pub(super) call: CallRecord,
}

/// Asks the six, then the coordinator. `sections` holds the program's own section objects, in `Analyst::ALL` order.
///
/// # Errors
/// Only a prompt that cannot be filled; a call that fails is a value in the council.
pub async fn council(
    llm: Arc<Llm>,
    prompts: &Prompts,
    evidence: &[Evidence],
    sections: Vec<Map<String, Value>>,
    options: &Options,
    events: &Events,
) -> Result<Council, PromptError> {
    let started = clock::now();
    let deadline = started + options.deadline;
    let mut outcomes = Vec::new();
    let mut calls = Vec::new();
    for (analyst, mut reported) in ask_all(&llm, prompts, evidence, started, deadline, options, events).await? {
        if let Outcome::Reported(report) | Outcome::NothingToRead(report) = &mut reported.outcome {
            report.sections = sections.get(analyst as usize).cloned().unwrap_or_default();
            advice::fill(analyst, report);
        }
        say(events, analyst, &reported.outcome);
        outcomes.push((analyst, reported.outcome));
        calls.push(reported.call);
    }
    number_findings(&mut outcomes);
    let grounding = total_grounding(&outcomes);
    let (coordinated, call) =
        coordinator::coordinate(&llm, prompts, evidence, &outcomes, started, deadline, options, events).await?;
    calls.push(call);
    Ok(Council {
        outcomes,
        coordinated,
        calls,
        grounding,
        wall_millis: clock::millis_since(started),
    })
}

/// The prompts and estimates of a run; the coordinator's prompt is estimated without findings.
///
/// # Errors
/// A prompt that cannot be filled.
pub fn plan(llm: &Llm, prompts: &Prompts, evidence: &[Evidence], options: &Options) -> Result<Plan, PromptError> {
    let mut calls = Vec::new();
    for evidence in evidence {
        let prompt = prompts.specialist(evidence)?;
        let skipped = evidence.is_empty().then(|| gap_text(evidence));
        calls.push(planned(llm, evidence.analyst.key(), prompt, skipped, 0, options));
    }
    if let Some(first) = evidence.first() {
        let prompt = coordinator::empty_brief(prompts, first)?;
        let n_speaking = calls.iter().filter(|call| call.skipped.is_none()).count() as u64;
        calls.push(planned(
            llm,
            "coordinator",
            prompt,
            None,
            n_speaking * FINDING_TOKENS,
            options,
        ));
    }
    Ok(Plan { calls })
}

/// Five findings of about 40 tokens from each specialist.
const FINDING_TOKENS: u64 = 200;

fn planned(
    llm: &Llm,
    role: &str,
    prompt: Prompt,
    skipped: Option<String>,
    extra_tokens: u64,
    options: &Options,
) -> PlannedCall {
    let input_tokens = prompt::estimate_tokens(&prompt.system) + prompt::estimate_tokens(&prompt.user) + extra_tokens;
    let output_tokens = u64::from(options.max_output_tokens);
    PlannedCall {
        role: role.to_owned(),
        plan: llm.plan(role),
        attempts_at_most: llm.attempts_of_a_call(),
        input_tokens,
        output_tokens,
        cost_usd: llm.estimate_cost(role, input_tokens, output_tokens),
        system: prompt.system,
        user: prompt.user,
        skipped,
    }
}

async fn ask_all(
    llm: &Arc<Llm>,
    prompts: &Prompts,
    evidence: &[Evidence],
    started: Instant,
    deadline: Instant,
    options: &Options,
    events: &Events,
) -> Result<Vec<(Analyst, Reported)>, PromptError> {
    let mut tasks = JoinSet::new();
    let mut running = Vec::new();
    let mut reported = Vec::new();
    // A share of the time stays for the coordinator.
    let specialist_deadline = deadline - (options.deadline / 5).min(Duration::from_secs(60));
    for facts in evidence {
        let analyst = facts.analyst;
        if facts.is_empty() {
            reported.push((analyst, nothing_to_read(facts)));
            continue;
        }
        let prompt = prompts.specialist(facts)?;
        let (llm, facts, options, events) = (Arc::clone(llm), facts.clone(), options.clone(), events.clone());
        let handle = tasks.spawn(async move {
            let reported = specialist::ask(&llm, prompt, &facts, started, specialist_deadline, &options, &events).await;
            (analyst, reported)
        });
        running.push((handle.id(), analyst));
    }
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok(finished) => reported.push(finished),
            Err(crash) => {
                let analyst = running
                    .iter()
                    .find(|(id, _)| *id == crash.id())
                    .map(|(_, analyst)| *analyst);
                if let Some(analyst) = analyst {
                    reported.push((analyst, crashed(analyst)));
                }
            }
        }
    }
    reported.sort_by_key(|(analyst, _)| *analyst);
    Ok(reported)
}

fn nothing_to_read(evidence: &Evidence) -> Reported {
    Reported {
        outcome: Outcome::NothingToRead(Box::new(SpecialistReport {
            data_gaps: evidence.gaps.clone(),
            ..SpecialistReport::default()
        })),
        call: CallRecord {
            role: evidence.analyst.key().to_owned(),
            status: "skipped".to_owned(),
            cost_usd: Some(0.0),
            ..CallRecord::default()
        },
    }
}

fn crashed(analyst: Analyst) -> Reported {
    let why = Why {
        kind: "internal".to_owned(),
        message: "the specialist's task crashed; this is a bug, see logs/run.log".to_owned(),
        status: None,
        body: None,
        headers: Vec::new(),
        attempts: 0,
    };
    Reported {
        call: CallRecord {
            role: analyst.key().to_owned(),
            status: "error".to_owned(),
            error: Some(why.clone()),
            ..CallRecord::default()
        },
        outcome: Outcome::Missing(why),
    }
}

fn say(events: &Events, analyst: Analyst, outcome: &Outcome) {
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

/// `F1`, `F2` … over the whole council: reportable ones first, then by severity and confidence, in `Analyst::ALL` order where equal.
/// Remarks follow their findings to the new ids.
fn number_findings(outcomes: &mut [(Analyst, Outcome)]) {
    let mut order = Vec::new();
    for (which, (_, outcome)) in outcomes.iter().enumerate() {
        let findings = outcome
            .report()
            .map(|report| report.findings.as_slice())
            .unwrap_or_default();
        order.extend(findings.iter().enumerate().map(|(index, finding)| {
            (
                !finding.reportable,
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

fn total_grounding(outcomes: &[(Analyst, Outcome)]) -> Grounding {
    let mut total = Grounding::default();
    for (_, outcome) in outcomes {
        if let Some(report) = outcome.report() {
            total.add(report.grounding);
        }
    }
    total
}

pub(super) fn gap_text(evidence: &Evidence) -> String {
    if evidence.gaps.is_empty() {
        "the data hold nothing for this analyst".to_owned()
    } else {
        evidence.gaps.join("; ")
    }
}
