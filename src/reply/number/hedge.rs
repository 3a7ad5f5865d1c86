//! What stands around a number and makes it about right, or a bound: "just over", "fell short of", "98 % or better".

use std::sync::LazyLock;

use regex::Regex;

use crate::reply::pattern::pattern;
use crate::reply::words;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hedge {
    Exact,
    About,
    Above,
    Below,
    JustAbove,
    JustBelow,
}

const ABOUTS: &str = r"about|roughly|around|approximately|approx\.?|some|close to|circa|ca\.|~|an estimated|estimated|nearing|in the region of|on the order of|or so|more or less|≈";
static ABOUT: LazyLock<Regex> = LazyLock::new(|| hedge(ABOUTS));
const ABOVES: &str = r"over|more than|better than|at least|above|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?|beyond|in excess of|topp(?:ed|ing)|tops|no less than|no fewer than|just over|upwards of|north of|(?:greater|higher|larger|bigger) than|(?:go(?:es)?|went|got|rose|climbed) past|past|pass(?:es|ed)|cross(?:es|ed)|broke(?: through)?|on the far side of|beat(?:s|ing)?|even|clear(?:s|ed)|>|>=|≥";
static ABOVE: LazyLock<Regex> = LazyLock::new(|| hedge(ABOVES));
const BELOWS: &str = r"nearly|almost|under|fewer than|less than|below|just under|up to|at most|no more than|not more than|short of|not quite|not even|lower than|smaller than|<|<=|≤";
static BELOW: LazyLock<Regex> = LazyLock::new(|| hedge(BELOWS));

const JUST_ABOVES: &str = r"(?:just|barely|slightly|a little|a shade|a touch) (?:over|above|more than)";
static JUST_ABOVE: LazyLock<Regex> = LazyLock::new(|| hedge(JUST_ABOVES));
const JUST_BELOWS: &str =
    r"(?:just|barely|slightly|a little|a shade|a touch) (?:under|below|less than|shy of|short of)";
static JUST_BELOW: LazyLock<Regex> = LazyLock::new(|| hedge(JUST_BELOWS));
/// Any of them: most numbers have none.
static HEDGE: LazyLock<Regex> =
    LazyLock::new(|| hedge(&[ABOUTS, ABOVES, BELOWS, JUST_ABOVES, JUST_BELOWS, MISSED, NEVER_BEYOND].join("|")));

/// What the words before a number make of it.
pub(super) fn hedge_before(before: &str) -> Hedge {
    let before = tail(before.trim_end_matches(['(', '+', '-']));
    if before.trim_end().ends_with(" of") {
        return limit_of_measure(before.trim_end());
    }
    if !HEDGE.is_match(before) {
        return Hedge::Exact;
    }
    hedge_of(before)
}

fn hedge_of(before: &str) -> Hedge {
    let adds_up = ["add", "adds", "added", "adding", "sum", "sums", "summed"];
    let added = before
        .trim_end()
        .strip_suffix(" up to")
        .and_then(|before| before.rsplit(' ').next());
    if added.is_some_and(|verb| adds_up.contains(&verb)) || words::moves_up_to(before) {
        // "went up to 7 %" states a direction, no bound.
        Hedge::Exact
    } else if JUST_BELOW.is_match(before) {
        Hedge::JustBelow
    } else if JUST_ABOVE.is_match(before) {
        Hedge::JustAbove
    } else if NEVER.is_match(before) {
        let before = before.trim_end();
        let is_floor = before.ends_with("below") || before.ends_with("under");
        if is_floor { Hedge::Above } else { Hedge::Below }
    } else if MISSES.is_match(before) {
        Hedge::Below
    } else if says_no_less(before) {
        Hedge::Above
    } else if BELOW.is_match(before) {
        Hedge::Below
    } else if ABOVE.is_match(before) {
        Hedge::Above
    } else if ABOUT.is_match(before) {
        Hedge::About
    } else {
        Hedge::Exact
    }
}

/// "failed to clear", "never reached".
const MISSED: &str = r"(?:fail(?:s|ed|ing)? to|did(?: not|n['’]t)|do(?:es)?(?: not|n['’]t)|never|could(?: not|n['’]t)|not) (?:even )?(?:clear(?:s|ed)?|reach(?:es|ed)?|exceed(?:s|ed)?|top(?:s|ped)?|hit|pass(?:es|ed)?|surpass(?:es|ed)?|break|broke|beat|cross(?:es|ed)?)";
static MISSES: LazyLock<Regex> = LazyLock::new(|| hedge(MISSED));

