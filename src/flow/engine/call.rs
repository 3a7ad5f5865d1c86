//! One question until its reply is usable: a larger limit for a truncated reply, one re-ask with the faults for an invalid one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::session::{Interaction, Session, StepKey, StoredReply};
use crate::clock::{self, Instant};
use crate::event::{Event, Events};
use crate::insight::{CallRecord, Why};
use crate::llm::{Class, Completion, Failed, Llm, Request, Schema, Target};
use crate::prompt::{self, Prompt};
use crate::reply;

/// What every call of a stage shares.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) llm: Arc<Llm>,
    pub(super) events: Events,
    pub(super) session: Arc<dyn Session>,
    pub(super) pattern: String,
    pub(super) stage: String,
    /// When the pattern began.
    pub(super) started: Instant,
    pub(super) deadline: Instant,
}

/// Judges a reply that fits its schema; each text is a fault that the model is told in the re-ask.
pub(super) type Judge = Arc<dyn Fn(&Value) -> Vec<String> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Question {
    /// For events, the mock's script and the store.
    pub(super) role: String,
    pub(super) prompt: Prompt,
    /// These models in order; without any, the role's routing.
    pub(super) targets: Option<Vec<Target>>,
    pub(super) max_output_tokens: u32,
    pub(super) temperature: Option<f64>,
    pub(super) judge: Option<Judge>,
}

/// A usable reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub text: String,
    /// What was read from the text, when a schema asked for it.
    pub value: Option<Value>,
}

/// A usable reply, or why there is none; in both cases what it took.
pub(super) struct Answered {
    pub(super) reply: Result<Reply, Why>,
    pub(super) call: CallRecord,
    /// Under which keys the replies are kept; whoever judges one useless has them forgotten.
    pub(super) kept: Vec<String>,
}

/// A reasoning model may spend its whole budget thinking; four times as much is what helps.
const LARGER: u32 = 4;

pub(super) async fn ask(desk: &Desk, question: Question) -> Answered {
    let first = Request {
        role: question.role.clone(),
        system: question.prompt.system.clone(),
        prompt: question.prompt.user.clone(),
        schema: question.prompt.schema.clone().map(|value| Schema {
            name: question.prompt.schema_name.clone(),
            value,
        }),
        max_output_tokens: question.max_output_tokens,
        temperature: question.temperature,
    };
    let step = StepKey::of(&desk.stage, &first, question.targets.as_deref());
    let earlier = desk.session.answered(&step);
    let resumed = earlier.is_some();
    let answered = match earlier {
        Some(stored) => taken_up(stored, desk),
        None => until_usable(desk, &question, first.clone()).await,
    };
    let stored = answered.reply.as_ref().ok().map(|reply| StoredReply {
        text: reply.text.clone(),
        value: reply.value.clone(),
        call: answered.call.clone(),
    });
    if let Some(stored) = stored.as_ref().filter(|_| !resumed) {
        desk.session.keep(&step, stored);
    }
    desk.session.interaction(&Interaction {
        pattern: &desk.pattern,
        stage: &desk.stage,
        request: &first,
        reply: stored.as_ref(),
        call: &answered.call,
        resumed,
    });
    answered
}

/// A reply of an earlier try: paid for then, free now.
fn taken_up(stored: StoredReply, desk: &Desk) -> Answered {
    Answered {
        reply: Ok(Reply {
            text: stored.text,
            value: stored.value,
        }),
        call: CallRecord {
            attempts: 0,
            reasks: 0,
            input_tokens: 0,
            output_tokens: 0,
            cost_usd: Some(0.0),
            cached: true,
            started_millis: clock::millis_since(desk.started),
            latency_millis: 0,
            provider_wait_millis: 0,
            limiter_wait_millis: 0,
            retry_wait_millis: 0,
            ..stored.call
        },
        kept: Vec::new(),
    }
}

async fn until_usable(desk: &Desk, question: &Question, mut request: Request) -> Answered {
    let mut call = CallRecord {
        role: request.role.clone(),
        started_millis: clock::millis_since(desk.started),
        cost_usd: Some(0.0),
        ..CallRecord::default()
    };
    let begun = clock::now();
    let mut kept = Vec::new();
    let mut sent = 0;
    let deadline = Some(desk.deadline);
    let reply = loop {
        let targets = question.targets.as_deref();
        let completed = desk.llm.complete_with(&request, targets, deadline, sent).await;
        sent += completed
            .as_ref()
            .map_or_else(|failed| failed.attempts.len(), |completion| completion.attempts.len());
        let fault = match completed {
            Ok(completion) => {
                note_completion(&mut call, &completion);
                kept.extend(completion.cache_key.clone());
                match read(&completion.text, question, &mut call) {
                    Ok(reply) => break Ok(reply),
                    Err(fault) => fault,
                }
            }
            Err(failed) => {
                note_failure(&mut call, &failed);
                match truncation(&failed) {
                    Some(fault) => fault,
                    None => break Err(why(&failed, call.attempts)),
                }
            }
        };
        if call.reasks > 0 {
            break Err(fault.into_why(call.attempts));
        }
        call.reasks += 1;
        let larger = question.max_output_tokens.saturating_mul(LARGER);
        desk.events.say(Event::CallReasked {
            role: request.role.clone(),
            because: fault.summary(larger),
        });
        match &fault {
            Fault::Truncated(_) => request.max_output_tokens = larger,
            Fault::Invalid(faults) => request.prompt = prompt::reask(&question.prompt.user, faults),
        }
    };
    // An invalid reply that a re-ask made good is kept with it, so that an unchanged run asks for neither again.
    if reply.is_err() {
        forget(&desk.llm, kept.drain(..));
    }
    call.latency_millis = clock::millis_since(begun);
    call.status = if reply.is_ok() { "success" } else { "error" }.to_owned();
    call.error = reply.as_ref().err().cloned();
    Answered { reply, call, kept }
}

