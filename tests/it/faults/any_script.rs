//! Whatever the providers do, in whatever order: the number of requests and the time have an end that was known before.
//!
//! The spend has one too, by the budget that reserves the worst case before each request; its own tests hold it to the
//! cap. Here every attempt's tokens must be in the total, so that none is spent unseen.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use insights::clock;
use insights::event::{Event, Events};
use insights::llm::{Llm, MOCK, MockOptions, MockScript, Options, Route, Target, Usage, Vendor};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::drive::{FIRST_WAIT, request, vendor_at};
use super::scripts::{Serve, good, script};
use super::table::lines;
use crate::support::server::{Server, Step};

const ROLES: usize = 6;

/// One set-up and what every role meets, in turn.
#[derive(Debug, Clone)]
struct Plan {
    models: usize,
    attempts: u32,
    deadline: Duration,
    requests_per_minute: Option<u32>,
    scripts: Value,
}

fn plans() -> impl Strategy<Value = Plan> {
    let fault = prop::sample::select(vec![
        "ok",
        "rate_limit",
        "rate_limit",
        "server_error",
        "server_error",
        "overloaded",
        "quota",
        "bad_key",
        "error_200",
        "hang",
        "truncated",
        "refusal",
        "empty",
        "not_json",
    ]);
    let wait = prop::sample::select(vec!["", "0", "-1", "NaN", "0.5", "7", "119", "121", "86400", "1e300"]);
    let step = (fault, wait, 0_u32..40_000)
        .prop_map(|(fault, wait, latency)| json!({"fault": fault, "retry_after": wait, "latency_ms": latency}));
    let steps = || prop::collection::vec(step.clone(), 0..12);
    let roles: Vec<_> = (0..ROLES).map(|_| steps()).collect();
    (1..4_usize, 1..6_u32, 1..900_u64, prop::option::of(1..20_u32), roles).prop_map(
        |(models, attempts, deadline, requests_per_minute, roles)| {
            let scripts: serde_json::Map<String, Value> = roles
                .into_iter()
                .enumerate()
                .map(|(role, steps)| (format!("role {role}"), Value::Array(steps)))
                .collect();
            Plan {
                models,
                attempts,
                deadline: Duration::from_secs(deadline),
                requests_per_minute,
                scripts: json!({"roles": scripts}),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// In memory and on a paused clock: hours pass in milliseconds.
    #[test]
    fn calls_and_time_have_an_end(plan in plans()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(in_memory(plan))?;
    }
}

async fn in_memory(plan: Plan) -> Result<(), TestCaseError> {
    let sent = Arc::new(Mutex::new(0_usize));
    let counter = sent.clone();
    let events = Events::new(move |event| {
        if matches!(event, Event::CallAttempt { .. }) {
            *counter.lock().unwrap() += 1;
        }
    });
    let options = Options {
        vendors: vec![Vendor::known(MOCK).unwrap()],
        routes: Route::to((0..plan.models).map(|model| Target::new(MOCK, format!("m-{model}")))),
        attempts: plan.attempts,
        call_attempts: plan.attempts * u32::try_from(plan.models).unwrap(),
        requests_per_minute: plan.requests_per_minute,
        mock: MockOptions {
            script: Some(MockScript::parse(&plan.scripts.to_string()).unwrap()),
            latency: Duration::ZERO,
        },
        ..Options::default()
    };
    let llm = Llm::new(options, None, events).unwrap();
    let requests: Vec<_> = (0..ROLES).map(|role| request(&format!("role {role}"))).collect();
    let start = clock::now();
    let deadline = start + plan.deadline;
    let calls = requests.iter().map(|request| llm.complete(request, Some(deadline)));
    let most = plan.models * plan.attempts as usize;
    for outcome in futures::future::join_all(calls).await {
        let (attempts, usage) = match outcome {
            Ok(completion) => (completion.attempts, completion.usage),
            Err(failed) => (failed.attempts, failed.usage),
        };
        prop_assert!(attempts.len() <= most, "{} attempts of {most}", attempts.len());
        let mut billed = Usage::default();
        for attempt in &attempts {
            billed.add(attempt.usage);
        }
        prop_assert_eq!(billed, usage);
    }
    let wall = clock::now() - start;
    prop_assert!(
        wall <= plan.deadline + Duration::from_secs(5),
        "{wall:?} of {:?}",
        plan.deadline
    );
    let sent = *sent.lock().unwrap();
    prop_assert!(sent <= ROLES * most, "{sent} requests");
    Ok(())
}

/// The table's faults in any order, on a real wire.
#[test]
fn calls_and_time_have_an_end_on_a_real_wire() {
    let cases: Vec<String> = lines()
        .into_iter()
        .map(|line| line.case)
        .filter(|case| matches!(script(case), Some(found) if found.vendor == "openai" && matches!(found.serve, Serve::Step(_))))
        .filter(|case| case != "61 bomb")
        .collect();
    let steps = prop::collection::vec(prop::sample::select(cases), 1..10);
    let config = ProptestConfig {
        cases: 6,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in steps, attempts in 1..5_u32)| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(on_a_wire(&steps, attempts))?;
    });
}

async fn on_a_wire(cases: &[String], attempts: u32) -> Result<(), TestCaseError> {
    let step = |case: &String| -> Option<Step> {
        match script(case)?.serve {
            Serve::Step(step) => Some(*step),
            _ => None,
        }
    };
    let mut steps: Vec<Step> = cases.iter().filter_map(step).collect();
    steps.push(good("openai"));
    let server = Server::with(steps);
    let options = Options {
        vendors: vec![vendor_at("openai", &server.url("/v1"))],
        routes: Route::to(["m-1", "m-2"].map(|model| Target::new("openai", model))),
        attempts,
        call_attempts: attempts * 2,
        attempt_timeout: Duration::from_millis(500),
        first_wait: FIRST_WAIT,
        ..Options::default()
    };
    let llm = Llm::new(options, None, Events::silent()).unwrap();
    let requests: Vec<_> = (0..2).map(|role| request(&format!("role {role}"))).collect();
    let start = clock::now();
    let limit = Duration::from_secs(4);
    let calls = requests
        .iter()
        .map(|request| llm.complete(request, Some(start + limit)));
    let outcomes = futures::future::join_all(calls).await;
    prop_assert!(start.elapsed() <= limit + Duration::from_secs(5));
    prop_assert_eq!(outcomes.len(), 2);
    let most = 2 * 2 * attempts as usize;
    prop_assert!(server.requests().len() <= most, "{} requests", server.requests().len());
    Ok(())
}
