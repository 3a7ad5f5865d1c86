//! The real program against a host on loopback that speaks each vendor's dialect, faults included.

use std::time::Duration;

use serde_json::{Value, json};

use insights::llm::{Request, Schema, mock_answer};

use crate::support::run::{Done, Run};
use crate::support::server::{Manner, Recorded, Rule, Server, Step, anthropic, gemini, openai};

/// How one vendor is reached and spoken to.
struct Dialect {
    vendor: &'static str,
    key_variable: &'static str,
    base_url_variable: &'static str,
    base_path: &'static str,
    path: &'static str,
    /// Header and what stands before the key.
    auth: (&'static str, &'static str),
    reply: fn(&str) -> Vec<u8>,
    /// Prompt and schema of a request.
    asked: fn(&Value) -> (String, Value),
}

const KEY: &str = "CANARY-0123456789";

const DIALECTS: [Dialect; 5] = [
    Dialect {
        vendor: "openai",
        key_variable: "OPENAI_API_KEY",
        base_url_variable: "OPENAI_BASE_URL",
        base_path: "/v1",
        path: "/v1/chat/completions",
        auth: ("authorization", "Bearer "),
        reply: openai_bytes,
        asked: openai_asked,
    },
    Dialect {
        vendor: "anthropic",
        key_variable: "ANTHROPIC_API_KEY",
        base_url_variable: "ANTHROPIC_BASE_URL",
        base_path: "",
        path: "/v1/messages",
        auth: ("x-api-key", ""),
        reply: anthropic_bytes,
        asked: |body| {
            let prompt = body["messages"][0]["content"].as_str().map(str::to_owned);
            (
                prompt.unwrap_or_else(|| body["messages"].to_string()),
                body["output_config"]["format"]["schema"].clone(),
            )
        },
    },
    Dialect {
        vendor: "gemini",
        key_variable: "GOOGLE_API_KEY",
        base_url_variable: "GEMINI_BASE_URL",
        base_path: "",
        path: "/v1beta/models/test-model:streamGenerateContent?alt=sse",
        auth: ("x-goog-api-key", ""),
        reply: gemini_bytes,
        asked: |body| {
            let prompt = body["contents"][0]["parts"][0]["text"].as_str().unwrap().to_owned();
            (prompt, body["generationConfig"]["responseJsonSchema"].clone())
        },
    },
    Dialect {
        vendor: "openrouter",
        key_variable: "OPENROUTER_API_KEY",
        base_url_variable: "OPENROUTER_BASE_URL",
        base_path: "/api/v1",
        path: "/api/v1/chat/completions",
        auth: ("authorization", "Bearer "),
        reply: openai_bytes,
        asked: openai_asked,
    },
    Dialect {
        vendor: "lab",
        key_variable: "LAB_API_KEY",
        base_url_variable: "LAB_BASE_URL",
        base_path: "/v1",
        path: "/v1/chat/completions",
        auth: ("authorization", "Bearer "),
        reply: openai_bytes,
        asked: openai_asked,
    },
];

fn openai_bytes(text: &str) -> Vec<u8> {
    openai(text).into()
}

fn anthropic_bytes(text: &str) -> Vec<u8> {
    anthropic(text).into()
}

fn gemini_bytes(text: &str) -> Vec<u8> {
    gemini(text).into()
}

fn openai_asked(body: &Value) -> (String, Value) {
    let prompt = body["messages"][1]["content"].as_str().unwrap().to_owned();
    (prompt, body["response_format"]["json_schema"]["schema"].clone())
}

impl Dialect {
    /// A host that answers each prompt as the mock would, in this dialect.
    fn good(&self) -> Step {
        let (asked, reply) = (self.asked, self.reply);
        Step::made(move |request: &Recorded| {
            let (prompt, schema) = asked(&request.json());
            reply(&mock_answer(&Request {
                role: String::new(),
                system: String::new(),
                prompt,
                schema: Some(Schema {
                    name: "reply".to_owned(),
                    value: schema,
                }),
                max_output_tokens: 4096,
                temperature: None,
            }))
        })
    }

    /// A council whose calls meet `steps` for the geographic analyst and good answers elsewhere.
    fn council(&self, steps: Vec<Step>, more: &[&str]) -> (Done, Server) {
        let server = Server::start([Rule::on("Task: geography", steps), Rule::any([self.good()])]);
        let done = self.run(&server, more).done();
        (done, server)
    }

    fn run(&self, server: &Server, more: &[&str]) -> Run {
        Run::council()
            .variable(self.key_variable, KEY)
            .variable(self.base_url_variable, &server.url(self.base_path))
            .arguments(&["--model", &format!("{}:test-model", self.vendor), "--rpm", "100000"])
            .arguments(more)
    }
}

