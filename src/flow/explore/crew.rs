//! Who asks for an exploration: the tasks of this process, or a process of its own for each producer; and who knows what words mean.

use std::sync::Arc;

use super::meaning::Embedder;
use super::processes::Processes;
use super::producer::{Assignment, Batch, Desk};

#[derive(Clone)]
pub struct Crew {
    pub producers: Producers,
    /// Where meanings are compared.
    pub embedder: Option<Embedder>,
}

#[derive(Clone)]
pub enum Producers {
    Here(Desk),
    Apart(Arc<Processes>),
}

impl Producers {
    pub(super) async fn produce(&self, assignment: &Assignment) -> Batch {
        match self {
            Self::Here(desk) => desk.produce(assignment).await,
            Self::Apart(processes) => processes.produce(assignment).await,
        }
    }

    /// Wordings that nobody needs to bring again.
    pub(super) fn remember(&self, marks: impl Iterator<Item = u64>) {
        match self {
            Self::Here(desk) => desk.remember(marks),
            Self::Apart(processes) => processes.remember(marks),
        }
    }

    /// Nobody is asked again.
    pub(super) async fn dismiss(&self) {
        if let Self::Apart(processes) = self {
            processes.dismiss().await;
        }
    }
}
