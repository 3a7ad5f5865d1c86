//! The names and labels of one evidence, found in a text in one walk over its words. Made once for many texts.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use crate::evidence::{Cell, Evidence, Role, Row, Table, TableKind, Unit};

use super::day::{day_of, month_of};

/// What the evidence calls its rows and measures.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    /// Those that begin with one word stand together, longest first.
    entries: Vec<Entry>,
    /// First words that there are: most words of a text begin no entry.
    firsts: Firsts,
    /// Everything that the evidence prints, a text a line.
    printed: String,
    /// Its words in lower case, where somebody has asked.
    words: OnceLock<HashSet<String>>,
    /// The nouns of its counts, longest first.
    pub(super) nouns: Vec<String>,
    /// The days that rows are about, each with its row.
    pub(super) days: Vec<(Date, Arc<str>)>,
}

/// One name or label.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// What stands for its first word.
    first: u64,
    pub(super) lower: Arc<str>,
    pub(super) written: Arc<str>,
    /// The rows of this name, entities only.
    pub(super) rows: Vec<(Arc<str>, TableKind)>,
    /// A measure, as sentences call it.
    pub(super) is_measure: bool,
    /// The rows that are this measure, and no other.
    pub(super) measure_rows: Vec<Arc<str>>,
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
        out.entries
            .sort_by_key(|entry| (entry.first, std::cmp::Reverse(entry.lower.len())));
        out.entries.iter().for_each(|entry| out.firsts.add(entry.first));
        out.nouns.sort_by_key(|noun| std::cmp::Reverse(noun.len()));
        let printed = evidence.notes.iter().chain(&evidence.gaps);
        printed.for_each(|text| out.learn(text));
        out
    }

    /// Whether the evidence prints this word anywhere.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.words.get_or_init(|| words(&self.printed)).contains(word)
    }

    /// Whether a measure is called this, or more than this: "average day-7 retention".
    pub(super) fn has_measure_like(&self, name: &str) -> bool {
        let mut measures = self.entries.iter().filter(|entry| entry.is_measure);
        measures.any(|entry| entry.lower.contains(name))
    }

    /// The entries that begin with this first word, longest first.
    fn beginning(&self, first: u64) -> &[Entry] {
        if !self.firsts.may_hold(first) {
            return &[];
        }
        let from = self.entries.partition_point(|entry| entry.first < first);
        let n = self.entries[from..].iter().take_while(|entry| entry.first == first);
        &self.entries[from..from + n.count()]
    }

    /// The longest entries in a text given in lower case, from left to right.
    pub(super) fn find<'a>(&'a self, lower: &str) -> Vec<(Range<usize>, &'a Entry)> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < lower.len() {
            let word = Word::at(lower, at);
            let rest = &lower[at..];
            let ends = |after: &str| !after.chars().next().is_some_and(is_word);
            let fits = |entry: &&Entry| rest.strip_prefix(&*entry.lower).is_some_and(ends);
            // "Grinders": more of an entity than its name says.
            let is_plural = |entry: &&Entry| {
                let may_be = !entry.rows.is_empty() && entry.lower.len() > 4 && !entry.lower.ends_with('s');
                let after = rest
                    .strip_prefix(&*entry.lower)
                    .and_then(|after| after.strip_prefix('s'));
                may_be && after.is_some_and(ends)
            };
            let own = if word.may_begin { self.beginning(word.hash) } else { &[] };
            let plurals = word.one.map_or(&[][..], |one| self.beginning(one));
            let found = match own.iter().find(fits) {
                Some(entry) => Some((entry, entry.lower.len())),
                None => plurals
                    .iter()
                    .chain(own)
                    .find(is_plural)
                    .map(|entry| (entry, entry.lower.len() + 1)),
            };
            let end = at + found.map_or(word.length, |(_, length)| length);
            out.extend(found.map(|(entry, _)| (at..end, entry)));
            at = end;
        }
        out
    }

    fn rows(&mut self, table: &Table) {
        let speaks_per_row = speaks_per_row(table);
        // The rows of such tables are measures: "active users" is no subject of its own.
        let names_measures =
            table.kind == TableKind::Totals || table.columns.first().is_some_and(|column| column.name == "measure");
        for row in &table.rows {
            let id: Arc<str> = row.id.as_str().into();
            let is_entity = !names_measures && !row.summary;
            for name in std::iter::once(&row.key).chain(&row.aliases) {
                self.learn(name);
                if name.len() < 2 || may_be_figure(name) && (day_of(name).is_some() || name.parse::<f64>().is_ok()) {
                    continue;
                }
                let entry = self.entry(name);
                entry.is_masked = true;
                entry.is_measure |= names_measures;
                if names_measures {
                    entry.measure_rows.push(Arc::clone(&id));
                }
                if is_entity {
                    entry.rows.push((Arc::clone(&id), table.kind));
                }
            }
            if speaks_per_row {
                for subject in subjects(row) {
                    self.entry(&subject).is_measure = true;
                }
            }
            self.day(row, &id);
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

    fn day(&mut self, row: &Row, id: &Arc<str>) {
        let mut add = |day: Date| self.days.push((day, Arc::clone(id)));
        for cell in &row.cells {
            if let Cell::Day(day) = cell {
                add(*day);
            }
        }
        if may_be_figure(&row.key) {
            day_of(&row.key).map(&mut add);
            month_of(&row.key).map(&mut add);
        }
    }

    fn labels(&mut self, table: &Table) {
        let units = table
            .columns
            .iter()
            .map(|column| &column.unit)
            .chain(table.rows.iter().filter_map(|row| row.unit.as_ref()));
        for unit in units {
            if let Unit::Count(noun) = unit
                && !self.nouns.iter().any(|known| known == noun)
            {
                self.nouns.push(noun.to_lowercase());
            }
        }
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
        let first = hash(&written[..word_end(written)]);
        let known = |entry: &Entry| entry.first == first && entry.lower.eq_ignore_ascii_case(written);
        let index = self.entries.iter().position(known).unwrap_or_else(|| {
            let own: Arc<str> = written.into();
            let lower: Arc<str> = if written.bytes().any(|byte| byte.is_ascii_uppercase()) {
                written.to_ascii_lowercase().into()
            } else {
                Arc::clone(&own)
            };
            self.entries.push(Entry {
                first,
                lower,
                written: own,
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
        self.printed.push_str(text);
        self.printed.push('\n');
    }
}

/// The words of a text in lower case, and what of it is written with underscores.
fn words(text: &str) -> HashSet<String> {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let identifiers = text.split_whitespace().filter(|word| word.contains('_'));
    words.chain(identifiers).map(str::to_lowercase).collect()
}

/// What a text begins with at some place: a word, or one other letter.
struct Word {
    hash: u64,
    /// Of the word without the s at its end, where it may be more than one.
    one: Option<u64>,
    length: usize,
    /// No entry begins with a blank.
    may_begin: bool,
}

impl Word {
    fn at(lower: &str, at: usize) -> Self {
        let bytes = lower.as_bytes();
        let (mut hash, mut before, mut end) = (FNV_START, FNV_START, at);
        while let Some(byte) = bytes
            .get(end)
            .filter(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        {
            before = hash;
            hash = mix(hash, *byte);
            end += 1;
        }
        if bytes.get(end).is_some_and(|byte| !byte.is_ascii()) {
            return Self::of_any_letters(&lower[at..]);
        }
        let is_plural = end - at > 5 && bytes[end - 1] == b's';
        Self {
            hash,
            one: is_plural.then_some(before),
            length: (end - at).max(1),
            may_begin: end > at || !bytes[at].is_ascii_whitespace(),
        }
    }

    fn of_any_letters(rest: &str) -> Self {
        let word = &rest[..word_end(rest)];
        let letter = rest.chars().next().unwrap_or(' ');
        let one = word.strip_suffix('s').filter(|one| one.len() > 4);
        Self {
            hash: hash(word),
            one: one.map(hash),
            length: word.len().max(letter.len_utf8()),
            may_begin: !word.is_empty() || !letter.is_whitespace(),
        }
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn mix(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// FNV-1a of the word in lower case: words are short, and one is looked up for each word of each text. Two words that share it are
/// told apart by their letters.
fn hash(word: &str) -> u64 {
    word.bytes()
        .fold(FNV_START, |hash, byte| mix(hash, byte.to_ascii_lowercase()))
}

/// Where the word that a text begins with ends.
fn word_end(text: &str) -> usize {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let end = text.bytes().position(|byte| !is_plain(&byte)).unwrap_or(text.len());
    match text.as_bytes().get(end) {
        Some(byte) if !byte.is_ascii() => text.find(|c: char| !is_word(c)).unwrap_or(text.len()),
        _ => end,
    }
}

/// A set of hashes that may hold one that was never added, and holds each that was.
#[derive(Debug, Clone, Default)]
struct Firsts([u64; 8]);

impl Firsts {
    fn add(&mut self, hash: u64) {
        self.0[(hash >> 6) as usize % 8] |= 1 << (hash % 64);
    }

    fn may_hold(&self, hash: u64) -> bool {
        self.0[(hash >> 6) as usize % 8] & (1 << (hash % 64)) != 0
    }
}

/// Whether a name may be a day or a number, seen from its first letter; not even "nan" is missed.
fn may_be_figure(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit() || "+-.iInN".contains(c))
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