#[test]
fn every_dialect_makes_a_whole_report() {
    for dialect in &DIALECTS {
        let (done, server) = dialect.council(vec![dialect.good()], &[]);
        let done = done.code(0);
        let requests = server.requests();
        assert_eq!(requests.len(), 7, "{}", dialect.vendor);
        for request in &requests {
            assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", dialect.path));
            let (header, before) = dialect.auth;
            assert_eq!(request.header(header), Some(format!("{before}{KEY}").as_str()));
            let (prompt, schema) = (dialect.asked)(&request.json());
            assert!(
                prompt.contains("Task: ") && schema["type"] == "object",
                "{}",
                dialect.vendor
            );
        }
        let last = String::from_utf8_lossy(&requests[6].body).into_owned();
        assert!(last.contains("checked findings"), "the coordinator is asked last");
        assert!(done.report().contains("## Findings"));
        let call = &done.json("child_insights.json")["daily_metrics"]["metadata"];
        assert_eq!(
            (call["provider"].as_str(), call["model"].as_str()),
            (Some(dialect.vendor), Some("test-model"))
        );
        assert!(call["tokens"]["input"].as_u64().unwrap() > 0);
        assert!(
            !done.everything().contains("CANARY"),
            "{}: a key leaked",
            dialect.vendor
        );
    }
}

#[test]
fn a_rejected_key_is_named_and_shown_nowhere() {
    for dialect in &DIALECTS {
        let body = json!({"error": {"message": format!("Incorrect API key provided: {KEY}"), "type": "authentication_error", "code": "invalid_api_key"}});
        let server = Server::with([Step::status(401).header("x-request-id", "req-7").body(body.to_string())]);
        let done = dialect
            .run(&server, &["-v"])
            .variable("INSIGHTS_LOG", "trace")
            .done()
            .code(3);
        let error = &done.json("child_insights.json")["daily_metrics"]["error"];
        assert_eq!(error["kind"], "configuration", "{}", dialect.vendor);
        assert!(
            !done.everything().contains("CANARY"),
            "{}: a key leaked",
            dialect.vendor
        );
        assert!(server.requests().len() <= 6, "a bad key is not tried again");
        assert!(done.report().contains("## Key figures"));
    }
}

