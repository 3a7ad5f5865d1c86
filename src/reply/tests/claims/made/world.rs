//! Evidence of six shapes, in the form in which claims carry it: a table of rows and metrics of the whole.

use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::{Half, number};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Count(&'static str),
    Money,
    Percent,
    Ratio,
    Seconds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Country,
    Segment,
    Product,
    Field,
    Cohort,
    Day,
}

pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) unit: Unit,
    /// It has values of the previous period.
    pub(crate) has_before: bool,
    /// The values of the rows now and before.
    pub(crate) now: Vec<f64>,
    pub(crate) before: Vec<f64>,
}

pub(crate) struct Metric {
    pub(crate) id: String,
    pub(crate) id_before: String,
    pub(crate) label: String,
    pub(crate) unit: Unit,
    pub(crate) now: f64,
    pub(crate) before: f64,
    /// The column that it is the total of.
    pub(crate) of: Option<&'static str>,
}

pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) currency: &'static str,
    pub(crate) keys: Vec<String>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) metrics: Vec<Metric>,
    pub(crate) evidence: Value,
}

type Shape = (&'static str, &'static str, Unit, bool, f64, f64);

const USERS: Unit = Unit::Count("users");
const ORDERS: Unit = Unit::Count("orders");

fn shapes(kind: Kind) -> Vec<Shape> {
    match kind {
        Kind::Country => vec![
            ("users", "users", USERS, true, 900.0, 400_000.0),
            ("revenue", "revenue", Unit::Money, true, 8_000.0, 9_000_000.0),
            ("orders", "orders", ORDERS, true, 300.0, 60_000.0),
            ("conversion_rate", "conversion rate", Unit::Percent, true, 1.2, 9.8),
        ],
        Kind::Segment => vec![
            ("users", "users", USERS, true, 900.0, 400_000.0),
            ("revenue", "revenue", Unit::Money, true, 8_000.0, 9_000_000.0),
            ("arpu", "ARPU", Unit::Money, true, 8.0, 120.0),
            ("sessions_per_user", "sessions per user", Unit::Ratio, false, 1.2, 19.0),
        ],
        Kind::Product => vec![
            ("revenue", "revenue", Unit::Money, true, 8_000.0, 9_000_000.0),
            ("orders", "orders", ORDERS, true, 300.0, 60_000.0),
            ("aov", "average order value", Unit::Money, true, 18.0, 260.0),
            ("refund_rate", "refund rate", Unit::Percent, true, 0.8, 9.0),
        ],
        Kind::Field => vec![
            (
                "null_count",
                "null values",
                Unit::Count("null values"),
                true,
                60.0,
                30_000.0,
            ),
            ("null_rate", "null rate", Unit::Percent, true, 0.4, 14.0),
            (
                "duplicate_count",
                "duplicate rows",
                Unit::Count("duplicate rows"),
                true,
                40.0,
                9_000.0,
            ),
        ],
        Kind::Cohort => vec![
            ("cohort_size", "cohort size", USERS, false, 200.0, 90_000.0),
            ("d1_retention", "day-1 retention", Unit::Percent, false, 31.0, 74.0),
            ("d7_retention", "day-7 retention", Unit::Percent, false, 14.0, 30.0),
            ("d30_retention", "day-30 retention", Unit::Percent, false, 4.0, 13.0),
        ],
        Kind::Day => vec![
            ("dau", "daily active users", USERS, false, 4_000.0, 120_000.0),
            (
                "sessions",
                "sessions",
                Unit::Count("sessions"),
                false,
                9_000.0,
                300_000.0,
            ),
            ("orders", "orders", ORDERS, false, 300.0, 12_000.0),
            ("revenue", "revenue", Unit::Money, false, 20_000.0, 900_000.0),
            ("conversion_rate", "conversion rate", Unit::Percent, false, 2.0, 8.0),
            (
                "avg_session_s",
                "average session duration",
                Unit::Seconds,
                false,
                90.0,
                600.0,
            ),
        ],
    }
}

