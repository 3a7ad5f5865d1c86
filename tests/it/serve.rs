//! The dashboard of the real binary over real HTTP: who may enter, what is told live, what is started and stopped.

use std::process::Stdio;

use insights::store::{BreakerRecord, Store};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::dashboard::Dashboard;
use crate::support::run::{END, Run, START};

fn council() -> Value {
    json!({"kind": "council", "run_hash": "x", "date_start": START, "date_end": END, "data": "events.csv", "provider": "mock"})
}

#[tokio::test]
async fn a_run_is_started_watched_and_looked_into() {
    let dashboard = Dashboard::start(Run::council());
    let (status, started) = dashboard.post("/api/start", &council()).await;
    assert_eq!(
        (status.as_u16(), &started["job"]["id"]),
        (202, &json!("x")),
        "{started}"
    );
    dashboard.until("/api/runs/x", |run| run["run"]["id"] == "x").await;
    // The connection is lost again and again, and nothing with it.
    let mut told = Vec::new();
    while told.last().is_none_or(|(_, name)| name != "run.finished") {
        let after = told.last().map_or(0, |(id, _)| *id);
        told.extend(dashboard.events(after, "run.finished", 5).await);
    }
    let ids: Vec<u64> = told.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>());
    let run = dashboard
        .until("/api/runs/x", |run| run["run"]["state"] == "complete")
        .await;
    assert_eq!(
        (&run["run"]["calls"], &run["run"]["calls_succeeded"]),
        (&json!(7), &json!(7))
    );
    let calls = dashboard.json("/api/runs/x/calls/geographic").await;
    let first = &calls["calls"][0];
    assert!(
        first["call"]["prompt"].as_str().unwrap().contains("Task: geography"),
        "{first}"
    );
    assert!(first["reading"]["value"]["findings"].is_array(), "{first}");
    assert_eq!(first["reading"]["faults"], json!([]));
    assert!(calls["evidence"]["tables"].is_array());
    let report = dashboard
        .ask(Method::GET, "/api/runs/x/files/report.md")
        .send()
        .await
        .unwrap();
    assert_eq!(report.status(), 200);
    assert!(
        report.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("sandbox")
    );
    let metrics = dashboard
        .ask(Method::GET, "/metrics")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for name in [
        "insights_llm_requests_total{provider=\"mock\"",
        "insights_llm_request_duration_seconds_bucket{",
        "insights_llm_tokens_total{",
        "insights_cache_lookups_total{result=\"hit\"}",
        "insights_rate_limiter_wait_seconds_sum",
        "insights_circuit_breaker_state{provider=\"mock\"} 0",
        "insights_llm_retries_total{reason=\"rate_limit\"} 0",
        "insights_run_duration_seconds{stage=\"total\"}",
        "insights_last_success_timestamp_seconds",
        "insights_last_run_specialists{status=\"reported\"} 6",
        "insights_build_info{version=",
    ] {
        assert!(metrics.contains(name), "no `{name}` in:\n{metrics}");
    }
}

#[tokio::test]
async fn a_run_is_started_once_and_stopped() {
    let script = json!({"roles": {"*": [{"fault": "hang", "repeat": true}]}}).to_string();
    let run = Run::council()
        .file("script.json", &script)
        .file(".env", "INSIGHTS_MOCK_SCRIPT=script.json\n");
    let dashboard = Dashboard::start(run);
    assert_eq!(dashboard.post("/api/start", &council()).await.0, 202);
    let (again, why) = dashboard.post("/api/start", &council()).await;
    assert_eq!(again, 409, "{why}");
    dashboard.until("/api/runs/x", |run| run["run"]["requests"] == 6).await;
    assert_eq!(dashboard.post("/api/stop", &json!({"id": "x"})).await.0, 202);
    let status = dashboard
        .until("/api/status", |status| status["jobs"][0]["state"] == "ended")
        .await;
    assert_eq!(status["jobs"][0]["exit_code"], 130, "{status}");
    assert_eq!(dashboard.json("/api/runs/x").await["run"]["state"], "interrupted");
    assert_eq!(dashboard.post("/api/stop", &json!({"id": "x"})).await.0, 404);
}

