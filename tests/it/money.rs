//! Budgets of money, calls and tokens: what leaves for a host on loopback when six specialists want to call at once.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::host::{council, good, good_text};
use crate::support::run::Run;
use crate::support::server::{Manner, Recorded, Server, Step, error, openai};

/// A dollar for a thousand tokens of output; the worst case of a call is 4.096 dollars.
const PRICES: &str =
    "updated = \"2026-11-20\"\n[one]\na = { input = 0.0, output = 1000.0 }\n[two]\nb = { input = 0.0, output = 1.0 }\n";

/// Uses exactly what was reserved, after a while, so that all six want to leave before the first is settled.
fn greedy() -> Step {
    Step::made(|request: &Recorded| {
        let mut reply: Value = serde_json::from_str(&openai(&good_text(request))).unwrap();
        reply["usage"] = json!({"prompt_tokens": request.body.len().div_ceil(2), "completion_tokens": 4096});
        reply.to_string().into_bytes()
    })
    .delay(Duration::from_millis(300))
}

fn run(server: &Server, arguments: &[&str]) -> Run {
    council(&[("one", server)], &["--model", "one:a", "--cache", "off"])
        .file("prices.toml", PRICES)
        .arguments(arguments)
}

/// Kinds of the missing specialists.
fn missing(children: &Value) -> Vec<&str> {
    let children = children.as_object().unwrap().values();
    children.filter_map(|child| child["error"]["kind"].as_str()).collect()
}

#[test]
fn exactly_as_many_requests_leave_as_the_budget_holds() {
    for (arguments, sent) in [
        (["--max-calls", "4"], 4),
        (["--max-cost", "12.288"], 3),
        (["--max-cost", "12.287"], 2),
    ] {
        let server = Server::with([greedy()]);
        let done = run(&server, &arguments).done().code(3);
        assert_eq!(server.requests().len(), sent, "{arguments:?}");
        assert_eq!(
            missing(&done.json("child_insights.json")),
            vec!["budget"; 6 - sent],
            "{arguments:?}"
        );
        let budget = &done.json("execution_summary.json")["budget"];
        assert_eq!(budget["requests"], sent);
        assert!(
            (budget["cost_usd"].as_f64().unwrap() - 4.096 * sent as f64).abs() < 1e-9,
            "{budget}"
        );
        assert!(
            done.stderr.contains(&format!("· {sent} requests · ")),
            "{}",
            done.stderr
        );
        assert!(
            done.report().contains(arguments[0].trim_start_matches('-')),
            "the report says why: {}",
            done.report()
        );
    }
}

#[test]
fn tokens_never_pass_their_budget() {
    let server = Server::with([greedy()]);
    let done = run(&server, &["--max-tokens", "30000"]).done().code(3);
    let used: usize = server
        .requests()
        .iter()
        .map(|request| request.body.len().div_ceil(2) + 4096)
        .sum();
    let smallest = 4096;
    assert!(used <= 30_000 && !server.requests().is_empty(), "{used}");
    let budget = &done.json("execution_summary.json")["budget"];
    assert_eq!(
        (budget["tokens"].as_u64(), budget["max_tokens"].as_u64()),
        (Some(used as u64), Some(30_000))
    );
    assert!(
        !missing(&done.json("child_insights.json")).is_empty(),
        "{used} of {smallest} each"
    );
}

#[test]
fn what_the_first_calls_leave_over_serves_the_others() {
    // Seven worst cases are 28.67 dollars; the host uses 10 tokens, a cent, for each.
    let server = Server::with([good()]);
    let done = run(&server, &["--max-cost", "5"]).done().code(0);
    assert_eq!(server.requests().len(), 7);
    let summary = done.json("execution_summary.json");
    assert!(
        (summary["totals"]["cost_usd"].as_f64().unwrap() - 0.07).abs() < 1e-9,
        "{}",
        summary["totals"]
    );
    assert_eq!(summary["budget"]["prices_of"], "2026-11-20");
}

#[test]
fn failed_attempts_count() {
    let server = Server::with([Step::status(500).body(error("server_error", "down"))]);
    let done = run(&server, &["--max-calls", "5", "--retries", "9"]).done().code(75);
    assert_eq!(server.requests().len(), 5);
    assert!(done.stderr.contains("before that: 500"), "{}", done.stderr);
    let silent = Server::with([Step::ok("").manner(Manner::Hang)]);
    let done = run(&silent, &["--max-cost", "5", "--timeout", "0.5", "--retries", "0"])
        .done()
        .code(3);
    assert_eq!(
        silent.requests().len(),
        1,
        "a request that timed out may have been billed"
    );
    let budget = &done.json("execution_summary.json")["budget"];
    assert_eq!(budget["cost_usd"], 4.096);
}

#[test]
fn a_budget_that_allows_nothing_means_try_later() {
    let server = Server::with([good()]);
    let done = run(&server, &["--max-cost", "0.01"]).done().code(75);
    assert_eq!(server.requests().len(), 0);
    assert_eq!(missing(&done.json("child_insights.json")), ["budget"; 6]);
}

#[test]
fn only_a_cheaper_model_takes_over_when_the_money_is_short() {
    let (one, two) = (Server::with([good()]), Server::with([good()]));
    let done = council(
        &[("one", &one), ("two", &two)],
        &["--model", "one:a", "--fallback", "two:b", "--max-cost", "1"],
    )
    .file("prices.toml", PRICES)
    .done()
    .code(0);
    assert_eq!((one.requests().len(), two.requests().len()), (0, 7));
    assert!(
        done.json("execution_summary.json")["totals"]["cost_usd"]
            .as_f64()
            .unwrap()
            < 1.0
    );
}

#[test]
fn a_limit_on_money_needs_a_price() {
    let server = Server::with([good()]);
    council(&[("one", &server)], &["--model", "one:unlisted", "--max-cost", "1"])
        .done()
        .code(2)
        .says(&["no price is known for one:unlisted", "--prices"]);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn cached_and_reasoning_tokens_are_billed_once_at_their_own_price() {
    let server = Server::with([Step::made(|request: &Recorded| {
        let mut reply: Value = serde_json::from_str(&openai(&good_text(request))).unwrap();
        reply["usage"] = json!({
            "prompt_tokens": 1000, "completion_tokens": 100,
            "prompt_tokens_details": {"cached_tokens": 400}, "completion_tokens_details": {"reasoning_tokens": 60}
        });
        reply.to_string().into_bytes()
    })]);
    let prices = "[one]\na = { input = 10.0, cached_input = 1.0, output = 20.0, reasoning = 40.0 }\n";
    let done = council(&[("one", &server)], &["--model", "one:a", "--prices", "mine.toml"])
        .file("mine.toml", prices)
        .done()
        .code(0);
    let cost = done.json("child_insights.json")["geographic"]["metadata"]["cost_usd"]
        .as_f64()
        .unwrap();
    let expected = (600.0 * 10.0 + 400.0 * 1.0 + 40.0 * 20.0 + 60.0 * 40.0) / 1e6;
    assert!((cost - expected).abs() < 1e-12, "{cost} {expected}");
    let unknown = council(&[("one", &server)], &["--model", "one:b"]).done().code(0);
    assert_eq!(
        unknown.json("execution_summary.json")["totals"]["cost_usd"],
        Value::Null
    );
}
