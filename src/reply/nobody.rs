//! "No field exceeds 25", "not one of the countries grew": what is said of none of the rows.

use std::sync::LazyLock;

use super::basis::Beyond;
use super::number::Bare;
use super::pattern::{Worded, worded};
use super::reason::Reason;
use super::verify::Judge;
use super::words::Direction;

static NOBODY: LazyLock<Worded> = LazyLock::new(|| {
    worded(
        r"(?i)\b(?:not (?:one|a single)|none|neither|nobody|nowhere|no(?: (?P<other>other)| single)? (?P<noun>[a-z]+))\b[^.;:,]*$",
    )
});

/// What "no" stands before without speaking of rows.
const OTHERS: [&str; 10] = [
    "fewer", "less", "more", "later", "longer", "doubt", "surprise", "change", "sign", "higher",
];

/// What turns a fall into none.
const ESCAPES: [&str; 7] = ["escap", "avoid", "spared", "resist", "buck", "defi", "dodg"];

impl Judge<'_, '_> {
    /// Whether the words before this place say that none of the rows did what follows: how many may have done it all the same, since "no
    /// other field" leaves some out.
    fn of_nobody(&self, at: usize) -> Option<usize> {
        let nobody = NOBODY.among(&self.first_letters)?;
        let found = nobody.captures(&self.masked.text[..at])?;
        let noun = found.name("noun").map(|noun| noun.as_str().to_lowercase());
        let is_of_rows = noun.is_none_or(|noun| !OTHERS.contains(&noun.as_str()));
        let whole = found.get(0)?;
        // "None escaped the slide", "no fewer".
        let is_turned = ESCAPES.iter().any(|verb| whole.as_str().contains(verb));
        let left_out = match (found.name("other"), self.subjects.len()) {
            (None, _) => 0,
            (Some(_), 0) => usize::MAX,
            (Some(_), n) => n,
        };
        (is_of_rows && !is_turned).then_some(left_out)
    }

    /// "No field exceeds 25": whether a limit holds for none of the rows of a column used; none where the sentence says nothing of the kind.
    pub(super) fn nobody_beyond(&self, limit: &Bare) -> Option<bool> {
        let left_out = self.of_nobody(limit.start).filter(|_| limit.is_bound())?;
        let beyond = self.beyond(limit);
        let is_many = |count: &&Beyond| count.rows > 1;
        beyond
            .iter()
            .any(|count| is_many(&count))
            .then(|| beyond.iter().filter(is_many).any(|count| count.beyond <= left_out))
    }

    /// "No product had a sharper growth than A": said of A.
    fn is_compared(&self, at: usize) -> bool {
        let rest = self.masked.text[at..].split([',', ';', '.']).next().unwrap_or_default();
        rest.contains(" than ") && !self.subjects.is_empty()
    }

    /// Takes out the directions that none of the rows went, and judges them.
    pub(super) fn directions_of_nobody(&mut self) {
        let found = std::mem::take(&mut self.directions);
        let (of_nobody, others): (Vec<Direction>, Vec<Direction>) = found
            .into_iter()
            .partition(|direction| self.of_nobody(direction.start) == Some(0) && !self.is_compared(direction.end));
        for direction in of_nobody {
            let went = self.basis.went(direction.sign);
            if self.basis.n_used() > 1 && went.iter().all(|count| count.beyond > 0) {
                let message = format!("some rows did what \"{}\" says of none", direction.word);
                self.fault(Reason::contradicted("word", message));
            }
        }
        self.directions = others;
    }
}
