//! Times as people and programs write them, to microseconds since 1970. Never heard of tables.

use serde::{Deserialize, Serialize};

/// How the values of one column are written, as far as a single value cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOrder {
    #[default]
    MonthFirst,
    DayFirst,
}

/// One parsed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) micros: i64,
    pub(crate) zone: Zone,
    /// Written as two numbers whose order the column decides (`3/4/2024`).
    pub(crate) slashed: Option<Slashed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// With an offset or Z, or an epoch number.
    Given,
    /// A time of day without a zone: taken as UTC.
    Missing,
    /// A calendar day: stays that day in every zone.
    DayOnly,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slashed {
    DayFirst,
    MonthFirst,
    Undecided,
}

const DAY: i64 = 86_400_000_000;

/// Reads one value; `None` when it is no time.
pub(crate) fn parse(text: &str, order: DayOrder) -> Option<Moment> {
    plain(text.as_bytes()).or_else(|| any(text, order))
}

/// `2025-03-01 09:30:00`, a `T` in the place of the blank, a fraction, a `Z`: what machines write, read without a look at anything else.
fn plain(bytes: &[u8]) -> Option<Moment> {
    let (head, rest) = bytes.split_first_chunk::<19>()?;
    let stands = |at: usize, byte: u8| head[at] == byte;
    if !(stands(4, b'-')
        && stands(7, b'-')
        && stands(13, b':')
        && stands(16, b':')
        && (stands(10, b' ') || stands(10, b'T')))
    {
        return None;
    }
    let digits = |from: usize, to: usize| {
        head[from..to].iter().try_fold(0, |sum, byte| {
            byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0'))
        })
    };
    let day = days_from_civil(digits(0, 4)?, digits(5, 7)?, digits(8, 10)?)?;
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (rest, zone) = match rest.strip_suffix(b"Z") {
        Some(rest) => (rest, Zone::Given),
        None => (rest, Zone::Missing),
    };
    let mut fraction = 0;
    if let [b'.', digits @ ..] = rest {
        let mut scale = 100_000;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            fraction += i64::from(digit - b'0') * scale;
            scale /= 10;
        }
    } else if !rest.is_empty() {
        return None;
    }
    Some(Moment {
        micros: day * DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction,
        zone,
        slashed: None,
    })
}

fn any(text: &str, order: DayOrder) -> Option<Moment> {
    let text = text.trim();
    let bytes = text.as_bytes();
    if bytes.len() >= 2
        && bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
        && bytes.iter().filter(|byte| **byte == b'.').count() <= 1
    {
        return number(text);
    }
    let mut cursor = Cursor { bytes, at: 0 };
    let (day, slashed) = calendar_day(&mut cursor, order)?;
    if cursor.done() {
        return Some(Moment {
            micros: day * DAY,
            zone: Zone::DayOnly,
            slashed,
        });
    }
    if !cursor.eat(b'T') && !cursor.eat(b't') {
        cursor.eat(b',');
        if !cursor.eat(b' ') {
            return None;
        }
        cursor.spaces();
    }
    let time = time_of_day(&mut cursor)?;
    cursor.spaces();
    let (offset, zone) = if cursor.done() {
        (0, Zone::Missing)
    } else {
        (offset(&mut cursor)?, Zone::Given)
    };
    cursor.done().then_some(Moment {
        micros: day * DAY + time - offset,
        zone,
        slashed,
    })
}

/// Digits alone: `YYYYMMDD`, or seconds, milli-, micro- or nanoseconds since 1970 by magnitude.
fn number(text: &str) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let value: i64 = whole.parse().ok()?;
    let given = |micros| {
        Some(Moment {
            micros,
            zone: Zone::Given,
            slashed: None,
        })
    };
    if whole.len() == 8 && fraction.is_empty() {
        let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
        if (1900..2200).contains(&year) {
            return Some(Moment {
                micros: days_from_civil(year, month, day)? * DAY,
                zone: Zone::DayOnly,
                slashed: None,
            });
        }
    }
    epoch(value, fraction).and_then(given)
}

