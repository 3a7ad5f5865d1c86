//! The variables that a project reads and whether somebody who deploys it can know them; ports; how it is started.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::insight::project::{EnvironmentUse, Port};

use super::code::is_test_path;
use super::containers::{is_compose, is_dockerfile};
use super::secrets::files::is_environment_example;
use super::tree::SourceFile;

/// How programs ask for a variable; the name is the group.
static READS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r#"process\.env(?:\.([A-Z][A-Z0-9_]+)|\[["']([A-Z][A-Z0-9_]+)["']\])"#,
        r"import\.meta\.env\.([A-Z][A-Z0-9_]+)",
        r#"(?:Deno|Bun)\.env\.(?:get\(["'])?([A-Z][A-Z0-9_]+)"#,
        r#"os\.environ(?:\.get\(|\.setdefault\(|\[)\s*["']([A-Z][A-Z0-9_]+)["']"#,
        r#"(?:os\.)?[gG]etenv\(\s*["']([A-Z][A-Z0-9_]+)["']"#,
        r#"os\.(?:Getenv|LookupEnv)\(\s*"([A-Z][A-Z0-9_]+)""#,
        r#"env::var(?:_os)?\(\s*"([A-Z][A-Z0-9_]+)""#,
        r#"\b(?:env|option_env)!\(\s*"([A-Z][A-Z0-9_]+)""#,
        r#"\bENV(?:\.fetch\(|\[)\s*["']([A-Z][A-Z0-9_]+)["']"#,
        r#"\$_(?:ENV|SERVER)\[["']([A-Z][A-Z0-9_]+)["']\]|\benv\(\s*["']([A-Z][A-Z0-9_]+)["']"#,
        r#"GetEnvironmentVariable\(\s*"([A-Z][A-Z0-9_]+)""#,
        r#"System\.(?:get_env|fetch_env!?|getenv)\(\s*"([A-Z][A-Z0-9_]+)""#,
    ]
    .into_iter()
    .map(|text| Regex::new(text).expect("a constant pattern"))
    .collect()
});

static COMPOSE_VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{([A-Z][A-Z0-9_]+)(?::?[-?+][^}]*)?\}").expect("a constant pattern"));

/// Set by shells, build tools and platforms.
const GIVEN: [&str; 15] = [
    "PATH", "HOME", "USER", "PWD", "TERM", "SHELL", "LANG", "TMPDIR", "NO_COLOR", "CI", "OUT_DIR", "HOSTNAME",
    "DISPLAY", "NODE_ENV", "TZ",
];

pub(super) fn environment(sources: &[SourceFile], files_with_values: Vec<String>) -> EnvironmentUse {
    let mut used = BTreeSet::new();
    let ours = |name: &str| !GIVEN.contains(&name) && !name.starts_with("CARGO_");
    for source in sources.iter().filter(|source| !is_test_path(&source.name)) {
        let patterns: Vec<&Regex> = if source.is_code() {
            READS.iter().collect()
        } else if is_compose(&source.name) {
            vec![&*COMPOSE_VARIABLE]
        } else {
            continue;
        };
        for pattern in patterns {
            let names = pattern.captures_iter(&source.text).filter_map(|found| {
                let name = found.iter().skip(1).flatten().next()?;
                Some(name.as_str().to_owned())
            });
            used.extend(names.filter(|name| ours(name)));
        }
    }
    let example = sources.iter().find(|source| is_environment_example(&source.name));
    let documents: Vec<&SourceFile> = sources
        .iter()
        .filter(|source| {
            is_environment_example(&source.name) || source.file_name().to_ascii_lowercase().starts_with("readme")
        })
        .collect();
    let undocumented = used
        .iter()
        .filter(|name| !documents.iter().any(|document| document.text.contains(name.as_str())))
        .cloned()
        .collect();
    EnvironmentUse {
        used: used.into_iter().collect(),
        example_file: example.map(|source| source.name.clone()),
        undocumented,
        files_with_values,
    }
}

static PORTS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        r#"(?i)\b(?:port|listen)["']?\s*(?:[:=(]|\|\||\?\?)+\s*["']?(\d{2,5})\b"#,
        r#"(?:^|[^@/\w.])(?:0\.0\.0\.0|127\.0\.0\.1|localhost|\[::1?\]|["'])\s*:(\d{2,5})\b"#,
        r#"(?i)(?:PORT["'\]\)]*\s*(?:,|\|\||\?\?|=)\s*["']?)(\d{2,5})\b"#,
    ]
    .map(|text| Regex::new(text).expect("a constant pattern"))
});

static EXPOSE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)^\s*EXPOSE\s+(.+)$").expect("a constant pattern"));
static COMPOSE_PORT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^\s*-\s*["']?(?:[\d.]+:)?(?:\d+:)?(\d{2,5})(?:/\w+)?["']?\s*$"#).expect("a constant pattern")
});

const MOST_PORTS: usize = 20;

