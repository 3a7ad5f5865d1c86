//! What tokens cost, from a dated table. Unknown is None and never 0.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::types::Usage;
use super::vendor::MOCK;

const TABLE: &str = include_str!("prices.toml");

/// US dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Price {
    pub input: f64,
    pub cached_input: f64,
    pub output: f64,
}

impl Price {
    const FREE: Self = Self {
        input: 0.0,
        cached_input: 0.0,
        output: 0.0,
    };

    pub fn of(&self, usage: &Usage) -> f64 {
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        let fresh = usage.input_tokens - cached;
        (fresh as f64 * self.input + cached as f64 * self.cached_input + usage.output_tokens as f64 * self.output) / 1e6
    }
}

/// Prices by vendor and model, and the day they were true.
#[derive(Debug, Clone)]
pub struct Prices {
    pub updated: String,
    prices: HashMap<(String, String), Price>,
}

#[derive(Deserialize)]
struct File {
    updated: String,
    #[serde(flatten)]
    vendors: HashMap<String, HashMap<String, [f64; 3]>>,
}

impl Prices {
    /// The table shipped with the program.
    pub fn shipped() -> Self {
        Self::parse(TABLE).expect("the shipped table is read by a test")
    }

    /// A table in the shipped one's form: `updated` and one section per vendor, `"model" = [input, cached input, output]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let mut prices = HashMap::new();
        for (vendor, models) in file.vendors {
            for (model, [input, cached_input, output]) in models {
                if [input, cached_input, output]
                    .iter()
                    .any(|price| !(price.is_finite() && *price >= 0.0))
                {
                    return Err(format!("{vendor}: {model}: a price is a number of dollars, 0 or more"));
                }
                let price = Price {
                    input,
                    cached_input,
                    output,
                };
                prices.insert((vendor.clone(), plain(&model)), price);
            }
        }
        Ok(Self {
            updated: file.updated,
            prices,
        })
    }

    pub fn price(&self, vendor: &str, model: &str) -> Option<Price> {
        if vendor == MOCK || model.ends_with(":free") {
            return Some(Price::FREE);
        }
        let (vendor, model) = match (vendor, model.split_once('/')) {
            ("openrouter", Some(("google", model))) => ("gemini", model),
            ("openrouter", Some((maker, model))) => (maker, model),
            _ => (vendor, model),
        };
        let model = plain(model.strip_prefix("models/").unwrap_or(model));
        let find = |name: &str| self.prices.get(&(vendor.to_owned(), name.to_owned())).copied();
        find(&model).or_else(|| find(without_date(&model)?))
    }
}

/// OpenRouter writes `claude-sonnet-4.5` where Anthropic writes `claude-sonnet-4-5`.
pub(super) fn plain(model: &str) -> String {
    model.to_ascii_lowercase().replace('.', "-")
}

/// `gpt-5-mini-2025-08-07`, `claude-haiku-4-5-20251001`, `claude-sonnet-5-latest` are priced as the name before.
pub(super) fn without_date(model: &str) -> Option<&str> {
    if let Some(name) = model.strip_suffix("-latest") {
        return Some(name);
    }
    let digits = model.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
    let date = &model[digits.len()..];
    [11, 9]
        .into_iter()
        .filter(|&length| date.len() >= length)
        .map(|length| model.split_at(model.len() - length))
        .find(|(_, date)| date.starts_with('-') && date.chars().filter(char::is_ascii_digit).count() == 8)
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_by_name_date_and_router() {
        let prices = Prices::shipped();
        for (vendor, model, input) in [
            ("openai", "gpt-5-mini", Some(0.25)),
            ("openai", "gpt-5-mini-2025-08-07", Some(0.25)),
            ("anthropic", "claude-haiku-4-5-20251001", Some(1.0)),
            ("anthropic", "claude-haiku-4-5", Some(1.0)),
            ("openrouter", "anthropic/claude-haiku-4.5", Some(1.0)),
            ("openrouter", "google/gemini-2.5-flash", Some(0.3)),
            ("openrouter", "meta-llama/llama-3.3:free", Some(0.0)),
            ("mock", "anything", Some(0.0)),
            ("openai", "gpt-99", None),
            ("ollama", "llama3.2", None),
        ] {
            assert_eq!(
                prices.price(vendor, model).map(|price| price.input),
                input,
                "{vendor}:{model}"
            );
        }
    }

    #[test]
    fn cached_tokens_are_not_billed_twice() {
        let price = Price {
            input: 2.0,
            cached_input: 0.5,
            output: 10.0,
        };
        let usage = Usage {
            input_tokens: 1_000_000,
            cached_input_tokens: 400_000,
            output_tokens: 100_000,
            ..Usage::default()
        };
        assert_eq!(price.of(&usage), 1.2 + 0.2 + 1.0);
    }
}
