//! The appendix of the report: every table that a model saw, how columns were read, the calls, the command that makes it again.

use std::fmt::Write as _;

use crate::evidence::{Cell, Evidence, Table, Unit};

use super::Facts;
use super::basis::{basis, listing};
use super::parts::{plain, plain_number, table, thousands};

pub(super) fn appendix(facts: &Facts<'_>) -> String {
    let mut text = "## Appendix\n\n### Evidence\n".to_owned();
    let mut shown: Vec<&str> = Vec::new();
    for evidence in facts.evidence {
        for table in evidence.all_tables() {
            // An added analyst reads tables of the others.
            if shown.contains(&table.id.as_str()) {
                continue;
            }
            shown.push(&table.id);
            let _ = write!(text, "\n{}", evidence_table(evidence, table));
        }
    }
    let _ = write!(text, "\n### How the columns were read\n\n{}", mapping(facts));
    let _ = write!(text, "\n### Calls\n\n{}", calls(facts));
    let _ = write!(
        text,
        "\n### Make it again\n\n```sh\n{}\n```",
        facts.command.replace("```", "")
    );
    text
}

fn evidence_table(evidence: &Evidence, facts: &Table) -> String {
    let mut head = vec!["Id".to_owned()];
    head.extend(facts.columns.iter().map(|column| plain(&column.label)));
    let mut right = vec![false];
    right.extend(
        facts
            .columns
            .iter()
            .map(|column| !matches!(column.unit, Unit::Text | Unit::Date)),
    );
    let rows: Vec<Vec<String>> = facts
        .rows
        .iter()
        .map(|row| {
            let cells = row.cells.iter().map(|cell| match cell {
                Cell::Number { shown, .. } => plain_number(shown),
                Cell::Text(text) => plain(text),
                Cell::Day(day) => day.to_string(),
                Cell::Missing(_) => "–".to_owned(),
            });
            std::iter::once(row.id.clone()).chain(cells).collect()
        })
        .collect();
    let mut stands_on = String::new();
    for (name, words) in basis(evidence, facts) {
        let _ = writeln!(stands_on, "- {name}: {}", plain(&words));
    }
    format!(
        "**{} {}** ({}; {})\n\n{}\n{stands_on}",
        facts.id,
        plain(&facts.title),
        evidence.analyst.title().to_lowercase(),
        plain(&listing(evidence, facts)),
        table(&head, &right, &rows)
    )
}

fn mapping(facts: &Facts<'_>) -> String {
    if facts.source.mapping.is_empty() {
        return "The tables were read from the run directory as an upstream pipeline left them.\n".to_owned();
    }
    let head = ["Role", "Column", "Why"].map(str::to_owned);
    let rows: Vec<Vec<String>> = facts
        .source
        .mapping
        .iter()
        .map(|mapped| vec![plain(&mapped.role), plain(&mapped.column), plain(&mapped.reason)])
        .collect();
    table(&head, &[false; 3], &rows)
}

fn calls(facts: &Facts<'_>) -> String {
    let head = [
        "Call",
        "Status",
        "Model",
        "Attempts",
        "Tokens in",
        "Tokens out",
        "Cost (USD)",
    ]
    .map(str::to_owned);
    let rows: Vec<Vec<String>> = facts
        .council
        .calls
        .iter()
        .map(|call| {
            let model = match (&call.provider, &call.model) {
                (Some(provider), Some(model)) => format!("{provider}:{model}"),
                _ => "–".to_owned(),
            };
            vec![
                plain(&call.role),
                if call.cached {
                    format!("{} (cached)", call.status)
                } else {
                    call.status.clone()
                },
                plain(&model),
                call.attempts.to_string(),
                thousands(call.input_tokens),
                thousands(call.output_tokens),
                call.cost_usd
                    .map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4}")),
            ]
        })
        .collect();
    table(&head, &[false, false, false, true, true, true, true], &rows)
}
