//! Replies in pieces, over real HTTP: what is asked for, what is said meanwhile, and how soon a stall is found.

use std::time::Duration;

use insights::event::Event;
use insights::llm::{Class, Failed, Llm, Options, Request, Schema, mock_answer};
use serde_json::{Value, json};

use crate::providers::{Heard, llm, options, request, vendor};
use crate::support::run::Run;
use crate::support::server::{
    End, Recorded, Rule, Server, Step, anthropic, anthropic_stream, gemini, gemini_stream, openai, openai_stream,
};

const ANSWER: &str = r#"{"a":"zażółć 🦀 gęślą jaźń, and so on until it fills a few events"}"#;
const SOON: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(60);

/// Vendor, stream and whole reply that say `text`.
type Speaker = (&'static str, fn(&str) -> String, fn(&str) -> String);

const SPEAKERS: [Speaker; 5] = [
    ("openai", openai_stream, openai),
    ("openrouter", openai_stream, openai),
    ("my-host", openai_stream, openai),
    ("anthropic", anthropic_stream, anthropic),
    ("gemini", gemini_stream, gemini),
];

/// Asked for a stream, in this dialect's way.
fn wants_stream(request: &Recorded) -> bool {
    request.json()["stream"] == true || request.path.ends_with(":streamGenerateContent?alt=sse")
}

/// One call of this vendor; its stalls are short, and everything else has time.
async fn one_call(name: &str, server: &Server, change: impl FnOnce(&mut Options)) -> (Result<String, Failed>, Heard) {
    let mut options = options(vec![vendor(name, server)]);
    options.attempt_timeout = LONG;
    change(&mut options);
    let (llm, heard) = llm(options);
    let outcome = llm.complete(&request("geographic"), None).await;
    (outcome.map(|completion| completion.text), heard)
}

#[tokio::test]
async fn every_dialect_streams() {
    for (name, stream, _) in SPEAKERS {
        let server = Server::with([Step::stream(stream(ANSWER))]);
        let (llm, heard) = llm(options(vec![vendor(name, &server)]));
        let completion = llm.complete(&request("geographic"), None).await.unwrap();
        assert_eq!(completion.text, ANSWER, "{name}");
        assert_eq!(completion.answered_model.as_deref(), Some("answered-model"), "{name}");
        let usage = completion.usage;
        assert_eq!(
            (usage.input_tokens, usage.output_tokens, usage.estimated),
            (100, 10, false),
            "{name}"
        );
        assert!(completion.first_token.unwrap() <= completion.provider_wait, "{name}");
        let requests = server.requests();
        assert_eq!((requests.len(), wants_stream(&requests[0])), (1, true), "{name}");
        let first = |event: &&Event| matches!(event, Event::CallFirstToken { role, .. } if role == "geographic");
        assert_eq!(heard.all().iter().filter(first).count(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_host_that_sends_the_whole_reply_is_as_welcome() {
    for (name, _, whole) in SPEAKERS {
        let server = Server::with([Step::ok(whole(ANSWER))]);
        let (outcome, heard) = one_call(name, &server, |_| {}).await;
        assert_eq!(outcome.unwrap(), ANSWER, "{name}");
        assert_eq!(server.requests().len(), 1, "{name}");
        assert_eq!(heard.warnings(), "", "{name}");
    }
}

#[tokio::test]
async fn who_wants_whole_replies_gets_them() {
    for (name, _, whole) in SPEAKERS {
        let server = Server::with([Step::ok(whole(ANSWER))]);
        let (outcome, _) = one_call(name, &server, |options| options.stream = false).await;
        assert_eq!(outcome.unwrap(), ANSWER, "{name}");
        assert!(!wants_stream(&server.requests()[0]), "{name}");
    }
}

#[tokio::test]
async fn a_host_without_a_path_for_streams_is_asked_for_the_whole_in_the_same_attempt() {
    for refusal in [
        Step::status(404),
        Step::status(405),
        Step::status(404).body("<html>no such page</html>"),
    ] {
        let server = Server::start([
            Rule::on(":streamGenerateContent", [refusal]),
            Rule::on(":generateContent", [Step::ok(gemini(ANSWER))]),
        ]);
        let mut options = options(vec![vendor("gemini", &server)]);
        options.attempts = 1;
        let (llm, heard) = llm(options);
        for _ in 0..2 {
            let completion = llm.complete(&request("geographic"), None).await.unwrap();
            assert_eq!((completion.text.as_str(), completion.attempts.len()), (ANSWER, 1));
        }
        assert_eq!(server.requests().len(), 3, "asked for a stream once");
        assert!(
            heard.warnings().contains("gemini:m-1 does not stream"),
            "{}",
            heard.warnings()
        );
    }
    let gone =
        r#"{"error":{"code":404,"message":"models/m-1 is not found for API version v1beta","status":"NOT_FOUND"}}"#;
    let server = Server::with([Step::status(404).body(gone)]);
    let (outcome, _) = one_call("gemini", &server, |_| {}).await;
    assert_eq!(outcome.unwrap_err().error.class, Class::Configuration);
    assert_eq!(
        server.requests().len(),
        1,
        "a model that is gone is not asked for twice"
    );
}

#[tokio::test]
async fn a_host_that_refuses_a_part_of_the_stream_is_asked_without() {
    let refused = |message: &str| {
        Step::status(400).body(json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string())
    };
    let server = Server::start([
        Rule::on(
            "stream_options",
            [refused("Unrecognized request argument supplied: stream_options")],
        ),
        Rule::on(
            r#""stream":true"#,
            [refused("streaming is not supported with this model")],
        ),
        Rule::any([Step::ok(openai(ANSWER))]),
    ]);
    let (llm, heard) = llm(options(vec![vendor("vllm", &server)]));
    for _ in 0..2 {
        assert_eq!(llm.complete(&request("geographic"), None).await.unwrap().text, ANSWER);
    }
    assert_eq!(
        server.requests().len(),
        4,
        "each part is refused once, then never sent again"
    );
    let warnings = heard.warnings();
    assert!(
        warnings.contains("does not count tokens") && warnings.contains("does not stream"),
        "{warnings}"
    );
}

#[tokio::test]
async fn a_stall_is_found_long_before_the_attempt_is_over() {
    for (name, stream, _) in SPEAKERS {
        let cut = |text: String| {
            let middle = text.match_indices("data:").nth(5).map_or(text.len() / 2, |(at, _)| at);
            text[..middle].to_owned()
        };
        for (end, first_token, code) in [
            (End::Stall, LONG, "stalled"),
            (End::Comments, LONG, "stalled"),
            (End::Stall, SOON, "stalled"),
        ] {
            let server = Server::with([
                Step::stream(cut(stream(&ANSWER.repeat(6)))).streamed(Duration::ZERO, end),
                Step::stream(stream(ANSWER)),
            ]);
            let mut options = options(vec![vendor(name, &server)]);
            options.attempt_timeout = LONG;
            options.first_token_timeout = first_token;
            options.idle_timeout = SOON;
            let (llm, _) = llm(options);
            let completion = llm.complete(&request("geographic"), None).await.unwrap();
            assert_eq!(completion.text, ANSWER, "nothing of the partial text is left");
            let error = completion.attempts[0].error.as_ref().unwrap();
            assert_eq!(
                (error.class, error.code.as_deref()),
                (Class::Transient, Some(code)),
                "{name} {error}"
            );
            assert!(completion.provider_wait < LONG / 2, "{name}");
            assert!(error.usage.output_tokens > 0, "what was produced is counted: {name}");
        }
    }
}

#[tokio::test]
async fn a_first_token_that_does_not_come_is_missed_in_time() {
    let comments = Step::stream("").streamed(Duration::ZERO, End::Comments);
    let role_only =
        Step::stream("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n")
            .streamed(Duration::ZERO, End::Stall);
    let silent = Step::ok("").manner(crate::support::server::Manner::Hang);
    for fault in [comments, role_only, silent] {
        let server = Server::with([fault, Step::stream(openai_stream(ANSWER))]);
        let mut options = options(vec![vendor("openai", &server)]);
        options.attempt_timeout = LONG;
        options.first_token_timeout = SOON;
        options.idle_timeout = LONG;
        let (llm, _) = llm(options);
        let completion = llm.complete(&request("geographic"), None).await.unwrap();
        let error = completion.attempts[0].error.as_ref().unwrap();
        assert_eq!(
            (error.class, error.code.as_deref()),
            (Class::Transient, Some("first_token_timeout")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_slow_stream_that_goes_on_is_no_stall() {
    let server = Server::with([Step::stream(openai_stream(ANSWER)).streamed(Duration::from_millis(60), End::Whole)]);
    let (outcome, heard) = one_call("openai", &server, |options| {
        options.idle_timeout = Duration::from_secs(2)
    })
    .await;
    assert_eq!(outcome.unwrap(), ANSWER);
    assert_eq!(server.requests().len(), 1);
    let ticks = heard
        .all()
        .iter()
        .filter(|event| matches!(event, Event::CallTokens { .. }))
        .count();
    assert!(ticks <= 4, "{ticks} ticks in less than a second");
}

/// The whole of a reply is there, whatever its connection does afterwards.
#[tokio::test]
async fn a_connection_that_stays_open_after_the_end_holds_nobody() {
    for (name, stream, _) in SPEAKERS {
        for end in [End::Stall, End::Comments, End::Cut] {
            let server = Server::with([Step::stream(stream(ANSWER)).streamed(Duration::ZERO, end)]);
            let (outcome, _) = one_call(name, &server, |_| {}).await;
            assert_eq!(outcome.unwrap_or_else(|failed| panic!("{name}: {failed}")), ANSWER);
        }
    }
}

#[tokio::test]
async fn what_breaks_in_the_middle_is_asked_again() {
    for (name, stream, _) in SPEAKERS {
        let whole = stream(&ANSWER.repeat(6));
        let middle = whole
            .match_indices("data:")
            .nth(5)
            .map_or(whole.len() / 2, |(at, _)| at);
        let begun = &whole[..middle];
        let error = r#"{"error":{"code":503,"message":"upstream broke","status":"UNAVAILABLE"}}"#;
        for (fault, step) in [
            ("cut", Step::stream(begun).streamed(Duration::ZERO, End::Cut)),
            ("an end too early", Step::stream(begun)),
            ("an error", Step::stream(format!("{begun}data: {error}\n\n"))),
            (
                "an error over several lines",
                Step::stream(format!("{begun}{}\n\n", error.replace(',', ",\n"))),
            ),
        ] {
            let server = Server::with([step, Step::stream(stream(ANSWER))]);
            let (outcome, heard) = one_call(name, &server, |_| {}).await;
            assert_eq!(
                outcome.unwrap_or_else(|failed| panic!("{name} {fault}: {failed}")),
                ANSWER
            );
            assert_eq!(server.requests().len(), 2, "{name} {fault}");
            let retried = |event: &Event| matches!(event, Event::CallRetry { .. });
            assert!(heard.all().iter().any(retried), "{name} {fault}");
        }
    }
}

#[tokio::test]
async fn no_stream_is_too_long_for_the_cap() {
    let filler = format!(
        "data: {}\n\n",
        json!({"choices": [{"index": 0, "delta": {"content": "x".repeat(100_000)}}]})
    );
    let server = Server::with([Step::stream(filler.repeat(100))]);
    let (outcome, _) = one_call("openai", &server, |_| {}).await;
    let error = outcome.unwrap_err().error;
    assert_eq!(
        (error.class, error.code.as_deref()),
        (Class::Permanent, Some("reply_too_large"))
    );
}

#[tokio::test]
async fn white_space_without_end_is_left_soon() {
    let blank = json!({"choices": [{"index": 0, "delta": {"content": " \n".repeat(50)}}]});
    let server =
        Server::with([Step::stream(format!("data: {blank}\n\n").repeat(40)).streamed(Duration::ZERO, End::Stall)]);
    let (outcome, _) = one_call("openai", &server, |_| {}).await;
    let error = outcome.unwrap_err().error;
    assert_eq!((error.class, error.code.as_deref()), (Class::Output, Some("truncated")));
    assert!(error.message.contains("white space"), "{error}");
}

#[tokio::test]
async fn connections_serve_again_after_a_stream() {
    let server = Server::with([Step::stream(openai_stream(ANSWER))]);
    let (llm, _): (Llm, _) = llm(options(vec![vendor("openai", &server)]));
    for _ in 0..5 {
        llm.complete(&request("geographic"), None).await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (5, 1));
}

/// A host that answers each prompt as the mock would, as a stream.
fn good() -> Step {
    Step::made(|request: &Recorded| {
        let body = request.json();
        openai_stream(&mock_answer(&Request {
            role: String::new(),
            system: String::new(),
            prompt: body["messages"][1]["content"].as_str().unwrap().to_owned(),
            schema: Some(Schema {
                name: "reply".to_owned(),
                value: body["response_format"]["json_schema"]["schema"].clone(),
            }),
            max_output_tokens: 4096,
            temperature: None,
        }))
        .into()
    })
    .streamed(Duration::ZERO, End::Whole)
}

#[test]
fn a_run_streams_survives_a_stall_and_keeps_no_ticks() {
    let stalled = Step::stream(&openai_stream(ANSWER)[..400]).streamed(Duration::ZERO, End::Stall);
    let server = Server::start([Rule::on("Task: geography", [stalled, good()]), Rule::any([good()])]);
    let done = Run::council()
        .variable("OPENAI_API_KEY", "CANARY-77")
        .variable("OPENAI_BASE_URL", &server.url("/v1"))
        .arguments(&["--model", "openai:test-model", "--idle-timeout", "0.3"])
        .done()
        .code(0);
    assert_eq!(server.requests().len(), 8);
    let summary = done.json("execution_summary.json");
    for call in summary["results"].as_array().unwrap() {
        assert!(call["time_to_first_token_millis"].is_u64(), "{call}");
        let attempts = if call["role"] == "geographic" { 2 } else { 1 };
        assert_eq!(call["attempts"], attempts, "{call}");
    }
    let journal = done.text("run_logs/x/events.jsonl");
    let events: Vec<Value> = journal
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |name: &str| events.iter().filter(|event| event["event"] == name).count();
    assert_eq!((count("call.first_token"), count("call.tokens")), (8, 0));
    assert!(journal.contains("nothing came for 0.3 s"), "{journal}");
}

#[test]
fn streaming_can_be_turned_off() {
    let whole = Step::made(|request: &Recorded| {
        assert!(!wants_stream(request));
        openai(ANSWER).into()
    });
    let server = Server::with([whole]);
    let run = || {
        Run::council()
            .variable("OPENAI_API_KEY", "CANARY-77")
            .variable("OPENAI_BASE_URL", &server.url("/v1"))
            .arguments(&["--model", "openai:test-model"])
    };
    for run in [
        run().arguments(&["--no-stream"]),
        run().variable("INSIGHTS_STREAM", "off"),
    ] {
        run.done();
    }
    assert!(!server.requests().is_empty() && !server.requests().iter().any(wants_stream));
    run()
        .variable("INSIGHTS_STREAM", "perhaps")
        .done()
        .code(2)
        .says(&["use on or off"]);
}
