//! One project of a call, from its folder to its files. What fails is a value: the others go on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::cli::args::ScanArguments;
use crate::cli::exit::{Failure, unwritable};
use crate::clock;
use crate::event::{Event, Events};
use crate::flow::PlannedCall;
use crate::flow::engine::{Engine, Logged};
use crate::flow::scan::{self as analysis, Analysis, Kept, Limits, PATTERN};
use crate::insight::project::Answers;
use crate::llm::Llm;
use crate::prompt::Prompts;
use crate::report::scan::{ScanFacts, ScanMode, markdown, scan_json};
use crate::rundir::{self, RunDir, RunHash, RunLock};
use crate::store::session::Session;

use super::Target;
use super::asked::Asked;

/// What the projects of one call share.
pub(super) struct Scan<'a> {
    pub(super) arguments: &'a ScanArguments,
    pub(super) asked: &'a Asked,
    pub(super) prompts: &'a Prompts,
    /// The run directory of the whole call, whose lock is held.
    pub(super) main: &'a RunDir,
    pub(super) llm: Arc<Llm>,
    pub(super) session: Session,
    pub(super) events: Events,
    pub(super) many: bool,
}

/// What came of one project.
pub(super) struct Outcome {
    pub(super) target: Target,
    pub(super) done: Result<Done, Failure>,
}

pub(super) enum Done {
    Scanned(Box<Scanned>),
    /// Of a dry run.
    Planned(Vec<PlannedCall>),
}

pub(super) struct Scanned {
    pub(super) analysis: Analysis,
    pub(super) answers: Option<Answers>,
    pub(super) status: &'static str,
    pub(super) json: Value,
    pub(super) report: PathBuf,
}

/// The static part of one folder, kept between scans under `run_logs/.scan`.
pub(super) fn measure(
    path: &Path,
    run_logs: &Path,
    output: Option<&Path>,
    keep: bool,
) -> Result<(Analysis, Kept), Failure> {
    let mut leave_out = vec![run_logs.to_owned()];
    leave_out.extend(output.map(Path::to_owned));
    let store = run_logs.join(".scan");
    analysis::analyze_or_kept(path, keep.then_some(store.as_path()), &leave_out, &Limits::default())
        .map_err(|error| Failure::new(crate::cli::Code::Usage, error.to_string()).hint(error.hint()))
}

