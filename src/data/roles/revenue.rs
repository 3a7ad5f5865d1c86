//! Where money is: a total, a quantity times a price, or a price on the events by which something is bought.

use super::super::engine::{Engine, literal, quoted};
use super::super::event_names::is_purchase_like;
use super::super::profile::Column;
use super::super::{DataError, functions, privacy};
use super::expression::{amount, written};
use super::names::Role;
use super::{Found, Resolver, checks};

const ZERO_DECIMAL: [&str; 8] = ["jpy", "krw", "vnd", "clp", "isk", "xof", "xaf", "huf"];

pub(super) async fn resolve(resolver: &mut Resolver<'_>, engine: &Engine) -> Result<(), DataError> {
    if !resolver.decided(Role::Revenue) {
        let total = total(resolver)?;
        let found = match total {
            Some((column, reason)) => of_total(resolver, engine, column, reason).await?,
            None => of_prices(resolver),
        };
        if let Some(found) = found {
            resolver.roles.found.insert(Role::Revenue, found);
        }
    }
    if !resolver.roles.has(Role::Revenue) {
        return Ok(());
    }
    one_currency(resolver);
    Ok(())
}

/// The best column of totals by name with numbers in it.
fn total<'columns>(resolver: &Resolver<'columns>) -> Result<Option<(&'columns Column, String)>, DataError> {
    for group in resolver.candidates(Role::Revenue) {
        let mut group: Vec<_> = group
            .into_iter()
            .filter(|(column, _)| column.filled() > 0 && column.numeric_share() >= 0.95)
            .collect();
        if group.len() > 1 && group.windows(2).any(|pair| pair[0].0.sample != pair[1].0.sample) {
            return Err(DataError::Ambiguous {
                role: Role::Revenue.name().to_owned(),
                candidates: group.iter().map(|(column, _)| column.name.clone()).collect(),
            });
        }
        if !group.is_empty() {
            return Ok(Some(group.swap_remove(0)));
        }
    }
    Ok(None)
}

async fn of_total(
    resolver: &mut Resolver<'_>,
    engine: &Engine,
    column: &Column,
    reason: String,
) -> Result<Option<Found>, DataError> {
    let mut found = Found::column(column, reason, checks(column));
    found.sql = amount(column);
    if in_minor_units(resolver, column) {
        found.shown = format!("{} / 100", written(&column.name));
        found.sql = format!("{} / 100", found.sql);
        found
            .checks
            .push("whole numbers beside payment ids: read as cents".to_owned());
        resolver
            .roles
            .notes
            .push(format!("`{}` is read as cents and divided by 100", column.name));
    }
    if column.bare.contains("revenue") || resolver.only_column(Role::Event).is_none() {
        return Ok(Some(found));
    }
    // A name such as `value` or `amount` may be a price that stands on every event.
    let event = resolver
        .roles
        .found
        .get(&Role::Event)
        .map(|found| found.sql.clone())
        .unwrap_or_default();
    let sql = format!(
        "SELECT text_of({event}) AS event, count(*) AS n_rows, count(CASE WHEN {amount} <> 0 THEN 1 END) AS n_filled FROM raw GROUP BY 1",
        amount = amount(column)
    );
    let events = engine
        .rows(&sql, |row| {
            (
                row.text("event").unwrap_or_default(),
                row.count("n_rows"),
                row.count("n_filled"),
            )
        })
        .await?;
    let browsing: Vec<_> = events.iter().filter(|(event, ..)| !is_purchase_like(event)).collect();
    let (n_rows, n_filled) = browsing
        .iter()
        .fold((0, 0), |sum, event| (sum.0 + event.1, sum.1 + event.2));
    let has_purchases = events.iter().any(|(event, ..)| is_purchase_like(event));
    if !has_purchases && column.bare == "value" {
        let why = format!("`{}` may be any number: no event name is a purchase", column.name);
        resolver.roles.absent.insert(Role::Revenue, why);
        return Ok(None);
    }
    if has_purchases && n_filled * 10 > n_rows {
        found = on_purchases(resolver, found);
    }
    Ok(Some(found))
}

