//! Six calls at once meet a 429: all of them wait as long as one was told to, on a real wire.
//!
//! That they come back one by one and not together is shown on a paused clock in `src/llm/tests.rs`.

use std::time::{Duration, Instant};

use insights::event::Events;
use insights::llm::{Llm, Options, Route, Target};

use super::drive::{request, vendor_at};
use super::scripts::good;
use crate::support::server::{Server, Step, error};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_while_the_server_said_to_wait() {
    let limited = Step::status(429)
        .header("retry-after", "2")
        .body(error("rate_limit_exceeded", "slow down"));
    // Held until all six are under way, however slow the machine is.
    let mut steps = vec![limited.delay(Duration::from_millis(800)); 6];
    steps.push(good("openai"));
    let server = Server::with(steps);
    let options = Options {
        vendors: vec![vendor_at("openai", &server.url("/v1"))],
        routes: Route::to([Target::new("openai", "m-1")]),
        ..Options::default()
    };
    let llm = Llm::new(options, None, Events::silent()).unwrap();
    let requests: Vec<_> = (0..6).map(|role| request(&format!("role {role}"))).collect();
    let calls = requests.iter().map(|request| llm.complete(request, None));
    for outcome in futures::future::join_all(calls).await {
        assert_eq!(outcome.unwrap().attempts.len(), 2);
    }
    let arrivals: Vec<Instant> = server.requests().iter().map(|request| request.at).collect();
    assert_eq!(arrivals.len(), 12);
    let quiet = arrivals[6] - arrivals[5];
    assert!(quiet >= Duration::from_secs(2), "{quiet:?}");
}
