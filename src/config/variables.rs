//! Every environment variable that the program reads, in one list; `example.env` is held against it by a test.

/// One variable and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    pub purpose: &'static str,
    /// Its value is never shown.
    pub secret: bool,
}

const fn plain(name: &'static str, purpose: &'static str) -> Variable {
    Variable {
        name,
        purpose,
        secret: false,
    }
}

const fn secret(name: &'static str, purpose: &'static str) -> Variable {
    Variable {
        name,
        purpose,
        secret: true,
    }
}

pub const RUN_HASH: &str = "RUN_HASH";
pub(super) const DATE_START: &str = "DATE_START";
pub(super) const DATE_END: &str = "DATE_END";
pub(super) const AGGREGATION_LIMIT: &str = "AGGREGATION_LIMIT";
pub(super) const DATA: &str = "INSIGHTS_DATA";
pub(super) const MAP: &str = "INSIGHTS_MAP";
pub(super) const MAPPING: &str = "INSIGHTS_MAPPING";
pub(super) const METRICS: &str = "INSIGHTS_METRICS";
pub(super) const TIMEZONE: &str = "INSIGHTS_TIMEZONE";
pub(super) const MAX_BAD_ROWS: &str = "INSIGHTS_MAX_BAD_ROWS";
pub(super) const MEMORY_LIMIT: &str = "INSIGHTS_MEMORY_LIMIT";
pub(super) const ENGINE: &str = "INSIGHTS_ENGINE";
pub(super) const ENGINE_DIR: &str = "INSIGHTS_ENGINE_DIR";
pub(super) const PROVIDER: &str = "INSIGHTS_PROVIDER";
pub(super) const MODEL: &str = "INSIGHTS_MODEL";
pub(super) const FALLBACK: &str = "INSIGHTS_FALLBACK";
pub(super) const ROUTING_STRATEGY: &str = "ROUTING_STRATEGY";
pub(super) const ROUTING_CONFIG: &str = "ROUTING_CONFIG";
pub(super) const EMBEDDING_MODEL: &str = "INSIGHTS_EMBEDDING_MODEL";
pub(super) const CONTEXT_FALLBACK: &str = "INSIGHTS_CONTEXT_FALLBACK";
pub(super) const REQUESTS_PER_MINUTE: &str = "INSIGHTS_REQUESTS_PER_MINUTE";
pub(super) const INPUT_TOKENS_PER_MINUTE: &str = "INSIGHTS_INPUT_TOKENS_PER_MINUTE";
pub(super) const OUTPUT_TOKENS_PER_MINUTE: &str = "INSIGHTS_OUTPUT_TOKENS_PER_MINUTE";
pub(super) const RETRIES: &str = "INSIGHTS_RETRIES";
pub(super) const TIMEOUT: &str = "INSIGHTS_TIMEOUT";
pub(super) const STREAM: &str = "INSIGHTS_STREAM";
pub(super) const FIRST_TOKEN_TIMEOUT: &str = "INSIGHTS_FIRST_TOKEN_TIMEOUT";
pub(super) const IDLE_TIMEOUT: &str = "INSIGHTS_IDLE_TIMEOUT";
pub(super) const DEADLINE: &str = "INSIGHTS_DEADLINE";
pub(super) const MAX_OUTPUT_TOKENS: &str = "INSIGHTS_MAX_OUTPUT_TOKENS";
pub(super) const ROUNDS: &str = "INSIGHTS_ROUNDS";
pub(super) const CACHE: &str = "INSIGHTS_CACHE";
pub(super) const CACHE_MAX_AGE: &str = "INSIGHTS_CACHE_MAX_AGE";
pub(super) const HEDGE_AFTER: &str = "INSIGHTS_HEDGE_AFTER";
pub(super) const MAX_COST: &str = "INSIGHTS_MAX_COST";
pub(super) const MAX_CALLS: &str = "INSIGHTS_MAX_CALLS";
pub(super) const MAX_TOKENS: &str = "INSIGHTS_MAX_TOKENS";
pub(super) const PRICES: &str = "INSIGHTS_PRICES";
pub(super) const RECORD: &str = "INSIGHTS_RECORD";
pub(super) const REPLAY: &str = "INSIGHTS_REPLAY";
pub(super) const PROMPTS: &str = "INSIGHTS_PROMPTS";
pub(super) const PATTERNS: &str = "INSIGHTS_PATTERNS";
pub(super) const RUN_LOGS: &str = "INSIGHTS_RUN_LOGS";
pub(super) const STATE_DIR: &str = "INSIGHTS_STATE_DIR";
pub(super) const SESSION_LOG: &str = "INSIGHTS_SESSION_LOG";
pub(super) const SESSION_DETAIL: &str = "INSIGHTS_SESSION_DETAIL";
pub(super) const MOCK_SCRIPT: &str = "INSIGHTS_MOCK_SCRIPT";
pub(super) const LOG: &str = "INSIGHTS_LOG";
/// Read from the process environment alone: a trace begins before any file is read.
pub const TRACE: &str = "INSIGHTS_TRACE";

