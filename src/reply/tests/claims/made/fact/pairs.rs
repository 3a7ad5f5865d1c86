//! Facts of two values: how two rows compare, and what part one has in the whole.

use super::super::FALSE;
use super::super::wording::{percent, points, times, value, who};
use super::super::world::Unit;
use super::{Class, Fact, Frame, Maker};

impl Maker<'_> {
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

    pub(super) fn pair(&mut self, frame: Frame) -> Option<Fact> {
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

    pub(super) fn share(&mut self) -> Option<Fact> {
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
}
