//! A seeded sample: a young shop's app and its last three full months, with what a plan lets happen. Never heard of files or of the metrics.
//!
//! Only integers, sums, products and square roots, so that a seed gives the same bytes on every machine.

mod people;
mod plan;
mod random;
mod story;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Window;
use people::Person;
use random::Random;

pub use plan::Plan;

const FIRST_DAY: Date = Date::constant(2025, 3, 3);
const N_DAYS: i64 = 90;
const WINDOW_DAYS: i64 = 45;
const OUTAGE: i64 = 71;
const SPIKE: i64 = 58;
/// The Monday of the week whose users hardly come back.
const BAD_WEEK: i64 = 49;
/// The day from which the channel is often unknown.
const NULLS: i64 = 66;
/// One in so many is unknown then.
const NULLS_ONE_IN: u64 = 5;

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
    /// The platform that gained users, and its users in the window and in the previous one.
    pub grown_platform: String,
    pub grown_users: u64,
    pub grown_previous_users: u64,
    /// The Monday of the week whose new users hardly came back, and how many there were.
    pub bad_week: Date,
    pub bad_week_users: u64,
    /// The column that is often empty since `nulls_since`, and the share of its empty cells in the window.
    pub nulls_column: String,
    pub nulls_since: Date,
    pub nulls_pct: f64,
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

/// The demo: four and a half months of events, the first six weeks a launch; the same seed gives the same bytes.
pub fn sample(seed: u64) -> Sample {
    sample_of(seed, &Plan::DEMO)
}

/// As long a sample as the demo's, with what the plan holds.
pub fn sample_of(seed: u64, plan: &Plan) -> Sample {
    let (people, happenings) = told(seed, plan);
    Sample {
        csv: csv(&people, &happenings, plan),
        planted: planted(&people, &happenings, plan),
        window: window(),
    }
}

/// The demo's table alone, for whoever does not ask what is hidden in it.
pub fn csv_of(seed: u64) -> Vec<u8> {
    let (people, happenings) = told(seed, &Plan::DEMO);
    csv(&people, &happenings, &Plan::DEMO)
}

/// The window of every sample.
pub fn window() -> Window {
    Window {
        start: day(N_DAYS - WINDOW_DAYS),
        end: day(N_DAYS - 1),
    }
}

/// The people and what they do, in the order in which they do it.
fn told(seed: u64, plan: &Plan) -> (Vec<Person>, Vec<Happening>) {
    let mut random = Random::new(seed);
    let (people, mut happenings) = story::tell(plan, &mut random);
    happenings.sort_by_key(|happening| (happening.day, happening.second, happening.session, happening.person));
    (people, happenings)
}

fn day(number: i64) -> Date {
    FIRST_DAY.saturating_add(jiff::Span::new().days(number))
}

/// Whether the channel of the row at this place is unknown.
fn is_null(plan: &Plan, place: usize, happening: &Happening) -> bool {
    let scattered = Random::new(place as u64).below(NULLS_ONE_IN);
    plan.nulls && happening.day >= NULLS && scattered == 0
}

fn csv(people: &[Person], happenings: &[Happening], plan: &Plan) -> Vec<u8> {
    let mut text = String::with_capacity(happenings.len() * 72);
    text.push_str("user_id,event_time,event_name,country,platform,acquisition_channel,session_id,revenue\n");
    let mut date = (i64::MIN, String::new());
    for (place, happening) in happenings.iter().enumerate() {
        let person = &people[happening.person];
        if date.0 != happening.day {
            date = (happening.day, day(happening.day).to_string());
        }
        text.push('u');
        padded(&mut text, happening.person as u64, 5);
        text.push(',');
        text.push_str(&date.1);
        let second = happening.second.unsigned_abs();
        for (mark, part) in [('T', second / 3_600), (':', second / 60 % 60), (':', second % 60)] {
            text.push(mark);
            padded(&mut text, part, 2);
        }
        text.push('Z');
        let channel = match is_null(plan, place, happening) {
            true => "",
            false => person.channel,
        };
        for cell in [happening.event, person.country, person.platform, channel] {
            text.push(',');
            text.push_str(cell);
        }
        text.push(',');
        if let Some(session) = happening.session {
            text.push('s');
            padded(&mut text, session, 6);
        }
        text.push(',');
        if let Some(cents) = happening.cents {
            if cents < 0 {
                text.push('-');
            }
            padded(&mut text, cents.unsigned_abs() / 100, 1);
            text.push('.');
            padded(&mut text, cents.unsigned_abs() % 100, 2);
        }
        text.push('\n');
    }
    text.into_bytes()
}

/// Appends a number with zeros in front, up to a width. Some half a million of them make a sample; the standard formatter takes longer.
fn padded(text: &mut String, number: u64, width: u32) {
    let mut unit = 10_u64.pow(width - 1);
    while number / 10 >= unit {
        unit *= 10;
    }
    while unit > 0 {
        text.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
    }
}

fn planted(people: &[Person], happenings: &[Happening], plan: &Plan) -> Planted {
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
    let on_grown = |days: std::ops::Range<i64>| {
        let grown = days.filter_map(|day| users.get(&day)).flatten();
        let grown = grown.filter(|&&person| people[person].platform == people::GROWN);
        grown.collect::<BTreeSet<_>>().len() as u64
    };
    let new_in = |days: std::ops::Range<i64>| {
        let before: BTreeSet<usize> = users.range(..days.start).flat_map(|(_, here)| here).copied().collect();
        let here: BTreeSet<usize> = users.range(days).flat_map(|(_, here)| here).copied().collect();
        here.difference(&before).count() as u64
    };
    let in_window = happenings
        .iter()
        .enumerate()
        .filter(|(_, happening)| happening.day >= start);
    let n_null = in_window
        .clone()
        .filter(|(place, happening)| is_null(plan, *place, happening));
    Planted {
        grown_platform: people::GROWN.to_owned(),
        grown_users: on_grown(start..N_DAYS),
        grown_previous_users: on_grown(start - WINDOW_DAYS..start),
        bad_week: day(BAD_WEEK),
        bad_week_users: new_in(BAD_WEEK..BAD_WEEK + 7),
        nulls_column: "acquisition_channel".to_owned(),
        nulls_since: day(NULLS),
        nulls_pct: n_null.count() as f64 * 100.0 / in_window.count().max(1) as f64,
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
