//! Two rows beside each other: "compared with A, B is higher", "A comes out ahead", "the ratio of A to B is 2.3".

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::names::Mention;
use super::number::{Bare, Kind};
use super::pattern::{Worded, holding, pattern, worded};
use super::reason::Reason;
use super::verify::Judge;
use super::words::Direction;

impl Judge<'_, '_> {
    /// "Compared with A, B is higher", "higher for B", "higher for the former": whether the row that it is said of lies on that side.
    pub(super) fn compares_fronted(&self, direction: &Direction) -> Option<bool> {
        if !["higher", "lower"].contains(&direction.word.as_str()) {
            return None;
        }
        let each = self.subjects_once();
        let [first, second] = each.as_slice() else {
            return None;
        };
        let holds = |own: &[&str], other: &[&str]| Some(self.order(own, other)? == (direction.sign > 0));
        let after = &self.masked.text[direction.end..];
        match self.named_for(direction) {
            Some(own) if own.rows == first.rows => holds(&first.rows, &second.rows),
            Some(_) => holds(&second.rows, &first.rows),
            None if after.contains("the former") => holds(&first.rows, &second.rows),
            None if after.contains("the latter") => holds(&second.rows, &first.rows),
            None if second.range.end > direction.start || after.contains(" than") => None,
            None => {
                let holds = holds(&second.rows, &first.rows)?;
                self.sets_apart(first, second, direction, holds).then_some(holds)
            }
        }
    }

    /// "Revenue was higher for B".
    fn named_for(&self, direction: &Direction) -> Option<&Mention<'_>> {
        const FOR: [&str; 5] = [" for ", " from ", " in ", " among ", " with "];
        const NEAR: usize = 24;
        self.subjects.iter().find(|subject| {
            let between = self.sentence.typed.get(direction.end..subject.range.start);
            between.is_some_and(|between| between.len() < NEAR && FOR.iter().any(|word| between.starts_with(word)))
        })
    }

    /// "Compared with A, B is higher", "A stood at 31 %, while B came in higher". Where the two are only joined, the word may as well tell
    /// of a change, unless it stands right behind the second one.
    fn sets_apart(&self, first: &Mention<'_>, second: &Mention<'_>, direction: &Direction, holds: bool) -> bool {
        static FRONTED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:compared (?:with|to)|next to|against|versus|relative to|beside)(?: the)?(?: that of| those of| [a-z]+ (?:of|in))?(?: the)? $",
            )
        });
        const JOINS: [&str; 4] = [" while ", " whereas ", " and ", ";"];
        const NEAR: usize = 24;
        let typed = &self.sentence.typed;
        let between = &typed[first.range.end..second.range.start];
        let is_contrast = JOINS.iter().any(|word| between.contains(word));
        let is_near = direction.start - second.range.end < NEAR;
        is_contrast && (holds || is_near) || FRONTED.is_match(&typed[..first.range.start])
    }

    /// "comes out ahead", "is behind on revenue".
    pub(super) fn comes_out_words(&self) -> Option<Captures<'_>> {
        static COMES: LazyLock<Worded> = LazyLock::new(|| {
            holding(
                r"(?i)\b(?:ahead|behind|top|higher|larger|bigger|greater|lower|smaller)\b",
                r"(?i)\b(?:comes? out|came out|ends? up|ended up|finish(?:es|ed)?|emerges?|emerged|is|was|stands?|stood|had|has|shows?|posts?|posted) (?:(?:the|a) (?:higher|larger|bigger|greater|(?P<low>lower|smaller)) [a-z\x01]|(?:on top|(?:well |clearly |slightly |just )?(?:ahead|(?P<less>behind)))(?: on| by| in|:|,|\.|$))",
            )
        });
        COMES.among(&self.first_letters)?.captures(&self.sentence.typed)
    }

    /// "Put A and B side by side and A comes out ahead".
    pub(super) fn comes_out(&self) -> Option<Reason> {
        let found = self.comes_out_words()?;
        let each = self.subjects_once();
        let [first, second] = each.as_slice() else {
            return None;
        };
        let at = found.get(0)?.start();
        let before = self.mentions.iter().filter(|mention| mention.range.end <= at);
        let last = before.max_by_key(|mention| mention.range.end)?;
        let [own, other] = if last.rows == first.rows {
            [first, second]
        } else {
            [second, first]
        };
        let order = self.order(&own.rows, &other.rows)?;
        (order != found.name("less").or(found.name("low")).is_none()).then(|| {
            let message = format!("\"{}\" is the wrong way round", &found[0]);
            Reason::contradicted("name", message)
        })
    }

    /// "The ratio of A to B is 2.3", "dividing A by B gives 1.8": of the two rows named, in that order.
    pub(super) fn is_ratio(&self, bare: &Bare) -> bool {
        bare.kind == Kind::Plain && self.told_ratio(bare) == Some(true)
    }

    /// Whether a number is the ratio of the two rows named, told in so many words, and the right way round.
    pub(super) fn told_ratio(&self, bare: &Bare) -> Option<bool> {
        static RATIO: LazyLock<Worded> = LazyLock::new(|| {
            worded(
                r"(?i)\b(?:ratio|dividing|divided|quotient|factor|multiple|multiplied|match|unit|for every|for each)\b",
            )
        });
        if self.subjects.len() < 2 || RATIO.among(&self.first_letters).is_none() {
            return None;
        }
        const RATIOS: [&str; 7] = [
            "ratio of",
            " ratio",
            "dividing",
            "divided by",
            "quotient",
            "a factor of",
            "multiple of",
        ];
        const PER_UNIT: [&str; 6] = [
            "for every unit",
            "for each unit",
            "for every one",
            "for each of",
            "multiplied by",
            "to match",
        ];
        let text = self.masked.text.to_ascii_lowercase();
        let is_per_unit = PER_UNIT.iter().any(|words| text.contains(words));
        let each = self.subjects_once();
        let [first, second] = each.as_slice() else {
            return None;
        };
        if !is_per_unit && !RATIOS.iter().any(|words| text.contains(words)) {
            return None;
        }
        // What stands between them, or before both, is no ratio of them.
        if !is_per_unit && bare.start < second.range.end {
            return None;
        }
        let shared = self.shared(&first.rows, &second.rows);
        let mut ratios = shared
            .into_iter()
            .filter(|(x, y)| *x != 0.0 && *y != 0.0)
            .map(|(x, y)| x / y);
        let of = ratios.next()?;
        let (right, wrong) = if is_per_unit { (1.0 / of, of) } else { (of, 1.0 / of) };
        match (bare.fits(right), bare.fits(wrong)) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}
