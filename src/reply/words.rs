//! Words that claim something: directions, superlatives, multiples, causes. The lists are incomplete by nature.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::first_letters::FirstLetters;
use super::hints::Hints;
use super::pattern::{Worded, holding, pattern, worded};

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

static SUPERLATIVE: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?i)\b(?:(?P<max>highest|largest|biggest|busiest|longest|richest|top|leading|greatest|maximum|peak(?:ed)?|topped out|crested|maxed out|most|record)|(?P<min>lowest|smallest|quietest|shortest|poorest|bottomed|least|fewest|weakest|minimum|bottom)|(?P<change>steepest|sharpest|strongest|fastest|slowest|deepest)|(?P<any>best|worst|widest))\b",
    )
});

/// "No country out-earned Italy".
static NONE_BEATS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:no (?:other )?[a-z-]+|nobody|none|nowhere) (?:[^\s.,;:]+ ){0,7}?(?:(?:came|comes?|ranks?|ranked|sits?|stands?|is|was|finished) (?:in )?(?:above|ahead of|below|behind)|out-?(?:earn|sold|sell|perform|pace|did|rank|shone|shine)[a-z]*|beat|topped|matched|surpassed|exceeded|better than|higher than|larger than|(?:stronger|steeper|larger|bigger|greater|higher|faster|sharper|lower|smaller|weaker|fewer|less) (?:[^\s.,;:]+ ){0,4}than|[a-z]+(?:ed|s) more (?:[^\s.,;:]+ ){0,3}than|(?:has|had|made|sold|took|saw) more (?:[^\s.,;:]+ ){0,3}than)\b",
    )
});

/// "takes more orders than any other channel".
static BEATS_ANY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?P<more>more|higher|larger|bigger|greater|better)|fewer|less|lower|smaller|worse) (?:[^\s.,;:]+ ){0,3}?than any(?:one| other)\b|\b(?:(?P<ahead>ahead of|above)|behind|below) (?:every|any|all)(?: the)? other\b",
    )
});

/// "hit its low", "the high came on", "led the field".
static END: LazyLock<Worded> = LazyLock::new(|| {
    holding(
        r"(?i)\b(?:last|high|peak|max|low|trough|min|nadir|bottom|top|lead|led|head|trail)",
        r"(?i)\b(?:(?:its|their|the|a)\s(?:(?:period|overall|weekly|monthly|yearly|daily|window)\s)?(?:(?P<max>high|peak|maximum)|(?P<min>low|trough|minimum|nadir))(?:\s(?:on|for|of|in|came|was|at|with)\b|[,.;:]|$)|at the (?:(?P<head>top)|bottom) of the (?:list|ranking|table|field|pack)\b|(?:(?P<first>leads?|led|heads?|headed|tops?|topped)|(?P<last>trails?|trailed))\s(?:all\s(?:the\s)?|the\s)(?:other\s)?(?:(?:countries|segments|channels|products|cohorts|fields?|markets|group|pack)|(?:[a-z\x01-]+\s){0,3}?(?:list|ranking|table))\b|\b(?P<ahead>leads?|led) (?:on|in terms of)\b|\b(?:comes?|came|ranks?|ranked|finish(?:es|ed)|plac(?:es|ed)) (?P<bottom>last|bottom)\b)",
    )
});

/// "428 additional orders", "$28.59 fatter", "earned more than they had a month before".
static LEANING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\d\s(?:(?P<up>additional|extra|fatter|richer|bigger|longer)|(?P<down>fewer [a-z]+s\b|thinner|leaner|shorter|smaller))|\b(?:suffered an exodus|haemorrhag|hemorrhag)",
    )
});

