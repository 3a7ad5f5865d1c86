//! One completion, made reliable. Knows nothing of agents, evidence, or what a reply means.
//!
//! `call` holds the one visible loop; every file beside it decides one thing for it:
//!
//! ```text
//! route · plan ─► cache ─► budget ─► breaker ─► limit ─► dialect (encode) ─► wire | mock | cassette ─► dialect (decode) · classify ─► decide ─► retry
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod about;
mod attempt;
mod availability;
mod available;
mod base_url;
mod breaker;
mod breakers;
mod budget;
mod cache;
mod call;
mod capabilities;
mod cassette;
mod classify;
mod context;
mod cost;
mod decide;
mod dialect;
mod embed;
mod error_body;
mod exchange;
mod fault;
mod health;
mod hedge;
mod known;
mod limit;
mod mock;
mod options;
mod pace;
mod plan;
mod playback;
mod recall;
mod redact;
mod retry;
mod route;
mod spend;
mod sse;
mod stream;
mod tally;
mod target;
mod tell;
mod types;
mod unreachable;
mod vendor;
mod wait;
mod wire;

#[doc = include_str!("faults.md")]
pub mod faults {}

pub use availability::{Availability, Credit};
pub use base_url::{BadBaseUrl, PrivateHosts, check_base_url};
pub use breakers::{BreakerState, TargetHealth, TargetLimit};
pub use budget::{Caps, Spending};
pub use cache::CacheMode;
pub use call::Llm;
pub use capabilities::Capabilities;
pub use cassette::{BadCassette, Cassette, Tape};
pub use cost::{Price, Prices};
pub use dialect::Dialect;
pub use embed::Embedded;
pub use mock::{Lie, MockFault, MockOptions, MockScript, MockStep, answer as mock_answer};
pub use options::{ConfigError, Options};
pub use plan::{PlannedAttempt, call_budget};
pub use redact::Redactor;
pub use route::{Route, Strategy};
pub use target::{BadTarget, Target};
pub use types::*;
pub use vendor::{MOCK, Streaming, StructuredOutput, TokenLimit, Transport, Vendor};

#[cfg(test)]
mod machine;
#[cfg(test)]
mod tests;
