//! The limiter as a state machine on a paused clock: whatever arrives, in whatever sizes, is settled, cut off, paused and
//! learned, no window exceeds a limit, order is kept, room is used, and everybody gets through.

use std::sync::Mutex;

use proptest::prelude::*;
use tokio::task::JoinSet;

use super::*;
use crate::llm::types::Usage;

const MINUTE: i64 = 60_000;
const LONG: Duration = Duration::from_secs(100 * 3_600);

#[derive(Debug, Clone)]
struct Call {
    /// Milliseconds after the one before.
    after: u64,
    input: u64,
    output: u64,
    takes: u64,
    end: End,
}

#[derive(Debug, Clone)]
enum End {
    /// Percent of what was reserved that was really used; at most 100 keeps the estimate honest.
    Settled(u64),
    Refused,
    Dropped,
}

/// A grant that counts: milliseconds, and what it stood for in the end.
#[derive(Debug, Clone, Copy)]
struct Sent {
    order: usize,
    at: i64,
    input: u64,
    output: u64,
}

fn call() -> impl Strategy<Value = Call> {
    let end = prop_oneof![
        6 => (0_u64..=100).prop_map(End::Settled),
        1 => Just(End::Refused),
        1 => Just(End::Dropped),
    ];
    (0_u64..8_000, 0_u64..400, 0_u64..400, 1_u64..30_000, end).prop_map(|(after, input, output, takes, end)| Call {
        after,
        input,
        output,
        takes,
        end,
    })
}

fn rates() -> impl Strategy<Value = Rates> {
    let tokens = || proptest::option::of(200_u64..2_000);
    (proptest::option::of(1_u64..12), tokens(), tokens(), tokens()).prop_map(
        |(requests, input_tokens, output_tokens, tokens)| Rates {
            requests,
            input_tokens,
            output_tokens,
            tokens,
        },
    )
}

/// Pauses (second at which they are told, length) and learned limits (second, requests) along the way.
type Told = (Vec<(u64, u64)>, Vec<(u64, u64)>);

fn told() -> impl Strategy<Value = Told> {
    let pairs = |most: u64| proptest::collection::vec((0_u64..300, 1..most), 0..3);
    (pairs(90), pairs(10))
}

fn run(rates: Rates, calls: &[Call], (pauses, learned): &Told) -> Vec<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let vendor = Vendor::known("openrouter").unwrap();
        let limit = Limits::new(Duration::from_secs(60), None).of(&vendor, "k", "m", rates);
        let start = clock::now();
        let sent = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for &(second, length) in pauses {
            let limit = limit.clone();
            tasks.spawn(async move {
                clock::sleep(Duration::from_secs(second)).await;
                limit.pause_until(clock::now() + Duration::from_secs(length));
            });
        }
        for &(second, requests) in learned {
            let limit = limit.clone();
            tasks.spawn(async move {
                clock::sleep(Duration::from_secs(second)).await;
                let header = ("x-ratelimit-limit".to_owned(), requests.to_string());
                limit.learn(&[header], clock::wall());
            });
        }
        let mut due = Duration::ZERO;
        for (order, call) in calls.iter().cloned().enumerate() {
            due += Duration::from_millis(call.after);
            // Two that come in the same millisecond have no order.
            let due = due + Duration::from_millis(order as u64);
            let (limit, sent) = (limit.clone(), sent.clone());
            tasks.spawn(async move {
                clock::sleep(due).await;
                let estimate = Estimate {
                    input_tokens: call.input,
                    output_tokens: call.output,
                };
                let deadline = clock::now() + LONG;
                let reservation = limit.reserve(estimate, deadline, LONG, |_, _| {}).await.unwrap();
                let at = millis(start.elapsed());
                let reserved = reservation.reserved();
                clock::sleep(Duration::from_millis(call.takes)).await;
                let (input, output) = match call.end {
                    End::Settled(percent) => {
                        let part = |tokens: u64| tokens * percent / 100;
                        let usage = Usage {
                            input_tokens: part(reserved.input_tokens),
                            output_tokens: part(reserved.output_tokens),
                            ..Usage::default()
                        };
                        reservation.settle(&usage);
                        (usage.input_tokens, usage.output_tokens)
                    }
                    End::Refused => {
                        reservation.refused();
                        (reserved.input_tokens, 0)
                    }
                    End::Dropped => {
                        drop(reservation);
                        (reserved.input_tokens, reserved.output_tokens)
                    }
                };
                sent.lock().unwrap().push(Sent {
                    order,
                    at,
                    input,
                    output,
                });
            });
        }
        // A deadlock would make the paused clock run to this limit at once.
        let all = tokio::time::timeout(LONG / 2, async { while tasks.join_next().await.is_some() {} }).await;
        assert!(all.is_ok(), "somebody waits for ever");
        let mut sent = sent.lock().unwrap().clone();
        sent.sort_by_key(|sent| (sent.at, sent.order));
        sent
    })
}

