//! The grammar of placeholders: one name, value or phrase of the evidence, worded by the program.

mod arithmetic;

use jiff::civil::Date;

use crate::evidence::{At, Cell, Evidence, Role, Unit};

use super::format::{self, compact};
use super::measure::{self, address, base};
use super::reason::Reason;

/// What kind of thing a piece shows, to judge the words beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Name,
    Date,
    Words,
    Plain,
    /// A number followed by its noun.
    Counted,
    Money,
    Percent,
    Points,
    Times,
    Rank,
}

/// One filled placeholder.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    /// As the model wrote it.
    pub(super) source: String,
    pub(super) shown: Shown,
    pub(super) is_number: bool,
    /// The direction that this piece states or implies.
    pub(super) sign: Option<i8>,
    /// The sign is printed and may be left out after a word that says it.
    pub(super) signed: bool,
    /// States a change, so it needs significance.
    pub(super) is_change: bool,
    pub(super) is_rank: bool,
    pub(super) cells: Vec<String>,
    /// Rows named or used.
    pub(super) rows: Vec<String>,
    pub(super) name: Option<String>,
}

impl Piece {
    fn new(source: &str, shown: Shown, text: String) -> Self {
        Self {
            text,
            source: format!("{{{{{source}}}}}"),
            shown,
            is_number: !matches!(shown, Shown::Name | Shown::Words),
            sign: None,
            signed: false,
            is_change: false,
            is_rank: false,
            cells: Vec::new(),
            rows: Vec::new(),
            name: None,
        }
    }

    fn about(mut self, cells: &[At<'_>]) -> Self {
        for at in cells {
            self.cells.push(address(at));
            if !self.rows.contains(&at.row.id) {
                self.rows.push(at.row.id.clone());
            }
        }
        self
    }
}

/// Fills one placeholder, given without its braces.
pub(super) fn resolve(source: &str, evidence: &Evidence) -> Result<Piece, Reason> {
    let writer = Writer { source, evidence };
    match source {
        "period" => Ok(writer.window(evidence.period.start, evidence.period.end)),
        "previous_period" => match evidence.previous_period {
            Some(window) => Ok(writer.window(window.start, window.end)),
            None => Err(writer.unknown("there is no previous period")),
        },
        _ => match source.split_once(':') {
            Some((verb, arguments)) => writer.phrase(verb.trim(), arguments.trim()),
            None => writer.plain(),
        },
    }
}

struct Writer<'a> {
    source: &'a str,
    evidence: &'a Evidence,
}

impl<'a> Writer<'a> {
    fn unknown(&self, why: &str) -> Reason {
        Reason::unsupported("bad_ref", format!("{{{{{}}}}}: {why}", self.source))
    }

    fn illegal(&self, why: &str) -> Reason {
        Reason::contradicted("type", format!("{{{{{}}}}}: {why}", self.source))
    }

    fn currency(&self) -> Option<&str> {
        self.evidence.currency.as_deref()
    }

    fn piece(&self, shown: Shown, text: String) -> Piece {
        Piece::new(self.source, shown, text)
    }

    fn window(&self, start: Date, end: Date) -> Piece {
        let text = if start == end {
            format::day(start)
        } else {
            format!("{} to {}", format::day(start), format::day(end))
        };
        let mut piece = self.piece(Shown::Date, text);
        piece.is_number = false;
        piece
    }

