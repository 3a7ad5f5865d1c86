//! `insights engine`: one machine of a cluster that answers the queries of runs.

use std::time::Duration;

use crate::data::{self, Address, DataError, Executor, MemoryLimit, Scheduler};
use crate::llm::Redactor;

use super::args::{CommonArguments, EngineArguments, EngineNode, NodeArguments};
use super::exit::{Code, Failure};
use super::{log, print, signal};

/// How long an executor that is told to end may take to tell its scheduler.
const PARTING: Duration = Duration::from_secs(2);

pub(super) async fn engine(arguments: &EngineArguments, common: &CommonArguments) -> Result<Code, Failure> {
    match arguments.node.clone() {
        EngineNode::Scheduler { bind, common: node } => {
            begin_log(&node, common)?;
            let wanted = Scheduler {
                bind,
                advertise: node.advertise,
            };
            let is_up = |address: &str| say(common, &format!("ballista://{address}"), "scheduler");
            until_signal(data::scheduler(wanted, is_up), Duration::ZERO).await
        }
        EngineNode::Executor {
            scheduler,
            bind,
            cores,
            memory_limit,
            work_dir,
            common: node,
        } => {
            begin_log(&node, common)?;
            let wanted = Executor {
                scheduler: Address::parse(&scheduler).ok_or_else(|| {
                    Failure::new(Code::Usage, format!("`{}` is no address", scheduler.escape_debug()))
                        .hint("write it as HOST:PORT, for example 10.0.0.5:50050")
                })?,
                bind,
                advertise: node.advertise,
                cores,
                memory: memory_limit.as_deref().map(memory).transpose()?,
                work_dir,
            };
            let is_up = |address: &str| say(common, address, "executor");
            until_signal(data::executor(wanted, is_up), PARTING).await
        }
    }
}

fn memory(text: &str) -> Result<MemoryLimit, Failure> {
    MemoryLimit::parse(text).map_err(|why| {
        Failure::new(
            Code::Usage,
            format!("the memory limit is `{}`, which is {why}", text.escape_debug()),
        )
        .hint("give a size, for example `--memory-limit 16GB`")
    })
}

fn begin_log(node: &NodeArguments, common: &CommonArguments) -> Result<(), Failure> {
    let Some(path) = &node.log else { return Ok(()) };
    let filter = if common.verbose {
        "info,ballista_executor=debug,ballista_scheduler=debug"
    } else {
        "info"
    };
    log::start(path, Some(filter), common.verbose, Redactor::default()).map_err(|error| {
        Failure::new(Code::Usage, format!("cannot write {}: {error}", path.display()))
            .hint("`--log` takes a file in a folder that exists")
    })
}

/// Data on stdout, for whoever started this; talk on stderr.
fn say(common: &CommonArguments, address: &str, kind: &str) {
    if !common.quiet {
        print::talk(&format!("{kind} at {address}\nstop with Ctrl-C"));
    }
    if let Err(error) = print::out(&format!("{address}\n")) {
        print::warn(&format!("could not write to stdout: {error}"));
    }
}

async fn until_signal(node: impl Future<Output = Result<(), DataError>>, parting: Duration) -> Result<Code, Failure> {
    let mut node = Box::pin(node);
    tokio::select! {
        ended = &mut node => ended.map(|()| Code::Complete).map_err(Failure::from),
        signal = signal::wait() => {
            let _late_or_done = tokio::time::timeout(parting, node).await;
            Ok(signal.code)
        }
    }
}
