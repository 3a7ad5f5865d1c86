//! One sentence against its basis: bare numbers, dates, multiples, names, measures, directions, superlatives, periods.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::evidence::{At, Cell, Role, TableKind, Unit};

use super::basis::{Basis, Quantity, Time};
use super::mask::{self, mask, whole_words};
use super::measure::{self, base};
use super::number::{Bare, Kind, numbers};
use super::placeholder::sign;
use super::reason::Reason;
use super::render::{MARK, Rendered};
use super::words;

/// What a check found out about one sentence.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) faults: Vec<Reason>,
    /// It held numbers that the model typed itself, all of them consistent.
    pub(super) bare_numbers: usize,
    /// Words that could not be judged either way.
    pub(super) doubts: usize,
}

/// Judges the words that the model typed; what the program rendered needs no check.
pub(super) fn check(sentence: &Rendered, basis: &Basis<'_>) -> Checked {
    let masked = mask(&sentence.typed, Some(basis.evidence));
    let mut judge = Judge {
        sentence,
        basis,
        masked: &masked,
        out: Checked::default(),
    };
    judge.out.faults.extend(sentence.faults.iter().cloned());
    judge.dates();
    judge.numbers();
    judge.multiples();
    judge.names();
    judge.pairing();
    judge.measures();
    judge.directions();
    judge.superlatives();
    judge.periods();
    judge.out
}

static NOW: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:now|currently|current|today|this (?:period|week|month)|presently)\b")
});
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:previous(?:ly)?|prior|before|earlier|last (?:period|week|month|quarter|year)|preceding|formerly|from|used to|ago|had been|versus|vs\.?|against|compared (?:with|to)|than|of)\b",
    )
});
static CALM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:unchanged|flat|stable|steady|no change|constant|did not change)\b")
});

struct Judge<'a, 'b> {
    sentence: &'b Rendered,
    basis: &'b Basis<'a>,
    masked: &'b mask::Masked,
    out: Checked,
}

impl Judge<'_, '_> {
    fn fault(&mut self, reason: Reason) {
        self.out.faults.push(reason);
    }

