//! `insights serve`: the dashboard on loopback, behind a token that is new at each start.

mod children;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::serve::{self, Options, Token};
use crate::store::Ledger;

use super::args::{CommonArguments, ServeArguments};
use super::exit::{Code, Failure};
use super::{print, run, signal};
use children::Children;

/// Where explorations go that are not told otherwise.
const EXPLORATIONS: &str = "output";

pub(super) async fn serve(arguments: &ServeArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let settings = run::settle_sessions(common)?;
    let run_logs = settings.run_logs;
    let address = address(arguments)?;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::new(Code::Usage, format!("could not listen on {address}: {error}"))
            .hint("choose another port with `--addr 127.0.0.1:PORT`, or 0 for any free one")
    })?;
    let bound = listener.local_addr().unwrap_or(address);
    let token =
        Token::random().map_err(|error| Failure::new(Code::NoReport, format!("could not make a token: {error}")))?;
    let shown = match arguments.allow_remote.first() {
        Some(name) => format!("{name}:{}", bound.port()),
        None => bound.to_string(),
    };
    let url = format!("http://{shown}/?token={}", token.reveal());
    if !bound.ip().is_loopback() {
        print::warn(
            "the dashboard can be reached from other machines, and nothing is encrypted: put TLS in front of it",
        );
    }
    if !common.quiet {
        print::talk(&format!("dashboard on {url}\nstop with Ctrl-C"));
    }
    print::out(&format!("{url}\n"))
        .map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    if arguments.open
        && let Err(error) = open::that_detached(&url)
    {
        print::warn(&format!("no browser could be opened: {error}"));
    }
    let children = Arc::new(Children::new(run_logs.clone(), PathBuf::from(EXPLORATIONS), common));
    let options = Options {
        run_logs,
        explorations: PathBuf::from(EXPLORATIONS),
        ledger: Ledger::at(settings.ledger),
        token,
        hosts: hosts(bound, &arguments.allow_remote),
        launcher: Arc::clone(&children) as serve::Launcher,
    };
    let mut came = None;
    let served = serve::serve(listener, options, async { came = Some(signal::wait().await) }).await;
    children.stop_all();
    served.map_err(|error| Failure::new(Code::NoReport, format!("the server stopped: {error}")))?;
    Ok(came.map_or(Code::Complete, |signal| signal.code))
}

fn address(arguments: &ServeArguments) -> Result<SocketAddr, Failure> {
    let address: SocketAddr = arguments.addr.parse().map_err(|_| {
        let asked = arguments.addr.escape_debug();
        Failure::new(Code::Usage, format!("`{asked}` is no address"))
            .hint("write it as IP:PORT, for example 127.0.0.1:8080")
    })?;
    if !address.ip().is_loopback() && arguments.allow_remote.is_empty() {
        return Err(
            Failure::new(Code::Usage, format!("{address} can be reached from other machines"))
                .hint("listen on 127.0.0.1, or say with `--allow-remote NAME` under which name others may come"),
        );
    }
    Ok(address)
}

fn hosts(bound: SocketAddr, remote: &[String]) -> Vec<String> {
    let port = bound.port();
    let mut hosts: Vec<String> = ["127.0.0.1", "localhost", "[::1]"]
        .map(|name| format!("{name}:{port}"))
        .into();
    hosts.push(bound.to_string());
    for name in remote {
        hosts.extend([format!("{name}:{port}"), name.clone()]);
    }
    hosts
}
