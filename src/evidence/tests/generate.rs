//! A deterministic generator of data sets with known truth: 60 countries, weekly pattern, noise, and what is planted in them.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use crate::data::*;
use crate::evidence::series::{days_of, weekday};

/// A small deterministic generator (xorshift64*, Vigna 2016) with normal numbers (Box-Muller).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn uniform(&mut self) -> f64 {
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

pub(super) const WEEK: [f64; 7] = [1.0, 0.98, 0.97, 1.0, 1.05, 0.85, 0.78];

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
        queries: Vec::new(),
        source: Source::default(),
    }
}

fn totals(tables: &Tables, window: Window) -> Totals {
    let users: u64 = tables.dau_by_date.rows().iter().map(|r| r.total_dau).sum();
    let new: u64 = tables.dau_by_date.rows().iter().filter_map(|r| r.new_users).sum();
    let revenue: f64 = tables.revenue_by_date.rows().iter().map(|r| r.total_revenue).sum();
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
        activity: None,
    }
}

fn tables(random: &mut Random, window: Window, planted: &Planted, is_current: bool) -> Tables {
    let mut dau_by_country = Vec::new();
    let mut revenue_by_country = Vec::new();
    let mut by_day: BTreeMap<Date, (f64, f64)> = BTreeMap::new();
    for (index, day) in days_of(window).into_iter().enumerate() {
        let pattern = WEEK[weekday(day)] * (0.03 * random.normal()).exp();
        let down = planted.outage.filter(|(at, _)| is_current && *at == index);
        let up = planted.revenue_spike.filter(|(at, _)| is_current && *at == index);
        for country in 0..COUNTRIES {
            let size = 4000.0 / (country + 1) as f64;
            let moved = planted.country.filter(|(at, _)| is_current && *at == country);
            let mean = size
                * pattern
                * (0.03 * random.normal()).exp()
                * down.map_or(1.0, |d| d.1)
                * moved.map_or(1.0, |m| m.1);
            let users = (mean + mean.sqrt() * random.normal()).round().max(0.0);
            let revenue = users * 0.5 * (0.05 * random.normal()).exp() * up.map_or(1.0, |spike| spike.1);
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
        scatter: None,
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
        revenue_curve: vec![
            (0.5, 16.0),
            (1.0, 25.0),
            (5.0, 48.0),
            (10.0, 60.0),
            (20.0, 74.0),
            (100.0, 100.0),
        ],
        dimensions: vec![Dimension {
            dimension: "platform".to_owned(),
            segments: vec![
                segment("ios", 4000, 4010, 60_000.0),
                segment("android", 6000, 6020, 53_000.0),
            ],
        }],
        events: vec![event("view", 9000), event("cart", 3000), event("purchase", 1000)],
        ..Segmentation::default()
    }
}
