//! Who answers which role: providers, keys, base URLs and routes, from names to the rows of the call layer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::flow::engine::Registered;
use crate::llm::{self, CacheMode, MOCK, MockOptions, MockScript, PrivateHosts, Route, Target, Vendor};

use super::environment::{Environment, Origin, Setting};
use super::limits::limits;
use super::settings::{Sources, Typed, split_list};
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

/// Resolves `--provider`, `--model`, `--fallback` and the routing variables.
///
/// # Errors
/// An unknown provider, a missing key, a base URL that a key must not go to.
pub(super) fn choose_models(typed: &Typed, sources: &mut Sources<'_>) -> Result<Models, Bad> {
    let provider = sources.text(typed.provider.as_ref(), variables::PROVIDER)?;
    let models = sources.list(&typed.model, variables::MODEL)?;
    let fallbacks = sources.list(&typed.fallback, variables::FALLBACK)?;
    let strategy = sources.text(None, variables::ROUTING_STRATEGY)?;
    let routing = sources.text(None, variables::ROUTING_CONFIG)?;
    let limits = limits(typed, sources)?;
    let retries = sources.number(typed.retries.as_ref(), variables::RETRIES, 3)?;
    let attempt_timeout = sources.seconds(typed.timeout.as_ref(), variables::TIMEOUT, 120.0)?;
    let stream = sources.switch(typed.stream.as_ref(), variables::STREAM, true)?;
    let first_token_timeout =
        sources.seconds(typed.first_token_timeout.as_ref(), variables::FIRST_TOKEN_TIMEOUT, 60.0)?;
    let idle_timeout = sources.seconds(typed.idle_timeout.as_ref(), variables::IDLE_TIMEOUT, 20.0)?;
    let cache = cache_mode(sources.text(typed.cache.as_ref(), variables::CACHE)?)?;
    let script = sources.text(typed.mock_script.as_ref(), variables::MOCK_SCRIPT)?;
    let known = Known {
        environment: sources.environment,
        roles: &sources.roles,
    };
    let mut warnings = Vec::new();
    let mut vendors = Vec::new();
    let registered = match &typed.ask {
        Some(names) => registry::asked(
            &known,
            &sources.file.models,
            names,
            &provider,
            &models,
            &mut vendors,
            &mut warnings,
        )?,
        None => registry::registered(&known, &sources.file.models, &mut vendors, &mut warnings),
    };
    let models = match typed.ask {
        Some(_) => registry::routed(&registered),
        None => models,
    };
    let route = route(&known, provider, &models, &fallbacks, strategy, routing)?;

    let mut lines = Vec::new();
    for target in route.targets() {
        if vendors.iter().any(|vendor: &Vendor| vendor.name == target.vendor) {
            continue;
        }
        let vendor = vendor(&known, &target.vendor, &mut warnings)?;
        lines.push(describe(&vendor));
        vendors.push(vendor);
    }
    let attempts = u32::try_from(retries).unwrap_or(u32::MAX).saturating_add(1);
    let n_targets = u32::try_from(route.targets().len()).unwrap_or(u32::MAX);
    let options = llm::Options {
        vendors,
        routes: route,
        attempts,
        call_attempts: attempts.saturating_mul(n_targets.max(1)),
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
        cache,
        mock: MockOptions {
            script: script
                .as_deref()
                .map(|path| mock_script(path, &sources.roles))
                .transpose()?,
            ..MockOptions::default()
        },
        ..llm::Options::default()
    };
    Ok(Models {
        options,
        choice: Choice { lines },
        registered,
        warnings,
    })
}

/// What the environment says of providers.
pub(super) struct Known<'a> {
    environment: &'a Environment,
    /// Every role of the pattern that is run.
    roles: &'a [String],
}

