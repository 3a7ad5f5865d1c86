//! What each role is told: facts as JSON, and a few excerpts. This is all that leaves the machine; `--egress` lists it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::insight::project::Project;

use super::code::is_test_path;
use super::containers::{is_compose, is_dockerfile};
use super::documents;
use super::secrets::Known;
use super::secrets::files::{is_environment_example, is_generated};
use super::tree::SourceFile;

/// The part of one role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// `architect`, `deployment`, `business`, `aggregator`.
    pub role: String,
    /// Computed facts as JSON, one key a line.
    pub facts: String,
    pub excerpts: Vec<Excerpt>,
}

/// The beginning of a file, redacted and cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excerpt {
    pub file: String,
    pub text: String,
    /// Of the text as it would be sent.
    pub bytes: u64,
    /// Secrets taken out of it.
    pub redactions: u64,
    pub cut: bool,
}

/// How much of a file each role may see, in characters, and of how many files.
const SOURCE: (usize, usize) = (2_500, 3);
const CONFIGURATION: (usize, usize) = (2_000, 5);
const README: usize = 6_000;

pub(super) fn briefs(project: &Project, sources: &[SourceFile], names: &[&str], known: &Known) -> Vec<Brief> {
    let quoted = |files: Vec<&SourceFile>, (length, most): (usize, usize)| -> Vec<Excerpt> {
        let files = files.into_iter().filter(|source| !is_generated(&source.name));
        files.take(most).map(|source| excerpt(source, length, known)).collect()
    };
    let readme: Vec<&SourceFile> = documents::readme_file(sources).into_iter().collect();
    let brief = |role: &str, facts: Map<String, Value>, excerpts| Brief {
        role: role.to_owned(),
        facts: lines(&facts),
        excerpts,
    };
    vec![
        brief(
            "architect",
            architect(project, names, known),
            quoted(entry_points(sources), SOURCE),
        ),
        brief(
            "deployment",
            deployment(project),
            quoted(configuration(sources), CONFIGURATION),
        ),
        brief("business", business(project), quoted(readme, (README, 1))),
        brief("aggregator", head(project), Vec::new()),
    ]
}

/// What every role knows. The fingerprint makes each prompt that of exactly these contents.
fn head(project: &Project) -> Map<String, Value> {
    let scores: Map<String, Value> = project
        .scores
        .iter()
        .map(|score| (score.name.clone(), json!(score.value)))
        .collect();
    let languages = project.languages.iter().take(12);
    object(json!({
        "project": project.name,
        "content_fingerprint": project.fingerprint,
        "description": project.description,
        "scores": scores,
        "lines_of_code": project.lines_of_code(),
        "languages": languages.map(|language| json!([language.name, language.files, language.code])).collect::<Vec<_>>(),
        "blockers": project.deployment.blockers.iter().take(20).map(|blocker| json!({
            "kind": blocker.kind, "severity": blocker.severity, "issue": blocker.issue, "file": blocker.file,
        })).collect::<Vec<_>>(),
    }))
}

