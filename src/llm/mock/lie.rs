//! Lies: a reply in which one statement is false in one way, and nothing else says so. What is left of it in a report is the fault of
//! whoever checked it.

use serde_json::{Value, json};

use super::answer::capital;
use super::facts::{Fact, Facts, is_summary};

macro_rules! lies {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// One way to be false.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Lie { $($variant),* }

        impl Lie {
            pub(super) const ALL: &[(&'static str, Self)] = &[$(($name, Self::$variant)),*];
        }
    };
}

lies! {
    BadReference = "bad_reference",
    BadAssert = "bad_assert",
    WrongDirection = "wrong_direction",
    TypedNumber = "typed_number",
    UnknownName = "unknown_name",
    SwappedRows = "swapped_rows",
    AdviceWithNumber = "advice_with_number",
    OrdinaryDay = "ordinary_day",
    TenTimes = "ten_times",
    WrongUnit = "wrong_unit",
    StalePeriod = "stale_period",
}

/// The reply with the lie in it; the reply itself where its tables give nothing to lie about.
pub(super) fn told(lie: Lie, reply: &str, prompt: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(reply) else {
        return reply.to_owned();
    };
    if value.get("findings").is_some() {
        specialist(lie, &mut value, prompt);
    } else if value.get("executive_summary").is_some() {
        coordinator(lie, &mut value, prompt);
    }
    value.to_string()
}

/// What the lie is about: a value that moved.
struct Subject<'a> {
    table: &'a Facts,
    row: &'a Fact,
    /// `users of {{g3}}`, or the name of a total.
    what: String,
    cell: String,
    before: Option<String>,
    now: f64,
    change: f64,
    z: f64,
}

const ADVICE: &str = "Win back the 12,400 users that were lost, as sales were $2.1M.";
const NOBODY: &str = "Atlantis";

fn specialist(lie: Lie, reply: &mut Value, prompt: &str) {
    if lie == Lie::AdviceWithNumber {
        if let Some(advice) = reply["recommendations"].as_array_mut() {
            advice.insert(0, json!({"text": ADVICE, "about": ["f1"]}));
        }
        return;
    }
    let tables = Facts::all(prompt);
    let subjects: Vec<Subject<'_>> = tables.iter().flat_map(subjects).collect();
    let Some(finding) = finding(lie, &subjects) else { return };
    let Some(findings) = reply["findings"].as_array_mut() else {
        return;
    };
    // In the place of the first one, under its id: what stands on it stands on the lie.
    match findings.first_mut() {
        Some(first) => *first = finding,
        None => findings.push(finding),
    }
}

fn finding(lie: Lie, subjects: &[Subject<'_>]) -> Option<Value> {
    let moved = subjects.iter().find(|subject| subject.z.abs() >= subject.table.least_z);
    let subject = moved.or(subjects.first())?;
    let Subject { what, cell, now, .. } = subject;
    let (verb, dir) = if subject.change > 0.0 {
        ("rose", "up")
    } else {
        ("fell", "down")
    };
    let (false_verb, false_dir) = if subject.change > 0.0 {
        ("fell", "down")
    } else {
        ("rose", "up")
    };
    let honest = json!([{"op": "change", "cell": cell, "dir": dir}]);
    let level = json!([{"op": "level", "cell": cell}]);
    let (text, asserts) = match lie {
        Lie::BadReference => (format!("{what} {verb} to {{{{x99.revenue}}}}."), honest),
        Lie::BadAssert => {
            let asserts = json!([{"op": "change", "cell": "x99.revenue", "dir": dir}]);
            (format!("{what} {{{{move:{cell}}}}}."), asserts)
        }
        Lie::WrongDirection => {
            let asserts = json!([{"op": "change", "cell": cell, "dir": false_dir}]);
            (format!("{what} {false_verb} to {{{{{cell}}}}}."), asserts)
        }
        Lie::TypedNumber => (
            format!("{what} {verb} to {{{{{cell}}}}}, 91.7 % of what was planned."),
            honest,
        ),
        Lie::UnknownName => (
            format!("{} of {NOBODY} {verb} to {{{{{cell}}}}}.", subject.measure()),
            honest,
        ),
        Lie::SwappedRows => (
            format!("{} {{{{move:{cell}}}}}.", subject.of_another(subjects)?),
            honest,
        ),
        Lie::OrdinaryDay => {
            let calm = subjects.iter().find(|subject| subject.z.abs() < 1.5)?;
            let text = format!("{} {{{{move:{}}}}}, a clear break.", calm.what, calm.cell);
            return Some(written(lie, &text, json!([])));
        }
        Lie::TenTimes => (format!("{what} came to {}.", grouped(now * 10.0)), level),
        Lie::WrongUnit => {
            let unit = if what.to_lowercase().contains("minutes") {
                "%"
            } else {
                "minutes"
            };
            (format!("{what} came to {} {unit}.", grouped(*now)), level)
        }
        Lie::StalePeriod => {
            let stale = subjects.iter().find(|subject| subject.before.is_some())?;
            let before = stale.before.as_deref()?;
            (format!("{} now stands at {{{{{before}}}}}.", stale.what), json!([]))
        }
        Lie::AdviceWithNumber => return None,
    };
    Some(written(lie, &text, asserts))
}

fn written(lie: Lie, text: &str, asserts: Value) -> Value {
    let kind = match lie {
        Lie::TenTimes | Lie::WrongUnit | Lie::StalePeriod => "level",
        _ => "change",
    };
    json!({
        "id": "f1", "kind": kind, "title": "A figure to look at", "text": capital(text), "asserts": asserts,
        "severity": "critical", "model_confidence": 1.0,
    })
}

/// The values of a table that have a change and a strength of it.
fn subjects(table: &Facts) -> Vec<Subject<'_>> {
    let mut out = Vec::new();
    for row in table.rows.iter().filter(|row| !is_summary(table.name(row))) {
        if table.kind == "totals" {
            let before = table.text(row, "previous").map(|_| format!("{}.previous", row.id));
            out.extend(subject(
                table,
                row,
                "current",
                ["change_pct", "z"],
                table.name(row).to_owned(),
                before,
            ));
            continue;
        }
        for measure in table.measures() {
            let what = format!("{} of {{{{{}}}}}", table.label(measure), row.id);
            let [change, z] = ["change_pct", "z"].map(|end| format!("{measure}_{end}"));
            let previous = format!("{measure}_previous");
            let before = table.text(row, &previous).map(|_| format!("{}.{previous}", row.id));
            out.extend(subject(table, row, measure, [&change, &z], what, before));
        }
    }
    out
}

