//! Which model is asked for which role, in which order: the real program against several hosts on loopback.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::host::{call_of, council, good, good_but_for_geography, models, of_geography};
use crate::support::run::Run;
use crate::support::server::{Manner, Server, Step, error, openai};

fn broken() -> Step {
    Step::status(500).body(error("server_error", "down"))
}

#[test]
fn round_robin_spreads_the_calls_over_the_hosts() {
    let (one, two) = (Server::with([good()]), Server::with([good()]));
    let routing = ["--routing-strategy", "roundrobin", "--routing-config", "one:a,two:b"];
    let done = council(&[("one", &one), ("two", &two)], &routing).done().code(0);
    assert_eq!((one.requests().len(), two.requests().len()), (4, 3));
    let expected = ["one:a", "two:b", "one:a", "two:b", "one:a", "two:b", "one:a"];
    assert_eq!(models(&done.json("execution_summary.json")), expected);
    assert!(
        done.report()
            .contains("--routing-strategy roundrobin --routing-config one:a:1,two:b:1")
    );
}

#[test]
fn a_weighted_draw_is_the_same_for_the_same_run() {
    let server = Server::with([good()]);
    let run = || {
        council(&[("one", &server)], &["--cache", "off"])
            .variable("ROUTING_STRATEGY", "weighted")
            .variable("ROUTING_CONFIG", "one:a:1,one:b:1,one:c:2")
    };
    let drawn = || {
        let done = run().arguments(&["--dry-run", "--json"]).done().code(0);
        let plan: Value = serde_json::from_str(&done.stdout).unwrap();
        let calls = plan["calls"].as_array().unwrap().clone();
        calls.iter().map(|call| call["models"].to_string()).collect::<Vec<_>>()
    };
    let first = drawn();
    assert_eq!(first, drawn());
    assert!(
        first.iter().any(|models| *models != first[0]),
        "the roles draw apart: {first:?}"
    );
    assert_eq!(server.requests().len(), 0, "a dry run calls nobody");
    let done = run().done().code(0);
    for (planned, asked) in first.iter().zip(models(&done.json("execution_summary.json"))) {
        let asked = asked.replace("one:", "[\"one:");
        assert!(planned.starts_with(&asked), "{planned} {asked}");
    }
}

#[test]
fn priority_asks_every_model_once_before_any_again() {
    let (one, two) = (
        good_but_for_geography([broken()]),
        good_but_for_geography([broken(), good()]),
    );
    let routing = [
        "--routing-strategy",
        "priority",
        "--routing-config",
        "one:a,two:b",
        "--retries",
        "3",
    ];
    let done = council(&[("one", &one), ("two", &two)], &routing).done().code(0);
    assert_eq!(of_geography(&two), 2, "one, two, one again, two again");
    let times = |server: &Server| -> Vec<Instant> {
        let requests = server.requests().into_iter();
        let ours = requests.filter(|request| String::from_utf8_lossy(&request.body).contains("Task: geography"));
        ours.map(|request| request.at).collect()
    };
    let (one, two) = (times(&one), times(&two));
    assert!(
        one[0] < two[0] && two[0] < one[1] && one[one.len() - 1] < two[1],
        "{one:?} {two:?}"
    );
    assert_eq!(
        call_of(&done.json("execution_summary.json"), "geographic")["model"],
        "b"
    );
}

#[test]
fn backoff_retries_the_first_before_the_next() {
    let (one, two) = (good_but_for_geography([broken()]), Server::with([good()]));
    let done = council(
        &[("one", &one), ("two", &two)],
        &["--model", "one:a", "--fallback", "two:b", "--retries", "1"],
    )
    .done()
    .code(0);
    assert_eq!(
        (of_geography(&one), of_geography(&two), two.requests().len()),
        (2, 1, 1)
    );
    assert_eq!(models(&done.json("execution_summary.json"))[0], "one:a");
}

#[test]
fn one_call_has_one_budget_of_attempts_over_all_its_models() {
    let hosts = [0; 3].map(|_| good_but_for_geography([broken()]));
    let [one, two, three] = &hosts;
    let done = council(
        &[("one", one), ("two", two), ("three", three)],
        &[
            "--model",
            "one:a",
            "--fallback",
            "two:b",
            "--fallback",
            "three:c",
            "--retries",
            "2",
        ],
    )
    .done()
    .code(3);
    let asked = hosts.each_ref().map(of_geography);
    assert_eq!(
        asked.iter().sum::<usize>(),
        7,
        "3, and 2 for each further model, not 3 times 3: {asked:?}"
    );
    assert!(asked.iter().all(|n| *n >= 1), "{asked:?}");
    assert_eq!(
        call_of(&done.json("execution_summary.json"), "geographic")["attempts"],
        7
    );
}

#[test]
fn a_role_may_have_a_chain_of_its_own() {
    let (one, two) = (
        Server::with([good()]),
        good_but_for_geography([Step::status(400).body(error("bad", "no"))]),
    );
    let chain = [
        "--model",
        "one:a",
        "--model",
        "geographic=two:b",
        "--fallback",
        "geographic=one:c",
    ];
    let done = council(&[("one", &one), ("two", &two)], &chain).done().code(0);
    assert_eq!(two.requests().len(), 1);
    let models = models(&done.json("execution_summary.json"));
    assert_eq!((models[0].as_str(), models[2].as_str()), ("one:a", "one:c"));
}

