use serde_json::json;

use super::*;
use crate::llm::exchange::HeaderText;
use crate::llm::types::Schema;

fn request() -> Request {
    Request {
        role: "geographic".into(),
        system: "be brief".into(),
        prompt: "tables".into(),
        schema: Some(Schema {
            name: "reply".into(),
            value: json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        }),
        max_output_tokens: 100,
        temperature: Some(0.2),
    }
}

fn encoded(vendor: &str, without: &[Feature]) -> (HttpRequest, Value) {
    let vendor = Vendor::known(vendor).unwrap().with_key("k-123".into(), "test");
    let mut adjustments = Adjustments::default();
    for &feature in without {
        adjustments.add(feature);
    }
    let http = vendor.dialect.encode(&vendor, "m", &request(), &adjustments);
    let body = serde_json::from_slice(&http.body).unwrap();
    (http, body)
}

#[test]
fn a_stream_is_asked_for_without_another_question() {
    for (vendor, usage, path, more) in [
        (
            "openai",
            StreamUsage::Asked,
            "/chat/completions",
            json!({"stream": true, "stream_options": {"include_usage": true}}),
        ),
        (
            "mistral",
            StreamUsage::Unasked,
            "/chat/completions",
            json!({"stream": true}),
        ),
        ("anthropic", StreamUsage::Asked, "/v1/messages", json!({"stream": true})),
        (
            "gemini",
            StreamUsage::Asked,
            "/v1beta/models/m:streamGenerateContent?alt=sse",
            json!({}),
        ),
    ] {
        let (http, mut expected) = encoded(vendor, &[]);
        let stream = Vendor::known(vendor).unwrap().dialect.ask_for_stream(http, usage);
        expected
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(stream.path, path);
        assert_eq!(
            serde_json::from_slice::<Value>(&stream.body).unwrap(),
            expected,
            "{vendor}"
        );
    }
}

#[test]
fn a_missing_path_of_streams_is_no_missing_model() {
    for (status, body, missing) in [
        (404, "", true),
        (404, "<html>not found</html>", true),
        (
            404,
            r#"{"error":{"code":404,"message":"Not Found","status":"NOT_FOUND"}}"#,
            true,
        ),
        (
            404,
            r#"{"error":{"code":404,"message":"models/m is not found for API version v1beta, or is not supported for generateContent.","status":"NOT_FOUND"}}"#,
            false,
        ),
        (405, "", true),
        (400, "", false),
        (200, "", false),
    ] {
        let reply = HttpReply {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        };
        assert_eq!(Dialect::Gemini.has_no_stream_path(&reply), missing, "{status} {body}");
        assert!(!Dialect::OpenAi.has_no_stream_path(&reply));
    }
}

#[test]
fn openai_asks_for_strict_json() {
    let (http, body) = encoded("openai", &[]);
    assert_eq!(http.path, "/chat/completions");
    assert!(matches!(&http.headers[0], (name, HeaderText::Secret(_)) if name == "authorization"));
    assert_eq!(
        body,
        json!({
            "model": "m",
            "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "tables"}],
            "max_completion_tokens": 100,
            "temperature": 0.2,
            "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "strict": true, "schema":
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false}}}
        })
    );
}

#[test]
fn what_a_host_does_not_know_is_left_out() {
    let (_, body) = encoded(
        "vllm",
        &[Feature::StructuredOutput, Feature::Temperature, Feature::TokenLimitName],
    );
    assert!(body.get("response_format").is_none() && body.get("temperature").is_none());
    assert_eq!(body["max_completion_tokens"], 100);
    assert!(
        body["messages"][0]["content"]
            .as_str()
            .unwrap()
            .contains(r#""required":["a"]"#)
    );
    let (_, body) = encoded("anthropic", &[Feature::StructuredOutput]);
    assert!(body.get("output_config").is_none());
    assert!(
        body["system"]
            .as_str()
            .unwrap()
            .starts_with("be brief\n\nReply with one JSON object")
    );
    let vendor = Vendor::known("anthropic").unwrap();
    let mut free = request();
    free.schema.as_mut().unwrap().value = json!({"type": "object", "additionalProperties": {"type": "number"}});
    let http = vendor.dialect.encode(&vendor, "m", &free, &Adjustments::default());
    assert!(
        !String::from_utf8_lossy(&http.body).contains("output_config"),
        "free keys are said in words"
    );
    let (_, body) = encoded("deepseek", &[]);
    assert_eq!(body["response_format"], json!({"type": "json_object"}));
    assert_eq!(body["max_tokens"], 100);
}

#[test]
fn anthropic_and_gemini_have_their_own_words() {
    let (http, body) = encoded("anthropic", &[]);
    assert_eq!(http.path, "/v1/messages");
    assert_eq!(body["system"], "be brief");
    assert_eq!(body["output_config"]["format"]["type"], "json_schema");
    let names: Vec<&str> = http.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["anthropic-version", "x-api-key"]);

    let (http, body) = encoded("gemini", &[]);
    assert_eq!(http.path, "/v1beta/models/m:generateContent");
    assert_eq!(body["generationConfig"]["responseMimeType"], "application/json");
    assert_eq!(body["generationConfig"]["maxOutputTokens"], 100);
    assert_eq!(body["systemInstruction"]["parts"][0]["text"], "be brief");
    assert!(body["generationConfig"]["responseJsonSchema"].is_object());
}

