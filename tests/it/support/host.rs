//! OpenAI-compatible hosts on loopback that answer each prompt as the mock would, and the program pointed at them.
#![allow(dead_code, unreachable_pub, reason = "a toolbox: not every test uses every tool")]

use insights::llm::{Request, Schema, mock_answer};

use super::run::Run;
use super::server::{Recorded, Rule, Server, Step, openai};

/// The text that a good host gives to this request.
pub fn good_text(request: &Recorded) -> String {
    let body = request.json();
    mock_answer(&Request {
        role: String::new(),
        system: String::new(),
        prompt: body["messages"][1]["content"].as_str().unwrap_or_default().to_owned(),
        schema: Some(Schema {
            name: "reply".to_owned(),
            value: body["response_format"]["json_schema"]["schema"].clone(),
        }),
        max_output_tokens: 4096,
        temperature: None,
    })
}

pub fn good() -> Step {
    Step::made(|request| openai(&good_text(request)).into_bytes())
}

/// Good to everybody but the geographic analyst, who meets `steps`.
pub fn good_but_for_geography(steps: impl IntoIterator<Item = Step>) -> Server {
    Server::start([Rule::on("Task: geography", steps), Rule::any([good()])])
}

pub fn of_geography(server: &Server) -> usize {
    let requests = server.requests();
    let asked = requests
        .iter()
        .filter(|request| String::from_utf8_lossy(&request.body).contains("Task: geography"));
    asked.count()
}

/// A council that knows these hosts by name, without cache unless told.
pub fn council(hosts: &[(&str, &Server)], arguments: &[&str]) -> Run {
    let run = hosts.iter().fold(Run::council(), |run, (name, server)| {
        run.variable(&format!("{}_BASE_URL", name.to_uppercase()), &server.url("/v1"))
    });
    run.arguments(arguments)
}

/// The model of each role, in the order of the summary.
pub fn models(summary: &serde_json::Value) -> Vec<String> {
    let calls = summary["results"].as_array().unwrap();
    calls
        .iter()
        .map(|call| {
            format!(
                "{}:{}",
                call["provider"].as_str().unwrap_or("-"),
                call["model"].as_str().unwrap_or("-")
            )
        })
        .collect()
}

/// The call of one role.
pub fn call_of(summary: &serde_json::Value, role: &str) -> serde_json::Value {
    let calls = summary["results"].as_array().unwrap();
    calls.iter().find(|call| call["role"] == role).unwrap().clone()
}
