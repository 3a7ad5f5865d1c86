//! Placeholders to text: the program writes every number, sign and rank. The grammar is in `placeholder.rs`.

use std::sync::LazyLock;

use memchr::memchr2;
use regex::Regex;

use crate::evidence::Evidence;
use crate::insight::Cite;

use super::pattern::pattern;
use super::placeholder::{Piece, Shown, resolve};
use super::reason::Reason;
use super::text::sanitise;

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{\s*([^{}]*?)\s*\}\}"));

/// Stands for one rendered piece in the typed text.
pub(super) const MARK: char = '\u{fffc}';

/// A text whose placeholders are filled in.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// The text as the reader sees it.
    pub text: String,
    /// The rendered numbers, in order.
    pub numbers: Vec<String>,
    /// The cells behind them.
    pub cells: Vec<String>,
    /// The names (row keys) rendered.
    pub names: Vec<String>,
    /// Placeholders that cannot be filled, and units that the model typed beside them wrongly.
    pub faults: Vec<Reason>,
    /// What the model typed, one mark per piece.
    pub(super) typed: String,
    pub(super) pieces: Vec<Piece>,
}

/// Fills in every placeholder of `template`.
pub fn render(template: &str, evidence: &Evidence) -> Rendered {
    if memchr2(b'{', b'}', template.as_bytes()).is_none() {
        return Rendered {
            text: sanitise(template),
            typed: template.to_owned(),
            ..Rendered::default()
        };
    }
    let mut out = Rendered::default();
    let mut end = 0;
    for found in PLACEHOLDER.captures_iter(template) {
        let (Some(whole), Some(inside)) = (found.get(0), found.get(1)) else {
            continue;
        };
        out.type_words(&template[end..whole.start()]);
        end = whole.end();
        match resolve(inside.as_str(), evidence) {
            Ok(piece) => {
                let rest = &template[end..];
                end += out.place(piece, rest);
            }
            Err(reason) => out.faults.push(reason),
        }
    }
    out.type_words(&template[end..]);
    if out.typed.contains("{{") || out.typed.contains("}}") {
        out.faults
            .push(Reason::unsupported("bad_ref", "a placeholder is not closed"));
    }
    out.text = sanitise(&out.text);
    out
}

impl Rendered {
    /// The pieces as they stand in the text, in order, each with what it stands on.
    pub(super) fn cites(&self) -> Vec<Cite> {
        let cites = self.pieces.iter().map(|piece| Cite {
            shown: sanitise(&piece.text),
            cells: if piece.cells.is_empty() {
                piece.rows.clone()
            } else {
                piece.cells.clone()
            },
        });
        cites
            .filter(|cite| !cite.shown.is_empty() && !cite.cells.is_empty())
            .collect()
    }

    fn type_words(&mut self, words: &str) {
        self.text.push_str(words);
        self.typed.push_str(words);
    }

    /// Writes a piece; returns how much of the following text it has taken over (a doubled unit).
    fn place(&mut self, mut piece: Piece, rest: &str) -> usize {
        if let Some(reason) = clash(&self.typed, &piece, rest) {
            self.faults.push(reason);
        }
        self.sign(&mut piece);
        if let Some(first) = piece.text.chars().next().filter(|c| "$€£".contains(*c))
            && self.text.ends_with(first)
        {
            self.text.pop();
            self.typed.pop();
        }
        let doubled = doubled_unit(&piece, rest);
        self.text.push_str(&piece.text);
        self.typed.push(MARK);
        if piece.is_number {
            self.numbers.push(piece.text.clone());
        }
        for cell in &piece.cells {
            if !self.cells.contains(cell) {
                self.cells.push(cell.clone());
            }
        }
        if let Some(name) = &piece.name
            && !self.names.contains(name)
        {
            self.names.push(name.clone());
        }
        self.pieces.push(piece);
        doubled
    }

    /// "fell -19.4 %" says it twice: after a word of the same direction the sign is left out.
    fn sign(&self, piece: &mut Piece) {
        let Some(sign) = piece.sign.filter(|_| piece.signed) else {
            return;
        };
        let tail: Vec<&str> = self.typed.split_whitespace().rev().take(3).collect();
        let said = tail.iter().any(|word| super::words::direction_of(word) == Some(sign));
        if said {
            piece.text = piece.text.trim_start_matches(['-', '+']).to_owned();
        }
    }
}

fn doubled_unit(piece: &Piece, rest: &str) -> usize {
    let after = rest.trim_start();
    let blank = rest.len() - after.len();
    let units: &[&str] = match piece.shown {
        Shown::Percent => &["percent", "per cent", "%"],
        Shown::Points => &["percentage points", "percentage point", "pp", "points"],
        Shown::Times => &["times", "x "],
        Shown::Counted => {
            let noun = piece.text.rsplit(' ').next().unwrap_or_default();
            return if noun.len() > 2 && after.starts_with(noun) {
                blank + noun.len()
            } else {
                0
            };
        }
        _ => &[],
    };
    units
        .iter()
        .find(|unit| after.starts_with(**unit))
        .map_or(0, |unit| blank + unit.trim_end().len())
}

/// A unit, sign or digit typed right beside a value that has none of it.
fn clash(typed: &str, piece: &Piece, rest: &str) -> Option<Reason> {
    let wrong = |what: &str| {
        Some(Reason::contradicted(
            "unit",
            format!("\"{what}\" beside {} does not belong there", piece.source),
        ))
    };
    let before = typed.chars().next_back().unwrap_or(' ');
    let after = rest.trim_start();
    let glued = rest.chars().next().unwrap_or(' ');
    if matches!(piece.shown, Shown::Name | Shown::Words) {
        return None;
    }
    if before.is_ascii_digit() || glued.is_ascii_digit() {
        return wrong("a digit");
    }
    if (before == '.' && !typed.ends_with(". ") && typed.len() > 1)
        || (matches!(glued, '.' | ',') && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
    {
        return wrong("a digit");
    }
    let lone_minus =
        matches!(before, '-' | '−' | '+') && typed[..typed.len() - before.len_utf8()].ends_with([' ', '(']);
    if lone_minus || (matches!(before, '-' | '−') && typed.len() == before.len_utf8()) {
        return wrong("a sign");
    }
    if "$€£¥₹".contains(before) && !(piece.shown == Shown::Money && piece.text.starts_with(before)) {
        return wrong(&before.to_string());
    }
    let is_word = |word: &str| {
        after.strip_prefix(word).is_some_and(|then| {
            !then.starts_with(|c: char| c.is_alphanumeric()) || !word.ends_with(char::is_alphanumeric)
        })
    };
    for scale in ["k", "K", "M", "m", "bn", "million", "thousand", "billion", "hundred"] {
        if is_word(scale) && !matches!(piece.shown, Shown::Date) {
            return wrong(scale);
        }
    }
    let points = ["percentage point", "percentage points", "pp", "points"]
        .iter()
        .any(|word| is_word(word));
    if points && piece.shown != Shown::Points {
        return wrong("percentage points");
    }
    let percent = ["%", "percent", "per cent"].iter().any(|word| is_word(word));
    if percent && piece.shown != Shown::Percent {
        return wrong("%");
    }
    for currency in ["dollars", "euros", "pounds", "USD", "EUR", "GBP"] {
        if is_word(currency) {
            let same = piece.shown == Shown::Money
                && match currency {
                    "dollars" | "USD" => piece.text.contains('$'),
                    "euros" | "EUR" => piece.text.contains('€'),
                    _ => piece.text.contains('£'),
                };
            if !same {
                return wrong(currency);
            }
        }
    }
    None
}
