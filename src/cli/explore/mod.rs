//! `insights explore`: attributes of a topic until it is enough; the path of the list on stdout, everything else in its folder.

mod apart;
mod name;

pub use name::folder_name;

pub(super) use apart::producer;

use std::path::Path;
use std::sync::Arc;

use crate::clock;
use crate::config::{self, Typed};
use crate::event::{Event, Events};
use crate::flow::explore::{
    Book, Crew, Desk, Embedder, Ended, Ending, JOURNAL, Optimizer, Processes, Producers, Settings, Stop, dedup,
    explore as flow_explore, outcome,
};
use crate::llm::{Caps, Llm, Strategy, Target};
use crate::prompt::Prompts;
use crate::rundir;
use crate::store::Store;
use crate::store::session::{self, Kind, Metadata, Session, Status};

use super::args::{CommonArguments, Dedup, ExploreArguments};
use super::exit::{Code, Failure, unwritable};
use super::listen::Listeners;
use super::progress::{Progress, Style};
use super::session::{begin, open_store};
use super::signal::Signal;
use super::{log, print, run, signal};

const LONGEST_TOPIC: usize = 2_000;
/// For each producer, where nothing else ends it.
const ITERATIONS: u64 = 10;

pub(super) async fn explore(arguments: &ExploreArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let topic = topic(&arguments.topic)?;
    let mut typed = Typed::default();
    arguments.settings.add_to(&mut typed);
    common.add_to(&mut typed);
    typed.embedding_model.clone_from(&arguments.embedding_model);
    typed.embeds = arguments.dedup == Dedup::Semantic;
    let mut run = settled(&mut typed, common)?;
    if arguments.processes {
        apart::check(&run)?;
    }
    let folder = arguments
        .output
        .clone()
        .unwrap_or_else(|| Path::new("output").join(folder_name(&topic)));
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
    let _lock = rundir::lock(&folder, &topic, &clock::wall().to_string()).map_err(|error| locked(&error))?;
    let is_there = folder.join(JOURNAL).is_file();
    let goes_on = arguments.resume || common.resumed.is_some();
    if is_there && !goes_on && !arguments.overwrite {
        return Err(Failure::new(
            Code::Usage,
            format!("`{}` holds an earlier exploration", folder.display()),
        )
        .hint("go on with `--resume`, begin anew with `--overwrite`, or choose another folder with `--output DIR`"));
    }
    let mut settings = settings(arguments, &topic, &run);
    let models = &settings.models;
    let mut optimizer = Optimizer::new(settings.optimizer, models);
    let unusable = |error: std::io::Error| unwritable(&folder.join(JOURNAL), &error);
    let book = match is_there && (goes_on || !arguments.overwrite) {
        true => Book::resume(&folder, settings.dedup, |entry| {
            optimizer.learn(entry.family, entry.model.as_deref(), outcome(entry));
        }),
        false => Book::create(&folder, &topic, settings.dedup),
    };
    let book = book.map_err(unusable)?;
    if book.head.topic != topic {
        let other = print::safe(&book.head.topic);
        return Err(
            Failure::new(Code::Usage, format!("`{}` holds the topic `{other}`", folder.display()))
                .hint("choose another folder with `--output DIR`"),
        );
    }
    run.models.options.caps = left(run.models.options.caps, &book);
    let (listeners, events) = listeners(&folder, &run, common)?;
    let store = open_store(&run, &events);
    settings.session = session(&settings, &folder, &run, store.as_ref(), common, &events);
    let stop = Stop::default();
    let text = book.text_path();
    let (ended, signal) = tokio::join!(
        async {
            let crew = match arguments.processes {
                true => apart::crew(&settings, &book, (&run, store), (&typed, common), &events),
                false => here(&settings, &book, &run, store, &events),
            };
            let done = match crew {
                Ok(crew) => flow_explore(&settings, book, optimizer, &crew, &stop, &events)
                    .await
                    .map_err(|error| unwritable(&folder, &error)),
                Err(failure) => Err(failure),
            };
            stop.now();
            done
        },
        stopped(&stop, &events),
    );
    listeners.finish();
    let ended = ended.inspect_err(|_| settings.session.finish(Status::Failed))?;
    match ended.ending {
        // `sessions resume` goes on with it.
        Ending::Stopped => {}
        Ending::Failing { .. } => settings.session.finish(Status::Failed),
        _ => settings.session.finish(Status::Completed),
    }
    // Cron mails whatever is printed: quiet is quiet, but for a result that was asked for.
    if !common.quiet || arguments.json {
        let result = match arguments.json {
            true => String::from_utf8_lossy(&ended.metadata).into_owned(),
            false => format!("{}\n", text.display()),
        };
        print::out(&result)
            .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    }
    verdict(&ended, signal, &folder)
}