#[tokio::test]
async fn an_exploration_is_started_watched_and_stopped() {
    let run = Run::new()
        .file("slow.json", r#"{"latency_ms": 30}"#)
        .file(".env", "INSIGHTS_MOCK_SCRIPT=slow.json\n");
    let dashboard = Dashboard::start(run);
    let start = json!({
        "kind": "explore", "topic": "paper pens", "producers": 3, "iterations": 100_000, "provider": "mock",
        "processes": true, "dedup": "exact"
    });
    let (status, started) = dashboard.post("/api/start", &start).await;
    assert_eq!(status, 202, "{started}");
    let id = started["job"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/runs/{id}");
    let told = |run: &Value, key: &str| run["events"]["exploration"][key].as_f64().unwrap_or(0.0);
    dashboard
        .until(&path, |run| told(run, "unique") > 60.0 && told(run, "uam") > 0.0)
        .await;
    assert_eq!(dashboard.post("/api/start", &start).await.0, 409);
    assert_eq!(dashboard.post("/api/stop", &json!({"id": id})).await.0, 202);
    let ended = dashboard.until(&path, |run| run["run"]["state"] == "stopped").await;
    let status = dashboard
        .until("/api/status", |status| status["jobs"][0]["state"] == "ended")
        .await;
    assert_eq!(status["jobs"][0]["exit_code"], 130);
    let written = std::fs::read_to_string(dashboard.run.folder().join("output/paper-pens/output.txt")).unwrap();
    assert_eq!(written.lines().count() as f64, told(&ended, "unique"));
    let metadata = std::fs::read_to_string(dashboard.run.folder().join("output/paper-pens/metadata.json")).unwrap();
    let settings = &serde_json::from_str::<Value>(&metadata).unwrap()["settings"];
    assert_eq!(
        (&settings["processes"], &settings["dedup"]["near"]),
        (&json!(true), &Value::Null)
    );
    // What was found is not overwritten unless one says so.
    let (status, _) = dashboard.post("/api/start", &start).await;
    assert_eq!(status, 202);
    let kept = dashboard
        .until("/api/status", |status| status["jobs"][0]["state"] == "ended")
        .await;
    assert_eq!(kept["jobs"][0]["exit_code"], 2, "{kept}");
}

#[tokio::test]
async fn an_exploration_has_a_page_before_it_has_begun() {
    let event = r#"{"seq":1,"time":"2025-03-01T00:00:00Z","event":"warning","message":"early"}"#;
    let dashboard = Dashboard::start(Run::new().file("output/tea/events.jsonl", &format!("{event}\n")));
    for path in ["/explore", "/explore?run=~tea", "/runs/~tea"] {
        let page = dashboard.ask(Method::GET, path).send().await.unwrap();
        assert_eq!(page.status(), 200, "{path}");
        assert!(page.text().await.unwrap().contains("data-tile=\"unique\""), "{path}");
    }
}

#[tokio::test]
async fn two_runs_are_held_against_each_other() {
    let done = Run::council().mock().done().code(0);
    let other = [
        "--run-hash",
        "y",
        "--date-start",
        "2025-03-03",
        "--date-end",
        END,
        "--data",
        "events.csv",
    ];
    let done = Run::again(done).arguments(&other).mock().done().code(0);
    let dashboard = Dashboard::start(Run::again(done));
    let same = dashboard.json("/api/compare?a=x&b=x").await;
    assert!(
        same["sentence"]
            .as_str()
            .unwrap()
            .starts_with("0 findings new, 0 changed, 0 gone"),
        "{same}"
    );
    assert!(
        same["calls"]
            .as_array()
            .unwrap()
            .iter()
            .all(|call| call["prompt"] == "the same"),
        "{same}"
    );
    let other = dashboard.json("/api/compare?a=x&b=y").await;
    let row = |part: &str, name: &str| {
        let rows = other[part].as_array().unwrap().iter();
        rows.into_iter()
            .find(|row| row["name"] == name || row["role"] == name)
            .unwrap_or_else(|| panic!("{other}"))
            .clone()
    };
    assert_eq!(row("figures", "Window")["b"], format!("2025-03-03 – {END}"));
    assert!(other["kpis"].as_array().unwrap().len() >= 4, "{other}");
    let share = row("kpis", "share of paying users");
    assert!(share["a"].as_str().unwrap().ends_with("\u{a0}%"), "{share}");
    let prompt = row("calls", "daily_metrics")["prompt"].clone();
    assert!(prompt.as_str().unwrap().ends_with(" lines"), "{prompt}");
    let page = dashboard.ask(Method::GET, "/compare?a=x&b=y").send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains("Prompt of daily_metrics") && page.contains("<ins>+ "),
        "{page}"
    );
    let gone = dashboard
        .ask(Method::GET, "/compare?a=x&b=z")
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 404);
    let page = gone.text().await.unwrap();
    assert!(
        page.contains("there is no run `z`") && page.contains("</html>"),
        "a person gets a page"
    );
}

