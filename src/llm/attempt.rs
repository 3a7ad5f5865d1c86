//! One attempt: what it may take, the exchange itself within its time, and what its end means for everybody else.

use std::time::Duration;

use tokio::time::timeout_at;

use super::call::{Ask, Llm, Received};
use super::dialect::{Decoded, estimate_tokens};
use super::exchange::{HttpReply, HttpRequest};
use super::fault::{Fault, Kind};
use super::limit::{Estimate, Reservation};
use super::spend::ReservedAttempt;
use super::tally::Tally;
use super::types::{CallError, Class, Usage};
use super::unreachable;
use crate::clock::{self, Instant};

impl Llm {
    pub(super) fn succeeded(
        &self,
        ask: &Ask<'_>,
        mut decoded: Decoded,
        took: Duration,
        body_length: usize,
        reserved: ReservedAttempt,
        tally: &mut Tally,
    ) -> Decoded {
        if decoded.usage.estimated {
            decoded.usage.input_tokens = estimate_tokens(body_length);
        }
        // A host may send back whatever it was sent.
        decoded.text = self.redactor.without_secrets(decoded.text);
        decoded.answered_model = decoded.answered_model.map(|model| self.redactor.without_secrets(model));
        self.found_healthy(ask);
        let cost = decoded.cost_usd;
        let cost = cost.or_else(|| ask.known.cost(&decoded.usage));
        tally.attempt(ask.target, took, decoded.usage, None);
        tally.spend(decoded.usage, cost);
        reserved.settle(&decoded.usage, cost);
        decoded
    }

    pub(super) fn stumbled(
        &self,
        ask: &Ask<'_>,
        fault: &Fault,
        reply: Option<&HttpReply>,
        (started, took): (Instant, Duration),
        reserved: ReservedAttempt,
        tally: &mut Tally,
    ) -> CallError {
        let mut error = fault.clone().into_error(ask.target, reply, &self.redactor);
        if fault.kind == Kind::ModelGone {
            error
                .message
                .push_str(&format!("; configured are {}", self.configured()));
        }
        if fault.kind == Kind::Declined {
            tally.declined += 1;
        }
        tracing::debug!(
            role = ask.request.role.as_str(),
            vendor = ask.vendor.name.as_str(),
            class = ?fault.class,
            kind = ?fault.kind,
            status = error.status,
            millis = took.as_millis(),
            "attempt failed"
        );
        tally.attempt(ask.target, took, fault.usage, Some(error.clone()));
        self.settle_failed(ask, fault, reply, reserved, tally);
        self.judge_health(ask, fault, &error, started);
        error
    }

    /// One exchange, bounded by the attempt's and the call's time.
    pub(super) async fn exchange(&self, ask: &Ask<'_>, http: HttpRequest) -> Received {
        let own = clock::now() + self.options.attempt_timeout;
        let exchange = async {
            let http = match self.streaming(ask) {
                None => http,
                Some(usage) => match self.stream(ask, http, usage).await {
                    Some(exchanged) => return exchanged,
                    // The same question once more, which hardly ever happens: a copy for that would cost every call.
                    None => ask.encoded(&self.adjustments_of(ask.target)),
                },
            };
            let sent = match ask.vendor.is_mock() {
                true => Ok(self.mock.send(ask.vendor.dialect, &ask.target.model, ask.request).await),
                false => self.wire.send(&ask.vendor.base_url, http).await,
            };
            match sent {
                Ok(reply) => (
                    ask.vendor.dialect.decode(ask.vendor, &reply, clock::wall()),
                    Some(reply),
                ),
                Err(fault) => (Err(unreachable::classify(ask.vendor, &fault)), None),
            }
        };
        match timeout_at(own.min(ask.deadline), exchange).await {
            Ok(exchanged) => exchanged,
            Err(_) if ask.deadline <= own => {
                let message = "the time for this call ran out while waiting for the reply";
                (Err(Fault::new(Class::Deadline, message).code("deadline")), None)
            }
            Err(_) => {
                let seconds = self.options.attempt_timeout.as_secs_f64();
                let message = format!("no whole reply within {seconds} s");
                (Err(Fault::new(Class::Transient, message).code("timeout")), None)
            }
        }
    }
}

pub(super) fn estimate(ask: &Ask<'_>, http: &HttpRequest) -> Estimate {
    Estimate {
        input_tokens: estimate_tokens(http.body.len()),
        output_tokens: u64::from(ask.request.max_output_tokens),
    }
}

/// A failed attempt took what its reply says; one that was refused took no output; one that was cut keeps what it reserved.
pub(super) fn give_back(reservation: Reservation, fault: &Fault, reply: Option<&HttpReply>) {
    if fault.usage != Usage::default() {
        reservation.settle(&fault.usage);
    } else if reply.is_some_and(|reply| !reply.is_success()) {
        reservation.refused();
    }
}
