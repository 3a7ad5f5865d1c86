//! Vendors are rows: who is asked, where, in which dialect, with which key. Reading the environment is `config`'s business.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::base_url::{BadBaseUrl, PrivateHosts, check_base_url};
use super::dialect::Dialect;

/// The name of the shipped mock provider.
pub const MOCK: &str = "mock";

/// Everything that differs between two hosts that speak the same dialect.
#[derive(Debug, Clone)]
pub struct Vendor {
    /// Lower case; the part of `provider:model` before the colon.
    pub name: String,
    pub dialect: Dialect,
    /// Without a trailing slash; the path that follows is the dialect's.
    pub base_url: String,
    /// Environment variables that may hold the key, first wins. Each also exists as `…_FILE`.
    pub key_variables: Vec<String>,
    pub base_url_variable: String,
    pub default_model: Option<String>,
    /// A key that only the vendor's own host needs: a local server does without.
    pub needs_key: bool,
    pub key: Option<SecretString>,
    /// Where the key came from, for people (`environment OPENAI_API_KEY`); empty without a key.
    pub key_source: String,
    /// Where the base URL came from, for people; `default` when nobody set it.
    pub base_url_source: String,
    /// None is no limit.
    pub requests_per_minute: Option<u32>,
    /// Sent with every request; nothing secret.
    pub headers: Vec<(String, String)>,
    pub structured_output: StructuredOutput,
    pub token_limit: TokenLimit,
    pub streaming: Streaming,
    pub transport: Transport,
}

/// Whether replies come in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streaming {
    No,
    /// Without asking for the count of tokens: the host sends it anyway, or refuses the question.
    Plain,
    WithUsage,
}

/// How a host is told the shape of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredOutput {
    /// The dialect's native JSON Schema.
    Schema,
    /// `response_format: json_object`, the schema itself goes into the instructions.
    JsonObject,
    /// Only the instructions.
    Instructions,
}

/// The name of the token limit in chat completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenLimit {
    MaxCompletionTokens,
    MaxTokens,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Http,
    /// The shipped mock answers in place of the wire.
    Mock,
}

impl Vendor {
    /// A row of the table by name, without a key.
    pub fn known(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        ROWS.iter().find(|row| row.name == name).map(Row::to_vendor)
    }

    /// The whole table, in the order in which keys are looked for.
    pub fn all() -> Vec<Self> {
        ROWS.iter().map(Row::to_vendor).collect()
    }

    /// Any other OpenAI-compatible host: `NAME_BASE_URL` (required, with the version path) and `NAME_API_KEY` (optional).
    pub fn compatible(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let prefix = name.to_ascii_uppercase().replace('-', "_");
        Self {
            dialect: Dialect::OpenAi,
            base_url: String::new(),
            key_variables: vec![format!("{prefix}_API_KEY")],
            base_url_variable: format!("{prefix}_BASE_URL"),
            default_model: None,
            needs_key: false,
            key: None,
            key_source: String::new(),
            base_url_source: String::new(),
            requests_per_minute: None,
            headers: Vec::new(),
            structured_output: StructuredOutput::Schema,
            token_limit: TokenLimit::MaxTokens,
            streaming: Streaming::WithUsage,
            transport: Transport::Http,
            name,
        }
    }

    #[must_use]
    pub fn with_key(mut self, key: SecretString, source: impl Into<String>) -> Self {
        self.key = Some(key);
        self.key_source = source.into();
        self
    }

    /// The only way to another host: checked, so that a key cannot be sent in the clear or to a metadata service.
    pub fn with_base_url(
        mut self,
        url: &str,
        source: impl Into<String>,
        private: PrivateHosts,
    ) -> Result<Self, BadBaseUrl> {
        self.base_url = check_base_url(url, private)?;
        self.base_url_source = source.into();
        Ok(self)
    }

    pub fn is_mock(&self) -> bool {
        self.transport == Transport::Mock
    }

    /// Who shares a limit: the same key at the same place. The key itself stays out.
    pub fn limit_key(&self) -> String {
        let key = self.key.as_ref().map_or("", |key| key.expose_secret());
        let digest = Sha256::digest(key.as_bytes());
        let short: String = digest[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}|{short}|{}", self.name, self.base_url)
    }
}

/// A line of the table; `Vendor` is the same with owned text and a key.
struct Row {
    name: &'static str,
    dialect: Dialect,
    base_url: &'static str,
    keys: &'static [&'static str],
    model: Option<&'static str>,
    needs_key: bool,
    requests_per_minute: Option<u32>,
    headers: &'static [(&'static str, &'static str)],
    structured_output: StructuredOutput,
    token_limit: TokenLimit,
    streaming: Streaming,
    transport: Transport,
}

