use super::gate::GAP;
use super::*;
use crate::llm::types::Usage;

const LONG: Duration = Duration::from_secs(120);
const MINUTE: Duration = Duration::from_secs(60);

fn far() -> Instant {
    clock::now() + Duration::from_secs(36_000)
}

fn limit(vendor: &str, rates: Rates) -> Arc<Limit> {
    let vendor = Vendor::known(vendor).unwrap_or_else(|| Vendor::compatible(vendor));
    Limits::new(MINUTE, None).of(&vendor, "a key", "m-1", rates)
}

fn requests(limit: u64) -> Rates {
    Rates {
        requests: Some(limit),
        ..Rates::default()
    }
}

fn output(limit: u64) -> Rates {
    Rates {
        output_tokens: Some(limit),
        ..Rates::default()
    }
}

fn tokens(input_tokens: u64, output_tokens: u64) -> Estimate {
    Estimate {
        input_tokens,
        output_tokens,
    }
}

fn used(input_tokens: u64, cached_input_tokens: u64, output_tokens: u64) -> Usage {
    Usage {
        input_tokens,
        cached_input_tokens,
        output_tokens,
        ..Usage::default()
    }
}

async fn reserve(limit: &Arc<Limit>, estimate: Estimate) -> Reservation {
    limit.reserve(estimate, far(), LONG, |_, _| {}).await.unwrap()
}

/// Whether there is room without any wait.
async fn fits(limit: &Arc<Limit>, estimate: Estimate) -> bool {
    limit.reserve(estimate, clock::now(), LONG, |_, _| {}).await.is_ok()
}

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn learn(limit: &Limit, pairs: &[(&str, &str)]) {
    limit.learn(&headers(pairs), clock::wall());
}