fn names(kind: Kind, half: Half) -> &'static [&'static str] {
    match (kind, half) {
        (Kind::Country, Half::Tuned) => &[
            "Brazil",
            "Chile",
            "Norway",
            "Kenya",
            "South Africa",
            "Vietnam",
            "Portugal",
            "New Zealand",
            "Egypt",
            "Belgium",
            "Peru",
        ],
        (Kind::Country, Half::Kept) => &[
            "Argentina",
            "Saudi Arabia",
            "Netherlands",
            "Austria",
            "Thailand",
            "Ghana",
            "Costa Rica",
            "Ireland",
            "Morocco",
            "Finland",
        ],
        (Kind::Segment, Half::Tuned) => &[
            "Free tier",
            "Power",
            "Trial",
            "Business Plus",
            "iOS 18",
            "Android 13",
            "Returning",
            "Tier 2",
            "Smart TV",
            "Dormant",
        ],
        (Kind::Segment, Half::Kept) => &[
            "Starter",
            "Enterprise",
            "Windows 11",
            "Tier 3",
            "Loyal",
            "Family plan",
            "Tablet",
            "Students",
            "Lapsed",
            "Level 5",
        ],
        (Kind::Product, Half::Tuned) => &[
            "Gift card",
            "Pro bundle",
            "Paid Search",
            "Add-on pack 2",
            "Affiliate",
            "Annual plan",
            "Email",
            "Display",
            "Starter kit",
        ],
        (Kind::Product, Half::Kept) => &[
            "Organic Social",
            "Season pass",
            "Direct",
            "Wall mount 4",
            "Premium theme",
            "Referral",
            "Coffee grinder",
            "Extra seat",
            "Podcast",
        ],
        (Kind::Field, Half::Tuned) => &[
            "order_id",
            "utm_source",
            "currency",
            "country",
            "user_id",
            "price",
            "session_id",
        ],
        (Kind::Field, Half::Kept) => &[
            "postal_code",
            "campaign",
            "device_type",
            "referrer",
            "email_hash",
            "sku",
            "signup_ts",
        ],
        (Kind::Cohort | Kind::Day, _) => &[],
    }
}

impl World {
    pub(crate) fn new(chance: &mut Chance, half: Half) -> Self {
        let kinds = [
            Kind::Country,
            Kind::Segment,
            Kind::Product,
            Kind::Field,
            Kind::Cohort,
            Kind::Day,
        ];
        let kind = *chance.pick(&kinds);
        let (year, month) = (2023 + chance.below(4), 1 + chance.below(10));
        let keys: Vec<String> = match kind {
            Kind::Day => (0..7 + chance.below(8))
                .map(|day| format!("{year}-{month:02}-{:02}", 12 + day))
                .collect(),
            Kind::Cohort if chance.one_in(2) => (0..6).map(|at| format!("{year}-{:02}", month.min(7) + at)).collect(),
            Kind::Cohort => (0..4)
                .map(|at| format!("{year}-{month:02}-{:02}", 3 + 7 * at))
                .collect(),
            _ => {
                let all = names(kind, half);
                let n = 5 + chance.below(all.len() - 4);
                chance
                    .some(n, all.len())
                    .into_iter()
                    .map(|at| all[at].to_owned())
                    .collect()
            }
        };
        let mut measures: Vec<Measure> = Vec::new();
        for (name, label, unit, has_before, low, high) in shapes(kind) {
            // Small and large places: the middle of a range of values differs between worlds.
            let scale = (low.ln() + (high / low).ln() * chance.between(0.3, 1.0)).exp();
            let spread = if matches!(unit, Unit::Percent | Unit::Seconds | Unit::Ratio) || kind == Kind::Day {
                0.5
            } else {
                0.05
            };
            let now: Vec<f64> = keys
                .iter()
                .map(|_| digits(unit, (scale * chance.between(spread, 1.0)).max(low)))
                .collect();
            let before = now.iter().map(|now| digits(unit, now * step(chance))).collect();
            measures.push(Measure {
                name,
                label,
                unit,
                has_before,
                now,
                before,
            });
        }
        let metrics = metrics(kind, &measures, chance);
        let currency = *chance.pick(&["USD", "USD", "EUR", "GBP"]);
        let evidence = evidence(kind, currency, &keys, &measures, &metrics, (year, month));
        Self {
            kind,
            currency,
            keys,
            measures,
            metrics,
            evidence,
        }
    }

    pub(crate) fn cell(&self, row: usize, measure: usize) -> String {
        format!("T1.r{}.{}", row + 1, self.measures[measure].name)
    }

    pub(crate) fn cell_before(&self, row: usize, measure: usize) -> String {
        format!("{}_prev", self.cell(row, measure))
    }
}

/// A change that is plainly one: 12 % to 60 % either way.
fn step(chance: &mut Chance) -> f64 {
    let size = chance.between(0.12, 0.6);
    if chance.one_in(2) {
        1.0 + size
    } else {
        1.0 / (1.0 + size)
    }
}

