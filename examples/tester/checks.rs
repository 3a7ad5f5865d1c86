//! What was expected, and whether it came so.

use std::fmt::Debug;

/// The checks of one scenario, printed as they are made.
pub(crate) struct Checks {
    scenario: String,
    n_failed: usize,
}

impl Checks {
    pub(crate) fn of(scenario: String) -> Self {
        Self { scenario, n_failed: 0 }
    }

    pub(crate) fn failed(&self) -> usize {
        self.n_failed
    }

    pub(crate) fn equal<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) {
        let holds = found == expected;
        self.line(what, holds, &format!("{found:?}"), &format!(", expected {expected:?}"));
    }

    /// `found` is shown, right or not.
    pub(crate) fn that(&mut self, what: &str, holds: bool, found: impl Debug) {
        self.line(what, holds, &format!("{found:?}"), "");
    }

    fn line(&mut self, what: &str, holds: bool, found: &str, expected: &str) {
        self.n_failed += usize::from(!holds);
        let word = if holds { "ok    " } else { "FAILED" };
        let found: String = found.chars().take(400).collect();
        let expected = if holds { "" } else { expected };
        println!("{word} {:<13} {what}: {found}{expected}", self.scenario);
    }
}
