//! Attributes of a topic from several models at once: producers ask, one owner keeps what is new across all of them.
//!
//! ```text
//! optimizer ─ assignment ─► producer ─ llm ─► list ─ batch ─► owner: dedup ─► book: journal, output.txt, output.json, metadata.json
//!     ▲                                                          │
//!     └──────────────── unique, money, time ─────────────────────┘
//! ```

mod book;
mod crew;
pub mod dedup;
mod family;
mod journal;
mod list;
mod meaning;
mod metrics;
mod optimizer;
mod owner;
mod processes;
mod producer;
mod settings;

pub use book::{Book, JOURNAL};
pub use crew::{Crew, Producers};
pub use family::Family;
pub use journal::{Entry, Head};
pub use meaning::Embedder;
pub use optimizer::{Choice, Optimizer, OptimizerKind, Outcome};
pub use owner::{Ended, explore, outcome};
pub use processes::{Ask, Launched, Processes, Staffing, Told, told_events, work};
pub use producer::{Assignment, Batch, BatchError, Cause, Desk, Said};
pub use settings::{Ending, Settings, Stop};
