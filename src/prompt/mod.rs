//! The prompts: templates and patterns from `prompts/`, embedded in the binary, overridden by folders; filled with values. Never
//! heard of vendors or HTTP.
//!
//! ```text
//! files ─► sheet ─► read ─► pattern ─► check
//!      └─► templates, schemas ─► Prompts::render
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod check;
mod council;
mod files;
mod pattern;
mod read;
mod sheet;
mod vocabulary;

pub use council::{CoordinatorBrief, coordinator_values, specialist_values};
pub use files::{Options, Origin};
pub use pattern::*;
pub use sheet::Fault;

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior};
use serde_json::Value;

use files::Files;

/// What a template may use, by name.
pub type Values = serde_json::Map<String, Value>;

/// A prompt ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    pub system: String,
    pub user: String,
    /// `[A-Za-z0-9_-]{1,64}`.
    pub schema_name: String,
    /// None asks for text.
    pub schema: Option<Value>,
}

#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("prompt `{name}` cannot be used: {why}")]
    Bad { name: String, why: String },
    #[error("there is no pattern `{name}`; known are {}", known.join(", "))]
    NoPattern { name: String, known: Vec<String> },
    #[error("the pattern `{name}` cannot be used: {}", faults.first().map(ToString::to_string).unwrap_or_default())]
    Faulty { name: String, faults: Vec<Fault> },
}

impl PromptError {
    pub fn hint(&self) -> String {
        match self {
            Self::Bad { .. } => {
                "correct the file, or remove it to use the prompt in the binary; `insights doctor` checks them all"
                    .to_owned()
            }
            Self::NoPattern { .. } => "`insights patterns` lists them with where they come from".to_owned(),
            Self::Faulty { name, .. } => format!("`insights patterns check {name}` tells every fault"),
        }
    }
}

/// A pattern among others.
#[derive(Debug, Clone)]
pub struct Listed {
    pub name: String,
    /// The places that hold it, the winning one first.
    pub origins: Vec<Origin>,
}

/// All templates, schemas and patterns of a run.
#[derive(Debug)]
pub struct Prompts {
    environment: Environment<'static>,
    files: Files,
}

impl Prompts {
    /// # Errors
    /// A template of the council that does not parse, or a schema of it that is no JSON.
    pub fn load(options: &Options) -> Result<Self, PromptError> {
        let prompts = Self::open(options)?;
        for name in prompts.files.of_pattern(COUNCIL).into_keys() {
            if name.ends_with(".json") {
                prompts.schema(&name)?;
            } else if name.ends_with(".md") {
                prompts
                    .environment
                    .get_template(&name)
                    .map_err(|error| bad(&name, &error))?;
            }
        }
        Ok(prompts)
    }

