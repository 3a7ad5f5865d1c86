//! The same run on this machine and on a cluster: the same bytes, and tasks that executors really did.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use insights::data::generate::{Plan, sample_of};

use crate::data::shared;
use crate::support::cluster::Cluster;
use crate::support::run::{Done, Run, small_events};

/// Every file that queries feed, by its path in the run directory.
fn fed(done: &Done, name: &str) -> BTreeMap<String, Vec<u8>> {
    let root = done.folder.path().join("run_logs").join(name).join("outputs");
    let mut files = BTreeMap::new();
    let mut open = vec![root.join("segments"), root.join("schema"), root.join("aggregations")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let file = path.strip_prefix(&root).unwrap().display().to_string();
                files.insert(file, fs::read(&path).unwrap());
            }
        }
    }
    let evidence = "insights/evidence.json";
    files.insert(evidence.to_owned(), fs::read(root.join(evidence)).unwrap());
    files
}

/// Runs here and there, and holds every file against its twin; tells what the second said on stderr.
fn same_bytes(cluster: &Cluster, name: &str, run: impl Fn() -> Run) -> String {
    let here = run().done().code(0);
    let there = on(cluster, run()).done().code(0);
    same_files(&here, &there, name);
    assert_eq!(left_in(&cluster.shared()), 0, "tables were left behind");
    there.stderr
}

fn on(cluster: &Cluster, run: Run) -> Run {
    run.variable("INSIGHTS_ENGINE", cluster.engine())
        .variable("INSIGHTS_ENGINE_DIR", cluster.shared().to_str().unwrap())
}

fn same_files(here: &Done, there: &Done, name: &str) {
    let (here, there) = (fed(here, name), fed(there, name));
    assert!(here.len() > 14, "{:?}", here.keys());
    assert_eq!(here.keys().collect::<Vec<_>>(), there.keys().collect::<Vec<_>>());
    for (file, bytes) in &here {
        assert!(*bytes == there[file], "{file} differs");
    }
}

fn left_in(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Every job of the scheduler is complete, and executors did each of its tasks.
fn did_everything(cluster: &Cluster) -> usize {
    let jobs = cluster.jobs();
    let (done, n_tasks_done) = cluster.done_by_executors();
    let mut n_tasks = 0;
    for (job, state) in &jobs {
        assert_eq!(state, "Completed", "{job}");
        assert!(done.contains(job), "no executor speaks of {job}");
        let tasks = cluster.tasks(job);
        assert!(
            !tasks.is_empty() && tasks.iter().all(|task| task == "Successful"),
            "{job}: {tasks:?}"
        );
        n_tasks += tasks.len();
    }
    assert_eq!(n_tasks, n_tasks_done);
    jobs.len()
}

fn council(source: &str, start: &str, end: &str) -> Run {
    Run::new().mock().arguments(&[
        "--run-hash",
        "x",
        "--date-start",
        start,
        "--date-end",
        end,
        "--data",
        source,
    ])
}

#[test]
fn the_demo_has_the_same_bytes_on_a_cluster() {
    let cluster = Cluster::start(1);
    let told = same_bytes(&cluster, "demo", || Run::new().arguments(&["demo"]));
    let n_jobs = did_everything(&cluster);
    let line = told.lines().find(|line| line.contains("answered")).unwrap();
    assert!(line.contains(cluster.engine()), "{line}");
    let n_queries: usize = line.split_whitespace().rev().nth(1).unwrap().parse().unwrap();
    // Two more tried the cluster out and looked at its folder.
    assert!(n_queries > 40 && n_jobs >= n_queries, "{n_jobs} jobs, {line}");
}

#[test]
fn a_sample_with_own_definitions_has_the_same_bytes_on_a_cluster() {
    let cluster = Cluster::start(2);
    let own = Run::new().arguments(&["sql", "tiers"]).done().code(0).stdout;
    let own = own.replace("+ 9) / 10", "+ 4) / 5");
    same_bytes(&cluster, "x", || {
        of_a_sample().file("metrics/tiers.sql", &own).arguments(&[
            "--metrics",
            "metrics",
            "--timezone",
            "America/New_York",
        ])
    });
    did_everything(&cluster);
}

#[test]
fn half_a_million_rows_have_the_same_bytes_on_two_executors() {
    let Some(source) = shared("online_retail.parquet") else {
        return;
    };
    let cluster = Cluster::start(2);
    same_bytes(&cluster, "x", || {
        council(source.to_str().unwrap(), "2011-10-01", "2011-10-31")
    });
    did_everything(&cluster);
}

#[test]
fn doctor_tries_the_cluster_out() {
    let cluster = Cluster::start(1);
    let doctor = |engine: &str| {
        Run::new()
            .file("events.csv", &small_events())
            .file("insights.toml", &format!("engine = \"{engine}\""))
            .arguments(&["doctor", "--provider", "mock", "--data", "events.csv"])
    };
    let done = doctor(cluster.engine()).done().code(0);
    let told = done.stdout + &done.stderr;
    assert!(told.contains(&format!("{} answers", cluster.engine())), "{told}");
    let done = doctor("ballista://127.0.0.1:1").done().code(2);
    let told = done.stdout + &done.stderr;
    assert!(told.contains("no Ballista scheduler at 127.0.0.1:1"), "{told}");
}

fn of_a_sample() -> Run {
    let sample = sample_of(11, &Plan::EVERYTHING.sized(60.0));
    let (start, end) = (sample.window.start.to_string(), sample.window.end.to_string());
    council("events.csv", &start, &end).bytes("events.csv", &sample.csv)
}

/// A run on a cluster that has begun to ask it.
fn begun(cluster: &Cluster) -> (Run, Child) {
    let run = on(cluster, of_a_sample());
    let child = run.spawn();
    let begun = Instant::now();
    while cluster.jobs().len() < 5 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the run asked nothing");
    }
    (run, child)
}

