//! What the data gate means for each analyst: who may speak, with which caveats, and which cells a caveat follows.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{At, Evidence, Role, Table, TableKind, Unit};
use crate::data::{Dataset, Field, GateCheck, Part, Ruling};
use crate::insight::Analyst;

/// Something that a reader of a figure must know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Caveat {
    /// The check that found it: `missing_days`.
    pub check: String,
    pub field: Field,
    pub text: String,
    /// The days that it is about; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Date>,
}

/// What one analyst may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub analyst: Analyst,
    pub verdict: Ruling,
    /// Why it is refused, or what must be said.
    pub because: Vec<String>,
}

/// One verdict an analyst, as their evidence has it.
pub fn verdicts(evidence: &[Evidence]) -> Vec<Verdict> {
    evidence
        .iter()
        .map(|evidence| {
            let caveats = || evidence.caveats.iter().map(|caveat| caveat.text.clone()).collect();
            let (verdict, because) = match &evidence.refused {
                Some(why) => (Ruling::Refuse, vec![why.clone()]),
                None if evidence.caveats.is_empty() => (Ruling::Run, Vec::new()),
                None => (Ruling::Caveat, caveats()),
            };
            Verdict {
                analyst: evidence.analyst,
                verdict,
                because,
            }
        })
        .collect()
}

/// Takes a refused analyst's tables away, and gives every other its caveats.
pub(super) fn pass(evidence: &mut Evidence, dataset: &Dataset) {
    let refusing = refusing(evidence.analyst, dataset);
    if !refusing.is_empty() {
        let why: Vec<&str> = refusing.iter().map(|check| check.text.as_str()).collect();
        let why = format!("refused by the data gate: {}", why.join("; "));
        evidence.tables.clear();
        evidence.gaps = vec![why.clone()];
        evidence.refused = Some(why);
        return;
    }
    if evidence.analyst == Analyst::DataQuality {
        return;
    }
    let mut caveats: Vec<Caveat> = Vec::new();
    for check in dataset.summary.gate.faults() {
        let caveat = Caveat {
            check: check.name.clone(),
            field: check.field.clone(),
            text: check.text.clone(),
            days: check.days.clone(),
        };
        if check.ruling == Ruling::Caveat && cells(evidence).any(|at| caveat.touches(&at)) {
            caveats.push(caveat);
        }
    }
    evidence.caveats = caveats;
}

/// The checks that keep an analyst from speaking at all. What is left without one field may still be worth reading.
fn refusing(analyst: Analyst, dataset: &Dataset) -> Vec<&GateCheck> {
    let gate = &dataset.summary.gate;
    let tables = &dataset.current;
    let fields: &[Field] = match analyst {
        Analyst::DailyMetrics if is_absent(&tables.revenue_by_date) => &[Field::Time, Field::User],
        Analyst::DailyMetrics | Analyst::Own(_) => &[Field::Time],
        Analyst::Geographic if is_absent(&tables.revenue_by_country) => &[Field::Time, Field::Country, Field::User],
        Analyst::Geographic => &[Field::Time, Field::Country],
        Analyst::UserSegmentation | Analyst::CohortRetention => &[Field::Time, Field::User],
        Analyst::RevenueOptimization => &[Field::Time, Field::Revenue],
        Analyst::DataQuality => &[],
    };
    gate.checks
        .iter()
        .filter(|check| check.ruling == Ruling::Refuse && fields.contains(&check.field))
        .collect()
}

fn is_absent<T>(part: &Part<T>) -> bool {
    matches!(part, Part::Absent(_))
}

fn cells(evidence: &Evidence) -> impl Iterator<Item = At<'_>> {
    evidence.tables.iter().flat_map(|table| {
        table.rows.iter().flat_map(move |row| {
            let cells = table.columns.iter().zip(&row.cells);
            cells.map(move |(column, cell)| At {
                table,
                row,
                column,
                cell,
            })
        })
    })
}

impl Evidence {
    /// The caveats that follow a statement on these cells, each once.
    pub fn caveats_of(&self, cells: &[At<'_>]) -> Vec<&Caveat> {
        let mut found: Vec<&Caveat> = Vec::new();
        for caveat in &self.caveats {
            let told = found.iter().any(|other| other.text == caveat.text);
            if !told && cells.iter().any(|at| caveat.touches(at)) {
                found.push(caveat);
            }
        }
        found
    }

    /// How far figures on these cells can be trusted, 0..1: a day that is not over costs less than a check that failed.
    pub fn trust(&self, cells: &[At<'_>]) -> f64 {
        let of = |caveat: &Caveat| if caveat.check == "partial_last_day" { 0.9 } else { 0.8 };
        self.caveats_of(cells).into_iter().map(of).fold(1.0, f64::min)
    }
}

impl Caveat {
    /// Whether a cell is computed from the field.
    pub fn touches(&self, at: &At<'_>) -> bool {
        if at.table.kind == TableKind::Quality || at.column.role == Role::Key {
            return false;
        }
        if !self.days.is_empty() && !self.touches_days(at) {
            return false;
        }
        match &self.field {
            Field::Time => at.exact().is_some(),
            Field::Revenue => *at.unit() == Unit::Money || speaks_of(at, &["revenue", "pay", "refund", "spend"]),
            Field::User => {
                at.table.kind == TableKind::Cohorts
                    || speaks_of(
                        at,
                        &["user", "dau", "retention", "cohort", "conver", "pay", "churn", "arpu"],
                    )
            }
            Field::Country => has_key(at.table, &["countr"]),
            Field::Column(name) => {
                let name = name.to_lowercase();
                speaks_of(at, &[&name]) || has_key(at.table, &[&name])
            }
        }
    }

    /// A row of another day stays as it is; a figure of the whole period holds all its days.
    fn touches_days(&self, at: &At<'_>) -> bool {
        match at.table.kind {
            TableKind::Days | TableKind::Anomalies => self.days.iter().any(|day| at.row.key.contains(&day.to_string())),
            _ => matches!(
                at.column.role,
                Role::Current | Role::Change | Role::ChangePoints | Role::Share | Role::Deviation | Role::Z
            ),
        }
    }
}

/// Whether the measure of a cell has one of the words in its name.
fn speaks_of(at: &At<'_>, words: &[&str]) -> bool {
    let of_row = match at.column.unit {
        Unit::OfRow => at.row.key.as_str(),
        _ => "",
    };
    let names = [at.column.of.as_str(), at.column.label.as_str(), of_row].map(str::to_lowercase);
    words.iter().any(|word| names.iter().any(|name| name.contains(word)))
}

fn has_key(table: &Table, words: &[&str]) -> bool {
    let key = table.columns.iter().find(|column| column.role == Role::Key);
    let names = [table.title.as_str(), key.map_or("", |key| key.label.as_str())].map(str::to_lowercase);
    words.iter().any(|word| names.iter().any(|name| name.contains(word)))
}
