//! Numbers, dates and names as people write them: many shapes, each consistent with its value.

use super::chance::Chance;
use super::world::{Kind, Unit, World};

/// A value in one of the shapes that its unit has.
pub(crate) fn value(value: f64, unit: Unit, world: &World, chance: &mut Chance) -> String {
    let hedges: [&str; 9] = [
        "about ",
        "roughly ",
        "around ",
        "approximately ",
        "some ",
        "close to ",
        "~",
        "circa ",
        "an estimated ",
    ];
    let plain = match unit {
        Unit::Count(_) => count(value, chance),
        Unit::Money => money(value, world.currency, chance),
        Unit::Percent => percent(value, chance),
        Unit::Ratio => format!("{value:.2}"),
        Unit::Seconds => match chance.below(4) {
            0 => format!("{value:.0}s"),
            1 => format!("{value:.0} seconds"),
            2 => format!("{:.1} minutes", value / 60.0),
            _ => format!("{} min {} s", (value as u64) / 60, (value as u64) % 60),
        },
    };
    if chance.one_in(6) {
        format!("{}{plain}", chance.pick(&hedges))
    } else {
        plain
    }
}

pub(crate) fn percent(value: f64, chance: &mut Chance) -> String {
    let decimals = if value < 15.0 {
        1 + chance.below(2)
    } else {
        chance.below(3)
    };
    format!(
        "{value:.decimals$}{}",
        chance.pick(&["%", "%", " %", " percent", " per cent"])
    )
}

pub(crate) fn points(value: f64, chance: &mut Chance) -> String {
    let decimals = 1 + chance.below(2);
    match chance.below(6) {
        0 => format!("{:.0} basis points", value * 100.0),
        1 => format!("{:.0} bps", value * 100.0),
        _ => format!(
            "{value:.decimals$}{}",
            chance.pick(&[" pp", "pp", " percentage points", " points", " ppts"])
        ),
    }
}

pub(crate) fn times(value: f64, chance: &mut Chance) -> String {
    let decimals = 1 + chance.below(2);
    format!("{value:.decimals$}{}", chance.pick(&["x", " times", "×"]))
}

fn count(value: f64, chance: &mut Chance) -> String {
    match chance.below(6) {
        0 if value >= 2_000_000.0 => format!("{:.2}M", value / 1e6),
        1 if value >= 2_000_000.0 => format!("{:.1} million", value / 1e6),
        2 if value >= 2_000.0 => format!("{:.1}{}", value / 1e3, chance.pick(&["k", "K", " thousand"])),
        3 if value >= 50_000.0 => {
            format!("{:.0}{}", value / 1e3, chance.pick(&["k", "K", ",000"])).replace(",000", " thousand")
        }
        4 => format!("{value:.0}"),
        _ => grouped(value, 0),
    }
}

pub(crate) fn money(value: f64, currency: &str, chance: &mut Chance) -> String {
    let symbol = match currency {
        "EUR" => "€",
        "GBP" => "£",
        _ => "$",
    };
    let word = match currency {
        "EUR" => "euros",
        "GBP" => "pounds",
        _ => "dollars",
    };
    if value < 1000.0 {
        return match chance.below(4) {
            0 => format!("{currency} {value:.2}"),
            1 if value > 60.0 => format!("{symbol}{value:.0}"),
            2 => format!("{value:.2} {word}"),
            _ => format!("{symbol}{value:.2}"),
        };
    }
    match chance.below(8) {
        0 if value >= 1e6 => format!("{symbol}{:.2}M", value / 1e6),
        1 if value >= 1e6 => format!("{symbol}{:.2} million", value / 1e6),
        2 if value >= 1e6 => format!("{currency} {:.2} million", value / 1e6),
        3 if value >= 1e6 => format!("{:.2} million {word}", value / 1e6),
        4 => format!("{symbol}{:.1}k", value / 1e3),
        5 => format!("{symbol}{}", grouped(value, 2)),
        6 => format!("{currency} {}", grouped(value, 0)),
        _ => format!("{symbol}{}", grouped(value, 0)),
    }
}

pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    let fixed = format!("{value:.decimals$}");
    let (whole, rest) = fixed.split_at(fixed.find('.').unwrap_or(fixed.len()));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `2024-03-09` in words; a month alone as it is named.
pub(crate) fn day(key: &str, chance: &mut Chance) -> String {
    let parts: Vec<usize> = key.split('-').filter_map(|part| part.parse().ok()).collect();
    let (year, month) = (parts[0], MONTHS[parts[1] - 1]);
    let Some(day) = parts.get(2) else {
        return format!("{month} {year}");
    };
    let ending = match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    match chance.below(7) {
        0 => key.to_owned(),
        1 => format!("{month} {day}"),
        2 => format!("{day} {month}"),
        3 => format!("{} {day}{ending}", &month[..3]),
        4 => format!("the {day}{ending} of {month}"),
        5 => format!("{month} {day}, {year}"),
        _ => format!("{} {day}", &month[..3]),
    }
}

/// A row as a sentence calls it.
pub(crate) fn who(key: &str, world: &World, chance: &mut Chance) -> String {
    match world.kind {
        Kind::Country => key.to_owned(),
        Kind::Segment => match chance.below(4) {
            0 => format!("the {key} segment"),
            1 => format!("{key} users"),
            _ => key.to_owned(),
        },
        Kind::Product => key.to_owned(),
        Kind::Field => match chance.below(3) {
            0 => format!("the {key} field"),
            1 => format!("`{key}`"),
            _ => format!("the `{key}` column"),
        },
        Kind::Cohort if key.len() == 7 => format!("the {} cohort", day(key, chance)),
        Kind::Cohort => format!("the cohort of {}", day(key, chance)),
        Kind::Day => day(key, chance),
    }
}

/// A measure of a row: "revenue in Brazil", "Brazil's revenue".
pub(crate) fn of(label: &str, key: &str, world: &World, chance: &mut Chance) -> String {
    let row = who(key, world, chance);
    match world.kind {
        Kind::Day => format!("{label} on {row}"),
        Kind::Country if chance.one_in(3) => format!("{row}'s {label}"),
        Kind::Country => format!("{label} in {row}"),
        Kind::Field | Kind::Cohort => format!("{label} {} {row}", chance.pick(&["for", "of"])),
        Kind::Segment | Kind::Product => format!("{label} {} {row}", chance.pick(&["for", "from", "of"])),
    }
}
