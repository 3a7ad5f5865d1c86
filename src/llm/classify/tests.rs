use super::*;

/// `class code kind wait` of a reply, as one line.
fn read(vendor: &str, status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let vendor = Vendor::known(vendor).unwrap();
    let reply = HttpReply {
        status,
        headers: headers
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: body.as_bytes().to_vec(),
    };
    let wall = "2026-11-20T08:59:00Z".parse().unwrap();
    let fault = vendor.dialect.decode(&vendor, &reply, wall).unwrap_err();
    let wait = fault
        .retry_after
        .map(|wait| format!(" {}", wait.as_secs_f64()))
        .unwrap_or_default();
    format!(
        "{:?} {:?} {}{wait}",
        fault.class,
        fault.kind,
        fault.code.as_deref().unwrap_or("-")
    )
}

/// Rows of the table of faults: who, status, body, what it is.
#[test]
fn provider_words_before_status() {
    for (row, vendor, status, body, expected) in [
        (
            1,
            "openai",
            429,
            r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#,
            "RateLimit Plain rate_limit_exceeded",
        ),
        (
            1,
            "anthropic",
            429,
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#,
            "RateLimit Plain rate_limit_error",
        ),
        (2, "openai", 429, "", "RateLimit Plain -"),
        (
            6,
            "openai",
            429,
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            "Quota Plain insufficient_quota",
        ),
        (
            7,
            "gemini",
            429,
            r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota, please check your plan and billing details","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},{"retryDelay":"22s"}]}}"#,
            "Quota QuotaOfModel RESOURCE_EXHAUSTED 22",
        ),
        (
            7,
            "gemini",
            429,
            r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"You exceeded your current quota, please check your plan and billing details","details":[{"violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel-FreeTier"}]},{"retryDelay":"22.5s"}]}}"#,
            "RateLimit Plain RESOURCE_EXHAUSTED 22.5",
        ),
        (
            8,
            "anthropic",
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}"#,
            "Quota Plain invalid_request_error",
        ),
        (
            8,
            "anthropic",
            402,
            r#"{"type":"error","error":{"type":"billing_error","message":"x"}}"#,
            "Quota Plain billing_error",
        ),
        (
            9,
            "openrouter",
            402,
            r#"{"error":{"code":402,"message":"Insufficient credits"}}"#,
            "Quota QuotaOfModel -",
        ),
        (
            10,
            "openrouter",
            429,
            r#"{"error":{"message":"Rate limit exceeded: free-models-per-day","code":429,"metadata":{"headers":{"X-RateLimit-Reset":"1741305600000"}}}}"#,
            "Quota QuotaOfModel -",
        ),
        (
            10,
            "openrouter",
            200,
            r#"{"error":{"message":"Rate limit exceeded: free-models-per-day","code":429}}"#,
            "Quota QuotaOfModel -",
        ),
        (
            10,
            "openrouter",
            429,
            r#"{"error":{"message":"Rate limit exceeded: free-models-per-min","code":429,"metadata":{"headers":{"X-RateLimit-Reset":"1795165200000"}}}}"#,
            "RateLimit Plain - 60",
        ),
        (
            11,
            "openai",
            401,
            r#"{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}"#,
            "Configuration Credential invalid_api_key",
        ),
        (
            11,
            "anthropic",
            401,
            r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
            "Configuration Credential authentication_error",
        ),
        (
            12,
            "gemini",
            400,
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"API key not valid","details":[{"reason":"API_KEY_INVALID"}]}}"#,
            "Configuration Credential INVALID_ARGUMENT",
        ),
        (
            13,
            "openai",
            403,
            r#"{"error":{"code":"unsupported_country_region_territory","message":"Country not supported"}}"#,
            "Configuration Credential unsupported_country_region_territory",
        ),
        (
            13,
            "gemini",
            400,
            r#"{"error":{"code":400,"status":"FAILED_PRECONDITION","message":"User location"}}"#,
            "Configuration Credential FAILED_PRECONDITION",
        ),
        (
            14,
            "openrouter",
            403,
            r#"{"error":{"code":403,"message":"Input was flagged","metadata":{"flagged_input":"secret plan"}}}"#,
            "Permanent Declined flagged",
        ),
        (
            15,
            "openai",
            404,
            r#"{"error":{"code":"model_not_found","message":"The model `x` does not exist"}}"#,
            "Configuration ModelGone model_not_found",
        ),
        (
            15,
            "groq",
            400,
            r#"{"error":{"code":"model_decommissioned","message":"The model x has been decommissioned"}}"#,
            "Configuration ModelGone model_decommissioned",
        ),
        (
            15,
            "ollama",
            404,
            r#"{"error":"model \"x\" not found, try pulling it first"}"#,
            "Configuration ModelGone -",
        ),
        (
            16,
            "openai",
            400,
            r#"{"error":{"code":"context_length_exceeded","message":"This model's maximum context length is 8192 tokens"}}"#,
            "Permanent ContextTooLong context_too_long",
        ),
        (
            16,
            "anthropic",
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 205351 tokens > 200000 maximum"}}"#,
            "Permanent ContextTooLong context_too_long",
        ),
        (
            17,
            "anthropic",
            413,
            r#"{"type":"error","error":{"type":"request_too_large"}}"#,
            "Permanent Plain request_too_large",
        ),
        (
            18,
            "openai",
            400,
            r#"{"error":{"code":"unsupported_parameter","param":"max_tokens","message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}}"#,
            "Permanent Unsupported(TokenLimitName) unsupported_parameter",
        ),
        (
            18,
            "openai",
            400,
            r#"{"error":{"code":"unsupported_value","param":"temperature","message":"only the default (1) value is supported"}}"#,
            "Permanent Unsupported(Temperature) unsupported_value",
        ),
        (
            18,
            "openai",
            400,
            r#"{"error":{"code":"unsupported_value","param":"stream","message":"Your organization must be verified to stream this model."}}"#,
            "Permanent Unsupported(Streaming) unsupported_value",
        ),
        (
            18,
            "mistral",
            422,
            r#"{"message":"Extra inputs are not permitted: body.stream_options"}"#,
            "Permanent Unsupported(StreamUsage) -",
        ),
        (
            18,
            "lmstudio",
            400,
            r#"{"error":"streaming is not supported with response formats of this model"}"#,
            "Permanent Unsupported(Streaming) -",
        ),
        (
            18,
            "vllm",
            400,
            r#"{"error":{"message":"the upstream: not supported"}}"#,
            "Permanent Plain -",
        ),
        (
            18,
            "vllm",
            400,
            r#"{"object":"error","message":"response_format is not supported","type":"BadRequestError","code":400}"#,
            "Permanent Unsupported(StructuredOutput) BadRequestError",
        ),
        (
            18,
            "anthropic",
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"output_config: Extra inputs are not permitted"}}"#,
            "Permanent Unsupported(StructuredOutput) invalid_request_error",
        ),
        (
            18,
            "gemini",
            400,
            r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"Unknown name \"responseJsonSchema\""}}"#,
            "Permanent Unsupported(StructuredOutput) INVALID_ARGUMENT",
        ),
        (
            18,
            "openrouter",
            404,
            r#"{"error":{"code":404,"message":"No endpoints found that support structured outputs"}}"#,
            "Permanent Unsupported(StructuredOutput) -",
        ),
        (
            18,
            "openai",
            400,
            r#"{"error":{"param":"max_tokens","code":null,"message":"max_tokens is too large: 999999"}}"#,
            "Permanent Plain -",
        ),
        (19, "anthropic", 409, "{}", "Transient Plain -"),
        (20, "openai", 408, "", "Transient Plain -"),
        (
            21,
            "openai",
            500,
            r#"{"error":{"type":"server_error","message":"x"}}"#,
            "Transient Plain server_error",
        ),
        (
            21,
            "gemini",
            500,
            r#"{"error":{"code":500,"status":"INTERNAL","message":"x"}}"#,
            "Transient Plain INTERNAL",
        ),
        (
            22,
            "anthropic",
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "Transient Overloaded overloaded_error",
        ),
        (
            22,
            "gemini",
            503,
            r#"{"error":{"code":503,"status":"UNAVAILABLE","message":"The model is overloaded"}}"#,
            "Transient Overloaded UNAVAILABLE",
        ),
        (
            23,
            "openrouter",
            502,
            r#"{"error":{"code":502,"message":"x"}}"#,
            "Transient Plain -",
        ),
        (
            23,
            "openrouter",
            503,
            r#"{"error":{"code":503,"message":"x"}}"#,
            "Transient Once -",
        ),
        (
            24,
            "openai",
            520,
            "<!DOCTYPE html><title>Web server is returning an unknown error</title>",
            "Transient Plain -",
        ),
        (24, "openai", 522, "", "Transient Plain -"),
        (
            25,
            "openrouter",
            200,
            r#"{"error":{"message":"Provider returned error","code":502},"user_id":"u"}"#,
            "Transient Plain -",
        ),
        (
            25,
            "anthropic",
            200,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            "Transient Overloaded overloaded_error",
        ),
        (
            47,
            "gemini",
            200,
            r#"[{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"x"}}]"#,
            "Permanent Plain INVALID_ARGUMENT",
        ),
        (63, "openai", 302, "", "Configuration Plain redirect"),
        (
            64,
            "openai",
            200,
            "<html><title>Sign in</title></html>",
            "Configuration Plain html",
        ),
        (70, "openai", 407, "", "Configuration Plain -"),
        (0, "openai", 422, r#"{"detail":"nope"}"#, "Permanent Plain -"),
    ] {
        assert_eq!(read(vendor, status, &[], body), expected, "row {row}: {body}");
    }
}

