//! One sentence of the coordinator against the findings that it uses.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::insight::Finding;

use super::dates::Dated;
use super::first_letters::FirstLetters;
use super::mask::{mask, says, whole_words};
use super::names::{unknown_metric, unknown_names};
use super::number::{Bare, Kind, numbers};
use super::pattern::pattern;
use super::render::MARK;
use super::text::sanitise;
use super::words;

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\{\{\s*([Ff]\d+)(?:\.n(\d+))?\s*\}\}"));

/// A sentence that passed, with the findings behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    pub text: String,
    pub uses: Vec<String>,
}

/// Renders and checks one sentence; the error says why it may not stand.
pub(super) fn check_sentence(
    text: &str,
    uses: &[String],
    findings: &[Finding],
    must_use: bool,
) -> Result<Sentence, String> {
    let mut used: Vec<&Finding> = findings.iter().filter(|finding| uses.contains(&finding.id)).collect();
    let Filled {
        rendered,
        typed,
        numbered,
    } = fill(text, findings, &mut used)?;
    if must_use && used.is_empty() {
        return Err("uses: it rests on no finding".to_owned());
    }
    let masked = mask(&typed, None);
    check_numbers(&masked.text, &typed, &used)?;
    check_dates(masked.dates.into_iter().map(|(_, date)| date), &used)?;
    check_words(&masked.text, &used)?;
    let own: BTreeSet<&String> = used.iter().flat_map(|finding| &finding.names).collect();
    if let Some(name) = names_in(&typed, findings).into_iter().find(|name| !own.contains(name)) {
        return Err(format!("name: {name} is not a subject of the findings used"));
    }
    check_strangers(&masked.text, findings)?;
    check_pairs(&typed, &numbered, findings)?;
    let states = typed.contains(MARK) || !numbers(&masked.text).is_empty();
    if states && says_before(&typed) && !used.iter().any(|finding| says_before(&finding.text)) {
        return Err("period: no finding used is about the previous period".to_owned());
    }
    let text = if words::claims_cause(&typed) && !share_a_name(&used) {
        words::soften(&rendered)
    } else {
        rendered
    };
    Ok(Sentence {
        text: sanitise(&text),
        uses: used.iter().map(|finding| finding.id.clone()).collect(),
    })
}

/// The names of findings that a text mentions.
pub(super) fn names_in<'a>(text: &str, findings: &'a [Finding]) -> Vec<&'a String> {
    let mut names: Vec<&String> = Vec::new();
    for (_, name) in mentions(text, findings) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Where a text mentions which name of a finding.
fn mentions<'a>(text: &str, findings: &'a [Finding]) -> Vec<(usize, &'a String)> {
    let mut names: Vec<&String> = findings.iter().flat_map(|finding| &finding.names).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.dedup();
    let mut free = text.to_owned();
    let mut out = Vec::new();
    for name in names {
        // A measure such as "revenue" is a word of the language, not a name.
        if name.len() < 2 || !name.chars().any(|c| c.is_uppercase() || c.is_ascii_digit() || c == '_') {
            continue;
        }
        for range in whole_words(&free.clone(), name) {
            if free[range.clone()] == **name {
                out.push((range.start, name));
            }
            free.replace_range(range.clone(), &" ".repeat(range.len()));
        }
    }
    out
}

