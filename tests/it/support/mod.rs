//! What several tests need: the program in a folder of its own, and servers that misbehave on demand.

pub(crate) mod browser;
#[cfg(feature = "ballista")]
pub(crate) mod cluster;
pub(crate) mod dashboard;
pub(crate) mod fault_server;
pub(crate) mod host;
pub(crate) mod postgres;
pub(crate) mod run;
pub(crate) mod s3;
pub(crate) mod server;
pub(crate) mod tls_server;
pub(crate) mod web;
