//! Evidence put together from the tables of others: for an analyst that a pattern adds, and for a question about a finished run.

use crate::insight::Analyst;

use super::{Evidence, Table};

/// Names that are neither a table nor an analyst.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no evidence named {}; tables are {}", named.join(", "), known.join(", "))]
pub struct NoSuchTables {
    pub named: Vec<String>,
    pub known: Vec<String>,
}

/// The evidence of an added analyst: the named tables whole (`G1`), or all tables of an analyst (`geographic`).
/// Without names the first table of each analyst, which holds its totals. Row ids stay as they are: they differ between analysts.
///
/// A table that the data do not hold becomes a gap.
///
/// # Errors
/// None of the names exists.
pub fn own(analyst: Analyst, names: &[String], all: &[Evidence]) -> Result<Evidence, NoSuchTables> {
    let fixed = || all.iter().filter(|evidence| Analyst::ALL.contains(&evidence.analyst));
    let mut tables: Vec<&Table> = Vec::new();
    let mut unknown = Vec::new();
    if names.is_empty() {
        tables.extend(fixed().filter_map(|evidence| evidence.tables.first()));
    }
    for name in names {
        let of_analyst = fixed().find(|evidence| evidence.analyst.key() == name);
        let found: Vec<&Table> = match of_analyst {
            Some(evidence) => evidence.tables.iter().collect(),
            None => fixed().flat_map(|evidence| evidence.table(name)).collect(),
        };
        if found.is_empty() && of_analyst.is_none() {
            unknown.push(name.clone());
        }
        for table in found {
            if !tables.iter().any(|known| known.id == table.id) {
                tables.push(table);
            }
        }
    }
    let first = all.first().filter(|_| names.is_empty() || unknown.len() < names.len());
    let Some(first) = first else {
        return Err(NoSuchTables {
            named: unknown,
            known: fixed()
                .flat_map(|evidence| &evidence.tables)
                .map(|table| table.id.clone())
                .collect(),
        });
    };
    let mut evidence = joined(analyst, first, tables);
    evidence.gaps = unknown
        .iter()
        .map(|name| format!("this window has no table {name}"))
        .collect();
    Ok(evidence)
}

/// All tables of a run as one evidence, each once; none without any.
pub fn merged(all: &[Evidence]) -> Option<Evidence> {
    let first = all.first()?;
    let mut tables: Vec<&Table> = Vec::new();
    for table in all.iter().flat_map(|evidence| &evidence.tables) {
        if !tables.iter().any(|known| known.id == table.id) {
            tables.push(table);
        }
    }
    let mut evidence = joined(Analyst::named("run", "The run"), first, tables);
    for gap in all.iter().flat_map(|evidence| &evidence.gaps) {
        if !evidence.gaps.contains(gap) {
            evidence.gaps.push(gap.clone());
        }
    }
    Some(evidence)
}

fn joined(analyst: Analyst, first: &Evidence, tables: Vec<&Table>) -> Evidence {
    Evidence {
        analyst,
        gaps: Vec::new(),
        tables: tables.into_iter().cloned().collect(),
        more: Vec::new(),
        ..first.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(analyst: Analyst, tables: &[&str]) -> Evidence {
        let tables: Vec<serde_json::Value> = tables
            .iter()
            .map(|id| {
                serde_json::json!({
                    "id": id, "title": id, "kind": "totals", "total_rows": 0, "order_rule": "", "definition": "",
                    "columns": [], "rows": [],
                })
            })
            .collect();
        let day = "2025-03-01";
        let window = serde_json::json!({"start": day, "end": day});
        serde_json::from_value(serde_json::json!({
            "analyst": analyst, "period": window, "previous_period": null, "currency": null, "timezone": "UTC",
            "notes": [], "gaps": [format!("gap of {analyst}")], "completeness": 1.0, "tables": tables,
        }))
        .expect("an evidence")
    }

    fn all() -> Vec<Evidence> {
        vec![
            evidence(Analyst::DailyMetrics, &["D1", "D2"]),
            evidence(Analyst::Geographic, &["G1", "G2"]),
        ]
    }

    fn ids(evidence: &Evidence) -> Vec<&str> {
        evidence.tables.iter().map(|table| table.id.as_str()).collect()
    }

    fn asked(names: &[&str]) -> Result<Evidence, NoSuchTables> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        own(Analyst::named("ratings", ""), &names, &all())
    }

    #[test]
    fn tables_come_by_name_by_analyst_or_as_the_first_of_each() {
        assert_eq!(ids(&asked(&[]).expect("the first of each")), ["D1", "G1"]);
        assert_eq!(
            ids(&asked(&["geographic", "D2", "G1"]).expect("each once")),
            ["G1", "G2", "D2"]
        );
        let with_gap = asked(&["D1", "X9"]).expect("one of two");
        assert_eq!(with_gap.gaps, ["this window has no table X9"]);
        assert_eq!(asked(&["X9"]).expect_err("none of one").known, ["D1", "D2", "G1", "G2"]);
    }

    #[test]
    fn a_run_is_one_evidence_with_each_table_once() {
        let mut all = all();
        all.push(evidence(Analyst::named("ratings", ""), &["D1"]));
        let merged = merged(&all).expect("some");
        assert_eq!(ids(&merged), ["D1", "D2", "G1", "G2"]);
        assert_eq!(merged.gaps.len(), 3);
        assert!(super::merged(&[]).is_none());
    }
}
