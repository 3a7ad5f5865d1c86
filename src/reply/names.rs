//! Names and measures: who and what a sentence speaks of must be who and what its cells are about.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memchr2;
use regex::Regex;

use crate::evidence::{At, TableKind, Unit};

use super::basis::Basis;
use super::capitals::{is_calendar, is_opener};
use super::demonyms::country_of;
use super::first_letters::FirstLetters;
use super::lexicon::Entry;
use super::measure;
use super::pattern::{Worded, holding, pattern, worded};
use super::placeholder::Shown;
use super::reason::Reason;
use super::render::MARK;
use super::verify::Judge;

/// A row key that the model typed.
#[derive(Debug, Clone)]
pub(super) struct Mention<'b> {
    pub(super) range: Range<usize>,
    pub(super) name: &'b str,
    pub(super) rows: Vec<&'b str>,
}

/// Metrics that models like to make up; a claim of one needs a label that says it.
static METRIC: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?i)\b(?:bounce rate|lifetime value|ltv|churn rate|net promoter score|nps|churn (?:among|hit|reached|stood|came)|satisfaction(?: score)?|profit|margin|acquisition cost|cac|click-through rate|ctr|cost per click|cpc|roas|impressions|page ?views|market share|open rate|uptime|support tickets|downloads|installs|followers|newsletter (?:sign-?ups|subscribers|opens)|abandonment(?: rate)?|engagement rate|watch time|video views|renewals|trial sign-?ups|subscription (?:renewals|starts)|upgrades|downgrades|cancellations|add-to-carts?)\b",
    )
});

/// A capitalised name in the place of an entity.
static PROPER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:[Ii]n|[Ff]rom|[Ff]or|[Aa]mong|[Aa]cross|[Tt]he|of|[Bb]y|[Ww]ith|[Vv]ia|[Oo]n)\s(?P<name>[A-Z][\w&.-]+(?:\s[A-Z][\w&.-]+)*)",
    )
});

impl Judge<'_, '_> {
    pub(super) fn names(&mut self) {
        self.absent();
        let missing: BTreeSet<String> = self
            .mentions
            .iter()
            .filter(|mention| !mention.rows.iter().any(|row| self.basis.uses(row)))
            .filter(|mention| !self.is_left_out(mention) && !self.is_compared_by_table(mention))
            .map(|mention| mention.name.to_owned())
            .collect();
        for name in missing {
            self.fault(Reason::unsupported(
                "name",
                format!("the text names {name}, but no cell of that row is used"),
            ));
        }
        self.strangers();
    }

    /// "Third, behind Push and Referral": whether the table bears out on which side of the one row used others lie.
    fn is_compared_by_table(&self, mention: &Mention<'_>) -> bool {
        let [at] = self.basis.cells.as_slice() else {
            return false;
        };
        // "No country earned more than Japan" is said of Japan.
        if !self.mentions.iter().any(|own| own.rows.contains(&at.row.id.as_str())) {
            return false;
        }
        let Some(is_more) = self.compared_before(mention.range.start) else {
            return false;
        };
        let rows = at
            .table
            .rows
            .iter()
            .filter(|row| mention.rows.contains(&row.id.as_str()));
        let mut others = rows.filter_map(|row| measure::column_of(at, row)?.exact());
        others.any(|other| at.exact().is_some_and(|own| own != other && (own > other) == is_more))
    }

    /// "Everything but Gift card".
    pub(super) fn is_left_out(&self, mention: &Mention<'_>) -> bool {
        const BUT: [&str; 12] = [
            "everywhere but",
            "everywhere but in",
            "all but in",
            "but for",
            "everything but",
            "everyone but",
            "all but",
            "except",
            "except for",
            "excluding",
            "other than",
            "apart from",
        ];
        let before = self.sentence.typed[..mention.range.start].trim_end().to_lowercase();
        BUT.iter().any(|words| before.ends_with(words))
    }

