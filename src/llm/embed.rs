//! Vectors for texts: the same loop as a completion's, without its cache, since vectors are large and their users keep them.

use serde_json::json;

use super::call::{Ask, Asked, Llm};
use super::dialect::Dialect;
use super::fault::Fault;
use super::tally::Tally;
use super::target::Target;
use super::types::{Class, Failed, Request, Usage};
use super::vendor::{Streaming, Vendor};
use crate::clock::{self, Instant};

/// A vector for each text, in their order, and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    pub vectors: Vec<Vec<f32>>,
    pub usage: Usage,
    pub cost_usd: Option<f64>,
}

impl Llm {
    /// Asks one model for the vectors of all texts at once; retries, limits and the budget are those of any call.
    pub async fn embed(
        &self,
        role: &str,
        target: &Target,
        texts: &[&str],
        deadline: Option<Instant>,
    ) -> Result<Embedded, Failed> {
        let request = Request {
            role: role.to_owned(),
            system: String::new(),
            prompt: json!(texts).to_string(),
            schema: None,
            max_output_tokens: 0,
            temperature: None,
        };
        let started = clock::now();
        let mut tally = Tally::after(0);
        if let Some(Asked::Answered(mut answer)) = self.ask_in_vectors(&request, target, deadline, &mut tally).await {
            let text = std::mem::take(&mut answer.decoded.text);
            match vectors(&text, texts.len()) {
                Ok(vectors) => {
                    let completion = tally.completion(*answer);
                    self.tell_success(&request, target, &completion, started);
                    return Ok(Embedded {
                        vectors,
                        usage: completion.usage,
                        cost_usd: completion.cost_usd,
                    });
                }
                Err(message) => {
                    let fault = Fault::new(Class::Output, message).code("no_vector");
                    tally.note(fault.into_error(target, None, &self.redactor));
                }
            }
        }
        let failed = tally.failed(role);
        self.tell_failure(&request, &failed, started);
        Err(failed)
    }

    async fn ask_in_vectors(
        &self,
        request: &Request,
        target: &Target,
        deadline: Option<Instant>,
        tally: &mut Tally,
    ) -> Option<Asked> {
        let vendor = Vendor {
            dialect: Dialect::Embeddings,
            streaming: Streaming::No,
            ..self.vendors.get(&target.vendor)?.clone()
        };
        let own = clock::now() + self.options.call_timeout;
        let ask = Ask {
            request,
            target,
            known: self.known(&vendor, target),
            vendor: &vendor,
            deadline: deadline.map_or(own, |given| given.min(own)),
            another_target: false,
            attempts: self.options.attempts,
            again: false,
        };
        Some(self.ask(&ask, tally).await)
    }
}

fn vectors(text: &str, n_texts: usize) -> Result<Vec<Vec<f32>>, String> {
    let vectors: Vec<Vec<f32>> =
        serde_json::from_str(text).map_err(|error| format!("a vector cannot be read: {error}"))?;
    match vectors.len() == n_texts {
        true => Ok(vectors),
        false => Err(format!("{} vectors came for {n_texts} texts", vectors.len())),
    }
}
