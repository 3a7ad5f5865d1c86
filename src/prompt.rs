//! The prompts: templates from `prompts/`, embedded in the binary, overridden by a folder; filled with evidence. Never heard of
//! vendors or HTTP.

use std::path::{Path, PathBuf};

use minijinja::{Environment, UndefinedBehavior, Value as Context, context};
use serde_json::Value;

use crate::evidence::{self, Evidence};
use crate::insight::{Analyst, Finding};

/// Where the templates come from.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A folder whose files win over the embedded ones, file by file.
    pub folder: Option<PathBuf>,
}

/// A prompt ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    pub system: String,
    pub user: String,
    pub schema_name: String,
    pub schema: Value,
}

#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("prompt `{name}` cannot be used: {why}")]
    Bad { name: String, why: String },
}

impl PromptError {
    pub fn hint(&self) -> String {
        "correct the file, or remove it to use the prompt in the binary; `insights doctor` checks them all".to_owned()
    }
}

/// What the coordinator is told.
#[derive(Debug)]
pub struct CoordinatorBrief<'a> {
    pub evidence: &'a Evidence,
    pub findings: &'a [&'a Finding],
    /// Analyst and reason, in words.
    pub missing: &'a [(Analyst, String)],
    pub gaps: &'a [String],
    pub advice: &'a [(Analyst, String)],
    pub conflicts: &'a [String],
}

/// The loaded templates.
#[derive(Debug)]
pub struct Prompts {
    environment: Environment<'static>,
    folder: Option<PathBuf>,
}

macro_rules! embedded {
    ($name:literal) => {
        (
            concat!("insights/", $name),
            include_str!(concat!("../prompts/insights/", $name)),
        )
    };
}

const EMBEDDED: [(&str, &str); 13] = [
    embedded!("system.md"),
    embedded!("rules.md"),
    embedded!("reply.md"),
    embedded!("daily_metrics.md"),
    embedded!("user_segmentation.md"),
    embedded!("geographic.md"),
    embedded!("cohort_retention.md"),
    embedded!("revenue_optimization.md"),
    embedded!("data_quality.md"),
    embedded!("coordinator_system.md"),
    embedded!("coordinator.md"),
    embedded!("specialist.schema.json"),
    embedded!("coordinator.schema.json"),
];

