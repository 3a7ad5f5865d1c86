use super::*;

fn http(path: &str, body: &str) -> HttpRequest {
    HttpRequest {
        path: path.into(),
        headers: Vec::new(),
        body: body.into(),
    }
}

fn request() -> Request {
    Request {
        role: "x".to_owned(),
        system: String::new(),
        prompt: String::new(),
        schema: None,
        max_output_tokens: 1,
        temperature: None,
    }
}

fn decoded(text: &str) -> Decoded {
    Decoded {
        text: text.to_owned(),
        finish: Finish::Stop,
        usage: Usage {
            input_tokens: 7,
            ..Usage::default()
        },
        answered_model: None,
        cost_usd: Some(0.5),
        first_token: None,
    }
}

fn soon() -> Instant {
    clock::now() + Duration::from_secs(60)
}

#[test]
fn any_byte_makes_another_key() {
    let vendor = Vendor::known("openai").expect("a row");
    let of = |vendor: &Vendor, path: &str, body: &str| key(vendor, &request(), &http(path, body));
    let first = of(&vendor, "/a", "b");
    assert_eq!(first, of(&vendor.clone().with_key("other".into(), "test"), "/a", "b"));
    assert_ne!(first, of(&vendor, "/ab", ""));
    assert_ne!(first, of(&vendor, "/a", "b "));
    let elsewhere = Vendor {
        base_url: "https://other".into(),
        ..vendor
    };
    assert_ne!(first, of(&elsewhere, "/a", "b"));
}

#[test]
fn a_reply_is_fresh_up_to_its_age_and_never_when_it_comes_from_the_future() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a stamp");
    let hour = Duration::from_secs(3600);
    for (created, fresh) in [
        ("2026-11-20T12:00:00Z", true),
        ("2026-11-20T11:00:00Z", true),
        ("2026-11-20T10:59:59Z", false),
        ("2026-11-20T12:00:01Z", false),
    ] {
        assert_eq!(
            is_fresh(created.parse().expect("a stamp"), now, hour),
            fresh,
            "{created}"
        );
    }
}

fn cache(mode: CacheMode) -> Arc<Cache> {
    Arc::new(Cache::new(mode, LONGEST_AGE, None))
}

/// Takes the seat, says how often it was the one to ask, and lands after a while.
async fn ask(cache: &Cache, asked: &Mutex<u32>) -> Decoded {
    let mut flight = cache.flight(Some("k"), soon()).await.expect("in time");
    if let Some(landed) = flight.as_ref().and_then(Flight::landed) {
        return landed;
    }
    *asked.lock().expect("no panic") += 1;
    clock::sleep(Duration::from_secs(1)).await;
    cache.keep(Some("k"), flight.as_mut(), &decoded("reply"));
    decoded("reply")
}

#[tokio::test(start_paused = true)]
async fn equal_calls_at_once_are_one_request_and_the_others_cost_nothing() {
    let (cache, asked) = (cache(CacheMode::On), Arc::new(Mutex::new(0)));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (cache, asked) = (Arc::clone(&cache), Arc::clone(&asked));
        calls.spawn(async move { ask(&cache, &asked).await });
    }
    let replies = calls.join_all().await;
    assert_eq!(*asked.lock().expect("no panic"), 1);
    assert_eq!(replies.iter().filter(|reply| reply.cost_usd == Some(0.0)).count(), 4);
    let late = ask(&cache, &asked).await;
    assert_eq!(
        (late.cost_usd, late.usage),
        (Some(0.0), Usage::default()),
        "right after it, too"
    );
    cache.forget("k");
    ask(&cache, &asked).await;
    assert_eq!(
        *asked.lock().expect("no panic"),
        2,
        "a forgotten reply is asked for again"
    );
}

#[tokio::test(start_paused = true)]
async fn when_the_first_is_dropped_the_next_one_goes() {
    let (cache, asked) = (cache(CacheMode::On), Arc::new(Mutex::new(0)));
    let leader = tokio::spawn({
        let (cache, asked) = (Arc::clone(&cache), Arc::clone(&asked));
        async move { ask(&cache, &asked).await }
    });
    clock::sleep(Duration::from_millis(500)).await;
    let waiter = tokio::spawn({
        let (cache, asked) = (Arc::clone(&cache), Arc::clone(&asked));
        async move { ask(&cache, &asked).await }
    });
    clock::sleep(Duration::from_millis(100)).await;
    leader.abort();
    let reply = waiter.await.expect("no panic");
    assert_eq!((reply.cost_usd, *asked.lock().expect("no panic")), (Some(0.5), 2));
    assert!(cache.seats.lock().expect("no panic").seats.len() <= 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_another_call_has_an_end_and_leaves_nothing_behind() {
    let cache = cache(CacheMode::Read);
    let held = cache.flight(Some("k"), soon()).await.expect("in time");
    assert!(
        cache
            .flight(Some("k"), clock::now() + Duration::from_secs(1))
            .await
            .is_err()
    );
    drop(held);
    assert!(cache.seats.lock().expect("no panic").seats.is_empty());
    assert!(
        self::cache(CacheMode::Write)
            .flight(Some("k"), soon())
            .await
            .is_ok_and(|flight| flight.is_none())
    );
}

#[test]
fn only_whole_replies_are_kept() {
    assert!(write(&decoded("x")).is_some());
    for finish in [Finish::Length, Finish::Filtered, Finish::Refusal] {
        assert!(write(&Decoded { finish, ..decoded("x") }).is_none());
    }
}
