//! `insights providers`: what is configured, what each can do, how it did, and with `--check` whether it is there.

use serde_json::{Value, json};

use crate::support::run::{Done, Run};
use crate::support::server::{Manner, Rule, Server, Step, openai};

const KEY: &str = "CANARY-31337-providers";

/// Vendor, prefix of its variables, base path, path of the list, model, header of the key and what stands before it, a list
/// that holds the model.
type Asked = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    (&'static str, &'static str),
    &'static str,
);

const VENDORS: [Asked; 4] = [
    (
        "openai",
        "OPENAI",
        "/v1",
        "/v1/models",
        "gpt-5-mini",
        ("authorization", "Bearer "),
        r#"{"object":"list","data":[{"id":"gpt-5-mini-2025-08-07"},{"id":"other"}]}"#,
    ),
    (
        "anthropic",
        "ANTHROPIC",
        "",
        "/v1/models?limit=1000",
        "claude-haiku-4-5",
        ("x-api-key", ""),
        r#"{"data":[{"type":"model","id":"claude-haiku-4-5-20251001"}],"has_more":false}"#,
    ),
    (
        "gemini",
        "GEMINI",
        "",
        "/v1beta/models?pageSize=1000",
        "gemini-2.5-flash",
        ("x-goog-api-key", ""),
        r#"{"models":[{"name":"models/gemini-2.5-flash"}]}"#,
    ),
    (
        "lab",
        "LAB",
        "/v1",
        "/v1/models",
        "lab-1",
        ("authorization", "Bearer "),
        r#"{"data":[{"id":"lab-1"}]}"#,
    ),
];

fn asked(vendor: &str, prefix: &str, model: &str, url: &str, more: &[&str]) -> Run {
    Run::new()
        .variable(&format!("{prefix}_API_KEY"), KEY)
        .variable(&format!("{prefix}_BASE_URL"), url)
        .arguments(&["providers", "--model", &format!("{vendor}:{model}"), "--json"])
        .arguments(more)
}

fn overview(done: &Done) -> Value {
    assert!(!done.everything().contains("CANARY"), "a key leaked");
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn each_vendor_is_asked_its_own_way() {
    for (vendor, prefix, base, path, model, (header, before), list) in VENDORS {
        let server = Server::with([Step::ok(list)]);
        let done = asked(vendor, prefix, model, &server.url(base), &["--check"])
            .done()
            .code(0);
        let requests = server.requests();
        assert_eq!(requests.len(), 1, "{vendor}");
        assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("GET", path));
        assert_eq!(requests[0].header(header), Some(format!("{before}{KEY}").as_str()));
        assert!(requests[0].body.is_empty());
        let overview = overview(&done);
        let provider = &overview["providers"][0];
        assert_eq!(
            (&provider["name"], &provider["available"]),
            (&json!(vendor), &json!(true))
        );
        assert!(
            provider["latency_millis"].is_u64() && provider["models_listed"].is_u64(),
            "{provider}"
        );
        let shown = &provider["models"][0];
        assert_eq!(
            (&shown["name"], &shown["available"], &shown["in_route"]),
            (&json!(model), &json!(true), &json!(true))
        );
        assert_eq!(shown["breaker"]["state"], "closed");
        let capabilities = &shown["capabilities"];
        assert_eq!(
            (&capabilities["structured_output"], &capabilities["streaming"]),
            (&json!("schema"), &json!(true))
        );
        let is_known = vendor != "lab";
        for fact in ["context_window", "max_output"] {
            assert_eq!(capabilities[fact].is_u64(), is_known, "{vendor} {capabilities}");
        }
        assert_eq!(
            capabilities["price"]["input"].is_f64(),
            is_known,
            "unknown is null: {capabilities}"
        );
    }
}

#[test]
fn nobody_is_asked_without_the_flag() {
    for (vendor, prefix, base, _, model, _, list) in VENDORS {
        let server = Server::with([Step::ok(list)]);
        let done = asked(vendor, prefix, model, &server.url(base), &[]).done().code(0);
        assert_eq!(server.requests().len(), 0);
        let overview = overview(&done);
        assert_eq!(
            (&overview["checked"], &overview["providers"][0]["available"]),
            (&json!(false), &Value::Null)
        );
    }
}

