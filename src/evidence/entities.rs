//! Tables with one row per entity (country, segment, product): measures now and before, shares, z, and the rest as `Other (n)`.

use super::draft::{About, Draft, Value};
use super::measure::{Measure, key};
use super::rank::{Candidate, choose};
use super::significance::tested;
use super::statistics::{change_pct, ratio};
use super::{Role, Table, TableKind, Unit};
use crate::data::countries::{code_of, name_of};

/// One measure of one entity; unknown stays unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pair {
    pub(super) current: Option<f64>,
    pub(super) previous: Option<f64>,
    pub(super) z: Option<f64>,
    /// The 95 % interval of the current value.
    pub(super) interval: Option<(f64, f64)>,
}

/// A measure and the columns wanted of it.
pub(super) struct Wanted {
    pub(super) measure: Measure,
    pub(super) roles: &'static [Role],
    pub(super) share_points: bool,
    pub(super) interval: bool,
}

impl Wanted {
    pub(super) fn new(measure: Measure, roles: &'static [Role]) -> Self {
        Self {
            measure,
            roles,
            share_points: false,
            interval: false,
        }
    }
}

pub(super) struct Entity {
    pub(super) name: String,
    /// One per wanted measure.
    pub(super) pairs: Vec<Pair>,
    /// Observations in the larger of both windows.
    pub(super) support: f64,
    /// Distinct users in the larger of both windows, where they are known.
    pub(super) people: Option<f64>,
}

/// An entity of fewer users is not named: its numbers are those of single people.
pub(super) const LEAST_PEOPLE: f64 = 5.0;

pub(super) struct Entities<'a> {
    pub(super) id: &'a str,
    pub(super) title: String,
    /// Name and label of the key column.
    pub(super) key: (&'a str, &'a str),
    pub(super) definition: String,
    pub(super) wanted: Vec<Wanted>,
    pub(super) entities: Vec<Entity>,
    /// The wanted measures over all entities.
    pub(super) totals: Vec<Pair>,
}

impl Entity {
    fn is_hidden(&self) -> bool {
        self.people.is_some_and(|people| people < LEAST_PEOPLE)
    }
}

impl Entities<'_> {
    /// The chosen rows by size of the first measure, then `Other (n)`, then `Total`.
    pub(super) fn table(mut self, limit: usize) -> Option<Table> {
        self.entities.sort_by(|a, b| {
            let size = |e: &Entity| e.pairs.first().and_then(|p| p.current).unwrap_or(0.0);
            size(b).total_cmp(&size(a)).then_with(|| a.name.cmp(&b.name))
        });
        let chosen = self.chosen(limit);
        let mut columns = vec![key(self.key.0, self.key.1)];
        for wanted in &self.wanted {
            columns.extend(wanted.measure.columns(wanted.roles));
            if wanted.share_points {
                columns.push(wanted.measure.share_points());
            }
            if wanted.interval {
                columns.extend(wanted.measure.interval());
            }
        }
        let is_hidden = self.entities.iter().any(Entity::is_hidden);
        let order = format!(
            "by {} now, largest first{}{}",
            self.wanted.first()?.measure.label,
            if chosen.len() < self.entities.len() {
                "; chosen by size, z and contribution to the change"
            } else {
                ""
            },
            if is_hidden {
                "; fewer than 5 users only in Other"
            } else {
                ""
            }
        );
        let mut draft = Draft::new(self.id, &self.title, TableKind::Entities, columns)
            .definition(&self.definition)
            .order(&order);
        for index in &chosen {
            let entity = &self.entities[*index];
            let mut about = About::named(&entity.name).support(Some(entity.people.unwrap_or(entity.support)));
            about.aliases = self.aliases(&entity.name);
            draft.row(about, self.values(&entity.name, &entity.pairs));
        }
        let n_other = self.entities.len() - chosen.len();
        if n_other > 0 {
            let name = format!("Other ({n_other})");
            let other = self.other(&chosen);
            draft.row(summary(&name), self.values(&name, &other));
        }
        if self.entities.len() > 1 {
            draft.row(summary("Total"), self.values("Total", &self.totals));
        }
        let scores = self.entities.iter().flat_map(|e| e.pairs.iter().filter_map(|p| p.z));
        draft
            .out_of(self.entities.len())
            .tested(tested(&scores.collect::<Vec<_>>()))
            .finish()
    }

    /// The rows that are listed by name. What is left must not be a few people either, so the smallest listed one may go with them.
    fn chosen(&self, limit: usize) -> Vec<usize> {
        let shown: Vec<usize> = (0..self.entities.len())
            .filter(|index| !self.entities[*index].is_hidden())
            .collect();
        let candidates: Vec<Candidate> = shown
            .iter()
            .map(|index| self.candidate(&self.entities[*index]))
            .collect();
        let mut chosen: Vec<usize> = choose(&candidates, limit)
            .into_iter()
            .map(|place| shown[place])
            .collect();
        let left = |chosen: &[usize]| {
            let rest = (0..self.entities.len()).filter(|index| !chosen.contains(index));
            rest.filter_map(|index| self.entities[index].people).sum::<f64>()
        };
        let is_hidden = self.entities.iter().any(Entity::is_hidden);
        if is_hidden && left(&chosen) < LEAST_PEOPLE {
            chosen.pop();
        }
        chosen
    }

    fn aliases(&self, name: &str) -> Vec<String> {
        if self.key.0 != "country" {
            return Vec::new();
        }
        let other = name_of(name).or_else(|| code_of(name));
        other.map(str::to_owned).into_iter().collect()
    }

    fn candidate(&self, entity: &Entity) -> Candidate {
        let money = self
            .wanted
            .iter()
            .position(|w| w.measure.unit == Unit::Money && w.measure.additive)
            .filter(|i| self.totals[*i].current.is_some_and(|t| t > 0.0))
            .unwrap_or(0);
        let (own, all) = (entity.pairs[money], self.totals[money]);
        let growth = match (all.current, all.previous) {
            (Some(now), Some(before)) => ratio(now, before).unwrap_or(1.0),
            _ => 1.0,
        };
        Candidate {
            support: entity.support,
            z: entity
                .pairs
                .iter()
                .filter_map(|p| p.z)
                .fold(0.0, |most: f64, z| most.max(z.abs())),
            excess: own.current.unwrap_or(0.0) - own.previous.unwrap_or(0.0) * growth,
        }
    }

    /// What the rows that were not chosen add up to; nothing for measures that do not add up.
    fn other(&self, chosen: &[usize]) -> Vec<Pair> {
        let rest = |pick: fn(&Pair) -> Option<f64>, measure: usize| -> Option<f64> {
            self.entities
                .iter()
                .enumerate()
                .filter(|(index, _)| !chosen.contains(index))
                .map(|(_, entity)| pick(&entity.pairs[measure]))
                .sum()
        };
        self.wanted
            .iter()
            .enumerate()
            .map(|(index, wanted)| {
                if !wanted.measure.additive {
                    return Pair::default();
                }
                Pair {
                    current: rest(|p| p.current, index),
                    previous: rest(|p| p.previous, index),
                    ..Pair::default()
                }
            })
            .collect()
    }

    fn values(&self, name: &str, pairs: &[Pair]) -> Vec<Value> {
        let mut values = vec![Value::text(name)];
        for (index, wanted) in self.wanted.iter().enumerate() {
            let (pair, total) = (pairs[index], self.totals[index]);
            for role in wanted.roles {
                values.push(value(*role, pair, total));
            }
            if wanted.share_points {
                let (now, before) = (share(pair.current, total.current), share(pair.previous, total.previous));
                let points = now.zip(before).map(|(now, before)| now - before);
                values.push(Value::or(points, "no comparable previous value"));
            }
            if wanted.interval {
                values.push(Value::or(pair.interval.map(|i| i.0), "no users"));
                values.push(Value::or(pair.interval.map(|i| i.1), "no users"));
            }
        }
        values
    }
}

