//! The session log as its users meet it: list, show, export, and going on after the process was killed.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use insights::llm::{Request, Schema, mock_answer};
use serde_json::{Value, json};

use crate::support::run::{Done, Run};
use crate::support::server::{Manner, Recorded, Rule, Server, Step, openai};

fn refined(more: &[&str]) -> Done {
    Run::new()
        .arguments(&["refine", "--provider", "mock", "--prompt", "a note about cats"])
        .arguments(more)
        .done()
}

/// Another command in the folder of an earlier one.
#[track_caller]
fn then(done: Done, arguments: &[&str]) -> Done {
    Run::again(done).arguments(arguments).done()
}

#[track_caller]
fn list(done: Done) -> (Done, Vec<Value>) {
    let done = then(done, &["sessions", "list", "--json"]).code(0);
    let list = serde_json::from_str(&done.stdout).unwrap();
    (done, list)
}

#[test]
fn a_session_is_listed_shown_and_exported() {
    for backend in ["sqlite", "jsonl"] {
        let (done, sessions) = list(refined(&["--session-log", backend]).code(0));
        assert_eq!(sessions.len(), 1);
        let one = &sessions[0];
        assert_eq!(
            (&one["kind"], &one["status"], &one["calls"]),
            (&json!("refine"), &json!("completed"), &json!(6)),
            "{one:#}"
        );
        assert_eq!(one["cost_usd"], 0.0);
        let id = one["id"].as_str().unwrap().to_owned();
        let done = then(done, &["sessions", "show", &id[..10]]).code(0);
        let order: Vec<&str> = done
            .stdout
            .lines()
            .filter(|line| line.starts_with("20"))
            .map(|line| line.split(' ').nth(1).unwrap())
            .collect();
        // Draft; call and verdict of a review; rewrite …
        assert_eq!(
            order,
            [
                "prompt",
                "review",
                "review",
                "refinement",
                "review",
                "review",
                "refinement",
                "review",
                "review"
            ],
            "{}",
            done.stdout
        );
        assert!(done.stdout.contains("stays general") && done.stdout.contains("- Name one concrete case."));
        let done = then(done, &["sessions", "export", &id]).code(0);
        let whole: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(whole["interactions"].as_array().unwrap().len(), 6);
        assert_eq!(whole["reviews"].as_array().unwrap().len(), 3);
        let call = &whole["calls"][1];
        assert_eq!(
            (&call["type"], &call["parameters"]["schema"]),
            (&json!("structured"), &json!("refine_refine_review")),
            "{call:#}"
        );
        for field in [
            "prompt",
            "reply",
            "millis",
            "input_tokens",
            "output_tokens",
            "cost_usd",
            "created",
        ] {
            assert!(!call[field].is_null(), "{field}: {call:#}");
        }
        let done = then(
            done,
            &["sessions", "export", &id, "--format", "jsonl", "--output", "out.jsonl"],
        )
        .code(0);
        let lines = done.text("out.jsonl");
        let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let count = |name: &str| records.iter().filter(|record| record["record"] == name).count();
        assert_eq!(["session", "call", "interaction", "review"].map(count), [1, 6, 6, 3]);
        let done = then(done, &["sessions", "export", &id, "--format", "md"]).code(0);
        assert!(
            done.stdout.starts_with(&format!("# Session {id}\n")) && done.stdout.contains("## requests and responses")
        );
        then(done, &["sessions", "resume", &id])
            .code(0)
            .says(&["nothing is left to do"]);
    }
}

