//! The money of one attempt: its worst case reserved before it leaves, what it took settled after.

use super::budget::{Amount, OverBudget, Reserved};
use super::call::{Ask, Asked, Llm};
use super::exchange::{HttpReply, HttpRequest};
use super::fault::Fault;
use super::tally::Tally;
use super::target::Target;
use super::types::{Class, Usage};

/// Room in the run's budget for one attempt, and what it may take at most.
pub(super) struct ReservedAttempt {
    reserved: Reserved,
    usage: Usage,
    cost_usd: Option<f64>,
}

impl ReservedAttempt {
    /// The attempt leaves: from here on it may be billed, whatever becomes of it.
    pub(super) fn sent(&mut self, target: &Target, tally: &mut Tally) {
        self.reserved.sent();
        tally.sent(target, self.usage, self.cost_usd);
    }

    pub(super) fn settle(self, usage: &Usage, cost_usd: Option<f64>) {
        self.reserved.settle(Amount {
            cost_usd,
            tokens: usage.input_tokens + usage.output_tokens,
        });
    }
}

/// No table was seen to take more than a token for two bytes: JSON rows take one for 2.7.
fn worst_usage(body_length: usize, max_output_tokens: u32) -> Usage {
    Usage {
        input_tokens: (body_length as u64).div_ceil(2),
        output_tokens: u64::from(max_output_tokens),
        estimated: true,
        ..Usage::default()
    }
}

/// What a failed attempt was billed.
#[derive(Debug, PartialEq, Eq)]
enum Billed {
    Said(Usage),
    Nothing,
    /// It was sent, and no word came of its price.
    Unknown,
}

fn billed(fault: &Fault, reply: Option<&HttpReply>) -> Billed {
    const NEVER_SENT: [&str; 8] = [
        "connection_refused",
        "connect_timeout",
        "dns",
        "certificate",
        "connect",
        "no_client",
        "proxy",
        "replay_miss",
    ];
    match (fault.usage == Usage::default(), reply) {
        (false, _) => Billed::Said(fault.usage),
        // An error is not billed; a success that could not be used may be.
        (true, Some(reply)) if reply.is_success() => Billed::Unknown,
        (true, Some(_)) => Billed::Nothing,
        (true, None) if fault.code.as_deref().is_some_and(|code| NEVER_SENT.contains(&code)) => Billed::Nothing,
        (true, None) => Billed::Unknown,
    }
}

impl Llm {
    /// Waits for room where only others' open reservations take it; without room this model is not asked.
    pub(super) async fn reserve(
        &self,
        ask: &Ask<'_>,
        http: &HttpRequest,
        tally: &mut Tally,
    ) -> Result<ReservedAttempt, Asked> {
        let usage = worst_usage(http.body.len(), ask.request.max_output_tokens);
        let cost_usd = ask
            .known
            .price
            .map(|price| price.at_most(usage.input_tokens, usage.output_tokens));
        let worst = Amount {
            cost_usd,
            tokens: usage.input_tokens + usage.output_tokens,
        };
        match self.budget.reserve(worst, ask.deadline).await {
            Ok(reserved) => Ok(ReservedAttempt {
                reserved,
                usage,
                cost_usd,
            }),
            Err(over) => Err(self.over_budget(ask, tally, over)),
        }
    }

    /// Only money may still allow another model, a cheaper one.
    fn over_budget(&self, ask: &Ask<'_>, tally: &mut Tally, over: OverBudget) -> Asked {
        let fault = Fault::new(Class::Budget, over.message).code(over.code);
        tally.note(fault.into_error(ask.target, None, &self.redactor));
        match over.code == "max_cost" && ask.another_target {
            true => Asked::GivenUp,
            false => Asked::Stop,
        }
    }

    pub(super) fn settle_failed(
        &self,
        ask: &Ask<'_>,
        fault: &Fault,
        reply: Option<&HttpReply>,
        reserved: ReservedAttempt,
        tally: &mut Tally,
    ) {
        match billed(fault, reply) {
            Billed::Said(usage) => {
                let cost = ask.known.cost(&usage);
                tally.spend(usage, cost);
                reserved.settle(&usage, cost);
            }
            Billed::Nothing => reserved.settle(&Usage::default(), Some(0.0)),
            // Dropped after it was sent, the reservation counts as spent.
            Billed::Unknown => {
                if let Some(attempt) = tally.attempts.last_mut() {
                    attempt.usage = reserved.usage;
                }
                tally.spend(reserved.usage, reserved.cost_usd);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_billed_as_its_end_says() {
        let reply = |status| HttpReply {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        };
        let fault = |code: &str| Fault::new(Class::Transient, "x").code(code);
        let usage = Usage {
            output_tokens: 9,
            ..Usage::default()
        };
        for (fault, reply, expected) in [
            (fault("truncated").usage(usage), Some(reply(200)), Billed::Said(usage)),
            (fault("rate_limit"), Some(reply(429)), Billed::Nothing),
            (fault("server_error"), Some(reply(500)), Billed::Nothing),
            (fault("cut_off"), Some(reply(200)), Billed::Unknown),
            (fault("cut_off"), None, Billed::Unknown),
            (fault("timeout"), None, Billed::Unknown),
            (fault("connection_refused"), None, Billed::Nothing),
        ] {
            assert_eq!(billed(&fault, reply.as_ref()), expected, "{fault:?}");
        }
    }
}
