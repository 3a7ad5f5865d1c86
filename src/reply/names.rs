//! Names and measures: who and what a sentence speaks of must be who and what its cells are about.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::evidence::{Cell, TableKind};

use super::mask::whole_words;
use super::measure;
use super::reason::Reason;
use super::render::MARK;
use super::verify::{Judge, pattern};

/// A row key that the model typed.
pub(super) struct Mention {
    pub(super) range: Range<usize>,
    pub(super) name: String,
    pub(super) rows: Vec<String>,
}

/// Metrics that models like to make up; a claim of one needs a label that says it.
static METRIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:bounce rate|lifetime value|ltv|churn rate|net promoter score|nps|satisfaction(?: score)?|profit|margin|acquisition cost|cac|click-through rate|ctr|cost per click|cpc|roas|impressions|page ?views|market share|headcount|open rate|uptime|support tickets)\b",
    )
});

/// A capitalised name in the place of an entity.
static PROPER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?:in|from|for|among|across|the|of|by|with|via|on)\s(?P<name>[A-Z][\w&.-]+(?:\s[A-Z][\w&.-]+)*)")
});

impl Judge<'_, '_> {
    pub(super) fn names(&mut self) {
        let missing: BTreeSet<String> = self
            .mentions()
            .into_iter()
            .filter(|mention| !mention.rows.iter().any(|row| self.basis.rows.contains(row)))
            .map(|mention| mention.name)
            .collect();
        for name in missing {
            self.fault(Reason::unsupported(
                "name",
                format!("the text names {name}, but no cell of that row is used"),
            ));
        }
        self.strangers();
    }

    /// Capitalised names and well-known metrics that the evidence has never heard of.
    fn strangers(&mut self) {
        let known = self.vocabulary();
        let text = self.masked.text.clone();
        for found in PROPER.captures_iter(&text) {
            let Some(name) = found.name("name").map(|name| name.as_str().trim_end_matches('.')) else {
                continue;
            };
            let acronym = name.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
            if acronym
                || name
                    .split_whitespace()
                    .all(|word| is_calendar(word) || known.contains(&word.to_lowercase()))
            {
                continue;
            }
            self.fault(Reason::unsupported("name", format!("the evidence knows no {name}")));
        }
        if let Some(metric) = METRIC.find(&text) {
            let words = metric.as_str().to_lowercase();
            if !words.split_whitespace().all(|word| known.contains(word)) {
                self.fault(Reason::unsupported("measure", format!("the evidence has no {words}")));
            }
        }
    }

    /// Every word that the evidence prints.
    fn vocabulary(&self) -> BTreeSet<String> {
        let evidence = self.basis.evidence;
        let mut texts: Vec<&str> = evidence
            .notes
            .iter()
            .chain(&evidence.gaps)
            .map(String::as_str)
            .collect();
        for table in &evidence.tables {
            texts.extend([table.title.as_str(), &table.definition, &table.order_rule]);
            texts.extend(table.columns.iter().map(|column| column.label.as_str()));
            for row in &table.rows {
                texts.push(&row.key);
                texts.extend(row.aliases.iter().map(String::as_str));
                texts.extend(row.cells.iter().filter_map(|cell| match cell {
                    Cell::Text(text) => Some(text.as_str()),
                    _ => None,
                }));
            }
        }
        texts
            .iter()
            .flat_map(|text| text.split(|c: char| !c.is_alphanumeric()))
            .map(str::to_lowercase)
            .collect()
    }

    /// The row keys that the model typed, longest first where they overlap.
    pub(super) fn mentions(&self) -> Vec<Mention> {
        let evidence = self.basis.evidence;
        let typed = &self.sentence.typed;
        let mut taken = vec![false; typed.len()];
        let mut entries: Vec<(&str, &str, TableKind)> = Vec::new();
        for table in evidence.tables.iter().filter(|table| table.kind != TableKind::Totals) {
            for row in measure::entities(table) {
                for name in std::iter::once(&row.key).chain(&row.aliases) {
                    entries.push((name, &row.id, table.kind));
                }
            }
        }
        entries.sort_by_key(|(name, ..)| (std::cmp::Reverse(name.len()), *name));
        let labels = evidence.tables.iter().flat_map(|table| &table.columns);
        // A writer leaves out what a label adds in brackets: "active users (mean per day)".
        let spoken = labels.flat_map(|column| {
            [
                column.label.as_str(),
                column.label.split(" (").next().unwrap_or_default(),
            ]
        });
        for label in spoken.filter(|label| label.contains(' ')) {
            for range in whole_words(typed, label) {
                taken[range].fill(true);
            }
        }
        let mut out: Vec<Mention> = Vec::new();
        for (name, row, kind) in entries {
            if name.len() < 2 || name.parse::<Date>().is_ok() || name.parse::<f64>().is_ok() {
                continue;
            }
            for range in whole_words(typed, name) {
                if let Some(same) = out.iter_mut().find(|mention| mention.range == range) {
                    same.rows.push(row.to_owned());
                    continue;
                }
                if taken[range.start] || is_plain_word(typed, &range, name, kind) {
                    continue;
                }
                taken[range.clone()].fill(true);
                out.push(Mention {
                    range,
                    name: name.to_owned(),
                    rows: vec![row.to_owned()],
                });
            }
        }
        out.sort_by_key(|mention| mention.range.start);
        out
    }

