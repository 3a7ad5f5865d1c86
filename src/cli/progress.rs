//! What a person sees while a run goes: a live line per call in a terminal, one line per change of state elsewhere.

mod explore;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::clock::{self, Instant};
use crate::event::Event;

use super::print;

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Nothing: `-q`, or a filter.
    Quiet,
    Plain,
    Live,
}

impl Style {
    pub(super) fn choose(quiet: bool, no_progress: bool) -> Self {
        if quiet {
            Self::Quiet
        } else if no_progress || !print::is_terminal() {
            Self::Plain
        } else {
            Self::Live
        }
    }
}

pub(super) struct Progress {
    style: Style,
    verbose: bool,
    bars: Option<MultiProgress>,
    running: BTreeMap<String, Running>,
    n_calls: usize,
    /// Roles that have their reply, or never will.
    done: BTreeSet<String>,
    /// Of an exploration: its calls are told by its batches.
    exploration: Option<explore::Tally>,
}

struct Running {
    since: Instant,
    doing: String,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn new(style: Style, verbose: bool) -> Self {
        Self {
            style,
            verbose,
            bars: (style == Style::Live).then(MultiProgress::new),
            running: BTreeMap::new(),
            n_calls: 7,
            done: BTreeSet::new(),
            exploration: None,
        }
    }

