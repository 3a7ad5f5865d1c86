//! `--dedup semantic`: meanings over a compatible host's `/embeddings`.

use serde_json::{Value, json};

use super::{FOLDER, attributes, check, events, explore, lines, metadata, with_mock};
use crate::support::run::{Done, Run};
use crate::support::server::{Recorded, Rule, Server, Step, openai};

/// Synonyms point the same way; every other word has a direction of its own.
fn vectors(request: &Recorded) -> Vec<u8> {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let rows = asked["input"].as_array().unwrap().iter().enumerate();
    // Backwards, as a host may.
    let rows: Vec<Value> = rows
        .map(|(index, text)| json!({"index": index, "embedding": vector(text.as_str().unwrap())}))
        .rev()
        .collect();
    json!({"data": rows, "model": "vec", "usage": {"prompt_tokens": 1000, "total_tokens": 1000}})
        .to_string()
        .into_bytes()
}

fn vector(text: &str) -> Vec<f64> {
    let place = match text {
        "cheap" | "inexpensive" | "low in price" => 0,
        "heavy" | "weighty" => 1,
        other => 2 + other.len() % 30,
    };
    (0..32).map(|part| if part == place { 1.0 } else { 0.01 }).collect()
}

fn listing(list: &[&str]) -> Step {
    Step::ok(openai(&json!({"attributes": list}).to_string()))
}

const PRICES: &str = "[lab]\ntiny = [0.0, 0.0, 0.0]\nvec = [100.0, 100.0, 0.0]\n";

fn semantic(server: &Server, more: &[&str]) -> Run {
    let common = [
        "--model",
        "lab:tiny",
        "--producers",
        "1",
        "--no-stream",
        "--prices",
        "p.toml",
        "--stop-below",
        "0",
    ];
    explore(&["--dedup", "semantic", "--embedding-model", "lab:vec"])
        .arguments(&common)
        .arguments(more)
        .variable("LAB_BASE_URL", &server.url("/v1"))
        .file("p.toml", PRICES)
}

fn merged(done: &Done) -> Vec<String> {
    let attributes = attributes(done);
    let forms = attributes.iter().flat_map(|one| {
        let forms = one["merged"].as_array().unwrap().iter();
        forms.map(move |form| format!("{} -> {} ({})", form["form"], one["attribute"], form["how"]))
    });
    forms.map(|form| form.replace('"', "")).collect()
}

#[test]
fn what_means_the_same_is_merged_and_paid_for() {
    for processes in [&[][..], &["--processes"]] {
        let server = Server::start([
            Rule::on("/embeddings", [Step::made(vectors)]),
            Rule::any([
                listing(&["cheap", "heavy", "brittle"]),
                listing(&["inexpensive", "weighty", "Cheap", "round"]),
            ]),
        ]);
        let done = semantic(&server, &["--iterations", "2"])
            .arguments(processes)
            .done()
            .code(0);
        check(&done);
        assert_eq!(lines(&done), ["cheap", "heavy", "brittle", "round"]);
        let expected = [
            "inexpensive -> cheap (semantic)",
            "Cheap -> cheap (exact)",
            "weighty -> heavy (semantic)",
        ];
        let mut found = merged(&done);
        found.sort_unstable();
        let mut expected = expected.map(str::to_owned);
        expected.sort_unstable();
        assert_eq!(found, expected);
        let totals = metadata(&done)["totals"].clone();
        assert_eq!((&totals["near"], &totals["repeated"]), (&json!(2), &json!(1)));
        // Two calls of a thousand tokens.
        let cost = totals["cost_usd"].as_f64().unwrap();
        assert!((cost - 0.2).abs() < 1e-9, "{cost}");
        let asked: Vec<Recorded> = server
            .requests()
            .into_iter()
            .filter(|one| one.path.ends_with("/embeddings"))
            .collect();
        let body: Value = serde_json::from_slice(&asked[1].body).unwrap();
        assert_eq!((asked.len(), &body["model"]), (2, &json!("vec")));
        assert_eq!(
            body["input"],
            json!(["inexpensive", "weighty", "round"]),
            "words that are known cost nothing"
        );
    }
}

#[test]
fn meanings_survive_the_process_and_the_host_may_fail_once() {
    let server = Server::start([
        Rule::on(
            "/embeddings",
            [Step::status(429).header("retry-after", "0.05"), Step::made(vectors)],
        ),
        Rule::any([
            listing(&["cheap", "heavy"]),
            listing(&["low in price", "weighty", "round"]),
        ]),
    ]);
    let first = semantic(&server, &["--iterations", "1"]).done().code(0);
    assert_eq!(lines(&first), ["cheap", "heavy"]);
    let n_asked = server.requests().len();
    let second = semantic(&server, &["--iterations", "2", "--resume"])
        .within(first)
        .done()
        .code(0);
    assert_eq!(lines(&second), ["cheap", "heavy", "round"]);
    assert_eq!(server.requests().len(), n_asked + 2, "no meaning is asked for twice");
    check(&second);
}

#[test]
fn a_host_without_meanings_costs_only_the_merging() {
    let server = Server::start([
        Rule::on("/embeddings", [Step::status(404)]),
        Rule::any([listing(&["cheap", "inexpensive"])]),
    ]);
    let done = semantic(&server, &["--iterations", "1"]).done().code(0);
    assert_eq!(lines(&done), ["cheap", "inexpensive"]);
    let warnings = events(&done, "warning");
    assert!(
        warnings
            .iter()
            .any(|one| one["message"].as_str().unwrap().contains("meanings were not compared"))
    );
    check(&done);
}

#[test]
fn the_budget_is_not_passed_for_meanings() {
    let server = Server::start([
        Rule::on("/embeddings", [Step::made(vectors)]),
        Rule::any([Step::made(super::answer)]),
    ]);
    for processes in [&[][..], &["--processes"]] {
        let done = semantic(&server, &["--iterations", "30", "--max-cost", "0.5"])
            .arguments(processes)
            .done()
            .code(0);
        let cost = metadata(&done)["totals"]["cost_usd"].as_f64().unwrap();
        assert!(cost > 0.2 && cost <= 0.5, "{cost}");
    }
}

#[test]
fn an_embedding_model_is_found_or_asked_for() {
    let done = with_mock(&["--dedup", "semantic", "--iterations", "2"]).done().code(0);
    check(&done);
    let roles = events(&done, "call.succeeded");
    assert!(roles.iter().any(|call| call["model"] == "mock:mock-embedding"));
    assert!(done.path(&format!("{FOLDER}/meanings.bin")).is_file());
    for more in [&[][..], &["--embedding-model", "anthropic:claude-haiku-4-5"]] {
        explore(&["--dedup", "semantic", "--model", "anthropic:claude-haiku-4-5"])
            .arguments(more)
            .variable("ANTHROPIC_API_KEY", "CANARY")
            .done()
            .code(2)
            .says(&["--embedding-model"]);
    }
}