/// No sentence names what no finding has heard of.
fn check_strangers(masked: &str, findings: &[Finding]) -> Result<(), String> {
    let told = findings
        .iter()
        .flat_map(|finding| [&finding.title, &finding.text].into_iter().chain(&finding.names));
    let words: BTreeSet<String> = told.flat_map(|text| words_of(text)).collect();
    let knows = |name: &str| words_of(name).all(|word| words.contains(&word));
    if let Some(name) = unknown_names(masked, knows).first() {
        return Err(format!("name: no finding knows {name}"));
    }
    match unknown_metric(masked, &FirstLetters::of(masked), knows) {
        Some(metric) => Err(format!("measure: no finding knows {metric}")),
        None => Ok(()),
    }
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A number of a finding stands with the names of that finding: those since the number before it, else any before it.
fn check_pairs(typed: &str, numbered: &[(usize, &Finding)], findings: &[Finding]) -> Result<(), String> {
    let mentions = mentions(typed, findings);
    let mut from = 0;
    for (at, finding) in numbered {
        let near: Vec<&String> = within(&mentions, from..*at);
        let near = if near.is_empty() {
            within(&mentions, 0..*at)
        } else {
            near
        };
        if let Some(name) = near.first()
            && !finding.names.is_empty()
            && !near.iter().any(|name| finding.names.contains(name))
        {
            return Err(format!("name: a number of {} is said of {name}", finding.id));
        }
        if let Some(measure) = foreign_measure(&typed[from..*at], finding, findings) {
            return Err(format!("name: a number of {} is said of {measure}", finding.id));
        }
        from = *at;
    }
    Ok(())
}

/// A measure that other findings are about and this one is not.
fn foreign_measure<'a>(text: &str, finding: &Finding, findings: &'a [Finding]) -> Option<&'a String> {
    let own = format!("{} {}", finding.title, finding.text);
    let speaks = |name: &&String| says(text, name) && !says(&own, name);
    let measures = findings.iter().flat_map(|finding| &finding.names);
    let is_measure =
        |name: &&String| name.len() > 4 && !name.contains(|c: char| c.is_uppercase() || c.is_ascii_digit());
    // A finding of a table's cell need not name the measure of another table.
    let stands_alone = finding.names.iter().any(|name| is_measure(&name));
    measures.filter(is_measure).find(speaks).filter(|_| stands_alone)
}

fn within<'a>(mentions: &[(usize, &'a String)], range: Range<usize>) -> Vec<&'a String> {
    let found = mentions.iter().filter(|(at, _)| range.contains(at));
    found.map(|(_, name)| *name).collect()
}

/// Whether a text states something of the time before; a comparison with it does not.
fn says_before(text: &str) -> bool {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?P<base>(?:compared (?:with|to)|relative to|against|versus|vs\.?|than|on|over|since|from|to)\s(?:in\s|the\s|that\sof\s|those\sof\s)*)?(?:previously|formerly|(?:previous|prior|preceding|last|earlier)\s(?:period|window|week|month|quarter|year|value|level))\b",
        )
    });
    BEFORE.captures_iter(text).any(|found| found.name("base").is_none())
}

/// A sentence with its placeholders filled in.
struct Filled<'a> {
    rendered: String,
    /// What of it the model typed.
    typed: String,
    /// Where single numbers of findings stand in what was typed.
    numbered: Vec<(usize, &'a Finding)>,
}

fn fill<'a>(text: &str, findings: &'a [Finding], used: &mut Vec<&'a Finding>) -> Result<Filled<'a>, String> {
    let (mut rendered, mut typed, mut numbered) = (String::new(), String::new(), Vec::new());
    let mut end = 0;
    for found in PLACEHOLDER.captures_iter(text) {
        let (Some(whole), Some(id)) = (found.get(0), found.get(1)) else {
            continue;
        };
        let before = &text[end..whole.start()];
        end = whole.end();
        rendered.push_str(before);
        typed.push_str(before);
        let finding = findings
            .iter()
            .find(|finding| finding.id.eq_ignore_ascii_case(id.as_str()))
            .ok_or_else(|| format!("bad_ref: there is no finding {}", id.as_str()))?;
        if !used.iter().any(|known| known.id == finding.id) {
            used.push(finding);
        }
        match found.get(2) {
            Some(n) => {
                let n: usize = n.as_str().parse().unwrap_or(0);
                let number = n
                    .checked_sub(1)
                    .and_then(|index| finding.numbers.get(index))
                    .ok_or_else(|| format!("bad_ref: {} has no number {n}", finding.id))?;
                let glued =
                    before.ends_with(|c: char| c.is_ascii_digit() || "$€£-−+.".contains(c) && !before.ends_with(". "));
                let after = text[end..].trim_start();
                let unit = ["%", "percent", "pp", "million", "k ", "M ", "billion", "thousand"]
                    .iter()
                    .any(|unit| after.starts_with(unit));
                if glued || unit || text[end..].starts_with(|c: char| c.is_ascii_digit()) {
                    return Err(format!("unit: something is glued to {}", whole.as_str()));
                }
                rendered.push_str(number);
                numbered.push((typed.len(), finding));
            }
            None => rendered.push_str(&clause(finding, rendered.trim().is_empty())),
        }
        typed.push(MARK);
    }
    rendered.push_str(&text[end..]);
    typed.push_str(&text[end..]);
    if typed.contains("{{") || typed.contains("}}") {
        return Err("bad_ref: a placeholder is not of the form {{F1}} or {{F1.n1}}".to_owned());
    }
    Ok(Filled {
        rendered,
        typed,
        numbered,
    })
}

