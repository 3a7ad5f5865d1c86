//! Whether the level of a daily measure changed between two windows, beyond its ordinary variation.
//!
//! Two regressions of the daily values on weekday and window: one on logarithms (roots for counts; robust to a huge day), one on the values
//! themselves (the printed change is a change of sums). The smaller score counts, and a disagreement in sign counts as no change:
//! both guard against heavy tails. Standard errors are widened for autocorrelation, t is turned into z.

use super::statistics::{cap, mean, median, normal_of_t};

/// One day: weekday 0..6, value. Days that do not count (closed, partial, unknown) are simply left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// Days since an arbitrary origin, to see which days are neighbours.
    pub(super) ordinal: i64,
    pub(super) weekday: usize,
    pub(super) value: f64,
}

/// What noise a measure has at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    /// A count: never less noisy than half of Poisson.
    Counts,
    /// Anything else.
    Amounts,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LevelChange {
    pub(super) z: f64,
    /// The standard error of the change of the logarithm of the daily level.
    pub(super) log_error: f64,
}

/// Fewer common days than a week cannot tell a weekday from a change.
pub(super) const DAYS_NEEDED: usize = 5;

/// No level is known better than to one percent per day.
const LEAST_NOISE: f64 = 0.01;

/// More correlation than this between neighbouring days is a drift within a window, not noise.
const MOST_CORRELATION: f64 = 0.5;

/// None when there are too few days to know the ordinary variation.
pub(super) fn level_change(current: &[Point], previous: &[Point], noise: Noise) -> Option<LevelChange> {
    if current.len() < DAYS_NEEDED || previous.len() < DAYS_NEEDED {
        return None;
    }
    let all: Vec<f64> = current.iter().chain(previous).map(|p| p.value).collect();
    let level = mean(&all.iter().map(|v| v.abs()).collect::<Vec<_>>())?;
    if level <= 0.0 || !level.is_finite() {
        return None;
    }
    let least = match noise {
        Noise::Counts => (0.25 / level).max(LEAST_NOISE * LEAST_NOISE),
        Noise::Amounts => LEAST_NOISE * LEAST_NOISE,
    };
    let offset = log_offset(&all, noise);
    let robust = match noise {
        // Twice the root has the slope of the logarithm and, of counts, a constant variance (Anscombe 1948, Biometrika 35:246).
        Noise::Counts => regress(current, previous, least, |v| {
            2.0 * ((v.max(0.0) + 0.375) / level).sqrt()
        })?,
        Noise::Amounts => regress(current, previous, least, |v| (v.max(0.0) + offset).ln())?,
    };
    let values = regress(current, previous, least, |v| v / level)?;
    let z = if robust.z.signum() == values.z.signum() {
        robust.z.abs().min(values.z.abs()).copysign(values.z)
    } else {
        0.0
    };
    Some(LevelChange {
        z: cap(z)?,
        log_error: robust.log_error,
    })
}

/// What is added before the logarithm, so that an empty day stays finite: half a user, or 1 % of a usual day.
pub(super) fn log_offset(values: &[f64], noise: Noise) -> f64 {
    let positive: Vec<f64> = values.iter().copied().filter(|v| *v > 0.0).collect();
    let usual = median(&positive).unwrap_or(1.0);
    match noise {
        Noise::Counts => 0.5_f64.max(0.001 * usual),
        Noise::Amounts => 0.01 * usual,
    }
}

/// Least squares of the transformed value on weekday and window, by centring both within each weekday (Frisch-Waugh).
/// Weekdays seen in only one window carry no information and drop out by themselves.
fn regress(current: &[Point], previous: &[Point], least: f64, transform: impl Fn(f64) -> f64) -> Option<LevelChange> {
    struct Observation {
        ordinal: i64,
        weekday: usize,
        window: f64,
        y: f64,
    }
    let mut observations: Vec<Observation> = Vec::with_capacity(current.len() + previous.len());
    for (window, points) in [(1.0, current), (0.0, previous)] {
        observations.extend(points.iter().map(|p| Observation {
            ordinal: p.ordinal,
            weekday: p.weekday % 7,
            window,
            y: transform(p.value),
        }));
    }
    let mut weekdays = 0;
    for weekday in 0..7 {
        let same: Vec<usize> = (0..observations.len())
            .filter(|i| observations[*i].weekday == weekday)
            .collect();
        if same.is_empty() {
            continue;
        }
        weekdays += 1;
        let n = same.len() as f64;
        let window = same.iter().map(|i| observations[*i].window).sum::<f64>() / n;
        let y = same.iter().map(|i| observations[*i].y).sum::<f64>() / n;
        for i in same {
            observations[i].window -= window;
            observations[i].y -= y;
        }
    }
    let sxx: f64 = observations.iter().map(|o| o.window * o.window).sum();
    let sxy: f64 = observations.iter().map(|o| o.window * o.y).sum();
    let degrees = observations.len() as f64 - f64::from(weekdays) - 1.0;
    if sxx < 1.0 || degrees < 4.0 {
        return None;
    }
    let slope = sxy / sxx;
    let residuals: Vec<(i64, f64)> = observations
        .iter()
        .map(|o| (o.ordinal, o.y - slope * o.window))
        .collect();
    let variance = residuals.iter().map(|r| r.1 * r.1).sum::<f64>() / degrees;
    let correlation = neighbour_correlation(&residuals);
    let widening = ((1.0 + correlation) / (1.0 - correlation)).sqrt();
    let error = (variance.max(least) / sxx).sqrt() * widening;
    Some(LevelChange {
        z: normal_of_t(slope / error, degrees)?,
        log_error: error,
    })
}

/// Correlation of residuals of neighbouring days, corrected for its small-sample bias.
fn neighbour_correlation(residuals: &[(i64, f64)]) -> f64 {
    let mut sorted = residuals.to_vec();
    sorted.sort_by_key(|r| r.0);
    let square: f64 = sorted.iter().map(|r| r.1 * r.1).sum();
    let pairs: Vec<f64> = sorted
        .windows(2)
        .filter(|w| w[1].0 - w[0].0 == 1)
        .map(|w| w[0].1 * w[1].1)
        .collect();
    if pairs.len() < 4 || square <= 0.0 {
        return 0.0;
    }
    let n = sorted.len() as f64;
    let raw = pairs.iter().sum::<f64>() / pairs.len() as f64 / (square / n);
    (raw + (1.0 + 3.0 * raw.max(0.0)) / n).clamp(0.0, MOST_CORRELATION)
}
