//! One stage: who is asked what, everything at once, and the numbers that follow from the answers.

use super::models::{self, Registered, Selected};
use super::record::{Answer, Record, Scores, StageRecord, Stopped};
use super::score;
use super::seat::{Asked, Draft, Seat};
use super::{Domain, Engine, FOR_NOW};
use crate::clock::{self, Instant};
use crate::event::Event;
use crate::llm::Target;
use crate::prompt::{Choice, Kind, Pattern, PromptError, Role, RoleFailure, Stage, Values};

/// One stage of one run.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine<'a>,
    pub(super) pattern: &'a Pattern,
    pub(super) stage: &'a Stage,
    pub(super) index: usize,
    pub(super) started: Instant,
    pub(super) deadline: Instant,
}

impl Run<'_> {
    pub(super) async fn stage(&self, domain: &mut dyn Domain, record: &Record) -> Result<StageRecord, PromptError> {
        let begun = clock::now();
        let mut done = StageRecord {
            name: self.stage.name.clone(),
            title: self.stage.title.clone(),
            kind: Some(self.stage.kind),
            of: self.stage.of.clone(),
            anonymous: self.stage.anonymous,
            ..StageRecord::default()
        };
        match self.stage.kind {
            Kind::Roles => {
                let seats = self.roles(domain, record, &mut done)?;
                done.answers = self.fill(seats).await;
                self.stand_ins(domain, record, &mut done)?;
                self.corrected(domain, record, &mut done).await?;
            }
            Kind::Models => {
                let seats = self.models(domain, record, &mut done)?;
                done.answers = self.fill(seats).await;
            }
            Kind::Synthesis => {
                let seats = self.synthesis(domain, record, &mut done)?;
                done.answers = self.fill(seats).await;
                self.corrected(domain, record, &mut done).await?;
            }
            Kind::Review | Kind::Ranking => self.judged(domain, record, &mut done).await?,
            Kind::Refine => self.refined(domain, record, &mut done).await?,
        }
        self.label(&mut done);
        self.rate(&mut done);
        done.wall_millis = clock::millis_since(begun);
        Ok(done)
    }

    fn roles(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
    ) -> Result<Vec<Seat>, PromptError> {
        let mut seats = Vec::new();
        for role in &self.stage.roles {
            let chosen = match role.models.is_empty() {
                true => Vec::new(),
                false => self.select(&Choice::Named(role.models.clone()), done),
            };
            // Without its own models the role goes where the run's routing sends it.
            let targets: Vec<Target> = chosen.iter().map(|model| model.target.clone()).collect();
            let targets = (!targets.is_empty()).then_some(targets);
            let schema = self.schema(role.schema.as_deref())?;
            let draft = Draft {
                role: &role.name,
                title: &role.title,
                template: &role.template,
                system: role.system.as_deref(),
                schema,
                more: Values::new(),
            };
            let mut seat = self.seat(domain, record, &draft, None)?;
            if let Asked::Question(question) = &mut seat.asked {
                question.targets = targets;
                question.temperature = role.temperature.or(self.stage.temperature);
                question.max_output_tokens = role.max_output_tokens.unwrap_or(question.max_output_tokens);
            }
            seat.answer.title.clone_from(&role.title);
            seat.answer.model = chosen.first().map(|model| model.name.clone());
            seat.answer.weight = role.weight;
            seats.push(seat);
        }
        Ok(seats)
    }

    fn models(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
    ) -> Result<Vec<Seat>, PromptError> {
        let choice = self.stage.models.clone().unwrap_or(Choice::All);
        let schema = self.schema(None)?;
        let mut seats = Vec::new();
        for model in self.select(&choice, done) {
            let draft = self.draft(schema.clone(), Values::new());
            seats.push(self.seat_of_model(domain, record, &draft, &model)?);
        }
        Ok(seats)
    }

    fn synthesis(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
    ) -> Result<Vec<Seat>, PromptError> {
        let draft = self.draft(self.schema(None)?, Values::new());
        let mut seat = self.seat(domain, record, &draft, None)?;
        if let Some(choice) = &self.stage.models {
            let chosen = self.select(choice, done);
            seat.answer.model = chosen.first().map(|model| model.name.clone());
            if let Asked::Question(question) = &mut seat.asked {
                // The others stand by as fallbacks.
                question.targets = Some(chosen.into_iter().map(|model| model.target).collect());
            }
        }
        seat.answer.title.clone_from(&self.stage.title);
        Ok(vec![seat])
    }

    /// The models of a choice that can be asked; the others are named in the record and in an event.
    pub(super) fn select(&self, choice: &Choice, done: &mut StageRecord) -> Vec<Registered> {
        self.select_among(choice, self.engine.models, done)
    }

    pub(super) fn select_among(
        &self,
        choice: &Choice,
        registered: &[Registered],
        done: &mut StageRecord,
    ) -> Vec<Registered> {
        let Selected {
            models,
            mut skipped,
            misses_named,
        } = models::select(choice, registered, &self.engine.llm);
        skipped.retain(|skipped| !done.skipped.contains(skipped));
        for skipped in &skipped {
            self.engine.events.say(Event::ModelSkipped {
                stage: self.stage.name.clone(),
                model: skipped.model.clone(),
                why: skipped.why.clone(),
            });
        }
        done.skipped.extend(skipped);
        done.misses_named |= misses_named;
        models
    }

    /// A role whose failure ends the pattern.
    pub(super) fn stops(&self, done: &StageRecord) -> Option<Stopped> {
        let roles: Vec<&Role> = self.stage.roles.iter().collect();
        let failed = roles
            .iter()
            .zip(&done.answers)
            .find(|(role, answer)| role.on_failure == RoleFailure::Stop && answer.why.is_some());
        let (role, why) = failed.and_then(|(role, answer)| Some((role, answer.why.as_ref()?)))?;
        Some(Stopped {
            stage: self.stage.name.clone(),
            because: format!("`{}` must answer: {}", role.name, why.message),
            for_now: FOR_NOW.contains(&why.kind.as_str()),
        })
    }

    /// `Answer A`, `Answer B` …; in an anonymous stage the letters say nothing of the order of the models.
    fn label(&self, done: &mut StageRecord) {
        let seed = score::seed_of(self.engine.seed, &[&self.pattern.name, &self.stage.name]);
        let order = if done.anonymous {
            score::shuffled(done.answers.len(), seed)
        } else {
            (0..done.answers.len()).collect()
        };
        for (letter, index) in order.into_iter().enumerate() {
            done.answers[index].label = format!("Answer {}", letters(letter));
        }
    }

    fn rate(&self, done: &mut StageRecord) {
        let given: Vec<&Answer> = done.answers.iter().filter(|answer| answer.is_real()).collect();
        let confidence = given.iter().filter_map(|answer| {
            let confidence = answer.value.as_ref()?.get("confidence")?.as_f64()?;
            (0.0..=1.0).contains(&confidence).then_some((answer.weight, confidence))
        });
        let agreement = self.stage.agree_on.as_deref().and_then(|field| {
            let texts = given
                .iter()
                .filter_map(|answer| Some((answer.weight, answer.field(field)?)));
            score::agreement(&texts.collect::<Vec<_>>())
        });
        done.scores = Scores {
            score: done.scores.score,
            confidence: score::weighted_mean(confidence),
            agreement: agreement.or_else(|| done.standing.as_ref()?.agreement),
        };
    }
}

/// A, B … Z, AA, AB …
pub(super) fn letters(index: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
    match index / 26 {
        0 => letter.to_string(),
        more => format!("{}{letter}", letters(more - 1)),
    }
}

/// A model's name inside a role: letters, digits and dashes.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect()
}