#[test]
fn a_cluster_that_ends_in_the_middle_ends_the_run_and_leaves_nothing() {
    let mut cluster = Cluster::start(1);
    let (run, child) = begun(&cluster);
    cluster.kill_scheduler();
    let done = run.ended(child).code(2);
    done.says(&[
        "the Ballista cluster of",
        "without `--engine` the same run uses this machine alone",
    ]);
    assert_eq!(left_in(&cluster.shared()), 0, "tables were left behind");
}

#[test]
fn an_executor_that_is_lost_changes_no_byte() {
    let mut cluster = Cluster::start(2);
    let (run, child) = begun(&cluster);
    cluster.kill_executor();
    let there = run.ended(child).code(0);
    let here = of_a_sample().done().code(0);
    same_files(&here, &there, "x");
}

#[test]
fn an_interrupted_run_leaves_nothing_with_the_cluster() {
    let cluster = Cluster::start(1);
    let (run, child) = begun(&cluster);
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    run.ended(child).code(130);
    // What an executor was about to write has no place any more.
    let ends = |(_, state): &(String, String)| ["Completed", "Failed", "Cancelled"].contains(&state.as_str());
    let begun = Instant::now();
    while !cluster.jobs().iter().all(ends) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", cluster.jobs());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(left_in(&cluster.shared()), 0, "tables were left behind");
}

#[test]
fn a_scheduler_that_is_not_there_is_told_at_once() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let begun = Instant::now();
    let engine = format!("ballista://{address}");
    let run = Run::council().mock().arguments(&["--engine", &engine]);
    let done = run.done().code(2);
    let done = done.says(&["no Ballista scheduler at", &address, "insights engine scheduler"]);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(
        !done
            .folder
            .path()
            .join("run_logs/x/outputs/insights/evidence.json")
            .exists()
    );
}

#[test]
fn a_scheduler_without_executors_is_told_at_once() {
    let cluster = Cluster::start(0);
    let run = Run::council().mock().arguments(&["--engine", cluster.engine()]);
    run.done()
        .code(2)
        .says(&["has no executors", "insights engine executor --scheduler"]);
}

#[test]
fn a_folder_that_executors_do_not_see_is_named() {
    let cluster = Cluster::start(1);
    let run = Run::council().mock().arguments(&["--engine", cluster.engine()]);
    run.arguments(&["--engine-dir", "not/there"])
        .done()
        .code(2)
        .says(&["not/there", "--engine-dir"]);
}
