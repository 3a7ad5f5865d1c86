//! Two witnesses for an unusual revenue day: how much came in, and how large a typical payment was. Daily revenue is a sum of few amounts
//! that scatter widely, so that alone it tells of hardly any day; what a typical payment was scatters far less.
//! Measured on synthetic clickstreams of 17 payments a day: a day of fourfold prices is found in 9 of 10 sets, where revenue alone finds 1.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::anomalies::{Judged, UNUSUAL_Z};
use super::series::Series;
use super::statistics::{MAD_TO_SIGMA, cap, median, median_absolute_deviation};
use crate::data::PaymentDay;

/// The standard deviation of the sum of two scores of the same payments: √(2 + 2ρ) with a correlation ρ of 0.125, as measured.
const SUM_OF_TWO: f64 = 1.5;

/// Days with payments that are needed to know how typical payments scatter.
const DAYS_NEEDED: usize = 14;

/// With fewer payments on a usual day, each of them is an unusual revenue.
const PAYMENTS_NEEDED: f64 = 2.0;

/// Whether there are enough payments for a day's revenue to have a usual size; days without any count too.
pub(super) fn are_enough(days: &[PaymentDay], n_days: i64) -> bool {
    let without = usize::try_from(n_days).unwrap_or(0).saturating_sub(days.len());
    let counts = days.iter().map(|day| day.payments as f64);
    let all: Vec<f64> = counts.chain(std::iter::repeat_n(0.0, without)).collect();
    median(&all).is_some_and(|usual| usual >= PAYMENTS_NEEDED)
}

/// The typical payment of each day against that of all days, in standard errors of so many payments.
pub(super) fn judged(days: &[PaymentDay]) -> Vec<(Date, Judged)> {
    let known: Vec<&PaymentDay> = days
        .iter()
        .filter(|day| day.payments > 0 && day.typical > 0.0)
        .collect();
    let Some(expected) = weighted_median(&known).filter(|_| known.len() >= DAYS_NEEDED) else {
        return Vec::new();
    };
    let errors: Vec<f64> = known
        .iter()
        .map(|day| (day.typical.ln() - expected) * (day.payments as f64).sqrt())
        .collect();
    let usual = median(&errors).unwrap_or(0.0);
    let Some(scatter) = median_absolute_deviation(&errors).filter(|scatter| *scatter > 0.0) else {
        return Vec::new();
    };
    let expected = expected.exp();
    known
        .iter()
        .zip(errors)
        .filter_map(|(day, error)| {
            let judged = Judged {
                value: day.typical,
                expected,
                deviation: (day.typical / expected - 1.0) * 100.0,
                z: cap((error - usual) / (MAD_TO_SIGMA * scatter))?,
                ordinary: None,
            };
            Some((day.day, judged))
        })
        .collect()
}

/// Revenue days with what the typical payment adds to their scores. A second witness that points the other way changes nothing.
pub(super) fn joined(revenue: Vec<(Date, Judged)>, payments: &[(Date, Judged)]) -> Vec<(Date, Judged)> {
    let payments = scores(payments);
    let join = |(day, judged): (Date, Judged)| {
        let second = payments.get(&day).copied().unwrap_or(0.0);
        let sum = (judged.z + second) / SUM_OF_TWO;
        if judged.z * second <= 0.0 || sum.abs() <= judged.z.abs() {
            return (day, judged);
        }
        (day, narrowed(judged, sum, second))
    };
    revenue.into_iter().map(join).collect()
}

/// Days of a measure that only speaks where revenue does: no stronger than the score that both witnesses give the day.
pub(super) fn supported(days: Vec<(Date, Judged)>, revenue: &[(Date, Judged)]) -> Vec<(Date, Judged)> {
    let revenue = scores(revenue);
    let support = |(day, judged): (Date, Judged)| {
        let by_revenue = revenue.get(&day).copied().unwrap_or(0.0);
        let z = super::scatter::milder(judged.z, Some(by_revenue));
        (day, Judged { z, ..judged })
    };
    days.into_iter().map(support).collect()
}