/// All of them, in the order of `example.env`.
pub const VARIABLES: &[Variable] = &[
    plain(RUN_HASH, "the name of the run"),
    plain(DATE_START, "first day of the report's window, YYYY-MM-DD"),
    plain(DATE_END, "last day of the report's window, YYYY-MM-DD"),
    plain(AGGREGATION_LIMIT, "rows of a table that a model sees, at least 10"),
    plain(DATA, "file, folder, glob or URL with events or transactions"),
    plain(MAP, "column roles, `user=…,time=…`"),
    plain(MAPPING, "the schema_mapping.json of an earlier run, used again"),
    plain(
        METRICS,
        "folder of SQL files that replace metric definitions of the same name",
    ),
    plain(TIMEZONE, "IANA time zone of the report's days"),
    plain(MAX_BAD_ROWS, "unreadable rows before a run stops"),
    plain(
        MEMORY_LIMIT,
        "memory for tables and queries, such as 1500MB; what does not fit goes to disk",
    ),
    plain(ENGINE, "where queries are answered: local, or ballista://host:port"),
    plain(
        ENGINE_DIR,
        "folder that this machine and all of a cluster see, for the tables of a run",
    ),
    plain(
        PROVIDER,
        "who answers: mock, env, openai, anthropic, gemini, openrouter or another name",
    ),
    plain(
        MODEL,
        "`provider:model` for all, `analyst=provider:model` for one, comma-separated",
    ),
    plain(
        FALLBACK,
        "`provider:model,…` tried when the first model cannot answer; `analyst=provider:model` for one",
    ),
    plain(ROUTING_STRATEGY, "backoff, priority, roundrobin or weighted"),
    plain(ROUTING_CONFIG, "`provider:model[:weight],…`"),
    plain(
        CONTEXT_FALLBACK,
        "`provider:model,…` with larger context windows, tried only when a prompt is too long",
    ),
    plain(
        EMBEDDING_MODEL,
        "`provider:model` that compares meanings, for explore with `--dedup semantic`",
    ),
    plain(
        REQUESTS_PER_MINUTE,
        "requests a minute for each key, `provider=number` for one",
    ),
    plain(
        INPUT_TOKENS_PER_MINUTE,
        "input tokens a minute, in the same way; none by default",
    ),
    plain(
        OUTPUT_TOKENS_PER_MINUTE,
        "output tokens a minute, in the same way; none by default",
    ),
    plain(RETRIES, "retries after the first attempt"),
    plain(TIMEOUT, "seconds for one attempt"),
    plain(STREAM, "replies in pieces where the provider can: on or off"),
    plain(
        FIRST_TOKEN_TIMEOUT,
        "seconds from sending to the first token of a streamed reply",
    ),
    plain(IDLE_TIMEOUT, "seconds between two tokens of a streamed reply"),
    plain(DEADLINE, "seconds for the whole run"),
    plain(MAX_OUTPUT_TOKENS, "token limit of one reply"),
    plain(
        ROUNDS,
        "how often findings that do not hold go back to their specialist",
    ),
    plain(
        HEDGE_AFTER,
        "seconds after which a second model is asked, near the deadline only",
    ),
    plain(CACHE, "replies kept from earlier runs: on, off, read or write"),
    plain(CACHE_MAX_AGE, "older replies are asked for again, for example 24h"),
    plain(MAX_COST, "US dollars that a run may spend"),
    plain(MAX_CALLS, "requests that a run may send, retries among them"),
    plain(MAX_TOKENS, "tokens that a run may use, input and output"),
    plain(PRICES, "price table whose rows win over the built-in ones"),
    plain(RECORD, "file to write every exchange of the run to"),
    plain(REPLAY, "file to read every exchange from, without network or key"),
    plain(PROMPTS, "folder whose prompts win over the built-in ones"),
    plain(PATTERNS, "folder with your own patterns, one folder each"),
    plain(RUN_LOGS, "where run directories live"),
    plain(
        STATE_DIR,
        "folder of limits.db, by which all processes on this machine keep the limits together",
    ),
    plain(SESSION_LOG, "where sessions are kept: sqlite, jsonl or none"),
    plain(SESSION_DETAIL, "how much of a session is kept: texts or numbers"),
    plain(MOCK_SCRIPT, "faults and latency of the mock provider, a JSON file"),
    plain(LOG, "what goes to logs/run.log, a tracing filter"),
    plain(
        TRACE,
        "file that spans and events are appended to as JSON lines; not from a file of variables",
    ),
    secret("OPENAI_API_KEY", "key of OpenAI"),
    plain("OPENAI_API_KEY_FILE", "file that holds the key"),
    plain("OPENAI_BASE_URL", "with the version path, https://api.openai.com/v1"),
    secret("ANTHROPIC_API_KEY", "key of Anthropic"),
    plain("ANTHROPIC_API_KEY_FILE", "file that holds the key"),
    plain(
        "ANTHROPIC_BASE_URL",
        "without a version path, https://api.anthropic.com",
    ),
    secret("GEMINI_API_KEY", "key of Gemini"),
    plain("GEMINI_API_KEY_FILE", "file that holds the key"),
    secret("GOOGLE_API_KEY", "another name of GEMINI_API_KEY"),
    plain("GOOGLE_API_KEY_FILE", "file that holds the key"),
    plain(
        "GEMINI_BASE_URL",
        "without a version path, https://generativelanguage.googleapis.com",
    ),
    secret("OPENROUTER_API_KEY", "key of OpenRouter"),
    plain("OPENROUTER_API_KEY_FILE", "file that holds the key"),
    plain(
        "OPENROUTER_BASE_URL",
        "with the version path, https://openrouter.ai/api/v1",
    ),
];
