//! A producer asks one model for one batch of attributes at a time. Knows nothing of what the others found but what it is told.

use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::Instrument as _;
use tracing::field::Empty;

use super::dedup::{Bloom, mark};
use super::family::Family;
use super::list::listed;
use crate::clock::{self, Instant};
use crate::llm::{Class, Failed, Llm, Request, Schema, Target};
use crate::prompt::{self, PromptError, Prompts, Values};

/// What a producer asks next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// No two batches of an exploration have the same.
    pub id: u64,
    /// From 1.
    pub producer: usize,
    /// From 1.
    pub iteration: u64,
    pub family: Family,
    /// `provider:model`; none is the routing's choice.
    pub model: Option<String>,
    pub request_size: usize,
    pub topic: String,
    /// A sample of what is known, and how much that is.
    pub known: Vec<String>,
    pub n_known: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    pub assignment: u64,
    /// `provider:model` that answered, or was asked last.
    pub model: Option<String>,
    pub attributes: Vec<String>,
    /// Said before in the same words: left out by the filter.
    pub dropped: u64,
    pub millis: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: Option<f64>,
    pub cached: bool,
    pub error: Option<BatchError>,
}

/// Why there is no list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchError {
    pub message: String,
    pub cause: Cause,
}

/// What kind of failure it was: decides whether the exploration goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The reply, or the provider as it is configured.
    Unusable,
    /// The provider is exhausted for now.
    ForNow,
    /// The budget of the run allows no further call.
    Budget,
    /// The producer's process ends again and again; it is given up.
    Lost,
}

/// Wordings that were said before, shared by the producers of a process.
pub type Said = Arc<RwLock<Bloom>>;

/// What every producer of a process works with.
#[derive(Clone)]
pub struct Desk {
    pub llm: Arc<Llm>,
    pub prompts: Arc<Prompts>,
    pub max_output_tokens: u32,
    pub deadline: Option<Instant>,
    pub said: Said,
}

/// A list that was cut off is asked for once more, with room for so many times as much.
const LARGER: u32 = 4;

impl Desk {
    /// Wordings that are left out from here on.
    pub fn remember(&self, marks: impl IntoIterator<Item = u64>) {
        let mut said = self.said.write().unwrap_or_else(PoisonError::into_inner);
        marks.into_iter().for_each(|mark| said.insert(mark));
    }

    /// Asks, and asks once more when the list was cut off.
    pub async fn produce(&self, assignment: &Assignment) -> Batch {
        let span = tracing::debug_span!(
            "explore.batch",
            batch = assignment.id,
            producer = assignment.producer,
            iteration = assignment.iteration,
            family = assignment.family.word(),
            attributes = Empty,
            dropped = Empty,
            failure = Empty
        );
        let batch = self.produced(assignment).instrument(span.clone()).await;
        span.record("attributes", batch.attributes.len());
        span.record("dropped", batch.dropped);
        if let Some(error) = &batch.error {
            span.record("failure", error.message.as_str());
        }
        batch
    }

    async fn produced(&self, assignment: &Assignment) -> Batch {
        let started = clock::now();
        let mut batch = Batch {
            assignment: assignment.id,
            model: assignment.model.clone(),
            cost_usd: Some(0.0),
            ..Batch::default()
        };
        match self.request(assignment) {
            Ok(request) => self.ask(assignment, request, &mut batch).await,
            Err(error) => batch.error = Some(unusable(error.to_string())),
        }
        batch.millis = clock::millis_since(started);
        batch
    }

