//! Explorations: the real program with the mock and with hosts on loopback; its folder, its endings, and going on after a kill.

#[cfg(unix)]
mod processes;
mod semantic;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::run::{Done, Run};
use crate::support::server::{Recorded, Rule, Server, Step, anthropic, gemini, openai};

const FOLDER: &str = "output/glass-bottle";

fn explore(more: &[&str]) -> Run {
    Run::new()
        .arguments(&["explore", "--topic", "glass bottle", "--cache", "off"])
        .arguments(more)
}

fn with_mock(more: &[&str]) -> Run {
    explore(&["--provider", "random"]).arguments(more)
}

#[track_caller]
fn metadata(done: &Done) -> Value {
    serde_json::from_str(&done.text(&format!("{FOLDER}/metadata.json"))).unwrap()
}

#[track_caller]
fn lines(done: &Done) -> Vec<String> {
    done.text(&format!("{FOLDER}/output.txt"))
        .lines()
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn attributes(done: &Done) -> Vec<Value> {
    serde_json::from_str(&done.text(&format!("{FOLDER}/output.json"))).unwrap()
}

fn events(done: &Done, name: &str) -> Vec<Value> {
    let text = done.text(&format!("{FOLDER}/events.jsonl"));
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["event"] == name).collect()
}

/// The three files agree with each other, and no attribute is in them twice.
#[track_caller]
fn check(done: &Done) {
    let (lines, attributes, totals) = (lines(done), attributes(done), metadata(done)["totals"].clone());
    let kept: Vec<&str> = attributes
        .iter()
        .map(|one| one["attribute"].as_str().unwrap())
        .collect();
    assert_eq!(lines, kept);
    assert_eq!(totals["unique"], lines.len(), "{totals}");
    let lower: BTreeSet<String> = lines.iter().map(|line| line.to_lowercase().replace('-', " ")).collect();
    assert_eq!(lower.len(), lines.len());
    let sum = |name: &str| totals[name].as_u64().unwrap();
    assert_eq!(sum("received"), sum("unique") + sum("repeated") + sum("near"));
}

#[test]
fn an_exploration_leaves_a_list_and_says_where_each_came_from() {
    let done = with_mock(&["--producers", "3", "--iterations", "4", "--request-size", "40"])
        .done()
        .code(0);
    assert_eq!(done.stdout.trim(), format!("{FOLDER}/output.txt"));
    check(&done);
    let metadata = metadata(&done);
    assert_eq!(
        (&metadata["status"], &metadata["ended"]["why"]),
        (&json!("complete"), &json!("iterations"))
    );
    let totals = &metadata["totals"];
    assert_eq!((&totals["batches"], &totals["received"]), (&json!(12), &json!(480)));
    assert!(totals["uam"].as_f64().unwrap() > 0.0 && totals["uniqueness_ratio"].as_f64().unwrap() < 1.0);
    for (part, count) in [
        ("producers", 3),
        ("iterations", 4),
        ("models", 3),
        ("providers", 1),
        ("families", 6),
    ] {
        assert_eq!(metadata[part].as_array().unwrap().len(), count, "{part}");
    }
    let attributes = attributes(&done);
    assert!(
        attributes
            .iter()
            .any(|one| !one["merged"].as_array().unwrap().is_empty()),
        "the mock repeats itself"
    );
    assert!(
        attributes
            .iter()
            .all(|one| one["model"].as_str().unwrap().starts_with("mock:mock-"))
    );
    assert_eq!(events(&done, "explore.batch").len(), 12);
    assert!(
        events(&done, "explore.choice")
            .iter()
            .all(|choice| !choice["why"].as_str().unwrap().is_empty())
    );
    assert_eq!(events(&done, "explore.finished")[0]["unique"], lines(&done).len());
}

