//! What makes two wordings the same attribute: Unicode form, case, punctuation, articles and simple plurals do not count.

use unicode_normalization::UnicodeNormalization as _;

/// Longer ones are sentences, and cut.
const LONGEST: usize = 200;
const QUOTES: [char; 10] = [
    '"', '\'', '`', '*', '_', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', ',',
];

/// An attribute as it is kept and shown: one line without quotes around it or a full stop behind it. None when nothing is left.
pub fn cleaned(text: &str) -> Option<String> {
    let mut clean = String::with_capacity(text.len());
    for word in text.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        let word = word.trim_matches(is_invisible);
        if !word.is_empty() {
            if !clean.is_empty() {
                clean.push(' ');
            }
            clean.push_str(word);
        }
    }
    let mut rest = clean.trim_matches(QUOTES).trim();
    // An abbreviation keeps its stop, and so does what has several.
    if rest.matches('.').count() == 1 && rest.ends_with('.') {
        rest = rest.trim_end_matches('.');
    }
    let short: String = rest.trim_end_matches([',', ';', ':']).chars().take(LONGEST).collect();
    let short = short.trim().to_owned();
    (!short.is_empty()).then_some(short)
}

/// Characters without width or with a direction: they hide differences that nobody sees.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// The normal form of a text; used again and again, so that no memory is asked for.
#[derive(Debug, Default)]
pub struct Normal {
    text: String,
    /// Where each word ends.
    ends: Vec<usize>,
}

impl Normal {
    pub fn of(text: &str) -> Self {
        let mut normal = Self::default();
        normal.set(text);
        normal
    }

    pub fn set(&mut self, text: &str) {
        self.text.clear();
        self.ends.clear();
        if text.is_ascii() {
            let mut before = ' ';
            let mut letters = text.bytes().map(char::from).peekable();
            while let Some(letter) = letters.next() {
                let after = letters.peek().copied().unwrap_or(' ');
                self.push(before, letter.to_ascii_lowercase(), after);
                before = letter;
            }
        } else {
            let mut before = ' ';
            let mut letters = text.nfkc().flat_map(char::to_lowercase).peekable();
            while let Some(letter) = letters.next() {
                let after = letters.peek().copied().unwrap_or(' ');
                match letter {
                    'ß' => {
                        self.push(before, 's', 's');
                        self.push('s', 's', after);
                    }
                    'ς' => self.push(before, 'σ', after),
                    letter => self.push(before, letter, after),
                }
                before = letter;
            }
        }
        self.end_word();
        self.text.truncate(self.text.trim_end().len());
        if self.ends.is_empty() {
            // Nothing but signs (an emoji) or articles: they are the attribute.
            let letters = text.nfkc().flat_map(char::to_lowercase);
            self.text.extend(letters.filter(|letter| !letter.is_whitespace()));
            self.ends.push(self.text.len());
        }
    }

    /// The words with one blank between them.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn words(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| end + 1));
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    fn push(&mut self, before: char, letter: char, after: char) {
        let between_digits = before.is_ascii_digit() && after.is_ascii_digit();
        match letter {
            letter if letter.is_alphanumeric() => self.text.push(letter),
            // `C++`, `C#`, `100 %` and `1.5` are not `C`, `100` and `15`.
            '+' | '#' | '%' | '$' | '€' | '£' => self.text.push(letter),
            '.' if between_digits => self.text.push('.'),
            ',' if between_digits => {}
            '\'' | '\u{2019}' => {}
            letter if is_invisible(letter) => {}
            _ => self.end_word(),
        }
    }

    fn end_word(&mut self) {
        let start = self.ends.last().map_or(0, |end| end + 1);
        if start >= self.text.len() {
            return;
        }
        if matches!(&self.text[start..], "the" | "an") {
            self.text.truncate(start);
            return;
        }
        singular(&mut self.text, start);
        // `a` is an article only where another word follows: vitamin A is not vitamin.
        let before = self.ends.len().checked_sub(2).map_or(0, |index| self.ends[index] + 1);
        if start > 0 && &self.text[before..start] == "a " {
            self.text.replace_range(before..start, "");
            self.ends.pop();
        }
        self.ends.push(self.text.len());
        self.text.push(' ');
    }
}

