//! The loop of a `refine` stage: review a text, rewrite it with the feedback, until it is good enough or the reviews are used up.
//!
//! ```text
//! text ─► (critique) ─► reviews, comparison with the best ─► score ─► good enough? ─► rewrite ─► text …
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Domain;
use super::models::{self, Registered};
use super::record::{Answer, Comparison, Ending, Record, Round, StageRecord};
use super::score;
use super::seat::{Asked, Draft, Seat};
use super::session::Review;
use super::stage::{Run, plain};
use super::verdict::{review_of, score_of};
use crate::clock;
use crate::event::Event;
use crate::insight::CallRecord;
use crate::llm::Target;
use crate::prompt::{Choice, Combine, PromptError, Refine, Values};

/// One judge's review of a text, for the caller's own rule.
#[derive(Debug)]
pub struct Judged<'a> {
    pub weight: f64,
    pub review: &'a Review,
    /// The whole reply.
    pub value: &'a Value,
}

/// What a caller's own rule makes of a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rating {
    /// 0..1; none when what it needs is missing.
    pub score: Option<f64>,
    /// The score by scorer.
    pub parts: BTreeMap<String, f64>,
    /// The reviews of the caller's scorers, whose feedback the rewrite sees.
    pub reviews: Vec<Review>,
}