impl Prompts {
    /// # Errors
    /// A template of the folder that does not parse, or a schema that is no JSON.
    pub fn load(options: &Options) -> Result<Self, PromptError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut syntax = environment.syntax().to_builder();
        let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|error| bad("insights", &error))?);
        let folder = options.folder.clone();
        let loader_folder = folder.clone();
        environment.set_loader(move |name| {
            source(loader_folder.as_deref(), name)
                .map_err(|why| minijinja::Error::new(minijinja::ErrorKind::TemplateNotFound, why))
        });
        let prompts = Self { environment, folder };
        for (name, _) in EMBEDDED {
            if name.ends_with(".json") {
                prompts.schema(name)?;
            } else {
                prompts
                    .environment
                    .get_template(name)
                    .map_err(|error| bad(name, &error))?;
            }
        }
        Ok(prompts)
    }

    /// The templates in use, each with where it came from.
    pub fn sources(&self) -> Vec<(String, String)> {
        EMBEDDED
            .iter()
            .map(|(name, _)| {
                let file = self.folder.as_deref().map(|folder| folder.join(name));
                let origin = file
                    .filter(|file| file.is_file())
                    .map_or_else(|| "built in".to_owned(), |file| file.display().to_string());
                ((*name).to_owned(), origin)
            })
            .collect()
    }

    /// The prompt of one specialist: its task, its evidence, the rules, the schema of its reply.
    ///
    /// # Errors
    /// A template that names an unknown variable.
    pub fn specialist(&self, evidence: &Evidence) -> Result<Prompt, PromptError> {
        let schema = self.schema("insights/specialist.schema.json")?;
        let table_text = evidence::pipe(evidence);
        let context = context! {
            analyst => evidence.analyst.key(),
            title => evidence.analyst.title(),
            period => format!("{}..{}", evidence.period.start, evidence.period.end),
            fence => fence(&table_text),
            evidence => table_text,
            schema => compact(&schema),
            gaps => evidence.gaps.clone(),
        };
        Ok(Prompt {
            system: self.render("insights/system.md", &context)?,
            user: self.render(&format!("insights/{}.md", evidence.analyst.key()), &context)?,
            schema_name: format!("insights_{}", evidence.analyst.key()),
            schema,
        })
    }

    /// The prompt of the coordinator: the checked findings and what is missing.
    ///
    /// # Errors
    /// A template that names an unknown variable.
    pub fn coordinator(&self, brief: &CoordinatorBrief<'_>) -> Result<Prompt, PromptError> {
        let schema = self.schema("insights/coordinator.schema.json")?;
        let lines: Vec<String> = brief
            .findings
            .iter()
            .map(|finding| {
                format!(
                    "{} | {} | {} | {} | confidence {:.2} | {}",
                    finding.id,
                    finding.analyst.key(),
                    finding.severity.word(),
                    finding.text,
                    finding.confidence.score,
                    finding.evidence.join(" ")
                )
            })
            .collect();
        let lines = lines.join("\n");
        let named = |parts: &[(Analyst, String)]| -> Vec<String> {
            parts
                .iter()
                .map(|(analyst, text)| format!("{}: {text}", analyst.key()))
                .collect()
        };
        let context = context! {
            period => format!("{}..{}", brief.evidence.period.start, brief.evidence.period.end),
            previous_period => brief.evidence.previous_period.map(|window| format!("{}..{}", window.start, window.end)),
            fence => fence(&lines),
            findings => lines,
            n_findings => brief.findings.len(),
            missing => named(brief.missing),
            gaps => brief.gaps.to_vec(),
            advice => named(brief.advice),
            conflicts => brief.conflicts.to_vec(),
            schema => compact(&schema),
        };
        Ok(Prompt {
            system: self.render("insights/coordinator_system.md", &context)?,
            user: self.render("insights/coordinator.md", &context)?,
            schema_name: "insights_coordinator".to_owned(),
            schema,
        })
    }

    fn render(&self, name: &str, context: &Context) -> Result<String, PromptError> {
        self.environment
            .get_template(name)
            .and_then(|template| template.render(context.clone()))
            .map_err(|error| bad(name, &error))
    }

    fn schema(&self, name: &str) -> Result<Value, PromptError> {
        let text = source(self.folder.as_deref(), name)
            .and_then(|found| found.ok_or_else(|| "there is no such file".to_owned()))
            .map_err(|why| PromptError::Bad {
                name: name.to_owned(),
                why,
            })?;
        serde_json::from_str(&text).map_err(|error| PromptError::Bad {
            name: name.to_owned(),
            why: format!("no valid JSON: {error}"),
        })
    }
}

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

fn compact(schema: &Value) -> String {
    schema.to_string()
}

/// A line that the data cannot contain, so that no cell can close its block; the same data give the same fence.
fn fence(text: &str) -> String {
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

fn source(folder: Option<&Path>, name: &str) -> Result<Option<String>, String> {
    if let Some(file) = folder.map(|folder| folder.join(name))
        && file.is_file()
        && !name.split('/').any(|part| part == "..")
    {
        return std::fs::read_to_string(&file)
            .map(Some)
            .map_err(|error| format!("could not read `{}`: {error}", file.display()));
    }
    Ok(EMBEDDED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| (*text).to_owned()))
}

fn bad(name: &str, error: &minijinja::Error) -> PromptError {
    let place = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
    PromptError::Bad {
        name: error.name().unwrap_or(name).to_owned(),
        why: format!("{place}{}", error.detail().unwrap_or(&error.kind().to_string())),
    }
}