/// Quantity times price, or the price alone.
fn of_prices(resolver: &mut Resolver<'_>) -> Option<Found> {
    let price = resolver.only_column(Role::UnitPrice)?;
    let quantity = resolver.only_column(Role::Quantity);
    let found = match quantity {
        Some(quantity) => Found {
            shown: format!("{} * {}", written(&quantity.name), written(&price.name)),
            sql: format!("{} * {}", amount(quantity), amount(price)),
            columns: vec![quantity.name.clone(), price.name.clone()],
            reason: format!(
                "no column of totals; `{}` is a quantity and `{}` a unit price",
                quantity.name, price.name
            ),
            checks: checks(price),
        },
        None => Found {
            shown: price.name.clone(),
            sql: amount(price),
            columns: vec![price.name.clone()],
            reason: format!(
                "no column of totals and no quantity; `{}` is the price of one unit per row",
                price.name
            ),
            checks: checks(price),
        },
    };
    if !resolver.roles.has(Role::Event) {
        return Some(found);
    }
    let event_column = resolver.only_column(Role::Event)?;
    let has_purchases = event_column
        .values
        .iter()
        .flatten()
        .any(|event| is_purchase_like(event));
    if has_purchases {
        return Some(on_purchases(resolver, found));
    }
    let why = format!(
        "`{}` is a price on every event, and no event name in `{}` is a purchase",
        price.name, event_column.name
    );
    resolver.roles.absent.insert(Role::Revenue, why);
    None
}

/// The amount only where the event is one by which money moves.
fn on_purchases(resolver: &Resolver<'_>, mut found: Found) -> Found {
    let Some(column) = resolver.only_column(Role::Event) else {
        return found;
    };
    let bought: Vec<&String> = column
        .values
        .iter()
        .flatten()
        .filter(|event| is_purchase_like(event))
        .collect();
    let list = bought.iter().map(|event| literal(event)).collect::<Vec<_>>().join(", ");
    let named: Vec<String> = bought.iter().map(|event| literal(&privacy::label(event))).collect();
    let named = named.join(", ");
    let amount = match found.columns.as_slice() {
        [name] if *name == found.shown => written(name),
        _ => found.shown,
    };
    found.shown = format!("CASE WHEN {} IN ({named}) THEN {amount} END", written(&column.name));
    found.sql = format!(
        "CASE WHEN text_of({}) IN ({list}) THEN {} END",
        quoted(&column.name),
        found.sql
    );
    found
        .reason
        .push_str("; counted only on events by which something is bought");
    found.checks.push(format!("purchase-like events: {named}"));
    found
}

/// Payment processors write whole cents: their ids give them away.
fn in_minor_units(resolver: &Resolver<'_>, column: &Column) -> bool {
    let payment_ids = resolver.columns.iter().any(|other| {
        !other.sample.is_empty()
            && other.sample.iter().all(|id| {
                ["ch_", "pi_", "txn_", "py_", "in_", "re_", "pyr_"]
                    .iter()
                    .any(|start| id.starts_with(start))
            })
    });
    let zero_decimal = resolver
        .only_column(Role::Currency)
        .and_then(|currency| currency.values.as_ref())
        .is_some_and(|values| {
            values
                .iter()
                .any(|value| ZERO_DECIMAL.contains(&value.to_lowercase().as_str()))
        });
    payment_ids && column.whole_numbers() && !zero_decimal
}

/// One currency is named; several cannot be added.
fn one_currency(resolver: &mut Resolver<'_>) {
    if let Some(column) = resolver.only_column(Role::Currency) {
        let mut values: Vec<String> = column
            .values
            .iter()
            .flatten()
            .filter(|value| !functions::is_null_word(value))
            .map(|value| value.trim().to_uppercase())
            .collect();
        values.sort_unstable();
        values.dedup();
        match values.as_slice() {
            [] => {}
            [one] => resolver.roles.currency = Some(one.clone()),
            // An expression of the user that looks at the currency knows what it does.
            _ if resolver
                .roles
                .found
                .get(&Role::Revenue)
                .is_some_and(|found| found.columns.contains(&column.name)) => {}
            several => {
                let listed = several
                    .iter()
                    .take(10)
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ");
                resolver.roles.found.remove(&Role::Revenue);
                let why = format!(
                    "revenue is in several currencies: {listed}; amounts of different currencies cannot be added"
                );
                resolver.roles.notes.push(why.clone());
                resolver.roles.absent.insert(Role::Revenue, why);
                return;
            }
        }
    }
    if resolver.roles.currency.is_none() {
        let name = resolver
            .roles
            .found
            .get(&Role::Revenue)
            .map(|found| super::names::normal(&found.shown))
            .unwrap_or_default();
        let codes = ["usd", "eur", "gbp", "jpy", "chf", "cad", "aud", "inr", "brl", "cny"];
        resolver.roles.currency = codes
            .iter()
            .find(|code| name.split('_').any(|word| word == **code))
            .map(|code| code.to_uppercase());
    }
}
