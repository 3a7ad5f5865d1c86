//! The data module against independently computed truth, over real files.

use std::path::PathBuf;

use insights::data::{self, Dataset, Options, Window};
use insights::event::Events;

fn shared(name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("INSIGHTS_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = directory.join(name);
    path.exists().then_some(path)
}

fn window(start: &str, end: &str) -> Window {
    Window {
        start: start.parse().unwrap(),
        end: end.parse().unwrap(),
    }
}

fn compute(source: &str, window: Window) -> Dataset {
    let options = Options {
        sources: vec![source.to_owned()],
        window,
        map: Vec::new(),
        max_bad_rows: 100,
        timezone: "UTC".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(data::compute(&options, &Events::silent())).unwrap()
}

#[test]
fn scratch() {
    for (name, w) in [
        ("retentioneering_ecom.csv.gz", window("2024-05-19", "2024-06-07")),
        ("online_retail.parquet", window("2011-11-01", "2011-11-30")),
        ("online_retail.csv.xz", window("2011-11-01", "2011-11-30")),
        ("gen_sample/events.parquet", window("2025-02-20", "2025-04-05")),
    ] {
        let path = shared(name).unwrap();
        let started = std::time::Instant::now();
        let dataset = compute(path.to_str().unwrap(), w);
        eprintln!("== {name} {:?}", started.elapsed());
        eprintln!("{:#?}", dataset.mapping);
        eprintln!("{:?}", dataset.summary);
        eprintln!("{:?}", dataset.segmentation);
        eprintln!("{:?}", dataset.current.revenue_by_type.rows().iter().take(4).collect::<Vec<_>>());
        eprintln!("{:?}", dataset.current.engagement_by_date.rows().iter().take(2).collect::<Vec<_>>());
        eprintln!("{:?}", dataset.current.user_journey_cohort.rows().iter().take(12).collect::<Vec<_>>());
        eprintln!("{:?}", dataset.current.dau_by_cohort_date.rows().iter().take(2).collect::<Vec<_>>());
    }
}