/// The days of a series as they are judged where they know of each other; the window's only.
pub(super) fn of_window(days: Vec<(Date, Judged)>, series: &Series) -> Vec<(Date, Judged)> {
    let here = |(day, _): &(Date, Judged)| series.current.contains_key(day) && !series.excluded.contains(day);
    days.into_iter().filter(here).collect()
}

fn scores(days: &[(Date, Judged)]) -> BTreeMap<Date, f64> {
    days.iter().map(|(day, judged)| (*day, judged.z)).collect()
}

/// With a second witness, less of a deviation is unusual: the range in which the day would have been ordinary shrinks with it.
fn narrowed(judged: Judged, z: f64, second: f64) -> Judged {
    let part = ((UNUSUAL_Z * SUM_OF_TWO - second.abs()) / UNUSUAL_Z).clamp(0.0, 1.0);
    let toward = |bound: f64| {
        let ratio = (bound / judged.expected).max(1e-6);
        judged.expected * ratio.powf(part)
    };
    let ordinary = judged.ordinary.map(|(low, high)| match z > 0.0 {
        true => (low, toward(high)),
        false => (toward(low), high),
    });
    Judged { z, ordinary, ..judged }
}

/// The median of the logarithm over payments, each day standing for all of its own.
fn weighted_median(days: &[&PaymentDay]) -> Option<f64> {
    let mut sorted: Vec<(f64, u64)> = days.iter().map(|day| (day.typical.ln(), day.payments)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: u64 = sorted.iter().map(|day| day.1).sum();
    let mut seen = 0;
    sorted
        .into_iter()
        .find(|(_, payments)| {
            seen += payments;
            seen * 2 >= all
        })
        .map(|(log, _)| log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    fn day(number: i64) -> Date {
        jiff::civil::date(2025, 3, 3).saturating_add(number.days())
    }

    /// Forty days of about ten payments of about 20.00 each; one day of 45.00.
    fn payments(n_payments: u64) -> Vec<PaymentDay> {
        let typical = |number: i64| 20.0 + ((number * 7) % 5) as f64 - 2.0;
        (0..40)
            .map(|number| PaymentDay {
                day: day(number),
                payments: n_payments,
                typical: if number == 17 { 45.0 } else { typical(number) },
            })
            .collect()
    }

    fn revenue(z: f64) -> Vec<(Date, Judged)> {
        let judged = Judged {
            value: 450.0,
            expected: 200.0,
            deviation: 125.0,
            z,
            ordinary: Some((50.0, 800.0)),
        };
        vec![(day(17), judged)]
    }

    #[test]
    fn a_day_of_high_prices_stands_out_by_both_together() {
        let payments = judged(&payments(10));
        let second = scores(&payments)[&day(17)];
        assert!(second > 4.0, "{second}");
        let both = joined(revenue(2.8), &payments);
        let (_, both) = both[0];
        assert!((both.z - (2.8 + second) / SUM_OF_TWO).abs() < 1e-9 && both.unusual());
        let (low, high) = both.ordinary.expect("a range");
        assert!(low == 50.0 && high < both.value, "{high}");
    }

    #[test]
    fn a_second_witness_never_weakens_nor_turns() {
        let payments = judged(&payments(10));
        assert_eq!(joined(revenue(-3.0), &payments), revenue(-3.0));
        let strong = joined(revenue(30.0), &payments);
        assert!(strong[0].1.z >= 30.0);
        assert_eq!(joined(revenue(2.8), &[]), revenue(2.8));
        assert!(judged(&super::tests::payments(10)[..10]).is_empty());
    }

    #[test]
    fn what_revenue_does_not_show_is_not_said_of_its_parts() {
        assert_eq!(supported(revenue(9.0), &revenue(2.0))[0].1.z, 2.0);
        assert_eq!(supported(revenue(-9.0), &revenue(2.0))[0].1.z, 0.0);
    }
}
