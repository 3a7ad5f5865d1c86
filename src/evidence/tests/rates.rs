//! How often the statistics flag noise or miss a planted fact, on generated series. The measured rates are printed
//! (`cargo test --lib evidence::tests::rates -- --nocapture`) for whoever changes a rule.

use super::generate::{Random, WEEK};
use crate::evidence::anomalies::judge;
use crate::evidence::change::{Noise, Point, level_change};

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
    let hits = (0..runs).filter(|seed| test(&mut Random::new(seed + 1))).count();
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
        report(&format!("planted x{factor} on day {day} of {n}: found {rate:.3}"));
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
    level_change(&points(&values[half..], half), &points(&values[..half], 0), noise).map_or(0.0, |change| change.z)
}

#[test]
fn unchanged_totals_are_rarely_significant() {
    for n in [14, 28, 60] {
        let independent = rate(800, |r| z_of(&series(r, n, 0.0, 0.03), Noise::Amounts).abs() >= 3.0);
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
                .map(|v| (v / 300.0 + (v / 300.0).sqrt() * r.normal()).round().max(0.0))
                .collect();
            z_of(&values, Noise::Counts).abs() >= 3.0
        });
        report(&format!(
            "null totals with |z| >= 3, two windows of {}: independent {independent:.4}, heavy tails {heavy:.4}, AR(1) 0.5 {correlated:.4}, small counts {small:.4}",
            n / 2
        ));
        assert!(independent <= 0.01 && heavy <= 0.01 && small <= 0.01, "n={n}");
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

/// Into the test's output.
pub(super) fn report(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
