//! Whether amounts can be added: one currency, one unit, no totals among the details, no order total on every line.

use super::super::engine::{Engine, literal, number_of_day, quoted};
use super::super::facts::Facts;
use super::super::profile::Column;
use super::super::roles::names::Role;
use super::super::roles::{Found, Roles, grouped};
use super::super::{DataError, Window, money};
use super::{Field, GateCheck, Limits, check, shown_percent};

/// Fewer amounts or orders than this say nothing.
const LEAST: usize = 50;

pub(super) async fn checks(facts: &Facts, window: Window) -> Result<Vec<GateCheck>, DataError> {
    let mut checks = vec![currencies(facts)];
    checks.extend(facts.mixed_totals.iter().flat_map(MixedTotals::checks));
    if let Some(found) = facts.roles.found.get(&Role::Revenue) {
        checks.extend(minor_units(facts, found));
        checks.extend(repeated_totals(facts, found, window).await?);
    }
    Ok(checks)
}

/// Amounts in several currencies were never mapped: the reason is what the mapping says.
fn currencies(facts: &Facts) -> GateCheck {
    let why = facts.roles.absent.get(&Role::Revenue);
    let several = why.filter(|why| why.contains("several currencies"));
    let text = match (several, &facts.roles.currency) {
        (Some(why), _) => why.clone(),
        (None, Some(currency)) => format!("all amounts are in {currency}"),
        (None, None) => "no column names a currency".to_owned(),
    };
    check(
        "currencies",
        Field::Revenue,
        f64::from(u8::from(several.is_some())),
        Limits::refuse(1.0),
        text,
    )
    .hint("map an amount in one currency: `--map revenue=COLUMN`, or an expression that converts")
}

/// Whole numbers that end like prices in cents.
fn minor_units(facts: &Facts, found: &Found) -> Option<GateCheck> {
    let [name] = found.columns.as_slice() else { return None };
    let is_converted = found.sql.contains('/') || found.sql.contains("0.01");
    let column = facts.profile.columns().find(|(column, _)| column.name == *name)?.0;
    let amounts: Vec<i128> = column
        .sample
        .iter()
        .filter_map(|text| money::parse(text, column.comma))
        .filter(|amount| *amount != 0)
        .map(i128::abs)
        .collect();
    let looks_minor =
        !is_converted && amounts.len() >= LEAST && (says_minor(&column.bare) || ends_like_cents(&amounts));
    let text = if looks_minor {
        format!("the amounts in `{name}` are whole numbers that look like cents: sums may be a hundred times too large")
    } else {
        format!("the amounts in `{name}` do not look like cents")
    };
    let value = f64::from(u8::from(looks_minor));
    Some(
        check("minor_units", Field::Revenue, value, Limits::caveat(1.0), text)
            .hint(format!("if they are cents, say so: `--map revenue=\"{name} / 100\"`")),
    )
}

fn says_minor(name: &str) -> bool {
    name.split('_')
        .any(|word| matches!(word, "cents" | "cent" | "minor" | "pence" | "kopecks"))
}

/// 1999, 4950, 12500: whole, mostly three digits and more, with the endings that prices have.
fn ends_like_cents(amounts: &[i128]) -> bool {
    const ONE: i128 = 1_000_000;
    if amounts.iter().any(|amount| amount % ONE != 0) {
        return false;
    }
    let mut whole: Vec<i128> = amounts.iter().map(|amount| amount / ONE).collect();
    whole.sort_unstable();
    let ending_in = |endings: &[i128]| {
        let n = whole.iter().filter(|amount| endings.contains(&(*amount % 100))).count();
        n as f64 / whole.len() as f64
    };
    whole[whole.len() / 2] >= 300
        && whole[whole.len() / 20] >= 50
        && ending_in(&[99, 95, 90, 50, 49, 0]) >= 0.8
        && ending_in(&[99, 95, 49]) >= 0.3
}

