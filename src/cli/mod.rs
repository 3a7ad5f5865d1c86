//! Arguments, wiring, printing, exit codes. Holds no rule of the domain.

mod args;
mod ask;
mod demo;
mod doctor;
mod dry_run;
mod egress;
mod engine;
mod evidence;
mod exit;
mod explain;
mod explore;
mod extract;
mod facts;
mod finished;
mod gate;
mod listen;
mod log;
mod outputs;
mod patterns;
mod print;
mod progress;
mod providers;
mod providers_text;
mod refine;
mod reports;
mod run;
mod scan;
mod serve;
mod session;
mod sessions;
mod signal;
mod sql;
mod verify;

use std::process::ExitCode;

use clap::CommandFactory as _;
use tracing::Instrument as _;

use args::{Arguments, Command};
use exit::Failure;

pub use exit::Code;
pub use explore::folder_name;

/// The whole program: from the arguments of the process to its exit code.
pub fn main() -> ExitCode {
    let (arguments, name) = match Arguments::typed() {
        Ok(typed) => typed,
        Err(error) => return usage(&error).into(),
    };
    if let Err(error) = log::begin() {
        print::talk(&format!("error: could not begin the trace: {error}"));
        return Code::Usage.into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::talk(&format!("error: could not start: {error}"));
            return Code::NoReport.into();
        }
    };
    let span = tracing::debug_span!("process", command = name, code = tracing::field::Empty);
    span.in_scope(|| tracing::debug!(command = name, "process started"));
    let done = runtime.block_on(dispatch(arguments).instrument(span.clone()));
    let code = done.unwrap_or_else(|failure| {
        print::talk(&failure.to_string());
        failure.code
    });
    span.record("code", code as u8);
    drop(span);
    // Whatever still blocks (a query, a lookup) is not waited for.
    runtime.shutdown_background();
    code.into()
}

async fn dispatch(arguments: Arguments) -> Result<Code, Failure> {
    let common = &arguments.common;
    if common.stop_with_stdin {
        signal::follow_stdin();
    }
    if arguments.command.is_some() && arguments.run.any() {
        return Err(Failure::new(
            Code::Usage,
            "flags of a run stand before a command, where they have no effect",
        )
        .hint("write them after the command, for example `insights run --run-hash …`"));
    }
    match &arguments.command {
        Some(Command::Run(run)) => run::run(run, common).await,
        Some(Command::Demo(demo)) => Box::pin(demo::demo(demo, common)).await,
        Some(Command::Doctor(run)) => doctor::doctor(run, common).await,
        Some(Command::Evidence(asked)) => evidence::evidence(asked, common).await,
        Some(Command::Sql(asked)) => sql::sql(asked, common).await,
        Some(Command::Providers(asked)) => providers::providers(asked, common).await,
        Some(Command::Ask(asked)) => ask::ask(asked, common).await,
        Some(Command::Scan(asked)) => scan::scan(asked, common).await,
        Some(Command::Explore(asked)) => Box::pin(explore::explore(asked, common)).await,
        Some(Command::ExploreProducer) => explore::producer(common).await,
        Some(Command::Refine(asked)) => refine::refine(asked, common).await,
        Some(Command::Sessions(asked)) => sessions::sessions(asked, common).await,
        Some(Command::Serve(asked)) => serve::serve(asked, common).await,
        Some(Command::Patterns(asked)) => patterns::patterns(asked, common),
        Some(Command::Engine(asked)) => engine::engine(asked, common).await,
        Some(Command::Extract(asked)) => extract::extract(asked, common),
        Some(Command::Report(asked)) => reports::report(asked, common),
        Some(Command::Open(asked)) => reports::open(asked, common),
        Some(Command::Verify(asked)) => verify::verify(asked, common),
        Some(Command::Explain(asked)) => explain::explain(asked, common),
        None if nothing_given(&arguments) => {
            print::talk(WELCOME);
            Ok(Code::Usage)
        }
        None => run::run(&arguments.run, common).await,
    }
}

const WELCOME: &str = "\
insights: event and transaction tables in, an executive report out

  insights demo                                     a report from a generated sample, without key or network
  insights --run-hash X --date-start D1 --date-end D2 --data FILE
                                                    a report from your data
  insights doctor --data FILE                       checks configuration, keys and data

try `insights demo`; `insights --help` shows all flags";

/// No flag, no variable: somebody wants to know what this is.
fn nothing_given(arguments: &Arguments) -> bool {
    !arguments.run.any()
        && std::env::var_os(crate::config::RUN_HASH).is_none()
        && !std::path::Path::new(".env").is_file()
}

fn usage(error: &clap::Error) -> Code {
    use clap::error::ErrorKind;
    let wanted = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let text = error.render().to_string();
    if wanted {
        return match print::out(&text) {
            Ok(()) => Code::Complete,
            Err(_) => Code::NoReport,
        };
    }
    print::talk(text.trim_end());
    Code::Usage
}

/// The command's definition, for tests that hold the README against it.
pub fn command() -> clap::Command {
    Arguments::command()
}
