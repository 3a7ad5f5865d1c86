//! A council run from settings to files: the steps in order, each of which can end it with a clear error.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::clock::{self, Instant};
use crate::config::{self, Environment, Typed};
use crate::data::{self, Dataset, Window};
use crate::event::{Event, Events};
use crate::evidence::{self, Analysis, Evidence};
use crate::flow::{
    self,
    engine::{Engine, Logged},
};
use crate::insight::{Analyst, Council, Outcome, Severity};
use crate::llm::{Cassette, Llm, Strategy};
use crate::prompt::{COUNCIL, Prompts};
use crate::reply;
use crate::report::{self, Facts, Status, Timing};
use crate::rundir::{self, RunDir};
use crate::store::Store;
use crate::store::session::{self, Metadata, Session};

use super::args::{CommonArguments, RunArguments};
use super::exit::{Code, Failure, unwritable};
use super::listen::Listeners;
use super::session::{Resumed, begin, open_store as open_store_of};
use super::{dry_run, facts, gate, outputs, print, signal};

/// What to do, settled as far as arguments go.
pub(super) struct Job {
    pub(super) typed: Typed,
    pub(super) dry_run: bool,
    pub(super) json: bool,
    pub(super) allow_partial: bool,
    pub(super) fail_on: Option<Severity>,
}

pub(super) async fn run(arguments: &RunArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let job = Job {
        typed: arguments.typed(common),
        dry_run: arguments.dry_run,
        json: arguments.json,
        allow_partial: arguments.allow_partial,
        fail_on: arguments.fail_on.as_deref().map(severity).transpose()?,
    };
    Box::pin(perform(job, common)).await
}

/// Everything that must be right before data are read or money is spent.
pub(super) fn settle(typed: &Typed, common: &CommonArguments) -> Result<config::Run, Failure> {
    // Paths stay relative to wherever the process is, even when that directory is gone.
    let folder = PathBuf::new();
    let environment = Environment::load(std::env::vars_os(), common.env_file.as_deref(), &folder)?;
    let mut run = config::resolve(typed, &environment, common.config.as_deref(), &folder)?;
    run.warnings.extend(run.models.warnings.iter().cloned());
    Ok(run)
}

/// Where patterns come from; needs no key.
pub(super) fn settle_patterns(typed: &Typed, common: &CommonArguments) -> Result<config::PatternSettings, Failure> {
    let folder = PathBuf::new();
    let environment = Environment::load(std::env::vars_os(), common.env_file.as_deref(), &folder)?;
    let settings = config::resolve_patterns(typed, &environment, common.config.as_deref(), &folder)?;
    Ok(settings)
}

/// Where metric definitions of one's own are; needs no key.
pub(super) fn settle_metrics(typed: &Typed, common: &CommonArguments) -> Result<Option<PathBuf>, Failure> {
    let folder = PathBuf::new();
    let environment = Environment::load(std::env::vars_os(), common.env_file.as_deref(), &folder)?;
    Ok(config::resolve_metrics(
        typed,
        &environment,
        common.config.as_deref(),
        &folder,
    )?)
}

/// Where sessions are; needs no key.
pub(super) fn settle_sessions(common: &CommonArguments) -> Result<config::SessionSettings, Failure> {
    let mut typed = Typed::default();
    common.add_to(&mut typed);
    let folder = PathBuf::new();
    let environment = Environment::load(std::env::vars_os(), common.env_file.as_deref(), &folder)?;
    let settings = config::resolve_sessions(&typed, &environment, common.config.as_deref(), &folder)?;
    Ok(settings)
}

pub(super) async fn perform(job: Job, common: &CommonArguments) -> Result<Code, Failure> {
    let settings = settle(&job.typed, common)?;
    let hash = settings
        .run_hash
        .clone()
        .ok_or_else(|| Failure::new(Code::Usage, "a run needs a name").hint("add `--run-hash NAME` or set RUN_HASH"))?;
    let window = settings.window.ok_or_else(|| {
        Failure::new(Code::Usage, "a run needs a window")
            .hint("add `--date-start YYYY-MM-DD --date-end YYYY-MM-DD`, or set DATE_START and DATE_END")
    })?;
    let prompts = Prompts::load(&settings.prompts)?;
    let run = RunDir::create(&settings.run_logs, &hash)?;
    let _lock = run.lock(&clock::wall().to_string())?;
    let warnings = settings.warnings.iter().cloned();
    let (listeners, events) = Listeners::of_run(&run, &settings, common, warnings)?;
    let started = Started {
        at: clock::now(),
        stamp: clock::wall().to_string(),
        resumed: common.resumed.clone(),
    };
    let done = tokio::select! {
        done = council(&job, &settings, window, &prompts, &run, &started, &events) => done,
        signal = signal::wait() => Err(interrupted(&run, &started, signal, &job, &settings, &events)),
    };
    listeners.finish();
    let (code, result) = done?;
    // Cron mails whatever is printed: quiet is quiet, but for a result that was asked for.
    if !common.quiet || job.json || job.dry_run {
        print::out(&result)
            .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    }
    Ok(code)
}

