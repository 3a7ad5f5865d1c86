//! `insights ask`: one question to several models through a pattern; the answer on stdout, the record in the run directory.

mod context;
mod render;

pub(super) use context::text_of;

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::config::{self, Typed};
use crate::event::{Event, Events};
use crate::flow::ask::{Asked, Question};
use crate::flow::{
    self,
    engine::{Engine, Logged},
};
use crate::llm::Llm;
use crate::prompt::{Pattern, Prompts};
use crate::rundir::{self, RunDir, RunHash};
use crate::store::Store;
use crate::store::session::{self, Kind, Metadata, Session, Status};

use super::args::{AskArguments, CommonArguments};
use super::exit::{Code, Failure, unwritable};
use super::listen::Listeners;
use super::run::KeptRun;
use super::session::{Resumed, begin, open_store};
use super::{print, run, signal};

/// A longer question is a document: it belongs into `--context`.
const LONGEST_QUESTION: usize = 20_000;

/// The pattern that is run when none is named: models that judge each other, or roles that one model plays.
const OF_MANY: &str = "council";
const OF_ONE: &str = "perspective";

pub(super) async fn ask(arguments: &AskArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let earlier = common.resumed.as_ref().and_then(|resumed| resumed.stdin.as_deref());
    let text = question(earlier.unwrap_or(&arguments.question))?;
    let wanted = arguments.pattern.as_deref();
    let mut settings = run::settle(&typed(arguments, common, wanted.unwrap_or(OF_MANY)), common)?;
    let alone = settings.models.registered.len() < 2;
    let name = wanted.unwrap_or(if alone { OF_ONE } else { OF_MANY });
    if wanted.is_none() && alone {
        settings = run::settle(&typed(arguments, common, name), common)?;
        settings.warnings.push(format!(
            "there is one model only, so the pattern is `{name}`; `{OF_MANY}` needs two (`--models`)"
        ));
    }
    let prompts = Prompts::open(&settings.prompts)?;
    let pattern = prompts.pattern(name)?;
    let reads_data = pattern
        .stages
        .iter()
        .any(|stage| stage.inputs.iter().any(|input| input == "data"));
    if reads_data || !pattern.inputs.is_empty() {
        return Err(Failure::new(
            Code::Usage,
            format!(
                "the pattern `{}` reads something else and takes no question",
                pattern.name
            ),
        )
        .hint("`insights patterns` lists the patterns; a report is made with `insights run`"));
    }
    let redactor = settings.models.options.redactor();
    let question = Question {
        text,
        context: context::read(&arguments.context, &redactor)?,
        evidence: arguments
            .run
            .as_deref()
            .map(|run| context::evidence(&settings.run_logs, run))
            .transpose()?,
    };
    let hash = match &arguments.run_hash {
        Some(name) => RunHash::new(name)?,
        None => RunHash::new(&name_of(&question, &pattern, &settings))?,
    };
    let run = RunDir::create(&settings.run_logs, &hash)?;
    let _lock = run.lock(&clock::wall().to_string())?;
    let warnings = settings.warnings.iter().cloned();
    let (listeners, events) = Listeners::of_run(&run, &settings, common, warnings)?;
    let job = Job {
        arguments,
        settings: &settings,
        prompts: &prompts,
        pattern: &pattern,
        question: &question,
        run: &run,
        resumed: common.resumed.as_ref(),
    };
    let done = tokio::select! {
        done = job.answer(&events) => done,
        signal = signal::wait() => {
            events.say(Event::Interrupted { signal: signal.name.to_owned() });
            Err(Failure::new(signal.code, format!("interrupted by {}", signal.name))
                .hint("replies that had arrived are kept; the same command goes on from there"))
        }
    };
    listeners.finish();
    let (code, result) = done?;
    print::out(&result).map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(code)
}

fn typed(arguments: &AskArguments, common: &CommonArguments, pattern: &str) -> Typed {
    let mut typed = Typed {
        pattern: Some(pattern.to_owned()),
        ask: Some(
            arguments
                .models
                .iter()
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect(),
        ),
        ..Typed::default()
    };
    arguments.settings.add_to(&mut typed);
    common.add_to(&mut typed);
    typed
}

fn question(typed: &str) -> Result<String, Failure> {
    let text = if typed.trim() == "-" {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LONGEST_QUESTION * 4).unwrap_or(u64::MAX);
        std::io::stdin()
            .lock()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(Code::Usage, format!("could not read stdin: {error}")))?;
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        typed.to_owned()
    };
    let text = text.trim().to_owned();
    if text.is_empty() {
        return Err(Failure::new(Code::Usage, "the question is empty")
            .hint("write `insights ask \"Why did revenue fall?\"`, or pipe it with `insights ask -`"));
    }
    if text.chars().count() > LONGEST_QUESTION {
        return Err(Failure::new(
            Code::Usage,
            format!("the question is longer than {LONGEST_QUESTION} characters"),
        )
        .hint("put the long part into a file and give it with `--context FILE`"));
    }
    Ok(text)
}

/// Equal questions to equal models share a folder, so that asking again finds the replies.
fn name_of(question: &Question, pattern: &Pattern, settings: &config::Run) -> String {
    let digest = Sha256::digest(fingerprint(question, pattern, settings).as_bytes());
    let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("ask-{}-{short}", pattern.name)
}