/// The most that any 60 s hold, by a dimension; a single call that is larger than the limit may stand alone.
fn worst(sent: &[Sent], limit: Option<u64>, of: impl Fn(&Sent) -> u64) -> Result<(), String> {
    let Some(limit) = limit else { return Ok(()) };
    for (index, first) in sent.iter().enumerate() {
        let window: Vec<&Sent> = sent[index..]
            .iter()
            .take_while(|sent| sent.at <= first.at + MINUTE)
            .collect();
        let sum: u64 = window.iter().map(|sent| of(sent)).sum();
        let alone = window.iter().filter(|sent| of(sent) > 0).count() == 1;
        if sum > limit && !alone {
            return Err(format!("{sum} of {limit} from {} ms: {window:?}", first.at));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_exceeds_and_order_is_kept(
        rates in rates(),
        calls in proptest::collection::vec(call(), 1..60),
        told in told(),
    ) {
        let sent = run(rates, &calls, &told);
        prop_assert_eq!(sent.len(), calls.len());
        let checks = [
            worst(&sent, rates.requests, |_| 1),
            worst(&sent, rates.input_tokens, |sent| sent.input),
            worst(&sent, rates.output_tokens, |sent| sent.output),
            worst(&sent, rates.tokens, |sent| sent.input + sent.output),
        ];
        for check in checks {
            prop_assert_eq!(check, Ok(()));
        }
        let order: Vec<usize> = sent.iter().map(|sent| sent.order).collect();
        prop_assert!(order.is_sorted(), "{:?}", order);
    }

    /// Calls that all wait from the start, each used as estimated: from the first to the last, at least 95 % is used.
    #[test]
    fn with_work_waiting_the_limit_is_used(limit in 1_u64..100, minutes in 2_u64..6, size in 1_u64..50) {
        let calls = vec![Call { after: 0, input: size, output: 0, takes: 1, end: End::Settled(100) }; (limit * minutes) as usize];
        for rates in [
            Rates { requests: Some(limit), ..Rates::default() },
            Rates { input_tokens: Some(limit * size), ..Rates::default() },
        ] {
            let sent = run(rates, &calls, &(Vec::new(), Vec::new()));
            let took = (sent.last().unwrap().at - sent[0].at) as f64;
            let ideal = ((minutes - 1) * 60_000) as f64;
            prop_assert!(ideal / took >= 0.95, "{} of {} ms", ideal, took);
        }
    }

    /// A learned limit is kept from the moment it is told, whatever was allowed before.
    #[test]
    fn a_learned_limit_holds_from_then_on(limit in 1_u64..10, n in 1_usize..60) {
        let calls = vec![Call { after: 500, input: 1, output: 1, takes: 1, end: End::Settled(100) }; n];
        let sent = run(Rates::default(), &calls, &(Vec::new(), vec![(0, limit)]));
        let after: Vec<Sent> = sent.into_iter().filter(|sent| sent.at > 0).collect();
        prop_assert_eq!(worst(&after, Some(limit), |_| 1), Ok(()));
    }
}
