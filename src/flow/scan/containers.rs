//! Dockerfiles, compose files, Kubernetes, Helm and CI: recognised by name and by the lines that decide.

use std::sync::LazyLock;

use regex::Regex;

use crate::insight::project::{BaseImage, Compose, Container, Kubernetes, Pipeline};

use super::tree::{SourceFile, file_name, folder};

pub(super) fn is_dockerfile(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    stem == "dockerfile" || stem == "containerfile" || name.ends_with(".dockerfile")
}

pub(super) fn is_compose(path: &str) -> bool {
    let name = file_name(path).to_ascii_lowercase();
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    yaml && (name.starts_with("docker-compose") || name.starts_with("compose."))
}

pub(super) fn containers(sources: &[SourceFile]) -> Vec<Container> {
    let files = sources.iter().filter(|source| is_dockerfile(&source.name));
    files.map(|source| container(&source.name, &source.text)).collect()
}

fn container(file: &str, text: &str) -> Container {
    let mut container = Container {
        file: file.to_owned(),
        runs_as_root: true,
        ..Container::default()
    };
    let mut stages: Vec<String> = Vec::new();
    for line in joined(text) {
        let mut words = line.split_whitespace();
        let Some(instruction) = words.next().map(str::to_ascii_uppercase) else {
            continue;
        };
        match instruction.as_str() {
            "FROM" => {
                let words: Vec<&str> = words.filter(|word| !word.starts_with("--")).collect();
                let Some(image) = words.first() else { continue };
                container.stages += 1;
                // A new stage begins as root and without a command, unless it stands on an earlier one.
                if !stages.iter().any(|stage| stage == image) {
                    container.runs_as_root = true;
                    container.starts_something = false;
                    container.health_check = false;
                    if *image != "scratch" {
                        container.base_images.push(base_image(image));
                    }
                }
                if let [_, keyword, name] = words[..]
                    && keyword.eq_ignore_ascii_case("as")
                {
                    stages.push(name.to_owned());
                }
            }
            "USER" => {
                let user = words.next().unwrap_or_default();
                let user = user.split(':').next().unwrap_or_default();
                container.runs_as_root = user == "root" || user == "0";
            }
            "HEALTHCHECK" => container.health_check = !line.to_ascii_uppercase().ends_with("NONE"),
            "CMD" | "ENTRYPOINT" => container.starts_something = true,
            _ => {}
        }
    }
    // Distroless images name their user in the tag.
    if container
        .base_images
        .last()
        .is_some_and(|image| image.tag.as_deref().is_some_and(|tag| tag.contains("nonroot")))
    {
        container.runs_as_root = false;
    }
    container
}

/// Lines without comments, those that end with a backslash joined.
fn joined(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        match lines.last_mut().filter(|_| open) {
            Some(last) => last.push_str(part),
            None => lines.push(part.to_owned()),
        }
        open = goes_on;
    }
    lines
}

fn base_image(text: &str) -> BaseImage {
    let (name, digest) = text.split_once('@').map_or((text, false), |(name, _)| (name, true));
    // A colon before a slash is the port of a registry.
    let (image, tag) = match name.rsplit_once(':') {
        Some((image, tag)) if !tag.contains('/') => (image, Some(tag.to_owned())),
        _ => (name, None),
    };
    BaseImage {
        image: image.to_owned(),
        tag,
        pinned: digest,
    }
}