fn digits(unit: Unit, value: f64) -> f64 {
    match unit {
        Unit::Count(_) | Unit::Seconds => value.round(),
        _ => (value * 100.0).round() / 100.0,
    }
}

fn metrics(kind: Kind, measures: &[Measure], chance: &mut Chance) -> Vec<Metric> {
    let mut out: Vec<Metric> = Vec::new();
    for measure in measures {
        let additive =
            matches!(measure.unit, Unit::Count(_) | Unit::Money) && measure.name != "arpu" && measure.name != "aov";
        let (label, now) = match (additive, kind) {
            (true, Kind::Cohort) => ("new users".to_owned(), measure.now.iter().sum::<f64>()),
            (true, _) if measure.name == "dau" => ("average daily active users".to_owned(), mean(&measure.now)),
            (true, _) => (
                format!("total {}", measure.label),
                measure.now.iter().sum::<f64>() * 1.07,
            ),
            (false, Kind::Cohort) => (format!("average {}", measure.label), mean(&measure.now)),
            (false, _) => (format!("overall {}", measure.label), mean(&measure.now)),
        };
        let now = digits(measure.unit, now);
        let at = out.len() * 2 + 1;
        out.push(Metric {
            id: format!("M{at}"),
            id_before: format!("M{}", at + 1),
            label,
            unit: measure.unit,
            now,
            before: digits(measure.unit, now * step(chance)),
            of: (additive && !matches!(kind, Kind::Cohort | Kind::Day)).then_some(measure.name),
        });
    }
    out
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn evidence(
    kind: Kind,
    currency: &str,
    keys: &[String],
    measures: &[Measure],
    metrics: &[Metric],
    (year, month): (usize, usize),
) -> Value {
    let (specialist, title, key, key_unit) = match kind {
        Kind::Country => ("geographic", "Countries", "country", "text"),
        Kind::Segment => ("user_segmentation", "User segments", "segment", "text"),
        Kind::Product => ("revenue_optimization", "Revenue by product", "product", "text"),
        Kind::Field => ("data_quality", "Field quality", "field", "text"),
        Kind::Cohort if keys[0].len() == 7 => ("cohort_retention", "Retention by signup cohort", "cohort", "month"),
        Kind::Cohort => ("cohort_retention", "Retention by signup cohort", "cohort", "week"),
        Kind::Day => ("daily_metrics", "Daily metrics", "date", "date"),
    };
    let unit = |unit: Unit| match unit {
        Unit::Count(noun) => format!("count:{noun}"),
        Unit::Money => currency.to_owned(),
        Unit::Percent => "%".to_owned(),
        Unit::Ratio => "ratio".to_owned(),
        Unit::Seconds => "s".to_owned(),
    };
    let mut columns = vec![json!({"name": key, "label": key, "unit": key_unit, "period": "current"})];
    for measure in measures {
        columns.push(
            json!({"name": measure.name, "label": measure.label, "unit": unit(measure.unit), "period": "current"}),
        );
        if measure.has_before {
            columns.push(json!({"name": format!("{}_prev", measure.name), "label": format!("{} (previous period)", measure.label), "unit": unit(measure.unit), "period": "previous"}));
        }
    }
    let rows: Vec<Value> = keys
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let mut row = Map::new();
            row.insert("id".to_owned(), json!(format!("r{}", at + 1)));
            row.insert(key.to_owned(), json!(name));
            for measure in measures {
                row.insert(measure.name.to_owned(), number(measure.now[at]));
                if measure.has_before {
                    row.insert(format!("{}_prev", measure.name), number(measure.before[at]));
                }
            }
            Value::Object(row)
        })
        .collect();
    let mut totals = Vec::new();
    for (at, metric) in metrics.iter().enumerate() {
        let name = metric.label.replace([' ', '-'], "_").to_lowercase();
        let own = unit(metrics[at].unit);
        totals.push(json!({"id": metric.id, "name": name, "label": metric.label, "value": number(metric.now), "unit": own, "period": "current"}));
        totals.push(json!({"id": metric.id_before, "name": format!("{name}_prev"), "label": format!("{} (previous period)", metric.label), "value": number(metric.before), "unit": own, "period": "previous"}));
    }
    let day = |day: usize| format!("{year}-{month:02}-{day:02}");
    json!({
        "specialist": specialist, "currency": currency,
        "period": {"start": day(12), "end": day(25), "days": 14}, "previous_period": {"start": day(1), "end": day(11), "days": 11},
        "tables": [{"id": "T1", "title": title, "key": key, "key_type": key, "columns": columns, "rows": rows}],
        "metrics": totals,
    })
}
