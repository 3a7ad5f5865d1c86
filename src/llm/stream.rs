//! A reply that comes in pieces: how long each may take, and what is said meanwhile.
//!
//! A stall is found in seconds, not when the attempt's time is over: the first token has a limit of its own, and so has the
//! pause between two tokens. Only tokens count, of the answer or of reasoning; comments, pings and empty chunks keep a
//! connection open without bringing an answer any nearer.

use std::time::Duration;

use tokio::time::timeout_at;

use super::call::{Ask, Llm, Received};
use super::dialect::{Assembly, Decoded, Stage, StreamUsage, estimate_tokens, is_stream, says_stream};
use super::exchange::HttpRequest;
use super::fault::{Fault, Feature};
use super::types::{Class, Usage};
use super::unreachable;
use super::vendor::Streaming;
use super::wire::{Incoming, WireFault};
use crate::clock::{self, Instant};
use crate::event::Event;

/// How long a whole reply's usage is waited for, and then the end of its connection, which can serve again after that.
const USAGE_LIMIT: Duration = Duration::from_secs(2);
const END_LIMIT: Duration = Duration::from_millis(50);
/// At most four times a second a call says how far it is.
const TICK: Duration = Duration::from_millis(250);

impl Llm {
    /// How this target is asked for a stream; None asks for the whole reply at once.
    pub(super) fn streaming(&self, ask: &Ask<'_>) -> Option<StreamUsage> {
        let adjustments = self.adjustments_of(ask.target);
        if !self.options.stream || ask.vendor.is_mock() || adjustments.has(Feature::Streaming) {
            return None;
        }
        match ask.vendor.streaming {
            Streaming::No => None,
            Streaming::WithUsage if !adjustments.has(Feature::StreamUsage) => Some(StreamUsage::Asked),
            Streaming::WithUsage | Streaming::Plain => Some(StreamUsage::Unasked),
        }
    }

    /// One streamed exchange; None if the host knows no streams, which is remembered: then the whole reply is asked for at once,
    /// as a part of the same attempt. A host that sends the whole reply all the same is as welcome.
    pub(super) async fn stream(&self, ask: &Ask<'_>, http: HttpRequest, usage: StreamUsage) -> Option<Received> {
        let vendor = ask.vendor;
        let asked_bytes = http.body.len();
        let http = vendor.dialect.ask_for_stream(http, usage);
        let started = clock::now();
        let first_token_by = started + self.options.first_token_timeout;
        let mut incoming = match timeout_at(first_token_by, self.wire.open(&vendor.base_url, http)).await {
            Ok(Ok(incoming)) => incoming,
            Ok(Err(fault)) => return Some((Err(unreachable::classify(vendor, &fault)), None)),
            Err(_) => return Some((Err(self.no_first_token()), None)),
        };
        let mut streamed = Streamed {
            llm: self,
            ask,
            started,
            last_token: None,
            ended: None,
            first_token: None,
            last_tick: started,
            assembly: None,
        };
        let end = streamed.read(&mut incoming, first_token_by).await;
        let (first_token, assembly) = (streamed.first_token, streamed.assembly);
        let reply = incoming.reply;
        let dialect = vendor.dialect;
        let outcome = match (end, assembly) {
            (End::Whole, None) => dialect.decode(vendor, &reply, clock::wall()),
            (End::Whole, Some(assembly)) => dialect.decode_stream(vendor, &reply, assembly, clock::wall()),
            (End::Fault(fault), None) => Err(*fault),
            (End::Fault(fault), Some(assembly)) => Err(fault.usage(assembly.usage())),
        };
        if dialect.has_no_stream_path(&reply) {
            self.leave_out(ask.target, Feature::Streaming);
            return None;
        }
        let outcome = match outcome {
            // Whatever the host had produced is billed, and so is what it had read.
            Err(fault) if fault.usage.estimated && fault.usage.input_tokens == 0 => {
                let input_tokens = estimate_tokens(asked_bytes);
                let usage = Usage {
                    input_tokens,
                    ..fault.usage
                };
                Err(fault.usage(usage))
            }
            outcome => outcome.map(|decoded| Decoded { first_token, ..decoded }),
        };
        Some((outcome, Some(reply)))
    }

