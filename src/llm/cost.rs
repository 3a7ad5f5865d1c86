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
    /// Read from the provider's prompt cache.
    pub cached_input: f64,
    /// Written to the provider's prompt cache, where that costs more (Anthropic).
    pub cache_write: f64,
    pub output: f64,
    /// Most providers bill reasoning as output; a table may say otherwise.
    pub reasoning: f64,
}

impl Price {
    const FREE: Self = Self {
        input: 0.0,
        cached_input: 0.0,
        cache_write: 0.0,
        output: 0.0,
        reasoning: 0.0,
    };

    /// Every token is billed once: cached ones are among the input, reasoning among the output.
    pub fn of(&self, usage: &Usage) -> f64 {
        let cached = usage.cached_input_tokens.min(usage.input_tokens);
        let written = usage.cache_write_tokens.min(usage.input_tokens - cached);
        let fresh = usage.input_tokens - cached - written;
        let reasoning = usage.reasoning_tokens.min(usage.output_tokens);
        let said = usage.output_tokens - reasoning;
        let billed = [
            (fresh, self.input),
            (cached, self.cached_input),
            (written, self.cache_write),
            (said, self.output),
            (reasoning, self.reasoning),
        ];
        billed.iter().map(|(tokens, price)| *tokens as f64 * price).sum::<f64>() / 1e6
    }

    /// The most that so many tokens can cost, however the provider counts them.
    pub fn at_most(&self, input_tokens: u64, output_tokens: u64) -> f64 {
        let input = self.input.max(self.cached_input).max(self.cache_write);
        let output = self.output.max(self.reasoning);
        (input_tokens as f64 * input + output_tokens as f64 * output) / 1e6
    }
}

/// Prices by vendor and model, and the day they were true.
#[derive(Debug, Clone)]
pub struct Prices {
    pub updated: String,
    models: HashMap<(String, String), Listed>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Listed {
    price: Option<Price>,
    /// Tokens, prompt and reply together.
    context_window: Option<u64>,
}

#[derive(Deserialize)]
struct File {
    updated: Option<String>,
    #[serde(flatten)]
    vendors: HashMap<String, HashMap<String, Row>>,
}

/// `[input, cached input, output]`, or the same and more by name.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a row is `[input, cached input, output]` or a table with `input` and `output`"
)]
enum Row {
    List([f64; 3]),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    input: Option<f64>,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
    output: Option<f64>,
    reasoning: Option<f64>,
    context_window: Option<u64>,
}

impl Row {
    fn listed(&self) -> Result<Listed, &'static str> {
        let table = match self {
            Self::List([input, cached_input, output]) => &Table {
                input: Some(*input),
                cached_input: Some(*cached_input),
                cache_write: None,
                output: Some(*output),
                reasoning: None,
                context_window: None,
            },
            Self::Table(table) => table,
        };
        let given = [
            table.input,
            table.cached_input,
            table.cache_write,
            table.output,
            table.reasoning,
        ];
        if given
            .iter()
            .flatten()
            .any(|price| !(price.is_finite() && *price >= 0.0))
        {
            return Err("a price is a number of dollars, 0 or more");
        }
        let price = match (table.input, table.output) {
            (Some(input), Some(output)) => Some(Price {
                input,
                cached_input: table.cached_input.unwrap_or(input),
                cache_write: table.cache_write.unwrap_or(input),
                output,
                reasoning: table.reasoning.unwrap_or(output),
            }),
            (None, None) if given.iter().all(Option::is_none) => None,
            _ => return Err("a price needs both `input` and `output`"),
        };
        Ok(Listed {
            price,
            context_window: table.context_window,
        })
    }
}

impl Prices {
    /// The table shipped with the program.
    pub fn shipped() -> Self {
        let mut shipped = Self {
            updated: String::new(),
            models: HashMap::new(),
        };
        shipped.read(TABLE).expect("the shipped table is read by a test");
        shipped
    }

