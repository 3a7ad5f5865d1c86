//! The same faults met by the real program, a few for each class: the exit code, words with a next step, and no key in
//! any byte that it leaves.

use insights::llm::{Request, Schema, mock_answer};
use serde_json::{Value, json};

use super::drive::KEY;
use super::scripts::{Serve, script};
use super::table::lines;
use crate::support::run::{Done, Run};
use crate::support::server::{Recorded, Server, Step, openai};

/// Every call of a council meets the case.
fn council(case: &str, more: &[&str]) -> (Done, Server) {
    let server = match script(case).unwrap().serve {
        Serve::Step(step) => Server::with([*step]),
        Serve::Nobody => Server::with([Step::ok("")]),
    };
    let url = server.url("/v1");
    let server = match case {
        "65 refused" => {
            drop(server);
            Server::with([Step::ok("")])
        }
        _ => server,
    };
    (run(&url, more), server)
}

fn run(base_url: &str, more: &[&str]) -> Done {
    Run::council()
        .variable("OPENAI_API_KEY", KEY)
        .variable("OPENAI_BASE_URL", base_url)
        .variable("INSIGHTS_LOG", "trace")
        .arguments(&["--model", "openai:test-model", "--rpm", "100000", "-v"])
        .arguments(more)
        .done()
}

#[track_caller]
fn exit_of(case: &str) -> i32 {
    lines().into_iter().find(|line| line.case == case).unwrap().exit
}

fn check(case: &str, more: &[&str], says: &[&str]) -> (Done, Server) {
    let line = lines().into_iter().find(|line| line.case == case).unwrap();
    let (done, server) = council(case, more);
    let done = done.code(line.exit).says(says);
    let everything = done.everything();
    for secret in ["CANARY", "203.0.113.9"] {
        assert!(!everything.contains(secret), "{case}: `{secret}` was left somewhere");
    }
    let kind = done.json("child_insights.json")["geographic"]["error"]["kind"].clone();
    // Cut off twice is the reply's fault, not the wire's.
    let expected = match line.then.as_str() {
        "caller" => "invalid_reply".to_owned(),
        _ => line.class.replace(' ', "_"),
    };
    assert_eq!(kind, expected.as_str(), "{case}");
    assert!(
        done.report().contains("## Key figures"),
        "{case}: the facts are reported"
    );
    (done, server)
}

#[test]
fn what_passes_and_does_not_pass() {
    check("21 openai", &["--retries", "1"], &["500"]);
    check(
        "56 hang",
        &["--retries", "0", "--timeout", "0.3"],
        &["no whole reply within 0.3 s"],
    );
    check(
        "24 page",
        &["--retries", "0"],
        &["Web server is returning", "8f1c2ab39d7e4c11"],
    );
}

#[test]
fn what_is_exhausted_for_now() {
    check("4 day", &[], &["429", "wait 86400 s"]);
    check("6 openai", &[], &["no credit or quota"]);
}

#[test]
fn what_the_configuration_gets_wrong() {
    let (_, server) = check("11 openai", &[], &["check OPENAI_API_KEY"]);
    assert!(server.requests().len() <= 6, "a bad key is not tried again");
    check(
        "15 openai",
        &[],
        &["check the model's name", "configured are openai:test-model"],
    );
    check("59 garbage", &[], &["does not speak HTTP", "OPENAI_BASE_URL"]);
    check("64 login", &[], &["login page", "OPENAI_BASE_URL"]);
    check("65 refused", &[], &["is the server running", "OPENAI_BASE_URL"]);
}

#[test]
fn what_the_request_or_the_reply_gets_wrong() {
    check("16 openai", &[], &["too long for this model"]);
    check("31 openai", &[], &["refused to answer"]);
    let (done, server) = check(
        "35 length",
        &[],
        &["reasoning used the whole token limit", "up to 16384 tokens"],
    );
    // Said, asked again once with four times the limit, and both are counted.
    assert_eq!(server.requests().len(), 12);
    let results = done.json("execution_summary.json")["results"].clone();
    assert_eq!(results[0]["output_tokens"], 400, "{results}");
}

/// A host that answers as the mock does, spoilt by `spoil`.
fn answers(spoil: fn(String) -> String) -> Server {
    Server::with([Step::made(move |request: &Recorded| {
        let body = request.json();
        let answer = mock_answer(&Request {
            role: String::new(),
            system: String::new(),
            prompt: body["messages"][1]["content"].as_str().unwrap().to_owned(),
            schema: Some(Schema {
                name: "reply".to_owned(),
                value: body["response_format"]["json_schema"]["schema"].clone(),
            }),
            max_output_tokens: 4096,
            temperature: None,
        });
        spoil(answer).into_bytes()
    })])
}

#[test]
fn what_is_an_answer_all_the_same() {
    type Check = fn(&Done);
    type Spoil = fn(String) -> String;
    let cases: [(&str, Spoil, Check); 4] = [
        (
            "41 prose",
            |answer| openai(&format!("Sure! Here it is:\n```json\n{answer}\n```\nAnything else?")),
            |_| {},
        ),
        ("42 invalid", |_| openai("All is well."), |_| {}),
        (
            "71 model",
            |answer| openai(&answer),
            |done| {
                let call = done.json("execution_summary.json")["results"][0].clone();
                let models = (call["model"].as_str(), call["answered_model"].as_str());
                assert_eq!(models, (Some("test-model"), Some("answered-model")));
            },
        ),
        (
            "72 usage",
            |answer| {
                let mut body: Value = serde_json::from_str(&openai(&answer)).unwrap();
                body["usage"] = json!(null);
                body.to_string()
            },
            |done| {
                let call = done.json("execution_summary.json")["results"][0].clone();
                assert_eq!(call["tokens_estimated"], true, "{call}");
                assert!(call["output_tokens"].as_u64().unwrap() > 0, "{call}");
            },
        ),
    ];
    for (case, spoil, look) in cases {
        let server = answers(spoil);
        let done = run(&server.url("/v1"), &[]).code(exit_of(case));
        assert!(!done.everything().contains("CANARY"), "{case}");
        look(&done);
    }
}

/// A host that sends the key back as its answer, and as the name of its model.
#[test]
fn a_key_in_an_answer_is_not_kept() {
    let server = answers(|answer| {
        let answer = answer.replacen(
            "\"headline\":\"",
            &format!("\"headline\":\"{} ", KEY.replace('"', "\\\"")),
            1,
        );
        let mut body: Value = serde_json::from_str(&openai(&answer)).unwrap();
        body["model"] = json!(format!("model-{KEY}"));
        body.to_string()
    });
    let done = run(&server.url("/v1"), &[]);
    assert!(matches!(done.code, 0 | 3), "{}", done.stderr);
    assert!(!done.everything().contains("CANARY"));
}

/// Statements that are true of nothing are not printed, and the run is complete.
#[test]
fn what_is_true_of_nothing_is_not_printed() {
    let done = Run::council()
        .file(
            "script.json",
            r#"{"roles": {"*": [{"fault": "wrong_number", "repeat": true}]}}"#,
        )
        .arguments(&["--mock-script", "script.json"])
        .mock()
        .done()
        .code(exit_of("44 nonsense"));
    assert!(!done.report().contains("987,654,321"));
}
