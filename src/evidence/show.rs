//! The house format of numbers: what the model copies and the reader sees. No currency symbol: the header names the currency.

use super::Unit;

/// The usual number of decimals of a unit.
pub fn decimals(unit: &Unit) -> u8 {
    match unit {
        Unit::Count(_) | Unit::Date | Unit::Text => 0,
        Unit::Money | Unit::Ratio => 2,
        Unit::Percent | Unit::PercentagePoints | Unit::Days | Unit::Minutes | Unit::Z | Unit::OfRow => 1,
    }
}

/// A unit in a word or two, for the model and for table heads.
pub fn unit(unit: &Unit) -> String {
    match unit {
        Unit::Count(noun) => noun.clone(),
        Unit::Money => "money".to_owned(),
        Unit::Percent => "%".to_owned(),
        Unit::PercentagePoints => "percentage points".to_owned(),
        Unit::Ratio => "ratio".to_owned(),
        Unit::Days => "days".to_owned(),
        Unit::Minutes => "minutes".to_owned(),
        Unit::Z => "z".to_owned(),
        Unit::Date => "date".to_owned(),
        Unit::Text => "text".to_owned(),
        Unit::OfRow => "unit of the row".to_owned(),
    }
}

/// `1,282,805.78`: rounded half away from zero at `decimals`, thousands separated by commas, never a negative zero.
pub fn number(value: f64, decimals: u8) -> String {
    let plain = rounded(value, decimals);
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) if digits.bytes().any(|b| (b'1'..=b'9').contains(&b)) => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", plain.as_str()),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut shown = String::with_capacity(plain.len() + whole.len() / 3 + 1);
    shown.push_str(sign);
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(fraction) = fraction {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// Half away from zero on the decimal digits a person would write for the number, so that 2.675 becomes 2.68
/// although its binary value lies just below.
fn rounded(value: f64, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let shortest = format!("{}", value.abs());
    let kept = match shortest.split_once('.') {
        Some((_, fraction)) if fraction.len() > decimals => {
            let tie = fraction.as_bytes()[decimals] == b'5' && fraction[decimals + 1..].bytes().all(|b| b == b'0');
            if tie {
                let nudged = value.abs() * (1.0 + 4.0 * f64::EPSILON);
                format!("{nudged:.decimals$}")
            } else {
                format!("{:.decimals$}", value.abs())
            }
        }
        _ => format!("{:.decimals$}", value.abs()),
    };
    if value.is_sign_negative() {
        format!("-{kept}")
    } else {
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn house_format() {
        let cases = [
            (12345.0, 0, "12,345"),
            (1_282_805.784, 2, "1,282,805.78"),
            (2.675, 2, "2.68"),
            (-2.5, 0, "-3"),
            (0.5, 0, "1"),
            (-0.04, 1, "0.0"),
            (-0.05, 1, "-0.1"),
            (999.95, 1, "1,000.0"),
            (1e15, 0, "1,000,000,000,000,000"),
            (100.0, 1, "100.0"),
            (-1234.0, 0, "-1,234"),
        ];
        for (value, decimals, shown) in cases {
            assert_eq!(number(value, decimals), shown, "{value} at {decimals}");
        }
    }
}
