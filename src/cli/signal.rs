//! Waits for the signals that end a run: SIGINT, SIGTERM, SIGHUP.

use super::exit::Code;

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

#[cfg(unix)]
pub(super) async fn wait() -> Signal {
    use tokio::signal::unix::{Signal as Stream, SignalKind, signal};
    async fn next(stream: std::io::Result<Stream>) {
        match stream {
            Ok(mut stream) => {
                stream.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    tokio::select! {
        () = next(signal(SignalKind::interrupt())) => INTERRUPT,
        () = next(signal(SignalKind::terminate())) => Signal { name: "SIGTERM", code: Code::Terminated },
        () = next(signal(SignalKind::hangup())) => Signal { name: "SIGHUP", code: Code::Terminated },
    }
}

#[cfg(not(unix))]
pub(super) async fn wait() -> Signal {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    INTERRUPT
}