#[test]
fn it_ends_at_the_target_and_when_little_is_new() {
    let done = with_mock(&["--target", "100"]).done().code(0);
    assert_eq!(metadata(&done)["ended"]["why"], "target");
    assert!(lines(&done).len() >= 100);
    let done = with_mock(&["--iterations", "500", "--request-size", "500", "--stop-below", "10%"])
        .done()
        .code(0);
    assert_eq!(metadata(&done)["ended"]["why"], "diminishing");
    check(&done);
}

#[test]
fn it_ends_with_the_budget_and_stays_below_it() {
    let server = Server::with([Step::made(answer)]);
    let prices = "[lab]\ntiny = [1.0, 1.0, 100.0]\n";
    let done = explore(&[
        "--model",
        "lab:tiny",
        "--max-cost",
        "1",
        "--prices",
        "p.toml",
        "--no-stream",
        "--max-output-tokens",
        "2000",
    ])
    .variable("LAB_BASE_URL", &server.url("/v1"))
    .file("p.toml", prices)
    .done()
    .code(0);
    let metadata = metadata(&done);
    assert_eq!(metadata["ended"]["why"], "budget");
    let cost = metadata["totals"]["cost_usd"].as_f64().unwrap();
    assert!(cost > 0.5 && cost <= 1.0, "{cost}");
    check(&done);
}

/// Forty attributes that nobody else has: named after the time of the request.
fn answer(request: &Recorded) -> Vec<u8> {
    reply(openai, request)
}

fn reply(wire: fn(&str) -> String, request: &Recorded) -> Vec<u8> {
    let salt = request
        .body
        .iter()
        .fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let list: Vec<String> = (0..40).map(|number| format!("quality {salt:x}{number}")).collect();
    wire(&json!({"attributes": list}).to_string()).into()
}

#[test]
fn every_wire_format_brings_attributes() {
    let server = Server::start([
        Rule::on("/openai/", [Step::made(|request| reply(openai, request))]),
        Rule::on("/anthropic/", [Step::made(|request| reply(anthropic, request))]),
        Rule::on("/gemini/", [Step::made(|request| reply(gemini, request))]),
        Rule::on("/openrouter/", [Step::made(|request| reply(openai, request))]),
    ]);
    let done = explore(&[
        "--producers",
        "4",
        "--iterations",
        "2",
        "--no-stream",
        "--optimizer",
        "basic",
    ])
    .variable("OPENAI_API_KEY", "CANARY-1")
    .variable("OPENAI_BASE_URL", &server.url("/openai/v1"))
    .variable("ANTHROPIC_API_KEY", "CANARY-2")
    .variable("ANTHROPIC_BASE_URL", &server.url("/anthropic"))
    .variable("GEMINI_API_KEY", "CANARY-3")
    .variable("GEMINI_BASE_URL", &server.url("/gemini"))
    .variable("OPENROUTER_API_KEY", "CANARY-4")
    .variable("OPENROUTER_BASE_URL", &server.url("/openrouter/v1"))
    .done()
    .code(0);
    check(&done);
    let metadata = metadata(&done);
    let providers = metadata["providers"].as_array().unwrap();
    let names: BTreeSet<&str> = providers.iter().map(|one| one["provider"].as_str().unwrap()).collect();
    assert_eq!(names, BTreeSet::from(["anthropic", "gemini", "openai", "openrouter"]));
    assert!(!done.everything().contains("CANARY"));
}

#[test]
fn files_of_an_earlier_exploration_are_never_lost_by_mistake() {
    let first = with_mock(&["--iterations", "1"]).done().code(0);
    let before = lines(&first);
    let second = Run::again(first)
        .arguments(&["explore", "--topic", "glass bottle", "--provider", "mock"])
        .done()
        .code(2);
    let second = second.says(&["--resume", "--overwrite"]);
    assert_eq!(lines(&second), before);
    let more = [
        "explore",
        "--topic",
        "glass bottle",
        "--provider",
        "mock",
        "--cache",
        "off",
        "--resume",
        "--iterations",
        "3",
    ];
    let third = Run::again(second).arguments(&more).done().code(0);
    check(&third);
    assert_eq!(lines(&third)[..before.len()], before);
    assert_eq!(metadata(&third)["totals"]["batches"], 15);
    let other = [
        "explore",
        "--topic",
        "wood",
        "--provider",
        "mock",
        "--output",
        FOLDER,
        "--resume",
    ];
    Run::again(third)
        .arguments(&other)
        .done()
        .code(2)
        .says(&["glass bottle"]);
}