fn architect(project: &Project, names: &[&str], known: &Known) -> Map<String, Value> {
    let mut facts = head(project);
    let reasons = |name: &str| {
        project
            .scores
            .iter()
            .find(|score| score.name == name)
            .map(|score| &score.reasons)
    };
    facts.extend(object(json!({
        "folders": folders(names, known),
        "files": {"total": project.files.total, "text": project.files.text, "binary": project.files.binary},
        "complexity": project.complexity,
        "unfinished_work": project.markers.counts,
        "tests": project.tests,
        "dependencies": project.dependencies.manifests.iter().take(10).map(|manifest| json!({
            "file": manifest.file, "ecosystem": manifest.ecosystem, "dependencies": manifest.dependencies,
            "dev_dependencies": manifest.dev_dependencies, "unbounded": manifest.unbounded, "lock_file": manifest.lock_file,
            "names": manifest.names.iter().take(40).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "maintainability_reasons": reasons("maintainability"),
        "tests_reasons": reasons("tests"),
    })));
    facts
}

fn deployment(project: &Project) -> Map<String, Value> {
    let mut facts = head(project);
    let deployment = &project.deployment;
    facts.extend(object(json!({
        "containers": deployment.containers,
        "compose": deployment.compose,
        "kubernetes": deployment.kubernetes.iter().take(20).collect::<Vec<_>>(),
        "helm_charts": deployment.helm_charts,
        "pipelines": deployment.pipelines,
        "start_commands": deployment.start_commands,
        "ports": deployment.ports,
        "environment": deployment.environment,
        "manifests_without_lock_file": project.dependencies.without_lock,
        // Where secrets stand is for the owner of the machine; a model needs only how many there are.
        "secrets_found": project.secrets.len(),
    })));
    facts
}

fn business(project: &Project) -> Map<String, Value> {
    let mut facts = head(project);
    let packages = project.dependencies.manifests.iter();
    facts.extend(object(json!({
        "documentation": project.documentation,
        "packages": packages.filter_map(|manifest| manifest.package.as_ref()).take(10).collect::<Vec<_>>(),
        "main_dependencies": project.dependencies.manifests.iter().flat_map(|manifest| &manifest.names).take(30).collect::<Vec<_>>(),
        "has_tests": project.tests.functions > 0,
        "has_ci": !project.deployment.pipelines.is_empty(),
        "has_container": !project.deployment.containers.is_empty(),
    })));
    facts
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Folders of the first two levels with how many files stand below them, largest first.
fn folders(names: &[&str], known: &Known) -> Vec<Value> {
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for name in names {
        let parts: Vec<&str> = name.split('/').collect();
        for depth in 1..parts.len().min(3) {
            *counts.entry(parts[..depth].join("/")).or_default() += 1;
        }
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
    let folders = counts.into_iter().take(40);
    folders
        .map(|(folder, count)| json!([one_line(&known.scrub(&folder).0), count]))
        .collect()
}

/// Valid JSON, one key a line: easy to read for people and models.
fn lines(facts: &Map<String, Value>) -> String {
    let lines: Vec<String> = facts
        .iter()
        .map(|(key, value)| format!("  {}: {value}", json!(key)))
        .collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn excerpt(source: &SourceFile, length: usize, known: &Known) -> Excerpt {
    // First scrubbed, then cut: a cut through a secret would leave half of it.
    let (clean, redactions) = known.scrub(&source.text);
    let clean = printable(&clean);
    let text: String = clean.chars().take(length).collect();
    Excerpt {
        file: one_line(&known.scrub(&source.name).0),
        bytes: text.len() as u64,
        cut: text.len() < clean.len(),
        text,
        redactions: redactions as u64,
    }
}

/// Where a reader begins.
fn entry_points(sources: &[SourceFile]) -> Vec<&SourceFile> {
    const NAMES: [&str; 22] = [
        "main.rs",
        "lib.rs",
        "main.py",
        "app.py",
        "__main__.py",
        "manage.py",
        "wsgi.py",
        "index.ts",
        "index.js",
        "server.ts",
        "server.js",
        "app.ts",
        "app.js",
        "main.ts",
        "main.go",
        "Main.java",
        "Application.java",
        "Program.cs",
        "main.kt",
        "main.swift",
        "index.php",
        "main.dart",
    ];
    let mut found: Vec<(usize, usize, &SourceFile)> = sources
        .iter()
        .filter(|source| source.is_code() && !is_test_path(&source.name))
        .filter_map(|source| {
            let place = NAMES.iter().position(|name| *name == source.file_name())?;
            Some((source.name.matches('/').count(), place, source))
        })
        .collect();
    found.sort_by(|left, right| (left.0, left.1, &left.2.name).cmp(&(right.0, right.1, &right.2.name)));
    found.into_iter().map(|(_, _, source)| source).collect()
}

fn configuration(sources: &[SourceFile]) -> Vec<&SourceFile> {
    let rank = |path: &str| match path {
        _ if is_dockerfile(path) => Some(0),
        _ if is_compose(path) => Some(1),
        _ if path.starts_with(".github/workflows/") || path == ".gitlab-ci.yml" || path.starts_with("Jenkinsfile") => {
            Some(2)
        }
        "Procfile" | "fly.toml" | "vercel.json" | "netlify.toml" | "render.yaml" | "app.yaml" | "serverless.yml" => {
            Some(3)
        }
        _ if is_environment_example(path) => Some(4),
        _ => None,
    };
    let mut found: Vec<(i32, &SourceFile)> = sources
        .iter()
        .filter_map(|source| Some((rank(&source.name)?, source)))
        .collect();
    found.sort_by(|left, right| (left.0, &left.1.name).cmp(&(right.0, &right.1.name)));
    found.into_iter().map(|(_, source)| source).collect()
}

/// Without control, direction and zero-width characters; lines stay.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .filter(|letter| matches!(letter, '\n' | '\t') || !letter.is_control() && !is_invisible(*letter))
        .collect()
}

pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_whitespace() || letter.is_control() {
                ' '
            } else {
                letter
            }
        })
        .filter(|letter| !is_invisible(*letter))
        .collect()
}

fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}
