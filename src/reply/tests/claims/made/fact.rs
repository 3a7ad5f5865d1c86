//! What a claim says: the words for the slots of a style, and the cells cited. A false one is false in exactly one way.

use super::chance::Chance;
use super::wording::{day, money, of, percent, points, times, value, who};
use super::world::{Kind, Unit, World};
use super::{FALSE, Half};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    Level,
    Before,
    PercentChange,
    FromTo,
    ChangeTo,
    Difference,
    Points,
    Multiple,
    Moved,
    Compare,
    Ratio,
    Share,
    Extreme,
    Place,
    Order,
    CountBeyond,
    CountMoved,
    Sum,
    Average,
    Gap,
    OnDay,
    PeakDay,
    Range,
    TwoMeasures,
    Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Number,
    TenTimes,
    Unit,
    Entity,
    Date,
    Count,
    Derived,
    PercentOrPoints,
    Fabricated,
    Direction,
    Place,
    SwappedRows,
    StalePeriod,
    Column,
}

impl Class {
    pub(crate) const ALL: [Self; 14] = [
        Self::Number,
        Self::TenTimes,
        Self::Unit,
        Self::Entity,
        Self::Date,
        Self::Count,
        Self::Derived,
        Self::PercentOrPoints,
        Self::Fabricated,
        Self::Direction,
        Self::Place,
        Self::SwappedRows,
        Self::StalePeriod,
        Self::Column,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Number => "wrong number",
            Self::TenTimes => "10x",
            Self::Unit => "unit",
            Self::Entity => "entity",
            Self::Date => "date",
            Self::Count => "count",
            Self::Derived => "derived value",
            Self::PercentOrPoints => "% versus pp",
            Self::Fabricated => "fabricated",
            Self::Direction => "direction",
            Self::Place => "rank",
            Self::SwappedRows => "swapped rows",
            Self::StalePeriod => "stale period",
            Self::Column => "column",
        }
    }
}

impl Class {
    /// Whether the false words are marked, for only some styles say them.
    pub(crate) fn is_marked(self) -> bool {
        matches!(self, Self::Number | Self::TenTimes | Self::Unit | Self::Direction)
    }
}

pub(crate) struct Fact {
    pub(crate) slots: Vec<(&'static str, String)>,
    pub(crate) cites: Vec<String>,
}

/// One value with its previous one, of a row or of the whole.
struct Subject {
    row: Option<(usize, usize)>,
    label: String,
    unit: Unit,
    now: f64,
    before: Option<f64>,
    cell: String,
    cell_before: String,
}

pub(crate) fn fact(frame: Frame, class: Option<Class>, world: &World, half: Half, chance: &mut Chance) -> Option<Fact> {
    let mut maker = Maker {
        class,
        world,
        half,
        chance,
        used: false,
    };
    let fact = maker.fact(frame)?;
    // A class that this frame cannot be false in makes no claim at all.
    (class.is_none() || maker.used).then_some(fact)
}

struct Maker<'a> {
    class: Option<Class>,
    world: &'a World,
    half: Half,
    chance: &'a mut Chance,
    used: bool,
}

