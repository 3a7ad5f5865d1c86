//! What the segmentation analyst may cite: revenue tiers, the segments of each dimension, journey stages, steps, concentration.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::change::{Noise, level_change};
use super::channels::channels;
use super::context::Context;
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::journey::journey;
use super::measure::{Measure, count};
use super::mix::mix;
use super::rfm::rfm;
use super::scatter::{per_user_z, sum_z};
use super::statistics::{count_change_z, proportion_change_z, ratio, wilson};
use super::steps::{concentration, steps};
use super::{Evidence, Good, LEAST_SUPPORT, Role, Table, Unit, versions};
use crate::data::{Dimension, RevenueSegmentsDaily, Segment, Tables, Window};
use crate::insight::Analyst;

const DEFINITION: &str = "users = distinct users of the period in the segment; a user of two segments counts in both; conversion = users with a \
purchase / users, with its 95 % Wilson interval; z of revenue takes users, not rows, as drawn by chance";

/// More dimensions would crowd each other out of the prompt.
const DIMENSIONS: usize = 4;

pub(super) fn evidence(context: &Context) -> Evidence {
    let mut evidence = context.header(Analyst::UserSegmentation);
    let segmentation = &context.dataset.segmentation;
    let mut tables = vec![tiers(context, "S1")];
    for (index, dimension) in dimensions(&segmentation.dimensions).into_iter().enumerate() {
        let id = format!("S{}", index + 2);
        let name = dimension.dimension.trim();
        let sizes = if versions::are_versions(name, &dimension.segments) {
            Sizes::RolledOut
        } else {
            Sizes::Tested
        };
        let definition = match sizes {
            Sizes::RolledOut => format!("{DEFINITION}; users move from release to release, so that sizes have no z"),
            Sizes::Tested => DEFINITION.to_owned(),
        };
        let table = Segments {
            id: &id,
            title: format!("Users by {name}"),
            definition: &definition,
            segments: &dimension.segments,
            revenue: "net revenue",
            revenue_z: BTreeMap::new(),
            sizes,
        };
        tables.push(table.table(context));
    }
    tables.push(mix(context, "S10"));
    tables.push(journey(context));
    tables.push(steps(context, "S7"));
    tables.push(concentration(context, "S8"));
    tables.push(channels(context, "S9"));
    tables.push(rfm(context, "S11"));
    evidence.tables = tables.into_iter().flatten().collect();
    if segmentation.dimensions.is_empty() {
        evidence
            .gaps
            .push("no segment column such as platform or channel in the data".to_owned());
    }
    if tiers_of(context).is_empty() {
        evidence
            .gaps
            .push("no revenue: users cannot be split into revenue tiers".to_owned());
    }
    if context.dataset.current.user_journey_cohort.rows().is_empty() && segmentation.events.is_empty() {
        evidence
            .gaps
            .push("no events or journey stages: nothing to say about steps".to_owned());
    }
    let scanned: usize = segmentation.dimensions.iter().map(|d| d.segments.len()).sum();
    if scanned > 0 {
        evidence.notes.push(format!("{scanned} segments compared"));
    }
    evidence
}

/// The dimensions that are shown; releases, whose sizes say least, behind the others.
fn dimensions(all: &[Dimension]) -> Vec<&Dimension> {
    let mut shown: Vec<&Dimension> = all.iter().filter(|dimension| dimension.segments.len() > 1).collect();
    shown.sort_by_key(|dimension| versions::are_versions(&dimension.dimension, &dimension.segments));
    shown.truncate(DIMENSIONS);
    shown
}

/// Revenue tiers over the window; from the daily tier table where the summary has none.
pub(super) fn tiers_of(context: &Context) -> Vec<Segment> {
    let dataset = context.dataset;
    if !dataset.segmentation.revenue_tiers.is_empty() {
        return dataset.segmentation.revenue_tiers.clone();
    }
    let now = daily_tiers(&dataset.current, dataset.window);
    let before = match (&dataset.previous, dataset.previous_window) {
        (Some(tables), Some(window)) => Some(daily_tiers(tables, window)),
        _ => None,
    }
    .filter(|before| !before.is_empty());
    now.into_iter()
        .map(|(segment, (users, revenue))| {
            let previous = before
                .as_ref()
                .map(|before| before.get(&segment).copied().unwrap_or_default());
            Segment {
                users: users.round() as u64,
                revenue: Some(revenue),
                previous_users: previous.map(|p| p.0.round() as u64),
                previous_revenue: previous.map(|p| p.1),
                segment,
                ..Segment::default()
            }
        })
        .collect()
}