#[tokio::test]
async fn health_tells_of_models_breakers_and_money() {
    let script = json!({"roles": {"geographic": [{"fault": "quota", "latency_ms": 400, "repeat": true}]}}).to_string();
    let run = Run::council().mock().file("script.json", &script);
    let done = run.arguments(&["--mock-script", "script.json"]).done().code(3);
    // Breakers of the mock are not kept; these are as a run with keys leaves them.
    let store = Store::open(&done.path("run_logs/insights.db"));
    for (provider, until_millis) in [("openai", i64::MAX / 2), ("gemini", 1)] {
        store.keep_breaker(BreakerRecord {
            key: provider.to_owned(),
            provider: provider.to_owned(),
            reason: "no credit is left".to_owned(),
            until_millis,
            ..BreakerRecord::default()
        });
    }
    store.flush();
    let dashboard = Dashboard::start(Run::again(done));
    let health = dashboard.json("/api/health").await;
    assert!(health["today"]["calls"].as_u64().unwrap() >= 6, "{health}");
    let models = health["models"].as_array().unwrap();
    let mock = models.iter().find(|model| model["provider"] == "mock").unwrap();
    assert!(
        mock["last_error"].is_string() && mock["breaker"] == "closed",
        "{health}"
    );
    assert!(health["limiter"].is_array());
    let states = health["breakers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["provider"], &row["state"]));
    let expected = [("gemini", "half_open"), ("openai", "open")].map(|(name, state)| (json!(name), json!(state)));
    assert!(
        states.eq(expected.iter().map(|(name, state)| (name, state))),
        "{health}"
    );
    let metrics = dashboard
        .ask(Method::GET, "/metrics")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for sample in [
        "{provider=\"gemini\"} 1",
        "{provider=\"openai\"} 2",
        "{provider=\"mock\"} 0",
    ] {
        assert!(
            metrics.contains(&format!("insights_circuit_breaker_state{sample}")),
            "{metrics}"
        );
    }
    let roles = health["usage"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["role"].clone());
    assert!(roles.into_iter().any(|role| role == "geographic"), "{health}");
    let page = dashboard
        .ask(Method::GET, "/health")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("mock:mock-1") && page.contains("Spent today"), "{page}");
}

#[tokio::test]
async fn a_run_that_was_started_elsewhere_appears() {
    let dashboard = Dashboard::start(Run::council().mock());
    let mut changes = dashboard.ask(Method::GET, "/api/events").send().await.unwrap();
    assert!(dashboard.json("/api/runs").await["runs"].as_array().unwrap().is_empty());
    let elsewhere = dashboard.run.command().stdin(Stdio::null()).output().unwrap();
    assert!(elsewhere.status.success());
    assert!(changes.chunk().await.unwrap().unwrap().starts_with(b"event: runs"));
    assert_eq!(dashboard.json("/api/runs").await["runs"][0]["id"], "x");
    let page = dashboard
        .ask(Method::GET, "/")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("<a href=\"/runs/x\">x</a>"), "{page}");
}

/// A path of the description with something in place of its parameters.
fn filled(path: &str) -> String {
    path.replace("{id}", "x").replace("{role}", "r").replace("{name}", "n")
}

