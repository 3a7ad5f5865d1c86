//! Days of the week: "Friday the 18th" is a Friday, and what "on Friday" tells is of one.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};

use super::dates::Dated;
use super::day::day_of;
use super::pattern::{Worded, holding};
use super::reason::Reason;
use super::verify::Judge;

/// One day of the week, and no habit ("Fridays", "every Friday") and no name of a feast.
static WEEKDAY: LazyLock<Worded> = LazyLock::new(|| {
    holding(
        r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)",
        r"(?P<other>(?i:black|cyber|easter|good|every|each|per|typical|average)\s)?\b(?P<day>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b",
    )
});

impl Judge<'_, '_> {
    pub(super) fn weekdays(&mut self) {
        let text = &self.sentence.typed;
        let pattern = WEEKDAY.among(&self.first_letters);
        let Some(pattern) = pattern.filter(|_| !self.basis.lexicon.days.is_empty()) else {
            return;
        };
        let mut faults = Vec::new();
        for found in pattern.captures_iter(text) {
            let (Some(day), None) = (found.name("day"), found.name("other")) else {
                continue;
            };
            let Some(said) = weekday(day.as_str()) else { continue };
            let is_other = match self.date_beside(&day.range()) {
                Some(date) => date.weekday() != said,
                None => self.uses_only_other_days(said),
            };
            if is_other {
                let message = format!("the day told is no {}", day.as_str());
                faults.push(Reason::contradicted("date", message));
            }
        }
        self.out.faults.extend(faults);
    }

    /// The day that a weekday belongs to: "Friday, 18 July", "18 July (Friday)", "the 18th, a Friday".
    fn date_beside(&self, weekday: &Range<usize>) -> Option<Date> {
        let text = &self.sentence.typed;
        let is_beside = |range: &Range<usize>| {
            let before = text.get(weekday.end..range.start);
            let after = text.get(range.end..weekday.start);
            before.is_some_and(|between| matches!(between.trim(), "" | "," | "the" | ", the" | "("))
                || after.is_some_and(|between| matches!(between.trim(), "(" | "(a" | ", a" | "," | "was a" | "– a"))
        };
        let (_, dated) = self.masked.dates.iter().find(|(range, _)| is_beside(range))?;
        self.day_of(*dated)
    }

    /// The one day of the rows, or of the period, that a date must be.
    fn day_of(&self, dated: Dated) -> Option<Date> {
        let mut days = self.basis.lexicon.days.iter().map(|(day, _)| *day);
        let of_rows = days.find(|day| dated.is(*day));
        let year = dated.year.unwrap_or(self.basis.evidence.period.start.year());
        of_rows.or_else(|| Date::new(year, dated.month, dated.day?).ok())
    }

    /// Whether the cells used are of days, and none of them is this day of the week.
    fn uses_only_other_days(&self, said: Weekday) -> bool {
        let mut days = self.basis.cells.iter().filter_map(|at| day_of(&at.row.key)).peekable();
        days.peek().is_some() && days.all(|day| day.weekday() != said)
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    const DAYS: [(&str, Weekday); 7] = [
        ("Monday", Weekday::Monday),
        ("Tuesday", Weekday::Tuesday),
        ("Wednesday", Weekday::Wednesday),
        ("Thursday", Weekday::Thursday),
        ("Friday", Weekday::Friday),
        ("Saturday", Weekday::Saturday),
        ("Sunday", Weekday::Sunday),
    ];
    DAYS.iter().find(|(known, _)| *known == name).map(|(_, day)| *day)
}
