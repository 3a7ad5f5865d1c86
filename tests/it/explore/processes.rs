//! `--processes`: producers that are processes, those that die, and an owner that does.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{FOLDER, answer, begun, check, events, explore, metadata, with_mock};
use crate::support::run::{Done, Run};
use crate::support::server::{Server, Step};

fn slow(more: &[&str]) -> Run {
    with_mock(&["--processes", "--mock-script", "slow.json", "--stop-below", "0"])
        .arguments(more)
        .file("slow.json", r#"{"latency_ms": 30}"#)
}

/// Process ids by producer, the newest of each.
fn pids(folder: &Path) -> BTreeMap<u64, String> {
    let journal = std::fs::read_to_string(folder.join(FOLDER).join("events.jsonl")).unwrap();
    let events = journal
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let started = events.filter(|event| event["event"] == "explore.producer_started");
    started
        .map(|event| (event["producer"].as_u64().unwrap(), event["pid"].to_string()))
        .collect()
}

fn signal(name: &str, pid: &str) {
    Command::new("kill").args([name, pid]).status().unwrap();
}

/// Producer and iteration of each batch in the journal.
fn batches(done: &Done) -> Vec<(u64, u64)> {
    let journal = done.text(&format!("{FOLDER}/attributes.jsonl"));
    let entries = journal
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut batches: Vec<(u64, u64)> = entries
        .map(|entry| {
            (
                entry["producer"].as_u64().unwrap(),
                entry["iteration"].as_u64().unwrap(),
            )
        })
        .collect();
    batches.sort_unstable();
    batches
}

fn every_batch_once(producers: u64, iterations: u64) -> Vec<(u64, u64)> {
    (1..=producers)
        .flat_map(|producer| (1..=iterations).map(move |iteration| (producer, iteration)))
        .collect()
}

#[test]
fn each_producer_is_a_process_and_the_result_is_the_same_kind() {
    let done = with_mock(&["--processes", "--producers", "3", "--iterations", "4"])
        .done()
        .code(0);
    check(&done);
    assert_eq!(batches(&done), every_batch_once(3, 4));
    let started = events(&done, "explore.producer_started");
    assert_eq!(started.len(), 3, "{started:?}");
    let own = std::process::id().to_string();
    assert!(pids(done.folder.path()).values().all(|pid| *pid != own));
    assert_eq!(
        events(&done, "call.succeeded").len(),
        12,
        "calls are told by the processes"
    );
    assert_eq!(metadata(&done)["providers"][0]["batches"], 12);
}

#[test]
fn a_producer_that_is_killed_is_started_again_and_nothing_counts_twice() {
    let run = slow(&["--producers", "3", "--iterations", "8"]);
    let child = begun(&run, 4);
    signal("-9", &pids(run.folder())[&2]);
    let done = run.ended(child).code(0);
    check(&done);
    assert_eq!(batches(&done), every_batch_once(3, 8));
    let lost = events(&done, "explore.producer_lost");
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert_eq!((&lost[0]["producer"], &lost[0]["given_up"]), (&json!(2), &json!(false)));
    assert!(lost[0]["why"].as_str().unwrap().contains("SIGKILL"), "{lost:?}");
    let started = events(&done, "explore.producer_started");
    let restarts: Vec<u64> = started
        .iter()
        .filter(|event| event["producer"] == 2)
        .map(|event| event["restarts"].as_u64().unwrap())
        .collect();
    assert_eq!((started.len(), restarts), (4, vec![0, 1]));
}

#[test]
fn a_producer_that_dies_again_and_again_is_given_up() {
    let run = slow(&["--producers", "1"]).file("slow.json", r#"{"latency_ms": 60000}"#);
    let child = run.spawn();
    let folder = run.folder().to_owned();
    let journal = folder.join(FOLDER).join("events.jsonl");
    let mut killed = 0;
    until(|| {
        let told = std::fs::read_to_string(&journal).unwrap_or_default();
        let started = told.matches("explore.producer_started").count();
        if started > killed {
            // The line may still be on its way.
            let Some(pid) = pids(&folder).get(&1).cloned().filter(|_| told.ends_with('\n')) else {
                return false;
            };
            killed = started;
            signal("-9", &pid);
        }
        killed == 6
    });
    let done = run.ended(child).code(1);
    assert!(
        done.stderr.contains("given up") && done.stderr.contains("ended 6 times"),
        "{}",
        done.stderr
    );
    assert_eq!(metadata(&done)["ended"]["why"], "failing");
}

#[cfg(target_os = "linux")]
#[test]
fn no_process_outlives_a_killed_owner_and_the_work_goes_on() {
    let run = slow(&["--producers", "3", "--iterations", "50"]);
    let mut child = begun(&run, 6);
    let started = pids(run.folder());
    assert_eq!(started.len(), 3);
    child.kill().unwrap();
    child.wait().unwrap();
    until(|| started.values().all(|pid| is_gone(pid)));
    let done = run.arguments(&["--resume", "--target", "1"]).done().code(0);
    check(&done);
    let mut all = batches(&done);
    let n_all = all.len();
    all.dedup();
    assert!(n_all >= 6 && all.len() == n_all, "{all:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_the_processes_too() {
    let run = slow(&["--producers", "2", "--iterations", "500"]);
    let child = begun(&run, 4);
    let started = pids(run.folder());
    signal("-INT", &child.id().to_string());
    let done = run.ended(child).code(130);
    assert!(started.values().all(|pid| is_gone(pid)));
    assert_eq!(metadata(&done)["status"], "interrupted");
    check(&done);
}

#[test]
fn the_budget_holds_over_all_processes() {
    let server = Server::with([Step::made(answer)]);
    let prices = "[lab]\ntiny = [1.0, 1.0, 100.0]\n";
    let limits = ["--max-cost", "1", "--prices", "p.toml", "--max-output-tokens", "2000"];
    let done = explore(&["--model", "lab:tiny", "--processes", "--producers", "4", "--no-stream"])
        .arguments(&limits)
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .file("p.toml", prices)
        .done()
        .code(0);
    let metadata = metadata(&done);
    assert_eq!(metadata["ended"]["why"], "budget");
    assert!(
        metadata["ended"]["detail"].as_str().unwrap().contains("of 1 USD"),
        "{metadata}"
    );
    let cost = metadata["totals"]["cost_usd"].as_f64().unwrap();
    assert!(cost > 0.5 && cost <= 1.0, "{cost}");
    check(&done);
}

#[test]
fn exchanges_of_several_processes_are_not_recorded() {
    with_mock(&["--processes", "--record", "tape.jsonl"])
        .done()
        .code(2)
        .says(&["--processes", "--record"]);
}

/// Looks again and again, for ten seconds at most.
#[track_caller]
fn until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ended, whether or not somebody has asked how.
#[cfg(target_os = "linux")]
fn is_gone(pid: &str) -> bool {
    let Ok(state) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return true;
    };
    state
        .rsplit(')')
        .next()
        .is_some_and(|rest| rest.trim_start().starts_with('Z'))
}
