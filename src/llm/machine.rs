//! The whole loop as a state machine: random fault scripts against the mock on a paused clock. Whatever happens, a call ends
//! in time and within its attempts, and calls side by side end too.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::Strategy;
use tokio::task::JoinSet;

use super::*;
use crate::clock;
use crate::event::Events;

const FAULTS: [&str; 12] = [
    "ok",
    "rate_limit",
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
];

#[derive(Debug, Clone)]
struct Plan {
    steps: Vec<(usize, Option<f64>)>,
    n_models: usize,
    attempts: u32,
    call_attempts: u32,
    requests_per_minute: Option<u32>,
    seconds: u64,
}

fn plan() -> impl Strategy<Value = Plan> {
    let step = (0..FAULTS.len(), proptest::option::of(0.1_f64..200.0));
    (
        proptest::collection::vec(step, 1..12),
        1_usize..4,
        1_u32..6,
        1_u32..12,
        proptest::option::of(1_u32..20),
        1_u64..600,
    )
        .prop_map(
            |(steps, n_models, attempts, call_attempts, requests_per_minute, seconds)| Plan {
                steps,
                n_models,
                attempts,
                call_attempts,
                requests_per_minute,
                seconds,
            },
        )
}

fn script(plan: &Plan) -> MockScript {
    let steps: Vec<serde_json::Value> = plan
        .steps
        .iter()
        .map(|(fault, wait)| match (FAULTS[*fault], wait) {
            ("rate_limit", Some(wait)) => {
                serde_json::json!({"fault": "rate_limit", "retry_after": wait.to_string()})
            }
            (fault, _) => serde_json::json!({"fault": fault}),
        })
        .collect();
    MockScript::parse(&serde_json::json!({"roles": {"*": steps}}).to_string()).unwrap()
}

fn check(plan: &Plan) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let outcomes = runtime.block_on(async {
        let options = Options {
            vendors: Vendor::all(),
            routes: Route::to((0..plan.n_models).map(|model| Target::new(MOCK, format!("m-{model}")))),
            attempts: plan.attempts,
            call_attempts: plan.call_attempts,
            requests_per_minute: plan.requests_per_minute,
            mock: MockOptions {
                script: Some(script(plan)),
                latency: Duration::from_millis(50),
            },
            ..Options::default()
        };
        let llm = Arc::new(Llm::new(options, None, Events::silent()).unwrap());
        let start = clock::now();
        let deadline = start + Duration::from_secs(plan.seconds);
        let mut calls = JoinSet::new();
        for role in 0..4 {
            let llm = llm.clone();
            calls.spawn(async move {
                let request = Request {
                    role: format!("role {role}"),
                    system: String::new(),
                    prompt: "tables".to_owned(),
                    schema: None,
                    max_output_tokens: 100,
                    temperature: None,
                };
                let outcome = llm.complete(&request, Some(deadline)).await;
                (outcome, start.elapsed())
            });
        }
        calls.join_all().await
    });
    for (outcome, took) in outcomes {
        let attempts = match &outcome {
            Ok(completion) => &completion.attempts,
            Err(failed) => &failed.attempts,
        };
        prop_assert!(took <= Duration::from_secs(plan.seconds + 1), "{took:?}");
        prop_assert!(attempts.len() <= plan.call_attempts as usize);
        for model in 0..plan.n_models {
            let here = attempts
                .iter()
                .filter(|attempt| attempt.model == format!("m-{model}"))
                .count();
            prop_assert!(here <= plan.attempts as usize, "{here} at one model");
        }
        let answered = attempts.iter().filter(|attempt| attempt.error.is_none()).count();
        prop_assert_eq!(answered, usize::from(outcome.is_ok()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_call_ends_in_time_and_within_its_attempts(plan in plan()) {
        check(&plan)?;
    }
}
