//! Judges that score or order the answers of a stage, none of them its own.

use serde_json::{Value, json};

use super::Domain;
use super::models::Registered;
use super::record::{Answer, Record, StageRecord};
use super::score;
use super::seat::{Asked, Seat};
use super::session::Review;
use super::stage::{Run, letters};
use super::verdict::{Candidate, ballot, complete, label_of, review_of, with_labels};
use crate::prompt::{Choice, Kind, PromptError, Values};

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
}
