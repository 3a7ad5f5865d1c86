//! The cells that a text without cell citations plainly speaks of: rows and measures that it names, in the tables cited.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::evidence::{At, Column, Role, Row, Table, TableKind, Unit};
use crate::reply::basis::Ground;
use crate::reply::demonyms::country_of;
use crate::reply::first_letters::FirstLetters;
use crate::reply::mask::{mask_found, says, says_one_or_more};
use crate::reply::pattern::pattern;
use crate::reply::periods::BEFORE;

use super::called::{CALLED, TOTALS};

/// What speaks of all rows, whichever it names.
static OF_ALL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:everywhere|across (?:the|our|all)|(?:every|each) [a-z]+|(?:only|just|exactly) (?:\d+|one|two|three|four|five|six) [a-z]+|exceptions?|except|apart from|other than|aside from|all but|every other|no other|none of|(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|half) (?:out )?of (?:(?:the|our|all) )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen)|(?:all|of the) (?:\d+|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen) )",
    )
});

pub(super) fn spoken_of<'a>(text: &str, ground: Ground<'a>, tables: &[&str]) -> Vec<At<'a>> {
    cells_of(&Speech::of(text, ground), ground, tables)
}

/// Beside cells that are cited: only those of rows that the text names, in the tables cited.
pub(super) fn spoken_of_rows<'a>(text: &str, ground: Ground<'a>, tables: &[&str]) -> Vec<At<'a>> {
    if tables.is_empty() {
        return Vec::new();
    }
    let speech = Speech::of(text, ground);
    if !speech.names_rows && !speech.of_all {
        return Vec::new();
    }
    cells_of(&speech, ground, tables)
}

fn cells_of<'a>(speech: &Speech<'_>, ground: Ground<'a>, tables: &[&str]) -> Vec<At<'a>> {
    let mut out = Vec::new();
    for table in &ground.evidence.tables {
        let is_totals = table.kind == TableKind::Totals && !speech.of_all;
        if tables.is_empty() || tables.contains(&table.id.as_str()) || is_totals && speech.names_total(table) {
            speech.cells(table, !tables.is_empty(), &mut out);
        }
    }
    out
}

/// A text, and what is asked of it for each table.
struct Speech<'t> {
    text: &'t str,
    words: FirstLetters,
    /// The rows that it names, but for days.
    named: Vec<&'t str>,
    /// The days named, each with the last one where it begins a span of days.
    days: Vec<Range<Date>>,
    tells_before: bool,
    /// The countries that it calls by their people: "the Swedes", "Turkish".
    people: Vec<&'static str>,
    /// It speaks of all rows.
    of_all: bool,
    /// It names a row that is no total.
    names_rows: bool,
    /// It names a total in full, and no row.
    is_of_totals: bool,
}

impl<'t> Speech<'t> {
    fn of(text: &'t str, ground: Ground<'t>) -> Self {
        let lexicon = ground.lexicon;
        let names = lexicon.find(&text.to_ascii_lowercase());
        let dates = mask_found(text, &names, Some(lexicon)).dates;
        let entries = names.iter().map(|(_, entry)| *entry);
        let named = entries.flat_map(|entry| entry.rows.iter().map(|(row, _)| row).chain(&entry.measure_rows));
        let known = |at: usize| {
            let (_, dated) = &dates[at];
            let mut days = lexicon.days.iter().map(|(day, _)| *day);
            days.find(|day| dated.is(*day))
        };
        let mut days: Vec<Range<Date>> = Vec::new();
        for (at, (range, _)) in dates.iter().enumerate() {
            let Some(day) = known(at) else { continue };
            let is_end = at > 0 && is_span(text, dates[at - 1].0.clone(), range.clone());
            match days.last_mut().filter(|_| is_end) {
                Some(last) => last.end = day,
                None => days.push(day..day),
            }
        }
        // The window of the evidence itself is no choice of days.
        let period = ground.evidence.period;
        if days.len() > 1 {
            days.retain(|days| !(days.start == period.start && days.end == period.end));
        }
        let mut out = Self {
            text,
            words: FirstLetters::of(text),
            named: named.map(|row| &**row).collect(),
            days,
            // What stands beside a current value is known without it.
            tells_before: BEFORE.is_match(text),
            people: people(text),
            of_all: OF_ALL.is_match(text),
            names_rows: false,
            is_of_totals: false,
        };
        let tables = ground
            .evidence
            .tables
            .iter()
            .filter(|table| table.kind != TableKind::Totals);
        out.names_rows = tables.flat_map(|table| &table.rows).any(|row| out.names(row, false));
        let mut totals = ground
            .evidence
            .tables
            .iter()
            .filter(|table| table.kind == TableKind::Totals);
        out.is_of_totals = !out.names_rows && !out.of_all && totals.any(|table| out.names_total(table));
        out
    }

    /// "Total orders", in full, beside another table.
    fn names_total(&self, table: &Table) -> bool {
        let is_said = |row: &Row| self.says_exactly(&row.key) || self.calls_total(&row.key);
        table.rows.iter().any(|row| row.key.contains(' ') && is_said(row))
    }

