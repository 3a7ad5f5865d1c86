//! The data module against independently computed truth, over real files.

mod database;
mod forms;
mod hand;
mod mapping;
mod objects;
mod run_directory;
mod truth;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use insights::data::{self, DataError, Dataset, Options, Part, Window};
use insights::event::Events;
use serde_json::Value;

/// A file of the shared data, or nothing and a printed reason.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("INSIGHTS_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = directory.join(name);
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn truth(name: &str) -> Option<Value> {
    Some(serde_json::from_slice(&std::fs::read(shared(name)?).unwrap()).unwrap())
}

fn window(start: &str, end: &str) -> Window {
    Window {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
    }
}

fn options(source: &Path, window: Window) -> Options {
    Options {
        sources: vec![source.to_str().unwrap().to_owned()],
        window,
        map: Vec::new(),
        mapping: Vec::new(),
        max_bad_rows: 100,
        memory: data::MemoryLimit::default(),
        engine: data::QueryEngine::Local,
        timezone: "UTC".to_owned(),
        access: data::Access::default(),
        metrics: None,
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
    }
}

fn computed(options: &Options) -> Result<Dataset, DataError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(data::compute(options, &Events::silent()))
}

fn compute(source: &Path, window: Window) -> Dataset {
    computed(&options(source, window)).unwrap()
}

fn store(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(path.parent().unwrap())?;
    std::fs::write(path, bytes)
}

/// The window of a truth file's entry.
fn window_of(value: &Value) -> Window {
    window(value["start"].as_str().unwrap(), value["end"].as_str().unwrap())
}

fn full_range(truth: &Value) -> Window {
    window(
        truth["totals"]["first_day"].as_str().unwrap(),
        truth["totals"]["last_day"].as_str().unwrap(),
    )
}

fn check_daily(dataset: &Dataset, truth: &Value, has_revenue: bool) {
    let daily = truth["daily"].as_array().unwrap();
    let rows = dataset.current.dau_by_date.rows();
    let expected: BTreeMap<&str, &Value> = daily.iter().map(|day| (day["date"].as_str().unwrap(), day)).collect();
    assert_eq!(
        rows.len(),
        i64::from(u32::try_from(dataset.window.days()).unwrap()) as usize
    );
    for row in rows {
        let day = expected[row.date.to_string().as_str()];
        assert_eq!(row.total_dau, day["active_users"], "{}", row.date);
        assert_eq!(row.new_users, day["new_users"].as_u64(), "{}", row.date);
        assert_eq!(
            row.returning_users,
            Some(row.total_dau - row.new_users.unwrap()),
            "{}",
            row.date
        );
        assert_eq!(
            row.total_revenue,
            if has_revenue { day["revenue"].as_f64() } else { None },
            "{}",
            row.date
        );
    }
}

fn check_totals(totals: &data::Totals, expected: &Value) {
    assert_eq!(totals.rows, expected["rows"].as_u64());
    assert_eq!(totals.users, expected["active_users"].as_u64());
    assert_eq!(totals.new_users, expected["new_users"].as_u64());
    let mean = expected["mean_daily_active_users"].as_f64().unwrap();
    assert!((totals.mean_dau.unwrap() - mean).abs() < 1e-4);
    for (ours, name) in [
        (totals.revenue, "revenue"),
        (totals.gross_revenue, "gross_revenue"),
        (totals.refunds, "refunds"),
    ] {
        assert_eq!(ours, expected.get(name).and_then(Value::as_f64), "{name}");
    }
    assert_eq!(totals.payers, expected.get("payers").and_then(Value::as_u64));
    assert_eq!(totals.orders, expected.get("orders").and_then(Value::as_u64));
}

fn check_retention(dataset: &Dataset, truth: &Value) {
    let cohorts = dataset.current.dau_by_cohort_date.rows();
    type Cell = fn(&data::DauByCohortDate) -> Option<u64>;
    let cells: [(&str, Cell); 4] = [
        ("D1", |cohort| cohort.day_1_dau),
        ("D7", |cohort| cohort.day_7_dau),
        ("D14", |cohort| cohort.day_14_dau),
        ("D30", |cohort| cohort.day_30_dau),
    ];
    for (name, cell) in cells {
        let old_enough: Vec<_> = cohorts.iter().filter(|cohort| cell(cohort).is_some()).collect();
        let eligible: u64 = old_enough.iter().map(|cohort| cohort.cohort_size).sum();
        let retained: u64 = old_enough.iter().filter_map(|cohort| cell(cohort)).sum();
        assert_eq!(
            (eligible, retained),
            (
                truth["retention_classic"][name]["eligible"].as_u64().unwrap(),
                truth["retention_classic"][name]["retained"].as_u64().unwrap()
            ),
            "{name}"
        );
    }
}

/// One of the truth's windows: totals of it and of the one before, and its largest countries or events.
fn check_window(dataset: &Dataset, truth: &Value) {
    let entry = truth["windows"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| window_of(&entry["window"]) == dataset.window)
        .unwrap();
    check_totals(&dataset.summary.totals, &entry["window"]);
    match &dataset.summary.previous_totals {
        Some(totals) => check_totals(totals, &entry["previous"]),
        None => assert_eq!(entry["previous_is_inside_file"], false),
    }
    for country in entry["top5_country"].as_array().into_iter().flatten() {
        let name = country["value"].as_str().unwrap();
        let rows = dataset
            .current
            .revenue_by_country
            .rows()
            .iter()
            .filter(|row| row.country == name);
        let thousandths: f64 = rows.map(|row| (row.total_revenue * 1000.0).round()).sum();
        assert_eq!(thousandths / 1000.0, country["revenue"].as_f64().unwrap(), "{name}");
    }
    for event in entry["top5_event"].as_array().into_iter().flatten() {
        let ours = dataset
            .segmentation
            .events
            .iter()
            .find(|count| count.event == event["value"])
            .unwrap();
        assert_eq!(
            (ours.users, ours.rows),
            (event["users"].as_u64().unwrap(), event["rows"].as_u64().unwrap())
        );
    }
}

/// Written and read again, a dataset says the same.
fn comes_back(dataset: &Dataset) {
    let directory = tempfile::tempdir().unwrap();
    data::write(dataset, directory.path(), &store).unwrap();
    let mut read = data::read(directory.path(), dataset.window).unwrap();
    assert_eq!(read.source.kind, "run_directory");
    read.source = dataset.source.clone();
    // Whoever reads tables asks nothing of the data behind them.
    assert_eq!(read.queries, []);
    read.queries.clone_from(&dataset.queries);
    if dataset.previous.is_none() {
        assert_eq!(read.previous, None);
    }
    assert_eq!(&read, dataset);
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut packed = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut packed = liblzma::write::XzEncoder::new(Vec::new(), 6);
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}
