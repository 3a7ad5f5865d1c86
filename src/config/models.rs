//! Everything of the call layer that a run settles: models, keys, limits, money, the cache and the cassette.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::flow::engine::Registered;
use crate::llm::{self, CacheMode, Caps, Cassette, MockOptions, MockScript, Prices, Tape, Vendor};

use super::keys::{Known, describe, vendor};
use super::limits::limits;
use super::routes::{self, Wanted};
use super::settings::{Sources, Typed};
use super::{Bad, registry, variables};

/// The resolved models of a run.
#[derive(Debug)]
pub struct Models {
    pub options: llm::Options,
    pub choice: Choice,
    /// The models that patterns may ask for.
    pub registered: Vec<Registered>,
    /// What to tell the user about keys and hosts.
    pub warnings: Vec<String>,
}

/// Why these models: one line a provider, for `doctor`. Keys are named, never shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub lines: Vec<String>,
}

/// Resolves providers, models, routing, limits, money and the cassette. `seed` is what a weighted routing draws by.
///
/// # Errors
/// An unknown provider or strategy, a missing key, a base URL that a key must not go to, a file that cannot be used.
pub(super) fn choose_models(
    typed: &Typed,
    sources: &mut Sources<'_>,
    seed: Option<&str>,
    folder: &Path,
) -> Result<Models, Bad> {
    let mut warnings = Vec::new();
    let cassette = cassette(typed, sources, folder, &mut warnings)?;
    let wanted = Wanted::read(typed, sources, seed)?;
    let limits = limits(typed, sources)?;
    let retries = sources.number(typed.retries.as_ref(), variables::RETRIES, 3)?;
    let attempt_timeout = sources.seconds(typed.timeout.as_ref(), variables::TIMEOUT, 120.0)?;
    let stream = sources.switch(typed.stream.as_ref(), variables::STREAM, true)?;
    let first_token_timeout =
        sources.seconds(typed.first_token_timeout.as_ref(), variables::FIRST_TOKEN_TIMEOUT, 60.0)?;
    let idle_timeout = sources.seconds(typed.idle_timeout.as_ref(), variables::IDLE_TIMEOUT, 20.0)?;
    let hedge_after = sources.optional_seconds(typed.hedge_after.as_ref(), variables::HEDGE_AFTER)?;
    let cache = cache_mode(sources.text(typed.cache.as_ref(), variables::CACHE)?)?;
    let cache_max_age = sources.text(typed.cache_max_age.as_ref(), variables::CACHE_MAX_AGE)?;
    let caps = caps(typed, sources)?;
    let prices = prices(typed, sources, folder)?;
    let script = sources.text(typed.mock_script.as_ref(), variables::MOCK_SCRIPT)?;
    let embedding_model = sources.text(typed.embedding_model.as_ref(), variables::EMBEDDING_MODEL)?;
    let known = Known {
        environment: sources.environment,
        cassette: &cassette,
        roles: &sources.roles,
    };
    let mut vendors = Vec::new();
    let rows = &sources.file.models;
    let (wanted, registered) = match &typed.ask {
        Some(names) => {
            let asked = registry::asked(&known, rows, names, &wanted, &mut vendors, &mut warnings)?;
            let reviewers = &typed.reviewers;
            let asked = registry::with_reviewers(&known, rows, asked, reviewers, &mut vendors, &mut warnings)?;
            (wanted.only(registry::routed(&asked)), asked)
        }
        None => (wanted, registry::registered(&known, rows, &mut vendors, &mut warnings)),
    };
    let route = routes::route(&known, &wanted, &mut warnings)?;
    let mut lines = Vec::new();
    for target in route.targets() {
        if vendors.iter().any(|vendor: &Vendor| vendor.name == target.vendor) {
            continue;
        }
        let vendor = vendor(&known, &target.vendor, &mut warnings)?;
        lines.push(describe(&vendor));
        vendors.push(vendor);
    }
    let embedding = match typed.embeds {
        true => Some(routes::embedding(&known, embedding_model.as_deref(), &route)?),
        false => None,
    };
    if let Some(target) = &embedding
        && !vendors.iter().any(|vendor| vendor.name == target.vendor)
    {
        vendors.push(vendor(&known, &target.vendor, &mut warnings)?);
    }
    for name in limits.providers.keys() {
        if Vendor::known(name).is_none() && !vendors.iter().any(|vendor: &Vendor| vendor.name == *name) {
            let name = name.escape_debug();
            warnings.push(format!(
                "a limit is given for `{name}`, which is no provider of this run"
            ));
        }
    }
    let attempts = u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1);
    let n_models = route.longest_chain() + usize::from(!route.larger.is_empty());
    let options = llm::Options {
        vendors,
        routes: route,
        attempts,
        call_attempts: llm::call_budget(attempts, n_models),
        attempt_timeout,
        stream,
        first_token_timeout,
        idle_timeout,
        requests_per_minute: limits
            .all
            .requests
            .map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
        input_tokens_per_minute: limits.all.input_tokens,
        output_tokens_per_minute: limits.all.output_tokens,
        provider_rates: limits.providers,
        cache: with_cassette(cache, &cassette),
        prices,
        mock: MockOptions {
            script: script
                .as_deref()
                .map(|path| mock_script(path, &sources.roles))
                .transpose()?,
            ..MockOptions::default()
        },
        caps,
        hedge_after,
        cassette,
        embedding,
        ..llm::Options::default()
    };
    let options = llm::Options {
        cache_max_age: cache_max_age.map_or(Ok(options.cache_max_age), |text| age(&text))?,
        ..options
    };
    Ok(Models {
        options,
        choice: Choice { lines },
        registered,
        warnings,
    })
}

