//! How sure a supported finding is, and whether it is more than ordinary variation.

use crate::evidence::{At, Evidence, LEAST_SUPPORT};
use crate::insight::Confidence;

use super::measure;

/// Where a table has no score at all, changes (in percent) below this are not reportable.
pub const LEAST_CHANGE: f64 = 10.0;

/// The chance that a change is real where no score says so: even.
const UNSCORED: f64 = 0.5;

/// What the significance of a finding's changes says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Significance {
    pub(super) reportable: bool,
    /// News: more than ordinary variation, and more than a count of rows.
    pub(super) significant: bool,
    /// P(the change is real).
    pub(super) real: f64,
}

/// Judges the changes among `cells` by their largest score; without scores, by their size.
pub(super) fn significance(cells: &[At<'_>]) -> Significance {
    let changing: Vec<&At<'_>> = cells
        .iter()
        .filter(|at| measure::change(at).is_some() || measure::deviation(at).is_some())
        .collect();
    if changing.is_empty() {
        // A count of rows or a trend: its assert has been recomputed.
        return Significance {
            reportable: true,
            significant: false,
            real: 1.0,
        };
    }
    let supported = changing
        .iter()
        .all(|at| at.row.support.is_none_or(|support| support >= LEAST_SUPPORT));
    let largest = |values: Vec<f64>| values.into_iter().map(f64::abs).reduce(f64::max);
    if let Some(score) = largest(changing.iter().filter_map(|at| measure::score(at)).collect()) {
        let reportable = supported && changing.iter().any(is_more_than_luck);
        return Significance {
            reportable,
            significant: reportable,
            real: chance_real(score),
        };
    }
    let size = largest(
        changing
            .iter()
            .filter_map(|at| measure::change_percent(at).or_else(|| measure::deviation(at)))
            .collect(),
    );
    let reportable = size.is_some_and(|size| size >= LEAST_CHANGE) && supported;
    Significance {
        reportable,
        significant: reportable,
        real: UNSCORED,
    }
}

/// Among all the scores that its table tested.
pub(super) fn is_more_than_luck(at: &&At<'_>) -> bool {
    measure::score(at).is_some_and(|score| score.abs() >= at.table.least_z())
}

/// How the text of a finding passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// Placeholders and asserts only.
    Rendered,
    /// The model typed numbers, and they matched.
    Typed,
    /// Some word could not be judged.
    Doubtful,
}

pub(super) fn confidence(real: f64, path: Path, evidence: &Evidence) -> Confidence {
    let text = match path {
        Path::Rendered => 0.99,
        Path::Typed => 0.98,
        Path::Doubtful => 0.8,
    };
    let data = (evidence.completeness / 0.98).clamp(0.0, 1.0);
    Confidence::of(real, text, data)
}

/// Measured for the largest of 60 entities with half of the data sets null (grounding.md 2.8).
fn chance_real(score: f64) -> f64 {
    match score {
        z if z < 2.0 => 0.03,
        z if z < 3.0 => 0.08,
        z if z < 4.0 => 0.33,
        z if z < 5.0 => 0.70,
        z if z < 6.0 => 0.86,
        z if z < 8.0 => 0.92,
        _ => 1.0,
    }
}
