//! `insights refine`: a text is written, reviewed and rewritten until it is good enough; the text on stdout, the record in the run
//! directory.

mod input;
mod render;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::clock;
use crate::config::{self, Typed};
use crate::event::{Event, Events};
use crate::flow::engine::{Engine, Logged};
use crate::flow::refine::{self, Refined};
use crate::llm::Llm;
use crate::prompt::{Pattern, PromptError, Prompts};
use crate::rundir::{self, RunDir, RunHash};
use crate::store::session::{self, Kind, Metadata, Session, Status};

use super::args::{CommonArguments, RefineArguments};
use super::exit::{Code, Failure, unwritable};
use super::listen::Listeners;
use super::run::KeptRun;
use super::session::{begin, open_store, resume_hint};
use super::{print, run, signal};

pub(super) async fn refine(arguments: &RefineArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let mut typed = typed(arguments, common);
    let flow = flow(&typed, arguments, common)?;
    typed.pattern = Some(flow.clone());
    let settings = run::settle(&typed, common)?;
    let redactor = settings.models.options.redactor();
    let stdin = common.resumed.as_ref().and_then(|resumed| resumed.stdin.clone());
    let input = input::read(arguments, stdin, &redactor, &settings.run_logs)?;
    let prompts = Prompts::open(&settings.prompts)?;
    let pattern = refine::configured(prompts.pattern(&flow)?, &input.task, &settings.models.registered)?;
    let resumed = common.resumed.as_ref();
    let id = resumed.map_or_else(|| session::new_id(Kind::Refine), |resumed| resumed.id.clone());
    let run = RunDir::create(&settings.run_logs, &RunHash::new(&id)?)?;
    let _lock = run.lock(&clock::wall().to_string())?;
    let warnings = settings.warnings.iter().cloned();
    let (listeners, events) = Listeners::of_run(&run, &settings, common, warnings)?;
    let job = Job {
        arguments,
        common,
        settings: &settings,
        prompts: &prompts,
        pattern: &pattern,
        input: &input,
        run: &run,
    };
    let done = tokio::select! {
        done = job.refine(&events) => done,
        signal = signal::wait() => {
            events.say(Event::Interrupted { signal: signal.name.to_owned() });
            let hint = match settings.sessions.backend {
                session::Backend::None => "the session was not kept; run the same command again".to_owned(),
                _ => resume_hint(&id),
            };
            Err(Failure::new(signal.code, format!("interrupted by {}", signal.name)).hint(hint))
        }
    };
    listeners.finish();
    let done = done?;
    print::out(&done.result)
        .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    if !common.quiet || done.code != Code::Complete {
        print::talk(&done.verdict);
    }
    Ok(done.code)
}

fn typed(arguments: &RefineArguments, common: &CommonArguments) -> Typed {
    let names = arguments.reviewer.iter().map(|name| name.trim().to_owned());
    let mut typed = Typed {
        ask: Some(Vec::new()),
        reviewers: names.filter(|name| !name.is_empty()).collect(),
        ..Typed::default()
    };
    arguments.settings.add_to(&mut typed);
    common.add_to(&mut typed);
    typed
}

/// `panel` is the pattern `refine_panel`, `single` is `refine`; any other pattern with a loop goes by its own name.
fn flow(typed: &Typed, arguments: &RefineArguments, common: &CommonArguments) -> Result<String, Failure> {
    let name = arguments.flow.trim();
    if name == "single" {
        return Ok("refine".to_owned());
    }
    let prompts = Prompts::open(&run::settle_patterns(typed, common)?.prompts)?;
    let known: Vec<String> = prompts.list().into_iter().map(|listed| listed.name).collect();
    let long = format!("refine_{name}");
    match [long.as_str(), name]
        .into_iter()
        .find(|name| known.iter().any(|known| known == name))
    {
        Some(found) => Ok(found.to_owned()),
        None => Err(PromptError::NoPattern {
            name: name.to_owned(),
            known: known.into_iter().filter(|name| name.starts_with("refine")).collect(),
        }
        .into()),
    }
}

struct Job<'a> {
    arguments: &'a RefineArguments,
    common: &'a CommonArguments,
    settings: &'a config::Run,
    prompts: &'a Prompts,
    pattern: &'a Pattern,
    input: &'a input::Input,
    run: &'a RunDir,
}

struct Done {
    code: Code,
    /// For stdout.
    result: String,
    /// For stderr, last.
    verdict: String,
}

