//! What the revenue analyst may cite: totals, what the change consists of, types and tiers, concentration, unusual days, steps.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::change::{Noise, level_change};
use super::context::Context;
use super::draft::{Draft, Value};
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::measure::{Measure, count};
use super::prices::bands;
use super::segments::tiers;
use super::series::Series;
use super::statistics::{count_change_z, proportion_change_z, ratio};
use super::steps::{concentration, steps};
use super::totals::{Total, columns, totals_table};
use super::unusual::{Companions, searched, unusual_days};
use super::{Evidence, Good, Role, Table, TableKind, Unit, lifetime, scatter};
use crate::data::{Tables, Totals};
use crate::insight::Analyst;

pub(super) fn evidence(context: &Context) -> Evidence {
    let mut evidence = context.header(Analyst::RevenueOptimization);
    let daily = &context.daily;
    if daily.revenue.is_none() && context.totals().revenue.is_none() {
        let why = context.dataset.current.revenue_by_date.why_absent();
        evidence.gaps.push(match why.filter(|why| !why.is_empty()) {
            Some(why) => format!("no revenue in the data: nothing to say about money ({why})"),
            None => "no revenue in the data: nothing to say about money".to_owned(),
        });
        evidence.tables.extend(steps(context, "R7"));
        return evidence;
    }
    let totals = totals(context);
    let judged: Vec<&Series> = [
        &daily.revenue,
        &daily.payers,
        &daily.revenue_per_payer,
        &daily.typical_payment,
    ]
    .into_iter()
    .flatten()
    .collect();
    let unusual = unusual_days("R5", "Unusual revenue days", &judged, daily.closed, Companions::Listed);
    if !judged.is_empty() {
        evidence.notes.push(searched(context, &judged, unusual.as_ref()));
    }
    if context.totals().payers.is_none() {
        evidence
            .gaps
            .push("paying users of the period are not known".to_owned());
    }
    if context.totals().orders.is_none() {
        evidence
            .gaps
            .push("no orders: nothing to say about order values".to_owned());
    }
    evidence.tables = [
        totals_table(
            "R1",
            "Revenue totals of the period against the previous one",
            "net revenue = gross revenue - refunds; paying users have revenue above 0; revenue per user counts only revenue with a user id; \
order value = net revenue / orders",
            &totals,
        ),
        split(context),
        types(context),
        concentration(context, "R4"),
        unusual,
        tiers(context, "R6"),
        steps(context, "R7"),
        lifetime::by_week(context, "R8"),
        bands(context, "R9"),
    ]
    .into_iter()
    .flatten()
    .collect();
    evidence
}

/// The three factors of revenue of one window.
#[derive(Debug, Clone, Copy)]
struct Factors {
    users: f64,
    payers: f64,
    revenue: f64,
}

fn factors(totals: &Totals) -> Option<Factors> {
    let factors = Factors {
        users: totals.users? as f64,
        payers: totals.payers? as f64,
        revenue: totals.revenue_known_users.or(totals.revenue)?,
    };
    (factors.users > 0.0 && factors.payers > 0.0 && factors.revenue > 0.0).then_some(factors)
}