/// `text tokens` or `class code`.
fn decoded(vendor: &str, body: &str) -> String {
    let vendor = Vendor::known(vendor).unwrap();
    let reply = HttpReply {
        status: 200,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    let outcome = vendor.dialect.decode(&vendor, &reply, Timestamp::UNIX_EPOCH);
    if let (Dialect::OpenAi, Ok(body @ Value::Object(_))) = (vendor.dialect, serde_json::from_str(body)) {
        // The quick reading, where it was taken, and the general one come to the same.
        let general = vendor
            .dialect
            .decode_body(&vendor, &reply, &body, Timestamp::UNIX_EPOCH);
        assert_eq!(outcome.as_ref().ok(), general.as_ref().ok(), "{body}");
        let messages = [&outcome, &general].map(|outcome| outcome.as_ref().err().map(|fault| &fault.message));
        assert_eq!(messages[0], messages[1], "{body}");
    }
    match outcome {
        Ok(decoded) => {
            let usage = decoded.usage;
            format!(
                "{} {}/{}/{}",
                decoded.text, usage.input_tokens, usage.cached_input_tokens, usage.output_tokens
            )
        }
        Err(fault) => format!("{:?} {}", fault.class, fault.code.unwrap_or_default()),
    }
}

#[test]
fn replies() {
    for (vendor, body, expected) in [
        (
            "openai",
            r#"  {"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4}}}"#,
            "{} 9/4/2",
        ),
        (
            "openai",
            r#"{"choices":[{"message":{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"{}"}],"reasoning":"hm"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#,
            "{} 1/0/0",
        ),
        (
            "openai",
            r#"{"choices":[{"message":{"content":"{}"}}],"usage":null}"#,
            "{} 0/0/1",
        ),
        (
            "openai",
            r#"{"id":null,"choices":null,"usage":null}"#,
            "Transient no_choices",
        ),
        ("openai", r#"{"choices":[]}"#, "Transient no_choices"),
        (
            "openai",
            r#"{"choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}"#,
            "Output refusal",
        ),
        (
            "openai",
            r#"{"choices":[{"message":{"content":"{\"a\""},"finish_reason":"length"}]}"#,
            "Output truncated",
        ),
        (
            "openai",
            r#"{"choices":[{"message":{"content":null,"reasoning_content":"{}"},"finish_reason":"stop"}]}"#,
            "Output empty",
        ),
        (
            "openai",
            r#"{"choices":[{"message":{"content":"{}"},"finish_reason":"content_filter"}]}"#,
            "Output content_filter",
        ),
        (
            "deepseek",
            r#"{"choices":[{"message":{"content":"{}"},"finish_reason":"insufficient_system_resource"}]}"#,
            "Transient insufficient_system_resource",
        ),
        (
            "openrouter",
            r#"{"choices":[{"error":{"code":429,"message":"slow"},"message":{"content":""},"finish_reason":"error"}]}"#,
            "RateLimit ",
        ),
        ("openai", r#"{"choices":[{"message":{"con"#, "Transient cut_off"),
        ("openai", "hello", "Transient not_json"),
        (
            "anthropic",
            r#"{"type":"message","content":[{"type":"thinking","thinking":"{}"},{"type":"text","text":"{}"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"cache_read_input_tokens":3,"output_tokens":2}}"#,
            "{} 8/3/2",
        ),
        (
            "anthropic",
            r#"{"content":[],"stop_reason":"refusal","stop_details":{"category":"cyber"}}"#,
            "Output refusal",
        ),
        (
            "anthropic",
            r#"{"content":[{"type":"text","text":"{"}],"stop_reason":"max_tokens"}"#,
            "Output truncated",
        ),
        (
            "anthropic",
            r#"{"content":[{"type":"text","text":"{"}],"stop_reason":"model_context_window_exceeded"}"#,
            "Permanent context_too_long",
        ),
        (
            "anthropic",
            r#"{"content":[{"type":"tool_use"}],"stop_reason":"tool_use"}"#,
            "Output tool_use",
        ),
        (
            "gemini",
            r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"{"},{"text":"}"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":2,"thoughtsTokenCount":7}}"#,
            "{} 4/0/9",
        ),
        (
            "gemini",
            r#"{"candidates":[{"content":{"role":"model"},"finishReason":"STOP"}]}"#,
            "Transient no_parts",
        ),
        (
            "gemini",
            r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}}"#,
            "Permanent prompt_blocked",
        ),
        (
            "gemini",
            r#"{"candidates":[{"finishReason":"SAFETY"}]}"#,
            "Output content_filter",
        ),
        (
            "gemini",
            r#"{"candidates":[{"finishReason":"MAX_TOKENS"}]}"#,
            "Output truncated",
        ),
        (
            "gemini",
            r#"{"candidates":[{"content":{"parts":[{"text":"{}"}]},"finishReason":"SOMETHING_NEW"}]}"#,
            "Output unknown_finish",
        ),
    ] {
        assert_eq!(decoded(vendor, body), expected, "{vendor} {body}");
    }
}

#[test]
fn what_the_router_charged_is_kept() {
    let vendor = Vendor::known("openrouter").unwrap();
    let reply = HttpReply {
        status: 200,
        headers: Vec::new(),
        body: br#"{"choices":[{"message":{"content":"{}"},"finish_reason":"stop"}],"model":"other","usage":{"prompt_tokens":1,"cost":0.0125}}"#.to_vec(),
    };
    let decoded = vendor.dialect.decode(&vendor, &reply, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(
        (decoded.cost_usd, decoded.answered_model.as_deref()),
        (Some(0.0125), Some("other"))
    );
}
