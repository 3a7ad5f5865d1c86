//! What several tests need: servers that misbehave on demand.

pub(crate) mod server;
