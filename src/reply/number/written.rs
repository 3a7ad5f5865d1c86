//! Numbers in digits as they stand in a text, each with the sign, currency, scale and unit around it. One walk, no pattern: every
//! claim has some.

use std::ops::Range;

/// A number in digits and what belongs to it.
pub(super) struct Written<'t> {
    pub(super) number: Range<usize>,
    /// Where all of it ends, the unit included.
    pub(super) end: usize,
    pub(super) sign: Option<Sign>,
    /// A currency before the number, with where it begins.
    pub(super) prefix: Option<(usize, &'t str)>,
    pub(super) scale: f64,
    pub(super) is_ordinal: bool,
    /// As it is written; empty where there is none.
    pub(super) unit: &'t str,
    /// "12,5 %": the comma parts the decimals.
    pub(super) has_decimal_comma: bool,
}

/// A sign that belongs to a number, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Sign {
    pub(super) start: usize,
    pub(super) is_plus: bool,
}

pub(super) fn written(text: &str) -> impl Iterator<Item = Written<'_>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let at = from + text.as_bytes()[from..].iter().position(u8::is_ascii_digit)?;
        let found = Scan { text, from }.number(at);
        from = found.end;
        Some(found)
    })
}

/// What follows the end of the number before.
struct Scan<'t> {
    text: &'t str,
    from: usize,
}

impl<'t> Scan<'t> {
    fn number(&self, at: usize) -> Written<'t> {
        let end = self.digits(at);
        let comma = self.decimal_comma(at, end);
        let (end, has_decimal_comma) = (comma.unwrap_or(end), comma.is_some());
        let beside = self.sign(at);
        let prefix = self.currency(beside.map_or(at, |sign| sign.start));
        // Without a currency between them, a sign that stands apart is punctuation.
        let apart = prefix.and_then(|(start, _)| {
            let blank = usize::from(self.is_blank(start.wrapping_sub(1)));
            self.sign(start - blank)
        });
        let (scale, scaled) = self.scale(end);
        let is_ordinal = ["st", "nd", "rd", "th"].contains(&self.word(scaled)) && scaled == end;
        let tail = if is_ordinal { scaled + 2 } else { scaled };
        let unit = if is_ordinal { None } else { self.unit(tail) };
        Written {
            number: at..end,
            end: unit.unwrap_or(tail),
            sign: beside.or(apart),
            prefix: prefix.map(|(start, end)| (start, self.text[start..end].trim_end())),
            scale,
            is_ordinal,
            unit: self.text[tail..unit.unwrap_or(tail)].trim_matches([' ', '\t', '\n', '\r', '-']),
            has_decimal_comma,
        }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn is_digit(&self, at: usize) -> bool {
        self.byte(at).is_some_and(|byte| byte.is_ascii_digit())
    }

    fn is_blank(&self, at: usize) -> bool {
        at >= self.from
            && self
                .byte(at)
                .is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    }

    /// `1,234,567.8`, `1 234 567.8` or `1234.5`.
    fn digits(&self, at: usize) -> usize {
        let mut end = self.run(at);
        if end - at <= 3 {
            let separator = self.separator(at, end);
            while separator.is_some_and(|separator| self.text[end..].starts_with(separator)) {
                let group = end + separator.map_or(0, str::len);
                if self.run(group) != group + 3 && (separator != Some(",") || self.run(group) < group + 3) {
                    break;
                }
                end = group + 3;
            }
        }
        match self.byte(end) == Some(b'.') && self.is_digit(end + 1) {
            true => self.run(end + 1),
            false => end,
        }
    }

    /// Where the digits from here on end.
    fn run(&self, mut at: usize) -> usize {
        while self.is_digit(at) {
            at += 1;
        }
        at
    }

