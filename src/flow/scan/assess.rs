//! The specialists and the aggregator of a scan, as the pattern `scan` on the engine: what their prompts hold, and what their
//! answers are called.

use serde_json::{Value, json};

use super::analysis::Analysis;
use super::brief::{self, Brief};
use crate::flow::council::{PlannedCall, filled, planned};
use crate::flow::engine::{self, Answer, Domain, Engine, Given, Options, Record, StageRecord};
use crate::insight::Why;
use crate::insight::project::Answers;
use crate::llm::Llm;
use crate::prompt::{self, Kind, Next, Pattern, PromptError, Prompts, Stage, Values};

/// The name of the pattern, and of its folder in `prompts/`.
pub const PATTERN: &str = "scan";

/// Asks three specialists at once, then the aggregator. With a label the roles are `architect.label` …, so that events of many
/// projects can be told apart.
///
/// # Errors
/// Only a prompt that cannot be filled; a call that fails is a value in the answers.
pub async fn assess(engine: &Engine<'_>, analysis: &Analysis, label: Option<&str>) -> Result<Answers, PromptError> {
    let mut pattern = engine.prompts.pattern(PATTERN)?;
    if let Some(label) = label {
        rename(&mut pattern, label);
    }
    let record = engine::run(engine, &pattern, &mut Table { analysis }).await?;
    let mut answers = Answers {
        wall_millis: record.wall_millis,
        ..Answers::default()
    };
    let stopped = record.stopped.as_ref().map(|stopped| stopped.because.clone());
    for stage in record.stages {
        let joins = stage.kind == Some(Kind::Synthesis);
        for answer in stage.answers {
            let role = base(&answer.call.role).to_owned();
            answers.calls.push(answer.call.clone());
            answers
                .parts
                .push((key(&role, joins), part(answer, stopped.as_deref())));
        }
    }
    Ok(answers)
}

/// The prompts and estimates of a project's calls; the aggregator's is estimated without answers.
///
/// # Errors
/// A prompt that cannot be filled.
pub fn plan(
    llm: &Llm,
    prompts: &Prompts,
    analysis: &Analysis,
    options: &Options,
) -> Result<Vec<PlannedCall>, PromptError> {
    let pattern = prompts.pattern(PATTERN)?;
    let mut calls = Vec::new();
    for stage in &pattern.stages {
        for role in &stage.roles {
            let schema = role.schema.as_deref().or(stage.schema.as_deref());
            let values = values(analysis, &role.name);
            let prompt = filled(
                prompts,
                stage,
                &role.name,
                &role.template,
                role.system.as_deref(),
                schema,
                values,
            )?;
            calls.push(planned(llm, &role.name, prompt, None, 0, options));
        }
        if let (Kind::Synthesis, Some(template)) = (stage.kind, stage.template.as_deref()) {
            let mut values = values(analysis, &stage.name);
            for input in stage.inputs.iter().filter(|input| pattern.stage(input).is_some()) {
                values.insert(input.clone(), json!({"answers": [], "missing": []}));
            }
            let prompt = filled(
                prompts,
                stage,
                &stage.name,
                template,
                None,
                stage.schema.as_deref(),
                values,
            )?;
            calls.push(planned(
                llm,
                &stage.name,
                prompt,
                None,
                ANSWER_TOKENS * calls.len() as u64,
                options,
            ));
        }
    }
    Ok(calls)
}

/// What one specialist writes, roughly.
const ANSWER_TOKENS: u64 = 400;

/// What the engine needs to know of a project.
struct Table<'a> {
    analysis: &'a Analysis,
}

impl Domain for Table<'_> {
    fn values(&mut self, stage: &Stage, role: &str, record: &Record) -> Result<Given, PromptError> {
        let earlier: Vec<&Answer> = record.stages.iter().flat_map(|stage| &stage.answers).collect();
        let joins = stage.kind == Kind::Synthesis;
        if joins && !earlier.is_empty() && !earlier.iter().any(|answer| answer.is_real()) {
            return Ok(Given::Skip(
                "no specialist answered, so there is nothing to join".to_owned(),
            ));
        }
        let mut values = values(self.analysis, role);
        if joins {
            // The engine's fence also keeps out what the specialists wrote.
            values.remove("fence");
        }
        Ok(Given::Values(values))
    }

    /// Later prompts and the report get the value alone, without prose around it and without control characters.
    fn finished(&mut self, _stage: &Stage, done: &mut StageRecord) {
        for answer in &mut done.answers {
            if let Some(value) = &mut answer.value {
                clean(value);
                answer.text = Some(value.to_string());
            }
        }
    }
}

/// A role that the program has no brief for reads the architect's.
fn values(analysis: &Analysis, role: &str) -> Values {
    let of = |name: &str| analysis.briefs.iter().find(|brief| brief.role == name);
    let empty = Brief {
        role: String::new(),
        facts: "{}".to_owned(),
        excerpts: Vec::new(),
    };
    let brief = of(base(role)).or_else(|| of("architect")).unwrap_or(&empty);
    let excerpts = brief.excerpts.iter().map(|excerpt| excerpt.text.as_str());
    let foreign: Vec<&str> = std::iter::once(brief.facts.as_str()).chain(excerpts).collect();
    Values::from_iter([
        ("facts".to_owned(), json!(brief.facts)),
        ("excerpts".to_owned(), json!(brief.excerpts)),
        ("fence".to_owned(), json!(prompt::fence(&foreign.join("\n")))),
    ])
}

/// The role with the project it works for.
pub fn labelled(role: &str, label: &str) -> String {
    format!("{role}.{label}")
}

fn base(role: &str) -> &str {
    role.split('.').next().unwrap_or(role)
}

/// Roles and the stages that make one call are known under their own names to events, routes and scripts.
fn rename(pattern: &mut Pattern, label: &str) {
    let renamed: Vec<String> = pattern
        .stages
        .iter()
        .filter(|stage| stage.kind == Kind::Synthesis)
        .map(|stage| stage.name.clone())
        .collect();
    let rename = |name: &mut String| {
        if renamed.contains(name) {
            *name = labelled(name, label);
        }
    };
    rename(&mut pattern.result);
    for stage in &mut pattern.stages {
        rename(&mut stage.name);
        stage.inputs.iter_mut().for_each(rename);
        for role in &mut stage.roles {
            role.name = labelled(&role.name, label);
        }
        let branches = stage.branches.iter_mut().map(|branch| &mut branch.to);
        for next in branches.chain(stage.next.as_mut()) {
            if let Next::Stage(name) = next {
                rename(name);
            }
        }
    }
}

fn key(role: &str, joins: bool) -> String {
    match role {
        "aggregator" => "aggregated_insights".to_owned(),
        role if joins => role.to_owned(),
        role => format!("{role}_analysis"),
    }
}

fn part(answer: Answer, stopped: Option<&str>) -> Result<Value, Why> {
    match (answer.value, answer.why) {
        (Some(value), _) => Ok(value),
        (None, Some(why)) => Err(why),
        (None, None) => Err(Why {
            kind: "nothing_to_join".to_owned(),
            message: stopped
                .unwrap_or("no specialist answered, so there was nothing to join")
                .to_owned(),
            status: None,
            body: None,
            headers: Vec::new(),
            attempts: 0,
        }),
    }
}

/// No control, direction or zero-width characters in what a model wrote.
fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = brief::printable(text),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => members.values_mut().for_each(clean),
        _ => {}
    }
}
