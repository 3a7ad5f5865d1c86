//! The council: specialists at once, then the coordinator, as the pattern `insights` on the engine. Here is what their prompts
//! hold and what their answers mean.

mod advice;
mod conflicts;
mod coordinator;
mod findings;
mod plan;
mod review;
mod specialist;
mod template;

pub use plan::{Plan, PlannedCall, plan};
pub(super) use plan::{filled, planned};

use serde_json::{Map, Value};
use tracing::Instrument as _;

use super::engine::{self, Answer, Domain, Engine, Given, Record, StageRecord, Verdict};
use crate::event::Events;
use crate::evidence::{self, Evidence};
use crate::insight::{Analyst, Conflict, Coordinated, Council, Finding, Outcome, SpecialistReport, Why};
use crate::prompt::{self, COUNCIL, Check, Pattern, PromptError, Prompts, Stage, Values};

/// Runs the council. `sections` holds the program's own section objects, one for each evidence.
///
/// # Errors
/// Only a prompt that cannot be filled; a call that fails is a value in the council.
pub async fn council(
    engine: &Engine<'_>,
    evidence: &[Evidence],
    sections: Vec<Map<String, Value>>,
) -> Result<Council, PromptError> {
    let pattern = with_rounds(engine.prompts.pattern(COUNCIL)?, engine.options.rounds);
    for check in [Check::Findings, Check::Coordination] {
        if !pattern.stages.iter().any(|stage| stage.check == check) {
            return Err(PromptError::Bad {
                name: pattern.file.clone(),
                why: "a council needs a stage with `check = \"findings\"` and one with `check = \"coordination\"`"
                    .to_owned(),
            });
        }
    }
    let mut table = Table {
        evidence,
        sections,
        events: engine.events.clone(),
        outcomes: Vec::new(),
        conflicts: Vec::new(),
        coordinated: None,
        reviews: review::Reviews::default(),
    };
    let span = tracing::debug_span!("council", analysts = evidence.len());
    let mut record = engine::run(engine, &pattern, &mut table).instrument(span).await?;
    let mut calls = Vec::new();
    let mut later = Vec::new();
    let mut corrections = Vec::new();
    for stage in &mut record.stages {
        let is_findings = pattern
            .stage(&stage.name)
            .is_some_and(|stage| stage.check == Check::Findings);
        corrections.extend(std::mem::take(&mut stage.judges).into_iter().map(|answer| answer.call));
        let taken = std::mem::take(&mut stage.answers).into_iter().map(|answer| answer.call);
        if is_findings {
            calls.extend(taken)
        } else {
            later.extend(taken)
        }
    }
    calls.extend(later);
    calls.extend(corrections);
    let mut grounding = findings::total_grounding(&table.outcomes);
    let coordinated = match table.coordinated {
        Some(coordinated) => coordinated,
        None => {
            let why = record.stopped.map(|stopped| why("stopped", &stopped.because, 0));
            coordinator::by_template(&table.outcomes, why)
        }
    };
    grounding.add(findings::printed(&table.outcomes, &coordinated));
    Ok(Council {
        conflicts: table.conflicts,
        outcomes: table.outcomes,
        coordinated,
        calls,
        grounding,
        wall_millis: record.wall_millis,
    })
}

/// What a specialist found goes back so often; the coordinator's sentences never more often than the pattern says.
fn with_rounds(mut pattern: Pattern, rounds: Option<u32>) -> Pattern {
    for stage in &mut pattern.stages {
        if let (Some(correction), Some(rounds)) = (&mut stage.correction, rounds) {
            correction.at_most = match stage.check {
                Check::Findings => rounds,
                _ => rounds.min(correction.at_most),
            };
        }
    }
    pattern
}

/// The evidence of a run with that of the analysts that a user's pattern adds, from the tables that they name.
///
/// # Errors
/// Tables that do not exist.
pub fn own_evidence(prompts: &Prompts, mut evidence: Vec<Evidence>) -> Result<Vec<Evidence>, PromptError> {
    let pattern = prompts.pattern(COUNCIL)?;
    let stages = pattern.stages.iter().filter(|stage| stage.check == Check::Findings);
    for role in stages.flat_map(|stage| &stage.roles) {
        let analyst = Analyst::named(&role.name, &role.title);
        if evidence.iter().any(|facts| facts.analyst == analyst) {
            continue;
        }
        let own = evidence::own(analyst, &role.evidence, &evidence).map_err(|error| PromptError::Bad {
            name: format!("{}:{}", pattern.file, role.line("evidence")),
            why: error.to_string(),
        })?;
        evidence.push(own);
    }
    Ok(evidence)
}

/// What the council knows while the engine runs it.
struct Table<'a> {
    evidence: &'a [Evidence],
    sections: Vec<Map<String, Value>>,
    events: Events,
    /// In the order of the pattern's roles.
    outcomes: Vec<(Analyst, Outcome)>,
    /// Known once the specialists have spoken.
    conflicts: Vec<Conflict>,
    coordinated: Option<Coordinated>,
    reviews: review::Reviews,
}