/// A finding's text as a part of a sentence.
fn clause(finding: &Finding, at_start: bool) -> String {
    let text = finding.text.trim().trim_end_matches('.');
    let first = text.split_whitespace().next().unwrap_or_default();
    let plain =
        first.chars().skip(1).all(char::is_lowercase) && !finding.names.iter().any(|name| name.starts_with(first));
    if at_start || !plain {
        return text.to_owned();
    }
    let mut characters = text.chars();
    match characters.next() {
        Some(letter) => letter.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn check_numbers(masked: &str, typed: &str, used: &[&Finding]) -> Result<(), String> {
    let known: Vec<Bare> = used
        .iter()
        .flat_map(|finding| {
            let mut all = numbers(&mask(&finding.text, None).text);
            all.extend(finding.numbers.iter().flat_map(|number| numbers(number)));
            all
        })
        .collect();
    for bare in numbers(masked) {
        let spelled = bare.raw.chars().all(char::is_alphabetic);
        if spelled && (bare.value as usize) <= used.len() {
            continue;
        }
        let same = |other: &Bare| {
            other.kind == bare.kind
                && (other.value - bare.value).abs() <= bare.value.abs() * 1e-9
                && (bare.sign.is_none() || other.sign.is_none() || bare.sign == other.sign)
        };
        if !known.iter().any(same) {
            return Err(format!("number: \"{}\" is no number of the findings used", bare.raw));
        }
    }
    let texts: String = used
        .iter()
        .map(|finding| finding.text.to_lowercase())
        .collect::<Vec<_>>()
        .join(" ");
    for claim in words::multiples(typed) {
        if !texts.contains(&claim.word) {
            return Err(format!("number: \"{}\" is said by no finding used", claim.word));
        }
    }
    if numbers(masked)
        .iter()
        .any(|bare| bare.kind == Kind::Ordinal && !texts.contains(&bare.raw))
    {
        return Err("rank: a rank is said by no finding used".to_owned());
    }
    Ok(())
}

fn check_dates(mut dates: impl Iterator<Item = Dated>, used: &[&Finding]) -> Result<(), String> {
    let known: Vec<Dated> = used
        .iter()
        .flat_map(|finding| mask(&finding.text, None).dates)
        .map(|(_, date)| date)
        .collect();
    let same = |a: &Dated, b: &Dated| {
        a.month == b.month
            && (a.day.is_none() || a.day == b.day)
            && (a.year.is_none() || b.year.is_none() || a.year == b.year)
    };
    match dates.find(|date| !known.iter().any(|other| same(date, other))) {
        Some(_) => Err("date: no finding used names this date".to_owned()),
        None => Ok(()),
    }
}

/// Directions and superlatives must be those of the findings used.
fn check_words(masked: &str, used: &[&Finding]) -> Result<(), String> {
    const STRICT: [&str; 9] = [
        "highest", "lowest", "largest", "smallest", "biggest", "steepest", "sharpest", "fewest", "greatest",
    ];
    let said: BTreeSet<i8> = used
        .iter()
        .flat_map(|finding| words::directions(&format!("{}. {}", finding.title, finding.text)))
        .map(|direction| direction.sign)
        .chain(
            used.iter()
                .flat_map(|finding| &finding.numbers)
                .filter_map(|number| match number.chars().next() {
                    Some('-') => Some(-1),
                    Some('+') => Some(1),
                    _ => None,
                }),
        )
        .collect();
    if let Some(direction) = words::directions(masked)
        .iter()
        .find(|direction| !said.contains(&direction.sign))
    {
        return Err(format!("word: \"{}\" is said by no finding used", direction.word));
    }
    let texts: String = used
        .iter()
        .map(|finding| format!("{} {} ", finding.title, finding.text))
        .collect();
    let ranked = !words::superlatives(&texts).is_empty();
    match words::superlatives(masked)
        .iter()
        .find(|claim| STRICT.contains(&claim.word.as_str()) && !ranked)
    {
        Some(claim) => Err(format!("word: \"{}\" is said by no finding used", claim.word)),
        None => Ok(()),
    }
}

fn share_a_name(used: &[&Finding]) -> bool {
    used.iter().enumerate().any(|(index, a)| {
        used[index + 1..]
            .iter()
            .any(|b| a.names.iter().any(|name| b.names.contains(name)))
    })
}
