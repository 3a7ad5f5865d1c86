use serde_json::{Value, json};

use super::*;

/// The fold of these events, a second apart.
fn fold(events: &[Value]) -> Fold {
    let mut fold = Fold::default();
    for (index, event) in events.iter().enumerate() {
        let mut line = event.clone();
        line["seq"] = json!(index + 1);
        line["time"] = json!(format!("2025-03-01T00:00:{index:02}Z"));
        fold.add(serde_json::from_value(line).unwrap());
    }
    fold
}

fn attempt(role: &str, attempt: u32) -> Value {
    json!({"event": "call.attempt", "role": role, "model": "mock:a", "attempt": attempt, "attempts": 4})
}

#[test]
fn a_council_adds_up() {
    let fold = fold(&[
        json!({"event": "run.started", "run_hash": "x", "date_start": "2025-03-01", "date_end": "2025-03-14"}),
        json!({"event": "plan", "calls": 7, "estimated_input_tokens": 9, "models": [], "hosts": []}),
        json!({"event": "call.queued", "role": "geographic", "model": "mock:a"}),
        attempt("geographic", 1),
        json!({"event": "call.retry", "role": "geographic", "model": "mock:a", "attempt": 1, "wait_millis": 500,
            "because": "429", "class": "rate_limit"}),
        attempt("geographic", 2),
        json!({"event": "call.succeeded", "role": "geographic", "model": "mock:a", "millis": 3000, "input_tokens": 100,
            "output_tokens": 20, "cost_usd": 0.5, "cached": false}),
        json!({"event": "specialist.finished", "role": "geographic", "findings": 3, "rejected": 1}),
        json!({"event": "call.queued", "role": "daily_metrics", "model": "mock:a"}),
        attempt("daily_metrics", 1),
        json!({"event": "call.failed", "role": "daily_metrics", "model": "mock:a", "attempts": 1, "because": "401"}),
        json!({"event": "specialist.missing", "role": "daily_metrics", "why": "no key"}),
    ]);
    assert_eq!(
        (fold.succeeded, fold.failed, fold.requests, fold.planned),
        (1, 1, 3, Some(7))
    );
    assert_eq!(
        (fold.tokens, fold.cost_usd, fold.findings, fold.missing),
        (120, Some(0.5), 3, 1)
    );
    assert_eq!((fold.started.as_str(), fold.seq), ("2025-03-01T00:00:00Z", 12));
    let [geography, daily] = fold.lanes.as_slice() else {
        panic!("{:?}", fold.lanes)
    };
    assert_eq!(
        (geography.state, geography.findings, geography.rejected),
        (LaneState::Answered, Some(3), Some(1))
    );
    let attempts: Vec<_> = geography
        .attempts
        .iter()
        .map(|attempt| attempt.outcome.as_deref())
        .collect();
    assert_eq!(attempts, [Some("rate_limit"), Some("ok")]);
    assert_eq!(geography.attempts[0].wait_millis, Some(500));
    assert_eq!((daily.state, daily.why.as_deref()), (LaneState::Failed, Some("no key")));
}

#[test]
fn one_unknown_price_makes_the_sum_unknown_and_a_kept_reply_counts_no_tokens() {
    let succeeded = |cost: Value, cached: bool| {
        json!({"event": "call.succeeded", "role": "a", "model": "m", "millis": 1, "input_tokens": 5, "output_tokens": 5,
            "cost_usd": cost, "cached": cached})
    };
    let fold = fold(&[succeeded(json!(0.0), true), succeeded(Value::Null, false)]);
    assert_eq!((fold.tokens, fold.cost_usd, fold.kept_replies), (10, None, 1));
}

#[test]
fn what_a_run_holds_is_bounded() {
    let mut events: Vec<Value> = (0..300)
        .map(|number| json!({"event": "call.queued", "role": format!("r{number}"), "model": "m"}))
        .collect();
    events.extend((0..100).map(|number| attempt("r0", number)));
    events.extend((0..100).map(|number| json!({"event": "warning", "message": format!("w{number}")})));
    events.extend((1..=1_000).map(|number| {
        json!({"event": "explore.batch", "producer": 1, "iteration": number, "model": null, "family": "f", "received": 10,
            "unique": 1, "repeated": 9, "near": 0, "total": number, "millis": 1, "cost_usd": null, "error": null})
    }));
    let fold = fold(&events);
    assert_eq!((fold.lanes.len(), fold.more_lanes), (MOST_LANES, 100));
    assert_eq!(fold.lanes[0].attempts.len(), MOST_ATTEMPTS);
    assert_eq!(
        (fold.warnings.len(), fold.warnings.last().unwrap().as_str()),
        (MOST_WARNINGS, "w99")
    );
    let exploration = fold.exploration.unwrap();
    assert_eq!(
        (exploration.unique, exploration.received, exploration.batches),
        (1_000, 10_000, 1_000)
    );
    assert!(
        (50..=240).contains(&exploration.curve.len()),
        "{}",
        exploration.curve.len()
    );
    assert_eq!(exploration.latest.len(), 30);
    assert_eq!(exploration.producers[&1].cost_usd, None);
}