impl Row {
    /// An OpenAI-compatible host that wants a key.
    const fn hosted(name: &'static str, base_url: &'static str, keys: &'static [&'static str]) -> Self {
        Self {
            name,
            dialect: Dialect::OpenAi,
            base_url,
            keys,
            model: None,
            needs_key: true,
            requests_per_minute: None,
            headers: &[],
            structured_output: StructuredOutput::Schema,
            token_limit: TokenLimit::MaxTokens,
            streaming: Streaming::WithUsage,
            transport: Transport::Http,
        }
    }

    /// An OpenAI-compatible server on this machine.
    const fn local(name: &'static str, base_url: &'static str, keys: &'static [&'static str]) -> Self {
        let mut row = Self::hosted(name, base_url, keys);
        row.needs_key = false;
        row
    }

    const fn model(mut self, model: &'static str) -> Self {
        self.model = Some(model);
        self
    }

    fn to_vendor(&self) -> Vendor {
        let prefix = self.name.to_ascii_uppercase();
        Vendor {
            name: self.name.to_owned(),
            dialect: self.dialect,
            base_url: self.base_url.to_owned(),
            key_variables: self.keys.iter().map(|&key| key.to_owned()).collect(),
            base_url_variable: format!("{prefix}_BASE_URL"),
            default_model: self.model.map(str::to_owned),
            needs_key: self.needs_key,
            key: None,
            key_source: String::new(),
            base_url_source: "default".to_owned(),
            requests_per_minute: self.requests_per_minute,
            headers: self
                .headers
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            structured_output: self.structured_output,
            token_limit: self.token_limit,
            streaming: self.streaming,
            transport: self.transport,
        }
    }
}

static ROWS: [Row; 13] = [
    Row {
        token_limit: TokenLimit::MaxCompletionTokens,
        ..Row::hosted("openai", "https://api.openai.com/v1", &["OPENAI_API_KEY"]).model("gpt-5-mini")
    },
    Row {
        dialect: Dialect::Anthropic,
        ..Row::hosted("anthropic", "https://api.anthropic.com", &["ANTHROPIC_API_KEY"]).model("claude-haiku-4-5")
    },
    Row {
        dialect: Dialect::Gemini,
        ..Row::hosted(
            "gemini",
            "https://generativelanguage.googleapis.com",
            &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        )
        .model("gemini-2.5-flash")
    },
    Row {
        // Its free models allow few calls a minute; `--rpm` says otherwise for paid ones.
        requests_per_minute: Some(10),
        headers: &[("HTTP-Referer", "http://localhost/insights"), ("X-Title", "insights")],
        ..Row::hosted("openrouter", "https://openrouter.ai/api/v1", &["OPENROUTER_API_KEY"]).model("openai/gpt-5-mini")
    },
    Row::hosted("groq", "https://api.groq.com/openai/v1", &["GROQ_API_KEY"]).model("openai/gpt-oss-120b"),
    Row {
        // Counts tokens in the last chunk unasked.
        streaming: Streaming::Plain,
        ..Row::hosted("mistral", "https://api.mistral.ai/v1", &["MISTRAL_API_KEY"]).model("mistral-medium-latest")
    },
    Row {
        structured_output: StructuredOutput::JsonObject,
        ..Row::hosted("deepseek", "https://api.deepseek.com/v1", &["DEEPSEEK_API_KEY"]).model("deepseek-chat")
    },
    Row::hosted("together", "https://api.together.xyz/v1", &["TOGETHER_API_KEY"]),
    Row::local("ollama", "http://localhost:11434/v1", &["OLLAMA_API_KEY"]).model("llama3.2"),
    Row::local("vllm", "http://localhost:8000/v1", &["VLLM_API_KEY"]),
    Row::local("llamacpp", "http://localhost:8080/v1", &["LLAMACPP_API_KEY"]).model("default"),
    Row::local("lmstudio", "http://localhost:1234/v1", &["LMSTUDIO_API_KEY"]),
    Row {
        streaming: Streaming::No,
        transport: Transport::Mock,
        ..Row::local(MOCK, "mock://", &[]).model("mock-1")
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_base_url_passes_the_check() {
        for vendor in Vendor::all() {
            if !vendor.is_mock() {
                assert_eq!(
                    check_base_url(&vendor.base_url, PrivateHosts::Refused).as_deref(),
                    Ok(vendor.base_url.as_str())
                );
            }
        }
    }

    #[test]
    fn an_unknown_name_is_an_openai_compatible_host() {
        let vendor = Vendor::compatible("my-host");
        assert_eq!(vendor.key_variables, ["MY_HOST_API_KEY"]);
        assert_eq!(vendor.base_url_variable, "MY_HOST_BASE_URL");
    }

    #[test]
    fn no_debug_output_and_no_limit_key_holds_the_key() {
        let vendor = Vendor::compatible("x").with_key("CANARY-7".into(), "test");
        assert!(!format!("{vendor:?} {}", vendor.limit_key()).contains("CANARY"));
    }
}
