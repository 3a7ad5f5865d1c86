//! One exchange, written to a cassette or read from one in place of the network.

use std::time::Duration;

use super::call::{Ask, Llm};
use super::cassette::{Cassette, Sent, Taken, Tape};
use super::dialect::Decoded;
use super::exchange::{HttpReply, HttpRequest};
use super::fault::{Fault, Kind};
use super::types::Class;
use crate::clock::{self, Instant};
use crate::event::Event;

/// The code of a request that the recording does not hold.
pub(super) const MISS: &str = "replay_miss";
/// The code of an exchange that nobody waited for to the end: a hedge was faster.
const CANCELLED: &str = "cancelled";

pub(super) struct Exchanged {
    pub outcome: Result<Decoded, Fault>,
    pub reply: Option<HttpReply>,
    /// Whole microseconds, so that a recording holds it exactly.
    pub took: Duration,
}

impl Llm {
    pub(super) async fn exchanged(&self, ask: &Ask<'_>, http: HttpRequest) -> Exchanged {
        if let Cassette::Replay(tape) = &self.options.cassette {
            let replayed = replayed(ask, tape, &http);
            let cancelled = |fault: &Fault| fault.code.as_deref() == Some(CANCELLED);
            if self.options.hedge_after.is_some() && replayed.outcome.as_ref().err().is_some_and(cancelled) {
                // As then, the other model answers meanwhile.
                clock::sleep(ask.deadline.saturating_duration_since(clock::now())).await;
            }
            return replayed;
        }
        let unfinished = self.recorder.as_ref().map(|_| Unfinished {
            llm: self,
            ask,
            sent: Some(Sent::of(&http)),
            started: clock::now(),
        });
        let started = clock::now();
        let (outcome, reply) = self.exchange(ask, http).await;
        let took = whole_micros(started.elapsed());
        match unfinished {
            Some(unfinished) => unfinished.finish(outcome, reply, took),
            None => Exchanged { outcome, reply, took },
        }
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

/// An exchange under way that will be recorded, even when it is dropped.
struct Unfinished<'a> {
    llm: &'a Llm,
    ask: &'a Ask<'a>,
    /// None once it is recorded.
    sent: Option<Sent>,
    started: Instant,
}

impl Unfinished<'_> {
    fn finish(mut self, outcome: Result<Decoded, Fault>, reply: Option<HttpReply>, took: Duration) -> Exchanged {
        let fault = outcome.as_ref().err().cloned();
        let taken = Taken { reply, fault, took };
        if let Some(sent) = self.sent.take() {
            self.llm.record_exchange(self.ask, &sent, &taken);
        }
        Exchanged {
            outcome,
            reply: taken.reply,
            took,
        }
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(sent) = self.sent.take() {
            let fault = Fault::new(Class::Deadline, "cancelled before a reply was there").code(CANCELLED);
            let taken = Taken {
                reply: None,
                fault: Some(fault),
                took: whole_micros(self.started.elapsed()),
            };
            self.llm.record_exchange(self.ask, &sent, &taken);
        }
    }
}

fn whole_micros(took: Duration) -> Duration {
    took - Duration::from_nanos(u64::from(took.subsec_nanos() % 1_000))
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