    /// What parts the thousands of the number that begins at `at` with digits up to `end`. A plain blank does only where no name
    /// or date could end with those digits.
    fn separator(&self, at: usize, end: usize) -> Option<&'static str> {
        const NARROW: [&str; 4] = [",", "\u{a0}", "\u{202f}", "\u{2009}"];
        let after = &self.text[end..];
        if let Some(separator) = NARROW.into_iter().find(|separator| after.starts_with(separator)) {
            return Some(separator);
        }
        let is_group = after.starts_with(' ') && self.run(end + 1) == end + 4 && !self.is_word(end + 4);
        (is_group && self.starts_a_number(at)).then_some(" ")
    }

    /// Whether the word before is one that a count follows, and none that a number belongs to: "day 14", "iOS 17", "top 10".
    fn starts_a_number(&self, at: usize) -> bool {
        const BEFORE: [&str; 17] = [
            "to", "from", "of", "by", "at", "with", "had", "has", "was", "were", "is", "about", "nearly", "over",
            "and", "reached", "totalled",
        ];
        let before = self.text[..at].trim_end_matches(|c| "$€£¥₹-+−~".contains(c));
        if before.len() < at || before.trim().is_empty() {
            return true;
        }
        let word = before
            .trim_end()
            .rsplit(|c: char| !c.is_alphabetic())
            .next()
            .unwrap_or_default();
        BEFORE.iter().any(|known| known.eq_ignore_ascii_case(word))
    }

    /// Where a number like "12,5" ends: one or two decimals after a comma, and a unit, a scale or a currency that says it is one
    /// number and no list.
    fn decimal_comma(&self, at: usize, end: usize) -> Option<usize> {
        let decimals = end + 1;
        let after = self.run(decimals);
        let is_decimal = self.byte(end) == Some(b',') && (1..=2).contains(&(after - decimals));
        let follows = at >= 2 && self.byte(at - 1) == Some(b',') && self.is_digit(at - 2);
        let is_list = follows || (self.byte(after) == Some(b',') && self.is_digit(after + 1));
        if !is_decimal || is_list || self.text[at..end].contains(['.', ',']) {
            return None;
        }
        let says = self.unit(after).is_some() || self.scale(after).1 > after || self.currency(at).is_some();
        says.then_some(after)
    }

    /// The sign that ends here.
    fn sign(&self, end: usize) -> Option<Sign> {
        let before = self.text.get(self.from..end)?;
        let sign = before
            .chars()
            .next_back()
            .filter(|sign| matches!(sign, '-' | '+' | '−'))?;
        Some(Sign {
            start: end - sign.len_utf8(),
            is_plus: sign == '+',
        })
    }

    /// The currency that ends here, a blank after its code included.
    fn currency(&self, end: usize) -> Option<(usize, usize)> {
        const CODES: [&str; 8] = ["USD", "EUR", "GBP", "JPY", "INR", "CHF", "CAD", "AUD"];
        let before = self.text.get(self.from..end)?;
        if before.ends_with("US$") {
            return Some((end - 3, end));
        }
        let last = before.chars().next_back()?;
        if "$€£¥₹".contains(last) {
            return Some((end - last.len_utf8(), end));
        }
        let code = before.strip_suffix([' ', '\t', '\n', '\r']).unwrap_or(before);
        let start = self.from + code.len().checked_sub(3)?;
        let is_code = CODES.iter().any(|known| code.ends_with(known));
        (is_code && !self.is_word(start.wrapping_sub(1))).then_some((start, end))
    }

    fn is_word(&self, at: usize) -> bool {
        self.byte(at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    /// The letters and digits from here on.
    fn word(&self, at: usize) -> &'t str {
        let mut end = at;
        while self.is_word(end) {
            end += 1;
        }
        self.text.get(at..end).unwrap_or_default()
    }

    fn scale(&self, end: usize) -> (f64, usize) {
        let at = end + usize::from(self.is_blank(end));
        let word = self.word(at);
        let scale = match word {
            "k" | "K" | "thousand" => 1e3,
            "m" | "M" | "mn" | "million" | "Million" => 1e6,
            "bn" | "B" | "billion" | "Billion" => 1e9,
            _ => return (1.0, end),
        };
        (scale, at + word.len())
    }

    /// Where the unit after a number ends.
    fn unit(&self, at: usize) -> Option<usize> {
        let is_apart = self.is_blank(at) || self.byte(at) == Some(b'-');
        let apart = if is_apart { self.unit_at(at + 1) } else { None };
        apart.or_else(|| self.unit_at(at))
    }

    fn unit_at(&self, at: usize) -> Option<usize> {
        match self.byte(at)? {
            b'%' => return self.points(at + 1).or(Some(at + 1)),
            // The sign of multiplication.
            0xc3 if self.text[at..].starts_with('×') => {
                let after = at + '×'.len_utf8();
                let blank = usize::from(self.is_blank(after));
                return (after == self.text.len() || blank == 1 || self.is_word(after)).then_some(after + blank);
            }
            _ => {}
        }
        let word = self.word(at);
        let end = at + word.len();
        let two = |second: &str| {
            let next = end + usize::from(self.byte(end) == Some(b' '));
            (next > end && self.word(next) == second).then_some(next + second.len())
        };
        match word {
            "percent" => self.points(end).or(Some(end)),
            "percentage" if self.is_blank(end) => self.points(end + 1).or(Some(end)),
            "per" => two("cent"),
            "basis" => two("points"),
            "percentage" | "pct" | "pp" | "ppt" | "ppts" | "point" | "points" | "bps" | "x" | "times" | "fold"
            | "USD" | "EUR" | "GBP" | "dollar" | "dollars" | "euro" | "euros" | "pound" | "pounds" | "second"
            | "seconds" | "sec" | "secs" | "s" | "ms" | "minute" | "minutes" | "min" | "mins" | "hour" | "hours"
            | "h" => Some(end),
            _ => None,
        }
    }

    /// `-points`, ` point`.
    fn points(&self, at: usize) -> Option<usize> {
        let at = at + usize::from(self.byte(at) == Some(b'-'));
        let at = at + usize::from(self.is_blank(at));
        let word = self.word(at);
        ["point", "points"].contains(&word).then_some(at + word.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let all = written(text).map(|found| {
            let sign = found.sign.map_or("", |sign| if sign.is_plus { "+" } else { "-" });
            let prefix = found.prefix.map_or("", |(_, prefix)| prefix);
            let ordinal = if found.is_ordinal { "th" } else { "" };
            let number = &text[found.number];
            format!("{sign}{prefix}{number}{ordinal}*{}[{}]", found.scale, found.unit)
        });
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_read_with_what_belongs_to_them() {
        for (text, expected) in [
            ("1,234,567.8 users", "1,234,567.8*1[]"),
            ("12345,678", "12345*1[] 678*1[]"),
            ("1,2345", "1,234*1[] 5*1[]"),
            ("US$ 5 and US$5", "5*1[] US$5*1[]"),
            ("EUR 3.36 million, -$7.8M", "EUR3.36*1000000[] -$7.8*1000000[]"),
            ("- $5, a - 5, $-5, −5", "-$5*1[] 5*1[] -$5*1[] -5*1[]"),
            ("fell 0.8 percentage points", "0.8*1[percentage points]"),
            (
                "3 % points, 3%-points, 4 %, 5 per cent",
                "3*1[% points] 3*1[%-points] 4*1[%] 5*1[per cent]",
            ),
            (
                "2.3x, 2.3 × 4, 3-fold, 50 bps, 50 basis points",
                "2.3*1[x] 2.3*1[×] 4*1[] 3*1[fold] 50*1[bps] 50*1[basis points]",
            ),
            (
                "2nd of 15, 12k users, 5 min 7 s",
                "2th*1[] 15*1[] 12*1000[] 5*1[min] 7*1[s]",
            ),
            ("XEUR 5 percentages 7 kg", "5*1[] 7*1[]"),
            (
                "rose 12,5 %, EUR 3,4 million, €7,85, by 0,4 pp",
                "12,5*1[%] EUR3,4*1000000[] €7,85*1[] 0,4*1[pp]",
            ),
            ("weeks 1,2 and 7; 1,2,3 %", "1*1[] 2*1[] 7*1[] 1*1[] 2*1[] 3*1[%]"),
            (
                "182\u{202f}400 users, to 1 234 567 from 182 400, $9 100",
                "182\u{202f}400*1[] 1 234 567*1[] 182 400*1[] $9 100*1[]",
            ),
            (
                "day 14 300 users, 12 3000, of 12 345th",
                "14*1[] 300*1[] 12*1[] 3000*1[] 12*1[] 345th*1[]",
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