/// "did not drop below".
const NEVER_BEYOND: &str = r"(?:did(?: not|n['’]t)|do(?:es)?(?: not|n['’]t)|never|not|without) (?:ever |once )?(?:drop|fall|go|dip|sink|slip|rise|climb|get|went|fell|dropped|dipped|sank|slipped|rose|climbed|got|dropping|falling|going|dipping|rising|climbing)(?:s|ped)? (?:below|under|above|over|past|beyond)";
static NEVER: LazyLock<Regex> = LazyLock::new(|| hedge(NEVER_BEYOND));

/// "no fewer than", which ends as "fewer than" does.
fn says_no_less(before: &str) -> bool {
    const LEAST: [&str; 6] = [
        "no less than",
        "no fewer than",
        "not less than",
        "not fewer than",
        "no lower than",
        "no smaller than",
    ];
    let before = before.trim_end().to_ascii_lowercase();
    LEAST.iter().any(|words| before.ends_with(words))
}

/// "below a day-1 retention of".
fn limit_of_measure(before: &str) -> Hedge {
    static LIMIT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:(?P<above>above|over|beyond|exceed(?:s|ed|ing)?)|(?P<below>below|under)) an? [^.,;:]{2,40} of$",
        )
    });
    match LIMIT.captures(before) {
        Some(found) if found.name("above").is_some() => Hedge::Above,
        Some(_) => Hedge::Below,
        None if HEDGE.is_match(before) => hedge_of(before),
        None => Hedge::Exact,
    }
}

/// The last words of a text: no hedge is longer.
fn tail(text: &str) -> &str {
    const LONGEST: usize = 48;
    let mut from = text.len().saturating_sub(LONGEST);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    &text[from..]
}

fn hedge(words: &str) -> Regex {
    pattern(&format!(r"(?i)(?:^|[^\w])(?:{words})(?:\s(?:the|a))?\s?$"))
}

/// "$3,100,000 is a level that revenue did not reach".
static LEVEL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^ is (?:a|the) (?:level|mark|threshold|line|figure|number|value) (?:that |which )?[^.;,]{2,60}?\b(?:(?P<missed>did not|did n['’]t|didn['’]t|never|failed to|fell short of|missed|stayed below|remained below|was below)|exceed|pass|reach|clear|top|beat|surpass|cross)",
    )
});

/// "98 % or better", "500 or fewer".
pub(super) fn hedge_after(after: &str) -> Hedge {
    const ABOVE: [&str; 7] = ["better", "more", "higher", "above", "greater", "over", "longer"];
    const BELOW: [&str; 7] = ["less", "lower", "fewer", "below", "under", "worse", "shorter"];
    if let Some(found) = after.starts_with(" is ").then(|| LEVEL.captures(after)).flatten() {
        return if found.name("missed").is_some() {
            Hedge::Below
        } else {
            Hedge::Above
        };
    }
    // "98 % or better", "150 orders or more".
    let noun = after
        .strip_prefix(' ')
        .and_then(|after| after.find(' ').map(|end| &after[end..]));
    let Some(word) = after.strip_prefix(" or ").or_else(|| noun?.strip_prefix(" or ")) else {
        return Hedge::Exact;
    };
    let begins = |words: &[&str]| words.iter().any(|known| word.starts_with(known));
    match (begins(&ABOVE), begins(&BELOW)) {
        (true, _) if !word.starts_with("more or less") => Hedge::Above,
        (_, true) => Hedge::Below,
        _ => Hedge::Exact,
    }
}

/// "below the $27.5M of last period": a value, and no bound, unless it is "the 5,000 mark".
pub(super) fn is_reference(before: &str, after: &str) -> bool {
    const MARKS: [&str; 7] = ["mark", "threshold", "line", "barrier", "limit", "bar", "ceiling"];
    let after = after.trim_start_matches([' ', '-']);
    // "The $14 level on ARPU" is a mark, "the $14 level of last period" a value.
    let is_level = after.strip_prefix("level").is_some_and(|after| {
        let after = after.trim_start();
        !["of", "seen", "recorded", "in the", "before"]
            .iter()
            .any(|word| after.starts_with(word))
    });
    before.trim_end().ends_with(" the") && !is_level && !MARKS.iter().any(|mark| after.starts_with(mark))
}