impl Domain for Table<'_> {
    fn values(&mut self, stage: &Stage, role: &str, _record: &Record) -> Result<Given, PromptError> {
        let Some(first) = joining(self.evidence) else {
            return Ok(Given::Skip("there is no evidence".to_owned()));
        };
        match stage.check {
            Check::Findings => Ok(match self.facts(role) {
                Some(facts) if !facts.is_empty() => Given::Values(prompt::specialist_values(facts)),
                Some(Evidence { refused: Some(why), .. }) => Given::Skip(why.clone()),
                Some(facts) => Given::Skip(gap_text(facts)),
                None => Given::Skip("there is no evidence for this analyst".to_owned()),
            }),
            Check::Coordination if coordinator::nobody_reported(&self.outcomes) => {
                Ok(Given::Skip("no specialist reported".to_owned()))
            }
            Check::Coordination | Check::Schema => Ok(Given::Values(self.brief(first))),
        }
    }

    fn verdict(&mut self, stage: &Stage, answer: &Answer) -> Option<Verdict> {
        match stage.check {
            Check::Findings => {
                let facts = self.evidence.iter().find(|facts| facts.analyst.key() == answer.name)?;
                self.reviews.specialist(stage, answer, facts)
            }
            Check::Coordination => {
                let findings = self.significant();
                self.reviews.coordinator(stage, answer, &findings, &self.conflicts)
            }
            Check::Schema => None,
        }
    }

    fn joined(&mut self, stage: &Stage, answer: &Answer, correction: &Value) -> Value {
        let facts = self.evidence.iter().find(|facts| facts.analyst.key() == answer.name);
        match (stage.check, facts) {
            (Check::Findings, Some(facts)) => self.reviews.revised(answer, correction, facts),
            (Check::Coordination, _) => {
                let findings = self.significant();
                self.reviews.rejoined(answer, correction, &findings, &self.conflicts)
            }
            _ => correction.clone(),
        }
    }

    fn finished(&mut self, stage: &Stage, done: &mut StageRecord) {
        match stage.check {
            Check::Findings => self.findings(stage, done),
            Check::Coordination => self.coordination(done),
            Check::Schema => {}
        }
    }
}

impl Table<'_> {
    fn facts(&self, role: &str) -> Option<&Evidence> {
        self.evidence.iter().find(|facts| facts.analyst.key() == role)
    }

    /// What the coordinator may stand on.
    fn significant(&self) -> Vec<Finding> {
        let findings = coordinator::significant(&self.outcomes);
        findings.into_iter().cloned().collect()
    }

    fn brief(&self, first: &Evidence) -> Values {
        let findings = coordinator::significant(&self.outcomes);
        coordinator::brief(first, &self.outcomes, &findings, &self.conflicts)
    }

    fn findings(&mut self, stage: &Stage, done: &mut StageRecord) {
        for (role, answer) in stage.roles.iter().zip(&done.answers) {
            let analyst = Analyst::named(&role.name, &role.title);
            let place = self.evidence.iter().position(|facts| facts.analyst == analyst);
            let facts = place.and_then(|place| self.evidence.get(place));
            let mut outcome = match (&answer.value, &answer.why, facts) {
                (Some(value), _, Some(facts)) => {
                    let checked = self.reviews.checked(&role.name, value, facts);
                    Outcome::Reported(Box::new(specialist::report(checked, facts)))
                }
                (_, Some(why), _) => Outcome::Missing(why.clone()),
                (
                    _,
                    None,
                    Some(Evidence {
                        refused: Some(message), ..
                    }),
                ) => Outcome::Missing(why("refused", message, 0)),
                (_, None, facts) => Outcome::NothingToRead(Box::new(SpecialistReport {
                    data_gaps: facts.map(|facts| facts.gaps.clone()).unwrap_or_default(),
                    ..SpecialistReport::default()
                })),
            };
            if let Outcome::Reported(report) | Outcome::NothingToRead(report) = &mut outcome {
                let sections = place.and_then(|place| self.sections.get(place));
                report.sections = sections.cloned().unwrap_or_default();
                report.reviews = self.reviews.of(&role.name);
                report.grounding.add(self.reviews.counts(&role.name));
                if let (Analyst::Own(_), Some(value), Some(facts)) = (analyst, &answer.value, facts) {
                    report.sections.extend(specialist::own_sections(value, facts));
                }
                advice::fill(analyst, report);
            }
            findings::say(&self.events, analyst, &outcome);
            self.outcomes.push((analyst, outcome));
        }
        findings::number_findings(&mut self.outcomes);
        self.conflicts = conflicts::conflicts(self.evidence, &coordinator::significant(&self.outcomes));
    }

    fn coordination(&mut self, done: &mut StageRecord) {
        let answer = done.answers.first_mut();
        let end = joining(self.evidence).map(|facts| facts.period.end);
        let reviews = answer.as_ref().map(|answer| self.reviews.of(&answer.name));
        let mut coordinated = match (answer, end) {
            (Some(answer), Some(end)) => {
                let (outcomes, conflicts) = (&self.outcomes, &mut self.conflicts);
                coordinator::coordinated(answer, outcomes, conflicts, &mut self.reviews, end)
            }
            _ => coordinator::by_template(&self.outcomes, None),
        };
        coordinated.reviews = reviews.unwrap_or_default();
        self.coordinated = Some(coordinated);
    }
}

/// The evidence that speaks for the window.
fn joining(evidence: &[Evidence]) -> Option<&Evidence> {
    evidence.first()
}

fn gap_text(evidence: &Evidence) -> String {
    if evidence.gaps.is_empty() {
        "the data hold nothing for this analyst".to_owned()
    } else {
        evidence.gaps.join("; ")
    }
}

fn why(kind: &str, message: &str, attempts: u32) -> Why {
    Why {
        kind: kind.to_owned(),
        message: message.to_owned(),
        status: None,
        body: None,
        headers: Vec::new(),
        attempts,
    }
}
