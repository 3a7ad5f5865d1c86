//! The names and labels of one evidence, found in a text in one walk over its words. Made once for many texts.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use jiff::civil::Date;

use crate::evidence::{Cell, Evidence, Role, Row, Table, TableKind, Unit};

/// What the evidence calls its rows and measures.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    entries: Vec<Entry>,
    /// The entries that begin with a word, longest first.
    by_word: HashMap<String, Vec<usize>, BuildHasherDefault<Fnv>>,
    /// Every word that the evidence prints, in lower case.
    words: HashSet<String, BuildHasherDefault<Fnv>>,
    /// The nouns of its counts, longest first.
    pub(super) nouns: Vec<String>,
    /// The days that rows are about, each with its row.
    pub(super) days: Vec<(Date, String)>,
}

/// FNV-1a: words are short, and one is looked up for each word of each text.
#[derive(Debug, Clone)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// One name or label.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) lower: String,
    pub(super) written: String,
    /// The rows of this name, entities only.
    pub(super) rows: Vec<(String, TableKind)>,
    /// A measure, as sentences call it.
    pub(super) is_measure: bool,
    /// The rows that are this measure, and no other.
    pub(super) measure_rows: Vec<String>,
    /// Holds nothing that claims anything: neither its digits nor its words.
    pub(super) is_masked: bool,
}

impl Lexicon {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let mut out = Self::default();
        for table in &evidence.tables {
            out.rows(table);
            out.labels(table);
        }
        out.entries.sort_by_key(|entry| std::cmp::Reverse(entry.lower.len()));
        for (index, entry) in out.entries.iter().enumerate() {
            let first = entry.lower.split(|c: char| !is_word(c)).next().unwrap_or_default();
            out.by_word.entry(first.to_owned()).or_default().push(index);
        }
        out.nouns.sort_by_key(|noun| std::cmp::Reverse(noun.len()));
        out.nouns.dedup();
        let printed = evidence.notes.iter().chain(&evidence.gaps);
        printed.for_each(|text| out.learn(text));
        out
    }

    /// Whether the evidence prints this word anywhere.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// The longest entries in a text given in lower case, from left to right.
    pub(super) fn find<'a>(&'a self, lower: &str) -> Vec<(Range<usize>, &'a Entry)> {
        let mut out = Vec::new();
        let mut free = 0;
        let mut before = None;
        for (at, letter) in lower.char_indices() {
            let begins = is_word(letter) && !before.is_some_and(is_word);
            before = Some(letter);
            if at < free || !(begins || !is_word(letter) && !letter.is_whitespace()) {
                continue;
            }
            let rest = &lower[at..];
            let word = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
            let Some(candidates) = self.by_word.get(&rest[..word]) else {
                continue;
            };
            let fits = |entry: &&Entry| {
                rest.starts_with(&entry.lower) && !rest[entry.lower.len()..].chars().next().is_some_and(is_word)
            };
            if let Some(entry) = candidates.iter().map(|index| &self.entries[*index]).find(fits) {
                free = at + entry.lower.len();
                out.push((at..free, entry));
            }
        }
        out
    }

    fn rows(&mut self, table: &Table) {
        let speaks_per_row = speaks_per_row(table);
        // The rows of such tables are measures: "active users" is no subject of its own.
        let names_measures =
            table.kind == TableKind::Totals || table.columns.first().is_some_and(|column| column.name == "measure");
        for row in &table.rows {
            let is_entity = !names_measures && !row.summary;
            for name in std::iter::once(&row.key).chain(&row.aliases) {
                self.learn(name);
                if name.len() < 2 || name.parse::<Date>().is_ok() || name.parse::<f64>().is_ok() {
                    continue;
                }
                let entry = self.entry(name);
                entry.is_masked = true;
                entry.is_measure |= names_measures;
                if names_measures {
                    entry.measure_rows.push(row.id.clone());
                }
                if is_entity {
                    entry.rows.push((row.id.clone(), table.kind));
                }
            }
            if speaks_per_row {
                for subject in subjects(row) {
                    self.entry(&subject).is_measure = true;
                }
            }
            self.day(row);
            for cell in &row.cells {
                if let Cell::Text(text) = cell {
                    self.learn(text);
                }
            }
        }
        for text in [&table.title, &table.definition, &table.order_rule] {
            self.learn(text);
        }
    }

    fn day(&mut self, row: &Row) {
        let days = row.cells.iter().filter_map(|cell| match cell {
            Cell::Day(day) => Some(*day),
            _ => None,
        });
        let months = format!("{}-01", row.key).parse().ok();
        self.days.extend(
            days.chain(row.key.parse().ok())
                .chain(months)
                .map(|day| (day, row.id.clone())),
        );
    }

    fn labels(&mut self, table: &Table) {
        let units = table
            .columns
            .iter()
            .map(|column| &column.unit)
            .chain(table.rows.iter().filter_map(|row| row.unit.as_ref()));
        let nouns = units.filter_map(|unit| match unit {
            Unit::Count(noun) => Some(noun.to_lowercase()),
            _ => None,
        });
        self.nouns.extend(nouns);
        for column in &table.columns {
            self.learn(&column.label);
            self.learn(&column.name);
            if column.role == Role::Key {
                continue;
            }
            // A writer leaves out what a label adds in brackets: "active users (mean per day)".
            let short = column.label.split(" (").next().unwrap_or_default();
            for label in [column.label.as_str(), short] {
                if label.is_empty() {
                    continue;
                }
                let is_measure = column.role == Role::Current && column.unit != Unit::OfRow;
                let is_masked = label.contains([' ', '-']);
                if is_measure || is_masked {
                    let entry = self.entry(label);
                    entry.is_measure |= is_measure;
                    entry.is_masked |= is_masked;
                }
            }
        }
    }

    fn entry(&mut self, written: &str) -> &mut Entry {
        let lower = written.to_ascii_lowercase();
        let known = self.entries.iter().position(|entry| entry.lower == lower);
        let index = known.unwrap_or_else(|| {
            self.entries.push(Entry {
                lower,
                written: written.to_owned(),
                rows: Vec::new(),
                is_measure: false,
                measure_rows: Vec::new(),
                is_masked: false,
            });
            self.entries.len() - 1
        });
        &mut self.entries[index]
    }

    fn learn(&mut self, text: &str) {
        let words = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        self.words.extend(words.map(str::to_lowercase));
        let identifiers = text.split_whitespace().filter(|word| word.contains('_'));
        self.words.extend(identifiers.map(str::to_lowercase));
    }
}

/// Each row has a measure of its own, named in a text cell.
pub(super) fn speaks_per_row(table: &Table) -> bool {
    table.kind != TableKind::Totals && table.columns.iter().any(|column| column.unit == Unit::OfRow)
}

/// What a row says that it measures.
pub(super) fn subjects(row: &Row) -> Vec<String> {
    row.cells
        .iter()
        .filter_map(|cell| match cell {
            Cell::Text(text) if text.len() > 2 => Some(text.to_lowercase()),
            _ => None,
        })
        .collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
