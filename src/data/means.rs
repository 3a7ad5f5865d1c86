//! What a computation runs with: memory here and, where queries are answered elsewhere, a cluster.

use super::cluster::Cluster;
use super::memory::Memory;

#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) cluster: Option<&'a Cluster>,
}