#[test]
fn headers_have_a_say() {
    for (vendor, status, headers, expected) in [
        ("openai", 429, vec![("retry-after", "3")], "RateLimit Plain - 3"),
        ("openai", 503, vec![("retry-after", "3")], "Transient Plain - 3"),
        ("openai", 500, vec![("x-should-retry", "false")], "Transient Never -"),
        ("openai", 400, vec![("x-should-retry", "true")], "Transient Plain -"),
        ("openrouter", 402, vec![("retry-after", "3")], "RateLimit Plain - 3"),
        (
            "openai",
            429,
            vec![
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", "1.5s"),
            ],
            "RateLimit Plain - 1.5",
        ),
    ] {
        assert_eq!(
            read(vendor, status, &headers, ""),
            expected,
            "{vendor} {status} {headers:?}"
        );
    }
}

#[test]
fn a_flagged_prompt_is_not_repeated() {
    let vendor = Vendor::known("openrouter").unwrap();
    let reply = HttpReply {
        status: 403,
        headers: Vec::new(),
        body: br#"{"error":{"code":403,"message":"flagged: the secret plan"}}"#.to_vec(),
    };
    let fault = refused(&vendor, &reply, Timestamp::UNIX_EPOCH);
    assert!(!fault.message.contains("secret plan"), "{}", fault.message);
}

