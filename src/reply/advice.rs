//! Advice and guesses: words only. Durations and targets are no data; everything else that counts is.

use std::sync::LazyLock;

use regex::Regex;

use super::basis::Ground;
use super::mask::mask;
use super::number::{Kind, numbers};
use super::pattern::pattern;
use super::render::render;
use super::text::sanitise;
use super::words;

static TARGET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:target|aim|goal|at least|at most|reduce|raise|cut|lift|bring|increase|decrease|improve|grow|lower|limit|cap|offer|test|pilot|hold ?out|exceeds?|drops? below|falls? below|rises? above|below|above|if|when|whenever|alert|threshold|per|every|maximum|minimum|allocate|shift|invest|sample|up to)\b",
    )
});

static REPORTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:fell|rose|dropped|declined|grew|increased|decreased|jumped|was|were|has|had|is|are|lost|gained|went|accounts? for|generated|reached|made|contributed)\b",
    )
});

/// The text for the reader, or why it may not stand: it holds a data number, or refers to nothing.
///
/// With evidence, names, dates and the period may be placeholders; values may not.
pub(super) fn words_only(text: &str, ground: Option<Ground<'_>>) -> Result<String, String> {
    let (typed, words) = match ground {
        Some(ground) => {
            let rendered = render(text, ground.evidence);
            if let Some(fault) = rendered.faults.first() {
                return Err(format!("{}: {}", fault.code, fault.message));
            }
            if let Some(number) = rendered.numbers.first() {
                return Err(format!("advice_with_number: {number}"));
            }
            (rendered.typed, rendered.text)
        }
        None => (text.to_owned(), sanitise(text)),
    };
    let masked = mask(&typed, ground.map(|ground| ground.lexicon));
    for bare in numbers(&masked.text) {
        if bare.raw.chars().all(char::is_alphabetic) {
            // A spelled-out small count in advice is a plan, not data.
            continue;
        }
        let is_duration = bare.kind == Kind::Minutes;
        let is_target =
            matches!(bare.kind, Kind::Percent | Kind::Points) && TARGET.is_match(&typed) && !REPORTED.is_match(&typed);
        if !is_duration && !is_target {
            return Err(format!("advice_with_number: {}", bare.raw));
        }
    }
    if words::multiples(&typed).iter().any(|claim| {
        claim.word.starts_with("double") || claim.word.starts_with("halv") || claim.word.starts_with("tripl")
    }) && REPORTED.is_match(&typed)
    {
        return Err("advice_with_number: a multiple".to_owned());
    }
    Ok(words)
}
