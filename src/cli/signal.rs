//! Waits for the signals that end a run: SIGINT, SIGTERM, SIGHUP.

use std::io::Read as _;
use std::sync::OnceLock;

use tokio::sync::watch;

use super::exit::{Code, Failure};

/// Says when stdin has ended, where that ends the run.
static STDIN: OnceLock<watch::Receiver<bool>> = OnceLock::new();

/// From now on the end of stdin counts as SIGINT: whoever started this process closes the pipe, or dies.
pub(super) fn follow_stdin() {
    let (ended, followed) = watch::channel(false);
    let reading = std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let mut nothing = [0; 64];
        let mut stdin = std::io::stdin().lock();
        while stdin.read(&mut nothing).is_ok_and(|read| read > 0) {}
        let _nobody_waits = ended.send(true);
    });
    if reading.is_ok() {
        let _only_the_first_counts = STDIN.set(followed);
    }
}

async fn stdin_ended() {
    if let Some(followed) = STDIN.get() {
        let mut followed = followed.clone();
        let _the_reader_is_gone = followed.wait_for(|ended| *ended).await;
    } else {
        std::future::pending().await
    }
}

/// Which signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) name: &'static str,
    pub(super) code: Code,
}

const INTERRUPT: Signal = Signal {
    name: "SIGINT",
    code: Code::Interrupted,
};

/// The work, unless a signal ends it first: what it keeps in temporary folders goes with it.
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        done = work => Ok(done),
        signal = wait() => Err(Failure::new(signal.code, format!("interrupted by {}", signal.name))),
    }
}

/// The next signal. One that comes after this was called is not lost, whenever the future is first looked at.
#[cfg(unix)]
pub(super) fn wait() -> impl Future<Output = Signal> {
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    async fn next(stream: std::io::Result<Stream>) {
        match stream {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    let [interrupt, terminate, hangup] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    async {
        tokio::select! {
            () = stdin_ended() => INTERRUPT,
            () = next(interrupt) => INTERRUPT,
            () = next(terminate) => Signal { name: "SIGTERM", code: Code::Terminated },
            () = next(hangup) => Signal { name: "SIGHUP", code: Code::Terminated },
        }
    }
}

#[cfg(not(unix))]
pub(super) async fn wait() -> Signal {
    let pressed = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = stdin_ended() => INTERRUPT,
        () = pressed => INTERRUPT,
    }
}