#[test]
fn the_list_is_newest_first_and_can_be_narrowed() {
    let done = refined(&[]).code(0);
    let done = then(
        done,
        &[
            "refine",
            "--provider",
            "mock",
            "--prompt",
            "second",
            "--session-log",
            "jsonl",
        ],
    )
    .code(0);
    let done = then(done, &["ask", "third?", "--pattern", "gut", "--provider", "mock"]).code(0);
    let (done, sessions) = list(done);
    let titles: Vec<&str> = sessions
        .iter()
        .map(|one| one["metadata"]["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["third?", "second", "a note about cats"]);
    let done = then(done, &["sessions", "list", "--kind", "refine", "--status", "completed"]).code(0);
    assert_eq!(done.stdout.lines().count(), 3, "{}", done.stdout);
    let done = then(done, &["sessions", "list", "--status", "failed", "--json"]).code(0);
    assert_eq!(done.stdout, "[]\n");
    then(done, &["sessions", "list", "--kind", "nosuch"])
        .code(2)
        .says(&["council, ask, refine, scan"]);
}

#[test]
fn an_unknown_id_names_the_nearest() {
    let (done, sessions) = list(refined(&[]));
    let id = sessions[0]["id"].as_str().unwrap().to_owned();
    let typo = format!("{}zz", &id[..9]);
    for action in ["show", "export", "resume"] {
        let done = then(refined(&[]), &["sessions", action, "ask-000"]);
        done.code(2)
            .says(&["there is no session `ask-000`", "the nearest is `refine-"]);
    }
    let done = then(done, &["sessions", "show", &typo])
        .code(2)
        .says(&[&format!("the nearest is `{id}`")]);
    then(done, &["sessions", "export", &id, "--format", "pdf"])
        .code(2)
        .says(&["json, jsonl, md"]);
    Run::new()
        .arguments(&["sessions", "show", "x"])
        .done()
        .code(2)
        .says(&["no session is kept"]);
}

#[test]
fn nothing_foreign_reaches_the_terminal_and_no_key_reaches_the_log() {
    let evil = "Fine.\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}\n2026-01-01T00:00:00Z review of x by y: 1.00";
    let server = Server::with([Step::ok(openai(evil))]);
    let key = "CANARY-KEY-0123456789";
    let done = Run::new()
        .arguments(&[
            "refine",
            "--prompt",
            "x",
            "--provider",
            "openai",
            "--model",
            "openai:m",
            "--scorer",
            "length",
            "--length",
            "1..99",
        ])
        .variable("OPENAI_API_KEY", key)
        .variable("OPENAI_BASE_URL", &server.url("/v1"))
        .done()
        .code(0);
    let (done, sessions) = list(done);
    let done = then(done, &["sessions", "show", sessions[0]["id"].as_str().unwrap()]).code(0);
    assert!(
        !done.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}']),
        "{:?}",
        done.stdout
    );
    let faked = done
        .stdout
        .lines()
        .filter(|line| line.starts_with("2026-01-01"))
        .count();
    assert_eq!(faked, 0, "a reply must not look like a line of ours");
    let everything = done.everything();
    assert!(!everything.contains(key), "the key was kept");
}

#[test]
fn only_numbers_are_kept_when_that_is_asked_for() {
    for backend in ["sqlite", "jsonl"] {
        let done = refined(&[
            "--session-log",
            backend,
            "--session-detail",
            "numbers",
            "--cache",
            "off",
        ])
        .code(0);
        let (done, sessions) = list(done);
        let id = sessions[0]["id"].as_str().unwrap().to_owned();
        let done = then(done, &["sessions", "export", &id]).code(0);
        let whole: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(whole["reviews"][2]["score"], 0.85);
        assert!(
            !done.stdout.contains("Mock edition") && !done.stdout.contains("stays general"),
            "{}",
            done.stdout
        );
        assert_eq!(whole["kept_steps"], 0, "{backend}");
    }
    let done = refined(&["--session-log", "none"]).code(0);
    let (done, sessions) = list(done);
    assert!(sessions.is_empty());
    then(
        done,
        &[
            "refine",
            "--prompt",
            "x",
            "--provider",
            "mock",
            "--session-log",
            "nosuch",
        ],
    )
    .code(2)
    .says(&["`sqlite`, `jsonl` or `none`"]);
}

#[test]
fn a_log_that_cannot_be_written_fails_nothing() {
    let run = Run::new()
        .file("run_logs/sessions", "a file in the way")
        .file("run_logs/insights.db/x", "a folder in the way")
        .arguments(&["refine", "--provider", "mock", "--prompt", "x"]);
    let done = run.done().code(0);
    assert_eq!(done.stderr.matches("warning").count(), 1, "{}", done.stderr);
    let done = then(
        done,
        &[
            "refine",
            "--provider",
            "mock",
            "--prompt",
            "x",
            "--session-log",
            "jsonl",
        ],
    )
    .code(0);
    assert!(done.stderr.contains("warning"), "{}", done.stderr);
}

/// Waits for something that another process does.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a run, kills it without warning as soon as `ready`, and resumes its session.
fn kill_and_resume(run: &Run, server: &Server, ready: impl Fn() -> bool) -> std::process::Output {
    let mut child = run.spawn();
    until("the point to kill at", ready);
    child.kill().unwrap();
    child.wait().unwrap();
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_insights"));
        command.args(arguments).current_dir(run.folder()).env_clear();
        command.env("LAB_BASE_URL", server.url("/v1")).stdin(Stdio::null());
        command.output().unwrap()
    };
    let listed = command(&["sessions", "list", "--json"]);
    let sessions: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (&sessions[0]["status"], sessions.as_array().unwrap().len()),
        (&json!("active"), 1),
        "{sessions:#}"
    );
    let id = sessions[0]["id"].as_str().unwrap().to_owned();
    let resumed = command(&["sessions", "resume", &id]);
    let listed = command(&["sessions", "list", "--json"]);
    let sessions: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (&sessions[0]["status"], sessions.as_array().unwrap().len()),
        (&json!("completed"), 1),
        "{sessions:#}"
    );
    resumed
}

