//! Whether a wording was said before, in 29 bits each: never no for one that was, and yes for one in a million that was not.

use super::hash::{mixed, narrow};

/// One in a million: 20 bits of 29 for each.
const BITS_EACH: usize = 29;
const HASHES: u64 = 20;
const FIRST: usize = 16 * 1024;

/// What stands for a wording, the same in every process.
pub fn mark(text: &str) -> u64 {
    narrow(text)
}

/// Grows by further filters, each twice as large as the one before.
#[derive(Debug, Default)]
pub struct Bloom {
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    bits: Vec<u64>,
    room: usize,
}

impl Bloom {
    pub fn insert(&mut self, mark: u64) {
        if self.layers.last().is_none_or(|layer| layer.room == 0) {
            self.layers.push(Layer::with_room(FIRST << self.layers.len()));
        }
        if let Some(layer) = self.layers.last_mut() {
            layer.insert(mark);
        }
    }

    pub fn may_hold(&self, mark: u64) -> bool {
        self.layers.iter().any(|layer| {
            layer
                .places(mark)
                .all(|bit| layer.bits[bit / 64] >> (bit % 64) & 1 == 1)
        })
    }
}

impl Layer {
    fn with_room(room: usize) -> Self {
        Self {
            bits: vec![0; (room * BITS_EACH).div_ceil(64)],
            room,
        }
    }

    fn insert(&mut self, mark: u64) {
        self.room -= 1;
        let places: Vec<usize> = self.places(mark).collect();
        for bit in places {
            self.bits[bit / 64] |= 1 << (bit % 64);
        }
    }

    /// Two values give all others (Kirsch and Mitzenmacher 2006).
    fn places(&self, mark: u64) -> impl Iterator<Item = usize> + use<> {
        let length = self.bits.len() as u64 * 64;
        let (first, step) = (mixed(mark), mixed(mark ^ 0x5bd1_e995) | 1);
        (0..HASHES).map(move |index| (first.wrapping_add(step.wrapping_mul(index)) % length) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_known_and_what_was_not_hardly_ever() {
        let mut bloom = Bloom::default();
        assert!(!bloom.may_hold(mark("x")));
        let n_said = FIRST * 4;
        (0..n_said).for_each(|number| bloom.insert(mark(&format!("said {number}"))));
        assert_eq!(bloom.layers.len(), 3);
        assert!((0..n_said).all(|number| bloom.may_hold(mark(&format!("said {number}")))));
        let wrong = (0..200_000).filter(|number| bloom.may_hold(mark(&format!("unsaid {number}"))));
        assert!(wrong.count() <= 3);
    }
}