/// Each port once, with the first place that names it.
pub(super) fn ports(sources: &[SourceFile]) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for source in sources.iter().filter(|source| !is_test_path(&source.name)) {
        for (index, line) in source.text.lines().enumerate() {
            for port in ports_of(source, line) {
                if ports.len() < MOST_PORTS && !ports.iter().any(|known| known.port == port) {
                    ports.push(Port {
                        port,
                        file: source.name.clone(),
                        line: u32::try_from(index + 1).unwrap_or(u32::MAX),
                    });
                }
            }
        }
    }
    ports.sort_by_key(|port| port.port);
    ports
}

fn ports_of(source: &SourceFile, line: &str) -> Vec<u16> {
    let numbers: Vec<String> = if is_dockerfile(&source.name) {
        let exposed = EXPOSE
            .captures(line)
            .map(|found| found[1].to_owned())
            .unwrap_or_default();
        let words = exposed
            .split_whitespace()
            .map(|word| word.split('/').next().unwrap_or_default().to_owned());
        words.collect()
    } else if is_compose(&source.name) {
        COMPOSE_PORT
            .captures(line)
            .map(|found| found[1].to_owned())
            .into_iter()
            .collect()
    } else if source.is_code() {
        let found = PORTS.iter().flat_map(|pattern| pattern.captures_iter(line));
        found.map(|found| found[1].to_owned()).collect()
    } else {
        Vec::new()
    };
    let parsed = numbers.iter().filter_map(|number| number.parse::<u16>().ok());
    parsed.filter(|port| *port >= 80).collect()
}

/// How the project is started, each with where that is said.
pub(super) fn start_commands(sources: &[SourceFile]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let (path, text) = (source.name.as_str(), source.text.as_str());
        let says = |pattern: &str| Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
        let command = match source.file_name() {
            _ if is_dockerfile(path) => says(r"(?mi)^\s*(?:CMD|ENTRYPOINT)\s").then_some("the container's command"),
            "package.json" => says(r#""start"\s*:\s*""#).then_some("npm start"),
            "Procfile" => Some("Procfile"),
            "Cargo.toml" => says(r"(?m)^\[\[bin\]\]").then_some("cargo run"),
            "main.rs" if path.ends_with("src/main.rs") => Some("cargo run"),
            "pyproject.toml" => says(r"(?m)^\[(?:project|tool\.poetry)\.scripts\]").then_some("a console script"),
            "manage.py" => Some("manage.py"),
            "__main__.py" => Some("python -m"),
            "main.go" => Some("go run"),
            "Makefile" => says(r"(?m)^(?:run|start|serve|up):").then_some("make"),
            "config.ru" => Some("rackup"),
            name if name.ends_with(".py") && !is_test_path(path) && !path.contains('/') => {
                says(r#"(?m)^if __name__ == ["']__main__["']"#).then_some("python")
            }
            _ if is_compose(path) => says(r"(?m)^\s+command:").then_some("compose"),
            _ => None,
        };
        if let Some(command) = command {
            found.push(format!("{command} ({path})"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_many_languages() {
        let sources = [
            SourceFile::new(
                "a.js",
                "process.env.API_URL; process.env['API_KEY']; process.env.NODE_ENV",
            ),
            SourceFile::new(
                "b.py",
                "os.environ['DB_URL']; os.getenv('DB_USER', 'x'); os.environ.get(\"DB_PORT\")",
            ),
            SourceFile::new("c.rs", "std::env::var(\"RUST_THING\"); env!(\"CARGO_PKG_NAME\")"),
            SourceFile::new("d.go", "os.Getenv(\"GO_THING\")"),
            SourceFile::new("compose.yml", "  image: x:${TAG:-1}\n"),
            SourceFile::new(".env.example", "API_URL=\nDB_URL=\n"),
            SourceFile::new("README.md", "Set GO_THING and TAG."),
        ];
        let found = environment(&sources, Vec::new());
        assert_eq!(
            found.used,
            [
                "API_KEY",
                "API_URL",
                "DB_PORT",
                "DB_URL",
                "DB_USER",
                "GO_THING",
                "RUST_THING",
                "TAG"
            ]
        );
        assert_eq!(found.undocumented, ["API_KEY", "DB_PORT", "DB_USER", "RUST_THING"]);
        assert_eq!(found.example_file.as_deref(), Some(".env.example"));
    }

    #[test]
    fn ports_of_code_and_containers() {
        let sources = [
            SourceFile::new("Dockerfile", "FROM x:1\nEXPOSE 8080/tcp 9090\n"),
            SourceFile::new(
                "app.js",
                "app.listen(3000);\nconst port = process.env.PORT || 4000;\nconst year = 2024;\n",
            ),
            SourceFile::new("docker-compose.yml", "    ports:\n      - \"80:5432\"\n"),
            SourceFile::new("main.rs", "bind(\"0.0.0.0:7000\")"),
        ];
        let found: Vec<u16> = ports(&sources).iter().map(|port| port.port).collect();
        assert_eq!(found, [3000, 4000, 5432, 7000, 8080, 9090]);
    }
}
