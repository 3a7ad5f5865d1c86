//! Stages about other stages' answers: judges that score or order them, and the loop that rewrites one until it is good enough.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Domain;
use super::call::Judge;
use super::models::Registered;
use super::record::{Answer, Record, Round, StageRecord};
use super::score::{self, Ballot};
use super::session::Review;
use super::stage::{Asked, Draft, Run, Seat, letters, plain};
use crate::prompt::{Choice, Kind, PromptError, Refine, Values};

/// One candidate as one judge sees it.
struct Candidate {
    /// `A`, `B` …: another letter for every judge.
    label: String,
    /// Its place in the reviewed stage.
    index: usize,
}

impl Run<'_> {
    /// Every judge sees the others' answers under labels of its own, never its own answer, and all judge at once.
    pub(super) async fn judged(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
    ) -> Result<(), PromptError> {
        let Some(reviewed) = self.stage.of.as_deref().and_then(|name| record.stage(name)) else {
            return Ok(());
        };
        let judges = self.judges(reviewed, done);
        let mut seats = Vec::new();
        let mut slates = Vec::new();
        for judge in &judges {
            let slate = self.slate(reviewed, judge, judges.len());
            seats.push(self.judge_seat(domain, record, reviewed, judge, &slate)?);
            slates.push(slate);
        }
        done.answers = self.fill(seats).await;
        let mut ballots = Vec::new();
        for (answer, slate) in done.answers.iter().zip(&slates) {
            let Some(value) = &answer.value else { continue };
            match self.stage.kind {
                Kind::Ranking => ballots.push(ballot(&answer.name, value, slate)),
                _ => done.reviews.extend(self.reviews(&answer.name, value, slate, reviewed)),
            }
            let dissent = value.get("dissent").and_then(Value::as_str).map(str::trim);
            done.dissent
                .extend(dissent.filter(|text| !text.is_empty()).map(str::to_owned));
        }
        if self.stage.kind == Kind::Ranking {
            done.standing = Some(score::borda(&ballots, reviewed.answers.len()));
        } else {
            for answer in &reviewed.answers {
                done.reviews
                    .extend(domain.scores(self.stage, answer.text.as_deref().unwrap_or_default()));
            }
            let weight = |judge: &str| {
                let found = judges.iter().find(|model| model.name == judge);
                found.map_or(1.0, |model| model.weight)
            };
            let scores = done.reviews.iter().map(|review| (weight(&review.judge), review.score));
            done.scores.score = score::weighted_mean(scores);
        }
        done.reviews
            .iter()
            .for_each(|review| self.engine.session.review(review));
        Ok(())
    }

    /// The stage's models; by default those that answered; without any, one judge by the run's routing.
    fn judges(&self, reviewed: &StageRecord, done: &mut StageRecord) -> Vec<Registered> {
        if let Some(choice) = &self.stage.models {
            return self.select(choice, done);
        }
        let answered = reviewed.answers.iter().filter(|answer| answer.is_real());
        let names = answered.filter_map(|answer| answer.model.clone()).collect();
        self.select(&Choice::Named(names), done)
    }

    fn slate(&self, reviewed: &StageRecord, judge: &Registered, n_judges: usize) -> Vec<Candidate> {
        let given = |answer: &Answer| answer.text.is_some();
        let is_own = |answer: &Answer| answer.model.as_deref() == Some(judge.name.as_str());
        let pick = |own: bool| -> Vec<usize> {
            let all = reviewed.answers.iter().enumerate();
            all.filter(|(_, answer)| given(answer) && (own || !is_own(answer)))
                .map(|(index, _)| index)
                .collect()
        };
        // A lone judge may score its own answer, as nobody else is there; nobody ever ranks it.
        let mut indices = pick(false);
        if indices.is_empty() && n_judges == 1 && self.stage.kind == Kind::Review {
            indices = pick(true);
        }
        let parts = [self.pattern.name.as_str(), &self.stage.name, &judge.name];
        let seed = score::seed_of(self.engine.seed, &parts);
        score::shuffled(indices.len(), seed)
            .into_iter()
            .enumerate()
            .map(|(letter, place)| Candidate {
                label: letters(letter),
                index: indices[place],
            })
            .collect()
    }

    fn judge_seat(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        reviewed: &StageRecord,
        judge: &Registered,
        slate: &[Candidate],
    ) -> Result<Seat, PromptError> {
        let candidates: Vec<Value> = slate
            .iter()
            .map(|candidate| {
                let answer = &reviewed.answers[candidate.index];
                json!({"label": candidate.label, "text": answer.text, "value": answer.value})
            })
            .collect();
        let labels: Vec<String> = slate.iter().map(|candidate| candidate.label.clone()).collect();
        let schema = self
            .schema(None)?
            .map(|schema| with_labels(schema, self.stage.kind, &labels));
        let more = Values::from_iter([("candidates".to_owned(), json!(candidates))]);
        let draft = self.draft(schema, more);
        let mut seat = self.seat_of_model(domain, record, &draft, judge)?;
        let needed = if self.stage.kind == Kind::Ranking { 2 } else { 1 };
        if slate.len() < needed {
            seat.asked = Asked::Skip("there is nothing to compare".to_owned());
        } else if let Asked::Question(question) = &mut seat.asked {
            question.judge = Some(complete(self.stage.kind, labels));
        }
        Ok(seat)
    }

    fn reviews(&self, judge: &str, value: &Value, slate: &[Candidate], reviewed: &StageRecord) -> Vec<Review> {
        let items = value["reviews"].as_array().map(Vec::as_slice).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| {
                let label = item["label"].as_str()?;
                let candidate = slate.iter().find(|candidate| candidate.label == label_of(label))?;
                let of = &reviewed.answers[candidate.index].name;
                review_of(&self.stage.name, judge, of, item)
            })
            .collect()
    }

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

