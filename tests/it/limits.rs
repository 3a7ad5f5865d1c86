//! Limits that several processes keep together, and what one run leaves to the next: limits, pauses, open breakers.

use std::time::{Duration, Instant};

use insights::llm::{Request, Schema, mock_answer};
use insights::store::{Amounts, Answer, Ask, Ledger, Rates};
use serde_json::Value;

use crate::support::run::{Done, Run};
use crate::support::server::{Recorded, Server, Step, error, openai};

/// What a model would say to the prompt in the request.
fn answers() -> Step {
    Step::made(|request: &Recorded| {
        let body = request.json();
        openai(&mock_answer(&Request {
            role: String::new(),
            system: String::new(),
            prompt: body["messages"][1]["content"].as_str().unwrap().to_owned(),
            schema: Some(Schema {
                name: "reply".to_owned(),
                value: body["response_format"]["json_schema"]["schema"].clone(),
            }),
            max_output_tokens: 4096,
            temperature: None,
        }))
        .into()
    })
}

/// A council of seven calls at `server`, with the state of this "machine" in `state`.
fn council(run: Run, server: &Server, key: &str, state: &tempfile::TempDir, more: &[&str]) -> Run {
    run.variable("LAB_BASE_URL", &server.url("/v1"))
        .variable("LAB_API_KEY", key)
        .variable("INSIGHTS_STATE_DIR", state.path().to_str().unwrap())
        .arguments(&["--model", "lab:tiny", "--cache", "off"])
        .arguments(more)
}

fn again(done: Done) -> Run {
    let events = done.text("events.csv");
    Run::again(done).file("events.csv", &events).arguments(&[
        "--run-hash",
        "x",
        "--date-start",
        "2025-03-01",
        "--date-end",
        "2025-03-14",
        "--data",
        "events.csv",
    ])
}

fn breaker(done: &Done) -> Value {
    let summary = done.json("execution_summary.json");
    let breakers = summary["breakers"].as_array().unwrap().clone();
    breakers
        .iter()
        .find(|breaker| breaker["state"] != "closed")
        .cloned()
        .unwrap_or(Value::Null)
}

#[test]
fn two_processes_with_one_key_stay_below_its_limit_together() {
    let server = Server::with([answers()]);
    let state = tempfile::tempdir().unwrap();
    // Seven calls each, seven a minute for both, and no time to wait for the next minute.
    let limits = ["--rpm", "7", "--deadline", "30"];
    let runs = [(); 2].map(|()| council(Run::council(), &server, "CANARY-shared", &state, &limits));
    let children = runs.each_ref().map(Run::spawn);
    let mut said = String::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(server.requests().len(), 7, "{said}");
    assert!(said.contains("requests per minute"), "{said}");
    let ledger = std::fs::read(state.path().join("limits.db")).unwrap();
    assert!(!String::from_utf8_lossy(&ledger).contains("CANARY"));
}

#[test]
fn a_learned_limit_holds_in_the_next_process() {
    let server = Server::with([answers().header("x-ratelimit-limit-requests", "7")]);
    let state = tempfile::tempdir().unwrap();
    let first = council(Run::council(), &server, "CANARY-learned", &state, &[])
        .done()
        .code(0);
    assert_eq!(server.requests().len(), 7);
    let second = council(again(first), &server, "CANARY-learned", &state, &["--deadline", "20"]).done();
    assert_eq!(server.requests().len(), 7, "{}", second.stderr);
    assert!(second.stderr.contains("requests per minute"), "{}", second.stderr);
    let other_key = council(again(second), &server, "CANARY-other", &state, &[])
        .done()
        .code(0);
    assert_eq!(server.requests().len(), 14, "{}", other_key.stderr);
}

#[test]
fn a_pause_holds_in_the_next_process() {
    let limited = Step::status(429)
        .header("retry-after", "100")
        .body(error("rate_limit_exceeded", "slow down"));
    let server = Server::with([limited]);
    let state = tempfile::tempdir().unwrap();
    let first = council(Run::council(), &server, "CANARY-paused", &state, &["--deadline", "20"]).done();
    let asked = server.requests().len();
    assert!(asked <= 6, "{asked}");
    council(again(first), &server, "CANARY-paused", &state, &["--deadline", "20"]).done();
    assert_eq!(server.requests().len(), asked);
}

