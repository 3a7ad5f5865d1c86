//! Runs one fault through the call layer over real HTTP and reads off what it did, in the table's words.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use insights::event::{Event, Events};
use insights::llm::{Completion, Failed, Llm, Options, PrivateHosts, Request, Route, Schema, Target, Vendor};
use serde_json::json;

use super::scripts::{Script, Serve, good};
use super::table::Line;
use crate::support::server::Server;

pub(super) const KEY: &str = "CANARY-5e1f\"0+a/9";
/// Small, so that the schedules differ in size and nobody waits long: backoff is 5, 10, 20 ms, overload 50, 150, 450 ms.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(5);
/// What opens a breaker.
const FAILURES_IN_A_ROW: usize = 5;

/// Where the fault is, and how long it may take.
pub(super) struct Place {
    pub vendor: &'static str,
    /// With the version path where the vendor has one.
    pub base_url: String,
    pub attempt_timeout: Duration,
    pub connect_timeout: Duration,
}

/// The line of the table that this fault shows; `exit` is left at 0.
pub(super) async fn observe(case: &str, script: Script, wait: &str) -> Line {
    let server = match script.serve {
        Serve::Step(step) => Server::with([*step]),
        Serve::Nobody => Server::with([good(script.vendor)]),
    };
    let path = match script.vendor {
        "anthropic" | "gemini" => "",
        _ => "/v1",
    };
    let place = Place {
        vendor: script.vendor,
        base_url: server.url(path),
        attempt_timeout: Duration::from_secs(if script.silent { 1 } else { 30 }),
        connect_timeout: Duration::from_secs(10),
    };
    let nobody = case == "65 refused";
    let server = (!nobody).then_some(server);
    let line = observe_at(case, &place, wait).await;
    if let Some(server) = server {
        assert!(server.connections() > 0, "{case}: the fault was never met");
    }
    line
}

pub(super) async fn observe_at(case: &str, place: &Place, wait: &str) -> Line {
    let alone = Calls::new(place, 4, None);
    let outcome = alone.call("geographic").await;
    let class = class(&outcome);
    check_secrecy(case, &outcome, &alone.heard());
    let tries = alone.tries("m-1");
    let waited = alone.waits(wait);

    let spare = Server::with([good("groq")]);
    let with_other = Calls::new(place, 4, Some(&spare));
    let outcome = with_other.call("geographic").await;
    let before = with_other.tries("m-1");
    let then = match &outcome {
        Ok(completion) if completion.provider == "groq" && before != tries => format!("next model after {before}"),
        Ok(completion) if completion.provider == "groq" => "next model".to_owned(),
        Ok(_) => "answer".to_owned(),
        Err(_) => "caller".to_owned(),
    };
    Line {
        case: case.to_owned(),
        class,
        tries,
        wait: waited,
        then,
        breaker: breaker(place, &spare).await,
        exit: 0,
    }
}

/// Six calls with one try each and another model behind, then one for another model of the same key.
async fn breaker(place: &Place, spare: &Server) -> String {
    let calls = Calls::new(place, 1, Some(spare));
    let mut queued = Duration::ZERO;
    for _ in 0..=FAILURES_IN_A_ROW {
        if let Ok(completion) = calls.call("geographic").await {
            queued += completion.limiter_wait;
        }
    }
    let tries = calls.tries("m-1") as usize;
    let _ = calls.call("cohort").await;
    let same_key = calls.tries("m-2");
    let paused = queued > Duration::from_millis(100);
    match (tries, same_key, paused) {
        (6, 1, false) => "–".to_owned(),
        (6, 1, true) => "key paused".to_owned(),
        (1, 0, _) if calls.heard().iter().any(|event| says(event, "asked to wait")) => "key paused".to_owned(),
        (1, 0, _) => "key off".to_owned(),
        (1, 1, _) => "model off".to_owned(),
        (FAILURES_IN_A_ROW, 1, _) => "counts".to_owned(),
        other => format!("{other:?}"),
    }
}

fn says(event: &Event, words: &str) -> bool {
    matches!(event, Event::Warning { message } if message.contains(words))
}

/// A call layer with `m-1` (and `m-2` for the role `cohort`) at the faulty place, and what it said.
pub(super) struct Calls {
    llm: Llm,
    heard: Arc<Mutex<Vec<Event>>>,
    vendor: &'static str,
}

