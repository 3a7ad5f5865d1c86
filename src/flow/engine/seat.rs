//! How one prompt is made: values from the caller, from earlier stages and from the engine, filled into a template.

use serde_json::{Value, json};

use super::call::{Judge, Question};
use super::models::Registered;
use super::record::{Answer, Record, StageRecord};
use super::stage::{Run, plain};
use super::view::view;
use super::{Domain, Given};
use crate::insight::CallRecord;
use crate::prompt::{self, Prompt, PromptError, RoleFailure, Values};

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
        let mut foreign = String::new();
        let others = values.iter().filter(|(name, _)| *name != "fence");
        others.for_each(|(_, value)| gather(value, &mut foreign));
        // The caller's own fence stands unless something that came in later holds it.
        let given = values.get("fence").and_then(Value::as_str);
        if given.is_none_or(|given| foreign.contains(given)) {
            values.insert("fence".to_owned(), json!(prompt::fence(&foreign)));
        }
        values
    }

    /// Templates in the place of roles that failed, where the role says so.
    pub(super) fn stand_ins(
        &self,
        domain: &mut dyn Domain,
        record: &Record,
        done: &mut StageRecord,
    ) -> Result<(), PromptError> {
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
