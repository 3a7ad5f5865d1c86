//! What each case of the table puts on the wire.

use std::time::Duration;

use serde_json::{Value, json};

use super::refusals::refusal;
use crate::support::fault_server::{Act, Wire, gzip_bomb, large_head, sse};
use crate::support::server::{Step, anthropic, gemini, openai};

/// Who is asked and what comes back, every time.
pub(super) struct Script {
    pub vendor: &'static str,
    pub serve: Serve,
    /// Only a limit ends it, so the limit is short.
    pub silent: bool,
}

pub(super) enum Serve {
    Step(Box<Step>),
    /// The port is closed.
    Nobody,
}

/// None for the cases that need another machine around them (`children`).
pub(super) fn script(case: &str) -> Option<Script> {
    let vendor = vendor(case);
    let serve = match case {
        "65 refused" => Serve::Nobody,
        _ => Serve::Step(Box::new(refusal(case).or_else(|| reply(case)).or_else(|| wire(case))?)),
    };
    Some(Script {
        vendor,
        serve,
        silent: matches!(case, "56 hang" | "57 drip"),
    })
}

fn vendor(case: &str) -> &'static str {
    const ANTHROPIC: &[&str] = &["8 words", "8 typed", "17 json", "22 timeout", "37 paused"];
    const GEMINI: &[&str] = &[
        "7 day",
        "7 minute",
        "13 precondition",
        "22 deadline",
        "29 blocked",
        "30 safety",
        "30 recitation",
        "30 other",
        "30 call",
        "39 thoughts",
        "47 lines",
        "47 array",
    ];
    const OPENROUTER: &[&str] = &[
        "9 credit",
        "9 in-flight",
        "10 status-429",
        "10 status-200",
        "14 status-403",
        "14 status-200",
        "23 upstream",
        "23 nobody",
        "25 limit",
        "71 model",
    ];
    let named = |name: &str| case.ends_with(name);
    match case {
        _ if named(" anthropic") || ANTHROPIC.contains(&case) => "anthropic",
        _ if named(" gemini") || GEMINI.contains(&case) => "gemini",
        _ if named(" openrouter") || OPENROUTER.contains(&case) => "openrouter",
        _ if named(" deepseek") => "deepseek",
        "18 schema" => "vllm",
        "15 retired" => "mistral",
        _ => "openai",
    }
}

