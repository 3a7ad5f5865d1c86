//! A seeded sample: a young shop's app and its last three full months, with three things that happened. Never heard of files or of the metrics.
//!
//! Only integers, sums, products and square roots, so that a seed gives the same bytes on every machine.

mod people;
mod random;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use jiff::civil::Date;

use super::Window;
use people::Person;
use random::Random;

const FIRST_DAY: Date = Date::constant(2025, 3, 3);
const N_DAYS: i64 = 90;
const WINDOW_DAYS: i64 = 45;
const OUTAGE: i64 = 71;
const SPIKE: i64 = 58;

/// A table as CSV, what is hidden in it, and the window that shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub csv: Vec<u8>,
    pub planted: Planted,
    /// The last 45 days; the 45 days before are its previous period.
    pub window: Window,
}

/// What happened, with numbers counted from the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Planted {
    pub rows: u64,
    pub users: u64,
    /// A day on which the app was down for most of the day, in all countries.
    pub outage_day: Date,
    pub outage_users: u64,
    /// Median of the daily users on the same weekday of the other weeks in the window.
    pub outage_usual_users: u64,
    /// A day with many more purchases than usual.
    pub spike_day: Date,
    pub spike_revenue: f64,
    /// Median of the net revenue on the same weekday of the other weeks in the window.
    pub spike_usual_revenue: f64,
    /// The country that lost 45 % of its users for good on `drop_from`.
    pub drop_country: String,
    pub drop_from: Date,
    /// Mean daily users of that country in the window and in the previous one.
    pub drop_mean_users: f64,
    pub drop_previous_mean_users: f64,
    /// Mean daily users of all countries in the window and in the previous one.
    pub mean_users: f64,
    pub previous_mean_users: f64,
}

/// One row of the table; times are seconds of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Happening {
    day: i64,
    second: i64,
    person: usize,
    event: &'static str,
    session: Option<u64>,
    cents: Option<i64>,
}

/// Four and a half months of events, the first six weeks a launch; the same seed gives the same bytes.
pub fn sample(seed: u64) -> Sample {
    let mut random = Random::new(seed);
    let (people, mut happenings) = story::tell(&mut random);
    happenings.sort_by_key(|happening| (happening.day, happening.second, happening.session, happening.person));
    let window = Window {
        start: day(N_DAYS - WINDOW_DAYS),
        end: day(N_DAYS - 1),
    };
    Sample {
        csv: csv(&people, &happenings),
        planted: planted(&people, &happenings),
        window,
    }
}

fn day(number: i64) -> Date {
    FIRST_DAY.saturating_add(jiff::Span::new().days(number))
}

fn csv(people: &[Person], happenings: &[Happening]) -> Vec<u8> {
    let mut text = String::with_capacity(happenings.len() * 72);
    text.push_str("user_id,event_time,event_name,country,platform,acquisition_channel,session_id,revenue\n");
    for happening in happenings {
        let person = &people[happening.person];
        let (hour, minute, second) = (
            happening.second / 3_600,
            happening.second / 60 % 60,
            happening.second % 60,
        );
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "u{:05},{}T{hour:02}:{minute:02}:{second:02}Z,{},{},{},{},",
            happening.person,
            day(happening.day),
            happening.event,
            person.country,
            person.platform,
            person.channel
        );
        if let Some(session) = happening.session {
            let _ = write!(text, "s{session:06}");
        }
        text.push(',');
        if let Some(cents) = happening.cents {
            let sign = if cents < 0 { "-" } else { "" };
            let _ = write!(text, "{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100);
        }
        text.push('\n');
    }
    text.into_bytes()
}

fn planted(people: &[Person], happenings: &[Happening]) -> Planted {
    let mut users: BTreeMap<i64, BTreeSet<usize>> = BTreeMap::new();
    let mut cents: BTreeMap<i64, i64> = BTreeMap::new();
    for happening in happenings {
        users.entry(happening.day).or_default().insert(happening.person);
        *cents.entry(happening.day).or_default() += happening.cents.unwrap_or(0);
    }
    let n_users = |day: i64| users.get(&day).map_or(0, BTreeSet::len) as u64;
    let in_country = |day: i64| {
        users
            .get(&day)
            .into_iter()
            .flatten()
            .filter(|&&person| people[person].country == people::DROPPED)
            .count() as f64
    };
    let mean = |days: std::ops::Range<i64>, of: &dyn Fn(i64) -> f64| {
        days.clone().map(of).sum::<f64>() / (days.end - days.start) as f64
    };
    let start = N_DAYS - WINDOW_DAYS;
    Planted {
        rows: happenings.len() as u64,
        users: happenings
            .iter()
            .map(|happening| happening.person)
            .collect::<BTreeSet<_>>()
            .len() as u64,
        outage_day: day(OUTAGE),
        outage_users: n_users(OUTAGE),
        outage_usual_users: usual(OUTAGE, &n_users),
        spike_day: day(SPIKE),
        spike_revenue: cents.get(&SPIKE).copied().unwrap_or(0) as f64 / 100.0,
        spike_usual_revenue: usual(SPIKE, &|day| cents.get(&day).copied().unwrap_or(0)) as f64 / 100.0,
        drop_country: people::DROPPED.to_owned(),
        drop_from: day(story::DROP),
        drop_mean_users: mean(start..N_DAYS, &in_country),
        drop_previous_mean_users: mean(start - WINDOW_DAYS..start, &in_country),
        mean_users: mean(start..N_DAYS, &|day| n_users(day) as f64),
        previous_mean_users: mean(start - WINDOW_DAYS..start, &|day| n_users(day) as f64),
    }
}

/// The median of the same weekday in the other weeks of the window.
fn usual<T: Ord + Copy + Default>(day: i64, of: &dyn Fn(i64) -> T) -> T {
    let mut values: Vec<T> = (N_DAYS - WINDOW_DAYS..N_DAYS)
        .filter(|other| *other != day && (other - day) % 7 == 0)
        .map(of)
        .collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (one, other, third) = (sample(7), sample(7), sample(8));
        assert_eq!(one, other);
        assert_ne!(one.csv, third.csv);
        assert!(one.csv.len() < 5_000_000, "{}", one.csv.len());
        assert!((30_000..62_000).contains(&one.planted.rows), "{}", one.planted.rows);
    }

    #[test]
    fn what_is_planted_stands_out() {
        for seed in [1, 2, 3, 7, 42, 2026, u64::MAX] {
            let Planted {
                outage_users,
                outage_usual_users,
                spike_revenue,
                spike_usual_revenue,
                drop_mean_users,
                drop_previous_mean_users,
                mean_users,
                previous_mean_users,
                ..
            } = sample(seed).planted;
            assert!(
                (outage_users as f64) < 0.4 * outage_usual_users as f64,
                "seed {seed}: outage {outage_users} of {outage_usual_users}"
            );
            let spike = spike_revenue / spike_usual_revenue;
            assert!((2.7..4.5).contains(&spike), "seed {seed}: spike {spike}");
            let drop = drop_mean_users / drop_previous_mean_users;
            assert!((0.45..0.65).contains(&drop), "seed {seed}: drop {drop}");
            let level = mean_users / previous_mean_users;
            assert!((0.98..1.1).contains(&level), "seed {seed}: level {level}");
        }
    }
}
