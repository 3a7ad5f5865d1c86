//! In place of `cluster` in a binary that is built without Ballista: nothing of its kind can be made.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::held::Held;
use super::memory::Memory;
use super::query_engine::Ballista;
use super::{DataError, Executor, Scheduler};

pub(crate) enum Cluster {}

#[derive(Debug)]
pub(crate) enum Session {}

/// # Errors
/// Always: there is no scheduler in this binary.
pub async fn scheduler(_: Scheduler, _: impl FnOnce(&str)) -> Result<(), DataError> {
    Err(DataError::NoBallista)
}

/// # Errors
/// Always: there is no executor in this binary.
pub async fn executor(_: Executor, _: impl FnOnce(&str)) -> Result<(), DataError> {
    Err(DataError::NoBallista)
}

impl Cluster {
    pub(crate) async fn reach(_: &Ballista, _: &Memory) -> Result<Self, DataError> {
        Err(DataError::NoBallista)
    }

    pub(crate) fn session(&self, _: SessionConfig, _: u64, _: &Memory) -> Result<(SessionContext, Session), DataError> {
        match *self {}
    }
}

impl Session {
    pub(crate) async fn bring(&self, _: &SessionContext, _: &str, _: Arc<Held>) -> Result<(), DataError> {
        match *self {}
    }

    pub(crate) async fn keep(&self, _: &SessionContext, _: &str, _: &str) -> Result<(), DataError> {
        match *self {}
    }

    pub(crate) async fn collect(&self, _: DataFrame) -> Result<Vec<RecordBatch>, DataError> {
        match *self {}
    }

    pub(crate) async fn fetch(&self, _: &SessionContext, _: &str, _: &Memory) -> Result<Arc<Held>, DataError> {
        match *self {}
    }

    pub(crate) fn drop(&self, _: &SessionContext, _: &str) -> Result<(), DataError> {
        match *self {}
    }
}
