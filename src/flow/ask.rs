//! A question to several models through a pattern. Its number references are rendered and checked when a run's evidence is given.

use serde::Serialize;
use serde_json::{Value, json};

use super::engine::{self, Domain, Engine, Given, Record, StageRecord};
use crate::evidence::{self, Evidence};
use crate::prompt::{Pattern, PromptError, Stage, Values};
use crate::reply::{self, DroppedSentence};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    pub text: String,
    pub context: Vec<ContextFile>,
    /// The facts of a finished run, joined.
    pub evidence: Option<Evidence>,
}

/// A file that the models may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextFile {
    pub name: String,
    pub text: String,
}

/// What came of a question.
#[derive(Debug)]
pub struct Asked {
    pub record: Record,
    /// None when the pattern did not come to its result.
    pub answer: Option<Final>,
}

/// The answer for the reader.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Final {
    /// Markdown; every number of a run's evidence was written by the program.
    pub text: String,
    /// Sentences that did not pass the check.
    pub dropped: Vec<DroppedSentence>,
    /// The cells behind the numbers.
    pub evidence: Vec<String>,
}

/// Runs the pattern for the question.
///
/// # Errors
/// Only a prompt that cannot be filled; failed calls are values in the record.
pub async fn ask(engine: &Engine<'_>, pattern: &Pattern, question: &Question) -> Result<Asked, PromptError> {
    let mut desk = Inquiry {
        values: values(question),
        question,
        result: pattern.result.clone(),
        answer: None,
    };
    let record = engine::run(engine, pattern, &mut desk).await?;
    let answer = match (desk.answer, &record.stopped) {
        (Some(answer), _) => Some(answer),
        (None, Some(_)) => None,
        (None, None) => record.answer().and_then(|answer| {
            let text = answer.text.as_deref()?;
            Some(checked(text, answer.value.as_ref(), question.evidence.as_ref()))
        }),
    };
    Ok(Asked { record, answer })
}

struct Inquiry<'a> {
    values: Values,
    question: &'a Question,
    result: String,
    answer: Option<Final>,
}

impl Domain for Inquiry<'_> {
    fn values(&mut self, stage: &Stage, _role: &str, _record: &Record) -> Result<Given, PromptError> {
        // A stage sees what it names, and nothing else.
        let wanted = |name: &str| match name {
            "evidence" => stage.inputs.iter().any(|input| input == "context" || input == "data"),
            name => stage.inputs.iter().any(|input| input == name),
        };
        let values = self.values.iter().filter(|(name, _)| wanted(name));
        Ok(Given::Values(
            values.map(|(name, value)| (name.clone(), value.clone())).collect(),
        ))
    }

    fn finished(&mut self, stage: &Stage, done: &mut StageRecord) {
        if stage.name != self.result {
            return;
        }
        if let Some(answer) = done.answers.iter().find(|answer| answer.text.is_some()) {
            let text = answer.text.as_deref().unwrap_or_default();
            self.answer = Some(checked(text, answer.value.as_ref(), self.question.evidence.as_ref()));
        }
    }
}

fn values(question: &Question) -> Values {
    let files = question
        .context
        .iter()
        .map(|file| format!("file {}:\n{}", file.name, file.text.trim_end()));
    let tables = question.evidence.as_ref().map(evidence::pipe);
    Values::from_iter([
        ("question".to_owned(), json!(question.text)),
        ("context".to_owned(), json!(files.collect::<Vec<_>>().join("\n\n"))),
        ("evidence".to_owned(), json!(tables.unwrap_or_default())),
    ])
}

/// With evidence every sentence is checked against it; without, the text stands as the model wrote it.
fn checked(text: &str, value: Option<&Value>, evidence: Option<&Evidence>) -> Final {
    let text = match value {
        Some(value) => markdown_of(value),
        None => text.trim().to_owned(),
    };
    match evidence {
        None => Final {
            text,
            ..Final::default()
        },
        Some(evidence) => {
            let prose = reply::prose(&text, evidence);
            Final {
                text: prose.text,
                dropped: prose.dropped,
                evidence: prose.cells,
            }
        }
    }
}

/// An answer by a schema, for people: one paragraph for each text, one list for each list.
fn markdown_of(value: &Value) -> String {
    let Value::Object(fields) = value else {
        return value.to_string();
    };
    let parts = fields.iter().filter_map(|(name, value)| {
        let heading = name.replace('_', " ");
        match value {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(format!("**{heading}:** {text}")),
            Value::Array(items) if items.is_empty() => None,
            Value::Array(items) => {
                let lines = items.iter().map(|item| match item {
                    Value::String(text) => format!("- {text}"),
                    other => format!("- {other}"),
                });
                Some(format!("**{heading}:**\n\n{}", lines.collect::<Vec<_>>().join("\n")))
            }
            Value::Null => None,
            other => Some(format!("**{heading}:** {other}")),
        }
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_by_a_schema_is_readable() {
        let value = json!({"verdict": "Wait.", "reasons": ["Cost", "Risk"], "empty": [], "score": 0.5});
        let text = markdown_of(&value);
        assert!(text.contains("**verdict:** Wait."), "{text}");
        assert!(
            text.contains("**reasons:**\n\n- Cost\n- Risk") && !text.contains("empty"),
            "{text}"
        );
    }
}
