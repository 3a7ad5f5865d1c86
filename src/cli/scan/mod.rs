//! `insights scan`: code projects measured, and on request assessed, side by side under one limiter.

mod asked;
mod offer;
mod project;
mod summary;

use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::config;
use crate::event::{Event, Events};
use crate::flow::scan as analysis;
use crate::llm::Llm;
use crate::prompt::Prompts;
use crate::report::scan::ScanMode;
use crate::rundir::{RunDir, RunHash};
use crate::store::session::{self, Kind, Metadata, Session, Status};

use super::args::{CommonArguments, ScanArguments};
use super::exit::{Code, Failure};
use super::listen::Listeners;
use super::session::{Resumed, begin, open_store};
use super::{print, signal};
use project::{Outcome, Scan};

/// Projects that are worked on at the same time; the limiter holds their calls together.
const AT_ONCE: usize = 4;

pub(super) async fn scan(arguments: &ScanArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let mut asked = asked::settle(arguments, common)?;
    let prompts = Prompts::open(&asked.settings.prompts)?;
    let (targets, repeated) = targets(arguments)?;
    asked.label(&targets, &prompts)?;
    if arguments.egress {
        return offer::egress(arguments, &asked, &prompts, &targets);
    }
    let hash = main_hash(arguments, &targets)?;
    let run = RunDir::create(&asked.settings.run_logs, &hash)?;
    let _lock = run.lock(&clock::wall().to_string())?;
    let warnings = asked.settings.warnings.iter().cloned().chain(repeated);
    let (listeners, events) = Listeners::of_run(&run, &asked.settings, common, warnings)?;
    let job = Job {
        arguments,
        asked: &asked,
        prompts: &prompts,
        run: &run,
        resumed: common.resumed.as_ref(),
    };
    let done = tokio::select! {
        done = job.perform(&targets, &events) => done,
        signal = signal::wait() => {
            events.say(Event::Interrupted { signal: signal.name.to_owned() });
            Err(Failure::new(signal.code, format!("interrupted by {}", signal.name))
                .hint("replies that had arrived are kept; the same command goes on from there"))
        }
    };
    listeners.finish();
    let (code, result) = done?;
    if !common.quiet || arguments.json || arguments.dry_run {
        print::out(&result)
            .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    }
    Ok(code)
}

/// One folder to scan.
#[derive(Debug, Clone)]
pub(super) struct Target {
    path: PathBuf,
    /// The folder's name, fit for a file and a role.
    slug: String,
    /// The project's own folder under `run_logs`.
    id: String,
}

/// Each folder once, and a warning for those that were given again.
fn targets(arguments: &ScanArguments) -> Result<(Vec<Target>, Vec<String>), Failure> {
    let mut targets: Vec<Target> = Vec::new();
    let mut warnings = Vec::new();
    let one = arguments.paths.len() == 1;
    for path in &arguments.paths {
        let slug = slug(&analysis::name(path));
        let id = match &arguments.run_hash {
            Some(name) if one => RunHash::new(name)?.to_string(),
            _ => format!("{slug}-{}", &analysis::place(path)[..8]),
        };
        if targets.iter().any(|known| known.id == id) {
            warnings.push(format!("`{}` is the same folder as an earlier one", path.display()));
        } else {
            targets.push(Target {
                path: path.clone(),
                slug,
                id,
            });
        }
    }
    Ok((targets, warnings))
}

/// Letters, digits and dashes, beginning with a letter or a digit.
fn slug(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || letter == '_' {
                letter
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    let plain = plain.trim_matches(['-', '_']);
    if plain.is_empty() {
        "project".to_owned()
    } else {
        plain.to_owned()
    }
}

/// The folder of the whole call: that of the only project, or one of its own.
fn main_hash(arguments: &ScanArguments, targets: &[Target]) -> Result<RunHash, Failure> {
    let name = match (&arguments.run_hash, targets) {
        (Some(name), _) => name.clone(),
        (None, [only]) => only.id.clone(),
        (None, many) => {
            let ids: Vec<&str> = many.iter().map(|target| target.id.as_str()).collect();
            let digest = Sha256::digest(ids.join("\0").as_bytes());
            let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            format!("scan-{short}")
        }
    };
    Ok(RunHash::new(&name)?)
}

/// What all projects of one call share.
struct Job<'a> {
    arguments: &'a ScanArguments,
    asked: &'a asked::Asked,
    prompts: &'a Prompts,
    run: &'a RunDir,
    resumed: Option<&'a Resumed>,
}

impl Job<'_> {
    async fn perform(&self, targets: &[Target], events: &Events) -> Result<(Code, String), Failure> {
        let started = clock::now();
        let settings: &config::Run = &self.asked.settings;
        let dry = self.arguments.dry_run;
        let asks = !dry && self.asked.mode != ScanMode::Static;
        let store = asks.then(|| open_store(settings, events)).flatten();
        if let Some(store) = &store {
            store.start_run(self.run.hash().as_str());
        }
        let llm = Llm::new(settings.models.options.clone(), store.clone(), events.clone())
            .map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
        let session = match &store {
            Some(_) => {
                let id = session::new_id(Kind::Scan);
                let facts = self.session_facts(targets);
                begin(settings, store.as_ref(), self.resumed, (Kind::Scan, &id), facts, events)
            }
            None => Session::none(),
        };
        let scan = Scan {
            session: session.clone(),
            arguments: self.arguments,
            asked: self.asked,
            prompts: self.prompts,
            main: self.run,
            llm: Arc::new(llm),
            events: events.clone(),
            many: targets.len() > 1,
        };
        scan.say_plan(targets.len());
        // Stays in the order of the arguments.
        let outcomes: Vec<Outcome> = futures::stream::iter(targets)
            .map(|target| scan.outcome(target))
            .buffered(AT_ONCE)
            .collect()
            .await;
        if dry {
            return offer::dry_run(self.arguments, self.run, &outcomes);
        }
        let summed = summary::code(&outcomes, self.arguments.allow_partial);
        session.finish(if summed.is_ok() {
            Status::Completed
        } else {
            Status::Failed
        });
        let (code, status) = summed?;
        if let Some(store) = &store {
            store.finish_run(self.run.hash().as_str(), status);
        }
        let (result, place) = summary::result(self.arguments, self.run, &outcomes)?;
        let spending = scan.llm.spending();
        events.say(Event::RunFinished {
            status: status.to_owned(),
            report: place,
            millis: clock::millis_since(started),
            requests: spending.calls,
            tokens: spending.tokens,
            cost_usd: spending.cost_usd,
        });
        Ok((code, result))
    }

    /// What a person wants to see of it in a list of sessions.
    fn session_facts(&self, targets: &[Target]) -> Metadata {
        let names: Vec<&str> = targets.iter().map(|target| target.slug.as_str()).collect();
        let title: String = names.join(", ").chars().take(80).collect();
        let mut facts = Metadata::new();
        facts.insert("title".to_owned(), title.into());
        facts.insert("pattern".to_owned(), analysis::PATTERN.into());
        facts.insert("run_hash".to_owned(), self.run.hash().as_str().into());
        facts
    }
}
