//! Which normal forms are known, in 20 to 30 bytes each: a table of indexes into a list of 128-bit values.

use super::hash::mixed;

const EMPTY: u32 = u32::MAX;
const FIRST_SLOTS: usize = 1024;

/// Values in the order of their insertion; each is found by its number.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: Vec<u128>,
    /// A power of two of them, at most five eighths taken; a taken one holds the number of a value.
    slots: Vec<u32>,
}

impl Keys {
    pub(super) fn find(&self, key: u128) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let number = self.slots[self.slot_of(key)];
        (number != EMPTY).then_some(number)
    }

    /// The number of a new value; a known one keeps its own.
    pub(super) fn insert(&mut self, key: u128) -> u32 {
        if (self.keys.len() + 1) * 8 > self.slots.len() * 5 {
            self.grow();
        }
        let slot = self.slot_of(key);
        if self.slots[slot] == EMPTY {
            // Four billion attributes do not fit into any memory that this runs in.
            self.slots[slot] = u32::try_from(self.keys.len()).unwrap_or(EMPTY - 1);
            self.keys.push(key);
        }
        self.slots[slot]
    }

    /// The slot that holds the value, or the free one where it belongs.
    fn slot_of(&self, key: u128) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = mixed(key as u64 ^ (key >> 64) as u64) as usize & mask;
        while self.slots[slot] != EMPTY && self.keys[self.slots[slot] as usize] != key {
            slot = (slot + 1) & mask;
        }
        slot
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(FIRST_SLOTS);
        self.slots.clear();
        self.slots.resize(slots, EMPTY);
        for (number, key) in self.keys.iter().enumerate() {
            let slot = self.slot_of(*key);
            self.slots[slot] = u32::try_from(number).unwrap_or(EMPTY - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::wide;
    use super::*;

    #[test]
    fn every_value_is_found_by_its_number() {
        let mut keys = Keys::default();
        assert_eq!(keys.find(wide("x")), None);
        for number in 0..20_000_u32 {
            assert_eq!(keys.insert(wide(&number.to_string())), number);
        }
        for number in 0..20_000_u32 {
            let key = wide(&number.to_string());
            assert_eq!((keys.find(key), keys.insert(key)), (Some(number), number));
        }
        assert_eq!((keys.keys.len(), keys.find(wide("x"))), (20_000, None));
    }
}
