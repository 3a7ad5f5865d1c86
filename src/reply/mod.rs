//! Raw model text to JSON, JSON to checked findings. Does not know where the text came from and never asks again.
//!
//! ```text
//! text ─ extract, repair ─► candidates ─ schema, coerce ─► value ─ specialist / council ─► findings
//!                                        placeholder, render: the program writes the numbers
//!                                        assertion, basis, verify: what the model typed is recomputed
//! ```

mod advice;
mod assertion;
mod bare;
mod basis;
mod capitals;
mod claim;
mod coerce;
mod compare;
mod confidence;
mod council;
mod counting;
mod dates;
mod day;
mod demonyms;
mod extract;
mod extremes;
mod feedback;
mod first_letters;
mod format;
mod gaps;
mod hints;
mod json;
mod lexicon;
mod mask;
mod measure;
mod named;
mod names;
mod nobody;
mod nouns;
mod number;
mod numerals;
mod pairing;
mod pattern;
mod periods;
mod placeholder;
mod polarity;
mod prose;
mod reason;
mod render;
mod repair;
mod revision;
mod schema;
mod sentence;
mod signs;
mod specialist;
mod statements;
mod subjects;
mod text;
mod two_rows;
mod verify;
mod warm;
mod weekdays;
mod words;

pub use claim::{Answer, Judged, Verifier};
pub use coerce::{Liberty, coerce};
pub use confidence::LEAST_CHANGE;
pub use council::*;
pub use extract::*;
pub use feedback::feedback;
pub use json::{Json, Number};
pub use numerals::audit;
pub use prose::{DroppedSentence, Prose, prose};
pub use reason::Reason;
pub use render::{Rendered, render};
pub use repair::{MAX_DEPTH, Repair};
pub use revision::{Failing, Revised, failing, revised};
pub use schema::*;
pub use sentence::Sentence;
pub use specialist::{CheckedSpecialist, RejectedFinding, specialist};
pub use statements::{Statement, statements};
pub use warm::warm;

#[cfg(test)]
mod tests;