    /// A row is used that the sentence does not name, while it names something that the evidence has never heard of.
    fn absent(&mut self) {
        let pieces = &self.sentence.pieces;
        let states = !self.numbers.is_empty() || !self.directions.is_empty() || !self.superlatives.is_empty();
        if !states && pieces.is_empty() {
            return;
        }
        let shown = pieces
            .iter()
            .filter(|piece| matches!(piece.shown, Shown::Name | Shown::Date));
        let said = self.subjects.iter().flat_map(|subject| subject.rows.iter().copied());
        let named: Vec<&str> = said
            .chain(shown.flat_map(|piece| piece.rows.iter().map(String::as_str)))
            .collect();
        let own = self.own_cells();
        let entities = own
            .iter()
            .filter(|at| at.table.kind != TableKind::Totals && !at.row.summary && at.column.unit != Unit::OfRow);
        let (spoken, silent): (Vec<&At<'_>>, Vec<&At<'_>>) =
            entities.partition(|at| named.contains(&at.row.id.as_str()));
        // Where the program writes the values, one name is enough for all of them.
        if silent.is_empty() || !pieces.is_empty() && !spoken.is_empty() {
            return;
        }
        let other = self
            .plain
            .iter()
            .find(|mention| !mention.rows.iter().any(|row| self.basis.uses(row)));
        let stranger = match other {
            Some(mention) if self.basis.rows().len() < 3 => Some(mention.name.to_owned()),
            _ => self.stranger(),
        };
        if let Some(name) = stranger {
            self.fault(Reason::unsupported(
                "name",
                format!("the text names {name}, which is none of the rows used"),
            ));
        }
    }

    /// Whether the evidence prints a word, or, where it may as well be a plain one, another form of it.
    fn knows(&self, word: &str, is_plain: bool) -> bool {
        let lexicon = self.basis.lexicon;
        lexicon.knows(word) || (is_plain || word.len() > 5) && lexicon.knows(word.trim_end_matches('s'))
    }

    /// The first word that looks like a name and stands nowhere in the evidence.
    fn stranger(&self) -> Option<String> {
        let typed = &self.masked.text;
        let mut first = true;
        for (at, token) in tokens(typed) {
            let begins = std::mem::replace(&mut first, false) || opens(&typed[..at]);
            let lower = token.to_lowercase();
            let capital = token.starts_with(|c: char| c.is_ascii_uppercase()) && token.len() > 2;
            if !capital
                || is_calendar(token)
                || lower
                    .split(|c: char| !c.is_alphanumeric())
                    .all(|part| self.knows(part, begins))
            {
                continue;
            }
            let is_used = |country: &str| {
                self.basis
                    .cells
                    .iter()
                    .any(|at| at.row.key.eq_ignore_ascii_case(country))
            };
            if country_of(&lower).is_some_and(is_used) {
                continue;
            }
            let after = &typed[at + token.len()..];
            // "VIP users" are a segment, and no term.
            const SEGMENTS: [&str; 7] = [
                " users",
                " segment",
                " customers",
                " tier",
                " plan",
                " channel",
                " members",
            ];
            let is_segment = SEGMENTS.iter().any(|noun| after.starts_with(noun));
            // "Refund rate from SMS outreach".
            const FROM: [&str; 5] = [" from ", " among ", " via ", " for ", " through "];
            const TERMS: [&str; 16] = [
                "USD", "EUR", "GBP", "JPY", "AOV", "ARPU", "DAU", "MAU", "KPI", "KPIs", "YoY", "D1", "D7", "D30", "US",
                "UK",
            ];
            let is_source = FROM.iter().any(|word| typed[..at].ends_with(word)) && !TERMS.contains(&token);
            let acronym = !is_segment && !is_source && token.trim_end_matches('s').chars().all(|c| !c.is_lowercase());
            if acronym || begins && (is_opener(&lower) || after.starts_with([',', ':'])) {
                continue;
            }
            return Some(token.to_owned());
        }
        None
    }

    /// Capitalised names and well-known metrics that the evidence has never heard of.
    fn strangers(&mut self) {
        let lexicon = self.basis.lexicon;
        let text = &self.masked.text;
        let may_tell_field = memchr2(b'`', b'_', text.as_bytes()).is_some();
        let mut fields = may_tell_field.then(|| tokens(text)).into_iter().flatten();
        let field = fields.find(|(at, token)| {
            let quoted = text[..*at].ends_with('`') && text[at + token.len()..].starts_with('`');
            (quoted || token.trim_matches('_').contains('_')) && !lexicon.knows(&token.to_lowercase())
        });
        let field = field.map(|(_, field)| field);
        for name in field.into_iter().chain(unknown_names(text, |word| lexicon.knows(word))) {
            let message = format!("the evidence knows no {name}");
            self.out.faults.push(Reason::unsupported("name", message));
        }
        if let Some(field) = self.unknown_field() {
            self.fault(Reason::unsupported(
                "name",
                format!("the evidence knows no field {field}"),
            ));
        }
        if let Some(metric) = self.other_retention().map(str::to_owned) {
            self.fault(Reason::unsupported("measure", format!("the evidence has no {metric}")));
        }
        if let Some(metric) = unknown_metric(&self.sentence.typed, &self.first_letters, |word| lexicon.knows(word)) {
            self.fault(Reason::unsupported("measure", format!("the evidence has no {metric}")));
        }
    }