fn unasked(role: &str) -> crate::insight::CallRecord {
    crate::insight::CallRecord {
        role: role.to_owned(),
        status: "skipped".to_owned(),
        cost_usd: Some(0.0),
        ..crate::insight::CallRecord::default()
    }
}

/// The labels of this judge's candidates become the only values that the schema allows.
fn with_labels(mut schema: Value, kind: Kind, labels: &[String]) -> Value {
    let list = match kind {
        Kind::Ranking => "/properties/ranking",
        _ => "/properties/reviews",
    };
    if let Some(Value::Object(list)) = schema.pointer_mut(list) {
        list.insert("minItems".to_owned(), json!(labels.len()));
        list.insert("maxItems".to_owned(), json!(labels.len()));
    }
    let place = match kind {
        Kind::Ranking => "/properties/ranking/items",
        _ => "/properties/reviews/items/properties/label",
    };
    if let Some(Value::Object(label)) = schema.pointer_mut(place) {
        label.insert("enum".to_owned(), json!(labels));
    }
    schema
}

/// Every label once; scores within 0..1.
fn complete(kind: Kind, labels: Vec<String>) -> Judge {
    Arc::new(move |value| {
        let (field, given): (&str, Vec<String>) = match kind {
            Kind::Ranking => ("ranking", texts(&value["ranking"])),
            _ => {
                let items = value["reviews"].as_array().map(Vec::as_slice).unwrap_or_default();
                (
                    "reviews",
                    items
                        .iter()
                        .filter_map(|item| item["label"].as_str().map(label_of))
                        .collect(),
                )
            }
        };
        let mut sorted = given;
        sorted.sort();
        let mut wanted = labels.clone();
        wanted.sort();
        let mut faults = Vec::new();
        if sorted != wanted {
            faults.push(format!(
                "{field}: it must name each of {} exactly once",
                labels.join(", ")
            ));
        }
        let items = value["reviews"].as_array().map(Vec::as_slice).unwrap_or_default();
        if items.iter().any(|item| score_of(item).is_none()) {
            faults.push("reviews: every score must be a number from 0 to 1".to_owned());
        }
        faults
    })
}

fn ballot(judge: &str, value: &Value, slate: &[Candidate]) -> Ballot {
    let order = texts(&value["ranking"]).into_iter().filter_map(|label| {
        let found = slate.iter().find(|candidate| candidate.label == label);
        found.map(|candidate| candidate.index)
    });
    Ballot {
        judge: judge.to_owned(),
        order: order.collect(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(label_of).collect()
}

/// `Answer B` and `b` mean B.
fn label_of(text: &str) -> String {
    let word = text.trim().rsplit(' ').next().unwrap_or_default();
    word.to_uppercase()
}

fn score_of(value: &Value) -> Option<f64> {
    value["score"].as_f64().filter(|score| (0.0..=1.0).contains(score))
}

fn review_of(stage: &str, judge: &str, of: &str, value: &Value) -> Option<Review> {
    let suggestions = value["suggestions"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Review {
        stage: stage.to_owned(),
        judge: judge.to_owned(),
        of: of.to_owned(),
        score: score_of(value)?,
        feedback: value["feedback"].as_str().unwrap_or_default().to_owned(),
        suggestions: suggestions
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    })
}
