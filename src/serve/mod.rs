//! The dashboard: pages, an API, live events and metrics over the runs of a folder. Does not know how a run is done: it is handed a
//! `Launch`. It reads `events.jsonl` files, the database and finished outputs, so runs started anywhere appear.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod api;
mod changes;
mod compare;
mod fold;
mod follow;
mod guard;
mod health;
mod index;
mod launch;
mod lines;
mod metrics;
mod openapi;
mod outputs;
mod pages;
mod patient;
mod problem;
mod routes;
mod runs;
mod seats;
mod sse;
mod token;
mod verdict;

pub use index::exploration_id;
pub use launch::{
    CouncilStart, Earlier, ExploreStart, Fault, Job, JobState, Launch, Launcher, Reading, Refused, RefusedKind,
    StartRequest,
};
pub use token::Token;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock;
use crate::store::{Detail, Ledger, Store};
use follow::Followers;
use guard::Guard;
use index::Index;
use metrics::Seen;
use pages::Pages;
use problem::Problem;
use runs::Runs;
use seats::Seats;

/// What a server is made of.
pub struct Options {
    /// Where runs and their database are.
    pub run_logs: PathBuf,
    /// Where explorations are.
    pub explorations: PathBuf,
    /// What is sent just now, of all processes of this machine.
    pub ledger: Ledger,
    pub token: Token,
    /// The names with port under which it is reached.
    pub hosts: Vec<String>,
    pub launcher: Launcher,
}

/// Open connections have so long to end after the last word.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves until `stop` comes; open streams end, and browsers come back when a server does.
///
/// # Errors
/// The listener broke.
pub async fn serve(listener: TcpListener, options: Options, stop: impl Future<Output = ()>) -> io::Result<()> {
    let (over, ending) = watch::channel(false);
    let server = Arc::new(Server {
        guard: Guard::new(options.token, options.hosts),
        pages: Pages::new(),
        runs: Runs::new(Index::new(options.run_logs, options.explorations)),
        followers: Followers::default(),
        seats: Seats::default(),
        launcher: options.launcher,
        ledger: options.ledger,
        store: Mutex::default(),
        version: watch::Sender::new(0),
        seen: Mutex::default(),
        started: clock::wall().to_string(),
        ending,
    });
    let watching = tokio::spawn(changes::look(Arc::clone(&server)));
    let mut told = server.ending.clone();
    let router = routes::router(Arc::clone(&server));
    let serving = axum::serve(patient::Patient(listener), router).with_graceful_shutdown(async move {
        let _the_server_is_gone = told.wait_for(|over| *over).await;
    });
    let mut serving = tokio::spawn(serving.into_future());
    let done = tokio::select! {
        done = &mut serving => done,
        () = stop => {
            let _nobody_listens = over.send(true);
            tokio::select! {
                done = &mut serving => done,
                () = clock::sleep(FAREWELL) => Ok(Ok(())),
            }
        }
    };
    watching.abort();
    serving.abort();
    done.unwrap_or(Ok(()))
}

/// What every request shares.
struct Server {
    guard: Guard,
    pages: Pages,
    runs: Runs,
    followers: Followers,
    seats: Seats,
    launcher: Launcher,
    ledger: Ledger,
    /// Opened when there is a database for the first time.
    store: Mutex<Option<Store>>,
    /// Goes up whenever the list of runs changed.
    version: watch::Sender<u64>,
    /// What events said since the start, for the metrics.
    seen: Mutex<Seen>,
    /// RFC 3339.
    started: String,
    ending: watch::Receiver<bool>,
}

type Shared = Arc<Server>;

impl Server {
    /// The database of the runs; a store that knows nothing while there is none. Reads the disk.
    fn store(&self) -> Store {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = store.as_ref() {
            return store.clone();
        }
        let path = self.runs.index.database();
        if !path.is_file() {
            return Store::disabled();
        }
        store.insert(Store::open_with(&path, Detail::Numbers)).clone()
    }

    /// Work that reads the disk, away from the threads that serve everybody.
    async fn on_disk<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let server = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&server))
            .await
            .map_err(|error| Problem::ours(&error))
    }
}