    fn cells<'a>(&self, table: &'a Table, is_cited: bool, out: &mut Vec<At<'a>>) {
        let is_totals = table.kind == TableKind::Totals;
        if self.is_of_totals && !is_totals && !is_cited {
            return;
        }
        let mut rows: Vec<&Row> = table.rows.iter().filter(|row| self.names(row, is_totals)).collect();
        let names_rows = !rows.is_empty();
        if (!names_rows || self.of_all) && !is_totals {
            rows = table.rows.iter().collect();
        }
        let open = |column: &Column| column.role != Role::Key && (self.tells_before || column.role != Role::Previous);
        let said = |ways: &dyn Fn(&str) -> bool| -> Vec<usize> {
            let columns = table.columns.iter().enumerate();
            let said = columns.filter(|(_, column)| open(column) && ways(short(&column.label)));
            said.map(|(place, _)| place).collect()
        };
        let columns = if is_totals {
            (0..table.columns.len())
                .filter(|place| table.columns[*place].role != Role::Key)
                .collect()
        } else {
            let mut columns = said(&|label| self.says(label));
            match columns.is_empty() {
                true => columns = said(&|label| self.calls(label, is_cited)),
                false => columns.extend(said(&|label| {
                    let calls = self.calls_in_words(label) || is_cited && names_rows && self.calls(label, true);
                    !self.says(label) && calls
                })),
            }
            if self.text.contains("number of ") {
                let counts = table.columns.iter().enumerate();
                let users = counts.filter(|(_, column)| open(column) && column.unit == Unit::Count("users".to_owned()));
                columns.extend(users.map(|(place, _)| place));
            }
            // "Late events" alone are no events.
            let label = |place: usize| short(&table.columns[place].label).to_lowercase();
            let longer: Vec<String> = columns.iter().map(|place| label(*place)).collect();
            columns.retain(|place| {
                let own = label(*place);
                let mut rest = self.text.to_lowercase();
                for other in longer.iter().filter(|other| **other != own && other.contains(&own)) {
                    rest = rest.replace(other.as_str(), " ");
                }
                rest.len() == self.text.len() || says(&rest, &own) || self.calls(&own, is_cited)
            });
            columns.sort_unstable();
            columns.dedup();
            // Whoever names rows of the table cited, and no measure, speaks of one that we have no word for.
            if columns.is_empty() && names_rows && is_cited {
                columns = said(&|_| true);
            }
            columns
        };
        for row in rows {
            let cells = columns
                .iter()
                .filter_map(|place| Some((&table.columns[*place], row.cells.get(*place)?)));
            out.extend(cells.map(|(column, cell)| At {
                table,
                row,
                column,
                cell,
            }));
        }
    }

    fn names(&self, row: &Row, is_totals: bool) -> bool {
        let is_day = |day: &Date| self.days.iter().any(|days| days.start <= *day && *day <= days.end);
        let day = || crate::reply::day::day_of(&row.key).or_else(|| crate::reply::day::month_of(&row.key));
        self.named.contains(&row.id.as_str())
            || row.key.starts_with(|c: char| c.is_ascii_digit()) && self.says_exactly(&row.key)
            || self.people.iter().any(|country| country.eq_ignore_ascii_case(&row.key))
            || is_totals && self.tells_total(&row.key)
            || !self.days.is_empty() && day().is_some_and(|day| is_day(&day))
    }

    /// "Day-30 retention averaged": the total "average day-30 retention".
    fn tells_total(&self, label: &str) -> bool {
        TOTALS.iter().any(|(start, ways)| {
            let rest = label.strip_prefix(start);
            rest.is_some_and(|rest| {
                (self.says(rest) || self.calls(rest, false))
                    && (!self.names_rows || ways.iter().any(|way| self.text.contains(way)))
            })
        }) || self.calls_total(label)
            || label == "new users" && self.calls(label, false)
    }

    fn calls_total(&self, label: &str) -> bool {
        let known = CALLED
            .iter()
            .filter(|(known, _)| *known == label && TOTALS.iter().any(|(start, _)| label.starts_with(start)));
        known.flat_map(|(_, ways)| *ways).any(|way| self.says_exactly(way))
    }

    fn says_exactly(&self, name: &str) -> bool {
        self.words.may_hold(name) && says(self.text, name)
    }

    /// Whether the text says a name, or more of its kind.
    fn says(&self, name: &str) -> bool {
        if !self.words.may_hold(name) {
            return false;
        }
        match name.len() > 4 && !name.ends_with('s') {
            true => says_one_or_more(self.text, name),
            false => says(self.text, name),
        }
    }

    /// Whether it calls a measure by several words, which mean nothing else.
    fn calls_in_words(&self, label: &str) -> bool {
        let known = CALLED.iter().filter(|(known, _)| known.eq_ignore_ascii_case(label));
        let mut ways = known.flat_map(|(_, ways)| *ways).filter(|way| way.contains(' '));
        ways.any(|way| self.says_exactly(way))
    }

    /// Whether it calls a measure by another name: without a table cited, by one that means nothing else.
    fn calls(&self, label: &str, is_cited: bool) -> bool {
        let known = CALLED.iter().filter(|(known, _)| known.eq_ignore_ascii_case(label));
        let is_sure =
            |way: &str| way == "conversion" || way.contains(|c: char| c.is_ascii_uppercase() || " -".contains(c));
        let mut ways = known.flat_map(|(_, ways)| *ways).filter(|way| is_cited || is_sure(way));
        ways.any(|way| self.says(way))
    }
}

fn people(text: &str) -> Vec<&'static str> {
    let words = text.split(|c: char| !c.is_alphabetic());
    let names = words.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
    names.filter_map(|name| country_of(&name.to_lowercase())).collect()
}

fn short(label: &str) -> &str {
    label.trim_end_matches(" (previous period)")
}

/// "from 3 to 9 March": whether the second date ends what the first one begins.
fn is_span(text: &str, first: Range<usize>, second: Range<usize>) -> bool {
    let between = text.get(first.end..second.start).unwrap_or_default().trim();
    let before = text[..first.start].trim_end().to_ascii_lowercase();
    let opens = ["from", "between", "from the", "between the"]
        .iter()
        .any(|word| before.ends_with(word));
    match between {
        "to" | "through" | "until" | "–" | "-" | "to the" => true,
        "and" | "and the" => opens,
        _ => false,
    }
}
