//! Rounds of correction: the caller reviews each answer of a stage, and what does not hold goes back to the one who gave it.
//!
//! ```text
//! answer ─► verdict of the caller ─► nothing wrong, or the last round? ─► done
//!              └ else: the correction's prompt ─► reply ─► the caller joins it with the answer ─► verdict …
//! ```

use serde_json::json;

use super::call;
use super::record::{Answer, Record, StageRecord};
use super::seat::{Asked, Draft, Seat};
use super::stage::Run;
use super::{Domain, Verdict};
use crate::clock;
use crate::event::Event;
use crate::llm::Target;
use crate::prompt::{Correction, PromptError, Values};

impl Run<'_> {
    /// Has every answer reviewed and, where the stage allows it, corrected at most so often.
    pub(super) async fn corrected(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
    ) -> Result<(), PromptError> {
        let Some(correction) = &self.stage.correction else {
            return Ok(());
        };
        let mut open: Vec<usize> = (0..done.answers.len())
            .filter(|index| done.answers[*index].value.is_some() && !done.answers[*index].stand_in)
            .collect();
        for round in 1..=correction.at_most + 1 {
            let mut back: Vec<(usize, Seat)> = Vec::new();
            for index in open.drain(..) {
                let answer = &done.answers[index];
                let Some(verdict) = domain.verdict(self.stage, answer) else {
                    continue;
                };
                self.engine.session.review(&verdict.review);
                if verdict.feedback.is_some() && round <= correction.at_most {
                    back.push((
                        index,
                        self.correction_seat(domain, record, correction, answer, &verdict, round)?,
                    ));
                }
                done.reviews.push(verdict.review);
            }
            if back.is_empty() {
                break;
            }
            self.tell_correction(&back, done, round, correction.at_most);
            let (indexes, seats): (Vec<usize>, Vec<Seat>) = back.into_iter().unzip();
            for (index, reply) in indexes.into_iter().zip(self.fill(seats).await) {
                // Without a usable correction the answer stays as it is.
                if let Some(value) = &reply.value {
                    let joined = domain.joined(self.stage, &done.answers[index], value);
                    done.answers[index].value = Some(joined);
                    open.push(index);
                } else {
                    call::forget(&self.engine.llm, reply.kept.iter().cloned());
                }
                done.judges.push(reply);
            }
        }
        Ok(())
    }

    fn correction_seat(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        correction: &Correction,
        answer: &Answer,
        verdict: &Verdict,
        round: u32,
    ) -> Result<Seat, PromptError> {
        let role = self.stage.roles.iter().find(|role| role.name == answer.name);
        let more = Values::from_iter([
            ("draft".to_owned(), json!(verdict.draft)),
            ("feedback".to_owned(), json!(verdict.feedback)),
            ("iteration".to_owned(), json!(round)),
        ]);
        let draft = Draft {
            role: &answer.name,
            template: &correction.template,
            system: role.and_then(|role| role.system.as_deref()),
            ..self.draft(self.schema(role.and_then(|role| role.schema.as_deref()))?, more)
        };
        let mut seat = self.seat(domain, record, &draft, None)?;
        let name = format!("{}.correct", answer.name);
        if let Asked::Question(question) = &mut seat.asked {
            question.role.clone_from(&name);
            // Whoever wrote it corrects it.
            if let (Some(provider), Some(model)) = (&answer.call.provider, &answer.call.model) {
                question.targets = Some(vec![Target::new(provider.clone(), model.clone())]);
            }
        }
        seat.answer.call.role = name;
        seat.answer.title.clone_from(&answer.title);
        Ok(seat)
    }

    fn tell_correction(&self, back: &[(usize, Seat)], done: &StageRecord, round: u32, at_most: u32) {
        let names: Vec<&str> = back
            .iter()
            .map(|(index, _)| done.answers[*index].name.as_str())
            .collect();
        self.engine.events.say(Event::StageProgress {
            pattern: self.pattern.name.clone(),
            stage: self.stage.name.clone(),
            fraction: self.fraction(0.9),
            message: format!("correction {round} of {at_most}: {}", names.join(", ")),
            millis: clock::millis_since(self.started),
            details: json!({"round": round, "of": at_most, "roles": names}),
        });
    }
}