#[tokio::test]
async fn every_described_route_is_there_and_guarded() {
    let dashboard = Dashboard::start(Run::new());
    let description = dashboard.json("/api/openapi.json").await;
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() >= 15);
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = filled(path);
            let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
            assert_eq!(status(dashboard.stranger(method.clone(), &path)).await, 401, "{path}");
            let wrong = dashboard.stranger(method.clone(), &path).bearer_auth("wrong");
            assert_eq!(status(wrong).await, 401, "{path}");
            for (name, value, refused) in [
                ("host", "evil.example", 421),
                ("origin", "http://evil.example", 403),
                ("sec-fetch-site", "cross-site", 403),
            ] {
                let request = dashboard.ask(method.clone(), &path).header(name, value);
                assert_eq!(status(request).await, refused, "{path} {name}");
            }
            let other = if method == Method::GET {
                Method::POST
            } else {
                Method::GET
            };
            assert_eq!(status(dashboard.ask(other, &path)).await, 405, "{path}");
            let answered = dashboard.ask(method.clone(), &path).send().await.unwrap();
            let headers = answered.headers().clone();
            let code = answered.status().as_u16().to_string();
            assert!(operation["responses"].get(&code).is_some(), "{path} answers {code}");
            let kind = operation["responses"][&code]["content"]
                .as_object()
                .unwrap()
                .keys()
                .next()
                .unwrap();
            let given = headers["content-type"].to_str().unwrap();
            assert_eq!(given.split(';').next(), kind.split(';').next(), "{path}");
            assert!(
                headers["content-security-policy"]
                    .to_str()
                    .unwrap()
                    .starts_with("default-src 'none'")
            );
            assert!(!headers.contains_key("access-control-allow-origin"));
            assert_eq!(headers["cache-control"], "no-store");
        }
    }
}

#[tokio::test]
async fn the_token_becomes_a_cookie() {
    let dashboard = Dashboard::start(Run::new());
    let entered = dashboard
        .stranger(Method::GET, &format!("/?token={}", dashboard.token))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (entered.status().as_u16(), &entered.headers()["location"]),
        (303, &"/".parse().unwrap())
    );
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    let page = dashboard
        .stranger(Method::GET, "/")
        .header("cookie", pair)
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 200);
}

#[tokio::test]
async fn bad_requests_are_told_so() {
    let dashboard = Dashboard::start(Run::new());
    for id in ["..%2f..%2fetc%2fpasswd", "%2e%2e", "..", "x%00", "%ff"] {
        let reply = dashboard
            .ask(Method::GET, &format!("/api/runs/{id}"))
            .send()
            .await
            .unwrap();
        assert!(
            [400, 404].contains(&reply.status().as_u16()),
            "{id}: {}",
            reply.status()
        );
    }
    for (body, status) in [
        (json!({}), 400),
        (
            json!({"kind": "council", "run_hash": "../x", "date_start": START, "date_end": END}),
            400,
        ),
        (
            json!({"kind": "council", "run_hash": "x", "date_start": "--help", "date_end": END}),
            400,
        ),
        (
            json!({"kind": "council", "run_hash": "x", "date_start": START, "date_end": END, "shell": "rm"}),
            400,
        ),
        (json!({"kind": "explore", "topic": " "}), 400),
        (json!({"kind": "explore", "topic": "x".repeat(100_000)}), 413),
    ] {
        let (given, why) = dashboard.post("/api/start", &body).await;
        assert_eq!(given, status, "{why}");
        assert!(why["error"].is_string() && why["hint"].is_string());
    }
    let form = dashboard
        .ask(Method::POST, "/api/start")
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(form.send().await.unwrap().status(), 415);
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let lines: String = [
        json!({"seq": 1, "time": hostile, "event": "question.asked", "run_hash": hostile, "pattern": hostile, "models": []}),
        json!({"seq": 2, "time": hostile, "event": "warning", "message": hostile}),
        json!({"seq": 3, "time": hostile, "event": "project.finished", "project": hostile, "status": hostile, "report": hostile, "millis": 1}),
    ]
    .iter()
    .map(|line| format!("{line}\n"))
    .collect();
    let dashboard = Dashboard::start(Run::new().file("run_logs/x/events.jsonl", &lines));
    for path in ["/", "/runs/x"] {
        let page = dashboard
            .ask(Method::GET, path)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert!(
            page.contains("&lt;script&gt;") && !page.contains("<script>") && !page.contains("<img"),
            "{page}"
        );
    }
}

#[test]
fn an_address_that_cannot_be_had_is_a_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = Run::new().arguments(&["serve", "--addr", &address]).done().code(2);
    assert!(
        done.stderr.contains("could not listen") && done.stderr.contains("--addr"),
        "{}",
        done.stderr
    );
    Run::new()
        .arguments(&["serve", "--addr", "0.0.0.0:0"])
        .done()
        .code(2)
        .says(&["other machines", "--allow-remote"]);
    Run::new()
        .arguments(&["serve", "--addr", "here"])
        .done()
        .code(2)
        .says(&["is no address"]);
}
