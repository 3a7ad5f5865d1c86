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
    let scores = changing
        .iter()
        .filter_map(|at| Some((measure::score(at)?.abs(), at.table)));
    if let Some((score, table)) = scores.max_by(|a, b| a.0.total_cmp(&b.0)) {
        let reportable = supported && changing.iter().any(is_more_than_luck);
        return Significance {
            reportable,
            significant: reportable,
            real: chance_real(
                score,
                table.tested.map_or(measure::entities(table).count(), |tested| tested.n),
            ),
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

/// The largest sizes of a score that the columns of `REAL` are for; the last is for all above.
const SIZES: [f64; 6] = [2.0, 3.0, 4.0, 5.0, 6.0, 8.0];

/// The chance that the largest of so many scores stands for something real, half of all data holding nothing: the more were looked at, the
/// larger one of them is by luck. The row of 60 was measured on planted and empty data; the others are a simulation that gives that row
/// (`tests::the_table_is_what_a_simulation_gives` makes it again), made monotone and never surer than the measured row where more than
/// sixty were tested.
const REAL: [(usize, [f64; 7]); 5] = [
    (1, [0.07, 0.67, 0.96, 0.99, 0.99, 0.99, 1.0]),
    (5, [0.04, 0.30, 0.80, 0.98, 0.99, 0.99, 1.0]),
    (15, [0.03, 0.14, 0.55, 0.92, 0.98, 0.99, 1.0]),
    (60, [0.03, 0.08, 0.33, 0.70, 0.86, 0.92, 1.0]),
    (usize::MAX, [0.03, 0.03, 0.11, 0.49, 0.86, 0.92, 1.0]),
];

fn chance_real(score: f64, n_tested: usize) -> f64 {
    let (_, row) = REAL
        .iter()
        .find(|(n, _)| n_tested <= *n)
        .unwrap_or(&REAL[REAL.len() - 1]);
    row[SIZES.iter().filter(|size| score >= **size).count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seeded source of chance (SplitMix64), and what is drawn from it.
    struct Chance(u64);

    impl Chance {
        fn even(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        }

        /// The sum of twelve is near enough to a normal score.
        fn normal(&mut self) -> f64 {
            (0..12).map(|_| self.even()).sum::<f64>() - 6.0
        }

        /// Student's t of twenty degrees: what is estimated scatters more than what is known.
        fn score(&mut self) -> f64 {
            let spread: f64 = (0..20).map(|_| self.normal().powi(2)).sum::<f64>() / 20.0;
            self.normal() / spread.sqrt()
        }
    }

    /// The share of the data sets whose largest score, of this size, is the one that was moved.
    fn simulated(n: usize, n_sets: usize, chance: &mut Chance) -> [f64; 7] {
        let (mut real, mut all) = ([0.5; 7], [1.0; 7]);
        for set in 0..n_sets {
            let moved = if set % 2 == 0 { 2.0 + 6.0 * chance.even() } else { 0.0 };
            let own = (chance.score() + moved).abs();
            let others = (1..n).map(|_| chance.score().abs()).fold(0.0, f64::max);
            let place = SIZES.iter().filter(|size| own.max(others) >= **size).count();
            all[place] += 1.0;
            real[place] += f64::from(u8::from(moved > 0.0 && own > others));
        }
        std::array::from_fn(|place| real[place] / all[place])
    }

    #[test]
    fn the_table_is_what_a_simulation_gives() {
        let mut chance = Chance(5);
        for (n, row) in &REAL[..4] {
            let found = simulated(*n, 24_000 / (n + 8), &mut chance);
            for (place, (table, found)) in row.iter().zip(found).enumerate() {
                assert!(
                    (table - found).abs() < 0.15,
                    "{n} tested, column {place}: {table} and {found}"
                );
            }
        }
    }

    #[test]
    fn larger_scores_are_surer_and_those_of_many_less() {
        for (_, row) in &REAL {
            assert!(row.is_sorted());
        }
        for two in REAL.windows(2) {
            assert!(two[0].1.iter().zip(two[1].1).all(|(few, many)| *few >= many));
        }
        assert_eq!(
            [chance_real(3.5, 1), chance_real(3.5, 60), chance_real(3.5, 61)],
            [0.96, 0.33, 0.11]
        );
    }
}
