//! Secrets out of everything that leaves a scan. Found ones are told by file, line and kind, never by value.
//!
//! Three nets: files whose name or content says that they hold secrets are never quoted at all (`files`); texts lose what
//! looks like a secret (`shapes`, `assignments`); and every value that any of these found is taken out of all other texts of
//! the project too.

mod assignments;
pub(super) mod files;
mod shapes;

use std::collections::BTreeSet;

use assignments::PLAIN_WORD;

use super::language::Language;

/// One secret in a text; the value stays here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Byte range of the value.
    start: usize,
    end: usize,
    /// A stable word: `github_token`, `private_key` …
    pub(super) kind: &'static str,
    /// From 1.
    pub(super) line: u32,
}

/// Every secret of a text, in order; those that overlap are one.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut spans = shapes::find(text);
    spans.extend(assignments::find(text));
    spans.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    let mut merged: Vec<(usize, usize, &'static str)> = Vec::new();
    for (start, end, kind) in spans {
        match merged.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end, kind)),
        }
    }
    let mut line = 1;
    let mut counted = 0;
    merged
        .into_iter()
        .map(|(start, end, kind)| {
            line += text[counted..start].matches('\n').count();
            counted = start;
            Found {
                start,
                end,
                kind,
                line: u32::try_from(line).unwrap_or(u32::MAX),
            }
        })
        .collect()
}

/// The text with each found value replaced by its kind.
pub(super) fn without(text: &str, found: &[Found]) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut copied = 0;
    for secret in found {
        clean.push_str(&text[copied..secret.start]);
        clean.push_str(&format!("[REDACTED:{}]", secret.kind));
        copied = secret.end;
    }
    clean.push_str(&text[copied..]);
    clean
}

impl Found {
    /// The kind to tell of; none for a word that may as well be the name of a variable.
    pub(super) fn told(&self, language: Option<&Language>) -> Option<&'static str> {
        match self.kind {
            PLAIN_WORD => language
                .is_none_or(|language| language.kind == "data")
                .then_some("secret_assignment"),
            kind => Some(kind),
        }
    }
}

/// The values that a project's files hold, to be taken out of every text of it. Lives as long as the analysis.
#[derive(Default)]
pub(super) struct Known {
    values: BTreeSet<String>,
}

/// A shorter or simpler value would blank out ordinary words.
const SHORTEST_KNOWN: usize = 8;

impl Known {
    /// Remembers the values that were found in a text.
    pub(super) fn learn(&mut self, text: &str, found: &[Found]) {
        for secret in found {
            let value = text[secret.start..secret.end].trim();
            // A key of several lines is recognised by its shape wherever it stands.
            if value.len() >= SHORTEST_KNOWN && !value.contains('\n') && !is_word(value) {
                self.values.insert(value.to_owned());
            }
        }
    }

    /// Remembers the values of an environment file that .gitignore leaves out: they may stand in other files all the same.
    pub(super) fn learn_hidden(&mut self, root: &std::path::Path) {
        for name in [
            ".env",
            ".env.local",
            ".env.development",
            ".env.production",
            ".env.staging",
            ".env.test",
        ] {
            let path = root.join(name);
            let small = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file() && found.len() < 256 * 1024);
            if let Some(text) = small.then(|| std::fs::read_to_string(&path).ok()).flatten() {
                self.learn(&text, &find(&text));
            }
        }
    }

    /// The text without secrets, and how many were taken out.
    pub(super) fn scrub(&self, text: &str) -> (String, usize) {
        let found = find(text);
        let mut clean = without(text, &found);
        let mut n_taken = found.len();
        for value in self.longest_first() {
            let n_here = clean.matches(value).count();
            if n_here > 0 {
                clean = clean.replace(value, "[REDACTED]");
                n_taken += n_here;
            }
        }
        (clean, n_taken)
    }

    fn longest_first(&self) -> Vec<&str> {
        let mut values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Known({} values)", self.values.len())
    }
}

/// Only letters, and not long: a word that other texts may hold for reasons of their own.
fn is_word(value: &str) -> bool {
    value.len() < 16 && value.chars().all(char::is_alphabetic)
}

/// Bits per character: random base64 of 32 characters has about 4.5, English words about 3.
fn entropy(value: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::<char, f64>::new();
    for letter in value.chars() {
        *counts.entry(letter).or_default() += 1.0;
    }
    let length: f64 = counts.values().sum();
    counts
        .values()
        .map(|count| {
            let share = count / length;
            -share * share.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests;
