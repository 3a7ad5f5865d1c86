//! Is a provider there, does the key work, does the model exist? Asked by a cheap GET that no provider bills.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout;

use super::call::Llm;
use super::classify;
use super::dialect::{Offer, offer};
use super::exchange::{HttpReply, HttpRequest};
use super::fault::Fault;
use super::target::Target;
use super::types::{CallError, Class};
use super::unreachable;
use super::vendor::Vendor;
use crate::clock;

/// Nobody waits longer to hear that a host is there.
const LIMIT: Duration = Duration::from_secs(10);

/// What a provider says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Availability {
    pub available: bool,
    /// Why not.
    pub error: Option<CallError>,
    /// Until the first answer.
    pub millis: u64,
    /// None when the provider lists none.
    pub models: Option<Vec<String>>,
    /// Of the key, where the provider tells it (OpenRouter).
    pub credit: Option<Credit>,
}

/// What a key may still spend.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Credit {
    /// US dollars; None has no limit, or none that is told.
    pub remaining_usd: Option<f64>,
    pub free_tier: Option<bool>,
}

impl Availability {
    /// None when the provider lists no models, or serves one whatever it is called.
    pub fn has(&self, model: &str) -> Option<bool> {
        let models = self.models.as_ref()?;
        let model = model.strip_prefix("models/").unwrap_or(model);
        let is_it = |listed: &String| {
            let listed = listed.strip_prefix("models/").unwrap_or(listed);
            listed.eq_ignore_ascii_case(model)
                || listed.strip_suffix(":latest") == Some(model)
                // An alias stands for a dated model.
                || listed.strip_prefix(model).is_some_and(is_date)
                || model.strip_suffix("-latest").is_some_and(|name| listed.strip_prefix(name).is_some_and(is_date))
        };
        Some(models.iter().any(is_it))
    }
}

fn is_date(rest: &str) -> bool {
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    rest.starts_with('-') && digits == 8 && rest.chars().all(|letter| letter.is_ascii_digit() || letter == '-')
}

impl Llm {
    /// Asks one of the run's vendors. Takes ten seconds at most, changes no limit and no breaker.
    pub async fn check_availability(&self, vendor: &Vendor) -> Availability {
        if vendor.is_mock() {
            return Availability {
                available: true,
                error: None,
                millis: 0,
                models: None,
                credit: None,
            };
        }
        let started = clock::now();
        let (models, key) = match offer(vendor) {
            Offer::Models(models) => (self.ask_offer(vendor, models).await, None),
            // The list is public: only the key's own page tells whether the key works.
            Offer::ModelsAndKey(models, key) => {
                let key = self.ask_offer(vendor, key).await;
                match key {
                    Ok(key) => (self.ask_offer(vendor, models).await, Some(key)),
                    Err(error) => (Err(error), None),
                }
            }
        };
        let millis = clock::millis_since(started);
        let credit = key.as_ref().map(credit);
        let empty = credit
            .and_then(|credit| credit.remaining_usd)
            .is_some_and(|left| left <= 0.0);
        let (models, error) = match models {
            Ok(body) => (listed(&body), None),
            Err(error) => (None, Some(*error)),
        };
        let error = error.or_else(|| {
            empty.then(|| {
                self.said(
                    vendor,
                    Fault::new(Class::Quota, "no credit is left with this key"),
                    None,
                )
            })
        });
        Availability {
            available: error.is_none(),
            error,
            millis,
            models,
            credit,
        }
    }