    pub(super) fn show(&mut self, event: &Event) {
        if self.style == Style::Quiet {
            return;
        }
        match event {
            Event::StageProgress { message, details, .. } if details.get("round").is_some() => {
                self.line(&format!("round    {message}"));
            }
            Event::RunStarted { .. } | Event::SpecialistFinished { .. } | Event::StageProgress { .. } => {}
            Event::QuestionAsked { pattern, models, .. } => {
                // How many calls there will be depends on the answers.
                self.n_calls = 0;
                self.line(&format!("pattern  {pattern} · {}", models.join(", ")));
            }
            Event::StageStarted { fraction, message, .. } => {
                self.line(&format!("stage    {:>3.0} % {message}", fraction * 100.0))
            }
            Event::StageFinished {
                fraction,
                stage,
                message,
                ..
            } => {
                if self.verbose {
                    self.line(&format!("stage    {:>3.0} % {stage}: {message}", fraction * 100.0));
                }
            }
            Event::ModelSkipped { stage, model, why } => {
                self.line(&format!("skipped  {model} in {stage}: {why}"));
            }
            Event::DataRead {
                source,
                rows,
                bad_rows,
                users,
                millis,
            } => {
                let users = users
                    .map(|users| format!(" · {users} users in the window"))
                    .unwrap_or_default();
                let bad = if *bad_rows > 0 {
                    format!(" · {bad_rows} unreadable rows left out")
                } else {
                    String::new()
                };
                self.line(&format!(
                    "data     {source}: {rows} rows{users}{bad} · {}",
                    seconds(*millis)
                ));
            }
            Event::DataQueried { engine, queries } => {
                self.line(&format!("engine   {engine} answered {queries} queries"));
            }
            Event::DataMapped { role, column, reason } => self.line(&format!("column   {role} ← {column} ({reason})")),
            Event::Warning { message } => self.line(&format!("warning: {message}")),
            Event::Plan {
                calls,
                estimated_input_tokens,
                models,
                hosts,
            } => {
                self.n_calls = *calls;
                let hosts = if hosts.is_empty() {
                    "no network".to_owned()
                } else {
                    format!("to {}", hosts.join(", "))
                };
                self.line(&format!(
                    "plan     {calls} calls · about {} tokens in · {} · {hosts}",
                    short(*estimated_input_tokens),
                    models.join(", ")
                ));
            }
            Event::CallQueued { role, model } => self.queued(role, model),
            Event::CallWaiting { role, millis, because } => self.doing(
                role,
                &format!("waiting {} ({because})", seconds(*millis)),
                *millis >= 1000,
            ),
            Event::CallAttempt {
                role,
                model,
                attempt,
                attempts,
            } => {
                let again = if *attempt > 1 {
                    format!(", attempt {attempt} of {attempts}")
                } else {
                    String::new()
                };
                self.doing(role, &format!("{model}{again}"), false);
            }
            Event::CallRetry {
                role,
                wait_millis,
                because,
                ..
            } => {
                self.doing(role, &format!("retry in {}: {because}", seconds(*wait_millis)), true);
            }
            Event::CallFirstToken { role, model, millis } => {
                let first = format!("{model} · first token after {}", seconds(*millis));
                self.doing(role, &first, false);
            }
            Event::CallTokens { role, model, tokens } => {
                self.passing(role, &format!("{model} · ~{} tokens", short(*tokens)))
            }
            Event::CallReasked { role, because } => {
                self.done.remove(role);
                self.line(&format!("         {role}: {because}"));
            }
            Event::CallSucceeded {
                role,
                millis,
                input_tokens,
                output_tokens,
                cost_usd,
                cached,
                ..
            } => {
                let cost = cost_usd
                    .filter(|cost| *cost > 0.0)
                    .map(|cost| format!(", ${cost:.4}"))
                    .unwrap_or_default();
                let how = if *cached {
                    "cached".to_owned()
                } else {
                    format!("in {}", seconds(*millis))
                };
                self.done(
                    role,
                    "OK",
                    &format!("{how}, {}→{} tokens{cost}", short(*input_tokens), short(*output_tokens)),
                );
            }
            Event::CallFailed { role, because, .. } => self.done(role, "FAIL", because),
            Event::SpecialistMissing { role, why } => self.line(&format!("missing  {role}: {why}")),
            Event::ProjectRead {
                project,
                files,
                lines_of_code,
                secrets,
                unchanged,
                millis,
            } => {
                let how = if *unchanged {
                    "unchanged".to_owned()
                } else {
                    seconds(*millis)
                };
                self.line(&format!(
                    "project  {project}: {files} files, {lines_of_code} lines of code, {secrets} places with secrets · {how}"
                ));
            }
            Event::ProjectFinished { project, status, .. } => self.line(&format!("scanned  {project}: {status}")),
            Event::ExploreStarted { .. }
            | Event::ExploreChoice { .. }
            | Event::ExploreBatch { .. }
            | Event::ExploreProgress { .. }
            | Event::ExploreProducerStarted { .. }
            | Event::ExploreProducerLost { .. }
            | Event::ExploreFinished { .. } => self.explored(event),
            Event::Interrupted { signal } => self.line(&format!("stopping ({signal}): finished replies are kept")),
            Event::RunFinished {
                status,
                millis,
                requests,
                tokens,
                cost_usd,
                report,
                ..
            } => {
                if let Some(page) = page_beside(report) {
                    self.line(&format!("page     {}", page.display()));
                }
                let cost = cost_usd.map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost:.4}"));
                self.line(&format!(
                    "done     {status} in {} · {requests} requests · {} tokens · {cost}",
                    seconds(*millis),
                    short(*tokens)
                ));
            }
            Event::CallHedged {
                role,
                model,
                after_millis,
            } => self.doing(
                role,
                &format!("no answer after {}, asking {model} as well", seconds(*after_millis)),
                true,
            ),
        }
    }

    /// Said when nothing happened for a while, so that a CI log is never silent.
    pub(super) fn heartbeat(&mut self) {
        if self.style != Style::Plain {
            return;
        }
        for (role, running) in &self.running {
            let waited = clock::now().duration_since(running.since).as_secs();
            print::talk(&format!("SLOW     {role} [> {waited}s] {}", running.doing));
        }
    }

    pub(super) fn finish(&mut self) {
        if let Some(bars) = self.bars.take() {
            let _a_terminal_that_went_away = bars.clear();
        }
    }

    fn explored(&mut self, event: &Event) {
        let tally = self.exploration.get_or_insert_default();
        if !tally.live(self.bars.as_ref(), event)
            && let Some(line) = tally.line(event, self.verbose)
        {
            self.line(&line);
        }
    }

    fn queued(&mut self, role: &str, model: &str) {
        // A correction is asked for beyond the plan.
        let is_new = !self.done.contains(role) && !self.running.contains_key(role);
        if is_new && self.n_calls > 0 && role.ends_with(".correct") {
            self.n_calls += 1;
        }
        let bar = self.bars.as_ref().map(|bars| {
            let bar = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix:20} {elapsed:>4}  {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(role.to_owned());
            bar.set_message(print::safe(model));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() && !self.running.contains_key(role) && self.exploration.is_none() {
            print::talk(&format!("START    {role} {model}"));
        }
        let running = Running {
            since: clock::now(),
            doing: model.to_owned(),
            bar,
        };
        self.running.insert(role.to_owned(), running);
    }

    fn doing(&mut self, role: &str, what: &str, loud: bool) {
        let Some(running) = self.running.get_mut(role) else {
            return;
        };
        what.clone_into(&mut running.doing);
        match &running.bar {
            Some(bar) => bar.set_message(print::safe(what)),
            None if loud || self.verbose => print::talk(&format!("         {role}: {what}")),
            None => {}
        }
    }

    /// Comes several times a second: shown where a line is live, and kept for the heartbeat.
    fn passing(&mut self, role: &str, what: &str) {
        let Some(running) = self.running.get_mut(role) else {
            return;
        };
        what.clone_into(&mut running.doing);
        if let Some(bar) = &running.bar {
            bar.set_message(print::safe(what));
        }
    }

    fn done(&mut self, role: &str, word: &str, detail: &str) {
        self.done.insert(role.to_owned());
        let place = match self.n_calls {
            0 => self.done.len().to_string(),
            n_calls => format!("{} of {n_calls}", self.done.len()),
        };
        let line = format!(
            "{place} {word:4} {role} {} [{detail}]",
            ".".repeat(22_usize.saturating_sub(role.len()))
        );
        if let Some(Running { bar: Some(bar), .. }) = self.running.remove(role) {
            bar.finish_and_clear();
        }
        if self.exploration.is_none() {
            self.line(&line);
        }
    }

    fn line(&self, line: &str) {
        match &self.bars {
            Some(bars) => {
                let _a_terminal_that_went_away = bars.println(print::safe(line));
            }
            None => print::talk(line),
        }
    }
}

/// A council's report is a page as well.
fn page_beside(report: &str) -> Option<PathBuf> {
    let report = Path::new(report);
    let page = report.with_file_name("report.html");
    (report.ends_with("report.md") && page.is_file()).then_some(page)
}

fn seconds(millis: u64) -> String {
    format!("{:.2}s", millis as f64 / 1000.0)
}

fn short(tokens: u64) -> String {
    if tokens < 1000 {
        tokens.to_string()
    } else {
        format!("{:.1}k", tokens as f64 / 1000.0)
    }
}
