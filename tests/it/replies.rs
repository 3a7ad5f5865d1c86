//! Kept replies: what an unchanged rerun asks, and what becomes of old, damaged, invalid and simultaneous ones.

use std::time::Duration;

use insights::event::Events;
use insights::llm::{CacheMode, Llm, Options, PrivateHosts, Request, Route, Target, Vendor};
use insights::store::Store;
use rusqlite::Connection;

use crate::support::host::{council, good, good_but_for_geography, of_geography};
use crate::support::run::{Done, END, Run, START};
use crate::support::server::{Server, Step, openai};

/// The same run again, in the folder that the first one left.
fn again(done: Done, server: &Server, more: &[&str]) -> Done {
    let same = [
        "--run-hash",
        "x",
        "--date-start",
        START,
        "--date-end",
        END,
        "--data",
        "events.csv",
        "--model",
        "one:a",
    ];
    Run::again(done)
        .variable("ONE_BASE_URL", &server.url("/v1"))
        .arguments(&same)
        .arguments(more)
        .done()
}

fn database(done: &Done) -> Connection {
    Connection::open(done.path("run_logs/insights.db")).unwrap()
}

#[test]
fn modes_say_what_is_read_and_what_is_kept() {
    let server = Server::with([good()]);
    let mut done = council(&[("one", &server)], &["--model", "one:a", "--cache", "read"])
        .done()
        .code(0);
    for (mode, sent) in [
        ("on", 14),
        ("on", 14),
        ("read", 14),
        ("write", 21),
        ("refresh", 28),
        ("off", 35),
        ("on", 35),
    ] {
        done = again(done, &server, &["--cache", mode]).code(0);
        assert_eq!(server.requests().len(), sent, "{mode}");
    }
    let summary = done.json("execution_summary.json");
    assert_eq!(
        (&summary["totals"]["cached_calls"], &summary["totals"]["cost_usd"]),
        (&7.into(), &0.0.into())
    );
    assert_eq!(summary["budget"]["requests"], 0);
    done = again(done, &server, &["--max-calls", "0"]).code(0);
    assert_eq!(
        done.json("child_insights.json")["geographic"]["metadata"]["cached"],
        true
    );
}

#[test]
fn old_replies_and_replies_from_the_future_are_asked_for_again() {
    let server = Server::with([good()]);
    let done = council(&[("one", &server)], &["--model", "one:a"]).done().code(0);
    let hours_ago = |done: &Done, hours: i64| {
        let created = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        database(done)
            .execute("UPDATE cache SET created = ?1", [created.to_string()])
            .unwrap();
    };
    hours_ago(&done, 25);
    let done = again(done, &server, &["--cache-max-age", "26h"]).code(0);
    assert_eq!(server.requests().len(), 7);
    let done = again(done, &server, &["--cache-max-age", "24h"]).code(0);
    assert_eq!(server.requests().len(), 14);
    hours_ago(&done, -1);
    again(done, &server, &[]).code(0);
    assert_eq!(server.requests().len(), 21);
}

#[test]
fn a_damaged_row_is_put_aside_and_asked_for_again() {
    let server = Server::with([good()]);
    let done = council(&[("one", &server)], &["--model", "one:a"]).done().code(0);
    let database = database(&done);
    let edit = "UPDATE cache SET value = replace(value, 'text', 'next') WHERE key = (SELECT min(key) FROM cache)";
    assert_eq!(database.execute(edit, []).unwrap(), 1);
    let done = again(done, &server, &[]).code(0).says(&["damaged", "put aside"]);
    assert_eq!(server.requests().len(), 8);
    let aside: u32 = database
        .query_row("SELECT count(*) FROM cache_aside", [], |row| row.get(0))
        .unwrap();
    assert_eq!(aside, 1);
    let done = again(done, &server, &[]).code(0);
    assert_eq!((server.requests().len(), done.stderr.contains("damaged")), (8, false));
}

#[test]
fn a_useless_reply_is_forgotten_and_one_that_was_made_good_is_not() {
    let useless = || Step::ok(openai(r#"{"findings": "none"}"#));
    let server = good_but_for_geography([useless(), useless(), good()]);
    let done = council(&[("one", &server)], &["--model", "one:a"]).done().code(3);
    assert_eq!(of_geography(&server), 2);
    let done = again(done, &server, &[]).code(0);
    assert_eq!(of_geography(&server), 3, "nobody is served the useless reply again");
    again(done, &server, &[]).code(0);
    assert_eq!(of_geography(&server), 3);

    let server = good_but_for_geography([useless(), good()]);
    let done = council(&[("one", &server)], &["--model", "one:a"]).done().code(0);
    again(done, &server, &[]).code(0);
    assert_eq!(of_geography(&server), 2, "an unchanged rerun makes no call");
}

#[test]
fn truncated_replies_are_not_kept() {
    let cut = Step::ok(openai("{\"findings\"").replace("\"stop\"", "\"length\""));
    let server = good_but_for_geography([cut.clone(), cut, good()]);
    let done = council(&[("one", &server)], &["--model", "one:a"]).done().code(3);
    again(done, &server, &[]).code(0);
    assert_eq!(of_geography(&server), 3);
}

#[tokio::test]
async fn equal_calls_at_the_same_time_are_one_request() {
    let server = Server::with([Step::ok(openai("{}")).delay(Duration::from_millis(300))]);
    let folder = tempfile::tempdir().unwrap();
    let vendor = Vendor::compatible("lab")
        .with_base_url(&server.url("/v1"), "test", PrivateHosts::Refused)
        .unwrap();
    let options = Options {
        vendors: vec![vendor],
        routes: Route::to([Target::new("lab", "m")]),
        cache: CacheMode::On,
        ..Options::default()
    };
    let store = Store::open(&folder.path().join("insights.db"));
    let llm = std::sync::Arc::new(Llm::new(options, Some(store), Events::silent()).unwrap());
    let mut calls = tokio::task::JoinSet::new();
    for role in ["a", "b", "c", "d"] {
        let llm = std::sync::Arc::clone(&llm);
        calls.spawn(async move {
            let request = Request {
                role: role.to_owned(),
                system: String::new(),
                prompt: "the same".to_owned(),
                schema: None,
                max_output_tokens: 100,
                temperature: None,
            };
            llm.complete(&request, None).await.unwrap()
        });
    }
    let replies = calls.join_all().await;
    assert_eq!(server.requests().len(), 1);
    let free = replies
        .iter()
        .filter(|reply| reply.cached && reply.cost_usd == Some(0.0) && reply.attempts.is_empty());
    assert_eq!(free.count(), 3);
    assert!(replies.iter().all(|reply| reply.text == "{}"));
}