/// One form for the singular and the plural of an English word, not always a word itself: `boxes` and `box` are `box`, `caches` and
/// `cache` are `cach`, `movies` and `movie` are `movy`.
fn singular(text: &mut String, start: usize) {
    let word = &text.as_bytes()[start..];
    if word.len() < 4 || !word.iter().all(u8::is_ascii_lowercase) {
        return;
    }
    let keeps_s = [&b"ss"[..], b"us", b"is"].iter().any(|end| word.ends_with(end));
    let stem = match word.strip_suffix(b"s") {
        Some(stem) if !keeps_s => stem,
        _ => word,
    };
    let mute = [&b"se"[..], b"xe", b"ze", b"che", b"she"];
    let (kept, ending) = match stem {
        stem if stem.len() >= 4 && stem.ends_with(b"ie") => (stem.len() - 2, "y"),
        stem if stem.len() >= 4 && mute.iter().any(|end| stem.ends_with(end)) => (stem.len() - 1, ""),
        stem => (stem.len(), ""),
    };
    text.truncate(start + kept);
    text.push_str(ending);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_count() {
        for (left, right) in [
            ("Thick Glass", "thick glass"),
            ("thick-glass", "Thick  glass!"),
            ("The thick glass", "thick glass"),
            ("an apple", "apples"),
            ("size of a box", "Size of the boxes"),
            ("user's choice", "users choice"),
            ("ﬁne cafe\u{301}", "fine café"),
            ("ＦＵＬＬ　ＷＩＤＴＨ", "full width"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("movies", "Movie"),
            ("case studies", "case study"),
            ("caches", "cache"),
            ("classes", "class"),
            ("gases", "gas"),
            ("buses", "bus"),
            ("1,000 users", "1000 user"),
            ("zero\u{200B}width", "zerowidth"),
            ("“quoted”", "quoted"),
        ] {
            assert_eq!(Normal::of(left).text(), Normal::of(right).text(), "{left} | {right}");
        }
    }

    #[test]
    fn what_does_count() {
        for (left, right) in [
            ("C", "C++"),
            ("C", "C#"),
            ("1.5 times", "15 times"),
            ("vitamin", "vitamin A"),
            ("glass", "glas"),
            ("bus", "bu"),
            ("café", "cafe"),
            ("🔥", "💧"),
            ("red glass", "glass red"),
            ("the", "an"),
            ("analysis", "analysi"),
        ] {
            assert_ne!(Normal::of(left).text(), Normal::of(right).text(), "{left} | {right}");
        }
    }

    #[test]
    fn words_are_the_text_without_blanks() {
        let normal = Normal::of("The  size of a Big-Box, and its colours");
        let words: Vec<&str> = normal.words().collect();
        assert_eq!(words, ["siz", "of", "big", "box", "and", "its", "colour"]);
        assert_eq!(normal.text(), words.join(" "));
        assert_eq!(Normal::of("🔥 🔥").words().collect::<Vec<_>>(), ["🔥🔥"]);
        assert_eq!(Normal::of("").words().collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn a_kept_attribute_is_one_clean_line() {
        for (text, clean) in [
            ("  \"Soft\n glass.\"  ", Some("Soft glass")),
            ("**Soft glass**,", Some("Soft glass")),
            ("made in the U.S.", Some("made in the U.S.")),
            ("tab\tand\u{7}bell", Some("tab and bell")),
            (" \u{202E} ", None),
            ("\"\"", None),
            ("", None),
        ] {
            assert_eq!(cleaned(text).as_deref(), clean, "{text:?}");
        }
        assert_eq!(cleaned(&"é".repeat(900)).map(|text| text.chars().count()), Some(200));
    }
}
