//! Reads a TOML file key by key and remembers where each stands, so that every fault is told with its line, not only the first.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// `mine/pattern.toml`, or the path of the file.
    pub file: String,
    /// From 1.
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// A file that is being read.
pub(super) struct Sheet<'a> {
    text: &'a str,
    file: &'a str,
    pub(super) faults: Vec<Fault>,
}

/// One table of it. Keys that nobody took are faults.
pub(super) struct Section<'a> {
    keys: BTreeMap<String, (usize, &'a Spanned<DeValue<'a>>)>,
    /// The line of each key, and of the table itself under the empty name.
    pub(super) lines: BTreeMap<String, usize>,
    known: Vec<&'static str>,
    name: String,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            text,
            file,
            faults: Vec::new(),
        }
    }

    /// Parses the whole file; faults of the TOML itself are noted.
    pub(super) fn parse(&mut self) -> Spanned<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let line = error.span().map_or(1, |span| self.line(&span));
            self.fault(line, format!("no valid TOML: {}", error.message().replace('\n', " ")));
        }
        table
    }

    pub(super) fn fault(&mut self, line: usize, message: impl Into<String>) {
        self.faults.push(Fault {
            file: self.file.to_owned(),
            line,
            message: message.into(),
        });
    }

    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        before.matches('\n').count() + 1
    }

    pub(super) fn section<'t>(&self, name: &str, line: usize, table: &'t DeTable<'t>) -> Section<'t> {
        let mut lines = BTreeMap::from([(String::new(), line)]);
        let mut keys = BTreeMap::new();
        for (key, value) in table {
            let line = self.line(&key.span());
            lines.insert(key.get_ref().to_string(), line);
            keys.insert(key.get_ref().to_string(), (line, value));
        }
        Section {
            keys,
            lines,
            known: Vec::new(),
            name: name.to_owned(),
        }
    }

    /// Notes every key that was not taken.
    pub(super) fn done(&mut self, section: Section<'_>) -> BTreeMap<String, usize> {
        for (key, (line, _)) in &section.keys {
            self.fault(
                *line,
                format!(
                    "unknown key `{}` in {}; it may hold {}",
                    key.escape_debug(),
                    section.name,
                    section.known.join(", ")
                ),
            );
        }
        section.lines
    }

    fn wrong<T>(&mut self, key: &str, line: usize, wanted: &str) -> Option<T> {
        self.fault(line, format!("`{key}` must be {wanted}"));
        None
    }

    pub(super) fn text(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<String> {
        let (line, value) = section.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => self.wrong(key, line, "text in quotes"),
        }
    }

    pub(super) fn flag(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<bool> {
        let (line, value) = section.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => self.wrong(key, line, "true or false"),
        }
    }

    /// A number within bounds.
    pub(super) fn number(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        bounds: std::ops::RangeInclusive<f64>,
    ) -> Option<f64> {
        let (line, value) = section.take(key)?;
        let number = number_of(value.get_ref());
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Some(number),
            None => self.wrong(
                key,
                line,
                &format!("a number from {} to {}", bounds.start(), bounds.end()),
            ),
        }
    }

    /// A whole number within bounds.
    pub(super) fn count(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        bounds: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let (line, value) = section.take(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().replace('_', "").parse::<u32>().ok(),
            _ => None,
        };
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Some(number),
            None => self.wrong(
                key,
                line,
                &format!("a whole number from {} to {}", bounds.start(), bounds.end()),
            ),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<Vec<String>> {
        let (line, value) = section.take(key)?;
        let texts = match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<String>>>(),
            _ => None,
        };
        match texts {
            Some(texts) => Some(texts),
            None => self.wrong(key, line, "a list of texts in quotes"),
        }
    }

    /// `[[key]]`: tables with the line of each.
    pub(super) fn tables<'t>(&mut self, section: &mut Section<'t>, key: &'static str, name: &str) -> Vec<Section<'t>> {
        let Some((line, value)) = section.take(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.fault(line, format!("`{key}` must be a list of tables, `[[{key}]]`"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items.iter() {
            let line = self.line(&item.span());
            match item.get_ref() {
                DeValue::Table(table) => sections.push(self.section(name, line, table)),
                _ => self.fault(line, format!("`{key}` must be a list of tables, `[[{key}]]`")),
            }
        }
        sections
    }

    /// `[key]` or `key = { … }`.
    pub(super) fn table<'t>(
        &mut self,
        section: &mut Section<'t>,
        key: &'static str,
        name: &str,
    ) -> Option<Section<'t>> {
        let (line, value) = section.take(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.section(name, line, table)),
            _ => self.wrong(key, line, "a table"),
        }
    }
}

impl<'a> Section<'a> {
    /// The line of a key, or of the table.
    pub(super) fn line(&self, key: &str) -> usize {
        let own = self.lines.get(key).or_else(|| self.lines.get(""));
        own.copied().unwrap_or(1)
    }

    /// Takes a value of any shape, with its line.
    pub(super) fn take(&mut self, key: &'static str) -> Option<(usize, &'a Spanned<DeValue<'a>>)> {
        self.known.push(key);
        self.keys.remove(key)
    }

    /// The value's kind, without taking it.
    pub(super) fn is_table(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|(_, value)| value.get_ref().is_table())
    }

    pub(super) fn is_text(&self, key: &str) -> bool {
        self.keys.get(key).is_some_and(|(_, value)| value.get_ref().is_str())
    }

    /// Every key left, with its line and text; the rest are faults of their own.
    pub(super) fn take_texts(&mut self) -> Vec<(String, usize, Option<String>)> {
        std::mem::take(&mut self.keys)
            .into_iter()
            .map(|(key, (line, value))| (key, line, value.get_ref().as_str().map(str::to_owned)))
            .collect()
    }
}

fn number_of(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(number) => number.as_str().replace('_', "").parse().ok(),
        DeValue::Float(number) => number
            .as_str()
            .replace('_', "")
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}