/// Tier -> (mean users per day, revenue of the window).
fn daily_tiers(tables: &Tables, window: Window) -> BTreeMap<String, (f64, f64)> {
    let days = window.days().max(1) as f64;
    let mut tiers: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for row in tables.revenue_segments_daily.rows() {
        let tier = tiers.entry(row.revenue_segment.clone()).or_default();
        tier.0 += row.users as f64 / days;
        tier.1 += row.total_revenue;
    }
    tiers
}

pub(super) fn tiers(context: &Context, id: &str) -> Option<Table> {
    let dataset = context.dataset;
    let mut tiers = tiers_of(context);
    for tier in &mut tiers {
        // Tiers are made by who pays: all of three of them do, and none of the fourth.
        (tier.converted_users, tier.previous_converted_users) = (None, None);
    }
    let summed = !dataset.segmentation.revenue_tiers.is_empty();
    let defined: Vec<String> = dataset
        .segmentation
        .definitions
        .iter()
        .filter(|(name, _)| tiers.iter().any(|tier| tier.segment == *name))
        .map(|(name, definition)| format!("{name} = {definition}"))
        .collect();
    let definition = if defined.is_empty() {
        if summed {
            "users and revenue of each revenue tier over the whole period".to_owned()
        } else {
            "users = mean users of the tier per day; revenue is summed over the period".to_owned()
        }
    } else {
        defined.join("; ")
    };
    let table = Segments {
        id,
        title: "Revenue tiers".to_owned(),
        definition: &definition,
        segments: &tiers,
        revenue: context.revenue_of_users(),
        revenue_z: tier_revenue_z(context),
        sizes: Sizes::Tested,
    };
    table.table(context)
}

/// Whether the daily revenue of a tier changed its level.
fn tier_revenue_z(context: &Context) -> BTreeMap<String, f64> {
    let dataset = context.dataset;
    let (Some(previous), Some(previous_window)) = (&dataset.previous, dataset.previous_window) else {
        return BTreeMap::new();
    };
    let points = |rows: &[RevenueSegmentsDaily], tier: &str, window: Window| {
        let mut days: BTreeMap<Date, f64> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.revenue_segment == tier) {
            *days.entry(row.date).or_default() += row.total_revenue;
        }
        context.points(&days, window)
    };
    let rows = dataset.current.revenue_segments_daily.rows();
    let before = previous.revenue_segments_daily.rows();
    let mut names: Vec<&str> = rows.iter().map(|r| r.revenue_segment.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let current = points(rows, name, dataset.window);
            let previous = points(before, name, previous_window);
            let change = level_change(&current, &previous, Noise::Amounts)?;
            Some((name.to_owned(), change.z))
        })
        .collect()
}

/// What a change of a segment's size says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sizes {
    Tested,
    /// Releases follow each other by themselves; only what their users do is news.
    RolledOut,
}

/// A table of segments to be written.
struct Segments<'a> {
    id: &'a str,
    title: String,
    definition: &'a str,
    segments: &'a [Segment],
    /// What its revenue is called.
    revenue: &'static str,
    /// Scores that are better than those of sums over users.
    revenue_z: BTreeMap<String, f64>,
    sizes: Sizes,
}