pub(super) fn totals(context: &Context) -> Vec<Total> {
    let closed = context.daily.closed;
    let (now, before) = (context.totals(), context.previous_totals());
    let both = |pick: &dyn Fn(&Totals) -> Option<f64>| (pick(now), before.and_then(pick));
    let money = |label: &str, pick: &dyn Fn(&Totals) -> Option<f64>| {
        let (current, previous) = both(pick);
        Total::new(label, Unit::Money, Good::Up).values(current, previous)
    };
    let counted = |label: &str, noun: &str, pick: &dyn Fn(&Totals) -> Option<f64>| {
        let (current, previous) = both(pick);
        let z = current
            .zip(previous)
            .and_then(|(now, before)| count_change_z(now, before, context.common_error));
        Total::new(label, count(noun), Good::Up)
            .values(current, previous)
            .z(z)
            .support(current)
    };
    let daily_sum = |sum: fn(&Series) -> Option<f64>| context.daily.revenue.as_ref().and_then(sum);
    let revenue = Total::new("net revenue", Unit::Money, Good::Up)
        .values(
            now.revenue.or(daily_sum(Series::sum)),
            before.and_then(|t| t.revenue).or(daily_sum(Series::previous_sum)),
        )
        .z(
            context.by_users(context.daily.revenue.as_ref().and_then(|s| s.z(closed)), |scatter| {
                scatter.revenue
            }),
        )
        .support(now.payers.or(now.users).map(|n| n as f64));
    let mut refunds = money("refunds", &|t| t.refunds.map(f64::abs));
    refunds.good = Good::Down;
    let users = |t: &Totals| t.users.map(|n| n as f64);
    let payers = |t: &Totals| t.payers.map(|n| n as f64);
    let known = |t: &Totals| t.revenue_known_users.or(t.revenue);
    let share = both(&|t| Some(ratio(payers(t)?, users(t)?)? * 100.0));
    let share_z = before.and_then(|before| {
        proportion_change_z(
            (payers(now)?, users(now)?),
            (payers(before)?, users(before)?),
            context.share_error,
        )
    });
    let orders = counted("orders", "orders", &|t| t.orders.map(|n| n as f64));
    let both = orders.current.zip(orders.previous);
    let orders = orders.z(both.and_then(|(now, before)| context.clustered_z(now, before)));
    let per_payer_z = context.daily.revenue_per_payer.as_ref().and_then(|s| s.z(closed));
    let per_user_z = context.daily.revenue_per_user.as_ref().and_then(|s| s.z(closed));
    vec![
        revenue,
        money("gross revenue", &|t| t.gross_revenue),
        refunds,
        counted("paying users", "users", &payers),
        Total::new("share of paying users", Unit::Percent, Good::Up)
            .values(share.0, share.1)
            .z(share_z)
            .support(users(now)),
        money("revenue per user", &|t| ratio(known(t)?, users(t)?))
            .z(before
                .and(context.dataset.segmentation.all_users.as_ref())
                .and_then(scatter::per_user_z))
            .support(users(now)),
        money("revenue per paying user", &|t| ratio(known(t)?, payers(t)?)).support(payers(now)),
        Total::new("revenue per daily active user", Unit::Money, Good::Up)
            .values(
                pooled_per_user(context, Series::sum),
                pooled_per_user(context, Series::previous_sum),
            )
            .z(per_user_z),
        Total::new("revenue per paying user and day", Unit::Money, Good::Up)
            .values(
                pooled_per_payer(context, Series::sum),
                pooled_per_payer(context, Series::previous_sum),
            )
            .z(per_payer_z),
        orders,
        money("order value", &|t| ratio(t.revenue?, t.orders? as f64)).support(now.orders.map(|n| n as f64)),
    ]
}

fn pooled_per_user(context: &Context, sum: fn(&Series) -> Option<f64>) -> Option<f64> {
    ratio(
        sum(context.daily.revenue.as_ref()?)?,
        sum(context.daily.active_users.as_ref()?)?,
    )
}

fn pooled_per_payer(context: &Context, sum: fn(&Series) -> Option<f64>) -> Option<f64> {
    ratio(
        sum(context.daily.revenue.as_ref()?)?,
        sum(context.daily.payers.as_ref()?)?,
    )
}

/// Revenue = users x share of paying users x revenue per paying user. Each factor's part of the change is the logarithmic mean of
/// the two revenues times its log ratio (LMDI, Ang 2005, Energy Policy 33:867), so that the parts add up exactly.
fn split(context: &Context) -> Option<Table> {
    let (now, before) = (factors(context.totals())?, factors(context.previous_totals()?)?);
    let log_ratio = (now.revenue / before.revenue).ln();
    let weight = if log_ratio.abs() < 1e-9 {
        now.revenue
    } else {
        (now.revenue - before.revenue) / log_ratio
    };
    let mut columns = columns(true);
    let contribution = Measure::new("contribution", "part of the change of revenue", Unit::Money, Good::Up);
    let contribution_pct = Measure::new(
        "contribution_pct",
        "part of the change of revenue, in percent of the previous revenue",
        Unit::Percent,
        Good::Up,
    );
    columns.push(contribution.column(Role::Current));
    columns.push(contribution_pct.column(Role::Current));
    let mut draft = Draft::new(
        "R2",
        "What the change of revenue consists of",
        TableKind::Totals,
        columns,
    )
    .definition(
        "revenue of known users = users x share of paying users x revenue per paying user; contributions add up to the change of that revenue",
    )
    .order("fixed");
    let all = totals(context);
    let z_of = |label: &str| all.iter().find(|t| t.label == label).and_then(|t| t.z);
    let share = |f: Factors| f.payers / f.users;
    let per_payer = |f: Factors| f.revenue / f.payers;
    let parts = [
        (
            Total::new("users", count("users"), Good::Up)
                .values(Some(now.users), Some(before.users))
                .z(count_change_z(now.users, before.users, context.common_error)),
            now.users / before.users,
        ),
        (
            Total::new("share of paying users", Unit::Percent, Good::Up)
                .values(Some(share(now) * 100.0), Some(share(before) * 100.0))
                .z(z_of("share of paying users")),
            share(now) / share(before),
        ),
        (
            Total::new("revenue per paying user", Unit::Money, Good::Up)
                .values(Some(per_payer(now)), Some(per_payer(before))),
            per_payer(now) / per_payer(before),
        ),
    ];
    for (total, ratio) in parts {
        let part = weight * ratio.ln();
        let mut values = total.cells(true);
        values.push(Value::Number(part));
        values.push(Value::Number(part / before.revenue * 100.0));
        draft.row(total.support(Some(now.users)).about(), values);
    }
    draft.finish()
}