impl Scan<'_> {
    pub(super) fn say_plan(&self, n_projects: usize) {
        if self.asked.mode == ScanMode::Static || self.arguments.dry_run {
            return;
        }
        let roles = self
            .prompts
            .pattern(PATTERN)
            .map(|pattern| pattern.roles())
            .unwrap_or_default();
        let mut models: Vec<String> = roles
            .iter()
            .filter_map(|role| self.llm.plan(role).first().map(|step| step.target.to_string()))
            .collect();
        models.sort();
        models.dedup();
        self.events.say(Event::Plan {
            calls: roles.len() * n_projects,
            estimated_input_tokens: TOKENS_OF_A_CALL * (roles.len() * n_projects) as u64,
            models,
            hosts: self.llm.hosts(),
        });
    }

    pub(super) async fn outcome(&self, target: &Target) -> Outcome {
        let started = clock::now();
        let done = self.project(target).await;
        let (status, report) = match &done {
            Ok(Done::Scanned(scanned)) => (scanned.status, scanned.report.display().to_string()),
            Ok(Done::Planned(_)) => ("planned", String::new()),
            Err(failure) => {
                self.events.say(Event::Warning {
                    message: format!("{}: {}", target.slug, failure.message),
                });
                ("failed", String::new())
            }
        };
        self.events.say(Event::ProjectFinished {
            project: target.slug.clone(),
            status: status.to_owned(),
            report,
            millis: clock::millis_since(started),
        });
        Outcome {
            target: target.clone(),
            done,
        }
    }

    async fn project(&self, target: &Target) -> Result<Done, Failure> {
        let started = clock::now();
        let (analysis, kept) = self.measured(target).await?;
        let static_millis = clock::millis_since(started);
        let project = &analysis.project;
        self.events.say(Event::ProjectRead {
            project: target.slug.clone(),
            files: project.files.total,
            lines_of_code: project.lines_of_code(),
            secrets: project.secrets.len(),
            unchanged: kept == Kept::Unchanged,
            millis: static_millis,
        });
        if self.arguments.dry_run {
            return self.planned(&analysis).map(Done::Planned);
        }
        let (run, _lock) = self.run_of(target)?;
        let folder = run.output_folder(PATTERN)?;
        let answers = match self.asked.mode {
            ScanMode::Static => None,
            ScanMode::Real | ScanMode::Mock => Some(self.ask(target, &analysis).await?),
        };
        let facts = ScanFacts {
            run_hash: run.hash().as_str(),
            project: &analysis.project,
            mode: self.asked.mode,
            answers: answers.as_ref(),
            static_seconds: static_millis as f64 / 1000.0,
            unchanged: kept == Kept::Unchanged,
        };
        let json = scan_json(&facts);
        let status = facts.status();
        let report = self.write(target, &folder, &json, &markdown(&facts))?;
        Ok(Done::Scanned(Box::new(Scanned {
            status,
            json,
            report,
            answers,
            analysis,
        })))
    }

    /// Reading and measuring keeps a processor busy: not on the thread that waits for replies.
    async fn measured(&self, target: &Target) -> Result<(Analysis, Kept), Failure> {
        let path = target.path.clone();
        let run_logs = self.asked.settings.run_logs.clone();
        let output = self.arguments.output.clone();
        let measuring = tokio::task::spawn_blocking(move || measure(&path, &run_logs, output.as_deref(), true));
        measuring.await.unwrap_or_else(|_| {
            let message = format!(
                "measuring `{}` crashed; this is a bug, see logs/run.log",
                target.path.display()
            );
            Err(Failure::new(crate::cli::Code::NoReport, message))
        })
    }

    pub(super) fn planned(&self, analysis: &Analysis) -> Result<Vec<PlannedCall>, Failure> {
        Ok(analysis::plan(
            &self.llm,
            self.prompts,
            analysis,
            &self.asked.settings.flow,
        )?)
    }

    async fn ask(&self, target: &Target, analysis: &Analysis) -> Result<Answers, Failure> {
        let pattern = self.prompts.pattern(PATTERN)?;
        let engine = Engine {
            models: &self.asked.settings.models.registered,
            session: Arc::new(Logged::new(self.session.clone(), &pattern)),
            ..Engine::new(
                Arc::clone(&self.llm),
                self.prompts,
                self.asked.settings.flow,
                self.events.clone(),
            )
        };
        let label = self.many.then_some(target.id.as_str());
        Ok(analysis::assess(&engine, analysis, label).await?)
    }

    /// The project's own run directory, locked; the call's own is locked already.
    fn run_of(&self, target: &Target) -> Result<(RunDir, Option<RunLock>), Failure> {
        if self.main.hash().as_str() == target.id {
            return Ok((self.main.clone(), None));
        }
        let run = RunDir::create(&self.asked.settings.run_logs, &RunHash::new(&target.id)?)?;
        let lock = run.lock(&clock::wall().to_string())?;
        Ok((run, Some(lock)))
    }

    /// The JSON last: it is there only when the report is.
    fn write(&self, target: &Target, folder: &Path, json: &Value, report: &str) -> Result<PathBuf, Failure> {
        let text = format!("{json:#}\n");
        let mut places = vec![(folder.join("report.md"), folder.join("scan.json"))];
        if let Some(output) = &self.arguments.output {
            let name = |ending: &str| output.join(format!("{}.{ending}", target.id));
            places.push((name("md"), name("json")));
        }
        for (markdown, whole) in &places {
            rundir::write_whole(markdown, report.as_bytes()).map_err(|error| unwritable(markdown, &error))?;
            rundir::write_whole(whole, text.as_bytes()).map_err(|error| unwritable(whole, &error))?;
        }
        Ok(folder.join("report.md"))
    }
}

/// Of the plan's first line, before anything is measured; `--dry-run` tells the real ones.
const TOKENS_OF_A_CALL: u64 = 2_000;
