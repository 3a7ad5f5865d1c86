//! The codes and phrases by which providers say what is wrong. Codes are compared whole, phrases as parts of the
//! lower-case text of code, type and message. A phrase stands here only if nobody uses it for anything else.

pub(super) const BAD_KEY_CODES: &[&str] = &[
    "invalid_api_key",
    "API_KEY_INVALID",
    "api_key_invalid",
    "invalid_authentication",
    "account_deactivated",
    "organization_restricted",
];

pub(super) const UNAUTHENTICATED_CODES: &[&str] = &["authentication_error", "UNAUTHENTICATED", "invalid_token"];

/// Where a refused key comes as 400 or 403.
pub(super) const BAD_KEY_PHRASES: &[&str] = &[
    "api key not valid",
    "api key expired",
    "api key not found",
    "pass a valid api key",
    "invalid api key",
    "incorrect api key",
    "invalid x-api-key",
    "missing api key",
    "no api key",
    "didn't provide an api key",
    "no auth credentials",
    "invalid authentication",
    "invalid bearer token",
];

pub(super) const QUOTA_CODES: &[&str] = &[
    "insufficient_quota",
    "insufficient_user_quota",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_credits",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "blocked_api_access",
    "payment_required",
];

pub(super) const QUOTA_PHRASES: &[&str] = &[
    "credit balance",
    "insufficient credit",
    "insufficient balance",
    "insufficient funds",
    "not enough credits",
    "out of credits",
    "credits are depleted",
    "prepayment credits",
    "spending cap",
    "spending limit",
    "spend limit",
    "api usage limits",
    "billing hard limit",
    "requires billing to be enabled",
    "account is not active",
    "key limit exceeded",
];

/// An empty account everywhere but at Gemini, whose limit per minute says it too.
pub(super) const QUOTA_PHRASES_BUT_GEMINI: &[&str] = &["exceeded your current quota", "quota has been exhausted"];

pub(super) const MODERATION_CODES: &[&str] = &[
    "content_filter",
    "content_policy_violation",
    "moderation_blocked",
    "ResponsibleAIPolicyViolation",
    "data_inspection_failed",
    "invalid_prompt",
];

pub(super) const MODERATION_PHRASES: &[&str] = &[
    "flagged",
    "moderation",
    "content management policy",
    "our safety system",
    "violating our usage polic",
];

pub(super) const CONTEXT_CODES: &[&str] = &["context_length_exceeded", "exceed_context_size_error"];

pub(super) const CONTEXT_PHRASES: &[&str] = &[
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "maximum context length",
    "maximum prompt length",
    "context length",
    "context window",
    "context size",
    "context limit",
    "too many input tokens",
    "exceeds the maximum number of tokens",
    "reduce the length of the messages",
];

/// The request alone is larger than what the key may use in a minute: no wait makes it fit.
pub(super) const TOO_LARGE_PHRASES: &[&str] = &["request too large", "request_too_large", "payload too large"];

pub(super) const REGION_CODES: &[&str] = &["unsupported_country_region_territory", "unsupported_country"];

pub(super) const REGION_PHRASES: &[&str] = &[
    "location is not supported",
    "unsupported countries",
    "not available in your country",
    "not available in your region",
    "not supported in your country",
    "country, region, or territory not supported",
];

pub(super) const FORBIDDEN_CODES: &[&str] = &["FAILED_PRECONDITION", "permission_error", "PERMISSION_DENIED"];

pub(super) const MODEL_GONE_CODES: &[&str] = &[
    "model_not_found",
    "model_decommissioned",
    "model_terms_required",
    "unknown_model",
    "invalid_model",
    "DeploymentNotFound",
    "ServiceModelDeprecating",
];

/// What is said of a model that is not there, beside the word itself.
pub(super) const GONE_PHRASES: &[&str] = &[
    "not found",
    "does not exist",
    "not a valid",
    "unknown model",
    "invalid model",
    "decommissioned",
    "deprecated",
    "deprecation",
    "retired",
    "end-of-life",
    "end of its life",
    "no longer",
    "was removed",
    "has been removed",
];

pub(super) const RATE_LIMIT_CODES: &[&str] = &[
    "rate_limit_error",
    "rate_limit_exceeded",
    "RESOURCE_EXHAUSTED",
    "too_many_requests",
    "tokens_limit_reached",
    "slow_down",
];

pub(super) const RATE_LIMIT_PHRASES: &[&str] = &[
    "rate limit",
    "rate-limit",
    "rate_limit",
    "ratelimit",
    "rate exceeded",
    "rate increased",
    "burst_rate",
    "too many requests",
    "too_many_requests",
    "too many tokens",
    "too many concurrent",
    "concurrent requests",
    "concurrency limit",
    "request limit",
    "requests per",
    "tokens per min",
    "tokens per day",
    "rpm exceeded",
    "tpm exceeded",
    "limit exceeded",
    "quota exceeded",
    "quota_exceeded",
    "usage limit",
    "resource exhausted",
    "resource has been exhausted",
    "throttled",
    "throttling",
    "slow down",
];

pub(super) const OVERLOADED_CODES: &[&str] = &["overloaded_error", "UNAVAILABLE", "DEADLINE_EXCEEDED", "timeout_error"];

pub(super) const OVERLOADED_PHRASES: &[&str] = &["overloaded", "capacity", "high demand"];

/// The names of a reply's schema in a request.
pub(super) const SCHEMA_NAMES: &[&str] = &[
    "response_format",
    "output_config",
    "output_format",
    "responsejsonschema",
    "response_json_schema",
    "responseschema",
    "response_schema",
    "json_schema",
    "structured output",
];

pub(super) const UNSUPPORTED_CODES: &[&str] = &["unsupported_parameter", "unsupported_value"];

pub(super) const UNSUPPORTED_PHRASES: &[&str] = &[
    "unsupported",
    "not supported",
    "deprecated",
    "unrecognized",
    "unknown name",
    "does not support",
    "extra inputs",
];
