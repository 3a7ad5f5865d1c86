//! The whole loop with the mock on a paused clock: minutes pass in milliseconds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::clock::{self, Instant};
use crate::event::{Event, Events};

fn llm(script: &str, models: &[&str], change: impl FnOnce(&mut Options)) -> (Arc<Llm>, Arc<Mutex<Vec<Event>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = heard.clone();
    let mut options = Options {
        vendors: Vendor::all(),
        routes: Route::to(models.iter().map(|model| Target::new(MOCK, *model))),
        mock: MockOptions {
            script: Some(MockScript::parse(script).unwrap()),
            latency: Duration::from_millis(100),
        },
        ..Options::default()
    };
    change(&mut options);
    let events = Events::new(move |event| listener.lock().unwrap().push(event));
    (Arc::new(Llm::new(options, None, events).unwrap()), heard)
}

fn request(role: &str) -> Request {
    Request {
        role: role.to_owned(),
        system: String::new(),
        prompt: "tables".to_owned(),
        schema: None,
        max_output_tokens: 100,
        temperature: None,
    }
}

/// Six calls side by side, and when each was done.
async fn six(llm: &Arc<Llm>) -> Vec<(Result<Completion, Failed>, Instant)> {
    let mut calls = tokio::task::JoinSet::new();
    for role in 0..6 {
        let llm = llm.clone();
        calls.spawn(async move {
            let outcome = llm.complete(&request(&format!("role {role}")), None).await;
            (outcome, clock::now())
        });
    }
    calls.join_all().await
}

