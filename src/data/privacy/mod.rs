//! What of a label may leave the machine: no e-mail, phone number, address, name or id, no instructions, no control characters.
//! Labels are few; this never runs once a row.

mod patterns;
mod people;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};

use regex::Regex;

use super::engine::literal;
use super::profile::Column;

pub(crate) use people::names_persons;

/// Longer labels are texts that somebody wrote.
const LONGEST: usize = 80;
const MOST_WORDS: usize = 10;
const FREE_TEXT: &str = "(free text)";
const ID: &str = "(id)";

/// Makes labels of values, knowing what user ids look like in this source.
#[derive(Debug, Default)]
pub(crate) struct Masker {
    ids: HashSet<String>,
    shape: Option<Regex>,
}

/// A label without anything personal, where nothing is known of the ids around it.
pub(crate) fn label(text: &str) -> String {
    Masker::default().label(text)
}

impl Masker {
    /// Learns from the columns that hold user ids.
    pub(crate) fn of_ids<'columns>(columns: impl Iterator<Item = &'columns Column> + Clone) -> Self {
        let ids = columns.clone().filter_map(|column| column.values.as_ref()).flatten();
        let samples: Vec<&str> = columns.flat_map(|column| &column.sample).map(String::as_str).collect();
        Self {
            ids: ids.cloned().collect(),
            shape: shape(&samples),
        }
    }

    /// The value as it may be shown; values that must not be shown become one word in brackets.
    pub(crate) fn label(&self, text: &str) -> String {
        if self.ids.contains(text) {
            return ID.to_owned();
        }
        let clean = clean(text);
        if reads_as_free_text(&clean) || patterns::instructs(&clean) {
            return FREE_TEXT.to_owned();
        }
        let masked = patterns::masked(&clean);
        match &self.shape {
            Some(shape) => shape.replace_all(&masked, ID).into_owned(),
            None => masked,
        }
    }

    /// False for a column most of whose rows hold what must not be shown.
    pub(crate) fn may_show(&self, column: &Column) -> bool {
        let mut rows: HashMap<&str, usize> = HashMap::new();
        for value in &column.sample {
            *rows.entry(value).or_default() += 1;
        }
        let masked = rows.into_iter().filter(|(value, _)| self.label(value) != **value);
        masked.map(|(_, n_rows)| n_rows).sum::<usize>() * 2 <= column.sample.len()
    }

    /// The engine's expression for a column of labels: values that must not be shown are replaced before anything is counted.
    pub(crate) fn sql(&self, sql: &str, values: &[String]) -> String {
        self.renamed_sql(sql, values, str::to_owned)
    }

    /// The same, each label then taken for another.
    pub(crate) fn renamed_sql(&self, sql: &str, values: &[String], rename: impl Fn(&str) -> String) -> String {
        let text = format!("text_of({sql})");
        let mut replaced: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for value in values {
            let label = rename(&self.label(value));
            if label != *value {
                replaced.entry(label).or_default().push(literal(value));
            }
        }
        if replaced.is_empty() {
            return text;
        }
        let cases: Vec<String> = replaced
            .iter()
            .map(|(label, values)| format!("WHEN {text} IN ({}) THEN {}", values.join(", "), literal(label)))
            .collect();
        format!("CASE {} ELSE {text} END", cases.join(" "))
    }

    /// A query as it may be shown: its literals are values of the source, and get the labels that those get.
    pub(crate) fn shown(&self, sql: &str) -> String {
        let mut out = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some(opening) = rest.find('\'') {
            let Some(length) = literal_end(&rest[opening + 1..]) else {
                break;
            };
            let value = rest[opening + 1..opening + 1 + length].replace("''", "'");
            out.push_str(&rest[..opening]);
            out.push_str(&literal(&self.label(&value)));
            rest = &rest[opening + length + 2..];
        }
        out + rest
    }
}

/// Where the quote that closes a literal stands; two quotes are one of the text.
fn literal_end(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find('\'')?;
        match text[at + 1..].starts_with('\'') {
            true => from = at + 2,
            false => return Some(at),
        }
    }
}

/// One line without control, direction and invisible characters.
fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|letter| match letter {
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{61c}' | '\u{feff}' => ' ',
            '\u{e0000}'..='\u{e007f}' => ' ',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect();
    if visible == text {
        return visible;
    }
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn reads_as_free_text(text: &str) -> bool {
    text.chars().count() > LONGEST || text.split_whitespace().count() > MOST_WORDS
}

/// The form of ids such as `user_0042`: what all of them begin with, then digits only.
fn shape(samples: &[&str]) -> Option<Regex> {
    let first = samples.first()?;
    let prefix: String = first.chars().take_while(|letter| !letter.is_ascii_digit()).collect();
    let digits = |id: &str| {
        let rest = id.strip_prefix(&prefix)?;
        (!rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())).then_some(rest.len())
    };
    let lengths: Vec<usize> = samples.iter().map(|id| digits(id)).collect::<Option<_>>()?;
    let least = lengths.iter().copied().min()?;
    let least = match prefix.chars().filter(|letter| letter.is_alphabetic()).count() {
        // Short bare numbers are counts, sizes and years.
        0 => least.max(5),
        1 => least.max(2),
        _ => least,
    };
    Regex::new(&format!(r"(?i)\b{}\d{{{least},}}\b", regex::escape(&prefix))).ok()
}