fn subject<'a>(
    table: &'a Facts,
    row: &'a Fact,
    column: &str,
    [change, z]: [&str; 2],
    what: String,
    before: Option<String>,
) -> Option<Subject<'a>> {
    Some(Subject {
        now: table.number(row, column).filter(|now| *now >= 1.0)?,
        change: table.number(row, change).filter(|change| *change != 0.0)?,
        z: table.number(row, z)?,
        cell: format!("{}.{column}", row.id),
        table,
        row,
        what,
        before,
    })
}

impl Subject<'_> {
    fn measure(&self) -> &str {
        self.what.split(" of {{").next().unwrap_or(&self.what)
    }

    /// The words for another row of the same table.
    fn of_another(&self, subjects: &[Subject<'_>]) -> Option<String> {
        let other = subjects
            .iter()
            .find(|other| std::ptr::eq(other.table, self.table) && other.row.id != self.row.id)?;
        if self.table.kind == "totals" {
            return Some(other.what.clone());
        }
        Some(format!("{} of {{{{{}}}}}", self.measure(), other.row.id))
    }
}

/// One line of the brief: `F7 | geographic | high | text | …`.
fn told_findings(prompt: &str) -> Vec<(&str, &str)> {
    let lines = prompt.lines().filter_map(|line| {
        let mut parts = line.split(" | ");
        let id = parts.next().filter(|id| id.len() > 1 && id.starts_with('F'))?;
        let is_id = id[1..].chars().all(|digit| digit.is_ascii_digit());
        is_id.then_some((id, parts.nth(2)?))
    });
    lines.collect()
}

fn coordinator(lie: Lie, reply: &mut Value, prompt: &str) {
    let findings = told_findings(prompt);
    let Some((id, text)) = findings.first().copied() else {
        return;
    };
    if lie == Lie::AdviceWithNumber {
        let advice = json!({
            "action": ADVICE, "impact": "high", "effort": "small", "owner": "growth", "metric": "users",
            "check_after_days": 14, "about": [id],
        });
        if let Some(all) = reply["prioritized_recommendations"].as_array_mut() {
            all.insert(0, advice);
        }
        return;
    }
    let number = format!("{{{{{id}.n1}}}}");
    let (sentence, uses) = match lie {
        Lie::BadReference => ("{{F999}}.".to_owned(), "F999"),
        Lie::BadAssert => ("The period went better than any before.".to_owned(), "F999"),
        Lie::WrongDirection => (format!("{}.", turned(text)), id),
        Lie::TypedNumber => ("Sales reached 91.7 % of what was planned.".to_owned(), id),
        Lie::UnknownName => (format!("In {NOBODY}, the figure came to {number}."), id),
        Lie::SwappedRows => {
            let subjects = findings.iter().map(|(_, text)| subject_of(text));
            let Some(other) = subjects.into_iter().find(|other| !text.contains(other)) else {
                return;
            };
            (format!("{other} came to {number}."), id)
        }
        Lie::OrdinaryDay => ("On 29 February 2032, orders were far from usual.".to_owned(), id),
        Lie::TenTimes => (format!("In all, {} were counted.", grouped(987_654_321.0)), id),
        Lie::WrongUnit => (format!("It came to {number} percentage points."), id),
        Lie::StalePeriod => (format!("In the previous period it was {number}."), id),
        Lie::AdviceWithNumber => return,
    };
    if let Some(summary) = reply["executive_summary"].as_array_mut() {
        summary.insert(0, json!({"text": sentence, "uses": [uses]}));
    }
}

/// The subject of a finding with the opposite of what it did.
fn turned(text: &str) -> String {
    const PAIRS: [(&str, &str); 6] = [
        (" fell", "rose"),
        (" rose", "fell"),
        (" grew", "shrank"),
        (" shrank", "grew"),
        (" below", "far above what was expected"),
        (" above", "far below what was expected"),
    ];
    let found = PAIRS
        .iter()
        .filter_map(|(said, opposite)| Some((text.find(said)?, opposite)))
        .min();
    match found {
        Some((at, opposite)) if !text[..at].contains(|letter: char| letter.is_ascii_digit()) => {
            format!("{} {opposite}", &text[..at])
        }
        Some((_, opposite)) => format!("The figure {opposite}").replace("far", "came far"),
        None => "The figure rose and fell".to_owned(),
    }
}

/// What a finding is about: the words before its verb.
fn subject_of(text: &str) -> &str {
    const VERBS: [&str; 6] = [" rose", " fell", " grew", " shrank", " came to", " holds"];
    let end = VERBS.iter().filter_map(|verb| text.find(verb)).min();
    let subject = &text[..end.unwrap_or(text.len())];
    // "On 13 May, events": the day is not what it is about.
    subject.rsplit(", ").next().unwrap_or(subject)
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.round());
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
