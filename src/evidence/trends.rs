//! The shape of one daily series: how steady, how seasonal, how fast it moves. For the section objects only.

use super::kpis::CHANGED_Z;
use super::series::{Series, weekday};
use super::statistics::{MAD_TO_SIGMA, median, median_absolute_deviation};

/// The word for a change of level.
pub(super) fn trend(z: Option<f64>) -> Option<&'static str> {
    z.map(|z| match z {
        z if z >= CHANGED_Z => "rising",
        z if z <= -CHANGED_Z => "falling",
        _ => "flat",
    })
}

/// 1 - the typical relative distance of a day from its expected value (1.4826 MAD), within 0..1.
pub(super) fn consistency(series: &Series, closed: [bool; 7]) -> Option<f64> {
    let judged = series.judged(closed);
    let relative: Vec<f64> = if judged.is_empty() {
        let values: Vec<f64> = series.current.values().copied().collect();
        let usual = median(&values).filter(|m| *m > 0.0 && values.len() > 1)?;
        values.iter().map(|v| v / usual - 1.0).collect()
    } else {
        judged.iter().map(|(_, j)| j.deviation / 100.0).collect()
    };
    Some((1.0 - MAD_TO_SIGMA * median_absolute_deviation(&relative)?).clamp(0.0, 1.0))
}

/// Whether weekday medians explain at least half of the (robust) variance of the logarithm; unknown below 14 days.
pub(super) fn seasonal(series: &Series, closed: [bool; 7]) -> Option<bool> {
    let logs = logs(series, closed);
    if logs.len() < 14 {
        return None;
    }
    let values: Vec<f64> = logs.iter().map(|l| l.1).collect();
    let usual = median(&values)?;
    let of_weekday = |weekday: usize| -> Vec<f64> {
        let same = logs.iter().filter(|l| l.0 == weekday);
        same.map(|l| l.1).collect()
    };
    let medians: Vec<f64> = (0..7)
        .map(|weekday| median(&of_weekday(weekday)).unwrap_or(usual))
        .collect();
    let weekdays = (0..7).filter(|w| !of_weekday(*w).is_empty()).count() as f64;
    let within: Vec<f64> = logs.iter().map(|l| l.1 - medians[l.0 % 7]).collect();
    let (all, within) = (median_absolute_deviation(&values)?, median_absolute_deviation(&within)?);
    let n = logs.len() as f64;
    // Adjusted for the weekdays fitted, else noise alone would explain a part.
    let left = (within / all).powi(2) * (n - 1.0) / (n - weekdays);
    Some(all > 1e-9 && left <= 0.5)
}

/// Percent per week within the period: the slope of the logarithm; unknown below 7 days.
pub(super) fn velocity(series: &Series, closed: [bool; 7]) -> Option<f64> {
    let points: Vec<(f64, f64)> = series
        .current
        .iter()
        .enumerate()
        .filter(|(_, (day, value))| **value > 0.0 && !closed[weekday(**day)] && !series.excluded.contains(day))
        .map(|(index, (_, value))| (index as f64, value.ln()))
        .collect();
    if points.len() < 7 {
        return None;
    }
    let n = points.len() as f64;
    let (x, y) = (
        points.iter().map(|p| p.0).sum::<f64>() / n,
        points.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let sxx: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    let sxy: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    Some(((7.0 * sxy / sxx).exp() - 1.0) * 100.0)
}

/// (weekday, logarithm) of the open days with a positive value.
fn logs(series: &Series, closed: [bool; 7]) -> Vec<(usize, f64)> {
    series
        .previous
        .iter()
        .chain(&series.current)
        .filter(|(day, value)| **value > 0.0 && !closed[weekday(**day)] && !series.excluded.contains(day))
        .map(|(day, value)| (weekday(*day), value.ln()))
        .collect()
}
