//! The arguments about models, and those of `providers`.

use clap::Args;

use crate::config::Typed;

#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Models")]
pub(in crate::cli) struct ModelArguments {
    /// Who answers: mock, env, openai, anthropic, gemini, openrouter, ollama, or any NAME with NAME_BASE_URL [default: env]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) provider: Option<String>,
    /// `provider:model` for all, or `analyst=provider:model` for one
    #[arg(long, value_name = "MODEL")]
    pub(in crate::cli) model: Vec<String>,
    /// `provider:model` to try when the first cannot answer, or `analyst=provider:model` for one
    #[arg(long, value_name = "MODEL")]
    pub(in crate::cli) fallback: Vec<String>,
    /// `provider:model` with a larger context window, tried only when a prompt is too long for another
    #[arg(long, value_name = "MODEL")]
    pub(in crate::cli) context_fallback: Vec<String>,
    /// backoff: the first model with all its retries, then the next. priority: every model once in order, then again in order
    /// with waits. roundrobin: each call begins at the next model. weighted: the order is drawn by weight, the same for the same
    /// run hash and role [default: backoff]
    #[arg(long, value_name = "STRATEGY")]
    pub(in crate::cli) routing_strategy: Option<String>,
    /// The models that share the calls, `provider:model[:weight],…`; a last part that is a number is the weight
    #[arg(long, value_name = "MODELS")]
    pub(in crate::cli) routing_config: Option<String>,
    /// Requests a minute for each key, or openai=500,openrouter=10 [default: 10 for OpenRouter, else what the provider tells]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) rpm: Option<String>,
    /// Input tokens a minute, in the same way
    #[arg(long, value_name = "N")]
    pub(in crate::cli) input_tpm: Option<String>,
    /// Output tokens a minute, in the same way
    #[arg(long, value_name = "N")]
    pub(in crate::cli) output_tpm: Option<String>,
    /// Retries after the first attempt [default: 3]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) retries: Option<String>,
    /// Seconds for one attempt [default: 120]
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) timeout: Option<String>,
    /// Ask for whole replies; else they are streamed, so that a stall is found in seconds
    #[arg(long)]
    pub(in crate::cli) no_stream: bool,
    /// Seconds until a streamed reply begins [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) first_token_timeout: Option<String>,
    /// Seconds between two tokens of a streamed reply [default: 20]
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) idle_timeout: Option<String>,
    /// Seconds for the whole run [default: 900; explore has none]
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) deadline: Option<String>,
    /// Token limit of one reply [default: 4096]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_output_tokens: Option<String>,
    /// Ask a second model after so many seconds, only when less than two attempts' time is left; the first answer wins
    #[arg(long, value_name = "SECONDS")]
    pub(in crate::cli) hedge_after: Option<String>,
    /// Replies kept from earlier runs: on, off, read (nothing new is kept) or write (asks again and keeps) [default: on]
    #[arg(long, value_name = "MODE")]
    pub(in crate::cli) cache: Option<String>,
    /// Ask again for replies older than this, e.g. 24h [default: 30d, which is also the most]
    #[arg(long, value_name = "AGE")]
    pub(in crate::cli) cache_max_age: Option<String>,
    /// US dollars that the run may spend; what a call may cost at most is reserved before it is sent
    #[arg(long, value_name = "USD")]
    pub(in crate::cli) max_cost: Option<String>,
    /// Requests that the run may send, retries among them
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_calls: Option<String>,
    /// Tokens that the run may use, input and output together
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_tokens: Option<String>,
    /// Price table whose rows win over the built-in ones [default: prices.toml beside insights.toml, where it exists]
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) prices: Option<String>,
    /// Write every exchange with a provider to a file, without keys
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) record: Option<String>,
    /// Make a recorded run again from its file: no network, no key
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) replay: Option<String>,
    /// Folder whose prompts win over the built-in ones [default: ./prompts where it exists]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) prompts: Option<String>,
    /// Folder with your own patterns [default: insights/patterns in your configuration folder]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) patterns: Option<String>,
    /// Faults and latency of the mock provider
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) mock_script: Option<String>,
}

#[derive(Debug, Default, Clone, Args)]
pub(in crate::cli) struct ProvidersArguments {
    /// Ask each provider for its list of models, which costs nothing; exit 3 if one is not available
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// JSON instead of a table
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) models: ModelArguments,
}

impl ModelArguments {
    pub(in crate::cli) fn add_to(&self, typed: &mut Typed) {
        typed.provider.clone_from(&self.provider);
        typed.model.clone_from(&self.model);
        typed.fallback.clone_from(&self.fallback);
        typed.requests_per_minute.clone_from(&self.rpm);
        typed.input_tokens_per_minute.clone_from(&self.input_tpm);
        typed.output_tokens_per_minute.clone_from(&self.output_tpm);
        typed.retries.clone_from(&self.retries);
        typed.timeout.clone_from(&self.timeout);
        typed.stream = self.no_stream.then(|| "off".to_owned());
        typed.first_token_timeout.clone_from(&self.first_token_timeout);
        typed.idle_timeout.clone_from(&self.idle_timeout);
        typed.deadline.clone_from(&self.deadline);
        typed.max_output_tokens.clone_from(&self.max_output_tokens);
        typed.cache.clone_from(&self.cache);
        typed.prompts.clone_from(&self.prompts);
        typed.patterns.clone_from(&self.patterns);
        typed.mock_script.clone_from(&self.mock_script);
        typed.routing_strategy.clone_from(&self.routing_strategy);
        typed.routing_config.clone_from(&self.routing_config);
        typed.context_fallback.clone_from(&self.context_fallback);
        typed.hedge_after.clone_from(&self.hedge_after);
        typed.cache_max_age.clone_from(&self.cache_max_age);
        typed.max_cost.clone_from(&self.max_cost);
        typed.max_calls.clone_from(&self.max_calls);
        typed.max_tokens.clone_from(&self.max_tokens);
        typed.prices.clone_from(&self.prices);
        typed.record.clone_from(&self.record);
        typed.replay.clone_from(&self.replay);
    }
}
