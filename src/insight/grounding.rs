//! How true the replies were: counts of what was checked, and the reviews that a reply went through.

use serde::{Deserialize, Serialize};

/// Checked and passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub checked: usize,
    pub passed: usize,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.passed += other.passed;
    }

    /// Null when nothing was checked.
    pub fn share(self) -> Option<f64> {
        (self.checked > 0).then(|| four_digits(self.passed as f64 / self.checked as f64))
    }

    /// The lower end of Wilson's 95 % interval of the share: 3 of 3 says less than 300 of 300.
    pub fn wilson_low(self) -> Option<f64> {
        const Z: f64 = 1.96;
        let (n, share) = (self.checked as f64, self.passed as f64 / self.checked as f64);
        let centre = share + Z * Z / (2.0 * n);
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        (self.checked > 0).then(|| four_digits(((centre - spread) / (1.0 + Z * Z / n)).max(0.0)))
    }
}

/// Counts over the replies of one specialist, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Grounding {
    pub findings: usize,
    pub supported: usize,
    pub unsupported: usize,
    pub contradicted: usize,
    pub ordinary: usize,
    /// Supported ones that tell of something outside ordinary variation.
    pub significant: usize,
    /// Supported over all checked; null when nothing was checked.
    pub share: Option<f64>,
    /// References, asserts, typed numbers and judged words.
    pub atoms: Tally,
    pub atoms_share: Option<f64>,
    pub atoms_wilson_low: Option<f64>,
    /// Of all sentences of the replies, advice and guesses included, those that could be checked.
    pub sentences: usize,
    pub checkable: usize,
    pub coverage: Option<f64>,
    /// Numbers of the replies: written by the program through a reference, or typed by the model.
    pub numbers_rendered: usize,
    pub numbers_typed: usize,
    pub placeholder_rate: Option<f64>,
    /// Numbers that are printed, and those of them that were found again in what the program wrote or recomputed.
    pub printed: Tally,
    /// Replies that went back with what was wrong, and findings that came back better.
    pub corrections: usize,
    pub corrected: usize,
    /// Findings, sentences and remarks that are not published.
    pub dropped: usize,
}

impl Grounding {
    pub fn add(&mut self, other: Self) {
        self.findings += other.findings;
        self.supported += other.supported;
        self.unsupported += other.unsupported;
        self.contradicted += other.contradicted;
        self.ordinary += other.ordinary;
        self.significant += other.significant;
        self.atoms.add(other.atoms);
        self.sentences += other.sentences;
        self.checkable += other.checkable;
        self.numbers_rendered += other.numbers_rendered;
        self.numbers_typed += other.numbers_typed;
        self.printed.add(other.printed);
        self.corrections += other.corrections;
        self.corrected += other.corrected;
        self.dropped += other.dropped;
        let share = |passed, checked| Tally { checked, passed }.share();
        self.share = share(self.supported, self.findings);
        self.atoms_share = self.atoms.share();
        self.atoms_wilson_low = self.atoms.wilson_low();
        self.coverage = share(self.checkable, self.sentences);
        self.placeholder_rate = share(self.numbers_rendered, self.numbers_rendered + self.numbers_typed);
    }
}

/// One look at a reply: what of it held, what the model was told, and what came of that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReviewRound {
    /// 1 is the first reply.
    pub round: usize,
    pub atoms: Tally,
    /// What went back to the model; empty when nothing did.
    pub feedback: Vec<String>,
    /// Of what went back: better now, no better, and taken back by the model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<String>,
}

fn four_digits(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_checks_prove_less_than_many() {
        let low = |passed, checked| Tally { checked, passed }.wilson_low();
        assert_eq!(low(0, 0), None);
        assert_eq!(low(3, 3), Some(0.4385));
        assert_eq!(low(300, 300), Some(0.9874));
        assert_eq!(low(0, 10), Some(0.0));
    }

    #[test]
    fn rates_follow_from_the_counts() {
        let mut sum = Grounding::default();
        let one = Grounding {
            findings: 2,
            supported: 1,
            atoms: Tally { checked: 4, passed: 3 },
            sentences: 4,
            checkable: 2,
            numbers_rendered: 9,
            numbers_typed: 1,
            ..Grounding::default()
        };
        sum.add(one);
        sum.add(one);
        assert_eq!((sum.share, sum.atoms_share), (Some(0.5), Some(0.75)));
        assert_eq!((sum.coverage, sum.placeholder_rate), (Some(0.5), Some(0.9)));
    }
}
