//! Raw model text to the JSON that was meant, every liberty named; or an honest error.
//!
//! ```text
//! text ─ find: fences, thoughts, prose, wrappers, texts within strings ─► where values may begin
//!        repair: one forgiving pass from there ─► candidates
//!        choose, or a schema (`schema::pick`) ─► the one that was meant
//! ```
//!
//! Of several values the one that fits the schema best is taken; without a schema, complete values count before cut-off ones
//! and the last complete one wins. Before position counts where a value stands: values in a fence or announced as final come
//! first, objects before bare lists, and what was called an example comes last. A cut-off value only wins over a complete
//! one that is less than an eighth of its length. JSON lines are joined to an array where a schema asks for an array.
//! Values in thoughts are none.

mod choose;
mod encoded;
mod find;
mod fit;
mod gap;
mod shape;
mod thought;

use super::json::Json;
use super::repair::{self, Fix, Repair, Setting};

use find::{Finder, Keep};
pub(super) use fit::is_ambiguous;

/// Longer texts are refused unread: 16 MiB.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// So many candidates are offered to a schema: the last ones of the text.
const MAX_CANDIDATES: usize = 256;

/// A value read from text, and every liberty taken to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Extracted {
    pub value: Json,
    /// Byte offset in the text at which it begins.
    pub at: usize,
    pub repairs: Vec<Repair>,
    /// The text ended before the value did: for a person to look at, never to be accepted.
    pub truncated: bool,
}

impl Extracted {
    /// The names of the repairs, none twice.
    pub fn repair_names(&self) -> Vec<&'static str> {
        repair::names(&self.repairs)
    }

    /// The bytes were no UTF-8; what was not is U+FFFD in the text.
    #[must_use]
    pub fn of_invalid_utf8(mut self) -> Self {
        let repair = Repair {
            name: Fix::InvalidUtf8.name(),
            at: 0,
        };
        self.repairs.insert(0, repair);
        self
    }
}

/// Why there is no JSON to speak of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejected {
    pub kind: RejectedKind,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectedKind {
    None,
    TooDeep,
    TooLarge,
    Ambiguous,
}

impl RejectedKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::Ambiguous => "ambiguous",
        }
    }

    pub(super) fn rejected(self) -> Rejected {
        let message = match self {
            Self::None => "there is no JSON in the reply",
            Self::TooDeep => "the JSON is nested more than 512 levels deep",
            Self::TooLarge => "the reply is longer than 16 MiB",
            Self::Ambiguous => {
                "the reply holds digits with thousands separators that may be one number or several; a schema can tell"
            }
        };
        Rejected {
            kind: self,
            message: message.to_owned(),
        }
    }
}

/// The one value that the text holds.
///
/// # Errors
/// No JSON, nesting deeper than [`super::MAX_DEPTH`], a text longer than [`MAX_BYTES`], or a number that could be several.
pub fn extract(text: &str) -> Result<Extracted, Rejected> {
    let chosen = choose::choose(scan(text, Keep::Best)?.0).ok_or_else(|| RejectedKind::None.rejected())?;
    if chosen.repairs.has(Fix::ThousandsSeparator) && is_ambiguous(&chosen.value) {
        return Err(RejectedKind::Ambiguous.rejected());
    }
    Ok(chosen.into_extracted())
}

/// Every value in the text, so that a schema can pick among them. Empty when there is none.
pub fn candidates(text: &str) -> Vec<Extracted> {
    match scan(text, Keep::All) {
        Ok((found, _)) => choose::all(found, MAX_CANDIDATES),
        Err(_) => Vec::new(),
    }
}

/// Reads JSON of our own making, to the letter; `None` when it is not.
pub fn parse(text: &str) -> Option<Json> {
    let start = text.len() - text.trim_start().len();
    let parsed = repair::parse(text, start, Setting::Strict).ok()?;
    let harmless = |name: &str| {
        [Fix::LoneSurrogate, Fix::DuplicateKey]
            .iter()
            .any(|fix| fix.name() == name)
    };
    let exact = !parsed.truncated && parsed.repairs.into_list().iter().all(|repair| harmless(repair.name));
    (exact && text[parsed.end..].trim().is_empty()).then_some(parsed.value)
}

/// The candidates of a text, and how many bytes were looked at.
fn scan(text: &str, keep: Keep) -> Result<(Vec<find::Found>, usize), Rejected> {
    if text.len() > MAX_BYTES {
        return Err(RejectedKind::TooLarge.rejected());
    }
    let mut finder = Finder::new(text, keep);
    finder.search();
    match finder {
        Finder { too_deep: true, .. } => Err(RejectedKind::TooDeep.rejected()),
        Finder { found, steps, .. } => Ok((found, steps)),
    }
}

#[cfg(test)]
mod tests;
