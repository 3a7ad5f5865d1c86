//! What a number counts, seen from the noun after it.

use super::basis::Quantity;
use super::number::{Bare, Kind};
use super::verify::Judge;

impl Judge<'_, '_> {
    /// What a number counts: the longest noun of the evidence right after it, or a usual one.
    pub(super) fn noun_after(&self, bare: &Bare) -> Option<&str> {
        if bare.kind != Kind::Plain {
            return None;
        }
        let after = self.sentence.typed.get(bare.end..)?.trim_start();
        // "88,593 events came in late".
        const LATE: [&str; 6] = [
            "events came in late",
            "events arrived late",
            "events were late",
            "events came late",
            "events that arrived late",
            "events arriving late",
        ];
        if LATE.iter().any(|words| after.starts_with(words)) {
            return Some("late events");
        }
        let mut nouns = self.basis.lexicon.nouns.iter().map(String::as_str);
        let known = nouns.find(|noun| {
            after
                .get(..noun.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(noun))
        });
        known.or_else(|| {
            let words = after.split_whitespace().take(2);
            let mut nouns = words.map(|word| word.trim_matches(|c: char| !c.is_alphabetic()));
            let first = nouns.next()?;
            let noun = if is_adjective(first) { nouns.next()? } else { first };
            kind_of_noun(noun).map(|_| noun)
        })
    }
}

/// Whether a number with this noun after it may stand for a quantity, seen from what that counts.
pub(super) fn may_count(said: Option<&str>, quantity: &Quantity<'_>) -> bool {
    match (said, quantity.noun) {
        (Some(said), Some(noun)) => is_same_noun(said, noun),
        (Some(_), None) => !matches!(quantity.kind, Kind::Money(_) | Kind::Minutes),
        _ => true,
    }
}

/// A word that may stand between a number and its noun.
fn is_adjective(word: &str) -> bool {
    const ADJECTIVES: [&str; 15] = [
        "late",
        "new",
        "active",
        "total",
        "more",
        "fewer",
        "additional",
        "extra",
        "daily",
        "completed",
        "paid",
        "unique",
        "returning",
        "distinct",
        "individual",
    ];
    ADJECTIVES.contains(&word)
}

/// What usual nouns count, those that mean the same under one number; none of others.
fn kind_of_noun(noun: &str) -> Option<usize> {
    const KINDS: [&[&str]; 4] = [
        &[
            "users",
            "customers",
            "buyers",
            "people",
            "visitors",
            "shoppers",
            "accounts",
            "members",
            "subscribers",
        ],
        &["orders", "purchases", "transactions"],
        &["sessions", "visits"],
        &["events"],
    ];
    let is_said = |nouns: &&[&str]| nouns.iter().any(|known| known.eq_ignore_ascii_case(noun));
    KINDS.iter().position(is_said)
}

/// Whether a number of `said` may be one of `noun`, as the evidence calls it.
fn is_same_noun(said: &str, noun: &str) -> bool {
    said.eq_ignore_ascii_case(noun)
        || match (kind_of_noun(said), kind_of_noun(noun)) {
            (Some(said), Some(own)) => said == own,
            _ => false,
        }
}
