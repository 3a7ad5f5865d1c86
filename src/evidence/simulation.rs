//! Generated series and data sets with known truth, and how often the statistics flag noise or miss a planted fact.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use super::anomalies::judge;
use super::change::{Noise, Point, level_change};
use super::series::{days_of, weekday};
use crate::data::*;

/// A small deterministic generator (xorshift64*, Vigna 2016) with normal numbers (Box-Muller).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        (bits as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(super) fn normal(&mut self) -> f64 {
        let (a, b) = (self.uniform(), self.uniform());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

const WEEK: [f64; 7] = [1.0, 0.98, 0.97, 1.0, 1.05, 0.85, 0.78];

/// `n` days from a Monday: weekly pattern, trend per day, independent noise, level 1000.
fn series(random: &mut Random, n: usize, trend: f64, noise: f64) -> Vec<f64> {
    (0..n)
        .map(|i| 1000.0 * WEEK[i % 7] * (trend * i as f64).exp() * (noise * random.normal()).exp())
        .collect()
}

fn flagged(values: &[f64], from: usize) -> Vec<usize> {
    flagged_when(values, from, [false; 7])
}

fn flagged_when(values: &[f64], from: usize, closed: [bool; 7]) -> Vec<usize> {
    let values: Vec<Option<f64>> = values.iter().map(|v| Some(*v)).collect();
    judge(&values, 0, closed, Noise::Amounts)
        .iter()
        .enumerate()
        .filter(|(i, j)| *i >= from && j.is_some_and(|j| j.unusual()))
        .map(|(i, _)| i)
        .collect()
}

/// Share of runs for which the test holds.
fn rate(runs: u64, test: impl Fn(&mut Random) -> bool) -> f64 {
    let hits = (0..runs)
        .filter(|seed| test(&mut Random::new(seed + 1)))
        .count();
    hits as f64 / runs as f64
}

#[test]
fn days_of_noise_are_rarely_unusual() {
    let saturdays = [false, false, false, false, false, true, false];
    for (n, from, closed, noise, most) in [
        (14, 7, [false; 7], 0.03, 0.05),
        (28, 14, [false; 7], 0.03, 0.05),
        (60, 30, [false; 7], 0.03, 0.05),
        (90, 0, [false; 7], 0.03, 0.05),
        (56, 28, saturdays, 0.03, 0.05),
        (56, 28, saturdays, 0.06, 0.10),
        (28, 14, [false; 7], 0.06, 0.12),
        (60, 30, [false; 7], 0.10, 0.10),
    ] {
        let rate = rate(120, |random| {
            let values = series(random, n, 0.003, noise);
            !flagged_when(&values, from, closed).is_empty()
        });
        let weekdays = closed.iter().filter(|c| !**c).count();
        report(&format!(
            "null series with a flagged day, n={n} from {from}, {weekdays} weekdays, noise {noise}: {rate:.3}"
        ));
        assert!(rate <= most, "n={n}: {rate}");
    }
}

#[test]
fn planted_days_are_found() {
    for (n, day, factor, least) in [
        (60, 45, 0.75, 0.95),
        (60, 45, 1.25, 0.9),
        (60, 59, 0.6, 0.95),
        (60, 59, 0.8, 0.8),
        (28, 27, 0.75, 0.8),
        (60, 30, 0.0, 1.0),
        (28, 20, 0.7, 0.95),
        (28, 27, 1.6, 0.95),
        (14, 10, 0.0, 0.95),
        (14, 10, 0.4, 0.8),
    ] {
        let rate = rate(60, |random| {
            let mut values = series(random, n, 0.003, 0.03);
            values[day] *= factor;
            flagged(&values, 0).contains(&day)
        });
        report(&format!(
            "planted x{factor} on day {day} of {n}: found {rate:.3}"
        ));
        assert!(rate >= least, "n={n} x{factor}: {rate}");
    }
}