    /// The cells that this sentence renders; all of the statement's when it renders none.
    fn own_cells(&self) -> Vec<At<'_>> {
        let own: Vec<At<'_>> = self
            .sentence
            .cells
            .iter()
            .filter_map(|address| self.basis.evidence.at(address))
            .collect();
        if own.is_empty() {
            self.basis.cells.clone()
        } else {
            own
        }
    }

    fn dates(&mut self) {
        let evidence = self.basis.evidence;
        let mut known: Vec<Date> = vec![evidence.period.start, evidence.period.end];
        if let Some(previous) = evidence.previous_period {
            known.extend([previous.start, previous.end]);
        }
        let mut listed = Vec::new();
        for table in &evidence.tables {
            for row in &table.rows {
                let days: Vec<Date> = row
                    .cells
                    .iter()
                    .filter_map(|cell| match cell {
                        Cell::Day(day) => Some(*day),
                        _ => None,
                    })
                    .chain(row.key.parse().ok())
                    .collect();
                if self.basis.rows.contains(&row.id) {
                    known.extend(&days);
                }
                listed.extend(days);
            }
        }
        for dated in &self.masked.dates {
            if known.iter().any(|date| dated.is(*date)) {
                continue;
            }
            let message = format!(
                "the text names a date ({}-{}) that none of the rows used has; use {{{{date:…}}}}",
                dated.month,
                dated
                    .day
                    .map_or_else(|| "?".to_owned(), |day| day.to_string())
            );
            self.out
                .faults
                .push(if listed.iter().any(|date| dated.is(*date)) {
                    Reason::contradicted("date", message)
                } else {
                    Reason::unsupported("date", message)
                });
        }
    }

    fn numbers(&mut self) {
        let found = numbers(&self.masked.text);
        let limits: Vec<Quantity> = found
            .iter()
            .filter(|bare| bare.is_bound())
            .flat_map(|bare| self.basis.beyond(bare))
            .collect();
        let count_met = found.iter().any(|bare| {
            bare.kind == Kind::Plain && limits.iter().any(|count| bare.fits(count.value))
        });
        for bare in &found {
            if count_met && bare.is_bound() {
                continue;
            }
            match self.number(bare, &limits) {
                Some(reason) => self.fault(reason),
                None => self.out.bare_numbers += 1,
            }
        }
        self.from_to(&found);
    }

    fn number(&self, bare: &Bare, limits: &[Quantity]) -> Option<Reason> {
        let kinds: Vec<&Quantity> = self
            .basis
            .quantities
            .iter()
            .chain(limits)
            .filter(|quantity| comparable(&bare.kind, &quantity.kind))
            .collect();
        let nouns = self.noun_after(bare);
        let counted = |quantity: &Quantity| match (&nouns, &quantity.noun) {
            (Some(said), Some(noun)) => said == noun,
            _ => true,
        };
        let fits = |quantity: &&&Quantity| {
            bare.fits(quantity.value)
                || (bare.bounds(quantity.value) && quantity.time != Time::Neither)
        };
        let fitting: Vec<&&Quantity> = kinds.iter().filter(|quantity| fits(quantity)).collect();
        let right: Vec<&&&Quantity> = fitting
            .iter()
            .filter(|quantity| counted(quantity))
            .collect();
        if !right.is_empty() {
            return self.stale(bare, &right);
        }
        if let (Some(noun), Some(quantity)) = (&nouns, fitting.first()) {
            return Some(Reason::contradicted(
                "unit",
                format!(
                    "\"{} {noun}\": {} counts {}",
                    bare.raw,
                    quantity.source,
                    quantity.noun.as_deref().unwrap_or("something else")
                ),
            ));
        }
        if let Kind::Money(code) = &bare.kind {
            let own = self
                .basis
                .quantities
                .iter()
                .find_map(|quantity| match &quantity.kind {
                    Kind::Money(own) if !own.is_empty() => Some(own),
                    _ => None,
                });
            if let Some(own) = own.filter(|own| *own != code) {
                return Some(Reason::contradicted(
                    "unit",
                    format!("\"{}\" is not in {own}", bare.raw),
                ));
            }
        }
        let nearest = kinds
            .iter()
            .filter(|quantity| counted(quantity))
            .min_by(|a, b| {
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
                let other = self
                    .basis
                    .quantities
                    .iter()
                    .find(|quantity| bare.fits(quantity.value));
                match other {
                    Some(quantity) => Reason::contradicted(
                        "unit",
                        format!("\"{}\" has another unit than {}", bare.raw, quantity.source),
                    ),
                    None => Reason::unsupported(
                        "number",
                        format!(
                            "\"{}\" follows from no cell used; write a placeholder",
                            bare.raw
                        ),
                    ),
                }
            }
        })
    }

    /// The longest noun of the evidence right after a number.
    fn noun_after(&self, bare: &Bare) -> Option<String> {
        if bare.kind != Kind::Plain {
            return None;
        }
        let after = self
            .sentence
            .typed
            .get(bare.end..)?
            .trim_start()
            .to_lowercase();
        let mut best: Option<String> = None;
        for table in &self.basis.evidence.tables {
            let units = table
                .columns
                .iter()
                .map(|column| &column.unit)
                .chain(table.rows.iter().filter_map(|row| row.unit.as_ref()));
            for unit in units {
                let Unit::Count(noun) = unit else { continue };
                let noun = noun.to_lowercase();
                if after.starts_with(&noun)
                    && best.as_ref().is_none_or(|best| best.len() < noun.len())
                {
                    best = Some(noun);
                }
            }
        }
        best
    }

    /// "now 9.7M" where only the previous value is 9.7M.
    fn stale(&self, bare: &Bare, right: &[&&&Quantity]) -> Option<Reason> {
        let clause = self.clause(bare.start, bare.end);
        let (now, before) = (NOW.is_match(clause), BEFORE.is_match(clause));
        if now && !before && right.iter().all(|quantity| quantity.time == Time::Before) {
            return Some(Reason::contradicted(
                "period",
                format!(
                    "\"{}\" is the previous value, not the current one",
                    bare.raw
                ),
            ));
        }
        None
    }

    fn clause(&self, start: usize, end: usize) -> &str {
        let text = &self.masked.text;
        let from = text[..start].rfind([';', '(']).map_or(0, |at| at + 1);
        let until = text[end..]
            .find([';', ')'])
            .map_or(text.len(), |at| end + at);
        &text[from..until]
    }

    /// "from A to B": A is the previous value, B the current one; "A in the previous period" is the previous one.
    fn from_to(&mut self, found: &[Bare]) {
        static FROM: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:from|after|versus|vs\.?|compared (?:with|to)|against|down on|up on)\s*(?:about |roughly )?$",
            )
        });
        static LAST: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^[^.;,()]{0,14}\b(?:(?:in|during) the (?:previous|prior|preceding) period|last (?:period|week|month)|previously|before|a (?:period|week|month) (?:ago|earlier))\b",
            )
        });
        static PREVIOUSLY: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^\s*(?:previously|before|in the (?:previous|prior|preceding) period|last (?:period|week|month)|earlier)\b",
            )
        });
        static TO: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)\b(?:to|now at|reached|at)\s*(?:about |roughly )?$"));
        static MOVED: LazyLock<Regex> = LazyLock::new(|| {
            pattern(r"(?i)\b(?:from|after|to|rose|fell|increased|decreased|grew|dropped)\b")
        });
        let text = self.masked.text.clone();
        let opens = PREVIOUSLY.is_match(&text) && found.len() == 1 && !MOVED.is_match(&text);
        for bare in found {
            let (before, after) = (&text[..bare.start], &text[bare.end..]);
            let says_before = FROM.is_match(before) && !before.ends_with("compared to ")
                || LAST.is_match(after)
                || opens;
            let says_now = TO.is_match(before)
                && (text.contains("from") || words::directions(before).len() == 1);
            let times: BTreeSet<bool> = self
                .basis
                .quantities
                .iter()
                .filter(|quantity| {
                    comparable(&bare.kind, &quantity.kind) && bare.fits(quantity.value)
                })
                .filter(|quantity| quantity.time != Time::Neither)
                .map(|quantity| quantity.time == Time::Before)
                .collect();
            let has_both = self
                .basis
                .quantities
                .iter()
                .any(|quantity| quantity.time == Time::Before);
            if !has_both || times.len() != 1 {
                continue;
            }
            if says_before && times.contains(&false) && bare.kind != Kind::Times {
                self.fault(Reason::contradicted(
                    "period",
                    format!(
                        "\"{}\" is the current value, not the previous one",
                        bare.raw
                    ),
                ));
            } else if says_now && !says_before && times.contains(&true) {
                self.fault(Reason::contradicted(
                    "period",
                    format!(
                        "\"{}\" is the previous value, not the current one",
                        bare.raw
                    ),
                ));
            }
        }
    }

    fn multiples(&mut self) {
        for claim in words::multiples(&self.sentence.typed) {
            let within = |range: Option<(f64, f64)>, value: f64| {
                range.is_some_and(|(low, high)| low <= value && value <= high)
            };
            let mut same_kind = false;
            let mut met = false;
            for quantity in &self.basis.quantities {
                let fits = match quantity.kind {
                    Kind::Times => within(claim.ratio, quantity.value),
                    Kind::Percent => {
                        within(claim.percent, quantity.value)
                            || within(claim.change, quantity.value.abs())
                    }
                    _ => continue,
                };
                same_kind = true;
                met |= fits;
            }
            if !met {
                let message = format!("\"{}\" does not follow from the cells used", claim.word);
                self.fault(if same_kind {
                    Reason::contradicted("number", message)
                } else {
                    Reason::unsupported("number", message)
                });
            }
        }
    }

    fn names(&mut self) {
        let evidence = self.basis.evidence;
        let typed = &self.sentence.typed;
        let mut taken = vec![false; typed.len()];
        let mut entries: Vec<(&str, &str, TableKind)> = Vec::new();
        for table in evidence
            .tables
            .iter()
            .filter(|table| table.kind != TableKind::Totals)
        {
            for row in measure::entities(table) {
                entries.push((&row.key, &row.id, table.kind));
                entries.extend(
                    row.aliases
                        .iter()
                        .map(|alias| (alias.as_str(), row.id.as_str(), table.kind)),
                );
            }
        }
        entries.sort_by_key(|(name, ..)| std::cmp::Reverse(name.len()));
        let used_names: BTreeSet<&str> = entries
            .iter()
            .filter(|(_, id, _)| self.basis.rows.contains(*id))
            .map(|(name, ..)| *name)
            .collect();
        let labels: Vec<&str> = evidence
            .tables
            .iter()
            .flat_map(|table| &table.columns)
            .map(|column| column.label.as_str())
            .collect();
        for label in labels.iter().filter(|label| label.contains(' ')) {
            for range in whole_words(typed, label) {
                taken[range].fill(true);
            }
        }
        let mut missing = BTreeSet::new();
        for (name, _, kind) in &entries {
            if name.parse::<Date>().is_ok() || name.parse::<f64>().is_ok() {
                continue;
            }
            for range in whole_words(typed, name) {
                if taken[range.start] {
                    continue;
                }
                taken[range.clone()].fill(true);
                if is_plain_word(typed, &range, name, *kind) {
                    continue;
                }
                if !used_names.contains(name) {
                    missing.insert((*name).to_owned());
                }
            }
        }
        for name in missing {
            self.fault(Reason::unsupported(
                "name",
                format!("the text names {name}, but no cell of that row is used"),
            ));
        }
    }

    /// A value right after a name must be a value of that name.
    fn pairing(&mut self) {
        static LINK: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^(?:'s|’s)?(?:\s+[a-z][a-z-]*){0,3}?\s*(?:\(|:|was|were|is|has|had|with|made|earned|generated|contributed|reached|recorded|saw)?\s*$",
            )
        });
        const BREAKS: [&str; 14] = [
            "and", "but", "while", "versus", "vs", "against", "than", "over", "of", "to",
            "compared", "from", "at", "or",
        ];
        let typed = &self.sentence.typed;
        let marks: Vec<usize> = typed.match_indices(MARK).map(|(at, _)| at).collect();
        let pieces = &self.sentence.pieces;
        let mut found = Vec::new();
        for index in 1..pieces.len().min(marks.len()) {
            let (name, value) = (&pieces[index - 1], &pieces[index]);
            if name.name.is_none() || value.cells.is_empty() || name.rows == value.rows {
                continue;
            }
            let gap = &typed[marks[index - 1] + MARK.len_utf8()..marks[index]];
            let breaks = gap.contains([',', ';'])
                || gap.split_whitespace().any(|word| BREAKS.contains(&word));
            if !breaks
                && LINK.is_match(gap)
                && self.same_table(name.rows.first(), value.rows.first())
            {
                found.push(Reason::contradicted(
                    "name",
                    format!("{} does not belong to {}", value.source, name.text),
                ));
            }
        }
        // A sentence that names rows may not show another row's value without its name.
        let named: BTreeSet<&String> = pieces
            .iter()
            .filter(|piece| piece.name.is_some())
            .flat_map(|piece| &piece.rows)
            .collect();
        if !named.is_empty() && found.is_empty() {
            for piece in pieces.iter().filter(|piece| piece.name.is_none()) {
                let strange = piece.rows.iter().find(|row| {
                    !named.contains(row)
                        && named
                            .iter()
                            .any(|name| self.same_table(Some(name), Some(row)))
                        && !self.is_summary(row)
                });
                if let Some(row) = strange {
                    found.push(Reason::contradicted(
                        "name",
                        format!("{} is a value of {row}, which the sentence does not name; write {{{{{row}}}}}", piece.source),
                    ));
                }
            }
        }
        self.out.faults.extend(found);
    }

    fn same_table(&self, a: Option<&String>, b: Option<&String>) -> bool {
        let table = |row: Option<&String>| Some(self.basis.evidence.row(row?)?.0.id.as_str());
        a.is_some() && table(a) == table(b)
    }

    fn is_summary(&self, row: &str) -> bool {
        self.basis
            .evidence
            .row(row)
            .is_some_and(|(_, row)| row.summary)
    }

    /// Measure words, if any, must be measures of the cells used.
    fn measures(&mut self) {
        let typed = self.sentence.typed.to_lowercase();
        let mut labels: Vec<String> = Vec::new();
        for table in &self.basis.evidence.tables {
            labels.extend(
                table
                    .columns
                    .iter()
                    .filter(|c| c.role == Role::Current && c.unit != Unit::OfRow)
                    .map(|c| c.label.to_lowercase()),
            );
            if table
                .columns
                .iter()
                .any(|column| column.unit == Unit::OfRow)
                && table.kind == TableKind::Totals
            {
                labels.extend(table.rows.iter().map(|row| row.key.to_lowercase()));
            }
        }
        labels.sort_by_key(|label| std::cmp::Reverse(label.len()));
        labels.dedup();
        let mut free = typed.clone();
        let mut said = BTreeSet::new();
        for label in &labels {
            for range in whole_words(&free.clone(), label) {
                said.insert(label.clone());
                free.replace_range(range.clone(), &"~".repeat(range.len()));
            }
        }
        if said.is_empty() || self.basis.cells.is_empty() {
            return;
        }
        let own: Vec<String> = self
            .basis
            .cells
            .iter()
            .map(|at| {
                if at.column.unit == Unit::OfRow {
                    at.row.key.to_lowercase()
                } else {
                    base(at).column.label.to_lowercase()
                }
            })
            .collect();
        let alike = |label: &String| {
            own.iter().any(|own| {
                own == label || own.contains(label.as_str()) || label.contains(own.as_str())
            })
        };
        let nouns: Vec<String> = self
            .basis
            .cells
            .iter()
            .filter_map(|at| match at.unit() {
                Unit::Count(noun) => Some(noun.to_lowercase()),
                _ => None,
            })
            .collect();
        if !said
            .iter()
            .any(|label| alike(label) || nouns.contains(label))
        {
            let words: Vec<String> = said.into_iter().collect();
            self.fault(Reason::unsupported(
                "measure",
                format!(
                    "the text speaks of {}, the cells used are about {}",
                    words.join(", "),
                    own.first().map_or("nothing", String::as_str)
                ),
            ));
        }
    }

    /// The signs of the changes that this sentence may speak of.
    fn signs(&self) -> Vec<i8> {
        let pieces: Vec<i8> = self
            .sentence
            .pieces
            .iter()
            .filter(|piece| piece.is_change)
            .filter_map(|piece| piece.sign)
            .collect();
        if !pieces.is_empty() {
            return pieces;
        }
        if self.sentence.cells.is_empty() && !self.basis.signs.is_empty() {
            return self.basis.signs.clone();
        }
        let of = |at: &At<'_>| match at.column.role {
            Role::Change | Role::ChangePoints | Role::Deviation => at.exact().map(sign),
            _ => measure::change(at)
                .or_else(|| measure::deviation(at))
                .map(sign),
        };
        let own: Vec<i8> = self.own_cells().iter().filter_map(of).collect();
        if own.is_empty() {
            self.basis.signs.clone()
        } else {
            own
        }
    }

    fn directions(&mut self) {
        let found = words::directions(&self.masked.text);
        let signs = self.signs();
        self.calm(&signs);
        let marks: Vec<usize> = self
            .masked
            .text
            .match_indices(MARK)
            .map(|(at, _)| at)
            .collect();
        for (index, direction) in found.iter().enumerate() {
            let next_word = found.get(index + 1).map_or(usize::MAX, |next| next.start);
            let piece = marks
                .iter()
                .zip(&self.sentence.pieces)
                .find(|(at, piece)| {
                    **at >= direction.end
                        && **at < direction.end + 30
                        && **at < next_word
                        && (piece.is_change || piece.sign.is_some())
                })
                .and_then(|(_, piece)| piece.sign);
            if let Some(sign) = piece {
                if sign != 0 && sign != direction.sign {
                    self.fault(opposite(&direction.word));
                }
                continue;
            }
            if signs.is_empty() {
                self.fault(Reason::unsupported(
                    "word",
                    format!("\"{}\" claims a change, but no change is cited; use {{{{move:…}}}} or an assert", direction.word),
                ));
            } else if !signs.contains(&direction.sign) {
                self.fault(if signs.iter().all(|sign| *sign == -direction.sign) {
                    opposite(&direction.word)
                } else {
                    Reason::unsupported(
                        "word",
                        format!("\"{}\" fits no change cited", direction.word),
                    )
                });
            } else if signs.iter().any(|sign| *sign != direction.sign) {
                self.out.doubts += 1;
            }
        }
    }

    fn calm(&mut self, signs: &[i8]) {
        let Some(word) = CALM
            .find(&self.masked.text)
            .map(|found| found.as_str().to_owned())
        else {
            return;
        };
        if signs.is_empty() {
            return;
        }
        let moved = self.own_cells().iter().any(|at| {
            let large = measure::change_percent(at).is_some_and(|percent| percent.abs() >= 10.0);
            large && measure::score(at).is_none_or(|z| z.abs() >= 3.0)
        });
        if moved {
            self.fault(Reason::unsupported(
                "word",
                format!("\"{word}\", but the value changed beyond ordinary variation"),
            ));
        }
    }

    fn superlatives(&mut self) {
        if self.sentence.pieces.iter().any(|piece| piece.is_rank) {
            return;
        }
        let has_drop = words::directions(&self.masked.text)
            .iter()
            .any(|direction| direction.sign < 0)
            || self.signs().iter().any(|sign| *sign < 0);
        for claim in words::superlatives(&self.masked.text) {
            let fits = |side: i8| {
                claim.side == 0 || side == 0 || side == claim.side || (has_drop && claim.side > 0)
            };
            if self.basis.extremes.iter().any(|side| fits(*side)) {
                continue;
            }
            let met = self.own_cells().iter().any(|at| {
                [
                    Some(*at),
                    measure::companion(&base(at), Role::Change),
                    Some(base(at)),
                ]
                .into_iter()
                .flatten()
                .filter_map(|at| measure::rank(&at))
                .any(|rank| (rank.from_top == 1 && fits(1)) || (rank.from_bottom == 1 && fits(-1)))
            });
            if !met {
                self.fault(Reason::unsupported(
                    "word",
                    format!(
                        "\"{}\" needs an extreme or rank assert that holds",
                        claim.word
                    ),
                ));
            }
        }
    }

    /// A rendered previous value is not "now".
    fn periods(&mut self) {
        let roles: BTreeSet<bool> = self
            .sentence
            .pieces
            .iter()
            .filter(|piece| piece.cells.len() == 1)
            .filter_map(|piece| self.basis.evidence.at(piece.cells.first()?))
            .filter(|at| matches!(at.column.role, Role::Current | Role::Previous))
            .map(|at| at.column.role == Role::Previous)
            .collect();
        let text = &self.masked.text;
        if roles.len() == 1
            && roles.contains(&true)
            && !BEFORE.is_match(text)
            && !text.to_lowercase().contains("expected")
        {
            self.fault(Reason::unsupported(
                "period",
                "a previous value is shown as if it were the current one",
            ));
        }
    }
}

