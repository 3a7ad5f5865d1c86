//! What is planted in rows is in the evidence, and where nothing is planted nothing is significant: from rows to evidence, many seeds.

use insights::data::generate::{Plan, Planted, Sample, sample_of};
use insights::data::{self, Dataset, Options};
use insights::event::Events;
use insights::evidence::{self, Evidence, Table};
use insights::insight::Analyst;

fn computed(sample: &Sample) -> Dataset {
    let directory = tempfile::tempdir().unwrap();
    let source = directory.path().join("sample.csv");
    std::fs::write(&source, &sample.csv).unwrap();
    let options = Options {
        sources: vec![source.to_str().unwrap().to_owned()],
        window: sample.window,
        map: Vec::new(),
        max_bad_rows: 0,
        memory: data::MemoryLimit::default(),
        engine: data::QueryEngine::Local,
        timezone: "UTC".to_owned(),
        mapping: Vec::new(),
        access: data::Access::default(),
        metrics: None,
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(data::compute(&options, &Events::silent())).unwrap()
}

fn built(seed: u64, plan: &Plan) -> (Vec<Evidence>, Planted) {
    let sample = sample_of(seed, plan);
    (
        evidence::build(&computed(&sample), &evidence::Options::default()),
        sample.planted,
    )
}

fn table<'a>(all: &'a [Evidence], analyst: &Analyst, id: &str) -> Option<&'a Table> {
    all.iter().find(|evidence| evidence.analyst == *analyst)?.table(id)
}

/// `G1 DE` for each significant row.
fn significant(all: &[Evidence]) -> Vec<String> {
    let tables = all.iter().flat_map(|evidence| &evidence.tables);
    tables
        .flat_map(|table| {
            let rows = table.rows.iter().filter(|row| row.significant);
            rows.map(|row| format!("{} {}", table.id, row.key))
        })
        .collect()
}

#[test]
fn chance_alone_is_hardly_ever_significant() {
    let runs = seeds("INSIGHTS_NULL_RUNS", 5);
    let mut loud = 0;
    for seed in 0..runs {
        let (all, _) = built(1_000 + seed, &Plan::NOTHING);
        let found = significant(&all);
        report(&format!("null {seed}: {found:?}"));
        loud += u64::from(!found.is_empty());
        assert!(
            all.iter()
                .flat_map(|e| &e.tables)
                .any(|t| t.tested.is_some_and(|t| t.n > 5))
        );
    }
    report(&format!("{loud} of {runs} null data sets with a significant row"));
    assert!(loud * 10 <= runs.max(10), "{loud} of {runs}");
}

/// A row of the table whose name matches, with its score, where the score is significant.
fn kept(all: &[Evidence], analyst: Analyst, id: &str, key: &str, metric: Option<&str>, score: &str) -> Option<f64> {
    let table = table(all, &analyst, id)?;
    let rows = table.rows.iter().filter(|row| row.significant && row.key == key);
    let mut rows = rows.filter(|row| {
        let told = table.at(row, "metric").map(|at| at.shown());
        metric.is_none_or(|metric| told.is_some_and(|told| told.contains(metric)))
    });
    table.at(rows.next()?, score)?.exact()
}

#[test]
fn what_is_planted_is_significant_and_has_the_planted_numbers() {
    let runs = seeds("INSIGHTS_RECALL_RUNS", 2);
    let mut missed = Vec::new();
    for seed in 0..runs {
        let (all, planted) = built(seed, &Plan::EVERYTHING.sized(250.0));
        let day = |day: jiff::civil::Date| day.to_string();
        let (outage, spike, week) = (day(planted.outage_day), day(planted.spike_day), day(planted.bad_week));
        let facts = [
            (
                "outage, users",
                kept(&all, Analyst::DailyMetrics, "D3", &outage, Some("active"), "value_z"),
            ),
            (
                "outage, events",
                kept(&all, Analyst::DailyMetrics, "D3", &outage, Some("events"), "value_z"),
            ),
            (
                "spike",
                kept(&all, Analyst::RevenueOptimization, "R5", &spike, None, "value_z"),
            ),
            (
                "drop",
                kept(&all, Analyst::Geographic, "G1", &planted.drop_country, None, "users_z"),
            ),
            (
                "growth",
                kept(
                    &all,
                    Analyst::UserSegmentation,
                    "S2",
                    &planted.grown_platform,
                    None,
                    "users_z",
                ),
            ),
            (
                "bad week",
                kept(
                    &all,
                    Analyst::CohortRetention,
                    "C3",
                    &week,
                    Some("of the week"),
                    "value_z",
                ),
            ),
            (
                "nulls",
                kept(
                    &all,
                    Analyst::DataQuality,
                    "Q2",
                    &planted.nulls_column,
                    None,
                    "null_pct_z",
                ),
            ),
        ];
        for (fact, score) in facts {
            let sign = if ["spike", "growth", "nulls"].contains(&fact) {
                1.0
            } else {
                -1.0
            };
            if score.is_none_or(|score| score * sign < 3.0) {
                missed.push(format!("seed {seed}: {fact} {score:?}"));
            }
        }
        let number = |analyst: Analyst, id: &str, key: &str, column: &str| {
            let table = table(&all, &analyst, id).unwrap();
            let row = table.rows.iter().find(|row| row.key == key).unwrap();
            table.at(row, column).unwrap().exact().unwrap()
        };
        let near = |left: f64, right: f64| assert!((left - right).abs() < 1e-3, "{left} is not {right}");
        let drop = |column: &str| number(Analyst::Geographic, "G1", &planted.drop_country, column);
        near(drop("users"), planted.drop_mean_users);
        near(drop("users_previous"), planted.drop_previous_mean_users);
        let inside = table(&all, &Analyst::Geographic, "G3").map(|table| table.title.as_str());
        let expected = format!("Inside {}: users by platform", planted.drop_country);
        assert_eq!(inside, Some(expected.as_str()), "seed {seed}");
        let growth = |column: &str| number(Analyst::UserSegmentation, "S2", &planted.grown_platform, column);
        near(growth("users"), planted.grown_users as f64);
        near(growth("users_previous"), planted.grown_previous_users as f64);
        let nulls = |column: &str| number(Analyst::DataQuality, "Q2", &planted.nulls_column, column);
        near(nulls("null_pct"), planted.nulls_pct);
        let quality = table(&all, &Analyst::DataQuality, "Q2").unwrap();
        let row = quality.rows.iter().find(|row| row.key == planted.nulls_column).unwrap();
        assert_eq!(quality.at(row, "since").unwrap().shown(), day(planted.nulls_since));
    }
    report(&format!(
        "{} of {} planted facts found; missed: {missed:?}",
        runs * 7 - missed.len() as u64,
        runs * 7
    ));
    assert!(missed.len() as u64 * 20 <= runs * 7, "{missed:?}");
}

/// How many data sets to draw: few in CI, more by hand.
pub(crate) fn seeds(variable: &str, usual: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(usual)
}

pub(crate) fn report(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
