use super::*;

/// Made of two parts, so that no file of this repository holds something that looks like a real key.
fn shape(prefix: &str, rest: &str) -> String {
    format!("{prefix}{rest}")
}

fn scrub(text: &str) -> String {
    Known::default().scrub(text).0
}

#[test]
fn shapes_of_vendors_never_survive() {
    let random = "4eC39HqLyjWDarjtT1zdp7dc";
    for (prefix, rest) in [
        ("AKIA", "QYLPMN5HFIQR7XYA"),
        ("ghp_", "4eC39HqLyjWDarjtT1zdp7dc4eC39HqLyjWD"),
        ("github_pat_", "11ABCDEFG0abcdefghij_4eC39HqLyjWD"),
        ("glpat-", random),
        ("xoxb-", "123456789012-4eC39HqLyjWDarjtT1zdp7dc"),
        ("sk_live_", random),
        ("sk-ant-api03-", random),
        ("sk-proj-", random),
        ("sk-or-v1-", random),
        ("AIza", "SyA4eC39HqLyjWDarjtT1zdp7dcAbCdEfGh"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.", "SflKxwRJSMeKKF2QT4f"),
        ("npm_", "4eC39HqLyjWDarjtT1zdp7dc4eC39HqLyjWD"),
        ("pypi-", "AgEIcHlwaS5vcmcCJDRlQzM5SHFMeWpXRGFy"),
        ("hf_", random),
        ("SG.", "4eC39HqLyjWDarjt.T1zdp7dc4eC39HqLyjWDarjt"),
    ] {
        let value = shape(prefix, rest);
        for text in [
            format!("see {value} here"),
            format!("x = call({value})"),
            format!("https://host/?k={value}&z=1"),
        ] {
            let clean = scrub(&text);
            assert!(!clean.contains(rest), "{prefix}: {clean}");
        }
    }
}

#[test]
fn a_private_key_is_taken_out_whole_and_also_when_it_is_cut_off() {
    let head = format!("-----BEGIN {} KEY-----", "RSA PRIVATE");
    let tail = format!("-----END {} KEY-----", "RSA PRIVATE");
    let clean = scrub(&format!("a\n{head}\nMIIabc\ndef\n{tail}\nb"));
    assert_eq!(clean, "a\n[REDACTED:private_key]\nb");
    assert_eq!(scrub(&format!("a\n{head}\nMIIabc\ndef")), "a\n[REDACTED:private_key]");
}

#[test]
fn values_of_secret_names_never_survive() {
    for text in [
        "API_TOKEN = \"CANARY-value-1\"",
        "  \"password\": \"CANARY-value-1\",",
        "password: CANARY-value-1",
        "DB_PASS=CANARY-value-1",
        "export AWS_SECRET_ACCESS_KEY=CANARY-value-1",
        "const apiKey = 'CANARY-value-1';",
        "let secret: &str = \"CANARY-value-1\";",
        "ENV DB_PASSWORD CANARY-value-1",
        "<password>CANARY-value-1</password>",
        "mysql --password CANARY-value-1 db",
        "postgres://app:CANARY-value-1@db:5432/x",
        "Authorization: Bearer CANARY-value-1",
        "config[\"client_secret\"] = \"CANARY-value-1\"",
        "set_token(\"CANARY-value-1\")",
        "os.environ.get(\"TOKEN\", \"CANARY-value-1\")",
        "//registry.example.org/:_authToken=CANARY-value-1",
        "password := `CANARY-value-1`",
        "secret => 'CANARY-value-1'",
        "ENCRYPTION_KEY=CANARY-value-1",
        "      - POSTGRES_PASSWORD=CANARY-value-1",
        "command: serve --token=CANARY-value-1",
        "url: token=CANARY-value-1",
        "curl -u admin:CANARY-value-1 x",
        "or `-u admin:CANARY-value-1`",
        "API_TOKENS=\"CANARY-value-1\"",
        "The secret is CANARY-value-1 today.",
        "| password | CANARY-value-1 |",
        "token \"CANARY-value-1\"",
        "-H 'Authorization: token CANARY-value-1'",
        "CMD [\"serve\", \"--token\", \"CANARY-value-1\"]",
        "PASSWORDS = [\"CANARY-value-1\"]",
        "password = (\"CANARY-value-1\")",
        "auth = (\"user\", \"CANARY-value-1\")",
        "SECRET = \"\"\"CANARY-value-1\"\"\"",
    ] {
        let clean = scrub(text);
        assert!(!clean.contains("value-1"), "{text} -> {clean}");
    }
}

#[test]
fn ordinary_text_stays() {
    for text in [
        "let token = next_token(&mut tokens);",
        "password: String,",
        "const key = 'value';",
        "TOKEN=${TOKEN}",
        "api_key = os.environ[\"API_KEY\"]",
        "max_tokens: 4096",
        "let tokens = count_tokens(text);",
        "Authorization: ${TOKEN_OF_SOMEBODY}",
        "uses: actions/checkout@8f4b7f84864484a7bf31766abe9204da3cbe65b3",
        "class VeryLongClassNameWithoutAnySecretInIt2024Edition {}",
        "https://github.com/some-organisation/some-repository-with-long-name",
        "/// A path like /usr/local/lib/python3/site-packages/SomePackage/module",
        "API_KEY=your-key-here",
        "OPENAI_API_KEY_FILE=/run/secrets/openai",
        "token_budget: 2_000,",
        "Token::SemiColon => return Err(x),",
        "let key = &facts.council.coordinated.key_findings;",
    ] {
        assert_eq!(scrub(text), text);
    }
}

#[test]
fn a_value_found_in_one_file_leaves_all_others() {
    let mut known = Known::default();
    let text = "DB_PASSWORD=correct-horse-9\n";
    known.learn(text, &find(text));
    assert_eq!(
        known.scrub("connects as app with correct-horse-9"),
        ("connects as app with [REDACTED]".to_owned(), 1)
    );
}

#[test]
fn places_are_told_without_values() {
    let text = format!(
        "a\nb = 1\nkey = '{}'\n\npassword = 'CANARY-x1'\n",
        shape("ghp_", "4eC39HqLyjWDarjtT1zdp7dc")
    );
    let places: Vec<(u32, &str)> = find(&text).iter().map(|found| (found.line, found.kind)).collect();
    assert_eq!(places, [(3, "github_token"), (5, "secret_assignment")]);
}

#[test]
fn files_of_secrets_are_known_by_name_and_content() {
    for (path, kind) in [
        (".env", Some("environment_file")),
        ("config/.env.production", Some("environment_file")),
        ("prod.env", Some("environment_file")),
        (".env.example", None),
        ("example.env", None),
        ("deploy/id_rsa", Some("key_file")),
        ("id_rsa.pub", None),
        ("cert/server.pem", Some("key_file")),
        ("db.kdbx", Some("key_file")),
        ("credentials.json", Some("credentials_file")),
        (".npmrc", Some("credentials_file")),
        (".pypirc", Some("credentials_file")),
        ("src/environment.rs", None),
        ("src/secrets/mod.rs", None),
    ] {
        assert_eq!(files::kind(path, ""), kind, "{path}");
    }
    assert_eq!(
        files::kind("k8s/app.yaml", "apiVersion: v1\nkind: Secret\ndata:\n  a: b\n"),
        Some("kubernetes_secret")
    );
    assert!(files::is_environment_example(".env.sample") && !files::is_environment_example("sample.json"));
}
