//! Which days of a series are unlike the others. The rule was measured on synthetic series (see `tests::rates`):
//! robust periodic STL on logarithms, noise from lag-7 differences of logarithms and of values (the milder counts), |z| >= 4 and at
//! least 10 % off.

use super::change::{Noise, log_offset};
use super::statistics::{MAD_TO_SIGMA, cap, median, median_absolute_deviation, normal_of_t, t_of_normal};

/// The smallest |z| of an unusual day.
pub(super) const UNUSUAL_Z: f64 = 4.0;

/// The smallest deviation of an unusual day, in percent of the expected value.
pub(super) const UNUSUAL_PCT: f64 = 10.0;

/// Below this many days STL says too little; then the same weekday is compared.
pub(super) const HISTORY_NEEDED: usize = 21;

/// The first and the last three days have neighbours on one side only: their expectation is less certain.
const END_CAUTION: f64 = 1.3;

/// What one day should have been.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judged {
    pub(super) value: f64,
    pub(super) expected: f64,
    /// Percent of the expected value.
    pub(super) deviation: f64,
    pub(super) z: f64,
    /// The lowest and the highest value that would not have been unusual; none where the day cannot be told from a neighbour.
    pub(super) ordinary: Option<(f64, f64)>,
}

impl Judged {
    pub(super) fn unusual(&self) -> bool {
        self.z.abs() >= UNUSUAL_Z && self.deviation.abs() >= UNUSUAL_PCT
    }
}

/// Judges every day of a series of consecutive days (the first one has weekday `first_weekday`, 0..6).
/// `None` days are unknown; weekdays in `closed` are left out. The result has one entry per day.
pub(super) fn judge(
    values: &[Option<f64>],
    first_weekday: usize,
    closed: [bool; 7],
    noise: Noise,
) -> Vec<Option<Judged>> {
    let open: Vec<usize> = (0..values.len()).filter(|i| !closed[(first_weekday + i) % 7]).collect();
    let known: Vec<f64> = open.iter().filter_map(|i| values[*i]).collect();
    let mut judged = vec![None; values.len()];
    if known.iter().filter(|v| **v > 0.0).count() < known.len().div_ceil(2) || known.len() < 8 {
        // More empty days than not, or hardly a week: nothing is usual here.
        return judged;
    }
    let offset = log_offset(&known, noise);
    let logs: Vec<Option<f64>> = open
        .iter()
        .map(|i| values[*i].map(|v| (v.max(0.0) + offset).ln()))
        .collect();
    let period = closed.iter().filter(|c| !**c).count();
    let enough = known.len() >= HISTORY_NEEDED * period / 7 && period >= 3;
    let scores = if enough {
        decompose(&logs, period, noise)
    } else {
        same_weekday(&logs, period, noise)
    };
    let relative = relative_noise(&open.iter().map(|i| values[*i]).collect::<Vec<_>>(), period, enough);
    for (position, index) in open.iter().enumerate() {
        let (Some(value), Some(score)) = (values[*index], scores[position]) else {
            continue;
        };
        let expected = score.expected.exp() - offset;
        let deviation = (value - expected) / expected * 100.0;
        if expected <= 0.0 || !deviation.is_finite() {
            continue;
        }
        let plain = relative.map(|noise| deviation / 100.0 / noise);
        let mild = plain.map_or(score.z, |plain| score.z.abs().min(plain.abs()).copysign(score.z));
        judged[*index] = cap(mild).map(|z| Judged {
            value,
            expected,
            deviation,
            z,
            ordinary: score.reach.map(|reach| {
                let bound = |log: f64| (log.exp() - offset).max(0.0);
                let slack = expected * (UNUSUAL_PCT / 100.0).max(UNUSUAL_Z * relative.unwrap_or(0.0));
                (
                    bound(score.expected - reach).min(expected - slack),
                    bound(score.expected + reach).max(expected + slack),
                )
            }),
        });
    }
    judged
}

/// One day on the logarithmic scale.
#[derive(Debug, Clone, Copy)]
struct Score {
    expected: f64,
    z: f64,
    /// How far from the expected the score becomes unusual.
    reach: Option<f64>,
}

/// Expected logarithm and z by STL. Days found unusual are replaced by what was expected and the fit repeated, so that one
/// extreme day (or two in a row) bends neither the trend nor the weekday profile. The mildest of the passes counts: at the ends of
/// the series a fit without the day in question only extrapolates, and would confirm itself.
fn decompose(logs: &[Option<f64>], period: usize, noise: Noise) -> Vec<Option<Score>> {
    let mut filled = fill(logs, period);
    let Some(scale) = lag_noise(logs, period) else {
        return vec![None; logs.len()];
    };
    let mut judged: Vec<Option<Score>> = vec![None; logs.len()];
    for pass in 0..3 {
        let fit = stlrs::params()
            .seasonal_length(10 * filled.len() + 1)
            .seasonal_degree(0)
            .trend_length(2 * period + 1)
            .robust(true)
            .fit(&filled, period);
        let Ok(fit) = fit else {
            return vec![None; logs.len()];
        };
        let mut changed = false;
        for (i, log) in logs.iter().enumerate() {
            let Some(log) = log else { continue };
            let expected = fit.seasonal()[i] + fit.trend()[i];
            let from_end = i.min(logs.len() - 1 - i);
            let end = if from_end < 3 { END_CAUTION } else { 1.0 };
            let sigma = end * least(scale, expected, noise);
            let z = (log - expected) / sigma;
            let milder = judged[i].is_none_or(|before| z.abs() < before.z.abs());
            if pass == 0 || milder {
                judged[i] = Some(Score {
                    expected,
                    z,
                    reach: Some(UNUSUAL_Z * sigma),
                });
            }
            let replacement = if z.abs() >= UNUSUAL_Z { expected } else { *log };
            changed |= (filled[i] - replacement).abs() > 1e-9;
            filled[i] = replacement;
        }
        if !changed {
            break;
        }
    }
    judged
}

