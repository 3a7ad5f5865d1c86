//! Runs a pattern: stages in order, everything inside a stage at once. Values in, values out; what an answer means is the caller's.
//!
//! ```text
//! pattern ─► stage ─► seat (prompts) ─► fill ─► call (each until usable) ─► score ─► record ─► view ─► the next stage
//!              └ review, refine: stages about other stages' answers, read by verdict
//! ```

mod call;
mod correct;
mod fill;
mod logged;
mod models;
mod record;
mod refine;
mod review;
mod score;
mod seat;
mod session;
mod stage;
mod verdict;
mod view;

pub use call::Reply;
pub use logged::Logged;
pub use models::{Registered, Selected, Skipped, find, select};
pub use record::{Answer, Comparison, Ending, Record, Round, Scores, StageRecord, Stopped};
pub(super) use refine::combined;
pub use refine::{Judged, Rating};
pub use score::Standing;
pub use session::{Interaction, NoSession, Review, Session, StepKey, StoredReply};

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::{self, Instant};
use crate::event::{Event, Events};
use crate::llm::Llm;
use crate::prompt::{Next, OnFailure, Pattern, PromptError, Prompts, Stage, Values};

/// Everything that a pattern runs with.
pub struct Engine<'a> {
    pub llm: Arc<Llm>,
    pub prompts: &'a Prompts,
    pub events: Events,
    /// What stages may choose from.
    pub models: &'a [Registered],
    pub session: Arc<dyn Session>,
    pub options: Options,
    /// Decides labels and orders; equal seeds give equal prompts.
    pub seed: u64,
}

impl<'a> Engine<'a> {
    /// Without registered models and without a session log.
    pub fn new(llm: Arc<Llm>, prompts: &'a Prompts, options: Options, events: Events) -> Self {
        Self {
            llm,
            prompts,
            events,
            models: &[],
            session: Arc::new(NoSession),
            options,
            seed: 0,
        }
    }
}

/// Limits of one run of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Of one reply, where the pattern names no limit; a truncated reply is asked again with four times as much.
    pub max_output_tokens: u32,
    /// For all calls together.
    pub deadline: Duration,
    /// How often an answer that does not hold goes back, in place of what the pattern of the council says.
    pub rounds: Option<u32>,
}

/// What the caller knows and the engine does not: the values of inputs, and what answers mean.
pub trait Domain: Send {
    /// The caller's values for one prompt, or why it is not asked. Earlier stages and the engine's own values are added to them,
    /// and never replace them.
    ///
    /// # Errors
    /// Ends the pattern.
    fn values(&mut self, stage: &Stage, role: &str, record: &Record) -> Result<Given, PromptError>;

    /// A stage is finished; the caller may judge, change or drop its answers before anything is built on them.
    fn finished(&mut self, _stage: &Stage, _done: &mut StageRecord) {}

    /// The caller's review of an answer in a stage with corrections; none when the caller has no opinion.
    fn verdict(&mut self, _stage: &Stage, _answer: &Answer) -> Option<Verdict> {
        None
    }

    /// The answer with what a correction makes better in it.
    fn joined(&mut self, _stage: &Stage, _answer: &Answer, correction: &Value) -> Value {
        correction.clone()
    }

    /// The caller's own scores (0..1) of a text in a review or a refine loop, beside those of the judges.
    fn scores(&mut self, _stage: &Stage, _text: &str) -> Vec<Review> {
        Vec::new()
    }

    /// Whether a refine loop asks judges at all; without them the caller's scores decide alone.
    fn wants_judges(&self, _stage: &Stage) -> bool {
        true
    }

    /// The schema of a review in a refine loop, with what the caller wants to know beside the score.
    fn review_schema(&self, _stage: &Stage, schema: Value) -> Value {
        schema
    }

    /// The score of a text in a refine loop by the caller's own rule; without one, the judges' and the caller's scores together.
    fn rate(&mut self, _stage: &Stage, _text: &str, _judged: &[Judged<'_>]) -> Option<Rating> {
        None
    }
}

/// The answer to "what does this prompt get".
#[derive(Debug, Clone)]
pub enum Given {
    Values(Values),
    /// No call is made.
    Skip(String),
}

/// What the caller makes of an answer.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub review: Review,
    /// What the correction is about, as the prompt shows it.
    pub draft: String,
    /// What is wrong; none when nothing has to change.
    pub feedback: Option<Vec<String>>,
}

/// The same values for every prompt.
impl Domain for Values {
    fn values(&mut self, _stage: &Stage, _role: &str, _record: &Record) -> Result<Given, PromptError> {
        Ok(Given::Values(self.clone()))
    }
}

