//! One sentence against its basis: bare numbers, dates, multiples, names, measures, directions, superlatives, periods.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::evidence::At;

use super::basis::{Basis, Quantity, Tag, Time};
use super::counting::Counted;
use super::lexicon::Entry;
use super::mask::{Masked, mask_found};
use super::names::{Mention, mentions};
use super::nouns::may_count;
use super::number::{Bare, Kind, numbers_hinted};
use super::pairing::subjects;
use super::pattern::pattern;
use super::periods::lead;
use super::reason::Reason;
use super::render::Rendered;
use super::words::{self, Direction, Multiple, Superlative};

/// What a check found out about one sentence.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) faults: Vec<Reason>,
    /// It held numbers that the model typed itself, all of them consistent.
    pub(super) bare_numbers: usize,
    /// Words that could not be judged either way.
    pub(super) doubts: usize,
    /// It says anything that data could bear out or deny.
    pub(super) claims: bool,
}

/// Judges the words that the model typed; what the program rendered needs no check.
pub(super) fn check(sentence: &Rendered, basis: &Basis<'_>) -> Checked {
    let names = basis.lexicon.find(&sentence.typed.to_ascii_lowercase());
    let masked = mask_found(&sentence.typed, &names, Some(basis.lexicon));
    let [mentions, plain] = mentions(&sentence.typed, &names, basis);
    let subjects = subjects(&sentence.typed, &mentions, &masked.dates, basis);
    let mut judge = Judge {
        sentence,
        basis,
        names,
        mentions,
        subjects,
        plain,
        numbers: numbers_hinted(&masked.text, masked.hints),
        directions: words::directions(&masked.text),
        superlatives: words::superlatives_hinted(&masked.text, masked.hints),
        multiples: words::multiples(&sentence.typed),
        masked: &masked,
        out: Checked::default(),
    };
    judge.out.faults.extend(sentence.faults.iter().cloned());
    judge.out.claims = judge.claims();
    judge.dates();
    judge.numbers();
    judge.order_of_times();
    judge.multiples();
    judge.names();
    judge.pairing();
    judge.comparisons();
    judge.gaps();
    judge.swapped();
    judge.sequence();
    judge.leaders();
    judge.top_rows();
    judge.followers();
    judge.measures();
    judge.directions();
    judge.superlatives();
    judge.periods();
    judge.out
}

pub(super) struct Judge<'a, 'b> {
    pub(super) sentence: &'b Rendered,
    pub(super) basis: &'b Basis<'a>,
    pub(super) masked: &'b Masked,
    /// Every name and label of the evidence in the typed text.
    pub(super) names: Vec<(Range<usize>, &'b Entry)>,
    /// The rows named.
    pub(super) mentions: Vec<Mention<'b>>,
    /// Those, and the days of rows used, in order, each once.
    pub(super) subjects: Vec<Mention<'b>>,
    /// Words that are names elsewhere.
    pub(super) plain: Vec<Mention<'b>>,
    pub(super) numbers: Vec<Bare>,
    pub(super) directions: Vec<Direction>,
    pub(super) superlatives: Vec<Superlative>,
    pub(super) multiples: Vec<Multiple>,
    pub(super) out: Checked,
}

impl Judge<'_, '_> {
    pub(super) fn fault(&mut self, reason: Reason) {
        self.out.faults.push(reason);
    }

    fn claims(&self) -> bool {
        const ORDERS: [&str; 5] = ["ahead of", "behind", "above", "below", "exceed"];
        !self.numbers.is_empty()
            || !self.directions.is_empty()
            || !self.superlatives.is_empty()
            || !self.multiples.is_empty()
            || ORDERS.iter().any(|words| self.masked.text.contains(words))
            || self.subjects.len() > 1 && (self.compares() || self.lists_top().is_some())
    }

    /// The cells that this sentence renders; all of the statement's when it renders none.
    pub(super) fn own_cells(&self) -> Vec<At<'_>> {
        let own: Vec<At<'_>> = self
            .sentence
            .cells
            .iter()
            .filter_map(|address| self.basis.evidence.at(address))
            .collect();
        if own.is_empty() { self.basis.cells.clone() } else { own }
    }

    fn numbers(&mut self) {
        let counted = self.counted();
        for index in 0..self.numbers.len() {
            let bare = &self.numbers[index];
            let found = match counted.of(index) {
                Counted::Not => self.number(bare),
                Counted::Limit => continue,
                Counted::Wrong(reason) => Some(reason),
                Counted::Right => None,
            };
            match found {
                Some(reason) => self.fault(reason),
                None => self.out.bare_numbers += 1,
            }
        }
    }

