//! Asks all questions of a stage at once and takes the answers as they come.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::call::{self, Answered, Desk};
use super::record::Answer;
use super::seat::{Asked, Seat};
use super::stage::Run;
use crate::clock;
use crate::event::Event;
use crate::insight::{CallRecord, Why};

impl Run<'_> {
    /// Asks all seats at once; a task that crashes is an answer that is missing.
    pub(super) async fn fill(&self, seats: Vec<Seat>) -> Vec<Answer> {
        let desk = Desk {
            llm: Arc::clone(&self.engine.llm),
            events: self.engine.events.clone(),
            session: Arc::clone(&self.engine.session),
            pattern: self.pattern.name.clone(),
            stage: self.stage.name.clone(),
            started: self.started,
            deadline: self.deadline,
        };
        let mut answers = Vec::with_capacity(seats.len());
        let mut tasks = JoinSet::new();
        let mut running = Vec::new();
        for (index, seat) in seats.into_iter().enumerate() {
            let mut answer = seat.answer;
            match seat.asked {
                Asked::Skip(why) => {
                    answer.skipped = Some(why);
                    answer.call.status = "skipped".to_owned();
                    answer.call.cost_usd = Some(0.0);
                }
                Asked::Question(question) => {
                    let desk = desk.clone();
                    let handle =
                        tasks.spawn(async move { (index, call::ask(&desk, *question).await) }.in_current_span());
                    running.push((handle.id(), index));
                }
            }
            answers.push(answer);
        }
        let n_asked = running.len();
        let mut n_done = 0;
        while let Some(finished) = tasks.join_next().await {
            let (index, answered) = match finished {
                Ok(finished) => finished,
                Err(crash) => {
                    let found = running.iter().find(|(id, _)| *id == crash.id());
                    let Some((_, index)) = found else { continue };
                    (*index, crashed(&answers[*index].call.role))
                }
            };
            n_done += 1;
            self.tell_progress(&answers[index], &answered, n_done, n_asked);
            take(&mut answers[index], answered);
        }
        answers
    }

    fn tell_progress(&self, seat: &Answer, answered: &Answered, n_done: usize, n_asked: usize) {
        let outcome = match &answered.reply {
            Ok(_) => "answered".to_owned(),
            Err(why) => format!("gave no answer: {}", why.message),
        };
        self.engine.events.say(Event::StageProgress {
            pattern: self.pattern.name.clone(),
            stage: self.stage.name.clone(),
            fraction: self.fraction(n_done as f64 / n_asked.max(1) as f64),
            message: format!("{} {outcome}", seat.name),
            millis: clock::millis_since(self.started),
            details: json!({"done": n_done, "of": n_asked, "role": answered.call.role, "cached": answered.call.cached}),
        });
    }
}

fn take(answer: &mut Answer, answered: Answered) {
    answer.call = answered.call;
    answer.kept = answered.kept;
    match answered.reply {
        Ok(reply) => {
            answer.text = Some(reply.text);
            answer.value = reply.value;
        }
        Err(why) => answer.why = Some(why),
    }
}

fn crashed(role: &str) -> Answered {
    let why = Why {
        kind: "internal".to_owned(),
        message: "the task of this call crashed; this is a bug, see logs/run.log".to_owned(),
        status: None,
        body: None,
        headers: Vec::new(),
        attempts: 0,
    };
    Answered {
        call: CallRecord {
            role: role.to_owned(),
            status: "error".to_owned(),
            error: Some(why.clone()),
            ..CallRecord::default()
        },
        reply: Err(why),
        kept: Vec::new(),
    }
}