fn cache_mode(text: Option<String>) -> Result<CacheMode, Bad> {
    match text.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None | Some("on") => Ok(CacheMode::On),
        Some("off") => Ok(CacheMode::Off),
        Some("read") => Ok(CacheMode::Read),
        Some("write" | "refresh") => Ok(CacheMode::Write),
        Some(other) => Err(Bad::new(
            format!("the cache mode is `{}`", other.escape_debug()),
            "use on, off, read (nothing new is kept) or write (asks again and keeps the new replies)",
        )),
    }
}

/// A recording must hold every exchange, and a replay must neither read nor leave anything.
fn with_cassette(mode: CacheMode, cassette: &Cassette) -> CacheMode {
    match (cassette, mode) {
        (Cassette::Off, mode) => mode,
        (Cassette::Record(_), CacheMode::On | CacheMode::Write) => CacheMode::Write,
        _ => CacheMode::Off,
    }
}

/// `30m`, `24h`, `7d`; a bare number is seconds.
fn age(text: &str) -> Result<Duration, Bad> {
    let text = text.trim();
    let (number, unit) = match text.char_indices().next_back() {
        Some((end, unit)) if unit.is_ascii_alphabetic() => (&text[..end], unit),
        _ => (text, 's'),
    };
    let seconds = match unit {
        's' => Some(1.0),
        'm' => Some(60.0),
        'h' => Some(3_600.0),
        'd' => Some(86_400.0),
        _ => None,
    };
    let age = number.trim().parse::<f64>().ok().zip(seconds);
    age.and_then(|(number, seconds)| Duration::try_from_secs_f64(number * seconds).ok())
        .ok_or_else(|| {
            Bad::new(
                format!("the age `{}` of kept replies is no length of time", text.escape_debug()),
                "write for example `--cache-max-age 24h` (s, m, h or d)",
            )
        })
}

fn caps(typed: &Typed, sources: &mut Sources<'_>) -> Result<Caps, Bad> {
    let cost_usd = match sources.text(typed.max_cost.as_ref(), variables::MAX_COST)? {
        None => None,
        Some(text) => {
            let number = text.trim().trim_start_matches('$').parse::<f64>().ok();
            let cost = number.filter(|cost| cost.is_finite() && *cost >= 0.0);
            Some(cost.ok_or_else(|| {
                Bad::new(
                    format!(
                        "{} is `{}`, which is no amount of US dollars",
                        variables::MAX_COST,
                        text.escape_debug()
                    ),
                    "write for example `--max-cost 0.50`",
                )
            })?)
        }
    };
    Ok(Caps {
        cost_usd,
        calls: sources.optional_number(typed.max_calls.as_ref(), variables::MAX_CALLS)?,
        tokens: sources.optional_number(typed.max_tokens.as_ref(), variables::MAX_TOKENS)?,
    })
}

/// The named table, else `prices.toml` beside `insights.toml`, over the one that is built in.
fn prices(typed: &Typed, sources: &mut Sources<'_>, folder: &Path) -> Result<Prices, Bad> {
    let named = sources.text(typed.prices.as_ref(), variables::PRICES)?;
    let path = match &named {
        Some(path) => folder.join(path),
        None => sources.settings_folder(folder).join("prices.toml"),
    };
    if named.is_none() && !path.is_file() {
        return Ok(Prices::shipped());
    }
    let bad = |why: String| {
        Bad::new(
            format!("the price table `{}` cannot be used: {why}", path.display()),
            "a table holds `updated = \"2026-11-20\"` and for each provider a section like `[openai]` with rows like `\"gpt-5-mini\" = { input = 0.25, cached_input = 0.025, output = 2.0 }`, in US dollars per million tokens",
        )
    };
    let text = std::fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
    Prices::with(&text).map_err(bad)
}

fn cassette(
    typed: &Typed,
    sources: &mut Sources<'_>,
    folder: &Path,
    warnings: &mut Vec<String>,
) -> Result<Cassette, Bad> {
    let record = sources.text(typed.record.as_ref(), variables::RECORD)?;
    let replay = sources.text(typed.replay.as_ref(), variables::REPLAY)?;
    match (record, replay) {
        (None, None) => Ok(Cassette::Off),
        (Some(path), None) => Ok(Cassette::Record(folder.join(path))),
        (None, Some(path)) => {
            let tape = Tape::read(&folder.join(&path))
                .map_err(|error| Bad::new(error.to_string(), "record it again with `--record FILE`"))?;
            if tape.is_cut {
                warnings.push(format!(
                    "the last exchange of the recording `{path}` was cut off and is left out"
                ));
            }
            Ok(Cassette::Replay(Arc::new(tape)))
        }
        (Some(_), Some(_)) => Err(Bad::new(
            "a run cannot record and replay at once",
            "drop `--record` or `--replay`",
        )),
    }
}

fn mock_script(path: &str, roles: &[String]) -> Result<MockScript, Bad> {
    let hint = "the README describes the script: `{\"roles\": {\"geographic\": [\"rate_limit\", \"ok\"]}}`";
    let text = std::fs::read_to_string(path).map_err(|error| {
        Bad::new(
            format!("could not read the mock script `{}`: {error}", path.escape_debug()),
            hint,
        )
    })?;
    let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
    let checked = MockScript::parse(&text).and_then(|script| script.check_roles(&roles).map(|()| script));
    checked.map_err(|why| {
        Bad::new(
            format!("the mock script `{}` cannot be used: {why}", path.escape_debug()),
            hint,
        )
    })
}

#[cfg(test)]
mod tests;