#[tokio::test(start_paused = true)]
async fn no_window_of_a_minute_holds_more_requests_than_the_limit() {
    for n in [1, 6, 10, 60] {
        let limit = limit("openrouter", requests(n));
        let mut sent = Vec::new();
        for _ in 0..n * 3 {
            reserve(&limit, tokens(1, 1)).await;
            sent.push(clock::now());
        }
        let most = sent
            .iter()
            .map(|&start| sent.iter().filter(|&&at| at >= start && at <= start + MINUTE).count() as u64)
            .max();
        assert_eq!(most, Some(n), "{n} a minute");
        let took = sent[n as usize * 2].duration_since(sent[0]);
        assert!(
            took < MINUTE * 21 / 10,
            "{n} a minute: two minutes' calls took {took:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_everybody_and_lets_them_go_one_by_one() {
    let limit = limit("openai", Rates::default());
    let start = clock::now();
    limit.pause_until(start + Duration::from_secs(2));
    limit.pause_until(start + Duration::from_secs(1));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let limit = limit.clone();
        calls.spawn(async move {
            reserve(&limit, tokens(1, 1)).await;
            clock::now() - start
        });
    }
    let mut left = calls.join_all().await;
    left.sort();
    assert!(left[0] >= Duration::from_secs(2), "{left:?}");
    assert!(left.windows(2).all(|pair| pair[1] - pair[0] >= GAP), "{left:?}");
    assert!(left[4] < Duration::from_millis(2_300), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_the_end_of_a_pause_goes_before_who_comes_after_it() {
    let limit = limit("openai", Rates::default());
    let start = clock::now();
    limit.pause_until(start + Duration::from_secs(2));
    let mut calls = tokio::task::JoinSet::new();
    for call in 0..6 {
        let limit = limit.clone();
        calls.spawn(async move {
            // The last one comes when the second of the others may leave.
            let comes = if call < 5 { call } else { 2_000 + millis(GAP) as u64 };
            clock::sleep(Duration::from_millis(comes)).await;
            reserve(&limit, tokens(1, 1)).await;
            (clock::now() - start, call)
        });
    }
    let mut left = calls.join_all().await;
    left.sort();
    let order: Vec<u64> = left.iter().map(|(_, call)| *call).collect();
    assert_eq!(order, [0, 1, 2, 3, 4, 5], "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let limit = limit("openai", Rates::default());
    let start = clock::now();
    limit.pause_until(start + MINUTE);
    let refused = limit
        .reserve(tokens(1, 1), start + Duration::from_secs(5), LONG, |_, _| {})
        .await;
    assert!(matches!(refused, Err(TooLong::Deadline { .. })));
    assert_eq!(clock::now(), start);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_nobody_waits_for_is_told_at_once() {
    let limit = limit("openai", Rates::default());
    limit.pause_until(clock::now() + LONG * 2);
    let refused = limit.reserve(tokens(1, 1), far(), LONG, |_, _| {}).await;
    assert_eq!(refused.err(), Some(TooLong::Pause { left: LONG * 2 }));
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nobody_waits() {
    let limit = limit("openai", Rates::default());
    let start = clock::now();
    for _ in 0..100 {
        reserve(&limit, tokens(1_000_000, 1_000_000)).await;
    }
    assert_eq!(clock::now(), start);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_used_is_given_back_at_once_also_to_those_who_wait() {
    let limit = limit("openai", output(1_000));
    let first = reserve(&limit, tokens(1, 4_096)).await;
    assert_eq!(first.reserved().output_tokens, 500, "half of the limit");
    let second = reserve(&limit, tokens(1, 300)).await;
    let waiting = tokio::spawn({
        let limit = limit.clone();
        async move {
            reserve(&limit, tokens(1, 400)).await;
            clock::now()
        }
    });
    clock::sleep(Duration::from_secs(3)).await;
    let settled = clock::now();
    first.settle(&used(1, 0, 100));
    assert!(waiting.await.unwrap() - settled < Duration::from_millis(10));
    second.settle(&used(1, 0, 300));
    assert!(fits(&limit, tokens(1, 200)).await);
    assert!(!fits(&limit, tokens(1, 1)).await);
}

#[tokio::test(start_paused = true)]
async fn more_than_was_reserved_counts_against_the_window() {
    let limit = limit("openai", output(1_000));
    reserve(&limit, tokens(1, 100)).await.settle(&used(1, 0, 900));
    assert!(!fits(&limit, tokens(1, 101)).await);
    assert!(fits(&limit, tokens(1, 100)).await);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_cut_off_counts_as_it_was_reserved() {
    let limit = limit("openai", output(1_000));
    drop(reserve(&limit, tokens(1, 500)).await);
    reserve(&limit, tokens(1, 500)).await.refused();
    assert!(fits(&limit, tokens(1, 500)).await);
    assert!(!fits(&limit, tokens(1, 1)).await);
}

#[tokio::test(start_paused = true)]
async fn only_anthropic_does_not_count_input_from_its_cache() {
    for (vendor, fits_then) in [("anthropic", true), ("openai", false)] {
        let rates = Rates {
            input_tokens: Some(1_000),
            ..Rates::default()
        };
        let limit = limit(vendor, rates);
        reserve(&limit, tokens(900, 1)).await.settle(&used(900, 800, 1));
        assert_eq!(fits(&limit, tokens(900, 1)).await, fits_then, "{vendor}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_larger_than_the_limit_goes_alone() {
    let rates = Rates {
        input_tokens: Some(1_000),
        ..Rates::default()
    };
    let limit = limit("openai", rates);
    let start = clock::now();
    reserve(&limit, tokens(10, 1)).await;
    reserve(&limit, tokens(5_000, 1)).await;
    assert!(clock::now() - start >= MINUTE);
    reserve(&limit, tokens(10, 1)).await;
    assert!(clock::now() - start >= MINUTE * 2);
}

#[tokio::test(start_paused = true)]
async fn the_wait_says_what_there_is_too_little_of() {
    let rates = Rates {
        requests: Some(100),
        input_tokens: Some(1_000),
        ..Rates::default()
    };
    let limit = limit("openai", rates);
    drop(reserve(&limit, tokens(800, 1)).await);
    let mut said = Vec::new();
    limit
        .reserve(tokens(800, 1), far(), LONG, |wait, because| {
            said.push((wait.as_secs(), because))
        })
        .await
        .unwrap();
    assert_eq!(said, [(60, "input tokens per minute")]);
}

#[tokio::test(start_paused = true)]
async fn tokens_under_way_may_come_back_before_the_deadline() {
    let limit = limit("openai", output(1_000));
    let first = reserve(&limit, tokens(1, 500)).await;
    let second = reserve(&limit, tokens(1, 500)).await;
    let soon = clock::now() + Duration::from_secs(20);
    let waiting = tokio::spawn({
        let limit = limit.clone();
        async move { limit.reserve(tokens(1, 500), soon, LONG, |_, _| {}).await.is_ok() }
    });
    clock::sleep(Duration::from_secs(10)).await;
    first.settle(&used(1, 0, 0));
    assert!(waiting.await.unwrap());
    second.settle(&used(1, 0, 500));
    let refused = limit.reserve(tokens(1, 900), soon, LONG, |_, _| {}).await;
    assert!(matches!(refused, Err(TooLong::Deadline { .. })));
    assert!(
        clock::now() < soon,
        "nothing is under way: there is nothing to hope for"
    );
}

#[tokio::test(start_paused = true)]
async fn a_learned_limit_holds_but_never_raises_a_configured_one() {
    let learned = limit("openai", Rates::default());
    reserve(&learned, tokens(1, 1)).await;
    learn(
        &learned,
        &[("x-ratelimit-limit-requests", "3"), ("x-ratelimit-limit-tokens", "900")],
    );
    reserve(&learned, tokens(1, 1)).await;
    reserve(&learned, tokens(1, 1)).await;
    assert!(!fits(&learned, tokens(1, 1)).await, "what was sent before counts too");
    learn(&learned, &[("x-ratelimit-limit-requests", "4")]);
    assert!(fits(&learned, tokens(1, 1)).await, "the newest word counts");

    let configured = limit("openai", requests(2));
    learn(&configured, &[("x-ratelimit-limit-requests", "500")]);
    reserve(&configured, tokens(1, 1)).await;
    reserve(&configured, tokens(1, 1)).await;
    assert!(!fits(&configured, tokens(1, 1)).await);
}

#[tokio::test(start_paused = true)]
async fn an_empty_dimension_is_waited_for_and_no_other() {
    let limit = limit("openai", Rates::default());
    learn(
        &limit,
        &[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "3s"),
            ("x-ratelimit-remaining-tokens", "70"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ],
    );
    let start = clock::now();
    reserve(&limit, tokens(1, 1)).await;
    assert_eq!((clock::now() - start).as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn models_of_one_key_have_their_own_learned_limits_and_share_the_configured_one() {
    let vendor = Vendor::known("openai").unwrap();
    let limits = Limits::new(MINUTE, None);
    let (small, large) = (
        limits.of(&vendor, "k", "small", requests(3)),
        limits.of(&vendor, "k", "large", requests(3)),
    );
    learn(&small, &[("x-ratelimit-limit-requests", "1")]);
    reserve(&small, tokens(1, 1)).await;
    assert!(!fits(&small, tokens(1, 1)).await);
    reserve(&large, tokens(1, 1)).await;
    assert!(fits(&large, tokens(1, 1)).await);
    assert!(!fits(&large, tokens(1, 1)).await, "three of the key are gone");
    assert!(Arc::ptr_eq(&small, &limits.of(&vendor, "k", "small", requests(3))));
    let router = Vendor::known("openrouter").unwrap();
    let (one, two) = (
        limits.of(&router, "r", "a", requests(3)),
        limits.of(&router, "r", "b", requests(3)),
    );
    assert!(Arc::ptr_eq(&one, &two), "it limits the key as a whole");
}

mod ledger {
    //! Two call layers with one ledger: two processes, as far as the limiter can tell.
    use super::*;

    fn pair(folder: &tempfile::TempDir, rates: Rates) -> [Arc<Limit>; 2] {
        let vendor = Vendor::known("openai").unwrap();
        [(); 2].map(|()| {
            let ledger = Ledger::at([folder.path().join("limits.db")]);
            Limits::new(MINUTE, Some(ledger)).of(&vendor, "k", "m", rates)
        })
    }

    #[tokio::test]
    async fn together_they_stay_below_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = pair(&folder, requests(3));
        for limit in [&one, &two, &one] {
            reserve(limit, tokens(1, 1)).await;
        }
        assert!(!fits(&two, tokens(1, 1)).await && !fits(&one, tokens(1, 1)).await);
    }

    #[tokio::test]
    async fn what_one_gives_back_the_other_may_take() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = pair(&folder, output(1_000));
        let first = reserve(&one, tokens(1, 500)).await;
        drop(reserve(&two, tokens(1, 500)).await);
        assert!(!fits(&two, tokens(1, 400)).await);
        first.settle(&used(1, 0, 100));
        one.ledger.as_ref().unwrap().flush();
        assert!(fits(&two, tokens(1, 400)).await);
    }

    #[tokio::test]
    async fn learned_limits_and_pauses_reach_the_next_process() {
        let folder = tempfile::tempdir().unwrap();
        let [one, _] = pair(&folder, Rates::default());
        reserve(&one, tokens(1, 1)).await;
        assert!(!folder.path().join("limits.db").exists(), "nothing to keep, no file");
        learn(&one, &[("x-ratelimit-limit-requests", "2")]);
        one.ledger.as_ref().unwrap().flush();
        let [_, two] = pair(&folder, Rates::default());
        assert!(fits(&two, tokens(1, 1)).await);
        assert_eq!(two.learned(), requests(2));
        assert!(!fits(&two, tokens(1, 1)).await, "the first call of the other counts");
        one.pause_until(clock::now() + LONG * 2);
        one.ledger.as_ref().unwrap().flush();
        let [_, three] = pair(&folder, Rates::default());
        let refused = three.reserve(tokens(1, 1), far(), LONG, |_, _| {}).await;
        assert!(matches!(refused, Err(TooLong::Pause { .. })));
    }

    #[tokio::test]
    async fn an_unusable_ledger_leaves_the_process_its_own_limits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let vendor = Vendor::known("openai").unwrap();
        let ledger = Ledger::at([file.join("limits.db")]);
        let limits = Limits::new(MINUTE, Some(ledger));
        let limit = limits.of(&vendor, "k", "m", requests(1));
        assert!(fits(&limit, tokens(1, 1)).await);
        assert!(!fits(&limit, tokens(1, 1)).await);
        assert!(limits.take_warning().unwrap().contains("for this process only"));
        assert_eq!(limits.take_warning(), None);
    }
}