impl Maker<'_> {
    fn fact(&mut self, frame: Frame) -> Option<Fact> {
        match frame {
            Frame::Level | Frame::Before | Frame::Bound => self.level(frame),
            Frame::PercentChange
            | Frame::FromTo
            | Frame::ChangeTo
            | Frame::Difference
            | Frame::Points
            | Frame::Multiple
            | Frame::Moved => self.change(frame),
            Frame::Compare | Frame::Ratio | Frame::Sum | Frame::Gap => self.pair(frame),
            Frame::Share => self.share(),
            Frame::Extreme | Frame::Place | Frame::Range | Frame::PeakDay => self.place(frame),
            Frame::Order => self.order(),
            Frame::CountBeyond | Frame::CountMoved => self.count(frame),
            Frame::Average => self.average(),
            Frame::OnDay | Frame::TwoMeasures => self.of_row(frame),
        }
    }

    /// Whether the claim is to be false in this way; remembers that it is.
    fn is(&mut self, class: Class) -> bool {
        let is = self.class == Some(class);
        self.used |= is;
        is
    }

    fn subject(&mut self, needs_before: bool) -> Option<Subject> {
        if self.world.kind == Kind::Day && needs_before || self.chance.one_in(4) {
            let metric = self.chance.pick(&self.world.metrics);
            return Some(Subject {
                row: None,
                label: metric.label.clone(),
                unit: metric.unit,
                now: metric.now,
                before: Some(metric.before),
                cell: metric.id.clone(),
                cell_before: metric.id_before.clone(),
            });
        }
        let (row, at) = (
            self.chance.below(self.world.keys.len()),
            self.chance.below(self.world.measures.len()),
        );
        let measure = &self.world.measures[at];
        (measure.has_before || !needs_before).then(|| Subject {
            row: Some((row, at)),
            label: measure.label.to_owned(),
            unit: measure.unit,
            now: measure.now[row],
            before: measure.has_before.then(|| measure.before[row]),
            cell: self.world.cell(row, at),
            cell_before: self.world.cell_before(row, at),
        })
    }

    /// Who the claim is about, truthfully or not.
    fn phrase(&mut self, subject: &Subject) -> Option<String> {
        let Some((row, _)) = subject.row else {
            if self.is(Class::Fabricated) {
                let strange: [&str; 5] = [
                    "bounce rate",
                    "customer lifetime value",
                    "net promoter score",
                    "profit margin",
                    "churn rate",
                ];
                return Some((*self.chance.pick(&strange)).to_owned());
            }
            return Some(subject.label.clone());
        };
        let label = if self.is(Class::Column) {
            self.other_label(subject)?
        } else {
            subject.label.clone()
        };
        let key = self.key(row);
        Some(of(&label, &key, self.world, self.chance))
    }

    /// A label of the same unit, of which the value is another one.
    fn other_label(&mut self, subject: &Subject) -> Option<String> {
        let others: Vec<&str> = self
            .world
            .measures
            .iter()
            .filter(|other| other.label != subject.label)
            .map(|other| other.label)
            .collect();
        Some((*self.chance.pick(&others)).to_owned())
    }

    fn key(&mut self, row: usize) -> String {
        let own = self.world.keys[row].clone();
        let is_time = matches!(self.world.kind, Kind::Day | Kind::Cohort);
        if is_time && self.class == Some(Class::Date) || !is_time && self.class == Some(Class::Entity) {
            self.used = true;
            let others: Vec<&String> = self.world.keys.iter().filter(|key| **key != own).collect();
            return (*self.chance.pick(&others)).clone();
        }
        if !is_time && self.is(Class::Fabricated) {
            let strange: [&str; 5] = match (self.world.kind, self.half) {
                (Kind::Country, Half::Tuned) => ["Atlantis", "Greenland", "Wakanda", "Malta", "Bhutan"],
                (Kind::Country, Half::Kept) => ["Liechtenstein", "San Marino", "Tonga", "Fiji", "Monaco"],
                (Kind::Field, _) => [
                    "`coupon_code`",
                    "`ip_hash`",
                    "`loyalty_id`",
                    "`basket_id`",
                    "`shipping_zip`",
                ],
                (_, Half::Tuned) => ["Out-of-home", "Platinum", "Podcast Ads", "Radio", "Wearables"],
                (_, Half::Kept) => ["Billboard", "Diamond", "Print Media", "Kiosk", "Set-top box"],
            };
            return self.chance.pick(&strange).trim_matches('`').to_owned();
        }
        own
    }

    /// A value, or a wrong one of it.
    fn said(&mut self, number: f64, unit: Unit) -> String {
        let (was_used, said) = (std::mem::take(&mut self.used), self.said_so(number, unit));
        let is_false = self.used;
        self.used |= was_used;
        if is_false { format!("{FALSE}{said}") } else { said }
    }

    fn said_so(&mut self, number: f64, unit: Unit) -> String {
        if self.is(Class::Number) {
            let factor = if self.chance.one_in(2) {
                self.chance.between(1.13, 1.9)
            } else {
                self.chance.between(0.5, 0.87)
            };
            return value(number * factor, unit, self.world, self.chance);
        }
        if self.is(Class::TenTimes) {
            let factor = if self.chance.one_in(2) { 10.0 } else { 0.1 };
            return value(number * factor, unit, self.world, self.chance);
        }
        if self.is(Class::Unit) {
            return self.other_unit(number, unit);
        }
        value(number, unit, self.world, self.chance)
    }

    fn other_unit(&mut self, number: f64, unit: Unit) -> String {
        let foreign = if self.world.currency == "USD" { "EUR" } else { "USD" };
        match unit {
            Unit::Money if self.chance.one_in(2) => money(number, foreign, self.chance),
            Unit::Money | Unit::Seconds => percent(number, self.chance),
            Unit::Count(_) | Unit::Ratio => money(number, self.world.currency, self.chance),
            Unit::Percent => match self.chance.below(3) {
                0 => format!("{number:.1} seconds"),
                1 => money(number, self.world.currency, self.chance),
                _ => format!("{number:.1}x"),
            },
        }
    }

    fn level(&mut self, frame: Frame) -> Option<Fact> {
        let subject = self.subject(frame == Frame::Before)?;
        let (mut number, mut cite) = (subject.now, subject.cell.clone());
        if frame == Frame::Before {
            number = subject.before?;
            cite = subject.cell_before.clone();
        }
        if self.class == Some(Class::StalePeriod) && frame != Frame::Bound {
            number = if frame == Frame::Before {
                subject.now
            } else {
                subject.before?
            };
            self.used = true;
        }
        let about = self.phrase(&subject)?;
        let said = if frame == Frame::Bound {
            self.bound(number, subject.unit)
        } else {
            self.said(number, subject.unit)
        };
        let slots = vec![("of", about), ("now", said.clone()), ("then", said)];
        Some(Fact {
            slots,
            cites: vec![cite],
        })
    }

    /// "more than 7,000": true of 7,100, and false of 6,900.
    fn bound(&mut self, number: f64, unit: Unit) -> String {
        let above = self.chance.one_in(2);
        let wrong = self.is(Class::Direction);
        let limit = if above != wrong {
            number * self.chance.between(0.86, 0.96)
        } else {
            number * self.chance.between(1.06, 1.19)
        };
        let words: [&str; 4] = if above {
            ["more than", "over", "at least", "above"]
        } else {
            ["less than", "under", "below", "at most"]
        };
        let shown = match unit {
            Unit::Percent => format!("{limit:.0}%"),
            Unit::Money => money(limit, self.world.currency, self.chance),
            Unit::Ratio => format!("{limit:.1}"),
            Unit::Seconds => format!("{limit:.0} seconds"),
            Unit::Count(_) => super::wording::grouped(limit, 0),
        };
        format!("{}{} {shown}", if wrong { FALSE } else { "" }, self.chance.pick(&words))
    }

    fn change(&mut self, frame: Frame) -> Option<Fact> {
        let subject = self.subject(true)?;
        let (now, before) = (subject.now, subject.before?);
        let (change, is_rate) = ((now - before) / before * 100.0, subject.unit == Unit::Percent);
        if change.abs() < 8.0 || (frame == Frame::Points && !is_rate) {
            return None;
        }
        let about = self.phrase(&subject)?;
        let wrong_way = self.is(Class::Direction);
        let up = (change > 0.0) != wrong_way;
        let (mut verb, mut noun, mut adjective) = self.direction(up);
        if wrong_way {
            (verb, noun, adjective) = (
                format!("{FALSE}{verb}"),
                format!("{FALSE}{noun}"),
                format!("{FALSE}{adjective}"),
            );
        }
        let mut slots = vec![("of", about), ("verb", verb), ("noun", noun), ("rising", adjective)];
        match frame {
            Frame::Multiple => slots.push((
                "multiple",
                multiple(now / before, self.is(Class::Derived), self.chance)?,
            )),
            Frame::Points => {
                let by = (now - before).abs();
                let shown = if self.is(Class::Derived) {
                    points(by * self.chance.between(1.3, 2.4) + 0.3, self.chance)
                } else if self.is(Class::TenTimes) {
                    format!("{FALSE}{}", points(by * 10.0, self.chance))
                } else {
                    points(by, self.chance)
                };
                slots.push(("pp", shown));
            }
            Frame::Difference => {
                let by = (now - before).abs();
                let shown = if self.is(Class::Derived) {
                    value(
                        by * self.chance.between(1.2, 1.9),
                        subject.unit,
                        self.world,
                        self.chance,
                    )
                } else {
                    self.said(by, subject.unit)
                };
                if is_rate {
                    return None;
                }
                slots.push(("diff", shown));
            }
            Frame::PercentChange | Frame::ChangeTo => {
                let shown = self.percent_change(change.abs(), (now - before).abs() / now * 100.0, is_rate);
                slots.push(("pct", shown));
            }
            _ => {}
        }
        if matches!(frame, Frame::FromTo | Frame::ChangeTo) {
            let swapped = frame == Frame::FromTo && self.is(Class::SwappedRows);
            let (first, second) = if swapped { (before, now) } else { (now, before) };
            let first_is_wrong = self.chance.one_in(2) || frame == Frame::ChangeTo;
            let now_said = if first_is_wrong {
                self.said(first, subject.unit)
            } else {
                value(first, subject.unit, self.world, self.chance)
            };
            let then_said = if first_is_wrong {
                value(second, subject.unit, self.world, self.chance)
            } else {
                self.said(second, subject.unit)
            };
            slots.extend([("now", now_said), ("then", then_said)]);
        }
        Some(Fact {
            slots,
            cites: vec![subject.cell_before, subject.cell],
        })
    }

    fn percent_change(&mut self, size: f64, other_base: f64, is_rate: bool) -> String {
        if self.is(Class::PercentOrPoints) && !is_rate {
            return points(size, self.chance).replace("basis points", "pp");
        }
        if self.class == Some(Class::PercentOrPoints) {
            self.used = false;
        }
        if self.is(Class::Derived) {
            // With the wrong value as the base, where that makes a difference.
            let wrong = if (other_base - size).abs() > 2.5 {
                other_base
            } else {
                size * 1.4 + 3.0
            };
            return percent(wrong, self.chance);
        }
        if self.is(Class::TenTimes) {
            return format!("{FALSE}{}", percent(size * 10.0, self.chance));
        }
        if self.is(Class::Number) {
            return format!(
                "{FALSE}{}",
                percent(size * self.chance.between(1.3, 1.9) + 2.0, self.chance)
            );
        }
        percent(size, self.chance)
    }

    fn direction(&mut self, up: bool) -> (String, String, String) {
        let (verbs, nouns, adjectives): (&[&str], &[&str], &[&str]) = match (up, self.half) {
            (true, Half::Tuned) => (
                &["rose", "grew", "increased", "climbed", "went up"],
                &["rise", "increase", "gain", "jump"],
                &["rising", "growing"],
            ),
            (false, Half::Tuned) => (
                &["fell", "dropped", "declined", "decreased", "slid", "went down"],
                &["fall", "drop", "decline", "decrease"],
                &["falling", "declining"],
            ),
            (true, Half::Kept) => (
                &[
                    "advanced",
                    "surged",
                    "improved",
                    "expanded",
                    "picked up",
                    "moved higher",
                ],
                &["uplift", "surge", "uptick", "improvement"],
                &["higher", "increasing"],
            ),
            (false, Half::Kept) => (
                &["shrank", "contracted", "weakened", "slipped", "dwindled", "moved lower"],
                &["contraction", "reduction", "dip", "slide"],
                &["lower", "decreasing"],
            ),
        };
        (
            (*self.chance.pick(verbs)).to_owned(),
            (*self.chance.pick(nouns)).to_owned(),
            (*self.chance.pick(adjectives)).to_owned(),
        )
    }

    /// Two different rows of one measure, the larger first.
    fn two_rows(&mut self) -> Option<(usize, [usize; 2])> {
        let at = self.chance.below(self.world.measures.len());
        let rows = self.chance.some(2, self.world.keys.len());
        let values = &self.world.measures[at].now;
        let (a, b) = if values[rows[0]] >= values[rows[1]] {
            (rows[0], rows[1])
        } else {
            (rows[1], rows[0])
        };
        (values[a] > values[b] * 1.12).then_some((at, [a, b]))
    }

    fn pair(&mut self, frame: Frame) -> Option<Fact> {
        let (at, [a, b]) = self.two_rows()?;
        let measure = &self.world.measures[at];
        let (x, y, unit) = (measure.now[a], measure.now[b], measure.unit);
        if frame == Frame::Sum && !matches!(unit, Unit::Count(_)) && !["revenue"].contains(&measure.name) {
            return None;
        }
        let swapped = matches!(frame, Frame::Compare | Frame::Ratio) && self.is(Class::SwappedRows);
        let wrong_way = frame == Frame::Compare && self.is(Class::Direction);
        let (first, second) = if swapped && frame == Frame::Ratio {
            (b, a)
        } else {
            (a, b)
        };
        let (first, second) = (self.key(first), self.world.keys[second].clone());
        if first == second {
            return None;
        }
        let (a_said, b_said) = (
            who(&first, self.world, self.chance),
            who(&second, self.world, self.chance),
        );
        let (vx, vy) = if swapped { (y, x) } else { (x, y) };
        let mut slots = vec![("a", a_said), ("b", b_said), ("m", measure.label.to_owned())];
        let wrong = |maker: &mut Self, truth: f64| {
            if maker.is(Class::Derived) {
                truth * maker.chance.between(1.25, 1.9)
            } else {
                truth
            }
        };
        match frame {
            Frame::Compare => {
                let words: [&str; 3] = if wrong_way {
                    ["below", "behind", "lower than"]
                } else {
                    ["above", "ahead of", "higher than"]
                };
                let more = format!("{}{}", if wrong_way { FALSE } else { "" }, self.chance.pick(&words));
                let (va, vb) = (self.said(vx, unit), value(vy, unit, self.world, self.chance));
                slots.extend([("more", more), ("va", va), ("vb", vb)]);
            }
            Frame::Ratio => {
                let ratio = wrong(self, x / y);
                slots.push(("ratio", times(ratio, self.chance)));
            }
            Frame::Sum => {
                let sum = wrong(self, x + y);
                slots.push(("sum", self.said(sum, unit)));
            }
            _ => {
                let gap = wrong(self, x - y);
                let shown = if unit == Unit::Percent {
                    points(gap, self.chance)
                } else {
                    self.said(gap, unit)
                };
                slots.push(("gap", shown));
            }
        }
        Some(Fact {
            slots,
            cites: vec![self.world.cell(a, at), self.world.cell(b, at)],
        })
    }

    fn share(&mut self) -> Option<Fact> {
        let metric = self.world.metrics.iter().find(|metric| metric.of.is_some())?;
        let at = self
            .world
            .measures
            .iter()
            .position(|measure| Some(measure.name) == metric.of)?;
        let row = self.chance.below(self.world.keys.len());
        let share = self.world.measures[at].now[row] / metric.now * 100.0;
        let key = self.key(row);
        let shown = if self.is(Class::Derived) {
            percent(share * self.chance.between(1.3, 1.9) + 1.0, self.chance)
        } else if self.class == Some(Class::TenTimes) && share < 9.5 {
            self.used = true;
            format!("{FALSE}{}", percent(share * 10.0, self.chance))
        } else {
            percent(share, self.chance)
        };
        let slots = vec![
            ("a", who(&key, self.world, self.chance)),
            ("share", shown),
            ("total", metric.label.clone()),
        ];
        Some(Fact {
            slots,
            cites: vec![self.world.cell(row, at), metric.id.clone()],
        })
    }

    fn place(&mut self, frame: Frame) -> Option<Fact> {
        let at = self.chance.below(self.world.measures.len());
        let measure = &self.world.measures[at];
        let mut order: Vec<usize> = (0..self.world.keys.len()).collect();
        order.sort_by(|a, b| measure.now[*b].total_cmp(&measure.now[*a]));
        let distinct = order
            .windows(2)
            .all(|two| measure.now[two[0]] > measure.now[two[1]] * 1.001);
        if !distinct || (frame == Frame::PeakDay) != (self.world.kind == Kind::Day) {
            return None;
        }
        let highest = self.chance.one_in(2);
        let right = if highest { 0 } else { order.len() - 1 };
        let mut place = if frame == Frame::Place {
            self.chance.below(order.len())
        } else {
            right
        };
        let row = if frame != Frame::Range && self.is(Class::Place) {
            order[(place + 1 + self.chance.below(order.len() - 1)) % order.len()]
        } else {
            order[place]
        };
        let flipped = frame == Frame::Extreme && self.is(Class::Direction);
        let words: [&str; 3] = match (highest != flipped, self.half) {
            (true, Half::Tuned) => ["highest", "largest", "top"],
            (false, Half::Tuned) => ["lowest", "smallest", "lowest"],
            (true, Half::Kept) => ["biggest", "greatest", "maximum"],
            (false, Half::Kept) => ["weakest", "smallest", "minimum"],
        };
        let word = format!("{}{}", if flipped { FALSE } else { "" }, self.chance.pick(&words));
        let mut cites = vec![self.world.cell(row, at)];
        let mut slots = vec![("m", measure.label.to_owned()), ("most", word)];
        if frame == Frame::Range {
            let (low, high) = (measure.now[order[order.len() - 1]], measure.now[order[0]]);
            cites = vec![
                self.world.cell(order[0], at),
                self.world.cell(order[order.len() - 1], at),
            ];
            let low = self.said(low, measure.unit);
            slots.extend([
                ("low", low),
                ("high", value(high, measure.unit, self.world, self.chance)),
            ]);
        } else {
            let key = self.key(row);
            place += 1;
            slots.extend([
                ("a", who(&key, self.world, self.chance)),
                ("date", who(&key, self.world, self.chance)),
            ]);
            slots.extend([
                ("place", ordinal(place, self.chance)),
                ("va", self.said(measure.now[row], measure.unit)),
            ]);
        }
        Some(Fact { slots, cites })
    }

    fn order(&mut self) -> Option<Fact> {
        let at = self.chance.below(self.world.measures.len());
        let measure = &self.world.measures[at];
        let mut rows = self.chance.some(3, self.world.keys.len());
        rows.sort_by(|a, b| measure.now[*b].total_cmp(&measure.now[*a]));
        if self.world.kind == Kind::Day
            || rows
                .windows(2)
                .any(|two| measure.now[two[0]] <= measure.now[two[1]] * 1.01)
        {
            return None;
        }
        let cites = rows.iter().map(|row| self.world.cell(*row, at)).collect();
        if self.is(Class::SwappedRows) {
            rows.swap(0, 2);
        }
        let mut name = |row: usize| who(&self.world.keys[row], self.world, self.chance);
        let slots = vec![
            ("a", name(rows[0])),
            ("b", name(rows[1])),
            ("c", name(rows[2])),
            ("m", measure.label.to_owned()),
        ];
        Some(Fact { slots, cites })
    }

    fn count(&mut self, frame: Frame) -> Option<Fact> {
        let at = self.chance.below(self.world.measures.len());
        let measure = &self.world.measures[at];
        let rows = 0..self.world.keys.len();
        if matches!(self.world.kind, Kind::Day | Kind::Cohort) || (frame == Frame::CountMoved && !measure.has_before) {
            return None;
        }
        let noun = match self.world.kind {
            Kind::Country => "countries",
            Kind::Segment => "segments",
            Kind::Field => "fields",
            _ => "products",
        };
        let n = rows.len();
        let (count, mut slots) = if frame == Frame::CountMoved {
            let up = self.chance.one_in(2);
            let (verb, change, adjective) = self.direction(up);
            let count = rows
                .clone()
                .filter(|row| (measure.now[*row] > measure.before[*row]) == up)
                .count();
            (count, vec![("verb", verb), ("noun", change), ("rising", adjective)])
        } else {
            let mut sorted = measure.now.clone();
            sorted.sort_by(f64::total_cmp);
            let cut = 1 + self.chance.below(n - 2);
            let limit = match measure.unit {
                Unit::Percent | Unit::Ratio => ((sorted[cut - 1] + sorted[cut]) / 2.0 * 10.0).round() / 10.0,
                _ => ((sorted[cut - 1] + sorted[cut]) / 2.0).round(),
            };
            let limit_said = match measure.unit {
                Unit::Percent => format!("{limit}%"),
                Unit::Money => money(limit, self.world.currency, &mut Chance::new(5)),
                _ => super::wording::grouped(limit, usize::from(measure.unit == Unit::Ratio)),
            };
            if sorted.iter().any(|value| (value - limit).abs() < limit * 0.02) {
                return None;
            }
            (n - cut, vec![("limit", limit_said)])
        };
        let said = if self.is(Class::Count) {
            if count >= n - 1 || self.chance.one_in(2) && count > 1 {
                count.checked_sub(1)?
            } else {
                count + 1
            }
        } else {
            count
        };
        if said == 0 || said == 1 || said == n {
            return None;
        }
        let words: [&str; 11] = [
            "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        ];
        let shown = if self.chance.one_in(2) {
            said.to_string()
        } else {
            words.get(said).map_or(said.to_string(), |word| (*word).to_owned())
        };
        slots.extend([
            ("n", shown),
            ("all", n.to_string()),
            ("rows", noun.to_owned()),
            ("m", measure.label.to_owned()),
        ]);
        let cites = rows.flat_map(|row| {
            if frame == Frame::CountMoved {
                vec![self.world.cell_before(row, at), self.world.cell(row, at)]
            } else {
                vec![self.world.cell(row, at)]
            }
        });
        Some(Fact {
            slots,
            cites: cites.collect(),
        })
    }

    fn average(&mut self) -> Option<Fact> {
        let at = self.chance.below(self.world.measures.len());
        let measure = &self.world.measures[at];
        let mean = measure.now.iter().sum::<f64>() / measure.now.len() as f64;
        let said = self.said(mean, measure.unit);
        let cites = (0..self.world.keys.len()).map(|row| self.world.cell(row, at)).collect();
        Some(Fact {
            slots: vec![("m", measure.label.to_owned()), ("mean", said)],
            cites,
        })
    }

    /// One or two measures of one row.
    fn of_row(&mut self, frame: Frame) -> Option<Fact> {
        if frame == Frame::OnDay && self.world.kind != Kind::Day {
            return None;
        }
        let row = self.chance.below(self.world.keys.len());
        let two = self.chance.some(2, self.world.measures.len());
        let [first, second] = [&self.world.measures[two[0]], &self.world.measures[two[1]]];
        let key = self.key(row);
        let mut slots = vec![
            ("a", who(&key, self.world, self.chance)),
            ("date", day_or(&key, self.world, self.chance)),
        ];
        let va = self.said(first.now[row], first.unit);
        slots.extend([("m", first.label.to_owned()), ("va", va)]);
        let mut cites = vec![self.world.cell(row, two[0])];
        if frame == Frame::TwoMeasures {
            slots.extend([
                ("m2", second.label.to_owned()),
                ("vb", value(second.now[row], second.unit, self.world, self.chance)),
            ]);
            cites.push(self.world.cell(row, two[1]));
        }
        Some(Fact { slots, cites })
    }
}

