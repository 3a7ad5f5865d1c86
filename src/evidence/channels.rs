//! New users by acquisition channel, from the daily table that some pipelines leave.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::change::{Noise, level_change};
use super::context::Context;
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::measure::{Measure, count};
use super::{Good, Role, Table};
use crate::data::Tables;

type Days = BTreeMap<Date, f64>;

pub(super) fn channels(context: &Context, id: &str) -> Option<Table> {
    let dataset = context.dataset;
    let now = by_channel(&dataset.current);
    let before = match (&dataset.previous, dataset.previous_window) {
        (Some(tables), Some(window)) if context.new_users_comparable() => {
            Some((by_channel(tables), window)).filter(|(channels, _)| !channels.is_empty())
        }
        _ => None,
    };
    let before_names = before.iter().flat_map(|(channels, _)| channels.keys());
    let names: std::collections::BTreeSet<&String> = now.keys().chain(before_names).collect();
    let empty = Days::new();
    let entities: Vec<Entity> = names
        .into_iter()
        .map(|name| {
            let days = now.get(name).unwrap_or(&empty);
            let previous = before
                .as_ref()
                .map(|(channels, window)| (channels.get(name).unwrap_or(&empty), *window));
            let current: f64 = days.values().sum();
            let previous_sum = previous.map(|(days, _)| days.values().sum::<f64>());
            let z = previous.and_then(|(days_before, window)| {
                let current = context.points(days, dataset.window);
                let previous = context.points(days_before, window);
                level_change(&current, &previous, Noise::Counts).map(|change| change.z)
            });
            Entity {
                name: name.clone(),
                pairs: vec![Pair {
                    current: Some(current),
                    previous: previous_sum,
                    z,
                    ..Pair::default()
                }],
                support: current.max(previous_sum.unwrap_or(0.0)),
            }
        })
        .collect();
    Entities {
        id,
        title: "New users by acquisition channel".to_owned(),
        key: ("channel", "acquisition channel"),
        definition: "sums of the period; z compares daily values weekday by weekday".to_owned(),
        wanted: vec![Wanted::new(
            Measure::new("new_users", "new users", count("users"), Good::Up),
            &[
                Role::Current,
                Role::Previous,
                Role::Change,
                Role::Share,
                Role::PreviousShare,
                Role::Z,
            ],
        )],
        totals: vec![sum_pairs(entities.iter().map(|e| e.pairs[0]))],
        entities,
    }
    .table(context.row_limit)
}

fn by_channel(tables: &Tables) -> BTreeMap<String, Days> {
    let mut channels: BTreeMap<String, Days> = BTreeMap::new();
    for row in tables.new_logins_by_channel.rows() {
        let days = channels.entry(row.acquisition_channel.clone()).or_default();
        *days.entry(row.date).or_default() += row.new_logins as f64;
    }
    channels
}
