//! Which known attributes share most of their words with a new one, without comparing it to all of them.
//!
//! MinHash: the smallest of the words' values under a hash function is the same for two sets of words with the chance of their
//! Jaccard similarity. A band joins the smallest values of a few functions; sets that agree in any band are compared word by word.
//! With `rows` functions to a band and `bands` bands, sets of similarity s meet with the chance 1 - (1 - s^rows)^bands.

use super::hash::mixed;

/// In the slot of nobody.
const NOBODY: u32 = u32::MAX;
/// A slot holds the number of a set and, in the four bits above it, how many words the set has: who has too few or too many is not
/// looked at. No memory that this runs in holds more sets.
const NUMBER_BITS: u32 = 28;
const MOST_COUNTED: usize = 14;
const FIRST_SLOTS: usize = 1024;
/// Attributes of one band value that are kept; a value that more have says little.
const MOST_ALIKE: usize = 16;
/// Sets at the threshold are found with at least this chance.
const RECALL: f64 = 0.95;
const MOST_BANDS: usize = 16;

/// The sets of words known so far, by band.
#[derive(Debug)]
pub(super) struct Alike {
    threshold: f64,
    rows: usize,
    bands: Vec<Band>,
    words: Words,
}

/// The words of every set behind each other, as sorted values; sets are numbered from 0.
#[derive(Debug, Default)]
struct Words {
    all: Vec<u32>,
    ends: Vec<u32>,
}

/// One value for each band.
pub(super) type Signature = Vec<u32>;

impl Alike {
    /// For pairs whose similarity is at least the threshold.
    pub(super) fn new(threshold: f64) -> Self {
        let rows = match threshold {
            high if high >= 0.7 => 3,
            middle if middle >= 0.4 => 2,
            _ => 1,
        };
        let met = threshold.clamp(0.05, 0.999).powi(rows);
        let bands = ((1.0 - RECALL).ln() / (1.0 - met).ln()).ceil() as usize;
        Self {
            threshold,
            words: Words::default(),
            rows: rows as usize,
            bands: (0..bands.clamp(1, MOST_BANDS)).map(|_| Band::default()).collect(),
        }
    }

    /// The known set that is most alike, if any is alike enough.
    pub(super) fn nearest(&self, words: &[u32], signature: &Signature, found: &mut Vec<u32>) -> Option<u32> {
        self.candidates(words.len(), signature, found);
        let mut best: Option<(f64, u32)> = None;
        for candidate in found {
            let similarity = jaccard(words, self.words.get(*candidate));
            if similarity >= self.threshold && best.is_none_or(|(most, _)| similarity > most) {
                best = Some((similarity, *candidate));
            }
        }
        best.map(|(_, number)| number)
    }

    pub(super) fn sign(&self, words: &[u32], signature: &mut Signature) {
        signature.clear();
        for band in 0..self.bands.len() {
            let mut value = band as u64;
            for row in 0..self.rows {
                let salt = mixed((band * self.rows + row + 1) as u64);
                let least = words
                    .iter()
                    .map(|word| mixed(u64::from(*word) ^ salt))
                    .min()
                    .unwrap_or_default();
                value = mixed(value.rotate_left(21) ^ least);
            }
            signature.push((value >> 32) as u32);
        }
    }

    /// The next set; one that is like no other has no signature.
    pub(super) fn insert(&mut self, words: &[u32], signature: &Signature) {
        let number = self.words.push(words);
        let number = number | (counted(words.len()) << NUMBER_BITS);
        for (band, value) in self.bands.iter_mut().zip(signature) {
            band.insert(*value, number);
        }
    }

    /// Numbers of known sets that agree in a band and have about as many words, none twice.
    fn candidates(&self, n_words: usize, signature: &Signature, found: &mut Vec<u32>) {
        found.clear();
        for (band, value) in self.bands.iter().zip(signature) {
            band.find(*value, found);
        }
        // Of sets of 4 and 6 words at most 4 of 6 are common.
        let least = (n_words as f64 * self.threshold).ceil() as usize;
        let most = (n_words as f64 / self.threshold).floor() as usize;
        let range = counted(least)..=counted(most);
        found.retain(|slot| range.contains(&(slot >> NUMBER_BITS)));
        found.iter_mut().for_each(|slot| *slot &= (1 << NUMBER_BITS) - 1);
        found.sort_unstable();
        found.dedup();
    }
}

impl Words {
    fn push(&mut self, words: &[u32]) -> u32 {
        let number = self.ends.len() as u32;
        self.all.extend_from_slice(words);
        self.ends.push(self.all.len() as u32);
        number
    }

    fn get(&self, number: u32) -> &[u32] {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start as usize..self.ends[number] as usize]
    }
}

fn counted(n_words: usize) -> u32 {
    n_words.min(MOST_COUNTED) as u32
}