/// An order's total that stands on each of its lines is counted once a line.
async fn repeated_totals(facts: &Facts, found: &Found, window: Window) -> Result<Option<GateCheck>, DataError> {
    if !facts.roles.has(Role::Order) || found.columns.len() != 1 {
        return Ok(None);
    }
    let sql = include_str!("sql/orders.sql")
        .replace("{start}", &number_of_day(window.start).to_string())
        .replace("{end}", &number_of_day(window.end).to_string());
    let (orders, alike) = facts
        .engine
        .row(&sql, |row| (row.count("orders"), row.count("alike")))
        .await?;
    let share = if orders < LEAST as u64 {
        0.0
    } else {
        alike as f64 * 100.0 / orders as f64
    };
    let text = if share >= 90.0 {
        format!(
            "{} of {} orders with several rows have the same amount in `{}` on each of them: it looks like the order's total, counted once a row",
            grouped(alike),
            grouped(orders),
            found.shown
        )
    } else {
        format!("`{}` differs between the rows of an order", found.shown)
    };
    let check = check("order_totals", Field::Revenue, share, Limits::refuse(90.0), text);
    Ok(Some(check.hint(
        "map the amount of a line, e.g. `--map revenue=\"quantity * price\"`, or keep one row an order",
    )))
}

/// Rows that are sums of other rows, in one column of the source.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MixedTotals {
    column: String,
    role: Option<Role>,
    rows: u64,
    /// The amount of these rows as a multiple of the amount of all others; none without amounts.
    ratio: Option<f64>,
}

/// Looks for `Total` and its like among the values of text columns. `dated` must be registered.
pub(crate) async fn mixed_totals(
    engine: &Engine,
    columns: &[Column],
    roles: &Roles,
) -> Result<Vec<MixedTotals>, DataError> {
    let amount = roles
        .found
        .get(&Role::Revenue)
        .map_or("NULL", |found| found.sql.as_str());
    let mut found = Vec::new();
    for column in columns.iter().filter(|column| column.is_text()) {
        let words: Vec<String> = column
            .values
            .iter()
            .flatten()
            .filter(|value| is_total(value))
            .map(|value| literal(value))
            .collect();
        // A column of nothing else has no details to be mixed with.
        if words.is_empty() || column.distinct <= words.len() as u64 {
            continue;
        }
        let sql = include_str!("sql/totals_rows.sql")
            .replace("{column}", &quoted(&column.name))
            .replace("{words}", &words.join(", "))
            .replace("{amount}", amount);
        let (rows, of_totals, of_others) = engine
            .row(&sql, |row| {
                let amount = |column: &str| money::to_float(row.amount(column).unwrap_or(0));
                (row.count("n_rows"), amount("of_totals"), amount("of_others"))
            })
            .await?;
        found.push(MixedTotals {
            column: column.name.clone(),
            role: roles.of_column(&column.name),
            rows,
            ratio: (of_others.abs() > 0.0).then_some(of_totals / of_others),
        });
    }
    Ok(found)
}

fn is_total(value: &str) -> bool {
    const WORDS: [&str; 12] = [
        "total",
        "totals",
        "grand total",
        "subtotal",
        "sub-total",
        "overall",
        "all",
        "sum",
        "all countries",
        "all users",
        "gesamt",
        "summe",
    ];
    let plain = value.trim().trim_matches(['(', ')', '*', ':']).to_lowercase();
    WORDS.contains(&plain.as_str())
}

impl MixedTotals {
    fn checks(&self) -> Vec<GateCheck> {
        let sums = self.ratio.is_some_and(|ratio| (0.9..=1.1).contains(&ratio));
        let text = match (sums, self.ratio) {
            (true, _) => format!(
                "{} rows with a total in `{}` add up to as much as all other rows: totals and details are mixed",
                grouped(self.rows),
                self.column
            ),
            (false, Some(ratio)) => format!(
                "{} rows with a total in `{}` stand among the details, with {} of their amount",
                grouped(self.rows),
                self.column,
                shown_percent(ratio * 100.0)
            ),
            (false, None) => format!(
                "{} rows with a total in `{}` stand among the details",
                grouped(self.rows),
                self.column
            ),
        };
        let hint = format!("leave the rows with totals in `{}` out of the table", self.column);
        let value = if sums { 2.0 } else { 1.0 };
        let own = match self.role {
            Some(role) => Field::of_role(role.name()),
            None => Field::Column(self.column.clone()),
        };
        let mut checks = vec![check("mixed_totals", own.clone(), value, Limits::caveat(1.0), text.clone()).hint(&hint)];
        if self.ratio.is_some() && own != Field::Revenue {
            checks.push(check("mixed_totals", Field::Revenue, value, Limits::both(1.0, 2.0), text).hint(hint));
        }
        checks
    }
}