fn topic(typed: &str) -> Result<String, Failure> {
    let topic = typed.trim();
    if topic.is_empty() {
        return Err(
            Failure::new(Code::Usage, "the topic is empty").hint("write `insights explore --topic \"glass bottle\"`")
        );
    }
    if topic.chars().count() > LONGEST_TOPIC {
        return Err(Failure::new(
            Code::Usage,
            format!("the topic is longer than {LONGEST_TOPIC} characters"),
        )
        .hint("name the topic in a few words"));
    }
    Ok(topic.to_owned())
}

/// The models of `--routing-config` where there is one, else those that a question would ask.
fn settled(typed: &mut Typed, common: &CommonArguments) -> Result<config::Run, Failure> {
    typed.ask = Some(Vec::new());
    let mut run = run::settle(typed, common)?;
    let is_set = |run: &config::Run, name: &str| run.origins.iter().any(|(known, ..)| known == name);
    if is_set(&run, "ROUTING_CONFIG") {
        typed.ask = None;
        run = run::settle(typed, common)?;
    }
    if !is_set(&run, "ROUTING_STRATEGY") {
        // Several models at once is what an exploration is for.
        run.models.options.routes.strategy = Strategy::RoundRobin;
    }
    Ok(run)
}

fn settings(arguments: &ExploreArguments, topic: &str, run: &config::Run) -> Settings {
    let caps = run.models.options.caps;
    let is_bounded = arguments.target.is_some() || caps != Caps::default();
    let has_deadline = run.origins.iter().any(|(name, ..)| name == "INSIGHTS_DEADLINE");
    Settings {
        topic: topic.to_owned(),
        producers: arguments.producers,
        iterations: arguments.iterations.or((!is_bounded).then_some(ITERATIONS)),
        request_size: arguments.request_size,
        optimizer: arguments.optimizer,
        target: arguments.target,
        stop_below: Some(arguments.stop_below).filter(|share| *share > 0.0),
        dedup: dedup::Options {
            near: Some(arguments.similarity).filter(|_| arguments.dedup != Dedup::Exact),
            semantic: Some(arguments.semantic_similarity).filter(|_| arguments.dedup == Dedup::Semantic),
        },
        models: run
            .models
            .options
            .routes
            .default
            .iter()
            .map(Target::to_string)
            .collect(),
        embedding_model: run.models.options.embedding.as_ref().map(Target::to_string),
        processes: arguments.processes,
        max_cost_usd: caps.cost_usd,
        deadline: has_deadline.then(|| clock::now() + run.flow.deadline),
        session: Session::none(),
    }
}

fn session(
    settings: &Settings,
    folder: &Path,
    run: &config::Run,
    store: Option<&Store>,
    common: &CommonArguments,
    events: &Events,
) -> Session {
    let title: String = settings.topic.chars().take(80).collect();
    let mut facts = Metadata::new();
    facts.insert("title".to_owned(), title.into());
    facts.insert("output".to_owned(), folder.display().to_string().into());
    let id = session::new_id(Kind::Explore);
    begin(run, store, common.resumed.as_ref(), (Kind::Explore, &id), facts, events)
}