impl Known<'_> {
    /// The row of a provider, with no key yet.
    pub(super) fn row(&self, name: &str) -> Result<Vendor, Bad> {
        if let Some(vendor) = Vendor::known(name) {
            return Ok(vendor);
        }
        let vendor = Vendor::compatible(name);
        let safe = name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
        if safe && self.environment.get(&vendor.base_url_variable)?.is_some() {
            return Ok(vendor);
        }
        let names: Vec<String> = Vendor::all().into_iter().map(|vendor| vendor.name).collect();
        Err(Bad::new(
            format!("unknown provider `{}`", name.escape_debug()),
            format!(
                "known are {}; for another OpenAI-compatible host set {} to its base URL",
                names.join(", "),
                vendor.base_url_variable
            ),
        ))
    }

    /// The key of a provider: a variable, or the file that `…_FILE` names.
    fn key(&self, vendor: &Vendor, warnings: &mut Vec<String>) -> Result<Option<(String, String, Origin)>, Bad> {
        for name in &vendor.key_variables {
            if let Some(setting) = self.environment.get(name)? {
                return Ok(Some((
                    setting.value.trim().to_owned(),
                    name.clone(),
                    setting.origin.clone(),
                )));
            }
            let file_variable = format!("{name}_FILE");
            if let Some(setting) = self.environment.get(&file_variable)? {
                let key = key_file(&file_variable, setting, warnings)?;
                return Ok(Some((key, file_variable, setting.origin.clone())));
            }
        }
        Ok(None)
    }

    /// The first provider that has a key, in the order of the table.
    fn first_with_key(&self) -> Result<Option<String>, Bad> {
        Ok(self.with_key()?.into_iter().next().map(|vendor| vendor.name))
    }

    /// All providers that have a key, in the order of the table.
    pub(super) fn with_key(&self) -> Result<Vec<Vendor>, Bad> {
        let mut found = Vec::new();
        for vendor in Vendor::all().into_iter().filter(|vendor| vendor.needs_key) {
            if self.key(&vendor, &mut Vec::new())?.is_some() {
                found.push(vendor);
            }
        }
        Ok(found)
    }
}

fn route(
    known: &Known<'_>,
    provider: Option<String>,
    models: &[String],
    fallbacks: &[String],
    strategy: Option<String>,
    routing: Option<String>,
) -> Result<Route, Bad> {
    let provider = provider.map(|name| match name.trim().to_ascii_lowercase().as_str() {
        "random" => MOCK.to_owned(),
        name => name.to_owned(),
    });
    let named = provider.clone().filter(|name| name != "env");
    let mut default = Vec::new();
    let mut own: BTreeMap<String, Target> = BTreeMap::new();
    for text in models {
        match text.split_once('=') {
            Some((role, model)) => {
                let role = role.trim();
                if !known.roles.iter().any(|one| one == role) {
                    return Err(Bad::new(
                        format!("`{}` is no role of a council", role.escape_debug()),
                        format!("roles are {}", known.roles.join(", ")),
                    ));
                }
                own.insert(role.to_owned(), target(known, model, named.as_deref())?);
            }
            None => default.push(target(known, text, named.as_deref())?),
        }
    }
    let strategy = Strategy::parse(strategy.as_deref())?;
    let mut weights = Vec::new();
    if default.is_empty()
        && named.is_none()
        && let Some(routing) = &routing
    {
        (default, weights) = routed(known, routing)?;
    }
    if default.is_empty() {
        let all_own = known.roles.iter().all(|role| own.contains_key(role));
        if !all_own {
            default.push(default_target(known, named)?);
        }
    }
    for text in fallbacks {
        default.push(target(known, text, None)?);
    }
    let mut route = strategy.route(default, &weights, known.roles);
    for (role, target) in own {
        let rest = route.plan(&role);
        route.roles.insert(role, std::iter::once(target).chain(rest).collect());
    }
    Ok(route)
}

fn default_target(known: &Known<'_>, named: Option<String>) -> Result<Target, Bad> {
    let name = match named {
        Some(name) => name,
        None => known.first_with_key()?.ok_or_else(|| {
            Bad::new(
                "no provider is configured: there is no key in the environment",
                "set a key (OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY or OPENROUTER_API_KEY), or use `--provider mock`",
            )
        })?,
    };
    let vendor = known.row(&name)?;
    let model = vendor.default_model.clone().ok_or_else(|| {
        Bad::new(
            format!("the provider `{}` has no default model", vendor.name),
            format!("add `--model {}:MODEL`", vendor.name),
        )
    })?;
    Ok(Target::new(vendor.name, model))
}

