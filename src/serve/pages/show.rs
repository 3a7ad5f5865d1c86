//! Numbers, times and money as people read them; the filters of the templates.

use minijinja::Environment;
use minijinja::value::Value;

pub(super) fn add_to(templates: &mut Environment<'static>) {
    templates.add_filter("money", |usd: Option<f64>| money(usd));
    templates.add_filter("duration", |millis: u64| duration(millis));
    templates.add_filter("number", |number: Option<u64>| {
        number.map_or_else(String::new, self::number)
    });
    templates.add_filter("percent", |share: Option<f64>| percent(share));
    templates.add_filter("rate", |rate: f64| rate_words(rate));
    templates.add_filter("bytes", |bytes: u64| self::bytes(bytes));
    templates.add_filter("moment", |stamp: Option<&str>| moment(stamp.unwrap_or_default()));
    templates.add_filter("path", |text: &str| path(text));
    templates.add_filter("capital", |text: &str| capital(text));
    templates.add_filter("cell", |cell: Value| cell_words(&cell));
}

pub(in crate::serve) fn money(usd: Option<f64>) -> String {
    match usd {
        None => "unknown".to_owned(),
        Some(usd) if usd != 0.0 && usd < 0.01 => format!("${usd:.4}"),
        Some(usd) => format!("${usd:.2}"),
    }
}

pub(in crate::serve) fn duration(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{:.1} s", millis as f64 / 1000.0),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
        _ => format!("{} h {} min", millis / 3_600_000, millis % 3_600_000 / 60_000),
    }
}

/// `22,631`.
pub(in crate::serve) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The path of a word-size line in a field of 120 by 26, from 0 up; nothing for less than two values.
pub(super) fn line(values: &[f64]) -> String {
    let highest = values.iter().copied().fold(0.0, f64::max);
    if values.len() < 2 {
        return String::new();
    }
    let step = 120.0 / (values.len() - 1) as f64;
    let points = values.iter().enumerate().map(|(index, value)| {
        let up = if highest > 0.0 { value / highest } else { 0.0 };
        format!("{:.1},{:.1}", index as f64 * step, 24.0 - 22.0 * up)
    });
    format!("M{}", points.collect::<Vec<_>>().join("L"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

fn rate_words(rate: f64) -> String {
    match rate {
        rate if rate < 100.0 => format!("{rate:.1}"),
        rate => number(rate.round() as u64),
    }
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// `2025-03-14 09:26:53 UTC`; what is no moment stays as it is.
fn moment(stamp: &str) -> String {
    stamp.parse::<jiff::Timestamp>().map_or_else(
        |_| stamp.to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

/// One segment of an address, whatever the name holds.
fn path(text: &str) -> String {
    let mut path = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(char::from(byte)),
            other => path.push_str(&format!("%{other:02X}")),
        }
    }
    path
}

/// minijinja's own would make the rest small.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A cell of evidence as the model saw it.
fn cell_words(cell: &Value) -> String {
    let field = |of: &Value, name: &str| of.get_attr(name).ok().filter(|value| !value.is_undefined());
    let shown = field(cell, "number").and_then(|number| field(&number, "shown"));
    let text = shown.or_else(|| field(cell, "text")).or_else(|| field(cell, "day"));
    text.map_or_else(|| "–".to_owned(), |text| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(number),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [900, 1_500, 61_000, 3_660_000].map(duration),
            ["900 ms", "1.5 s", "1 min 1 s", "1 h 1 min"]
        );
        assert_eq!(
            [None, Some(0.0), Some(0.004), Some(3.5)].map(money),
            ["unknown", "$0.00", "$0.0040", "$3.50"]
        );
        assert_eq!(moment("2025-03-14T09:26:53.589Z"), "2025-03-14 09:26:53 UTC");
        assert_eq!(moment("<b>"), "<b>");
    }

    #[test]
    fn a_line_stays_in_its_field() {
        assert_eq!(line(&[1.0, 4.0, 2.0]), "M0.0,18.5L60.0,2.0L120.0,13.0");
        assert_eq!(line(&[0.0, 0.0]), "M0.0,24.0L120.0,24.0");
        assert_eq!(line(&[7.0]), "");
    }

    #[test]
    fn an_address_cannot_be_broken_out_of() {
        assert_eq!(path("~tea-2.0_x"), "~tea-2.0_x");
        assert_eq!(path("a/../b?\"é"), "a%2F..%2Fb%3F%22%C3%A9");
    }
}
