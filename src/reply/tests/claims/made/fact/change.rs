//! Facts of one value: its level, and how it moved against the previous period.

use super::super::FALSE;
use super::super::chance::Chance;
use super::super::wording::{grouped, money, percent, points, value};
use super::super::world::Unit;
use super::{Class, Fact, Frame, Half, Maker};

impl Maker<'_> {
    pub(super) fn level(&mut self, frame: Frame) -> Option<Fact> {
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
            Unit::Count(_) => grouped(limit, 0),
        };
        format!("{}{} {shown}", if wrong { FALSE } else { "" }, self.chance.pick(&words))
    }

    pub(super) fn change(&mut self, frame: Frame) -> Option<Fact> {
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

    pub(super) fn direction(&mut self, up: bool) -> (String, String, String) {
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