/// Makes the patterns of the checks on a thread of its own.
pub(super) fn warm(window: Window) -> JoinHandle<()> {
    let nothing = Evidence::empty(Analyst::DailyMetrics, window);
    tokio::task::spawn_blocking(move || reply::warm(&nothing))
}

struct Started {
    at: Instant,
    stamp: String,
    /// The session that this run goes on with.
    resumed: Option<Resumed>,
}

/// The steps of a run; returns the exit code and what goes to stdout.
async fn council(
    job: &Job,
    settings: &config::Run,
    window: Window,
    prompts: &Prompts,
    run: &RunDir,
    started: &Started,
    events: &Events,
) -> Result<(Code, String), Failure> {
    events.say(Event::RunStarted {
        run_hash: run.hash().to_string(),
        date_start: window.start.to_string(),
        date_end: window.end.to_string(),
    });
    tracing::info!(run_hash = run.hash().as_str(), start = %window.start, end = %window.end, version = env!("CARGO_PKG_VERSION"), "run started");
    let store = open_store(job, settings, events);
    let mut options = settings.models.options.clone();
    if job.dry_run && !options.cassette.is_replay() {
        // Nothing is sent, so nothing is recorded over.
        options.cassette = Cassette::Off;
    }
    let llm = Llm::new(options, store.clone(), events.clone())
        .map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
    let mut kept = KeptRun::start(store, run);
    let warm = warm(window);
    let dataset = Arc::new(read_data(settings, window, run, events).await?);
    let data_seconds = seconds_since(started.at);
    let options = evidence::Options {
        row_limit: settings.row_limit,
        ..evidence::Options::default()
    };
    let analysis = Analysis::of(&dataset, &options);
    let evidence = analysis.evidence();
    if let Some(refused) = gate::nobody_may_speak(&dataset, &evidence) {
        if !job.dry_run {
            outputs::invalidate(run)?;
            write_tables(settings, &dataset, run).await?;
        }
        return Err(refused);
    }
    let (kpis, charts) = (evidence::kpis(&dataset, &evidence), analysis.charts());
    let evidence = flow::own_evidence(prompts, evidence)?;
    let plan = flow::plan(&llm, prompts, &evidence, &settings.flow)?;
    say_plan(&plan, &llm, events);
    if job.dry_run {
        let facts = report::evidence_json(&evidence, &kpis, &charts);
        return dry_run::dry_run(run, &plan, &facts, job.json).map(|result| (Code::Complete, result));
    }
    outputs::invalidate(run)?;
    let sections = evidence.iter().map(|facts| analysis.sections(facts)).collect();
    let llm = Arc::new(llm);
    let session = kept.begin_session(settings, started, window, events);
    let pattern = prompts.pattern(COUNCIL)?;
    let engine = Engine {
        models: &settings.models.registered,
        session: Arc::new(Logged::new(session, &pattern)),
        ..Engine::new(Arc::clone(&llm), prompts, settings.flow, events.clone())
    };
    // Writing that fails ends the calls: nobody pays for a report that cannot be kept.
    let (council, ()) = tokio::try_join!(
        async { Ok(flow::council(&engine, &evidence, sections).await?) },
        write_tables(settings, &dataset, run),
    )?;
    let _a_failed_warm_up_costs_only_time = warm.await;
    let status = status(&council);
    log_calls(&council, status);
    let source = facts::source(&dataset, &evidence);
    let facts = Facts {
        run_hash: run.hash().as_str(),
        status,
        source: &source,
        evidence: &evidence,
        kpis: &kpis,
        charts: &charts,
        council: &council,
        command: &command(settings, run, window),
        breakers: &facts::breakers(&llm),
    };
    let spending = llm.spending();
    let timing = Timing {
        started: started.stamp.clone(),
        finished: clock::wall().to_string(),
        wall_seconds: seconds_since(started.at),
        data_seconds,
        interrupted_by: None,
        spending: Some(facts::spending(spending, llm.prices_of())),
    };
    let (report, summary) = outputs::write(run, &facts, &timing)?;
    kept.status = status.word();
    kept.session.finish(session::Status::Completed);
    events.say(Event::RunFinished {
        status: status.word().to_owned(),
        report: report.display().to_string(),
        millis: clock::millis_since(started.at),
        requests: spending.calls,
        tokens: spending.tokens,
        cost_usd: spending.cost_usd,
    });
    let code = code(job, &council, status, events);
    let result = if job.json {
        String::from_utf8_lossy(&summary).into_owned()
    } else {
        format!("{}\n", report.display())
    };
    Ok((code, result))
}