    /// The shipped table with the rows of another one over it.
    ///
    /// # Errors
    /// Text that is no such table, or a row that is no price; the message names the row.
    pub fn with(text: &str) -> Result<Self, String> {
        let mut prices = Self::shipped();
        prices.read(text)?;
        Ok(prices)
    }

    /// A row replaces the whole row of the same model.
    fn read(&mut self, text: &str) -> Result<(), String> {
        let file: File = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        for (vendor, models) in file.vendors {
            for (model, row) in models {
                let listed = row.listed().map_err(|why| format!("{vendor}: {model}: {why}"))?;
                self.models.insert((vendor.to_ascii_lowercase(), plain(&model)), listed);
            }
        }
        if let Some(updated) = file.updated {
            self.updated = updated;
        }
        Ok(())
    }

    pub fn price(&self, vendor: &str, model: &str) -> Option<Price> {
        self.listed(vendor, model).and_then(|listed| listed.price).or_else(|| {
            let free = vendor == MOCK || model.ends_with(":free");
            free.then_some(Price::FREE)
        })
    }

    /// Tokens that prompt and reply may take together, where the table says so.
    pub fn context_window(&self, vendor: &str, model: &str) -> Option<u64> {
        self.listed(vendor, model)?.context_window
    }

    fn listed(&self, vendor: &str, model: &str) -> Option<Listed> {
        let find = |vendor: &str, model: &str| {
            let model = plain(model.strip_prefix("models/").unwrap_or(model));
            let find = |name: &str| self.models.get(&(vendor.to_owned(), name.to_owned())).copied();
            find(&model).or_else(|| find(without_date(&model)?))
        };
        find(vendor, model).or_else(|| match (vendor, model.split_once('/')?) {
            ("openrouter", ("google", model)) => find("gemini", model),
            ("openrouter", (maker, model)) => find(maker, model),
            _ => None,
        })
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
            cache_write: 4.0,
            output: 10.0,
            reasoning: 20.0,
        };
        let usage = Usage {
            input_tokens: 1_000_000,
            cached_input_tokens: 400_000,
            cache_write_tokens: 100_000,
            output_tokens: 100_000,
            reasoning_tokens: 50_000,
            ..Usage::default()
        };
        assert_eq!(price.of(&usage), 1.0 + 0.2 + 0.4 + 0.5 + 1.0);
        assert!(price.of(&usage) <= price.at_most(1_000_000, 100_000));
    }

    #[test]
    fn rows_of_an_own_table_win_and_the_others_stay() {
        let own = "updated = \"2026-11-20\"\n[openai]\n\"gpt-5-mini\" = { input = 9.0, output = 90.0 }\n[lab]\ntiny = [1, 1, 2]\nwide = { context_window = 1000 }\n";
        let prices = Prices::with(own).expect("a table");
        let mini = prices.price("openai", "gpt-5-mini-2025-08-07").expect("its own price");
        assert_eq!((mini.input, mini.cached_input, mini.reasoning), (9.0, 9.0, 90.0));
        assert_eq!(prices.price("lab", "tiny").map(|price| price.output), Some(2.0));
        assert_eq!(
            (prices.price("lab", "wide"), prices.context_window("lab", "wide")),
            (None, Some(1000))
        );
        assert_eq!(prices.price("openai", "gpt-5").map(|price| price.input), Some(1.25));
        assert_eq!(prices.updated, "2026-11-20");
        for (text, said) in [
            ("[lab]\nx = [1, -1, 2]", "lab: x: a price is"),
            ("[lab]\nx = { input = 1.0 }", "both `input` and `output`"),
            ("[lab]\nx = { inputs = 1.0 }", "a row is"),
            ("lab = 1", ""),
        ] {
            let why = Prices::with(text).expect_err(text);
            assert!(why.contains(said), "{why}");
        }
    }
}
