//! Users by what they pay, where they come from and what they do.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt as _;
use jiff::civil::Date;

use super::super::engine::Row;
use super::super::facts::Facts;
use super::super::money::to_float;
use super::super::quality::rounded;
use super::super::roles::names::Role;
use super::super::{
    DataError, Dimension, EventCount, InsideCountry, InsideSegment, Part, Query, RevenueSegmentsDaily, Segment,
    Segmentation, Window,
};
use super::{days, journey, origins, people, spending, two_windows, weeks, windowed};

const TIERS: [(&str, &str); 4] = [
    ("whale", "top 10 % of the window's payers by net revenue"),
    ("dolphin", "next 40 % of the window's payers"),
    ("minnow", "the other payers"),
    ("free_user", "active in the window without a payment above 0"),
];
const MOST_SEGMENTS: usize = 20;
const MOST_COUNTRIES: usize = 1_000;
/// Countries that are parted once more; a smaller one moves nothing.
const MOST_PARTED: usize = 40;
const MOST_EVENTS: usize = 50;

pub(super) async fn tier_days(facts: &Facts, window: Window) -> Result<Part<RevenueSegmentsDaily>, DataError> {
    let sql = of_tiers(facts.definitions.sql(Query::TierDays), window);
    let found = facts
        .engine
        .rows(&sql, |row| {
            Some((
                (row.day("day")?, row.text("tier")?),
                (row.count("users"), row.amount("revenue").unwrap_or(0)),
            ))
        })
        .await?;
    let found: BTreeMap<(Date, String), (u64, i128)> = found.into_iter().flatten().collect();
    let rows = days(window)
        .flat_map(|date| TIERS.iter().map(move |(tier, _)| (date, (*tier).to_owned())))
        .map(|key| {
            let (users, revenue) = found.get(&key).copied().unwrap_or((0, 0));
            RevenueSegmentsDaily {
                date: key.0,
                revenue_segment: key.1,
                users,
                total_revenue: to_float(revenue),
            }
        });
    Ok(Part::Present(rows.collect()))
}

/// Keeps the tiers of a window under `tiers_name`.
pub(super) async fn keep_tiers(facts: Arc<Facts>, window: Window) -> Result<(), DataError> {
    let sql = windowed(facts.definitions.sql(Query::Tiers), window);
    facts.engine.keep(&tiers_name(window), &sql).await
}

fn tiers_name(window: Window) -> String {
    format!("tiers_{}", window.start.strftime("%Y%m%d"))
}

/// A query on the tiers of a window.
fn of_tiers(sql: &str, window: Window) -> String {
    windowed(sql, window).replace("{tiers}", &tiers_name(window))
}

/// Parts that need nothing of each other.
pub(crate) async fn segmentation(
    facts: &Arc<Facts>,
    window: Window,
    previous: Option<Window>,
) -> Result<Segmentation, DataError> {
    let parts = [
        by_group(Arc::clone(facts), window, previous).boxed(),
        by_dimension(Arc::clone(facts), window, previous).boxed(),
        by_week(Arc::clone(facts), window, previous).boxed(),
        by_payment(Arc::clone(facts), window, previous).boxed(),
        by_tier(Arc::clone(facts), window, previous).boxed(),
        by_event(Arc::clone(facts), window, previous).boxed(),
    ];
    let mut parts = facts.engine.all(parts).await?.into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let (group, dimension, week, payment, tier, event) = (next(), next(), next(), next(), next(), next());
    Ok(Segmentation {
        definitions: [tier.definitions, dimension.definitions].concat(),
        revenue_tiers: tier.revenue_tiers,
        revenue_concentration: tier.revenue_concentration,
        revenue_curve: tier.revenue_curve,
        cohort_weeks: week.cohort_weeks,
        origins: week.origins,
        origin_column: week.origin_column,
        dimensions: dimension.dimensions,
        all_users: group.all_users,
        countries: group.countries,
        inside: group.inside,
        inside_column: group.inside_column,
        events: event.events,
        ..payment
    })
}

/// Users by what they bring.
async fn by_tier(facts: Arc<Facts>, window: Window, previous: Option<Window>) -> Result<Segmentation, DataError> {
    let facts = facts.as_ref();
    let mut found = Segmentation::default();
    if !facts.roles.has(Role::Revenue) {
        return Ok(found);
    }
    let tiers = TIERS.map(|(tier, definition)| (tier.to_owned(), definition.to_owned()));
    found.definitions.extend(tiers);
    let before = match previous {
        Some(previous) => Some(tier_sizes(facts, previous).await?),
        None => None,
    };
    let current = tier_sizes(facts, window).await?;
    (found.revenue_concentration, found.revenue_curve) = concentration(facts, window).await?;
    found.revenue_tiers = TIERS
        .iter()
        .map(|(tier, _)| {
            joined(
                tier,
                current.get(*tier),
                before.as_ref().map(|sizes| sizes.get(*tier)),
                true,
            )
        })
        .collect();
    Ok(found)
}

