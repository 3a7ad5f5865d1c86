//! What single payments amount to.

use super::context::Context;
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::measure::{Measure, count};
use super::{Good, Role, Table, Unit, show};
use crate::data::PriceBand;

pub(super) fn bands(context: &Context, id: &str) -> Option<Table> {
    let bands = &context.dataset.segmentation.price_bands;
    let comparable = context.dataset.previous_window.is_some();
    let entities: Vec<Entity> = bands
        .iter()
        .enumerate()
        .map(|(place, band)| {
            let pair = |current: f64, previous: Option<f64>| Pair {
                current: Some(current),
                previous: previous.filter(|_| comparable),
                ..Pair::default()
            };
            let before = band.previous_payments.map(|n| n as f64);
            Entity {
                name: name(bands, place),
                pairs: vec![
                    pair(band.payments as f64, before),
                    pair(band.revenue, band.previous_revenue),
                ],
                support: (band.payments as f64).max(before.unwrap_or(0.0)),
                people: Some(band.users as f64),
            }
        })
        .collect();
    let totals = (0..2)
        .map(|index| sum_pairs(entities.iter().map(move |entity| entity.pairs[index])))
        .collect();
    const ROLES: &[Role] = &[
        Role::Current,
        Role::Previous,
        Role::Change,
        Role::Share,
        Role::PreviousShare,
    ];
    Entities {
        id,
        title: "Payments by size".to_owned(),
        key: ("band", "size of the payment"),
        definition: "payments = rows with revenue above 0; refunds are not in it; the bands' edges are the quartiles of the payments of both periods"
            .to_owned(),
        wanted: vec![
            Wanted::new(Measure::new("payments", "payments", count("payments"), Good::Up), ROLES),
            Wanted::new(Measure::new("revenue", "revenue of the payments", Unit::Money, Good::Up), ROLES),
        ],
        entities,
        totals,
    }
    .table(context.row_limit)
}

/// The edges of the band. The largest payment of all is somebody's own and not told.
fn name(bands: &[PriceBand], place: usize) -> String {
    let edge = |place: usize| show::number(bands[place].most, 2);
    match place.checked_sub(1) {
        None if bands.len() == 1 => "all".to_owned(),
        None => format!("up to {}", edge(0)),
        Some(before) if place + 1 == bands.len() => format!("over {}", edge(before)),
        Some(before) => format!("over {} to {}", edge(before), edge(place)),
    }
}