/// 200s whose body is whole.
fn reply(case: &str) -> Option<Step> {
    let choice = |message: Value, finish: &str, usage: Value| {
        let body = json!({"model": "m-1", "choices": [{"message": message, "finish_reason": finish}], "usage": usage});
        Step::ok(body.to_string())
    };
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 10});
    let thought =
        json!({"prompt_tokens": 100, "completion_tokens": 200, "completion_tokens_details": {"reasoning_tokens": 199}});
    let says = |text: &str| json!({"role": "assistant", "content": text});
    let stopped = |reason: &str, content: Value| {
        let usage = json!({"input_tokens": 100, "output_tokens": 10});
        let body =
            json!({"type": "message", "model": "m-1", "content": content, "stop_reason": reason, "usage": usage});
        Step::ok(body.to_string())
    };
    let candidate = |reason: &str, content: Value| {
        let body = json!({"candidates": [{"content": content, "finishReason": reason}]});
        Step::ok(body.to_string())
    };
    let part = |text: &str| json!({"role": "model", "parts": [{"text": text}]});
    let none = Value::Null;
    Some(match case {
        "26 shell" => Step::ok(r#"{"id":null,"choices":null,"created":1,"model":null,"usage":null}"#),
        "27 empty" => Step::ok(r#"{"choices":[]}"#),
        "27 null" => Step::ok(r#"{"id":"x","choices":null}"#),
        "27 absent" => Step::ok(r#"{"id":"x","model":"m-1"}"#),
        "28 gemini" => candidate("STOP", json!({"role": "model"})),
        "29 blocked" => Step::ok(r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#),
        "30 safety" => candidate("SAFETY", none),
        "30 recitation" => candidate("RECITATION", none),
        "30 other" => candidate("OTHER", part("half")),
        "30 call" => candidate("MALFORMED_FUNCTION_CALL", none),
        "31 openai" => choice(
            json!({"content": null, "refusal": "I cannot help with that."}),
            "stop",
            usage,
        ),
        "32 anthropic" => {
            let body = json!({"content": [], "stop_reason": "refusal", "stop_details": {"category": "cyber"}});
            Step::ok(body.to_string())
        }
        "33 filter" | "73 billed" => choice(says("{\"a\": \"hal"), "content_filter", usage),
        "34 openai" => choice(says("{\"a\": \"hal"), "length", usage),
        "34 anthropic" => stopped("max_tokens", json!([{"type": "text", "text": "{\"a\": "}])),
        "34 gemini" => candidate("MAX_TOKENS", part("{\"a\": ")),
        "35 length" => choice(says(""), "length", thought),
        "35 stop" => choice(json!({"content": null}), "stop", thought),
        "36 anthropic" => stopped("model_context_window_exceeded", json!([{"type": "text", "text": "{"}])),
        "37 anthropic" => stopped(
            "tool_use",
            json!([{"type": "tool_use", "id": "t", "name": "x", "input": {}}]),
        ),
        "37 paused" => stopped("pause_turn", json!([])),
        "37 openai" => choice(
            json!({"content": null, "tool_calls": [{"id": "t"}]}),
            "tool_calls",
            usage,
        ),
        "38 deepseek" => choice(says("{}"), "insufficient_system_resource", usage),
        "38 openrouter" => choice(says("{}"), "error", usage),
        "38 novel" => choice(says("{}"), "ran_out_of_puff", usage),
        "39 beside" => {
            let message = json!({
                "content": "<think>{\"a\": \"wrong\"}</think>{\"a\": \"x\"}",
                "reasoning": "{\"a\": \"wrong\"}", "reasoning_content": "{\"a\": \"wrong\"}",
            });
            choice(message, "stop", usage)
        }
        "39 only" => choice(
            json!({"content": null, "reasoning_content": "{\"a\": \"wrong\"}"}),
            "stop",
            usage,
        ),
        "39 thoughts" => {
            let parts = json!([{"text": "{\"a\": \"wrong\"}", "thought": true}, {"text": "{\"a\": \"x\"}"}]);
            candidate("STOP", json!({"parts": parts}))
        }
        "40 parts" => {
            let message =
                json!({"content": [{"type": "text", "text": "{\"a\": \"x\"}"}], "annotations": [{"novel": {}}]});
            Step::ok(json!({"choices": [{"message": message}], "service_tier": {"novel": 1}}).to_string())
        }
        "41 prose" => choice(
            says("Sure! Here it is:\n```json\n{\"a\": \"x\"}\n```\nAnything else?"),
            "stop",
            usage,
        ),
        "42 invalid" => choice(says("I looked at the tables and all is well."), "stop", usage),
        "43 blanks" => choice(says(&format!("{{\"a\": {}", " \n".repeat(2_000))), "stop", usage),
        "44 nonsense" => choice(says("{\"a\": \"string\"}"), "stop", usage),
        "71 model" => Step::ok(openai("{\"a\": \"x\"}")),
        "72 usage" => choice(says("{\"a\": \"x\"}"), "stop", none),
        _ => return None,
    })
}

/// What happens below HTTP, or to its bytes.
fn wire(case: &str) -> Option<Step> {
    let good = openai("{\"a\": \"x\"}").into_bytes();
    let whole = Wire::json(good.clone());
    let half = good.len() / 2;
    Some(Step::acts(match case {
        "45 openai" => sse(format!(
            "data: {}\n\ndata: {}\n\n",
            json!({"choices": [{"delta": {"content": "{\"a\""}}]}),
            json!({"error": {"code": 502, "message": "Provider disconnected"}, "choices": []})
        )),
        "46 anthropic" => sse(format!(
            "event: message_start\ndata: {}\n\nevent: error\ndata: {}\n\n",
            json!({"type": "message_start", "message": {"usage": {"input_tokens": 100}}}),
            json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
        )),
        "47 lines" => sse(format!(
            "data: {}\r\n\r\n{{\"error\": {{\n  \"code\": 503,\n  \"status\": \"UNAVAILABLE\",\n  \"message\": \"busy\"\n}}}}\n",
            json!({"candidates": [{"content": {"parts": [{"text": "{\"a\""}]}}]})
        )),
        "47 array" => {
            sse("[{\"error\": {\n  \"code\": 503,\n  \"status\": \"UNAVAILABLE\",\n  \"message\": \"busy\"\n}}\n]")
        }
        "48 openai" => sse(format!(
            "data: {}\n\n",
            json!({"choices": [{"delta": {"content": "{\"a\": \"x\"}"}}]})
        )),
        "48 anthropic" => sse(format!(
            "event: content_block_delta\ndata: {}\n\n",
            json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "{\"a\": \"x\"}"}})
        )),
        "49 noise" => sse(format!(
            "\u{feff}: OPENROUTER PROCESSING\r\n\r\nevent: ping\r\ndata:\r\n\r\ndata:{}\r\n\r\ndata: {}\r\n\r\ndata: [DONE]\r\n\r\n",
            json!({"choices": [{"delta": {"content": "{\"a\": \"ä€𝄞"}}]}),
            json!({"choices": [{"delta": {"content": "\"}"}, "finish_reason": "stop"}]})
        )),
        "50 blanks" => {
            let body = [b"  \n".repeat(20), good].concat();
            Wire::json(body).drip(40, Duration::from_millis(1))
        }
        "51 short" => whole.cut(500, 18),
        "52 chunk" => whole.chunk_cut(half),
        "53 unsized" => whole.unsized_cut(half),
        "54 close" => vec![Act::Close],
        "55 reset" => vec![Act::Reset],
        "56 hang" => vec![Act::Hang],
        "57 drip" => whole.drip(1, Duration::from_millis(40)),
        "58 head" => large_head(),
        "59 garbage" => vec![Act::Send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()), Act::Close],
        "60 gzip" => whole.header("content-encoding", "gzip").whole(),
        "61 bomb" => gzip_bomb(),
        "62 utf8" => {
            let text = openai("{\"a\": \"xyz\"}").into_bytes();
            let place = text.windows(3).position(|part| part == b"xyz").unwrap();
            let mut bytes = text;
            bytes[place] = 0xff;
            Wire::json(bytes).whole()
        }
        _ => return None,
    }))
}

/// A good answer in the vendor's own shape.
pub(super) fn good(vendor: &str) -> Step {
    let text = "{\"a\": \"good\"}";
    Step::ok(match vendor {
        "anthropic" => anthropic(text),
        "gemini" => gemini(text),
        _ => openai(text),
    })
}