/// A mock that takes a moment, so that there is time to end it half-way.
fn slow(more: &[&str]) -> Run {
    with_mock(&["--mock-script", "slow.json", "--iterations", "200", "--stop-below", "0"])
        .arguments(more)
        .file("slow.json", r#"{"latency_ms": 30}"#)
}

/// Starts it, and comes back once so many batches are in the journal.
fn begun(run: &Run, batches: usize) -> std::process::Child {
    let mut command = run.command();
    let mut child = command
        .arg("-v")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
    let seen = talk
        .by_ref()
        .map_while(Result::ok)
        .filter(|line| line.starts_with("batch "))
        .take(batches)
        .count();
    assert_eq!(seen, batches);
    // Whoever closes the pipe ends nobody: what is said to it is lost.
    std::thread::spawn(move || talk.for_each(drop));
    child
}

#[test]
fn a_killed_exploration_goes_on_with_everything_that_had_arrived() {
    let run = slow(&[]);
    let mut child = begun(&run, 20);
    child.kill().unwrap();
    child.wait().unwrap();
    let journal = std::fs::read_to_string(run.folder().join(FOLDER).join("attributes.jsonl")).unwrap();
    let kept: Vec<Value> = journal
        .lines()
        .skip(1)
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert!(kept.len() >= 20);
    let new: Vec<&str> = kept
        .iter()
        .flat_map(|entry| entry["new"].as_array().unwrap())
        .map(|new| new.as_str().unwrap())
        .collect();
    let first: Vec<String> = new.into_iter().map(str::to_owned).collect();
    // As if the kill had cut the last line.
    std::fs::write(
        run.folder().join(FOLDER).join("attributes.jsonl"),
        format!("{journal}{{\"batch\":9999,\"pro"),
    )
    .unwrap();
    let target = (first.len() + 20).to_string();
    let done = run.arguments(&["--resume", "--target", &target]).done().code(0);
    check(&done);
    assert_eq!(lines(&done)[..first.len()], first);
    assert_eq!(events(&done, "explore.started")[0]["unique"], first.len());
}

#[cfg(unix)]
#[test]
fn an_interrupted_exploration_is_written_and_says_how_to_go_on() {
    let run = slow(&[]);
    let mut child = begun(&run, 10);
    let again = run.command().output().unwrap();
    assert_eq!(again.status.code(), Some(75), "one start at a time");
    let pid = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let done = run.arguments(&["--resume", "--target", "1"]).done().code(0);
    check(&done);
}

#[test]
fn providers_that_never_list_anything_end_it() {
    let server = Server::with([Step::ok(openai("I would rather not."))]);
    let done = explore(&["--model", "lab:tiny", "--producers", "2", "--no-stream"])
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .done()
        .code(1);
    assert!(done.stderr.contains("lists no attributes"), "{}", done.stderr);
    assert_eq!(metadata(&done)["ended"]["why"], "failing");
}

#[test]
fn a_hostile_topic_stays_in_its_folder() {
    for topic in ["../../etc", "🔥", &"x".repeat(300), "a\u{202E}b {{ topic }} {% raw %}"] {
        let done = Run::new()
            .arguments(&[
                "explore",
                "--provider",
                "mock",
                "--cache",
                "off",
                "--iterations",
                "1",
                "--topic",
                topic,
            ])
            .done()
            .code(0);
        let path = done.stdout.trim();
        assert!(
            path.starts_with("output/") && !path.contains("..") && path.len() < 90,
            "{path}"
        );
        assert!(done.path(path).is_file());
    }
    Run::new()
        .arguments(&["explore", "--provider", "mock", "--topic", " "])
        .done()
        .code(2);
}

#[test]
fn a_deadline_ends_it_with_what_had_arrived() {
    let done = slow(&["--deadline", "1"]).done().code(0);
    assert_eq!(metadata(&done)["ended"]["why"], "deadline");
    check(&done);
    assert!(!lines(&done).is_empty());
}

#[test]
fn the_models_of_a_routing_take_turns() {
    let models = "mock:mock-2,mock:mock-3";
    for strategy in [&[][..], &["--routing-strategy", "roundrobin"]] {
        let done = with_mock(&["--routing-config", models, "--optimizer", "basic", "--iterations", "4"])
            .arguments(strategy)
            .done()
            .code(0);
        let metadata = metadata(&done);
        let rows = metadata["models"].as_array().unwrap();
        let batches: Vec<(&str, u64)> = rows
            .iter()
            .map(|row| (row["model"].as_str().unwrap(), row["batches"].as_u64().unwrap()))
            .collect();
        assert_eq!(batches, [("mock:mock-2", 10), ("mock:mock-3", 10)]);
    }
}

#[test]
fn the_metadata_are_printed_where_they_are_asked_for() {
    for more in [&["--json"][..], &["--json", "--quiet"]] {
        let done = with_mock(&["--iterations", "1"]).arguments(more).done().code(0);
        assert_eq!(done.stdout, done.text(&format!("{FOLDER}/metadata.json")));
    }
    let done = with_mock(&["--iterations", "1", "--quiet"]).done().code(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
}

#[test]
fn an_exploration_is_a_session() {
    for processes in [&[][..], &["--processes"]] {
        let done = with_mock(&["--producers", "2", "--iterations", "3"])
            .arguments(processes)
            .done()
            .code(0);
        let found = lines(&done);
        let list = Run::again(done).arguments(&["sessions", "list", "--kind", "explore", "--json"]);
        let done = list.done().code(0);
        let sessions: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(sessions.as_array().unwrap().len(), 1, "{sessions}");
        let session = &sessions[0];
        assert_eq!(
            (&session["status"], &session["metadata"]["title"]),
            (&json!("completed"), &json!("glass bottle"))
        );
        assert_eq!(session["calls"], 6, "{session}");
        let id = session["id"].as_str().unwrap();
        let done = Run::again(done)
            .arguments(&["sessions", "show", id, "--json"])
            .done()
            .code(0);
        let shown: Value = serde_json::from_str(&done.stdout).unwrap();
        let batches = shown["interactions"].as_array().unwrap();
        let kept: Vec<&str> = batches
            .iter()
            .flat_map(|batch| batch["content"].as_str().unwrap().lines())
            .collect();
        assert_eq!((batches.len(), kept), (6, found.iter().map(String::as_str).collect()));
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_session_is_resumed() {
    let run = with_mock(&["--producers", "2", "--iterations", "12", "--stop-below", "0"])
        .arguments(&["--mock-script", "slow.json"])
        .file("slow.json", r#"{"latency_ms": 30}"#);
    let child = begun(&run, 6);
    let pid = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    let done = run.ended(child).code(130);
    let before = lines(&done);
    let list = ["sessions", "list", "--status", "active", "--json"];
    let done = Run::again(done).arguments(&list).done().code(0);
    let sessions: Value = serde_json::from_str(&done.stdout).unwrap();
    let id = sessions[0]["id"].as_str().unwrap();
    let done = Run::again(done).arguments(&["sessions", "resume", id]).done().code(0);
    check(&done);
    assert_eq!(lines(&done)[..before.len()], before);
    assert_eq!(metadata(&done)["totals"]["batches"], 24);
}