#[test]
fn a_killed_refinement_goes_on_without_paying_again() {
    for backend in ["sqlite", "jsonl"] {
        let review = |score: f64| {
            Step::ok(openai(
                &json!({"score": score, "feedback": "f", "suggestions": []}).to_string(),
            ))
        };
        let server = Server::start([
            Rule::on(
                "\"model\":\"writer\"",
                [
                    Step::ok(openai("Version one.")),
                    Step::status(200).manner(Manner::Hang),
                    Step::ok(openai("Version two.")),
                ],
            ),
            Rule::on("\"model\":\"critic\"", [review(0.3), review(0.9)]),
        ]);
        let run = Run::new()
            .arguments(&[
                "refine",
                "--prompt",
                "p.txt",
                "--model",
                "lab:writer",
                "--reviewer",
                "lab:critic",
            ])
            .arguments(&["--cache", "off", "--session-log", backend])
            .file("p.txt", "a note")
            .variable("LAB_BASE_URL", &server.url("/v1"));
        let resumed = kill_and_resume(&run, &server, || server.requests().len() == 3);
        let stderr = String::from_utf8_lossy(&resumed.stderr).into_owned();
        assert_eq!(resumed.status.code(), Some(0), "{stderr}");
        assert_eq!(String::from_utf8_lossy(&resumed.stdout), "Version two.\n");
        assert!(stderr.contains("approved: version 2 of 2"), "{stderr}");
        // Draft and review were paid for once; the rewrite that hung is asked again.
        assert_eq!(server.requests().len(), 5, "{backend}");
    }
}

#[test]
fn what_was_read_from_stdin_is_there_again() {
    let server = Server::start([Rule::on(
        "\"model\":\"writer\"",
        [Step::status(200).manner(Manner::Hang), Step::ok(openai("Done."))],
    )]);
    let run = Run::new()
        .arguments(&[
            "refine",
            "--prompt",
            "-",
            "--model",
            "lab:writer",
            "--scorer",
            "length",
            "--length",
            "1..9",
            "--cache",
            "off",
        ])
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .file("in.txt", "PIPED-WORDS");
    let mut command = run.command();
    let input = std::fs::File::open(run.folder().join("in.txt")).unwrap();
    let mut child = command
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the first request", || server.requests().len() == 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let mut resume = Command::new(env!("CARGO_BIN_EXE_insights"));
    // From another folder: the session's own folder counts.
    std::fs::create_dir(run.folder().join("elsewhere")).unwrap();
    resume
        .args(["sessions", "resume", "refine-", "--run-logs", "../run_logs"])
        .current_dir(run.folder().join("elsewhere"));
    let output = resume
        .env_clear()
        .env("LAB_BASE_URL", server.url("/v1"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Done.\n");
    assert!(String::from_utf8_lossy(&server.requests()[1].body).contains("PIPED-WORDS"));
    assert!(!run.folder().join("elsewhere/run_logs").exists());
}

/// Answers as the mock would.
fn as_the_mock(request: &Recorded) -> Vec<u8> {
    let body = request.json();
    let messages = body["messages"].as_array().unwrap();
    let texts: Vec<&str> = messages
        .iter()
        .map(|message| message["content"].as_str().unwrap())
        .collect();
    let value = body["response_format"]["json_schema"]["schema"].clone();
    openai(&mock_answer(&Request {
        role: "any".to_owned(),
        system: String::new(),
        prompt: texts.join("\n"),
        schema: (!value.is_null()).then(|| Schema {
            name: "reply".to_owned(),
            value,
        }),
        max_output_tokens: 4096,
        temperature: None,
    }))
    .into()
}

#[test]
fn a_killed_council_goes_on_without_paying_again() {
    // Five specialists are answered, the third never; then everybody is.
    let answer = || Step::made(as_the_mock);
    let steps = [answer(), answer(), Step::status(200).manner(Manner::Hang), answer()];
    let server = Server::with(steps);
    let run = Run::council()
        .arguments(&["--model", "lab:m", "--cache", "off"])
        .variable("LAB_BASE_URL", &server.url("/v1"));
    let database = run.folder().join("run_logs/insights.db");
    let kept = || {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = rusqlite::Connection::open_with_flags(&database, flags).ok()?;
        connection
            .query_row("SELECT count(*) FROM steps", [], |row| row.get::<_, i64>(0))
            .ok()
    };
    let resumed = kill_and_resume(&run, &server, || kept() == Some(5) && server.requests().len() == 6);
    let stderr = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert_eq!(resumed.status.code(), Some(0), "{stderr}");
    // The one that hung, and the coordinator.
    assert_eq!(server.requests().len(), 8, "{stderr}");
    let report = run.folder().join("run_logs/x/outputs/insights/report.md");
    assert!(std::fs::read_to_string(report).unwrap().contains("## Verdict"));
}

#[test]
fn two_processes_do_not_resume_one_session() {
    let server = Server::start([Rule::any([Step::status(200).manner(Manner::Hang)])]);
    let run = Run::new()
        .arguments(&["refine", "--prompt", "x", "--model", "lab:writer", "--cache", "off"])
        .variable("LAB_BASE_URL", &server.url("/v1"));
    let mut child = run.spawn();
    until("the first request", || server.requests().len() == 1);
    let mut resume = Command::new(env!("CARGO_BIN_EXE_insights"));
    resume
        .args(["sessions", "resume", "refine"])
        .current_dir(run.folder())
        .env_clear();
    let output = resume.env("LAB_BASE_URL", server.url("/v1")).output().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        output.status.code(),
        Some(75),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
