//! The shipped provider that needs no key and no network. It stands in for the wire only: its replies are HTTP-like bytes
//! in OpenAI's shape, so encoding, decoding, classification, retries and limits run as with any other provider. The same
//! input gives the same bytes.

mod answer;
mod embed;
mod explore;
mod facts;
mod general;
mod joined;
mod lie;
mod scan;
mod script;
mod writing;

pub use answer::answer;
pub use lie::Lie;
pub use script::{MockFault, MockScript, MockStep};

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::dialect::{Dialect, estimate_tokens};
use super::exchange::HttpReply;
use super::types::Request;
use crate::clock;

/// How the mock behaves: always well by default.
#[derive(Debug, Clone, Default)]
pub struct MockOptions {
    pub script: Option<MockScript>,
    /// Of every reply, unless the script says otherwise.
    pub latency: Duration,
}

/// The mock of one run; remembers how far each role is in its script.
pub(super) struct Mock {
    options: MockOptions,
    taken: Mutex<HashMap<String, usize>>,
}

impl Mock {
    pub(super) fn new(options: MockOptions) -> Self {
        Self {
            options,
            taken: Mutex::new(HashMap::new()),
        }
    }

    pub(super) async fn send(&self, dialect: Dialect, model: &str, request: &Request) -> HttpReply {
        let step = self.next_step(&request.role);
        let script_latency = self.options.script.as_ref().and_then(|script| script.latency);
        let latency = step.latency.or(script_latency).unwrap_or(self.options.latency);
        if !latency.is_zero() {
            clock::sleep(latency).await;
        }
        if step.fault == MockFault::Hang {
            std::future::pending::<()>().await;
        }
        match dialect {
            Dialect::Embeddings if step.fault == MockFault::Ok => {
                http(200, &MockStep::ok(), &embed::body(model, request))
            }
            _ => reply(&step, model, request),
        }
    }