#[test]
fn a_rate_limit_is_waited_for_in_every_form() {
    for dialect in &DIALECTS {
        for (name, value) in [("retry-after", "0.3"), ("retry-after-ms", "300")] {
            let limited = Step::status(429)
                .header(name, value)
                .body(r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#);
            let (done, server) = dialect.council(vec![limited, dialect.good()], &[]);
            let done = done.code(0);
            assert_eq!(server.requests().len(), 8, "{} {name}", dialect.vendor);
            let times: Vec<_> = geographic(&server).iter().map(|request| request.at).collect();
            assert!(
                times[1] - times[0] >= Duration::from_millis(290),
                "{} {name}",
                dialect.vendor
            );
            let summary = done.json("execution_summary.json");
            let call = summary["results"]
                .as_array()
                .unwrap()
                .iter()
                .find(|call| call["role"] == "geographic")
                .unwrap()
                .clone();
            assert_eq!(call["attempts"], 2);
            assert!(call["failures"][0].as_str().unwrap().contains("429"), "{call}");
        }
    }
}

#[test]
fn what_passes_is_tried_again() {
    for dialect in &DIALECTS {
        let faults = [
            (
                "500",
                Step::status(500).body(r#"{"error":{"message":"oops","type":"server_error"}}"#),
            ),
            (
                "cut",
                Step::ok((dialect.reply)("{\"findings\": []}")).manner(Manner::CutLength),
            ),
            ("reset", Step::ok("").manner(Manner::Reset)),
            (
                "error in a 200",
                Step::ok(r#"{"error":{"message":"upstream is down","code":502}}"#),
            ),
        ];
        for (name, fault) in faults {
            let (done, server) = dialect.council(vec![fault, dialect.good()], &[]);
            done.code(0);
            assert_eq!(geographic(&server).len(), 2, "{} {name}", dialect.vendor);
        }
    }
}

#[test]
fn a_silent_host_costs_one_specialist() {
    for dialect in &DIALECTS {
        let hang = Step::ok("").manner(Manner::Hang);
        let (done, _server) = dialect.council(vec![hang], &["--timeout", "0.4", "--retries", "1"]);
        let done = done.code(3);
        let error = &done.json("child_insights.json")["geographic"]["error"];
        assert_eq!(
            (error["kind"].as_str(), error["attempts"].as_u64()),
            (Some("transient"), Some(2)),
            "{error}"
        );
        assert_eq!(done.json("execution_summary.json")["successful_analysts"], 5);
    }
}

#[test]
fn a_status_body_and_headers_survive_into_the_error() {
    let dialect = &DIALECTS[0];
    let body = r#"{"error":{"message":"the server is on fire","type":"server_error"}}"#;
    let fault = Step::status(503).header("x-request-id", "req-42").body(body);
    let (done, _server) = dialect.council(vec![fault], &["--retries", "0"]);
    let error = done.code(3).json("child_insights.json")["geographic"]["error"].clone();
    assert_eq!(error["status"], 503);
    assert!(error["body"].as_str().unwrap().contains("on fire"), "{error}");
    assert!(error["headers"].to_string().contains("req-42"), "{error}");
}

#[test]
fn a_reply_cut_by_the_token_limit_is_asked_again_with_a_larger_one() {
    let dialect = &DIALECTS[0];
    let cut = json!({
        "model": "test-model",
        "choices": [{"message": {"content": "{\"findings\": [{\"id\":"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 4096},
    });
    let (done, server) = dialect.council(vec![Step::ok(cut.to_string()), dialect.good()], &[]);
    done.code(0);
    let limits: Vec<u64> = geographic(&server)
        .iter()
        .map(|request| request.json()["max_completion_tokens"].as_u64().unwrap())
        .collect();
    assert_eq!(limits, [4096, 16_384]);
}

#[test]
fn an_invalid_reply_is_asked_again_with_the_faults_only() {
    let dialect = &DIALECTS[1];
    let (done, server) = dialect.council(
        vec![
            Step::ok((dialect.reply)("{\"findings\": \"none of your business\"}")),
            dialect.good(),
        ],
        &[],
    );
    done.code(0);
    let requests = geographic(&server);
    let (prompt, _) = (dialect.asked)(&requests[1].json());
    assert!(
        prompt.contains("could not be used") && prompt.contains("findings"),
        "{prompt}"
    );
    assert!(!prompt.contains("none of your business") || prompt.matches("none of your business").count() == 1);
}

#[test]
fn one_analyst_may_ask_another_provider() {
    let (first, second) = (&DIALECTS[0], &DIALECTS[1]);
    let one = Server::with([first.good()]);
    let two = Server::with([second.good()]);
    let done = first
        .run(&one, &["--model", "geographic=anthropic:other-model"])
        .variable(second.key_variable, KEY)
        .variable(second.base_url_variable, &two.url(second.base_path))
        .done()
        .code(0);
    assert_eq!((one.requests().len(), two.requests().len()), (6, 1));
    assert_eq!(
        done.json("child_insights.json")["geographic"]["metadata"]["model"],
        "other-model"
    );
}

#[test]
fn keys_come_from_files_and_from_env_files() {
    let dialect = &DIALECTS[0];
    let server = Server::with([dialect.good()]);
    let run = || {
        Run::council()
            .variable("OPENAI_BASE_URL", &server.url("/v1"))
            .arguments(&["--provider", "openai"])
    };
    run()
        .file("openai.key", &format!("{KEY}\n"))
        .variable("OPENAI_API_KEY_FILE", "openai.key")
        .done()
        .code(0);
    let env = format!("OPENAI_API_KEY='{KEY}'\nOPENAI_BASE_URL={}\n", server.url("/v1"));
    Run::council().file(".env", &env).done().code(0);
    assert_eq!(server.requests().len(), 14);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.header("authorization") == Some(&format!("Bearer {KEY}")))
    );
}

#[test]
fn a_planted_env_file_cannot_redirect_a_key() {
    let server = Server::with([Step::ok("{}")]);
    let env = format!("OPENAI_BASE_URL={}\n", server.url("/v1"));
    Run::council()
        .file(".env", &env)
        .variable("OPENAI_API_KEY", KEY)
        .done()
        .code(2)
        .says(&["OPENAI_BASE_URL", "hint:"]);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn an_unchanged_rerun_makes_no_call() {
    let dialect = &DIALECTS[0];
    let server = Server::with([dialect.good()]);
    let done = dialect.run(&server, &[]).done().code(0);
    let again = [
        "--run-hash",
        "x",
        "--date-start",
        "2025-03-01",
        "--date-end",
        "2025-03-14",
        "--data",
        "events.csv",
        "--model",
        "openai:test-model",
    ];
    let done = Run::again(done)
        .variable(dialect.key_variable, KEY)
        .variable(dialect.base_url_variable, &server.url(dialect.base_path))
        .arguments(&again)
        .done()
        .code(0);
    assert_eq!(server.requests().len(), 7);
    assert_eq!(done.json("execution_summary.json")["totals"]["cached_calls"], 7);
    assert_eq!(done.json("execution_summary.json")["totals"]["cost_usd"], 0.0);
}

fn geographic(server: &Server) -> Vec<Recorded> {
    let requests = server.requests().into_iter();
    requests
        .filter(|request| String::from_utf8_lossy(&request.body).contains("Task: geography"))
        .collect()
}