    /// Without a look into any file.
    ///
    /// # Errors
    /// None today: the syntax of the templates is fixed.
    pub fn open(options: &Options) -> Result<Self, PromptError> {
        let files = Files::new(options);
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut syntax = environment.syntax().to_builder();
        let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| bad("insights", &error))?);
        let loader = files.clone();
        environment.set_loader(move |name| {
            let found = loader
                .find(name)
                .map_err(|why| minijinja::Error::new(minijinja::ErrorKind::TemplateNotFound, why))?;
            Ok(found.map(|found| found.text))
        });
        Ok(Self { environment, files })
    }

    /// Every pattern, with where it comes from.
    pub fn list(&self) -> Vec<Listed> {
        let patterns = self.files.patterns().into_iter();
        patterns.map(|(name, origins)| Listed { name, origins }).collect()
    }

    /// A pattern that can be run.
    ///
    /// # Errors
    /// No such pattern, or faults in its shape or its graph.
    pub fn pattern(&self, name: &str) -> Result<Pattern, PromptError> {
        let (pattern, mut faults) = self.read_pattern(name)?;
        faults.extend(check::graph(&pattern));
        if faults.is_empty() {
            return Ok(pattern);
        }
        faults.sort();
        Err(PromptError::Faulty {
            name: name.to_owned(),
            faults,
        })
    }

    /// Every fault of a pattern: shape, graph, inputs, templates, schemas, and models that are not among `models`.
    ///
    /// # Errors
    /// There is no such pattern.
    pub fn check(&self, name: &str, models: &[String]) -> Result<Vec<Fault>, PromptError> {
        let (pattern, mut faults) = self.read_pattern(name)?;
        faults.extend(check::graph(&pattern));
        faults.extend(check::models(&pattern, models));
        faults.extend(check::files(&pattern, self));
        faults.sort();
        faults.dedup();
        Ok(faults)
    }

    /// The files of a pattern's folder with the place that each comes from.
    pub fn sources(&self, pattern: &str) -> BTreeMap<String, Origin> {
        self.files.of_pattern(pattern)
    }

    /// The text of a file of a pattern, `critique/example.md`, if there is one.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn text(&self, name: &str) -> Result<Option<String>, PromptError> {
        let found = self.files.find(name).map_err(|why| PromptError::Bad {
            name: name.to_owned(),
            why,
        })?;
        Ok(found.map(|found| found.text))
    }

    /// Fills a template.
    ///
    /// # Errors
    /// No such template, one that does not parse, or one that names an unknown variable.
    pub fn render(&self, name: &str, values: &Values) -> Result<String, PromptError> {
        self.environment
            .get_template(name)
            .and_then(|template| template.render(minijinja::value::Serde(values)))
            .map_err(|error| bad(name, &error))
    }

    /// # Errors
    /// No such file, or no JSON.
    pub fn schema(&self, name: &str) -> Result<Value, PromptError> {
        let fault = |why: String| PromptError::Bad {
            name: name.to_owned(),
            why,
        };
        let found = self.files.find(name).map_err(fault)?;
        let found = found.ok_or_else(|| fault("there is no such file".to_owned()))?;
        serde_json::from_str(&found.text).map_err(|error| fault(format!("no valid JSON: {error}")))
    }

    fn read_pattern(&self, name: &str) -> Result<(Pattern, Vec<Fault>), PromptError> {
        let file = format!("{name}/pattern.toml");
        let found = self.files.find(&file).map_err(|why| PromptError::Bad {
            name: name.escape_debug().to_string(),
            why,
        })?;
        let found = found.ok_or_else(|| PromptError::NoPattern {
            name: name.escape_debug().to_string(),
            known: self.list().into_iter().map(|listed| listed.name).collect(),
        })?;
        let shown = match &found.origin {
            Origin::BuiltIn => file,
            Origin::File(path) => path.display().to_string(),
        };
        Ok(read::pattern(name, &shown, found.origin.clone(), &found.text))
    }
}

/// The pattern of the main job.
pub const COUNCIL: &str = "insights";

/// Tokens of a text, roughly: tables run at about 1.9 characters a token, prose at 4 (measured with o200k).
pub fn estimate_tokens(text: &str) -> u64 {
    let tokens: u64 = text
        .lines()
        .map(|line| {
            let n_characters = line.chars().count() as u64 + 1;
            if line.matches('|').count() >= 3 {
                n_characters * 10 / 19
            } else {
                n_characters * 10 / 40
            }
        })
        .sum();
    tokens.max(1)
}

/// The re-ask after a reply that could not be used: the errors only, never the bad reply.
pub fn reask(prompt: &str, faults: &[String]) -> String {
    let list: Vec<String> = faults.iter().take(12).map(|fault| format!("- {fault}")).collect();
    format!(
        "{prompt}\n\nYour previous reply could not be used:\n{}\nReply again with one JSON object that matches the schema, and nothing else.",
        list.join("\n")
    )
}

/// The schema as it stands in a prompt.
pub fn compact(schema: &Value) -> String {
    schema.to_string()
}

/// A line that the data cannot contain, so that no cell can close its block; the same data give the same fence.
pub fn fence(text: &str) -> String {
    let mut salt = 0_u64;
    loop {
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ salt, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let fence = format!("DATA-{hash:016x}");
        if !text.contains(&fence) {
            return fence;
        }
        salt += 1;
    }
}

fn bad(name: &str, error: &minijinja::Error) -> PromptError {
    let place = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    PromptError::Bad {
        name: error.name().unwrap_or(name).to_owned(),
        why: format!("{place}{}", error.detail().unwrap_or(&error.kind().to_string())),
    }
}

#[cfg(test)]
mod tests;