/// The next run asks for these replies again.
pub(super) fn forget(llm: &Llm, kept: impl IntoIterator<Item = String>) {
    for key in kept {
        llm.forget(&key);
    }
}

enum Fault {
    /// Cut off by the token limit, in the call layer's words: never repaired.
    Truncated(String),
    Invalid(Vec<String>),
}

impl Fault {
    fn summary(&self, larger: u32) -> String {
        match self {
            Self::Truncated(how) => format!("{how}; asking again, once, with up to {larger} tokens"),
            Self::Invalid(faults) => format!(
                "the reply does not fit its schema: {}",
                faults.first().map_or("", String::as_str)
            ),
        }
    }

    fn into_why(self, attempts: u32) -> Why {
        let message = match self {
            Self::Truncated(how) => format!("{how}, twice; raise `--max-output-tokens`"),
            Self::Invalid(faults) => format!("no valid reply after one re-ask: {}", faults.join("; ")),
        };
        Why {
            kind: "invalid_reply".to_owned(),
            message,
            status: None,
            body: None,
            headers: Vec::new(),
            attempts,
        }
    }
}

fn read(text: &str, question: &Question, call: &mut CallRecord) -> Result<Reply, Fault> {
    let Some(schema) = &question.prompt.schema else {
        return match text.trim() {
            "" => Err(Fault::Invalid(vec!["the reply is empty".to_owned()])),
            text => Ok(Reply {
                text: text.to_owned(),
                value: None,
            }),
        };
    };
    let picked = reply::read(text, schema)
        .map_err(|rejected| Fault::Invalid(vec![format!("there is no JSON object in the reply: {rejected}")]))?;
    if picked.extracted.truncated {
        return Err(Fault::Truncated("the JSON of the reply has no end".to_owned()));
    }
    call.repairs
        .extend(picked.extracted.repair_names().into_iter().map(str::to_owned));
    let mut faults: Vec<String> = picked.faults.iter().map(ToString::to_string).collect();
    let value: Value = picked.extracted.value.into();
    if faults.is_empty()
        && let Some(judge) = &question.judge
    {
        faults.extend(judge(&value));
    }
    if faults.is_empty() {
        Ok(Reply {
            text: text.to_owned(),
            value: Some(value),
        })
    } else {
        Err(Fault::Invalid(faults))
    }
}

fn truncation(failed: &Failed) -> Option<Fault> {
    let truncated = failed.error.class == Class::Output && failed.error.code.as_deref() == Some("truncated");
    truncated.then(|| Fault::Truncated(failed.error.message.clone()))
}

fn note_completion(call: &mut CallRecord, completion: &Completion) {
    call.provider = Some(completion.provider.clone());
    call.model = Some(completion.model.clone());
    call.answered_model.clone_from(&completion.answered_model);
    call.cached = completion.cached;
    call.time_to_first_token_millis = completion.first_token.map(millis);
    call.hedged |= completion.hedged;
    call.attempts += completion.attempts.len().max(1) as u32;
    note_attempts(call, &completion.attempts);
    note_cost(call, completion.usage, completion.cost_usd);
    note_waits(
        call,
        completion.provider_wait,
        completion.limiter_wait,
        completion.retry_wait,
    );
}

fn note_failure(call: &mut CallRecord, failed: &Failed) {
    call.hedged |= failed.hedged;
    call.provider = Some(failed.error.provider.clone());
    call.model = Some(failed.error.model.clone());
    call.attempts += failed.attempts.len() as u32;
    note_attempts(call, &failed.attempts);
    note_cost(call, failed.usage, failed.cost_usd);
    note_waits(call, failed.provider_wait, failed.limiter_wait, failed.retry_wait);
}

fn note_attempts(call: &mut CallRecord, attempts: &[crate::llm::Attempt]) {
    call.failures.extend(
        attempts
            .iter()
            .filter_map(|attempt| attempt.error.as_ref())
            .map(ToString::to_string),
    );
}

fn note_cost(call: &mut CallRecord, usage: crate::llm::Usage, cost_usd: Option<f64>) {
    call.input_tokens += usage.input_tokens;
    call.output_tokens += usage.output_tokens;
    call.tokens_estimated |= usage.estimated;
    // One unknown cost makes the sum unknown.
    call.cost_usd = call.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
}

fn note_waits(call: &mut CallRecord, provider: Duration, limiter: Duration, retry: Duration) {
    call.provider_wait_millis += millis(provider);
    call.limiter_wait_millis += millis(limiter);
    call.retry_wait_millis += millis(retry);
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

fn why(failed: &Failed, attempts: u32) -> Why {
    let error = &failed.error;
    Why {
        kind: error.class.word().to_owned(),
        message: error.to_string(),
        status: error.status,
        body: (!error.body.is_empty()).then(|| error.body.clone()),
        headers: error.headers.clone(),
        attempts,
    }
}