    /// "The latitude field" where fields are rows, and none is called so.
    fn unknown_field(&self) -> Option<String> {
        static FIELD: LazyLock<Worded> = LazyLock::new(|| {
            holding(
                r"(?i)\b(?:field|column)\b",
                r"\b[Tt]he (?P<field>[a-z_]{3,}) (?:field|column)\b",
            )
        });
        const OTHERS: [&str; 12] = [
            "same",
            "whole",
            "only",
            "affected",
            "remaining",
            "respective",
            "relevant",
            "named",
            "quality",
            "data",
            "entire",
            "leading",
        ];
        let is_of_fields = self.basis.cells.iter().any(|at| at.table.kind == TableKind::Quality);
        let found = FIELD.among(&self.first_letters).filter(|_| is_of_fields)?;
        let field = found.captures(&self.masked.text)?["field"].to_owned();
        let is_plain = OTHERS.contains(&field.as_str()) || is_opener(&field) || field.ends_with("est");
        (!is_plain && !self.basis.lexicon.knows(&field)).then_some(field)
    }

    /// "Day-14 retention" where the evidence has that of other days.
    fn other_retention(&self) -> Option<&str> {
        static DAY: LazyLock<Worded> = LazyLock::new(|| {
            holding(
                r"(?i)\bretention\b",
                r"(?i)\b(?:day[- ]?|d)(?P<day>\d{1,3})[- ]retention\b",
            )
        });
        let found = DAY.among(&self.first_letters)?.captures(&self.sentence.typed)?;
        let label = format!("day-{} retention", &found["day"]);
        let is_known = self.basis.lexicon.has_measure_like(&label);
        found.get(0).filter(|_| !is_known).map(|found| found.as_str())
    }