static NO_SUPERLATIVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:at (?:least|most|best|worst)|best (?:described|seen|understood|explained|captured|summed|summari[sz]ed|illustrated|viewed|read)|most (?:likely|recent|of|recently|users|days|weeks)|best[- ](?:practice|in)s?|top[- ](?:of|line|up|level|down)|on top|top[- ](?:\d+|two|three|four|five|ten)|from (?:the )?(?:highest|largest|biggest|most|best|top|lowest|smallest|least|fewest|worst)(?: [a-z]+){0,2}? (?:down |up )?to (?:the )?(?:highest|largest|biggest|most|best|lowest|smallest|least|fewest|worst)|(?:highest|largest|biggest|best|lowest|smallest|worst)(?: |-)(?:to(?: |-)(?:highest|largest|biggest|best|lowest|smallest|worst)|first)|leading (?:to|up|indicator)|peak (?:hour|season|time)s?|record(?:s|ed)\b|(?:we|they|to|you) record|(?:a|the|per|each|this|every) record|minimum (?:of|sample|support)|off the top|bottom line)\b",
    )
});

static MULTIPLE: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?i)\b(?:more than (?P<more>doubled|tripled)|(?P<double>doubled?|doubling|twice|two-?fold)|(?P<triple>tripled?|tripling|thrice|three-?fold)|(?P<quadruple>quadrupled?)|(?P<halve>halved|halving)|(?P<third>(?:one|a)[- ]third|one (?:\w+ )?in three)|(?P<two_thirds>two[- ]thirds)|(?P<quarter>(?:one|a)[- ]quarter|one (?:\w+ )?in four)|(?P<three_quarters>three[- ]quarters)|(?P<fifth>one (?:\w+ )?in five|a fifth|one[- ]fifth)|(?P<tenth>one (?:\w+ )?in (?:every )?ten|a tenth|one[- ]tenth)|(?P<half>one in two|half)|(?P<majority>majority|most of))\b",
    )
});

static POINT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)^\sa\s(?:percentage\s)?point\b"));

/// "a fifth lower than", "half as much again".
static COMPARED: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^\s(?:lower|higher|less|more|fewer|smaller|larger|bigger|down|up|below|above)\b"));

/// "strongest growth" is about a change; "strongest day" is not.
static MOVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^[\s-](?:growth|growing|gain|gains|gainer|rise|rising|increase|jump|surge|uptick|uplift|improvement|recovery|fall|drop|decline|decrease|loss|change|move|mover|swing|shift|momentum|trend)\b",
    )
});

static LESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:lower|smaller|weaker|fewer|less|below|behind)\b"));

/// A change, whichever way.
static MOVES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:growth|gain|rise|increase|jump|surge|uptick|improvement|recovery|fall|drop|decline|decrease|loss|change)\b",
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

/// A word that claims a place at the end of a column.
pub(super) struct Superlative {
    pub(super) end: usize,
    pub(super) word: String,
    /// 1 claims the maximum, -1 the minimum, 0 either.
    pub(super) side: i8,
    pub(super) reach: Reach,
}

/// What a superlative speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Level,
    /// "steepest": a change, whatever else the sentence says.
    Change,
    /// "largest increase": a change, in amount or in percent.
    Move,
}

/// A word that stands for a number.
pub(super) struct Multiple {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) word: String,
    /// Accepted ratios of current to previous (or of two values).
    pub(super) ratio: Option<(f64, f64)>,
    /// Accepted percentages (shares).
    pub(super) percent: Option<(f64, f64)>,
    /// Accepted relative changes in percent, either way.
    pub(super) change: Option<(f64, f64)>,
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

pub(super) fn superlatives(text: &str) -> Vec<Superlative> {
    superlatives_among(text, Hints::of(text), &FirstLetters::of(text))
}

