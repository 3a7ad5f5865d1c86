//! Values that are given to names like `token`, `secret` or `password`: in code, configuration, environment files, XML,
//! Dockerfiles and command lines. Rather one harmless value too many than one secret too few.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::entropy;

/// Byte ranges of values, with their kind.
pub(super) fn find(text: &str) -> Vec<(usize, usize, &'static str)> {
    let mut found = Vec::new();
    for pattern in PATTERNS.iter() {
        let mut at = 0;
        while let Some(captures) = pattern.captures_at(text, at) {
            let secret = assigned(&captures);
            // What follows a harmless name may be an assignment itself: `command: --token=…`.
            let name = captures.name("name").map_or(text.len(), |name| name.end());
            at = secret.map_or(name, |(_, end, _)| end);
            found.extend(secret);
        }
    }
    found
}

fn assigned(captures: &Captures<'_>) -> Option<(usize, usize, &'static str)> {
    let name = captures.name("name")?.as_str();
    let quoted = captures.name("quoted").or_else(|| captures.name("single"));
    let argument = captures.name("argument");
    let value = quoted.or(argument).or_else(|| captures.name("bare"))?;
    let text = value.as_str();
    let digits = text.chars().any(|letter| letter.is_ascii_digit());
    if is_about(name, text) {
        return None;
    }
    let is_secret = match Weight::of(name)? {
        Weight::Secret if quoted.is_some() => is_value(text),
        // An argument may be a name as well as a value.
        Weight::Secret if argument.is_some() => is_value(text) && digits && text.len() >= 8,
        Weight::Secret => is_value(text) && !is_code(text),
        Weight::Perhaps => is_value(text) && !is_code(text) && text.len() >= 16 && entropy(text) >= 3.3,
    };
    // The name of a variable that holds a secret: `KEY: &str = "SHOP_API_KEY"`.
    let constant = !digits && text.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_');
    let word = constant || quoted.is_none() && text.chars().all(char::is_alphabetic);
    let kind = if word { PLAIN_WORD } else { "secret_assignment" };
    is_secret.then(|| (value.start(), value.end(), kind))
}

/// A bare word given to a secret name: a password in a configuration, a variable in a program. Always taken out; told only
/// where it must be a value.
pub(super) const PLAIN_WORD: &str = "plain_word";

/// Where a secret stands (`…_FILE=/run/secrets/key`) or how much of something there is (`token_budget: 2_000`).
fn is_about(name: &str, value: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let place = ["file", "path", "dir"].iter().any(|end| name.ends_with(end)) && value.starts_with(['/', '.', '~']);
    let number = value
        .chars()
        .all(|letter| letter.is_ascii_digit() || "_.".contains(letter));
    place || number && name.contains("token")
}

/// How much a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Secret,
    /// `key`, `auth`: a secret only when the value looks like one.
    Perhaps,
}

impl Weight {
    fn of(name: &str) -> Option<Self> {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        // What is public, or tells about a secret rather than being one.
        const HARMLESS: [&str; 13] = [
            "publickey",
            "passwordless",
            "tokenizer",
            "tokenize",
            "tokentype",
            "keyword",
            "keyboard",
            "passwordlength",
            "secretname",
            "tokenurl",
            "passwordhint",
            "tokenlimit",
            "secretkeyref",
        ];
        if HARMLESS.iter().any(|word| plain.contains(word)) {
            return None;
        }
        const SECRET: [&str; 20] = [
            "password",
            "passwd",
            "passphrase",
            "passwort",
            "secret",
            "token",
            "apikey",
            "accesskey",
            "privatekey",
            "signingkey",
            "encryptionkey",
            "masterkey",
            "authkey",
            "credential",
            "authorization",
            "clientkey",
            "servicekey",
            "sessionkey",
            "webhookurl",
            "connectionstring",
        ];
        let short = name.to_ascii_lowercase();
        let parts: Vec<&str> = short.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
        let ends = |word: &str| parts.last() == Some(&word);
        if SECRET.iter().any(|word| plain.contains(word)) || ends("pwd") || ends("pass") || ends("pw") || ends("dsn") {
            Some(Self::Secret)
        } else if plain.ends_with("key") || ends("auth") || ends("salt") || ends("signature") || ends("pin") {
            Some(Self::Perhaps)
        } else {
            None
        }
    }
}

