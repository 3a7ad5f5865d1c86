//! From values to places on the drawing, round ticks, and short numbers for axes.

use std::fmt;

/// A length or a place, to a tenth of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero makes a negative zero positive.
        let tenths = (self.0 * 10.0).round() + 0.0;
        if tenths % 10.0 == 0.0 {
            write!(formatter, "{}", tenths / 10.0)
        } else {
            write!(formatter, "{:.1}", tenths / 10.0)
        }
    }
}

/// A straight line from values to places; values beyond its ends stay at the ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    pub(super) fn new(from: (f64, f64), to: (f64, f64)) -> Self {
        Self { from, to }
    }

    pub(super) fn at(self, value: f64) -> f64 {
        let span = self.from.1 - self.from.0;
        let part = if span == 0.0 {
            0.5
        } else {
            ((value - self.from.0) / span).clamp(0.0, 1.0)
        };
        self.to.0 + part * (self.to.1 - self.to.0)
    }

    pub(super) fn domain(self) -> (f64, f64) {
        self.from
    }
}

/// Round numbers within the range, about `wanted` of them: steps of 1, 2, 2.5 or 5 times a power of ten.
pub(super) fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let step = step(low, high, wanted);
    if step <= 0.0 {
        return vec![low];
    }
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|n| n as f64 * step).collect()
}

/// The range widened to round numbers.
pub(super) fn round_range(low: f64, high: f64, wanted: usize) -> (f64, f64) {
    let step = step(low, high, wanted);
    if step <= 0.0 {
        return (low - 1.0, high + 1.0);
    }
    (
        (low / step + 1e-9).floor() * step + 0.0,
        (high / step - 1e-9).ceil() * step + 0.0,
    )
}

fn step(low: f64, high: f64, wanted: usize) -> f64 {
    let rough = (high - low) / wanted.max(1) as f64;
    if !rough.is_finite() || rough <= 0.0 {
        return 0.0;
    }
    let power = 10.0_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

/// `1.5M`, `25k`, `400`, `0.25`: as many digits as the number needs, at most three.
pub(super) fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "bn"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let decimals = match scaled.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = crate::evidence::show::number(scaled, decimals);
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{}{unit}", minus(text))
}

/// A true minus sign, as wide as a digit.
pub(super) fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(0.0, 607.0, 4), [0.0, 200.0, 400.0, 600.0]);
        assert_eq!(ticks(93.0, 118.0, 4), [100.0, 110.0]);
        assert_eq!(ticks(-3.0, 8.0, 4), [0.0, 5.0]);
        assert_eq!(round_range(0.0, 607.0, 4), (0.0, 800.0));
        assert_eq!(ticks(5.0, 5.0, 4), [5.0]);
    }

    #[test]
    fn axis_numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (0.25, "0.25"),
            (400.0, "400"),
            (2500.0, "2,500"),
            (25_000.0, "25k"),
            (1_500_000.0, "1.5M"),
            (-12_500.0, "\u{2212}12.5k"),
        ];
        for (value, shown) in cases {
            assert_eq!(short(value), shown);
        }
    }

    #[test]
    fn places_have_a_tenth_and_no_negative_zero() {
        assert_eq!(Px(-0.04).to_string(), "0");
        assert_eq!(Px(12.0).to_string(), "12");
        assert_eq!(Px(12.345).to_string(), "12.3");
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let scale = Scale::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!((scale.at(5.0), scale.at(20.0), scale.at(-1.0)), (50.0, 0.0, 100.0));
    }
}
