use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::llm::exchange::HttpReply;
use crate::llm::vendor::Vendor;

fn reply(stream: &str) -> HttpReply {
    HttpReply {
        status: 200,
        headers: vec![("content-type".into(), "text/event-stream; charset=utf-8".into())],
        body: stream.as_bytes().to_vec(),
    }
}

/// `text input/output` or `class code output tokens`.
fn read(vendor: &str, stream: &str) -> String {
    let vendor = Vendor::known(vendor).unwrap();
    match vendor.dialect.decode(&vendor, &reply(stream), Timestamp::UNIX_EPOCH) {
        Ok(decoded) => {
            let usage = decoded.usage;
            let estimated = if usage.estimated { " estimated" } else { "" };
            format!(
                "{} {}/{}{estimated}",
                decoded.text, usage.input_tokens, usage.output_tokens
            )
        }
        Err(fault) => format!(
            "{:?} {} {}",
            fault.class,
            fault.code.unwrap_or_default(),
            fault.usage.output_tokens
        ),
    }
}

/// A stream of these events, unnamed.
fn data(events: &[&str]) -> String {
    events.iter().map(|event| format!("data: {event}\n\n")).collect()
}

const OPENAI: [&str; 5] = [
    r#"{"id":"c","model":"gpt-x-1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c","model":"gpt-x-1","choices":[{"index":0,"delta":{"content":"{\"a\":"},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c","model":"gpt-x-1","choices":[{"index":0,"delta":{"content":"\"x\"}"},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c","model":"gpt-x-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#,
    r#"{"id":"c","model":"gpt-x-1","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4}}"#,
];

const ANTHROPIC: [(&str, &str); 9] = [
    (
        "message_start",
        r#"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"claude-x","stop_reason":null,"usage":{"input_tokens":9,"cache_read_input_tokens":3,"output_tokens":1}}}"#,
    ),
    ("ping", r#"{"type": "ping"}"#),
    (
        "content_block_start",
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    ),
    (
        "content_block_delta",
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"{\"no\":1}"}}"#,
    ),
    ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
    (
        "content_block_start",
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
    ),
    (
        "content_block_delta",
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"{\"a\":\"x\"}"}}"#,
    ),
    (
        "message_delta",
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}"#,
    ),
    ("message_stop", r#"{"type":"message_stop"}"#),
];

const GEMINI: [&str; 3] = [
    r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"}}],"usageMetadata":{"promptTokenCount":9},"modelVersion":"gemini-x"}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"{\"a\":"}],"role":"model"}}],"usageMetadata":{"promptTokenCount":9}}"#,
    r#"{"candidates":[{"content":{"parts":[{"text":"\"x\"}"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":4,"thoughtsTokenCount":2}}"#,
];

fn anthropic(events: &[(&str, &str)]) -> String {
    events
        .iter()
        .map(|(name, event)| format!("event: {name}\ndata: {event}\n\n"))
        .collect()
}

