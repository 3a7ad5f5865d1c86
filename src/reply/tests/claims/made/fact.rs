//! What a claim says: the words for the slots of a style, and the cells cited. A false one is false in exactly one way.

mod change;
mod class;
mod pairs;
mod rows;

use super::chance::Chance;
use super::wording::{money, of, percent, value};
use super::world::{Kind, Unit, World};
use super::{FALSE, Half};
pub(crate) use class::Class;

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
}