    fn multiples(&mut self) {
        let faults: Vec<Reason> = self.multiples.iter().filter_map(|claim| self.multiple(claim)).collect();
        self.out.faults.extend(faults);
    }

    fn multiple(&self, claim: &Multiple) -> Option<Reason> {
        let within =
            |range: Option<(f64, f64)>, value: f64| range.is_some_and(|(low, high)| low <= value && value <= high);
        if self.counts_rows_after(claim)
            && let Some(part) = claim.percent
        {
            let message = || format!("\"{}\" is not how many rows went that way", claim.word);
            return (!self.counts_part(part)).then(|| Reason::contradicted("number", message()));
        }
        let mut same_kind = false;
        let mut fits = |quantity: &Quantity<'_>| {
            let met = match quantity.kind {
                Kind::Times => within(claim.ratio, quantity.value),
                _ if quantity.tag == Tag::Left => return false,
                Kind::Percent => within(claim.percent, quantity.value) || within(claim.change, quantity.value.abs()),
                _ => return false,
            };
            same_kind = true;
            met
        };
        let met = self.basis.of_kind(Kind::Times).any(&mut fits)
            || self
                .of_named()
                .is_some_and(|named| named.of_kind(Kind::Times).any(&mut fits));
        let message = || format!("\"{}\" does not follow from the cells used", claim.word);
        (!met).then(|| match same_kind {
            true => Reason::contradicted("number", message()),
            false => Reason::unsupported("number", message()),
        })
    }

    fn number(&self, bare: &Bare) -> Option<Reason> {
        let from_below =
            self.superlatives.iter().any(|claim| claim.side < 0) || self.masked.text.contains("from the bottom");
        let counts_moves = !self.directions.is_empty() && !self.is_total(bare);
        let says_change = self.says_change(bare);
        let says_left = self.says_left(bare);
        let subject = self.subject().filter(|_| bare.kind == Kind::Ordinal);
        let of_all = self.tells_of_all(bare);
        let is_nobody = self.subjects.is_empty();
        let is_average = self.masked.text[..bare.start].to_lowercase().contains("averag");
        let place_from = self.place_from(bare);
        let counts_rows = self.counts_rows(bare);
        let is_open = |quantity: &&Quantity<'_>| {
            // A plus sign states a change, and so does "added".
            let is_change = !(bare.sign == Some(1) || says_change) || quantity.time == Time::Neither;
            comparable(&bare.kind, &quantity.kind)
                && is_change
                && subject.is_none_or(|rows| quantity.is_of(rows))
                && !(of_all && (quantity.is_of_few() || is_nobody && quantity.is_of_entity()))
                && !(of_all && is_average && quantity.is_sum())
                && (!counts_rows || quantity.is_of_rows())
                && place_from.is_none_or(|side| (side < 0) == (quantity.tag == Tag::FromBelow))
                && match quantity.tag {
                    Tag::Left => says_left,
                    _ if says_left => false,
                    Tag::Rows => !counts_moves,
                    Tag::Moved(side) if self.direction_at(bare).is_some() => self.direction_at(bare) == Some(side),
                    Tag::Moved(side) => {
                        let went = |direction: &Direction| {
                            let is_loose = direction.is_judgement && !direction.word.starts_with("weak");
                            direction.sign == side || is_loose && self.is_better_low()
                        };
                        counts_moves && self.directions.iter().any(went)
                    }
                    Tag::FromBelow => from_below || place_from == Some(-1),
                    Tag::Part => !says_change,
                    Tag::Used | Tag::Beside | Tag::Derived => true,
                }
        };
        let nouns = self.noun_after(bare);
        let counted = |quantity: &Quantity<'_>| may_count(nouns, quantity);
        let fits = |quantity: &&Quantity<'_>| {
            (bare.fits(quantity.value) && !(bare.is_bound() && quantity.tag == Tag::Beside))
                || (bare.bounds(quantity.value) && quantity.tag == Tag::Used)
        };
        if self.is_around(bare) {
            return None;
        }
        let mut open = self.basis.of_kind(bare.kind).filter(is_open);
        if open.any(|quantity| fits(&quantity) && counted(quantity)) {
            return None;
        }
        if self.names_day(bare)
            || self.counts_named(bare)
            || self.is_length_of_period(bare)
            || self.all_but_moved(bare)
            || self.counts_beyond_row(bare)
            || self.counts_used(bare)
            || self.is_group_of_part(bare)
            || !of_all && !counts_rows && self.follows_after_all(bare)
        {
            return None;
        }
        let kinds: Vec<&Quantity<'_>> = self.basis.of_kind(bare.kind).filter(is_open).collect();
        let fitting = kinds.iter().copied().find(fits);
        if let (Some(noun), Some(quantity)) = (nouns, fitting) {
            return Some(Reason::contradicted(
                "unit",
                format!(
                    "\"{} {noun}\": {} counts {}",
                    bare.raw,
                    quantity.source,
                    quantity.noun.unwrap_or("something else")
                ),
            ));
        }
        if let Kind::Money(code) = bare.kind {
            let own = self.basis.quantities().find_map(|quantity| match quantity.kind {
                Kind::Money(own) if own.is_known() => Some(own),
                _ => None,
            });
            if let Some(own) = own.filter(|own| *own != code) {
                return Some(Reason::contradicted(
                    "unit",
                    format!("\"{}\" is not in {own}", bare.raw),
                ));
            }
        }
        let nearest = kinds.iter().filter(|quantity| counted(quantity)).min_by(|a, b| {
            (a.value.abs() - bare.value)
                .abs()
                .total_cmp(&(b.value.abs() - bare.value).abs())
        });
        Some(match nearest {
            Some(quantity) => Reason::contradicted(
                "number",
                format!(
                    "text says \"{}\"; the nearest is {} = {}",
                    bare.raw,
                    quantity.source,
                    super::format::number(quantity.value, 2)
                ),
            ),
            None => {
                let other = self.basis.quantities().find(|quantity| bare.fits(quantity.value));
                match other {
                    Some(quantity) => Reason::contradicted(
                        "unit",
                        format!("\"{}\" has another unit than {}", bare.raw, quantity.source),
                    ),
                    None => Reason::unsupported(
                        "number",
                        format!("\"{}\" follows from no cell used; write a placeholder", bare.raw),
                    ),
                }
            }
        })
    }

    /// "sank to 78 on the 24th": a day of a row used.
    fn names_day(&self, bare: &Bare) -> bool {
        let is_said = |subject: &Mention<'_>| subject.range.start <= bare.start && bare.start < subject.range.end;
        bare.kind == Kind::Ordinal && self.subjects.iter().any(is_said)
    }

    /// "Three segments tripled: A, B and C".
    fn counts_named(&self, bare: &Bare) -> bool {
        let after = self
            .subjects
            .iter()
            .filter(|subject| subject.range.start > bare.end)
            .count();
        let is_list = bare.kind == Kind::Plain && !bare.is_bound() && bare.value >= 2.0 && after as f64 == bare.value;
        // How many went one way is known without the list.
        is_list && self.directions.is_empty()
    }

    /// "added 1,500", "grew by 2,000".
    fn says_change(&self, bare: &Bare) -> bool {
        const VERBS: [&str; 8] = ["added", "adding", "adds", "gained", "gaining", "lost", "losing", "shed"];
        let before = lead(&self.masked.text[..bare.start]);
        let word = before
            .rsplit([' ', ',', ';'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let by = before.strip_suffix(" by").is_some_and(|before| {
            let is_near = |direction: &Direction| direction.end <= before.len() && direction.end + 2 >= before.len();
            self.directions.iter().any(is_near)
        });
        const NOUNS: [&str; 14] = [
            "drop",
            "decline",
            "increase",
            "rise",
            "gain",
            "fall",
            "decrease",
            "growth",
            "reduction",
            "jump",
            "loss",
            "uptick",
            "surge",
            "slump",
        ];
        let noun = before.strip_suffix(" of").and_then(|before| before.rsplit(' ').next());
        let of = noun.is_some_and(|noun| NOUNS.contains(&noun));
        by || of || VERBS.contains(&word.as_str()) || self.says_more_than(bare)
    }

    /// "second-lowest": a place from below (-1), "second-highest" one from above.
    fn place_from(&self, bare: &Bare) -> Option<i8> {
        const ABOVE: [&str; 8] = [
            "highest",
            "largest",
            "biggest",
            "most",
            "best",
            "strongest",
            "busiest",
            "longest",
        ];
        const BELOW: [&str; 8] = [
            "lowest", "smallest", "least", "fewest", "worst", "weakest", "quietest", "shortest",
        ];
        let after = self.masked.text[bare.end..].strip_prefix(['-', ' '])?;
        let starts = |words: &[&str]| words.iter().any(|word| after.starts_with(word));
        match (bare.kind == Kind::Ordinal, starts(&ABOVE), starts(&BELOW)) {
            (true, true, _) => Some(1),
            (true, _, true) => Some(-1),
            _ => None,
        }
    }

    /// "34,600 more users than Vietnam".
    fn says_more_than(&self, bare: &Bare) -> bool {
        let after = self.masked.text[bare.end..].trim_start();
        let mut words = after.split(' ');
        let is_more = words
            .next()
            .is_some_and(|word| ["more", "fewer", "less"].contains(&word));
        is_more && words.take(4).any(|word| word == "than")
    }

    /// "66 % of what it was".
    fn says_left(&self, bare: &Bare) -> bool {
        static OF_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^(?:the|its|their)\s(?:level|value|figure|number|total|amount)\s(?:of|in|from|seen)\b[^.;,]*\b(?:before|previous|prior|last|earlier)\b",
            )
        });
        const OF: [&str; 7] = [
            "what it was",
            "what they were",
            "its previous",
            "their previous",
            "the previous",
            "its earlier",
            "its former",
        ];
        let after = self.masked.text[bare.end..].trim_start();
        let of = after.strip_prefix("of ").unwrap_or_default();
        // "Shed 249,000 users, 49 % of its former base" is what is gone.
        let is_gone = self.masked.text[..bare.start].trim_end().ends_with(',') && !self.directions.is_empty();
        let is_before = OF.iter().any(|words| of.starts_with(words)) || OF_BEFORE.is_match(of);
        !is_gone && bare.kind == Kind::Percent && is_before
    }

    /// "between 16,500 and 17,500": an end of a narrow range around the one value that is used.
    fn is_around(&self, bare: &Bare) -> bool {
        const WIDEST: f64 = 1.5;
        let place = self
            .numbers
            .iter()
            .position(|other| other.start == bare.start)
            .unwrap_or(0);
        let text = &self.masked.text;
        let is_range = |low: &Bare, high: &Bare| {
            let before = text[..low.start].trim_end().to_ascii_lowercase();
            before.ends_with("between") && text[low.end..high.start].trim() == "and" && low.value < high.value
        };
        let ends = [(place.checked_sub(1), Some(place)), (Some(place), Some(place + 1))];
        let mut ranges = ends.into_iter().filter_map(|(low, high)| {
            let (low, high) = (self.numbers.get(low?)?, self.numbers.get(high?)?);
            is_range(low, high).then_some((low.value, high.value))
        });
        let [at] = self.basis.cells.as_slice() else {
            return false;
        };
        let value = at.exact().filter(|_| comparable(&bare.kind, &self.basis.kind(at)));
        ranges.any(|(low, high)| value.is_some_and(|value| low <= value && value <= high && high <= low * WIDEST))
    }

    /// "On average, the 7 countries had 16 thousand users each": said of three rows or more together, never of two of them.
    fn tells_of_all(&self, bare: &Bare) -> bool {
        const BEFORE: [&str; 9] = [
            "on average",
            "an average of",
            "the average of",
            "averag",
            "mean of",
            "add up to",
            "adds up to",
            "sum of",
            "sum to",
        ];
        const AFTER: [&str; 5] = ["each", "apiece", "on average", "combined", "altogether"];
        let is_amount = matches!(bare.kind, Kind::Plain | Kind::Money(_) | Kind::Minutes);
        if !is_amount || self.basis.n_used() < 3 {
            return false;
        }
        let clause = |text: &str| {
            text.rsplit([',', ';', '.'])
                .take(2)
                .map(str::to_lowercase)
                .collect::<String>()
        };
        let before = clause(&self.masked.text[..bare.start]);
        let after = self.masked.text[bare.end..].trim_start();
        let after = after.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        BEFORE.iter().any(|words| before.contains(words)) || AFTER.iter().any(|words| after.contains(words))
    }
}

pub(super) fn comparable(bare: &Kind, quantity: &Kind) -> bool {
    match (bare, quantity) {
        (Kind::Money(said), Kind::Money(own)) => !own.is_known() || said == own,
        (Kind::Plain, Kind::Money(_) | Kind::Minutes) => true,
        (a, b) => a == b,
    }
}
