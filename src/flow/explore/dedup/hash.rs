//! 128 bits of a text, the same in every process and on every machine.

use std::hash::{BuildHasherDefault, Hasher};

/// Odd numbers without pattern: the digits of square roots of small primes.
const FIRST: u64 = 0x6a09_e667_f3bc_c909;
const SECOND: u64 = 0xbb67_ae85_84ca_a73b;
const THIRD: u64 = 0x3c6e_f372_fe94_f82b;
const FOURTH: u64 = 0xa54f_f53a_5f1d_36f1;

/// Two lanes of folded multiplications over eight bytes at a time. Ten million texts share a value with a chance of 10^-25; it is
/// no defence against somebody who looks for collisions, and nothing here needs one.
pub(super) fn wide(text: &str) -> u128 {
    let bytes = text.as_bytes();
    let length = bytes.len() as u64;
    let (mut left, mut right) = (FIRST ^ length, SECOND.wrapping_add(length));
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        (left, right) = stirred(left, right, word_of(word));
    }
    (left, right) = stirred(left, right, word_of(words.remainder()));
    (u128::from(mixed(left ^ right.rotate_left(32))) << 64) | u128::from(mixed(right.wrapping_add(left)))
}

/// 64 bits of a text.
pub(super) fn narrow(text: &str) -> u64 {
    wide(text) as u64
}

/// Every bit of the number changes about half of the result's.
pub(super) fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 32)).wrapping_mul(THIRD);
    let number = (number ^ (number >> 29)).wrapping_mul(FOURTH);
    number ^ (number >> 32)
}

/// For maps whose keys are values of this file already.
pub(super) type Hashed = BuildHasherDefault<Folded>;

#[derive(Debug, Default)]
pub(super) struct Folded {
    value: u64,
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        bytes.chunks(8).for_each(|word| self.write_u64(word_of(word)));
    }

    fn write_u64(&mut self, value: u64) {
        self.value = self.value.rotate_left(29) ^ value;
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64 ^ (value >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.value
    }
}

fn stirred(left: u64, right: u64, word: u64) -> (u64, u64) {
    (
        folded(left ^ word, THIRD),
        folded(right.rotate_left(23) ^ word ^ FIRST, FOURTH),
    )
}

fn folded(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product >> 64) as u64 ^ product as u64
}

fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn like_texts_have_unlike_values() {
        let mut seen = HashSet::new();
        let mut halves = (HashSet::new(), HashSet::new());
        for number in 0..100_000_u32 {
            let value = wide(&format!("attribute {number}"));
            assert!(seen.insert(value), "{number}");
            halves.0.insert((value >> 64) as u64);
            halves.1.insert(value as u64);
        }
        assert_eq!((halves.0.len(), halves.1.len()), (100_000, 100_000));
        for text in ["", "\0", "a", "a\0", "ab", "ba", "abcdefgh", "abcdefgha", "aabcdefgh"] {
            assert!(seen.insert(wide(text)), "{text:?}");
        }
    }

    #[test]
    fn one_letter_changes_half_of_the_bits() {
        let mut changed = 0;
        for number in 0..1_000_u32 {
            let (one, other) = (
                wide(&format!("soft glass {number}a")),
                wide(&format!("soft glass {number}b")),
            );
            changed += (one ^ other).count_ones();
        }
        assert!((60_000..68_000).contains(&changed), "{changed} of 128,000");
    }

    /// Two processes must agree, also those of two versions that share a folder.
    #[test]
    fn the_values_never_change() {
        assert_eq!(wide("soft glass"), wide(&["soft", " ", "glass"].concat()));
        assert_eq!(mixed(1), mixed(1));
        assert_ne!(mixed(1), mixed(2));
    }
}
