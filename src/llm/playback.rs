//! One exchange, written to a cassette or read from one in place of the network.

use std::time::Duration;

use super::call::{Ask, Llm};
use super::cassette::{Cassette, Sent, Taken, Tape};
use super::dialect::Decoded;
use super::exchange::{HttpReply, HttpRequest};
use super::fault::{Fault, Kind};
use super::types::Class;
use crate::clock;
use crate::event::Event;

/// The code of a request that the recording does not hold.
pub(super) const MISS: &str = "replay_miss";

pub(super) struct Exchanged {
    pub outcome: Result<Decoded, Fault>,
    pub reply: Option<HttpReply>,
    /// Whole microseconds, so that a recording holds it exactly.
    pub took: Duration,
}

impl Llm {
    pub(super) async fn exchanged(&self, ask: &Ask<'_>, http: HttpRequest) -> Exchanged {
        if let Cassette::Replay(tape) = &self.options.cassette {
            return replayed(ask, tape, &http);
        }
        let sent = self.recorder.as_ref().map(|_| Sent::of(&http));
        let started = clock::now();
        let (outcome, reply) = self.exchange(ask, http).await;
        let took = started.elapsed();
        let took = took - Duration::from_nanos(u64::from(took.subsec_nanos() % 1_000));
        if let Some(sent) = sent {
            let fault = outcome.as_ref().err().cloned();
            let taken = Taken { reply, fault, took };
            self.record_exchange(ask, &sent, &taken);
            return Exchanged {
                outcome,
                reply: taken.reply,
                took,
            };
        }
        Exchanged { outcome, reply, took }
    }

    fn record_exchange(&self, ask: &Ask<'_>, sent: &Sent, taken: &Taken) {
        let Some(recorder) = &self.recorder else { return };
        let written = recorder.add(&ask.request.role, ask.target, &ask.vendor.base_url, sent, taken);
        if let Err(error) = written {
            let message = format!(
                "the recording is not complete: an exchange of `{}` was not written: {error}",
                ask.request.role
            );
            self.events.say(Event::Warning { message });
        }
    }
}

/// A reply is read as it was then; only without one the recorded fault stands for it.
fn replayed(ask: &Ask<'_>, tape: &Tape, http: &HttpRequest) -> Exchanged {
    match tape.take(&ask.request.role, ask.target, http) {
        Ok(taken) => {
            let outcome = match (&taken.reply, taken.fault) {
                (Some(reply), None) => ask.vendor.dialect.decode(ask.vendor, reply, clock::wall()),
                (_, Some(fault)) => Err(fault),
                (None, None) => Err(miss("the recording holds nothing for this request".to_owned())),
            };
            Exchanged {
                outcome,
                reply: taken.reply,
                took: taken.took,
            }
        }
        Err(why) => Exchanged {
            outcome: Err(miss(why)),
            reply: None,
            took: Duration::ZERO,
        },
    }
}

fn miss(why: String) -> Fault {
    Fault::new(Class::Configuration, why).code(MISS).kind(Kind::Never)
}
