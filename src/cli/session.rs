//! The session of a command: begun with what it takes to run the command again, or taken up where an earlier process stopped.

use serde_json::json;

use crate::config;
use crate::data;
use crate::event::{Event, Events};
use crate::store::Store;
use crate::store::session::{Kind, Metadata, Session, SessionLog};

/// The session that `sessions resume` goes on with.
#[derive(Debug, Clone)]
pub(super) struct Resumed {
    pub(super) id: String,
    /// What the first try read from stdin.
    pub(super) stdin: Option<String>,
}

/// The database of all runs, with as much of each call as the session log wants; none for a replay, and a broken one never stops
/// a command.
pub(super) fn open_store(settings: &config::Run, events: &Events) -> Option<Store> {
    if settings.models.options.cassette.is_replay() {
        return None;
    }
    let path = settings.run_logs.join("insights.db");
    let store = Store::open_with(&path, settings.sessions.database_detail());
    say_trouble(&store, events);
    Some(store)
}

/// Begins a session, or takes up the resumed one. `facts` are what a person wants to see in a list; the command line and its folder
/// are added, without keys.
pub(super) fn begin(
    settings: &config::Run,
    store: Option<&Store>,
    resumed: Option<&Resumed>,
    (kind, id): (Kind, &str),
    facts: Metadata,
    events: &Events,
) -> Session {
    let Some(store) = store else {
        return Session::none();
    };
    let log = SessionLog::new(settings.sessions, store, &settings.run_logs);
    let session = match resumed.map(|resumed| log.resume(&resumed.id)) {
        Some(Ok(session)) => session,
        _ => log.begin_as(id, kind, metadata(settings, facts)),
    };
    say_trouble(store, events);
    session
}

fn metadata(settings: &config::Run, mut facts: Metadata) -> Metadata {
    let redactor = settings.models.options.redactor();
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| redactor.redact(&without_password(&word.to_string_lossy())));
    facts.insert("command".to_owned(), json!(words.collect::<Vec<_>>()));
    if let Ok(folder) = std::env::current_dir() {
        facts.insert("folder".to_owned(), json!(folder.to_string_lossy()));
    }
    facts.insert("version".to_owned(), json!(env!("CARGO_PKG_VERSION")));
    facts
}

/// A word of the command line, where a source may be an URL that opens a door.
fn without_password(word: &str) -> String {
    match word.split_once('=') {
        Some((flag, source)) if flag.starts_with("--") => format!("{flag}={}", data::shown_source(source)),
        _ => data::shown_source(word),
    }
}

fn say_trouble(store: &Store, events: &Events) {
    if let Some(message) = store.take_warning() {
        events.say(Event::Warning { message });
    }
}

/// How to go on with a session that did not come to its end.
pub(super) fn resume_hint(id: &str) -> String {
    format!("replies that had arrived are kept; go on with `insights sessions resume {id}`")
}