/// Band values with the numbers of who has them: open addressing, eight bytes a slot, at most five eighths taken.
#[derive(Debug, Default)]
struct Band {
    slots: Vec<(u32, u32)>,
    taken: usize,
}

impl Band {
    fn find(&self, value: u32, found: &mut Vec<u32>) {
        if self.slots.is_empty() {
            return;
        }
        let mut slot = place(value, self.slots.len());
        while self.slots[slot].1 != NOBODY {
            if self.slots[slot].0 == value {
                found.push(self.slots[slot].1);
            }
            slot = (slot + 1) % self.slots.len();
        }
    }

    fn insert(&mut self, value: u32, number: u32) {
        if (self.taken + 1) * 8 > self.slots.len() * 5 {
            self.grow();
        }
        let mut alike = 0;
        let mut slot = place(value, self.slots.len());
        while self.slots[slot].1 != NOBODY {
            alike += usize::from(self.slots[slot].0 == value);
            if alike == MOST_ALIKE {
                return;
            }
            slot = (slot + 1) % self.slots.len();
        }
        self.slots[slot] = (value, number);
        self.taken += 1;
    }

    fn grow(&mut self) {
        let length = (self.slots.len() * 2).max(FIRST_SLOTS);
        let old = std::mem::replace(&mut self.slots, vec![(0, NOBODY); length]);
        for (value, number) in old.into_iter().filter(|(_, number)| *number != NOBODY) {
            let mut slot = place(value, length);
            while self.slots[slot].1 != NOBODY {
                slot = (slot + 1) % length;
            }
            self.slots[slot] = (value, number);
        }
    }
}

/// Its high bits choose the slot, so that growing needs no other value.
fn place(value: u32, length: usize) -> usize {
    ((u64::from(value) * length as u64) >> 32) as usize
}

/// The share of words that two sorted sets have in common.
fn jaccard(left: &[u32], right: &[u32]) -> f64 {
    let (mut l, mut r, mut common) = (0, 0, 0_usize);
    while let (Some(one), Some(other)) = (left.get(l), right.get(r)) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => l += 1,
            std::cmp::Ordering::Greater => r += 1,
            std::cmp::Ordering::Equal => (l, r, common) = (l + 1, r + 1, common + 1),
        }
    }
    common as f64 / (left.len() + right.len() - common).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_follow_from_the_threshold() {
        let shape = |threshold| {
            let alike = Alike::new(threshold);
            (alike.rows, alike.bands.len())
        };
        assert_eq!((shape(0.8), shape(0.5), shape(0.3)), ((3, 5), (2, 11), (1, 9)));
    }

    #[test]
    fn sets_at_the_threshold_meet_and_others_rarely_do() {
        let mut alike = Alike::new(0.8);
        let mut signature = Vec::new();
        let set = |number: u64, changed: u64, n_words: u64| -> Vec<u32> {
            let word = |word| match word < changed {
                true => mixed(number * 31 + word + 7_000_000) as u32,
                false => mixed(number * 100 + word) as u32,
            };
            let mut set: Vec<u32> = (0..n_words).map(word).collect();
            set.sort_unstable();
            set
        };
        for number in 0..2_000 {
            let words = set(number, 0, 10);
            alike.sign(&words, &mut signature);
            alike.insert(&words, &signature);
        }
        let mut met = |changed: u64, n_words: u64| {
            let mut found = Vec::new();
            let hits = (0..2_000_u32).filter(|number| {
                let words = set(u64::from(*number), changed, n_words);
                alike.sign(&words, &mut signature);
                let nearest = alike.nearest(&words, &signature, &mut found);
                assert!(nearest.is_none_or(|nearest| nearest == *number));
                found.contains(number)
            });
            hits.count()
        };
        // One of ten words differs: 9 of 11 in common.
        assert_eq!(met(0, 10), 2_000);
        assert!(met(1, 10) > 1_900, "{}", met(1, 10));
        assert!(met(7, 10) < 200, "{}", met(7, 10));
        // Two more words, 10 of 12 in common; four more are never looked at.
        assert!(met(0, 12) > 1_900, "{}", met(0, 12));
        assert_eq!(met(0, 14), 0);
    }

    #[test]
    fn a_value_that_many_have_keeps_a_few() {
        let mut band = Band::default();
        (0..5_000).for_each(|number| band.insert(7, number));
        let mut found = Vec::new();
        band.find(7, &mut found);
        assert_eq!((found.len(), band.taken), (MOST_ALIKE, MOST_ALIKE));
    }

    #[test]
    fn the_share_of_common_words() {
        assert_eq!(jaccard(&[1, 2, 3, 4], &[1, 2, 3, 4, 5]), 0.8);
        assert_eq!(jaccard(&[1, 2], &[3]), 0.0);
        assert_eq!(jaccard(&[], &[]), 0.0);
    }
}
