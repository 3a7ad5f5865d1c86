//! `insights providers`: who may be asked, what each can do, how it did lately, and with `--check` whether it is there now.
//! Costs nothing: only lists of models are asked for, never a model. Shows no key.

use std::collections::BTreeMap;
use std::path::Path;

use futures::future::join_all;
use serde::Serialize;

use crate::clock;
use crate::config::{self, Typed};
use crate::event::Events;
use crate::llm::{Availability, Capabilities, Credit, Llm, Target, Vendor};
use crate::store::{BreakerRecord, LearnedLimit, Ledger, ModelHealth, Store};

use super::args::{CommonArguments, ProvidersArguments};
use super::exit::{Code, Failure};
use super::providers_text::text;
use super::{print, run};

/// Everything that is shown, as it goes out with `--json`.
#[derive(Debug, Serialize)]
pub(super) struct Overview {
    pub(super) checked: bool,
    pub(super) prices_updated: String,
    pub(super) providers: Vec<Provider>,
}

#[derive(Debug, Serialize)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) base_url: String,
    pub(super) base_url_source: String,
    /// None needs none.
    pub(super) key_source: Option<String>,
    /// Null when it was not checked.
    pub(super) available: Option<bool>,
    pub(super) reason: Option<String>,
    /// The class of the error.
    pub(super) kind: Option<String>,
    pub(super) latency_millis: Option<u64>,
    pub(super) models_listed: Option<usize>,
    pub(super) credit: Option<Credit>,
    pub(super) requests_per_minute: Option<u32>,
    pub(super) learned_limits: Vec<Learned>,
    pub(super) models: Vec<Model>,
}

