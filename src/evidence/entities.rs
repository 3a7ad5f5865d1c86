//! Tables with one row per entity (country, segment, product): measures now and before, shares, z, and the rest as `Other (n)`.

use super::countries::name_of;
use super::draft::{About, Draft, Value};
use super::measure::{Measure, key};
use super::rank::{Candidate, choose};
use super::significance::tested;
use super::statistics::{change_pct, ratio};
use super::{Role, Table, TableKind, Unit};

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
}

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

impl Entities<'_> {
    /// The chosen rows by size of the first measure, then `Other (n)`, then `Total`.
    pub(super) fn table(mut self, limit: usize) -> Option<Table> {
        self.entities.sort_by(|a, b| {
            let size = |e: &Entity| e.pairs.first().and_then(|p| p.current).unwrap_or(0.0);
            size(b).total_cmp(&size(a)).then_with(|| a.name.cmp(&b.name))
        });
        let candidates: Vec<Candidate> = self.entities.iter().map(|e| self.candidate(e)).collect();
        let chosen = choose(&candidates, limit);
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
        let order = format!(
            "by {} now, largest first{}",
            self.wanted.first()?.measure.label,
            if chosen.len() < self.entities.len() {
                "; chosen by size, z and contribution to the change"
            } else {
                ""
            }
        );
        let mut draft = Draft::new(self.id, &self.title, TableKind::Entities, columns)
            .definition(&self.definition)
            .order(&order);
        for index in &chosen {
            let entity = &self.entities[*index];
            let mut about = About::named(&entity.name).support(Some(entity.support));
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

    fn aliases(&self, name: &str) -> Vec<String> {
        let full = if self.key.0 == "country" { name_of(name) } else { None };
        full.map(str::to_owned).into_iter().collect()
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
