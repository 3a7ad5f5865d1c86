//! Tables of totals: one row per metric, each with its own unit, this period against the previous one.

use super::draft::{About, Draft, Value};
use super::measure::{key, note};
use super::statistics::change_pct;
use super::{Column, Good, Role, Table, TableKind, Unit, show};

/// One metric of one window and the window before.
#[derive(Debug, Clone)]
pub(super) struct Total {
    pub(super) label: String,
    pub(super) unit: Unit,
    pub(super) decimals: u8,
    pub(super) good: Good,
    pub(super) current: Option<f64>,
    pub(super) previous: Option<f64>,
    pub(super) z: Option<f64>,
    pub(super) support: Option<f64>,
}

impl Total {
    pub(super) fn new(label: &str, unit: Unit, good: Good) -> Self {
        Self {
            label: label.to_owned(),
            decimals: show::decimals(&unit),
            unit,
            good,
            current: None,
            previous: None,
            z: None,
            support: None,
        }
    }

    pub(super) fn values(mut self, current: Option<f64>, previous: Option<f64>) -> Self {
        self.current = current;
        self.previous = previous;
        self
    }

    pub(super) fn z(mut self, z: Option<f64>) -> Self {
        self.z = z;
        self
    }

    pub(super) fn decimals(mut self, decimals: u8) -> Self {
        self.decimals = decimals;
        self
    }

    pub(super) fn support(mut self, support: Option<f64>) -> Self {
        self.support = support;
        self
    }

    pub(super) fn change(&self) -> Option<f64> {
        change_pct(self.current?, self.previous?)
    }

    pub(super) fn about(&self) -> About {
        About {
            key: self.label.clone(),
            unit: Some((self.unit.clone(), self.decimals)),
            good: Some(self.good),
            support: self.support,
            ..About::default()
        }
    }

    pub(super) fn cells(&self, with_points: bool) -> Vec<Value> {
        let mut values = vec![
            Value::text(&self.label),
            Value::or(self.current, "not known"),
            Value::or(self.previous, "no comparable previous value"),
            Value::or(self.change(), "no comparable previous value"),
        ];
        if with_points {
            let points = match (&self.unit, self.current, self.previous) {
                (Unit::Percent, Some(now), Some(before)) => Value::Number(now - before),
                _ => Value::Missing("only for percentages"),
            };
            values.push(points);
        }
        values.push(Value::or(self.z, "ordinary variation not known"));
        values
    }
}

/// `metric, current, previous, change_pct, z`, and `change_pp` where a metric is a percentage.
pub(super) fn columns(with_points: bool) -> Vec<Column> {
    let column = |name: &str, label: &str, unit: Unit, role: Role| Column {
        of: "current".to_owned(),
        ..note(name, label, unit, role)
    };
    let mut columns = vec![
        key("metric", "metric"),
        column("current", "this period", Unit::OfRow, Role::Current),
        column("previous", "previous period", Unit::OfRow, Role::Previous),
        column("change_pct", "change", Unit::Percent, Role::Change),
    ];
    if with_points {
        columns.push(column(
            "change_pp",
            "change in percentage points",
            Unit::PercentagePoints,
            Role::ChangePoints,
        ));
    }
    columns.push(column("z", "z of the change", Unit::Z, Role::Z));
    columns
}

/// Rows without a current value are left out.
pub(super) fn totals_table(id: &str, title: &str, definition: &str, totals: &[Total]) -> Option<Table> {
    let with_points = totals
        .iter()
        .any(|total| total.unit == Unit::Percent && total.current.is_some());
    let mut draft = Draft::new(id, title, TableKind::Totals, columns(with_points))
        .definition(definition)
        .order("fixed");
    for total in totals.iter().filter(|total| total.current.is_some()) {
        draft.row(total.about(), total.cells(with_points));
    }
    draft.finish()
}