impl Calls {
    pub(super) fn new(place: &Place, attempts: u32, spare: Option<&Server>) -> Self {
        let mut vendors = vec![vendor_at(place.vendor, &place.base_url)];
        let mut targets = vec![Target::new(place.vendor, "m-1")];
        let mut others = vec![Target::new(place.vendor, "m-2")];
        if let Some(spare) = spare {
            vendors.push(vendor_at("groq", &spare.url("/v1")));
            for list in [&mut targets, &mut others] {
                list.push(Target::new("groq", "spare"));
            }
        }
        let mut routes = Route::to(targets);
        routes.roles.insert("cohort".to_owned(), others);
        let heard: Arc<Mutex<Vec<Event>>> = Arc::default();
        let listener = heard.clone();
        let options = Options {
            vendors,
            routes,
            attempts,
            call_attempts: attempts * 2,
            attempt_timeout: place.attempt_timeout,
            connect_timeout: place.connect_timeout,
            first_wait: FIRST_WAIT,
            ..Options::default()
        };
        let events = Events::new(move |event| listener.lock().unwrap().push(event));
        Self {
            llm: Llm::new(options, None, events).unwrap(),
            heard,
            vendor: place.vendor,
        }
    }

    pub(super) async fn call(&self, role: &str) -> Result<Completion, Failed> {
        self.llm.complete(&request(role), None).await
    }

    pub(super) fn heard(&self) -> Vec<Event> {
        self.heard.lock().unwrap().clone()
    }

    /// Requests that were sent to this model.
    pub(super) fn tries(&self, model: &str) -> u32 {
        let name = format!("{}:{model}", self.vendor);
        let all = self.heard();
        let tries = all
            .iter()
            .filter(|event| matches!(event, Event::CallAttempt { model, .. } if *model == name));
        u32::try_from(tries.count()).unwrap()
    }

    /// The waits between the tries, named: a schedule if they fit one, else the longest in the form of `expected`.
    fn waits(&self, expected: &str) -> String {
        let waits: Vec<u64> = self
            .heard()
            .iter()
            .filter_map(|event| match event {
                Event::CallRetry { wait_millis, .. } => Some(*wait_millis),
                _ => None,
            })
            .collect();
        if waits.is_empty() {
            return "–".to_owned();
        }
        let fits = |least: [u64; 3], most: [u64; 3]| {
            let bounds = least.iter().zip(&most);
            waits
                .iter()
                .zip(bounds)
                .all(|(wait, (least, most))| least <= wait && wait <= most)
        };
        let asked = expected
            .strip_suffix(" s")
            .and_then(|seconds| seconds.parse::<f64>().ok());
        match asked {
            _ if fits([0; 3], [5, 10, 20]) => "backoff".to_owned(),
            _ if fits([40, 120, 360], [60, 180, 540]) => "overload".to_owned(),
            Some(seconds) if waits.iter().all(|wait| *wait == (seconds * 1e3) as u64) => expected.to_owned(),
            _ => format!("{waits:?} ms"),
        }
    }
}

pub(super) fn vendor_at(name: &str, base_url: &str) -> Vendor {
    Vendor {
        requests_per_minute: None,
        ..Vendor::known(name).unwrap()
    }
    .with_key(KEY.into(), "test")
    .with_base_url(base_url, "test", PrivateHosts::Refused)
    .unwrap()
}

pub(super) fn request(role: &str) -> Request {
    Request {
        role: role.to_owned(),
        system: "be brief".to_owned(),
        prompt: format!("tables for {role}"),
        schema: Some(Schema {
            name: "reply".to_owned(),
            value: json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        }),
        max_output_tokens: 500,
        temperature: None,
    }
}

fn class(outcome: &Result<Completion, Failed>) -> String {
    let Err(failed) = outcome else {
        return "answered".to_owned();
    };
    let word = serde_json::to_value(failed.error.class).unwrap();
    word.as_str().unwrap().replace('_', " ")
}

/// Nothing that leaves the layer holds a key, an address of ours, or the prompt that a host quoted.
fn check_secrecy(case: &str, outcome: &Result<Completion, Failed>, heard: &[Event]) {
    let said = match outcome {
        Ok(completion) => format!("{completion:?} {heard:?}"),
        Err(failed) => format!(
            "{failed} {failed:?} {heard:?} {}",
            serde_json::to_string(&failed.error).unwrap()
        ),
    };
    for secret in ["CANARY", "203.0.113.9", "<html", "flagged_input"] {
        assert!(!said.contains(secret), "{case}: `{secret}` in {said}");
    }
}
