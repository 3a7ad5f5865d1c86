//! Which of many scores are more than luck: Benjamini and Hochberg (1995, JRSS B 57:289) over all scores of one table.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{CHANGED_Z, Cell, Role, Row, Table, Tested};

/// The share of false changes among those that a table keeps; where nothing changed at all, the chance that it keeps any.
/// Six analysts read some fifteen tables: measured together in `tests/it/recall.rs`.
const FALSE_SHARE: f64 = 0.005;

/// Rows with fewer observations are shown, but their changes are not reported.
pub const LEAST_SUPPORT: f64 = 30.0;

/// What it takes among these scores; none without any.
pub(super) fn tested(scores: &[f64]) -> Option<Tested> {
    let mut sizes: Vec<f64> = scores.iter().map(|z| z.abs()).filter(|z| z.is_finite()).collect();
    if sizes.is_empty() {
        return None;
    }
    sizes.sort_by(|a, b| b.total_cmp(a));
    let n = sizes.len();
    let allowed = |rank: usize| FALSE_SHARE * rank as f64 / n as f64;
    let passing = (1..=n).rev().find(|rank| chance(sizes[rank - 1]) <= allowed(*rank));
    // On the grid of what is shown, so that a reader who compares shown scores decides the same.
    let least_z = (score_of(allowed(passing.unwrap_or(1))) * 10.0).ceil() / 10.0 - 0.05;
    let least_z = least_z.max(CHANGED_Z);
    Some(Tested {
        n,
        kept: sizes.iter().filter(|z| **z >= least_z).count(),
        least_z,
    })
}

/// Marks the rows whose scores count; tests the scores of the listed rows unless more were tested before.
pub(super) fn mark(table: &mut Table) {
    let places: Vec<usize> = (0..table.columns.len())
        .filter(|index| table.columns[*index].role == Role::Z)
        .collect();
    let scores = |row: &Row| -> Vec<f64> {
        let cells = places.iter().filter_map(|index| row.cells.get(*index));
        cells.filter_map(number).collect()
    };
    if table.tested.is_none() {
        let rows = table.rows.iter().filter(|row| !row.summary);
        table.tested = tested(&rows.flat_map(scores).collect::<Vec<_>>());
    }
    let Some(Tested { least_z, .. }) = table.tested else {
        return;
    };
    for row in &mut table.rows {
        let is_large = row.support.is_none_or(|support| support >= LEAST_SUPPORT);
        row.significant = is_large && !row.summary && scores(row).iter().any(|z| z.abs() >= least_z);
    }
}

fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Number { exact, .. } => Some(*exact),
        _ => None,
    }
}

/// The chance of a score at least this far from zero on either side where nothing changed.
fn chance(size: f64) -> f64 {
    2.0 * Normal::standard().sf(size)
}

/// The score that is reached on either side with this chance.
fn score_of(chance: f64) -> f64 {
    -Normal::standard().inverse_cdf(chance / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_tests_ask_for_more_and_true_changes_for_less() {
        let noise = [0.3, -1.2, 0.8, 2.1, -0.4, 1.0, -3.2, 0.1, 0.9, -0.7];
        let alone = tested(&[3.2]).expect("one score");
        assert_eq!((alone.n, alone.kept), (1, 1));
        let among = tested(&noise).expect("ten scores");
        assert_eq!((among.n, among.kept), (10, 0));
        assert!((among.least_z - score_of(FALSE_SHARE / 10.0)).abs() < 0.06);
        let mut changed = noise.to_vec();
        changed.extend([9.0, -8.0, 12.0, 7.0, 11.0]);
        let many = tested(&changed).expect("fifteen scores");
        assert!(many.least_z < among.least_z && many.kept >= 5);
        assert!(tested(&[]).is_none() && tested(&[f64::NAN]).is_none());
    }

    #[test]
    fn scores_and_chances_agree() {
        assert!((chance(1.959_964) - 0.05).abs() < 1e-6);
        assert!((score_of(chance(4.2)) - 4.2).abs() < 1e-6);
    }
}