static SERVICE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(\s+)([\w.-]+):\s*(?:#.*)?$").expect("a constant pattern"));

pub(super) fn compose(sources: &[SourceFile]) -> Vec<Compose> {
    let files = sources.iter().filter(|source| is_compose(&source.name));
    files
        .map(|source| Compose {
            file: source.name.clone(),
            services: services(&source.text),
        })
        .collect()
}

/// The keys one level below `services:`.
fn services(text: &str) -> Vec<String> {
    let mut inside = false;
    let mut level = None;
    let mut services = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    {
        if !line.starts_with(' ') {
            inside = line.trim_end() == "services:";
            continue;
        }
        let Some(found) = SERVICE.captures(line).filter(|_| inside) else {
            continue;
        };
        let indent = found[1].len();
        if *level.get_or_insert(indent) == indent {
            services.push(found[2].to_owned());
        }
    }
    services
}

static KIND: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^kind:\s*([A-Z]\w+)").expect("a constant pattern"));

pub(super) fn kubernetes(sources: &[SourceFile]) -> Vec<Kubernetes> {
    let yaml = sources
        .iter()
        .filter(|source| source.name.ends_with(".yaml") || source.name.ends_with(".yml"));
    yaml.filter(|source| source.text.lines().any(|line| line.starts_with("apiVersion:")))
        .filter_map(|source| {
            let kinds: Vec<String> = KIND
                .captures_iter(&source.text)
                .map(|found| found[1].to_owned())
                .collect();
            (!kinds.is_empty()).then(|| Kubernetes {
                file: source.name.clone(),
                kinds,
            })
        })
        .collect()
}

pub(super) fn helm_charts(sources: &[SourceFile]) -> Vec<String> {
    let charts = sources.iter().filter(|source| source.file_name() == "Chart.yaml");
    charts
        .map(|source| {
            let at = folder(&source.name);
            if at.is_empty() { ".".to_owned() } else { at.to_owned() }
        })
        .collect()
}

type IsFile = fn(&str) -> bool;

/// System, and whether a path is one of its files.
const SYSTEMS: [(&str, IsFile); 11] = [
    ("GitHub Actions", |path| {
        path.starts_with(".github/workflows/") && is_yaml(path)
    }),
    ("GitLab CI", |path| path == ".gitlab-ci.yml"),
    ("Jenkins", |path| file_name(path).starts_with("Jenkinsfile")),
    ("CircleCI", |path| path.starts_with(".circleci/") && is_yaml(path)),
    ("Travis CI", |path| path == ".travis.yml"),
    ("Azure Pipelines", |path| {
        path.starts_with("azure-pipelines") && is_yaml(path)
    }),
    ("Bitbucket Pipelines", |path| path == "bitbucket-pipelines.yml"),
    ("Drone", |path| path == ".drone.yml"),
    ("Buildkite", |path| path.starts_with(".buildkite/") && is_yaml(path)),
    ("Woodpecker", |path| path.starts_with(".woodpecker")),
    ("AppVeyor", |path| path == "appveyor.yml"),
];

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yml") || path.ends_with(".yaml")
}

static TESTING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:pytest|cargo (?:nextest|test)|(?:npm|yarn|pnpm|bun)(?: run)? test|go test|mvn\b.*\b(?:test|verify)|gradlew? .*test|rspec|phpunit|dotnet test|mix test|tox|nox|vitest|jest|make test|ctest)\b")
        .expect("a constant pattern")
});

pub(super) fn pipelines(sources: &[SourceFile]) -> Vec<Pipeline> {
    let found = sources.iter().filter_map(|source| {
        let (system, _) = SYSTEMS.iter().find(|(_, is_file)| is_file(&source.name))?;
        Some(Pipeline {
            system: (*system).to_owned(),
            file: source.name.clone(),
            runs_tests: TESTING.is_match(&source.text),
        })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dockerfile_is_judged_by_its_last_stage() {
        let text = "# build\nFROM rust:1.80 AS build\nUSER app\nRUN cargo build\nFROM debian\nRUN apt-get update && \\\n  apt-get install x\nCMD [\"/app\"]\n";
        let found = container("Dockerfile", text);
        assert!(found.runs_as_root && found.starts_something && !found.health_check);
        assert_eq!(found.stages, 2);
        assert_eq!(found.base_images[1], base_image("debian"));
        assert_eq!(found.base_images[1].tag, None);
        let safe = container(
            "Dockerfile",
            "FROM registry:5000/a/b:1.2@sha256:abc\nUSER app:app\nHEALTHCHECK CMD true\n",
        );
        assert!(!safe.runs_as_root && safe.health_check);
        assert_eq!(
            (safe.base_images[0].image.as_str(), safe.base_images[0].pinned),
            ("registry:5000/a/b", true)
        );
    }

    #[test]
    fn services_of_compose() {
        let text = "version: '3'\nservices:\n  web:\n    image: x\n    environment:\n      A: b\n  # c\n  db:\n    image: y\nvolumes:\n  data:\n";
        assert_eq!(services(text), ["web", "db"]);
    }

    #[test]
    fn kubernetes_and_ci() {
        let sources = [
            SourceFile::new(
                "k8s/a.yaml",
                "apiVersion: v1\nkind: Service\n---\napiVersion: apps/v1\nkind: Deployment\n",
            ),
            SourceFile::new(
                ".github/workflows/ci.yml",
                "jobs:\n  a:\n    steps:\n      - run: cargo test\n",
            ),
            SourceFile::new("chart/Chart.yaml", "name: a\n"),
        ];
        assert_eq!(kubernetes(&sources)[0].kinds, ["Service", "Deployment"]);
        let pipelines = pipelines(&sources);
        assert!(pipelines.len() == 1 && pipelines[0].runs_tests);
        assert_eq!(helm_charts(&sources), ["chart"]);
    }
}
