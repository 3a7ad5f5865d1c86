//! From a provider's refusal or a broken wire to a class. Code, type and message are read before the status: an empty
//! account is a 429 at OpenAI, a 400 at Anthropic and a 402 at OpenRouter, and a bad Gemini key is a 400.

mod streams;

use jiff::Timestamp;
use serde_json::Value;

use super::dialect::Dialect;
use super::error_body::ErrorBody;
use super::exchange::HttpReply;
use super::fault::{Fault, Feature, Kind};
use super::redact::html_title;
use super::types::Class;
use super::vendor::Vendor;
use super::wait;

/// A status outside 200–299.
pub(super) fn refused(vendor: &Vendor, reply: &HttpReply, wall: Timestamp) -> Fault {
    if (300..400).contains(&reply.status) {
        let message = "the base URL redirects elsewhere; keys never follow a redirect, set the final URL";
        return Fault::new(Class::Configuration, message).code("redirect");
    }
    if reply.is_html() {
        return page(vendor, reply);
    }
    let body = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    refused_body(vendor, reply, &body, wall)
}

/// A page where JSON was due: a wrong URL or a login when it is a success, an outage when it is not.
pub(super) fn page(vendor: &Vendor, reply: &HttpReply) -> Fault {
    let title = html_title(&reply.text()).unwrap_or_else(|| "no title".to_owned());
    let status = reply.status;
    match status {
        408 | 425 | 429 | 500.. => Fault::new(Class::Transient, format!("{status} with an HTML page ({title})")),
        413 => Fault::new(Class::Permanent, "the request is too large for the host").code("request_too_large"),
        _ => {
            let variable = &vendor.base_url_variable;
            let message = format!(
                "{status} with an HTML page ({title}) instead of JSON: a login page, a proxy or a wrong {variable}"
            );
            Fault::new(Class::Configuration, message).code("html")
        }
    }
}

/// An error body, whatever the status: with a 200 the error's own code stands in for it.
pub(super) fn refused_body(vendor: &Vendor, reply: &HttpReply, body: &Value, wall: Timestamp) -> Fault {
    let error = ErrorBody::read(body);
    let status = match reply.is_success() {
        true => error.number.unwrap_or(500),
        false => reply.status,
    };
    let asked = wait::asked(reply, error.object, wall);
    let mut fault = judge(vendor, status, &error, asked.is_some());
    let phrase = error.message.clone().unwrap_or_else(|| "no message".to_owned());
    // A flagged prompt is not repeated to whoever reads the log.
    if fault.code.as_deref() != Some("flagged") {
        fault.message = match fault.message.is_empty() {
            true => format!("{status}: {phrase}"),
            false => format!("{status}: {} ({phrase})", fault.message),
        };
    }
    if fault.code.is_none() {
        fault.code = error.code.clone().or_else(|| error.kind.clone());
    }
    fault.retry_after = match fault.class {
        Class::RateLimit => asked.or_else(|| wait::reset(reply, error.object, wall)),
        Class::Transient | Class::Quota => asked,
        _ => None,
    };
    match (wait::should_retry(reply), fault.class) {
        (Some(false), Class::Transient | Class::RateLimit) => fault.kind(Kind::Never),
        (Some(true), Class::Permanent) => Fault {
            class: Class::Transient,
            ..fault
        },
        _ => fault,
    }
}

