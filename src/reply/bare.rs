//! A number that the model typed: what the words around it say of it, which quantities that leaves, and what is wrong where none fits.

use std::sync::LazyLock;

use regex::Regex;

use super::basis::{Quantity, Tag, Time};
use super::names::Mention;
use super::nouns::may_count;
use super::number::{Bare, Kind, comparable};
use super::pattern::{Worded, pattern, worded};
use super::periods::lead;
use super::reason::Reason;
use super::verify::Judge;
use super::words::Direction;

/// What the words around a number say of it.
struct Said<'j> {
    /// It may be a place counted from the lowest value; `place_from` where they say from which end.
    from_below: bool,
    place_from: Option<i8>,
    /// It may count rows that went one way; `direction` where they say which.
    counts_moves: bool,
    direction: Option<i8>,
    /// It counts rows, and is no value of theirs.
    counts_rows: bool,
    /// "added 1,500".
    is_change: bool,
    /// "66 % of what it was".
    is_left: bool,
    /// Whom a place is said of.
    subject: Option<&'j [&'j str]>,
    /// "each", "in sum": of all rows used.
    of_all: bool,
    is_average: bool,
    /// "together": a sum, and no mean.
    is_in_all: bool,
    /// "apart": a difference, and neither sum nor mean.
    is_gap: bool,
    /// What it counts.
    noun: Option<&'j str>,
}