/// Too short for STL: each day against the same weekday a week away, the week's general movement taken out.
/// The noise of so few differences is itself uncertain, so the score is read as a t. When the other week's day was the odd one,
/// this day sits on the wrong side of the usual level and is left alone.
fn same_weekday(logs: &[Option<f64>], period: usize, noise: Noise) -> Vec<Option<Score>> {
    let none = vec![None; logs.len()];
    if period < 3 || logs.len() < period + 3 {
        return none;
    }
    let partner = |i: usize| if i >= period { i - period } else { i + period };
    let differences: Vec<f64> = (period..logs.len())
        .filter_map(|i| Some(logs[i]? - logs[i - period]?))
        .collect();
    let (Some(shift), Some(spread)) = (median(&differences), median_absolute_deviation(&differences)) else {
        return none;
    };
    if differences.len() < 4 {
        return none;
    }
    let known: Vec<f64> = logs.iter().flatten().copied().collect();
    let usual = median(&known).unwrap_or(0.0);
    let degrees = (differences.len() as f64 - 2.0).max(2.0);
    (0..logs.len())
        .map(|i| {
            let log = logs[i]?;
            let shift = if i >= period { shift } else { -shift };
            let expected = (*logs.get(partner(i))?)? + shift;
            if (log - expected) * (log - usual) < 0.0 {
                return Some(Score {
                    expected,
                    z: 0.0,
                    reach: None,
                });
            }
            let scale = least(MAD_TO_SIGMA * spread, expected, noise);
            Some(Score {
                expected,
                z: normal_of_t((log - expected) / scale, degrees)?,
                reach: t_of_normal(UNUSUAL_Z, degrees).map(|t| t * scale),
            })
        })
        .collect()
}

/// The noise of one day: 1.4826 MAD(y_t - y_{t-7}) / sqrt 2, a little more when it comes from few differences: the median absolute
/// deviation of 21 differences is too small often enough to double the false alarms.
fn lag_noise(logs: &[Option<f64>], period: usize) -> Option<f64> {
    let differences: Vec<f64> = (period..logs.len())
        .filter_map(|i| Some(logs[i]? - logs[i - period]?))
        .collect();
    let caution = 1.0 + 4.0 / differences.len().max(1) as f64;
    Some(MAD_TO_SIGMA * median_absolute_deviation(&differences)? / 2.0_f64.sqrt() * caution)
}

/// The noise of one day relative to its level, without a logarithm: where a few payments make a day, a low day is far away on the
/// logarithmic scale and yet ordinary. Both scales must call a day unusual. Of few differences it is read as a t, as above.
fn relative_noise(values: &[Option<f64>], period: usize, enough: bool) -> Option<f64> {
    let differences: Vec<f64> = (period..values.len())
        .filter_map(|i| {
            let (now, before) = (values[i]?, values[i - period]?);
            let level = f64::midpoint(now.abs(), before.abs());
            (level > 0.0).then(|| (now - before) / level)
        })
        .collect();
    let noise = MAD_TO_SIGMA * median_absolute_deviation(&differences)? / 2.0_f64.sqrt();
    let caution = if enough {
        1.0
    } else {
        t_of_normal(UNUSUAL_Z, (differences.len() as f64 - 2.0).max(2.0))? / UNUSUAL_Z
    };
    Some((noise * caution).max(0.01))
}

/// The noise with its floor: 1 %, and for counts the Poisson noise of the expected count.
fn least(scale: f64, expected_log: f64, noise: Noise) -> f64 {
    let floor = match noise {
        Noise::Counts => (-0.5 * expected_log).exp().min(1.0),
        Noise::Amounts => 0.01,
    };
    scale.max(floor).max(0.01)
}

/// Unknown days take the mean of the nearest known days of the same weekday, or the median of all.
fn fill(logs: &[Option<f64>], period: usize) -> Vec<f64> {
    let known: Vec<f64> = logs.iter().flatten().copied().collect();
    let usual = median(&known).unwrap_or(0.0);
    (0..logs.len())
        .map(|i| {
            logs[i].unwrap_or_else(|| {
                let before = (0..i).rev().filter(|j| (i - j) % period == 0);
                let after = (i + 1..logs.len()).filter(|j| (j - i) % period == 0);
                let before = before.filter_map(|j| logs[j]).next();
                let after = after.filter_map(|j| logs[j]).next();
                match (before, after) {
                    (Some(a), Some(b)) => f64::midpoint(a, b),
                    (Some(a), None) | (None, Some(a)) => a,
                    (None, None) => usual,
                }
            })
        })
        .collect()
}