/// `provider:model`, or only the model of the provider that `--provider` names.
pub(super) fn target(known: &Known<'_>, text: &str, provider: Option<&str>) -> Result<Target, Bad> {
    let text = text.trim();
    let prefix = text.split_once(':').map(|(prefix, _)| prefix);
    if let Some(provider) = provider
        && prefix.is_none_or(|prefix| known.row(prefix).is_err())
    {
        let vendor = known.row(provider)?;
        // Models of local servers hold colons themselves (`llama3.2:1b`); elsewhere a plain word before a colon is a provider.
        let plain_word = |word: &str| {
            word.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
        };
        if let Some(prefix) = prefix
            && (vendor.needs_key || vendor.is_mock())
            && plain_word(prefix)
        {
            known.row(prefix)?;
        }
        return parse_target(&format!("{}:{text}", vendor.name));
    }
    let target = parse_target(text)?;
    let vendor = match target.vendor.as_str() {
        "random" => MOCK.to_owned(),
        name => known.row(name)?.name,
    };
    Ok(Target::new(vendor, target.model))
}

fn parse_target(text: &str) -> Result<Target, Bad> {
    text.parse::<Target>().map_err(|error| {
        Bad::new(
            error.to_string(),
            "write `--model provider:model`, or `--model analyst=provider:model` for one analyst",
        )
    })
}

/// `provider:model[:weight],…`: a last part that is a number is the weight.
fn routed(known: &Known<'_>, text: &str) -> Result<(Vec<Target>, Vec<f64>), Bad> {
    let mut targets = Vec::new();
    let mut weights = Vec::new();
    for part in split_list(text) {
        let weighted = part.rsplit_once(':').and_then(|(model, weight)| {
            let weight: f64 = weight
                .parse()
                .ok()
                .filter(|weight: &f64| weight.is_finite() && *weight > 0.0)?;
            model.contains(':').then(|| (model.to_owned(), weight))
        });
        let (model, weight) = weighted.unwrap_or((part, 1.0));
        targets.push(target(known, &model, None)?);
        weights.push(weight);
    }
    Ok((targets, weights))
}

/// How the models of ROUTING_CONFIG share the roles; all the others of the list are fallbacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strategy {
    /// The first model for every role; `backoff` and `priority` are the same until it fails.
    Priority,
    RoundRobin,
    Weighted,
}

impl Strategy {
    fn parse(text: Option<&str>) -> Result<Self, Bad> {
        match text.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None | Some("backoff" | "priority") => Ok(Self::Priority),
            Some("roundrobin" | "round_robin") => Ok(Self::RoundRobin),
            Some("weighted") => Ok(Self::Weighted),
            Some(other) => Err(Bad::new(
                format!("{} is `{}`", variables::ROUTING_STRATEGY, other.escape_debug()),
                "use backoff, priority, roundrobin or weighted",
            )),
        }
    }

    fn route(self, targets: Vec<Target>, weights: &[f64], roles: &[String]) -> Route {
        let mut route = Route::to(targets.clone());
        if self == Self::Priority || targets.len() < 2 {
            return route;
        }
        let weight = |index: usize| match self {
            Self::Weighted => weights.get(index).copied().unwrap_or(1.0),
            _ => 1.0,
        };
        // Smooth weighted round robin: over the roles, each model comes first in proportion to its weight.
        let total: f64 = (0..targets.len()).map(weight).sum();
        let mut credit = vec![0.0; targets.len()];
        for role in roles {
            let mut first = 0;
            for index in 0..targets.len() {
                credit[index] += weight(index);
                if credit[index] > credit[first] {
                    first = index;
                }
            }
            credit[first] -= total;
            let others = targets
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != first)
                .map(|(_, target)| target.clone());
            let plan = std::iter::once(targets[first].clone()).chain(others).collect();
            route.roles.insert(role.clone(), plan);
        }
        route
    }
}

