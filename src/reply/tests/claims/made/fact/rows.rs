//! Facts of a whole column: places, orders, counts, means, and what stands in one row.

use super::super::FALSE;
use super::super::chance::Chance;
use super::super::wording::{day, grouped, money, value, who};
use super::super::world::{Kind, Unit, World};
use super::{Class, Fact, Frame, Half, Maker};

impl Maker<'_> {
    pub(super) fn place(&mut self, frame: Frame) -> Option<Fact> {
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

    pub(super) fn order(&mut self) -> Option<Fact> {
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

    pub(super) fn count(&mut self, frame: Frame) -> Option<Fact> {
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
                _ => grouped(limit, usize::from(measure.unit == Unit::Ratio)),
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

    pub(super) fn average(&mut self) -> Option<Fact> {
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
    pub(super) fn of_row(&mut self, frame: Frame) -> Option<Fact> {
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