/// Runs a pattern to its end, or to the stage that ends it. A call that fails is a value in the record.
///
/// # Errors
/// Only a prompt that cannot be filled.
pub async fn run(engine: &Engine<'_>, pattern: &Pattern, domain: &mut dyn Domain) -> Result<Record, PromptError> {
    let started = clock::now();
    let mut record = Record {
        pattern: pattern.name.clone(),
        result: pattern.result.clone(),
        ..Record::default()
    };
    let mut next = Some(0);
    while let Some((index, stage)) = next.and_then(|index| Some((index, pattern.stages.get(index)?))) {
        let run = stage::Run {
            engine,
            pattern,
            stage,
            index,
            started,
            deadline: deadline(engine, pattern, index, started),
        };
        run.tell_started();
        let mut done = run.stage(domain, &record).await?;
        domain.finished(stage, &mut done);
        for answer in done.answers.iter_mut().filter(|answer| answer.why.is_some()) {
            call::forget(&engine.llm, answer.kept.drain(..));
        }
        run.tell_finished(&done);
        next = run.after(domain, &mut done, &mut record)?;
        record.stages.push(done);
    }
    record.wall_millis = clock::millis_since(started);
    let status = match (&record.stopped, record.is_degraded()) {
        (Some(_), _) => "failed",
        (None, true) => "degraded",
        (None, false) => "complete",
    };
    engine.session.finish(status);
    Ok(record)
}

/// Kinds of failure that may be gone later.
pub(super) const FOR_NOW: [&str; 3] = ["quota", "rate_limit", "budget"];

/// A share of the time, a fifth and at most a minute, is divided among the stages still to come.
fn deadline(engine: &Engine<'_>, pattern: &Pattern, index: usize, started: Instant) -> Instant {
    let all = engine.options.deadline;
    let later = pattern.stages.len() - 1 - index;
    let others = (pattern.stages.len() - 1).max(1);
    let reserve = (all / 5).min(Duration::from_secs(60));
    let reserve = reserve.mul_f64(later as f64 / others as f64);
    started + all - reserve
}

impl stage::Run<'_> {
    fn fraction(&self, done: f64) -> f64 {
        let fraction = (self.index as f64 + done) / self.pattern.stages.len() as f64;
        (fraction * 1000.0).round() / 1000.0
    }

    fn tell_started(&self) {
        self.engine.events.say(Event::StageStarted {
            pattern: self.pattern.name.clone(),
            stage: self.stage.name.clone(),
            fraction: self.fraction(0.0),
            message: self.stage.title.clone(),
            millis: clock::millis_since(self.started),
            details: json!({"kind": self.stage.kind.word(), "inputs": self.stage.inputs, "of": self.stage.of}),
        });
    }

    fn tell_finished(&self, done: &StageRecord) {
        let n_real = done.answers.iter().filter(|answer| answer.is_real()).count();
        self.engine.events.say(Event::StageFinished {
            pattern: self.pattern.name.clone(),
            stage: self.stage.name.clone(),
            fraction: self.fraction(1.0),
            message: format!("{n_real} of {} answers", done.answers.len()),
            millis: clock::millis_since(self.started),
            details: json!({
                "answers": n_real, "score": done.scores.score, "confidence": done.scores.confidence,
                "agreement": done.scores.agreement,
                "missing": done.answers.iter().filter(|answer| answer.why.is_some()).map(|answer| &answer.name).collect::<Vec<_>>(),
                "skipped": done.skipped,
            }),
        });
    }

    /// Where to go on: by failure, by branch, or to the next stage.
    fn after(
        &self,
        domain: &mut dyn Domain,
        done: &mut StageRecord,
        record: &mut Record,
    ) -> Result<Option<usize>, PromptError> {
        if let Some(stopped) = self.stops(done) {
            record.stopped = Some(stopped);
            return Ok(None);
        }
        let n_real = done.answers.iter().filter(|answer| answer.is_real()).count();
        if n_real < self.stage.minimum {
            match &self.stage.on_failure {
                OnFailure::Stop => {
                    record.stopped = Some(self.stopped(done, n_real));
                    return Ok(None);
                }
                OnFailure::Skip => done.fell_back = true,
                OnFailure::Stage(name) => {
                    done.fell_back = true;
                    return Ok(self.pattern.index(name));
                }
                OnFailure::Template(template) => {
                    done.fell_back = true;
                    let stand_in = self.stand_in(domain, template, record)?;
                    done.answers.extend(stand_in);
                }
            }
        }
        let taken = self.stage.branches.iter().find(|branch| {
            let score = done.scores.get(branch.score);
            score.is_some_and(|score| branch.bound.holds(score))
        });
        let to = taken.map(|branch| &branch.to).or(self.stage.next.as_ref());
        Ok(match to {
            None => Some(self.index + 1),
            Some(Next::End) => None,
            Some(Next::Stage(name)) => self.pattern.index(name),
        })
    }

    fn stopped(&self, done: &StageRecord, n_real: usize) -> Stopped {
        let mut because = format!(
            "the stage `{}` needs {} answers and got {n_real}",
            self.stage.name, self.stage.minimum
        );
        let failed = done.answers.iter().filter_map(|answer| {
            let why = answer.why.as_ref()?;
            Some(format!("{}: {}", answer.name, why.message))
        });
        let skipped = done
            .skipped
            .iter()
            .map(|skipped| format!("{}: {}", skipped.model, skipped.why));
        let reasons: Vec<String> = failed.chain(skipped).collect();
        if !reasons.is_empty() {
            because = format!("{because}: {}", reasons.join("; "));
        }
        let mut failures = done.answers.iter().filter_map(|answer| answer.why.as_ref()).peekable();
        Stopped {
            stage: self.stage.name.clone(),
            because,
            for_now: failures.peek().is_some() && failures.all(|why| FOR_NOW.contains(&why.kind.as_str())),
        }
    }
}

#[cfg(test)]
mod tests;
