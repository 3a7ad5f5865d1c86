//! Words that claim something: directions and causes here, superlatives and multiples beside. The lists are incomplete by nature.

mod multiples;
mod superlatives;

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::first_letters::FirstLetters;
use super::pattern::{Worded, pattern, worded};
pub(super) use multiples::{Multiple, multiples, multiples_among};
pub(super) use superlatives::{Reach, Superlative, superlatives, superlatives_among};

const UP: &str = r"rose|rises?|risen|rising|grew|grows?|grown|growing|growth|increase[sd]?|increasing|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|jump(?:s|ed|ing)?|surge[sd]?|surging|expand(?:s|ed|ing)?|expansion|soar(?:s|ed|ing)?|spike[sd]?|spiking|rebound(?:s|ed|ing)?|recover(?:s|ed|ing)|swell(?:s|ed|ing)?|swollen|rocket(?:s|ed|ing)?|skyrocket(?:s|ed|ing)?|uptick|upswing|uplift|upturn|to add|(?:earned|made|took|processed|process|brought in|had|drew|sold|saw|logged|recorded) more (?:\w+ )?than (?:\w+ ){0,3}(?:before|earlier|previously|last time|last (?:week|month|period)|a (?:week|month|period) (?:before|earlier|ago))|upward|upwards|advance[sd]|advancing|improve[sd]?|improving|improvement|strengthen(?:s|ed|ing)?|accelerat(?:es|ed|ing)|escalat(?:es|ed|ing)|mount(?:s|ed|ing)|balloon(?:s|ed|ing)|boomed|booming|leap(?:s|t|ed)?|crept up|edge[sd]? up|tick(?:s|ed) up|inched up|pick(?:s|ed) up|ramp(?:s|ed) up|mov(?:es|ed|ing) (?:up|higher)|push(?:es|ed) (?:up|higher)|went up|up|higher";
const DOWN: &str = r"fell|falls?|fallen|falling|drop(?:s|ped|ping)?|decline[sd]?|declining|decrease[sd]?|decreasing|shr[aiu]nk(?:s|ing)?|shrunken|shrinkage|slid|slides?|sliding|slip(?:s|ped|ping)?|dip(?:s|ped|ping)?|plunge[sd]?|plunging|plummet(?:s|ed|ing)?|sank|sunk|sinks?|sinking|contract(?:s|ed|ing)?|contraction|tumble[sd]?|tumbling|slump(?:s|ed|ing)?|loss|lost|loses|losing|(?:was|were|is|are) off|downturn|downtick|downward|downwards|weaken(?:s|ed|ing)?|dwindle[sd]?|dwindling|erode[sd]?|eroding|erosion|reduce[sd]|reduction|diminish(?:es|ed|ing)|tail(?:s|ed|ing) off|peter(?:s|ed|ing) out|trend(?:s|ed|ing) (?:down|lower)|retreat(?:s|ed|ing)|recede[sd]?|receding|deteriorat(?:es?|ed|ing)|deterioration|worsen(?:s|ed|ing)?|crash(?:es|ed|ing)|collaps(?:es|ed|ing)|nosedived?|sagged|sagging|shed|g(?:ave|ives?|iving) (?:up|back)|bled|bleeds|bleeding|cooled|eased|easing|softened|softening|abated|mov(?:es|ed|ing) (?:down|lower)|push(?:es|ed) (?:down|lower)|went down|down|lower";

/// "More revenue than in the previous period", "fewer orders than before".
const THAN_BEFORE: &str = r" (?:[^\s.,;:]+ ){0,3}?than (?:(?:in|during|at|the|a|it|they|did|had|was|were) ){0,3}(?:before|earlier|previously|last time|(?:last|previous|prior|preceding) (?:week|month|period|quarter|window|year)|(?:week|month|period|quarter|year) (?:before|earlier|ago))";

/// "Above the level of the preceding period".
const OF_BEFORE: &str = r" (?:where (?:it|they|that) (?:was|were|stood|had been)|(?:the|its|their|that|those) (?:(?:level|value|figure|one|ones) )?(?:(?:of|in|from|seen in) )?(?:the )?(?:previous|prior|preceding|last|earlier))";
static PREVIOUS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s(?:(?:level|value|figure|one|ones)\s)?(?:(?:of|in|from|seen in)\s)?(?:the\s)?(?:previous|prior|preceding|last|earlier)\b",
    )
});

