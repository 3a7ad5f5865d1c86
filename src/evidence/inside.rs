//! Inside the country that moved most: whether all of it moved, or one of its parts.

use super::anomalies::UNUSUAL_Z;
use super::context::Context;
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::measure::{Measure, count};
use super::{Cell, Good, Role, Table, Unit};
use crate::data::InsideSegment;

/// None unless a country of the table moved far, and a column parts its users.
pub(super) fn inside(context: &Context, id: &str, countries: &Table) -> Option<Table> {
    context.dataset.previous_window?;
    let segmentation = &context.dataset.segmentation;
    let column = segmentation.inside_column.as_deref()?;
    let country = mover(countries)?;
    let inside = segmentation.inside.iter().find(|inside| inside.country == country)?;
    let sizes = |of: fn(&InsideSegment) -> u64| inside.segments.iter().map(of).sum::<u64>() as f64;
    let (all, all_before) = (sizes(|one| one.users), sizes(|one| one.previous_users.unwrap_or(0)));
    let alone = |value: Option<f64>| Pair {
        current: value,
        ..Pair::default()
    };
    let entities: Vec<Entity> = inside
        .segments
        .iter()
        .map(|segment| {
            let (now, before) = (segment.users as f64, segment.previous_users.unwrap_or(0) as f64);
            let users = Pair {
                previous: Some(before),
                ..alone(Some(now))
            };
            let part = (all != all_before).then(|| (now - before) / (all - all_before) * 100.0);
            Entity {
                name: format!("{} in {country}", segment.segment),
                pairs: vec![users, alone(part)],
                support: now.max(before),
                people: Some(now.max(before)),
            }
        })
        .collect();
    let totals = vec![
        sum_pairs(entities.iter().map(|entity| entity.pairs[0])),
        alone(Some(100.0)),
    ];
    let part = Measure::new(
        "contribution",
        "contribution to the change",
        Unit::Percent,
        Good::Neither,
    );
    Entities {
        id,
        title: format!("Inside {country}: users by {column}"),
        key: ("part", "part"),
        definition:
            "distinct users of the period in the country whose users changed most; a user of two parts counts in both; \
contribution = change of the part / change of all parts, and no test of its own"
                .to_owned(),
        wanted: vec![
            Wanted::new(
                // Never called users alone: that is everybody's number, here and in every sentence about a row.
                Measure::new("part_users", &format!("users in {country}"), count("users"), Good::Up),
                &[Role::Current, Role::Previous, Role::Change],
            ),
            Wanted::new(part.not_additive(), &[Role::Current]),
        ],
        entities,
        totals,
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