/// A literal, and no placeholder that somebody is asked to replace.
fn is_value(text: &str) -> bool {
    const PLACEHOLDERS: [&str; 14] = [
        "changeme",
        "change_me",
        "change-me",
        "your-",
        "your_",
        "yourpassword",
        "placeholder",
        "replace",
        "example",
        "dummy",
        "xxxx",
        "****",
        "redacted",
        "insert",
    ];
    let lower = text.to_ascii_lowercase();
    let template = text.starts_with(['$', '<', '{', '%', '[']) || lower.contains("${") || lower.contains("{{");
    let constant = [
        "true",
        "false",
        "null",
        "none",
        "undefined",
        "required",
        "optional",
        "string",
    ]
    .contains(&lower.as_str());
    text.len() >= 5 && !template && !constant && !PLACEHOLDERS.iter().any(|word| lower.contains(word))
}

/// Bare words of a program: calls, paths of members, types, names.
fn is_code(text: &str) -> bool {
    let text = text.trim_start_matches(['&', '*', '!']);
    let calls = text.contains(['(', ')', '[', ']', '{', '}', '<', '>']) || text.contains("::") || text.contains("->");
    let digits = text.chars().any(|letter| letter.is_ascii_digit());
    let members = text.split('.').count() > 1 && !digits && text.split('.').all(is_identifier);
    // `token = token`, `password: String`, `secret: SecretString`; but not `hunter2` and not `correct-horse`.
    let name =
        is_identifier(text) && !digits && (text.contains('_') || text.chars().next().is_some_and(char::is_uppercase));
    let same = Weight::of(text).is_some() && is_identifier(text);
    calls || members || name || same
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A name that may be quoted, an assignment sign, a value that may be quoted.
static PATTERNS: LazyLock<[Regex; 12]> = LazyLock::new(|| {
    [
        // name = "value", "name": "value", name: &str = "value", name := 'value', name => r"value"
        r#"(?P<name>[A-Za-z_][\w.-]*)["'\]]{0,2}\s*(?::\s*[\w<>&'\[\]|? ]{1,30}\s*=|:=|=>|=|:)\s*[\[({]?\s*(?:[rbfuL]{1,2}|String::from\()?(?:"{1,3}(?P<quoted>[^"\n]{5,})"|'{1,3}(?P<single>[^'\n]{5,})')"#,
        // set_name("value")
        r#"(?P<name>[A-Za-z_][\w.-]*)\s*\(\s*["'](?P<argument>[^"'\n]{5,})["']"#,
        // get("NAME", "value")
        r#"["']-{0,2}(?P<name>[A-Za-z_][\w.-]*)["']\s*,\s*["'](?P<argument>[^"'\n]{5,})["']"#,
        // password "value"
        r#"(?P<name>[A-Za-z_][\w.-]*)[ \t]+["'`](?P<argument>[^\s"'`]{5,})["'`]"#,
        // the password is value
        r#"(?i)(?P<name>passwor[dt]|passphrase|secret|token|key|credential)s?[ \t]+(?:is|was|ist)[ \t]+["'`]?(?P<argument>[^\s"'`]{5,})"#,
        // Authorization: token value
        r#"(?i)(?P<name>authorization)["'\]]*\s*[:=,]\s*["'`]?(?:[A-Za-z]+\s+)?(?P<argument>[^\s"'`,;${}()\[\]]{8,})"#,
        // | password | value |
        r#"(?P<name>[A-Za-z_][\w-]*)[ \t`]*\|[ \t`]*(?P<argument>[^\s|`]{5,})[ \t`]*(?:\||$)"#,
        r#"(?P<name>[A-Za-z_][\w.-]*)["'\]]{0,2}\s*(?::=|=>|=|:)\s*`(?P<quoted>[^`\n]{5,})`"#,
        // NAME=value, name: value, to the end of the word
        r#"(?P<name>[A-Za-z_][\w.-]*)["']?[ \t]*(?:=|:)[ \t]*(?P<bare>[^\s"'`,;#=:][^\s"'`,;#]{4,})"#,
        // ENV NAME value, ARG NAME value
        r#"(?mi)^\s*(?:ENV|ARG|export|set|setx)\s+(?P<name>[A-Za-z_]\w*)\s+["']?(?P<bare>[^\s"']{5,})"#,
        // <password>value</password>
        r#"<(?P<name>[A-Za-z_][\w.:-]*)(?:\s[^<>]*)?>\s*(?P<quoted>[^<>\s][^<>\n]{3,}?)\s*</"#,
        // --password value
        r#"--(?P<name>[A-Za-z][\w-]*)[ \t]+["']?(?P<bare>[^\s"'-][^\s"']{4,})"#,
    ]
    .map(|text| Regex::new(text).expect("a constant pattern, compiled by a test"))
});
