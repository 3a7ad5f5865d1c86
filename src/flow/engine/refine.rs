//! The loop: judges review one answer, a model rewrites it with their feedback, until it is good enough.

use serde_json::json;

use super::Domain;
use super::record::{Answer, Record, Round, StageRecord};
use super::score;
use super::seat::{Asked, Draft};
use super::session::Review;
use super::stage::{Run, plain};
use super::verdict::review_of;
use crate::insight::CallRecord;
use crate::prompt::{Choice, PromptError, Refine, Values};

impl Run<'_> {
    /// Review and rewrite until the score is reached or the reviews are used up; the best version is the answer.
    pub(super) async fn refined(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
    ) -> Result<(), PromptError> {
        let first = self.stage.of.as_deref().and_then(|name| record.stage(name));
        let first = first.and_then(|stage| stage.answers.iter().find(|answer| answer.text.is_some()));
        let (Some(refine), Some(first)) = (&self.stage.refine, first) else {
            return Ok(());
        };
        let mut current = Answer {
            name: self.stage.name.clone(),
            title: self.stage.title.clone(),
            call: unasked(&self.stage.name),
            ..first.clone()
        };
        let mut versions: Vec<Answer> = Vec::new();
        for iteration in 1..=refine.at_most {
            let round = self.round(domain, record, done, refine, &current, iteration).await?;
            let good = round.score.is_some_and(|score| score >= refine.until);
            let judged = round.score.is_some();
            done.rounds.push(round);
            versions.push(current.clone());
            if good || !judged || iteration == refine.at_most {
                break;
            }
            let next = self.rewritten(domain, record, done, &current, iteration).await?;
            if next.text.is_none() {
                current.why.clone_from(&next.why);
                done.judges.push(next);
                break;
            }
            current = next;
        }
        let score = |index: usize| done.rounds.get(index).and_then(|round| round.score).unwrap_or(-1.0);
        let best =
            (0..versions.len()).max_by(|left, right| score(*left).total_cmp(&score(*right)).then(left.cmp(right)));
        let best = best.unwrap_or_default();
        done.scores.score = done.rounds.get(best).and_then(|round| round.score);
        for (index, version) in versions.into_iter().enumerate() {
            if index == best {
                done.answers.push(version);
            } else if version.call.status != "skipped" {
                done.judges.push(version);
            }
        }
        Ok(())
    }

    async fn round(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
        refine: &Refine,
        current: &Answer,
        iteration: u32,
    ) -> Result<Round, PromptError> {
        let text = current.text.clone().unwrap_or_default();
        let choice = refine.reviewers.clone().unwrap_or(Choice::All);
        let mut judges = self.select(&choice, done);
        // Nobody reviews its own text when somebody else can.
        if judges.iter().any(|judge| current.model.as_deref() != Some(&judge.name)) {
            judges.retain(|judge| current.model.as_deref() != Some(&judge.name));
        }
        let role = format!("{}.review", self.stage.name);
        let schema = refine.review_schema.as_deref();
        let schema = schema.map(|name| self.engine.prompts.schema(name)).transpose()?;
        let more = Values::from_iter([
            ("draft".to_owned(), json!(text)),
            ("iteration".to_owned(), json!(iteration)),
        ]);
        let draft = Draft {
            role: &role,
            template: &refine.review_template,
            ..self.draft(schema, more)
        };
        let mut seats = Vec::new();
        for judge in &judges {
            seats.push(self.seat_of_model(domain, record, &draft, judge)?);
        }
        if judges.is_empty() {
            seats.push(self.seat(domain, record, &draft, None)?);
        }
        let answers = self.fill(seats).await;
        let mut reviews: Vec<(f64, Review)> = Vec::new();
        for answer in &answers {
            let found = answer.value.as_ref();
            let found = found.and_then(|value| review_of(&self.stage.name, &answer.name, &current.name, value));
            reviews.extend(found.map(|review| (answer.weight, review)));
        }
        reviews.extend(domain.scores(self.stage, &text).into_iter().map(|review| (1.0, review)));
        reviews
            .iter()
            .for_each(|(_, review)| self.engine.session.review(review));
        done.judges.extend(answers);
        let round = Round {
            text,
            score: score::weighted_mean(reviews.iter().map(|(weight, review)| (*weight, review.score))),
            feedback: reviews.iter().map(|(_, review)| review.feedback.clone()).collect(),
            suggestions: reviews
                .iter()
                .flat_map(|(_, review)| review.suggestions.clone())
                .collect(),
        };
        done.reviews.extend(reviews.into_iter().map(|(_, review)| review));
        Ok(round)
    }

    async fn rewritten(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
        current: &Answer,
        iteration: u32,
    ) -> Result<Answer, PromptError> {
        let round = done.rounds.last();
        let more = Values::from_iter([
            ("draft".to_owned(), json!(current.text)),
            ("iteration".to_owned(), json!(iteration)),
            ("score".to_owned(), json!(round.and_then(|round| round.score))),
            ("feedback".to_owned(), json!(round.map(|round| &round.feedback))),
            ("suggestions".to_owned(), json!(round.map(|round| &round.suggestions))),
        ]);
        let draft = self.draft(self.schema(None)?, more);
        let mut seat = match &self.stage.models {
            Some(choice) => match self.select(choice, done).first() {
                Some(model) => self.seat_of_model(domain, record, &draft, model)?,
                None => self.seat(domain, record, &draft, None)?,
            },
            None => self.seat(domain, record, &draft, None)?,
        };
        // The author of the first draft rewrites it where the stage names nobody.
        if seat.answer.model.is_none()
            && let Some(author) = current.model.as_deref()
            && let Some(model) = super::models::find(author, self.engine.models)
            && let Asked::Question(question) = &mut seat.asked
        {
            question.targets = Some(vec![model.target]);
            question.role = format!("{}.{}", self.stage.name, plain(&model.name));
            seat.answer.model = Some(model.name);
        }
        let mut answers = self.fill(vec![seat]).await;
        let mut answer = answers.pop().unwrap_or_default();
        answer.name.clone_from(&self.stage.name);
        answer.title.clone_from(&self.stage.title);
        Ok(answer)
    }
}

fn unasked(role: &str) -> CallRecord {
    CallRecord {
        role: role.to_owned(),
        status: "skipped".to_owned(),
        cost_usd: Some(0.0),
        ..CallRecord::default()
    }
}