fn opposite(word: &str) -> Reason {
    Reason::contradicted(
        "word",
        format!("\"{word}\" is the opposite of the change cited"),
    )
}

fn comparable(bare: &Kind, quantity: &Kind) -> bool {
    match (bare, quantity) {
        (Kind::Money(said), Kind::Money(own)) => own.is_empty() || said == own,
        (Kind::Plain, Kind::Money(_) | Kind::Minutes) => true,
        (a, b) => a == b,
    }
}

/// "New users" is not the segment New; "the country" is not the field `country`.
fn is_plain_word(text: &str, range: &std::ops::Range<usize>, name: &str, kind: TableKind) -> bool {
    if name.contains([' ', '_', '-', '.', '/']) || name.chars().any(|c| c.is_ascii_digit()) {
        return false;
    }
    let written = &text[range.clone()];
    let (before, after) = (
        text[..range.start].trim_end(),
        text[range.end..].trim_start(),
    );
    if written != name {
        // Another letter case: a word unless the name is long and of its own.
        let sentence_start = before.is_empty() && written.eq_ignore_ascii_case(name);
        return !(sentence_start && kind == TableKind::Quality) || name.len() <= 3;
    }
    if kind == TableKind::Quality && name.chars().all(|c| c.is_ascii_lowercase()) {
        let marked = before.ends_with(['`', '"', '\''])
            || after.starts_with("field")
            || after.starts_with("column");
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
    common
        && (before.is_empty()
            || before.ends_with(['.', ':'])
            || (name == "New" && after.starts_with("users")))
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}
