//! How the call layer is set up. Filled by `config`, checked here once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::base_url::{PrivateHosts, check_base_url};
use super::budget::Caps;
use super::cache::{CacheMode, LONGEST_AGE};
use super::cassette::{BadCassette, Cassette, Recorder};
use super::cost::Prices;
use super::mock::MockOptions;
use super::redact::Redactor;
use super::retry::FIRST_WAIT;
use super::route::Route;
use super::target::Target;
use super::vendor::Vendor;
use crate::store::{Dimension, Rates};

#[derive(Debug, Clone)]
pub struct Options {
    /// The vendors that the route names; others do no harm.
    pub vendors: Vec<Vendor>,
    pub routes: Route,
    /// Per target: the first try and its retries.
    pub attempts: u32,
    /// Of one logical call, over all its targets.
    pub call_attempts: u32,
    /// Name look-up, connection and TLS.
    pub connect_timeout: Duration,
    /// Connect, send and the whole reply.
    pub attempt_timeout: Duration,
    /// Of one logical call with all its waits, when the caller gives no earlier deadline.
    pub call_timeout: Duration,
    /// Replies come in pieces where the vendor can do so.
    pub stream: bool,
    /// Of a streamed reply: from sending to the first token, of the answer or of reasoning.
    pub first_token_timeout: Duration,
    /// Of a streamed reply: between two tokens.
    pub idle_timeout: Duration,
    /// A server that asks for a longer wait is left for the next model at once.
    pub retry_after_cap: Duration,
    /// The first step of the retry schedule; the others double it.
    pub first_wait: Duration,
    /// Overrides what the vendors' rows say.
    pub requests_per_minute: Option<u32>,
    pub private_hosts: PrivateHosts,
    pub cache: CacheMode,
    /// An older reply is asked for again; 30 days at most.
    pub cache_max_age: Duration,
    pub prices: Prices,
    pub mock: MockOptions,
    /// For each key; None is no limit but what the provider tells.
    pub input_tokens_per_minute: Option<u64>,
    pub output_tokens_per_minute: Option<u64>,
    /// Limits of one provider's key, by its name; they win over those for all.
    pub provider_rates: BTreeMap<String, Rates>,
    /// What counts as a minute; shorter in tests.
    pub rate_window: Duration,
    /// Where the limits of this machine's processes are kept together: the first file that can be used. None keeps them
    /// for this process alone.
    pub ledger: Vec<PathBuf>,
    pub caps: Caps,
    /// A second model is asked after this time, near the deadline only; None is never.
    pub hedge_after: Option<Duration>,
    pub cassette: Cassette,
    /// Who gives vectors for texts, where they are wanted.
    pub embedding: Option<Target>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            vendors: Vec::new(),
            routes: Route::default(),
            attempts: 4,
            call_attempts: 8,
            connect_timeout: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(120),
            call_timeout: Duration::from_secs(600),
            stream: true,
            first_token_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(20),
            retry_after_cap: Duration::from_secs(120),
            first_wait: FIRST_WAIT,
            requests_per_minute: None,
            private_hosts: PrivateHosts::Refused,
            cache: CacheMode::Off,
            prices: Prices::shipped(),
            mock: MockOptions::default(),
            input_tokens_per_minute: None,
            output_tokens_per_minute: None,
            provider_rates: BTreeMap::new(),
            rate_window: Duration::from_secs(60),
            ledger: Vec::new(),
            cache_max_age: LONGEST_AGE,
            caps: Caps::default(),
            hedge_after: None,
            cassette: Cassette::Off,
            embedding: None,
        }
    }
}

/// Why no call can be made at all; each names the next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("no model is configured for `{role}`")]
    NoModel { role: String },
    #[error("unknown provider `{provider}`: known are {known}; any other needs {variable}")]
    UnknownProvider {
        provider: String,
        known: String,
        variable: String,
    },
    #[error("no key for `{provider}`: set {variables}, or use `--provider mock`")]
    NoKey { provider: String, variables: String },
    #[error("{variable} of `{provider}`: {why}")]
    BadBaseUrl {
        provider: String,
        variable: String,
        why: String,
    },
    #[error("{what} must be at least 1")]
    Zero { what: &'static str },
    #[error(
        "no price is known for {models}, so `--max-cost` cannot hold: give one with `--prices FILE`, or drop `--max-cost`"
    )]
    NoPrice { models: String },
    #[error(transparent)]
    Cassette(#[from] BadCassette),
}

impl Options {
    /// Knows every key of these vendors.
    pub fn redactor(&self) -> Redactor {
        Redactor::new(self.vendors.iter().filter_map(|vendor| vendor.key.clone()))
    }

