//! Runs that the dashboard starts: each a process of this program, so that a crash stays its own. A run is asked to end by the end of
//! its stdin, which also comes when this process dies.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::clock;
use crate::reply;
use crate::rundir::{self, RunHash};
use crate::serve::{
    CouncilStart, Earlier, ExploreStart, Fault, Job, JobState, Launch, Reading, Refused, RefusedKind, StartRequest,
    exploration_id,
};

use super::super::args::CommonArguments;
use super::super::explore::folder_name;
use super::super::print;

/// Lines of a child's stderr that are kept.
const LAST_WORDS: usize = 30;
/// Ended runs that are remembered.
const MOST_JOBS: usize = 100;
/// How long children may take to end when the server does.
const FAREWELL: Duration = Duration::from_secs(5);

pub(super) struct Children {
    run_logs: PathBuf,
    explorations: PathBuf,
    common: CommonArguments,
    /// The newest first.
    running: Mutex<VecDeque<Arc<Started>>>,
}

struct Started {
    job: Mutex<Job>,
    /// Closed to ask for the end.
    stdin: Mutex<Option<ChildStdin>>,
}

impl Children {
    pub(super) fn new(run_logs: PathBuf, explorations: PathBuf, common: &CommonArguments) -> Self {
        Self {
            run_logs,
            explorations,
            common: common.clone(),
            running: Mutex::default(),
        }
    }

    /// Asks all to end, and waits a little for them.
    pub(super) fn stop_all(&self) {
        let all: Vec<_> = self
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect();
        all.iter().for_each(|started| started.ask_to_end());
        let begun = clock::now();
        while begun.elapsed() < FAREWELL && all.iter().any(|started| started.state() != JobState::Ended) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn command(&self) -> Result<Command, Refused> {
        let program = std::env::current_exe().map_err(|error| failed(&error))?;
        let mut command = Command::new(program);
        if let Some(file) = &self.common.env_file {
            command.arg("--env-file").arg(file);
        }
        if let Some(file) = &self.common.config {
            command.arg("--config").arg(file);
        }
        command.arg("--run-logs").arg(&self.run_logs);
        command.args(["--no-progress", "--stop-with-stdin"]);
        Ok(command)
    }

    fn council(&self, start: &CouncilStart) -> Result<(Command, Job, PathBuf), Refused> {
        let hash = RunHash::new(&start.run_hash).map_err(|error| bad(error.to_string(), error.hint()))?;
        for day in [&start.date_start, &start.date_end] {
            day.parse::<jiff::civil::Date>()
                .map_err(|_| bad(format!("`{}` is no day", day.escape_debug()), "write it as YYYY-MM-DD"))?;
        }
        let mut command = self.command()?;
        command.arg("run");
        let texts = [
            ("run-hash", Some(&start.run_hash)),
            ("date-start", Some(&start.date_start)),
            ("date-end", Some(&start.date_end)),
            ("data", start.data.as_ref()),
            ("map", start.map.as_ref()),
            ("timezone", start.timezone.as_ref()),
            ("provider", start.provider.as_ref()),
            ("model", start.model.as_ref()),
            ("routing-strategy", start.routing_strategy.as_ref()),
            ("routing-config", start.routing_config.as_ref()),
        ];
        texts
            .into_iter()
            .for_each(|(name, value)| flag(&mut command, name, value));
        flag(&mut command, "max-cost", start.max_cost.as_ref());
        let folder = self.run_logs.join(hash.as_str());
        Ok((command, job(hash.to_string(), "council", hash.as_str()), folder))
    }

    fn exploration(&self, start: &ExploreStart) -> Result<(Command, Job, PathBuf), Refused> {
        let topic = start.topic.trim();
        if topic.is_empty() || topic.chars().count() > 300 {
            return Err(bad(
                "a topic has 1 to 300 letters",
                "say in a few words what to explore",
            ));
        }
        let name = folder_name(topic);
        let folder = self.explorations.join(&name);
        let mut command = self.command()?;
        command.arg("explore");
        flag(&mut command, "topic", Some(topic));
        flag(&mut command, "output", Some(folder.display()));
        flag(&mut command, "producers", start.producers);
        flag(&mut command, "iterations", start.iterations);
        flag(&mut command, "request-size", start.request_size);
        flag(&mut command, "provider", start.provider.as_ref());
        flag(&mut command, "model", start.model.as_ref());
        flag(&mut command, "routing-strategy", start.routing_strategy.as_ref());
        flag(&mut command, "routing-config", start.routing_config.as_ref());
        flag(&mut command, "optimizer", start.optimizer.as_ref());
        flag(&mut command, "dedup", start.dedup.as_ref());
        if start.processes {
            command.arg("--processes");
        }
        flag(&mut command, "max-cost", start.max_cost);
        flag(&mut command, "target", start.target);
        flag(
            &mut command,
            "stop-below",
            start.stop_below.map(|percent| format!("{percent}%")),
        );
        match start.earlier {
            Earlier::Keep => {}
            Earlier::Resume => drop(command.arg("--resume")),
            Earlier::Overwrite => drop(command.arg("--overwrite")),
        }
        Ok((command, job(exploration_id(&name), "explore", topic), folder))
    }
}

impl Launch for Children {
    fn start(&self, request: &StartRequest) -> Result<Job, Refused> {
        let (mut command, mut job, folder) = match request {
            StartRequest::Council(start) => self.council(start)?,
            StartRequest::Explore(start) => self.exploration(start)?,
        };
        // Held until the child is in the list: of two starts at once, one is told so.
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = |started: &&Arc<Started>| started.is(&job.id) && started.state() != JobState::Ended;
        if running.iter().find(ours).is_some() || rundir::is_locked(&folder) {
            return Err(Refused {
                kind: RefusedKind::Busy,
                message: format!("`{}` is running already", job.title.escape_debug()),
                hint: "watch it, or stop it first".to_owned(),
            });
        }
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        job.pid = child.id();
        let started = Arc::new(Started {
            job: Mutex::new(job.clone()),
            stdin: Mutex::new(child.stdin.take()),
        });
        running.push_front(Arc::clone(&started));
        while running.len() > MOST_JOBS && running.back().is_some_and(|last| last.state() == JobState::Ended) {
            running.pop_back();
        }
        drop(running);
        let watched = std::thread::Builder::new()
            .name("child".to_owned())
            .spawn(move || started.watch(child));
        watched.map_err(|error| failed(&error))?;
        Ok(job)
    }

