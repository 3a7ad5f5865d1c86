//! The tables as files of a run directory, written and read back. Never heard of how a number came to be.

mod cells;
mod derive;
mod foreign;
mod layout;
mod read;
mod write;

pub use read::{read, read_mapping};
pub use write::{Written, write};
