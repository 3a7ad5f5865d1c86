//! Every wire fault of the table in `src/llm/faults.md`, put on a real wire, and what the call layer makes of it.

mod any_script;
mod children;
mod drive;
mod program;
mod refusals;
mod safety;
mod scripts;
mod storm;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use drive::observe;
use scripts::script;
use table::{Line, lines};

/// Enough at once to be quick, few enough not to be slowed into time limits.
const AT_ONCE: usize = 8;

#[test]
fn the_table_has_every_row_and_every_case_a_script() {
    let rows: BTreeSet<u32> = lines().iter().map(Line::row).collect();
    assert_eq!(rows, (1..=73).collect());
    let cases: BTreeSet<String> = lines().into_iter().map(|line| line.case).collect();
    assert_eq!(cases.len(), lines().len(), "a case stands twice");
    for case in &cases {
        let here = script(case).is_some();
        let child = children::CASES.contains(&case.as_str());
        assert!(here != child, "`{case}` has one script, here or in a child");
    }
}

/// The exit code follows from the class; `program` shows it with the real binary for each class.
#[test]
fn the_exit_code_follows_the_class() {
    for line in lines() {
        let exit = match line.class.as_str() {
            "rate limit" | "quota" => 75,
            // Text that is no JSON is an answer on the wire, and none for the report.
            "answered" if line.case == "42 invalid" => 3,
            "answered" => 0,
            _ => 3,
        };
        assert_eq!(line.exit, exit, "{}", line.case);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_met_as_the_table_says() {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut cases = JoinSet::new();
    for line in lines() {
        let Some(script) = script(&line.case) else {
            continue;
        };
        let turns = turns.clone();
        cases.spawn(async move {
            let _turn = turns.acquire_owned().await.unwrap();
            let observed = observe(&line.case, script, &line.wait).await;
            (line, observed)
        });
    }
    let mut wrong = Vec::new();
    let mut n_run = 0;
    while let Some(case) = cases.join_next().await {
        let (line, observed) = case.unwrap();
        n_run += 1;
        let expected = Line {
            exit: 0,
            ..line.clone()
        };
        if observed != expected {
            wrong.push(format!("{}\n  table {expected:?}\n  wire  {observed:?}", line.case));
        }
    }
    assert!(n_run > 120, "{n_run}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