    async fn ask(&self, assignment: &Assignment, mut request: Request, batch: &mut Batch) {
        let target: Option<Target> = assignment.model.as_deref().and_then(|model| model.parse().ok());
        let targets = target.map(|target| self.llm.preferring(&target));
        let schema = request
            .schema
            .as_ref()
            .map_or(Value::Null, |schema| schema.value.clone());
        let mut used = 0;
        let mut larger = false;
        loop {
            let asked = self
                .llm
                .complete_with(&request, targets.as_deref(), self.deadline, used)
                .await;
            match asked {
                Ok(completion) => {
                    batch.model = Some(format!("{}:{}", completion.provider, completion.model));
                    batch.cached = completion.cached;
                    batch.took(
                        completion.usage.input_tokens,
                        completion.usage.output_tokens,
                        completion.cost_usd,
                    );
                    match listed(&completion.text, &schema) {
                        Ok(attributes) => self.keep_unsaid(attributes, batch),
                        Err(why) => batch.error = Some(unusable(why)),
                    }
                    return;
                }
                Err(failed) => {
                    batch.took(failed.usage.input_tokens, failed.usage.output_tokens, failed.cost_usd);
                    if failed.error.code.as_deref() == Some("truncated") && !larger {
                        larger = true;
                        used += failed.attempts.len();
                        request.max_output_tokens = request.max_output_tokens.saturating_mul(LARGER);
                        continue;
                    }
                    if !failed.error.provider.is_empty() {
                        batch.model = Some(format!("{}:{}", failed.error.provider, failed.error.model));
                    }
                    batch.error = Some(why(&failed));
                    return;
                }
            }
        }
    }

    fn keep_unsaid(&self, attributes: Vec<String>, batch: &mut Batch) {
        let said = self.said.read().unwrap_or_else(PoisonError::into_inner);
        let n_all = attributes.len();
        batch.attributes = attributes;
        batch.attributes.retain(|attribute| !said.may_hold(mark(attribute)));
        batch.dropped = (n_all - batch.attributes.len()) as u64;
    }

    fn request(&self, assignment: &Assignment) -> Result<Request, PromptError> {
        let schema = self.prompts.schema("explore/reply.schema.json")?;
        // Two producers with the same family, or one in its next iteration, begin elsewhere.
        let step = assignment.producer as u64 * 7 + assignment.iteration * 11;
        let letter = char::from(b'A' + (step % 26) as u8);
        let data = format!("{}\n{}", assignment.topic, assignment.known.join("\n"));
        let values = Values::from_iter([
            ("count".to_owned(), json!(assignment.request_size)),
            ("family".to_owned(), json!(assignment.family.word())),
            ("topic".to_owned(), json!(assignment.topic)),
            ("known".to_owned(), json!(assignment.known)),
            ("n_known".to_owned(), json!(assignment.n_known)),
            ("letter".to_owned(), json!(letter.to_string())),
            ("fence".to_owned(), json!(prompt::fence(&data))),
            ("schema".to_owned(), json!(prompt::compact(&schema))),
        ]);
        Ok(Request {
            role: role(assignment.producer),
            system: self.prompts.render("explore/system.md", &Values::new())?,
            prompt: self.prompts.render("explore/ask.md", &values)?,
            schema: Some(Schema {
                name: "attributes".to_owned(),
                value: schema,
            }),
            max_output_tokens: self.max_output_tokens,
            temperature: None,
        })
    }
}

/// Under which name a producer asks.
pub(super) fn role(producer: usize) -> String {
    format!("explore.p{producer}")
}

impl Batch {
    fn took(&mut self, input_tokens: u64, output_tokens: u64, cost_usd: Option<f64>) {
        self.input_tokens += input_tokens;
        self.output_tokens += output_tokens;
        self.cost_usd = self.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
    }
}

fn unusable(message: String) -> BatchError {
    BatchError {
        message,
        cause: Cause::Unusable,
    }
}

fn why(failed: &Failed) -> BatchError {
    BatchError {
        message: failed.error.to_string(),
        cause: match failed.error.class {
            Class::Budget => Cause::Budget,
            Class::Transient | Class::RateLimit | Class::Quota | Class::Deadline => Cause::ForNow,
            Class::Permanent | Class::Configuration | Class::Output => Cause::Unusable,
        },
    }
}
