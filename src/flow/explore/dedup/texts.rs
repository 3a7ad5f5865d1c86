//! Many short texts in one piece of memory.

/// Numbered from 0 in the order of their coming.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    ends: Vec<u64>,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u64);
    }

    /// Empty for a number that nobody was given.
    pub(super) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        let Some(end) = self.ends.get(number) else { return "" };
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start as usize..*end as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }
}
