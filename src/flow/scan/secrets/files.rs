//! Files that hold secrets as a whole. They are named in the report and never quoted.

use crate::flow::scan::tree::file_name;

/// Why a file is never quoted; none for ordinary files.
pub(in crate::flow::scan) fn kind(path: &str, text: &str) -> Option<&'static str> {
    by_name(path).or_else(|| by_content(path, text))
}

/// By the name alone, for files that are not read either.
pub(in crate::flow::scan) fn by_name(path: &str) -> Option<&'static str> {
    let name = file_name(path).to_ascii_lowercase();
    let name = name.as_str();
    if is_environment(name) {
        return (!is_example(name)).then_some("environment_file");
    }
    if is_example(name) {
        return None;
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    const KEYS: [&str; 16] = [
        "pem",
        "key",
        "p12",
        "pfx",
        "p8",
        "jks",
        "keystore",
        "ppk",
        "asc",
        "gpg",
        "kdb",
        "kdbx",
        "ovpn",
        "age",
        "pgp",
        "mobileprovision",
    ];
    const KEY_NAMES: [&str; 5] = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_xmss"];
    const CREDENTIALS: [&str; 19] = [
        "credentials",
        "credentials.json",
        "credentials.toml",
        ".credentials",
        ".netrc",
        "_netrc",
        ".npmrc",
        ".pypirc",
        ".pgpass",
        ".my.cnf",
        ".htpasswd",
        ".git-credentials",
        ".dockercfg",
        "client_secret.json",
        "service-account.json",
        "serviceaccount.json",
        "master.key",
        ".vault-token",
        "google-services.json",
    ];
    let in_folder = |folder: &str| path.to_ascii_lowercase().contains(&format!("{folder}/"));
    if KEYS.contains(&extension) || KEY_NAMES.contains(&name) {
        Some("key_file")
    } else if CREDENTIALS.contains(&name)
        || name.starts_with("client_secret")
        || name.starts_with("secrets.")
        || name.starts_with("secret.")
        || name.ends_with("-credentials.json")
        || name.ends_with(".tfstate")
        || name.contains(".tfstate.")
        || extension == "tfvars"
        || (in_folder(".aws") && (name == "config" || name == "credentials"))
        || (in_folder(".docker") && name == "config.json")
        || (in_folder(".kube") && name == "config")
        || name == "kubeconfig"
    {
        Some("credentials_file")
    } else {
        None
    }
}

/// `.env`, `.env.production`, `prod.env`, `.envrc`.
fn is_environment(name: &str) -> bool {
    name == ".env"
        || name == "env"
        || name == ".envrc"
        || name.starts_with(".env.")
        || name.starts_with(".env-")
        || name.ends_with(".env")
}

/// A file that shows names rather than values; it may be quoted, but is scrubbed like all others.
pub(in crate::flow::scan) fn is_example(name: &str) -> bool {
    let words = name.split(['.', '-', '_']);
    words
        .into_iter()
        .any(|word| matches!(word, "example" | "sample" | "template" | "dist" | "tmpl" | "defaults"))
}

/// An example of the environment: `.env.example`, `example.env`, `env.sample`.
pub(in crate::flow::scan) fn is_environment_example(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    is_example(&name) && name.split(['.', '-', '_']).any(|word| word == "env")
}

/// Written by tools: hashes and compressed code that look like secrets and are none. Never quoted.
pub(in crate::flow::scan) fn is_generated(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    const LOCKS: [&str; 8] = [
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "go.sum",
        "packages.lock.json",
        "bun.lockb",
        "gradle.lockfile",
        "verification-metadata.xml",
    ];
    LOCKS.contains(&name.as_str())
        || [".lock", ".min.js", ".min.css", ".map", ".snap", ".svg"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// A Kubernetes Secret holds its values in base64, a service account its key in JSON.
fn by_content(path: &str, text: &str) -> Option<&'static str> {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let yaml = matches!(extension, "yaml" | "yml");
    if yaml
        && text
            .lines()
            .any(|line| line.trim_end() == "kind: Secret" || line.trim_end() == "kind: \"Secret\"")
    {
        return Some("kubernetes_secret");
    }
    let service_account = extension == "json" && text.contains("\"private_key\"") && text.contains("\"client_email\"");
    service_account.then_some("credentials_file")
}