    fn no_first_token(&self) -> Fault {
        let seconds = self.options.first_token_timeout.as_secs_f64();
        let message = format!("no token within {seconds} s");
        Fault::new(Class::Transient, message).code("first_token_timeout")
    }
}

/// How the reading ended: with something to decode, or without.
enum End {
    Whole,
    Fault(Box<Fault>),
}

/// A reply under way, and what was said of it.
struct Streamed<'a> {
    llm: &'a Llm,
    ask: &'a Ask<'a>,
    started: Instant,
    last_token: Option<Instant>,
    ended: Option<Instant>,
    first_token: Option<Duration>,
    last_tick: Instant,
    /// None while it is no stream.
    assembly: Option<Assembly>,
}

impl Streamed<'_> {
    async fn read(&mut self, incoming: &mut Incoming, first_token_by: Instant) -> End {
        let is_success = incoming.reply.is_success();
        if is_success && says_stream(&incoming.reply) {
            self.assembly = Some(Assembly::new(self.ask.vendor.dialect));
        }
        loop {
            let before = incoming.reply.body.len();
            let read = match self.next_by(first_token_by) {
                Some(limit) => timeout_at(limit, incoming.more()).await,
                None => Ok(incoming.more().await),
            };
            let stage = self.assembly.as_ref().map(Assembly::stage);
            match (read, stage) {
                (Ok(Ok(true)), _) => {}
                (Ok(Ok(false)), _) => return End::Whole,
                // The reply is whole: how its connection ends matters to nobody.
                (_, Some(Stage::Ended | Stage::Closed)) => return End::Whole,
                (Ok(Err(fault)), _) => return self.broken(&fault),
                (Err(_), Some(Stage::Producing)) => return self.stalled(),
                (Err(_), _) => return End::Fault(Box::new(self.llm.no_first_token())),
            }
            if is_success && before == 0 && self.assembly.is_none() && is_stream(&incoming.reply) {
                self.assembly = Some(Assembly::new(self.ask.vendor.dialect));
            }
            if let Some(assembly) = &mut self.assembly {
                let produced = assembly.produced();
                assembly.push(&incoming.reply.body[before..]);
                let (stage, now_produced) = (assembly.stage(), assembly.produced());
                if now_produced > produced {
                    self.tell(estimate_tokens(now_produced));
                }
                match stage {
                    Stage::Failed => return End::Whole,
                    Stage::Ended | Stage::Closed if self.ended.is_none() => self.ended = Some(clock::now()),
                    _ => {}
                }
            }
        }
    }

    /// When the next piece must be there; None leaves it to the attempt's own limit.
    fn next_by(&self, first_token_by: Instant) -> Option<Instant> {
        let assembly = self.assembly.as_ref()?;
        Some(match assembly.stage() {
            Stage::Waiting => first_token_by,
            Stage::Producing => self.last_token.unwrap_or(self.started) + self.llm.options.idle_timeout,
            Stage::Ended if !assembly.has_usage() => self.ended? + USAGE_LIMIT,
            Stage::Ended | Stage::Closed | Stage::Failed => self.ended? + END_LIMIT,
        })
    }

    fn tell(&mut self, tokens: u64) {
        let now = clock::now();
        self.last_token = Some(now);
        let (role, model) = (&self.ask.request.role, self.ask.target);
        if self.first_token.is_none() {
            let took = now - self.started;
            self.first_token = Some(took);
            self.last_tick = now;
            self.llm.events.say(Event::CallFirstToken {
                role: role.clone(),
                model: model.to_string(),
                millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            });
        } else if now - self.last_tick >= TICK {
            self.last_tick = now;
            self.llm.events.say(Event::CallTokens {
                role: role.clone(),
                model: model.to_string(),
                tokens,
            });
        }
    }

    fn stalled(&self) -> End {
        let seconds = self.llm.options.idle_timeout.as_secs_f64();
        let produced = self.assembly.as_ref().map_or(0, Assembly::produced);
        let message = format!(
            "the reply stopped after about {} tokens and nothing came for {seconds} s",
            estimate_tokens(produced)
        );
        End::Fault(Box::new(Fault::new(Class::Transient, message).code("stalled")))
    }

    fn broken(&self, fault: &WireFault) -> End {
        End::Fault(Box::new(unreachable::classify(self.ask.vendor, fault)))
    }
}
