//! How the providers are: models, breakers, limits, kept replies, today's money. Read from what the runs of this machine keep.

use serde_json::{Value, json};

use super::{Problem, Server, Shared};
use crate::clock;
use crate::store::{BreakerRecord, InUse, Rates, Usage};

/// What the page and the API tell.
pub(super) async fn health(server: &Shared) -> Result<Value, Problem> {
    server.on_disk(read).await
}

fn read(server: &Server) -> Value {
    let today = clock::wall().strftime("%Y-%m-%dT00:00:00Z").to_string();
    let store = server.store();
    let (models, breakers, usage) = (store.health(), store.breakers(), store.usage(&today));
    let models: Vec<Value> = models
        .iter()
        .map(|model| {
            json!({"provider": model.provider, "model": model.model, "calls": model.calls,
                "success_rate": model.success_rate(), "p50_millis": model.p50_millis, "p95_millis": model.p95_millis,
                "breaker": match model.breakers.iter().all(is_due) {
                    _ if model.breakers.is_empty() => "closed",
                    true => "half_open",
                    false => "open",
                },
                "last_error": model.last_error.as_ref().map(|error| &error.message)})
        })
        .collect();
    let breakers: Vec<Value> = breakers
        .iter()
        .map(|breaker| {
            let state = if is_due(breaker) { "half_open" } else { "open" };
            json!({"provider": breaker.provider, "model": breaker.model, "reason": breaker.reason, "state": state,
                "since": stamp(breaker.since_millis), "until": stamp(breaker.until_millis),
                "since_millis": breaker.since_millis, "until_millis": breaker.until_millis})
        })
        .collect();
    let limiter: Vec<Value> = server.ledger.in_use().iter().map(limit).collect();
    let usage_rows: Vec<Value> = usage
        .iter()
        .map(|row| {
            json!({"provider": row.provider, "model": row.model, "role": row.role, "status": row.status,
                "asked": row.asked, "kept": row.kept, "input_tokens": row.input_tokens,
                "output_tokens": row.output_tokens, "cost_usd": row.cost_usd, "unpriced": row.unpriced})
        })
        .collect();
    json!({
        "models": models, "breakers": breakers, "limiter": limiter, "usage": usage_rows, "today": sum(&usage),
        "viewers": server.seats.taken(),
    })
}

/// Today in a few numbers.
pub(super) fn sum(usage: &[Usage]) -> Value {
    let sum = |of: fn(&Usage) -> u64| usage.iter().map(of).sum::<u64>();
    let (asked, kept) = (sum(|row| row.asked), sum(|row| row.kept));
    json!({
        "calls": asked, "kept_replies": kept,
        "kept_share": (asked + kept > 0).then(|| kept as f64 / (asked + kept) as f64),
        "tokens": sum(|row| row.input_tokens + row.output_tokens),
        "cost_usd": usage.iter().map(|row| row.cost_usd).sum::<f64>(),
        "unpriced_calls": sum(|row| row.unpriced),
    })
}

fn limit(used: &InUse) -> Value {
    // Name, fingerprint and place; the place says more than a page needs.
    let mut parts = used.key.split('|');
    let key = match (parts.next(), parts.next()) {
        (Some(provider), Some(fingerprint)) => format!("{provider} · key {fingerprint}"),
        _ => used.key.clone(),
    };
    json!({"key": key, "model": used.model, "requests": used.used.requests, "input_tokens": used.used.input_tokens,
        "output_tokens": used.used.output_tokens, "waiting": used.waiting, "paused_millis": used.paused_millis,
        "limit": used.learned.as_ref().map(rates).unwrap_or_default()})
}

fn rates(rates: &Rates) -> String {
    let told = [
        (rates.requests, "requests"),
        (rates.tokens, "tokens"),
        (rates.input_tokens, "tokens in"),
        (rates.output_tokens, "tokens out"),
    ];
    let words: Vec<String> = told
        .into_iter()
        .filter_map(|(limit, what)| limit.map(|limit| format!("{limit} {what}")))
        .collect();
    words.join(", ")
}

/// The next call is a probe.
pub(super) fn is_due(breaker: &BreakerRecord) -> bool {
    breaker.until_millis <= clock::wall().as_millisecond()
}

fn stamp(millis: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(millis).ok().map(|at| at.to_string())
}
