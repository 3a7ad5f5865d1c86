//! The call layer against scripted hosts on loopback: what is sent, what is waited for, what is given up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use insights::event::{Event, Events};
use insights::llm::{
    CacheMode, Class, ConfigError, Dialect, Failed, Llm, MockOptions, MockScript, Options, PrivateHosts, Request,
    Route, Schema, Target, Vendor,
};
use insights::store::{Detail, Store};
use serde_json::json;

use crate::support::server::{Manner, Rule, Server, Step, anthropic, error, gemini, openai};

const KEY: &str = "CANARY-4f9d2a71";

/// A vendor that lives at `server`.
pub(crate) fn vendor(name: &str, server: &Server) -> Vendor {
    let path = match name {
        "anthropic" | "gemini" => "",
        _ => "/v1",
    };
    let vendor = Vendor::known(name).unwrap_or_else(|| Vendor::compatible(name));
    Vendor {
        requests_per_minute: None,
        ..vendor
    }
    .with_key(KEY.into(), "test")
    .with_base_url(&server.url(path), "test", PrivateHosts::Refused)
    .unwrap()
}

pub(crate) fn options(vendors: Vec<Vendor>) -> Options {
    let targets: Vec<Target> = vendors.iter().map(|vendor| Target::new(&vendor.name, "m-1")).collect();
    Options {
        vendors,
        routes: Route::to(targets),
        attempt_timeout: Duration::from_secs(5),
        first_wait: Duration::from_millis(5),
        ..Options::default()
    }
}

/// What was said, as one line per event.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Event>>>);

impl Heard {
    fn events(&self) -> Events {
        let heard = self.0.clone();
        Events::new(move |event| heard.lock().unwrap().push(event))
    }

