//! What an error body and a status mean together. Deciders in a fixed order; the first that recognises its words decides.

use std::time::Duration;

use super::streams;
use super::words::*;
use crate::llm::dialect::Dialect;
use crate::llm::error_body::ErrorBody;
use crate::llm::fault::{Fault, Feature, Kind};
use crate::llm::types::Class;
use crate::llm::vendor::Vendor;

/// A quota code with a wait of at most this is a limit per minute in disguise (Azure does that).
const LONGEST_RATE_LIMIT: Duration = Duration::from_secs(3_600);

/// One refusal, as far as it is read.
pub(super) struct Refusal<'a> {
    pub vendor: &'a Vendor,
    /// The reply's, or inside a success the error's own.
    pub status: u16,
    pub error: &'a ErrorBody<'a>,
    /// The wait that the server asks for.
    pub asked: Option<Duration>,
}

/// Quota before rate limit, because it borrows its status; the request's own faults before the model's, because their
/// texts name the model.
const ORDER: [fn(&Refusal<'_>) -> Option<Fault>; 11] = [
    bad_key,
    quota,
    unauthenticated,
    moderation,
    context_too_long,
    unsupported,
    region,
    model_gone,
    forbidden,
    too_large,
    rate_limit,
];

pub(super) fn judge(refusal: &Refusal<'_>) -> Fault {
    let decided = ORDER.iter().find_map(|decide| decide(refusal));
    decided.unwrap_or_else(|| by_status(refusal))
}

fn bad_key(refusal: &Refusal<'_>) -> Option<Fault> {
    let error = refusal.error;
    let phrase = matches!(refusal.status, 400 | 401 | 403) && error.says(BAD_KEY_PHRASES);
    (error.has_reason("API_KEY_INVALID") || error.is(BAD_KEY_CODES) || phrase).then(|| key_refused(refusal))
}

fn unauthenticated(refusal: &Refusal<'_>) -> Option<Fault> {
    let coded = refusal.error.is(UNAUTHENTICATED_CODES) && refusal.status != 429;
    (refusal.status == 401 || coded).then(|| key_refused(refusal))
}

fn key_refused(refusal: &Refusal<'_>) -> Fault {
    let message = match refusal.vendor.key_variables.first() {
        Some(variable) => format!("the key was rejected, check {variable}"),
        None => "the key was rejected".to_owned(),
    };
    Fault::new(Class::Configuration, message).kind(Kind::Credential)
}

/// No credit, or a quota that a wait of minutes does not refill.
fn quota(refusal: &Refusal<'_>) -> Option<Fault> {
    let Refusal {
        vendor,
        status,
        error,
        asked,
    } = refusal;
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
    if error.says(&["free-models-per-day"]) {
        return Some(fault("the daily quota of free models is used up").kind(Kind::QuotaOfModel));
    }
    let is_gemini = vendor.dialect == Dialect::Gemini;
    let empty = *status == 402
        || error.is(QUOTA_CODES)
        || error.says(QUOTA_PHRASES)
        || (!is_gemini && error.says(QUOTA_PHRASES_BUT_GEMINI));
    // A broken server stays a broken server, whatever its text quotes.
    if !empty || (*status >= 500 && !error.is(QUOTA_CODES)) {
        return None;
    }
    let soon = asked.is_some_and(|wait| wait <= LONGEST_RATE_LIMIT);
    if matches!(status, 402 | 429) && soon {
        let message = match status {
            402 => "too many requests are under way for the credit left",
            _ => "",
        };
        return Some(Fault::new(Class::RateLimit, message));
    }
    let kind = match vendor.name.as_str() {
        // Its free models go on without credit.
        "openrouter" => Kind::QuotaOfModel,
        _ => Kind::Plain,
    };
    Some(fault("no credit or quota is left with this key").kind(kind))
}

fn moderation(refusal: &Refusal<'_>) -> Option<Fault> {
    let error = refusal.error;
    let flagged = refusal.status != 429 && (error.is(MODERATION_CODES) || error.says(MODERATION_PHRASES));
    flagged.then(|| {
        Fault::new(Class::Permanent, "the prompt was flagged by moderation")
            .code("flagged")
            .kind(Kind::Declined)
    })
}

fn context_too_long(refusal: &Refusal<'_>) -> Option<Fault> {
    let error = refusal.error;
    let counted = error.says(&["token count"]) && error.says(&["exceeds"]);
    let says = error.is(CONTEXT_CODES) || error.says(CONTEXT_PHRASES) || counted;
    (says && !matches!(refusal.status, 401..=404 | 429)).then(|| {
        Fault::new(Class::Permanent, "the prompt is too long for this model")
            .code("context_too_long")
            .kind(Kind::ContextTooLong)
    })
}

fn unsupported(refusal: &Refusal<'_>) -> Option<Fault> {
    let feature = unsupported_feature(refusal.status, refusal.error)?;
    let message = "the host does not know a part of the request";
    Some(Fault::new(Class::Permanent, message).kind(Kind::Unsupported(feature)))
}

/// Which part of the request a host says it does not know (and only if it is one that can be left out or renamed).
fn unsupported_feature(status: u16, error: &ErrorBody<'_>) -> Option<Feature> {
    if !matches!(status, 400 | 404 | 422 | 501) {
        return None;
    }
    let about = |names: &[&str]| {
        names
            .iter()
            .any(|name| error.param.eq_ignore_ascii_case(name) || error.words.contains(name))
    };
    if about(SCHEMA_NAMES) {
        return Some(Feature::StructuredOutput);
    }
    let refused = error.is(UNSUPPORTED_CODES) || error.says(UNSUPPORTED_PHRASES);
    if refused && let Some(feature) = streams::refused(error) {
        return Some(feature);
    }
    if refused && about(&["max_tokens", "max_completion_tokens"]) {
        return Some(Feature::TokenLimitName);
    }
    (refused && about(&["temperature"])).then_some(Feature::Temperature)
}

fn region(refusal: &Refusal<'_>) -> Option<Fault> {
    let phrase = matches!(refusal.status, 400 | 403 | 451) && refusal.error.says(REGION_PHRASES);
    (refusal.error.is(REGION_CODES) || phrase).then(|| {
        let message = "the provider does not serve this country or region";
        Fault::new(Class::Configuration, message).kind(Kind::Credential)
    })
}

fn model_gone(refusal: &Refusal<'_>) -> Option<Fault> {
    let (status, error) = (refusal.status, refusal.error);
    let names_model = error.says(&["model"]);
    let gone = matches!(status, 404 | 410)
        || error.is(MODEL_GONE_CODES)
        || (matches!(status, 400 | 422) && names_model && error.says(GONE_PHRASES));
    if gone {
        let variable = &refusal.vendor.base_url_variable;
        let message = format!("no such model or path; check the model's name and {variable}");
        return Some(Fault::new(Class::Configuration, message).kind(Kind::ModelGone));
    }
    (status == 403 && names_model).then(|| {
        let message = "not permitted with this key and model";
        Fault::new(Class::Configuration, message).kind(Kind::ModelGone)
    })
}

fn forbidden(refusal: &Refusal<'_>) -> Option<Fault> {
    let error = refusal.error;
    let coded = error.has_reason("SERVICE_DISABLED") || error.is(FORBIDDEN_CODES);
    (refusal.status == 403 || coded).then(|| {
        let message = "not permitted with this key, model or region";
        Fault::new(Class::Configuration, message).kind(Kind::Credential)
    })
}

fn too_large(refusal: &Refusal<'_>) -> Option<Fault> {
    let phrase = matches!(refusal.status, 400 | 429) && refusal.error.says(TOO_LARGE_PHRASES);
    (refusal.status == 413 || phrase)
        .then(|| Fault::new(Class::Permanent, "the request is too large for the host").code("request_too_large"))
}

fn rate_limit(refusal: &Refusal<'_>) -> Option<Fault> {
    let error = refusal.error;
    let says = error.is(RATE_LIMIT_CODES) || error.says(RATE_LIMIT_PHRASES);
    (refusal.status == 429 || says).then(|| Fault::new(Class::RateLimit, ""))
}

fn by_status(refusal: &Refusal<'_>) -> Fault {
    let error = refusal.error;
    let transient = Fault::new(Class::Transient, "");
    match refusal.status {
        504 | 529 => transient.kind(Kind::Overloaded),
        _ if error.is(OVERLOADED_CODES) => transient.kind(Kind::Overloaded),
        // Nobody behind the router serves this model: looked for once more, then elsewhere.
        503 if refusal.vendor.name == "openrouter" => transient.kind(Kind::Once),
        503 if error.says(OVERLOADED_PHRASES) => transient.kind(Kind::Overloaded),
        408 | 409 | 425 | 500.. => transient,
        407 => Fault::new(Class::Configuration, "the proxy on the way wants a password"),
        _ => Fault::new(Class::Permanent, ""),
    }
}