    /// A value right after a name must be a value of that name.
    pub(super) fn pairing(&mut self) {
        if self.sentence.pieces.is_empty() {
            return;
        }
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
            let same_table = match (name.rows.first(), value.rows.first()) {
                (Some(a), Some(b)) => self.same_table(a, b),
                _ => false,
            };
            if links(gap) && same_table {
                found.push(Reason::contradicted(
                    "name",
                    format!("{} does not belong to {}", value.source, name.text),
                ));
            }
        }
        // A sentence that names rows may not show another row's value without its name.
        let paired = !found.is_empty();
        let shown = pieces.iter().filter(|piece| piece.name.is_some());
        let named: BTreeSet<&str> = shown
            .flat_map(|piece| piece.rows.iter().map(String::as_str))
            .chain(self.mentions.iter().flat_map(|mention| mention.rows.iter().copied()))
            .collect();
        for piece in pieces.iter().filter(|piece| piece.name.is_none()) {
            let own = piece.rows.iter().any(|row| {
                named.contains(row.as_str())
                    || self.is_summary(row)
                    || named.iter().any(|name| self.same_key(name, row))
            });
            let rival = piece
                .rows
                .iter()
                .find(|row| named.iter().any(|name| self.same_table(name, row)));
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

    fn same_table(&self, a: &str, b: &str) -> bool {
        let table = |row: &str| Some(self.basis.evidence.row(row)?.0.id.as_str());
        table(a) == table(b)
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

/// Capitalised names in the place of an entity of which not every word is known; words are asked for in lower case.
pub(super) fn unknown_names(text: &str, knows: impl Fn(&str) -> bool) -> Vec<&str> {
    let is_name = |two: &[u8]| two[0].is_ascii_whitespace() && two[1].is_ascii_uppercase();
    if !text.as_bytes().windows(2).any(is_name) {
        return Vec::new();
    }
    let names = PROPER.captures_iter(text).filter_map(|found| found.name("name"));
    names
        .map(|name| name.as_str().trim_end_matches('.'))
        .filter(|name| {
            let acronym = name.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
            let is_known = |word: &str| {
                let lower = word.to_lowercase();
                let is_country = || country_of(&lower).is_some_and(|country| country.split(' ').all(&knows));
                is_calendar(word) || knows(&lower) || is_country()
            };
            // "the No. 1 channel".
            !acronym && *name != "No" && !name.starts_with("New Year") && !name.split_whitespace().all(is_known)
        })
        .collect()
}

/// A metric that models like to make up and of which not every word is known; words are asked for in lower case.
pub(super) fn unknown_metric(text: &str, words: &FirstLetters, knows: impl Fn(&str) -> bool) -> Option<String> {
    let found = METRIC.among(words)?.find(text)?;
    let metric = found.as_str().to_lowercase();
    // "Ahead by a margin of $4,200" is a gap.
    let is_gap = metric == "margin"
        && text[..found.start()]
            .trim_end()
            .rsplit(' ')
            .take(4)
            .any(|word| word == "by");
    if is_gap {
        return None;
    }
    // "Churn among students" is a metric, "churn" alone may be a worry.
    let is_known = match metric.strip_prefix("churn ") {
        Some(rest) if rest != "rate" => knows("churn"),
        _ => metric.split_whitespace().all(knows),
    };
    (!is_known).then_some(metric)
}

/// The row keys that the model typed; and those that may as well be plain words ("New users") and name no row used.
pub(super) fn mentions<'b>(
    typed: &str,
    names: &[(Range<usize>, &'b Entry)],
    basis: &Basis<'_>,
) -> [Vec<Mention<'b>>; 2] {
    let mut out = [Vec::new(), Vec::new()];
    for (range, entry) in names.iter().filter(|(_, entry)| !entry.rows.is_empty()) {
        let kind = entry.rows.first().map_or(TableKind::Entities, |(_, kind)| *kind);
        let is_used = entry.rows.iter().any(|(row, _)| basis.uses(row));
        let same_case = *singular(&typed[range.clone()], &entry.written) == *entry.written;
        let is_plain =
            is_plain_word(typed, range, &entry.written, kind) && !(is_used && same_case && kind == TableKind::Entities);
        out[usize::from(is_plain)].push(Mention {
            range: range.clone(),
            name: &entry.written,
            rows: entry.rows.iter().map(|(row, _)| &**row).collect(),
        });
    }
    // Beside a field that can be nothing else, another one used is a field too: "ahead of currency and utm_source".
    let is_field = |mention: &Mention<'_>| {
        names.iter().any(|(range, entry)| {
            *range == mention.range && entry.rows.first().is_some_and(|(_, kind)| *kind == TableKind::Quality)
        })
    };
    if out[0].iter().any(is_field) {
        let [named, plain] = &mut out;
        let is_used = |mention: &Mention<'_>| mention.rows.iter().any(|row| basis.uses(row));
        let is_same = |mention: &Mention<'_>| typed[mention.range.clone()] == *mention.name;
        named.extend(plain.extract_if(.., |mention| is_field(mention) && is_used(mention) && is_same(mention)));
        named.sort_by_key(|mention| mention.range.start);
    }
    out
}

/// Words with what belongs to them: "Out-of-home", "coupon_code".
fn tokens(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '&');
    let parts = text
        .split(move |c: char| !is_inner(c))
        .filter(|token| !token.is_empty());
    parts.map(move |token| (token.as_ptr() as usize - text.as_ptr() as usize, token))
}

/// Whether a sentence, or a clause set off at its beginning, starts after this text.
fn opens(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '*', '`', '"', '\'', '(', '[', '\u{1}']);
    before.is_empty() || before.ends_with(['.', ':', '!', '?', ')', ']', '-', ',', ';', '•', '>'])
}

/// Whether only a verb or a bracket stands between a name and its value.
pub(super) fn links(gap: &str) -> bool {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)^(?:'s|’s)?(?:\s+[a-z][a-z0-9-]*(?:'s|’s)?){0,4}?\s*(?:\(|:|was|were|is|has|had|with|made|earned|generated|contributed|reached|recorded|saw)?\s*$",
        )
    });
    const BREAKS: [&str; 14] = [
        "and", "but", "while", "versus", "vs", "against", "than", "over", "of", "to", "compared", "from", "at", "or",
    ];
    let breaks = gap.contains([',', ';']) || gap.split_whitespace().any(|word| BREAKS.contains(&word));
    !breaks && LINK.is_match(gap)
}

/// A name as it is written, one for many: "Grinders".
fn singular<'t>(written: &'t str, name: &str) -> &'t str {
    written
        .strip_suffix('s')
        .filter(|one| one.len() == name.len())
        .unwrap_or(written)
}

/// "New users" is not the segment New; "the country" is not the field `country`.
fn is_plain_word(text: &str, range: &std::ops::Range<usize>, name: &str, kind: TableKind) -> bool {
    if name.contains([' ', '_', '-', '.', '/']) || name.chars().any(|c| c.is_ascii_digit()) {
        return false;
    }
    let written = singular(&text[range.clone()], name);
    let (before, after) = (text[..range.start].trim_end(), text[range.end..].trim_start());
    if written != name {
        // Another letter case: a word unless the name is long and of its own.
        let opens = before.is_empty() || before.ends_with([')', ':', '.', ']']);
        let sentence_start = opens && written.eq_ignore_ascii_case(name);
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
