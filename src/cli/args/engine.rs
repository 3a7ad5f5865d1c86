//! The arguments of `engine`: the machines of a cluster.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

const ENGINE_HELP: &str = "\
A cluster is one scheduler and an executor on each machine, all of them this program, and a folder that all see under the same path:
  insights engine scheduler --bind 10.0.0.5:50050
  insights engine executor --scheduler 10.0.0.5:50050 --bind 10.0.0.6:50051
  insights --engine ballista://10.0.0.5:50050 --engine-dir /mnt/shared --run-hash X --date-start D1 --date-end D2 --data FILE
Nothing between them is encrypted or asks who comes: keep their ports inside a network that you trust.";

#[derive(Debug, Clone, Args)]
#[command(after_help = ENGINE_HELP)]
pub(in crate::cli) struct EngineArguments {
    #[command(subcommand)]
    pub(in crate::cli) node: EngineNode,
}

#[derive(Debug, Clone, Subcommand)]
pub(in crate::cli) enum EngineNode {
    /// Hand tasks to executors, until a signal ends it; its state is at http://HOST:PORT/api/jobs
    Scheduler {
        #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:50050")]
        bind: SocketAddr,
        #[command(flatten)]
        common: NodeArguments,
    },
    /// Do the tasks of a scheduler, until a signal ends it
    Executor {
        /// Where the scheduler is
        #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
        scheduler: String,
        /// The port, and the next one; 0 for two free ones
        #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:50051")]
        bind: SocketAddr,
        /// Tasks at a time [default: one for each core]
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        cores: usize,
        /// Memory for all tasks together, e.g. 16GB [default: seven tenths of the machine's]
        #[arg(long, value_name = "SIZE")]
        memory_limit: Option<String>,
        /// Where parts of results lie until they are fetched [default: the temporary folder]
        #[arg(long, value_name = "DIR")]
        work_dir: Option<PathBuf>,
        #[command(flatten)]
        common: NodeArguments,
    },
}

#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct NodeArguments {
    /// The name by which the others reach this machine [default: the address it is bound to]
    #[arg(long, value_name = "HOST")]
    pub(in crate::cli) advertise: Option<String>,
    /// Write what it does to a file; more of it with --verbose
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) log: Option<PathBuf>,
}