/// Those of a text of which it is known what it may hold.
pub(super) fn superlatives_among(text: &str, hints: Hints, words: &FirstLetters) -> Vec<Superlative> {
    let beats_any = text
        .contains(" other")
        .then(|| BEATS_ANY.captures(text))
        .flatten()
        .and_then(|found| {
            let whole = found.get(0)?;
            Some(Superlative {
                word: whole.as_str().to_owned(),
                end: whole.end(),
                side: if found.name("more").or(found.name("ahead")).is_some() {
                    1
                } else {
                    -1
                },
                reach: Reach::Level,
            })
        });
    let beaten_by_none = hints
        .nones
        .then(|| NONE_BEATS.find(text))
        .flatten()
        .filter(|found| !found.as_str().to_lowercase().starts_with("no doubt"))
        .map(|found| Superlative {
            word: found.as_str().to_owned(),
            end: found.end(),
            side: if LESS.is_match(found.as_str()) { -1 } else { 1 },
            reach: if MOVES.is_match(found.as_str()) {
                Reach::Move
            } else {
                Reach::Level
            },
        });
    let pattern = SUPERLATIVE.among(words).filter(|pattern| pattern.is_match(text));
    let has_other = pattern.is_some();
    let ends = END.among(words).into_iter().flat_map(|end| end.captures_iter(text));
    let ends = ends.filter_map(|found| {
        let whole = found.get(0)?;
        // "tops the table with the smallest" says it otherwise.
        let is_lead = found
            .name("first")
            .or(found.name("last"))
            .or(found.name("ahead"))
            .is_some();
        if is_lead && has_other {
            return None;
        }
        let is_top = found
            .name("max")
            .or(found.name("first"))
            .or(found.name("ahead"))
            .or(found.name("head"))
            .is_some();
        Some(Superlative {
            word: whole.as_str().to_lowercase(),
            end: whole.end(),
            side: if is_top { 1 } else { -1 },
            reach: Reach::Level,
        })
    });
    let compared = beaten_by_none.into_iter().chain(beats_any).chain(ends);
    let Some(pattern) = pattern else {
        return compared.collect();
    };
    let masked = blank(text, &NO_SUPERLATIVE);
    let said = pattern.captures_iter(&masked).filter_map(|found| {
        let whole = found.get(0)?;
        // "second-highest" is a place, and judged as one.
        const PLACES: [&str; 7] = ["second", "third", "fourth", "fifth", "sixth", "2nd", "3rd"];
        let before = masked[..whole.start()].trim_end_matches([' ', '-']).to_lowercase();
        // "Despite being the smallest segment" is said beside what the sentence is about.
        if PLACES.iter().any(|place| before.ends_with(place)) || before.ends_with("being the") {
            return None;
        }
        let word = whole.as_str().to_lowercase();
        let is_of_move = MOVE.is_match(&masked[whole.end()..]);
        let of_time = is_slow_time(&word, &masked[whole.end()..]);
        let is_level = word == "strongest" && !is_of_move || of_time;
        let side = if of_time {
            -1
        } else if found.name("max").is_some() || is_level {
            1
        } else if found.name("min").is_some() {
            -1
        } else {
            0
        };
        let reach = match found.name("change").filter(|_| !is_level) {
            Some(_) => Reach::Change,
            None if is_of_move => Reach::Move,
            None => Reach::Level,
        };
        let end = whole.end();
        Some(Superlative { word, end, side, reach })
    });
    said.chain(compared).collect()
}

/// "The slowest day": the one of least.
fn is_slow_time(word: &str, after: &str) -> bool {
    const TIMES: [&str; 8] = [
        " day", " week", " month", " weekend", " monday", " trading", " stretch", " session",
    ];
    word == "slowest" && TIMES.iter().any(|time| after.to_lowercase().starts_with(time))
}

/// What weakly says that something rose or fell: heard only where the cells used say the opposite.
pub(super) fn leanings(text: &str) -> Vec<(String, i8)> {
    let found = LEANING.captures_iter(text).filter_map(|found| {
        let sign = if found.name("up").is_some() { 1 } else { -1 };
        Some((found.get(0)?.as_str().to_lowercase(), sign))
    });
    found.collect()
}

pub(super) fn multiples(text: &str) -> Vec<Multiple> {
    multiples_among(text, &FirstLetters::of(text))
}

