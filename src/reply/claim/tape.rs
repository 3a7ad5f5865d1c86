//! JSON read once, from front to back, with nothing copied: the parts of a value in a row, each with its place in the text. Most of
//! what evidence holds is never looked at by the check of one claim.

use std::borrow::Cow;

use memchr::memchr2;
use serde_json::from_str;

/// As deep as the other reader of JSON goes.
const MAX_DEPTH: usize = 127;

/// The parts of one value in a text that begins with it; those inside a part follow it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tape<'t> {
    text: &'t str,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    kind: Kind,
    /// Where it stands in the text, a string without its quotes: in as little room as long lines allow.
    start: u32,
    end: u32,
    /// The place of the part after everything inside this one.
    next: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Object,
    Array,
    /// A string that means what it spells.
    Text,
    /// One with escapes.
    Escaped,
    Number,
    /// true, false, null.
    Word,
}

impl<'t> Tape<'t> {
    /// The value that a text begins with; none where it begins with no JSON.
    pub(super) fn of(text: &'t str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        let mut reader = Reader {
            bytes: text.as_bytes(),
            text,
            at: 0,
            parts: Vec::with_capacity(text.len().min(8192) / 8),
        };
        reader.value(0)?;
        Some(Self {
            text: &text[..reader.at],
            parts: reader.parts,
        })
    }

    /// The text of the value alone.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node { tape: self, at: 0 }
    }
}

/// One value on a tape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    tape: &'a Tape<'a>,
    at: usize,
}

impl<'a> Node<'a> {
    fn part(self) -> Part {
        self.tape.parts[self.at]
    }

    /// The value as it is written, a string without its quotes.
    pub(super) fn raw(self) -> &'a str {
        let part = self.part();
        &self.tape.text[part.start as usize..part.end as usize]
    }

    /// The values of an array, or the names and values of an object in turn.
    fn children(self, kind: Kind) -> impl Iterator<Item = Self> {
        let own = self.part();
        let end = if own.kind == kind { own.next as usize } else { self.at };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let child = Self { at, ..self };
                at = child.part().next as usize;
                child
            })
        })
    }

    /// The values of an array; none of anything else.
    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        self.children(Kind::Array)
    }

    /// The fields of an object; none of anything else.
    pub(super) fn fields(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> {
        let mut children = self.children(Kind::Object);
        std::iter::from_fn(move || Some((children.next()?.text().unwrap_or_default(), children.next()?)))
    }

    /// The field of this name; of several the last.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        self.gets([name])[0]
    }

    /// The fields of these names.
    pub(super) fn gets<const N: usize>(self, names: [&str; N]) -> [Option<Self>; N] {
        let mut found = [None; N];
        let mut children = self.children(Kind::Object);
        while let (Some(own), Some(value)) = (children.next(), children.next()) {
            if let Some(place) = names.iter().position(|name| own.is(name)) {
                found[place] = Some(value);
            }
        }
        found
    }

    /// Whether it is this string.
    fn is(self, text: &str) -> bool {
        let Part { kind, start, end, .. } = self.part();
        match kind {
            Kind::Text if (end - start) as usize != text.len() => false,
            Kind::Text => self.tape.text.as_bytes()[start as usize..end as usize] == *text.as_bytes(),
            _ => self.text().is_some_and(|own| own == text),
        }
    }

    pub(super) fn is_object(self) -> bool {
        self.part().kind == Kind::Object
    }

    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self.part().kind {
            Kind::Text => Some(Cow::Borrowed(self.raw())),
            Kind::Escaped => {
                let Part { start, end, .. } = self.part();
                from_str(&self.tape.text[start as usize - 1..=end as usize])
                    .ok()
                    .map(Cow::Owned)
            }
            _ => None,
        }
    }

    pub(super) fn number(self) -> Option<f64> {
        let is_number = self.part().kind == Kind::Number;
        is_number.then(|| decimal(self.raw())).flatten()
    }
}

struct Reader<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    parts: Vec<Part>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    /// The next letter after blanks, which must be this one.
    fn expect(&mut self, letter: u8) -> Option<()> {
        self.skip();
        (self.peek() == Some(letter)).then(|| self.at += 1)
    }

    fn add(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.parts.len() as u32 + 1;
        let (start, end) = (start as u32, end as u32);
        self.parts.push(Part { kind, start, end, next });
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        let start = self.at;
        match self.peek()? {
            b'"' => self.string(),
            b'{' if depth < MAX_DEPTH => self.all(Kind::Object, b'}', |reader| {
                reader.string()?;
                reader.expect(b':')?;
                reader.skip();
                reader.value(depth + 1)
            }),
            b'[' if depth < MAX_DEPTH => self.all(Kind::Array, b']', |reader| reader.value(depth + 1)),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let words = ["null", "true", "false"];
                let word = words.iter().find(|word| self.text[start..].starts_with(**word))?;
                self.at += word.len();
                self.add(Kind::Word, start, self.at);
                Some(())
            }
        }
    }

    /// What stands between brackets, separated by commas.
    fn all(&mut self, kind: Kind, close: u8, one: impl Fn(&mut Self) -> Option<()>) -> Option<()> {
        let (own, start) = (self.parts.len(), self.at);
        self.add(kind, start, start);
        self.at += 1;
        self.skip();
        if self.peek()? == close {
            self.at += 1;
        } else {
            loop {
                one(self)?;
                self.skip();
                let letter = self.peek()?;
                self.at += 1;
                match letter {
                    b',' => self.skip(),
                    letter if letter == close => break,
                    _ => return None,
                }
            }
        }
        let next = self.parts.len() as u32;
        self.parts[own] = Part {
            end: self.at as u32,
            next,
            ..self.parts[own]
        };
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        (self.peek()? == b'"').then_some(())?;
        let start = self.at + 1;
        let end = start + special(&self.bytes[start..])?;
        let (kind, end) = match self.bytes[end] {
            b'"' => (Kind::Text, end),
            b'\\' => (Kind::Escaped, self.escaped(start, end)?),
            _ => return None,
        };
        self.at = end + 1;
        self.add(kind, start, end);
        Some(())
    }

    /// The end of a string whose first escape is known, if it is one.
    fn escaped(&self, start: usize, mut at: usize) -> Option<usize> {
        let end = loop {
            at += match self.bytes.get(at)? {
                b'\\' => 2,
                b'"' => break at,
                _ => memchr2(b'"', b'\\', &self.bytes[at..])?,
            };
        };
        from_str::<Cow<'_, str>>(self.text.get(start - 1..=end)?).ok()?;
        Some(end)
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let first = self.at;
        self.digits()?;
        // No number but zero begins with a zero.
        (self.bytes[first] != b'0' || self.at == first + 1).then_some(())?;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
            from_str::<f64>(&self.text[start..self.at]).ok()?;
        }
        self.add(Kind::Number, start, self.at);
        Some(())
    }
}

