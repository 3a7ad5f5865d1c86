//! What was typed, exactly; resolved once by `config`.

mod data;
mod engine;
mod explore;
mod flows;
mod models;
mod sessions;
mod text;

pub(super) use data::{DataArguments, EngineChoice, EvidenceArguments, SqlArguments};
pub(super) use engine::{EngineArguments, EngineNode, NodeArguments};
pub(super) use explore::{Dedup, ExploreArguments};
pub(super) use flows::{AskArguments, RefineArguments, ScanArguments, ServeArguments};
pub(super) use models::{ModelArguments, ProvidersArguments};
pub(super) use sessions::{PatternPlaces, PatternsAction, PatternsArguments, SessionsAction, SessionsArguments};
pub(super) use text::{ExplainArguments, ExtractArguments, VerifyArguments};

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::Typed;

use super::reports::{OpenArguments, ReportArguments};
use super::session::Resumed;

const AFTER_HELP: &str = "\
Examples:
  insights demo
  insights --run-hash daily --date-start 2025-03-01 --date-end 2025-03-31 --data 'events/*.parquet' --provider openai
  insights doctor --data events.csv
  insights providers --check
  insights open daily
  insights scan path/to/project --egress

Exit codes:
  0 complete · 1 no usable report · 2 usage, configuration or bad input · 3 report written, degraded
  4 no rows in the window · 5 a --fail-on gate tripped · 75 locked, or a provider is exhausted for now · 130/143 interrupted";

/// Event and transaction tables in, an executive report out: written by a council of LLMs, true to the last digit.
#[derive(Debug, Parser)]
#[command(name = "insights", version, after_help = AFTER_HELP, subcommand_negates_reqs = true, max_term_width = 120)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) run: RunArguments,
    #[command(flatten)]
    pub(super) common: CommonArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a report: the same as `insights` with these flags
    Run(RunArguments),
    /// Make a report from a generated sample with the mock provider: no key, no data, no network
    Demo(DemoArguments),
    /// Check configuration, keys, data, prompts and directories without calling a model
    Doctor(RunArguments),
    /// Show each configured provider and model: capabilities, prices, how it did lately, and whether it is there
    Providers(ProvidersArguments),
    /// Print the facts of a window as tables or JSON, without any call
    Evidence(EvidenceArguments),
    /// Print the SQL that defines the metrics
    Sql(SqlArguments),
    /// Ask several models one question through a pattern: each answers, they are held against each other, one joins
    Ask(AskArguments),
    /// Measure code projects, without a model or with three specialists and an aggregator
    Scan(ScanArguments),
    /// Write a text, have it reviewed, rewrite it with the feedback, until it is good enough
    Refine(RefineArguments),
    /// List attributes of a topic: several producers ask several models at once, what is new across all of them is kept
    Explore(ExploreArguments),
    /// A producer of `explore --processes`: reads assignments on stdin, writes batches to stdout
    #[command(hide = true)]
    ExploreProducer,
    /// List, show, export and resume what commands asked and were told
    Sessions(SessionsArguments),
    /// List, show and check the patterns that a council, a question or a scan runs
    Patterns(PatternsArguments),
    /// Show all runs in a browser, live; start and stop them there
    Serve(ServeArguments),
    /// Print the report of a finished run again, from its files alone
    Report(ReportArguments),
    /// Open the page of a finished run in a browser
    Open(OpenArguments),
    /// Be one machine of an Apache Ballista cluster that answers the queries of `--engine ballista://host:port`
    Engine(EngineArguments),
    /// Read a model's raw text on stdin and print the JSON that it meant
    Extract(ExtractArguments),
    /// Hold claims against their evidence: JSON lines in, a verdict with its reasons for each out
    Verify(VerifyArguments),
    /// Show what a sentence of a run's report rests on: findings, evidence, queries, input files, model, reviews, confidence
    Explain(ExplainArguments),
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct CommonArguments {
    /// Print nothing on success
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Say more on stderr and in logs/run.log
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Plain lines on stderr, even in a terminal
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
    /// Variables to read below the process environment, instead of ./.env
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) env_file: Option<PathBuf>,
    /// Settings to read instead of ./insights.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Where run directories live [default: run_logs]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) run_logs: Option<String>,
    /// Where sessions are kept: sqlite, jsonl or none [default: sqlite]
    #[arg(long, value_name = "BACKEND", global = true)]
    pub(super) session_log: Option<String>,
    /// How much of a session is kept: texts or numbers [default: texts]
    #[arg(long, value_name = "DETAIL", global = true)]
    pub(super) session_detail: Option<String>,
    /// End as with Ctrl-C when stdin ends: how a process that started this one stops it, or dies
    #[arg(long, global = true, hide = true)]
    pub(super) stop_with_stdin: bool,
    /// The session that a command goes on with; set by `sessions resume`.
    #[arg(skip)]
    pub(super) resumed: Option<Resumed>,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct RunArguments {
    /// The name of the run, and of its folder under run_logs/
    #[arg(long, value_name = "NAME")]
    pub(super) run_hash: Option<String>,
    /// First day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(super) date_start: Option<String>,
    /// Last day of the window, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub(super) date_end: Option<String>,
    #[command(flatten)]
    pub(super) data: DataArguments,
    #[command(flatten)]
    pub(super) models: ModelArguments,
    /// How often findings that do not hold go back to their specialist, 0 to 5; the coordinator has one second chance [default: 2]
    #[arg(long, value_name = "N")]
    pub(super) rounds: Option<String>,
    /// Write the prompts and print calls, tokens and cost, without calling anyone
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Print the result as JSON instead of the report's path
    #[arg(long)]
    pub(super) json: bool,
    /// Exit 0 for a degraded report too
    #[arg(long)]
    pub(super) allow_partial: bool,
    /// Exit 5 when a finding is at least this severe: critical, high, medium, low or info
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
pub(super) struct DemoArguments {
    /// Another sample
    #[arg(long, default_value_t = 7)]
    pub(super) seed: u64,
    /// The name of the run
    #[arg(long, value_name = "NAME", default_value = "demo")]
    pub(super) run_hash: String,
    /// Print the result as JSON instead of the report's path
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) engine: EngineChoice,
    #[command(flatten)]
    pub(super) models: ModelArguments,
}