fn epoch(value: i64, fraction: &str) -> Option<i64> {
    let mut digits = fraction.chars().chain(std::iter::repeat('0'));
    let part: i64 = (0..6).try_fold(0, |sum, _| Some(sum * 10 + i64::from(digits.next()?.to_digit(10)?)))?;
    match value {
        100_000_000..10_000_000_000 => Some(value * 1_000_000 + part),
        100_000_000_000..10_000_000_000_000 => Some(value * 1_000 + part / 1_000),
        100_000_000_000_000..10_000_000_000_000_000 => Some(value),
        100_000_000_000_000_000.. => Some(value / 1_000),
        _ => None,
    }
}

/// An integer column as a time.
pub(crate) fn from_integer(value: i64) -> Option<Moment> {
    number(&value.to_string())
}

fn calendar_day(cursor: &mut Cursor, order: DayOrder) -> Option<(i64, Option<Slashed>)> {
    let (first, n_digits) = cursor.number()?;
    let separator = cursor.next()?;
    if !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    let (second, _) = cursor.number()?;
    if cursor.next()? != separator {
        return None;
    }
    let (third, third_digits) = cursor.number()?;
    if n_digits == 4 {
        return Some((days_from_civil(first, second, third)?, None));
    }
    let year = match third_digits {
        4 => third,
        2 if third < 70 => 2000 + third,
        2 => 1900 + third,
        _ => return None,
    };
    let slashed = match (first > 12, second > 12) {
        (true, false) => Slashed::DayFirst,
        (false, true) => Slashed::MonthFirst,
        // Dots are written day first everywhere.
        _ if separator == b'.' => Slashed::DayFirst,
        _ => Slashed::Undecided,
    };
    let day_first = match slashed {
        Slashed::DayFirst => true,
        Slashed::MonthFirst => false,
        Slashed::Undecided => order == DayOrder::DayFirst,
    };
    let (month, day) = if day_first { (second, first) } else { (first, second) };
    Some((days_from_civil(year, month, day)?, Some(slashed)))
}

