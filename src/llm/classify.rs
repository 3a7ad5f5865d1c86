//! From a provider's refusal to a class. Code, type and message are read before the status: an empty account is a 429
//! at OpenAI, a 400 at Anthropic and a 402 at OpenRouter, and a bad Gemini key is a 400. `faults.md` is the whole table.

mod judge;
mod streams;
mod words;

use jiff::Timestamp;
use serde_json::Value;

use super::error_body::ErrorBody;
use super::exchange::HttpReply;
use super::fault::{Fault, Kind};
use super::redact::{html_title, without_pages};
use super::tell::shown;
use super::types::Class;
use super::vendor::Vendor;
use super::wait;
use super::wire::url_parts;
use judge::{Refusal, judge};

/// A status outside 200–299.
pub(super) fn refused(vendor: &Vendor, reply: &HttpReply, wall: Timestamp) -> Fault {
    if (300..400).contains(&reply.status) {
        return redirect(vendor, reply);
    }
    if reply.is_html() {
        let fault = page(vendor, reply);
        let retry_after = match fault.class {
            Class::RateLimit | Class::Transient => wait::asked(reply, &Value::Null, wall),
            _ => None,
        };
        return Fault { retry_after, ..fault };
    }
    let body = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    refused_body(vendor, reply, &body, wall)
}

/// A page where JSON was due: a wrong URL or a login when it is a success, an outage when it is not.
pub(super) fn page(vendor: &Vendor, reply: &HttpReply) -> Fault {
    let text = reply.text();
    let title = html_title(&text).unwrap_or_else(|| "no title".to_owned());
    let ray = ray_id(reply, &text)
        .map(|ray| format!(", Ray ID {ray}"))
        .unwrap_or_default();
    let status = reply.status;
    let message = format!("{status} with an HTML page ({title}{ray})");
    match status {
        429 => Fault::new(Class::RateLimit, message),
        529 => Fault::new(Class::Transient, message).kind(Kind::Overloaded),
        408 | 425 | 500.. => Fault::new(Class::Transient, message),
        413 => Fault::new(Class::Permanent, "the request is too large for the host").code("request_too_large"),
        _ => {
            let variable = &vendor.base_url_variable;
            let message = format!("{message} instead of JSON: a login page, a proxy or a wrong {variable}");
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
    let mut fault = judge(&Refusal {
        vendor,
        status,
        error: &error,
        asked,
    });
    fault.retry_after = match fault.class {
        Class::RateLimit => asked
            .or_else(|| wait::reset(reply, error.object, wall))
            .or_else(|| wait::said(error.message.as_deref()?)),
        Class::Quota => asked.or_else(|| wait::reset(reply, error.object, wall)),
        Class::Transient => asked,
        _ => None,
    };
    let phrase = error
        .message
        .as_deref()
        .map_or_else(|| "no message".into(), without_pages);
    // A flagged prompt is not repeated to whoever reads the log.
    if fault.code.as_deref() != Some("flagged") {
        fault.message = match fault.message.is_empty() {
            true => format!("{status}: {phrase}"),
            false => format!("{status}: {} ({phrase})", fault.message),
        };
    }
    if let Some(wait) = fault.retry_after {
        fault.message.push_str(&format!("; it asks to wait {}", shown(wait)));
    }
    if fault.code.is_none() {
        fault.code = error.code.clone().or_else(|| error.kind.clone());
    }
    match (wait::should_retry(reply), fault.class) {
        (Some(false), Class::Transient | Class::RateLimit) => fault.kind(Kind::Never),
        (Some(true), Class::Permanent) => Fault {
            class: Class::Transient,
            kind: Kind::Plain,
            ..fault
        },
        _ => fault,
    }
}

/// Only the host is shown: the rest of a location may hold anything.
fn redirect(vendor: &Vendor, reply: &HttpReply) -> Fault {
    let place = reply.header("location").and_then(url_parts);
    let place = place.map_or_else(
        || "elsewhere".to_owned(),
        |parts| format!("to {}://{}", parts.scheme, parts.host),
    );
    let variable = &vendor.base_url_variable;
    let message =
        format!("the base URL redirects {place}; keys never follow a redirect, set {variable} to the final URL");
    Fault::new(Class::Configuration, message).code("redirect")
}

/// Cloudflare's name of the exchange, in a header or on the page.
fn ray_id(reply: &HttpReply, page: &str) -> Option<String> {
    let after = page.split_once("Ray ID:").map(|(_, after)| after);
    let on_page = || {
        let after = after?.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
        // `Ray ID: <strong class="…">8f1c…`: the tag's own letters are no id.
        let after = after
            .strip_prefix("strong")
            .and_then(|tag| tag.split_once('>'))
            .map_or(after, |(_, text)| text);
        let end = after.find(|letter: char| !letter.is_ascii_alphanumeric())?;
        Some(&after[..end])
    };
    let ray = reply.header("cf-ray").or_else(on_page)?;
    let plain = ray.len() >= 8
        && ray.len() <= 40
        && ray
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    plain.then(|| ray.to_owned())
}

#[cfg(test)]
mod tests;