/// What the provider's headers told of its limits a minute.
#[derive(Debug, Serialize)]
pub(super) struct Learned {
    /// Empty: of the key, for all its models.
    pub(super) model: String,
    pub(super) requests: Option<u64>,
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
    /// Input and output together.
    pub(super) tokens: Option<u64>,
    pub(super) age_seconds: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Model {
    pub(super) name: String,
    /// Asked in a run with these settings; the others only have a key.
    pub(super) in_route: bool,
    pub(super) available: Option<bool>,
    pub(super) reason: Option<String>,
    pub(super) capabilities: Capabilities,
    pub(super) breaker: Breaker,
    /// The recorded calls lately; null without any.
    pub(super) history: Option<History>,
}

#[derive(Debug, Serialize)]
pub(super) struct Breaker {
    /// `closed`, `open`, or `half_open`: the next call is a probe.
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
    /// RFC 3339.
    pub(super) until: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct History {
    pub(super) calls: u64,
    pub(super) success_rate: Option<f64>,
    pub(super) mean_millis: Option<f64>,
    pub(super) p50_millis: Option<u64>,
    pub(super) p95_millis: Option<u64>,
    pub(super) last_error: Option<String>,
    pub(super) last_error_at: Option<String>,
}

impl Overview {
    fn all_available(&self) -> bool {
        let mut models = self.providers.iter().flat_map(|provider| &provider.models);
        models.all(|model| model.available != Some(false))
    }
}

pub(super) async fn providers(arguments: &ProvidersArguments, common: &CommonArguments) -> Result<Code, Failure> {
    let mut typed = Typed::default();
    arguments.models.add_to(&mut typed);
    common.add_to(&mut typed);
    let settings = run::settle(&typed, common)?;
    let mut options = settings.models.options.clone();
    let routed = options.routes.targets();
    let mut targets = routed.clone();
    for (vendor, target) in others_with_keys(&typed, common) {
        if !options.vendors.iter().any(|known| known.name == vendor.name) {
            options.vendors.push(vendor);
            targets.push(target);
        }
    }
    let (vendors, prices) = (options.vendors.clone(), options.prices.clone());
    let llm =
        Llm::new(options, None, Events::silent()).map_err(|error| Failure::new(Code::Usage, error.to_string()))?;
    let checks: BTreeMap<String, Availability> = if arguments.check {
        let checks = vendors.iter().map(async |vendor| {
            let availability = llm.check_availability(vendor).await;
            (vendor.name.clone(), availability)
        });
        join_all(checks).await.into_iter().collect()
    } else {
        BTreeMap::new()
    };
    let health = health(&settings);
    let limits = limits(&settings);
    let providers = vendors.iter().map(|vendor| {
        let own = targets.iter().filter(|target| target.vendor == vendor.name);
        let check = checks.get(&vendor.name);
        let models = own.map(|target| {
            let health = health
                .iter()
                .find(|health| health.provider == target.vendor && health.model == target.model);
            let capabilities = Capabilities::of(vendor, &target.model, &prices);
            model(vendor, target, capabilities, routed.contains(target), check, health)
        });
        Provider {
            learned_limits: learned(vendor, &limits),
            ..provider(vendor, check, models.collect())
        }
    });
    let overview = Overview {
        checked: arguments.check,
        prices_updated: prices.updated.clone(),
        providers: providers.collect(),
    };
    let shown = if arguments.json {
        format!("{:#}\n", serde_json::to_value(&overview).unwrap_or_default())
    } else {
        print::safe(&text(&overview))
    };
    print::out(&shown).map_err(|error| Failure::new(Code::NoReport, format!("could not write to stdout: {error}")))?;
    Ok(if overview.all_available() {
        Code::Complete
    } else {
        Code::Degraded
    })
}

/// Providers that no route names but whose key is there, with their default model.
fn others_with_keys(typed: &Typed, common: &CommonArguments) -> Vec<(Vendor, Target)> {
    let known = Vendor::all().into_iter().filter(|vendor| vendor.needs_key);
    let settled = known.filter_map(|vendor| {
        let model = vendor.default_model.as_ref()?;
        let alone = Typed {
            provider: Some(vendor.name.clone()),
            model: vec![format!("{}:{model}", vendor.name)],
            ..typed.clone()
        };
        let settings = run::settle(&alone, common).ok()?;
        let mut vendors = settings.models.options.vendors.into_iter();
        let target = Target::new(&vendor.name, model.as_str());
        Some((vendors.find(|found| found.name == vendor.name)?, target))
    });
    settled.collect()
}

/// What the database knows; a missing one is not created for this.
fn health(settings: &config::Run) -> Vec<ModelHealth> {
    let path = settings.run_logs.join("insights.db");
    match Path::is_file(&path) {
        true => Store::open(&path).health(),
        false => Vec::new(),
    }
}

fn limits(settings: &config::Run) -> Vec<LearnedLimit> {
    let files = &settings.models.options.ledger;
    match files.iter().any(|file| file.is_file()) {
        true => Ledger::at(files.clone()).learned(),
        false => Vec::new(),
    }
}

/// Only what was learned with this key at this place.
fn learned(vendor: &Vendor, limits: &[LearnedLimit]) -> Vec<Learned> {
    let key = vendor.limit_key();
    let own = limits.iter().filter(|limit| limit.key == key);
    own.map(|limit| Learned {
        model: limit.model.clone(),
        requests: limit.rates.requests,
        input_tokens: limit.rates.input_tokens,
        output_tokens: limit.rates.output_tokens,
        tokens: limit.rates.tokens,
        age_seconds: limit.age_millis / 1_000,
    })
    .collect()
}

fn provider(vendor: &Vendor, check: Option<&Availability>, models: Vec<Model>) -> Provider {
    let error = check.and_then(|check| check.error.as_ref());
    Provider {
        name: vendor.name.clone(),
        base_url: vendor.base_url.clone(),
        base_url_source: vendor.base_url_source.clone(),
        key_source: vendor.key.as_ref().map(|_| vendor.key_source.clone()),
        available: check.map(|check| check.available),
        reason: error.map(|error| error.message.clone()),
        kind: error.and_then(|error| Some(serde_json::to_value(error.class).ok()?.as_str()?.to_owned())),
        latency_millis: check.map(|check| check.millis),
        models_listed: check.and_then(|check| Some(check.models.as_ref()?.len())),
        credit: check.and_then(|check| check.credit),
        requests_per_minute: vendor.requests_per_minute,
        learned_limits: Vec::new(),
        models,
    }
}

fn model(
    vendor: &Vendor,
    target: &Target,
    capabilities: Capabilities,
    in_route: bool,
    check: Option<&Availability>,
    health: Option<&ModelHealth>,
) -> Model {
    let listed = check.and_then(|check| check.has(&target.model));
    // A server on this machine that lists one model serves it under any name.
    let only_one = !vendor.needs_key && check.and_then(|check| Some(check.models.as_ref()?.len())) == Some(1);
    let missing = listed == Some(false) && !only_one;
    let reason = check.and_then(|check| match &check.error {
        Some(error) => Some(error.message.clone()),
        None => missing.then(|| {
            let n_models = check.models.as_ref().map_or(0, Vec::len);
            format!(
                "`{}` is not among the {n_models} models that the provider lists; choose one with `--model`",
                target.model
            )
        }),
    });
    Model {
        name: target.model.clone(),
        in_route,
        available: check.map(|check| check.available && !missing),
        reason,
        capabilities,
        breaker: breaker(health.map(|health| health.breakers.as_slice()).unwrap_or_default()),
        history: health.filter(|health| health.calls > 0).map(history),
    }
}

fn breaker(open: &[BreakerRecord]) -> Breaker {
    let Some(last) = open.iter().max_by_key(|breaker| breaker.until_millis) else {
        return Breaker {
            state: "closed",
            reason: None,
            until: None,
        };
    };
    let until = jiff::Timestamp::from_millisecond(last.until_millis).ok();
    Breaker {
        state: match until.is_some_and(|until| until <= clock::wall()) {
            true => "half_open",
            false => "open",
        },
        reason: Some(last.reason.clone()),
        until: until.map(|until| until.to_string()),
    }
}

fn history(health: &ModelHealth) -> History {
    History {
        calls: health.calls,
        success_rate: health.success_rate(),
        mean_millis: health.mean_millis,
        p50_millis: health.p50_millis,
        p95_millis: health.p95_millis,
        last_error: health.last_error.as_ref().map(|error| error.message.clone()),
        last_error_at: health.last_error.as_ref().map(|error| error.at.clone()),
    }
}
