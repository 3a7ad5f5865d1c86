//! One stage: who is asked what, everything at once, and the numbers that follow from the answers.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::call::{self, Answered, Desk, Judge, Question};
use super::models::{self, Registered, Selected};
use super::record::{Answer, Record, Scores, StageRecord, Stopped};
use super::score;
use super::view::view;
use super::{Domain, Engine, Given};
use crate::clock::{self, Instant};
use crate::event::Event;
use crate::insight::{CallRecord, Why};
use crate::prompt::{self, Choice, Kind, Pattern, Prompt, PromptError, Role, RoleFailure, Stage, Values};

/// One stage of one run.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Engine<'a>,
    pub(super) pattern: &'a Pattern,
    pub(super) stage: &'a Stage,
    pub(super) index: usize,
    pub(super) started: Instant,
    pub(super) deadline: Instant,
}

/// A place for an answer, and what is asked to fill it.
pub(super) struct Seat {
    /// Everything but the outcome.
    pub(super) answer: Answer,
    pub(super) asked: Asked,
}

pub(super) enum Asked {
    Question(Box<Question>),
    Skip(String),
}

/// How one prompt is made.
pub(super) struct Draft<'a> {
    pub(super) role: &'a str,
    pub(super) title: &'a str,
    pub(super) template: &'a str,
    pub(super) system: Option<&'a str>,
    pub(super) schema: Option<Value>,
    /// Added to the caller's values.
    pub(super) more: Values,
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
            }
            Kind::Models => {
                let seats = self.models(domain, record, &mut done)?;
                done.answers = self.fill(seats).await;
            }
            Kind::Synthesis => {
                let seats = self.synthesis(domain, record, &mut done)?;
                done.answers = self.fill(seats).await;
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
            let chosen = match &role.model {
                Some(name) => self.select(&Choice::Named(vec![name.clone()]), done),
                None => Vec::new(),
            };
            // Without its own model the role goes where the run's routing sends it.
            let targets = chosen.first().map(|model| vec![model.target.clone()]);
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
        let Selected {
            models,
            skipped,
            misses_named,
        } = models::select(choice, self.engine.models, &self.engine.llm);
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

    pub(super) fn draft(&self, schema: Option<Value>, more: Values) -> Draft<'_> {
        Draft {
            role: &self.stage.name,
            title: &self.stage.title,
            template: self.stage.template.as_deref().unwrap_or_default(),
            system: None,
            schema,
            more,
        }
    }

    /// A role's own schema, else the stage's.
    pub(super) fn schema(&self, own: Option<&str>) -> Result<Option<Value>, PromptError> {
        let name = own.or(self.stage.schema.as_deref());
        name.map(|name| self.engine.prompts.schema(name)).transpose()
    }

    pub(super) fn seat_of_model(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        draft: &Draft<'_>,
        model: &Registered,
    ) -> Result<Seat, PromptError> {
        let mut seat = self.seat(domain, record, draft, None)?;
        if let Asked::Question(question) = &mut seat.asked {
            question.role = format!("{}.{}", draft.role, plain(&model.name));
            question.targets = Some(vec![model.target.clone()]);
        }
        seat.answer.call.role = format!("{}.{}", draft.role, plain(&model.name));
        seat.answer.name.clone_from(&model.name);
        seat.answer.model = Some(model.name.clone());
        seat.answer.weight = model.weight;
        Ok(seat)
    }

    pub(super) fn seat(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        draft: &Draft<'_>,
        judge: Option<Judge>,
    ) -> Result<Seat, PromptError> {
        let answer = Answer {
            name: draft.role.to_owned(),
            weight: 1.0,
            call: CallRecord {
                role: draft.role.to_owned(),
                ..CallRecord::default()
            },
            ..Answer::default()
        };
        let asked = match domain.values(self.stage, draft.role, record)? {
            Given::Skip(why) => Asked::Skip(why),
            Given::Values(given) => {
                let values = self.values(given, draft, record);
                Asked::Question(Box::new(Question {
                    role: draft.role.to_owned(),
                    prompt: self.prompt(draft, &values)?,
                    targets: None,
                    max_output_tokens: self
                        .stage
                        .max_output_tokens
                        .unwrap_or(self.engine.options.max_output_tokens),
                    temperature: self.stage.temperature,
                    judge,
                }))
            }
        };
        Ok(Seat { answer, asked })
    }

    fn prompt(&self, draft: &Draft<'_>, values: &Values) -> Result<Prompt, PromptError> {
        let prompts = self.engine.prompts;
        let system = match draft.system.or(self.stage.system.as_deref()) {
            Some(system) => prompts.render(system, values)?,
            None => String::new(),
        };
        Ok(Prompt {
            system,
            user: prompts.render(draft.template, values)?,
            schema_name: schema_name(&self.pattern.name, draft.role),
            schema: draft.schema.clone(),
        })
    }

    /// The caller's values, then those of the draft, of earlier stages and of the engine, where they are not set yet.
    fn values(&self, mut values: Values, draft: &Draft<'_>, record: &Record) -> Values {
        let mut add = |name: &str, value: Value| {
            if !values.contains_key(name) {
                values.insert(name.to_owned(), value);
            }
        };
        for (name, value) in &draft.more {
            add(name, value.clone());
        }
        for input in &self.stage.inputs {
            if self.pattern.stage(input).is_some() {
                add(input, view(input, &record.stages));
            }
        }
        add("pattern", json!(self.pattern.name));
        add("stage", json!(self.stage.name));
        add("role", json!(draft.role));
        add("title", json!(draft.title));
        let schema = draft.schema.as_ref().map(prompt::compact);
        add("schema", json!(schema.unwrap_or_default()));
        if !values.contains_key("fence") {
            let mut foreign = String::new();
            values.values().for_each(|value| gather(value, &mut foreign));
            values.insert("fence".to_owned(), json!(prompt::fence(&foreign)));
        }
        values
    }

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
                    let handle = tasks.spawn(async move { (index, call::ask(&desk, *question).await) });
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

    /// Templates in the place of roles that failed, where the role says so.
    fn stand_ins(&self, domain: &mut dyn Domain, record: &Record, done: &mut StageRecord) -> Result<(), PromptError> {
        for (role, answer) in self.stage.roles.iter().zip(&mut done.answers) {
            let (RoleFailure::Template(template), Some(_)) = (&role.on_failure, &answer.why) else {
                continue;
            };
            let draft = Draft {
                role: &role.name,
                title: &role.title,
                template,
                system: None,
                schema: None,
                more: Values::new(),
            };
            answer.text = self.filled(domain, record, &draft)?;
            answer.stand_in = answer.text.is_some();
        }
        Ok(())
    }

    /// The stage's own fallback as one answer.
    pub(super) fn stand_in(
        &self,
        domain: &mut dyn Domain,
        template: &str,
        record: &Record,
    ) -> Result<Option<Answer>, PromptError> {
        let draft = Draft {
            template,
            ..self.draft(None, Values::new())
        };
        let text = self.filled(domain, record, &draft)?;
        Ok(text.map(|text| Answer {
            name: self.stage.name.clone(),
            title: self.stage.title.clone(),
            weight: 1.0,
            text: Some(text),
            stand_in: true,
            call: CallRecord {
                role: self.stage.name.clone(),
                status: "skipped".to_owned(),
                cost_usd: Some(0.0),
                ..CallRecord::default()
            },
            ..Answer::default()
        }))
    }

    fn filled(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        draft: &Draft<'_>,
    ) -> Result<Option<String>, PromptError> {
        match domain.values(self.stage, draft.role, record)? {
            Given::Skip(_) => Ok(None),
            Given::Values(given) => {
                let values = self.values(given, draft, record);
                self.engine.prompts.render(draft.template, &values).map(Some)
            }
        }
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
            for_now: ["quota", "rate_limit"].contains(&why.kind.as_str()),
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

fn take(answer: &mut Answer, answered: Answered) {
    answer.call = answered.call;
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

/// `[A-Za-z0-9_-]{1,64}`, as OpenAI requires.
fn schema_name(pattern: &str, role: &str) -> String {
    format!("{pattern}_{role}")
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || letter == '-' {
                letter
            } else {
                '_'
            }
        })
        .take(64)
        .collect()
}

/// Every text inside a value.
fn gather(value: &Value, text: &mut String) {
    match value {
        Value::String(part) => {
            text.push_str(part);
            text.push('\n');
        }
        Value::Array(parts) => parts.iter().for_each(|part| gather(part, text)),
        Value::Object(parts) => parts.values().for_each(|part| gather(part, text)),
        _ => {}
    }
}