/// The row of this run in the database. However the run ends, also dropped half-way by a signal, it ends there too.
pub(super) struct KeptRun {
    store: Option<Store>,
    /// Stays active when the run is dropped half-way, and can be resumed.
    session: Session,
    run_hash: String,
    pub(super) status: &'static str,
}

impl KeptRun {
    pub(super) fn start(store: Option<Store>, run: &RunDir) -> Self {
        let run_hash = run.hash().to_string();
        if let Some(store) = &store {
            store.start_run(&run_hash);
        }
        Self {
            store,
            session: Session::none(),
            run_hash,
            status: "unfinished",
        }
    }

    /// From here on calls are made: they belong to a session.
    fn begin_session(&mut self, settings: &config::Run, started: &Started, window: Window, events: &Events) -> Session {
        if let Some(store) = &self.store {
            let mut facts = Metadata::new();
            facts.insert(
                "title".to_owned(),
                format!("{} {} to {}", self.run_hash, window.start, window.end).into(),
            );
            facts.insert("run_hash".to_owned(), self.run_hash.clone().into());
            let id = (session::Kind::Council, session::new_id(session::Kind::Council));
            let resumed = started.resumed.as_ref();
            self.session = begin(settings, Some(store), resumed, (id.0, &id.1), facts, events);
        }
        self.session.clone()
    }
}

impl Drop for KeptRun {
    fn drop(&mut self) {
        if let Some(store) = &self.store {
            store.finish_run(&self.run_hash, self.status);
        }
    }
}

/// One line a call, for whoever looks into logs/run.log later.
fn log_calls(council: &Council, status: Status) {
    for call in &council.calls {
        tracing::info!(
            role = call.role.as_str(),
            status = call.status.as_str(),
            model = ?call.model,
            attempts = call.attempts,
            latency_millis = call.latency_millis,
            cached = call.cached,
            "call"
        );
        for failure in &call.failures {
            tracing::warn!(role = call.role.as_str(), failure = failure.as_str(), "attempt failed");
        }
    }
    tracing::info!(
        status = status.word(),
        wall_millis = council.wall_millis,
        "council finished"
    );
}

/// The database of the runs; none for a dry run or a replay, and a broken one never stops a run.
fn open_store(job: &Job, settings: &config::Run, events: &Events) -> Option<Store> {
    if job.dry_run {
        return None;
    }
    open_store_of(settings, events)
}

async fn read_data(settings: &config::Run, window: Window, run: &RunDir, events: &Events) -> Result<Dataset, Failure> {
    let begun = clock::now();
    let dataset = match &settings.data {
        Some(choice) => data::compute(&choice.options(window, clock::wall()), events).await?,
        None => data::read(&run.outputs(), window)?,
    };
    let summary = &dataset.summary;
    events.say(Event::DataRead {
        source: source_name(&dataset.source.files),
        rows: if settings.data.is_some() {
            summary.rows_read
        } else {
            summary.rows_used
        },
        bad_rows: summary.bad_rows,
        users: summary.totals.users,
        millis: clock::millis_since(begun),
    });
    Ok(dataset)
}

/// A few files by name, many by the first and their number.
fn source_name(files: &[String]) -> String {
    match files {
        [first, _, _, _, ..] => format!("{first} and {} more files", files.len() - 1),
        few => few.join(", "),
    }
}

/// Computed tables go to the run directory, while the models are asked; tables of an upstream pipeline stay as they are.
async fn write_tables(settings: &config::Run, dataset: &Arc<Dataset>, run: &RunDir) -> Result<(), Failure> {
    if settings.data.is_none() {
        return Ok(());
    }
    let (dataset, outputs) = (Arc::clone(dataset), run.outputs());
    let write = move || -> Result<(), Failure> {
        let files = rundir::Files::default();
        let written = data::write(&dataset, &outputs, &|path, bytes| files.write(path, bytes))?;
        files.sync().map_err(|error| unwritable(&outputs, &error))?;
        for path in written.stale {
            rundir::remove(&path).map_err(|error| unwritable(&path, &error))?;
        }
        Ok(())
    };
    tokio::task::spawn_blocking(write)
        .await
        .map_err(|error| Failure::new(Code::NoReport, format!("writing the tables stopped: {error}")))?
}

fn say_plan(plan: &flow::Plan, llm: &Llm, events: &Events) {
    let made: Vec<&flow::PlannedCall> = plan.calls.iter().filter(|call| call.skipped.is_none()).collect();
    let mut models: Vec<String> = made
        .iter()
        .filter_map(|call| call.models().into_iter().next())
        .collect();
    models.sort();
    models.dedup();
    events.say(Event::Plan {
        calls: made.len(),
        estimated_input_tokens: made.iter().map(|call| call.input_tokens).sum(),
        models,
        hosts: llm.hosts(),
    });
}