#[test]
fn a_spike_does_not_mask_an_outage() {
    for n in [28, 60, 90] {
        let rate = rate(60, |random| {
            let mut values = series(random, n, 0.0, 0.03);
            values[n - 4] *= 0.02;
            values[n - 5] *= 0.1;
            values[n - 11] *= 8.0;
            let found = flagged(&values, 0);
            [n - 4, n - 5, n - 11].iter().all(|day| found.contains(day))
        });
        let extra = rate_of_extra(n);
        report(&format!(
            "outage of two days and a spike, n={n}: all found {rate:.3}, with false days {extra:.3}"
        ));
        assert!(rate >= 0.95, "n={n}: {rate}");
    }
}

fn rate_of_extra(n: usize) -> f64 {
    rate(60, |random| {
        let mut values = series(random, n, 0.0, 0.03);
        values[n - 4] *= 0.02;
        values[n - 5] *= 0.1;
        values[n - 11] *= 8.0;
        flagged(&values, 0).len() > 3
    })
}

fn points(values: &[f64], from: usize) -> Vec<Point> {
    values
        .iter()
        .enumerate()
        .map(|(i, value)| Point {
            ordinal: (from + i) as i64,
            weekday: (from + i) % 7,
            value: *value,
        })
        .collect()
}

fn z_of(values: &[f64], noise: Noise) -> f64 {
    let half = values.len() / 2;
    level_change(
        &points(&values[half..], half),
        &points(&values[..half], 0),
        noise,
    )
    .map_or(0.0, |change| change.z)
}

#[test]
fn unchanged_totals_are_rarely_significant() {
    for n in [14, 28, 60] {
        let independent = rate(800, |r| {
            z_of(&series(r, n, 0.0, 0.03), Noise::Amounts).abs() >= 3.0
        });
        let heavy = rate(800, |r| {
            let mut values = series(r, n, 0.0, 0.3);
            for value in &mut values {
                if r.normal() > 1.8 {
                    *value *= 6.0;
                }
            }
            z_of(&values, Noise::Amounts).abs() >= 3.0
        });
        let correlated = rate(800, |r| {
            let mut values = series(r, n, 0.0, 0.0);
            let mut drift = 0.0;
            for value in &mut values {
                drift = 0.5 * drift + 0.03 * r.normal();
                *value *= f64::exp(drift);
            }
            z_of(&values, Noise::Amounts).abs() >= 3.0
        });
        let small = rate(800, |r| {
            let values: Vec<f64> = series(r, n, 0.0, 0.0)
                .into_iter()
                .map(|v| {
                    (v / 300.0 + (v / 300.0).sqrt() * r.normal())
                        .round()
                        .max(0.0)
                })
                .collect();
            z_of(&values, Noise::Counts).abs() >= 3.0
        });
        report(&format!(
            "null totals with |z| >= 3, two windows of {}: independent {independent:.4}, heavy tails {heavy:.4}, AR(1) 0.5 {correlated:.4}, small counts {small:.4}",
            n / 2
        ));
        assert!(
            independent <= 0.01 && heavy <= 0.01 && small <= 0.01,
            "n={n}"
        );
        assert!(correlated <= 0.05, "n={n}: {correlated}");
    }
}

#[test]
fn changed_totals_are_significant() {
    for (n, factor, least) in [(14, 0.85, 0.8), (28, 0.93, 0.9), (60, 1.05, 0.9)] {
        let rate = rate(200, |r| {
            let mut values = series(r, n, 0.0, 0.03);
            for value in &mut values[n / 2..] {
                *value *= factor;
            }
            z_of(&values, Noise::Amounts).abs() >= 3.0
        });
        report(&format!(
            "level x{factor}, two windows of {}: |z| >= 3 in {rate:.3}",
            n / 2
        ));
        assert!(rate >= least, "n={n} x{factor}: {rate}");
    }
}