/// How, when and how much users pay.
async fn by_payment(facts: Arc<Facts>, window: Window, previous: Option<Window>) -> Result<Segmentation, DataError> {
    let facts = facts.as_ref();
    let mut found = Segmentation::default();
    if !facts.roles.has(Role::Revenue) {
        return Ok(found);
    }
    found.lifetime_values = weeks::lifetime_values(facts, window, previous).await?;
    found.rfm = spending::rfm(facts, window).await?;
    found.price_bands = spending::price_bands(facts, window, previous).await?;
    found.payment_days = spending::payment_days(facts, window, previous).await?;
    Ok(found)
}

/// Users by when they came, and from where.
async fn by_week(facts: Arc<Facts>, window: Window, previous: Option<Window>) -> Result<Segmentation, DataError> {
    let facts = facts.as_ref();
    let mut found = Segmentation {
        cohort_weeks: weeks::cohorts(facts, window).await?,
        ..Segmentation::default()
    };
    if let Some((column, name)) = origins::column(facts) {
        found.origins = origins::origins(facts, name, window, previous).await?;
        found.origin_column = Some(column.clone());
    }
    Ok(found)
}

/// Users by what they use.
async fn by_dimension(facts: Arc<Facts>, window: Window, previous: Option<Window>) -> Result<Segmentation, DataError> {
    let facts = facts.as_ref();
    let mut found = Segmentation::default();
    for (column, name) in &facts.dimensions {
        let dimension = dimension(facts, window, previous, column, name).await?;
        if dimension.segments.len() > 1 {
            found.definitions.push((
                column.clone(),
                format!("users by the value of `{column}` in their rows; a user with two values counts in both"),
            ));
            found.dimensions.push(dimension);
        }
    }
    Ok(found)
}

/// All users, and users by where they are.
async fn by_group(facts: Arc<Facts>, window: Window, previous: Option<Window>) -> Result<Segmentation, DataError> {
    let facts = facts.as_ref();
    let mut found = Segmentation::default();
    let of = async |group: &str| -> Result<Vec<Segment>, DataError> {
        let sql = two_windows(facts.definitions.sql(Query::GroupUsers), window, previous).replace("{group}", group);
        people::segments(facts, &sql, previous.is_some(), people::Days::Known).await
    };
    found.all_users = of("'all'").await?.pop();
    if facts.roles.has(Role::Country) {
        found.countries = of("country").await?;
        found.countries.truncate(MOST_COUNTRIES);
        if let Some((column, name)) = facts.dimensions.first() {
            found.inside = inside(facts, name, &found.countries, window, previous).await?;
            found.inside_column = Some(column.clone());
        }
    }
    Ok(found)
}

/// Users by what they do.
async fn by_event(facts: Arc<Facts>, window: Window, previous: Option<Window>) -> Result<Segmentation, DataError> {
    let mut found = Segmentation::default();
    if facts.roles.has(Role::Event) {
        found.events = events(&facts, window, previous).await?;
    }
    Ok(found)
}

#[derive(Debug, Clone, Copy, Default)]
struct Size {
    users: u64,
    rows: u64,
    revenue: i128,
    converted: u64,
}

fn joined(name: &str, current: Option<&Size>, before: Option<Option<&Size>>, has_revenue: bool) -> Segment {
    let current = current.copied().unwrap_or_default();
    let before = before.map(|size| size.copied().unwrap_or_default());
    Segment {
        segment: name.to_owned(),
        users: current.users,
        previous_users: before.map(|size| size.users),
        rows: current.rows,
        previous_rows: before.map(|size| size.rows),
        revenue: has_revenue.then(|| to_float(current.revenue)),
        previous_revenue: before.filter(|_| has_revenue).map(|size| to_float(size.revenue)),
        converted_users: Some(current.converted),
        previous_converted_users: before.map(|size| size.converted),
        scatter: None,
    }
}

