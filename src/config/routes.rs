//! Routes: which models answer which role, in which order, from `--model`, `--fallback` and the routing settings.

use std::collections::BTreeMap;

use crate::llm::{Dialect, MOCK, Route, Strategy, Target};

use super::environment::Origin;
use super::keys::Known;
use super::settings::{Sources, Typed, split_list};
use super::{Bad, variables};

/// What was asked for, as text.
pub(super) struct Wanted {
    /// `None` and `env` take the first provider that has a key.
    pub(super) provider: Option<String>,
    pub(super) models: Vec<String>,
    fallbacks: Vec<String>,
    larger: Vec<String>,
    strategy: Option<String>,
    routing: Option<(String, Origin)>,
    /// Where the models come from, when any was named.
    models_origin: Option<Origin>,
    seed: String,
}

impl Wanted {
    pub(super) fn read(typed: &Typed, sources: &mut Sources<'_>, seed: Option<&str>) -> Result<Self, Bad> {
        let provider = sources.text(typed.provider.as_ref(), variables::PROVIDER)?;
        let models = sources.list(&typed.model, variables::MODEL)?;
        let models_origin = sources.origin_of(variables::MODEL);
        let fallbacks = sources.list(&typed.fallback, variables::FALLBACK)?;
        let larger = sources.list(&typed.context_fallback, variables::CONTEXT_FALLBACK)?;
        let strategy = sources.text(typed.routing_strategy.as_ref(), variables::ROUTING_STRATEGY)?;
        let routing = sources.text(typed.routing_config.as_ref(), variables::ROUTING_CONFIG)?;
        let routing = routing.zip(sources.origin_of(variables::ROUTING_CONFIG));
        Ok(Self {
            provider: provider.map(|name| match name.trim().to_ascii_lowercase().as_str() {
                "random" => MOCK.to_owned(),
                name => name.to_owned(),
            }),
            models,
            fallbacks,
            larger,
            strategy,
            routing,
            models_origin,
            seed: seed.unwrap_or_default().to_owned(),
        })
    }

    /// The models of a question in place of what the routing settings say.
    pub(super) fn only(self, models: Vec<String>) -> Self {
        Self {
            models,
            routing: None,
            models_origin: None,
            ..self
        }
    }

    fn named_provider(&self) -> Option<&str> {
        self.provider.as_deref().filter(|name| *name != "env")
    }
}

/// # Errors
/// An unknown provider, role or strategy, and text that is no model; each with what is known.
pub(super) fn route(known: &Known<'_>, wanted: &Wanted, warnings: &mut Vec<String>) -> Result<Route, Bad> {
    let named = wanted.named_provider();
    let strategy = strategy(wanted.strategy.as_deref())?;
    let (mut default, mut roles) = models(known, &wanted.models, named)?;
    let mut weights = Vec::new();
    if let Some((routing, origin)) = &wanted.routing {
        let routed = routed(known, routing)?;
        match (&wanted.models_origin, default.is_empty()) {
            (Some(Origin::Flag), false) if *origin == Origin::Flag => {
                return Err(Bad::new(
                    "`--model` and `--routing-config` both name the models for all",
                    "drop one of them; `--model analyst=provider:model` may stand beside `--routing-config`",
                ));
            }
            (_, false) => warnings.push(format!(
                "{} is not used: `--model` names the models",
                variables::ROUTING_CONFIG
            )),
            (_, true) => (default, weights) = of_provider(routed, named, origin, warnings),
        }
    }
    let (fallbacks, own_fallbacks) = models(known, &wanted.fallbacks, None)?;
    let larger = wanted
        .larger
        .iter()
        .map(|text| target(known, text, None))
        .collect::<Result<Vec<_>, _>>()?;
    let all_own = known.roles.iter().all(|role| roles.contains_key(role));
    if default.is_empty() && !all_own {
        match known.tape().filter(|_| named.is_none()) {
            Some(tape) => {
                let (shared, by_role) = recorded(tape.asked());
                default = shared;
                for (role, targets) in by_role {
                    roles.entry(role).or_insert(targets);
                }
            }
            None => default.push(default_target(known, named)?),
        }
    }
    // A role that has only fallbacks of its own begins with the shared models.
    for (role, targets) in own_fallbacks {
        roles.entry(role).or_insert_with(|| default.clone()).extend(targets);
    }
    Ok(Route {
        strategy,
        default,
        weights,
        seed: wanted.seed.clone(),
        fallbacks,
        roles,
        larger,
    })
}

/// Who gives vectors: the named model, else that of a provider which is asked anyway and is known to have one.
///
/// # Errors
/// A provider without embeddings, or none to choose.
pub(super) fn embedding(known: &Known<'_>, named: Option<&str>, route: &Route) -> Result<Target, Bad> {
    let hint =
        "name a model of OpenAI or a compatible host, for example `--embedding-model openai:text-embedding-3-small`";
    let target = match named {
        Some(text) => target(known, text, None)?,
        None => {
            let asked = route.targets();
            let usual = [(MOCK, "mock-embedding"), ("openai", "text-embedding-3-small")];
            let usual = usual
                .iter()
                .find(|(vendor, _)| asked.iter().any(|target| target.vendor == *vendor));
            let (vendor, model) = usual.ok_or_else(|| Bad::new("no model is named that compares meanings", hint))?;
            Target::new(*vendor, *model)
        }
    };
    match known.row(&target.vendor)?.dialect {
        Dialect::OpenAi => Ok(target),
        _ => Err(Bad::new(format!("`{}` gives no embeddings here", target.vendor), hint)),
    }
}