pub(super) fn vendor(known: &Known<'_>, name: &str, warnings: &mut Vec<String>) -> Result<Vendor, Bad> {
    let mut vendor = known.row(name)?;
    if vendor.is_mock() {
        return Ok(vendor);
    }
    let key = known.key(&vendor, warnings)?;
    if key.is_none() && vendor.needs_key {
        return Err(Bad::new(
            format!("there is no key for the provider `{}`", vendor.name),
            format!(
                "set {} or {}_FILE, or use `--provider mock`",
                vendor.key_variables.join(" or "),
                vendor.key_variables[0]
            ),
        ));
    }
    if let Some(url) = known.environment.get(&vendor.base_url_variable)? {
        bind(&vendor, url, key.as_ref())?;
        let variable = vendor.base_url_variable.clone();
        let source = format!("{} ({variable})", url.origin);
        vendor = vendor
            .with_base_url(&url.value, source, PrivateHosts::Refused)
            .map_err(|error| {
                Bad::new(
                    format!("{variable}: {error}"),
                    "give an https URL without user name, query or fragment; http is for this machine only",
                )
            })?;
    }
    if let Some((key, variable, origin)) = key {
        vendor = vendor.with_key(key.into(), format!("{origin} ({variable})"));
    }
    Ok(vendor)
}

/// A key goes only to a host that was named in the same place, or in a stronger one: a planted `.env` must not redirect it.
fn bind(vendor: &Vendor, url: &Setting, key: Option<&(String, String, Origin)>) -> Result<(), Bad> {
    match key {
        Some((_, variable, origin)) if *origin < url.origin => Err(Bad::new(
            format!(
                "{} comes from {}, but {variable} comes from the {origin}",
                vendor.base_url_variable, url.origin
            ),
            format!(
                "set {} in the environment too if the key may go to that host",
                vendor.base_url_variable
            ),
        )),
        _ => Ok(()),
    }
}

fn describe(vendor: &Vendor) -> String {
    if vendor.is_mock() {
        return "mock: built in, no network".to_owned();
    }
    let key = if vendor.key.is_some() {
        format!("key present, from {}", vendor.key_source)
    } else {
        "no key needed".to_owned()
    };
    format!(
        "{}: {key}; {} ({})",
        vendor.name, vendor.base_url, vendor.base_url_source
    )
}

fn key_file(variable: &str, setting: &Setting, warnings: &mut Vec<String>) -> Result<String, Bad> {
    let path = PathBuf::from(setting.value.trim());
    let text = std::fs::read_to_string(&path).map_err(|error| {
        Bad::new(
            format!(
                "could not read the key file of {variable}, `{}`: {}",
                path.display(),
                error.kind()
            ),
            "give the path of a file that holds only the key",
        )
    })?;
    warn_about_readers(&path, warnings);
    let key = text.trim().trim_start_matches('\u{FEFF}').to_owned();
    if key.is_empty() || key.chars().any(char::is_whitespace) {
        return Err(Bad::new(
            format!(
                "the key file of {variable}, `{}`, does not hold exactly one key",
                path.display()
            ),
            "the file must hold the key and nothing else",
        ));
    }
    Ok(key)
}

#[cfg(unix)]
fn warn_about_readers(path: &Path, warnings: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        warnings.push(format!(
            "the key file `{}` can be read by others: run `chmod 600 {}`",
            path.display(),
            path.display()
        ));
    }
}

#[cfg(not(unix))]
fn warn_about_readers(_path: &Path, _warnings: &mut Vec<String>) {}

