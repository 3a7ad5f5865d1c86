//! Refusals as the providers word them: statuses outside 200–299, and 200s around an error.

use serde_json::{Value, json};

use crate::support::server::{Step, error};

/// Statuses outside 200–299, and 200s around an error.
pub(super) fn refusal(case: &str) -> Option<Step> {
    let limited = || Step::status(429).body(error("rate_limit_exceeded", "Rate limit reached"));
    let google = |status: u16, word: &str, message: &str, details: Value| {
        let body = json!({"error": {"code": status, "status": word, "message": message, "details": details}});
        Step::status(status).body(body.to_string())
    };
    let claude = |status: u16, kind: &str, message: &str| {
        let body = json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"});
        Step::status(status).body(body.to_string())
    };
    let router = |status: u16, code: u16, message: &str, metadata: Value| {
        let body = json!({"error": {"code": code, "message": message, "metadata": metadata}, "user_id": "u"});
        Step::status(status).body(body.to_string())
    };
    let page = |status: u16, page: &str| Step::status(status).header("content-type", "text/html").body(page);
    let quota = |period: &str, wait: &str| {
        let id = format!("GenerateRequests{period}PerProjectPerModel-FreeTier");
        json!([
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait},
        ])
    };
    let none = Value::Null;
    Some(match case {
        "1 openai" => limited().header("retry-after-ms", "200").header("retry-after", "1"),
        "1 anthropic" => claude(429, "rate_limit_error", "This request would exceed your rate limit")
            .header("retry-after", "0.2")
            .header("anthropic-ratelimit-requests-reset", "2026-11-20T09:00:00Z"),
        "1 resets" => limited()
            .header("x-ratelimit-remaining-requests", "9")
            .header("x-ratelimit-reset-requests", "12ms")
            .header("x-ratelimit-remaining-tokens", "0")
            .header("x-ratelimit-reset-tokens", "300ms"),
        "1 words" => Step::status(429).body(error("rate_limit_exceeded", "Limit 60. Please try again in 200ms.")),
        "1 status-400" => Step::status(400).body(error("bad_request", "Too many concurrent requests")),
        "2 bare" => Step::status(429).body(""),
        "3 zero" => limited().header("retry-after", "0"),
        "3 negative" => limited().header("retry-after", "-3"),
        "3 nan" => limited().header("retry-after", "NaN"),
        "3 infinite" => limited().header("retry-after", "inf"),
        "4 day" => limited().header("retry-after", "86400"),
        "5 date" => limited()
            .header("date", "Fri, 20 Nov 2020 08:00:00 GMT")
            .header("retry-after", "Fri, 20 Nov 2020 08:00:01 GMT"),
        "5 past" => limited()
            .header("date", "Fri, 20 Nov 2060 08:00:00 GMT")
            .header("retry-after", "Fri, 20 Nov 2060 07:00:00 GMT"),
        "6 openai" => Step::status(429).body(error(
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        )),
        "6 azure" => Step::status(429)
            .header("retry-after", "0.2")
            .body(error("insufficient_quota", "You exceeded your current quota.")),
        "7 day" => google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota",
            quota("PerDay", "22s"),
        ),
        "7 minute" => google(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota",
            quota("PerMinute", "0.213907s"),
        ),
        "8 words" => claude(
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the API.",
        ),
        "8 typed" => claude(402, "billing_error", "Billing"),
        "9 credit" => router(402, 402, "Insufficient credits", none),
        "9 in-flight" => router(
            402,
            402,
            "Too much in flight",
            json!({"limit_source": "openrouter_in_flight_budget"}),
        )
        .header("retry-after", "0.2"),
        "10 status-429" => {
            let reset = json!({"headers": {"X-RateLimit-Reset": "1741305600000"}});
            router(429, 429, "Rate limit exceeded: free-models-per-day", reset)
        }
        "10 status-200" => router(200, 429, "Rate limit exceeded: free-models-per-day", none),
        "11 openai" => Step::status(401).body(error("invalid_api_key", "Incorrect API key provided")),
        "11 anthropic" => claude(401, "authentication_error", "invalid x-api-key"),
        "11 openrouter" => router(401, 401, "No auth credentials found", none),
        "12 gemini" => google(
            400,
            "INVALID_ARGUMENT",
            "API key not valid.",
            json!([{"reason": "API_KEY_INVALID"}]),
        ),
        "13 anthropic" => claude(
            403,
            "permission_error",
            "Your API key does not have permission to use the resource",
        ),
        "13 gemini" => google(403, "PERMISSION_DENIED", "The caller does not have permission", none),
        "13 region" => Step::status(403).body(error(
            "unsupported_country_region_territory",
            "Country, region, or territory not supported",
        )),
        "13 precondition" => google(
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
            none,
        ),
        "14 status-403" => router(
            403,
            403,
            "Input was flagged",
            json!({"flagged_input": "tables for", "reasons": ["x"]}),
        ),
        "14 status-200" => router(200, 502, "flagged for possible cybersecurity risk", none),
        "15 openai" => Step::status(404).body(error("model_not_found", "The model `m-1` does not exist")),
        "15 anthropic" => claude(404, "not_found_error", "model: m-1"),
        "15 gemini" => google(404, "NOT_FOUND", "models/m-1 is not found for API version v1beta", none),
        "15 retired" => {
            Step::status(400).body(error("model_decommissioned", "The model `m-1` has been decommissioned"))
        }
        "15 gone" => Step::status(410),
        "16 openai" => Step::status(400).body(error(
            "context_length_exceeded",
            "This model's maximum context length is 8192 tokens",
        )),
        "16 anthropic" => claude(
            400,
            "invalid_request_error",
            "prompt is too long: 205351 tokens > 200000 maximum",
        ),
        "16 gemini" => google(
            400,
            "INVALID_ARGUMENT",
            "The input token count (2000000) exceeds the maximum number",
            none,
        ),
        "17 json" => claude(413, "request_too_large", "Request exceeds the maximum size"),
        "17 html" => page(413, "<html><title>413 Request Entity Too Large</title></html>"),
        "17 minute" => Step::status(429).body(error(
            "rate_limit_exceeded",
            "Request too large for m-1 on tokens per min (TPM): Limit 6000, Requested 9000.",
        )),
        "18 token-limit" => parameter("unsupported_parameter", "max_completion_tokens"),
        "18 schema" => Step::status(400).body(error("BadRequestError", "response_format is not supported")),
        "18 other" => parameter("unsupported_parameter", "verbosity"),
        "19 conflict" => Step::status(409),
        "20 timeout" => Step::status(408).body(""),
        "21 openai" => Step::status(500).body(error("server_error", "The server had an error")),
        "21 anthropic" => claude(500, "api_error", "Internal server error"),
        "21 gemini" => google(500, "INTERNAL", "An internal error has occurred", none),
        "21 no-retry" => Step::status(500).header("x-should-retry", "false"),
        "21 retry" => Step::status(400).header("x-should-retry", "true"),
        "22 anthropic" => claude(529, "overloaded_error", "Overloaded"),
        "22 gemini" => google(
            503,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
            none,
        ),
        "22 timeout" => claude(504, "timeout_error", "Timed out"),
        "22 deadline" => google(504, "DEADLINE_EXCEEDED", "Deadline expired", none),
        "23 upstream" => router(502, 502, "Provider returned error", none),
        "23 nobody" => router(
            503,
            503,
            "No available model provider meets your routing requirements",
            none,
        ),
        "24 page" => page(
            520,
            "<!DOCTYPE html><html><title>api.example | 520: Web server is returning an unknown error</title>\
             <p>Ray ID: <strong>8f1c2ab39d7e4c11</strong> Your IP: 203.0.113.9</html>",
        ),
        "24 empty" => Step::status(522).body(""),
        "24 timeout" => page(524, "<!DOCTYPE html><title>524: A timeout occurred</title>"),
        "24 gateway" => page(502, "<html><head><title>502 Bad Gateway</title></head></html>"),
        "25 openrouter" => router(200, 502, "Provider returned error", none),
        "25 limit" => router(200, 429, "Provider returned error", none),
        "25 anthropic" => claude(200, "overloaded_error", "Overloaded"),
        "63 status-301" => Step::status(301).header("location", "https://elsewhere.example/v1?key=x"),
        "63 status-302" => Step::status(302).header("location", "/elsewhere"),
        "63 status-307" => Step::status(307).header("location", "https://elsewhere.example/"),
        "63 status-308" => Step::status(308).header("location", "https://elsewhere.example/"),
        "64 login" => page(200, "<html><title>Sign in</title><form></form></html>"),
        "70 status-407" => Step::status(407).body(""),
        _ => return None,
    })
}

fn parameter(code: &str, name: &str) -> Step {
    let message = format!("Unsupported parameter: '{name}' is not supported with this model.");
    let body = json!({"error": {"code": code, "type": "invalid_request_error", "param": name, "message": message}});
    Step::status(400).body(body.to_string())
}
