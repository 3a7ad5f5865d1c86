//! How the words of a text begin: seen from that, most patterns need not be tried on most texts.

/// A set of the first letters of words, letter case aside, that may hold some that were never added and holds each that was.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstLetters([u64; SIZE]);

/// Whether a byte is a letter of a word, as `\b` and `\w` mean it.
pub(super) static IS_WORD: [bool; 256] = {
    let mut out = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        out[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    out
};

/// Words of 64 bits: a sentence of twenty words fills one place in fifty.
const SIZE: usize = 32;

impl FirstLetters {
    pub(super) fn of(text: &str) -> Self {
        let mut out = Self::default();
        let bytes = text.as_bytes();
        let mut inside = false;
        for (at, byte) in bytes.iter().enumerate() {
            let is_word = IS_WORD[usize::from(*byte)];
            if is_word && !inside {
                let next = |n: usize| bytes.get(at + n).copied().unwrap_or(b' ');
                out.add(two(*byte, next(1)));
                out.add(three(*byte, next(1), next(2)));
            }
            inside = is_word;
        }
        out
    }

    /// Adds all that begin with a literal; none where it is too short to tell anything.
    pub(super) fn add_literal(&mut self, literal: &[u8]) -> Option<()> {
        match *literal {
            [a, b, c, ..] => self.add(three(a, b, c)),
            [a, b] => self.add(two(a, b)),
            _ => return None,
        }
        Some(())
    }

    /// Whether these words may stand in the text.
    pub(super) fn may_hold(&self, words: &str) -> bool {
        match *words.as_bytes() {
            [a, b, c, ..] if IS_WORD[usize::from(a)] => self.holds(three(a, b, c)),
            _ => true,
        }
    }

    fn add(&mut self, key: u32) {
        let place = place(key);
        self.0[place / 64 % SIZE] |= 1 << (place % 64);
    }

    fn holds(&self, key: u32) -> bool {
        let place = place(key);
        self.0[place / 64 % SIZE] & (1 << (place % 64)) != 0
    }

    pub(super) fn may_share(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).fold(0, |all, (a, b)| all | (a & b)) != 0
    }
}

fn place(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> 21) as usize
}

fn three(a: u8, b: u8, c: u8) -> u32 {
    u32::from_le_bytes([a, b, c, 0]) | 0x0020_2020
}

fn two(a: u8, b: u8) -> u32 {
    u32::from_le_bytes([a, b, 0, 1]) | 0x2020
}