static DIRECTION: LazyLock<Worded> = LazyLock::new(|| {
    worded(&format!(
        r"(?i)\b(?:{UP}|(?:more|better){THAN_BEFORE}|above{OF_BEFORE}|below{OF_BEFORE}|{DOWN}|(?:fewer|less|worse){THAN_BEFORE})\b"
    ))
});
/// Whether a direction is one of those up.
static UPWARD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)^(?:{UP}|(?:more|better){THAN_BEFORE}|above{OF_BEFORE})$"
    ))
});

/// Phrases that hold a direction word and state no direction.
static NO_DIRECTION: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?ix)\b(?:up\s+to|(?:open|show|turn|end|free|sum|add|gather|bring|brought|come|came)(?:s|ed|ing)?\s+up|follow(?:ing|ed)?[-\s]up|runners?[-\s]up|(?:dips?|falls?|drops?|slips?)\s(?:below|under)|(?:rises?|climbs?)\sabove|(?:made|make|makes|making|add|adds|added|set|sets|sign|signs|signed|signing|back|backed|catch|start|top|wind|pick|line|look|break|drill|shut|slow|cut|mark|count|split|broken|close|closed|clean|cleaned|tidied|speed|scale|scaling|warm)[-\s](?:up|down)s?|breakdown|markdown|countdown
        |lin(?:e|ed|ing)\s(?:the\s|them\s|all\s)?[a-z]*\s?up|(?:higher|lower)\s(?:[^\s,;:]+\s){1,8}?than|(?:off\s(?:the|limits)\b)|the\s(?:higher|lower)\s|(?:higher|lower|above|below)\s+(?:than|average|bound|the|all|its|their|every|any|both|median|mean|[0-9$€£\x{fffc}])|higher[-\s](?:value|priced|tier|end)|lower[-\s](?:value|priced|tier|end)
        |f(?:a|e)lls?\s+(?:flat|[\d.,]+[km]?\s(?:[a-z]+\s)?short|outside|between|into|within|back\ on|short|on\s+(?:a\s|the\s|\x01|mon|tue|wed|thu|fri|sat|sun))|loses?\s+(?:to|out)|contract\s|easing\s+of\s+rules|cost\s+reduction|room\s+for\s+improvement|los(?:t|es?|ing)\s(?:[a-z]+\s){0,4}of\s(?:its|their|the)\sdata|improvement\s+(?:plan|area|potential)s?|drop[-\s]?(?:off|out|down)s?|growth\s+(?:rate|team|plan|lever|opportunity)|loss\s+of\s+data|data\s+loss|spikes?\s+(?:detection|alert))\b?",
    )
});

/// What follows "higher than" where it says when, and not who.
static EARLIER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\s(?:(?:in|during|at|the|a|one|it|they|that|those|of)\s){0,4}(?:previous(?:ly)?|prior|preceding|last|before|earlier|(?:week|month|period|quarter|year|fortnight) (?:before|earlier|ago)|had been|was|were|used to)\b",
    )
});

static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:not|no|without|never|neither|nor|n't|rather than|instead of|despite|if|whether|any)\b[^.,;]{0,16}$",
    )
});

/// Whether what follows a text is denied by it.
pub(super) fn is_negated(before: &str) -> bool {
    NEGATION.is_match(before)
}

/// "Only Brazil escaped the slide".
static ESCAPED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:escap|avoid|resist|buck|defi|def[iy]|dodg)[a-z]* (?:(?:the|a|this|any|that|general|overall|wider) ){0,2}$",
    )
});

/// "428 additional orders", "$28.59 fatter", "earned more than they had a month before".
static LEANING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\d\s(?:(?P<up>additional|extra|fatter|richer|bigger|longer)|(?P<down>fewer [a-z]+s\b|thinner|leaner|shorter|smaller))|\b(?:suffered an exodus|haemorrhag|hemorrhag)",
    )
});

/// A word that claims a direction.
pub(super) struct Direction {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) word: String,
    pub(super) sign: i8,
    /// It says better or worse, which is not higher or lower of everything.
    pub(super) is_judgement: bool,
}

/// The direction that a single word claims.
pub(super) fn direction_of(word: &str) -> Option<i8> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let found = DIRECTION.anywhere().find(word)?;
    (found.len() == word.len()).then(|| side_of(word))
}

/// 1 of a direction up, -1 of one down.
fn side_of(direction: &str) -> i8 {
    if UPWARD.is_match(direction) { 1 } else { -1 }
}

