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
        timezone: "UTC".to_owned(),
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
    let runs = seeds("INSIGHTS_NULL_RUNS", 10);
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
    assert!(loud * 10 <= runs, "{loud} of {runs}");
}

/// How many data sets to draw: few in CI, more by hand.
fn seeds(variable: &str, usual: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(usual)
}

fn report(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