impl Job<'_> {
    async fn refine(&self, events: &Events) -> Result<Done, Failure> {
        let started = clock::now();
        let models = &self.settings.models.registered;
        let hash = self.run.hash().as_str();
        events.say(Event::QuestionAsked {
            run_hash: hash.to_owned(),
            pattern: self.pattern.name.clone(),
            models: models.iter().map(|model| model.name.clone()).collect(),
        });
        let store = open_store(self.settings, events);
        let mut kept = KeptRun::start(store.clone(), self.run);
        let id = (Kind::Refine, hash);
        let session = begin(
            self.settings,
            store.as_ref(),
            self.common.resumed.as_ref(),
            id,
            self.facts(),
            events,
        );
        let llm = Llm::new(self.settings.models.options.clone(), store, events.clone())
            .map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
        let llm = Arc::new(llm);
        let engine = Engine {
            models,
            session: Arc::new(Logged::new(session.clone(), self.pattern)),
            ..Engine::new(Arc::clone(&llm), self.prompts, self.settings.flow, events.clone())
        };
        let refined = refine::refine(&engine, self.pattern, &self.input.task).await;
        let done = refined
            .map_err(Failure::from)
            .and_then(|refined| self.written(&refined, &session, events));
        let (status, word) = match &done {
            Ok((_, refined)) if refined.ends_session => (Status::Completed, refined.word),
            Ok((_, refined)) => (Status::Failed, refined.word),
            Err(_) => (Status::Failed, "failed"),
        };
        session.finish(status);
        kept.status = word;
        let spending = llm.spending();
        events.say(Event::RunFinished {
            status: word.to_owned(),
            report: self.folder().display().to_string(),
            millis: clock::millis_since(started),
            requests: spending.calls,
            tokens: spending.tokens,
            cost_usd: spending.cost_usd,
        });
        done.map(|(done, _)| done)
    }

    fn facts(&self) -> Metadata {
        let mut facts = Metadata::new();
        facts.insert("flow".to_owned(), json!(self.pattern.name));
        facts.insert("title".to_owned(), json!(render::first_line(&self.input.task.question)));
        if let Some(stdin) = &self.input.stdin {
            facts.insert("stdin".to_owned(), json!(stdin));
        }
        facts
    }

    /// Writes the files and says how it ended.
    fn written(&self, refined: &Refined, session: &Session, events: &Events) -> Result<(Done, Ended), Failure> {
        let task = &self.input.task;
        if refined.is_self_reviewed() {
            events.say(Event::Warning {
                message: "no other model could be asked: the author reviewed its own text; name one with `--reviewer provider:model`"
                    .to_owned(),
            });
        }
        let kept = session.is_kept().then(|| session.id());
        let record = render::json(refined, task, self.pattern, self.run.hash().as_str());
        self.put("refine.json", record.as_bytes())?;
        let Some(text) = &refined.text else {
            let stale = self.folder().join("refined.md");
            rundir::remove(&stale).map_err(|error| unwritable(&stale, &error))?;
            return Err(nothing(refined, kept));
        };
        self.put("refined.md", format!("{text}\n").as_bytes())?;
        if let Some(path) = &self.arguments.output {
            let bytes = format!("{text}\n");
            rundir::write_whole(path, bytes.as_bytes()).map_err(|error| unwritable(path, &error))?;
        }
        let for_now = !refined.is_approved() && refined.is_for_now();
        let code = match (refined.is_approved() || self.arguments.allow_partial, for_now) {
            (true, _) => Code::Complete,
            (false, true) => Code::TryLater,
            (false, false) => Code::Degraded,
        };
        let done = Done {
            code,
            result: if self.arguments.json {
                record
            } else {
                format!("{text}\n")
            },
            verdict: render::verdict(refined, task, kept.filter(|_| for_now)),
        };
        let ended = Ended {
            ends_session: !for_now,
            word: if refined.is_approved() { "complete" } else { "degraded" },
        };
        Ok((done, ended))
    }

    fn folder(&self) -> PathBuf {
        self.run.outputs().join("refine")
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.folder().join(name);
        rundir::write_whole(&path, bytes).map_err(|error| unwritable(&path, &error))
    }
}

struct Ended {
    /// Nothing is left that a later try could do.
    ends_session: bool,
    word: &'static str,
}

fn nothing(refined: &Refined, kept: Option<&str>) -> Failure {
    let because = match &refined.record.stopped {
        Some(stopped) => stopped.because.clone(),
        None => "the flow gave no text".to_owned(),
    };
    let code = if refined.is_for_now() {
        Code::TryLater
    } else {
        Code::NoReport
    };
    let hint = match kept {
        Some(id) => format!("check `insights doctor`, then go on with `insights sessions resume {id}`"),
        None => "check `insights doctor`".to_owned(),
    };
    Failure::new(code, format!("nothing was written: {because}")).hint(hint)
}
