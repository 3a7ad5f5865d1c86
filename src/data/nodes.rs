//! What the machines of a cluster need to know to be one; how they are one is `cluster`'s.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Address, MemoryLimit};

/// Hands out the tasks of queries.
#[derive(Debug, Clone)]
pub struct Scheduler {
    /// Port 0 takes any free one.
    pub bind: SocketAddr,
    /// The name by which executors reach it; the address it is bound to where none is given.
    pub advertise: Option<String>,
}

/// Does them.
#[derive(Debug, Clone)]
pub struct Executor {
    pub scheduler: Address,
    /// Results are handed out at this port, tasks taken in at the next one; port 0 takes two free ones.
    pub bind: SocketAddr,
    /// The name by which the scheduler and other executors reach it; the address it is bound to where none is given.
    pub advertise: Option<String>,
    /// Tasks at a time; 0 is one for each core.
    pub cores: usize,
    /// For all tasks together; part of the machine's memory where none is given.
    pub memory: Option<MemoryLimit>,
    /// Where parts of results lie until they are fetched; the system's temporary folder where none is given.
    pub work_dir: Option<PathBuf>,
}