fn judge(vendor: &Vendor, status: u16, error: &ErrorBody<'_>, waits: bool) -> Fault {
    let fault = |class, message: &str| Fault::new(class, message);
    let key_hint = match vendor.key_variables.first() {
        Some(variable) => format!("the key was rejected, check {variable}"),
        None => "the key was rejected".to_owned(),
    };

    let variable = &vendor.base_url_variable;
    let no_model = format!("no such model or path; check the model's name and {variable}");

    if error.has_reason("API_KEY_INVALID") || error.is(&["invalid_api_key"]) {
        return fault(Class::Configuration, &key_hint).kind(Kind::Credential);
    }
    if let Some(quota) = quota(vendor, status, error, waits) {
        return quota;
    }
    if status == 401 || (error.is(&["authentication_error", "UNAUTHENTICATED"]) && status != 429) {
        return fault(Class::Configuration, &key_hint).kind(Kind::Credential);
    }
    if error.says(&["flagged", "moderation"]) && status != 429 {
        return fault(Class::Permanent, "the prompt was flagged by moderation")
            .code("flagged")
            .kind(Kind::Declined);
    }
    if let Some(feature) = unsupported(status, error) {
        return fault(Class::Permanent, "the host does not know a part of the request")
            .kind(Kind::Unsupported(feature));
    }
    if status == 403 && error.says(&["model"]) {
        return fault(Class::Configuration, "not permitted with this key and model").kind(Kind::ModelGone);
    }
    if status == 403 || error.has_reason("SERVICE_DISABLED") || error.is(&["FAILED_PRECONDITION", "permission_error"]) {
        return fault(Class::Configuration, "not permitted with this key, model or region").kind(Kind::Credential);
    }
    let names_model = error.says(&["model"])
        && error.says(&[
            "not found",
            "does not exist",
            "not a valid model",
            "decommissioned",
            "deprecated",
            "retired",
            "end-of-life",
            "no longer",
        ]);
    if matches!(status, 404 | 410) || error.is(&["model_not_found"]) || (status == 400 && names_model) {
        return fault(Class::Configuration, &no_model).kind(Kind::ModelGone);
    }
    if error.is(&["context_length_exceeded"])
        || error.says(&[
            "prompt is too long",
            "maximum context length",
            "context length",
            "context window",
            "context size",
        ])
        || (error.says(&["token count"]) && error.says(&["exceeds"]))
    {
        return fault(Class::Permanent, "the prompt is too long for this model")
            .code("context_too_long")
            .kind(Kind::Declined);
    }
    let limited = error.is(&[
        "rate_limit_error",
        "rate_limit_exceeded",
        "RESOURCE_EXHAUSTED",
        "too_many_requests",
    ]) || error.says(&["rate limit", "too many requests"]);
    if status == 429 || (limited && !matches!(status, 401 | 403)) {
        return fault(Class::RateLimit, "");
    }
    if status == 529
        || status == 504
        || error.is(&["overloaded_error", "UNAVAILABLE", "DEADLINE_EXCEEDED", "timeout_error"])
    {
        return fault(Class::Transient, "").kind(Kind::Overloaded);
    }
    match status {
        503 if vendor.name == "openrouter" => fault(Class::Transient, "").kind(Kind::Once),
        503 if error.says(&["overloaded", "capacity"]) => fault(Class::Transient, "").kind(Kind::Overloaded),
        408 | 409 | 425 | 500.. => fault(Class::Transient, ""),
        407 => fault(Class::Configuration, "the proxy wants a password"),
        413 => fault(Class::Permanent, "the request is too large for the host").code("request_too_large"),
        _ => fault(Class::Permanent, ""),
    }
}

/// No credit, or a quota that a wait of minutes does not refill. Looked for before the rate limit, whose status it borrows.
fn quota(vendor: &Vendor, status: u16, error: &ErrorBody<'_>, waits: bool) -> Option<Fault> {
    let fault = |message: &str| Fault::new(Class::Quota, message);
    let per_day: Vec<&str> = error
        .quota_ids()
        .into_iter()
        .filter(|id| id.contains("PerDay"))
        .collect();
    if !per_day.is_empty() {
        let kind = match per_day.iter().all(|id| id.contains("PerModel")) {
            true => Kind::QuotaOfModel,
            false => Kind::Plain,
        };
        return Some(fault("the daily quota is used up").kind(kind));
    }
    if vendor.dialect == Dialect::Gemini {
        // Its text for a limit per minute also says "you exceeded your current quota … billing".
        return None;
    }
    if error.says(&["free-models-per-day"]) {
        return Some(fault("the daily quota of free models is used up").kind(Kind::QuotaOfModel));
    }
    if status == 402 && waits {
        return Some(Fault::new(
            Class::RateLimit,
            "too many requests are under way for the credit left",
        ));
    }
    let empty = status == 402
        || error.is(&[
            "insufficient_quota",
            "billing_error",
            "billing_hard_limit_reached",
            "insufficient_balance",
            "blocked_api_access",
        ])
        || error.says(&[
            "credit balance",
            "exceeded your current quota",
            "insufficient credits",
            "insufficient balance",
            "spending cap",
            "credits are depleted",
            "key limit exceeded",
        ]);
    empty.then(|| {
        let kind = match vendor.name.as_str() {
            // Its free models go on without credit.
            "openrouter" => Kind::QuotaOfModel,
            _ => Kind::Plain,
        };
        fault("no credit or quota is left with this key").kind(kind)
    })
}

/// Which part of the request a host says it does not know (and only if it is one that can be left out or renamed).
fn unsupported(status: u16, error: &ErrorBody<'_>) -> Option<Feature> {
    if !matches!(status, 400 | 404 | 422 | 501) {
        return None;
    }
    let about = |names: &[&str]| {
        names
            .iter()
            .any(|name| error.param.eq_ignore_ascii_case(name) || error.words.contains(&name.to_ascii_lowercase()))
    };
    if about(&[
        "response_format",
        "output_config",
        "output_format",
        "responseJsonSchema",
        "response_json_schema",
        "responseSchema",
        "response_schema",
        "json_schema",
        "structured output",
    ]) {
        return Some(Feature::StructuredOutput);
    }
    let refused = error.is(&["unsupported_parameter", "unsupported_value"])
        || error.says(&[
            "unsupported",
            "not supported",
            "deprecated",
            "unrecognized",
            "unknown name",
            "does not support",
            "extra inputs",
        ]);
    if refused && let Some(feature) = streams::refused(error) {
        return Some(feature);
    }
    if refused && about(&["max_tokens", "max_completion_tokens"]) {
        return Some(Feature::TokenLimitName);
    }
    (refused && about(&["temperature"])).then_some(Feature::Temperature)
}

#[cfg(test)]
mod tests;
