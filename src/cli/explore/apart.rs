//! `--processes`: each producer a process of this program, and what such a process does.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::config::{self, Typed};
use crate::event::Events;
use crate::flow::explore::{Book, Crew, Launched, Processes, Producers, Settings, Staffing, Told, told_events, work};
use crate::llm::{Caps, Cassette};
use crate::store::Store;
use crate::store::session::SessionLog;

use super::super::args::CommonArguments;
use super::super::exit::{Code, Failure, unwritable};
use super::super::session::open_store;
use super::super::{log, print};
use super::{desk, embedder, settled};

/// The first line that a producer's process reads. Keys are not in it: they come from the environment, as they do here.
#[derive(Serialize, Deserialize)]
struct Hello {
    typed: Box<Typed>,
    log: PathBuf,
    /// To which the calls belong.
    session: String,
}

/// One batch may be asked for twice: with room for more when it was cut off. What is more hangs.
const TURNS: u32 = 2;

/// What the processes of an exploration cannot do together.
pub(super) fn check(run: &config::Run) -> Result<(), Failure> {
    match run.models.options.cassette {
        Cassette::Off => Ok(()),
        _ => Err(Failure::new(
            Code::Usage,
            "exchanges of several processes are not recorded or replayed",
        )
        .hint("drop `--processes`, or `--record` and `--replay`")),
    }
}

/// A process for each producer; its log, and what it says before it dies, are beside the exploration's files.
pub(super) fn crew(
    settings: &Settings,
    book: &Book,
    (run, store): (&config::Run, Option<Store>),
    (typed, common): (&Typed, &CommonArguments),
    events: &Events,
) -> Result<Crew, Failure> {
    let folder = book.folder().to_owned();
    let log = move |producer: usize| folder.join(format!("producer-{producer}.log"));
    for producer in 1..=settings.producers {
        File::create(log(producer)).map_err(|error| unwritable(&log(producer), &error))?;
    }
    let program = std::env::current_exe().map_err(|error| {
        Failure::new(
            Code::NoReport,
            format!("could not find this program to start it again: {error}"),
        )
    })?;
    let (typed, common) = (Box::new(typed.clone()), common.clone());
    let session = settings.session.id().to_owned();
    let launch = move |producer: usize| {
        let log = log(producer);
        let mut command = Command::new(&program);
        if let Some(file) = &common.env_file {
            command.arg("--env-file").arg(file);
        }
        if let Some(file) = &common.config {
            command.arg("--config").arg(file);
        }
        command
            .args(common.verbose.then_some("--verbose"))
            .arg("explore-producer");
        command.stderr(Stdio::from(File::options().append(true).open(&log)?));
        let hello = Hello {
            typed: typed.clone(),
            log,
            session: session.clone(),
        };
        Ok(Launched {
            command,
            hello: serde_json::to_string(&hello)?,
        })
    };
    let staffing = Staffing {
        producers: settings.producers,
        caps: run.models.options.caps,
        deadline: settings.deadline,
        patience: run.models.options.call_timeout * TURNS,
    };
    let processes = Processes::new(staffing, events.clone(), launch);
    processes.remember(book.marks());
    let processes = Arc::new(processes);
    // What the owner asks itself is paid from the same budget.
    let embedder = match run.models.options.embedding {
        Some(_) => embedder(run, &desk(run, store, events)?, settings, Some(Arc::clone(&processes))),
        None => None,
    };
    Ok(Crew {
        producers: Producers::Apart(processes),
        embedder,
    })
}

/// The whole life of a producer's process.
pub(in crate::cli) async fn producer(common: &CommonArguments) -> Result<Code, Failure> {
    let mut lines = lines_of_stdin()?;
    let Some(hello) = lines.recv().await else {
        return Err(Failure::new(Code::Usage, "nobody said what to do").hint("run `insights explore --processes`"));
    };
    let unreadable =
        |error: serde_json::Error| Failure::new(Code::Usage, format!("could not read what to do: {error}"));
    let mut hello: Hello = serde_json::from_str(&hello).map_err(unreadable)?;
    let mut run = settled(&mut hello.typed, common)?;
    // Each assignment comes with its share.
    run.models.options.caps = Caps::default();
    let redactor = run.models.options.redactor();
    log::go_on(&hello.log, run.log.as_deref(), common.verbose, redactor)
        .map_err(|error| unwritable(&hello.log, &error))?;
    let (events, llm) = told_events(tell);
    let store = open_store(&run, &events);
    if let Some(store) = store.as_ref().filter(|_| !hello.session.is_empty()) {
        let _calls_only = SessionLog::new(run.sessions, store, &run.run_logs).join(&hello.session);
    }
    let desk = desk(&run, store.clone(), &events)?;
    let _it_is_the_first = llm.set(Arc::clone(&desk.llm));
    let worked = work(&desk, lines, tell).await.map_err(unreadable);
    // The last call may be on its way to the disk still, and the process ends with this.
    if let Some(store) = store {
        store.flush();
    }
    worked?;
    Ok(Code::Complete)
}

/// A closed pipe needs no word: the end of stdin comes with it.
fn tell(told: &Told) {
    match serde_json::to_string(told) {
        Ok(line) => {
            let _nobody_reads_any_more = print::part(&format!("{line}\n"));
        }
        Err(error) => tracing::error!(%error, "could not say what happened"),
    }
}

/// Lines as they come; the channel ends with stdin.
fn lines_of_stdin() -> Result<mpsc::UnboundedReceiver<String>, Failure> {
    let (line, lines) = mpsc::unbounded_channel();
    let read = move || {
        for read in std::io::stdin().lines().map_while(Result::ok) {
            if line.send(read).is_err() {
                break;
            }
        }
    };
    let reading = std::thread::Builder::new().name("stdin".to_owned()).spawn(read);
    reading.map_err(|error| Failure::new(Code::NoReport, format!("could not read stdin: {error}")))?;
    Ok(lines)
}