/// Revenue by type (in-app purchase, ads, subscription, or whatever the source calls it).
fn types(context: &Context) -> Option<Table> {
    let dataset = context.dataset;
    let now = by_type(&dataset.current);
    let payers = |tables: &Tables, name: &str| -> f64 {
        let rows = tables.revenue_by_type.rows().iter();
        let of_type = rows.filter(|row| row.revenue_segment == name);
        of_type.filter_map(|row| row.revenue_users).sum::<u64>() as f64
    };
    let before = match (&dataset.previous, dataset.previous_window) {
        (Some(tables), Some(_)) => Some(by_type(tables)),
        _ => None,
    };
    let empty = BTreeMap::new();
    let sum = |days: &BTreeMap<Date, f64>| days.values().sum::<f64>();
    let names: std::collections::BTreeSet<&String> = now.keys().chain(before.iter().flat_map(BTreeMap::keys)).collect();
    let entities: Vec<Entity> = names
        .into_iter()
        .map(|name| {
            let current = now.get(name).unwrap_or(&empty);
            let previous = before.as_ref().map(|b| b.get(name).unwrap_or(&empty));
            let z = previous.zip(dataset.previous_window).and_then(|(days, window)| {
                let days_now = current;
                let current = context.points(days_now, dataset.window);
                let change = level_change(&current, &context.points(days, window), Noise::Amounts);
                // However even the days look: so many payments wander by their root.
                let payers_before = dataset.previous.as_ref().map_or(0.0, |tables| payers(tables, name));
                let by_payments = by_payments(
                    (sum(days_now), payers(&dataset.current, name)),
                    (sum(days), payers_before),
                );
                change.map(|change| scatter::milder(change.z, by_payments))
            });
            let pair = Pair {
                current: Some(sum(current)),
                previous: previous.map(sum),
                z,
                ..Pair::default()
            };
            Entity {
                name: name.clone(),
                pairs: vec![pair],
                support: sum(current).max(previous.map_or(0.0, sum)),
                people: None,
            }
        })
        .filter(|e| e.pairs[0].current != Some(0.0) || e.pairs[0].previous.unwrap_or(0.0) != 0.0)
        .collect();
    let totals = vec![sum_pairs(entities.iter().map(|e| e.pairs[0]))];
    Entities {
        id: "R3",
        title: "Revenue by type".to_owned(),
        key: ("type", "revenue type"),
        definition: "sums of the period".to_owned(),
        wanted: vec![Wanted::new(
            Measure::new("revenue", "net revenue", Unit::Money, Good::Up),
            &[
                Role::Current,
                Role::Previous,
                Role::Change,
                Role::Share,
                Role::PreviousShare,
                Role::Z,
            ],
        )],
        entities,
        totals,
    }
    .table(context.row_limit)
}

/// The change of a sum of payments, each of them as drawn by chance; none where nobody is known to have paid.
fn by_payments((now, n_now): (f64, f64), (before, n_before): (f64, f64)) -> Option<f64> {
    let known = now > 0.0 && before > 0.0 && n_now > 0.0 && n_before > 0.0;
    known.then(|| (now / before).ln() / (1.0 / n_now + 1.0 / n_before).sqrt())
}

fn by_type(tables: &Tables) -> BTreeMap<String, BTreeMap<Date, f64>> {
    let mut types: BTreeMap<String, BTreeMap<Date, f64>> = BTreeMap::new();
    let mut add = |name: &str, day: Date, revenue: Option<f64>| {
        if let Some(revenue) = revenue.filter(|r| r.is_finite()) {
            *types.entry(name.to_owned()).or_default().entry(day).or_default() += revenue;
        }
    };
    let rows = tables.revenue_by_type.rows();
    for row in rows {
        add(&row.revenue_segment, row.date, Some(row.total_revenue));
    }
    if rows.is_empty() {
        for row in tables.revenue_by_date.rows() {
            add("in-app purchases", row.date, row.iap_revenue);
            add("ads", row.date, row.ad_revenue);
            add("subscriptions", row.date, row.subscription_revenue);
        }
    }
    types
}