impl<'a> Judge<'a, '_> {
    /// What is wrong with a number; none where it may stand for a quantity.
    pub(super) fn number(&self, bare: &Bare) -> Option<Reason> {
        let said = self.said(bare);
        let fits = |quantity: &&Quantity<'_>| {
            (bare.fits(quantity.value) && !(bare.is_bound() && quantity.tag == Tag::Beside))
                || (bare.bounds(quantity.value) && quantity.tag == Tag::Used)
        };
        let counted = |quantity: &Quantity<'_>| may_count(said.noun, quantity);
        let mut open = self.open(bare, &said);
        let holds = self.is_around(bare)
            || open.any(|quantity| fits(&quantity) && counted(quantity))
            || self.names_day(bare)
            || self.counts_named(bare)
            || self.is_length_of_period(bare)
            || self.all_but_moved(bare)
            || self.counts_beyond_row(bare)
            || self.counts_used(bare)
            || self.is_group_of_part(bare)
            || self.is_share_of_used(bare)
            || self.is_ratio(bare)
            || !said.of_all && !said.counts_rows && self.follows_after_all(bare);
        if holds {
            return None;
        }
        let kinds: Vec<&Quantity<'_>> = self.open(bare, &said).collect();
        Some(match kinds.iter().copied().find(fits) {
            Some(quantity) if said.noun.is_some() => counts_another(bare, said.noun, quantity),
            _ => self.in_another_currency(bare).unwrap_or_else(|| {
                let nearest = kinds.iter().filter(|quantity| counted(quantity)).min_by(|a, b| {
                    let far = |quantity: &Quantity<'_>| (quantity.value.abs() - bare.value).abs();
                    far(a).total_cmp(&far(b))
                });
                self.is_none_of(bare, nearest.copied())
            }),
        })
    }

    /// What the words around a number say of it.
    fn said(&self, bare: &Bare) -> Said<'_> {
        let text = &self.masked.text;
        let place_from = self.place_from(bare);
        Said {
            from_below: place_from == Some(-1)
                || self.superlatives.iter().any(|claim| claim.side < 0)
                || text.contains("from the bottom"),
            place_from,
            counts_moves: !self.directions.is_empty() && !self.is_total(bare),
            direction: self.direction_at(bare),
            counts_rows: self.counts_rows(bare),
            is_change: bare.sign == Some(1) || self.says_change(bare),
            is_left: self.says_left(bare),
            subject: self.subject().filter(|_| bare.kind == Kind::Ordinal),
            of_all: self.tells_of_all(bare),
            is_average: self.says_average(bare),
            is_in_all: self.says_together(bare),
            is_gap: self.says_apart(bare),
            noun: self.noun_after(bare),
        }
    }

    /// The quantities of its kind that the words around a number leave.
    fn open<'j>(&'j self, bare: &'j Bare, said: &'j Said<'j>) -> impl Iterator<Item = &'j Quantity<'a>> {
        let is_nobody = self.subjects.is_empty();
        let is_of_all = move |quantity: &Quantity<'_>| {
            let is_one = quantity.is_of_few() || is_nobody && quantity.is_of_entity();
            !(is_one || said.is_average && quantity.is_sum())
        };
        self.basis.of_kind(bare.kind).filter(move |quantity| {
            comparable(&bare.kind, &quantity.kind)
                && (!said.is_change || quantity.time == Time::Neither)
                && said.subject.is_none_or(|rows| quantity.is_of(rows))
                && (!said.of_all || is_of_all(quantity))
                && !((said.is_in_all || said.is_gap) && quantity.is_mean())
                && !(said.is_gap && quantity.is_sum())
                && !(said.is_in_all && quantity.is_difference() && self.subjects.len() > 1)
                && (!said.counts_rows || quantity.is_of_rows())
                && said
                    .place_from
                    .is_none_or(|side| (side < 0) == (quantity.tag == Tag::FromBelow))
                && self.may_be_tagged(quantity.tag, said)
        })
    }

    fn may_be_tagged(&self, tag: Tag, said: &Said<'_>) -> bool {
        match tag {
            Tag::Left => said.is_left,
            _ if said.is_left => false,
            Tag::Rows => !said.counts_moves,
            Tag::Moved(side) if said.direction.is_some() => said.direction == Some(side),
            Tag::Moved(side) => {
                let went = |direction: &Direction| {
                    let is_loose = direction.is_judgement && !direction.word.starts_with("weak");
                    direction.sign == side || is_loose && self.is_better_low()
                };
                said.counts_moves && self.directions.iter().any(went)
            }
            Tag::FromBelow => said.from_below,
            // A plus sign states a change, and so does "added".
            Tag::Part => !said.is_change,
            Tag::Used | Tag::Beside | Tag::Derived => true,
        }
    }

    fn in_another_currency(&self, bare: &Bare) -> Option<Reason> {
        let Kind::Money(code) = bare.kind else {
            return None;
        };
        let own = self.basis.quantities().find_map(|quantity| match quantity.kind {
            Kind::Money(own) if own.is_known() => Some(own),
            _ => None,
        });
        let own = own.filter(|own| *own != code)?;
        Some(Reason::contradicted(
            "unit",
            format!("\"{}\" is not in {own}", bare.raw),
        ))
    }

    fn is_none_of(&self, bare: &Bare, nearest: Option<&Quantity<'_>>) -> Reason {
        if let Some(quantity) = nearest {
            let value = super::format::number(quantity.value, 2);
            return Reason::contradicted(
                "number",
                format!(
                    "text says \"{}\"; the nearest is {} = {value}",
                    bare.raw, quantity.source
                ),
            );
        }
        match self.basis.quantities().find(|quantity| bare.fits(quantity.value)) {
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
            return ranges.any(|(low, high)| self.lie_between(bare, low, high));
        };
        let value = at.exact().filter(|_| comparable(&bare.kind, &self.basis.kind(at)));
        ranges.any(|(low, high)| value.is_some_and(|value| low <= value && value <= high && high <= low * WIDEST))
    }

    /// "All five products have refund rates between 5.5 % and 7.4 %": the values used of one column, and the range hardly wider.
    fn lie_between(&self, bare: &Bare, low: f64, high: f64) -> bool {
        const SLACK: f64 = 1.25;
        let cells = &self.basis.cells;
        let is_one_column = cells.windows(2).all(|two| std::ptr::eq(two[0].column, two[1].column));
        let values: Option<Vec<f64>> = cells
            .iter()
            .map(|at| at.exact().filter(|_| comparable(&bare.kind, &self.basis.kind(at))))
            .collect();
        let values = values
            .filter(|values| is_one_column && values.len() > 1)
            .unwrap_or_default();
        let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(least, most), value| {
            (least.min(*value), most.max(*value))
        });
        low <= least && most <= high && least <= low * SLACK && high <= most * SLACK
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
        // "Added 14,144 new users" tells how many are new.
        let after = self.sentence.typed[bare.end..].trim_start();
        let are_new = after.starts_with("new ") || bare.kind == Kind::Percent && after.starts_with("of ");
        by || of || !are_new && VERBS.contains(&word.as_str()) || self.says_more_than(bare)
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

    /// "Together, A and B brought 2,234".
    fn says_together(&self, bare: &Bare) -> bool {
        const SUMS: [&str; 10] = [
            "together",
            "combined",
            "sum of",
            "add up",
            "adds up",
            "adding",
            "as a pair",
            "between them,",
            " plus ",
            "in total",
        ];
        static SUM: LazyLock<Worded> = LazyLock::new(|| {
            worded(r"(?i)\b(?:together|combined|sum|adds?|adding|pair|between|plus|total|totalled)\b")
        });
        if SUM.among(&self.first_letters).is_none() {
            return false;
        }
        let text = self.masked.text.to_ascii_lowercase();
        let is_verb = text[..bare.start].ends_with(" total ") || text[..bare.start].ends_with(" totalled ");
        !text.contains("averag")
            && !text.contains("mean")
            && !text.contains("divid")
            && (is_verb || SUMS.iter().any(|word| text.contains(word)))
    }

    /// "averaged 12", "12 on average", "dividing the sum by the number of days gives 12".
    fn says_average(&self, bare: &Bare) -> bool {
        static AVERAGE: LazyLock<Worded> = LazyLock::new(|| worded(r"(?i)\b(?:averag|dividing)"));
        if AVERAGE.among(&self.first_letters).is_none() {
            return false;
        }
        let text = &self.masked.text;
        let before = text[..bare.start].to_ascii_lowercase();
        let mut after = text[bare.end..].split_whitespace().take(4);
        before.contains("averag")
            || before.contains("dividing the sum")
            || after.any(|word| word.starts_with("average"))
    }

    /// "are 15,946 apart", "the gap is 1,200".
    pub(super) fn says_apart(&self, bare: &Bare) -> bool {
        static GAP: LazyLock<Worded> = LazyLock::new(|| worded(r"(?i)\b(?:difference|differ|gap|apart)\b"));
        if GAP.among(&self.first_letters).is_none() {
            return false;
        }
        const GAPS: [&str; 4] = ["difference ", "gap ", "differ by", "apart by"];
        let clause = |text: &str| text.rsplit([',', ';', '.']).next().unwrap_or_default().to_lowercase();
        let before = clause(&self.masked.text[..bare.start]);
        let mut after = self.masked.text[bare.end..].split_whitespace().take(2);
        after.any(|word| word.trim_matches([',', '.']) == "apart") || GAPS.iter().any(|word| before.contains(word))
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
        const AFTER: [&str; 7] = [
            "each",
            "apiece",
            "on average",
            "combined",
            "altogether",
            "a day",
            "per day",
        ];
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
        // "Ranged from 172 to 401 a day".
        if ["rang", "between", "peak", "high", "low"]
            .iter()
            .any(|word| before.contains(word))
        {
            return false;
        }
        let after = self.masked.text[bare.end..].trim_start();
        let after = after.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        BEFORE.iter().any(|words| before.contains(words)) || AFTER.iter().any(|words| after.contains(words))
    }
}

fn counts_another(bare: &Bare, noun: Option<&str>, quantity: &Quantity<'_>) -> Reason {
    let (said, own) = (noun.unwrap_or_default(), quantity.noun.unwrap_or("something else"));
    let message = format!("\"{} {said}\": {} counts {own}", bare.raw, quantity.source);
    Reason::contradicted("unit", message)
}
