//! Raw model text to JSON, JSON to checked findings. Does not know where the text came from and never asks again.

mod coerce;
mod extract;
mod repair;
mod schema;

pub use coerce::coerce;
pub use extract::*;
pub use schema::*;

#[cfg(test)]
mod tests;