/// The measured rates, for whoever changes the rule: kept in the test's output.
fn report(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What is changed in a generated data set.
#[derive(Debug, Clone, Default)]
pub(super) struct Planted {
    /// Day of the window -> factor on users and revenue.
    pub(super) outage: Option<(usize, f64)>,
    /// Day of the window -> factor on revenue only.
    pub(super) revenue_spike: Option<(usize, f64)>,
    /// Country index -> factor on its whole window.
    pub(super) country: Option<(usize, f64)>,
}

pub(super) const COUNTRIES: usize = 60;

/// A window of `days` days and the one before it: 60 countries of Zipf sizes, weekly pattern, 3 % noise, plus Poisson noise.
pub(super) fn dataset(seed: u64, days: i64, planted: &Planted) -> Dataset {
    let mut random = Random::new(seed);
    let start = date(2025, 3, 3);
    let window = Window {
        start,
        end: start.saturating_add(jiff::Span::new().days(days - 1)),
    };
    let previous = window.previous().expect("a window in this century");
    let first = previous.start.saturating_sub(jiff::Span::new().days(60));
    let current = tables(&mut random, window, planted, true);
    let before = tables(&mut random, previous, planted, false);
    let totals = |tables: &Tables, window: Window| totals(tables, window);
    Dataset {
        window,
        previous_window: Some(previous),
        summary: Summary {
            rows_read: 900_000,
            rows_used: 400_000,
            first_day: Some(first),
            last_day: Some(window.end),
            currency: Some("GBP".to_owned()),
            timezone: "UTC".to_owned(),
            totals: totals(&current, window),
            previous_totals: Some(totals(&before, previous)),
            duplicate_rows: Some(12),
            columns: vec![ColumnProfile {
                name: "CustomerID".to_owned(),
                role: Some("user".to_owned()),
                null_pct: 24.9,
                previous_null_pct: Some(8.0),
                ..ColumnProfile::default()
            }],
            ..Summary::default()
        },
        current,
        previous: Some(before),
        segmentation: segmentation(),
        mapping: Vec::new(),
        source: Source::default(),
    }
}

fn totals(tables: &Tables, window: Window) -> Totals {
    let users: u64 = tables.dau_by_date.rows().iter().map(|r| r.total_dau).sum();
    let new: u64 = tables
        .dau_by_date
        .rows()
        .iter()
        .filter_map(|r| r.new_users)
        .sum();
    let revenue: f64 = tables
        .revenue_by_date
        .rows()
        .iter()
        .map(|r| r.total_revenue)
        .sum();
    Totals {
        days: window.days(),
        days_with_rows: window.days(),
        rows: Some(400_000),
        users: Some(users / 4),
        new_users: Some(new),
        mean_dau: Some(users as f64 / window.days() as f64),
        sessions: Some(users * 2),
        revenue: Some(revenue),
        gross_revenue: Some(revenue * 1.05),
        refunds: Some(-revenue * 0.05),
        revenue_known_users: Some(revenue),
        payers: Some(users / 60),
        orders: Some(users / 50),
    }
}

fn tables(random: &mut Random, window: Window, planted: &Planted, is_current: bool) -> Tables {
    let mut dau_by_country = Vec::new();
    let mut revenue_by_country = Vec::new();
    let mut by_day: BTreeMap<Date, (f64, f64)> = BTreeMap::new();
    for (index, day) in days_of(window).into_iter().enumerate() {
        let pattern = WEEK[weekday(day)] * (0.03 * random.normal()).exp();
        let down = planted.outage.filter(|(at, _)| is_current && *at == index);
        let up = planted
            .revenue_spike
            .filter(|(at, _)| is_current && *at == index);
        for country in 0..COUNTRIES {
            let size = 4000.0 / (country + 1) as f64;
            let moved = planted
                .country
                .filter(|(at, _)| is_current && *at == country);
            let mean = size
                * pattern
                * (0.03 * random.normal()).exp()
                * down.map_or(1.0, |d| d.1)
                * moved.map_or(1.0, |m| m.1);
            let users = (mean + mean.sqrt() * random.normal()).round().max(0.0);
            let revenue =
                users * 0.5 * (0.05 * random.normal()).exp() * up.map_or(1.0, |spike| spike.1);
            let name = format!("Land {:02}", country + 1);
            dau_by_country.push(DauByCountry {
                date: day,
                country: name.clone(),
                total_dau: users as u64,
                new_users: Some((users * 0.1) as u64),
                total_revenue: Some(revenue),
                returning_users: None,
                new_user_percentage: None,
                returning_user_percentage: None,
            });
            revenue_by_country.push(RevenueByCountry {
                date: day,
                country: name,
                total_revenue: revenue,
                iap_revenue: None,
                ad_revenue: None,
                subscription_revenue: None,
                revenue_users: None,
                avg_revenue_per_user: None,
            });
            let sum = by_day.entry(day).or_default();
            sum.0 += users;
            sum.1 += revenue;
        }
    }
    let dau_by_date = by_day
        .iter()
        .map(|(day, (users, revenue))| DauByDate {
            date: *day,
            total_dau: *users as u64,
            new_users: Some((users * 0.1 * (0.03 * random.normal()).exp()) as u64),
            total_revenue: Some(*revenue),
            returning_users: None,
            new_user_percentage: None,
            returning_user_percentage: None,
        })
        .collect();
    let engagement_by_date = by_day
        .keys()
        .map(|day| EngagementByDate {
            date: *day,
            avg_engagement_score: None,
            avg_session_time: None,
            avg_events: Some(12.0 * (0.02 * random.normal()).exp()),
            total_users: None,
        })
        .collect();
    let revenue_by_date = by_day
        .iter()
        .map(|(day, (users, revenue))| RevenueByDate {
            date: *day,
            total_revenue: *revenue,
            iap_revenue: None,
            ad_revenue: None,
            subscription_revenue: None,
            revenue_users: Some((users / 20.0) as u64),
            avg_revenue_per_user: None,
        })
        .collect();
    let dau_by_cohort_date = by_day
        .iter()
        .map(|(day, (users, _))| {
            let size = users * 0.1;
            let age = (window.end - *day).get_days();
            let mut kept = |day: i32, share: f64| -> Option<u64> {
                let mean = size * share;
                let noisy = mean + (mean * (1.0 - share)).sqrt() * random.normal();
                (age >= day).then_some(noisy.round().max(0.0) as u64)
            };
            DauByCohortDate {
                cohort_date: *day,
                cohort_size: size as u64,
                day_0_dau: Some(size as u64),
                day_1_dau: kept(1, 0.4),
                day_3_dau: kept(3, 0.3),
                day_7_dau: kept(7, 0.2),
                day_14_dau: kept(14, 0.12),
                day_30_dau: kept(30, 0.08),
                day_60_dau: kept(60, 0.05),
            }
        })
        .collect();
    Tables {
        dau_by_date: Part::Present(dau_by_date),
        engagement_by_date: Part::Present(engagement_by_date),
        revenue_by_date: Part::Present(revenue_by_date),
        dau_by_country: Part::Present(dau_by_country),
        revenue_by_country: Part::Present(revenue_by_country),
        dau_by_cohort_date: Part::Present(dau_by_cohort_date),
        ..Tables::default()
    }
}

fn segmentation() -> Segmentation {
    let segment = |name: &str, users: u64, previous: u64, revenue: f64| Segment {
        segment: name.to_owned(),
        users,
        previous_users: Some(previous),
        rows: users * 5,
        previous_rows: Some(previous * 5),
        revenue: Some(revenue),
        previous_revenue: Some(revenue * 0.98),
        converted_users: Some(users / 10),
        previous_converted_users: Some(previous / 10),
    };
    let event = |name: &str, users: u64| EventCount {
        event: name.to_owned(),
        users,
        rows: users * 3,
        previous_users: Some(users + 5),
        previous_rows: Some(users * 3),
    };
    Segmentation {
        definitions: vec![("whale".to_owned(), "top 10 % of paying users".to_owned())],
        revenue_tiers: vec![
            segment("free_user", 9000, 9050, 0.0),
            segment("minnow", 500, 510, 3000.0),
            segment("dolphin", 400, 405, 20_000.0),
            segment("whale", 100, 98, 90_000.0),
        ],
        revenue_concentration: vec![(1.0, 25.0), (5.0, 48.0), (10.0, 60.0), (20.0, 74.0)],
        dimensions: vec![Dimension {
            dimension: "platform".to_owned(),
            segments: vec![
                segment("ios", 4000, 4010, 60_000.0),
                segment("android", 6000, 6020, 53_000.0),
            ],
        }],
        events: vec![
            event("view", 9000),
            event("cart", 3000),
            event("purchase", 1000),
        ],
    }
}