#[test]
fn what_is_wrong_is_said_with_the_next_step() {
    let (vendor, prefix, base, _, model, _, _) = VENDORS[0];
    let bad_key =
        json!({"error": {"message": format!("Incorrect API key provided: {KEY}"), "code": "invalid_api_key"}});
    for (step, kind, said) in [
        (
            Step::status(401).body(bad_key.to_string()),
            "configuration",
            "check OPENAI_API_KEY",
        ),
        (
            Step::status(429).body(r#"{"error":{"code":"insufficient_quota","message":"You exceeded"}}"#),
            "quota",
            "no credit",
        ),
        (
            Step::status(503).body(r#"{"error":{"message":"overloaded"}}"#),
            "transient",
            "overloaded",
        ),
        (Step::status(404), "configuration", "OPENAI_BASE_URL"),
        (
            Step::ok("<html><title>Sign in</title>").header("content-type", "text/html"),
            "configuration",
            "OPENAI_BASE_URL",
        ),
        (Step::ok("hello"), "configuration", "OPENAI_BASE_URL"),
        (Step::ok("").manner(Manner::Close), "transient", "broke"),
    ] {
        let server = Server::with([step]);
        let done = asked(vendor, prefix, model, &server.url(base), &["--check"])
            .done()
            .code(3);
        assert_eq!(server.requests().len(), 1, "a check is not retried");
        let provider = &overview(&done)["providers"][0];
        assert_eq!(
            (&provider["available"], &provider["kind"]),
            (&json!(false), &json!(kind)),
            "{provider}"
        );
        assert!(provider["reason"].as_str().unwrap().contains(said), "{provider}");
        assert_eq!(provider["models"][0]["available"], false);
    }
    let server = Server::with([Step::ok(r#"{"data":[{"id":"another"},{"id":"third"}]}"#)]);
    let done = asked(vendor, prefix, model, &server.url(base), &["--check"])
        .done()
        .code(3);
    let provider = &overview(&done)["providers"][0];
    assert_eq!(provider["available"], true, "the provider is there, the model is not");
    let reason = provider["models"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("`gpt-5-mini` is not among the 2 models") && reason.contains("--model"),
        "{reason}"
    );
}

#[test]
fn a_compatible_host_without_a_list_is_there_all_the_same() {
    let server = Server::with([Step::status(404)]);
    let done = asked("lab", "LAB", "lab-1", &server.url("/v1"), &["--check"])
        .done()
        .code(0);
    let provider = &overview(&done)["providers"][0];
    assert_eq!(
        (&provider["available"], &provider["models_listed"]),
        (&json!(true), &Value::Null)
    );
}

#[test]
fn openrouter_tells_what_the_key_may_spend() {
    let models = Rule::on("/models", [Step::ok(r#"{"data":[{"id":"openai/gpt-5-mini"}]}"#)]);
    for (key, code, remaining) in [
        (
            r#"{"data":{"label":"x","limit":5,"limit_remaining":2.5,"is_free_tier":false}}"#,
            0,
            json!(2.5),
        ),
        (
            r#"{"data":{"limit":null,"limit_remaining":null,"is_free_tier":true}}"#,
            0,
            Value::Null,
        ),
        (
            r#"{"data":{"limit":5,"limit_remaining":0,"is_free_tier":false}}"#,
            3,
            json!(0.0),
        ),
    ] {
        let server = Server::start([
            Rule::on("/key", [Step::ok(key)]),
            Rule::on("/models", [Step::ok(r#"{"data":[{"id":"openai/gpt-5-mini"}]}"#)]),
        ]);
        let done = asked(
            "openrouter",
            "OPENROUTER",
            "openai/gpt-5-mini",
            &server.url("/api/v1"),
            &["--check"],
        )
        .done()
        .code(code);
        let provider = &overview(&done)["providers"][0];
        assert_eq!(provider["credit"]["remaining_usd"], remaining, "{provider}");
    }
    // The list is public: a bad key shows only at the key's own page.
    let server = Server::start([
        Rule::on(
            "/key",
            [Step::status(401).body(r#"{"error":{"code":401,"message":"User not found."}}"#)],
        ),
        models,
    ]);
    let done = asked(
        "openrouter",
        "OPENROUTER",
        "openai/gpt-5-mini",
        &server.url("/api/v1"),
        &["--check"],
    )
    .done()
    .code(3);
    assert_eq!(overview(&done)["providers"][0]["kind"], "configuration");
}

#[test]
fn every_provider_with_a_key_is_shown_and_the_table_fits() {
    let run = || {
        Run::new()
            .variable("OPENAI_API_KEY", KEY)
            .variable("GEMINI_API_KEY", KEY)
            .arguments(&["providers"])
    };
    let done = run().done().code(0);
    for said in [
        "openai:gpt-5-mini",
        "gemini:gemini-2.5-flash",
        "not checked",
        "in no route",
        "400k",
        "0.25/2.00",
    ] {
        assert!(done.stdout.contains(said), "no `{said}` in:\n{}", done.stdout);
    }
    assert!(!done.stdout.contains("anthropic"), "{}", done.stdout);
    assert!(
        done.stdout.lines().all(|line| line.chars().count() <= 100),
        "{}",
        done.stdout
    );
    assert!(!done.everything().contains("CANARY"));
    let overview = overview(&run().arguments(&["--json"]).done().code(0));
    let in_route = |index: usize| overview["providers"][index]["models"][0]["in_route"].as_bool();
    assert_eq!((in_route(0), in_route(1)), (Some(true), Some(false)));
}

#[test]
fn nothing_configured_says_what_to_do() {
    Run::new()
        .arguments(&["providers", "--check"])
        .done()
        .code(2)
        .says(&["no provider is configured", "OPENAI_API_KEY"]);
    let done = Run::new()
        .arguments(&["providers", "--check", "--provider", "mock"])
        .done()
        .code(0);
    assert!(
        done.stdout.contains("mock:mock-1") && done.stdout.contains("available"),
        "{}",
        done.stdout
    );
}

/// How a model did is read from the calls of earlier runs.
#[test]
fn earlier_calls_show() {
    let server = Server::start([
        Rule::on(
            "Task: geography",
            [Step::status(400).body(r#"{"error":{"message":"no such shape"}}"#)],
        ),
        Rule::any([Step::ok(openai(r#"{"findings": []}"#))]),
    ]);
    let done = Run::council()
        .variable("OPENAI_API_KEY", KEY)
        .variable("OPENAI_BASE_URL", &server.url("/v1"))
        .arguments(&["--model", "openai:gpt-5-mini"])
        .done();
    let done = Run::again(done)
        .variable("OPENAI_API_KEY", KEY)
        .arguments(&["providers", "--json", "--model", "openai:gpt-5-mini"])
        .done()
        .code(0);
    let history = &overview(&done)["providers"][0]["models"][0]["history"];
    assert!(history["calls"].as_u64().unwrap() >= 6, "{history}");
    let rate = history["success_rate"].as_f64().unwrap();
    assert!(rate > 0.5 && rate < 1.0, "{history}");
    assert!(history["p50_millis"].is_u64(), "{history}");
    assert!(
        history["last_error"].as_str().unwrap().contains("no such shape"),
        "{history}"
    );
}
