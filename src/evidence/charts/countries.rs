//! The largest countries, what the others come to, and how much is of no known country.

use serde::{Deserialize, Serialize};

use super::rounded;
use crate::data::countries::name_of;
use crate::evidence::context::Context;
use crate::evidence::geographic::{Days, countries};
use crate::evidence::statistics::ratio;

/// More bars say less.
const BARS: usize = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountryChart {
    /// The largest first, then the others together, then those of no known country.
    pub bars: Vec<CountryBar>,
    /// Countries with a name.
    pub n_countries: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountryBar {
    /// As the data write it.
    pub name: String,
    /// In English, where the data hold a code.
    pub english: Option<String>,
    pub kind: CountryKind,
    /// Mean daily active users.
    pub users: f64,
    /// Percent of all, as are the others.
    pub users_share: f64,
    pub previous_users_share: Option<f64>,
    pub revenue_share: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountryKind {
    Named,
    /// So many countries together.
    Other(usize),
    Unknown,
}

pub(super) fn chart(context: &Context) -> Option<CountryChart> {
    let dataset = context.dataset;
    let now = countries(&dataset.current);
    let before = dataset.previous.as_ref().filter(|_| dataset.previous_window.is_some());
    let before = before.map(countries);
    let user_days = |country: &Days| country.users.values().sum::<f64>();
    let revenue = |country: &Days| country.revenue.values().sum::<f64>();
    let all_users: f64 = now.values().map(user_days).sum();
    let all_revenue: f64 = now.values().map(revenue).sum();
    let has_revenue = now.values().any(|country| !country.revenue.is_empty()) && all_revenue > 0.0;
    let all_before: Option<f64> = before.as_ref().map(|before| before.values().map(user_days).sum());
    if all_users <= 0.0 {
        return None;
    }
    let bar = |name: &str, kind: CountryKind, members: &[(&String, &Days)]| {
        let users: f64 = members.iter().map(|(_, country)| user_days(country)).sum();
        let then = before.as_ref().map(|before| {
            let members = members.iter().filter_map(|(name, _)| before.get(*name));
            members.map(user_days).sum::<f64>()
        });
        let share = |part: f64, whole: f64| ratio(part, whole).map(|share| rounded(share * 100.0));
        CountryBar {
            name: name.to_owned(),
            english: name_of(name).map(str::to_owned),
            kind,
            users: rounded(users / dataset.window.days().max(1) as f64),
            users_share: share(users, all_users).unwrap_or(0.0),
            previous_users_share: then.zip(all_before).and_then(|(then, all)| share(then, all)),
            revenue_share: share(members.iter().map(|(_, country)| revenue(country)).sum(), all_revenue)
                .filter(|_| has_revenue),
        }
    };
    let (unknown, mut named): (Vec<_>, Vec<_>) = now.iter().partition(|(name, _)| is_unknown(name));
    named.sort_by(|a, b| user_days(b.1).total_cmp(&user_days(a.1)).then_with(|| a.0.cmp(b.0)));
    let shown = named.len().min(BARS);
    let mut bars: Vec<CountryBar> = named[..shown]
        .iter()
        .map(|member| bar(member.0, CountryKind::Named, &[*member]))
        .collect();
    let others = &named[shown..];
    if !others.is_empty() {
        bars.push(bar("other", CountryKind::Other(others.len()), others));
    }
    if !unknown.is_empty() {
        bars.push(bar("unknown", CountryKind::Unknown, &unknown));
    }
    Some(CountryChart {
        bars,
        n_countries: named.len(),
    })
}

/// How data write that they do not know a country. `NA` is Namibia.
fn is_unknown(name: &str) -> bool {
    const UNKNOWN: [&str; 12] = [
        "",
        "(none)",
        "(blank)",
        "(not set)",
        "unknown",
        "unspecified",
        "undefined",
        "n/a",
        "none",
        "null",
        "xx",
        "zz",
    ];
    let name = name.trim().to_lowercase();
    UNKNOWN.contains(&name.as_str())
}
