//! The data gate: what must be known about a table before anybody is paid to read it. Each check measures one thing against two
//! thresholds; a field that fails is taken out with the reason. Knows fields, not who reads them.

mod apply;
mod arrivals;
mod cells;
mod ids;
mod money;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::facts::Facts;
use super::{DataError, Summary, Window};

pub(crate) use apply::apply;
pub(crate) use money::{MixedTotals, mixed_totals};

/// Shares of fewer rows say nothing.
const LEAST_ROWS: u64 = 200;

/// What a check says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    #[default]
    Run,
    /// Usable, but whoever cites the field must say this too.
    Caveat,
    /// The field does not hold what it is taken for.
    Refuse,
}

impl Ruling {
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Caveat => "run with caveat",
            Self::Refuse => "refuse",
        }
    }
}

/// What a check is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// When rows happened, and whether all of them are there.
    Time,
    User,
    Revenue,
    Country,
    /// Any other role, or a column that users are split by.
    Column(String),
}

impl Field {
    pub fn name(&self) -> &str {
        match self {
            Self::Time => "time",
            Self::User => "user",
            Self::Revenue => "revenue",
            Self::Country => "country",
            Self::Column(name) => name,
        }
    }

    fn of_role(role: &str) -> Self {
        match role {
            "time" => Self::Time,
            "user" => Self::User,
            "revenue" | "quantity" | "unit_price" | "currency" => Self::Revenue,
            "country" => Self::Country,
            other => Self::Column(other.to_owned()),
        }
    }
}

/// One check with what it measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateCheck {
    /// `row_id`, `missing_days` …
    pub name: String,
    pub field: Field,
    pub ruling: Ruling,
    /// In the unit of the thresholds.
    pub value: f64,
    /// The value from which on the check rules so; none where it never does.
    pub caveat_from: Option<f64>,
    pub refuse_from: Option<f64>,
    /// What was found, as a sentence without a full stop.
    pub text: String,
    /// What to do about it; empty when nothing needs to be done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The days that it is about; empty for the whole window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Date>,
}

/// All checks of one window, the gravest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    pub checks: Vec<GateCheck>,
}

impl Gate {
    /// The checks that found something.
    pub fn faults(&self) -> impl Iterator<Item = &GateCheck> {
        self.checks.iter().filter(|check| check.ruling != Ruling::Run)
    }

    pub fn refused(&self, field: &Field) -> Option<&GateCheck> {
        self.checks
            .iter()
            .find(|check| check.ruling == Ruling::Refuse && check.field == *field)
    }
}

/// From which value on a check rules, larger being worse.
#[derive(Debug, Clone, Copy)]
struct Limits {
    caveat: Option<f64>,
    refuse: Option<f64>,
}

impl Limits {
    fn both(caveat: f64, refuse: f64) -> Self {
        Self {
            caveat: Some(caveat),
            refuse: Some(refuse),
        }
    }

    fn caveat(caveat: f64) -> Self {
        Self {
            caveat: Some(caveat),
            refuse: None,
        }
    }

    fn refuse(refuse: f64) -> Self {
        Self {
            caveat: None,
            refuse: Some(refuse),
        }
    }

    fn rule(self, value: f64) -> Ruling {
        let reached = |limit: Option<f64>| limit.is_some_and(|limit| value >= limit);
        if reached(self.refuse) {
            Ruling::Refuse
        } else if reached(self.caveat) {
            Ruling::Caveat
        } else {
            Ruling::Run
        }
    }
}

fn check(name: &str, field: Field, value: f64, limits: Limits, text: String) -> GateCheck {
    GateCheck {
        name: name.to_owned(),
        field,
        ruling: limits.rule(value),
        value: super::quality::rounded(value),
        caveat_from: limits.caveat,
        refuse_from: limits.refuse,
        text,
        hint: String::new(),
        days: Vec::new(),
    }
}

impl GateCheck {
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    fn days(mut self, days: Vec<Date>) -> Self {
        self.days = days;
        self
    }
}

/// What the data are held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) window: Window,
    pub(crate) previous: Option<Window>,
    /// The day of the run, in the report's time zone.
    pub(crate) today: Date,
}

/// Makes every check that the data allow.
pub(crate) async fn judge(facts: &Facts, summary: &Summary, times: Times) -> Result<Gate, DataError> {
    let Times {
        window,
        previous,
        today,
    } = times;
    let mut checks = arrivals::checks(&facts.days, facts.covers, today, summary.partial_last_day, window);
    checks.extend(ids::checks(facts, summary).await?);
    checks.extend(cells::checks(facts, summary, window, previous));
    checks.extend(money::checks(facts, window).await?);
    // The order of the columns is no order of the checks: JSON records have none.
    checks.sort_by(|a, b| {
        let gravest = b.ruling.cmp(&a.ruling);
        gravest.then_with(|| (&a.name, &a.field, &a.text).cmp(&(&b.name, &b.field, &b.text)))
    });
    Ok(Gate { checks })
}

/// A share in percent; 0 of too few to say.
fn share(part: u64, whole: u64) -> f64 {
    if whole < LEAST_ROWS {
        0.0
    } else {
        part as f64 * 100.0 / whole as f64
    }
}

/// `12.5 %` of a share in percent.
fn shown_percent(percent: f64) -> String {
    if percent > 0.0 && percent < 0.05 {
        "less than 0.1 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// The first days by name, the others by their number.
fn listed(days: &[Date]) -> String {
    const NAMED: usize = 4;
    let named: Vec<String> = days.iter().take(NAMED).map(ToString::to_string).collect();
    match days.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
