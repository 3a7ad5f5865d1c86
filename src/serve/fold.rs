//! What the events of a run add up to: how far it is, what each of its calls did, what it cost. Events in, values out.

mod exploration;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) use exploration::Exploration;

use crate::event::Event;

/// Calls of a run that are told one by one; a run that has more is summed up only.
const MOST_LANES: usize = 200;
/// Attempts of one lane that are listed.
const MOST_ATTEMPTS: usize = 50;
/// Warnings that are kept, the latest ones.
const MOST_WARNINGS: usize = 50;

/// One line of `events.jsonl`.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) seq: u64,
    #[serde(default)]
    pub(super) time: String,
    #[serde(flatten)]
    pub(super) event: Event,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    #[default]
    Council,
    Ask,
    Scan,
    Explore,
}

/// A run so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Fold {
    pub(super) kind: Kind,
    /// A topic or a pattern, where there is one.
    pub(super) title: Option<String>,
    pub(super) date_start: Option<String>,
    pub(super) date_end: Option<String>,
    /// RFC 3339, as is the next: of the first and of the last event.
    pub(super) started: String,
    pub(super) latest: String,
    pub(super) seq: u64,
    /// How it ended, by its own word.
    pub(super) ended: Option<String>,
    pub(super) millis: Option<u64>,
    pub(super) data_millis: Option<u64>,
    pub(super) rows: Option<u64>,
    pub(super) planned: Option<usize>,
    pub(super) requests: u64,
    pub(super) succeeded: u64,
    pub(super) failed: u64,
    pub(super) tokens: u64,
    /// US dollars; none when the price of something is unknown.
    pub(super) cost_usd: Option<f64>,
    pub(super) kept_replies: u64,
    /// By the class of the failure.
    pub(super) retries: BTreeMap<String, u64>,
    /// Waits before a call, for room under a limit or for a breaker.
    pub(super) waits: u64,
    pub(super) wait_millis: u64,
    pub(super) findings: usize,
    pub(super) missing: usize,
    pub(super) lanes: Vec<Lane>,
    pub(super) more_lanes: u64,
    pub(super) warnings: Vec<String>,
    pub(super) exploration: Option<Exploration>,
}

/// Everything that one role asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Lane {
    pub(super) role: String,
    pub(super) model: String,
    pub(super) state: LaneState,
    /// RFC 3339.
    pub(super) began: String,
    pub(super) millis: u64,
    pub(super) calls: u64,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
    pub(super) cost_usd: Option<f64>,
    pub(super) cached: bool,
    pub(super) reasked: Vec<String>,
    pub(super) findings: Option<usize>,
    pub(super) rejected: Option<usize>,
    pub(super) why: Option<String>,
    pub(super) attempts: Vec<Attempt>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LaneState {
    #[default]
    Queued,
    Waiting,
    Asked,
    Backoff,
    Answered,
    Failed,
}

/// One exchange with a provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Attempt {
    pub(super) model: String,
    /// RFC 3339, as is the next.
    pub(super) began: String,
    pub(super) ended: Option<String>,
    pub(super) first_token_millis: Option<u64>,
    /// `ok`, or the class of its failure.
    pub(super) outcome: Option<String>,
    pub(super) because: Option<String>,
    /// How long the next one waits.
    pub(super) wait_millis: Option<u64>,
}

impl Fold {
    pub(super) fn add(&mut self, line: Line) {
        if self.seq == 0 {
            self.started.clone_from(&line.time);
            self.cost_usd = Some(0.0);
        }
        self.seq = line.seq;
        self.latest.clone_from(&line.time);
        self.take(line.event, &line.time);
    }

    fn take(&mut self, event: Event, time: &str) {
        match event {
            Event::RunStarted {
                date_start, date_end, ..
            } => {
                (self.date_start, self.date_end) = (Some(date_start), Some(date_end));
            }
            Event::QuestionAsked { pattern, .. } => (self.kind, self.title) = (Kind::Ask, Some(pattern)),
            Event::ProjectRead { project, .. } => (self.kind, self.title) = (Kind::Scan, Some(project)),
            Event::DataRead { rows, millis, .. } => (self.rows, self.data_millis) = (Some(rows), Some(millis)),
            Event::Plan { calls, .. } => self.planned = Some(calls),
            Event::Warning { message } => self.warn(message),
            Event::ModelSkipped { model, why, .. } => self.warn(format!("{model} is not asked: {why}")),
            Event::Interrupted { .. } => self.ended = Some("interrupted".to_owned()),
            Event::ProjectFinished { status, millis, .. } => (self.ended, self.millis) = (Some(status), Some(millis)),
            Event::RunFinished {
                status,
                millis,
                requests,
                tokens,
                cost_usd,
                ..
            } => {
                (self.ended, self.millis) = (Some(status), Some(millis));
                (self.requests, self.tokens, self.cost_usd) = (requests, tokens, cost_usd);
            }
            Event::SpecialistFinished {
                role,
                findings,
                rejected,
            } => {
                self.findings += findings;
                if let Some(lane) = self.lane(&role) {
                    (lane.findings, lane.rejected) = (Some(findings), Some(rejected));
                }
            }
            Event::SpecialistMissing { role, why } => {
                self.missing += 1;
                if let Some(lane) = self.lane(&role) {
                    lane.why = Some(why);
                }
            }
            event @ (Event::ExploreStarted { .. }
            | Event::ExploreChoice { .. }
            | Event::ExploreBatch { .. }
            | Event::ExploreProgress { .. }
            | Event::ExploreProducerStarted { .. }
            | Event::ExploreProducerLost { .. }
            | Event::ExploreFinished { .. }) => self.explore(event),
            event => self.call(event, time),
        }
    }

