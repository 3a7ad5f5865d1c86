//! Inside the country that moved most: whether all of it moved, or one of its parts.

use super::anomalies::UNUSUAL_Z;
use super::context::Context;
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::measure::{Measure, count};
use super::statistics::count_change_z;
use super::{Cell, Good, Role, Table};

/// None unless a country of the table moved far, and a column parts its users.
pub(super) fn inside(context: &Context, id: &str, countries: &Table) -> Option<Table> {
    context.dataset.previous_window?;
    let segmentation = &context.dataset.segmentation;
    let column = segmentation.inside_column.as_deref()?;
    let country = mover(countries)?;
    let inside = segmentation.inside.iter().find(|inside| inside.country == country)?;
    let entities: Vec<Entity> = inside
        .segments
        .iter()
        .map(|segment| {
            let (now, before) = (segment.users as f64, segment.previous_users.unwrap_or(0) as f64);
            Entity {
                name: segment.segment.clone(),
                pairs: vec![Pair {
                    current: Some(now),
                    previous: Some(before),
                    z: count_change_z(now, before, context.common_error),
                    interval: None,
                }],
                support: now.max(before),
                people: Some(now.max(before)),
            }
        })
        .collect();
    let roles: &[Role] = &[
        Role::Current,
        Role::Previous,
        Role::Change,
        Role::Share,
        Role::PreviousShare,
        Role::Z,
    ];
    Entities {
        id,
        title: format!("Inside {country}: users by {column}"),
        key: ("segment", column),
        definition: "distinct users of the period in the country whose users changed most; a user of two segments counts in both"
            .to_owned(),
        wanted: vec![Wanted::new(Measure::new("users", "users", count("users"), Good::Up), roles)],
        totals: vec![sum_pairs(entities.iter().map(|entity| entity.pairs[0]))],
        entities,
    }
    .table(context.row_limit)
}

/// The country whose users changed most, if any changed beyond doubt.
fn mover(countries: &Table) -> Option<&str> {
    let least = countries.least_z().max(UNUSUAL_Z);
    let score = |row| match countries.at(row, "users_z")?.cell {
        Cell::Number { exact, .. } => Some(exact.abs()),
        _ => None,
    };
    let rows = countries.rows.iter().filter(|row| row.significant);
    let moved = rows.filter_map(|row| Some((score(row)?, row.key.as_str())));
    let far = moved.filter(|(score, _)| *score >= least);
    far.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}