#[test]
fn an_open_breaker_costs_the_next_run_one_probe_and_a_new_key_none() {
    let rejected = Step::status(401).body(error("invalid_api_key", "no such key"));
    let server = Server::with([rejected.clone()]);
    let state = tempfile::tempdir().unwrap();
    let first = council(Run::council(), &server, "CANARY-bad", &state, &[])
        .done()
        .code(3);
    let open = breaker(&first);
    assert_eq!((&open["provider"], &open["state"]), (&"lab".into(), &"open".into()));
    assert!(open["since"].is_string() && open["until"].is_string());
    assert!(open["reason"].as_str().unwrap().contains("key"), "{open}");
    let asked = server.requests().len();
    let second = council(again(first), &server, "CANARY-bad", &state, &[]).done().code(3);
    assert_eq!(server.requests().len(), asked + 1, "one probe");
    assert_eq!(
        breaker(&second)["since"].as_str().map(|since| &since[..16]),
        open["since"].as_str().map(|since| &since[..16])
    );
    drop(server);

    let well = Server::with([answers()]);
    let third = council(again(second), &well, "CANARY-good", &state, &[]).done().code(0);
    assert_eq!(well.requests().len(), 7);
    assert_eq!(breaker(&third), Value::Null);
    assert!(!third.everything().contains("CANARY"));
}

#[test]
fn a_model_that_is_back_is_asked_by_everybody_after_the_probe() {
    let state = tempfile::tempdir().unwrap();
    let gone = Step::status(404).body(error("model_not_found", "the model does not exist"));
    let server = Server::with([
        gone.clone(),
        gone.clone(),
        gone.clone(),
        gone.clone(),
        gone.clone(),
        gone,
        answers(),
    ]);
    let first = council(Run::council(), &server, "CANARY-back", &state, &[])
        .done()
        .code(3);
    let asked = server.requests().len();
    assert!((1..=6).contains(&asked), "{asked}");
    assert_eq!(breaker(&first)["model"], "tiny");
    // What the first run left of the refusals goes to probes; then the model is back.
    let mut last = first;
    while server.requests().len() < 6 {
        last = council(again(last), &server, "CANARY-back", &state, &[]).done().code(3);
    }
    let back = council(again(last), &server, "CANARY-back", &state, &[]).done().code(0);
    assert_eq!(server.requests().len(), 13);
    assert_eq!(breaker(&back), Value::Null);
}

/// Many connections to one ledger, each as greedy as it can be, on a window of a second.
#[test]
fn no_window_is_exceeded_and_nobody_starves() {
    const LIMIT: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("limits.db");
    let greedy = || {
        let ledger = Ledger::at([path.clone()]);
        let mut grants: Vec<(Instant, Instant)> = Vec::new();
        let mut ticket = None;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(6) {
            let before = Instant::now();
            match ask(&ledger, LIMIT as u64, ticket) {
                Answer::Granted { .. } => {
                    grants.push((before, Instant::now()));
                    ticket = None;
                }
                Answer::Wait {
                    millis, ticket: mine, ..
                } => {
                    ticket = Some(mine);
                    std::thread::sleep(Duration::from_millis(millis.clamp(1, 200).unsigned_abs()));
                }
                other => panic!("{other:?}"),
            }
        }
        grants
    };
    let grants: Vec<Vec<_>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(greedy)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for each in &grants {
        assert!(each.len() >= 3, "{:?}", grants.iter().map(Vec::len).collect::<Vec<_>>());
    }
    // A grant was written at some moment between its two stamps: only those that surely lie inside a window count.
    let all: Vec<(Instant, Instant)> = grants.into_iter().flatten().collect();
    for (_, start) in &all {
        let end = *start + Duration::from_millis(990);
        let inside = all
            .iter()
            .filter(|(before, after)| before >= start && *after < end)
            .count();
        assert!(inside <= LIMIT, "{inside} in a window of a second");
    }
}

fn ask(ledger: &Ledger, limit: u64, ticket: Option<i64>) -> Answer {
    let (sender, receiver) = std::sync::mpsc::channel();
    let ask = Ask {
        key: "k".to_owned(),
        need: Amounts {
            requests: 1,
            ..Amounts::default()
        },
        key_rates: Rates {
            requests: Some(limit),
            ..Rates::default()
        },
        window_millis: 1_000,
        ticket,
        ..Ask::default()
    };
    ledger.reserve(ask, move |answer| sender.send(answer).is_ok());
    receiver.recv().unwrap()
}
