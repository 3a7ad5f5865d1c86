//! What several tests need: the program in a folder of its own, and servers that misbehave on demand.

pub(crate) mod run;
pub(crate) mod server;
