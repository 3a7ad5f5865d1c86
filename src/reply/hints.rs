//! What a text may hold, seen from the first letters of its words: most patterns need not be tried on most texts.

/// Cheap answers that are never wrongly "no".
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hints {
    pub(super) digits: bool,
    /// "2025-03".
    pub(super) dashes: bool,
    /// "14/3".
    pub(super) slashes: bool,
    pub(super) months: bool,
    /// "two", "twelve".
    pub(super) counts: bool,
    /// "half a point", "a quarter of a point".
    pub(super) halves: bool,
    /// "second", "tenth", "quarter".
    pub(super) places: bool,
    /// "one", "top".
    pub(super) ones: bool,
    /// "no", "nobody", "none".
    pub(super) nones: bool,
    /// "a million".
    pub(super) rounds: bool,
    /// "24th".
    pub(super) ordinals: bool,
    /// "Christmas Day".
    pub(super) feasts: bool,
}

impl Hints {
    pub(super) fn of(text: &str) -> Self {
        let mut out = Self::default();
        let mut inside = false;
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_digit() {
                out.digits = true;
                let digit_follows = bytes.get(at + 2).is_some_and(u8::is_ascii_digit);
                out.dashes |= digit_follows && bytes[at + 1] == b'-';
                out.slashes |= digit_follows && bytes[at + 1] == b'/';
                out.ordinals |= matches!(bytes.get(at + 1), Some(b's' | b'n' | b'r' | b't'));
            }
            if byte.is_ascii_alphabetic() && !inside {
                let first = |index: usize| bytes.get(at + index).map_or(0, u8::to_ascii_lowercase);
                out.note([first(0), first(1), first(2)]);
            }
            inside = byte.is_ascii_alphanumeric();
        }
        out
    }

    fn note(&mut self, first: [u8; 3]) {
        match &first {
            b"jan" | b"feb" | b"mar" | b"apr" | b"may" | b"jun" | b"jul" | b"aug" | b"oct" | b"nov" | b"dec" => {
                self.months = true;
            }
            b"sep" => self.months = true,
            b"two" | b"ele" | b"twe" => self.counts = true,
            b"hun" | b"tho" | b"mil" | b"bil" => self.rounds = true,
            // "three" and "third", "four" and "fourth".
            b"thr" | b"fou" | b"fiv" | b"fif" | b"six" | b"sev" | b"eig" | b"nin" | b"ten" => {
                self.counts = true;
                self.places = true;
                self.halves |= first == *b"ten";
            }
            b"thi" | b"qua" => {
                // "thirteen".
                self.counts |= first == *b"thi";
                self.places = true;
                self.halves = true;
            }
            b"for" => self.counts = true,
            b"fir" | b"sec" | b"run" | b"num" => self.places = true,
            b"one" | b"top" => self.ones = true,
            b"no " | b"nob" | b"non" | b"now" => self.nones = true,
            b"hal" => {
                self.halves = true;
                self.feasts = true;
            }
            b"chr" | b"box" | b"new" | b"val" | b"st." | b"sin" => self.feasts = true,
            _ => {}
        }
    }
}