/// Those of a text of which it is known how its words begin.
pub(super) fn multiples_among(text: &str, words: &FirstLetters) -> Vec<Multiple> {
    let Some(pattern) = MULTIPLE.among(words).filter(|pattern| pattern.is_match(text)) else {
        return Vec::new();
    };
    pattern
        .captures_iter(text)
        .filter_map(|found| {
            let whole = found.get(0)?;
            let word = whole.as_str().to_lowercase();
            let is = |name: &str| found.name(name).is_some();
            let after = &text[whole.end()..];
            if after.starts_with("-digit") {
                return None;
            }
            // "The most of all five fields" is a superlative.
            if word == "most of" && text[..whole.start()].trim_end().ends_with("the") {
                return None;
            }
            const SCALES: [&str; 4] = [" a million", " a thousand", " a billion", " a hundred"];
            if word == "half" && SCALES.iter().any(|scale| after.starts_with(scale)) {
                return None;
            }
            if word == "half" && (text[..whole.start()].ends_with("and a ") || after.starts_with(" a dozen")) {
                // "two and a half times", "half a dozen".
                return None;
            }
            if POINT.is_match(after.strip_prefix(" of").unwrap_or(after)) {
                // Half a percentage point is a number, and so is a quarter of one.
                return None;
            }
            let by = text[..whole.start()].trim_end().ends_with("by")
                || COMPARED.is_match(&text[whole.end()..])
                || !directions_among(text, words).is_empty();
            let claim = |ratio, percent, change| {
                Some(Multiple {
                    start: whole.start(),
                    end: whole.end(),
                    word: word.clone(),
                    ratio,
                    percent,
                    change,
                })
            };
            let before = text[..whole.start()].trim_end();
            // "by more than a half".
            let before = before.strip_suffix(" a").unwrap_or(before);
            let rough = ["about", "roughly", "nearly", "almost", "around", "approximately"]
                .iter()
                .any(|word| before.ends_with(word));
            let ends = |words: &[&str]| words.iter().any(|word| before.ends_with(word));
            let (is_less, is_more) = (
                ends(&["less than", "under", "below"]),
                ends(&["more than", "over", "above"]),
            );
            let share = |low: f64, high: f64| {
                let (low, high) = match (rough, is_less, is_more) {
                    (true, ..) => (low * 0.95, high * 1.05),
                    (_, true, _) => (low * 0.8, (low + high) / 2.0),
                    (_, _, true) => ((low + high) / 2.0, high * 1.35),
                    _ => (low, high),
                };
                claim(
                    Some((low / 100.0, high / 100.0)),
                    Some((low, high)),
                    by.then_some((low, high)),
                )
            };
            // "more than twice", "nearly three times".
            let times = |times: f64| {
                let nearly = ends(&["nearly", "almost", "close to"]);
                let (low, high) = match (nearly, is_more, is_less) {
                    _ if ends(&["close to"]) => (0.85, 1.06),
                    (true, ..) => (0.85, 1.02),
                    (_, true, _) => (1.0, 1.35),
                    (_, _, true) => (0.75, 1.0),
                    _ => (0.95, 1.05),
                };
                claim(Some((times * low, times * high)), None, None)
            };
            if is("more") {
                let least = if word.contains("triple") { 3.0 } else { 2.0 };
                claim(Some((least, f64::MAX)), None, None)
            } else if is("double") {
                times(2.0)
            } else if is("triple") {
                times(3.0)
            } else if is("quadruple") {
                times(4.0)
            } else if is("halve") {
                let (low, high) = if rough { (0.46, 0.56) } else { (0.475, 0.525) };
                claim(Some((low, high)), None, None)
            } else if is("half") {
                share(46.0, 54.0)
            } else if is("third") {
                share(31.0, 36.0)
            } else if is("two_thirds") {
                share(64.0, 69.0)
            } else if is("quarter") {
                share(22.5, 27.5)
            } else if is("three_quarters") {
                share(72.5, 77.5)
            } else if is("fifth") {
                share(18.0, 22.0)
            } else if is("tenth") {
                share(9.0, 11.0)
            } else {
                claim(None, Some((50.0, 100.0)), None)
            }
        })
        .collect()
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