    /// What was configured for a provider's key: its own limits, else those for all, else its row's.
    pub(super) fn rates(&self, vendor: &Vendor) -> Rates {
        let own = self.provider_rates.get(&vendor.name).copied().unwrap_or_default();
        let requests = self.requests_per_minute.or(vendor.requests_per_minute);
        Rates {
            requests: own.requests.or(requests.map(u64::from)),
            input_tokens: own.input_tokens.or(self.input_tokens_per_minute),
            output_tokens: own.output_tokens.or(self.output_tokens_per_minute),
            tokens: own.tokens,
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let zero = |what| Err(ConfigError::Zero { what });
        if self.attempts == 0 || self.call_attempts == 0 {
            return zero("the number of attempts");
        }
        let timeouts = [
            self.connect_timeout,
            self.attempt_timeout,
            self.call_timeout,
            self.first_token_timeout,
            self.idle_timeout,
        ];
        if timeouts.iter().any(Duration::is_zero) {
            return zero("a timeout");
        }
        if self.requests_per_minute == Some(0) {
            return zero("the number of requests per minute");
        }
        let tokens = [self.input_tokens_per_minute, self.output_tokens_per_minute];
        let own = self
            .provider_rates
            .values()
            .flat_map(|rates| Dimension::ALL.map(|dimension| rates.of(dimension)));
        if tokens.into_iter().chain(own).any(|limit| limit == Some(0)) {
            return zero("the number of requests or tokens per minute");
        }
        if self.rate_window < Duration::from_millis(100) {
            return zero("the window of the rate limits, in tenths of a second,");
        }
        if self.routes.default.is_empty() && self.routes.roles.is_empty() {
            return Err(ConfigError::NoModel {
                role: "every role".to_owned(),
            });
        }
        if let Some((role, _)) = self.routes.roles.iter().find(|(_, targets)| targets.is_empty()) {
            return Err(ConfigError::NoModel { role: role.clone() });
        }
        for target in self.targets() {
            let vendor = self.vendors.iter().find(|vendor| vendor.name == target.vendor);
            let vendor = vendor.ok_or_else(|| {
                let known: Vec<&str> = self.vendors.iter().map(|vendor| vendor.name.as_str()).collect();
                ConfigError::UnknownProvider {
                    known: known.join(", "),
                    variable: Vendor::compatible(&target.vendor).base_url_variable,
                    provider: target.vendor.clone(),
                }
            })?;
            self.check_vendor(vendor)?;
        }
        self.check_prices()
    }

    /// Every model that may be asked.
    fn targets(&self) -> Vec<Target> {
        let mut targets = self.routes.targets();
        targets.extend(self.embedding.clone());
        targets
    }

    /// A limit on money means nothing where the price is not known.
    fn check_prices(&self) -> Result<(), ConfigError> {
        if self.caps.cost_usd.is_none() {
            return Ok(());
        }
        let targets = self.targets();
        let unpriced = targets
            .iter()
            .filter(|target| self.prices.price(&target.vendor, &target.model).is_none())
            .map(ToString::to_string);
        let models = unpriced.collect::<Vec<_>>().join(", ");
        match models.is_empty() {
            true => Ok(()),
            false => Err(ConfigError::NoPrice { models }),
        }
    }

    pub(super) fn recorder(&self) -> Result<Option<Recorder>, ConfigError> {
        match &self.cassette {
            Cassette::Record(path) => Ok(Some(Recorder::create(path, self.redactor())?)),
            Cassette::Off | Cassette::Replay(_) => Ok(None),
        }
    }

    fn check_vendor(&self, vendor: &Vendor) -> Result<(), ConfigError> {
        // A replay sends nothing anywhere.
        if vendor.is_mock() || self.cassette.is_replay() {
            return Ok(());
        }
        if let Err(bad) = check_base_url(&vendor.base_url, self.private_hosts) {
            return Err(ConfigError::BadBaseUrl {
                provider: vendor.name.clone(),
                variable: vendor.base_url_variable.clone(),
                why: bad.why,
            });
        }
        if vendor.needs_key && vendor.key.is_none() {
            return Err(ConfigError::NoKey {
                provider: vendor.name.clone(),
                variables: vendor.key_variables.join(" or "),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(target: &str) -> Options {
        Options {
            vendors: Vendor::all(),
            routes: Route::to([target.parse::<Target>().unwrap()]),
            ..Options::default()
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (options, said) in [
            (options("mock:mock-1"), None),
            (options("ollama:llama3.2"), None),
            (
                options("gemini:x"),
                Some("no key for `gemini`: set GEMINI_API_KEY or GOOGLE_API_KEY"),
            ),
            (options("my-host:x"), Some("any other needs MY_HOST_BASE_URL")),
            (Options::default(), Some("no model is configured for `every role`")),
            (
                Options {
                    attempts: 0,
                    ..options("mock:x")
                },
                Some("attempts must be at least 1"),
            ),
        ] {
            let error = options.check().err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.map_or(error.is_empty(), |said| error.contains(said)), "{error}");
        }
    }
}
