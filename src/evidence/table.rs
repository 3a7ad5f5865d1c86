//! The evidence model: tables whose every cell has an address (`g3.revenue`), a unit, an exact and a shown value.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Caveat;
use crate::data::Window;
use crate::insight::Analyst;

use super::CHANGED_Z;

/// What a number counts. Decides which operations are legal and how it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A count of something: `Count("users")`.
    Count(String),
    /// Money in the evidence's currency.
    Money,
    /// 0..100.
    Percent,
    /// A difference of two percentages.
    PercentagePoints,
    Ratio,
    Days,
    Minutes,
    /// A standard score.
    Z,
    Date,
    Text,
    /// Each row has a unit of its own (a table of totals): see `Row::unit`.
    OfRow,
}

/// What a column says about its measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Key,
    Current,
    Previous,
    /// Relative change in percent, from the previous to the current value.
    Change,
    /// Difference in percentage points.
    ChangePoints,
    Share,
    PreviousShare,
    Expected,
    /// Deviation from the expected value in percent.
    Deviation,
    Z,
    Note,
}

/// Whether more is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Good {
    Up,
    Down,
    Neither,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Snake case, unique in its table: `revenue`, `revenue_previous`, `revenue_change_pct`, `revenue_z`.
    pub name: String,
    /// What a reader calls it: `net revenue`.
    pub label: String,
    pub unit: Unit,
    pub decimals: u8,
    pub role: Role,
    /// The `Current` column that this one is about; the column's own name for `Current`.
    pub of: String,
    pub good: Good,
    /// Rows may be added up.
    pub additive: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    Number {
        exact: f64,
        shown: String,
    },
    Day(Date),
    Text(String),
    /// Why there is no value; an immature cohort is not 0.
    Missing(String),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// `<letter><n>`, unique per analyst, stable for identical data: `g3`.
    pub id: String,
    /// The name a reader sees: `Brazil`, `2025-03-14`, `daily active users`.
    pub key: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The unit of this row's `OfRow` columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// The polarity of this row's `OfRow` columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<Good>,
    /// The observations behind the row (users, orders); small rows are not reportable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<f64>,
    /// `Other (n)` and `Total` rows: citable, but no entity of their own.
    #[serde(default)]
    pub summary: bool,
    /// A score of the row reaches what its table asks for, and enough observations stand behind it.
    #[serde(default)]
    pub significant: bool,
    /// One per column, in order; the key column included as text or day.
    pub cells: Vec<Cell>,
}

/// What a table is about; decides which finding a change in it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// One row per metric, with its own unit.
    Totals,
    /// One row per day.
    Days,
    /// One row per unusual day and metric.
    Anomalies,
    /// One row per entity (country, segment, product).
    Entities,
    Cohorts,
    /// One row per check or field.
    Quality,
    /// Shares of revenue, concentration.
    Concentration,
}

/// How many scores of a table were tested, and what it takes to be more than luck among so many.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tested {
    pub n: usize,
    pub kept: usize,
    /// The smallest |z| that was kept, or that would have been.
    pub least_z: f64,
}

/// Who or what a table counts, and how often: figures of one name are one figure only where this is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Population {
    /// Every row of the period, and every user once.
    All,
    /// Users with an id, each once, and what their rows hold.
    KnownUsers,
    /// Users of two rows count in both; what a row of the source holds counts once.
    UsersOfEachRow,
    /// The users of one row of another table.
    UsersOfOneRow,
    /// Users whose first day lies in the period, each once.
    NewUsers,
    Payments,
}

impl Population {
    pub fn words(self) -> &'static str {
        match self {
            Self::All => "all rows and all users of the period, each once",
            Self::KnownUsers => "the users with an id, each once",
            Self::UsersOfEachRow => "the users of each row; who belongs to two rows counts in both",
            Self::UsersOfOneRow => "the users of one row of another table",
            Self::NewUsers => "the new users, each once",
            Self::Payments => "the payments",
        }
    }
}

/// What a table stands on, beyond its definition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Basis {
    pub period: Option<Window>,
    pub previous_period: Option<Window>,
    /// Rows of the source and users in the period; unknown where only tables were left.
    pub rows: Option<u64>,
    pub users: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub population: Option<Population>,
    /// What does not count.
    pub exclusions: Vec<String>,
    /// What cannot be known yet, or not any more.
    pub censoring: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// `G1`.
    pub id: String,
    pub title: String,
    pub kind: TableKind,
    /// Rows before the limit.
    pub total_rows: usize,
    /// How rows were chosen and ordered, in words.
    pub order_rule: String,
    /// How the metrics are defined, in words.
    pub definition: String,
    /// None where no score was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tested: Option<Tested>,
    /// Filled for tables that were computed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
}

