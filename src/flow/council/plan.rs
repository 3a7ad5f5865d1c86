//! What a council would ask, without asking.

use crate::evidence::Evidence;
use crate::llm::{Llm, PlannedAttempt};
use crate::prompt::{self, COUNCIL, Check, Kind, Prompt, PromptError, Prompts, Stage, Values};

use super::coordinator;
use super::{gap_text, joining};
use crate::flow::Options;

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

/// The prompts and estimates of a run; the coordinator's prompt is estimated without findings. A stage that a user's pattern adds
/// and that needs answers is left out: nobody knows yet what it is asked.
///
/// # Errors
/// A prompt that cannot be filled.
pub fn plan(llm: &Llm, prompts: &Prompts, evidence: &[Evidence], options: &Options) -> Result<Plan, PromptError> {
    let pattern = prompts.pattern(COUNCIL)?;
    let mut calls = Vec::new();
    for stage in &pattern.stages {
        for role in stage.roles.iter().filter(|_| stage.check == Check::Findings) {
            let Some(facts) = evidence.iter().find(|facts| facts.analyst.key() == role.name) else {
                continue;
            };
            let schema = role.schema.as_deref().or(stage.schema.as_deref());
            let values = prompt::specialist_values(facts);
            let system = role.system.as_deref();
            let prompt = filled(prompts, stage, &role.name, &role.template, system, schema, values)?;
            let skipped = facts.is_empty().then(|| gap_text(facts));
            calls.push(planned(llm, &role.name, prompt, skipped, 0, options));
        }
        if let (Kind::Synthesis, Check::Coordination, Some(first), Some(template)) =
            (stage.kind, stage.check, joining(evidence), stage.template.as_deref())
        {
            let values = coordinator::brief(first, &[], &[], &[]);
            let prompt = filled(
                prompts,
                stage,
                &stage.name,
                template,
                None,
                stage.schema.as_deref(),
                values,
            )?;
            let n_speaking = calls
                .iter()
                .filter(|call: &&PlannedCall| call.skipped.is_none())
                .count() as u64;
            calls.push(planned(
                llm,
                &stage.name,
                prompt,
                None,
                n_speaking * FINDING_TOKENS,
                options,
            ));
        }
    }
    Ok(Plan { calls })
}

pub(in crate::flow) fn filled(
    prompts: &Prompts,
    stage: &Stage,
    role: &str,
    template: &str,
    system: Option<&str>,
    schema: Option<&str>,
    mut values: Values,
) -> Result<Prompt, PromptError> {
    let schema = schema.map(|name| prompts.schema(name)).transpose()?;
    for (name, value) in [
        ("schema", schema.as_ref().map(prompt::compact).unwrap_or_default()),
        ("pattern", COUNCIL.to_owned()),
        ("stage", stage.name.clone()),
        ("role", role.to_owned()),
    ] {
        values.insert(name.to_owned(), value.into());
    }
    for input in &stage.inputs {
        if !values.contains_key(input) {
            values.insert(input.clone(), serde_json::json!({"answers": []}));
        }
    }
    let system = system.or(stage.system.as_deref());
    Ok(Prompt {
        system: system
            .map(|system| prompts.render(system, &values))
            .transpose()?
            .unwrap_or_default(),
        user: prompts.render(template, &values)?,
        schema_name: format!("{COUNCIL}_{role}"),
        schema,
    })
}

/// Five findings of about 40 tokens from each specialist.
const FINDING_TOKENS: u64 = 200;

pub(in crate::flow) fn planned(
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