fn cache_mode(text: Option<String>) -> Result<CacheMode, Bad> {
    match text.map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None | Some("on") => Ok(CacheMode::On),
        Some("off") => Ok(CacheMode::Off),
        Some("refresh") => Ok(CacheMode::Refresh),
        Some(other) => Err(Bad::new(
            format!("the cache mode is `{}`", other.escape_debug()),
            "use on, off or refresh",
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
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::flow::ROLES;

    fn models(typed: Typed, pairs: &[(&str, &str)]) -> Result<Models, Bad> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        super::super::settings::resolve(&typed, &Environment::of(pairs), None, folder.path()).map(|run| run.models)
    }

    fn typed(provider: &str, model: &[&str]) -> Typed {
        Typed {
            provider: (!provider.is_empty()).then(|| provider.to_owned()),
            model: model.iter().map(|&model| model.to_owned()).collect(),
            ..Typed::default()
        }
    }

    fn plan(models: &Models, role: &str) -> Vec<String> {
        models
            .options
            .routes
            .plan(role)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn without_a_key_both_ways_out_are_named() {
        let error = models(Typed::default(), &[]).expect_err("no key");
        assert!(
            error.hint.contains("OPENAI_API_KEY") && error.hint.contains("--provider mock"),
            "{error:?}"
        );
    }

    #[test]
    fn one_analyst_may_have_its_own_model() {
        let keys = [
            ("OPENAI_API_KEY", "CANARY-openai"),
            ("ANTHROPIC_API_KEY", "CANARY-anthropic"),
        ];
        let models = models(typed("", &["openai:gpt-x", "geographic=anthropic:claude-x"]), &keys).expect("two models");
        assert_eq!(plan(&models, "daily_metrics"), ["openai:gpt-x"]);
        assert_eq!(plan(&models, "geographic"), ["anthropic:claude-x", "openai:gpt-x"]);
        assert!(!format!("{models:?}").contains("CANARY"));
    }

    #[test]
    fn random_is_the_mock_and_a_bare_model_belongs_to_the_provider() {
        assert_eq!(
            plan(&models(typed("random", &[]), &[]).expect("the mock"), "coordinator"),
            ["mock:mock-1"]
        );
        let pairs = [("OPENAI_API_KEY", "CANARY-openai")];
        let models = models(typed("openai", &["gpt-x"]), &pairs).expect("a bare model");
        assert_eq!(plan(&models, "coordinator"), ["openai:gpt-x"]);
    }

    #[test]
    fn round_robin_spreads_the_roles() {
        let pairs = [
            ("OPENAI_API_KEY", "CANARY-1"),
            ("GEMINI_API_KEY", "CANARY-2"),
            ("ROUTING_STRATEGY", "weighted"),
            ("ROUTING_CONFIG", "openai:a:2,gemini:b:1"),
        ];
        let models = models(Typed::default(), &pairs).expect("a routing");
        let first: Vec<String> = ROLES.iter().map(|role| plan(&models, role)[0].clone()).collect();
        assert_eq!(first.iter().filter(|target| *target == "openai:a").count(), 5);
        assert_eq!(plan(&models, "coordinator").len(), 2);
    }

    #[test]
    fn unknown_providers_roles_and_strategies_are_named() {
        for (typed, pairs, word) in [
            (typed("nobody", &[]), vec![], "nobody"),
            (typed("mock", &["cohort=mock:x"]), vec![], "cohort"),
            (typed("mock", &[]), vec![("ROUTING_STRATEGY", "best")], "best"),
            (typed("openai", &[]), vec![], "openai"),
        ] {
            let error = models(typed, &pairs).expect_err(word);
            assert!(error.message.contains(word) && !error.hint.is_empty(), "{error:?}");
        }
    }

    #[test]
    fn an_own_host_needs_only_its_base_url() {
        let pairs = [("LAB_BASE_URL", "http://127.0.0.1:9/v1")];
        let models = models(typed("lab", &["lab:tiny"]), &pairs).expect("a compatible host");
        assert_eq!(plan(&models, "geographic"), ["lab:tiny"]);
    }

    #[test]
    fn a_timeout_is_seconds() {
        let typed = Typed {
            timeout: Some("0.5".to_owned()),
            ..typed("mock", &[])
        };
        assert_eq!(
            models(typed, &[]).expect("half a second").options.attempt_timeout,
            Duration::from_millis(500)
        );
    }
}
