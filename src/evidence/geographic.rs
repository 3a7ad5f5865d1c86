//! What the geography analyst may cite: countries now and before, and how concentrated the business is.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::change::{Noise, level_change};
use super::context::{Context, gap};
use super::draft::{About, Draft, Value};
use super::entities::{Entities, Entity, Pair, Wanted, sum_pairs};
use super::inside::inside;
use super::measure::{Measure, count, key, note};
use super::scatter::{milder, sum_z};
use super::segments::conversion;
use super::statistics::{herfindahl, ratio};
use super::{Evidence, Good, Role, Table, TableKind, Unit, shifts};
use crate::data::{Tables, Window};
use crate::insight::Analyst;

const CONVERSION: &str = "conversion = users of the period with a purchase / users of the period; ";

/// What one country did on each day of one window.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    pub(super) users: BTreeMap<Date, f64>,
    pub(super) revenue: BTreeMap<Date, f64>,
    new_users: f64,
}

pub(super) fn evidence(context: &Context) -> Evidence {
    let mut evidence = context.header(Analyst::Geographic);
    let dataset = context.dataset;
    let missing = gap(
        &dataset.current.dau_by_country,
        "no country in the data: nothing to say about geography",
    );
    if let Some(missing) = missing {
        evidence.gaps.push(missing);
        if dataset.current.revenue_by_country.rows().is_empty() {
            return evidence;
        }
    }
    let now = countries(&dataset.current);
    let before = match (&dataset.previous, dataset.previous_window) {
        (Some(tables), Some(_)) => Some(countries(tables)),
        _ => None,
    };
    let has_revenue = now.values().any(|days| !days.revenue.is_empty());
    if !has_revenue {
        evidence.gaps.push("no revenue by country: users only".to_owned());
    }
    evidence.notes.push(format!("{} countries compared", now.len()));
    let countries = table(context, &now, before.as_ref(), has_revenue);
    let concentration = concentration(&now, before.as_ref(), has_revenue);
    let shifted = shifts::countries(context, "G5", &now, before.as_ref());
    let inside = countries
        .as_ref()
        .and_then(|countries| inside(context, "G3", countries));
    evidence.tables = [countries, shifted, inside, concentration]
        .into_iter()
        .flatten()
        .collect();
    evidence
}

fn table(
    context: &Context,
    now: &BTreeMap<String, Days>,
    before: Option<&BTreeMap<String, Days>>,
    has_revenue: bool,
) -> Option<Table> {
    const WITH_SHARE: &[Role] = &[
        Role::Current,
        Role::Previous,
        Role::Change,
        Role::Share,
        Role::PreviousShare,
        Role::Z,
    ];
    let dataset = context.dataset;
    let mut wanted = vec![
        Wanted::new(
            Measure::new("users", "active users (mean per day)", count("users"), Good::Up).decimals(1),
            WITH_SHARE,
        ),
        Wanted::new(
            Measure::new("new_users", "new users", count("users"), Good::Up),
            &[Role::Current, Role::Change],
        ),
    ];
    if has_revenue {
        wanted.push(Wanted::new(
            Measure::new("revenue", "net revenue", Unit::Money, Good::Up),
            WITH_SHARE,
        ));
    }
    let people = &dataset.segmentation.countries;
    let has_conversion = people
        .iter()
        .any(|country| country.converted_users.unwrap_or(0) > 0 || country.previous_converted_users.unwrap_or(0) > 0);
    if has_conversion {
        wanted.push(Wanted::new(
            Measure::new("conversion", "conversion", Unit::Percent, Good::Up),
            &[Role::Current, Role::Previous, Role::Z],
        ));
    }
    let names: std::collections::BTreeSet<&String> =
        now.keys().chain(before.into_iter().flat_map(BTreeMap::keys)).collect();
    let has_new = dataset
        .current
        .dau_by_country
        .rows()
        .iter()
        .any(|r| r.new_users.is_some())
        || !dataset.current.new_logins_by_country.rows().is_empty();
    let empty = Days::default();
    let entities: Vec<Entity> = names
        .into_iter()
        .map(|name| {
            let current = now.get(name).unwrap_or(&empty);
            let previous = before.map(|before| before.get(name).unwrap_or(&empty));
            let people = people.iter().find(|country| country.segment == *name);
            let scatter = people.and_then(|people| people.scatter);
            let pair = |pick: fn(&Days) -> &BTreeMap<Date, f64>, noise: Noise, per_day: bool| Pair {
                current: Some(total(pick(current), dataset.window, per_day)),
                previous: previous
                    .zip(dataset.previous_window)
                    .map(|(days, window)| total(pick(days), window, per_day)),
                z: previous.zip(dataset.previous_window).and_then(|(days, window)| {
                    let current = context.points(pick(current), dataset.window);
                    let previous = context.points(pick(days), window);
                    let by_users = scatter.and_then(|scatter| match noise {
                        Noise::Counts => scatter.days,
                        Noise::Amounts => scatter.revenue,
                    });
                    let change = level_change(&current, &previous, noise)?;
                    Some(milder(change.z, by_users.as_ref().and_then(sum_z)))
                }),
                interval: None,
            };
            let new_users = Pair {
                current: has_new.then_some(current.new_users),
                previous: previous
                    .filter(|_| has_new && context.new_users_comparable())
                    .map(|days| days.new_users),
                ..Pair::default()
            };
            let mut pairs = vec![pair(|d| &d.users, Noise::Counts, true), new_users];
            if has_revenue {
                pairs.push(pair(|d| &d.revenue, Noise::Amounts, false));
            }
            if has_conversion {
                let conversion = |people| conversion(context, people, dataset.previous_window.is_some());
                pairs.push(people.map(conversion).unwrap_or_default());
            }
            let user_days = |days: &Days| days.users.values().sum::<f64>();
            Entity {
                name: name.clone(),
                pairs,
                support: user_days(current).max(previous.map_or(0.0, user_days)),
                people: people.map(|people| people.users.max(people.previous_users.unwrap_or(0)) as f64),
            }
        })
        .collect();
    let mut totals: Vec<Pair> = (0..wanted.len())
        .map(|index| sum_pairs(entities.iter().map(move |e| e.pairs[index])))
        .collect();
    if let (true, Some(total), Some(all)) = (has_conversion, totals.last_mut(), &dataset.segmentation.all_users) {
        *total = conversion(context, all, dataset.previous_window.is_some());
    }
    Entities {
        id: "G1",
        title: "Countries, this period against the previous".to_owned(),
        key: ("country", "country"),
        definition: format!(
            "users = mean daily active users; a user active in two countries on one day counts in both; \
new_users is summed over days; {}z compares daily values weekday by weekday",
            if has_conversion { CONVERSION } else { "" }
        ),
        wanted,
        entities,
        totals,
    }
    .table(context.row_limit)
}