fn fingerprint(question: &Question, pattern: &Pattern, settings: &config::Run) -> String {
    let mut parts = vec![question.text.clone(), pattern.name.clone()];
    parts.extend(question.context.iter().map(|file| file.text.clone()));
    parts.extend(question.evidence.as_ref().map(crate::evidence::pipe));
    parts.extend(settings.models.registered.iter().map(|model| model.target.to_string()));
    parts.join("\0")
}

struct Job<'a> {
    arguments: &'a AskArguments,
    settings: &'a config::Run,
    prompts: &'a Prompts,
    pattern: &'a Pattern,
    question: &'a Question,
    run: &'a RunDir,
    resumed: Option<&'a Resumed>,
}

impl Job<'_> {
    /// Asks, writes the files, and returns the exit code and what goes to stdout.
    async fn answer(&self, events: &Events) -> Result<(Code, String), Failure> {
        let started = clock::now();
        events.say(Event::QuestionAsked {
            run_hash: self.run.hash().to_string(),
            pattern: self.pattern.name.clone(),
            models: self
                .settings
                .models
                .registered
                .iter()
                .map(|model| model.name.clone())
                .collect(),
        });
        let options = self.settings.models.options.clone();
        let store = open_store(self.settings, events);
        let mut kept = KeptRun::start(store.clone(), self.run);
        let session = self.session(store.as_ref(), events);
        let llm = Llm::new(options, store, events.clone())
            .map(Arc::new)
            .map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
        let engine = Engine {
            models: &self.settings.models.registered,
            session: Arc::new(Logged::new(session.clone(), self.pattern)),
            seed: seed(&fingerprint(self.question, self.pattern, self.settings)),
            ..Engine::new(Arc::clone(&llm), self.prompts, self.settings.flow, events.clone())
        };
        let asked = flow::ask::ask(&engine, self.pattern, self.question).await;
        let asked = asked.inspect_err(|_| session.finish(Status::Failed))?;
        let status = status(&asked);
        kept.status = status;
        let facts = render::Facts {
            run_hash: self.run.hash().as_str(),
            from_run: self.arguments.run.as_deref(),
            question: self.question,
            pattern: self.pattern,
            models: &self.settings.models.registered,
            asked: &asked,
            status,
        };
        let record = render::json(&facts);
        self.put("ask.json", record.as_bytes())?;
        let answer = render::markdown(&facts).map(|text| print::safe(&text));
        match &answer {
            Some(answer) => self.put("answer.md", answer.as_bytes())?,
            None => {
                let stale = self.folder().join("answer.md");
                rundir::remove(&stale).map_err(|error| unwritable(&stale, &error))?;
            }
        }
        let spending = llm.spending();
        session.finish(if answer.is_some() {
            Status::Completed
        } else {
            Status::Failed
        });
        events.say(Event::RunFinished {
            status: status.to_owned(),
            report: self.folder().join("answer.md").display().to_string(),
            millis: clock::millis_since(started),
            requests: spending.calls,
            tokens: spending.tokens,
            cost_usd: spending.cost_usd,
        });
        let Some(answer) = answer else {
            return Err(self.no_answer(&asked));
        };
        if let Some(path) = &self.arguments.output {
            let path = &std::path::Path::new(".").join(path);
            rundir::write_whole(path, answer.as_bytes()).map_err(|error| unwritable(path, &error))?;
        }
        let code = if status == "complete" || self.arguments.allow_partial {
            Code::Complete
        } else {
            Code::Degraded
        };
        Ok((code, if self.arguments.json { record } else { answer }))
    }

    /// Stays active when a signal drops the command half-way, and can be resumed.
    fn session(&self, store: Option<&Store>, events: &Events) -> Session {
        let mut facts = Metadata::new();
        let title = self.question.text.lines().next().unwrap_or_default();
        facts.insert("title".to_owned(), title.chars().take(80).collect::<String>().into());
        facts.insert("pattern".to_owned(), self.pattern.name.clone().into());
        facts.insert("run_hash".to_owned(), self.run.hash().as_str().into());
        if self.arguments.question.trim() == "-" {
            facts.insert("stdin".to_owned(), self.question.text.clone().into());
        }
        let id = session::new_id(Kind::Ask);
        begin(self.settings, store, self.resumed, (Kind::Ask, &id), facts, events)
    }

    fn folder(&self) -> PathBuf {
        self.run.outputs().join("ask")
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.folder().join(name);
        rundir::write_whole(&path, bytes).map_err(|error| unwritable(&path, &error))
    }

    fn no_answer(&self, asked: &Asked) -> Failure {
        let place = self.folder().join("ask.json");
        let hint = format!(
            "`{}` holds what every model said; see `--models` and `insights doctor`",
            place.display()
        );
        match &asked.record.stopped {
            Some(stopped) => {
                let code = if stopped.for_now {
                    Code::TryLater
                } else {
                    Code::NoReport
                };
                Failure::new(code, format!("no answer: {}", stopped.because)).hint(hint)
            }
            None => Failure::new(
                Code::NoReport,
                "no answer: no sentence of it passed the check against the run's facts",
            )
            .hint(hint),
        }
    }
}

fn status(asked: &Asked) -> &'static str {
    let spoken = asked.answer.as_ref().is_some_and(|answer| !answer.text.is_empty());
    if !spoken {
        "failed"
    } else if asked.record.is_degraded() {
        "degraded"
    } else {
        "complete"
    }
}

/// Labels and orders follow from the question: asking again gives the same prompts.
fn seed(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(8)
        .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}