    pub(crate) fn all(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn warnings(&self) -> String {
        let all = self.all();
        let warnings = all.iter().filter_map(|event| match event {
            Event::Warning { message } => Some(message.as_str()),
            _ => None,
        });
        warnings.collect::<Vec<_>>().join("\n")
    }
}

pub(crate) fn llm(options: Options) -> (Llm, Heard) {
    let heard = Heard::default();
    (Llm::new(options, None, heard.events()).unwrap(), heard)
}

pub(crate) fn request(role: &str) -> Request {
    Request {
        role: role.to_owned(),
        system: "be brief".to_owned(),
        prompt: format!("tables for {role}"),
        schema: Some(Schema {
            name: "reply".to_owned(),
            value: json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        }),
        max_output_tokens: 500,
        temperature: None,
    }
}

/// One call against one OpenAI-like host with these steps.
async fn one_call(steps: Vec<Step>) -> (Result<String, Failed>, Server, Heard) {
    let server = Server::with(steps);
    let (llm, heard) = llm(options(vec![vendor("openai", &server)]));
    let outcome = llm.complete(&request("geographic"), None).await;
    (outcome.map(|completion| completion.text), server, heard)
}

#[tokio::test]
async fn every_dialect_says_and_hears_it_its_way() {
    for (name, dialect, path, header, reply) in [
        (
            "openai",
            Dialect::OpenAi,
            "/v1/chat/completions",
            "authorization",
            openai(r#"{"a":"x"}"#),
        ),
        (
            "openrouter",
            Dialect::OpenAi,
            "/v1/chat/completions",
            "authorization",
            openai(r#"{"a":"x"}"#),
        ),
        (
            "my-host",
            Dialect::OpenAi,
            "/v1/chat/completions",
            "authorization",
            openai(r#"{"a":"x"}"#),
        ),
        (
            "anthropic",
            Dialect::Anthropic,
            "/v1/messages",
            "x-api-key",
            anthropic(r#"{"a":"x"}"#),
        ),
        (
            "gemini",
            Dialect::Gemini,
            "/v1beta/models/m-1:streamGenerateContent?alt=sse",
            "x-goog-api-key",
            gemini(r#"{"a":"x"}"#),
        ),
    ] {
        let server = Server::with([Step::ok(reply)]);
        let vendor = vendor(name, &server);
        assert_eq!(vendor.dialect, dialect);
        let (llm, heard) = llm(options(vec![vendor]));
        let completion = llm.complete(&request("geographic"), None).await.unwrap();

        assert_eq!(completion.text, r#"{"a":"x"}"#, "{name}");
        assert_eq!(completion.answered_model.as_deref(), Some("answered-model"));
        assert_eq!(
            (completion.usage.input_tokens, completion.usage.output_tokens),
            (100, 10)
        );
        assert_eq!((completion.provider.as_str(), completion.model.as_str()), (name, "m-1"));
        assert_eq!(
            (completion.attempts.len(), completion.cached, completion.cost_usd),
            (1, false, None)
        );

        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        let sent = &requests[0];
        assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", path));
        let auth = sent.header(header).unwrap();
        assert_eq!(auth.trim_start_matches("Bearer "), KEY);
        let body = sent.json();
        let (schema, limit) = match dialect {
            Dialect::OpenAi => (&body["response_format"]["json_schema"]["schema"], &body["max_tokens"]),
            Dialect::Anthropic => (&body["output_config"]["format"]["schema"], &body["max_tokens"]),
            Dialect::Gemini => (
                &body["generationConfig"]["responseJsonSchema"],
                &body["generationConfig"]["maxOutputTokens"],
            ),
            Dialect::Embeddings => unreachable!("no row of the table speaks it"),
        };
        assert_eq!(schema["properties"]["a"]["type"], "string", "{name}: {body}");
        let limit = if name == "openai" {
            &body["max_completion_tokens"]
        } else {
            limit
        };
        assert_eq!(limit, 500, "{name}: {body}");
        assert_eq!(sent.header("x-title").is_some(), name == "openrouter");
        assert!(matches!(heard.all().last(), Some(Event::CallSucceeded { .. })));
    }
}

#[tokio::test]
async fn a_rejected_key_is_tried_once_in_a_run() {
    let server = Server::with([Step::status(401).body(error("invalid_api_key", &format!("Incorrect API key: {KEY}")))]);
    let (llm, _) = llm(options(vec![vendor("openai", &server)]));
    for _ in 0..3 {
        let failed = llm.complete(&request("geographic"), None).await.unwrap_err();
        assert_eq!(failed.error.class, Class::Configuration);
        assert_eq!(failed.error.status, Some(401));
        assert!(
            failed.error.message.contains("OPENAI_API_KEY"),
            "{}",
            failed.error.message
        );
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn retry_after_is_waited_and_holds_the_other_calls_of_the_key() {
    let server = Server::start([
        Rule::on(
            "for first",
            [
                Step::status(429)
                    .header("retry-after", "0.4")
                    .body(error("rate_limit_exceeded", "slow")),
                Step::ok(openai("1")),
            ],
        ),
        Rule::any([Step::ok(openai("2"))]),
    ]);
    let (told, mut refused) = tokio::sync::mpsc::unbounded_channel();
    let events = Events::new(move |event| {
        if matches!(event, Event::CallRetry { .. }) {
            let _ = told.send(());
        }
    });
    let llm = Llm::new(options(vec![vendor("openai", &server)]), None, events).unwrap();
    let request = |role: &str| self::request(role);
    let (first, second) = (request("first"), request("second"));
    let (one, two) = tokio::join!(llm.complete(&first, None), async {
        refused.recv().await;
        llm.complete(&second, None).await
    });
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.attempts.len(), two.attempts.len()), (2, 1));
    assert!(one.retry_wait >= Duration::from_millis(400));
    assert!(two.limiter_wait >= Duration::from_millis(350), "{:?}", two.limiter_wait);
    let arrivals: Vec<Instant> = server.requests().iter().map(|request| request.at).collect();
    assert!(arrivals[1] - arrivals[0] >= Duration::from_millis(390));
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let ok = || Step::ok(openai(r#"{"a":"x"}"#));
    for (name, fault) in [
        ("500", Step::status(500).body(error("server_error", "x"))),
        (
            "502 html",
            Step::status(502)
                .header("content-type", "text/html")
                .body("<title>Bad gateway</title>"),
        ),
        ("cut by length", ok().manner(Manner::CutLength)),
        ("cut chunk", ok().manner(Manner::CutChunked)),
        ("cut without a length", ok().manner(Manner::CutUnsized)),
        ("closed", Step::status(200).manner(Manner::Close)),
        ("reset", Step::status(200).manner(Manner::Reset)),
        (
            "error in a success",
            Step::ok(r#"{"error":{"code":502,"message":"upstream"}}"#),
        ),
        ("null shell", Step::ok(r#"{"id":null,"choices":null,"usage":null}"#)),
        ("empty", Step::ok(openai(""))),
    ] {
        let (outcome, server, heard) = one_call(vec![fault, ok()]).await;
        assert_eq!(
            outcome.unwrap_or_else(|failed| panic!("{name}: {failed}")),
            r#"{"a":"x"}"#
        );
        assert_eq!(server.requests().len(), 2, "{name}");
        assert!(
            heard.all().iter().any(|event| matches!(event, Event::CallRetry { .. })),
            "{name}"
        );
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    for (name, step, class, code) in [
        (
            "quota",
            Step::status(429).body(error("insufficient_quota", "x")),
            Class::Quota,
            "insufficient_quota",
        ),
        (
            "bad request",
            Step::status(400).body(error("invalid", "x")),
            Class::Permanent,
            "invalid",
        ),
        (
            "not HTTP",
            Step::status(200).manner(Manner::Garbage),
            Class::Configuration,
            "not_http",
        ),
        (
            "login page",
            Step::ok("<html><title>Sign in</title>").header("content-type", "text/html"),
            Class::Configuration,
            "html",
        ),
        (
            "redirect",
            Step::status(302).header("location", "http://127.0.0.1:9/"),
            Class::Configuration,
            "redirect",
        ),
        (
            "no model",
            Step::status(404).body(error("model_not_found", "x")),
            Class::Configuration,
            "model_not_found",
        ),
        (
            "truncated",
            Step::ok(openai("{\"a\":").replace("\"stop\"", "\"length\"")),
            Class::Output,
            "truncated",
        ),
        (
            "huge",
            Step::ok(vec![b' '; 9 * 1024 * 1024]),
            Class::Permanent,
            "reply_too_large",
        ),
    ] {
        let (outcome, server, _) = one_call(vec![step]).await;
        let failed = outcome.unwrap_err();
        assert_eq!(
            (failed.error.class, failed.error.code.as_deref()),
            (class, Some(code)),
            "{name}: {failed}"
        );
        assert_eq!((server.requests().len(), failed.attempts.len()), (1, 1), "{name}");
    }
}

#[tokio::test]
async fn attempts_have_an_end() {
    let (outcome, server, heard) = one_call(vec![Step::status(500)]).await;
    let failed = outcome.unwrap_err();
    assert_eq!(
        (failed.error.class, failed.attempts.len(), server.requests().len()),
        (Class::Transient, 4, 4)
    );
    assert!(matches!(
        heard.all().last(),
        Some(Event::CallFailed { attempts: 4, .. })
    ));
}

#[tokio::test]
async fn a_silent_or_dripping_host_runs_into_the_limit() {
    for manner in [Manner::Hang, Manner::Drip(Duration::from_millis(20))] {
        let server = Server::with([Step::ok(openai("{}")).manner(manner), Step::ok(openai("{}"))]);
        let mut options = options(vec![vendor("openai", &server)]);
        options.attempt_timeout = Duration::from_millis(200);
        let (llm, _) = llm(options);
        let completion = llm.complete(&request("geographic"), None).await.unwrap();
        let error = completion.attempts[0].error.as_ref().unwrap();
        assert_eq!(
            (error.class, error.code.as_deref()),
            (Class::Transient, Some("timeout"))
        );
    }
}

#[tokio::test]
async fn nothing_listens() {
    let server = Server::with([Step::status(200)]);
    let vendor = vendor("ollama", &server);
    drop(server);
    let (llm, _) = llm(options(vec![vendor]));
    let failed = llm.complete(&request("geographic"), None).await.unwrap_err();
    assert_eq!((failed.error.class, failed.attempts.len()), (Class::Configuration, 3));
    assert!(failed.error.message.contains("OLLAMA_BASE_URL"), "{failed}");
}

#[tokio::test]
async fn a_host_without_quota_hands_over_and_stays_off() {
    let empty = Server::with([Step::status(429).body(error("insufficient_quota", "x"))]);
    let full = Server::with([Step::ok(anthropic(r#"{"a":"x"}"#))]);
    let (llm, heard) = llm(options(vec![vendor("openai", &empty), vendor("anthropic", &full)]));
    for _ in 0..2 {
        let completion = llm.complete(&request("geographic"), None).await.unwrap();
        assert_eq!(completion.provider, "anthropic");
    }
    assert_eq!((empty.requests().len(), full.requests().len()), (1, 2));
    assert!(
        heard.warnings().contains("asking anthropic:m-1"),
        "{}",
        heard.warnings()
    );
}

#[tokio::test]
async fn a_long_wait_hands_over_at_once() {
    let busy = Server::with([Step::status(429).header("retry-after", "600")]);
    let free = Server::with([Step::ok(openai("{}"))]);
    let (llm, heard) = llm(options(vec![vendor("openai", &busy), vendor("groq", &free)]));
    for _ in 0..2 {
        let completion = llm.complete(&request("geographic"), None).await.unwrap();
        assert_eq!(completion.provider, "groq");
        assert!(completion.provider_wait < Duration::from_secs(2));
    }
    assert_eq!(busy.requests().len(), 1, "the pause holds for the next call too");
    assert!(heard.warnings().contains("600 s"), "{}", heard.warnings());
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let server = Server::with([Step::status(429).header("retry-after", "30")]);
    let (llm, _) = llm(options(vec![vendor("openai", &server)]));
    let started = insights::clock::now();
    let deadline = started + Duration::from_secs(10);
    let failed = llm.complete(&request("geographic"), Some(deadline)).await.unwrap_err();
    assert_eq!(failed.error.class, Class::Deadline);
    assert_eq!(failed.error.status, Some(429), "why it took so long stays with it");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_reply_after_the_deadline_is_no_reply() {
    let server = Server::with([Step::status(200).manner(Manner::Hang)]);
    let (llm, _) = llm(options(vec![vendor("openai", &server)]));
    let deadline = insights::clock::now() + Duration::from_millis(150);
    let failed = llm.complete(&request("geographic"), Some(deadline)).await.unwrap_err();
    assert_eq!((failed.error.class, failed.attempts.len()), (Class::Deadline, 1));
}

#[tokio::test]
async fn an_unknown_parameter_is_left_out_and_remembered() {
    let server = Server::start([
        Rule::on(
            r#""response_format""#,
            [Step::status(400).body(error("unsupported", "response_format is not supported"))],
        ),
        Rule::any([Step::ok(openai("{}"))]),
    ]);
    let (llm, heard) = llm(options(vec![vendor("vllm", &server)]));
    for _ in 0..2 {
        llm.complete(&request("geographic"), None).await.unwrap();
    }
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "asked with the schema once, then never again");
    assert!(
        requests[1].json()["messages"][0]["content"]
            .as_str()
            .unwrap()
            .contains("JSON Schema")
    );
    assert!(
        heard.warnings().contains("vllm:m-1 does not take a JSON Schema"),
        "{}",
        heard.warnings()
    );
}

#[tokio::test]
async fn a_kept_reply_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("insights.db");
    let server = Server::with([Step::ok(openai(r#"{"a":"x"}"#))]);
    let run = |cache| {
        let store = Store::open(&path);
        let options = Options {
            cache,
            ..options(vec![vendor("openai", &server)])
        };
        Llm::new(options, Some(store), Events::silent()).unwrap()
    };
    for (cache, cached, asked) in [
        (CacheMode::Off, false, 1),
        (CacheMode::On, false, 2),
        (CacheMode::On, true, 2),
        (CacheMode::Write, false, 3),
        (CacheMode::On, true, 3),
    ] {
        let completion = run(cache).complete(&request("geographic"), None).await.unwrap();
        assert_eq!(
            (completion.cached, server.requests().len()),
            (cached, asked),
            "{cache:?}"
        );
        assert_eq!(completion.text, r#"{"a":"x"}"#);
        assert_eq!(completion.cost_usd, cached.then_some(0.0));
    }
    let completion = run(CacheMode::On)
        .complete(&request("coordinator"), None)
        .await
        .unwrap();
    assert!(!completion.cached, "another prompt is another call");
}

#[tokio::test]
async fn calls_side_by_side_share_connections() {
    let server = Server::with([Step::ok(openai("{}")).delay(Duration::from_millis(30))]);
    let (llm, _) = llm(options(vec![vendor("openai", &server)]));
    for _ in 0..3 {
        let requests: Vec<Request> = (0..6).map(|index| request(&format!("role {index}"))).collect();
        let calls = requests.iter().map(|request| llm.complete(request, None));
        for outcome in futures::future::join_all(calls).await {
            outcome.unwrap();
        }
    }
    assert_eq!(server.requests().len(), 18);
    assert!(server.connections() <= 8, "{} connections", server.connections());
}

#[tokio::test]
async fn the_key_is_nowhere_to_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let echo = format!("bad key {KEY} in Bearer {KEY} and ?key={KEY}");
    let steps = [
        Step::status(401)
            .body(error("invalid_api_key", &echo))
            .header("x-request-id", KEY),
        Step::status(500).body(echo.clone()),
        Step::status(400).body(error(&format!("code-{KEY}"), &echo)),
        Step::status(502)
            .header("content-type", "text/html")
            .body(format!("<title>{echo}</title>")),
        Step::ok(openai("{}").replace("\"stop\"", &format!("\"{KEY}\""))),
        Step::status(200).manner(Manner::Garbage),
    ];
    for step in steps {
        let server = Server::with([step]);
        let path = folder.path().join("insights.db");
        let heard = Heard::default();
        let options = Options {
            attempts: 2,
            cache: CacheMode::On,
            ..options(vec![vendor("openai", &server)])
        };
        let said = {
            let store = Store::open_with(&path, Detail::Texts);
            let shown = format!("{options:?}");
            let llm = Llm::new(options, Some(store), heard.events()).unwrap();
            let failed = llm.complete(&request("geographic"), None).await.unwrap_err();
            format!(
                "{shown} {llm:?} {failed:?} {failed} {} {:?}",
                serde_json::to_string(&failed.attempts).unwrap(),
                heard.all()
            )
        };
        assert!(!said.contains("CANARY"), "{said}");
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"));
        }
    }
}

#[tokio::test]
async fn the_mock_goes_the_same_way() {
    let script = r#"{"roles": {
        "geographic": [{"fault": "rate_limit", "retry_after": "0.05"}, "error_200", "empty"],
        "cohort": ["truncated"],
        "revenue": ["quota"]}}"#;
    let options = Options {
        mock: MockOptions {
            script: Some(MockScript::parse(script).unwrap()),
            latency: Duration::ZERO,
        },
        ..options(vec![Vendor::known("mock").unwrap()])
    };
    let (llm, heard) = llm(options);
    let completion = llm.complete(&request("geographic"), None).await.unwrap();
    assert_eq!((completion.attempts.len(), completion.cost_usd), (4, Some(0.0)));
    assert!(completion.retry_wait >= Duration::from_millis(50));
    let failed = llm.complete(&request("cohort"), None).await.unwrap_err();
    assert_eq!(
        (failed.error.class, failed.error.code.as_deref()),
        (Class::Output, Some("truncated"))
    );
    let again = llm.complete(&request("cohort"), None).await.unwrap();
    let other = llm.complete(&request("anybody"), None).await.unwrap();
    assert_eq!(again.text, other.text, "the same schema gets the same bytes");
    assert!(llm.hosts().is_empty());
    let failed = llm.complete(&request("revenue"), None).await.unwrap_err();
    assert_eq!(failed.error.class, Class::Quota);
    assert!(matches!(heard.all().last(), Some(Event::CallFailed { .. })));
}

#[tokio::test]
async fn hosts_and_costs_are_known_before_the_first_call() {
    let server = Server::with([Step::status(200)]);
    let mut options = options(vec![vendor("openai", &server)]);
    options.routes = Route::to([Target::new("openai", "gpt-5-mini")]);
    let (llm, _) = llm(options);
    assert_eq!(llm.hosts(), [server.url("").trim_start_matches("http://")]);
    assert_eq!(llm.estimate_cost("geographic", 1_000_000, 100_000), Some(0.45));
    let refused = Llm::new(Options::default(), None, Events::silent()).unwrap_err();
    assert!(matches!(refused, ConfigError::NoModel { .. }));
}