    /// A value right after a name must be a value of that name.
    pub(super) fn pairing(&mut self) {
        let typed = &self.sentence.typed;
        let marks: Vec<usize> = typed.match_indices(MARK).map(|(at, _)| at).collect();
        let pieces = &self.sentence.pieces;
        let mut found = Vec::new();
        for index in 1..pieces.len().min(marks.len()) {
            let (name, value) = (&pieces[index - 1], &pieces[index]);
            let own = name.rows.iter().any(|row| value.rows.contains(row));
            if name.name.is_none() || value.cells.is_empty() || own {
                continue;
            }
            let gap = &typed[marks[index - 1] + MARK.len_utf8()..marks[index]];
            if links(gap) && self.same_table(name.rows.first(), value.rows.first()) {
                found.push(Reason::contradicted(
                    "name",
                    format!("{} does not belong to {}", value.source, name.text),
                ));
            }
        }
        // A sentence that names rows may not show another row's value without its name.
        let paired = !found.is_empty();
        let mentions = self.mentions();
        let named: BTreeSet<&String> = pieces
            .iter()
            .filter(|piece| piece.name.is_some())
            .flat_map(|piece| &piece.rows)
            .chain(mentions.iter().flat_map(|mention| &mention.rows))
            .collect();
        for piece in pieces.iter().filter(|piece| piece.name.is_none()) {
            let own = piece.rows.iter().any(|row| {
                named.contains(row) || self.is_summary(row) || named.iter().any(|name| self.same_key(name, row))
            });
            let rival = piece
                .rows
                .iter()
                .find(|row| named.iter().any(|name| self.same_table(Some(name), Some(row))));
            if let Some(row) = rival.filter(|_| !own && !paired) {
                found.push(Reason::contradicted(
                    "name",
                    format!(
                        "{} is a value of {row}, which the sentence does not name; write {{{{{row}}}}}",
                        piece.source
                    ),
                ));
            }
        }
        self.out.faults.extend(found);
    }

    fn same_table(&self, a: Option<&String>, b: Option<&String>) -> bool {
        let table = |row: Option<&String>| Some(self.basis.evidence.row(row?)?.0.id.as_str());
        a.is_some() && table(a) == table(b)
    }

    /// Rows of one name: two metrics of one unusual day.
    fn same_key(&self, a: &str, b: &str) -> bool {
        let key = |row: &str| Some(self.basis.evidence.row(row)?.1.key.as_str());
        key(a).is_some() && key(a) == key(b)
    }

    fn is_summary(&self, row: &str) -> bool {
        self.basis.evidence.row(row).is_some_and(|(_, row)| row.summary)
    }
}

/// Whether only a verb or a bracket stands between a name and its value.
pub(super) fn links(gap: &str) -> bool {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?:'s|’s)?(?:\s+[a-z][a-z-]*){0,3}?\s*(?:\(|:|was|were|is|has|had|with|made|earned|generated|contributed|reached|recorded|saw)?\s*$",
        )
    });
    const BREAKS: [&str; 14] = [
        "and", "but", "while", "versus", "vs", "against", "than", "over", "of", "to", "compared", "from", "at", "or",
    ];
    let breaks = gap.contains([',', ';']) || gap.split_whitespace().any(|word| BREAKS.contains(&word));
    !breaks && LINK.is_match(gap)
}

fn is_calendar(word: &str) -> bool {
    const WORDS: [&str; 26] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "black",
        "cyber",
        "christmas",
        "easter",
        "mondays",
        "weekends",
        "q",
    ];
    WORDS.contains(&word.to_lowercase().trim_end_matches('s')) || WORDS.contains(&word.to_lowercase().as_str())
}

/// "New users" is not the segment New; "the country" is not the field `country`.
fn is_plain_word(text: &str, range: &std::ops::Range<usize>, name: &str, kind: TableKind) -> bool {
    if name.contains([' ', '_', '-', '.', '/']) || name.chars().any(|c| c.is_ascii_digit()) {
        return false;
    }
    let written = &text[range.clone()];
    let (before, after) = (text[..range.start].trim_end(), text[range.end..].trim_start());
    if written != name {
        // Another letter case: a word unless the name is long and of its own.
        let sentence_start = before.is_empty() && written.eq_ignore_ascii_case(name);
        return !(sentence_start && kind == TableKind::Quality) || name.len() <= 3;
    }
    if kind == TableKind::Quality && name.chars().all(|c| c.is_ascii_lowercase()) {
        let marked = before.ends_with(['`', '"', '\'']) || after.starts_with("field") || after.starts_with("column");
        return !marked;
    }
    const COMMON: [&str; 20] = [
        "new",
        "free",
        "power",
        "direct",
        "other",
        "organic",
        "paid",
        "active",
        "trial",
        "mobile",
        "web",
        "returning",
        "email",
        "social",
        "loyal",
        "desktop",
        "all",
        "unknown",
        "referral",
        "search",
    ];
    let common = COMMON.contains(&name.to_lowercase().as_str());
    common && (before.is_empty() || before.ends_with(['.', ':']) || (name == "New" && after.starts_with("users")))
}
