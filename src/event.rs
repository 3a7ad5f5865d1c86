//! Everything that happens, as one closed enum, and the handle that says it. Knows nothing of who listens.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// One thing that happened. The same objects go to the terminal, `events.jsonl` and later the web.
///
/// `role` is a specialist's key or `coordinator`; times are milliseconds, costs US dollars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum Event {
    #[serde(rename = "run.started")]
    RunStarted {
        run_hash: String,
        date_start: String,
        date_end: String,
    },
    #[serde(rename = "data.read")]
    DataRead {
        source: String,
        rows: u64,
        bad_rows: u64,
        users: Option<u64>,
        millis: u64,
    },
    /// Queries were answered elsewhere than in this process.
    #[serde(rename = "data.queried")]
    DataQueried { engine: String, queries: u64 },
    #[serde(rename = "data.mapped")]
    DataMapped {
        role: String,
        column: String,
        reason: String,
    },
    #[serde(rename = "warning")]
    Warning { message: String },
    #[serde(rename = "plan")]
    Plan {
        calls: usize,
        estimated_input_tokens: u64,
        models: Vec<String>,
        hosts: Vec<String>,
    },
    #[serde(rename = "call.queued")]
    CallQueued { role: String, model: String },
    #[serde(rename = "call.waiting")]
    CallWaiting { role: String, millis: u64, because: String },
    #[serde(rename = "call.attempt")]
    CallAttempt {
        role: String,
        model: String,
        attempt: u32,
        attempts: u32,
    },
    /// Of a streamed reply, of the answer or of reasoning; the time since it was asked for.
    #[serde(rename = "call.first_token")]
    CallFirstToken { role: String, model: String, millis: u64 },
    /// How far a streamed reply is, a few times a second: for whoever looks now, never for a file.
    #[serde(rename = "call.tokens")]
    CallTokens { role: String, model: String, tokens: u64 },
    #[serde(rename = "call.retry")]
    CallRetry {
        role: String,
        model: String,
        attempt: u32,
        wait_millis: u64,
        because: String,
        /// `transient`, `rate_limit`, `output` …
        #[serde(default)]
        class: String,
    },
    #[serde(rename = "call.reasked")]
    CallReasked { role: String, because: String },
    #[serde(rename = "call.succeeded")]
    CallSucceeded {
        role: String,
        model: String,
        millis: u64,
        input_tokens: u64,
        output_tokens: u64,
        cost_usd: Option<f64>,
        cached: bool,
    },
    #[serde(rename = "call.failed")]
    CallFailed {
        role: String,
        model: String,
        attempts: u32,
        because: String,
    },
    #[serde(rename = "specialist.finished")]
    SpecialistFinished {
        role: String,
        findings: usize,
        rejected: usize,
    },
    #[serde(rename = "specialist.missing")]
    SpecialistMissing { role: String, why: String },
    #[serde(rename = "question.asked")]
    QuestionAsked {
        run_hash: String,
        pattern: String,
        models: Vec<String>,
    },
    /// A step of a pattern begins. `fraction` (0..1) is of the whole pattern, `millis` since it began.
    #[serde(rename = "stage.started")]
    StageStarted {
        pattern: String,
        stage: String,
        fraction: f64,
        message: String,
        millis: u64,
        details: serde_json::Value,
    },
    #[serde(rename = "stage.progress")]
    StageProgress {
        pattern: String,
        stage: String,
        fraction: f64,
        message: String,
        millis: u64,
        details: serde_json::Value,
    },
    #[serde(rename = "stage.finished")]
    StageFinished {
        pattern: String,
        stage: String,
        fraction: f64,
        message: String,
        millis: u64,
        details: serde_json::Value,
    },
    /// A model that a stage asked for and that is not asked.
    #[serde(rename = "model.skipped")]
    ModelSkipped { stage: String, model: String, why: String },
    /// The static part of a scan is done.
    #[serde(rename = "project.read")]
    ProjectRead {
        project: String,
        files: u64,
        lines_of_code: u64,
        secrets: usize,
        /// No file had been touched since the last scan.
        unchanged: bool,
        millis: u64,
    },
    /// `complete`, `degraded`, `static` or `failed`.
    #[serde(rename = "project.finished")]
    ProjectFinished {
        project: String,
        status: String,
        report: String,
        millis: u64,
    },
    /// An exploration begins, or goes on: `unique` and `received` are what an earlier process left.
    #[serde(rename = "explore.started")]
    ExploreStarted {
        topic: String,
        /// The folder of its files.
        output: String,
        producers: usize,
        models: Vec<String>,
        optimizer: String,
        /// How many batches each producer asks for at most.
        iterations: Option<u64>,
        target: Option<u64>,
        max_cost_usd: Option<f64>,
        unique: u64,
        received: u64,
    },
    /// What a producer asks next, and why just that.
    #[serde(rename = "explore.choice")]
    ExploreChoice {
        producer: usize,
        iteration: u64,
        /// None leaves the choice to the routing.
        model: Option<String>,
        family: String,
        why: String,
    },
    /// One reply, held against everything known. `received` is `unique + repeated + near`.
    #[serde(rename = "explore.batch")]
    ExploreBatch {
        producer: usize,
        iteration: u64,
        model: Option<String>,
        family: String,
        received: u64,
        unique: u64,
        /// Known but for case, punctuation, articles and plurals.
        repeated: u64,
        /// Merged for their likeness or their meaning.
        near: u64,
        /// Unique attributes so far, of all producers.
        total: u64,
        millis: u64,
        cost_usd: Option<f64>,
        /// Why there is no usable reply.
        error: Option<String>,
    },
    /// A few times a second at most.
    #[serde(rename = "explore.progress")]
    ExploreProgress {
        unique: u64,
        received: u64,
        batches: u64,
        millis: u64,
        /// Unique attributes per minute.
        uam: f64,
        cost_usd: Option<f64>,
        /// The share of new ones among what the last batches brought, once there were enough of them.
        recent_yield: Option<f64>,
        /// The latest iterations, the oldest first.
        iterations: Vec<IterationYield>,
    },
    /// A process of its own asks for this producer from here on; `restarts` is how often that was so before.
    #[serde(rename = "explore.producer_started")]
    ExploreProducerStarted { producer: usize, pid: u32, restarts: u32 },
    /// The process of a producer ended and is started again, or no more. `restarts` counts those without a batch between them.
    #[serde(rename = "explore.producer_lost")]
    ExploreProducerLost {
        producer: usize,
        why: String,
        restarts: u32,
        given_up: bool,
    },
    /// `why`: `iterations`, `target`, `budget`, `diminishing`, `deadline`, `stopped` or `failing`.
    #[serde(rename = "explore.finished")]
    ExploreFinished {
        why: String,
        /// The same in a sentence.
        detail: String,
        unique: u64,
        received: u64,
        batches: u64,
        millis: u64,
        uam: f64,
        cost_usd: Option<f64>,
        /// The folder of its files.
        output: String,
    },
    #[serde(rename = "interrupted")]
    Interrupted { signal: String },
    #[serde(rename = "run.finished")]
    RunFinished {
        status: String,
        report: String,
        millis: u64,
        /// Sent to a provider; kept replies are none.
        requests: u64,
        tokens: u64,
        cost_usd: Option<f64>,
    },
    /// A second model is asked beside the first, near the deadline.
    #[serde(rename = "call.hedged")]
    CallHedged {
        role: String,
        model: String,
        after_millis: u64,
    },
}

impl Event {
    /// Said so often that only a person who watches has use for it.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::CallTokens { .. })
    }
}

/// What all producers together brought in one iteration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IterationYield {
    pub iteration: u64,
    pub received: u64,
    pub unique: u64,
}

type Listener = dyn Fn(Event) + Send + Sync;

/// The handle through which `flow` and `llm` say what happened. Cheap to clone; a listener must not block.
#[derive(Clone)]
pub struct Events {
    /// None: nobody listens.
    listener: Option<Arc<Listener>>,
}

impl Events {
    pub fn new(listener: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self {
            listener: Some(Arc::new(listener)),
        }
    }

    /// Nobody listens.
    pub fn silent() -> Self {
        Self { listener: None }
    }

    pub fn say(&self, event: Event) {
        self.say_with(|| event);
    }

    /// For what every call says: nothing is made when nobody listens.
    pub fn say_with(&self, event: impl FnOnce() -> Event) {
        if let Some(listener) = &self.listener {
            listener(event());
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Events")
    }
}
