use std::time::Duration;

use super::*;
use crate::clock;

fn budget(cost_usd: Option<f64>, calls: Option<u64>, tokens: Option<u64>) -> Arc<Budget> {
    Arc::new(Budget::new(Caps {
        cost_usd,
        calls,
        tokens,
    }))
}

fn amount(cost_usd: f64, tokens: u64) -> Amount {
    Amount {
        cost_usd: Some(cost_usd),
        tokens,
    }
}

fn soon() -> Instant {
    clock::now() + Duration::from_secs(60)
}

/// `n` calls at once that may take `worst` and do take `actual`; how many were sent.
async fn sent(budget: &Arc<Budget>, n: usize, worst: Amount, actual: Amount) -> usize {
    let mut calls = tokio::task::JoinSet::new();
    for place in 0..n {
        let budget = Arc::clone(budget);
        calls.spawn(async move {
            let Ok(mut reserved) = budget.reserve(worst, soon()).await else {
                return 0;
            };
            reserved.sent();
            clock::sleep(Duration::from_millis(place as u64 % 7)).await;
            reserved.settle(actual);
            1
        });
    }
    calls.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_as_many_calls_leave_as_the_budget_holds() {
    for _ in 0..20 {
        // 0.1 + 0.2 is not 0.3 in an f64; in picodollars it is.
        let money = budget(Some(0.3), None, None);
        assert_eq!(sent(&money, 40, amount(0.1, 5), amount(0.1, 5)).await, 3);
        assert_eq!(money.spending().cost_usd, Some(0.3));
        assert_eq!(
            sent(&budget(None, Some(7), None), 40, amount(1.0, 1), amount(0.0, 0)).await,
            7
        );
        assert_eq!(
            sent(&budget(None, None, Some(55)), 40, amount(1.0, 10), amount(1.0, 10)).await,
            5
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_call_did_not_take_serves_the_next() {
    let money = budget(Some(1.0), None, None);
    assert_eq!(
        sent(&money, 10, amount(0.5, 0), amount(0.1, 0)).await,
        6,
        "0.6 spent leaves no room for 0.5"
    );
    assert_eq!(money.spending().cost_usd, Some(0.6));
}

#[tokio::test(start_paused = true)]
async fn an_end_without_a_word_counts_as_the_worst_case_and_an_unsent_call_as_nothing() {
    let money = budget(Some(1.0), Some(10), None);
    drop(money.reserve(amount(0.4, 9), soon()).await.unwrap());
    assert_eq!((money.spending().calls, money.spending().cost_usd), (0, Some(0.0)));
    let mut reserved = money.reserve(amount(0.4, 9), soon()).await.unwrap();
    reserved.sent();
    drop(reserved);
    let spending = money.spending();
    assert_eq!((spending.calls, spending.tokens, spending.cost_usd), (1, 9, Some(0.4)));
    let over = money.reserve(amount(0.7, 0), soon()).await.unwrap_err();
    assert_eq!(over.code, "max_cost");
    assert!(over.message.contains("0.4000 of 1 USD"), "{}", over.message);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_room_ends_with_the_deadline() {
    let money = budget(Some(1.0), None, None);
    let mut held = money.reserve(amount(0.9, 0), soon()).await.unwrap();
    held.sent();
    let start = clock::now();
    let over = money
        .reserve(amount(0.9, 0), start + Duration::from_secs(5))
        .await
        .unwrap_err();
    assert_eq!((over.code, clock::now() - start), ("max_cost", Duration::from_secs(5)));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_price_makes_the_sum_unknown() {
    let budget = budget(None, None, None);
    let unknown = Amount {
        cost_usd: None,
        tokens: 3,
    };
    let mut reserved = budget.reserve(unknown, soon()).await.unwrap();
    reserved.sent();
    reserved.settle(unknown);
    assert_eq!((budget.spending().tokens, budget.spending().cost_usd), (3, None));
}

/// A state machine against a plain model: whatever the order of reserving, sending, settling and dropping, the books agree.
#[tokio::test(start_paused = true)]
async fn the_books_agree_with_a_plain_model_under_any_order() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for _ in 0..200 {
        let cap = next(50) + 1;
        let budget = budget(None, None, Some(cap));
        let mut open: Vec<(Reserved, u64)> = Vec::new();
        let mut spent = 0;
        for _ in 0..60 {
            let held: u64 = open.iter().map(|(_, tokens)| tokens).sum();
            match next(4) {
                0 | 1 => {
                    let tokens = next(10);
                    let fits = spent + held + tokens <= cap;
                    let tried = budget.reserve(amount(0.0, tokens), clock::now()).await;
                    assert_eq!(tried.is_ok(), fits, "{spent} + {held} + {tokens} of {cap}");
                    open.extend(tried.ok().map(|reserved| (reserved, tokens)));
                }
                2 if !open.is_empty() => {
                    let (mut reserved, tokens) = open.swap_remove(next(open.len() as u64) as usize);
                    let took = next(tokens + 1);
                    reserved.sent();
                    reserved.settle(amount(0.0, took));
                    spent += took;
                }
                3 if !open.is_empty() => {
                    let (mut reserved, tokens) = open.swap_remove(next(open.len() as u64) as usize);
                    if next(2) == 0 {
                        reserved.sent();
                        spent += tokens;
                    }
                }
                _ => {}
            }
            assert!(spent <= cap);
        }
        drop(open);
        assert_eq!(budget.spending().tokens, spent);
    }
}
