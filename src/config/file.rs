//! `insights.toml`: the same settings as the flags, flat keys with underscores, and the registered models.

use std::collections::BTreeMap;
use std::path::Path;

use super::Bad;
use super::registry::{self, Row};

/// The keys that the file may hold, with the variable that sets the same thing.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("aggregation_limit", super::variables::AGGREGATION_LIMIT),
    ("data", super::variables::DATA),
    ("map", super::variables::MAP),
    ("mapping", super::variables::MAPPING),
    ("metrics", super::variables::METRICS),
    ("timezone", super::variables::TIMEZONE),
    ("max_bad_rows", super::variables::MAX_BAD_ROWS),
    ("memory_limit", super::variables::MEMORY_LIMIT),
    ("engine", super::variables::ENGINE),
    ("engine_dir", super::variables::ENGINE_DIR),
    ("provider", super::variables::PROVIDER),
    ("model", super::variables::MODEL),
    ("fallback", super::variables::FALLBACK),
    ("routing_strategy", super::variables::ROUTING_STRATEGY),
    ("routing_config", super::variables::ROUTING_CONFIG),
    ("context_fallback", super::variables::CONTEXT_FALLBACK),
    ("requests_per_minute", super::variables::REQUESTS_PER_MINUTE),
    ("input_tokens_per_minute", super::variables::INPUT_TOKENS_PER_MINUTE),
    ("output_tokens_per_minute", super::variables::OUTPUT_TOKENS_PER_MINUTE),
    ("retries", super::variables::RETRIES),
    ("timeout", super::variables::TIMEOUT),
    ("stream", super::variables::STREAM),
    ("first_token_timeout", super::variables::FIRST_TOKEN_TIMEOUT),
    ("idle_timeout", super::variables::IDLE_TIMEOUT),
    ("deadline", super::variables::DEADLINE),
    ("max_output_tokens", super::variables::MAX_OUTPUT_TOKENS),
    ("rounds", super::variables::ROUNDS),
    ("cache", super::variables::CACHE),
    ("cache_max_age", super::variables::CACHE_MAX_AGE),
    ("hedge_after", super::variables::HEDGE_AFTER),
    ("max_cost", super::variables::MAX_COST),
    ("max_calls", super::variables::MAX_CALLS),
    ("max_tokens", super::variables::MAX_TOKENS),
    ("prices", super::variables::PRICES),
    ("record", super::variables::RECORD),
    ("replay", super::variables::REPLAY),
    ("prompts", super::variables::PROMPTS),
    ("patterns", super::variables::PATTERNS),
    ("run_logs", super::variables::RUN_LOGS),
    ("state_dir", super::variables::STATE_DIR),
    ("session_log", super::variables::SESSION_LOG),
    ("session_detail", super::variables::SESSION_DETAIL),
    ("mock_script", super::variables::MOCK_SCRIPT),
    ("log", super::variables::LOG),
];

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// By the name of their variable. Lists are comma-separated text.
    pub(super) values: BTreeMap<String, String>,
    /// `[[models]]`.
    pub(super) models: Vec<Row>,
}

/// # Errors
/// A file that is no TOML, an unknown key, or a table where a value belongs.
pub(super) fn read(path: &Path) -> Result<Read, Bad> {
    let hint = "`insights.toml` holds flat keys, for example `provider = \"mock\"`; see the README";
    let bad = |why: String| Bad::new(format!("could not use `{}`: {why}", path.display()), hint);
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| bad(error.message().to_owned()))?;
    let mut read = Read::default();
    for (key, value) in table {
        if key == "models" {
            read.models = registry::rows(&value).map_err(&bad)?;
            continue;
        }
        let Some((_, variable)) = KEYS.iter().find(|(known, _)| *known == key) else {
            let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
            return Err(bad(format!(
                "unknown key `{key}`; it may hold {} and `[[models]]`",
                known.join(", ")
            )));
        };
        let text = text_of(&value).ok_or_else(|| bad(format!("`{key}` must be a value or a list of values")))?;
        read.values.insert((*variable).to_owned(), text);
    }
    Ok(read)
}

fn text_of(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(text_of).collect();
            Some(texts?.join(","))
        }
        _ => None,
    }
}