fn total(days: &BTreeMap<Date, f64>, window: Window, per_day: bool) -> f64 {
    let sum: f64 = days.values().sum();
    if per_day {
        sum / window.days().max(1) as f64
    } else {
        sum
    }
}

pub(super) fn countries(tables: &Tables) -> BTreeMap<String, Days> {
    let mut countries: BTreeMap<String, Days> = BTreeMap::new();
    let logins = tables.new_logins_by_country.rows();
    let revenue = tables.revenue_by_country.rows();
    for row in tables.dau_by_country.rows() {
        let days = countries.entry(row.country.clone()).or_default();
        *days.users.entry(row.date).or_default() += row.total_dau as f64;
        if logins.is_empty() {
            days.new_users += row.new_users.unwrap_or(0) as f64;
        }
        if let (true, Some(revenue)) = (revenue.is_empty(), row.total_revenue) {
            *days.revenue.entry(row.date).or_default() += revenue;
        }
    }
    for row in revenue.iter().filter(|row| row.total_revenue.is_finite()) {
        let days = countries.entry(row.country.clone()).or_default();
        *days.revenue.entry(row.date).or_default() += row.total_revenue;
    }
    for row in logins {
        let days = countries.entry(row.country.clone()).or_default();
        days.new_users += row.new_logins as f64;
    }
    countries
}

/// HHI and the shares of the largest countries.
fn concentration(
    now: &BTreeMap<String, Days>,
    before: Option<&BTreeMap<String, Days>>,
    has_revenue: bool,
) -> Option<Table> {
    let ratio_measure =
        |name: &str, label: &str, unit: Unit| Measure::new(name, label, unit, Good::Neither).not_additive();
    let measures = [
        ratio_measure("hhi", "Herfindahl index (0 = spread out, 1 = one country)", Unit::Ratio),
        ratio_measure("top_1_share", "share of the largest country", Unit::Percent),
        ratio_measure("top_3_share", "share of the three largest countries", Unit::Percent),
    ];
    let mut columns = vec![key("measure", "measure")];
    for measure in &measures {
        let mut pair = measure.columns(&[Role::Current, Role::Previous]);
        if measure.name == "hhi" {
            for column in &mut pair {
                column.decimals = 3;
            }
        }
        columns.extend(pair);
    }
    let mut n = note("countries", "countries", count("countries"), Role::Current);
    "countries".clone_into(&mut n.of);
    columns.push(n);
    let mut draft = Draft::new("G4", "Concentration", TableKind::Concentration, columns)
        .definition("Herfindahl index = sum of squared shares; shares in percent of all countries")
        .order("fixed");
    let figures = |countries: &BTreeMap<String, Days>, pick: fn(&Days) -> f64| {
        let mut sizes: Vec<f64> = countries.values().map(pick).filter(|s| *s > 0.0).collect();
        sizes.sort_by(|a, b| b.total_cmp(a));
        let all: f64 = sizes.iter().sum();
        let top = |k: usize| Some(ratio(sizes.iter().take(k).sum::<f64>(), all)? * 100.0);
        ([herfindahl(&sizes), top(1), top(3)], sizes.len())
    };
    let users: fn(&Days) -> f64 = |days| days.users.values().sum();
    let revenue: fn(&Days) -> f64 = |days| days.revenue.values().sum();
    let mut kinds = vec![("active users", users)];
    if has_revenue {
        kinds.push(("net revenue", revenue));
    }
    for (name, pick) in kinds {
        let (current, n_countries) = figures(now, pick);
        if n_countries == 0 {
            continue;
        }
        let previous = before.map(|before| figures(before, pick).0);
        let mut values = vec![Value::text(name)];
        for (index, value) in current.into_iter().enumerate() {
            let previous = previous.and_then(|p| p[index]);
            values.push(Value::or(value, "not known"));
            values.push(Value::or(previous, "no comparable previous value"));
        }
        values.push(Value::Number(n_countries as f64));
        draft.row(About::named(name), values);
    }
    draft.finish()
}