#[tokio::test(start_paused = true)]
async fn a_hiccup_that_all_six_meet_costs_nobody_the_call() {
    let (llm, _) = llm(
        r#"{"roles": {"*": [{"fault": "server_error", "times": 3}]}}"#,
        &["a"],
        |_| {},
    );
    for (outcome, _) in six(&llm).await {
        assert_eq!(outcome.unwrap().attempts.len(), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_in_other_words_has_what_is_left_of_the_attempts() {
    for (used, left) in [(0, 4), (3, 1), (4, 1), (9, 1)] {
        let down = r#"{"roles": {"*": [{"fault": "server_error", "repeat": true}]}}"#;
        let (llm, _) = llm(down, &["a"], |options| options.call_attempts = 4);
        let outcome = llm.complete_with(&request("role"), None, None, used).await;
        assert_eq!(outcome.unwrap_err().attempts.len(), left, "{used} used");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_is_given_up_soon() {
    let (llm, _) = llm(
        r#"{"roles": {"*": [{"fault": "server_error", "repeat": true}]}}"#,
        &["a"],
        |_| {},
    );
    let start = clock::now();
    for (outcome, done) in six(&llm).await {
        let failed = outcome.unwrap_err();
        assert_eq!((failed.error.class, failed.attempts.len()), (Class::Transient, 4));
        assert!(done - start < Duration::from_secs(5), "{:?}", done - start);
    }
    llm.complete(&request("the probe"), None).await.unwrap_err();
    let refused = llm.complete(&request("after it"), None).await.unwrap_err();
    assert_eq!((refused.error.class, refused.attempts.len()), (Class::Transient, 0));
    assert!(
        refused.error.message.starts_with("not asked again after: 500"),
        "{refused}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_model_is_left_early_for_another() {
    let (llm, _) = llm(
        r#"{"roles": {"*": [{"fault": "overloaded", "times": 2}]}}"#,
        &["a", "b"],
        |_| {},
    );
    let completion = llm.complete(&request("x"), None).await.unwrap();
    assert_eq!((completion.model.as_str(), completion.attempts.len()), ("b", 3));
    assert!(completion.retry_wait >= Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn requests_per_minute_space_the_calls() {
    let (llm, heard) = llm("{}", &["a"], |options| options.requests_per_minute = Some(2));
    let start = clock::now();
    let mut done: Vec<f64> = six(&llm)
        .await
        .into_iter()
        .map(|(_, at)| (at - start).as_secs_f64())
        .collect();
    done.sort_by(f64::total_cmp);
    for (place, at) in done.iter().enumerate() {
        let due = (place / 2) as f64 * 60.5 + 0.1;
        assert!((due - 0.01..due + 0.1).contains(at), "{done:?}");
    }
    let waiting = |event: &&Event| matches!(event, Event::CallWaiting { .. });
    assert_eq!(heard.lock().unwrap().iter().filter(waiting).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_has_one_budget_over_all_its_models() {
    let (llm, _) = llm(
        r#"{"roles": {"*": [{"fault": "rate_limit", "repeat": true}]}}"#,
        &["a", "b", "c", "d"],
        |_| {},
    );
    let failed = llm.complete(&request("x"), None).await.unwrap_err();
    assert_eq!((failed.error.class, failed.attempts.len()), (Class::RateLimit, 8));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_provider_ends_with_the_call_s_own_limit() {
    let (llm, _) = llm(
        r#"{"roles": {"*": [{"fault": "hang", "repeat": true}]}}"#,
        &["a"],
        |options| {
            options.attempts = 100;
            options.call_attempts = 100;
        },
    );
    let start = clock::now();
    let failed = llm.complete(&request("x"), None).await.unwrap_err();
    assert_eq!(failed.error.class, Class::Deadline);
    assert!(clock::now() - start <= Duration::from_secs(600));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_the_queue() {
    let (llm, _) = llm("{}", &["a"], |options| options.requests_per_minute = Some(1));
    llm.complete(&request("x"), None).await.unwrap();
    let start = clock::now();
    let impatient = tokio::time::timeout(Duration::from_secs(1), llm.complete(&request("y"), None)).await;
    assert!(impatient.is_err());
    llm.complete(&request("z"), None).await.unwrap();
    assert!(clock::now() - start < Duration::from_secs(61), "its slot was not taken");
}

#[tokio::test(start_paused = true)]
async fn a_bad_key_empties_the_queue_at_once() {
    let (llm, _) = llm(r#"{"roles": {"*": ["bad_key"]}}"#, &["a"], |options| {
        options.requests_per_minute = Some(1);
    });
    let start = clock::now();
    let mut attempts = 0;
    for (outcome, done) in six(&llm).await {
        let failed = outcome.unwrap_err();
        assert_eq!(failed.error.class, Class::Configuration);
        attempts += failed.attempts.len();
        assert!(done - start < Duration::from_secs(1), "{:?}", done - start);
    }
    assert_eq!(attempts, 1);
}

/// When each request left.
fn departures(llm: impl FnOnce(Events) -> Llm) -> (Arc<Llm>, Arc<Mutex<Vec<Instant>>>) {
    let left = Arc::new(Mutex::new(Vec::new()));
    let listener = left.clone();
    let events = Events::new(move |event| {
        if matches!(event, Event::CallAttempt { .. }) {
            listener.lock().unwrap().push(clock::now());
        }
    });
    (Arc::new(llm(events)), left)
}

#[tokio::test(start_paused = true)]
async fn after_a_storm_everybody_waits_and_nobody_comes_back_together() {
    let options = Options {
        vendors: Vendor::all(),
        routes: Route::to([Target::new(MOCK, "a")]),
        mock: MockOptions {
            script: Some(
                MockScript::parse(r#"{"roles": {"*": [{"fault": "rate_limit", "retry_after": "2"}]}}"#).unwrap(),
            ),
            latency: Duration::from_millis(100),
        },
        ..Options::default()
    };
    let (llm, left) = departures(|events| Llm::new(options, None, events).unwrap());
    let late = async {
        clock::sleep(Duration::from_secs(1)).await;
        llm.complete(&request("a late one"), None).await.unwrap()
    };
    let (outcomes, late) = tokio::join!(six(&llm), late);
    for (outcome, _) in outcomes {
        assert_eq!(outcome.unwrap().attempts.len(), 2);
    }
    assert!(late.limiter_wait >= Duration::from_secs(1), "{:?}", late.limiter_wait);
    let left = left.lock().unwrap().clone();
    let (first, rest) = left.split_at(6);
    let refused = first[5] + Duration::from_millis(100);
    assert!(rest[0] >= refused + Duration::from_secs(2), "{:?}", rest[0] - refused);
    // The late one is refused in its turn, so the end of the list waits for that; the others come one by one.
    for pair in rest.windows(2) {
        assert!(
            pair[1] - pair[0] >= Duration::from_millis(20),
            "{:?}",
            pair[1] - pair[0]
        );
    }
}