/// Direction words; negated and conditional ones are left out.
pub(super) fn directions(text: &str) -> Vec<Direction> {
    directions_among(text, &FirstLetters::of(text))
}

/// Those of a text of which it is known how its words begin.
pub(super) fn directions_among(text: &str, words: &FirstLetters) -> Vec<Direction> {
    let Some(pattern) = DIRECTION.among(words).filter(|pattern| pattern.is_match(text)) else {
        return Vec::new();
    };
    let masked = blank_unless(text, NO_DIRECTION.among(words), |found, before, after| {
        let moved = [
            "moved", "moves", "moving", "pushed", "went", "edged", "trended", "came in",
        ];
        match found.as_bytes().first() {
            Some(b'a' | b'b' | b'A' | b'B') => PREVIOUS.is_match(after),
            Some(b'u') => moves_up_to(&format!("{before}up to")),
            Some(b'h' | b'l' | b'H' | b'L') if found.ends_with("than") && EARLIER.is_match(after) => true,
            Some(b'h' | b'l') => moved.iter().any(|verb| before.trim_end().ends_with(verb)) && !found.contains("than"),
            _ => false,
        }
    });
    pattern
        .find_iter(&masked)
        .filter_map(|whole| {
            let before = &masked[..whole.start()];
            if is_negated(before) || ESCAPED.is_match(before) {
                return None;
            }
            const JUDGEMENTS: [&str; 7] = [
                "improv",
                "strengthen",
                "worsen",
                "deteriorat",
                "weaken",
                "better",
                "worse ",
            ];
            let word = whole.as_str().to_lowercase();
            Some(Direction {
                start: whole.start(),
                end: whole.end(),
                is_judgement: JUDGEMENTS.iter().any(|stem| word.starts_with(stem)),
                sign: side_of(&word),
                word,
            })
        })
        .collect()
}

/// What weakly says that something rose or fell: heard only where the cells used say the opposite.
pub(super) fn leanings(text: &str) -> Vec<(String, i8)> {
    let found = LEANING.captures_iter(text).filter_map(|found| {
        let sign = if found.name("up").is_some() { 1 } else { -1 };
        Some((found.get(0)?.as_str().to_lowercase(), sign))
    });
    found.collect()
}

/// Whether a text ends in "went up to": a direction, and no bound.
pub(super) fn moves_up_to(before: &str) -> bool {
    const MOVES: [&str; 12] = [
        "went", "goes", "gone", "go", "moved", "moves", "ticked", "edged", "crept", "inched", "is", "picked",
    ];
    let mut words = before.split_whitespace().rev();
    words.next() == Some("to") && words.next() == Some("up") && words.next().is_some_and(|verb| MOVES.contains(&verb))
}

/// The text with every match blanked out, bytes kept in place.
fn blank<'t>(text: &'t str, pattern: &Regex) -> Cow<'t, str> {
    blank_unless(text, Some(pattern), |_, _, _| false)
}

fn blank_unless<'t>(text: &'t str, pattern: Option<&Regex>, keeps: impl Fn(&str, &str, &str) -> bool) -> Cow<'t, str> {
    let mut out = Cow::Borrowed(text);
    for found in pattern.into_iter().flat_map(|pattern| pattern.find_iter(text)) {
        if !keeps(found.as_str(), &text[..found.start()], &text[found.end()..]) {
            out.to_mut().replace_range(found.range(), &" ".repeat(found.len()));
        }
    }
    out
}

static CAUSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:because(?: of)?|driven by|caused by|due to|owing to|thanks to|as a result of|led to|leads to|resulted in|results in|therefore|hence|explains?|explained by|stems from|triggered(?: by)?|attributable to)\b",
    )
});

/// Whether the text claims a cause.
pub(super) fn claims_cause(text: &str) -> bool {
    CAUSE.is_match(text)
}

/// The text with its causal claims weakened.
pub(super) fn soften(text: &str) -> String {
    CAUSE
        .replace_all(text, |found: &regex::Captures<'_>| {
            let word = found.get(0).map_or("", |m| m.as_str());
            let after = found.get(0).map_or(0, |m| m.start());
            let said = text[..after].trim_end().ends_with("possibly");
            match word.to_lowercase().as_str() {
                _ if said => word.to_owned(),
                "led to" | "leads to" | "resulted in" | "results in" => "possibly contributed to".to_owned(),
                "explain" | "explains" => "may explain".to_owned(),
                _ => format!("possibly {word}"),
            }
        })
        .into_owned()
}
