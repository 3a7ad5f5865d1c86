//! Small statistics, each with its source. Pure: numbers in, numbers out, `None` where nothing can be said.

/// The largest standard score that is printed; beyond it a number says nothing more.
pub(super) const Z_CAP: f64 = 99.9;

/// The ratio of the standard deviation to the median absolute deviation of a normal sample (1 / Φ⁻¹(0.75)).
pub(super) const MAD_TO_SIGMA: f64 = 1.4826;

/// How many standard errors a 95 % interval spans to either side.
const Z_95: f64 = 1.959_964;

pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    Some(if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    })
}

/// Median absolute deviation from the median, not scaled.
pub(super) fn median_absolute_deviation(values: &[f64]) -> Option<f64> {
    let center = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|v| (v - center).abs()).collect();
    median(&deviations)
}

/// Two-proportion z with the pooled standard error (Fleiss, Statistical Methods for Rates and Proportions, 2.3).
/// Positive when the first share is larger. None when either sample is empty or every trial had the same result.
pub(super) fn two_proportion_z(hits: f64, n: f64, hits_before: f64, n_before: f64) -> Option<f64> {
    if n <= 0.0 || n_before <= 0.0 {
        return None;
    }
    let pooled = (hits + hits_before) / (n + n_before);
    let variance = pooled * (1.0 - pooled) * (1.0 / n + 1.0 / n_before);
    if variance <= 0.0 || !variance.is_finite() {
        return None;
    }
    cap((hits / n - hits_before / n_before) / variance.sqrt())
}

/// Two-proportion z, its variance widened by `common`, the relative standard error of the change of such a share as seen from day
/// to day: users of one day or campaign behave alike, so the binomial error alone calls too much a change.
pub(super) fn proportion_change_z(
    (hits, n): (f64, f64),
    (hits_before, n_before): (f64, f64),
    common: Option<f64>,
) -> Option<f64> {
    let z = two_proportion_z(hits, n, hits_before, n_before)?;
    let difference = hits / n - hits_before / n_before;
    if difference == 0.0 {
        return Some(0.0);
    }
    let pooled = (hits + hits_before) / (n + n_before);
    let extra = common.unwrap_or(0.0) * pooled;
    let binomial = difference / z;
    cap(difference / (binomial * binomial + extra * extra).sqrt())
}

/// The 95 % interval of a share, in 0..1 (Wilson 1927, JASA 22:209).
pub(super) fn wilson(hits: f64, n: f64) -> Option<(f64, f64)> {
    if n <= 0.0 || hits < 0.0 || hits > n {
        return None;
    }
    let share = hits / n;
    let square = Z_95 * Z_95;
    let center = (share + square / (2.0 * n)) / (1.0 + square / n);
    let half = Z_95 / (1.0 + square / n) * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    Some(((center - half).max(0.0), (center + half).min(1.0)))
}

/// Herfindahl-Hirschman index, the sum of squared shares: 1/n for equal parts, 1 for a single one.
pub(super) fn herfindahl(parts: &[f64]) -> Option<f64> {
    let total: f64 = parts.iter().filter(|p| **p > 0.0).sum();
    (total > 0.0).then(|| parts.iter().filter(|p| **p > 0.0).map(|p| (p / total).powi(2)).sum())
}

/// Jensen-Shannon divergence of two share vectors, the surprise of Adtributor (Bhagwan et al., NSDI 2014).
pub(super) fn surprise(before: &[f64], now: &[f64]) -> f64 {
    let (total_before, total_now): (f64, f64) = (before.iter().sum(), now.iter().sum());
    if total_before <= 0.0 || total_now <= 0.0 {
        return 0.0;
    }
    let part = |p: f64, middle: f64| if p > 0.0 { p * (p / middle).ln() } else { 0.0 };
    before
        .iter()
        .zip(now)
        .map(|(b, n)| {
            let (p, q) = ((b / total_before).max(0.0), (n / total_now).max(0.0));
            let middle = f64::midpoint(p, q);
            0.5 * (part(p, middle) + part(q, middle))
        })
        .sum()
}

