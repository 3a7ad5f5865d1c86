//! Prompts that are too long for a model: known before sending where the price table says how much fits, else from its error.

use super::call::{Ask, Llm};
use super::fault::Fault;
use super::tally::Tally;
use super::types::{CallError, Class, Request};

/// The provider's own word for it, whatever its status: `classify` and the endings give one code to all of them.
pub(super) const TOO_LONG: &str = "context_too_long";

pub(super) fn is_too_long(fault: &Fault) -> bool {
    fault.code.as_deref() == Some(TOO_LONG)
}

/// Prose takes more than four bytes a token and tables fewer: what is too long by this is too long by any count.
fn tokens_at_least(request: &Request) -> u64 {
    let schema = request
        .schema
        .as_ref()
        .map_or(0, |schema| schema.value.to_string().len());
    let bytes = request.system.len() + request.prompt.len() + schema;
    bytes as u64 / 5 + u64::from(request.max_output_tokens)
}

impl Llm {
    /// Why this model need not be asked: its window is known to be too small, or no larger than one that was.
    pub(super) fn too_small(&self, ask: &Ask<'_>, tally: &Tally) -> Option<CallError> {
        let window = ask.known.context_window?;
        let needed = tokens_at_least(ask.request);
        let seen = tally.too_small_window().is_some_and(|small| window <= small);
        if needed <= window && !seen {
            return None;
        }
        let message = match needed > window {
            true => {
                format!("not asked: prompt and reply take at least {needed} tokens, its context window holds {window}")
            }
            false => {
                format!("not asked: its context window of {window} tokens is no larger than one that was too small")
            }
        };
        let fault = Fault::new(Class::Permanent, message).code(TOO_LONG);
        Some(fault.into_error(ask.target, None, &self.redactor))
    }
}
