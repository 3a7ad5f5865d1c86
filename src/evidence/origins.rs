//! New users by where they came from, and how many of them came back after a week.

use super::cohorts::{groups, previous_rows};
use super::context::Context;
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::measure::{Measure, count};
use super::statistics::{cap, over_dispersion, ratio, two_proportion_z, wilson};
use super::{Good, Role, Table, Unit};
use crate::data::Origin;

const DEFINITION: &str = "new users by what their first day says; day-7 retention = those active exactly 7 days after their first day / those whose 7th \
day the data reach; z is a two-proportion z, widened by how much daily cohorts differ anyway";

/// Retained and eligible.
type Share = (f64, f64);

pub(super) fn origins(context: &Context, id: &str) -> Option<Table> {
    let segmentation = &context.dataset.segmentation;
    let column = segmentation.origin_column.as_deref()?;
    let comparable = context.dataset.previous_window.is_some() && context.new_users_comparable();
    let spread = over_dispersion(&groups(context.dataset.current.dau_by_cohort_date.rows(), 7)).max(over_dispersion(
        &groups(previous_rows(context, |tables| &tables.dau_by_cohort_date), 7),
    ));
    let retention = |now: Share, before: Option<Share>| {
        let percent = |(hits, n): Share| Some(ratio(hits, n)? * 100.0);
        let z = before.and_then(|before| two_proportion_z(now.0, now.1, before.0, before.1));
        Pair {
            current: percent(now),
            previous: before.and_then(percent),
            z: z.and_then(|z| cap(z / spread.sqrt())),
            interval: wilson(now.0, now.1).map(|(low, high)| (low * 100.0, high * 100.0)),
        }
    };
    let entities: Vec<Entity> = segmentation
        .origins
        .iter()
        .map(|origin| {
            let before = origin.previous_users.filter(|_| comparable);
            let people = origin.users.max(before.unwrap_or(0)) as f64;
            let users = Pair {
                current: Some(origin.users as f64),
                previous: before.map(|n| n as f64),
                ..Pair::default()
            };
            Entity {
                name: origin.origin.clone(),
                pairs: vec![users, retention(now(origin), previous(origin).filter(|_| comparable))],
                support: people,
                people: Some(people),
            }
        })
        .collect();
    let sum = |shares: &mut dyn Iterator<Item = Share>| shares.fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    let all = sum(&mut segmentation.origins.iter().map(now));
    let all_before = sum(&mut segmentation.origins.iter().filter_map(previous));
    let totals = vec![
        sum_pairs(entities.iter().map(|entity| entity.pairs[0])),
        retention(all, comparable.then_some(all_before)),
    ];
    Entities {
        id,
        title: format!("New users and day-7 retention by {column}"),
        key: ("origin", column),
        definition: DEFINITION.to_owned(),
        wanted: vec![
            Wanted::new(
                Measure::new("new_users", "new users", count("users"), Good::Up),
                &[Role::Current, Role::Previous, Role::Share],
            ),
            Wanted {
                interval: true,
                ..Wanted::new(
                    Measure::new("day_7_retention", "day-7 retention", Unit::Percent, Good::Up),
                    &[Role::Current, Role::Previous, Role::ChangePoints, Role::Z],
                )
            },
        ],
        entities,
        totals,
    }
    .table(context.row_limit)
}

fn now(origin: &Origin) -> Share {
    (origin.retained as f64, origin.eligible as f64)
}

fn previous(origin: &Origin) -> Option<Share> {
    Some((origin.previous_retained? as f64, origin.previous_eligible? as f64))
}