    fn cell(&self, address: &str) -> Result<At<'a>, Reason> {
        let at = self
            .evidence
            .at(address.trim())
            .ok_or_else(|| self.unknown(&format!("there is no cell {address}")))?;
        match at.cell {
            Cell::Missing(why) => Err(self.unknown(&format!("{address} has no value ({why})"))),
            _ => Ok(at),
        }
    }

    fn number(&self, address: &str) -> Result<(At<'a>, f64), Reason> {
        let at = self.cell(address)?;
        let exact = at
            .exact()
            .ok_or_else(|| self.illegal(&format!("{address} is not a number")))?;
        Ok((at, exact))
    }

    fn pair(&self, arguments: &str) -> Result<[(At<'a>, f64); 2], Reason> {
        let (first, second) = arguments
            .split_once(',')
            .ok_or_else(|| self.unknown("two cells are needed, e.g. g1.revenue,g2.revenue"))?;
        Ok([self.number(first)?, self.number(second)?])
    }

    /// `g3`, `g3.revenue`, `g3.revenue|k`, `g3.users|noun`.
    fn plain(&self) -> Result<Piece, Reason> {
        let (address, filter) = match self.source.split_once('|') {
            Some((address, filter)) => (address.trim(), Some(filter.trim())),
            None => (self.source, None),
        };
        if !address.contains('.') {
            let (_, row) = self
                .evidence
                .row(address)
                .ok_or_else(|| self.unknown(&format!("there is no row {address}")))?;
            let mut piece = self.piece(Shown::Name, format::name(&row.key));
            piece.rows.push(row.id.clone());
            piece.name = Some(row.key.clone());
            return Ok(piece);
        }
        let at = self.cell(address)?;
        let missing = || self.unknown("there is no value");
        let mut piece = match filter {
            None => self.piece(shown_as(&at), format::cell(&at, self.currency()).ok_or_else(missing)?),
            Some("k") => self.piece(shown_as(&at), compact(&at, self.currency()).ok_or_else(missing)?),
            Some("noun") => self.counted(&at)?,
            Some(other) => return Err(self.unknown(&format!("there is no filter {other}"))),
        };
        if matches!(at.column.role, Role::Change | Role::ChangePoints | Role::Deviation) {
            piece.is_change = true;
            piece.sign = at.exact().map(sign);
            piece.signed = true;
        }
        Ok(piece.about(&[at]))
    }

    fn counted(&self, at: &At<'_>) -> Result<Piece, Reason> {
        let text = format::cell(at, self.currency()).ok_or_else(|| self.unknown("there is no value"))?;
        Ok(match at.unit() {
            Unit::Count(noun) => {
                let noun = if at.exact() == Some(1.0) {
                    noun.strip_suffix('s').unwrap_or(noun)
                } else {
                    noun
                };
                self.piece(Shown::Counted, format!("{text} {noun}"))
            }
            _ => self.piece(shown_as(at), text),
        })
    }

    fn phrase(&self, verb: &str, arguments: &str) -> Result<Piece, Reason> {
        match verb {
            "move" => self.moved(arguments),
            "chg" => self.changed(arguments),
            "pp" => self.points(arguments),
            "dev" => self.deviation(arguments),
            "diff" => self.difference(arguments),
            "ratio" => self.ratio(arguments),
            "share" => self.share(arguments),
            "rank" => self.rank(arguments),
            "count" => self.count(arguments),
            "sum" => self.sum(arguments),
            "date" => self.date(arguments),
            other => Err(self.unknown(&format!("there is no placeholder {other}"))),
        }
    }

    fn moved(&self, address: &str) -> Result<Piece, Reason> {
        let (at, _) = self.number(address)?;
        let at = base(&at);
        let value = at.exact().ok_or_else(|| self.unknown("there is no value"))?;
        let change = measure::change(&at).ok_or_else(|| self.unknown("there is no previous value"))?;
        let large = value.abs() >= 1e6;
        let now = if large {
            compact(&at, self.currency())
        } else {
            format::cell(&at, self.currency())
        }
        .ok_or_else(|| self.unknown("there is no value"))?;
        let verb = if change < 0.0 { "fell" } else { "rose" };
        let size = match measure::points(&at).filter(|_| *at.unit() == Unit::Percent) {
            Some(points) => Some(points_words(&at, points)),
            None => measure::change_percent(&at).map(|percent| percent_words(&at, percent)),
        };
        let text = match size {
            _ if change == 0.0 => format!("was unchanged at {now}"),
            Some(size) if is_zero(&size) => format!("was almost unchanged at {now}"),
            Some(size) => format!("{verb} {} to {now}", size.trim_start_matches(['-', '+'])),
            None => {
                let then = measure::previous(&at)
                    .and_then(|then| format::cell(&then, self.currency()))
                    .ok_or_else(|| self.unknown("there is no previous value"))?;
                format!("{verb} from {then} to {now}")
            }
        };
        let mut piece = self.piece(Shown::Plain, text).about(&[at]);
        piece.is_change = true;
        piece.sign = Some(sign(change));
        for role in [Role::Previous, Role::Change, Role::ChangePoints] {
            if let Some(companion) = measure::companion(&at, role) {
                piece.cells.push(measure::address(&companion));
            }
        }
        Ok(piece)
    }

    fn changed(&self, address: &str) -> Result<Piece, Reason> {
        let (at, _) = self.number(address)?;
        let percent =
            measure::change_percent(&at).ok_or_else(|| self.unknown("there is no previous value to compare with"))?;
        let mut piece = self
            .piece(Shown::Percent, percent_words(&base(&at), percent))
            .about(&[base(&at)]);
        piece.is_change = true;
        piece.signed = true;
        piece.sign = Some(sign(percent));
        if let Some(companion) = measure::companion(&base(&at), Role::Change) {
            piece.cells.push(measure::address(&companion));
        }
        Ok(piece)
    }

    fn points(&self, address: &str) -> Result<Piece, Reason> {
        let (at, _) = self.number(address)?;
        let points = measure::points(&at)
            .ok_or_else(|| self.illegal("percentage points are only for percentages with a previous value"))?;
        let mut piece = self
            .piece(Shown::Points, points_words(&base(&at), points))
            .about(&[base(&at)]);
        piece.is_change = true;
        piece.signed = true;
        piece.sign = Some(sign(points));
        Ok(piece)
    }

    fn deviation(&self, address: &str) -> Result<Piece, Reason> {
        let (at, _) = self.number(address)?;
        let at = base(&at);
        let deviation = measure::deviation(&at).ok_or_else(|| self.unknown("there is no expected value"))?;
        let expected = measure::expected(&at)
            .and_then(|expected| Some((expected, format::cell(&expected, self.currency())?)))
            .ok_or_else(|| self.unknown("there is no expected value"))?;
        let decimals = measure::companion(&at, Role::Deviation).map_or(1, |cell| format::decimals(&cell));
        let size = format::number(deviation.abs(), decimals);
        let side = if deviation < 0.0 { "below" } else { "above" };
        let text = if is_zero(&size) {
            format!("in line with the expected {}", expected.1)
        } else {
            format!("{size} % {side} the expected {}", expected.1)
        };
        let mut piece = self.piece(Shown::Plain, text).about(&[at, expected.0]);
        piece.is_change = true;
        piece.sign = Some(sign(deviation));
        Ok(piece)
    }
}

