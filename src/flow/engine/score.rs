//! The numbers of a stage, computed by the program and by no model: agreement, weighted means, ranks. All within 0..1.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// Sum of weight times value over the sum of the weights; none without values.
pub(super) fn weighted_mean(values: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (weight, value) in values {
        sum += weight * value;
        weights += weight;
    }
    (weights > 0.0).then(|| rounded(sum / weights))
}

/// The middle value, or the mean of the two in the middle; none without values. Weights do not count.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(rounded(values[middle])),
        _ => Some(rounded((values[middle - 1] + values[middle]) / 2.0)),
    }
}

/// How much the answers agree: over all pairs of answers, the mean of their likeness, weighted by the product of the two weights;
/// none with fewer than two.
///
/// `agreement = Σ wᵢ·wⱼ·likeness(i, j) / Σ wᵢ·wⱼ`, over i < j.
pub(super) fn agreement(texts: &[(f64, String)]) -> Option<f64> {
    let mut pairs = Vec::new();
    for (index, (left_weight, left)) in texts.iter().enumerate() {
        for (right_weight, right) in &texts[index + 1..] {
            pairs.push((left_weight * right_weight, likeness(left, right)));
        }
    }
    weighted_mean(pairs)
}

/// The share of the words of either text that both hold (Jaccard index), letter case, punctuation and filler words aside; a plain
/// "no" against a plain "yes" is 0. Two empty texts are alike.
fn likeness(left: &str, right: &str) -> f64 {
    let (left, right) = (words(left), words(right));
    let either = left.union(&right).count();
    if either == 0 {
        return 1.0;
    }
    left.intersection(&right).count() as f64 / either as f64
}

/// Words that carry no position. "not" and "no" do.
const FILLER: [&str; 30] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or", "our",
    "that", "the", "their", "them", "this", "to", "we", "which", "will", "with", "you", "your",
];

fn words(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| !FILLER.contains(&word.as_str()))
        .collect()
}

/// One judge's order, best first, by the index of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ballot {
    pub(super) judge: String,
    pub(super) order: Vec<usize>,
}

/// What the ballots say together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Standing {
    /// By the index of the answer: its normalised Borda count, none when nobody could compare it.
    pub scores: Vec<Option<f64>>,
    /// Indices, best first; equal scores keep the order of the answers.
    pub order: Vec<usize>,
    /// See `concordance`.
    pub agreement: Option<f64>,
}

/// Normalised Borda count: of m answers on a ballot the one in place p (from 0) gets `(m - 1 - p) / (m - 1)`; an answer's score is
/// the mean over the ballots that hold it. Councils of three and of seven compare. A ballot of one answer says nothing.
pub(super) fn borda(ballots: &[Ballot], n_answers: usize) -> Standing {
    let mut points: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for ballot in ballots.iter().filter(|ballot| ballot.order.len() > 1) {
        let last = (ballot.order.len() - 1) as f64;
        for (place, answer) in ballot.order.iter().enumerate() {
            points.entry(*answer).or_default().push((last - place as f64) / last);
        }
    }
    let scores: Vec<Option<f64>> = (0..n_answers)
        .map(|answer| {
            let points = points.get(&answer)?;
            Some(rounded(points.iter().sum::<f64>() / points.len() as f64))
        })
        .collect();
    let mut order: Vec<usize> = (0..n_answers).collect();
    order.sort_by(|left, right| {
        let score = |answer: usize| scores[answer].unwrap_or(-1.0);
        score(*right).total_cmp(&score(*left)).then(left.cmp(right))
    });
    Standing {
        scores,
        order,
        agreement: concordance(ballots),
    }
}

/// Over all pairs of judges and all pairs of answers that both ordered: the share that both ordered alike; none without such a pair.
fn concordance(ballots: &[Ballot]) -> Option<f64> {
    let (mut alike, mut all) = (0_u32, 0_u32);
    for (index, left) in ballots.iter().enumerate() {
        for right in &ballots[index + 1..] {
            for (place, better) in left.order.iter().enumerate() {
                for worse in &left.order[place + 1..] {
                    let at = |answer| right.order.iter().position(|other| other == answer);
                    if let (Some(better), Some(worse)) = (at(better), at(worse)) {
                        all += 1;
                        alike += u32::from(better < worse);
                    }
                }
            }
        }
    }
    (all > 0).then(|| rounded(f64::from(alike) / f64::from(all)))
}

fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

/// A fixed order of `n` things for a seed: Fisher-Yates with SplitMix64.
pub(super) fn shuffled(n: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut state = seed;
    for last in (1..n).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let bound = u64::try_from(last + 1).unwrap_or(u64::MAX);
        let other = usize::try_from(bits % bound).unwrap_or_default();
        order.swap(last, other);
    }
    order
}

/// FNV-1a over the parts, each ended by a zero byte.
pub(super) fn seed_of(seed: u64, parts: &[&str]) -> u64 {
    parts
        .iter()
        .flat_map(|part| part.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(judge: &str, order: &[usize]) -> Ballot {
        Ballot {
            judge: judge.to_owned(),
            order: order.to_vec(),
        }
    }

    #[test]
    fn borda_is_normalised_by_the_ballot() {
        // Four answers, each judge leaves its own out: three on every ballot, so 1, 0.5 and 0 points.
        let ballots = [
            ballot("0", &[1, 2, 3]),
            ballot("1", &[2, 0, 3]),
            ballot("2", &[1, 0, 3]),
            ballot("3", &[1, 2, 0]),
        ];
        let standing = borda(&ballots, 4);
        let third = (1.0 / 3.0 * 10_000.0_f64).round() / 10_000.0;
        let two_thirds = (2.0 / 3.0 * 10_000.0_f64).round() / 10_000.0;
        assert_eq!(standing.scores, [Some(third), Some(1.0), Some(two_thirds), Some(0.0)]);
        assert_eq!(standing.order, [1, 2, 0, 3]);
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![0.9]), Some(0.9));
        assert_eq!(median(vec![0.9, 0.1, 0.2]), Some(0.2));
        assert_eq!(median(vec![0.9, 0.1, 0.2, 0.4]), Some(0.3));
    }

    #[test]
    fn a_ballot_of_one_says_nothing() {
        let standing = borda(&[ballot("0", &[1]), ballot("1", &[0])], 2);
        assert_eq!(standing.scores, [None, None]);
        assert_eq!(standing.agreement, None);
    }

    #[test]
    fn judges_agree_by_pairs_that_both_ordered() {
        assert_eq!(
            concordance(&[ballot("a", &[0, 1, 2]), ballot("b", &[0, 1, 2])]),
            Some(1.0)
        );
        assert_eq!(concordance(&[ballot("a", &[0, 1]), ballot("b", &[1, 0])]), Some(0.0));
        assert_eq!(concordance(&[ballot("a", &[0, 1]), ballot("b", &[2, 3])]), None);
        assert_eq!(
            concordance(&[ballot("a", &[0, 1, 2]), ballot("b", &[1, 0, 2])]),
            Some(0.6667)
        );
    }

    #[test]
    fn agreement_is_the_weighted_likeness_of_pairs() {
        let of = |texts: &[(f64, &str)]| {
            let texts: Vec<(f64, String)> = texts
                .iter()
                .map(|(weight, text)| (*weight, (*text).to_owned()))
                .collect();
            agreement(&texts)
        };
        assert_eq!(of(&[(1.0, "Yes, now."), (1.0, "yes NOW")]), Some(1.0));
        assert_eq!(of(&[(1.0, "yes"), (1.0, "no")]), Some(0.0));
        assert_eq!(of(&[(1.0, "alone")]), None);
        // Pairs: yes-yes weighs 4, the two yes-no pairs 2 each.
        assert_eq!(of(&[(2.0, "yes"), (2.0, "yes"), (1.0, "no")]), Some(0.5));
    }

    #[test]
    fn a_seed_gives_one_order_and_every_thing_once() {
        for n in 0..12 {
            let order = shuffled(n, 7);
            assert_eq!(order, shuffled(n, 7));
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..n).collect::<Vec<_>>());
        }
        let orders: BTreeSet<Vec<usize>> = (0..50).map(|seed| shuffled(4, seed_of(seed, &["judge"]))).collect();
        assert!(orders.len() > 10, "{}", orders.len());
    }
}