fn time_of_day(cursor: &mut Cursor) -> Option<i64> {
    let (mut hour, _) = cursor.number()?;
    if !cursor.eat(b':') {
        return None;
    }
    let (minute, _) = cursor.number()?;
    let mut micros = 0;
    let mut second = 0;
    if cursor.eat(b':') {
        second = cursor.number()?.0;
        if cursor.eat(b'.') || cursor.eat(b',') {
            let (mut value, mut scale) = (0, 100_000);
            while let Some(digit) = cursor.digit() {
                value += digit * scale;
                scale /= 10;
            }
            micros = value;
        }
    }
    cursor.spaces();
    let half = (
        cursor.peek(0).map(|byte| byte.to_ascii_lowercase()),
        cursor.peek(1).map(|byte| byte.to_ascii_lowercase()),
    );
    if let (Some(half @ (b'a' | b'p')), Some(b'm')) = half {
        cursor.at += 2;
        if hour > 12 {
            return None;
        }
        hour = hour % 12 + if half == b'p' { 12 } else { 0 };
    }
    (hour < 24 && minute < 60 && second <= 60).then_some(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`, in microseconds east.
fn offset(cursor: &mut Cursor) -> Option<i64> {
    let rest = &cursor.bytes[cursor.at..];
    if ["Z", "z", "UTC", "GMT"].iter().any(|name| rest == name.as_bytes()) {
        cursor.at = cursor.bytes.len();
        return Some(0);
    }
    let sign = match cursor.next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (value, n_digits) = cursor.number()?;
    let (hours, minutes) = match n_digits {
        1 | 2 if cursor.eat(b':') => (value, cursor.number()?.0),
        1 | 2 => (value, 0),
        4 => (value / 100, value % 100),
        _ => return None,
    };
    Some(sign * (hours * 60 + minutes) * 60_000_000)
}

/// Days since 1970-01-01 of a day that exists.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=longest).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

struct Cursor<'text> {
    bytes: &'text [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek(0)?;
        self.at += 1;
        Some(byte)
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek(0) == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn spaces(&mut self) {
        while self.eat(b' ') {}
    }

    fn done(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn digit(&mut self) -> Option<i64> {
        let digit = self.peek(0).filter(u8::is_ascii_digit)?;
        self.at += 1;
        Some(i64::from(digit - b'0'))
    }

    /// Up to six digits and how many they were.
    fn number(&mut self) -> Option<(i64, usize)> {
        let (mut value, mut n_digits) = (0, 0);
        while n_digits < 6 {
            let Some(digit) = self.digit() else { break };
            value = value * 10 + digit;
            n_digits += 1;
        }
        (n_digits > 0).then_some((value, n_digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, order: DayOrder) -> String {
        parse(text, order).map_or("none".to_owned(), |moment| {
            let at = jiff::Timestamp::from_microsecond(moment.micros).unwrap();
            format!("{at} {:?}", moment.zone)
        })
    }

    #[test]
    fn what_machines_write_is_read_as_everything_else_is() {
        let days = [
            "2025-03-01",
            "1969-12-31",
            "2024-02-29",
            "2023-02-29",
            "0000-01-01",
            "2025-13-01",
            "2025-3-011",
        ];
        let times = ["09:30:00", "23:59:59", "24:00:00", "09:60:00", "23:59:60", "9:30:000"];
        let ends = [
            "", "Z", ".5", ".123", ".123456Z", ".1234567", ".", ".Z", "+02:00", " pm", ".5x", " ",
        ];
        for (day, between) in days
            .iter()
            .flat_map(|day| [" ", "T", "t", "  "].map(|between| (day, between)))
        {
            for (time, end) in times.iter().flat_map(|time| ends.map(|end| (time, end))) {
                let text = format!("{day}{between}{time}{end}");
                assert_eq!(
                    parse(&text, DayOrder::MonthFirst),
                    any(&text, DayOrder::MonthFirst),
                    "{text}"
                );
            }
        }
        assert!(plain(b"2025-03-01T09:30:00.250Z").is_some());
    }

    #[test]
    fn reads_what_exports_hold() {
        let cases = [
            ("2024-03-05 10:11:12", "2024-03-05T10:11:12Z Missing"),
            ("2024-03-05T10:11:12.123456Z", "2024-03-05T10:11:12.123456Z Given"),
            ("2025-01-06 00:00:13.464Z", "2025-01-06T00:00:13.464Z Given"),
            ("2024-03-05 10:11:12 UTC", "2024-03-05T10:11:12Z Given"),
            ("2024-03-05T01:00+02:00", "2024-03-04T23:00:00Z Given"),
            ("2024-03-05T01:00:00-0530", "2024-03-05T06:30:00Z Given"),
            ("2024-03-05 10:11", "2024-03-05T10:11:00Z Missing"),
            ("2024-03-05", "2024-03-05T00:00:00Z DayOnly"),
            ("2024/3/5", "2024-03-05T00:00:00Z DayOnly"),
            ("20240305", "2024-03-05T00:00:00Z DayOnly"),
            ("12/1/2010 8:26", "2010-12-01T08:26:00Z Missing"),
            ("13/1/10 8:26 PM", "2010-01-13T20:26:00Z Missing"),
            ("05.03.2024 12:00", "2024-03-05T12:00:00Z Missing"),
            ("1709633472", "2024-03-05T10:11:12Z Given"),
            ("1709633472.5", "2024-03-05T10:11:12.5Z Given"),
            ("1709633472123", "2024-03-05T10:11:12.123Z Given"),
            ("1709633472123456", "2024-03-05T10:11:12.123456Z Given"),
            ("1709633472123456789", "2024-03-05T10:11:12.123456Z Given"),
            ("08:26", "none"),
            ("2024-02-30", "none"),
            ("hello", "none"),
            ("17850.0", "none"),
            ("536365", "none"),
            ("", "none"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text, DayOrder::MonthFirst), expected, "{text}");
        }
        assert_eq!(read("3/4/2024", DayOrder::DayFirst), "2024-04-03T00:00:00Z DayOnly");
    }
}
