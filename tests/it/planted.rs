//! What an independent generator plants is in the evidence, and where it plants nothing, nothing is significant. Needs its script and a
//! Python with numpy and pyarrow (`INSIGHTS_PYTHON`); skipped without. `INSIGHTS_PLANTED_RUNS` and `INSIGHTS_NULL_RUNS` draw more sets.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::data::shared;
use crate::recall::{report, seeds};
use crate::support::run::Run;

const DAYS: &str = "120";
const FIRST: &str = "2025-01-06";
const LAST: &str = "2025-05-05";

/// One set in this folder; nothing, and the reason printed, where it cannot be made.
fn generated(folder: &Path, seed: u64, rows: u64, users: u64, more: &[&str]) -> Option<Value> {
    let script = shared("gen_events.py")?;
    let python = std::env::var("INSIGHTS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let made = Command::new(&python)
        .arg(script)
        .arg("--out")
        .arg(folder)
        .args([
            "--rows",
            &rows.to_string(),
            "--users",
            &users.to_string(),
            "--seed",
            &seed.to_string(),
        ])
        .args(["--days", DAYS, "--start", FIRST, "--formats", "parquet"])
        .args(more)
        .output();
    match made {
        Ok(made) if made.status.success() => {
            let planted = std::fs::read(folder.join("planted.json")).unwrap();
            Some(serde_json::from_slice(&planted).unwrap())
        }
        Ok(made) => {
            let why = String::from_utf8_lossy(&made.stderr);
            report(&format!(
                "skipped: {python}: {}",
                why.lines().last().unwrap_or_default()
            ));
            None
        }
        Err(error) => {
            report(&format!("skipped: {python}: {error}"));
            None
        }
    }
}

fn evidence(folder: &Path, start: &str) -> Value {
    let source = folder.join("events.parquet");
    let source = source.to_str().unwrap();
    let arguments = [
        "evidence",
        "--data",
        source,
        "--date-start",
        start,
        "--date-end",
        LAST,
        "--json",
    ];
    let done = Run::new().arguments(&arguments).done().code(0);
    serde_json::from_str::<Value>(&done.stdout).unwrap()["evidence"].clone()
}

/// Table, row and score of each significant row.
fn significant(evidence: &Value) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let tables = evidence
        .as_object()
        .unwrap()
        .values()
        .flat_map(|facts| facts["tables"].as_array().unwrap());
    for table in tables {
        let names: Vec<&str> = table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["name"].as_str().unwrap())
            .collect();
        for row in table["rows"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["significant"] == true)
        {
            let cells = names.iter().zip(row["cells"].as_array().unwrap());
            let told: Vec<String> = cells
                .filter(|(name, _)| name.ends_with('z') || **name == "metric")
                .map(|(name, cell)| {
                    format!(
                        "{name} {}",
                        cell["number"]["shown"]
                            .as_str()
                            .or(cell["text"].as_str())
                            .unwrap_or("–")
                    )
                })
                .collect();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            found.push((text(&table["id"]), text(&row["key"]), told.join(", ")));
        }
    }
    found
}

#[test]
fn each_fact_of_the_generator_is_found() {
    let runs = seeds("INSIGHTS_PLANTED_RUNS", 1);
    let (mut facts, mut missed) = (0, Vec::new());
    for seed in 1..=runs {
        let folder = tempfile::tempdir().unwrap();
        let Some(planted) = generated(folder.path(), seed, 200_000, 4_000, &[]) else {
            return;
        };
        let evidence = evidence(folder.path(), FIRST);
        let found = significant(&evidence);
        let day = |fact: &str, name: &str| planted["planted"][fact][name].as_str().unwrap().to_owned();
        let cases = [
            (
                "outage, users",
                "D3",
                day("outage_day", "date"),
                "metric daily active users",
            ),
            ("outage, events", "D3", day("outage_day", "date"), "metric events"),
            ("spike", "R5", day("revenue_spike", "date"), "metric net revenue"),
            ("country drop", "G5", day("country_drop", "country"), "users_z -"),
            ("bad cohort", "C3", day("bad_cohort", "monday"), "value_z -"),
        ];
        for (fact, table, key, told) in &cases {
            facts += 1;
            if !found
                .iter()
                .any(|row| row.0 == *table && row.1 == *key && row.2.contains(told))
            {
                missed.push(format!("seed {seed}: {fact}"));
            }
        }
        // What is planted in the quality is counted, not estimated.
        let planted_share = planted["planted"]["null_countries"]["share_of_file"].as_f64().unwrap() * 100.0;
        let fields = &evidence["data_quality"]["tables"][1];
        let rows = fields["rows"].as_array().unwrap();
        let country = rows.iter().find(|row| row["key"] == "country").unwrap();
        let place = fields["columns"]
            .as_array()
            .unwrap()
            .iter()
            .position(|column| column["name"] == "null_pct")
            .unwrap();
        let share = country["cells"][place]["number"]["exact"].as_f64().unwrap();
        assert!((share - planted_share).abs() < 0.02, "{share} is not {planted_share}");
        let caveats = evidence["daily_metrics"]["caveats"].to_string();
        assert!(
            caveats.contains("exact copies") && caveats.contains("are dated after"),
            "{caveats}"
        );
    }
    report(&format!(
        "{} of {facts} facts found; missed: {missed:?}",
        facts - missed.len()
    ));
    assert!(missed.len() * 20 <= facts, "{missed:?}");
}

#[test]
fn a_set_without_a_fact_has_no_significant_row() {
    let runs = seeds("INSIGHTS_NULL_RUNS", 2);
    let (mut loud, mut tried) = (0, 0);
    for seed in 1..=runs {
        for (rows, users) in [(10_000, 500), (50_000, 2_000)] {
            let folder = tempfile::tempdir().unwrap();
            let Some(_) = generated(folder.path(), seed, rows, users, &["--no-anomalies"]) else {
                return;
            };
            for start in [FIRST, "2025-03-07"] {
                let evidence = evidence(folder.path(), start);
                let found = significant(&evidence);
                tried += 1;
                loud += u64::from(!found.is_empty());
                if !found.is_empty() {
                    report(&format!("null {seed}, {rows} rows from {start}: {found:?}"));
                }
                let refused = evidence
                    .as_object()
                    .unwrap()
                    .values()
                    .filter(|facts| !facts["refused"].is_null());
                assert_eq!(refused.count(), 0, "the gate refuses clean data");
            }
        }
    }
    report(&format!(
        "{loud} of {tried} windows without a fact have a significant row"
    ));
    assert!(loud * 10 <= tried.max(10), "{loud} of {tried}");
}