#[test]
fn a_prompt_that_is_too_long_goes_to_the_larger_model_and_not_to_the_fallback() {
    let long = Step::status(400).body(error("context_length_exceeded", "maximum context length is 10 tokens"));
    let (one, two, large) = (
        good_but_for_geography([long]),
        Server::with([good()]),
        Server::with([good()]),
    );
    let done = council(
        &[("one", &one), ("two", &two), ("large", &large)],
        &[
            "--model",
            "one:a",
            "--fallback",
            "two:b",
            "--context-fallback",
            "large:l",
        ],
    )
    .done()
    .code(0);
    assert_eq!(
        (of_geography(&one), two.requests().len(), large.requests().len()),
        (1, 0, 1)
    );
    assert_eq!(models(&done.json("execution_summary.json"))[2], "large:l");
}

#[test]
fn a_model_whose_window_is_known_to_be_too_small_is_not_asked() {
    let (one, large) = (Server::with([good()]), Server::with([good()]));
    let prices = "[one]\na = { input = 1.0, output = 2.0, context_window = 100 }\n";
    let run = council(
        &[("one", &one), ("large", &large)],
        &["--model", "one:a", "--context-fallback", "large:l"],
    );
    run.file("prices.toml", prices).done().code(0);
    assert_eq!((one.requests().len(), large.requests().len()), (0, 7));
}

#[test]
fn a_dry_run_prints_the_plan_of_attempts() {
    let plan = [
        "--model",
        "mock:a",
        "--fallback",
        "mock:b",
        "--context-fallback",
        "mock:l",
        "--routing-strategy",
        "priority",
    ];
    let run = |more: &[&str]| {
        Run::council()
            .arguments(&plan)
            .arguments(&["--dry-run"])
            .arguments(more)
            .done()
            .code(0)
    };
    let text = run(&[]).stdout;
    for line in [
        "geographic: at most 8 attempts",
        "1. mock:a up to 1 attempt: first of the list",
        "2. mock:b up to 1 attempt: fallback",
        "3. mock:a up to 3 attempts: again, after every model was asked once",
        "5. mock:l up to 4 attempts: only when the prompt is too long",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let json: Value = serde_json::from_str(&run(&["--json"]).stdout).unwrap();
    let step = &json["calls"][2]["plan"][1];
    assert_eq!(
        (
            step["order"].as_u64(),
            step["model"].as_str(),
            step["attempts"].as_u64()
        ),
        (Some(2), Some("mock:b"), Some(1))
    );
    assert_eq!(json["calls"][2]["plan"][4]["only_if_too_long"], true);
    assert_eq!(json["calls"][2]["attempts_at_most"], 8);
}

#[test]
fn what_cannot_be_routed_ends_before_anything_is_sent() {
    for (flag, value, said) in [
        (
            "--routing-strategy",
            "best",
            "backoff, roundrobin, priority or weighted",
        ),
        ("--routing-config", "mock:a:0", "above 0"),
        ("--routing-config", "nobody:a", "known are"),
        ("--cache", "maybe", "on, off, read"),
        ("--cache-max-age", "soon", "24h"),
        ("--hedge-after", "0", "seconds"),
        ("--max-cost", "much", "US dollars"),
        ("--max-calls", "few", "whole number"),
    ] {
        let done = Run::council().arguments(&[flag, value]).mock().done().code(2);
        assert!(done.stderr.contains(said), "{flag} {value}: {}", done.stderr);
    }
}

#[test]
fn near_the_deadline_a_second_model_is_asked_and_the_first_answer_wins() {
    let (one, two) = (
        good_but_for_geography([Step::ok(openai("{}")).manner(Manner::Hang)]),
        Server::with([good()]),
    );
    let hosts = [("one", &one), ("two", &two)];
    let models = [
        "--model",
        "one:a",
        "--fallback",
        "two:b",
        "--deadline",
        "100",
        "--hedge-after",
        "5",
    ];
    let started = Instant::now();
    let done = council(&hosts, &models)
        .file("prices.toml", "[one]\na = [0, 0, 1]\n[two]\nb = [0, 0, 1]\n")
        .done()
        .code(0);
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "the first model never answers"
    );
    let summary = done.json("execution_summary.json");
    let call = call_of(&summary, "geographic");
    assert_eq!(
        (
            call["model"].as_str(),
            call["hedged"].as_bool(),
            call["attempts"].as_u64()
        ),
        (Some("b"), Some(true), Some(2))
    );
    assert!(call["failures"][0].as_str().unwrap().contains("cancelled"), "{call}");
    assert!(
        call["cost_usd"].as_f64().unwrap() >= 4096.0 / 1e6,
        "the dropped request counts as its worst case: {call}"
    );
    assert_eq!((of_geography(&one), of_geography(&two)), (1, 1));
    assert!(
        summary["totals"]["hedged_calls"].as_u64() >= Some(1),
        "a slow machine may hedge others too"
    );
    assert!(done.text("run_logs/x/events.jsonl").contains("call.hedged"));
}

#[test]
fn far_from_the_deadline_nothing_is_hedged() {
    let slow = Step::made(|request| openai(&crate::support::host::good_text(request)).into_bytes())
        .delay(Duration::from_secs(1));
    let (one, two) = (good_but_for_geography([slow]), Server::with([good()]));
    let models = [
        "--model",
        "one:a",
        "--fallback",
        "two:b",
        "--timeout",
        "20",
        "--hedge-after",
        "0.2",
    ];
    council(&[("one", &one), ("two", &two)], &models).done().code(0);
    assert_eq!(two.requests().len(), 0);
}