    fn explore(&mut self, event: Event) {
        self.kind = Kind::Explore;
        let exploration = self.exploration.get_or_insert_default();
        match &event {
            Event::ExploreStarted { topic, .. } => self.title = Some(topic.clone()),
            Event::ExploreFinished {
                why, millis, cost_usd, ..
            } => {
                (self.ended, self.millis) = (Some(why.clone()), Some(*millis));
                self.cost_usd = *cost_usd;
            }
            _ => {}
        }
        exploration.take(event);
    }

    fn call(&mut self, event: Event, time: &str) {
        match event {
            Event::CallQueued { role, model } => {
                let lane = self.lane_or_new(&role, time);
                if let Some(lane) = lane {
                    lane.calls += 1;
                    (lane.model, lane.state) = (model, LaneState::Queued);
                }
            }
            Event::CallWaiting { role, millis, .. } => {
                self.waits += 1;
                self.wait_millis += millis;
                self.change(&role, |lane| lane.state = LaneState::Waiting);
            }
            Event::CallAttempt { role, model, .. } => {
                self.requests += 1;
                self.change(&role, |lane| lane.attempt(model, time));
            }
            Event::CallFirstToken { role, millis, .. } => self.change(&role, |lane| {
                if let Some(attempt) = lane.attempts.last_mut() {
                    attempt.first_token_millis = Some(millis);
                }
            }),
            Event::CallRetry {
                role,
                wait_millis,
                because,
                class,
                ..
            } => {
                self.change(&role, |lane| {
                    lane.state = LaneState::Backoff;
                    if let Some(attempt) = lane.attempts.last_mut() {
                        attempt.end(time, &class, Some(because));
                        attempt.wait_millis = Some(wait_millis);
                    }
                });
                *self.retries.entry(class).or_default() += 1;
            }
            Event::CallReasked { role, because } => self.change(&role, |lane| lane.reasked.push(because)),
            Event::CallSucceeded {
                role,
                model,
                millis,
                input_tokens,
                output_tokens,
                cost_usd,
                cached,
            } => {
                self.succeeded += 1;
                self.kept_replies += u64::from(cached);
                self.tokens += if cached { 0 } else { input_tokens + output_tokens };
                self.cost_usd = self.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
                self.change(&role, |lane| {
                    (lane.model, lane.state, lane.cached) = (model, LaneState::Answered, cached);
                    lane.millis += millis;
                    lane.input_tokens += input_tokens;
                    lane.output_tokens += output_tokens;
                    lane.cost_usd = lane.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
                    if let Some(attempt) = lane.attempts.last_mut() {
                        attempt.end(time, "ok", None);
                    }
                });
            }
            Event::CallFailed {
                role, model, because, ..
            } => {
                self.failed += 1;
                self.change(&role, |lane| {
                    (lane.model, lane.state) = (model, LaneState::Failed);
                    if let Some(attempt) = lane.attempts.last_mut() {
                        attempt.end(time, "failed", Some(because.clone()));
                    }
                    lane.why = Some(because);
                });
            }
            _ => {}
        }
    }

    fn lane(&mut self, role: &str) -> Option<&mut Lane> {
        self.lanes.iter_mut().find(|lane| lane.role == role)
    }

    fn lane_or_new(&mut self, role: &str, time: &str) -> Option<&mut Lane> {
        if self.lane(role).is_none() {
            if self.lanes.len() >= MOST_LANES {
                self.more_lanes += 1;
                return None;
            }
            self.lanes.push(Lane {
                role: role.to_owned(),
                began: time.to_owned(),
                cost_usd: Some(0.0),
                ..Lane::default()
            });
        }
        self.lane(role)
    }

    fn change(&mut self, role: &str, change: impl FnOnce(&mut Lane)) {
        if let Some(lane) = self.lane(role) {
            change(lane);
        }
    }

    fn warn(&mut self, message: String) {
        if self.warnings.len() == MOST_WARNINGS {
            self.warnings.remove(0);
        }
        self.warnings.push(message);
    }
}

impl Lane {
    fn attempt(&mut self, model: String, time: &str) {
        self.state = LaneState::Asked;
        if self.attempts.len() == MOST_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(Attempt {
            model,
            began: time.to_owned(),
            ..Attempt::default()
        });
    }
}

impl Attempt {
    fn end(&mut self, time: &str, outcome: &str, because: Option<String>) {
        if self.ended.is_none() {
            self.ended = Some(time.to_owned());
            self.outcome = Some(outcome.to_owned());
            self.because = because;
        }
    }
}

#[cfg(test)]
mod tests;
