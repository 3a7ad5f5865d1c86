//! What a model of a vendor can do, as data. What nobody wrote down is None: never a guess.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::cost::{Price, Prices, plain, without_date};
use super::target::Target;
use super::vendor::{Streaming, StructuredOutput, Vendor};

const TABLE: &str = include_str!("models.toml");

/// One model at one vendor.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Capabilities {
    pub structured_output: StructuredOutput,
    pub streaming: bool,
    /// Tokens.
    pub context_window: Option<u64>,
    /// Tokens of one reply, reasoning included.
    pub max_output: Option<u64>,
    pub price: Option<Price>,
}

impl Capabilities {
    pub fn of(vendor: &Vendor, model: &str, prices: &Prices) -> Self {
        let size = size(&Target::new(&vendor.name, model)).unwrap_or_default();
        Self {
            structured_output: vendor.structured_output,
            streaming: vendor.streaming != Streaming::No,
            context_window: size.context,
            max_output: size.output,
            price: prices.price(&vendor.name, model),
        }
    }
}

/// What a model holds, in tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    context: Option<u64>,
    output: Option<u64>,
}

/// Tokens of prompt and reply together, by the shipped table.
pub(super) fn context_window(target: &Target) -> Option<u64> {
    size(target)?.context
}

#[derive(Deserialize)]
struct File {
    /// For people: when the table was true.
    #[serde(rename = "updated")]
    _updated: String,
    #[serde(flatten)]
    vendors: HashMap<String, HashMap<String, Size>>,
}

fn size(target: &Target) -> Option<Size> {
    static SIZES: LazyLock<HashMap<(String, String), Size>> = LazyLock::new(|| {
        let file: File = toml::from_str(TABLE).expect("the shipped table is read by a test");
        let rows = file.vendors.into_iter().flat_map(|(vendor, models)| {
            let row = move |(model, size): (String, Size)| ((vendor.clone(), plain(&model)), size);
            models.into_iter().map(row)
        });
        rows.collect()
    });
    // A router serves the model of another vendor, with the vendor's name before it.
    let (vendor, model) = match (target.vendor.as_str(), target.model.split_once('/')) {
        ("openrouter", Some(("google", model))) => ("gemini", model),
        ("openrouter", Some((maker, model))) => (maker, model),
        _ => (target.vendor.as_str(), target.model.as_str()),
    };
    let model = plain(model.strip_prefix("models/").unwrap_or(model));
    let find = |name: &str| SIZES.get(&(vendor.to_owned(), name.to_owned())).copied();
    find(&model).or_else(|| find(without_date(&model)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vendor: &str, model: &str) -> Capabilities {
        Capabilities::of(&Vendor::known(vendor).unwrap(), model, &Prices::shipped())
    }

    #[test]
    fn what_is_known_is_said_and_nothing_else() {
        for (vendor, model, context, output, priced) in [
            ("openai", "gpt-5-mini", Some(400_000), Some(128_000), true),
            ("openai", "gpt-5-mini-2025-08-07", Some(400_000), Some(128_000), true),
            (
                "anthropic",
                "claude-haiku-4-5-20251001",
                Some(200_000),
                Some(64_000),
                true,
            ),
            (
                "openrouter",
                "anthropic/claude-haiku-4.5",
                Some(200_000),
                Some(64_000),
                true,
            ),
            (
                "openrouter",
                "google/gemini-2.5-flash",
                Some(1_048_576),
                Some(65_536),
                true,
            ),
            ("groq", "openai/gpt-oss-120b", Some(131_072), Some(65_536), false),
            ("gemini", "models/gemini-2.5-flash", Some(1_048_576), Some(65_536), true),
            ("ollama", "llama3.2", None, None, false),
            ("openai", "gpt-99", None, None, false),
        ] {
            let found = of(vendor, model);
            assert_eq!(
                (found.context_window, found.max_output, found.price.is_some()),
                (context, output, priced),
                "{vendor}:{model}"
            );
        }
    }

    #[test]
    fn every_default_model_of_the_big_four_is_known() {
        for vendor in ["openai", "anthropic", "gemini", "openrouter"] {
            let model = Vendor::known(vendor).unwrap().default_model.unwrap();
            let found = of(vendor, &model);
            assert!(found.context_window.is_some() && found.max_output.is_some() && found.price.is_some());
            assert!(found.streaming);
        }
    }

    #[test]
    fn the_mock_streams_nothing() {
        assert!(!of("mock", "mock-1").streaming);
    }
}
