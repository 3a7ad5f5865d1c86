//! All six evidences of one data set, each within its token budget.

use serde_json::{Map, Value};

use super::basis::basis;
use super::charts::{self, Charts};
use super::context::Context;
use super::draft::number_rows;
use super::pipe::tokens;
use super::sections::sections;
use super::{Column, Evidence, Role, Table, TableKind, cohorts, daily, gate, geographic, quality, revenue, segments};
use crate::data::Dataset;
use crate::insight::Analyst;

/// How much of the data an analyst gets to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Rows per table of entities, `AGGREGATION_LIMIT`; never below 10.
    pub row_limit: usize,
    /// Tokens of all tables of one analyst.
    pub token_budget: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            row_limit: 15,
            token_budget: 2_000,
        }
    }
}

/// The six evidences in the order of `Analyst::ALL`; the same data give the same bytes.
pub fn build(dataset: &Dataset, options: &Options) -> Vec<Evidence> {
    Analysis::of(dataset, options).evidence()
}

/// What all that is made of one data set shares: its daily series, and what was found in them.
pub struct Analysis<'data> {
    context: Context<'data>,
    token_budget: usize,
}

impl<'data> Analysis<'data> {
    pub fn of(dataset: &'data Dataset, options: &Options) -> Self {
        Self {
            context: Context::new(dataset, options),
            token_budget: options.token_budget,
        }
    }

    /// The six evidences in the order of `Analyst::ALL`, computed side by side.
    pub fn evidence(&self) -> Vec<Evidence> {
        evidences(&self.context, self.token_budget)
    }

    pub fn charts(&self) -> Charts {
        charts::charts(&self.context)
    }

    /// The section objects of one analyst in `child_insights.json`.
    pub fn sections(&self, evidence: &Evidence) -> Map<String, Value> {
        let context = self.context.with_rows(Options::default().row_limit);
        sections(evidence.analyst, evidence, &context)
    }
}

fn evidences(context: &Context, token_budget: usize) -> Vec<Evidence> {
    std::thread::scope(|scope| {
        let tasks: Vec<_> = Analyst::ALL
            .into_iter()
            .map(|analyst| scope.spawn(move || within_budget(context, token_budget, analyst)))
            .collect();
        tasks
            .into_iter()
            .map(|task| task.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn within_budget(context: &Context, token_budget: usize, analyst: Analyst) -> Evidence {
    let mut evidence = one(context, analyst);
    gate::pass(&mut evidence, context.dataset);
    if tokens(&evidence) > token_budget && context.row_limit > LEAST_ROWS {
        evidence = one(&context.with_rows(LEAST_ROWS), analyst);
        gate::pass(&mut evidence, context.dataset);
    }
    // With ids, which count too; again after rows have gone.
    number_rows(evidence.tables.iter_mut(), letter(analyst));
    evidence.more = fit(&mut evidence, token_budget);
    evidence.more.sort_by_key(|table| (table.id.len(), table.id.clone()));
    let Evidence { tables, more, .. } = &mut evidence;
    number_rows(tables.iter_mut().chain(more.iter_mut()), letter(analyst));
    for table in tables.iter_mut().chain(more) {
        table.basis = Some(basis(context, table));
    }
    evidence
}

/// Fewer rows of entities lose too many facts.
const LEAST_ROWS: usize = 10;

/// Tables that go when the budget is short, the first one first. Totals and unusual days always stay.
const DISPENSABLE: [&str; 22] = [
    "R6", "D7", "R7", "S8", "S9", "G4", "G3", "S5", "R9", "R8", "S7", "S4", "S6", "S11", "C4", "C5", "C6", "D5", "R4",
    "S3", "D4", "S10",
];

/// These are tables of another analyst under a second name.
const TOLD_TWICE: [&str; 3] = ["R6", "R7", "S8"];

/// The notes that stay in any case: the window, the rows, the censoring.
const LEAST_NOTES: usize = 5;

/// Tables of days are cut to the first length before any table goes; no table is cut below the last.
const SHORT_ROWS: [usize; 3] = [7, 5, 3];

fn one(context: &Context, analyst: Analyst) -> Evidence {
    match analyst {
        Analyst::DailyMetrics => daily::evidence(context),
        Analyst::UserSegmentation => segments::evidence(context),
        Analyst::Geographic => geographic::evidence(context),
        Analyst::CohortRetention => cohorts::evidence(context),
        Analyst::RevenueOptimization => revenue::evidence(context),
        Analyst::DataQuality => quality::evidence(context),
        // An added analyst reads tables of the six: see `own`.
        Analyst::Own(_) => context.header(analyst),
    }
}

fn letter(analyst: Analyst) -> char {
    match analyst {
        Analyst::DailyMetrics => 'd',
        Analyst::UserSegmentation => 's',
        Analyst::Geographic => 'g',
        Analyst::CohortRetention => 'c',
        Analyst::RevenueOptimization => 'r',
        Analyst::DataQuality => 'q',
        Analyst::Own(_) => 'x',
    }
}

/// Drops what matters least until the text fits: old days and weeks, dispensable tables, rows, previous shares, notes. The tables that
/// had to go come back, unless another analyst has the same.
fn fit(evidence: &mut Evidence, budget: usize) -> Vec<Table> {
    let mut gone = Vec::new();
    let fits = |evidence: &Evidence| tokens(evidence) <= budget;
    if fits(evidence) {
        return gone;
    }
    for table in &mut evidence.tables {
        if table.kind == TableKind::Days {
            let old = table.rows.len().saturating_sub(SHORT_ROWS[0]);
            table.rows.drain(..old);
        }
    }
    for table in &mut evidence.tables {
        drop_columns(table, |column| {
            column.name.ends_with("_low_95") || column.name.ends_with("_high_95")
        });
    }
    if !fits(evidence) {
        for table in evidence
            .tables
            .iter_mut()
            .filter(|table| table.kind == TableKind::Entities)
        {
            drop_columns(table, |column| column.name == "revenue_per_user_previous");
        }
    }
    for id in DISPENSABLE {
        if fits(evidence) {
            return gone;
        }
        let place = evidence.tables.iter().position(|table| table.id == id);
        let table = place.map(|place| evidence.tables.remove(place));
        gone.extend(table.filter(|_| !TOLD_TWICE.contains(&id)));
    }
    for rows in SHORT_ROWS {
        for index in (0..evidence.tables.len()).rev() {
            if fits(evidence) {
                return gone;
            }
            shorten(&mut evidence.tables[index], rows);
        }
    }
    if !fits(evidence) {
        for table in &mut evidence.tables {
            drop_columns(table, |column| column.role == Role::PreviousShare);
        }
    }
    while !fits(evidence) && evidence.notes.len() > LEAST_NOTES {
        evidence.notes.pop();
    }
    gone
}

fn drop_columns(table: &mut Table, goes: impl Fn(&Column) -> bool) {
    let dropped: Vec<bool> = table.columns.iter().map(goes).collect();
    let mut drop = dropped.iter();
    table.columns.retain(|_| drop.next() != Some(&true));
    for row in &mut table.rows {
        let mut drop = dropped.iter();
        row.cells.retain(|_| drop.next() != Some(&true));
    }
}

fn shorten(table: &mut Table, rows: usize) {
    if table.kind == TableKind::Totals {
        return;
    }
    if table.kind == TableKind::Days {
        let old = table.rows.len().saturating_sub(rows);
        table.rows.drain(..old);
        return;
    }
    if table.rows.iter().any(|row| row.summary) {
        // `Other (n)` counts what the ten rows leave out; cutting further would make it untrue.
        return;
    }
    table.rows.truncate(rows);
}
