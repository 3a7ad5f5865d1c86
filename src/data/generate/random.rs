//! SplitMix64 (Steele, Lea, Flood 2014): one number of state, the same on every machine.

pub(super) struct Random {
    state: u64,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 up to and without `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// 0 up to and without 1.
    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About -1 to 1, mostly near 0: the mean of three.
    pub(super) fn wobble(&mut self) -> f64 {
        (self.fraction() + self.fraction() + self.fraction()) * 2.0 / 3.0 - 1.0
    }

    /// A whole number with this mean, never more than one away from it.
    pub(super) fn rounded(&mut self, mean: f64) -> usize {
        let extra = usize::from(self.fraction() < mean.fract());
        mean as usize + extra
    }

    /// One of the values, by weight.
    pub(super) fn one_of<T: Copy>(&mut self, weighted: &[(T, u64)]) -> Option<T> {
        let mut place = self.below(weighted.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in weighted {
            if place < *weight {
                return Some(*value);
            }
            place -= weight;
        }
        None
    }
}