impl Arguments {
    /// What was typed, and the name of the command.
    ///
    /// # Errors
    /// What cannot be understood, and what is to be printed in place of a run.
    pub(super) fn typed() -> Result<(Self, String), clap::Error> {
        let mut command = Self::command();
        let matches = command.try_get_matches_from_mut(std::env::args_os())?;
        let name = matches.subcommand_name().unwrap_or("run").to_owned();
        let arguments = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
        Ok((arguments, name))
    }
}

impl RunArguments {
    /// True when any flag of a run was given.
    pub(super) fn any(&self) -> bool {
        let texts = [&self.run_hash, &self.date_start, &self.date_end, &self.fail_on];
        self.dry_run
            || self.json
            || self.allow_partial
            || texts.into_iter().any(Option::is_some)
            || !self.data.data.is_empty()
            || !self.data.map.is_empty()
            || self.models.provider.is_some()
            || !self.models.model.is_empty()
            || self.models.routing_config.is_some()
            || self.models.replay.is_some()
    }

    pub(super) fn typed(&self, common: &CommonArguments) -> Typed {
        let mut typed = Typed {
            run_hash: self.run_hash.clone(),
            date_start: self.date_start.clone(),
            date_end: self.date_end.clone(),
            rounds: self.rounds.clone(),
            ..Typed::default()
        };
        self.data.add_to(&mut typed);
        self.models.add_to(&mut typed);
        common.add_to(&mut typed);
        typed
    }
}

impl CommonArguments {
    pub(super) fn add_to(&self, typed: &mut Typed) {
        typed.run_logs.clone_from(&self.run_logs);
        typed.session_log.clone_from(&self.session_log);
        typed.session_detail.clone_from(&self.session_detail);
    }
}