fn status(council: &Council) -> Status {
    if council.is_complete() {
        Status::Complete
    } else {
        Status::Degraded
    }
}

fn code(job: &Job, council: &Council, status: Status, events: &Events) -> Code {
    if status == Status::Degraded && !job.allow_partial {
        let nobody = council
            .outcomes
            .iter()
            .all(|(_, outcome)| !matches!(outcome, Outcome::Reported(_)));
        let for_now = council
            .missing()
            .iter()
            .all(|(_, why)| ["quota", "rate_limit", "budget"].contains(&why.kind.as_str()));
        return if nobody && for_now {
            Code::TryLater
        } else {
            Code::Degraded
        };
    }
    let worst = council.findings().iter().map(|finding| finding.severity).min();
    if let (Some(gate), Some(worst)) = (job.fail_on, worst)
        && worst <= gate
    {
        events.say(Event::Warning {
            message: format!(
                "a finding is {}: the gate `--fail-on {}` trips",
                worst.word(),
                gate.word()
            ),
        });
        return Code::Gate;
    }
    Code::Complete
}

fn interrupted(
    run: &RunDir,
    started: &Started,
    signal: signal::Signal,
    job: &Job,
    settings: &config::Run,
    events: &Events,
) -> Failure {
    events.say(Event::Interrupted {
        signal: signal.name.to_owned(),
    });
    let timing = Timing {
        started: started.stamp.clone(),
        finished: clock::wall().to_string(),
        wall_seconds: seconds_since(started.at),
        data_seconds: 0.0,
        interrupted_by: Some(signal.name.to_owned()),
        spending: None,
    };
    let mut failure = Failure::new(signal.code, format!("interrupted by {}", signal.name));
    if job.dry_run {
        return failure;
    }
    if let Err(unwritten) = outputs::write_interrupted(run, &timing) {
        failure.cause = Some(unwritten.message);
    }
    let resume = settings
        .window
        .map(|window| command(settings, run, window))
        .unwrap_or_default();
    failure.hint(format!("replies that had arrived are kept; go on with `{resume}`"))
}

/// The command that makes this report again; keys are never part of it.
fn command(settings: &config::Run, run: &RunDir, window: Window) -> String {
    let mut words = vec!["insights".to_owned(), "--run-hash".to_owned(), run.hash().to_string()];
    let mut add = |flag: &str, value: &str| words.extend([flag.to_owned(), quoted(value)]);
    add("--date-start", &window.start.to_string());
    add("--date-end", &window.end.to_string());
    if let Some(data) = &settings.data {
        for source in &data.sources {
            add("--data", &data::shown_source(source));
        }
        if let Some(file) = &data.mapping_file {
            add("--mapping", file);
        }
        for (role, column) in &data.map {
            add("--map", &format!("{role}={column}"));
        }
        if let Some(metrics) = &data.metrics {
            add("--metrics", &metrics.display().to_string());
        }
        if data.timezone != "UTC" {
            add("--timezone", &data.timezone);
        }
    }
    let route = &settings.models.options.routes;
    match route.strategy {
        Strategy::Backoff => route
            .default
            .iter()
            .for_each(|target| add("--model", &target.to_string())),
        strategy => {
            let weighed = route
                .default
                .iter()
                .zip(route.weights.iter().chain(std::iter::repeat(&1.0)));
            let models: Vec<String> = weighed.map(|(target, weight)| format!("{target}:{weight}")).collect();
            add("--routing-strategy", strategy.word());
            add("--routing-config", &models.join(","));
        }
    }
    for (flag, targets) in [("--fallback", &route.fallbacks), ("--context-fallback", &route.larger)] {
        for target in targets {
            add(flag, &target.to_string());
        }
    }
    for (role, targets) in &route.roles {
        for target in targets {
            add("--model", &format!("{role}={target}"));
        }
    }
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = !word.is_empty()
        && word
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_./:=@%+,".contains(letter));
    if plain {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn severity(text: &str) -> Result<Severity, Failure> {
    let word = text.to_ascii_lowercase();
    Severity::ALL
        .into_iter()
        .find(|severity| severity.word() == word)
        .ok_or_else(|| {
            Failure::new(Code::Usage, format!("`{}` is no severity", text.escape_debug()))
                .hint("use critical, high, medium, low or info")
        })
}

fn seconds_since(start: Instant) -> f64 {
    clock::millis_since(start) as f64 / 1000.0
}

/// Where a run directory would be, for `doctor`.
pub(super) fn is_writable(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    tempfile::Builder::new().prefix(".probe-").tempfile_in(folder).map(drop)
}