/// The facts that one analyst may cite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub analyst: Analyst,
    pub period: Window,
    pub previous_period: Option<Window>,
    /// ISO code or symbol; none when unknown.
    pub currency: Option<String>,
    pub timezone: String,
    /// Header facts: rows and users scanned, exclusions, censoring, coverage.
    pub notes: Vec<String>,
    /// What this analyst lacks (no country column, no revenue), in words a reader understands.
    pub gaps: Vec<String>,
    /// The share of the window's days that hold complete data, 0..1.
    pub completeness: f64,
    /// What must be said with a statement on the fields that they name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caveats: Vec<Caveat>,
    /// Why the data gate keeps this analyst from speaking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    pub tables: Vec<Table>,
    /// Tables for which the analyst's prompt has no room: a reader sees them, no finding cites them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<Table>,
}

/// One cell with everything needed to check or render it.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    pub table: &'a Table,
    pub row: &'a Row,
    pub column: &'a Column,
    pub cell: &'a Cell,
}

impl At<'_> {
    pub fn unit(&self) -> &Unit {
        match &self.column.unit {
            Unit::OfRow => self.row.unit.as_ref().unwrap_or(&Unit::Ratio),
            unit => unit,
        }
    }

    pub fn good(&self) -> Good {
        match self.column.unit {
            Unit::OfRow => self.row.good.unwrap_or(Good::Neither),
            _ => self.row.good.unwrap_or(self.column.good),
        }
    }

    pub fn exact(&self) -> Option<f64> {
        match self.cell {
            Cell::Number { exact, .. } => Some(*exact),
            _ => None,
        }
    }

    /// The value as the model and the reader see it; a dash where there is none.
    pub fn shown(&self) -> String {
        match self.cell {
            Cell::Number { shown, .. } => shown.clone(),
            Cell::Day(day) => day.to_string(),
            Cell::Text(text) => text.clone(),
            Cell::Missing(_) => "–".to_owned(),
        }
    }
}

impl Table {
    /// The |z| from which a change of this table counts.
    pub fn least_z(&self) -> f64 {
        self.tested.map_or(CHANGED_Z, |tested| tested.least_z)
    }

    pub fn column(&self, name: &str) -> Option<(usize, &Column)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// The column that plays `role` for the measure `of`.
    pub fn companion(&self, of: &str, role: Role) -> Option<&Column> {
        self.columns
            .iter()
            .find(|column| column.of == of && column.role == role)
    }

    pub fn at<'a>(&'a self, row: &'a Row, name: &str) -> Option<At<'a>> {
        let (index, column) = self.column(name)?;
        Some(At {
            table: self,
            row,
            column,
            cell: row.cells.get(index)?,
        })
    }
}

impl Evidence {
    /// No facts yet.
    pub fn empty(analyst: Analyst, period: Window) -> Self {
        Self {
            analyst,
            period,
            previous_period: None,
            currency: None,
            timezone: "UTC".to_owned(),
            notes: Vec::new(),
            gaps: Vec::new(),
            completeness: 1.0,
            caveats: Vec::new(),
            refused: None,
            tables: Vec::new(),
            more: Vec::new(),
        }
    }

    pub fn table(&self, id: &str) -> Option<&Table> {
        self.all_tables().find(|table| table.id == id)
    }

    /// The tables of the prompt and those beyond it.
    pub fn all_tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().chain(&self.more)
    }

    /// The row with this id, in whichever table.
    pub fn row(&self, id: &str) -> Option<(&Table, &Row)> {
        self.tables
            .iter()
            .find_map(|table| Some((table, table.rows.iter().find(|row| row.id == id)?)))
    }

    /// The cell at `g3.revenue`.
    pub fn at(&self, address: &str) -> Option<At<'_>> {
        let (row_id, column) = address.split_once('.')?;
        let (table, row) = self.row(row_id)?;
        table.at(row, column)
    }

    /// True when there is not a single row to speak of.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(|table| table.rows.is_empty())
    }
}