/// Where the first quote, backslash or control character stands, looked for in eight letters at once.
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // The top bit of each letter below `limit`; letters after the first one found may be marked wrongly.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & TOPS;
    let is = |word: u64, letter: u8| below(word ^ (ONES * u64::from(letter)), 1);
    let mut at = 0;
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*eight);
        let found = is(word, b'"') | is(word, b'\\') | below(word, b' ');
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes[at..].iter();
    let found = rest
        .enumerate()
        .find(|(_, byte)| matches!(byte, b'"' | b'\\' | 0..b' '));
    found.map(|(place, _)| at + place)
}

/// Few digits are a whole number over a power of ten, both exact, and so is what comes of them; all else is read the long way.
fn decimal(text: &str) -> Option<f64> {
    const TENS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
    let (mut whole, mut decimals, mut seen) = (0_u64, 0_usize, false);
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if digits.len() > 15 {
        return text.parse().ok();
    }
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                whole = whole * 10 + u64::from(byte - b'0');
                decimals += usize::from(seen);
            }
            b'.' => seen = true,
            _ => return text.parse().ok(),
        }
    }
    let Some(tens) = TENS.get(decimals) else {
        return text.parse().ok();
    };
    let value = whole as f64 / tens;
    Some(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn value(node: Node<'_>) -> Value {
        match node.part().kind {
            Kind::Object => node
                .fields()
                .map(|(name, own)| (name.into_owned(), value(own)))
                .collect(),
            Kind::Array => node.items().map(value).collect(),
            Kind::Text | Kind::Escaped => json!(node.text().expect("a string")),
            Kind::Number => from_str(node.raw()).expect("a number"),
            Kind::Word => from_str(node.raw()).expect("a word"),
        }
    }

    fn reads_alike(text: &str) {
        let known: Option<Value> = from_str(text).ok();
        let tape = Tape::of(text).filter(|tape| text[tape.text().len()..].trim_ascii().is_empty());
        assert_eq!(tape.as_ref().map(|tape| value(tape.root())), known, "{text}");
    }

    #[test]
    fn what_is_json_and_what_it_says_is_the_same_for_both_readers() {
        for text in [
            r#"{"a": [1, -0.5e3, "x\"\u0041\\", {}, [], null], "b":true , "a": false}"#,
            r#""ab\ud83d\ude00" "#,
            "[1,]",
            "[01]",
            "[1.]",
            "[-]",
            "[1e]",
            "[1e999]",
            "{\"a\"}",
            "{\"a\":}",
            "{,}",
            "[\"\u{1}\"]",
            r#"["\x"]"#,
            r#"["\"#,
            r#"["ab"#,
            "nul",
            "truex",
            "[1 2]",
            "",
        ] {
            reads_alike(text);
        }
        for depth in [MAX_DEPTH, MAX_DEPTH + 1] {
            reads_alike(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        }
        assert!(Tape::of(&"[".repeat(100_000)).is_none());
        let text = r#"{"a": "b", "c": 1} and more"#;
        let tape = Tape::of(text).expect("a value");
        assert_eq!(tape.text(), r#"{"a": "b", "c": 1}"#);
        assert_eq!(tape.root().get("c").and_then(Node::number), Some(1.0));
    }

    #[test]
    fn numbers_are_what_they_are_to_the_last_bit() {
        for text in [
            "0",
            "-0",
            "12",
            "-12.5",
            "0.1",
            "48.2",
            "1234567.89",
            "99999999999999",
            "9007199254740993.0",
            "1e3",
            "-2.5E-3",
            "0.0000000001",
            "123456789012.3",
            "0.000000001",
        ] {
            let exact: f64 = text.parse().expect("a number");
            assert_eq!(decimal(text).map(f64::to_bits), Some(exact.to_bits()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_end_of_a_string_is_found_wherever_it_stands(text in "[ -~ä\\x00-\\x1f\\x7f-\\x{ff}]{0,40}") {
            let found = text.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '));
            prop_assert_eq!(special(text.as_bytes()), found);
        }

        #[test]
        fn broken_json_is_broken_for_both(
            cut in 0_usize..80, put in "[\"\\\\{}\\[\\],:0-9a.e-]{0,3}", at in 0_usize..80,
        ) {
            let mut text = r#"{"id": "r1", "name\n": -12.50, "list": [true, null, {"deep": "ü"}], "last": 3e2}"#.to_owned();
            let near = |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.insert_str(near(&text, at), &put);
            reads_alike(&text);
            text.truncate(near(&text, cut));
            reads_alike(&text);
        }
    }
}
