//! What a run of a pattern leaves behind, and what it finds of an earlier try: the interface that a session log implements.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::insight::CallRecord;
use crate::llm::{Request, Target};

/// Remembers the steps of a run. Every method returns at once and never fails a run: a broken log is the log's own matter.
pub trait Session: Send + Sync {
    /// The reply to this step from an earlier try, so that nobody pays for it twice.
    fn answered(&self, _step: &StepKey) -> Option<StoredReply> {
        None
    }

    /// Keeps a usable reply before anything is built on it.
    fn keep(&self, _step: &StepKey, _reply: &StoredReply) {}

    /// One answered or failed call.
    fn interaction(&self, _interaction: &Interaction<'_>) {}

    /// One judgement of one answer.
    fn review(&self, _review: &Review) {}

    /// `complete`, `degraded` or `failed`.
    fn finish(&self, _status: &str) {}
}

/// Nothing is remembered.
#[derive(Debug, Default)]
pub struct NoSession;

impl Session for NoSession {}

/// `stage/role/model/sha256 of the rendered request`: equal steps of two tries have equal keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StepKey(String);

impl StepKey {
    /// `targets` are the models that the request is meant for; without any, the run's routing.
    pub fn of(stage: &str, request: &Request, targets: Option<&[Target]>) -> Self {
        let models: Vec<String> = targets.unwrap_or_default().iter().map(ToString::to_string).collect();
        let models = if models.is_empty() {
            "routed".to_owned()
        } else {
            models.join(",")
        };
        let schema = request.schema.as_ref().map(|schema| schema.value.to_string());
        let mut hash = Sha256::new();
        for part in [
            request.system.as_str(),
            request.prompt.as_str(),
            schema.as_deref().unwrap_or_default(),
            &request.max_output_tokens.to_string(),
            &request.temperature.map(|number| number.to_string()).unwrap_or_default(),
        ] {
            hash.update(part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{stage}/{}/{models}/{digest}", request.role))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A usable reply, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredReply {
    pub text: String,
    /// The value that was read from the text, when a schema asked for one.
    pub value: Option<Value>,
    pub call: CallRecord,
}

/// One call of a stage.
#[derive(Debug)]
pub struct Interaction<'a> {
    pub pattern: &'a str,
    pub stage: &'a str,
    pub request: &'a Request,
    pub reply: Option<&'a StoredReply>,
    pub call: &'a CallRecord,
    /// It was taken from an earlier try.
    pub resumed: bool,
}

/// A judgement by one judge of one answer. Scores are 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    pub stage: String,
    /// Who judged: a model's name or a role.
    pub judge: String,
    /// Whose answer: the name in the reviewed stage.
    pub of: String,
    pub score: f64,
    pub feedback: String,
    #[serde(default)]
    pub suggestions: Vec<String>,
}
