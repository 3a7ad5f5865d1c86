//! A run recorded against a host on loopback and made again after the host is gone.

use crate::support::host::{council, good, good_but_for_geography};
use crate::support::run::{Done, END, Run, START};
use crate::support::server::{Manner, Server, Step, error, openai};

const FILES: [&str; 4] = [
    "coordinated_insights.json",
    "child_insights.json",
    "evidence.json",
    "report.md",
];

fn files(done: &Done) -> Vec<String> {
    FILES
        .map(|name| done.text(&format!("run_logs/x/outputs/insights/{name}")))
        .to_vec()
}

/// Equal byte for byte; the first line that is not is shown.
#[track_caller]
fn assert_equal(files: &[String], recorded: &[String]) {
    for ((name, left), right) in FILES.iter().zip(files).zip(recorded) {
        let other = left
            .lines()
            .zip(right.lines())
            .enumerate()
            .find(|(_, (left, right))| left != right);
        assert!(left == right, "{name}: {other:?}");
    }
}

/// The run of `council` again in its folder, with nothing in the environment.
fn replay(done: Done, more: &[&str]) -> Run {
    let same = [
        "--run-hash",
        "x",
        "--date-start",
        START,
        "--date-end",
        END,
        "--data",
        "events.csv",
    ];
    Run::again(done)
        .arguments(&same)
        .arguments(&["--replay", "tape.jsonl"])
        .arguments(more)
}

#[test]
fn a_recorded_run_is_made_again_byte_for_byte_without_host_and_key() {
    let limited = Step::status(429)
        .header("retry-after", "0.4")
        .body(error("rate_limit_exceeded", "slow down"));
    let cut = Step::ok(openai("{}")).manner(Manner::CutLength);
    let server = good_but_for_geography([limited, cut, good()]);
    let done = Run::council()
        .variable("OPENAI_API_KEY", "CANARY-0123456789")
        .variable("OPENAI_BASE_URL", &server.url("/v1"))
        .arguments(&["--model", "openai:test-model", "--record", "tape.jsonl"])
        .done()
        .code(0);
    assert_eq!(server.requests().len(), 9);
    drop(server);
    let (recorded, tape) = (files(&done), done.text("tape.jsonl"));
    assert_eq!(tape.lines().count(), 9);
    assert!(!tape.contains("CANARY") && !tape.contains("authorization"));
    let done = replay(done, &["--model", "openai:test-model"]).done().code(0);
    assert_equal(&files(&done), &recorded);
    assert_eq!(done.json("execution_summary.json")["totals"]["attempts"], 9);
    let done = replay(done, &[]).done().code(0);
    assert_equal(&files(&done), &recorded);
}

#[test]
fn a_hedge_that_won_wins_again() {
    let (one, two) = (
        good_but_for_geography([Step::ok(openai("{}")).manner(Manner::Hang)]),
        Server::with([good()]),
    );
    let flags = [
        "--model",
        "one:a",
        "--fallback",
        "two:b",
        "--deadline",
        "100",
        "--hedge-after",
        "5",
    ];
    let run = council(&[("one", &one), ("two", &two)], &flags).arguments(&["--record", "tape.jsonl"]);
    let done = run.done().code(0);
    let recorded = files(&done);
    drop((one, two));
    let done = replay(done, &flags).done().code(0);
    assert_equal(&files(&done), &recorded);
}

#[test]
fn a_request_that_was_not_recorded_is_a_clear_error() {
    let server = Server::with([good()]);
    let done = council(&[("one", &server)], &["--model", "one:a", "--record", "tape.jsonl"])
        .done()
        .code(0);
    drop(server);
    let done = replay(done, &["--model", "one:other"])
        .done()
        .code(3)
        .says(&["`geographic` to one:other", "is the model another one?"]);
    let children = done.json("child_insights.json");
    assert_eq!(children["geographic"]["error"]["kind"], "configuration");
    let done = replay(done, &["--max-output-tokens", "999"]).done().code(3);
    assert!(done.stderr.contains("differ from the recording"), "{}", done.stderr);
}

#[test]
fn replies_that_are_kept_do_not_shorten_a_recording_and_a_replay_leaves_none() {
    let server = Server::with([good()]);
    let done = council(&[("one", &server)], &["--model", "one:a"]).done().code(0);
    let again = [
        "--run-hash",
        "x",
        "--date-start",
        START,
        "--date-end",
        END,
        "--data",
        "events.csv",
        "--record",
        "tape.jsonl",
    ];
    let done = Run::again(done)
        .variable("ONE_BASE_URL", &server.url("/v1"))
        .arguments(&["--model", "one:a"])
        .arguments(&again)
        .done()
        .code(0);
    assert_eq!(
        (server.requests().len(), done.text("tape.jsonl").lines().count()),
        (14, 7)
    );
    std::fs::remove_file(done.path("run_logs/insights.db")).unwrap();
    let done = replay(done, &[]).done().code(0);
    assert!(!done.path("run_logs/insights.db").exists());
}

#[test]
fn the_mock_is_recorded_and_replayed_like_everybody() {
    let done = Run::council()
        .mock()
        .arguments(&["--record", "tape.jsonl"])
        .done()
        .code(0);
    let recorded = files(&done);
    let done = replay(done, &[]).done().code(0);
    assert_equal(&files(&done), &recorded);
}

#[test]
fn a_damaged_recording_is_named_by_its_line_and_a_cut_one_is_used() {
    let done = Run::council()
        .mock()
        .arguments(&["--record", "tape.jsonl"])
        .done()
        .code(0);
    let tape = done.text("tape.jsonl");
    let lines: Vec<&str> = tape.lines().collect();
    let damaged = format!("{}\n{{\"version\":1\n{}\n", lines[0], lines[1..].join("\n"));
    std::fs::write(done.path("tape.jsonl"), damaged).unwrap();
    let done = replay(done, &[]).done().code(2).says(&["line 2", "hint:"]);
    std::fs::write(done.path("tape.jsonl"), &tape[..tape.len() - 20]).unwrap();
    let done = replay(done, &[]).done().code(3).says(&["was cut off", "`coordinator`"]);
    replay(done, &["--record", "other.jsonl"])
        .done()
        .code(2)
        .says(&["record and replay at once"]);
    let missing = Run::council()
        .mock()
        .arguments(&["--replay", "nowhere.jsonl"])
        .done()
        .code(2);
    assert!(missing.stderr.contains("nowhere.jsonl"));
}

#[test]
fn a_dry_run_records_over_nothing() {
    let run = Run::council().file("tape.jsonl", "precious\n").mock();
    let done = run.arguments(&["--record", "tape.jsonl", "--dry-run"]).done().code(0);
    assert_eq!(done.text("tape.jsonl"), "precious\n");
}