pub(super) fn sign(value: f64) -> i8 {
    if value > 0.0 {
        1
    } else if value < 0.0 {
        -1
    } else {
        0
    }
}

fn shown_as(at: &At<'_>) -> Shown {
    match (at.cell, at.unit()) {
        (Cell::Text(_), _) => Shown::Words,
        (Cell::Day(_), _) => Shown::Date,
        (_, Unit::Money) => Shown::Money,
        (_, Unit::Percent) => Shown::Percent,
        (_, Unit::PercentagePoints) => Shown::Points,
        _ => Shown::Plain,
    }
}

/// `-19.4 %`, `+3.0 %`, in the decimals of the change column.
fn percent_words(at: &At<'_>, percent: f64) -> String {
    let decimals = measure::companion(at, Role::Change).map_or(1, |cell| format::decimals(&cell));
    let plus = if percent > 0.0 { "+" } else { "" };
    format!("{plus}{} %", format::number(percent, decimals))
}

fn points_words(at: &At<'_>, points: f64) -> String {
    let decimals = measure::companion(at, Role::ChangePoints)
        .map_or_else(|| format::decimals(at).max(1), |cell| format::decimals(&cell));
    format!("{} percentage points", format::number(points, decimals))
}

fn is_zero(size: &str) -> bool {
    !size.chars().any(|c| ('1'..='9').contains(&c))
}
