//! A text written, reviewed and rewritten until it is good enough: what the loop's prompts hold, and how a text is scored. The loop
//! itself is the engine's.

mod criteria;
mod scorer;

pub use criteria::{Criterion, Words};
use scorer::rounded;
pub use scorer::{Mix, Scored, Scorer, Subject};

use serde_json::{Value, json};

use super::engine::{self, Domain, Ending, Engine, Given, Judged, Rating, Record, Review, Round, StageRecord};
use crate::prompt::{Choice, Kind, Pattern, PromptError, Stage, Values};

/// What is to be written, and when it is good enough.
#[derive(Debug, Clone)]
pub struct Task {
    pub question: String,
    /// What the text is for.
    pub goal: Option<String>,
    pub criteria: Vec<Criterion>,
    pub mix: Mix,
    /// The score, 0..1, from which on a text is approved.
    pub threshold: f64,
    /// Versions that are written and reviewed at most.
    pub iterations: u32,
    /// Registered names or `provider:model`; without any the flow chooses.
    pub reviewers: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Refined {
    pub record: Record,
    /// The best version; none when nothing was written.
    pub text: Option<String>,
    /// Its place among the rounds, from 0.
    pub best: usize,
    pub ending: Ending,
}

impl Refined {
    pub fn is_approved(&self) -> bool {
        self.text.is_some() && self.ending == Ending::Approved
    }

    /// The versions with their reviews, in order.
    pub fn rounds(&self) -> &[Round] {
        let last = self
            .record
            .stages
            .iter()
            .rfind(|stage| stage.kind == Some(Kind::Refine));
        last.map(|stage| stage.rounds.as_slice()).unwrap_or_default()
    }

    /// Score of the best version.
    pub fn score(&self) -> Option<f64> {
        self.rounds().get(self.best)?.score
    }

    /// Somebody reviewed a text of its own.
    pub fn is_self_reviewed(&self) -> bool {
        self.rounds()
            .iter()
            .any(|round| round.by_author && !round.reviews.is_empty())
    }

    /// What ended it early was a provider that is exhausted for now: the same command may get further later.
    pub fn is_for_now(&self) -> bool {
        if let Some(stopped) = &self.record.stopped {
            return stopped.for_now;
        }
        if !matches!(self.ending, Ending::NoReview | Ending::NoRewrite) {
            return false;
        }
        let loops = self
            .record
            .stages
            .iter()
            .filter(|stage| stage.kind == Some(Kind::Refine));
        let failures = loops
            .flat_map(|stage| &stage.judges)
            .filter_map(|answer| answer.why.as_ref());
        let mut kinds = failures.map(|why| why.kind.as_str()).peekable();
        kinds.peek().is_some() && kinds.all(|kind| ["quota", "rate_limit", "budget"].contains(&kind))
    }
}

/// A flow with the task's threshold, count and reviewers in its loop. The flow's own choice of models stays; where it names none,
/// the first model that does not only review writes, and the others stand by.
///
/// # Errors
/// A pattern without a loop is no flow.
pub fn configured(mut pattern: Pattern, task: &Task, models: &[engine::Registered]) -> Result<Pattern, PromptError> {
    let Some(index) = pattern.stages.iter().rposition(|stage| stage.kind == Kind::Refine) else {
        return Err(PromptError::Bad {
            name: pattern.file.clone(),
            why: "a flow of `refine` needs a stage of the kind `refine`".to_owned(),
        });
    };
    let writers = models.iter().map(|model| model.name.clone());
    let writers: Vec<String> = writers.filter(|name| !task.reviewers.contains(name)).collect();
    let first = pattern.stages[index].of.clone();
    for (place, stage) in pattern.stages.iter_mut().enumerate() {
        let writes = Some(&stage.name) == first.as_ref() && stage.kind == Kind::Synthesis;
        if writes && stage.models.is_none() && !writers.is_empty() {
            stage.models = Some(Choice::Named(writers.clone()));
        }
        if let (true, Some(refine)) = (place == index, &mut stage.refine) {
            refine.until = task.threshold;
            refine.at_most = task.iterations;
            if !task.reviewers.is_empty() {
                refine.reviewers = Some(Choice::Named(task.reviewers.clone()));
            }
        }
    }
    Ok(pattern)
}

/// Runs a flow that `configured` made.
///
/// # Errors
/// Only a prompt that cannot be filled; a call that fails is a value in the record.
pub async fn refine(engine: &Engine<'_>, flow: &Pattern, task: &Task) -> Result<Refined, PromptError> {
    let mut desk = Desk { task };
    let record = engine::run(engine, flow, &mut desk).await?;
    let done = record.stages.iter().rfind(|stage| stage.kind == Some(Kind::Refine));
    let answer = done.and_then(|stage| stage.answers.iter().find(|answer| answer.is_real()));
    Ok(Refined {
        text: answer
            .and_then(|answer| answer.text.as_deref())
            .map(|text| text.trim().to_owned()),
        best: done.and_then(|stage| stage.best).unwrap_or_default(),
        ending: done.and_then(|stage| stage.ending).unwrap_or(Ending::NoRewrite),
        record,
    })
}

struct Desk<'a> {
    task: &'a Task,
}

impl Domain for Desk<'_> {
    fn values(&mut self, _stage: &Stage, _role: &str, _record: &Record) -> Result<Given, PromptError> {
        let criteria: Vec<Value> = self.task.criteria.iter().map(Criterion::shown).collect();
        Ok(Given::Values(Values::from_iter([
            ("question".to_owned(), json!(self.task.question.trim())),
            (
                "goal".to_owned(),
                json!(self.task.goal.as_deref().unwrap_or_default().trim()),
            ),
            ("criteria".to_owned(), json!(criteria)),
        ])))
    }

    fn finished(&mut self, stage: &Stage, done: &mut StageRecord) {
        // Whatever else a flow does, a text is what the caller wants: an answer by a schema is its JSON.
        if stage.kind == Kind::Refine {
            for answer in &mut done.answers {
                if let (Some(value), None) = (&answer.value, &answer.text) {
                    answer.text = Some(value.to_string());
                }
            }
        }
    }

    fn wants_judges(&self, _stage: &Stage) -> bool {
        self.task.mix.wants_judges(&self.task.criteria)
    }

    fn review_schema(&self, _stage: &Stage, schema: Value) -> Value {
        criteria::with_criteria(schema, &self.task.criteria)
    }

    fn rate(&mut self, stage: &Stage, text: &str, judged: &[Judged<'_>]) -> Option<Rating> {
        let combine = stage.refine.as_ref().map(|refine| refine.combine).unwrap_or_default();
        let subject = Subject {
            text,
            question: &self.task.question,
            goal: self.task.goal.as_deref(),
            criteria: &self.task.criteria,
            judged,
            combine,
        };
        let (score, parts) = self.task.mix.score(&subject);
        let reviews = parts
            .iter()
            .filter(|(_, scored)| !scored.feedback.is_empty())
            .map(|(scorer, scored)| Review {
                stage: stage.name.clone(),
                judge: format!("scorer:{scorer}"),
                of: stage.name.clone(),
                score: scored.score,
                feedback: scored.feedback.clone(),
                suggestions: scored.suggestions.clone(),
            });
        Some(Rating {
            score,
            reviews: reviews.collect(),
            parts: parts
                .iter()
                .map(|(scorer, scored)| ((*scorer).to_owned(), rounded(scored.score)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests;