/// What earlier processes of the same exploration spent is not spent again.
fn left(caps: Caps, book: &Book) -> Caps {
    let all = &book.totals.all;
    Caps {
        cost_usd: caps
            .cost_usd
            .map(|cap| (cap - all.cost_usd.unwrap_or_default()).max(0.0)),
        calls: caps.calls.map(|cap| cap.saturating_sub(all.batches)),
        tokens: caps
            .tokens
            .map(|cap| cap.saturating_sub(all.input_tokens + all.output_tokens)),
    }
}

fn listeners(folder: &Path, run: &config::Run, common: &CommonArguments) -> Result<(Listeners, Events), Failure> {
    let (log, journal) = (folder.join("run.log"), folder.join("events.jsonl"));
    let redactor = run.models.options.redactor();
    log::start(&log, run.log.as_deref(), common.verbose, redactor).map_err(|error| unwritable(&log, &error))?;
    let style = Style::choose(common.quiet, common.no_progress);
    let (listeners, events) = Listeners::start(Some(&journal), Progress::new(style, common.verbose))
        .map_err(|error| unwritable(&journal, &error))?;
    for message in run.warnings.iter().cloned() {
        events.say(Event::Warning { message });
    }
    Ok((listeners, events))
}

/// Producers that are tasks of this process.
fn here(
    settings: &Settings,
    book: &Book,
    run: &config::Run,
    store: Option<Store>,
    events: &Events,
) -> Result<Crew, Failure> {
    let mut desk = desk(run, store, events)?;
    desk.deadline = settings.deadline;
    desk.said = book.said();
    Ok(Crew {
        embedder: embedder(run, &desk, settings, None),
        producers: Producers::Here(desk),
    })
}

fn embedder(run: &config::Run, desk: &Desk, settings: &Settings, beside: Option<Arc<Processes>>) -> Option<Embedder> {
    Some(Embedder {
        llm: Arc::clone(&desk.llm),
        target: run.models.options.embedding.clone()?,
        deadline: settings.deadline,
        beside,
    })
}

fn desk(run: &config::Run, store: Option<Store>, events: &Events) -> Result<Desk, Failure> {
    let llm = Llm::new(run.models.options.clone(), store, events.clone())
        .map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
    Ok(Desk {
        llm: Arc::new(llm),
        prompts: Arc::new(Prompts::open(&run.prompts)?),
        max_output_tokens: run.flow.max_output_tokens,
        deadline: None,
        said: Arc::default(),
    })
}

/// Waits for a signal and passes it on, until the exploration ends by itself.
async fn stopped(stop: &Stop, events: &Events) -> Option<Signal> {
    tokio::select! {
        signal = signal::wait() => {
            events.say(Event::Interrupted { signal: signal.name.to_owned() });
            stop.now();
            Some(signal)
        }
        () = stop.wait() => None,
    }
}

fn verdict(ended: &Ended, signal: Option<Signal>, folder: &Path) -> Result<Code, Failure> {
    if let (Ending::Stopped, Some(signal)) = (&ended.ending, signal) {
        return Err(
            Failure::new(signal.code, format!("interrupted by {}", signal.name)).hint(format!(
                "what had arrived is in `{}`; the same command with `--resume` goes on",
                folder.display()
            )),
        );
    }
    let for_now = match &ended.ending {
        Ending::Failing { for_now, .. } => *for_now,
        Ending::Budget(_) => true,
        _ => false,
    };
    match (&ended.ending, ended.unique) {
        (_, 0) => Err(Failure::new(
            if for_now { Code::TryLater } else { Code::NoReport },
            "no attribute was found",
        )
        .hint("`insights providers --check` tells whether the providers can be reached")),
        (Ending::Failing { .. }, _) => Ok(Code::Degraded),
        _ => Ok(Code::Complete),
    }
}

fn locked(error: &rundir::RunDirError) -> Failure {
    match error {
        rundir::RunDirError::Locked { pid, since, .. } => Failure::new(
            Code::TryLater,
            format!("this topic is being explored by process {pid} since {since}"),
        )
        .hint("wait until it ends, or choose another folder with `--output DIR`"),
        error => Failure::new(Code::Usage, error.to_string()).hint(error.hint()),
    }
}
