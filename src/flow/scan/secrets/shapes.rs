//! Secrets that are known by their shape: the prefixes that vendors give their keys, key blocks, tokens, and strings that are
//! too random to be anything else. Prefixes as the vendors document them.

use std::sync::LazyLock;

use regex::Regex;

use super::entropy;

/// Byte ranges of values, with their kind. The value is the group `v` where there is one.
pub(super) fn find(text: &str) -> Vec<(usize, usize, &'static str)> {
    let mut found = Vec::new();
    for (kind, pattern) in SHAPES.iter() {
        for captures in pattern.captures_iter(text) {
            if let Some(value) = captures.name("v").or_else(|| captures.get(0)) {
                found.push((value.start(), value.end(), *kind));
            }
        }
    }
    for value in RANDOM.find_iter(text) {
        if is_random(value.as_str()) {
            found.push((value.start(), value.end(), "high_entropy"));
        }
    }
    found
}

static SHAPES: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    [
        // To the end of the text when the block is cut off.
        (
            "private_key",
            r"-----BEGIN[A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----(?s:.*?)(?:-----END[A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\z)",
        ),
        ("private_key", r"PuTTY-User-Key-File-\d(?s:.*)"),
        ("private_key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{20,}"),
        ("aws_access_key", r"\b(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{12,}\b"),
        ("github_token", r"\bgh[pousr]_[A-Za-z0-9]{16,}"),
        ("github_token", r"\bgithub_pat_[A-Za-z0-9_]{16,}"),
        ("gitlab_token", r"\bgl(?:pat|ptt|dt|rt|soat|cbt)-[A-Za-z0-9_-]{16,}"),
        ("slack_token", r"\bxox[abeoprs]-[A-Za-z0-9-]{8,}"),
        ("slack_token", r"\bxapp-\d-[A-Za-z0-9-]{8,}"),
        (
            "slack_webhook",
            r"https://hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]+",
        ),
        (
            "discord_webhook",
            r"https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/[A-Za-z0-9/_-]+",
        ),
        ("stripe_key", r"\b[rsp]k_(?:live|test)_[A-Za-z0-9]{8,}"),
        ("stripe_key", r"\bwhsec_[A-Za-z0-9+/=]{8,}"),
        ("provider_key", r"\bsk-[A-Za-z0-9_-]{12,}"),
        (
            "provider_key",
            r"\b(?:gsk|xai|hf|r8|pplx|nvapi|fw|tgp_v1|csk)[_-][A-Za-z0-9_-]{16,}",
        ),
        ("google_key", r"\bAIza[A-Za-z0-9_-]{20,}"),
        ("google_key", r"\bya29\.[A-Za-z0-9_-]{16,}"),
        ("google_key", r"\bGOCSPX-[A-Za-z0-9_-]{16,}"),
        ("jwt", r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*"),
        ("npm_token", r"\bnpm_[A-Za-z0-9]{20,}"),
        ("npm_token", r"(?m)_(?:authToken|auth|password)\s*=\s*(?P<v>[^\s$]\S+)"),
        ("pypi_token", r"\bpypi-[A-Za-z0-9_-]{16,}"),
        ("cargo_token", r"\bcio[A-Za-z0-9]{32,}"),
        ("sendgrid_key", r"\bSG\.[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{12,}"),
        ("twilio_key", r"\b(?:SK|AC)[0-9a-f]{32}\b"),
        ("telegram_token", r"\b\d{8,10}:AA[A-Za-z0-9_-]{30,}"),
        ("mailgun_key", r"\bkey-[0-9a-f]{32}\b"),
        ("digitalocean_token", r"\bdo[opr]_v1_[0-9a-f]{32,}"),
        ("shopify_token", r"\bshp(?:at|ca|pa|ss)_[A-Fa-f0-9]{24,}"),
        ("databricks_token", r"\bdapi[0-9a-f]{32}"),
        ("docker_token", r"\bdckr_pat_[A-Za-z0-9_-]{16,}"),
        ("linear_key", r"\blin_api_[A-Za-z0-9]{24,}"),
        ("notion_token", r"\b(?:secret|ntn)_[A-Za-z0-9]{36,}"),
        ("vault_token", r"\bhv[sbr]\.[A-Za-z0-9_-]{20,}"),
        ("atlassian_token", r"\bATATT3[A-Za-z0-9_=-]{20,}"),
        (
            "azure_key",
            r"(?i)\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=(?P<v>[A-Za-z0-9+/=%&_-]{16,})",
        ),
        (
            "sentry_dsn",
            r"https://(?P<v>[0-9a-f]{24,})(?::[0-9a-f]+)?@[\w.-]*sentry[\w.-]*/\d+",
        ),
        // scheme://user:password@host, the password only; templates stay readable.
        (
            "url_password",
            r#"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'`<>]*:(?P<v>[^\s/@"'`<>${}][^\s/@"'`<>]*)@[\w\[.-]"#,
        ),
        ("bearer_token", r"(?i)\bbearer\s+(?P<v>[A-Za-z0-9._~+/=-]{12,})"),
        (
            "basic_auth",
            r#"(?i)\bauth\w*\s*=\s*\(\s*["'][^"'\n]*["']\s*,\s*["'](?P<v>[^"'\n]+)["']"#,
        ),
        (
            "basic_auth",
            r#"(?:[\s`"'(]-u|--user)[ =]["']?[^\s:"'$]+:(?P<v>[^\s"'$][^\s"']{3,})"#,
        ),
        ("basic_auth", r"(?i)\bbasic\s+(?P<v>[A-Za-z0-9+/]{12,}={0,2})"),
    ]
    .into_iter()
    .map(|(kind, text)| (kind, Regex::new(text).expect("a constant pattern, compiled by a test")))
    .collect()
});

static RANDOM: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[A-Za-z0-9+/_=-]{28,}").expect("a constant pattern"));

/// Three kinds of characters and the entropy of chance. Hashes in hexadecimal, paths and words joined by signs stay.
fn is_random(value: &str) -> bool {
    let has = |test: fn(&char) -> bool| value.chars().any(|letter| test(&letter));
    let mixed = has(char::is_ascii_digit) && has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    // A path or an identifier of several words is made of short runs.
    let longest = value
        .split(['/', '_', '-', '=', '+'])
        .map(str::len)
        .max()
        .unwrap_or_default();
    mixed
        && longest >= 16
        && digit_runs(value) >= 2
        && changes_of_kind(value) * 5 >= value.len() * 2
        && entropy(value) >= 4.2
}

/// Names have one number (`Edition2024`), chance has several.
fn digit_runs(value: &str) -> usize {
    let runs = value.split(|letter: char| !letter.is_ascii_digit());
    runs.filter(|run| !run.is_empty()).count()
}

/// How often the kind of character changes: chance changes all the time, `camelCaseWords` seldom.
fn changes_of_kind(value: &str) -> usize {
    let kind = |letter: u8| match letter {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    };
    value
        .as_bytes()
        .windows(2)
        .filter(|pair| kind(pair[0]) != kind(pair[1]))
        .count()
}