fn value(role: Role, pair: Pair, total: Pair) -> Value {
    let both = pair.current.zip(pair.previous);
    match role {
        Role::Previous => Value::or(pair.previous, "no comparable previous value"),
        Role::Change => {
            let change = both.and_then(|(now, before)| change_pct(now, before));
            Value::or(change, "nothing before to compare with")
        }
        Role::ChangePoints => {
            let points = both.map(|(now, before)| now - before);
            Value::or(points, "nothing before to compare with")
        }
        Role::Share => Value::or(share(pair.current, total.current), "no total"),
        Role::PreviousShare => Value::or(share(pair.previous, total.previous), "no total"),
        Role::Z => Value::or(pair.z, "ordinary variation not known"),
        _ => Value::or(pair.current, "not known"),
    }
}

fn share(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    Some(ratio(part?, whole?)? * 100.0)
}

fn summary(name: &str) -> About {
    About {
        summary: true,
        ..About::named(name)
    }
}

/// Sums pairs, unknown where any part is unknown.
pub(super) fn sum_pairs(pairs: impl Iterator<Item = Pair> + Clone) -> Pair {
    Pair {
        current: pairs.clone().map(|p| p.current).sum(),
        previous: pairs.map(|p| p.previous).sum(),
        ..Pair::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Good;
    use crate::evidence::measure::count;

    fn table(people: &[(&str, f64)]) -> Table {
        let entities: Vec<Entity> = people
            .iter()
            .map(|(name, people)| Entity {
                name: (*name).to_owned(),
                pairs: vec![Pair {
                    current: Some(*people),
                    ..Pair::default()
                }],
                support: *people,
                people: Some(*people),
            })
            .collect();
        let totals = vec![sum_pairs(entities.iter().map(|e| e.pairs[0]))];
        let users = Measure::new("users", "users", count("users"), Good::Up);
        Entities {
            id: "S2",
            title: "Users".to_owned(),
            key: ("segment", "segment"),
            definition: String::new(),
            wanted: vec![Wanted::new(users, &[Role::Current])],
            entities,
            totals,
        }
        .table(10)
        .expect("rows")
    }

    fn names(table: &Table) -> Vec<&str> {
        table.rows.iter().map(|row| row.key.as_str()).collect()
    }

    #[test]
    fn a_handful_of_people_is_never_named_nor_left_alone_in_other() {
        let several = table(&[("a", 90.0), ("b", 40.0), ("c", 4.0), ("d", 3.0)]);
        assert_eq!(names(&several), ["a", "b", "Other (2)", "Total"]);
        let alone = table(&[("a", 90.0), ("b", 40.0), ("c", 4.0)]);
        assert_eq!(names(&alone), ["a", "Other (2)", "Total"]);
        assert_eq!(names(&table(&[("a", 90.0), ("b", 5.0)])), ["a", "b", "Total"]);
    }
}
