//! What each table stands on: window, rows, what was left out, what cannot be known yet.

use super::context::Context;
use super::{Basis, Population, Table, TableKind, show};

pub(super) fn basis(context: &Context, table: &Table) -> Basis {
    let dataset = context.dataset;
    let summary = &dataset.summary;
    Basis {
        period: Some(dataset.window),
        previous_period: dataset.previous_window,
        rows: (summary.rows_used > 0).then_some(summary.rows_used),
        users: summary.totals.users,
        population: Some(population(table)),
        exclusions: exclusions(context, table),
        censoring: censoring(context, table),
    }
}

fn population(table: &Table) -> Population {
    match table.id.as_str() {
        "S1" | "S8" | "S11" | "R4" => Population::KnownUsers,
        "S2" | "S3" | "S4" | "S5" | "S7" | "R7" | "S9" | "G1" => Population::UsersOfEachRow,
        "G3" => Population::UsersOfOneRow,
        "R8" => Population::NewUsers,
        "R9" => Population::Payments,
        id if id.starts_with('C') => Population::NewUsers,
        _ => Population::All,
    }
}

fn exclusions(context: &Context, table: &Table) -> Vec<String> {
    let summary = &context.dataset.summary;
    let mut left_out = Vec::new();
    let mut rows = |n: u64, why: &str| {
        if n > 0 {
            left_out.push(format!("{} rows {why}", show::number(n as f64, 0)));
        }
    };
    if table.kind != TableKind::Quality {
        rows(summary.bad_rows, "that cannot be read");
        rows(summary.rows_without_time, "without a time");
        rows(summary.rows_without_user, "without a user id, from users");
    }
    if table.tested.is_some()
        && let Some(day) = summary.partial_last_day
    {
        left_out.push(format!("{day}, not complete, from scores"));
    }
    let small = table
        .rows
        .iter()
        .filter(|row| !row.summary && is_small(row.support))
        .count();
    if table.tested.is_some() && small > 0 {
        let rows = if small == 1 { "row" } else { "rows" };
        left_out.push(format!(
            "{small} {rows} of fewer than 30 observations, from what is reported"
        ));
    }
    left_out
}

fn is_small(support: Option<f64>) -> bool {
    support.is_some_and(|support| support < super::LEAST_SUPPORT)
}

fn censoring(context: &Context, table: &Table) -> Vec<String> {
    let mut unknown = Vec::new();
    let about_new = table.columns.iter().any(|column| column.name == "new_users")
        || table.rows.iter().any(|row| row.key == "new users")
        || table.kind == TableKind::Cohorts
        || table.id.starts_with('C');
    if about_new && let Some(days) = context.history_days().filter(|days| *days < 30) {
        unknown.push(format!(
            "the data begin {days} days before the period: users of before that only look new"
        ));
    }
    if table.id.starts_with('C') {
        unknown.push("cohorts younger than the day are left blank, never 0".to_owned());
    }
    if table.id == "S6" {
        unknown.push("later cohorts had less time to reach a stage".to_owned());
    }
    unknown
}