/// `provider:model` for all and `role=provider:model` for one, each repeatable: a chain in the order given.
#[expect(
    clippy::type_complexity,
    reason = "the shared list and the chains by role, taken apart at once"
)]
fn models(
    known: &Known<'_>,
    texts: &[String],
    provider: Option<&str>,
) -> Result<(Vec<Target>, BTreeMap<String, Vec<Target>>), Bad> {
    let mut shared = Vec::new();
    let mut own: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    for text in texts {
        match text.split_once('=') {
            Some((role, model)) => {
                let role = role.trim();
                if !known.roles.iter().any(|one| one == role) {
                    return Err(Bad::new(
                        format!("`{}` is no role of a council", role.escape_debug()),
                        format!("roles are {}", known.roles.join(", ")),
                    ));
                }
                let target = target(known, model, provider)?;
                own.entry(role.to_owned()).or_default().push(target);
            }
            None => shared.push(target(known, text, provider)?),
        }
    }
    Ok((shared, own))
}

/// With `--provider` named, only its models of the routing are used.
fn of_provider(
    routed: Vec<(Target, f64)>,
    named: Option<&str>,
    origin: &Origin,
    warnings: &mut Vec<String>,
) -> (Vec<Target>, Vec<f64>) {
    let n_all = routed.len();
    let kept: Vec<(Target, f64)> = routed
        .into_iter()
        .filter(|(target, _)| *origin == Origin::Flag || named.is_none_or(|name| target.vendor == name))
        .collect();
    if let Some(name) = named.filter(|_| kept.len() < n_all) {
        let used = if kept.is_empty() {
            "is not used"
        } else {
            "is used in part"
        };
        warnings.push(format!(
            "{} {used}: the provider is `{name}`",
            variables::ROUTING_CONFIG
        ));
    }
    kept.into_iter().unzip()
}

/// The models of a recording: one list where all roles asked the same, else one for each role.
fn recorded(asked: &[(String, Target)]) -> (Vec<Target>, BTreeMap<String, Vec<Target>>) {
    let mut roles: BTreeMap<String, Vec<Target>> = BTreeMap::new();
    for (role, target) in asked {
        roles.entry(role.clone()).or_default().push(target.clone());
    }
    let first = roles.values().next().cloned().unwrap_or_default();
    match roles.values().all(|targets| *targets == first) {
        true => (first, BTreeMap::new()),
        // A role that the recording does not hold asks as the first one did, and is told so.
        false => (first, roles),
    }
}

fn default_target(known: &Known<'_>, named: Option<&str>) -> Result<Target, Bad> {
    let name = match named {
        Some(name) => name.to_owned(),
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

/// `provider:model[:weight],…`: a last part that is a number is the weight, so `a/llama:free` is a model and
/// `ollama:qwen3:14:1` is the model `qwen3:14` with weight 1.
fn routed(known: &Known<'_>, text: &str) -> Result<Vec<(Target, f64)>, Bad> {
    let bad = |why: String| {
        Bad::new(
            format!("{}: {why}", variables::ROUTING_CONFIG),
            "write `provider:model[:weight],…`, for example `openai:gpt-5-mini:3,gemini:gemini-2.5-flash:1`; a weight is above 0",
        )
    };
    let parts = split_list(text);
    if parts.is_empty() {
        return Err(bad("it names no model".to_owned()));
    }
    let mut routed: Vec<(Target, f64)> = Vec::new();
    for part in parts {
        let (model, weight) = match part.rsplit_once(':') {
            Some((model, weight)) if model.contains(':') && is_number(weight) => (model, weight.parse::<f64>().ok()),
            _ => (part.as_str(), Some(1.0)),
        };
        let weight = weight.filter(|weight| weight.is_finite() && *weight > 0.0);
        let weight = weight.ok_or_else(|| bad(format!("the weight of `{}` is not above 0", part.escape_debug())))?;
        let target = target(known, model, None).map_err(|error| Bad {
            message: format!("{}: {}", variables::ROUTING_CONFIG, error.message),
            ..error
        })?;
        if routed.iter().any(|(listed, _)| *listed == target) {
            return Err(bad(format!("{target} stands in it twice")));
        }
        routed.push((target, weight));
    }
    Ok(routed)
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.chars().any(|letter| letter.is_ascii_digit())
        && digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
}

fn strategy(text: Option<&str>) -> Result<Strategy, Bad> {
    let Some(text) = text else {
        return Ok(Strategy::default());
    };
    text.parse().map_err(|()| {
        let words = Strategy::ALL.map(Strategy::word);
        Bad::new(
            format!("{} is `{}`", variables::ROUTING_STRATEGY, text.escape_debug()),
            format!("use {} or {}", words[..3].join(", "), words[3]),
        )
    })
}

#[cfg(test)]
mod tests;