    fn next_step(&self, role: &str) -> MockStep {
        let Some(script) = &self.options.script else {
            return MockStep::ok();
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = taken.entry(role.to_owned()).or_default();
        let step = script.step(role, *taken);
        *taken += 1;
        step
    }
}

fn reply(step: &MockStep, model: &str, request: &Request) -> HttpReply {
    let good = || {
        let reply = step.say.clone().unwrap_or_else(|| answer(request));
        step.lie
            .map_or(reply.clone(), |lie| lie::told(lie, &reply, &request.prompt))
    };
    match step.fault {
        MockFault::Ok | MockFault::Hang => completion(model, request, &good(), "stop"),
        MockFault::Prose => {
            let text = format!(
                "Sure! Here is the analysis you asked for:\n\n```json\n{}\n```\n\nLet me know if you need more.",
                good()
            );
            completion(model, request, &text, "stop")
        }
        MockFault::Fenced => completion(model, request, &format!("```json\n{}\n```", good()), "stop"),
        MockFault::TrailingComma => completion(model, request, &with_trailing_comma(&good()), "stop"),
        MockFault::WrongNumber => completion(model, request, &with_wrong_number(&good()), "stop"),
        MockFault::NotJson => completion(
            model,
            request,
            "I looked at the tables and everything seems fine.",
            "stop",
        ),
        MockFault::Truncated => {
            let whole = good();
            let half: String = whole.chars().take(whole.chars().count() / 2).collect();
            completion(model, request, &half, "length")
        }
        MockFault::Empty => completion(model, request, "", "stop"),
        MockFault::Refusal => {
            let mut body = completion_body(model, request, "", "stop");
            body["choices"][0]["message"] =
                json!({"role": "assistant", "content": null, "refusal": "I cannot help with that."});
            http(200, step, &body)
        }
        MockFault::RateLimit => http(
            429,
            step,
            &error("rate_limit_exceeded", "rate_limit_error", "mock: too many requests"),
        ),
        MockFault::Quota => http(
            429,
            step,
            &error("insufficient_quota", "insufficient_quota", "mock: no credit is left"),
        ),
        MockFault::ServerError => http(
            500,
            step,
            &error("server_error", "server_error", "mock: something broke"),
        ),
        MockFault::Overloaded => http(529, step, &error("overloaded", "overloaded_error", "mock: overloaded")),
        MockFault::BadKey => http(
            401,
            step,
            &error("invalid_api_key", "invalid_request_error", "mock: bad key"),
        ),
        MockFault::Error200 => http(
            200,
            step,
            &json!({"error": {"code": 502, "message": "mock: the upstream provider failed"}}),
        ),
    }
}

fn completion(model: &str, request: &Request, text: &str, finish: &str) -> HttpReply {
    http(200, &MockStep::ok(), &completion_body(model, request, text, finish))
}

fn completion_body(model: &str, request: &Request, text: &str, finish: &str) -> Value {
    let prompt_tokens = estimate_tokens(request.system.len() + request.prompt.len());
    let completion_tokens = estimate_tokens(text.len());
    json!({
        "id": "mock",
        "object": "chat.completion",
        "model": model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": finish,
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    })
}

fn error(code: &str, kind: &str, message: &str) -> Value {
    json!({"error": {"code": code, "type": kind, "message": message}})
}

fn http(status: u16, step: &MockStep, body: &Value) -> HttpReply {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    if let Some(wait) = &step.retry_after {
        headers.push(("retry-after".to_owned(), wait.clone()));
    }
    HttpReply {
        status,
        headers,
        body: body.to_string().into_bytes(),
    }
}

fn with_trailing_comma(text: &str) -> String {
    match text.rfind('}') {
        Some(end) => format!("{},{}", &text[..end], &text[end..]),
        None => text.to_owned(),
    }
}

const WRONG: &str = " Revenue reached 987,654,321 today.";

/// The first finding (or the first text of all) gets a number that no table holds.
fn with_wrong_number(text: &str) -> String {
    let Ok(mut answer) = serde_json::from_str::<Value>(text) else {
        return format!("{text}{WRONG}");
    };
    let told = match answer.pointer_mut("/findings/0") {
        Some(finding) => append_to_text(finding),
        None => append_to_text(&mut answer),
    };
    if !told && let Some(object) = answer.as_object_mut() {
        object.insert("note".to_owned(), Value::from(WRONG.trim()));
    }
    answer.to_string()
}

fn append_to_text(value: &mut Value) -> bool {
    const NAMES: [&str; 7] = [
        "statement",
        "text",
        "sentence",
        "detail",
        "description",
        "summary",
        "title",
    ];
    match value {
        Value::String(text) => {
            text.push_str(WRONG);
            true
        }
        Value::Object(fields) => {
            if let Some(name) = NAMES
                .iter()
                .find(|&&name| fields.get(name).is_some_and(Value::is_string))
            {
                return fields.get_mut(*name).is_some_and(append_to_text);
            }
            fields.values_mut().any(append_to_text)
        }
        Value::Array(items) => items.iter_mut().any(append_to_text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::types::Schema;

    fn request() -> Request {
        let value = json!({"type": "object", "properties": {"findings": {"type": "array"}}});
        Request {
            role: "geographic".into(),
            system: "s".into(),
            prompt: "table D1 [totals] Totals\nid|metric|current|previous|change_pct|z\nd1|users|10|9|11.1|1.0\n"
                .into(),
            schema: Some(Schema {
                name: "x".into(),
                value,
            }),
            max_output_tokens: 100,
            temperature: None,
        }
    }

    fn said(fault: MockFault) -> String {
        let step = MockStep {
            fault,
            ..MockStep::ok()
        };
        let reply = reply(&step, "mock-1", &request());
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let choice = &body["choices"][0];
        format!(
            "{} {} {}",
            reply.status,
            choice["message"]["content"].as_str().unwrap_or("-"),
            choice["finish_reason"].as_str().unwrap_or("-")
        )
    }

    #[test]
    fn a_wrong_number_lands_in_the_first_finding() {
        let text = said(MockFault::WrongNumber);
        assert!(text.contains("987,654,321"), "{text}");
        let answer: Value = serde_json::from_str(text.trim_start_matches("200 ").trim_end_matches(" stop")).unwrap();
        assert!(answer["findings"][0]["text"].as_str().unwrap().ends_with("today."));
    }

    #[test]
    fn every_fault_has_its_wire_form() {
        for (fault, start, end) in [
            (MockFault::Ok, "200 {", "} stop"),
            (MockFault::Truncated, "200 {", " length"),
            (MockFault::Fenced, "200 ```json", "``` stop"),
            (MockFault::Prose, "200 Sure!", "more. stop"),
            (MockFault::TrailingComma, "200 {", ",} stop"),
            (MockFault::Empty, "200  ", "stop"),
            (MockFault::Refusal, "200 -", "stop"),
            (MockFault::RateLimit, "429 -", "-"),
            (MockFault::Quota, "429 -", "-"),
            (MockFault::ServerError, "500 -", "-"),
            (MockFault::Overloaded, "529 -", "-"),
            (MockFault::BadKey, "401 -", "-"),
            (MockFault::Error200, "200 -", "-"),
        ] {
            let said = said(fault);
            assert!(said.starts_with(start) && said.ends_with(end), "{fault:?}: {said}");
        }
    }
}