    async fn ask_offer(&self, vendor: &Vendor, http: HttpRequest) -> Result<Value, Box<CallError>> {
        let asked = timeout(LIMIT, self.wire.get(&vendor.base_url, http)).await;
        let (fault, reply) = match asked {
            Ok(Ok(reply)) if reply.is_success() && !reply.is_html() => match serde_json::from_slice(&reply.body) {
                Ok(body) => return Ok(body),
                Err(_) => {
                    let message = format!("the reply is not JSON; is {} right?", vendor.base_url_variable);
                    (Fault::new(Class::Configuration, message).code("not_json"), Some(reply))
                }
            },
            Ok(Ok(reply)) if reply.is_success() => (classify::page(vendor, &reply), Some(reply)),
            // A host that speaks the dialect but lists nothing is there all the same.
            Ok(Ok(reply)) if lists_nothing(vendor, &reply) => return Ok(Value::Null),
            Ok(Ok(reply)) => (classify::refused(vendor, &reply, clock::wall()), Some(reply)),
            Ok(Err(fault)) => (unreachable::classify(vendor, &fault), None),
            Err(_) => {
                let message = format!("no answer within {} s", LIMIT.as_secs());
                (Fault::new(Class::Transient, message).code("timeout"), None)
            }
        };
        Err(Box::new(self.said(vendor, fault, reply.as_ref())))
    }

    fn said(&self, vendor: &Vendor, fault: Fault, reply: Option<&HttpReply>) -> CallError {
        fault.into_error(&Target::new(&vendor.name, ""), reply, &self.redactor)
    }
}

/// Only where no list is promised: a known vendor that has none was not reached.
fn lists_nothing(vendor: &Vendor, reply: &HttpReply) -> bool {
    matches!(reply.status, 404 | 405 | 501) && !reply.is_html() && Vendor::known(&vendor.name).is_none()
}

/// OpenAI and Anthropic: `data[].id`; Gemini: `models[].name`.
fn listed(body: &Value) -> Option<Vec<String>> {
    let list = ["/data", "/models", ""]
        .iter()
        .find_map(|place| body.pointer(place)?.as_array())?;
    let names = list.iter().filter_map(|model| {
        let name = ["id", "name", "model"].iter().find_map(|key| model.get(key)?.as_str());
        Some(name?.strip_prefix("models/").unwrap_or(name?).to_owned())
    });
    Some(names.collect())
}

fn credit(body: &Value) -> Credit {
    let data = body.get("data").unwrap_or(body);
    Credit {
        remaining_usd: data.get("limit_remaining").and_then(Value::as_f64),
        free_tier: data.get("is_free_tier").and_then(Value::as_bool),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(models: &[&str]) -> Availability {
        Availability {
            available: true,
            error: None,
            millis: 1,
            models: Some(models.iter().map(|&model| model.to_owned()).collect()),
            credit: None,
        }
    }

    #[test]
    fn an_alias_is_there_when_its_dated_model_is() {
        let found = with(&[
            "gpt-5-mini-2025-08-07",
            "claude-haiku-4-5-20251001",
            "llama3.2:latest",
            "gemini-2.5-flash",
        ]);
        for (model, there) in [
            ("gpt-5-mini", true),
            ("gpt-5", false),
            ("gpt-5-mini-2025-08-07", true),
            ("claude-haiku-4-5", true),
            ("claude-haiku-4-5-latest", true),
            ("llama3.2", true),
            ("models/gemini-2.5-flash", true),
            ("gemini-2.5-flash-lite", false),
        ] {
            assert_eq!(found.has(model), Some(there), "{model}");
        }
        assert_eq!(Availability { models: None, ..found }.has("x"), None);
    }

    #[test]
    fn lists_of_all_kinds() {
        for (body, names) in [
            (
                json!({"object": "list", "data": [{"id": "a"}, {"id": "b"}]}),
                Some(vec!["a", "b"]),
            ),
            (
                json!({"models": [{"name": "models/a", "displayName": "A"}]}),
                Some(vec!["a"]),
            ),
            (json!([{"id": "a"}]), Some(vec!["a"])),
            (json!({"data": []}), Some(vec![])),
            (json!({"ok": true}), None),
            (Value::Null, None),
        ] {
            let names = names.map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(listed(&body), names, "{body}");
        }
    }

    #[test]
    fn what_a_key_may_spend() {
        let body = json!({"data": {"limit": 10, "limit_remaining": 2.5, "is_free_tier": false}});
        let expected = Credit {
            remaining_usd: Some(2.5),
            free_tier: Some(false),
        };
        assert_eq!(credit(&body), expected);
        assert_eq!(
            credit(&json!({"data": {"limit": null, "limit_remaining": null}})),
            Credit::default()
        );
    }
}