async fn tier_sizes(facts: &Facts, window: Window) -> Result<BTreeMap<String, Size>, DataError> {
    let rows = facts
        .engine
        .rows(&of_tiers(facts.definitions.sql(Query::TierSizes), window), |row| {
            let size = Size {
                users: row.count("users"),
                rows: row.count("n_rows"),
                revenue: row.amount("revenue").unwrap_or(0),
                converted: row.count("payers"),
            };
            (row.text("tier").unwrap_or_default(), size)
        })
        .await?;
    Ok(rows.into_iter().collect())
}

type Shares = Vec<(f64, f64)>;

/// The share of revenue that the top 1, 5, 10 and 20 % of users bring, and the whole curve from the first user to the last.
async fn concentration(facts: &Facts, window: Window) -> Result<(Shares, Shares), DataError> {
    let sql = of_tiers(facts.definitions.sql(Query::Concentration), window);
    let sorted = facts
        .engine
        .rows(&sql, |row| row.amount("revenue").unwrap_or(0))
        .await?;
    let total: i128 = sorted.iter().sum();
    if total <= 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    let n_users = |percent: usize| (sorted.len() * percent).div_ceil(100);
    let revenue = |n_users: usize| {
        let top: i128 = sorted.iter().take(n_users).sum();
        rounded(to_float(top) / to_float(total) * 100.0)
    };
    let marks = [1, 5, 10, 20].map(|percent| (percent as f64, revenue(n_users(percent))));
    let mut steps: Vec<usize> = CURVE.iter().map(|percent| n_users(*percent)).collect();
    steps.insert(0, 1);
    steps.dedup();
    let users = |n_users: usize| rounded(n_users as f64 / sorted.len() as f64 * 100.0);
    let curve = steps.into_iter().map(|n_users| (users(n_users), revenue(n_users)));
    Ok((marks.to_vec(), curve.collect()))
}

/// Percent of users at which the curve of revenue is kept; it bends most at its beginning.
const CURVE: [usize; 20] = [
    1, 2, 3, 4, 5, 7, 10, 15, 20, 25, 30, 35, 40, 45, 50, 60, 70, 80, 90, 100,
];

async fn dimension(
    facts: &Facts,
    window: Window,
    previous: Option<Window>,
    column: &str,
    name: &str,
) -> Result<Dimension, DataError> {
    let sql = two_windows(facts.definitions.sql(Query::Dimension), window, previous).replace("{dimension}", name);
    let mut segments = people::segments(facts, &sql, previous.is_some(), people::Days::Unknown).await?;
    segments.truncate(MOST_SEGMENTS);
    Ok(Dimension {
        dimension: column.to_owned(),
        segments,
    })
}

/// The largest countries, each parted by one column.
async fn inside(
    facts: &Facts,
    column: &str,
    countries: &[Segment],
    window: Window,
    previous: Option<Window>,
) -> Result<Vec<InsideCountry>, DataError> {
    let sql = two_windows(facts.definitions.sql(Query::InsideCountries), window, previous);
    let read = |row: &Row| {
        let segment = InsideSegment {
            segment: row.text("segment").unwrap_or_default(),
            users: row.count("users"),
            previous_users: previous.map(|_| row.count("users_before")),
        };
        (row.text("country").unwrap_or_default(), segment)
    };
    let mut by_country: BTreeMap<String, Vec<InsideSegment>> = BTreeMap::new();
    for (country, segment) in facts.engine.rows(&sql.replace("{dimension}", column), read).await? {
        by_country.entry(country).or_default().push(segment);
    }
    let largest = countries.iter().take(MOST_PARTED);
    Ok(largest
        .filter_map(|country| {
            Some(InsideCountry {
                country: country.segment.clone(),
                segments: by_country.remove(&country.segment)?,
            })
        })
        .collect())
}

async fn events(facts: &Facts, window: Window, previous: Option<Window>) -> Result<Vec<EventCount>, DataError> {
    let sql = two_windows(facts.definitions.sql(Query::EventCounts), window, previous);
    let counts = facts
        .engine
        .rows(&sql, |row| EventCount {
            event: row.text("event").unwrap_or_default(),
            users: row.count("users"),
            rows: row.count("n_rows"),
            previous_users: previous.map(|_| row.count("previous_users")),
            previous_rows: previous.map(|_| row.count("previous_rows")),
        })
        .await?;
    let order = journey::order(facts).await?;
    let place = |event: &str| order.iter().position(|(name, _)| name == event).unwrap_or(usize::MAX);
    let mut most_common = counts;
    most_common.sort_by(|one, other| other.rows.cmp(&one.rows).then_with(|| one.event.cmp(&other.event)));
    most_common.truncate(MOST_EVENTS);
    most_common.sort_by_cached_key(|count| (place(&count.event), count.event.clone()));
    Ok(most_common)
}