/// No phrase is caught by another decider before its own.
#[test]
fn every_phrase_reaches_its_class() {
    use super::words::*;
    for (phrases, class) in [
        (BAD_KEY_PHRASES, "Configuration Credential"),
        (QUOTA_PHRASES, "Quota Plain"),
        (QUOTA_PHRASES_BUT_GEMINI, "Quota Plain"),
        (MODERATION_PHRASES, "Permanent Declined"),
        (CONTEXT_PHRASES, "Permanent ContextTooLong"),
        (REGION_PHRASES, "Configuration Credential"),
        (GONE_PHRASES, "Configuration ModelGone"),
        (TOO_LARGE_PHRASES, "Permanent Plain"),
        (RATE_LIMIT_PHRASES, "RateLimit Plain"),
    ] {
        for phrase in phrases {
            let about = if class.ends_with("ModelGone") {
                "The model m"
            } else {
                "Sorry"
            };
            let body = serde_json::json!({"error": {"message": format!("{about}: {}.", phrase.to_uppercase())}});
            let said = read("openai", 400, &[], &body.to_string());
            assert!(said.starts_with(&format!("{class} ")), "{phrase}: {said}");
        }
    }
}

#[test]
fn a_quota_code_with_a_short_wait_is_a_limit_per_minute() {
    let body = r#"{"error":{"code":"insufficient_quota","message":"x"}}"#;
    for (wait, expected) in [
        ("26", "RateLimit Plain insufficient_quota 26"),
        ("3600", "RateLimit Plain insufficient_quota 3600"),
        ("7200", "Quota Plain insufficient_quota 7200"),
        ("0", "Quota Plain insufficient_quota"),
    ] {
        assert_eq!(read("openai", 429, &[("retry-after", wait)], body), expected);
    }
}

/// A host that is broken stays transient, whatever its page or text quotes.
#[test]
fn a_broken_server_is_no_empty_account() {
    let body = r#"{"error":{"message":"could not read your credit balance"}}"#;
    assert_eq!(read("anthropic", 500, &[], body), "Transient Plain -");
    let quoted = r#"{"error":{"code":502,"message":"<!DOCTYPE html><title>Bad gateway</title>Your IP: 203.0.113.9"}}"#;
    let vendor = Vendor::known("openrouter").unwrap();
    let reply = HttpReply {
        status: 502,
        headers: Vec::new(),
        body: quoted.as_bytes().to_vec(),
    };
    let fault = refused(&vendor, &reply, Timestamp::UNIX_EPOCH);
    assert_eq!(
        (fault.class, fault.message.as_str()),
        (Class::Transient, "502: Bad gateway")
    );
}