/// A t score as the normal score of (nearly) the same probability (Wallace 1959, Ann. Math. Stat. 30:1124).
pub(super) fn normal_of_t(t: f64, degrees_of_freedom: f64) -> Option<f64> {
    if degrees_of_freedom < 1.0 || !t.is_finite() {
        return None;
    }
    let df = degrees_of_freedom;
    let z = (8.0 * df + 1.0) / (8.0 * df + 3.0) * (df * (t * t / df).ln_1p()).sqrt();
    cap(z.copysign(t))
}

/// The t score that `normal_of_t` turns into `z`; none where it is beyond all numbers.
pub(super) fn t_of_normal(z: f64, degrees_of_freedom: f64) -> Option<f64> {
    let df = degrees_of_freedom;
    let root = z * (8.0 * df + 3.0) / (8.0 * df + 1.0);
    let t = (df * (root * root / df).exp_m1()).sqrt().copysign(z);
    (df >= 1.0 && t.is_finite()).then_some(t)
}

/// A count of events or users against the count before: the log ratio over its standard error,
/// Poisson noise of both counts plus `common`, the standard error of the log change of all activity.
pub(super) fn count_change_z(now: f64, before: f64, common: Option<f64>) -> Option<f64> {
    let common = common?;
    if now + before < 10.0 {
        return None;
    }
    let (a, b) = (now + 0.5, before + 0.5);
    cap((a / b).ln() / (1.0 / a + 1.0 / b + common * common).sqrt())
}

/// How much wider than binomial a set of shares scatters around the pooled share: Pearson's χ² over its degrees of freedom, at least 1
/// (McCullagh and Nelder, Generalized Linear Models, 4.5.2). Input: (hits, n).
pub(super) fn over_dispersion(groups: &[(f64, f64)]) -> f64 {
    let n: f64 = groups.iter().map(|g| g.1).sum();
    let hits: f64 = groups.iter().map(|g| g.0).sum();
    let pooled = if n > 0.0 { hits / n } else { 0.0 };
    if groups.len() < 3 || pooled <= 0.0 || pooled >= 1.0 {
        return 1.0;
    }
    let chi_square: f64 = groups
        .iter()
        .filter(|g| g.1 > 0.0)
        .map(|(hits, n)| (hits - n * pooled).powi(2) / (n * pooled * (1.0 - pooled)))
        .sum();
    (chi_square / (groups.len() - 1) as f64).max(1.0)
}

/// The score within the printable range; None for NaN.
pub(super) fn cap(z: f64) -> Option<f64> {
    (!z.is_nan()).then(|| z.clamp(-Z_CAP, Z_CAP))
}

/// Relative change in percent; none without a positive base.
pub(super) fn change_pct(now: f64, before: f64) -> Option<f64> {
    let change = (now / before - 1.0) * 100.0;
    (before > 0.0 && change.is_finite()).then_some(change)
}

/// `part / whole`; none when the whole is not positive.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    let ratio = part / whole;
    (whole > 0.0 && ratio.is_finite()).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
        assert_eq!(
            median_absolute_deviation(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]),
            Some(1.0)
        );
        assert_eq!(herfindahl(&[1.0, 1.0]), Some(0.5));
        assert_eq!(herfindahl(&[0.0]), None);
        let (low, high) = wilson(10.0, 20.0).expect("a valid sample");
        assert!((low - 0.299).abs() < 0.001 && (high - 0.701).abs() < 0.001);
        let z = two_proportion_z(60.0, 100.0, 40.0, 100.0).expect("both samples vary");
        assert!((z - 2.828).abs() < 0.001);
        // t = 4.317 with 10 degrees of freedom has the two-sided probability of z = 3.17.
        assert!((normal_of_t(4.317, 10.0).expect("finite") - 3.17).abs() < 0.03);
        let back = t_of_normal(normal_of_t(-4.317, 10.0).expect("finite"), 10.0);
        assert!((back.expect("finite") + 4.317).abs() < 1e-9);
        assert_eq!(change_pct(3.0, 0.0), None);
    }
}