    fn stop(&self, id: &str) -> Result<Job, Refused> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let ours = |started: &&Arc<Started>| started.is(id) && started.state() != JobState::Ended;
        let Some(started) = running.iter().find(ours) else {
            return Err(Refused {
                kind: RefusedKind::Unknown,
                message: format!("`{}` was not started here, or it has ended", id.escape_debug()),
                hint: "stop a run of another process where it was started".to_owned(),
            });
        };
        started.ask_to_end();
        Ok(started.job())
    }

    fn jobs(&self) -> Vec<Job> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.iter().map(|started| started.job()).collect()
    }

    fn read(&self, text: &str, schema: &Value) -> Reading {
        match reply::read(text, schema) {
            Ok(picked) => Reading {
                repairs: picked.extracted.repair_names().into_iter().map(str::to_owned).collect(),
                faults: picked
                    .faults
                    .iter()
                    .map(|fault| Fault {
                        at: fault.path.clone(),
                        message: fault.message.clone(),
                    })
                    .collect(),
                truncated: picked.extracted.truncated,
                value: Some(picked.extracted.value.into()),
            },
            Err(rejected) => Reading {
                faults: vec![Fault {
                    at: String::new(),
                    message: rejected.to_string(),
                }],
                ..Reading::default()
            },
        }
    }
}

impl Started {
    fn is(&self, id: &str) -> bool {
        self.with(|job| job.id == id)
    }

    fn state(&self) -> JobState {
        self.with(|job| job.state)
    }

    fn job(&self) -> Job {
        self.with(|job| job.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Job) -> T) -> T {
        work(&mut self.job.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn ask_to_end(&self) {
        self.stdin.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.with(|job| {
            if job.state == JobState::Running {
                job.state = JobState::Stopping;
            }
        });
    }

    /// Hears what the child says until it is gone.
    fn watch(&self, mut child: Child) {
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                self.with(|job| {
                    if job.said.len() == LAST_WORDS {
                        job.said.remove(0);
                    }
                    job.said.push(print::safe(&line).chars().take(500).collect());
                });
            }
        }
        let code = child.wait().ok().and_then(|status| status.code());
        self.with(|job| (job.state, job.exit_code) = (JobState::Ended, code));
    }
}

fn job(id: String, kind: &'static str, title: &str) -> Job {
    Job {
        id,
        kind,
        title: title.to_owned(),
        pid: 0,
        started: clock::wall().to_string(),
        state: JobState::Running,
        exit_code: None,
        said: Vec::new(),
    }
}

/// One word with its value, so that no value is taken for a flag.
fn flag(command: &mut Command, name: &str, value: Option<impl std::fmt::Display>) {
    if let Some(value) = value.map(|value| value.to_string()).filter(|value| !value.is_empty()) {
        command.arg(format!("--{name}={value}"));
    }
}

fn bad(message: impl Into<String>, hint: impl Into<String>) -> Refused {
    Refused {
        kind: RefusedKind::Bad,
        message: message.into(),
        hint: hint.into(),
    }
}

fn failed(error: &std::io::Error) -> Refused {
    Refused {
        kind: RefusedKind::Failed,
        message: format!("the run could not be started: {error}"),
        hint: "try the same in a terminal".to_owned(),
    }
}
