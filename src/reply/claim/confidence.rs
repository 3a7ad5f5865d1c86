//! How sure a verdict is: Bayes' rule over how often false claims pass and how often true ones raise each fault. Both are measured on
//! claims of our own, anew with every run of the tests (`tests/claims/sure.rs`).

use crate::insight::Verdict;
use crate::reply::reason::Reason;
use crate::reply::verify::Checked;

/// Of the claims that nobody has checked, so many are false: what models get wrong of the tables that they are shown.
const FALSE: f64 = 0.05;

/// What a claim was checked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reply) enum Way {
    /// Numbers, against cited cells.
    Numbers,
    /// Words alone, against cited cells.
    Words,
    /// A word could not be judged either way.
    Doubtful,
    /// The claim cites no cell, and those that it speaks of were taken.
    Guessed,
}

impl Way {
    #[cfg(test)]
    pub(in crate::reply) const ALL: [Self; 4] = [Self::Numbers, Self::Words, Self::Doubtful, Self::Guessed];

    pub(in crate::reply) fn of(checked: &Checked, is_cited: bool) -> Self {
        match checked {
            _ if !is_cited => Self::Guessed,
            Checked { doubts: 1.., .. } => Self::Doubtful,
            Checked { bare_numbers: 1.., .. } => Self::Numbers,
            _ => Self::Words,
        }
    }

    /// The share of the false claims checked in this way that pass.
    pub(in crate::reply) fn missed(self) -> f64 {
        match self {
            Self::Numbers => 0.02,
            Self::Words => 0.05,
            Self::Doubtful => 0.1,
            Self::Guessed => 0.3,
        }
    }
}

/// The share of the true claims that raise a fault of this code.
pub(in crate::reply) fn false_alarms(code: &str) -> f64 {
    match code {
        "bad_ref" | "date" | "period" | "rank" | "unit" => 0.001,
        "name" | "number" => 0.002,
        _ => 0.004,
    }
}

pub(in crate::reply) fn confidence(verdict: Verdict, faults: &[Reason], way: Way) -> f64 {
    let missed = way.missed();
    let sure = match verdict {
        Verdict::Supported | Verdict::NotCheckable => (1.0 - FALSE) / (1.0 - FALSE + FALSE * missed),
        // Faults of several kinds would each have to be a mistake.
        Verdict::Contradicted | Verdict::Unsupported => {
            let mut codes: Vec<&str> = faults.iter().map(|fault| fault.code).collect();
            codes.sort_unstable();
            codes.dedup();
            let by_mistake: f64 = codes.into_iter().map(false_alarms).product();
            let found = FALSE * (1.0 - missed);
            found / (found + (1.0 - FALSE) * by_mistake)
        }
    };
    (sure * 1000.0).round() / 1000.0
}