impl Segments<'_> {
    fn table(self, context: &Context) -> Option<Table> {
        let Self {
            id,
            title,
            definition,
            segments,
            revenue,
            revenue_z,
            sizes,
        } = self;
        const WITH_SHARE: &[Role] = &[Role::Current, Role::Previous, Role::Change, Role::Share, Role::Z];
        let mut wanted = vec![Wanted {
            share_points: true,
            ..Wanted::new(Measure::new("users", "users", count("users"), Good::Up), WITH_SHARE)
        }];
        let has_revenue = segments.iter().any(|s| s.revenue.is_some());
        if has_revenue {
            let revenue = Measure::new("revenue", revenue, Unit::Money, Good::Up);
            wanted.push(Wanted::new(revenue, WITH_SHARE));
            let per_user =
                Measure::new("revenue_per_user", "net revenue per user", Unit::Money, Good::Up).not_additive();
            wanted.push(Wanted::new(per_user, &[Role::Current, Role::Previous, Role::Z]));
        }
        let has_conversion = segments.iter().any(|s| s.converted_users.is_some());
        if has_conversion {
            let conversion = Measure::new("conversion", "conversion", Unit::Percent, Good::Up);
            let roles = &[Role::Current, Role::Previous, Role::ChangePoints, Role::Z];
            wanted.push(Wanted {
                interval: true,
                ..Wanted::new(conversion, roles)
            });
        }
        let comparable = context.dataset.previous_window.is_some();
        let entities: Vec<Entity> = segments
            .iter()
            .map(|segment| {
                let mut users = counts(context, segment.users, segment.previous_users.filter(|_| comparable));
                users.z = users.z.filter(|_| sizes == Sizes::Tested);
                let mut pairs = vec![users];
                if has_revenue {
                    let by_users = segment.scatter.and_then(|scatter| scatter.revenue);
                    pairs.push(Pair {
                        current: segment.revenue,
                        previous: segment.previous_revenue.filter(|_| comparable),
                        z: revenue_z
                            .get(&segment.segment)
                            .copied()
                            .or(by_users.as_ref().filter(|_| comparable).and_then(sum_z))
                            .filter(|_| sizes == Sizes::Tested),
                        ..Pair::default()
                    });
                    pairs.push(per_user(segment, comparable));
                }
                if has_conversion {
                    pairs.push(conversion(context, segment, comparable));
                }
                let previous = segment.previous_users.unwrap_or(0);
                Entity {
                    name: segment.segment.clone(),
                    pairs,
                    support: segment.users.max(previous) as f64,
                    people: Some(segment.users.max(previous) as f64),
                }
            })
            .collect();
        let mut totals: Vec<Pair> = (0..wanted.len())
            .map(|index| sum_pairs(entities.iter().map(move |e| e.pairs[index])))
            .collect();
        let all = segments.iter().fold(Segment::default(), joined);
        if has_revenue {
            totals[2] = per_user(&all, comparable);
        }
        if let Some(total) = totals.last_mut().filter(|_| has_conversion) {
            *total = conversion(context, &all, comparable);
        }
        Entities {
            id,
            title,
            key: ("segment", "segment"),
            definition: definition.to_owned(),
            wanted,
            entities,
            totals,
        }
        .table(context.row_limit)
    }
}

/// Two segments as one; unknown parts count as none.
fn joined(mut all: Segment, segment: &Segment) -> Segment {
    let add = |a: Option<u64>, b: Option<u64>| a.map_or(b, |a| Some(a + b.unwrap_or(0)));
    let add_money = |a: Option<f64>, b: Option<f64>| a.map_or(b, |a| Some(a + b.unwrap_or(0.0)));
    all.users += segment.users;
    all.previous_users = add(all.previous_users, segment.previous_users);
    all.revenue = add_money(all.revenue, segment.revenue);
    all.previous_revenue = add_money(all.previous_revenue, segment.previous_revenue);
    all.converted_users = add(all.converted_users, segment.converted_users);
    all.previous_converted_users = add(all.previous_converted_users, segment.previous_converted_users);
    all
}

/// A rate of a handful of users is anything, in whichever window they are the handful.
fn is_large_in_both(segment: &Segment) -> bool {
    let fewest = segment.users.min(segment.previous_users.unwrap_or(0));
    fewest as f64 >= LEAST_SUPPORT
}

/// Net revenue over users.
fn per_user(segment: &Segment, comparable: bool) -> Pair {
    let previous = segment
        .previous_revenue
        .zip(segment.previous_users)
        .filter(|_| comparable);
    Pair {
        current: segment.revenue.and_then(|revenue| ratio(revenue, segment.users as f64)),
        previous: previous.and_then(|(revenue, users)| ratio(revenue, users as f64)),
        z: per_user_z(segment).filter(|_| comparable && is_large_in_both(segment)),
        ..Pair::default()
    }
}

fn counts(context: &Context, now: u64, before: Option<u64>) -> Pair {
    let (now, before) = (now as f64, before.map(|n| n as f64));
    Pair {
        current: Some(now),
        previous: before,
        z: before.and_then(|before| count_change_z(now, before, context.common_error)),
        ..Pair::default()
    }
}

/// Converted users over users, in percent.
pub(super) fn conversion(context: &Context, segment: &Segment, comparable: bool) -> Pair {
    let pct = |(hits, n): (f64, f64)| Some(ratio(hits, n)? * 100.0);
    let now = segment.converted_users.map(|hits| (hits as f64, segment.users as f64));
    let before = segment
        .previous_converted_users
        .zip(segment.previous_users)
        .filter(|_| comparable)
        .map(|(hits, n)| (hits as f64, n as f64));
    Pair {
        current: now.and_then(pct),
        previous: before.and_then(pct),
        z: now
            .zip(before)
            .filter(|_| is_large_in_both(segment))
            .and_then(|(now, before)| proportion_change_z(now, before, context.share_error)),
        interval: now
            .and_then(|(hits, n)| wilson(hits, n))
            .map(|(low, high)| (low * 100.0, high * 100.0)),
    }
}
