//! The numerals of a text as a reader sees them, and whether each stands in something that the program wrote or recomputed.

use crate::insight::{Finding, Tally};

use super::format;

/// Every run of digits with its separators: `$7.8M` holds `7.8`, `2025-03-14` holds three.
pub(super) fn numerals(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len()
            && (bytes[at].is_ascii_digit()
                || (matches!(bytes[at], b'.' | b',') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)))
        {
            at += 1;
        }
        found.push(&text[start..at]);
    }
    found
}

/// Looks for each numeral of a printed text among those of the findings behind it: the last look before anything is published,
/// by other code than the one that wrote the text.
pub fn audit(text: &str, findings: &[&Finding]) -> Tally {
    let mut known: Vec<String> = Vec::new();
    let mut learn = |text: &str| known.extend(numerals(text).into_iter().map(str::to_owned));
    for finding in findings {
        finding.numbers.iter().for_each(|number| learn(number));
        finding.typed.iter().for_each(|number| learn(number));
        for name in &finding.names {
            learn(name);
            learn(&format::name(name));
        }
    }
    let printed = numerals(text);
    Tally {
        checked: printed.len(),
        passed: printed
            .iter()
            .filter(|numeral| known.iter().any(|known| known == *numeral))
            .count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numeral_keeps_its_separators_and_not_the_full_stop() {
        assert_eq!(
            numerals("On 14 March, $7,848.5 (-19.4 %), 3."),
            ["14", "7,848.5", "19.4", "3"]
        );
        assert!(numerals("none").is_empty());
    }
}
