//! Dates and periods: a value must be of the time that the sentence says.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::evidence::{Cell, Role};

use super::basis::{Quantity, Time};
use super::number::{Bare, Kind};
use super::reason::Reason;
use super::verify::{Judge, comparable, pattern};
use super::words;

static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:previous(?:ly)?|prior|before|earlier|last (?:period|week|month|quarter|year)|preceding|formerly|used to|ago|had been|versus|vs\.?|against|compared (?:with|to)|than|(?:from|after|down on|up on) (?:about |roughly |around )?[$€£~]?[\d\x{fffc}])",
    )
});

impl Judge<'_, '_> {
    pub(super) fn dates(&mut self) {
        let evidence = self.basis.evidence;
        let mut known: Vec<Date> = vec![evidence.period.start, evidence.period.end];
        if let Some(previous) = evidence.previous_period {
            known.extend([previous.start, previous.end]);
        }
        let mut listed = Vec::new();
        for table in &evidence.tables {
            for row in &table.rows {
                let days: Vec<Date> = row
                    .cells
                    .iter()
                    .filter_map(|cell| match cell {
                        Cell::Day(day) => Some(*day),
                        _ => None,
                    })
                    .chain(row.key.parse().ok())
                    .chain(format!("{}-01", row.key).parse().ok())
                    .collect();
                if self.basis.rows.contains(&row.id) {
                    known.extend(&days);
                }
                listed.extend(days);
            }
        }
        for dated in &self.masked.dates {
            if known.iter().any(|date| dated.is(*date)) {
                continue;
            }
            let message = format!(
                "the text names a date ({}-{}) that none of the rows used has; use {{{{date:…}}}}",
                dated.month,
                dated.day.map_or_else(|| "?".to_owned(), |day| day.to_string())
            );
            self.out.faults.push(if listed.iter().any(|date| dated.is(*date)) {
                Reason::contradicted("date", message)
            } else {
                Reason::unsupported("date", message)
            });
        }
    }

    /// A previous value that nothing in the sentence calls previous.
    pub(super) fn stale(&self, bare: &Bare, right: &[&Quantity]) -> Option<Reason> {
        let clause = self.clause(bare.start, bare.end);
        let only_before = right.iter().all(|quantity| quantity.time == Time::Before);
        (only_before && !BEFORE.is_match(clause)).then(|| {
            Reason::contradicted(
                "period",
                format!("\"{}\" is the previous value, not the current one", bare.raw),
            )
        })
    }

    fn clause(&self, start: usize, end: usize) -> &str {
        let text = &self.masked.text;
        let from = text[..start].rfind([';', '(']).map_or(0, |at| at + 1);
        let until = text[end..].find([';', ')']).map_or(text.len(), |at| end + at);
        &text[from..until]
    }

    /// "from A to B": A is the previous value, B the current one; "A in the previous period" is the previous one.
    pub(super) fn order_of_times(&mut self, found: &[Bare]) {
        static FROM: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)\b(?:from|after|versus|vs\.?|compared (?:with|to)|against|down on|up on)\s*(?:about |roughly )?$",
            )
        });
        static LAST: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^[^.;,()]{0,14}\b(?:(?:in|during) the (?:previous|prior|preceding) period|last (?:period|week|month)|previously|before|a (?:period|week|month) (?:ago|earlier))\b",
            )
        });
        static PREVIOUSLY: LazyLock<Regex> = LazyLock::new(|| {
            pattern(
                r"(?i)^\s*(?:previously|before|in the (?:previous|prior|preceding) period|last (?:period|week|month)|earlier)\b",
            )
        });
        static TO: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)\b(?:to|now at|reached|at)\s*(?:about |roughly )?$"));
        static MOVED: LazyLock<Regex> =
            LazyLock::new(|| pattern(r"(?i)\b(?:from|after|to|rose|fell|increased|decreased|grew|dropped)\b"));
        let text = self.masked.text.clone();
        let opens = PREVIOUSLY.is_match(&text) && found.len() == 1 && !MOVED.is_match(&text);
        for bare in found {
            let (before, after) = (&text[..bare.start], &text[bare.end..]);
            let says_before =
                FROM.is_match(before) && !before.ends_with("compared to ") || LAST.is_match(after) || opens;
            let says_now = TO.is_match(before) && (text.contains("from") || words::directions(before).len() == 1);
            let times: BTreeSet<bool> = self
                .basis
                .quantities
                .iter()
                .filter(|quantity| comparable(&bare.kind, &quantity.kind) && bare.fits(quantity.value))
                .filter(|quantity| quantity.time != Time::Neither)
                .map(|quantity| quantity.time == Time::Before)
                .collect();
            let has_both = self
                .basis
                .quantities
                .iter()
                .any(|quantity| quantity.time == Time::Before);
            if !has_both || times.len() != 1 {
                continue;
            }
            if says_before && times.contains(&false) && bare.kind != Kind::Times {
                self.fault(Reason::contradicted(
                    "period",
                    format!("\"{}\" is the current value, not the previous one", bare.raw),
                ));
            } else if says_now && !says_before && times.contains(&true) {
                self.fault(Reason::contradicted(
                    "period",
                    format!("\"{}\" is the previous value, not the current one", bare.raw),
                ));
            }
        }
    }

    /// A rendered previous value is not "now".
    pub(super) fn periods(&mut self) {
        let roles: BTreeSet<bool> = self
            .sentence
            .pieces
            .iter()
            .filter(|piece| piece.cells.len() == 1)
            .filter_map(|piece| self.basis.evidence.at(piece.cells.first()?))
            .filter(|at| matches!(at.column.role, Role::Current | Role::Previous))
            .map(|at| at.column.role == Role::Previous)
            .collect();
        let text = &self.masked.text;
        if roles.len() == 1
            && roles.contains(&true)
            && !BEFORE.is_match(text)
            && !text.to_lowercase().contains("expected")
        {
            self.fault(Reason::unsupported(
                "period",
                "a previous value is shown as if it were the current one",
            ));
        }
    }
}