#[test]
fn a_whole_stream_is_a_reply() {
    let mut openai = OPENAI.to_vec();
    openai.push("[DONE]");
    for (vendor, stream, expected) in [
        ("openai", data(&openai), r#"{"a":"x"} 9/4"#),
        ("openai", data(&OPENAI), r#"{"a":"x"} 9/4"#),
        ("openai", data(&OPENAI[..4]), r#"{"a":"x"} 0/3 estimated"#),
        ("anthropic", anthropic(&ANTHROPIC), r#"{"a":"x"} 12/15"#),
        ("gemini", data(&GEMINI), r#"{"a":"x"} 9/6"#),
        // Some hosts send only `[DONE]`, some the whole message as the only chunk, some a last line without a line end.
        (
            "groq",
            data(&[OPENAI[1], OPENAI[2], "[DONE]"]),
            r#"{"a":"x"} 0/3 estimated"#,
        ),
        (
            "groq",
            data(&[r#"{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}]}"#]),
            "{} 0/1 estimated",
        ),
        (
            "vllm",
            data(&[OPENAI[1], OPENAI[2], OPENAI[3]]).trim_end().to_owned(),
            r#"{"a":"x"} 0/3 estimated"#,
        ),
        // A plain body under the wrong content type.
        (
            "vllm",
            r#"{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#.to_owned(),
            "{} 1/1",
        ),
    ] {
        assert_eq!(read(vendor, &stream), expected, "{vendor} {stream}");
    }
}

#[test]
fn noise_is_no_part_of_the_answer() {
    let mut stream = "\u{feff}: OPENROUTER PROCESSING\r\n\r\n".to_owned();
    for event in OPENAI {
        stream.push_str(&format!(
            "data:{event}\r\n\r\n: OPENROUTER PROCESSING\r\n\r\ndata:\r\n\r\nevent: ping\r\ndata: x\r\n\r\n"
        ));
    }
    assert_eq!(read("openrouter", &stream), r#"{"a":"x"} 9/4"#);
}

#[test]
fn a_stream_without_its_terminal_event_is_cut_off() {
    for end in 0..3 {
        assert!(read("openai", &data(&OPENAI[..end])).starts_with("Transient cut_off"));
    }
    for end in 0..ANTHROPIC.len() {
        let outcome = read("anthropic", &anthropic(&ANTHROPIC[..end]));
        assert!(outcome.starts_with("Transient cut_off"), "{end}: {outcome}");
    }
    assert!(read("anthropic", &data(&["[DONE]"])).starts_with("Transient cut_off"));
    for end in 0..GEMINI.len() {
        assert!(read("gemini", &data(&GEMINI[..end])).starts_with("Transient cut_off"));
    }
    let cut_event = format!("{}data: {}", data(&OPENAI[..2]), &OPENAI[2][..40]);
    assert_eq!(read("openai", &cut_event), "Transient cut_off 2");
}

#[test]
fn an_error_in_the_middle_counts_as_if_it_were_the_status() {
    let openai = |error: &str| format!("{}data: {error}\n\n", data(&OPENAI[..3]));
    let gemini = |error: &str| format!("{}{error}\n", data(&GEMINI[..2]));
    for (vendor, stream, expected) in [
        (
            "openrouter",
            openai(r#"{"id":"c","error":{"code":502,"message":"Upstream is down"},"choices":[]}"#),
            "Transient ",
        ),
        (
            "openrouter",
            openai(
                r#"{"error":{"code":429,"message":"Rate limit exceeded"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}"#,
            ),
            "RateLimit ",
        ),
        (
            "openrouter",
            openai(
                r#"{"choices":[{"index":0,"delta":{},"error":{"code":429,"message":"slow down"},"finish_reason":"error"}]}"#,
            ),
            "RateLimit ",
        ),
        (
            "openai",
            openai(r#"{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"You exceeded"}}"#),
            "Quota insufficient_quota",
        ),
        (
            "vllm",
            openai(r#"{"object":"error","message":"engine died","type":"InternalServerError","code":500}"#),
            "Transient InternalServerError",
        ),
        (
            "anthropic",
            format!(
                "{}event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}}}\n\n",
                anthropic(&ANTHROPIC[..7])
            ),
            "Transient overloaded_error",
        ),
        (
            "anthropic",
            format!("{}event: error\ndata: out of luck\n\n", anthropic(&ANTHROPIC[..7])),
            "Transient ",
        ),
        (
            "gemini",
            gemini(
                "{\"error\": {\n  \"code\": 503,\n  \"message\": \"The model is overloaded.\",\n  \"status\": \"UNAVAILABLE\"\n}}",
            ),
            "Transient UNAVAILABLE",
        ),
        (
            "gemini",
            gemini(
                "[{\n \"error\": {\n  \"code\": 429,\n  \"message\": \"Resource exhausted\",\n  \"status\": \"RESOURCE_EXHAUSTED\"\n }\n}\n]",
            ),
            "RateLimit RESOURCE_EXHAUSTED",
        ),
        (
            "gemini",
            gemini(
                "data: [{\"error\": {\"code\": 400, \"message\": \"API key not valid\", \"status\": \"INVALID_ARGUMENT\", \"details\": [{\"reason\": \"API_KEY_INVALID\"}]}}]\n",
            ),
            "Configuration INVALID_ARGUMENT",
        ),
        ("openai", openai("not json"), "Transient not_json"),
    ] {
        let outcome = read(vendor, &stream);
        assert!(outcome.starts_with(expected), "{vendor}: {outcome}\n{stream}");
        let spent = outcome.rsplit(' ').next().unwrap();
        assert_ne!(spent, "0", "what was produced is counted: {outcome}");
    }
}

#[test]
fn endings_are_judged_as_in_a_whole_reply() {
    let openai = |delta: &str, finish: &str| {
        data(&[
            &format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#),
            &format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"{finish}"}}]}}"#),
            "[DONE]",
        ])
    };
    let claude = |reason: &str| {
        let mut events = ANTHROPIC.to_vec();
        let delta =
            format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}},"usage":{{"output_tokens":2}}}}"#);
        events[7].1 = delta.leak();
        anthropic(&events)
    };
    for (vendor, stream, expected) in [
        ("openai", openai(r#"{"content":"{"}"#, "length"), "Output truncated"),
        (
            "openai",
            openai(r#"{"content":"{}"}"#, "content_filter"),
            "Output content_filter",
        ),
        ("openai", openai(r#"{"refusal":"I cannot"}"#, "stop"), "Output refusal"),
        (
            "openai",
            openai(r#"{"content":"{}"}"#, "novel"),
            "Output unknown_finish",
        ),
        (
            "openai",
            openai(r#"{"reasoning_content":"{\"a\":\"x\"}"}"#, "stop"),
            "Output empty",
        ),
        (
            "openrouter",
            openai(r#"{"reasoning":"{\"a\":\"x\"}","content":""}"#, "stop"),
            "Output empty",
        ),
        (
            "mistral",
            openai(
                r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"{}"}]}]}"#,
                "stop",
            ),
            "Output empty",
        ),
        (
            "deepseek",
            openai(r#"{"content":"{}"}"#, "insufficient_system_resource"),
            "Transient insufficient_system_resource",
        ),
        ("anthropic", claude("max_tokens"), "Output truncated"),
        ("anthropic", claude("refusal"), "Output refusal"),
        (
            "anthropic",
            claude("model_context_window_exceeded"),
            "Permanent context_too_long",
        ),
        ("anthropic", claude("tool_use"), "Output tool_use"),
        (
            "gemini",
            data(&[GEMINI[1], r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#]),
            "Output truncated",
        ),
        (
            "gemini",
            data(&[GEMINI[1], r#"{"candidates":[{"finishReason":"SAFETY"}]}"#]),
            "Output content_filter",
        ),
        (
            "gemini",
            data(&[r#"{"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]}"#]),
            "Transient no_parts",
        ),
        (
            "gemini",
            data(&[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#]),
            "Permanent prompt_blocked",
        ),
        ("openai", data(&["[DONE]"]), "Transient no_choices"),
    ] {
        let outcome = read(vendor, &stream);
        assert!(outcome.starts_with(expected), "{vendor}: {outcome}\n{stream}");
    }
}

#[test]
fn a_run_of_white_space_is_cut_early() {
    let mut assembly = Assembly::new(Dialect::OpenAi);
    assembly.push(data(&[OPENAI[1]]).as_bytes());
    let blank = json!({"choices": [{"index": 0, "delta": {"content": "\n    "}}]}).to_string();
    let mut pushed = 0;
    while assembly.stage() == Stage::Producing {
        assembly.push(data(&[&blank]).as_bytes());
        pushed += 1;
    }
    assert_eq!(pushed, 201, "more than 1,000 bytes");
    let fault = assembly.finish().unwrap_err();
    assert_eq!((fault.class, fault.code.as_deref()), (Class::Output, Some("truncated")));
    assert!(fault.usage.output_tokens > 300);
}

#[test]
fn stages() {
    let mut assembly = Assembly::new(Dialect::OpenAi);
    let mut stages = vec![assembly.stage()];
    for event in OPENAI.iter().chain(&["[DONE]"]) {
        assembly.push(data(&[event]).as_bytes());
        stages.push(assembly.stage());
    }
    use Stage::{Closed, Ended, Producing, Waiting};
    assert_eq!(stages, [Waiting, Waiting, Producing, Producing, Ended, Ended, Closed]);
    assert!(assembly.has_usage());
}

fn whole_streams() -> Vec<(&'static str, String)> {
    vec![
        ("openai", data(&OPENAI)),
        ("anthropic", anthropic(&ANTHROPIC)),
        ("gemini", data(&GEMINI)),
    ]
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_reply(cuts in proptest::collection::vec(0_usize..2_000, 0..20)) {
        for (vendor, stream) in whole_streams() {
            let vendor = Vendor::known(vendor).unwrap();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % stream.len()).collect();
            cuts.sort_unstable();
            let mut assembly = Assembly::new(vendor.dialect);
            let mut start = 0;
            for cut in cuts.into_iter().chain([stream.len()]) {
                assembly.push(&stream.as_bytes()[start..cut]);
                start = cut;
            }
            let decoded = vendor
                .dialect
                .decode_stream(&vendor, &reply(""), assembly, Timestamp::UNIX_EPOCH);
            prop_assert_eq!(decoded.unwrap().text, r#"{"a":"x"}"#);
        }
    }

    /// Whatever is cut off is never taken for a reply, wherever the cut is.
    #[test]
    fn a_cut_stream_is_never_a_reply(kept in 0_usize..2_000) {
        for (vendor, stream) in whole_streams() {
            let terminal = match vendor {
                "openai" => stream.find(r#""stop""#),
                "anthropic" => stream.find(r#"{"type":"message_stop"}"#),
                _ => stream.find("STOP"),
            };
            let kept = kept % terminal.unwrap();
            let outcome = read(vendor, &stream[..kept]);
            prop_assert!(outcome.starts_with("Transient cut_off"), "{} {}: {}", vendor, kept, outcome);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_000)) {
        for dialect in [Dialect::OpenAi, Dialect::Anthropic, Dialect::Gemini] {
            let mut assembly = Assembly::new(dialect);
            assembly.push(&bytes);
            let _ = assembly.finish();
        }
    }
}

#[test]
fn a_chunk_of_text_reads_the_same_both_ways() {
    let quick = |chunk: &str| {
        let mut said = Assembly::new(Dialect::OpenAi).said;
        let taken = said.is_text("", chunk);
        (taken, format!("{:?}", said.pieces))
    };
    for chunk in [
        OPENAI[0],
        OPENAI[1],
        OPENAI[2],
        r#"{"choices":[{"delta":{"content":"\u00e9\n"}}]}"#,
    ] {
        let mut pieces = Pieces::default();
        openai::add(&mut pieces, &serde_json::from_str(chunk).unwrap());
        assert_eq!(quick(chunk), (true, format!("{pieces:?}")), "{chunk}");
    }
    for other in [
        OPENAI[3],
        OPENAI[4],
        r#"{"choices":[{"index":1,"delta":{"content":"second"}}]}"#,
        r#"{"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"delta":{"content":"x","reasoning":"y"}}]}"#,
        r#"{"choices":[{"delta":{"content":["x"]}}]}"#,
        r#"{"choices":[{"delta":{"content":"x"}}],"error":{"message":"overloaded"}}"#,
        r#"{"object":"error","choices":[{"delta":{"content":"x"}}]}"#,
        r#"{"choices":[{"delta":{"content":"x"}}],"x_groq":{"usage":{"prompt_tokens":1}}}"#,
    ] {
        let untouched = format!("{:?}", Pieces::default());
        assert_eq!(quick(other), (false, untouched), "{other}");
    }
}

/// The second chunk of a kind is read by what stands around its text.
#[test]
fn chunks_of_text_in_a_row_read_the_same_both_ways() {
    let chat = |text: &str| format!(r#"{{"model":"m","choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#);
    let message = |text: &str| {
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#)
    };
    let texts = [r#"{\"a\":"#, "plain", "", r"\n\u00e9", "é", r"plain\\"];
    let slow = |add: fn(&mut Pieces, &Value), chunks: &[String]| {
        let mut pieces = Pieces::default();
        for chunk in chunks {
            add(&mut pieces, &serde_json::from_str(chunk).unwrap());
        }
        format!("{pieces:?}")
    };
    let quick = |dialect, name: &str, chunks: &[String]| {
        let mut said = Assembly::new(dialect).said;
        for chunk in chunks {
            assert!(said.is_text(name, chunk), "{chunk}");
        }
        format!("{:?}", said.pieces)
    };
    let chats = texts.map(chat);
    assert_eq!(quick(Dialect::OpenAi, "", &chats), slow(openai::add, &chats));
    let messages = texts.map(message);
    assert_eq!(
        quick(Dialect::Anthropic, "content_block_delta", &messages),
        slow(anthropic::add, &messages)
    );
}
