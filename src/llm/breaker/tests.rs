use super::*;
use crate::clock;

const LIMIT: Duration = Duration::from_secs(60);

fn after(start: Instant, seconds: f64) -> Instant {
    start + Duration::from_secs_f64(seconds)
}

#[tokio::test]
async fn five_in_a_row_open_and_one_probe_closes() {
    let start = clock::now();
    let mut breaker = Breaker::default();
    for step in 0..5 {
        assert_eq!(breaker.admit(after(start, f64::from(step)), LIMIT), Admit::Yes);
        breaker.failed(
            after(start, f64::from(step)),
            after(start, f64::from(step) + 0.5),
            "503",
        );
    }
    let now = after(start, 5.0);
    assert_eq!(
        breaker.admit(now, LIMIT),
        Admit::Later {
            wait: Duration::from_millis(4_500),
            because: "503"
        }
    );
    let now = after(start, 9.5);
    assert_eq!(breaker.admit(now, LIMIT), Admit::Yes);
    assert_eq!(
        breaker.admit(now, LIMIT),
        Admit::Later {
            wait: LOOK_AGAIN,
            because: "503"
        }
    );
    breaker.healthy();
    assert_eq!(breaker.admit(now, LIMIT), Admit::Yes);
    assert_eq!(breaker, Breaker::default());
}

#[tokio::test]
async fn a_failed_probe_confirms_and_nobody_waits() {
    let start = clock::now();
    let mut breaker = Breaker::default();
    for step in 0..5 {
        breaker.failed(
            after(start, f64::from(step)),
            after(start, f64::from(step) + 0.5),
            "503",
        );
    }
    assert_eq!(breaker.admit(after(start, 10.0), LIMIT), Admit::Yes);
    breaker.failed(after(start, 10.0), after(start, 10.2), "503");
    assert_eq!(breaker.admit(after(start, 11.0), LIMIT), Admit::No { because: "503" });
    assert_eq!(breaker.admit(after(start, 41.0), LIMIT), Admit::Yes);
}

#[tokio::test]
async fn a_probe_that_was_dropped_is_replaced() {
    let start = clock::now();
    let mut breaker = Breaker::default();
    for step in 0..5 {
        breaker.failed(
            after(start, f64::from(step)),
            after(start, f64::from(step) + 0.5),
            "503",
        );
    }
    assert_eq!(breaker.admit(after(start, 10.0), LIMIT), Admit::Yes);
    assert_eq!(breaker.admit(after(start, 71.0), LIMIT), Admit::Yes);
}

#[tokio::test]
async fn calls_that_failed_side_by_side_count_once() {
    let start = clock::now();
    let mut breaker = Breaker::default();
    for _ in 0..6 {
        breaker.failed(start, after(start, 0.1), "500");
    }
    assert_eq!(breaker.admit(after(start, 0.2), LIMIT), Admit::Yes);
}

#[tokio::test]
async fn off_is_off_until_it_has_rested() {
    let start = clock::now();
    let mut breaker = Breaker::default();
    breaker.switch_off(start, LIMIT, "no credit");
    breaker.healthy();
    breaker.failed(start, start, "500");
    let never = Admit::Never { because: "no credit" };
    assert_eq!(breaker.admit(after(start, 59.0), LIMIT), never);
    assert_eq!(breaker.off(after(start, 59.0)), Some("no credit"));
    assert_eq!(breaker.admit(after(start, 60.0), LIMIT), Admit::Yes);
    assert_eq!(breaker.admit(after(start, 60.0), LIMIT), never);
    breaker.healthy();
    assert_eq!(breaker, Breaker::default());
}

fn carried(start: Instant, until: Instant, hold: Hold) -> Breaker<&'static str> {
    let open = Open {
        since: start,
        until,
        because: "401",
        hold,
    };
    Breaker::carried(open, 1)
}

#[tokio::test]
async fn what_an_earlier_run_left_open_gets_one_probe_for_which_the_others_wait() {
    let start = clock::now();
    let mut breaker = carried(start, start, Hold::Soft);
    assert_eq!(breaker.admit(start, LIMIT), Admit::Yes);
    assert!(matches!(breaker.admit(start, LIMIT), Admit::Later { .. }));
    breaker.failed(start, after(start, 1.0), "503");
    assert_eq!(breaker.admit(after(start, 1.5), LIMIT), Admit::Never { because: "503" });
    assert_eq!(breaker.admit(after(start, 31.0), LIMIT), Admit::Yes);
    breaker.healthy();
    assert_eq!(breaker, Breaker::default());
}

#[tokio::test]
async fn a_probe_that_was_not_sent_makes_way_for_another() {
    let start = clock::now();
    let mut breaker = carried(start, start, Hold::Soft);
    assert_eq!(breaker.admit(start, LIMIT), Admit::Yes);
    breaker.withdraw(start);
    assert_eq!(breaker.admit(after(start, 0.1), LIMIT), Admit::Yes);
}
