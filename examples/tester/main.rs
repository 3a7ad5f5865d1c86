//! Starts the real program, and the processes that it starts, reads what they trace, and judges by it what they did.
//!
//! ```text
//! cargo run --example tester -- --scenario healing
//! cargo run --example tester -- --scenario all --keep-running
//! ```
//!
//! Needs no key and no network. Prints one line for each check; ends with 1 when one fails.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, prints its checks, and says how it went"
)]

mod checks;
mod program;
mod scenarios;
mod trace;
mod web;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::{Parser, ValueEnum};

use checks::Checks;
use program::Program;

/// Judges the behaviour of `insights` by its traces
#[derive(Debug, Parser)]
#[command(name = "tester")]
struct Arguments {
    /// What is tried
    #[arg(long, value_enum, default_value = "core")]
    scenario: Scenario,
    /// Afterwards, show what the last scenario left in a browser until Ctrl-C
    #[arg(long)]
    keep_running: bool,
    /// The program [default: the one beside this one, built first where cargo is at hand]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Scenario {
    /// Three producers, and everything that they leave
    Basic,
    /// Many producers at once
    Load,
    /// A producer's process is killed, and its provider fails now and then
    Healing,
    /// Two programs explore one topic
    SingleStart,
    /// The traces of a council and of several processes, line by line
    TraceCapture,
    /// One producer, one batch
    Minimal,
    /// A provider that never lists anything
    Empty,
    /// The dashboard: pages, refusals, an exploration that it starts
    Webserver,
    /// Basic, minimal, empty, single_start and trace_capture
    Core,
    /// Every one
    All,
}

impl Scenario {
    fn parts(self) -> Vec<Self> {
        use Scenario::{All, Basic, Core, Empty, Healing, Load, Minimal, SingleStart, TraceCapture, Webserver};
        match self {
            Core => vec![Basic, Minimal, Empty, SingleStart, TraceCapture],
            All => [Core.parts(), vec![Load, Healing, Webserver]].concat(),
            one => vec![one],
        }
    }

    fn word(self) -> String {
        let value = self.to_possible_value();
        value.map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let binary = match arguments.binary.clone().map_or_else(program::beside, Ok) {
        Ok(binary) => binary,
        Err(why) => {
            println!("error: {why}");
            return ExitCode::from(2);
        }
    };
    let mut failed = 0;
    let mut last = None;
    for scenario in arguments.scenario.parts() {
        let program = Program::new(&binary);
        let mut checks = Checks::of(scenario.word());
        judge(scenario, &program, &mut checks);
        failed += checks.failed();
        last = Some(program);
    }
    println!(
        "{}",
        if failed == 0 {
            "all checks hold".to_owned()
        } else {
            format!("{failed} checks failed")
        }
    );
    if let Some(program) = last.filter(|_| arguments.keep_running) {
        keep_running(&binary, &program);
    }
    ExitCode::from(u8::from(failed > 0))
}

fn judge(scenario: Scenario, program: &Program, checks: &mut Checks) {
    match scenario {
        Scenario::Basic => scenarios::basic(program, checks),
        Scenario::Load => scenarios::load(program, checks),
        Scenario::Healing => scenarios::healing(program, checks),
        Scenario::SingleStart => scenarios::single_start(program, checks),
        Scenario::TraceCapture => scenarios::trace_capture(program, checks),
        Scenario::Minimal => scenarios::minimal(program, checks),
        Scenario::Empty => scenarios::empty(program, checks),
        Scenario::Webserver => web::webserver(program, checks),
        Scenario::Core | Scenario::All => {}
    }
}

fn keep_running(binary: &std::path::Path, program: &Program) {
    println!("files are in {}", program.folder().display());
    let mut dashboard = Command::new(binary);
    dashboard
        .args(["serve", "--addr", "127.0.0.1:0"])
        .current_dir(program.folder());
    if let Err(error) = dashboard.status() {
        println!("error: the dashboard could not be started: {error}");
    }
}
