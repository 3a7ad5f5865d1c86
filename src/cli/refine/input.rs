//! What is to be refined: the prompt from an argument, a file or stdin, criteria and schema from files. Keys never get in.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use crate::cli::args::RefineArguments;
use crate::cli::ask::text_of;
use crate::cli::exit::{Code, Failure};
use crate::cli::finished::FinishedRun;
use crate::config;
use crate::evidence::Evidence;
use crate::flow::refine::{Mix, Scorer, Task};
use crate::llm::Redactor;

/// A longer prompt is a document of its own.
const LONGEST: u64 = 256 * 1024;

#[derive(Debug)]
pub(super) struct Input {
    pub(super) task: Task,
    /// What was read from stdin: a resumed session cannot read it again.
    pub(super) stdin: Option<String>,
}

/// # Errors
/// An empty prompt, a file that cannot be read or holds a key, criteria or scorers that make no sense.
pub(super) fn read(
    arguments: &RefineArguments,
    earlier_stdin: Option<String>,
    redactor: &Redactor,
    run_logs: &Path,
) -> Result<Input, Failure> {
    let (question, stdin) = prompt(arguments, earlier_stdin, redactor)?;
    if question.trim().is_empty() {
        return Err(Failure::new(Code::Usage, "the prompt is empty").hint(HINT));
    }
    for (what, text) in [("prompt", Some(&question)), ("goal", arguments.goal.as_ref())] {
        if text.is_some_and(|text| redactor.redact(text) != *text) {
            return Err(
                Failure::new(Code::Usage, format!("the {what} holds what looks like a key"))
                    .hint("keys never leave this machine: take it out"),
            );
        }
    }
    let criteria = match &arguments.criteria {
        None => Vec::new(),
        Some(path) => {
            let name = path.to_string_lossy();
            config::refine::criteria(&text_of(path, redactor)?, &name)?
        }
    };
    let schema = match &arguments.schema {
        None => None,
        Some(path) => Some(json(path, &text_of(path, redactor)?)?),
    };
    let length = arguments.length.as_deref().map(config::refine::words).transpose()?;
    let mix = match &arguments.scorer {
        Some(text) => config::refine::mix(
            text,
            &criteria,
            schema.as_ref(),
            length,
            grounding(arguments, run_logs)?,
        )?,
        None if criteria.is_empty() => Mix::of(Scorer::Llm),
        None => Mix::of(Scorer::Rubric),
    };
    unused(arguments, &mix)?;
    let only_grounding = mix
        .parts
        .iter()
        .all(|(scorer, _)| matches!(scorer, Scorer::Grounding(_)));
    let threshold = arguments.threshold.unwrap_or(if only_grounding { 1.0 } else { 0.8 });
    Ok(Input {
        task: Task {
            question,
            goal: arguments.goal.clone(),
            criteria,
            mix,
            threshold,
            iterations: arguments.max_iterations,
            reviewers: arguments
                .reviewer
                .iter()
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect(),
        },
        stdin,
    })
}

/// The evidence of the run named with `--run`.
fn grounding(arguments: &RefineArguments, run_logs: &Path) -> Result<Option<Scorer>, Failure> {
    let Some(hash) = &arguments.run else { return Ok(None) };
    let run = FinishedRun::find(run_logs, hash)?;
    let evidence: Vec<Evidence> = run.facts().evidence.to_vec();
    Ok(Some(Scorer::Grounding(evidence.into())))
}

const HINT: &str = "write `insights refine --prompt \"…\"`, name a file, or pipe it with `--prompt -`";

/// `-` and no argument at a pipe are stdin, `@FILE` and the path of a file are the file, all else is the prompt itself.
fn prompt(
    arguments: &RefineArguments,
    earlier_stdin: Option<String>,
    redactor: &Redactor,
) -> Result<(String, Option<String>), Failure> {
    let typed = match arguments.prompt.as_deref() {
        Some(typed) => typed,
        None if earlier_stdin.is_some() || !std::io::stdin().is_terminal() => "-",
        None => return Err(Failure::new(Code::Usage, "there is no prompt").hint(HINT)),
    };
    if typed.trim() == "-" {
        let text = match earlier_stdin {
            Some(text) => text,
            None => stdin()?,
        };
        return Ok((text.clone(), Some(text)));
    }
    let named = typed.strip_prefix('@');
    let path = Path::new(named.unwrap_or(typed));
    if named.is_some() || path.is_file() {
        return Ok((text_of(path, redactor)?, None));
    }
    Ok((typed.to_owned(), None))
}

fn stdin() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::new(Code::Usage, format!("could not read stdin: {error}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::new(Code::Usage, "the prompt is larger than 256 KiB").hint(HINT));
    }
    String::from_utf8(bytes).map_err(|_| Failure::new(Code::Usage, "the prompt is no text in UTF-8"))
}

fn json(path: &Path, text: &str) -> Result<serde_json::Value, Failure> {
    serde_json::from_str(text).map_err(|error| {
        Failure::new(
            Code::Usage,
            format!("the schema `{}` is no JSON: {error}", path.display()),
        )
        .hint("give a JSON Schema")
    })
}

/// A flag that nothing reads is a misunderstanding.
fn unused(arguments: &RefineArguments, mix: &Mix) -> Result<(), Failure> {
    let uses = |name: &str| mix.parts.iter().any(|(scorer, _)| scorer.name() == name);
    for (flag, given, scorer) in [
        ("--schema", arguments.schema.is_some(), "schema"),
        ("--length", arguments.length.is_some(), "length"),
        ("--run", arguments.run.is_some(), "grounding"),
    ] {
        if given && !uses(scorer) {
            return Err(
                Failure::new(Code::Usage, format!("`{flag}` is given and no scorer reads it"))
                    .hint(format!("add the scorer, for example `--scorer llm=0.7,{scorer}=0.3`")),
            );
        }
    }
    Ok(())
}
