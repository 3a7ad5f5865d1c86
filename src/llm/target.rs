//! Which model of which vendor: `provider:model`.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A model may contain `/` and `:` (`openrouter:meta-llama/llama-3.3-70b-instruct:free`): the first `:` splits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Target {
    pub vendor: String,
    pub model: String,
}

impl Target {
    pub fn new(vendor: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            vendor: vendor.into(),
            model: model.into(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a model: {why} (write `provider:model`, for example `openai:gpt-5-mini`)")]
pub struct BadTarget {
    pub text: String,
    pub why: &'static str,
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Self, BadTarget> {
        let bad = |why| BadTarget {
            text: super::redact::one_line(text, 80),
            why,
        };
        let (vendor, model) = text.trim().split_once(':').ok_or_else(|| bad("it has no `:`"))?;
        if vendor.is_empty() || !vendor.chars().all(is_vendor_letter) {
            return Err(bad("the provider's name is letters, digits, `-` and `_`"));
        }
        if model.is_empty() {
            return Err(bad("the model is missing"));
        }
        // The model ends up in a URL path (Gemini) and in file names of nobody: keep it boring.
        if !model.chars().all(is_model_letter) || model.contains("..") {
            return Err(bad("the model holds a character that no model name has"));
        }
        Ok(Self::new(vendor.to_ascii_lowercase(), model))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.vendor, self.model)
    }
}

fn is_vendor_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-' || letter == '_'
}

fn is_model_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_./:@+~".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_splits() {
        for (text, vendor, model) in [
            ("openai:gpt-5-mini", "openai", "gpt-5-mini"),
            (
                "OpenRouter:meta-llama/llama-3.3:free",
                "openrouter",
                "meta-llama/llama-3.3:free",
            ),
            ("ollama:llama3.2:1b", "ollama", "llama3.2:1b"),
        ] {
            assert_eq!(text.parse(), Ok(Target::new(vendor, model)));
        }
    }

    #[test]
    fn what_is_no_model_says_why() {
        for text in [
            "gpt-5",
            ":x",
            "openai:",
            "open ai:x",
            "gemini:../v1/x",
            "gemini:a?key=b",
            "a:b c",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