fn day_or(key: &str, world: &World, chance: &mut Chance) -> String {
    if world.kind == Kind::Day {
        day(key, chance)
    } else {
        key.to_owned()
    }
}

fn ordinal(place: usize, chance: &mut Chance) -> String {
    const WORDS: [&str; 11] = [
        "", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    ];
    let ending = match place {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    match chance.below(3) {
        0 if place < WORDS.len() => WORDS[place].to_owned(),
        1 => format!("#{place}"),
        _ => format!("{place}{ending}"),
    }
}

/// A ratio to the previous value in one word, where there is one for it.
fn multiple(ratio: f64, wrong: bool, chance: &mut Chance) -> Option<String> {
    let all: [(&str, f64, f64); 6] = [
        ("fell by a third", 0.65, 0.68),
        ("lost a quarter of its level", 0.735, 0.765),
        ("lost a fifth of its level", 0.79, 0.81),
        ("grew by a third", 1.32, 1.35),
        ("grew by a quarter", 1.235, 1.265),
        ("grew by half", 1.47, 1.53),
    ];
    let fitting = all.iter().position(|(_, low, high)| *low <= ratio && ratio <= *high);
    let said = if wrong {
        let far: Vec<usize> = (0..all.len())
            .filter(|at| ratio < all[*at].1 * 0.93 || ratio > all[*at].2 * 1.07)
            .collect();
        *chance.pick(&far)
    } else {
        fitting?
    };
    Some(all[said].0.to_owned())
}
