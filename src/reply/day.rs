//! Days and months as evidence writes them: asked of each name of a row, and mostly no.

use jiff::civil::Date;

/// The day that a text is. As ISO 8601 writes it, it is read at once.
pub(super) fn day_of(text: &str) -> Option<Date> {
    if let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() {
        let [year, month, day] = [
            number(&[*y1, *y2, *y3, *y4])?,
            number(&[*m1, *m2])?,
            number(&[*d1, *d2])?,
        ];
        return Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
    }
    let may_be = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '−'));
    may_be.then(|| text.parse().ok()).flatten()
}

/// The first day of a month written as `2025-03`.
pub(super) fn month_of(text: &str) -> Option<Date> {
    match text.as_bytes() {
        [y1, y2, y3, y4, b'-', m1, m2] => {
            let (year, month) = (number(&[*y1, *y2, *y3, *y4])?, number(&[*m1, *m2])?);
            Date::new(year, i8::try_from(month).ok()?, 1).ok()
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i16> {
    let add = |number: i16, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'));
    digits.iter().try_fold(0, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_what_the_library_reads() {
        for text in [
            "2025-03-10",
            "2024-02-29",
            "2025-02-29",
            "2025-13-01",
            "0000-01-01",
            "20250310",
            "2025-03-1",
            "day",
            "2025-0a-10",
            "",
        ] {
            assert_eq!(day_of(text), text.parse().ok(), "{text}");
        }
        for text in ["2025-03", "2025-13", "2025-3", "2025-03-10", "März 25"] {
            assert_eq!(month_of(text), format!("{text}-01").parse().ok(), "{text}");
        }
    }
}
