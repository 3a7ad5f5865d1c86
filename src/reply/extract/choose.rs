//! Which of several values was meant, as far as that can be told without a schema.

use super::Extracted;
use super::find::Found;
use crate::reply::json::Json;
use crate::reply::repair::{Fix, Repairs};

/// A cut-off value this many times as long as any complete one is what the reply was about.
const MUCH_LONGER: usize = 8;

/// The value that was meant.
pub(super) fn choose(mut found: Vec<Found>) -> Option<Found> {
    if let Some(joined) = joined(&found, Why::BracketMissing) {
        return Some(joined);
    }
    found.retain(|found| !found.is_reference);
    let longest = found
        .iter()
        .filter(|found| !found.truncated)
        .map(Found::length)
        .max()
        .unwrap_or(0);
    let rank = |found: &Found| {
        let whole = !found.truncated || found.length() > MUCH_LONGER * longest;
        (whole, worth(found))
    };
    let several = found.len() > 1;
    let best = (0..found.len()).max_by_key(|index| rank(&found[*index]))?;
    let mut chosen = found.swap_remove(best);
    if several {
        chosen.repairs.note(Fix::OtherValues, chosen.start);
    }
    Some(chosen)
}

/// Drops what can no longer be the one that was meant, however the text goes on: a text of a million small values needs no room
/// for all of them.
pub(super) fn prune(found: &mut Vec<Found>) {
    let may_be_joined = found.iter().skip(1).all(|found| found.after_comma);
    if may_be_joined || found.len() < 3 {
        return;
    }
    let complete = |found: &&Found| !found.is_reference && !found.truncated;
    let best = found
        .iter()
        .filter(complete)
        .max_by_key(|found| worth(found))
        .map(|found| found.start);
    let longest = found
        .iter()
        .filter(complete)
        .max_by_key(|found| found.length())
        .map(|found| found.start);
    // Two more say that there are several, and that they are no list.
    let ends = [found.first(), found.last()].map(|found| found.map(|found| found.start));
    let another = found
        .iter()
        .rev()
        .find(|found| complete(found) && best != Some(found.start));
    let another = another.map(|found| found.start);
    found.retain(|found| {
        let start = Some(found.start);
        found.truncated || [best, longest, another].contains(&start) || ends.contains(&start)
    });
    for found in found {
        (found.is_next, found.after_comma) = (false, false);
    }
}

/// What decides between complete values.
fn worth(found: &Found) -> (u8, bool, usize) {
    (found.standing, is_record(&found.value), found.start)
}

/// The last `most` of them, and JSON lines also as one array.
pub(super) fn all(mut found: Vec<Found>, most: usize) -> Vec<Extracted> {
    let joined = joined(&found, Why::Lines);
    let surplus = found.len().saturating_sub(most);
    found.drain(..surplus);
    joined
        .into_iter()
        .chain(found.into_iter().filter(|found| !found.is_reference))
        .map(Found::into_extracted)
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// One value after the other.
    Lines,
    /// Commas between them and a closing bracket behind: the opening one is missing.
    BracketMissing,
}

fn joined(found: &[Found], why: Why) -> Option<Found> {
    let (first, last) = (found.first()?, found.last()?);
    let chained = found.len() > 1 && found.iter().skip(1).all(|found| found.is_next);
    let bracket = found.iter().skip(1).all(|found| found.after_comma) && last.bracket_behind;
    if !chained || found.iter().any(|found| found.truncated) || (why == Why::BracketMissing && !bracket) {
        return None;
    }
    let mut repairs = Repairs::default();
    let fix = match why {
        Why::Lines => Fix::JoinedLines,
        Why::BracketMissing => Fix::MissingBracket,
    };
    repairs.note(fix, first.start);
    for part in found {
        repairs.append(part.repairs.clone());
    }
    Some(Found {
        value: Json::Array(found.iter().map(|found| found.value.clone()).collect()),
        repairs,
        end: last.end,
        ..first.clone()
    })
}

/// An object that says something, or a list of objects.
fn is_record(value: &Json) -> bool {
    match value {
        Json::Object(members) => !members.is_empty(),
        Json::Array(items) => items.iter().any(|item| matches!(item, Json::Object(_))),
        _ => false,
    }
}