/// One version on the bench.
struct Bench {
    versions: Vec<Answer>,
    best: usize,
}

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
            ..first.clone()
        };
        let mut bench = Bench {
            versions: Vec::new(),
            best: 0,
        };
        done.ending = Some(Ending::RanOut);
        for iteration in 1..=refine.at_most {
            let round = self
                .round(domain, record, done, refine, &current, &bench, iteration)
                .await?;
            self.tell_round(&round, iteration, refine);
            let judged = round.score.is_some();
            bench.take(current, &round, &done.rounds);
            done.rounds.push(round);
            let reached = done.rounds[bench.best].score.is_some_and(|score| score >= refine.until);
            if reached || !judged {
                done.ending = Some(if reached { Ending::Approved } else { Ending::NoReview });
                break;
            }
            if iteration == refine.at_most {
                break;
            }
            // Two versions were held against each other: the better one is worth the work. Else the latest, whose feedback is new.
            let base = if refine.compare.is_some() {
                bench.best
            } else {
                bench.versions.len() - 1
            };
            let next = self
                .rewritten(domain, record, done, &bench.versions[base], base, iteration)
                .await?;
            if next.text.is_none() {
                done.judges.push(next);
                done.ending = Some(Ending::NoRewrite);
                break;
            }
            current = next;
        }
        done.best = Some(bench.best);
        done.scores.score = done.rounds.get(bench.best).and_then(|round| round.score);
        for (index, mut version) in bench.versions.into_iter().enumerate() {
            if index == 0 {
                // Its call is the reviewed stage's.
                version.call = unasked(&self.stage.name, &version.call);
            }
            if index == bench.best {
                done.answers.push(version);
            } else if index > 0 {
                done.judges.push(version);
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one round of one loop, everything it knows")]
    async fn round(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
        refine: &Refine,
        current: &Answer,
        bench: &Bench,
        iteration: u32,
    ) -> Result<Round, PromptError> {
        let text = current.text.clone().unwrap_or_default();
        let author = author_of(current, self.engine.models);
        let (judges, by_author) = self.reviewers(refine, author.as_ref(), done);
        let mut round = Round {
            author: author.as_ref().map(ToString::to_string),
            by_author,
            text,
            ..Round::default()
        };
        let wanted = domain.wants_judges(self.stage);
        if let Some(template) = refine.critique_template.as_deref().filter(|_| wanted) {
            let critic = judges.first();
            round.critique = self
                .critique(domain, record, done, template, &round.text, critic, iteration)
                .await?;
        }
        let mut seats = Vec::new();
        if wanted {
            seats = self.review_seats(domain, record, refine, &round, &judges, iteration)?;
        }
        let n_reviews = seats.len();
        if let (Some(compare), Some(best)) = (&refine.compare, bench.versions.get(bench.best)) {
            let schema = Some(self.engine.prompts.schema(&compare.schema)?);
            let old = best.text.clone().unwrap_or_default();
            for (first, second) in [(&old, &round.text), (&round.text, &old)] {
                let more = Values::from_iter([
                    ("first_text".to_owned(), json!(first)),
                    ("second_text".to_owned(), json!(second)),
                    ("iteration".to_owned(), json!(iteration)),
                ]);
                let role = format!("{}.compare", self.stage.name);
                let draft = Draft {
                    role: &role,
                    template: &compare.template,
                    ..self.draft(schema.clone(), more)
                };
                seats.extend(self.seats_of(domain, record, &draft, &judges)?);
            }
        }
        let mut answers = self.fill(seats).await;
        let comparisons = answers.split_off(n_reviews);
        let n_each = comparisons.len() / 2;
        if n_each > 0 {
            round.comparison = Some(compared(bench.best, &comparisons[..n_each], &comparisons[n_each..]));
        }
        self.rate_round(domain, refine, current, &answers, &mut round);
        round
            .reviews
            .iter()
            .for_each(|review| self.engine.session.review(review));
        done.reviews.extend(round.reviews.iter().cloned());
        done.judges.extend(answers);
        done.judges.extend(comparisons);
        Ok(round)
    }

    /// Nobody reviews its own text when somebody else can; true when nobody else could.
    fn reviewers(&self, refine: &Refine, author: Option<&Target>, done: &mut StageRecord) -> (Vec<Registered>, bool) {
        let choice = refine.reviewers.clone().unwrap_or(Choice::All);
        let is_own = |model: &Registered| Some(&model.target) == author;
        if let Choice::Named(_) = choice {
            let mut named = self.select(&choice, done);
            if named.iter().any(|model| !is_own(model)) {
                named.retain(|model| !is_own(model));
            }
            let by_author = named.iter().any(is_own);
            return (named, by_author);
        }
        let others: Vec<Registered> = self
            .engine
            .models
            .iter()
            .filter(|model| !is_own(model))
            .cloned()
            .collect();
        let chosen = self.select_among(&choice, &others, done);
        if !chosen.is_empty() {
            return (chosen, false);
        }
        let own = self.select(&choice, done);
        let by_author = own.iter().any(is_own)
            || own.is_empty()
                && self
                    .engine
                    .llm
                    .plan(&self.stage.name)
                    .first()
                    .is_some_and(|planned| Some(&planned.target) == author);
        (own, by_author)
    }

    #[expect(clippy::too_many_arguments, reason = "one call of one round, everything it needs")]
    async fn critique(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
        template: &str,
        text: &str,
        critic: Option<&Registered>,
        iteration: u32,
    ) -> Result<Option<String>, PromptError> {
        let role = format!("{}.critique", self.stage.name);
        let more = Values::from_iter([
            ("draft".to_owned(), json!(text)),
            ("iteration".to_owned(), json!(iteration)),
        ]);
        let draft = Draft {
            role: &role,
            template,
            ..self.draft(None, more)
        };
        let critics: Vec<Registered> = critic.into_iter().cloned().collect();
        let seats = self.seats_of(domain, record, &draft, &critics)?;
        let answers = self.fill(seats).await;
        let critique = answers.iter().find_map(|answer| answer.text.clone());
        done.judges.extend(answers);
        Ok(critique)
    }

    fn review_seats(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        refine: &Refine,
        round: &Round,
        judges: &[Registered],
        iteration: u32,
    ) -> Result<Vec<Seat>, PromptError> {
        let role = format!("{}.review", self.stage.name);
        let schema = refine.review_schema.as_deref();
        let schema = schema.map(|name| self.engine.prompts.schema(name)).transpose()?;
        let schema = schema.map(|schema| domain.review_schema(self.stage, schema));
        let mut more = Values::from_iter([
            ("draft".to_owned(), json!(round.text)),
            ("iteration".to_owned(), json!(iteration)),
        ]);
        more.insert("critique".to_owned(), json!(round.critique));
        let draft = Draft {
            role: &role,
            template: &refine.review_template,
            ..self.draft(schema, more)
        };
        let mut seats = self.seats_of(domain, record, &draft, judges)?;
        for seat in &mut seats {
            if let Asked::Question(question) = &mut seat.asked {
                question.judge = Some(Arc::new(|value| match score_of(value) {
                    Some(_) => Vec::new(),
                    None => vec!["score: it must be a number from 0 to 1".to_owned()],
                }));
            }
        }
        Ok(seats)
    }

    /// A seat for each model; without any, one by the run's routing.
    fn seats_of(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        draft: &Draft<'_>,
        models: &[Registered],
    ) -> Result<Vec<Seat>, PromptError> {
        if models.is_empty() {
            return Ok(vec![self.seat(domain, record, draft, None)?]);
        }
        let seats = models
            .iter()
            .map(|model| self.seat_of_model(domain, record, draft, model));
        seats.collect()
    }

    fn rate_round(
        &self,
        domain: &mut dyn Domain,
        refine: &Refine,
        current: &Answer,
        answers: &[Answer],
        round: &mut Round,
    ) {
        let mut valid: Vec<(f64, Review, &Value)> = Vec::new();
        for answer in answers {
            let Some(value) = &answer.value else { continue };
            let review = review_of(&self.stage.name, &answer.name, &current.name, value);
            valid.extend(review.map(|review| (answer.weight, review, value)));
        }
        let judged: Vec<Judged<'_>> = valid
            .iter()
            .map(|(weight, review, value)| Judged {
                weight: *weight,
                review,
                value,
            })
            .collect();
        let rating = domain.rate(self.stage, &round.text, &judged);
        let rating = rating.unwrap_or_else(|| {
            let own = domain.scores(self.stage, &round.text);
            let scores: Vec<(f64, f64)> = valid
                .iter()
                .map(|(weight, review, _)| (*weight, review.score))
                .collect();
            let scores = scores.into_iter().chain(own.iter().map(|review| (1.0, review.score)));
            Rating {
                score: combined(refine.combine, scores),
                parts: BTreeMap::new(),
                reviews: own,
            }
        });
        round.score = rating.score;
        round.parts = rating.parts;
        let reviews = valid.into_iter().map(|(_, review, _)| review);
        round.reviews = reviews.chain(rating.reviews).collect();
        let feedback = round.reviews.iter().map(|review| review.feedback.as_str());
        round.feedback = distinct(feedback);
        let suggestions = round.reviews.iter().flat_map(|review| &review.suggestions);
        round.suggestions = distinct(suggestions.map(String::as_str));
    }

    async fn rewritten(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
        current: &Answer,
        base: usize,
        iteration: u32,
    ) -> Result<Answer, PromptError> {
        let round = &done.rounds[base];
        // Rewrites of the same text that lost against it.
        let rejected = done
            .rounds
            .iter()
            .skip(base + 1)
            .filter_map(|round| round.comparison.as_ref());
        let rejected: Vec<&String> = rejected.flat_map(|comparison| &comparison.reasons).collect();
        let more = Values::from_iter([
            ("draft".to_owned(), json!(current.text)),
            ("iteration".to_owned(), json!(iteration)),
            ("score".to_owned(), json!(round.score)),
            ("feedback".to_owned(), json!(round.feedback)),
            ("suggestions".to_owned(), json!(round.suggestions)),
            ("critique".to_owned(), json!(round.critique)),
            ("rejected".to_owned(), json!(rejected)),
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
            && let Some(model) = models::find(author, self.engine.models)
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

    fn tell_round(&self, round: &Round, iteration: u32, refine: &Refine) {
        let score = match round.score {
            Some(score) => format!("score {score:.2} of {:.2}", refine.until),
            None => "no valid review".to_owned(),
        };
        self.engine.events.say(Event::StageProgress {
            pattern: self.pattern.name.clone(),
            stage: self.stage.name.clone(),
            fraction: self.fraction(f64::from(iteration) / f64::from(refine.at_most)),
            message: format!("version {iteration}: {score}"),
            millis: clock::millis_since(self.started),
            details: json!({
                "round": iteration, "of": refine.at_most, "score": round.score, "parts": round.parts,
                "by_author": round.by_author, "comparison": round.comparison,
            }),
        });
    }
}

impl Bench {
    /// Puts a version beside the others and says which is best now.
    fn take(&mut self, version: Answer, round: &Round, earlier: &[Round]) {
        self.versions.push(version);
        let latest = self.versions.len() - 1;
        let better = match &round.comparison {
            Some(comparison) => comparison.is_better() && round.score.is_some(),
            None => {
                let score = |round: Option<&Round>| round.and_then(|round| round.score).unwrap_or(-1.0);
                score(Some(round)) >= score(earlier.get(self.best)) && round.score.is_some()
            }
        };
        if latest == 0 || better {
            self.best = latest;
        }
    }
}

/// Who wrote a text: the model that answered, which may be a fallback.
fn author_of(answer: &Answer, registered: &[Registered]) -> Option<Target> {
    let call = &answer.call;
    match (&call.provider, &call.model) {
        (Some(provider), Some(model)) => Some(Target::new(provider.clone(), model.clone())),
        _ => models::find(answer.model.as_deref()?, registered).map(|model| model.target),
    }
}

/// Several scores with their weights as one.
pub(in crate::flow) fn combined(combine: Combine, scores: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    match combine {
        Combine::Mean => score::weighted_mean(scores),
        Combine::Median => score::median(scores.map(|(_, score)| score).collect()),
    }
}

/// In the first group the new version is second, in the other it is first.
fn compared(with_round: usize, new_second: &[Answer], new_first: &[Answer]) -> Comparison {
    let mut comparison = Comparison {
        with_round,
        ..Comparison::default()
    };
    for (answers, new) in [(new_second, "second"), (new_first, "first")] {
        for value in answers.iter().filter_map(|answer| answer.value.as_ref()) {
            match value["better"].as_str().map(str::trim) {
                Some(word) if word == new => comparison.wins += 1,
                Some("first" | "second") => {
                    comparison.losses += 1;
                    let reason = value["reason"]
                        .as_str()
                        .map(str::trim)
                        .filter(|reason| !reason.is_empty());
                    comparison.reasons.extend(reason.map(str::to_owned));
                }
                _ => comparison.ties += 1,
            }
        }
    }
    comparison
}

/// Texts that say something, each once, in order.
fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for text in texts.map(str::trim).filter(|text| !text.is_empty()) {
        if !kept.iter().any(|known| known.eq_ignore_ascii_case(text)) {
            kept.push(text.to_owned());
        }
    }
    kept
}

/// The record of a text that was paid for in another stage.
fn unasked(role: &str, call: &CallRecord) -> CallRecord {
    CallRecord {
        role: role.to_owned(),
        status: "skipped".to_owned(),
        provider: call.provider.clone(),
        model: call.model.clone(),
        cost_usd: Some(0.0),
        ..CallRecord::default()
    }
}

#[cfg(test)]
mod tests;
